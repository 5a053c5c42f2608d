/* futex.c - mutexes, condition variables and whatever else sleeps on a word of memory.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <time.h>

#include "tools/time/core.h"
#include "tools/time/io.h"

/* Words of memory shared with other processes have other addresses there; but that their value has changed
 * is seen everywhere, and a woken sleeper looks at it again anyway. */
static bool has_changed(struct wait *w)
{
    return *(volatile uint32_t *)w->futex != (uint32_t)(uintptr_t)w->arg;
}

static uint64_t to_ns(const struct timespec *t)
{
    return (uint64_t)t->tv_sec * NS_PER_S + (uint64_t)t->tv_nsec;
}

/* 0: none. A time that has passed already is now. */
static uint64_t deadline_of(const struct call *c, int op, bool is_absolute)
{
    const struct timespec *t = (const struct timespec *)c->arg[3];
    uint64_t ns;

    if (!t)
        return 0;
    if (t->tv_sec < 0)
        return 1;
    ns = to_ns(t);
    if (!is_absolute)
        return page->now_ns + ns;
    if (op & FUTEX_CLOCK_REALTIME)
        ns = ns > VTIME_EPOCH_NS ? ns - VTIME_EPOCH_NS : 1;
    return ns ? ns : 1;
}

static long do_wait(struct call *c, uint32_t bitset, bool is_absolute)
{
    uint32_t *word = (uint32_t *)c->arg[0], value = (uint32_t)c->arg[2];
    struct wait w = { .futex = word, .bitset = bitset,
                      .deadline_ns = deadline_of(c, (int)c->arg[1], is_absolute) };

    if (*(volatile uint32_t *)word != value)
        return -EAGAIN;
    if (!bitset)
        return -EINVAL;
    if (!(c->arg[1] & FUTEX_PRIVATE_FLAG)) {
        w.is_over = has_changed;
        w.arg = (void *)(uintptr_t)value;
    }
    return wait_for(c, &w);
}

static int count_of(long n)
{
    return n < 0 || n > INT_MAX ? INT_MAX : (int)n;
}

static long do_requeue(struct call *c)
{
    const uint32_t *from = (const uint32_t *)c->arg[0];
    int woken = wait_wake(from, UINT32_MAX, count_of((int)c->arg[2]));

    return woken + wait_move(from, (uint32_t *)c->arg[4], count_of((int)c->arg[3]));
}

/* Lock by trying: whoever gives the lock back has made a call. */
static long do_lock_pi(struct call *c)
{
    struct wait w = { .is_over = io_always, .deadline_ns = deadline_of(c, FUTEX_CLOCK_REALTIME, true) };
    long r;

    for (;;) {
        r = RAW(SYS_futex, c->arg[0], FUTEX_TRYLOCK_PI | (c->arg[1] & FUTEX_PRIVATE_FLAG), 0, 0, 0, 0);
        if (r != -EAGAIN && r != -EWOULDBLOCK && r != -EBUSY)
            return r;
        r = wait_for(c, &w);
        if (r)
            return r;
    }
}

/* The word's change is the kernel's business: it does it to one more futex that nobody sleeps on. */
static long do_wake_op(struct call *c)
{
    uint32_t *first = (uint32_t *)c->arg[0], *second = (uint32_t *)c->arg[4];
    uint32_t before = *second;
    long r = call_native(c);
    int op = (int)((uint32_t)c->arg[5] >> 24) & 15, with = (int)((uint32_t)c->arg[5] << 20) >> 20;
    int value = (int)before, woken;
    bool holds = op == FUTEX_OP_CMP_EQ ? value == with : op == FUTEX_OP_CMP_NE ? value != with
               : op == FUTEX_OP_CMP_LT ? value < with : op == FUTEX_OP_CMP_LE ? value <= with
               : op == FUTEX_OP_CMP_GT ? value > with : value >= with;

    if (r < 0)
        return r;
    woken = wait_wake(first, UINT32_MAX, count_of((int)c->arg[2]));
    return holds ? woken + wait_wake(second, UINT32_MAX, count_of((int)c->arg[3])) : woken;
}

static long do_wake(struct call *c, uint32_t bitset)
{
    if (!(c->arg[1] & FUTEX_PRIVATE_FLAG))
        atomic_fetch_add(&page->change, 1);
    return wait_wake((const uint32_t *)c->arg[0], bitset, count_of((int)c->arg[2]));
}

long call_futex(struct call *c)
{
    switch (c->arg[1] & FUTEX_CMD_MASK) {
    case FUTEX_WAIT:
        return do_wait(c, FUTEX_BITSET_MATCH_ANY, false);
    case FUTEX_WAIT_BITSET:
        return do_wait(c, (uint32_t)c->arg[5], true);
    case FUTEX_WAKE:
        return do_wake(c, FUTEX_BITSET_MATCH_ANY);
    case FUTEX_WAKE_BITSET:
        return do_wake(c, (uint32_t)c->arg[5]);
    case FUTEX_CMP_REQUEUE:
        if (*(volatile uint32_t *)c->arg[0] != (uint32_t)c->arg[5])
            return -EAGAIN;
        return do_requeue(c);
    case FUTEX_REQUEUE:
        return do_requeue(c);
    case FUTEX_WAKE_OP:
        return do_wake_op(c);
    case FUTEX_LOCK_PI:
    case FUTEX_LOCK_PI2:
        return do_lock_pi(c);
    default:
        return call_native(c);
    }
}
