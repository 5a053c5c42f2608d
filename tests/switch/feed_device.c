/* feed_device.c DEVICE FILE.pcap - sends the frames of a file by an AF_PACKET socket, on the real kernel.
 * SPDX-License-Identifier: Apache-2.0 */
#include <net/if.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <sys/socket.h>
#include <linux/if_packet.h>

static int send_all(int fd, pcap_t *in, const struct sockaddr_ll *to)
{
    struct pcap_pkthdr *head;
    const u_char *frame;

    while (pcap_next_ex(in, &head, &frame) == 1) {
        if (sendto(fd, frame, head->caplen, 0, (const struct sockaddr *)to, sizeof(*to)) < 0) {
            perror("feed_device: sendto");
            return 1;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    char why[PCAP_ERRBUF_SIZE] = "usage: feed_device DEVICE FILE.pcap";
    pcap_t *in = argc == 3 ? pcap_open_offline(argv[2], why) : NULL;
    struct sockaddr_ll to = { .sll_family = AF_PACKET };
    int fd = socket(AF_PACKET, SOCK_RAW, 0);

    if (!in) {
        fprintf(stderr, "feed_device: %s\n", why);
        return 2;
    }
    to.sll_ifindex = (int)if_nametoindex(argv[1]);
    return send_all(fd, in, &to);
}
