/* clone.c - new threads and processes.
 *
 * A child's calls are not trapped until it says so: its first steps are ours. It joins the others, and
 * waits for its turn; the parent goes on when that is so. A child by vfork() is one by fork(): nothing tells them
 * apart but time. A posix_spawn() child, which shares its parent's memory on a stack of its own, only
 * makes room for another program: it stays out until that program joins.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "tools/time/core.h"
#include "tools/time/stub.h"

#define PATIENCE_MS 50          /* between two looks whether a child that should join has died */

/* What a thread's end clears, by thread: CLONE_CHILD_CLEARTID. */
static _Atomic uint32_t *clear_words[VTIME_THREADS];

struct kind {
    uint64_t flags;
    void *stack;
    _Atomic uint32_t *clear_word;
};

/* ---- threads --------------------------------------------------------------------------------------- */

static void fill_regs(const ucontext_t *context, struct birth_regs *regs)
{
    const greg_t *r = context->uc_mcontext.gregs;

    *regs = (struct birth_regs){
        .r15 = (uint64_t)r[REG_R15], .r14 = (uint64_t)r[REG_R14], .r13 = (uint64_t)r[REG_R13],
        .r12 = (uint64_t)r[REG_R12], .r10 = (uint64_t)r[REG_R10], .r9 = (uint64_t)r[REG_R9],
        .r8 = (uint64_t)r[REG_R8], .rbp = (uint64_t)r[REG_RBP], .rdi = (uint64_t)r[REG_RDI],
        .rsi = (uint64_t)r[REG_RSI], .rdx = (uint64_t)r[REG_RDX], .rbx = (uint64_t)r[REG_RBX],
        .rcx = (uint64_t)r[REG_RIP], .rip = (uint64_t)r[REG_RIP],
    };
}

static void join_others(uint32_t proc, uint32_t thread);

/* The child, on its own stack. */
void birth_child(struct birth *birth, struct birth_regs *regs)
{
    uint64_t mask = *mask_of(&birth->call);
    bool is_process = birth->is_process;
    uint32_t thread = birth->thread, proc = birth->proc;

    fill_regs(birth->call.context, regs);
    if (thread != VTIME_NONE && !is_process) {
        my_thread = thread;
        me()->tid = (int32_t)RAW(SYS_gettid);
        vtime_pid_is(page, me()->vtid, me()->tid);
        (void)trap_arm();
    }
    atomic_store(&birth->is_born, 1);
    word_wake(&birth->is_born);
    if (is_process)
        join_others(proc, thread);
    if (thread != VTIME_NONE)
        token_await();
    (void)RAW(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, sizeof(mask));
}

static long new_thread(struct call *c, const struct kind *kind)
{
    struct birth birth = { .call = *c, .proc = my_proc,
                           .thread = vtime_thread_new(page, my_proc, 0) };
    uint32_t thread = birth.thread;
    long r;

    if (thread == VTIME_NONE)
        return -EAGAIN;
    clear_words[thread] = kind->clear_word;
    r = stub_clone(&birth);
    if (r < 0) {
        vtime_thread_end(page, thread);
        return r;
    }
    while (!atomic_load(&birth.is_born))
        word_wait(&birth.is_born, 0, PATIENCE_MS);
    vtime_make_ready(page, thread, VTIME_EVENT);
    return page->threads[thread].vtid;
}

/* The thread page->buried ends. What waits for that in the program sees its word cleared. */
void thread_bury(void)
{
    uint32_t thread = page->buried, value;
    _Atomic uint32_t *word = clear_words[thread];

    while (word && (value = atomic_load(word)))
        word_wait(word, value, PATIENCE_MS);
    if (word)
        (void)wait_wake((uint32_t *)(uintptr_t)word, UINT32_MAX, INT32_MAX);
    clear_words[thread] = NULL;
    vtime_thread_end(page, thread);
}

static uint32_t find_other(void)
{
    for (uint32_t i = 0; i < page->n_threads; i++) {
        const struct vtime_thread *t = &page->threads[i];

        if (i != my_thread && is_mine(t) && (t->state == VTIME_WAITING || t->state == VTIME_READY))
            return i;
    }
    return VTIME_NONE;
}

/* The last one's end is the process's, which the simulator sees. */
long call_exit(struct call *c)
{
    uint32_t other = find_other();

    if (other != VTIME_NONE) {
        page->buried = my_thread;
        token_give(other, VTIME_BURY);
    }
    return call_native(c);
}

/* ---- processes ------------------------------------------------------------------------------------- */

/* In the child: what was the parent's is not ours. */
static void join_others(uint32_t proc, uint32_t thread)
{
    uint32_t parent = my_thread;
    bool holds;

    join_forget();
    wait_forked(parent);
    memset(clear_words, 0, sizeof(clear_words));
    my_proc = proc;
    my_thread = thread;
    timers_forked();
    if (join(proc, &holds) || trap_arm())
        (void)RAW(SYS_exit_group, 127);
}

static bool has_died(long pid)
{
    siginfo_t info = { .si_pid = 0 };

    return RAW(SYS_waitid, P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT | __WALL, NULL) < 0 || info.si_pid;
}

/* For the parent: the child 'pid' has joined, and its turn will come; or it has died before. */
static long await_child(uint32_t proc, uint32_t thread, long pid)
{
    struct vtime_proc *p = &page->procs[proc];
    int vpid = p->vpid;

    vtime_pid_is(page, vpid, (int32_t)pid);
    while (!atomic_load(&p->is_registered) && !has_died(pid))
        word_wait(&p->is_registered, 0, PATIENCE_MS);
    if (atomic_load(&p->is_registered))
        vtime_make_ready(page, thread, VTIME_EVENT);
    else
        vtime_proc_end(page, proc);
    return vpid;
}

static long new_process(struct call *c, const struct kind *kind)
{
    uint32_t thread, proc = vtime_proc_new(page, &thread);
    struct birth birth = { .call = *c, .proc = proc, .thread = thread, .is_process = true };
    long r;

    if (proc == VTIME_NONE)
        return -EAGAIN;
    r = kind->stack ? stub_clone(&birth) : call_native(c);
    if (!r) {
        join_others(proc, thread);
        token_await();
        return 0;
    }
    if (r < 0) {
        vtime_proc_end(page, proc);
        return r;
    }
    return await_child(proc, thread, r);
}

/* The kernel lets us go on when the other program has begun to be loaded, or the child has died. */
static long spawn(struct call *c)
{
    uint32_t thread, proc = vtime_proc_new(page, &thread);
    struct birth birth = { .call = *c, .proc = proc, .thread = VTIME_NONE };
    long r;

    if (proc == VTIME_NONE)
        return -EAGAIN;
    page->expected = proc;
    page->procs[proc].is_exec = 1;
    r = stub_clone(&birth);
    if (r > 0)
        r = await_child(proc, thread, r);
    else
        vtime_proc_end(page, proc);
    page->expected = VTIME_NONE;
    return r;
}

/* ---- the calls --------------------------------------------------------------------------------------- */

#define SPAWN (CLONE_VM | CLONE_VFORK)

static long start(struct call *c, struct kind *kind)
{
    if (kind->flags & CLONE_THREAD)
        return new_thread(c, kind);
    if (kind->stack && (kind->flags & SPAWN) == SPAWN)
        return spawn(c);
    return new_process(c, kind);
}

long call_clone(struct call *c)
{
    struct kind kind = { .flags = (uint64_t)c->arg[0], .stack = (void *)c->arg[1] };
    struct call now = *c;

    if (kind.flags & CLONE_CHILD_CLEARTID)
        kind.clear_word = (_Atomic uint32_t *)c->arg[3];
    if (!(kind.flags & CLONE_THREAD) && !kind.stack)
        now.arg[0] &= ~(long)SPAWN;
    return start(&now, &kind);
}

long call_clone3(struct call *c)
{
    struct clone_args args = { 0 };
    struct kind kind;
    struct call now = *c;

    if ((size_t)c->arg[1] > sizeof(args))
        return -E2BIG;
    memcpy(&args, (const void *)c->arg[0], (size_t)c->arg[1]);
    kind = (struct kind){ .flags = args.flags, .stack = (void *)(uintptr_t)args.stack };
    if (kind.flags & CLONE_CHILD_CLEARTID)
        kind.clear_word = (_Atomic uint32_t *)(uintptr_t)args.child_tid;
    if (!(kind.flags & CLONE_THREAD) && !kind.stack)
        args.flags &= ~(uint64_t)SPAWN;
    now.arg[0] = (long)&args;
    return start(&now, &kind);
}

static long fork_by(struct call *c)
{
    struct call now = { .nr = SYS_clone, .arg = { SIGCHLD }, .context = c->context };
    struct kind kind = { 0 };

    return new_process(&now, &kind);
}

long call_fork(struct call *c)
{
    return fork_by(c);
}

long call_vfork(struct call *c)
{
    return fork_by(c);
}

/* ---- another program --------------------------------------------------------------------------------- */

/* The new program joins in this one's place, with the token. It inherits the mask, and not the trap. */
long call_execve(struct call *c)
{
    uint64_t blocked = UINT64_MAX;
    long r;

    my_process()->is_exec = 1;
    (void)RAW(SYS_rt_sigprocmask, SIG_SETMASK, mask_of(c), NULL, sizeof(blocked));
    r = call_native(c);
    (void)RAW(SYS_rt_sigprocmask, SIG_SETMASK, &blocked, NULL, sizeof(blocked));
    my_process()->is_exec = 0;
    return r;
}

long call_execveat(struct call *c)
{
    return call_execve(c);
}
