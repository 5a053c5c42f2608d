/* timer_alarm.c - alarm() and setitimer(). A process has one, which goes on in the program that it becomes by
 * exec(): so it stands in the page. Timers of CPU time are kept, and never expire.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>

#include "tools/time/core.h"
#include "tools/time/timer.h"

#define US_PER_S 1000000

static struct itimerval of_cpu_time[2];         /* ITIMER_VIRTUAL, ITIMER_PROF */

static struct timer read_alarm(void)
{
    return (struct timer){ my_process()->alarm_ns, my_process()->alarm_interval_ns };
}

static void write_alarm(const struct timer *t)
{
    my_process()->alarm_ns = t->next_ns;
    my_process()->alarm_interval_ns = t->interval_ns;
}

uint64_t timer_alarm_expire(void)
{
    siginfo_t info = { .si_signo = SIGALRM, .si_code = SI_KERNEL };
    struct timer t = read_alarm();

    if (timer_advance(&t))
        (void)RAW(SYS_rt_sigqueueinfo, RAW(SYS_getpid), SIGALRM, &info);
    write_alarm(&t);
    return timer_next(&t);
}

void timer_alarm_forget(void)
{
    write_alarm(&(struct timer){ 0 });
    of_cpu_time[0] = of_cpu_time[1] = (struct itimerval){ 0 };
}

static struct itimerval to_itimerval(const struct itimerspec *its)
{
    return (struct itimerval){
        .it_interval = { its->it_interval.tv_sec, its->it_interval.tv_nsec / 1000 },
        .it_value = { its->it_value.tv_sec, its->it_value.tv_nsec / 1000 },
    };
}

static struct itimerval left_of_alarm(void)
{
    struct timer t = read_alarm();
    struct itimerspec left;

    timer_get(&t, &left);
    return to_itimerval(&left);
}

static long set_alarm(const struct itimerval *to)
{
    struct itimerspec its = {
        .it_interval = { to->it_interval.tv_sec, to->it_interval.tv_usec * 1000 },
        .it_value = { to->it_value.tv_sec, to->it_value.tv_usec * 1000 },
    };
    struct timer t;
    long r = timer_set(&t, CLOCK_MONOTONIC, false, &its);

    if (r)
        return r;
    write_alarm(&t);
    timers_expire();
    return 0;
}

static bool is_timeval(const struct timeval *tv)
{
    return tv->tv_sec >= 0 && tv->tv_usec >= 0 && tv->tv_usec < US_PER_S;
}

static long get_itimer(int which, struct itimerval *left)
{
    if (which == ITIMER_REAL)
        *left = left_of_alarm();
    else if (which == ITIMER_VIRTUAL || which == ITIMER_PROF)
        *left = of_cpu_time[which - ITIMER_VIRTUAL];
    else
        return -EINVAL;
    return 0;
}

long call_getitimer(struct call *c)
{
    return get_itimer((int)c->arg[0], (struct itimerval *)c->arg[1]);
}

long call_setitimer(struct call *c)
{
    static const struct itimerval stopped;
    int which = (int)c->arg[0];
    const struct itimerval *to = c->arg[1] ? (const struct itimerval *)c->arg[1] : &stopped;
    struct itimerval old;
    long r = get_itimer(which, &old);

    if (r || !is_timeval(&to->it_value) || !is_timeval(&to->it_interval))
        return -EINVAL;
    if (which == ITIMER_REAL)
        r = set_alarm(to);
    else
        of_cpu_time[which - ITIMER_VIRTUAL] = *to;
    if (!r && c->arg[2])
        *(struct itimerval *)c->arg[2] = old;
    return r;
}

/* What was left of the last one in whole seconds, but not none. */
long call_alarm(struct call *c)
{
    struct itimerval old = left_of_alarm(), to = { .it_value = { (unsigned)c->arg[0], 0 } };
    bool is_more = old.it_value.tv_usec >= US_PER_S / 2 || (!old.it_value.tv_sec && old.it_value.tv_usec);

    (void)set_alarm(&to);
    return old.it_value.tv_sec + is_more;
}
