/* poll.c - the calls that wait for descriptors. SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <time.h>

#include "tools/time/clock.h"
#include "tools/time/core.h"

#define MASK_SIZE 8
#define NS_PER_MS UINT64_C(1000000)

static const struct timespec at_once;

/* ---- how long ------------------------------------------------------------------------------------ */

static uint64_t deadline_ms(int timeout)
{
    return timeout < 0 ? VTIME_NEVER : page->now_ns + (uint64_t)timeout * NS_PER_MS;
}

static uint64_t deadline_ns(const struct timespec *t)
{
    uint64_t at = VTIME_NEVER;

    if (t)
        (void)time_after(page->now_ns, t, &at);
    return at;
}

/* What is left, as the kernel writes it back. */
static void put_left(struct timespec *t, uint64_t deadline)
{
    uint64_t left = deadline > page->now_ns ? deadline - page->now_ns : 0;

    if (t && deadline != VTIME_NEVER)
        *t = time_to_spec(left);
}

/* ---- the way of all of them ---------------------------------------------------------------------- */

/* Waits until 'look' finds something, with 'w' saying when it is worth another look. With the mask of ppoll()
 * and its like the signal's handler must run before that is over: sigsuspend's way. */
static long look_until(struct call *c, struct wait *w, long (*look)(struct call *c))
{
    long r = look(c), why = 0;

    if (r)
        return r;
    if (w->deadline_ns == page->now_ns) {
        wait_yield();
        return 0;
    }
    while (!r && !why) {
        why = wait_for(c, w);
        if (why == -EINTR)
            return w->mask == mask_of(c) ? why : RAW(SYS_rt_sigsuspend, w->mask, MASK_SIZE);
        r = look(c);
    }
    return r;
}

/* The program's mask without SIGSYS, in 'room'; NULL: none. */
static const uint64_t *copy_mask(const uint64_t *mask, uint64_t *room)
{
    if (!mask)
        return NULL;
    *room = *mask & ~SIGNAL_BIT(SIGSYS);
    return room;
}

/* ---- poll ---------------------------------------------------------------------------------------- */

static long look_poll(struct call *c)
{
    return RAW(SYS_poll, c->arg[0], c->arg[1], 0);
}

long call_poll(struct call *c)
{
    struct wait w = { .fds = (struct pollfd *)c->arg[0], .n_fds = (unsigned)c->arg[1],
                      .deadline_ns = deadline_ms((int)c->arg[2]) };

    return look_until(c, &w, look_poll);
}

long call_ppoll(struct call *c)
{
    struct timespec *timeout = (struct timespec *)c->arg[2];
    uint64_t room;
    struct wait w = { .fds = (struct pollfd *)c->arg[0], .n_fds = (unsigned)c->arg[1],
                      .deadline_ns = deadline_ns(timeout),
                      .mask = copy_mask((const uint64_t *)c->arg[3], &room) };
    long r = look_until(c, &w, look_poll);

    put_left(timeout, w.deadline_ns);
    return r;
}

/* ---- select -------------------------------------------------------------------------------------- */

/* The sets are answer as well as question: they stay as they are until there is something in them. */
struct sets {
    fd_set set[3];
};

static size_t set_len(const struct call *c)
{
    return ((size_t)c->arg[0] + 63) / 64 * 8;       /* what the kernel reads and writes of each */
}

static long look_sets(const struct call *c, struct sets *sets)
{
    struct timespec none = at_once;
    fd_set *at[3];

    for (int i = 0; i < 3; i++) {
        at[i] = c->arg[1 + i] ? &sets->set[i] : NULL;
        if (at[i])
            memcpy(at[i], (const void *)c->arg[1 + i], set_len(c));
    }
    return RAW(SYS_pselect6, c->arg[0], at[0], at[1], at[2], &none, NULL);
}

static long look_select(struct call *c)
{
    struct sets sets;
    long r = look_sets(c, &sets);

    for (int i = 0; r > 0 && i < 3; i++) {
        if (c->arg[1 + i])
            memcpy((void *)c->arg[1 + i], &sets.set[i], set_len(c));
    }
    return r;
}

static bool is_selected(struct wait *w)
{
    struct sets sets;

    return look_sets(w->arg, &sets) != 0;
}

/* The answer to a select whose time has come: empty sets. */
static void clear_sets(const struct call *c)
{
    for (int i = 0; i < 3; i++) {
        if (c->arg[1 + i])
            memset((void *)c->arg[1 + i], 0, set_len(c));
    }
}

static long do_select(struct call *c, uint64_t deadline, const uint64_t *mask)
{
    struct wait w = { .is_over = is_selected, .arg = c, .deadline_ns = deadline, .mask = mask };
    long r;

    if ((unsigned long)c->arg[0] > FD_SETSIZE)
        return call_native(c);
    r = look_until(c, &w, look_select);
    if (!r)
        clear_sets(c);
    return r;
}

long call_select(struct call *c)
{
    struct timeval *tv = (struct timeval *)c->arg[4];
    struct timespec t = tv ? (struct timespec){ tv->tv_sec, tv->tv_usec * 1000 } : at_once;
    uint64_t deadline = deadline_ns(tv ? &t : NULL);
    long r = do_select(c, deadline, NULL);

    put_left(&t, deadline);
    if (tv)
        *tv = (struct timeval){ t.tv_sec, t.tv_nsec / 1000 };
    return r;
}

long call_pselect6(struct call *c)
{
    struct timespec *timeout = (struct timespec *)c->arg[4];
    const uint64_t *const *masked = (const uint64_t *const *)c->arg[5];
    uint64_t room, deadline = deadline_ns(timeout);
    long r = do_select(c, deadline, copy_mask(masked ? *masked : NULL, &room));

    put_left(timeout, deadline);
    return r;
}

/* ---- epoll --------------------------------------------------------------------------------------- */

static long look_epoll(struct call *c)
{
    return RAW(SYS_epoll_wait, c->arg[0], c->arg[1], c->arg[2], 0);
}

static long do_epoll(struct call *c, uint64_t deadline, const uint64_t *mask)
{
    struct pollfd p = { .fd = (int)c->arg[0], .events = POLLIN };
    struct wait w = { .fds = &p, .n_fds = 1, .deadline_ns = deadline, .mask = mask };

    return look_until(c, &w, look_epoll);
}

long call_epoll_wait(struct call *c)
{
    return do_epoll(c, deadline_ms((int)c->arg[3]), NULL);
}

long call_epoll_pwait(struct call *c)
{
    uint64_t room;

    return do_epoll(c, deadline_ms((int)c->arg[3]), copy_mask((const uint64_t *)c->arg[4], &room));
}

long call_epoll_pwait2(struct call *c)
{
    uint64_t room;

    return do_epoll(c, deadline_ns((const struct timespec *)c->arg[3]),
                    copy_mask((const uint64_t *)c->arg[4], &room));
}
