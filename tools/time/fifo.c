/* fifo.c - opening a named pipe waits for its other end.
 *
 * It is opened without waiting. A reader is one already when it is waited for; a writer is not, and tries again.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tools/time/fifo.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "tools/time/core.h"
#include "tools/time/io.h"

bool fifo_is_waited_for(long dir, const char *path, long flags)
{
    struct stat st;

    if (flags & (O_NONBLOCK | O_PATH) || (flags & O_ACCMODE) == O_RDWR)
        return false;
    return !RAW(SYS_newfstatat, dir, path, &st, 0) && S_ISFIFO(st.st_mode);
}

/* Is there a writer, or has there been one? A pipe without is at its end; one with a writer is only empty. */
static bool has_writer(struct wait *w)
{
    int fd = *(int *)w->arg, n = 0;
    char byte;

    return RAW(SYS_ioctl, fd, FIONREAD, &n) || n || io_is_ready(fd, POLLIN) || RAW(SYS_read, fd, &byte, 1) == -EAGAIN;
}

static long await_writer(struct call *c, int fd)
{
    struct wait w = { .is_over = has_writer, .arg = &fd };
    long r = 0;

    while (!r && !has_writer(&w))
        r = wait_for(c, &w);
    return r;
}

/* Again whenever somebody has done something. */
static long await_reader(struct call *c, struct call *now, call_fn *open)
{
    struct wait w = { .is_over = io_always };
    long fd, r = 0;

    do
        fd = open(now);
    while (fd == -ENXIO && !(r = wait_for(c, &w)));
    return r ? r : fd;
}

long fifo_open(struct call *c, int flags_at, call_fn *open)
{
    struct call now = *c;
    bool reads = (c->arg[flags_at] & O_ACCMODE) == O_RDONLY;
    long fd, r = 0;

    now.arg[flags_at] |= O_NONBLOCK;
    fd = reads ? open(&now) : await_reader(c, &now, open);
    if (fd < 0)
        return fd;
    atomic_fetch_add(&page->change, 1);         /* whoever waits for this end */
    if (reads)
        r = await_writer(c, (int)fd);
    if (r) {
        (void)RAW(SYS_close, fd);
        return r;
    }
    (void)RAW(SYS_fcntl, fd, F_SETFL, c->arg[flags_at] & ~(long)O_NONBLOCK);
    return fd;
}
