/* signals.c - signals: pending ones end waiting, and none of the program's doings may block ours.
 *
 * While a call is done here, all signals are blocked; the kernel delivers what is pending when the handler
 * of SIGSYS returns, with the program's mask. Where the program wants a signal during a wait with another
 * mask (sigsuspend, ppoll), the kernel's own call is made as soon as one is pending: it runs the
 * program's handler right there, above us.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "tools/time/core.h"
#include "tools/time/stub.h"

#define MASK_SIZE 8
#define OURS SIGNAL_BIT(SIGSYS)

struct kernel_action {
    void (*handler)(int);
    unsigned long flags;
    void (*restorer)(void);
    uint64_t mask;
};

static struct kernel_action programs_sigsys;    /* what the program believes of SIGSYS */

/* ---- which signals end waiting ------------------------------------------------------------------- */

static bool is_ignored_by_default(int signal)
{
    return signal == SIGCHLD || signal == SIGURG || signal == SIGWINCH || signal == SIGCONT;
}

static bool is_ignored(int signal)
{
    struct kernel_action action;

    if (RAW(SYS_rt_sigaction, signal, NULL, &action, MASK_SIZE))
        return false;
    return action.handler == SIG_IGN || (action.handler == SIG_DFL && is_ignored_by_default(signal));
}

uint64_t signals_waking(void)
{
    uint64_t pending = 0;

    (void)RAW(SYS_rt_sigpending, &pending, MASK_SIZE);
    for (uint64_t left = pending; left; left &= left - 1) {
        int signal = __builtin_ctzll(left) + 1;

        if (is_ignored(signal))
            pending &= ~SIGNAL_BIT(signal);
    }
    return pending;
}

bool signal_is_due(uint64_t mask)
{
    return signals_waking() & ~mask;
}

bool signal_restarts(uint64_t mask)
{
    uint64_t due = signals_waking() & ~mask;
    struct kernel_action action;

    /* The lowest number is delivered first. By default: it ends the process, or stops and lets it go on. */
    if (!due || RAW(SYS_rt_sigaction, __builtin_ctzll(due) + 1, NULL, &action, MASK_SIZE))
        return false;
    return action.handler == SIG_DFL || (action.flags & SA_RESTART);
}

/* ---- masks and actions --------------------------------------------------------------------------- */

long call_rt_sigprocmask(struct call *c)
{
    const uint64_t *set = (const uint64_t *)c->arg[1];
    uint64_t *old = (uint64_t *)c->arg[2], *mask = mask_of(c), was = *mask;

    if (c->arg[3] != MASK_SIZE)
        return -EINVAL;
    if (set) {
        uint64_t wanted = *set & ~(OURS | SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP));

        if (c->arg[0] == SIG_BLOCK)
            *mask |= wanted;
        else if (c->arg[0] == SIG_UNBLOCK)
            *mask &= ~wanted;
        else if (c->arg[0] == SIG_SETMASK)
            *mask = wanted;
        else
            return -EINVAL;
    }
    if (old)
        *old = was;
    return 0;
}

/* SIGSYS stays ours: the program is told what it has set, and that is all. */
static long sigsys_action(const struct kernel_action *new, struct kernel_action *old)
{
    struct kernel_action was = programs_sigsys;

    if (new)
        programs_sigsys = *new;
    if (old)
        *old = was;
    return 0;
}

long call_rt_sigaction(struct call *c)
{
    const struct kernel_action *new = (const struct kernel_action *)c->arg[1];
    struct kernel_action action;

    if (c->arg[0] == SIGSYS)
        return sigsys_action(new, (struct kernel_action *)c->arg[2]);
    if (!new)
        return call_native(c);
    action = *new;
    action.mask &= ~OURS;       /* its handler makes calls, too */
    return RAW(SYS_rt_sigaction, c->arg[0], &action, c->arg[2], c->arg[3]);
}

/* The end of a handler of the program's: its frame is where the stack was at the call. */
long call_rt_sigreturn(struct call *c)
{
    stub_leave((unsigned long)c->context->uc_mcontext.gregs[REG_RSP]);
}

/* Our own return sets what the context says. */
long call_sigaltstack(struct call *c)
{
    long r = call_native(c);

    if (!r && c->arg[0])
        c->context->uc_stack = *(const stack_t *)c->arg[0];
    return r;
}

/* ---- waiting for signals ------------------------------------------------------------------------- */

long call_rt_sigsuspend(struct call *c)
{
    uint64_t mask = *(const uint64_t *)c->arg[0] & ~OURS;
    struct wait w = { .mask = &mask };

    while (wait_for(c, &w) != -EINTR)
        ;
    return RAW(SYS_rt_sigsuspend, &mask, MASK_SIZE);
}

long call_pause(struct call *c)
{
    struct wait w = { 0 };

    while (wait_for(c, &w) != -EINTR)
        ;
    return -EINTR;
}

static long take_signal(struct call *c)
{
    static const struct timespec at_once = { 0 };
    siginfo_t *info = (siginfo_t *)c->arg[1];
    long r = RAW(SYS_rt_sigtimedwait, c->arg[0], info, &at_once, c->arg[3]);

    if (r > 0 && info && (info->si_code == SI_USER || info->si_code == SI_TKILL || r == SIGCHLD))
        info->si_pid = pid_virtual(info->si_pid);
    return r;
}

/* Also of those that would be ignored. */
static bool is_pending(struct wait *w)
{
    uint64_t pending = 0;

    (void)RAW(SYS_rt_sigpending, &pending, MASK_SIZE);
    return pending & *(const uint64_t *)w->arg;
}

long call_rt_sigtimedwait(struct call *c)
{
    const struct timespec *timeout = (const struct timespec *)c->arg[2];
    struct wait w = { .is_over = is_pending, .arg = (void *)c->arg[0] };
    long r, taken;

    if (timeout)
        w.deadline_ns = page->now_ns + (uint64_t)timeout->tv_sec * NS_PER_S + (uint64_t)timeout->tv_nsec;
    for (;;) {
        taken = take_signal(c);
        if (taken != -EAGAIN)
            return taken;
        r = wait_for(c, &w);
        if (r == -ETIMEDOUT)
            return -EAGAIN;
        if (r == -EINTR)
            return r;
    }
}
