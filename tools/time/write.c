/* write.c - calls that wait until a descriptor takes what they have.
 *
 * A pipe that poll() calls writable takes PIPE_BUF bytes; more goes in pieces of that size. A socket is asked
 * not to wait, and says itself how much it has taken.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "tools/time/core.h"
#include "tools/time/io.h"

static mode_t kind_of(int fd)
{
    struct stat st;

    return RAW(SYS_fstat, fd, &st) ? 0 : st.st_mode & S_IFMT;
}

/* One attempt that does not wait. -EAGAIN: no room. */
typedef long try_fn(int fd, const char *bytes, size_t len);

static long try_pipe(int fd, const char *bytes, size_t len)
{
    if (!io_is_ready(fd, POLLOUT))
        return -EAGAIN;
    return RAW(SYS_write, fd, bytes, len < PIPE_BUF ? len : PIPE_BUF);
}

static long try_socket(int fd, const char *bytes, size_t len)
{
    return RAW(SYS_sendto, fd, bytes, len, MSG_DONTWAIT);
}

/* All of it, as a descriptor that blocks takes it. What has been written before an error counts. */
static long write_all(struct call *c, try_fn *try, const char *bytes, size_t len)
{
    size_t done = 0;
    long r;

    do {
        r = try((int)c->arg[0], bytes + done, len - done);
        if (r > 0)
            done += (size_t)r;
        else if (r == -EAGAIN)
            r = io_wait(c, POLLOUT);
    } while (r >= 0 && done < len);
    return done ? (long)done : r;
}

/* NULL: the kernel's call does not wait here. */
static try_fn *way_of(int fd)
{
    mode_t kind = kind_of(fd);

    if (kind == S_IFREG || !io_blocks(fd))
        return NULL;
    return kind == S_IFIFO ? try_pipe : kind == S_IFSOCK ? try_socket : NULL;
}

/* Neither a pipe nor a socket: a terminal, an eventfd. */
static long when_writable(struct call *c)
{
    int fd = (int)c->arg[0];

    while (!io_is_ready(fd, POLLOUT) && io_blocks(fd)) {
        long r = io_wait(c, POLLOUT);

        if (r)
            return r;
    }
    return call_native(c);
}

long call_write(struct call *c)
{
    try_fn *try = way_of((int)c->arg[0]);

    return try && c->arg[2] ? write_all(c, try, (const char *)c->arg[1], (size_t)c->arg[2])
                            : when_writable(c);
}

/* The rest of 'iov' from byte 'done' on. Bytes written in all, or an error. */
static long write_rest(struct call *c, try_fn *try, const struct iovec *iov, size_t n, size_t done)
{
    size_t at = 0, total = done;
    long r = 0;

    for (size_t i = 0; i < n && r >= 0; at += iov[i++].iov_len) {
        size_t skip = done <= at ? 0 : done - at;

        if (skip >= iov[i].iov_len)
            continue;
        r = write_all(c, try, (const char *)iov[i].iov_base + skip, iov[i].iov_len - skip);
        total += r > 0 ? (size_t)r : 0;
        if (r >= 0 && (size_t)r < iov[i].iov_len - skip)
            break;
    }
    return total ? (long)total : r;
}

static size_t length_of(const struct iovec *iov, size_t n)
{
    size_t len = 0;

    for (size_t i = 0; i < n; i++)
        len += iov[i].iov_len;
    return len;
}

/* ---- sockets ------------------------------------------------------------------------------------- */

/* Waits for room. 0: try again; 1: there is room, and yet it was not taken: the kernel may wait for it. */
static long wait_for_room(struct call *c)
{
    if (io_is_ready((int)c->arg[0], POLLOUT))
        return 1;
    return io_wait(c, POLLOUT);
}

/* One message as it is, 'flag' being the argument with the flags. */
static long send_one(struct call *c, int flag)
{
    struct call now = *c;
    long r, why = 0;

    if (c->arg[flag] & MSG_DONTWAIT || !io_blocks((int)c->arg[0]))
        return call_native(c);
    now.arg[flag] |= MSG_DONTWAIT;
    do {
        r = call_native(&now);
        if (r != -EAGAIN)
            return r;
        why = wait_for_room(c);
    } while (!why);
    return why > 0 ? call_native(c) : why;
}

long call_sendto(struct call *c)
{
    long r = send_one(c, 3), more;

    if (r <= 0 || r >= c->arg[2] || c->arg[3] & MSG_DONTWAIT || !io_blocks((int)c->arg[0]))
        return r;
    more = write_all(c, try_socket, (const char *)c->arg[1] + r, (size_t)(c->arg[2] - r));
    return more > 0 ? r + more : r;
}

long call_sendmsg(struct call *c)
{
    const struct msghdr *msg = (const struct msghdr *)c->arg[1];
    long r = send_one(c, 2);

    if (r <= 0 || (size_t)r >= length_of(msg->msg_iov, msg->msg_iovlen) || c->arg[2] & MSG_DONTWAIT
        || !io_blocks((int)c->arg[0]))
        return r;
    return write_rest(c, try_socket, msg->msg_iov, msg->msg_iovlen, (size_t)r);
}

long call_sendmmsg(struct call *c)
{
    return send_one(c, 3);
}

long call_writev(struct call *c)
{
    const struct iovec *iov = (const struct iovec *)c->arg[1];
    size_t n = (size_t)c->arg[2], len;
    try_fn *try = way_of((int)c->arg[0]);
    struct msghdr msg = { .msg_iov = (struct iovec *)(uintptr_t)iov, .msg_iovlen = n };
    struct call send = *c;

    if (!try)
        return when_writable(c);
    len = length_of(iov, n);
    if (try == try_socket) {
        send.nr = SYS_sendmsg;
        send.arg[1] = (long)&msg;
        send.arg[2] = 0;
        return call_sendmsg(&send);
    }
    if (!len || len > PIPE_BUF)
        return write_rest(c, try, iov, n, 0);
    while (!io_is_ready((int)c->arg[0], POLLOUT)) {     /* one piece, whole */
        long r = io_wait(c, POLLOUT);

        if (r)
            return r;
    }
    return call_native(c);
}

/* ---- locks of files -------------------------------------------------------------------------------- */

bool io_always(struct wait *w)
{
    (void)w;
    return true;
}

/* Whoever gives the lock back has made a call: then it is tried again. 'now': the call that does not wait. */
long io_retry(struct call *c, struct call *now)
{
    struct wait w = { .is_over = io_always };

    for (;;) {
        long r = call_native(now);

        if (r != -EAGAIN && r != -EACCES)
            return r;
        r = wait_for(c, &w);
        if (r)
            return r;
    }
}

long call_flock(struct call *c)
{
    enum { LOCK_NOT_WAITING = 4 };
    struct call now = *c;

    now.arg[1] |= LOCK_NOT_WAITING;
    return c->arg[1] & LOCK_NOT_WAITING ? call_native(c) : io_retry(c, &now);
}
