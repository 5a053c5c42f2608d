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

/* Marks those that 'pid', as kill() understands it, names. True: there are any. */
static bool mark_dying(int pid)
{
    bool found = false;

    for (uint32_t i = 0; i < page->n_procs; i++) {
        struct vtime_proc *p = &page->procs[i];

        if (p->is_used && is_meant(pid, p)) {
            p->is_dying = 1;
            found = true;
        }
    }
    return found;
}

/* 'r': what the kernel has said to it. */
static long await_death(int pid, int signal, long r)
{
    if (!r && signal == SIGKILL && mark_dying(pid))
        token_lend();
    return r;
}

long call_kill(struct call *c)
{
    int pid = pid_real((int)c->arg[0]), signal = (int)c->arg[1];

    return await_death(pid, signal, RAW(SYS_kill, pid, signal));
}

long call_rt_sigqueueinfo(struct call *c)
{
    int pid = pid_real((int)c->arg[0]), signal = (int)c->arg[1];

    return await_death(pid, signal, RAW(SYS_rt_sigqueueinfo, pid, signal, c->arg[2]));
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
    return await_death(pid, (int)c->arg[2], call_native(&real));
}

long call_tgkill(struct call *c)
{
    return to_thread_of(c);
}

long call_rt_tgsigqueueinfo(struct call *c)
{
    return to_thread_of(c);
}
