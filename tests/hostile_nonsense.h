/* hostile_nonsense.h - attacks of hostile.c: what is not the protocol, or only a part of it.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_HOSTILE_NONSENSE_H
#define TESTS_HOSTILE_NONSENSE_H

#include <linux/sockios.h>
#include <sys/mman.h>

#include "tests/hostile_tools.h"

#define MOST_FDS 253            /* that a message may carry */

/* ---- nonsense ---------------------------------------------------------------------------------- */

static void garbage_hello(unsigned n)
{
    uint8_t bytes[256];

    for (unsigned i = 0; i < n; i++) {
        struct proto_hello *h = (void *)bytes;
        int fd = dial();

        CHECK(fd >= 0);
        draw_bytes(bytes, sizeof(bytes));
        if (i % 2)
            h->magic = PROTO_MAGIC;
        (void)send(fd, bytes, i % 3 ? sizeof(*h) : draw() % sizeof(bytes), MSG_NOSIGNAL);
        close(fd);
    }
    stay();
}

static void garbage_requests(unsigned n)
{
    uint8_t bytes[512];
    uint64_t id;
    int ctl = open_ctl(), data = open_sock(&id);

    CHECK(data >= 0);
    for (unsigned i = 0; i < n; i++) {
        struct proto_req req;

        draw_bytes(&req, sizeof(req));
        draw_bytes(bytes, sizeof(bytes));
        req.op = (uint16_t)(draw() % (N_PROTO_OPS + 2));
        req.ns = (uint32_t)(draw() % 2);
        if (i % 2)
            req.sock = id;
        (void)call(ctl, &req, bytes, draw() % sizeof(bytes));
    }
    /* Of somebody else's socket, or of none, nothing is told. */
    CHECK(call(ctl, &(struct proto_req){ .op = PROTO_NAME, .sock = 1 }, "", 0) == -ENOTCONN);
    CHECK(call(ctl, &(struct proto_req){ .op = N_PROTO_OPS, .sock = id }, "", 0) == -EPROTO);
    stay();
}

static void garbage_netlink(unsigned n)
{
    uint8_t bytes[1024];
    uint64_t id;
    int ctl = open_ctl(), data = open_sock(&id);

    CHECK(data >= 0);
    for (unsigned i = 0; i < n; i++) {
        struct nlmsghdr *msg = (void *)bytes;
        size_t len = draw() % sizeof(bytes);

        draw_bytes(bytes, sizeof(bytes));
        msg->nlmsg_len = (uint32_t)(i % 2 ? len : draw() % 64);
        msg->nlmsg_type = (uint16_t)(NLMSG_MIN_TYPE + draw() % 2);      /* nlctrl, which changes nothing */
        if (i % 4)
            (void)call(ctl, &(struct proto_req){ .op = PROTO_SEND, .sock = id }, bytes, len);
        else
            (void)send(data, bytes, len, MSG_NOSIGNAL);                 /* without a request around it */
    }
    stay();
}

/* Messages that end too early, each on a connection of its own. */
static void cut_messages(unsigned n)
{
    struct proto_hello h = { .magic = PROTO_MAGIC, .kind = PROTO_CTL };
    struct proto_req req = { .op = PROTO_IOCTL, .arg = { SIOCGIFFLAGS } };
    struct proto_if io = { .name = "lo" };
    struct proto_reply rep;
    int ctl;

    for (size_t len = 0; len < sizeof(h); len++) {
        int fd = dial();

        CHECK(send(fd, &h, len, MSG_NOSIGNAL) == (ssize_t)len);
        CHECK(recv(fd, &rep, sizeof(rep), 0) <= 0);
        close(fd);
    }
    for (size_t len = 0; len < sizeof(req); len++) {
        ctl = open_ctl();
        CHECK(send(ctl, &req, len, MSG_NOSIGNAL) == (ssize_t)len);
        CHECK(recv(ctl, &rep, sizeof(rep), 0) <= 0);
        close(ctl);
    }
    ctl = open_ctl();
    for (size_t len = 0; len < sizeof(io); len++)
        CHECK(call(ctl, &req, &io, len) == -EINVAL);
    CHECK(!call(ctl, &req, &io, sizeof(io)));
    (void)n;
    stay();
}

/* ---- descriptors that nobody has asked for ---------------------------------------------------------- */

static void send_fds(int fd, const void *bytes, size_t len, unsigned n_fds)
{
    static union {
        struct cmsghdr head;
        uint8_t bytes[CMSG_SPACE(MOST_FDS * sizeof(int))];
    } control;
    struct iovec iov = { (void *)(uintptr_t)bytes, len };
    struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
                          .msg_controllen = CMSG_SPACE(n_fds * sizeof(int)) };

    control.head = (struct cmsghdr){ .cmsg_len = CMSG_LEN(n_fds * sizeof(int)), .cmsg_level = SOL_SOCKET,
                                     .cmsg_type = SCM_RIGHTS };
    for (unsigned i = 0; i < n_fds; i++)
        memcpy(CMSG_DATA(&control.head) + i * sizeof(int), &(int){ STDERR_FILENO }, sizeof(int));
    if (sendmsg(fd, &msg, MSG_NOSIGNAL) < 0) {
        CHECK(errno == EPERM);          /* Linux 6.16: they do not even arrive */
        CHECK(send(fd, bytes, len, MSG_NOSIGNAL) == (ssize_t)len);
    }
}

static void descriptors(unsigned n)
{
    const struct proto_hello h = { .magic = PROTO_MAGIC, .kind = PROTO_CTL };
    const struct proto_req req = { .op = PROTO_IFLIST };
    struct proto_welcome w;

    for (unsigned i = 0; i < n; i++) {
        int fd = dial();

        send_fds(fd, &h, sizeof(h), i % 2 ? 1 : MOST_FDS);
        CHECK(recv(fd, &w, sizeof(w), 0) == (ssize_t)sizeof(w) && !w.status);
        send_fds(fd, &req, sizeof(req), i % 2 ? MOST_FDS : 2);
        CHECK(!answer(fd).status);
        if (i % 2)
            close(fd);
    }
    stay();
}

/* The page of errors is the simulator's alone. */
static void write_page(unsigned n)
{
    const struct proto_hello h = { .magic = PROTO_MAGIC, .kind = PROTO_CTL, .flags = PROTO_WANT_PAGE };
    union {
        struct cmsghdr head;
        uint8_t bytes[CMSG_SPACE(sizeof(int))];
    } control;
    struct proto_welcome w;
    struct iovec iov = { &w, sizeof(w) };
    struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
                          .msg_controllen = sizeof(control) };
    int page, fd = dial();

    (void)n;
    CHECK(send(fd, &h, sizeof(h), 0) == (ssize_t)sizeof(h));
    CHECK(recvmsg(fd, &msg, 0) == (ssize_t)sizeof(w) && msg.msg_controllen);
    memcpy(&page, CMSG_DATA(&control.head), sizeof(page));
    CHECK(ftruncate(page, 0) && errno == EPERM);
    CHECK(ftruncate(page, 1 << 30) && errno == EPERM);
    CHECK(write(page, &w, sizeof(w)) < 0 && errno == EPERM);
    CHECK(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, page, 0) == MAP_FAILED && errno == EPERM);
    CHECK(mmap(NULL, 4096, PROT_READ, MAP_SHARED, page, 0) != MAP_FAILED);
    stay();
}

#endif
