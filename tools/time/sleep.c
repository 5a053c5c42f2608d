/* sleep.c - calls that wait for time to pass. SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <time.h>

#include "tools/time/clock.h"
#include "tools/time/core.h"

static long sleep_until(struct call *c, uint64_t deadline, struct timespec *left)
{
    struct wait w = { .deadline_ns = deadline };
    long r;

    if (deadline <= page->now_ns) {
        wait_yield();
        return 0;
    }
    do
        r = wait_for(c, &w);
    while (!r);
    if (r == -ETIMEDOUT)
        return 0;
    if (left) {
        uint64_t ns = deadline > page->now_ns ? deadline - page->now_ns : 0;

        *left = time_to_spec(ns);
    }
    return r;
}

static bool is_valid(const struct timespec *t)
{
    return t->tv_sec >= 0 && t->tv_nsec >= 0 && t->tv_nsec < (long)NS_PER_S;
}

/* For as long as the clock can count is for ever. */
static uint64_t add(uint64_t ns, const struct timespec *t)
{
    if (t->tv_sec > INT32_MAX * INT64_C(4))
        return VTIME_NEVER;
    return ns + (uint64_t)t->tv_sec * NS_PER_S + (uint64_t)t->tv_nsec;
}

long call_nanosleep(struct call *c)
{
    const struct timespec *t = (const struct timespec *)c->arg[0];

    if (!is_valid(t))
        return -EINVAL;
    return sleep_until(c, add(page->now_ns, t), (struct timespec *)c->arg[1]);
}

long call_clock_nanosleep(struct call *c)
{
    const struct timespec *t = (const struct timespec *)c->arg[2];
    bool is_realtime = c->arg[0] == CLOCK_REALTIME || c->arg[0] == CLOCK_TAI;
    uint64_t at;

    if (!is_valid(t))
        return -EINVAL;
    if (!(c->arg[1] & TIMER_ABSTIME))
        return sleep_until(c, add(page->now_ns, t), (struct timespec *)c->arg[3]);
    at = add(0, t);
    if (is_realtime && at != VTIME_NEVER)
        at = at > VTIME_EPOCH_NS ? at - VTIME_EPOCH_NS : 0;
    return sleep_until(c, at, NULL);
}

long call_sched_yield(struct call *c)
{
    (void)c;
    wait_yield();
    return 0;
}
