/* time.h - what the files of the time library share.
 *
 * How it works: Syscall User Dispatch (Linux 5.11) makes every system call of the program, those of
 * libc included, a SIGSYS. trap.c takes it and looks its number up in *the table*, calls.c: a row names
 * the function that does the call in virtual time; a call without a row is done as it is. What may block is
 * tried without blocking; if it would, wait_for() hands the token (sim/vtime_page.h) to whoever can
 * run and comes back when this thread is the one. So one thread of all clients runs at a time, and time
 * moves only when all of them wait.
 *
 * Rules: code here runs in signal handlers, on the stacks of others: no libc function that makes
 * a system call (those below instead), no errno, no locks, no allocation, little stack. Whoever runs has
 * the token, so tables need no locks either. Signals are blocked meanwhile. A function that
 * may be left for good by a program's longjmp() (wait_for() is one) leaves nothing half done.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TIME_H
#define TIME_H

#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include "sim/vtime_page.h"

#define EXPORT __attribute__((visibility("default")))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define NS_PER_S  UINT64_C(1000000000)

/* ---- system calls: stub.c ---------------------------------------------------------------------- */

/* The real call, from wherever: it is never trapped. Value, or -errno. */
long raw_call(long nr, long a, long b, long c, long d, long e, long f);

#define RAW_(nr, a, b, c, d, e, f, ...) \
    raw_call(nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define RAW(...) RAW_(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)      /* RAW(SYS_close, fd) */

/* ---- trapped calls: trap.c, calls.c -------------------------------------------------------------- */

struct call {
    long nr;
    long arg[6];
    ucontext_t *context;        /* registers and signal mask at the call */
};

/* Does the call. Value, or -errno, as the kernel would return it. Memory that the program passes is used
 * without a check where the kernel would answer EFAULT. */
typedef long call_fn(struct call *c);

enum {                          /* call_row.flags */
    CALL_QUIET = 0x1,           /* can end nobody's wait: changes no descriptor, process or signal */
    CALL_RESTART = 0x2,         /* goes on after a signal whose action has SA_RESTART */
};

struct call_row {
    call_fn *run;               /* NULL: as it is, call_native() */
    uint32_t flags;
};

extern const struct call_row call_rows[];       /* by number: the table */
extern const size_t n_call_rows;

long call_native(struct call *c);

/* ---- time: page.c ------------------------------------------------------------------------------ */

extern struct vtime_page *page;         /* NULL: this program is not under virtual time */

/* CLOCK_MONOTONIC in ns; only with a page. CLOCK_REALTIME is VTIME_EPOCH_NS later. */
static inline uint64_t time_now(void)
{
    return page->now_ns;
}

/* This process as clients see it; VTIME_FIRST_PID for the first one. */
int time_vpid(void);

/* The CPU that the calling thread runs on, below page->n_cpus. */
unsigned time_cpu(void);

/* ---- waiting: wait.c ----------------------------------------------------------------------------- */

/* What a thread waits for. Each member may be left out (0); it goes on with the first that comes. */
struct wait {
    struct pollfd *fds;         /* any of them has something: revents says what */
    unsigned n_fds;
    uint64_t deadline_ns;       /* on time_now()'s clock, VTIME_NEVER: none. 0: none, too */
    /* True: enough. Called when something may have changed, perhaps on another thread of the process,
     * with the token; must not wait. */
    bool (*is_over)(struct wait *w);
    void *arg;                  /* is_over()'s */
    const uint64_t *mask;       /* signal mask while waiting, NULL: that of the call */
    uint32_t *futex;            /* woken by futex.c */
    uint32_t bitset;
};

/* Waits. 0: something came (try again: another thread may have taken it), -ETIMEDOUT: the deadline has
 * come, -EINTR: a signal that is not ignored is pending; return that from the call, and the
 * machinery delivers the signal and restarts the call if it shall be. */
long wait_for(struct call *c, struct wait *w);

/* Waits for 'events' of 'fd' (POLLIN, POLLOUT), results as above. */
long wait_for_fd(struct call *c, int fd, short events, uint64_t deadline_ns);

/* Lets everybody else who is ready run first. */
void wait_yield(void);

/* ---- timers: timers.c ------------------------------------------------------------------------------ */

/* For timers.c: the earliest time at which timers_expire() shall be called, VTIME_NEVER: not at all. */
void time_set_timer(uint64_t at_ns);

/* By timers.c: does what is due at time_now(): writes event descriptors, sends signals (by raw calls), and
 * sets the next time. Called on any thread of the process, with the token. */
void timers_expire(void);
void timers_forked(void);       /* in a new child, which inherits no timer but descriptors */
void timers_start(void);        /* in a new program: an alarm goes on in it */

/* ---- descriptors: fds.c ---------------------------------------------------------------------------- */

enum {                          /* what a descriptor is, beyond what the kernel says of it */
    FD_OWN = 0x1,               /* ours: the program cannot close it */
    FD_RANDOM = 0x2,            /* reading it gives entropy_read()'s bytes */
    FD_TIMER = 0x4,             /* an eventfd in place of a timerfd; timer_fd.c's index is in the upper bits */
};

#define FD_TABLE 65536          /* numbers below have flags */
#define FD_INDEX(flags) ((flags) >> 4)
#define FD_WITH_INDEX(index) ((uint16_t)((index) << 4))

/* Flags of a descriptor follow it through dup() of all kinds and fork(), and end with close(). 0 for numbers
 * out of the table. */
uint16_t fd_flags(int fd);
void fd_set_flags(int fd, uint16_t flags);

/* By timers.c: read() of an FD_TIMER, in place of the kernel's; and: 'fd' is about to be closed. */
long timer_read(struct call *c);
void timer_closed(int fd);

/* ---- entropy: entropy.c ---------------------------------------------------------------------------- */

/* The next bytes of this process's stream, seeded by page->seed and time_vpid(). */
void entropy_read(void *buf, size_t len);
void entropy_start(void);       /* in a new program */

/* Is it a path whose descriptor is FD_RANDOM? */
bool entropy_is_path(const char *path);

/* ---- clocks: spin.c, vdso.c ----------------------------------------------------------------------- */

/* After each call: who makes calls that find nothing, over and over, lets time pass here. */
void spin_called(struct call *c, long result);

/* In a new program: what libc does without entering the kernel becomes system calls. */
void vdso_replace(void);

/* ---- files that tell of the machine: procfs.c ------------------------------------------------------- */

#define MACHINE_NOT_OURS LONG_MIN

/* Opens the one that stands in for it. A descriptor, -errno, or MACHINE_NOT_OURS. */
long machine_open(const char *path, long flags);

/* ---- rows of other files, by system call ----------------------------------------------------------- */

/* clock.c; its functions that do not enter the kernel are exported by libc's names */
call_fn call_clock_gettime, call_gettimeofday, call_time, call_clock_getres, call_getcpu, call_clock_settime,
    call_adjtimex;
/* timers.c */
call_fn call_timerfd_create, call_timerfd_settime, call_timerfd_gettime, call_timer_create, call_timer_settime,
    call_timer_gettime, call_timer_getoverrun, call_timer_delete, call_setitimer, call_getitimer, call_alarm;
/* entropy.c, machine.c */
call_fn call_getrandom, call_getrusage, call_times, call_sysinfo, call_uname;

#endif
