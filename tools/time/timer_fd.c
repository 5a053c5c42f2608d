/* timer_fd.c - descriptors that can be read when time has come.
 *
 * How it works: an eventfd stands in for it, which counts, blocks and polls alike; what is due is added to it when virtual
 * time has come. When it is due stands in memory that is shared with child processes, as the kernel's timer is:
 * whoever of them looks first adds, and a read by any of them takes. It does not go on in another program
 * (exec); and unlike the kernel's it can also be written to.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/timerfd.h>

#include "tools/time/timer.h"

#define MOST_TIMERS 256
#define SHARED_SIZE 4096

struct timer_fd {
    struct timer timer;
    clockid_t clock;
    int fd;                     /* one of its descriptors, probably */
};

static struct timer_fd *timers[MOST_TIMERS];    /* FD_INDEX() of the flags of its descriptors says which */

/* ---- which ----------------------------------------------------------------------------------------- */

static int index_of(int fd)
{
    uint16_t flags = fd_flags(fd);

    return flags & FD_TIMER ? FD_INDEX(flags) : -1;
}

/* A descriptor of the timer, other than 'but'. -1: none. */
static int descriptor_of(int index, int but)
{
    int fd = timers[index]->fd;

    if (fd != but && index_of(fd) == index)
        return fd;
    for (fd = 0; fd < FD_TABLE; fd++) {
        if (fd != but && index_of(fd) == index)
            return timers[index]->fd = fd;
    }
    return -1;
}

static void forget(int index)
{
    (void)RAW(SYS_munmap, timers[index], SHARED_SIZE);
    timers[index] = NULL;
}

void timer_closed(int fd)
{
    int index = index_of(fd);

    if (index >= 0 && timers[index] && descriptor_of(index, fd) < 0)
        forget(index);
}

/* ---- time ------------------------------------------------------------------------------------------- */

static bool is_readable(int fd)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };

    return RAW(SYS_poll, &p, 1, 0) == 1;
}

uint64_t timer_fds_expire(void)
{
    uint64_t next = VTIME_NEVER, times;

    for (int i = 0; i < MOST_TIMERS; i++) {
        if (!timers[i])
            continue;
        times = timer_advance(&timers[i]->timer);
        if (times)
            (void)RAW(SYS_write, descriptor_of(i, -1), &times, sizeof(times));
        if (timer_next(&timers[i]->timer) < next)
            next = timer_next(&timers[i]->timer);
    }
    return next;
}

long timer_read(struct call *c)
{
    int fd = (int)c->arg[0];
    long r;

    timers_expire();
    while (!is_readable(fd)) {
        if (RAW(SYS_fcntl, fd, F_GETFL) & O_NONBLOCK)
            return -EAGAIN;
        r = wait_for_fd(c, fd, POLLIN, 0);
        if (r)
            return r;
    }
    return call_native(c);
}

/* ---- calls ------------------------------------------------------------------------------------------ */

static bool is_clock(clockid_t id)
{
    return id == CLOCK_REALTIME || id == CLOCK_MONOTONIC || id == CLOCK_BOOTTIME || id == CLOCK_REALTIME_ALARM
        || id == CLOCK_BOOTTIME_ALARM;
}

static int free_index(void)
{
    for (int i = 0; i < MOST_TIMERS; i++) {
        if (!timers[i])
            return i;
    }
    return -1;
}

long call_timerfd_create(struct call *c)
{
    clockid_t clock = (clockid_t)c->arg[0];
    int index = free_index();
    long shared, fd;

    if (!is_clock(clock) || (c->arg[1] & ~(TFD_NONBLOCK | TFD_CLOEXEC)))
        return -EINVAL;
    if (index < 0)
        return -EMFILE;
    shared = RAW(SYS_mmap, NULL, SHARED_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared < 0 && shared > -SHARED_SIZE)
        return shared;
    timers[index] = (struct timer_fd *)shared;
    timers[index]->clock = clock;
    fd = RAW(SYS_eventfd2, 0, c->arg[1]);       /* TFD_ and EFD_ are the same bits */
    if (fd < 0 || fd >= FD_TABLE) {
        forget(index);
        if (fd >= 0)
            (void)RAW(SYS_close, fd);
        return fd < 0 ? fd : -EMFILE;
    }
    timers[index]->fd = (int)fd;
    fd_set_flags((int)fd, FD_TIMER | FD_WITH_INDEX(index));
    return fd;
}

/* -EBADF or -EINVAL: it is not a timer. */
static long find(int fd, struct timer_fd **timer)
{
    int index = index_of(fd);

    if (index < 0 || !timers[index])
        return RAW(SYS_fcntl, fd, F_GETFD) < 0 ? -EBADF : -EINVAL;
    *timer = timers[index];
    return 0;
}

static void forget_expirations(int fd)
{
    uint64_t times;

    if (is_readable(fd))
        (void)RAW(SYS_read, fd, &times, sizeof(times));
}

long call_timerfd_settime(struct call *c)
{
    const struct itimerspec *to = (const struct itimerspec *)c->arg[2];
    struct itimerspec old;
    struct timer_fd *t;
    struct timer new;
    long r = find((int)c->arg[0], &t);

    if (r)
        return r;
    if (c->arg[1] & ~(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET))
        return -EINVAL;
    r = timer_set(&new, t->clock, c->arg[1] & TFD_TIMER_ABSTIME, to);
    if (r)
        return r;
    timers_expire();
    timer_get(&t->timer, &old);
    forget_expirations((int)c->arg[0]);
    t->timer = new;
    timers_expire();
    if (c->arg[3])
        *(struct itimerspec *)c->arg[3] = old;
    return 0;
}

long call_timerfd_gettime(struct call *c)
{
    struct timer_fd *t;
    long r = find((int)c->arg[0], &t);

    if (r)
        return r;
    timers_expire();
    timer_get(&t->timer, (struct itimerspec *)c->arg[1]);
    return 0;
}
