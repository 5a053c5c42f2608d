/* clock.h - the clocks, for those of the time library that are told times on one of them.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLOCK_H
#define CLOCK_H

#include <sys/time.h>
#include <time.h>

#include "tools/time/time.h"

/* What a clock shows and how its times relate to time_now()'s. */
enum clock_kind {
    CLOCK_UNKNOWN,
    CLOCK_UPTIME,           /* time_now() */
    CLOCK_CALENDAR,         /* VTIME_EPOCH_NS + time_now() */
    CLOCK_OF_PROCESS,       /* CPU time: spin.c */
    CLOCK_OF_THREAD,
    CLOCK_OF_DEVICE,        /* a descriptor's: as it is */
};

enum clock_kind clock_kind_of(clockid_t id);

/* A time on that clock as one of time_now()'s; 0 if it was before that clock began. Times of CPU clocks never
 * come: INT64_MAX. */
uint64_t clock_to_now(clockid_t id, uint64_t ns);

/* 0 or -EINVAL: not a time. Times that are too far away become INT64_MAX. */
long time_from_spec(const struct timespec *ts, uint64_t *ns);
/* The same for 'from' plus that time. Times that are too far away become VTIME_NEVER. */
long time_after(uint64_t from, const struct timespec *ts, uint64_t *ns);
struct timespec time_to_spec(uint64_t ns);
struct timeval time_to_timeval(uint64_t ns);

/* ---- spin.c ------------------------------------------------------------------------------------ */

/* Counts a reading of a clock by this thread. True: it has done nothing else for so long that it shall make a
 * system call that reads one, and wait there. */
bool spin_read(void);

/* CPU time: what was spent spinning, as nothing else takes time. In ns. */
uint64_t spin_of_process(void);
uint64_t spin_of_thread(void);

#endif
