/* init.c - a program begins: it joins the others if there is a simulator with virtual time.
 *
 * The linker makes this library's constructor the first of all (-z initfirst), before libc's own: nothing of a
 * program runs in real time but the loader. SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>

#include "tools/time/core.h"
#include "tools/time/join.h"

static void start_others(void)
{
    if (vdso_replace)
        vdso_replace();
    if (entropy_start)
        entropy_start();
    if (timers_start)
        timers_start();
}

static void start(void)
{
    uint64_t all = UINT64_MAX, mask;
    bool holds;

    (void)RAW(SYS_rt_sigprocmask, SIG_SETMASK, &all, &mask, sizeof(mask));
    if (!join(VTIME_NONE, &holds)) {
        if (trap_install() || trap_arm())
            (void)RAW(SYS_exit_group, 127);
        if (!holds)
            token_await();
        start_others();
    }
    mask &= ~SIGNAL_BIT(SIGSYS);
    (void)RAW(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, sizeof(mask));
}

__attribute__((constructor)) static void init(int argc, char **argv, char **environment)
{
    (void)argc;
    (void)argv;
    if (join_is_wanted(environment))
        start();
}
