/* vtime.c - see vtime.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/vtime.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/client_int.h"
#include "sim/procfs.h"
#include "sim/vtime_page.h"
#include "sim/vtime_watch.h"

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#endif

#define LOOK_MS    100          /* between two looks at a client that has the token and says nothing */
#define RECHECK_MS 10           /* what comes from outside the simulation is seen so soon */
#define DEATH_MS   1000         /* what SIGKILL takes at most; longer: it did not hit */
#define EXIT_MS    10000        /* what the end of a process takes at most, once its descriptors are closed */
#define MOST_LEFT  10000        /* looks at what clients have left behind: somebody from outside may hang up all the time */

struct member {                 /* of a process, by its index in the page */
    struct conn *conn;          /* NULL: hung up */
    int pidfd;
};

struct vtime {
    struct sim *sim;
    struct clients *all;
    struct vtime_page *page;
    int page_fd;
    struct member members[VTIME_PROCS];
    GQueue joining;             /* of struct conn: they come from outside, and wait for their hello's answer */
    GSource *recheck;
    int64_t looked_around_us;   /* real time of the last look at the rest of the main context */
    bool has_ended;             /* a process, and nobody has looked what it leaves */
    struct vtime_watch watch;
    cpu_set_t cpus;             /* that the simulator may run on without virtual time */
    bool is_pinned;
};

/* ---- the token ------------------------------------------------------------------------------------- */

static void wake(_Atomic uint32_t *word)
{
    (void)syscall(SYS_futex, word, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

static void give(struct vtime *v, uint32_t thread, enum vtime_order order)
{
    struct vtime_thread *t = &v->page->threads[thread];

    v->page->now_ns = v->sim->clock.now_ns;
    atomic_store(&v->page->holder, thread);
    atomic_store(&t->go, order);
    wake(&t->go);
}

/* False: nobody can go on. */
static bool hand_on(struct vtime *v)
{
    uint32_t thread = vtime_take_ready(v->page);
    enum vtime_order order = VTIME_GO;

    if (thread == VTIME_NONE) {
        thread = vtime_next_checker(v->page);
        order = VTIME_CHECK;
    }
    if (thread == VTIME_NONE)
        return false;
    give(v, thread, order);
    return true;
}

/* What may have ended somebody's wait. */
static void changed(struct vtime *v)
{
    atomic_fetch_add(&v->page->change, 1);
}

/* Those who wait for one another wait for nothing that others read: who is always busy outside would keep them looking. */
void vtime_tells(struct conn *c)
{
    if (c->all->vtime && conn_is_inside(c))
        changed(c->all->vtime);
}

/* ---- processes come -------------------------------------------------------------------------------- */

static uint32_t first_thread(const struct vtime_page *page, uint32_t proc)
{
    for (uint32_t i = 0; i < page->n_threads; i++) {
        if (page->threads[i].proc == proc && page->threads[i].state == VTIME_RUNNING)
            return i;
    }
    return VTIME_NONE;
}

/* The process, or the program that now runs in it, is there. */
static void admit(struct vtime *v, struct conn *c, uint32_t proc)
{
    struct vtime_proc *p = &v->page->procs[proc];
    struct member *m = &v->members[proc];
    uint32_t thread = first_thread(v->page, proc);
    struct proto_welcome w = { .sim = v->all->cookie, .sock = proc, .ns = thread,
                               .flags = atomic_load(&v->page->holder) == thread ? PROTO_HOLDS : 0 };

    vtime_threads_end(v->page, proc, thread);
    v->page->threads[thread].tid = p->pid = (int32_t)c->pid;
    v->page->threads[thread].vtid = p->vpid;
    vtime_pid_is(v->page, p->vpid, p->pid);
    p->is_exec = 0;
    p->checked = 0;
    p->timer_ns = VTIME_NEVER;
    c->kind = CONN_TIME;
    m->conn = c;
    if (m->pidfd < 0)
        m->pidfd = (int)syscall(SYS_pidfd_open, p->pid, 0);
    changed(v);                 /* by an exec: descriptors were closed */
    conn_welcome(c, &w, v->page_fd);
    atomic_store(&p->is_registered, 1);
    wake(&p->is_registered);
}

static void refuse(const struct vtime *v, struct conn *c, int status)
{
    const struct proto_welcome w = { .status = status };

    conn_welcome(c, &w, v->page_fd);
    conn_free(c);
}

/* Those from outside wait until nobody else uses the page. */
static void admit_joining(struct vtime *v)
{
    struct conn *c;

    while ((c = g_queue_pop_head(&v->joining))) {
        uint32_t thread, proc = vtime_proc_new(v->page, &thread);

        if (proc == VTIME_NONE) {
            refuse(v, c, -EAGAIN);
            continue;
        }
        admit(v, c, proc);
        vtime_make_ready(v->page, thread, VTIME_EVENT);
    }
}

/* Is it one that may say hello, again after an exec? Then it runs. */
static bool may_come(const struct vtime *v, uint32_t proc)
{
    return proc < v->page->n_procs && v->page->procs[proc].is_used && first_thread(v->page, proc) != VTIME_NONE;
}

/* Which process of the page says hello? VTIME_NONE: a new one. */
static uint32_t find_proc(const struct vtime *v, const struct proto_hello *h)
{
    const struct vtime_page *page = v->page;
    uint32_t told = (uint32_t)h->type;

    if (may_come(v, told) && !v->members[told].conn)
        return told;
    for (uint32_t i = 0; i < page->n_procs; i++) {
        if (page->procs[i].pid == (int32_t)h->pid && may_come(v, i))
            return i;
    }
    return may_come(v, page->expected) ? page->expected : VTIME_NONE;
}

void vtime_hello(struct conn *c, const struct proto_hello *h)
{
    struct vtime *v = c->all->vtime;
    uint32_t proc = find_proc(v, h);

    c->pid = h->pid;
    c->kind = CONN_TIME;
    if (proc == VTIME_NONE)
        g_queue_push_tail(&v->joining, c);
    else
        admit(v, c, proc);
}

/* ---- and go ---------------------------------------------------------------------------------------- */

void vtime_hung_up(struct conn *c)
{
    struct vtime *v = c->all->vtime;

    (void)g_queue_remove(&v->joining, c);
    for (uint32_t i = 0; i < VTIME_PROCS; i++) {
        if (v->members[i].conn == c)
            v->members[i].conn = NULL;
    }
}

/* It has hung up, which it does by ending; if it lives on nevertheless, nobody waits for it. */
static void await_end(const struct member *m, const struct vtime_proc *p)
{
    struct procfs_stat stat;
    bool is_ending = !procfs_stat(p->pid, &stat) || stat.is_ending;

    if (!procfs_has_ended(p->pid, m->pidfd, is_ending ? EXIT_MS : 0))
        fprintf(stderr, "dpsim: process %d (here pid %d) has hung up and lives: it is no longer in virtual time\n",
                p->vpid, p->pid);
}

/* Has the process ended, or is it about to? Then it is a zombie when this returns. */
static bool is_dead(struct vtime *v, uint32_t proc)
{
    struct vtime_proc *p = &v->page->procs[proc];
    struct member *m = &v->members[proc];
    bool is_hit = p->is_dying;

    p->is_dying = 0;
    if (is_hit)
        return procfs_has_ended(p->pid, m->pidfd, DEATH_MS);
    if (m->conn || !p->is_registered)
        return false;
    if (p->is_exec)
        return procfs_has_ended(p->pid, m->pidfd, 0);
    await_end(m, p);
    return true;
}

static void end(struct vtime *v, uint32_t proc)
{
    struct member *m = &v->members[proc];

    /* The pidfd is ready a moment before the parent gets SIGCHLD: in between is a lock that this takes, too. */
    (void)kill(0, 0);
    if (m->pidfd >= 0)
        close(m->pidfd);
    *m = (struct member){ .pidfd = -1 };
    vtime_proc_end(v->page, proc);
    changed(v);
}

/* With the token. True: somebody has ended since the last time. */
static bool bury(struct vtime *v)
{
    bool found = v->has_ended;

    for (uint32_t i = 0; i < v->page->n_procs; i++) {
        if (v->page->procs[i].is_used && is_dead(v, i)) {
            end(v, i);
            found = true;
        }
    }
    v->has_ended = false;
    return found;
}

/* Who ends has the token to the last. */
static void inherit(struct vtime *v)
{
    uint32_t holder = atomic_load(&v->page->holder);
    uint32_t proc = holder == VTIME_NONE ? VTIME_NONE : v->page->threads[holder].proc;

    if (proc == VTIME_NONE || !is_dead(v, proc))
        return;
    end(v, proc);
    v->has_ended = true;
    atomic_store(&v->page->holder, VTIME_NONE);
}

/* ---- the clock's outside ----------------------------------------------------------------------------- */

/* Also while clients have much to do there are signals for the simulator. */
static void look_around(struct vtime *v)
{
    int64_t now = g_get_monotonic_time();

    if (now - v->looked_around_us < LOOK_MS * INT64_C(1000))
        return;
    v->looked_around_us = now;
    (void)clients_serve(v->all, 0);
}

bool vtime_has(const struct vtime *v, pid_t pid)
{
    for (const GList *l = v->joining.head; l; l = l->next) {
        if (((const struct conn *)l->data)->pid == (uint32_t)pid)
            return true;
    }
    for (uint32_t i = 0; i < v->page->n_procs; i++) {
        if (v->page->procs[i].is_used && v->page->procs[i].pid == (int32_t)pid)
            return true;
    }
    return false;
}

/* Was it a process in virtual time who spoke last? Others are no sign of life of whoever has the token. */
static bool is_from_inside(const struct vtime *v)
{
    struct conn *c = conn_find(v->all, v->all->last_id);

    return !c || conn_is_inside(c);
}

/* What they have closed. */
static void serve_left(struct vtime *v)
{
    for (int i = 0; i < MOST_LEFT && clients_serve_awaited(v->all); i++)
        ;
}

static void take_back(struct vtime *v)
{
    vtime_watch_begin(&v->watch);
    look_around(v);
    while (atomic_load(&v->page->holder) != VTIME_NONE) {
        if (clients_serve_alone(v->all, LOOK_MS) && is_from_inside(v))
            vtime_watch_begin(&v->watch);
        else
            vtime_watch_look(&v->watch, v->page);
        look_around(v);
        inherit(v);
    }
    serve_left(v);
}

/* False: nobody can. */
static bool let_one_go_on(struct vtime *v)
{
    bool can = hand_on(v);

    if (can)
        take_back(v);
    return can;
}

/* Who has gone leaves descriptors behind, and perhaps a signal to the simulator. */
static void settle(void *ctx)
{
    struct vtime *v = ctx;

    serve_left(v);              /* of those from outside, too */
    do {
        while (bury(v)) {
            serve_left(v);
            (void)clients_serve(v->all, 0);
        }
        admit_joining(v);
    } while (let_one_go_on(v));
}

static uint64_t next(void *ctx)
{
    return vtime_next_deadline(((struct vtime *)ctx)->page);
}

static void moved(void *ctx)
{
    struct vtime *v = ctx;

    v->page->now_ns = v->sim->clock.now_ns;
    vtime_expire(v->page);
}

/* ---- what this process does to clients --------------------------------------------------------------- */

static bool is_zombie(pid_t pid)
{
    siginfo_t info = { .si_pid = 0 };

    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) || info.si_pid;
}

void vtime_started(void *vtime, pid_t pid)
{
    struct vtime *v = vtime;

    while (!vtime_has(v, pid) && !is_zombie(pid))
        (void)clients_serve(v->all, RECHECK_MS);
}

void vtime_told(void *vtime)
{
    changed(vtime);
}

/* ---- life ------------------------------------------------------------------------------------------ */

/* Terminals, networks and users are outside: nobody tells us of them. */
static gboolean recheck(gpointer user)
{
    changed(user);
    return G_SOURCE_CONTINUE;
}

/* One thread of all runs at a time: waking the next one costs a quarter less on the same CPU. The kernel has put this
 * process where there is least to do; those it starts inherit it. */
static void stay_on_one_cpu(struct vtime *v)
{
    int cpu = sched_getcpu();
    cpu_set_t one;

    CPU_ZERO(&one);
    CPU_SET(cpu < 0 || cpu >= CPU_SETSIZE ? 0 : (size_t)cpu, &one);
    v->is_pinned = !sched_getaffinity(0, sizeof(v->cpus), &v->cpus) && !sched_setaffinity(0, sizeof(one), &one);
}

static int make_page(struct vtime *v, struct err *e)
{
    void *at;

    v->page_fd = memfd_create("dpsim-time", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (v->page_fd < 0 || ftruncate(v->page_fd, sizeof(*v->page)))
        return err_set(e, errno, "cannot make the page of virtual time: %s", g_strerror(errno));
    at = mmap(NULL, sizeof(*v->page), PROT_READ | PROT_WRITE, MAP_SHARED, v->page_fd, 0);
    if (at == MAP_FAILED)
        return err_set(e, errno, "cannot map the page of virtual time: %s", g_strerror(errno));
    v->page = at;
    /* A client that made it shorter would end this process. */
    if (fcntl(v->page_fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
        return err_set(e, errno, "cannot seal the page of virtual time: %s", g_strerror(errno));
    v->page->now_ns = v->sim->clock.now_ns;
    v->page->seed = v->sim->options.seed;
    v->page->n_cpus = v->sim->options.n_cpus;
    v->page->change = 1;
    v->page->holder = v->page->expected = VTIME_NONE;
    (void)vtime_pid_new(v->page, (int32_t)getpid());
    return 0;
}

static int check_machine(struct err *e)
{
    if (!prctl(PR_SET_SYSCALL_USER_DISPATCH, 0, 0, 0, 0))
        return 0;
    return err_set(e, EOPNOTSUPP, "virtual time needs Syscall User Dispatch (Linux 5.11 on x86-64), which is not "
                   "there: --time lockstep does without");
}

int vtime_start(struct sim *sim, struct clients *all, struct clock_outside *outside, struct err *e)
{
    struct vtime *v = g_new0(struct vtime, 1);

    v->sim = sim;
    v->all = all;
    v->page_fd = -1;
    for (uint32_t i = 0; i < VTIME_PROCS; i++)
        v->members[i].pidfd = -1;
    if (check_machine(e) || make_page(v, e)) {
        vtime_stop(v);
        return -e->code;
    }
    stay_on_one_cpu(v);
    sim->options.shows_cpus = true;
    v->recheck = g_timeout_source_new(RECHECK_MS);
    g_source_set_callback(v->recheck, recheck, v, NULL);
    g_source_attach(v->recheck, g_source_get_context(all->source));
    all->vtime = v;
    *outside = (struct clock_outside){ .ctx = v, .settle = settle, .next = next, .moved = moved };
    return 0;
}

void vtime_stop(void *vtime)
{
    struct vtime *v = vtime;

    v->all->vtime = NULL;
    if (v->is_pinned)
        (void)sched_setaffinity(0, sizeof(v->cpus), &v->cpus);
    if (v->recheck) {
        g_source_destroy(v->recheck);
        g_source_unref(v->recheck);
    }
    for (uint32_t i = 0; i < VTIME_PROCS; i++) {
        if (v->members[i].pidfd >= 0)
            close(v->members[i].pidfd);
    }
    g_queue_clear(&v->joining);
    if (v->page)
        munmap(v->page, sizeof(*v->page));
    if (v->page_fd >= 0)
        close(v->page_fd);
    g_free(v);
}
