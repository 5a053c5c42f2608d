/* timer_posix.c - timer_create() and what belongs to it.
 *
 * Their signals are real ones, sent at virtual times. The kernel has at most one of a timer under way and counts
 * the rest as overrun; so do we, except that a siginfo, once sent, still says that there were none, and
 * that of what was sent to another thread we do not know whether it has arrived.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "tools/time/core.h"
#include "tools/time/timer.h"

#define MOST_TIMERS 128
#define MASK_SIZE 8

/* As the kernel has it: the thread is not in glibc's under a name of its own. */
struct kernel_sigevent {
    union sigval value;
    int signal;
    int notify;
    int tid;
};

static struct posix_timer {
    bool is_used;
    clockid_t clock;
    struct timer timer;
    struct kernel_sigevent event;       /* 'tid' is the machine's */
    uint64_t missed;
} timers[MOST_TIMERS];

static struct posix_timer *find(long id)
{
    return id >= 0 && id < MOST_TIMERS && timers[id].is_used ? &timers[id] : NULL;
}

/* ---- signals --------------------------------------------------------------------------------------- */

static bool is_under_way(const struct posix_timer *t)
{
    uint64_t pending = 0;

    if (t->event.notify == SIGEV_THREAD_ID && t->event.tid != me()->tid)
        return false;
    (void)RAW(SYS_rt_sigpending, &pending, MASK_SIZE);
    return pending & SIGNAL_BIT(t->event.signal);
}

static void send(const struct posix_timer *t)
{
    siginfo_t info = { .si_signo = t->event.signal, .si_code = SI_TIMER };
    long pid = RAW(SYS_getpid);

    info.si_timerid = (int)(t - timers);
    info.si_value = t->event.value;
    if (t->event.notify != SIGEV_THREAD_ID) {
        (void)RAW(SYS_rt_sigqueueinfo, pid, info.si_signo, &info);
        return;
    }
    (void)RAW(SYS_rt_tgsigqueueinfo, pid, t->event.tid, info.si_signo, &info);
    mark_signalled(t->event.tid);
}

static void expire(struct posix_timer *t)
{
    uint64_t times = timer_advance(&t->timer);

    if (!times || t->event.notify == SIGEV_NONE)
        return;
    if (is_under_way(t)) {
        t->missed += times;
        return;
    }
    t->missed = times - 1;
    send(t);
}

uint64_t timer_posix_expire(void)
{
    uint64_t next = VTIME_NEVER;

    for (size_t i = 0; i < MOST_TIMERS; i++) {
        if (!timers[i].is_used)
            continue;
        expire(&timers[i]);
        if (timer_next(&timers[i].timer) < next)
            next = timer_next(&timers[i].timer);
    }
    return next;
}

void timer_posix_forget(void)
{
    memset(timers, 0, sizeof(timers));
}

/* ---- calls ------------------------------------------------------------------------------------------ */

static bool is_own_thread(int tid)
{
    for (uint32_t i = 0; i < page->n_threads; i++) {
        if (is_mine(&page->threads[i]) && page->threads[i].state != VTIME_FREE && page->threads[i].tid == tid)
            return true;
    }
    return false;
}

static bool is_event(const struct kernel_sigevent *e)
{
    bool has_signal = e->signal > 0 && e->signal <= 64;

    switch (e->notify) {
    case SIGEV_NONE:
        return true;
    case SIGEV_SIGNAL:
    case SIGEV_THREAD:          /* the thread is libc's affair */
        return has_signal;
    case SIGEV_THREAD_ID:
        return has_signal && is_own_thread(e->tid);
    default:
        return false;
    }
}

long call_timer_create(struct call *c)
{
    struct posix_timer new = { .is_used = true, .clock = (clockid_t)c->arg[0],
                               .event = { .signal = SIGALRM, .notify = SIGEV_SIGNAL } };
    int id = 0;

    if (clock_kind_of(new.clock) == CLOCK_UNKNOWN || clock_kind_of(new.clock) == CLOCK_OF_DEVICE)
        return -EINVAL;
    while (id < MOST_TIMERS && timers[id].is_used)
        id++;
    if (id == MOST_TIMERS)
        return -EAGAIN;
    new.event.value.sival_int = id;
    if (c->arg[1]) {
        memcpy(&new.event, (void *)c->arg[1], sizeof(new.event));
        if (new.event.notify == SIGEV_THREAD_ID)
            new.event.tid = pid_real(new.event.tid);
        if (!is_event(&new.event))
            return -EINVAL;
    }
    timers[id] = new;
    *(int *)c->arg[2] = id;
    return 0;
}

long call_timer_settime(struct call *c)
{
    struct posix_timer *t = find(c->arg[0]);
    struct itimerspec old;
    struct timer new;
    long r;

    if (!t || !c->arg[2])
        return -EINVAL;
    timers_expire();
    timer_get(&t->timer, &old);
    r = timer_set(&new, t->clock, c->arg[1] & TIMER_ABSTIME, (const struct itimerspec *)c->arg[2]);
    if (r)
        return r;
    t->timer = new;
    t->missed = 0;
    timers_expire();
    if (c->arg[3])
        *(struct itimerspec *)c->arg[3] = old;
    return 0;
}

long call_timer_gettime(struct call *c)
{
    struct posix_timer *t = find(c->arg[0]);

    if (!t)
        return -EINVAL;
    timers_expire();
    timer_get(&t->timer, (struct itimerspec *)c->arg[1]);
    return 0;
}

long call_timer_getoverrun(struct call *c)
{
    const struct posix_timer *t = find(c->arg[0]);

    if (!t)
        return -EINVAL;
    return t->missed > INT32_MAX ? INT32_MAX : (long)t->missed;
}

long call_timer_delete(struct call *c)
{
    struct posix_timer *t = find(c->arg[0]);

    if (!t)
        return -EINVAL;
    t->is_used = false;
    timers_expire();
    return 0;
}
