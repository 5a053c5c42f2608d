/* wait.c - what each thread of this process waits for, and whether it has come.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>

#include "tools/time/core.h"

/* By thread, on its own stack; those of other processes are unused. */
static struct wait *waits[VTIME_THREADS];
static uint32_t sequence[VTIME_THREADS];        /* in order of their beginning */
static uint32_t last_sequence;

static bool is_here(uint32_t thread)
{
    return page->threads[thread].state == VTIME_WAITING && is_mine(&page->threads[thread]);
}

/* ---- looking ------------------------------------------------------------------------------------- */

static bool has_come(struct wait *w)
{
    if (w->n_fds && RAW(SYS_poll, w->fds, w->n_fds, 0) != 0)
        return true;            /* or an error, which the call itself will meet */
    return w->is_over && w->is_over(w);
}

/* A signal sent to the process goes to the first thread that lets it through. */
static void check_signals(void)
{
    uint64_t pending = signals_waking();

    for (uint32_t i = 0; i < page->n_threads; i++) {
        struct vtime_thread *t = &page->threads[i];

        if (!is_here(i) || !(t->is_signalled || (pending & ~*waits[i]->mask)))
            continue;
        if (!t->is_signalled)
            pending &= *waits[i]->mask;
        t->is_signalled = 0;
        vtime_make_ready(page, i, VTIME_SIGNAL);
    }
}

/* Before whoever wakes at the same time. */
static void run_timers(void)
{
    if (my_process()->timer_ns <= page->now_ns)
        timers_expire();
}

void wait_check(void)
{
    run_timers();
    my_process()->checked = atomic_load(&page->change);
    for (uint32_t i = 0; i < page->n_threads; i++) {
        if (is_here(i) && has_come(waits[i]))
            vtime_make_ready(page, i, VTIME_EVENT);
    }
    check_signals();
}

void time_set_timer(uint64_t at_ns)
{
    my_process()->timer_ns = at_ns;
    if (at_ns <= page->now_ns)
        my_process()->checked = 0;
}

/* ---- waiting ------------------------------------------------------------------------------------- */

static void begin(struct call *c, struct wait *w)
{
    if (!w->mask)
        w->mask = mask_of(c);
    waits[my_thread] = w;
    sequence[my_thread] = ++last_sequence;
    me()->deadline_ns = w->deadline_ns ? w->deadline_ns : VTIME_NEVER;
    me()->state = VTIME_WAITING;
}

/* A signal for another thread of the process may have been taken for ours. */
static bool is_false_alarm(const struct wait *w)
{
    return me()->reason == VTIME_SIGNAL && !signal_is_due(*w->mask);
}

long wait_for(struct call *c, struct wait *w)
{
    if (signal_is_due(w->mask ? *w->mask : *mask_of(c)))
        return -EINTR;
    if (w->deadline_ns && w->deadline_ns <= page->now_ns) {
        wait_yield();
        return -ETIMEDOUT;
    }
    begin(c, w);
    token_pass();
    while (is_false_alarm(w)) {
        if (w->is_over && w->is_over(w))        /* only this thread sees what is pending for it */
            return 0;
        begin(c, w);
        token_pass();
    }
    run_timers();
    if (me()->reason == VTIME_SIGNAL)
        return -EINTR;
    return me()->reason == VTIME_TIMEOUT ? -ETIMEDOUT : 0;
}

long wait_for_fd(struct call *c, int fd, short events, uint64_t deadline_ns)
{
    struct pollfd p = { .fd = fd, .events = events };
    struct wait w = { .fds = &p, .n_fds = 1, .deadline_ns = deadline_ns };

    return wait_for(c, &w);
}

void wait_yield(void)
{
    vtime_make_ready(page, my_thread, VTIME_EVENT);
    token_pass();
}

void wait_forked(uint32_t parent_thread)
{
    waits[parent_thread] = NULL;
    last_sequence = 0;
}

/* ---- futexes --------------------------------------------------------------------------------------- */

static uint32_t oldest_on(const uint32_t *futex, uint32_t bitset)
{
    uint32_t found = VTIME_NONE;

    for (uint32_t i = 0; i < page->n_threads; i++) {
        if (is_here(i) && waits[i]->futex == futex && (waits[i]->bitset & bitset)
            && (found == VTIME_NONE || (int32_t)(sequence[i] - sequence[found]) < 0))
            found = i;
    }
    return found;
}

int wait_wake(const uint32_t *futex, uint32_t bitset, int n)
{
    uint32_t thread;
    int woken = 0;

    while (woken < n && (thread = oldest_on(futex, bitset)) != VTIME_NONE) {
        vtime_make_ready(page, thread, VTIME_EVENT);
        woken++;
    }
    return woken;
}

int wait_move(const uint32_t *from, uint32_t *to, int n)
{
    uint32_t thread;
    int moved = 0;

    while (moved < n && (thread = oldest_on(from, UINT32_MAX)) != VTIME_NONE) {
        waits[thread]->futex = to;
        sequence[thread] = ++last_sequence;
        moved++;
    }
    return moved;
}
