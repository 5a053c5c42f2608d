/* fd.c - what happens to descriptors: closing and duplicating, ours kept out of harm's way.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tools/preload/preload.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <unistd.h>

static bool is_own(int fd)
{
    return fd_state(fd) == FD_CTL || fd_state(fd) == FD_HOLD;
}

/* Takes the number out of the table. Returns the socket that was behind it, or 0. */
static uint64_t forget(int fd)
{
    uint64_t id = fd_sock(fd) ? fd_state(fd) : 0;

    if (!id || preload_in_vfork())
        return 0;
    fd_set_state(fd, FD_UNKNOWN);
    return id;
}

/* The kernel has closed a socket when close() returns; so have we, if no other process has it. */
static void closed(uint64_t id)
{
    if (!id || fd_has_other(id))
        return;
    ring_close(id);
    (void)ctl_sock(id, PROTO_CLOSE, NULL, NULL);
}

EXPORT int close(int fd)
{
    uint64_t id;
    int rc;

    if (!preload_on())
        return real.close(fd);
    if (is_own(fd))
        return fail(EBADF);     /* the program closes whatever it finds; it never opened this */
    id = forget(fd);
    rc = real.close(fd);
    closed(id);
    return rc;
}

/* Numbers first..last, none of them ours. */
static int close_gap(unsigned first, unsigned last, int flags)
{
    if (first > last)
        return 0;
    if (!(flags & (int)CLOSE_RANGE_CLOEXEC)) {
        for (unsigned fd = first; fd <= last && fd < INT_MAX; fd++) {
            uint64_t id = fd_state((int)fd) >= FD_FIRST_SOCK ? forget((int)fd) : 0;

            if (id) {
                real.close((int)fd);
                closed(id);
            }
            if (fd >= 65536)
                break;          /* beyond the table */
        }
    }
    return real.close_range(first, last, flags);
}

EXPORT int close_range(unsigned first, unsigned last, int flags)
{
    if (!preload_on() || first > last || first > INT_MAX)
        return real.close_range(first, last, flags);
    for (int own = fd_next_own((int)first); own >= 0 && (unsigned)own <= last;
         own = fd_next_own(own + 1)) {
        if ((unsigned)own > first && close_gap(first, (unsigned)own - 1, flags))
            return -1;
        first = (unsigned)own + 1;
    }
    return close_gap(first, last, flags);
}

EXPORT void closefrom(int first)
{
    (void)close_range(first < 0 ? 0 : (unsigned)first, UINT_MAX, 0);
}

EXPORT int dup(int fd)
{
    int copy;

    if (!preload_on())
        return real.dup(fd);
    copy = real.dup(fd);
    if (copy >= 0)
        fd_copy(fd, copy);
    return copy;
}

/* The program wants a number that is ours: it shall have it. */
static void make_way(int fd)
{
    if (fd_state(fd) == FD_HOLD)
        netns_moved(fd);
    else if (fd_state(fd) == FD_CTL)
        fd_set_state(fd, FD_UNKNOWN);   /* its thread makes a new one */
}

static int dup_onto(int fd, int to, int flags, bool is_dup3)
{
    uint64_t id = 0;
    int rc;

    if (fd != to && !preload_in_vfork() && real.fcntl(fd, F_GETFD) >= 0) {
        make_way(to);
        id = forget(to);
    }
    rc = is_dup3 ? real.dup3(fd, to, flags) : real.dup2(fd, to);
    if (rc >= 0 && fd != to)
        fd_copy(fd, to);
    closed(id);
    return rc;
}

EXPORT int dup2(int fd, int to)
{
    return preload_on() ? dup_onto(fd, to, 0, false) : real.dup2(fd, to);
}

EXPORT int dup3(int fd, int to, int flags)
{
    return preload_on() ? dup_onto(fd, to, flags, true) : real.dup3(fd, to, flags);
}

EXPORT int fcntl(int fd, int cmd, ...)
{
    va_list args;
    long arg;
    int rc;

    va_start(args, cmd);
    arg = va_arg(args, long);
    va_end(args);
    if (!preload_on())
        return real.fcntl(fd, cmd, arg);
    rc = real.fcntl(fd, cmd, arg);
    if (rc >= 0 && (cmd == F_DUPFD || cmd == F_DUPFD_CLOEXEC))
        fd_copy(fd, rc);
    return rc;
}

/* The name that programs built for large files import. */
EXPORT __typeof__(fcntl) fcntl64 __attribute__((alias("fcntl")));
