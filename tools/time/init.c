/* init.c - a program begins: it joins the others if there is a simulator with virtual time.
 *
 * The linker makes this library's constructor the first of all (-z initfirst), before libc's own: nothing of a
 * program runs in real time but the loader. SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>

#include "tools/time/core.h"
#include "tools/time/join.h"

static void start_others(void)
{
    vdso_replace();
    entropy_start();
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

/* valgrind's own question, which is a row of shifts to everybody else. */
static bool is_on_valgrind(void)
{
    enum { RUNNING_ON_VALGRIND = 0x1001 };
    uint64_t question[6] = { RUNNING_ON_VALGRIND }, answer = 0;

    __asm__ volatile("rol $3, %%rdi\n rol $13, %%rdi\n rol $61, %%rdi\n rol $51, %%rdi\n xchg %%rbx, %%rbx"
                     : "+d"(answer)
                     : "a"(question)
                     : "cc", "memory");
    return answer;
}

_Noreturn static void refuse(const char *why, size_t len)
{
    (void)RAW(SYS_write, 2, why, len);
    (void)RAW(SYS_exit_group, 126);
    __builtin_unreachable();
}

static const char valgrind_text[] = "dpsim: no program can be in virtual time and under valgrind at once: "
                                    "--time lockstep does without the former\n";

__attribute__((constructor)) static void init(int argc, char **argv, char **environment)
{
    (void)argc;
    (void)argv;
    if (!join_is_wanted(environment))
        return;
    if (is_on_valgrind())
        refuse(valgrind_text, sizeof(valgrind_text) - 1);
    start();
}
