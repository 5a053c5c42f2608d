/* spin.c - threads that run in circles until time has passed.
 *
 * How it works: virtual time stands still while a thread runs, so one that reads the clock over and over, or
 * makes calls that find nothing, would do so for ever. Whoever has done nothing else SPIN_LIMIT times, at one
 * moment of virtual time, waits: for SPIN_STEP_NS, and the longer it has been at it the longer, so that
 * it overshoots by an eighth at most. Counts decide, never real time. What it waits is CPU
 * time, the only one there is.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "tools/time/clock.h"

enum {
    SPIN_LIMIT = 100000,        /* so many readings take half a millisecond */
    SPIN_IN_VAIN = 100,         /* a call that found nothing weighs as much as so many of them */
    SPIN_STEP_NS = 1000,
    SPIN_MOST_NS = 10000000,
};

static __thread struct {
    uint64_t now_ns;            /* when it was counted */
    uint64_t since_ns;          /* when it began to spin */
    uint64_t spent_ns;
    uint32_t count;
} spin;

static uint64_t process_spent_ns;

uint64_t spin_of_process(void)
{
    return process_spent_ns;
}

uint64_t spin_of_thread(void)
{
    return spin.spent_ns;
}

static void begin(void)
{
    spin.now_ns = spin.since_ns = time_now();
    spin.count = 0;
}

static bool is_spinning(uint32_t weight)
{
    if (spin.now_ns != time_now())
        begin();
    spin.count += weight;
    return spin.count >= SPIN_LIMIT;
}

bool spin_read(void)
{
    return is_spinning(1);
}

static void let_time_pass(struct call *c)
{
    uint64_t begin = time_now(), since = spin.since_ns, step = (begin - since) / 8;
    struct wait w = { 0 };

    step = step < SPIN_STEP_NS ? SPIN_STEP_NS : step > SPIN_MOST_NS ? SPIN_MOST_NS : step;
    w.deadline_ns = begin + step;
    spin.count = 0;
    (void)wait_for(c, &w);      /* a signal is delivered when the call is done */
    spin.now_ns = time_now();
    spin.since_ns = since;
    spin.spent_ns += spin.now_ns - begin;
    process_spent_ns += spin.now_ns - begin;
}

static bool is_clock(long nr)
{
    return nr == SYS_clock_gettime || nr == SYS_gettimeofday || nr == SYS_time || nr == SYS_times
        || nr == SYS_getrusage;
}

/* Did it look for something that was not there, without waiting for it? */
static bool is_in_vain(long nr, long result)
{
    static const long calls[] = { SYS_poll, SYS_ppoll, SYS_select, SYS_pselect6, SYS_epoll_wait,
                                  SYS_epoll_pwait, SYS_epoll_pwait2, SYS_wait4, SYS_sched_yield,
                                  SYS_nanosleep, SYS_clock_nanosleep };

    if (result == -EAGAIN)
        return true;
    for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
        if (nr == calls[i])
            return result == 0;
    }
    return false;
}

void spin_called(struct call *c, long result)
{
    uint32_t weight = is_clock(c->nr) ? 1 : is_in_vain(c->nr, result) ? SPIN_IN_VAIN : 0;

    if (!weight)
        begin();
    else if (is_spinning(weight))
        let_time_pass(c);
}
