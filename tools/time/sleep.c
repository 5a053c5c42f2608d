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

long call_nanosleep(struct call *c)
{
    uint64_t at;

    if (time_after(page->now_ns, (const struct timespec *)c->arg[0], &at))
        return -EINVAL;
    return sleep_until(c, at, (struct timespec *)c->arg[1]);
}

long call_clock_nanosleep(struct call *c)
{
    bool is_realtime = c->arg[0] == CLOCK_REALTIME || c->arg[0] == CLOCK_TAI;
    bool is_absolute = c->arg[1] & TIMER_ABSTIME;
    uint64_t at;

    if (time_after(is_absolute ? 0 : page->now_ns, (const struct timespec *)c->arg[2], &at))
        return -EINVAL;
    if (!is_absolute)
        return sleep_until(c, at, (struct timespec *)c->arg[3]);
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
