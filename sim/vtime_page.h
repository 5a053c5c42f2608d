/* vtime_page.h - the page that the simulator shares with every client under virtual time.
 *
 * At any moment one thread of all clients, or the simulator, has the *token*: it alone runs, and it
 * alone reads and writes the page. Whoever waits looks at its own 'go' word only.
 *
 * Plain C with fixed-size members, as sim/proto.h: the time library uses nothing else of sim/.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_VTIME_PAGE_H
#define SIM_VTIME_PAGE_H

#include <stdatomic.h>
#include <stdint.h>

#define VTIME_NEVER UINT64_MAX
/* CLOCK_REALTIME minus CLOCK_MONOTONIC: 2020-01-01T00:00:00Z. */
#define VTIME_EPOCH_NS (UINT64_C(1577836800) * UINT64_C(1000000000))

#define VTIME_PROCS   512
#define VTIME_THREADS 2048
#define VTIME_FIRST_PID 1001            /* as clients see them, counted in order of birth */
#define VTIME_SIMULATOR UINT32_MAX      /* the simulator has the token */

enum vtime_state {
    VTIME_FREE,
    VTIME_RUNNING,      /* has the token, or is in the middle of an exec */
    VTIME_READY,        /* in the queue */
    VTIME_WAITING,
};

/* Why a thread went from WAITING to READY. */
enum vtime_reason { VTIME_EVENT, VTIME_TIMEOUT, VTIME_SIGNAL };

/* What a thread that is handed the token shall do with it. */
enum vtime_order {
    VTIME_GO = 1,       /* go on with its program */
    VTIME_CHECK,        /* look what its process waits for, then hand it on */
    VTIME_BURY,         /* wait until the thread that ends is gone, then hand it on */
};

struct vtime_thread {
    _Atomic uint32_t go;        /* futex; enum vtime_order, 0: not now */
    uint32_t state, reason;
    uint32_t proc;              /* index */
    int32_t tid, vtid;          /* the machine's, and as clients see it */
    uint32_t is_signalled;      /* somebody has sent it a signal of its own */
    uint32_t nr;                /* system call that it is in, for the watchdog */
    uint64_t deadline_ns;       /* WAITING until then */
};

struct vtime_proc {
    uint32_t is_used;
    int32_t pid, vpid;
    _Atomic uint32_t is_registered;     /* futex: a child has said hello */
    uint32_t is_exec;           /* the program is about to be replaced */
    uint32_t is_dying;          /* somebody has killed it */
    uint64_t checked;           /* 'change' at the last check */
    uint64_t timer_ns;          /* its timers want to run then */
    uint64_t alarm_ns, alarm_interval_ns;       /* of them, the one that an exec does not end; 0: none */
    uint64_t n_random;          /* words of its random numbers that are used up */
};

struct vtime_page {
    uint64_t now_ns;            /* CLOCK_MONOTONIC */
    uint64_t seed;              /* of the run's random numbers */
    uint32_t n_cpus;            /* that a client may find itself on */
    _Atomic uint32_t holder;    /* of the token: index of a thread, or VTIME_SIMULATOR */
    _Atomic uint64_t change;    /* counts what may have ended somebody's wait */
    uint32_t n_procs, n_threads;        /* all in use are below */
    uint32_t next_vpid;
    uint32_t expected;          /* proc that will say hello without knowing its index, plus 1 */
    uint32_t buried;            /* thread that ends: see VTIME_BURY */
    uint32_t queue_head, queue_len;
    uint32_t queue[VTIME_THREADS];      /* threads that are READY, first in, first out */
    struct vtime_proc procs[VTIME_PROCS];
    struct vtime_thread threads[VTIME_THREADS];
};

#endif
