/* kill.c - sending signals. Who kills goes on when the other is gone; who sends a thread something sees to it that
 * the thread looks.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>

#include "tools/time/core.h"

static bool is_meant(int pid, const struct vtime_proc *p)
{
    if (pid > 0)
        return p->pid == pid;
    if (pid == -1)
        return true;
    return RAW(SYS_getpgid, p->pid) == (pid ? -pid : RAW(SYS_getpgid, 0));
}

/* Calls 'fn' for each process that 'pid', as kill() understands it, names. How many. */
static int each_meant(int pid, void (*fn)(uint32_t proc))
{
    int n = 0;

    for (uint32_t i = 0; i < page->n_procs; i++) {
        if (page->procs[i].is_used && is_meant(pid, &page->procs[i])) {
            fn(i);
            n++;
        }
    }
    return n;
}

static void mark_dying(uint32_t proc)
{
    page->procs[proc].is_dying = 1;
}

static void stop(uint32_t proc)
{
    vtime_proc_stop(page, proc);
}

static void go_on(uint32_t proc)
{
    vtime_proc_go_on(page, proc);
}

/* Whoever stops itself hands the token on before. */
static long stop_all(struct call *real, int pid)
{
    (void)each_meant(pid, stop);
    if (!my_process()->is_stopped)
        return call_native(real);
    vtime_make_ready(page, my_thread, VTIME_EVENT);
    token_give_away();
    (void)call_native(real);
    token_await();
    return 0;
}

/* Sends a signal by the call 'real', which the kernel understands. */
static long send_signal(struct call *real, int pid, int signal)
{
    long r;

    if (signal == SIGSTOP)
        return stop_all(real, pid);
    r = call_native(real);
    if (!r && signal == SIGKILL && each_meant(pid, mark_dying))
        token_lend();
    else if (!r && signal == SIGCONT)
        (void)each_meant(pid, go_on);
    return r;
}

static long to_process(struct call *c)
{
    struct call real = *c;

    real.arg[0] = pid_real((int)c->arg[0]);
    return send_signal(&real, (int)real.arg[0], (int)c->arg[1]);
}

long call_kill(struct call *c)
{
    return to_process(c);
}

long call_rt_sigqueueinfo(struct call *c)
{
    return to_process(c);
}

long call_pidfd_send_signal(struct call *c)
{
    struct wait pause = { .deadline_ns = page->now_ns + 1 };
    long r = call_native(c);

    if (!r && c->arg[1] == SIGKILL)     /* whoever it was: it is gone before time moves */
        (void)wait_for(c, &pause);
    return r;
}

void mark_signalled(int tid)
{
    for (uint32_t i = 0; i < page->n_threads; i++) {
        struct vtime_thread *t = &page->threads[i];

        if (t->state == VTIME_WAITING && t->tid == tid)
            t->is_signalled = 1;
    }
}

long call_tkill(struct call *c)
{
    int tid = pid_real((int)c->arg[0]);

    mark_signalled(tid);
    return RAW(SYS_tkill, tid, c->arg[1]);
}

static long to_thread_of(struct call *c)
{
    struct call real = *c;
    int pid = pid_real((int)c->arg[0]);

    real.arg[0] = pid;
    real.arg[1] = pid_real((int)c->arg[1]);
    mark_signalled((int)real.arg[1]);
    return send_signal(&real, pid, (int)c->arg[2]);
}

long call_tgkill(struct call *c)
{
    return to_thread_of(c);
}

long call_rt_tgsigqueueinfo(struct call *c)
{
    return to_thread_of(c);
}

static const char ptrace_text[] = "dpsim: no program can be in virtual time and be traced by another one there (gdb, strace): "
                                  "--time lockstep does without the former\n";

/* Who is traced stops at each signal, and here every system call is one. */
long call_ptrace(struct call *c)
{
    static bool has_said;

    (void)c;
    if (!has_said)
        (void)RAW(SYS_write, STDERR_FILENO, ptrace_text, sizeof(ptrace_text) - 1);
    has_said = true;
    return -EPERM;
}
