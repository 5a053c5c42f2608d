/* vtime_page.h - the page that the simulator shares with every client under virtual time.
 *
 * At any moment one thread of all clients, or the simulator, has the *token*: it alone runs, and it
 * alone reads and writes the page. Whoever waits looks at its own 'go' word only. While a new process says
 * hello, its parent keeps the token and waits, and the simulator may write in its place.
 *
 * Plain C with fixed-size members, as sim/proto.h: the time library uses nothing else of sim/.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_VTIME_PAGE_H
#define SIM_VTIME_PAGE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define VTIME_NEVER UINT64_MAX
/* CLOCK_REALTIME minus CLOCK_MONOTONIC: 2020-01-01T00:00:00Z. */
#define VTIME_EPOCH_NS (UINT64_C(1577836800) * UINT64_C(1000000000))

#define VTIME_PROCS   512
#define VTIME_THREADS 2048
#define VTIME_PIDS    65536             /* births that are remembered */
#define VTIME_SIMULATOR_PID 1000        /* as clients see them: the simulator's, and from the next on they */
#define VTIME_FIRST_PID     1001        /* are counted in order of birth */
#define VTIME_NONE UINT32_MAX           /* no thread or process; of the token: the simulator has it */

enum vtime_state {
    VTIME_FREE,
    VTIME_RUNNING,      /* has the token, or is about to be born */
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
    uint32_t unused;
    uint64_t deadline_ns;       /* WAITING until then */
};

struct vtime_proc {
    uint32_t is_used;
    int32_t pid, vpid;
    _Atomic uint32_t is_registered;     /* futex: a child has said hello */
    uint32_t is_exec;           /* the program is about to be replaced */
    uint32_t is_dying;          /* somebody has killed it */
    uint32_t is_stopped;        /* by SIGSTOP: its threads that are READY are not in the queue */
    uint64_t checked;           /* 'change' at the last check, 0: it wants one */
    uint64_t timer_ns;          /* its timers want to run then */
    uint64_t alarm_ns, alarm_interval_ns;       /* of them, the one that an exec does not end; 0: none */
    uint64_t n_random;          /* words of its random numbers that are used up */
};

struct vtime_page {
    uint64_t now_ns;            /* CLOCK_MONOTONIC */
    uint64_t seed;              /* of the run's random numbers */
    uint32_t n_cpus;            /* that a client may find itself on */
    _Atomic uint32_t holder;    /* of the token: a thread's index */
    _Atomic uint64_t change;    /* counts what may have ended somebody's wait; from 1 */
    uint32_t n_procs, n_threads;        /* all in use are below */
    uint32_t expected;          /* process that will say hello without knowing its index */
    uint32_t buried;            /* thread that ends: see VTIME_BURY */
    uint32_t n_passes;          /* of the token between threads that are ready, since the last check */
    uint32_t queue_head, queue_len;
    uint32_t n_pids;            /* births, the simulator's being the first */
    uint32_t queue[VTIME_THREADS];      /* threads that are READY, first in, first out */
    int32_t pids[VTIME_PIDS];           /* the machine's number, by birth */
    struct vtime_proc procs[VTIME_PROCS];
    struct vtime_thread threads[VTIME_THREADS];
};

/* ---- who is ready ---------------------------------------------------------------------------- */

static inline void vtime_enqueue(struct vtime_page *p, uint32_t thread)
{
    p->queue[(p->queue_head + p->queue_len++) % VTIME_THREADS] = thread;
}

static inline uint32_t vtime_dequeue(struct vtime_page *p)
{
    uint32_t thread = p->queue[p->queue_head];

    p->queue_head = (p->queue_head + 1) % VTIME_THREADS;
    p->queue_len--;
    return thread;
}

static inline void vtime_make_ready(struct vtime_page *p, uint32_t thread, enum vtime_reason reason)
{
    struct vtime_thread *t = &p->threads[thread];

    t->state = VTIME_READY;
    t->reason = reason;
    t->deadline_ns = VTIME_NEVER;
    if (!p->procs[t->proc].is_stopped)
        vtime_enqueue(p, thread);
}

/* The first in the queue, now RUNNING; or VTIME_NONE. */
static inline uint32_t vtime_take_ready(struct vtime_page *p)
{
    while (p->queue_len) {
        uint32_t thread = vtime_dequeue(p);

        if (p->threads[thread].state != VTIME_READY)    /* it has ended meanwhile */
            continue;
        p->threads[thread].state = VTIME_RUNNING;
        return thread;
    }
    return VTIME_NONE;
}

static inline uint32_t vtime_first_waiting(const struct vtime_page *p, uint32_t proc)
{
    for (uint32_t i = 0; i < p->n_threads; i++) {
        if (p->threads[i].state == VTIME_WAITING && p->threads[i].proc == proc)
            return i;
    }
    return VTIME_NONE;
}

/* A waiting thread of the first process that has not been checked since the last change. */
static inline uint32_t vtime_next_checker(const struct vtime_page *p)
{
    uint64_t change = atomic_load(&p->change);

    for (uint32_t i = 0; i < p->n_procs; i++) {
        if (p->procs[i].is_used && !p->procs[i].is_stopped && p->procs[i].checked != change) {
            uint32_t thread = vtime_first_waiting(p, i);

            if (thread != VTIME_NONE)
                return thread;
        }
    }
    return VTIME_NONE;
}

/* ---- time -------------------------------------------------------------------------------------- */

/* When the first of those who wait wants to go on; VTIME_NEVER: nobody does. */
static inline uint64_t vtime_next_deadline(const struct vtime_page *p)
{
    uint64_t at = VTIME_NEVER;

    for (uint32_t i = 0; i < p->n_threads; i++) {
        const struct vtime_thread *t = &p->threads[i];

        if (t->state == VTIME_WAITING && t->deadline_ns < at && !p->procs[t->proc].is_stopped)
            at = t->deadline_ns;
    }
    for (uint32_t i = 0; i < p->n_procs; i++) {
        if (p->procs[i].is_used && !p->procs[i].is_stopped && p->procs[i].timer_ns < at)
            at = p->procs[i].timer_ns;
    }
    return at;
}

/* Those whose time has come are ready. */
static inline void vtime_expire(struct vtime_page *p)
{
    for (uint32_t i = 0; i < p->n_threads; i++) {
        const struct vtime_thread *t = &p->threads[i];

        if (t->state == VTIME_WAITING && t->deadline_ns <= p->now_ns && !p->procs[t->proc].is_stopped)
            vtime_make_ready(p, i, VTIME_TIMEOUT);
    }
    for (uint32_t i = 0; i < p->n_procs; i++) {
        if (p->procs[i].is_used && p->procs[i].timer_ns <= p->now_ns)
            p->procs[i].checked = 0;
    }
}

/* ---- who may run --------------------------------------------------------------------------------- */

static inline void vtime_proc_stop(struct vtime_page *p, uint32_t proc)
{
    p->procs[proc].is_stopped = 1;
    for (uint32_t n = p->queue_len; n-- > 0;) {
        uint32_t thread = vtime_dequeue(p);

        if (p->threads[thread].proc != proc)
            vtime_enqueue(p, thread);
    }
}

static inline void vtime_proc_go_on(struct vtime_page *p, uint32_t proc)
{
    if (!p->procs[proc].is_stopped)
        return;
    p->procs[proc].is_stopped = 0;
    p->procs[proc].checked = 0;
    for (uint32_t i = 0; i < p->n_threads; i++) {
        if (p->threads[i].state == VTIME_READY && p->threads[i].proc == proc)
            vtime_enqueue(p, i);
    }
    vtime_expire(p);
}

/* ---- who there is ---------------------------------------------------------------------------- */

/* Numbers a birth. Returns the number that clients see. */
static inline int32_t vtime_pid_new(struct vtime_page *p, int32_t pid)
{
    p->pids[p->n_pids % VTIME_PIDS] = pid;
    return VTIME_SIMULATOR_PID + (int32_t)p->n_pids++;
}

static inline void vtime_pid_is(struct vtime_page *p, int32_t vpid, int32_t pid)
{
    p->pids[(uint32_t)(vpid - VTIME_SIMULATOR_PID) % VTIME_PIDS] = pid;
}

/* The machine's number; what is nobody's number among clients is one already. */
static inline int32_t vtime_pid_real(const struct vtime_page *p, int32_t vpid)
{
    int64_t birth = (int64_t)vpid - VTIME_SIMULATOR_PID;

    if (birth < 0 || birth >= p->n_pids || birth + VTIME_PIDS < p->n_pids)
        return vpid;
    return p->pids[birth % VTIME_PIDS];
}

/* As clients see it; who is no client keeps the machine's. */
static inline int32_t vtime_pid_virtual(const struct vtime_page *p, int32_t pid)
{
    for (uint32_t i = p->n_pids; i-- > 0 && i + VTIME_PIDS >= p->n_pids;) {
        if (p->pids[i % VTIME_PIDS] == pid)     /* the latest: numbers are used again */
            return VTIME_SIMULATOR_PID + (int32_t)i;
    }
    return pid;
}

/* RUNNING; VTIME_NONE: too many. 'vtid' 0: a new one. */
static inline uint32_t vtime_thread_new(struct vtime_page *p, uint32_t proc, int32_t vtid)
{
    uint32_t i = 0;

    while (i < VTIME_THREADS && p->threads[i].state != VTIME_FREE)
        i++;
    if (i == VTIME_THREADS)
        return VTIME_NONE;
    p->threads[i] = (struct vtime_thread){ .state = VTIME_RUNNING, .proc = proc,
                                           .vtid = vtid ? vtid : vtime_pid_new(p, 0),
                                           .deadline_ns = VTIME_NEVER };
    if (i >= p->n_threads)
        p->n_threads = i + 1;
    return i;
}

/* A process, with the number of its first thread in '*thread'. VTIME_NONE: too many. */
static inline uint32_t vtime_proc_new(struct vtime_page *p, uint32_t *thread)
{
    uint32_t i = 0;

    while (i < VTIME_PROCS && p->procs[i].is_used)
        i++;
    if (i == VTIME_PROCS || (*thread = vtime_thread_new(p, i, 0)) == VTIME_NONE)
        return VTIME_NONE;
    p->procs[i] = (struct vtime_proc){ .is_used = 1, .vpid = p->threads[*thread].vtid,
                                       .timer_ns = VTIME_NEVER };
    if (i >= p->n_procs)
        p->n_procs = i + 1;
    return i;
}

static inline void vtime_thread_end(struct vtime_page *p, uint32_t thread)
{
    p->threads[thread].state = VTIME_FREE;
    while (p->n_threads && p->threads[p->n_threads - 1].state == VTIME_FREE)
        p->n_threads--;
}

/* With all its threads but one (VTIME_NONE: but none). */
static inline void vtime_threads_end(struct vtime_page *p, uint32_t proc, uint32_t but)
{
    for (uint32_t i = p->n_threads; i-- > 0;) {
        if (p->threads[i].state != VTIME_FREE && p->threads[i].proc == proc && i != but)
            p->threads[i].state = VTIME_FREE;
    }
    while (p->n_threads && p->threads[p->n_threads - 1].state == VTIME_FREE)
        p->n_threads--;
}

static inline void vtime_proc_end(struct vtime_page *p, uint32_t proc)
{
    vtime_threads_end(p, proc, VTIME_NONE);
    p->procs[proc].is_used = 0;
    while (p->n_procs && !p->procs[p->n_procs - 1].is_used)
        p->n_procs--;
}

#endif
