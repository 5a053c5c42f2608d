/* await_device.c DEVICE N - returns when N frames have arrived by a device since it was made, on the real kernel. It looks
 * at the counter whenever a frame passes.
 * SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

static unsigned long arrived(const char *device)
{
    unsigned long n = 0;
    char path[128];
    FILE *f;

    snprintf(path, sizeof(path), "/sys/class/net/%s/statistics/rx_packets", device);
    f = fopen(path, "r");
    if (!f || fscanf(f, "%lu", &n) != 1) {
        perror(path);
        exit(1);
    }
    fclose(f);
    return n;
}

int main(int argc, char **argv)
{
    struct sockaddr_ll all = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
    int fd = socket(AF_PACKET, SOCK_RAW, 0);
    unsigned long n;
    char byte;

    if (argc != 3) {
        fprintf(stderr, "usage: await_device DEVICE N\n");
        return 2;
    }
    n = strtoul(argv[2], NULL, 10);
    all.sll_ifindex = (int)if_nametoindex(argv[1]);
    if (bind(fd, (struct sockaddr *)&all, sizeof(all))) {
        perror("await_device: bind");
        return 1;
    }
    while (arrived(argv[1]) < n)
        if (recv(fd, &byte, 1, 0) < 0) {
            perror("await_device: recv");
            return 1;
        }
    return 0;
}
