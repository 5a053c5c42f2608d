/* pids.c - process and thread ids: clients see numbers in order of birth, the kernel wants its own.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "tools/time/core.h"

static long virtual_of(long r)
{
    return r > 0 ? pid_virtual((int)r) : r;
}

long call_getpid(struct call *c)
{
    (void)c;
    return my_process()->vpid;
}

long call_gettid(struct call *c)
{
    (void)c;
    return me()->vtid;
}

long call_set_tid_address(struct call *c)
{
    (void)call_native(c);
    return me()->vtid;
}

long call_pid_result(struct call *c)
{
    return virtual_of(call_native(c));
}

long call_pid_arg(struct call *c)
{
    struct call real = *c;

    real.arg[0] = pid_real((int)c->arg[0]);
    return call_native(&real);
}

long call_pid_arg_and_result(struct call *c)
{
    return virtual_of(call_pid_arg(c));
}

long call_setpgid(struct call *c)
{
    return RAW(SYS_setpgid, pid_real((int)c->arg[0]), pid_real((int)c->arg[1]));
}

long call_priority(struct call *c)
{
    struct call real = *c;

    if (c->arg[0] != PRIO_USER)
        real.arg[1] = pid_real((int)c->arg[1]);
    return call_native(&real);
}

long call_getsockopt(struct call *c)
{
    long r = call_native(c);
    struct ucred *who = (struct ucred *)c->arg[3];

    if (!r && c->arg[1] == SOL_SOCKET && c->arg[2] == SO_PEERCRED)
        who->pid = pid_virtual(who->pid);
    return r;
}

/* ---- terminals ------------------------------------------------------------------------------------- */

static long set_group(struct call *c)
{
    int group = pid_real(*(int *)c->arg[2]);

    return RAW(SYS_ioctl, c->arg[0], c->arg[1], &group);
}

long call_ioctl(struct call *c)
{
    long r;

    if ((unsigned)c->arg[1] == TIOCSPGRP)
        return set_group(c);
    r = call_native(c);
    if (!r && ((unsigned)c->arg[1] == TIOCGPGRP || (unsigned)c->arg[1] == TIOCGSID))
        *(int *)c->arg[2] = pid_virtual(*(int *)c->arg[2]);
    return r;
}

/* ---- the rest -------------------------------------------------------------------------------------- */

/* The trap stays where it is. */
long call_prctl(struct call *c)
{
    enum { SET_SYSCALL_USER_DISPATCH = 59 };

    return c->arg[0] == SET_SYSCALL_USER_DISPATCH ? -EINVAL : call_native(c);
}
