/* fds.c - what descriptors are beyond what the kernel knows of them, and that the program leaves ours alone.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <limits.h>
#include <sys/stat.h>

#include "tools/time/core.h"
#include "tools/time/fifo.h"
#include "tools/time/io.h"

static uint16_t table[FD_TABLE];

uint16_t fd_flags(int fd)
{
    return fd >= 0 && fd < FD_TABLE ? table[fd] : 0;
}

void fd_set_flags(int fd, uint16_t flags)
{
    if (fd >= 0 && fd < FD_TABLE)
        table[fd] = flags;
}

/* ---- closing --------------------------------------------------------------------------------------- */

static void forget(int fd)
{
    if (fd_flags(fd) & FD_TIMER)
        timer_closed(fd);
    fd_set_flags(fd, 0);
}

long call_close(struct call *c)
{
    int fd = (int)c->arg[0];

    if (fd_flags(fd) & FD_OWN)
        return -EBADF;          /* the program closes whatever it finds; it never opened this */
    forget(fd);
    return call_native(c);
}

/* Around ours. */
long call_close_range(struct call *c)
{
    unsigned first = (unsigned)c->arg[0], last = (unsigned)c->arg[1];
    bool is_closed = !(c->arg[2] & (long)CLOSE_RANGE_CLOEXEC);

    if (first > last)
        return -EINVAL;
    for (unsigned fd = first; fd < FD_TABLE && fd <= last; fd++) {
        if (table[fd] & FD_OWN) {
            if (fd > first)
                (void)RAW(SYS_close_range, first, fd - 1, c->arg[2]);
            first = fd + 1;
        } else if (is_closed && table[fd]) {
            forget((int)fd);
        }
    }
    return first > last ? 0 : RAW(SYS_close_range, first, last, c->arg[2]);
}

/* ---- copying ----------------------------------------------------------------------------------------- */

static long copied(int from, long to)
{
    if (to >= 0 && to != from)
        fd_set_flags((int)to, (uint16_t)(fd_flags(from) & ~FD_OWN));
    return to;
}

long call_dup(struct call *c)
{
    return copied((int)c->arg[0], call_native(c));
}

static long dup_onto(struct call *c)
{
    int to = (int)c->arg[1];

    if (fd_flags(to) & FD_OWN)
        return -EBADF;
    if (to != (int)c->arg[0] && RAW(SYS_fcntl, c->arg[0], F_GETFD) >= 0)
        forget(to);
    return copied((int)c->arg[0], call_native(c));
}

long call_dup2(struct call *c)
{
    return dup_onto(c);
}

long call_dup3(struct call *c)
{
    return dup_onto(c);
}

/* ---- fcntl ------------------------------------------------------------------------------------------- */

static long get_lock(struct call *c)
{
    struct flock *lock = (struct flock *)c->arg[2];
    long r = call_native(c);

    if (!r && lock->l_type != F_UNLCK)
        lock->l_pid = pid_virtual(lock->l_pid);
    return r;
}

static long wait_lock(struct call *c)
{
    struct call now = *c;

    now.arg[1] = c->arg[1] == F_SETLKW ? F_SETLK : F_OFD_SETLK;
    return io_retry(c, &now);
}

long call_fcntl(struct call *c)
{
    switch (c->arg[1]) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
        return copied((int)c->arg[0], call_native(c));
    case F_GETLK:
        return get_lock(c);
    case F_SETLKW:
    case F_OFD_SETLKW:
        return wait_lock(c);
    default:
        return call_native(c);
    }
}

/* ---- opening ----------------------------------------------------------------------------------------- */

static long opened(const char *path, long fd)
{
    if (fd >= 0)
        fd_set_flags((int)fd, entropy_is_path(path) ? FD_RANDOM : 0);
    return fd;
}

/* 'path' and the flags behind it stand at 'at' among the arguments. */
static long open_at(struct call *c, int at)
{
    const char *path = (const char *)c->arg[at];
    long fd = machine_open(path, c->arg[at + 1]);
    call_fn *open = at ? call_path_at : call_path;

    if (fd != MACHINE_NOT_OURS)
        return fd;
    if (fifo_is_waited_for(at ? c->arg[0] : AT_FDCWD, path, c->arg[at + 1]))
        return fifo_open(c, at + 1, open);
    return opened(path, open(c));
}

long call_openat(struct call *c)
{
    return open_at(c, 1);
}

long call_open(struct call *c)
{
    return open_at(c, 0);
}
