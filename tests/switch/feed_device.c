/* feed_device.c DEVICE FILE.pcap [N] - sends the frames of a file, or its frame N, by an AF_PACKET socket, on the real kernel.
 * SPDX-License-Identifier: Apache-2.0 */
#include <net/if.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <linux/if_packet.h>

/* only: 0 for all of them. */
static int send_frames(int fd, pcap_t *in, const struct sockaddr_ll *to, int only)
{
    struct pcap_pkthdr *head;
    const u_char *frame;

    for (int n = 1; pcap_next_ex(in, &head, &frame) == 1; n++) {
        if (only && n != only)
            continue;
        if (sendto(fd, frame, head->caplen, 0, (const struct sockaddr *)to, sizeof(*to)) < 0) {
            perror("feed_device: sendto");
            return 1;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    char why[PCAP_ERRBUF_SIZE] = "usage: feed_device DEVICE FILE.pcap [N]";
    pcap_t *in = argc == 3 || argc == 4 ? pcap_open_offline(argv[2], why) : NULL;
    struct sockaddr_ll to = { .sll_family = AF_PACKET };
    int fd = socket(AF_PACKET, SOCK_RAW, 0);

    if (!in) {
        fprintf(stderr, "feed_device: %s\n", why);
        return 2;
    }
    to.sll_ifindex = (int)if_nametoindex(argv[1]);
    return send_frames(fd, in, &to, argc == 4 ? atoi(argv[3]) : 0);
}
