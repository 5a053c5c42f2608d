/* calls.c - the table: which system calls are other than the kernel's under virtual time.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tools/time/time.h"

/* clang-format off */
const struct call_row call_rows[] = {
    [SYS_clock_gettime]     = { call_clock_gettime, CALL_QUIET },
    [SYS_clock_getres]      = { call_clock_getres, CALL_QUIET },
    [SYS_gettimeofday]      = { call_gettimeofday, CALL_QUIET },
    [SYS_time]              = { call_time, CALL_QUIET },
    [SYS_getcpu]            = { call_getcpu, CALL_QUIET },
    [SYS_clock_settime]     = { call_clock_settime, CALL_QUIET },
    [SYS_settimeofday]      = { call_clock_settime, CALL_QUIET },
    [SYS_adjtimex]          = { call_adjtimex, CALL_QUIET },
    [SYS_clock_adjtime]     = { call_adjtimex, CALL_QUIET },

    [SYS_timerfd_create]    = { call_timerfd_create, CALL_QUIET },
    [SYS_timerfd_settime]   = { call_timerfd_settime },
    [SYS_timerfd_gettime]   = { call_timerfd_gettime, CALL_QUIET },
    [SYS_timer_create]      = { call_timer_create, CALL_QUIET },
    [SYS_timer_settime]     = { call_timer_settime },
    [SYS_timer_gettime]     = { call_timer_gettime, CALL_QUIET },
    [SYS_timer_getoverrun]  = { call_timer_getoverrun, CALL_QUIET },
    [SYS_timer_delete]      = { call_timer_delete, CALL_QUIET },
    [SYS_setitimer]         = { call_setitimer },
    [SYS_getitimer]         = { call_getitimer, CALL_QUIET },
    [SYS_alarm]             = { call_alarm },

    [SYS_getrandom]         = { call_getrandom, CALL_QUIET },
    [SYS_getrusage]         = { call_getrusage, CALL_QUIET },
    [SYS_times]             = { call_times, CALL_QUIET },
    [SYS_sysinfo]           = { call_sysinfo, CALL_QUIET },
    [SYS_uname]             = { call_uname, CALL_QUIET },
};
/* clang-format on */
const size_t n_call_rows = ARRAY_SIZE(call_rows);
