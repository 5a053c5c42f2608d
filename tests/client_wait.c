/* client_wait.c - an ordinary C program that is interrupted: lists the links by each call that receives or waits, and repeats a
 * call that a signal has ended.
 *
 * client_wait WAY: prints how often it was interrupted, and how many links there are.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "client_check.h"

#define WAIT_S 1000             /* a wait for what is there already */

static char buf[65536];

/* ---- receiving ------------------------------------------------------------------------------- */

static ssize_t by_recv(int fd)
{
    return recv(fd, buf, sizeof(buf), 0);
}

static ssize_t by_recvfrom(int fd)
{
    struct sockaddr_nl from;
    socklen_t len = sizeof(from);

    return recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&from, &len);
}

static ssize_t by_recvmsg(int fd)
{
    struct iovec iov = { buf, sizeof(buf) };
    struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

    return recvmsg(fd, &msg, 0);
}

static ssize_t by_recvmmsg(int fd)
{
    struct iovec iov = { buf, sizeof(buf) };
    struct mmsghdr msg = { .msg_hdr = { .msg_iov = &iov, .msg_iovlen = 1 } };
    int n = recvmmsg(fd, &msg, 1, 0, NULL);

    return n == 1 ? (ssize_t)msg.msg_len : n;
}

static ssize_t by_read(int fd)
{
    return read(fd, buf, sizeof(buf));
}

static ssize_t by_readv(int fd)
{
    struct iovec iov = { buf, sizeof(buf) };

    return readv(fd, &iov, 1);
}

/* Never waits, so nothing can interrupt it. */
static ssize_t at_once(int fd)
{
    return recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
}

/* ---- waiting --------------------------------------------------------------------------------- */

static ssize_t by_poll(int fd)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };

    return poll(&p, 1, WAIT_S * 1000) == 1 ? at_once(fd) : -1;
}

static ssize_t by_ppoll(int fd)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };
    struct timespec most = { WAIT_S, 0 };

    return ppoll(&p, 1, &most, NULL) == 1 ? at_once(fd) : -1;
}

static ssize_t by_select(int fd)
{
    struct timeval most = { WAIT_S, 0 };
    fd_set set;

    FD_ZERO(&set);
    FD_SET(fd, &set);
    return select(fd + 1, &set, NULL, NULL, &most) == 1 ? at_once(fd) : -1;
}

static ssize_t by_pselect(int fd)
{
    struct timespec most = { WAIT_S, 0 };
    fd_set set;

    FD_ZERO(&set);
    FD_SET(fd, &set);
    return pselect(fd + 1, &set, NULL, NULL, &most, NULL) == 1 ? at_once(fd) : -1;
}

static ssize_t by_epoll(int fd)
{
    struct epoll_event want = { .events = EPOLLIN }, got;
    int rc, saved, epoll_fd = epoll_create1(0);

    CHECK(epoll_fd >= 0 && !epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &want));
    rc = epoll_wait(epoll_fd, &got, 1, WAIT_S * 1000);
    saved = errno;
    close(epoll_fd);
    errno = saved;
    return rc == 1 ? at_once(fd) : -1;
}

/* clang-format off */
static const struct {
    const char *name;
    ssize_t (*run)(int fd);
} ways[] = {
    { "recv",     by_recv },
    { "recvfrom", by_recvfrom },
    { "recvmsg",  by_recvmsg },
    { "recvmmsg", by_recvmmsg },
    { "read",     by_read },
    { "readv",    by_readv },
    { "at-once",  at_once },
    { "poll",     by_poll },
    { "ppoll",    by_ppoll },
    { "select",   by_select },
    { "pselect",  by_pselect },
    { "epoll",    by_epoll },
};
/* clang-format on */

/* ---- the list of links ----------------------------------------------------------------------- */

static int ask(void)
{
    struct {
        struct nlmsghdr head;
        struct ifinfomsg link;
    } msg = { .head = { .nlmsg_len = sizeof(msg), .nlmsg_type = RTM_GETLINK, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP } };
    int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);

    CHECK(fd >= 0 && send(fd, &msg, sizeof(msg), 0) == (ssize_t)sizeof(msg));
    return fd;
}

/* Adds to 'n_links'. Returns whether the list goes on. */
static bool read_links(size_t len, unsigned *n_links)
{
    const struct nlmsghdr *m = (const struct nlmsghdr *)(const void *)buf;

    for (; NLMSG_OK(m, len); m = NLMSG_NEXT(m, len)) {
        if (m->nlmsg_type == NLMSG_DONE)
            return false;
        CHECK(m->nlmsg_type == RTM_NEWLINK);
        ++*n_links;
    }
    return true;
}

static void list(ssize_t (*run)(int fd))
{
    unsigned n_interrupted = 0, n_links = 0;
    int fd = ask();
    ssize_t n;

    do {
        n = run(fd);
        CHECK(n > 0 || (n < 0 && errno == EINTR));
        n_interrupted += n < 0;
    } while (n < 0 || read_links((size_t)n, &n_links));
    printf("interrupted %u times, %u links\n", n_interrupted, n_links);
}

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
        if (strcmp(ways[i].name, argv[1]))
            continue;
        list(ways[i].run);
        return 0;
    }
    fprintf(stderr, "client_wait: no way is called %s\n", argv[1]);
    return 2;
}
