/* client_probe_load.h - cases that need the family of test_client.c: long, many, too many messages
 * (and one that measures).
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_CLIENT_PROBE_LOAD_H
#define TESTS_CLIENT_PROBE_LOAD_H

#include <poll.h>
#include <time.h>

#include "tests/client_probe_tools.h"

/* Command numbers of the family "dpsim_probe", whose requests are {u32 a, u32 b} as user header. */
enum { PROBE_REPLY = 1, PROBE_DUMP, PROBE_FLOOD };

struct probe_request {
    struct nlmsghdr nl;
    struct genlmsghdr genl;
    uint32_t a, b;
};

#define PROBE_ID 32     /* of the first family that is registered there */

static uint16_t probe_id(void)
{
    const char *id = getenv("PROBE_ID");

    return (uint16_t)(id ? atoi(id) : PROBE_ID);
}

static int probe_send(int fd, uint8_t cmd, uint16_t flags, uint32_t a, uint32_t b)
{
    struct probe_request r = {
        .nl = { .nlmsg_len = sizeof(r), .nlmsg_type = probe_id(), .nlmsg_seq = 3,
                .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags) },
        .genl = { .cmd = cmd, .version = 1 },
        .a = a, .b = b,
    };

    return send(fd, &r, sizeof(r), 0) == sizeof(r) ? 0 : -1;
}

/* A reply longer than any default buffer. */
static int probe_big(void)
{
    static char buf[512 * 1024];
    struct nlmsghdr nl;
    int fd = open_sock(0), room = 2 * 1024 * 1024;

    CHECK(!setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)));
    for (uint32_t size = 1000; size <= 60000; size += 500) {
        for (uint32_t n = 1; n <= 4; n++) {
            ssize_t got;

            CHECK(!probe_send(fd, PROBE_REPLY, 0, size, n));
            CHECK(recv(fd, NULL, 0, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT) > (ssize_t)(size * n));
            got = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
            CHECK(got > (ssize_t)(size * n));
            memcpy(&nl, buf, sizeof(nl));
            CHECK(nl.nlmsg_len == (uint32_t)got);
        }
    }
    return close(fd);
}

/* Many messages, none may be missing; read without waiting, as clients do. */
static int probe_dump(void)
{
    static const size_t sizes[] = { 4096, 65536 };
    static char buf[65536];

    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        int fd = open_sock(0);
        bool is_done = false;
        uint32_t n_messages = 0;

        CHECK(!probe_send(fd, PROBE_DUMP, NLM_F_DUMP, 5000, 100));
        while (!is_done) {
            ssize_t n = recv(fd, buf, sizes[i], MSG_DONTWAIT);

            CHECK(n > 0);
            for (struct nlmsghdr *h = (void *)buf; NLMSG_OK(h, (uint32_t)n);
                 h = (void *)((char *)h + NLMSG_ALIGN(h->nlmsg_len)), n_messages++) {
                n -= (ssize_t)NLMSG_ALIGN(h->nlmsg_len) - (ssize_t)h->nlmsg_len;
                n -= h->nlmsg_len;
                is_done = h->nlmsg_type == NLMSG_DONE;
            }
        }
        CHECK(n_messages == 5001);
        CHECK(recv(fd, buf, sizeof(buf), MSG_DONTWAIT) == -1 && errno == EAGAIN);
        CHECK(!ask(fd, 9) && !close(fd));
    }
    return 0;
}

/* More than the descriptor takes at once, all within the receive buffer: in order, complete. */
static int probe_window(void)
{
    static char buf[65536];
    int fd = open_sock(0), room = 16 * 1024 * 1024;
    uint32_t number;

    CHECK(!setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)));
    for (uint32_t size = 40; size < 20000; size *= 3) {
        CHECK(!probe_send(fd, PROBE_FLOOD, 0, 1000, size));
        for (uint32_t i = 0; i < 1000; i++) {
            CHECK(recv(fd, buf, sizeof(buf), MSG_DONTWAIT) >= (ssize_t)size);
            memcpy(&number, buf + NLMSG_HDRLEN + GENL_HDRLEN, sizeof(number));
            CHECK(number == i);
        }
        CHECK(recv(fd, buf, sizeof(buf), MSG_DONTWAIT) == -1 && errno == EAGAIN);
    }
    return close(fd);
}

/* Too much for the receive buffer: the error first, then what fitted, then silence. */
static int probe_overrun(void)
{
    int fd = open_sock(0), room = 1;
    char buf[4096];
    struct pollfd p = { .fd = fd, .events = POLLIN };

    CHECK(!setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room)));
    for (int i = 0; i < 3; i++) {
        /* The first is in the descriptor's queue already when the error comes. */
        CHECK(!probe_send(fd, PROBE_FLOOD, 0, 1, 100));
        CHECK(!probe_send(fd, PROBE_FLOOD, 0, 50, 100));
        CHECK(poll(&p, 1, 0) == 1);
        CHECK(recv(fd, buf, sizeof(buf), MSG_DONTWAIT) == -1 && errno == ENOBUFS);
        CHECK(recv(fd, buf, sizeof(buf), MSG_DONTWAIT) > 100);
        while (recv(fd, buf, sizeof(buf), MSG_DONTWAIT) > 0)
            ;
        CHECK(errno == EAGAIN);
    }
    return close(fd);
}

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Not a test: prints microseconds for a request and its reply. */
static int bench(void)
{
    struct request r = getfamily("nlctrl", 1);
    double start, best = 1e9;
    int fd = open_sock(0);
    char buf[4096];

    for (int round = 0; round < 5; round++) {
        start = seconds();
        for (int i = 0; i < 10000; i++) {
            CHECK(send(fd, &r, r.nl.nlmsg_len, 0) > 0);
            CHECK(recv(fd, buf, sizeof(buf), MSG_DONTWAIT) > 0);
        }
        if (seconds() - start < best)
            best = seconds() - start;
    }
    printf("%.2f us\n", best * 100);
    return close(fd);
}

#endif
