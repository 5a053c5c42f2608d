/* trap.c - every system call of the program comes here. SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>

#include "tools/time/core.h"
#include "tools/time/stub.h"

#define MASK_SIZE 8

enum { SET_SYSCALL_USER_DISPATCH = 59, DISPATCH_ON = 1 };       /* prctl(), Linux 5.11 */
enum { SA_HAS_RESTORER = 0x04000000 };

/* The kernel looks at it at each system call of its thread. */
static __thread volatile char selector;
enum { PASS = 0, TRAP = 1 };

long call_native(struct call *c)
{
    return raw_call(c->nr, c->arg[0], c->arg[1], c->arg[2], c->arg[3], c->arg[4], c->arg[5]);
}

/* A call that has failed has changed nothing, with an exception. Those that wait halfway say so themselves. */
static bool has_effect(const struct call_row *row, long result)
{
    return !(row->flags & CALL_QUIET) && (result >= 0 || result == -EINPROGRESS);
}

static long dispatch(struct call *c, const struct call_row *row)
{
    long r = row->run ? row->run(c) : call_native(c);

    if (has_effect(row, r))
        atomic_fetch_add(&page->change, 1);
    spin_called(c, r);
    return r;
}

static const struct call_row *row_of(long nr)
{
    static const struct call_row native;

    return nr >= 0 && (size_t)nr < n_call_rows ? &call_rows[nr] : &native;
}

static void handle(int signal, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;
    greg_t *r = uc->uc_mcontext.gregs;
    const struct call_row *row = row_of(info->si_syscall);
    struct call c = {
        .nr = info->si_syscall,
        .arg = { r[REG_RDI], r[REG_RSI], r[REG_RDX], r[REG_R10], r[REG_R8], r[REG_R9] },
        .context = uc,
    };
    long result = dispatch(&c, row);

    (void)signal;
    if (result == -EINTR && (row->flags & CALL_RESTART) && signal_restarts(*mask_of(&c))) {
        r[REG_RIP] -= 2;        /* the syscall instruction, made once more after the signal's handler */
        r[REG_RAX] = c.nr;
    } else {
        r[REG_RAX] = result;
    }
}

long trap_install(void)
{
    const struct {
        void (*handler)(int, siginfo_t *, void *);
        unsigned long flags;
        void (*restorer)(void);
        uint64_t mask;
    } action = { handle, SA_SIGINFO | SA_HAS_RESTORER, stub_sigreturn, UINT64_MAX };

    return RAW(SYS_rt_sigaction, SIGSYS, &action, NULL, MASK_SIZE);
}

long trap_arm(void)
{
    selector = TRAP;
    return RAW(SYS_prctl, SET_SYSCALL_USER_DISPATCH, DISPATCH_ON, __start_stub,
               __stop_stub - __start_stub, &selector);
}

/* For those who speak with the simulator: what they say and hear until 'on' is 0 again is no part of the program,
 * and the simulator answers while the caller keeps the token. Returns what it was before; 0 without virtual time. */
EXPORT int dpsim_time_outside(int on)
{
    int before = page && selector == PASS;

    if (page)
        selector = on ? PASS : TRAP;
    return before;
}
