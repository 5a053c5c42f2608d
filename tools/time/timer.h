/* timer.h - what the three kinds of timers share. SPDX-License-Identifier: Apache-2.0 */
#ifndef TIMER_H
#define TIMER_H

#include "tools/time/clock.h"

struct timer {
    uint64_t next_ns;           /* on time_now()'s clock; 0: not set */
    uint64_t interval_ns;       /* 0: only once */
};

/* Sets it, on a clock: from now, or absolute. 0 or -EINVAL. */
long timer_set(struct timer *t, clockid_t clock, bool is_absolute, const struct itimerspec *to);
void timer_get(const struct timer *t, struct itimerspec *left);
/* How often it has expired until now. */
uint64_t timer_advance(struct timer *t);
/* When it wants to run, VTIME_NEVER: never. */
uint64_t timer_next(const struct timer *t);

/* Does what is due of one kind. When the next is. */
uint64_t timer_fds_expire(void);        /* timer_fd.c */
uint64_t timer_posix_expire(void);      /* timer_posix.c */
uint64_t timer_alarm_expire(void);      /* timer_alarm.c */

void timer_posix_forget(void);
void timer_alarm_forget(void);

#endif
