/* hostile_tools.h - the simulator's protocol (sim/proto.h) spoken by hand, rightly and wrongly.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_HOSTILE_TOOLS_H
#define TESTS_HOSTILE_TOOLS_H

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/rng.h"
#include "sim/proto.h"
#include "tests/client_check.h"

static struct sockaddr_un at = { .sun_family = AF_UNIX };      /* the simulator */
static struct rng rng = { 1 };

static inline uint64_t draw(void)
{
    return rng_u64(&rng);
}

static inline void draw_bytes(void *to, size_t len)
{
    for (size_t i = 0; i < len; i++)
        ((uint8_t *)to)[i] = (uint8_t)draw();
}

/* A connection that has said nothing; -1: refused. */
static inline int dial(void)
{
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    CHECK(fd >= 0);
    if (!connect(fd, (struct sockaddr *)&at, sizeof(at)))
        return fd;
    close(fd);
    return -1;
}

static inline int say_hello(int fd, const struct proto_hello *h, struct proto_welcome *w)
{
    ssize_t n;

    *w = (struct proto_welcome){ .status = -ECONNRESET };
    (void)send(fd, h, sizeof(*h), MSG_NOSIGNAL);
    n = recv(fd, w, sizeof(*w), 0);
    return n == (ssize_t)sizeof(*w) ? w->status : -ECONNRESET;
}

/* A connection of a kind; or -errno. 'id' of a socket may be NULL. */
static inline int open_kind(enum proto_kind kind, uint32_t ns, int protocol, uint64_t *id)
{
    struct proto_hello h = { .magic = PROTO_MAGIC, .kind = (uint16_t)kind, .type = SOCK_RAW, .protocol = protocol,
                             .ns = ns, .pid = (uint32_t)getpid() };
    struct proto_welcome w;
    int fd = dial(), rc = fd < 0 ? -errno : say_hello(fd, &h, &w);

    if (id)
        *id = w.sock;
    if (!rc)
        return fd;
    if (fd >= 0)
        close(fd);
    return rc;
}

static inline int open_ctl(void)
{
    int fd = open_kind(PROTO_CTL, 0, 0, NULL);

    CHECK(fd >= 0);
    return fd;
}

static inline int open_sock(uint64_t *id)
{
    return open_kind(PROTO_DATA, 0, NETLINK_GENERIC, id);
}

/* A request on its way; false: no room, or hung up on. */
static inline bool ask(int ctl, const struct proto_req *req, const void *payload, size_t len, int flags)
{
    uint8_t bytes[sizeof(*req) + 65536];

    memcpy(bytes, req, sizeof(*req));
    memcpy(bytes + sizeof(*req), payload, len);
    return send(ctl, bytes, sizeof(*req) + len, MSG_NOSIGNAL | flags) >= 0;
}

/* Its answer without the payload, however late. */
static inline struct proto_reply answer(int ctl)
{
    struct proto_reply rep;

    do {
        rep = (struct proto_reply){ .status = -ECONNRESET };
        if (recv(ctl, &rep, sizeof(rep), 0) < (ssize_t)sizeof(rep))
            rep = (struct proto_reply){ .status = -ECONNRESET };
    } while (rep.flags & (PROTO_CUT | PROTO_LATER));
    return rep;
}

static inline int call(int ctl, const struct proto_req *req, const void *payload, size_t len)
{
    return ask(ctl, req, payload, len, 0) ? answer(ctl).status : -ECONNRESET;
}

/* A request to nlctrl: GETFAMILY as a dump, or without a name, which is refused. */
static inline int send_nlctrl(int ctl, uint64_t sock, uint16_t flags, size_t len)
{
    struct {
        struct nlmsghdr msg;
        struct genlmsghdr genl;
        uint8_t rest[60000];
    } m = { .msg = { .nlmsg_type = GENL_ID_CTRL, .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags), .nlmsg_seq = 1 },
            .genl = { .cmd = CTRL_CMD_GETFAMILY, .version = 1 } };
    const struct proto_req req = { .op = PROTO_SEND, .sock = sock, .max_recv = 32768 };

    m.msg.nlmsg_len = (uint32_t)(sizeof(m.msg) + sizeof(m.genl) + len);
    return call(ctl, &req, &m, m.msg.nlmsg_len);
}

/* The error or 0 that a netlink socket's first message tells; -ENOBUFS: it has lost some. */
static inline int first_error(int data)
{
    struct {
        struct proto_dgram head;
        struct nlmsghdr msg;
        struct nlmsgerr ack;
    } in;

    memset(&in, 0, sizeof(in));
    if (recv(data, &in, sizeof(in), 0) < (ssize_t)sizeof(in.head))
        return -ECONNRESET;
    if (in.head.error)
        return -in.head.error;
    return in.msg.nlmsg_type == NLMSG_ERROR ? in.ack.error : 0;
}

/* Has its input ended? */
static inline bool is_over(void)
{
    struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };

    return poll(&in, 1, 0) > 0;
}

static inline void begun(void)
{
    printf("under way\n");
    CHECK(!fflush(stdout));
}

static inline void stay(void)
{
    struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };

    begun();
    (void)poll(&in, 1, -1);
}

#endif
