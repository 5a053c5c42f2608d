/* trap.c - every system call of the program comes here.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <sys/prctl.h>

#include "tools/time/stub.h"

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#define PR_SYS_DISPATCH_ON 1
#endif

/* The kernel looks at it at each system call of its thread: pass or trap. */
static __thread volatile char selector;
enum { SELECT_PASS = 0, SELECT_TRAP = 1 };

long call_native(struct call *c)
{
    return raw_call(c->nr, c->arg[0], c->arg[1], c->arg[2], c->arg[3], c->arg[4], c->arg[5]);
}

static long dispatch(struct call *c)
{
    const struct call_row *row = &call_rows[c->nr];

    if (c->nr < 0 || (size_t)c->nr >= n_call_rows || !row->run)
        return call_native(c);
    return row->run(c);
}

/* For init.c: a handler of SIGSYS. */
void trap_handle(int signal, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;
    greg_t *r = uc->uc_mcontext.gregs;
    struct call c = {
        .nr = info->si_syscall,
        .arg = { r[REG_RDI], r[REG_RSI], r[REG_RDX], r[REG_R10], r[REG_R8], r[REG_R9] },
        .context = uc,
    };

    (void)signal;
    r[REG_RAX] = dispatch(&c);
}

/* For init.c and thread.c: from now on the calling thread's system calls are trapped. */
long trap_arm(void)
{
    selector = SELECT_TRAP;
    return RAW(SYS_prctl, PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, __start_stub,
               __stop_stub - __start_stub, &selector);
}
