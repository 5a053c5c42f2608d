/* client_packet_options.c - sets and reads each option of an AF_PACKET socket and prints what is answered; an ordinary
 * program that does the same on a real kernel. SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
    const char *name;
    int option;
} options[] = {
#define OPTION(name) { #name, name }
    OPTION(PACKET_COPY_THRESH), OPTION(PACKET_AUXDATA),   OPTION(PACKET_ORIGDEV),
    OPTION(PACKET_VERSION),     OPTION(PACKET_HDRLEN),    OPTION(PACKET_RESERVE),
    OPTION(PACKET_LOSS),        OPTION(PACKET_TIMESTAMP), OPTION(PACKET_TX_HAS_OFF),
    OPTION(PACKET_QDISC_BYPASS), OPTION(PACKET_IGNORE_OUTGOING), OPTION(PACKET_ROLLOVER_STATS),
    { "99", 99 },
};

static void try_value(const char *name, int option, int value)
{
    int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)), got = value;
    socklen_t len = sizeof(got);
    int set_err = setsockopt(fd, SOL_PACKET, option, &value, sizeof(value)) ? errno : 0;
    int get_err = getsockopt(fd, SOL_PACKET, option, &got, &len) ? errno : 0;

    printf("%s %d: set %d, get %d", name, value, set_err, get_err);
    if (!get_err)
        printf(" %d, %u bytes", got, len);
    printf("\n");
    close(fd);
}

static void try_fanout(void)
{
    int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)), value = 7 | PACKET_FANOUT_HASH << 16;
    struct tpacket_req req = { 0 };
    int err = setsockopt(fd, SOL_PACKET, PACKET_FANOUT, &value, 1) ? errno : 0;

    printf("PACKET_FANOUT, too short: %d\n", err);
    err = setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &req, 4) ? errno : 0;
    printf("PACKET_RX_RING, too short: %d\n", err);
    req = (struct tpacket_req){ .tp_block_size = 100, .tp_block_nr = 1, .tp_frame_size = 64,
                                .tp_frame_nr = 1 };
    err = setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &req, sizeof(req)) ? errno : 0;
    printf("PACKET_RX_RING, odd blocks: %d\n", err);
    close(fd);
}

/* Memberships count the device's listeners: the script looks. */
static void try_memberships(const char *device)
{
    struct packet_mreq m = { .mr_ifindex = (int)if_nametoindex(device),
                             .mr_type = PACKET_MR_ALLMULTI };
    int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
    int err = setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &m, sizeof(m)) ? errno : 0;

    printf("all multicast: %d\n", err);
    m.mr_type = PACKET_MR_PROMISC;
    err = setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &m, sizeof(m)) ? errno : 0;
    printf("promiscuous: %d\n", err);
    err = setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &m, sizeof(m)) ? errno : 0;
    printf("and again: %d\n", err);
    m.mr_type = 77;
    err = setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &m, sizeof(m)) ? errno : 0;
    printf("unknown: %d\n", err);
    m = (struct packet_mreq){ .mr_ifindex = 9999, .mr_type = PACKET_MR_PROMISC };
    err = setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &m, sizeof(m)) ? errno : 0;
    printf("no device: %d\n", err);
    err = setsockopt(fd, SOL_PACKET, PACKET_DROP_MEMBERSHIP, &m, sizeof(m)) ? errno : 0;
    printf("none to leave: %d\n", err);
    fflush(stdout);
    execlp("ip", "ip", "-d", "link", "show", "dev", device, (char *)NULL);     /* with the socket */
}

int main(int argc, char **argv)
{
    for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
        try_value(options[i].name, options[i].option, 0);
        try_value(options[i].name, options[i].option, 1);
        try_value(options[i].name, options[i].option, -1);
    }
    try_fanout();
    if (argc > 1)
        try_memberships(argv[1]);
    return 0;
}
