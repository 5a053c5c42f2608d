/* read.c - calls that wait until a descriptor has something for them.
 *
 * Nobody else runs, so what poll() finds is still there when the call is made.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>

#include "tools/time/core.h"
#include "tools/time/io.h"

bool io_is_ready(int fd, short events)
{
    struct pollfd p = { .fd = fd, .events = events };

    return RAW(SYS_poll, &p, 1, 0) != 0;
}

bool io_blocks(int fd)
{
    long flags = RAW(SYS_fcntl, fd, F_GETFL);

    return flags >= 0 && !(flags & O_NONBLOCK);
}

/* SO_RCVTIMEO or SO_SNDTIMEO; VTIME_NEVER: none. */
static uint64_t deadline_of(int fd, int option)
{
    struct timeval tv = { 0 };
    socklen_t len = sizeof(tv);

    if (RAW(SYS_getsockopt, fd, SOL_SOCKET, option, &tv, &len) || (!tv.tv_sec && !tv.tv_usec))
        return VTIME_NEVER;
    return page->now_ns + (uint64_t)tv.tv_sec * NS_PER_S + (uint64_t)tv.tv_usec * 1000;
}

long io_wait(struct call *c, short events)
{
    int fd = (int)c->arg[0];
    long r;

    atomic_fetch_add(&page->change, 1);         /* part of it may be done */
    r = wait_for_fd(c, fd, events, deadline_of(fd, events == POLLIN ? SO_RCVTIMEO : SO_SNDTIMEO));

    return r == -ETIMEDOUT ? -EAGAIN : r;
}

static long when_readable(struct call *c)
{
    int fd = (int)c->arg[0];

    while (!io_is_ready(fd, POLLIN) && io_blocks(fd)) {
        long r = io_wait(c, POLLIN);

        if (r)
            return r;
    }
    return call_native(c);
}

long call_read(struct call *c)
{
    uint16_t flags = fd_flags((int)c->arg[0]);

    if (flags & FD_RANDOM) {
        entropy_read((void *)c->arg[1], (size_t)c->arg[2]);
        return c->arg[2];
    }
    return flags & FD_TIMER ? timer_read(c) : when_readable(c);
}

static long read_random(const struct iovec *pieces, long n)
{
    long len = 0;

    for (long i = 0; i < n; i++) {
        entropy_read(pieces[i].iov_base, pieces[i].iov_len);
        len += (long)pieces[i].iov_len;
    }
    return len;
}

long call_readv(struct call *c)
{
    if (fd_flags((int)c->arg[0]) & FD_RANDOM)
        return read_random((const struct iovec *)c->arg[1], c->arg[2]);
    return when_readable(c);
}

long call_accept(struct call *c)
{
    return when_readable(c);
}

/* ---- sockets ------------------------------------------------------------------------------------- */

#define NOT_WAITING (MSG_DONTWAIT | MSG_ERRQUEUE)

/* MSG_WAITALL of a stream: until all is there, the peer has gone, or a signal comes. */
static long receive_all(struct call *c)
{
    struct call piece = *c;
    long r, done = 0;

    piece.arg[3] &= ~(long)MSG_WAITALL;
    do {
        piece.arg[1] = c->arg[1] + done;
        piece.arg[2] = c->arg[2] - done;
        r = when_readable(&piece);
        if (r > 0)
            done += r;
    } while (r > 0 && done < c->arg[2]);
    return done ? done : r;
}

long call_recvfrom(struct call *c)
{
    if (c->arg[3] & NOT_WAITING)
        return call_native(c);
    if ((c->arg[3] & MSG_WAITALL) && !(c->arg[3] & MSG_PEEK) && c->arg[2] > 0)
        return receive_all(c);
    return when_readable(c);
}

/* Credentials tell the machine's process ids. */
static void translate_credentials(struct msghdr *msg)
{
    for (struct cmsghdr *m = CMSG_FIRSTHDR(msg); m; m = CMSG_NXTHDR(msg, m)) {
        struct ucred who;

        if (m->cmsg_level != SOL_SOCKET || m->cmsg_type != SCM_CREDENTIALS)
            continue;
        memcpy(&who, CMSG_DATA(m), sizeof(who));
        who.pid = pid_virtual(who.pid);
        memcpy(CMSG_DATA(m), &who, sizeof(who));
    }
}

long call_recvmsg(struct call *c)
{
    struct msghdr *msg = (struct msghdr *)c->arg[1];
    long r = c->arg[2] & NOT_WAITING ? call_native(c) : when_readable(c);

    if (r >= 0 && msg->msg_control && msg->msg_controllen)
        translate_credentials(msg);
    return r;
}

/* Without waiting for as many messages as there is room for. */
long call_recvmmsg(struct call *c)
{
    struct call now = *c;

    now.arg[4] = 0;
    if (c->arg[3] & NOT_WAITING)
        return call_native(&now);
    now.arg[3] |= MSG_WAITFORONE;
    return when_readable(&now);
}
