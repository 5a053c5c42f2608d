/* wait.c - the calls that wait for descriptors, and the signal that the simulator says comes before what they wait for.
 *
 * They wait natively. Only while faults are asked for (PROTO_ASKS) does one that may wait for a socket of ours ask before.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tools/preload/preload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#define FDINFO "/proc/self/fdinfo/"
#define TARGET "tfd:"           /* begins a line of an epoll descriptor's, before the number of one that it waits for */
#define TARGETS_ROOM 8192       /* some 100 of them */

static bool is_interrupted(uint64_t id, enum proto_wait how)
{
    const uint32_t arg[3] = { (uint32_t)how };

    return ctl_sock(id, PROTO_WAIT, arg, NULL) == -EINTR;
}

bool wait_is_long(const struct timespec *timeout)
{
    return !timeout || timeout->tv_sec || timeout->tv_nsec;
}

bool wait_ends_recv(const struct fd_entry *entry, int fd, int flags)
{
    if (!ctl_asks_to_wait() || (flags & MSG_DONTWAIT) || (real.fcntl(fd, F_GETFL) & O_NONBLOCK))
        return false;
    return is_interrupted(entry->id, PROTO_WAIT_RECV);
}

/* One of those that a call waits for. True: it is a socket of ours; '*ends': and a signal comes. */
static bool ask_for(int fd, bool *ends)
{
    const struct fd_entry *entry = fd_sock(fd);

    if (entry)
        *ends = is_interrupted(entry->id, PROTO_WAIT_POLL);
    return entry != NULL;
}

bool wait_ends_poll(const struct pollfd *fds, nfds_t n)
{
    bool ends = false;

    for (nfds_t i = 0; ctl_asks_to_wait() && i < n; i++) {
        if (fds[i].fd >= 0 && ask_for(fds[i].fd, &ends))
            break;
    }
    return ends;
}

/* ---- select ---------------------------------------------------------------------------------- */

static bool ends_select(int n, const fd_set *readers)
{
    bool ends = false;

    for (int fd = 0; ctl_asks_to_wait() && readers && fd < n && fd < FD_SETSIZE; fd++) {
        if (FD_ISSET(fd, readers) && ask_for(fd, &ends))
            break;
    }
    return ends;
}

EXPORT int select(int n, fd_set *readers, fd_set *writers, fd_set *others, struct timeval *timeout)
{
    bool may_wait = !timeout || timeout->tv_sec || timeout->tv_usec;

    if (preload_on() && may_wait && ends_select(n, readers))
        return fail(EINTR);
    return real.select(n, readers, writers, others, timeout);
}

EXPORT int pselect(int n, fd_set *readers, fd_set *writers, fd_set *others, const struct timespec *timeout,
                   const sigset_t *mask)
{
    if (preload_on() && wait_is_long(timeout) && ends_select(n, readers))
        return fail(EINTR);
    return real.pselect(n, readers, writers, others, timeout, mask);
}

/* ---- epoll ----------------------------------------------------------------------------------- */

/* FDINFO and a descriptor's number. */
static void put_path(char *path, unsigned fd)
{
    unsigned scale = 1;

    while (fd / scale >= 10)
        scale *= 10;
    for (path = stpcpy(path, FDINFO); scale; scale /= 10)
        *path++ = (char)('0' + fd / scale % 10);
    *path = '\0';
}

/* What the kernel tells of an epoll descriptor: a line for each that it waits for. */
static void read_targets(int fd, char *text, size_t room)
{
    char path[sizeof(FDINFO) + 10];
    size_t len = 0;
    ssize_t n = 1;
    int in;

    put_path(path, (unsigned)fd);
    in = real.openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    for (; in >= 0 && n > 0 && len < room - 1; len += n > 0 ? (size_t)n : 0)
        n = real.read(in, text + len, room - 1 - len);
    if (in >= 0)
        real.close(in);
    text[len] = '\0';
}

static bool ends_epoll(int fd)
{
    char text[TARGETS_ROOM];
    const char *at = text;
    bool ends = false;

    if (fd < 0 || !ctl_asks_to_wait())
        return false;
    read_targets(fd, text, sizeof(text));
    while ((at = strstr(at, TARGET)) && !ask_for((int)strtol(at + strlen(TARGET), NULL, 10), &ends))
        at += strlen(TARGET);
    return ends;
}

EXPORT int epoll_wait(int fd, struct epoll_event *events, int n, int timeout)
{
    if (preload_on() && timeout && ends_epoll(fd))
        return fail(EINTR);
    return real.epoll_wait(fd, events, n, timeout);
}

EXPORT int epoll_pwait(int fd, struct epoll_event *events, int n, int timeout, const sigset_t *mask)
{
    if (preload_on() && timeout && ends_epoll(fd))
        return fail(EINTR);
    return real.epoll_pwait(fd, events, n, timeout, mask);
}

EXPORT int epoll_pwait2(int fd, struct epoll_event *events, int n, const struct timespec *timeout,
                        const sigset_t *mask)
{
    if (preload_on() && wait_is_long(timeout) && ends_epoll(fd))
        return fail(EINTR);
    return real.epoll_pwait2(fd, events, n, timeout, mask);
}
