/* clock.c - every way to read a clock, and the CPU that a thread runs on.
 *
 * libc reads the clock without entering the kernel: these functions are found before its own, and look at the page.
 * Those who get past them (libc itself, through the vDSO) are sent through the kernel by vdso.c, and so to the
 * rows.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <sched.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <unistd.h>

#include "tools/time/clock.h"

#define COARSE_NS 4000000       /* a tick of Debian's kernels: CONFIG_HZ is 250 */

struct clock_row {
    enum clock_kind kind;
    long resolution_ns;
};

/* clang-format off */
static const struct clock_row clocks[] = {
    [CLOCK_REALTIME]            = { CLOCK_CALENDAR, 1 },
    [CLOCK_REALTIME_COARSE]     = { CLOCK_CALENDAR, COARSE_NS },
    [CLOCK_REALTIME_ALARM]      = { CLOCK_CALENDAR, 1 },
    [CLOCK_TAI]                 = { CLOCK_CALENDAR, 1 },        /* nobody has told the kernel the leap seconds */
    [CLOCK_MONOTONIC]           = { CLOCK_UPTIME, 1 },
    [CLOCK_MONOTONIC_RAW]       = { CLOCK_UPTIME, 1 },
    [CLOCK_MONOTONIC_COARSE]    = { CLOCK_UPTIME, COARSE_NS },
    [CLOCK_BOOTTIME]            = { CLOCK_UPTIME, 1 },
    [CLOCK_BOOTTIME_ALARM]      = { CLOCK_UPTIME, 1 },
    [CLOCK_PROCESS_CPUTIME_ID]  = { CLOCK_OF_PROCESS, 1 },
    [CLOCK_THREAD_CPUTIME_ID]   = { CLOCK_OF_THREAD, 1 },
};
/* clang-format on */

enum clock_kind clock_kind_of(clockid_t id)
{
    if (id < 0)                 /* three bits of kind, the rest is a process, a thread or a descriptor */
        return (id & 7) == 3 ? CLOCK_OF_DEVICE : id & 4 ? CLOCK_OF_THREAD : CLOCK_OF_PROCESS;
    return (size_t)id < ARRAY_SIZE(clocks) ? clocks[id].kind : CLOCK_UNKNOWN;
}

static long clock_read(clockid_t id, uint64_t *ns)
{
    switch (clock_kind_of(id)) {
    case CLOCK_UPTIME:
        *ns = time_now();
        return 0;
    case CLOCK_CALENDAR:
        *ns = VTIME_EPOCH_NS + time_now();
        return 0;
    case CLOCK_OF_PROCESS:
        *ns = spin_of_process();
        return 0;
    case CLOCK_OF_THREAD:
        *ns = spin_of_thread();
        return 0;
    case CLOCK_UNKNOWN:
    case CLOCK_OF_DEVICE:
        break;
    }
    return -EINVAL;
}

uint64_t clock_to_now(clockid_t id, uint64_t ns)
{
    enum clock_kind kind = clock_kind_of(id);

    if (kind == CLOCK_UPTIME || ns == INT64_MAX)
        return ns;
    if (kind == CLOCK_CALENDAR)
        return ns < VTIME_EPOCH_NS ? 0 : ns - VTIME_EPOCH_NS;
    return INT64_MAX;
}

long time_from_spec(const struct timespec *ts, uint64_t *ns)
{
    if (ts->tv_sec < 0 || ts->tv_nsec < 0 || ts->tv_nsec >= (long)NS_PER_S)
        return -EINVAL;
    if ((uint64_t)ts->tv_sec >= INT64_MAX / NS_PER_S)
        *ns = INT64_MAX;
    else
        *ns = (uint64_t)ts->tv_sec * NS_PER_S + (uint64_t)ts->tv_nsec;
    return 0;
}

long time_after(uint64_t from, const struct timespec *ts, uint64_t *ns)
{
    uint64_t distance;

    if (time_from_spec(ts, &distance))
        return -EINVAL;
    *ns = distance == INT64_MAX || distance > VTIME_NEVER - from ? VTIME_NEVER : from + distance;
    return 0;
}

struct timespec time_to_spec(uint64_t ns)
{
    return (struct timespec){ (time_t)(ns / NS_PER_S), (long)(ns % NS_PER_S) };
}

struct timeval time_to_timeval(uint64_t ns)
{
    return (struct timeval){ (time_t)(ns / NS_PER_S), (suseconds_t)(ns % NS_PER_S / 1000) };
}

static uint64_t calendar_now(void)
{
    return VTIME_EPOCH_NS + time_now();
}

/* ---- by name ------------------------------------------------------------------------------------- */

/* Programs that are not under virtual time go through the kernel. Threads that spin wait there, too: spin.c. */
static bool is_virtual(void)
{
    struct timespec ignored;

    if (page && spin_read())
        (void)syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &ignored);
    return page;
}

EXPORT int clock_gettime(clockid_t id, struct timespec *ts)
{
    uint64_t ns;

    if (!is_virtual() || clock_read(id, &ns))
        return (int)syscall(SYS_clock_gettime, id, ts);
    *ts = time_to_spec(ns);
    return 0;
}

EXPORT int clock_getres(clockid_t id, struct timespec *ts)
{
    return (int)syscall(SYS_clock_getres, id, ts);
}

EXPORT int gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
    if (zone || !is_virtual())
        return (int)syscall(SYS_gettimeofday, tv, zone);
    *tv = time_to_timeval(calendar_now());
    return 0;
}

EXPORT time_t time(time_t *t)
{
    struct timespec ts = { 0 };

    (void)clock_gettime(CLOCK_REALTIME, &ts);
    if (t)
        *t = ts.tv_sec;
    return ts.tv_sec;
}

EXPORT int timespec_get(struct timespec *ts, int base)
{
    return base == TIME_UTC && !clock_gettime(CLOCK_REALTIME, ts) ? base : 0;
}

EXPORT clock_t clock(void)
{
    struct timespec ts = { 0 };

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return ts.tv_sec * CLOCKS_PER_SEC + ts.tv_nsec / (1000000000 / CLOCKS_PER_SEC);
}

EXPORT int getcpu(unsigned *cpu, unsigned *node)
{
    return (int)syscall(SYS_getcpu, cpu, node, NULL);
}

EXPORT int sched_getcpu(void)
{
    unsigned cpu;

    return getcpu(&cpu, NULL) ? -1 : (int)cpu;
}

/* ---- as system calls ------------------------------------------------------------------------------ */

long call_clock_gettime(struct call *c)
{
    uint64_t ns;

    if (clock_kind_of((clockid_t)c->arg[0]) == CLOCK_OF_DEVICE)
        return call_native(c);
    if (clock_read((clockid_t)c->arg[0], &ns))
        return -EINVAL;
    *(struct timespec *)c->arg[1] = time_to_spec(ns);
    return 0;
}

long call_clock_getres(struct call *c)
{
    clockid_t id = (clockid_t)c->arg[0];
    enum clock_kind kind = clock_kind_of(id);

    if (kind == CLOCK_OF_DEVICE)
        return call_native(c);
    if (kind == CLOCK_UNKNOWN)
        return -EINVAL;
    if (c->arg[1])
        *(struct timespec *)c->arg[1] = (struct timespec){ 0, id < 0 ? 1 : clocks[id].resolution_ns };
    return 0;
}

long call_gettimeofday(struct call *c)
{
    if (c->arg[0])
        *(struct timeval *)c->arg[0] = time_to_timeval(calendar_now());
    if (c->arg[1])
        *(struct timezone *)c->arg[1] = (struct timezone){ 0 };
    return 0;
}

long call_time(struct call *c)
{
    time_t t = (time_t)(calendar_now() / NS_PER_S);

    if (c->arg[0])
        *(time_t *)c->arg[0] = t;
    return t;
}

/* Nobody sets these clocks, root included. */
long call_clock_settime(struct call *c)
{
    (void)c;
    return -EPERM;
}

long call_adjtimex(struct call *c)
{
    struct timex *t = (struct timex *)c->arg[c->nr == SYS_clock_adjtime];

    if (t->modes)
        return -EPERM;
    *t = (struct timex){ .tick = 10000, .precision = 1, .time = time_to_timeval(calendar_now()) };
    return TIME_OK;
}

long call_getcpu(struct call *c)
{
    if (c->arg[0])
        *(unsigned *)c->arg[0] = time_cpu();
    if (c->arg[1])
        *(unsigned *)c->arg[1] = 0;
    return 0;
}
