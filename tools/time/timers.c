/* timers.c - when timers run, and what goes for all kinds of them. SPDX-License-Identifier: Apache-2.0 */
#include "tools/time/timer.h"

static uint64_t sum(uint64_t a, uint64_t b)
{
    return a > INT64_MAX - b ? INT64_MAX : a + b;
}

long timer_set(struct timer *t, clockid_t clock, bool is_absolute, const struct itimerspec *to)
{
    uint64_t value, interval;
    long r;

    if ((r = time_from_spec(&to->it_value, &value)) || (r = time_from_spec(&to->it_interval, &interval)))
        return r;
    *t = (struct timer){ .interval_ns = interval };
    if (!value)
        return 0;
    t->next_ns = is_absolute ? clock_to_now(clock, value) : sum(time_now(), value);
    if (clock_to_now(clock, 0) == INT64_MAX)    /* of CPU time */
        t->next_ns = INT64_MAX;
    if (!t->next_ns)                            /* before the beginning of time */
        t->next_ns = 1;
    return 0;
}

void timer_get(const struct timer *t, struct itimerspec *left)
{
    left->it_interval = time_to_spec(t->interval_ns);
    left->it_value = time_to_spec(t->next_ns > time_now() ? t->next_ns - time_now() : 0);
}

uint64_t timer_advance(struct timer *t)
{
    uint64_t times;

    if (!t->next_ns || t->next_ns > time_now())
        return 0;
    if (!t->interval_ns) {
        t->next_ns = 0;
        return 1;
    }
    times = 1 + (time_now() - t->next_ns) / t->interval_ns;
    t->next_ns = sum(t->next_ns, times * t->interval_ns);
    return times;
}

uint64_t timer_next(const struct timer *t)
{
    return t->next_ns && t->next_ns < INT64_MAX ? t->next_ns : VTIME_NEVER;
}

void timers_expire(void)
{
    uint64_t (*const kinds[])(void) = { timer_alarm_expire, timer_posix_expire, timer_fds_expire };
    uint64_t next = VTIME_NEVER;

    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        uint64_t at = kinds[i]();

        next = at < next ? at : next;
    }
    time_set_timer(next);
}

void timers_forked(void)
{
    timer_posix_forget();
    timer_alarm_forget();
    timers_expire();
}

void timers_start(void)
{
    timers_expire();
}
