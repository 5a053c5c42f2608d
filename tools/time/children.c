/* children.c - waiting for children. SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "tools/time/core.h"
#include "tools/time/machine.h"

struct which {
    long kind, id, options;     /* as waitid() has them */
};

/* Has one of them something to tell, or is there none? Looks without taking. */
static bool has_news(struct wait *w)
{
    const struct which *which = w->arg;
    siginfo_t info = { .si_pid = 0 };

    return RAW(SYS_waitid, which->kind, which->id, &info, which->options | WNOHANG | WNOWAIT, NULL) || info.si_pid;
}

/* wait4()'s way to say which. */
static struct which which_of(int pid, long options)
{
    struct which w = { .kind = P_ALL, .id = pid, .options = WEXITED | options };

    if (pid > 0)
        w.kind = P_PID;
    else if (pid != -1)
        w.kind = P_PGID;
    if (pid <= 0)
        w.id = pid < -1 ? -pid : 0;
    return w;
}

/* A child's: none of it was measured. */
static void put_usage(long at)
{
    if (at)
        *(struct rusage *)at = machine_usage(0);
}

long call_wait4(struct call *c)
{
    int pid = pid_real((int)c->arg[0]);
    struct which which = which_of(pid, c->arg[2] & ~(long)WNOHANG);
    struct wait w = { .is_over = has_news, .arg = &which };
    long r;

    for (;;) {
        r = RAW(SYS_wait4, pid, c->arg[1], c->arg[2] | WNOHANG, NULL);
        if (r > 0) {
            put_usage(c->arg[3]);
            return pid_virtual((int)r);
        }
        if (r < 0 || c->arg[2] & WNOHANG)
            return r;
        r = wait_for(c, &w);
        if (r)
            return r;
    }
}

static long waitid_now(struct call *c, const struct which *which, siginfo_t *info)
{
    long r;

    info->si_pid = 0;
    r = RAW(SYS_waitid, which->kind, which->id, info, which->options | WNOHANG, NULL);
    put_usage(c->arg[4]);
    info->si_pid = info->si_pid ? pid_virtual(info->si_pid) : 0;
    return r;
}

long call_waitid(struct call *c)
{
    bool is_number = c->arg[0] == P_PID || c->arg[0] == P_PGID;
    struct which which = { c->arg[0], is_number ? pid_real((int)c->arg[1]) : c->arg[1],
                           c->arg[3] & ~(long)WNOHANG };
    struct wait w = { .is_over = has_news, .arg = &which };
    siginfo_t room, *info = c->arg[2] ? (siginfo_t *)c->arg[2] : &room;
    long r;

    for (;;) {
        r = waitid_now(c, &which, info);
        if (r || info->si_pid || c->arg[3] & WNOHANG)
            return r;
        r = wait_for(c, &w);
        if (r)
            return r;
    }
}
