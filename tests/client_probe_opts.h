/* client_probe_opts.h - cases about options, and about the control messages that they ask for.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_CLIENT_PROBE_OPTS_H
#define TESTS_CLIENT_PROBE_OPTS_H

#include <netinet/in.h>

#include "tests/client_probe_tools.h"

static int names(void)
{
    struct sockaddr_nl nl = { 0 };
    socklen_t len = sizeof(nl);
    int fd = open_sock(SOCK_CLOEXEC), value;
    static const struct {
        int name, want;
    } ints[] = {
        { SO_DOMAIN, AF_NETLINK }, { SO_TYPE, SOCK_RAW }, { SO_PROTOCOL, NETLINK_GENERIC },
        { SO_ERROR, 0 }, { SO_PASSCRED, 0 }, { SO_ACCEPTCONN, 0 },
    };

    CHECK(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
    CHECK(!getsockname(fd, (struct sockaddr *)&nl, &len) && len == sizeof(nl));
    CHECK(nl.nl_family == AF_NETLINK && !nl.nl_pid);
    nl.nl_pid = 0;
    CHECK(!bind(fd, (struct sockaddr *)&nl, sizeof(nl)));
    CHECK(!getsockname(fd, (struct sockaddr *)&nl, &len) && nl.nl_pid);
    CHECK(!getpeername(fd, (struct sockaddr *)&nl, &len) && !nl.nl_pid && len == 12);
    for (size_t i = 0; i < ARRAY_SIZE(ints); i++) {
        len = sizeof(value);
        CHECK(!getsockopt(fd, SOL_SOCKET, ints[i].name, &value, &len) && value == ints[i].want);
    }
    value = 50000;
    CHECK(!setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &value, sizeof(value)));
    CHECK(!getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &value, &len) && value == 100000);
    value = 1;
    CHECK(!setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &value, sizeof(value)));
    value = 0;
    CHECK(!getsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &value, &len) && value == 1);
    CHECK(setsockopt(fd, SOL_NETLINK, 77, &value, sizeof(value)) == -1 && errno == ENOPROTOOPT);
    CHECK(!setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &value, 1));
    CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &value, 1) == -1 && errno == EINVAL);
    CHECK(shutdown(fd, SHUT_RDWR) == -1 && errno == EOPNOTSUPP);
    CHECK(listen(fd, 1) == -1 && errno == EOPNOTSUPP);
    return ask(fd, 1) || close(fd);
}

/* Nothing shows that another process is at the other end. */
static int no_peer(void)
{
    struct ucred peer = { 1, 1, 1 };
    socklen_t len = sizeof(peer);
    int fd = open_sock(0), value = 1;
    gid_t groups[64];

    CHECK(!getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) && len == sizeof(peer));
    CHECK(!peer.pid && peer.uid == (uid_t)-1 && peer.gid == (gid_t)-1);
    len = sizeof(groups);
    CHECK(getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) == -1 && errno == ENODATA);
    len = sizeof(value);
    CHECK(getsockopt(fd, SOL_SOCKET, SO_PEEK_OFF, &value, &len) == -1 && errno == EOPNOTSUPP);
    CHECK(setsockopt(fd, SOL_SOCKET, SO_PEEK_OFF, &value, len) == -1 && errno == EOPNOTSUPP);
    CHECK(getsockopt(fd, IPPROTO_TCP, 1, &value, &len) == -1 && errno == ENOPROTOOPT);
    CHECK(setsockopt(fd, IPPROTO_TCP, 1, &value, len) == -1 && errno == ENOPROTOOPT);
    return close(fd);
}

static int count_memberships(int fd, uint32_t *words, socklen_t *len)
{
    memset(words, 0, *len);
    CHECK(!getsockopt(fd, SOL_NETLINK, NETLINK_LIST_MEMBERSHIPS, words, len));
    return 0;
}

static int memberships(void)
{
    int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE), link = 1, rule = 8;
    uint32_t words[16];
    socklen_t len = sizeof(words);

    CHECK(!count_memberships(fd, words, &len) && len == 0);
    CHECK(!setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &link, sizeof(link)));
    CHECK(!setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &rule, sizeof(rule)));
    len = sizeof(words);
    CHECK(!count_memberships(fd, words, &len) && len == 8 && words[0] == 0x81 && !words[1]);
    len = 4;                            /* no more than there is room for, but the whole length */
    CHECK(!count_memberships(fd, words, &len) && len == 8);
    CHECK(!setsockopt(fd, SOL_NETLINK, NETLINK_DROP_MEMBERSHIP, &rule, sizeof(rule)));
    CHECK(!setsockopt(fd, SOL_NETLINK, NETLINK_DROP_MEMBERSHIP, &link, sizeof(link)));
    len = sizeof(words);
    CHECK(!count_memberships(fd, words, &len) && len == 8 && !words[0]);
    return close(fd);
}

/* Asks and receives with 'room' bytes for control messages. */
static ssize_t ask_with_room(int fd, void *control, size_t room, struct msghdr *msg)
{
    struct request r = getfamily("nlctrl", 1);
    static char buf[4096];
    static struct iovec iov = { buf, sizeof(buf) };

    *msg = (struct msghdr){ .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
                            .msg_controllen = room };
    return send(fd, &r, r.nl.nlmsg_len, 0) > 0 ? recvmsg(fd, msg, MSG_DONTWAIT) : -1;
}

static int control(void)
{
    static const size_t used[] = { 0, 0, 18, 24, 24, 40, 54, 56 };      /* of 0, 6, ... bytes */
    static const size_t rooms[] = { 0, 6, 18, 24, 30, 40, 54, 60 };
    int fd = open_sock(0), on = 1;
    union {
        struct cmsghdr head;
        char bytes[64];
    } got;
    struct msghdr msg;
    struct nl_pktinfo info;
    struct ucred sender;
    struct cmsghdr *c;

    CHECK(ask_with_room(fd, &got, sizeof(got), &msg) > 0 && !msg.msg_controllen && !msg.msg_flags);
    CHECK(!setsockopt(fd, SOL_NETLINK, NETLINK_PKTINFO, &on, sizeof(on)));
    CHECK(!setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)));
    CHECK(ask_with_room(fd, &got, sizeof(got), &msg) > 0 && msg.msg_controllen == 56);
    c = CMSG_FIRSTHDR(&msg);
    CHECK(c->cmsg_level == SOL_NETLINK && c->cmsg_type == NETLINK_PKTINFO);
    CHECK(c->cmsg_len == CMSG_LEN(sizeof(info)));
    memcpy(&info, CMSG_DATA(c), sizeof(info));
    c = CMSG_NXTHDR(&msg, c);
    CHECK(c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_CREDENTIALS);
    CHECK(c->cmsg_len == CMSG_LEN(sizeof(sender)));
    memcpy(&sender, CMSG_DATA(c), sizeof(sender));
    CHECK(!info.group && !sender.pid && !sender.uid && !sender.gid);
    for (size_t i = 0; i < ARRAY_SIZE(rooms); i++) {
        CHECK(ask_with_room(fd, &got, rooms[i], &msg) > 0);
        CHECK(msg.msg_controllen == used[i] && msg.msg_flags == (rooms[i] < 54 ? MSG_CTRUNC : 0));
    }
    return close(fd);
}

#endif
