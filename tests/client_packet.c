/* client_packet.c - an ordinary AF_PACKET program that knows nothing of dpsim. Arguments: the device it sends by
 * and the device that its frames leave by, there with the 802.1Q tag 0x6005.
 *
 * Prints one line for each step; exit status 0 if all of them held.
 * SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client_check.h"

unsigned if_nametoindex(const char *name);      /* net/if.h and linux/if_arp.h exclude each other */

#define FAILS(call, code) CHECK((call) < 0 && errno == (code))

static const uint8_t frame[] = { 2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 8, 0x12, 0x34, 1, 2, 3, 4 };
static int out_index, in_index;

static int open_on(int ifindex)
{
    struct sockaddr_ll ll = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL),
                              .sll_ifindex = ifindex };
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    CHECK(fd >= 0);
    CHECK(!bind(fd, (struct sockaddr *)&ll, sizeof(ll)));
    return fd;
}

static void send_frames(int fd, unsigned n)
{
    while (n--)
        CHECK(send(fd, frame, sizeof(frame), 0) == sizeof(frame));
}

static int number(int fd, int level, int name)
{
    socklen_t len = sizeof(int);
    int value;

    CHECK(!getsockopt(fd, level, name, &value, &len) && len == sizeof(value));
    return value;
}

static void names(void)
{
    struct sockaddr_ll ll;
    socklen_t len = sizeof(ll);
    int fd = open_on(out_index), all = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)), value;
    socklen_t size = sizeof(value);

    CHECK(!getsockname(fd, (struct sockaddr *)&ll, &len));
    CHECK(len == 18 && ll.sll_family == AF_PACKET && ll.sll_protocol == htons(ETH_P_ALL));
    CHECK(ll.sll_ifindex == out_index && ll.sll_hatype == ARPHRD_ETHER && ll.sll_halen == 6);
    CHECK(number(fd, SOL_SOCKET, SO_DOMAIN) == AF_PACKET);
    CHECK(number(fd, SOL_SOCKET, SO_TYPE) == SOCK_RAW);
    CHECK(number(fd, SOL_SOCKET, SO_ERROR) == 0);
    FAILS(getsockopt(fd, SOL_NETLINK, 3, &value, &size), ENOPROTOOPT);
    CHECK(number(all, SOL_SOCKET, SO_PROTOCOL) == 0);       /* it is told by getsockname() */
    close(all);
    FAILS(connect(fd, (struct sockaddr *)&ll, sizeof(ll)), EOPNOTSUPP);
    FAILS(getpeername(fd, (struct sockaddr *)&ll, &len), EOPNOTSUPP);
    ll.sll_ifindex = 9999;
    FAILS(bind(fd, (struct sockaddr *)&ll, sizeof(ll)), ENODEV);
    FAILS(bind(fd, (struct sockaddr *)&ll, 5), EINVAL);
    FAILS(sendto(fd, frame, sizeof(frame), 0, (struct sockaddr *)&ll, sizeof(ll)), ENXIO);
    FAILS(send(fd, frame, 5, 0), EINVAL);
    close(fd);
    puts("names, options, refusals");
}

static void check_auxdata(struct msghdr *msg)
{
    struct cmsghdr *c = CMSG_FIRSTHDR(msg);
    struct tpacket_auxdata aux;

    CHECK(c && c->cmsg_level == SOL_PACKET && c->cmsg_type == PACKET_AUXDATA);
    CHECK(c->cmsg_len == CMSG_LEN(sizeof(aux)) && !CMSG_NXTHDR(msg, c));
    memcpy(&aux, CMSG_DATA(c), sizeof(aux));
    CHECK(aux.tp_status & TP_STATUS_VLAN_VALID && aux.tp_status & TP_STATUS_VLAN_TPID_VALID);
    CHECK(aux.tp_vlan_tci == 0x6005 && aux.tp_vlan_tpid == ETH_P_8021Q);
    CHECK(aux.tp_len == sizeof(frame) && aux.tp_snaplen == sizeof(frame) && aux.tp_net == 14);
}

static void receives(void)
{
    int out = open_on(out_index), in = open_on(in_index), one = 1;
    union {
        struct cmsghdr align;
        char bytes[256];
    } control;
    struct sockaddr_ll ll;
    uint8_t buf[64];
    struct iovec iov = { buf, sizeof(buf) };
    struct msghdr msg = { .msg_name = &ll, .msg_namelen = sizeof(ll), .msg_iov = &iov,
                          .msg_iovlen = 1, .msg_control = &control,
                          .msg_controllen = sizeof(control) };
    struct pollfd p = { .fd = in, .events = POLLIN };

    CHECK(!setsockopt(in, SOL_PACKET, PACKET_AUXDATA, &one, sizeof(one)));
    CHECK(number(in, SOL_PACKET, PACKET_AUXDATA) == 1);
    FAILS(recv(in, buf, sizeof(buf), 0), EAGAIN);
    CHECK(poll(&p, 1, 0) == 0);
    send_frames(out, 4);
    FAILS(recv(out, buf, sizeof(buf), 0), EAGAIN);      /* its own */
    CHECK(poll(&p, 1, -1) == 1 && p.revents == POLLIN);
    CHECK(recv(in, buf, 4, MSG_PEEK | MSG_TRUNC) == sizeof(frame));
    CHECK(recvmsg(in, &msg, 0) == sizeof(frame) && !memcmp(buf, frame, sizeof(frame)));
    CHECK(!msg.msg_flags && msg.msg_namelen == sizeof(ll) && ll.sll_pkttype == PACKET_OUTGOING);
    CHECK(ll.sll_ifindex == in_index && ll.sll_protocol == htons(0x1234));
    CHECK(!memcmp(ll.sll_addr, frame + 6, 6));
    check_auxdata(&msg);
    CHECK(recv(in, buf, 4, 0) == 4);
    CHECK(read(in, buf, sizeof(buf)) == sizeof(frame));
    msg.msg_controllen = 10;
    CHECK(recvmsg(in, &msg, 0) == sizeof(frame) && msg.msg_flags == MSG_CTRUNC);
    close(in);
    close(out);
    puts("frames, their addresses and tags");
}

static void statistics(void)
{
    int out = open_on(out_index), in = open_on(in_index);
    struct tpacket_stats stats;
    socklen_t len = sizeof(stats);
    struct sock_filter code[] = { BPF_STMT(BPF_RET | BPF_K, 5) };
    struct sock_fprog program = { 1, code };
    uint8_t buf[64];

    CHECK(!setsockopt(in, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)));
    send_frames(out, 3);
    CHECK(!getsockopt(in, SOL_PACKET, PACKET_STATISTICS, &stats, &len) && len == sizeof(stats));
    CHECK(stats.tp_packets == 3 && !stats.tp_drops);
    CHECK(recv(in, buf, sizeof(buf), 0) == 5);
    CHECK(!setsockopt(in, SOL_SOCKET, SO_DETACH_FILTER, &program, sizeof(program)));
    send_frames(out, 1);
    CHECK(recv(in, buf, sizeof(buf), 0) == 5 && recv(in, buf, sizeof(buf), 0) == 5);
    CHECK(recv(in, buf, sizeof(buf), 0) == sizeof(frame));
    close(in);
    close(out);
    puts("a filter, statistics");
}

/* A descriptor works in a child, and the socket is still there when the child has ended. */
static void forks(void)
{
    int out = open_on(out_index), in = open_on(in_index), status;
    uint8_t buf[64];
    pid_t child = fork();

    if (!child) {
        send_frames(out, 1);
        _exit(recv(in, buf, sizeof(buf), 0) != sizeof(frame));
    }
    CHECK(waitpid(child, &status, 0) == child && !status);
    send_frames(out, 1);
    CHECK(recv(dup(in), buf, sizeof(buf), 0) == sizeof(frame));
    close(in);
    close(out);
    puts("children");
}

/* ---- the mapped ring -------------------------------------------------------------------------- */

#define BLOCK 4096u
#define SLOT  512u
#define SLOTS 16u

static uint8_t *ring_open(int fd, int wanted)
{
    struct tpacket_req req = { BLOCK, SLOT * SLOTS / BLOCK, SLOT, SLOTS };
    int version = TPACKET_V3, reserve = 4;
    socklen_t len = sizeof(version);
    void *ring;

    FAILS(getsockopt(fd, SOL_PACKET, PACKET_HDRLEN, &version, &len), EINVAL);
    FAILS(setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)), EINVAL);
    version = wanted;
    CHECK(!getsockopt(fd, SOL_PACKET, PACKET_HDRLEN, &version, &len));
    CHECK(version == sizeof(struct tpacket2_hdr));
    version = wanted;
    CHECK(!setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)));
    CHECK(!setsockopt(fd, SOL_PACKET, PACKET_RESERVE, &reserve, sizeof(reserve)));
    req.tp_frame_nr++;
    FAILS(setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &req, sizeof(req)), EINVAL);
    req.tp_frame_nr--;
    CHECK(!setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &req, sizeof(req)));
    ring = mmap(NULL, SLOT * SLOTS, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CHECK(ring != MAP_FAILED);
    return ring;
}

static void take_slot(uint8_t *slot)
{
    struct tpacket2_hdr *head = (struct tpacket2_hdr *)(void *)slot;

    CHECK(head->tp_status & TP_STATUS_USER && head->tp_status & TP_STATUS_VLAN_VALID);
    CHECK(head->tp_len == sizeof(frame) && head->tp_snaplen == sizeof(frame));
    CHECK(head->tp_vlan_tci == 0x6005 && head->tp_net == head->tp_mac + 14);
    CHECK(!memcmp(slot + head->tp_mac, frame, sizeof(frame)));
    head->tp_status = TP_STATUS_KERNEL;
}

/* The first version does not tell the tag. */
static void take_first_slot(uint8_t *slot)
{
    struct tpacket_hdr *head = (struct tpacket_hdr *)(void *)slot;

    CHECK(head->tp_status & TP_STATUS_USER && !(head->tp_status >> 32));
    CHECK(head->tp_len == sizeof(frame) && head->tp_snaplen == sizeof(frame));
    CHECK(head->tp_net == head->tp_mac + 14);
    CHECK(!memcmp(slot + head->tp_mac, frame, sizeof(frame)));
    head->tp_status = TP_STATUS_KERNEL;
}

static void rings(int version, void (*take)(uint8_t *slot))
{
    int out = open_on(out_index), in = open_on(in_index);
    uint8_t *ring = ring_open(in, version);
    struct pollfd p = { .fd = in, .events = POLLIN };
    unsigned next = 0;

    CHECK(poll(&p, 1, 0) == 0);
    for (unsigned round = 0; round < 5; round++) {
        send_frames(out, 20);           /* more than there are slots */
        for (unsigned i = 0; i < 20; i++, next++) {
            CHECK(poll(&p, 1, -1) == 1 && p.revents == POLLIN);
            take(ring + next % SLOTS * SLOT);
        }
        CHECK(poll(&p, 1, 1) == 0);
    }
    munmap(ring, SLOT * SLOTS);
    send_frames(out, 20);
    CHECK(poll(&p, 1, 0) == 1);         /* filling it harms nobody */
    close(in);
    close(out);
    printf("a mapped ring of version %d\n", version + 1);
}

int main(int argc, char **argv)
{
    CHECK(argc == 3);
    out_index = (int)if_nametoindex(argv[1]);
    in_index = (int)if_nametoindex(argv[2]);
    CHECK(out_index && in_index);
    names();
    receives();
    statistics();
    forks();
    rings(TPACKET_V1, take_first_slot);
    rings(TPACKET_V2, take_slot);
    return 0;
}
