/* core.h - what the files that pass the token share, beside time.h. SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_H
#define CORE_H

#include "tools/time/time.h"

#define SIGNAL_BIT(signal) (UINT64_C(1) << ((signal) - 1))

/* ---- page.c: who this is ------------------------------------------------------------------------- */

extern uint32_t my_proc;                /* indexes in the page */
extern __thread uint32_t my_thread;

static inline struct vtime_thread *me(void)
{
    return &page->threads[my_thread];
}

static inline struct vtime_proc *my_process(void)
{
    return &page->procs[my_proc];
}

static inline bool is_mine(const struct vtime_thread *t)
{
    return t->proc == my_proc;
}

int pid_real(int vpid);                 /* also of groups and sessions: -vpid; 0 and -1 stay */
int pid_virtual(int pid);

static inline uint64_t *mask_of(const struct call *c)
{
    return (uint64_t *)&c->context->uc_sigmask;
}

/* ---- join.c: the connection to the simulator ----------------------------------------------------- */

/* Connects and maps the page, as process 'proc' of it (VTIME_NONE: the simulator knows). 0 or -errno. Without
 * the token, unless '*holds', this thread's turn is yet to come: token_await(). */
long join(uint32_t proc, bool *holds);
void join_forget(void);                 /* in a new child: the connection is the parent's */
void join_tell(void);                   /* the token is the simulator's */
bool join_is_lost(void);                /* the simulator has gone */

/* ---- trap.c --------------------------------------------------------------------------------------- */

long trap_install(void);                /* the handler of SIGSYS */
long trap_arm(void);                    /* from now on the calling thread's calls are trapped */

/* ---- token.c -------------------------------------------------------------------------------------- */

/* Hands the token on; returns when it is back and this thread shall go on: it was made ready before. */
void token_pass(void);
/* For a new thread: the same without having it. */
void token_await(void);
void token_give(uint32_t thread, enum vtime_order order);
void token_give_away(void);             /* to the simulator, without waiting for it to come back */
/* The simulator does what has to be done now; this thread goes on after that. */
void token_lend(void);

/* Real waiting on a word of the page or of the program, for those who keep the token meanwhile. */
void word_wait(_Atomic uint32_t *word, uint32_t value, unsigned most_ms);
void word_wake(_Atomic uint32_t *word);

/* ---- wait.c --------------------------------------------------------------------------------------- */

void wait_check(void);                  /* which threads of this process can go on */
void wait_forked(uint32_t parent_thread);
/* Makes threads of this process ready that wait for 'futex': at most 'n', oldest first. How many. */
int wait_wake(const uint32_t *futex, uint32_t bitset, int n);
/* Moves at most 'n' of those that remain to another futex. How many. */
int wait_move(const uint32_t *from, uint32_t *to, int n);

/* ---- signals.c ------------------------------------------------------------------------------------ */

bool signal_is_due(uint64_t mask);      /* is one pending for this thread that ends waiting? */
uint64_t signals_waking(void);          /* those pending here that are not ignored */
/* Does the signal that ends the wait of this thread let the call go on afterwards? */
bool signal_restarts(uint64_t mask);

/* ---- kill.c ------------------------------------------------------------------------------------------ */

/* A signal of its own has been sent to that thread (the machine's number): it looks. */
void mark_signalled(int tid);

/* ---- clone.c -------------------------------------------------------------------------------------- */

void thread_bury(void);                 /* see VTIME_BURY */

/* ---- rows, by system call ------------------------------------------------------------------------- */

call_fn call_clone, call_clone3, call_fork, call_vfork, call_exit, call_execve, call_execveat;
call_fn call_futex;
call_fn call_poll, call_ppoll, call_select, call_pselect6, call_epoll_wait, call_epoll_pwait, call_epoll_pwait2;
call_fn call_read, call_readv, call_recvfrom, call_recvmsg, call_recvmmsg, call_accept;
call_fn call_write, call_writev, call_sendto, call_sendmsg, call_sendmmsg, call_flock;
call_fn call_nanosleep, call_clock_nanosleep, call_sched_yield;
call_fn call_wait4, call_waitid;
call_fn call_path, call_path_at, call_readlink, call_readlinkat;
call_fn call_close, call_close_range, call_dup, call_dup2, call_dup3, call_fcntl, call_openat, call_open;
call_fn call_rt_sigaction, call_rt_sigprocmask, call_rt_sigreturn, call_rt_sigsuspend, call_rt_sigtimedwait,
    call_pause, call_sigaltstack, call_kill, call_tgkill, call_tkill, call_rt_sigqueueinfo,
    call_rt_tgsigqueueinfo, call_pidfd_send_signal, call_ptrace;
call_fn call_getpid, call_gettid, call_getppid, call_pid_arg, call_pid_arg_and_result, call_pid_result,
    call_setpgid, call_priority, call_getsockopt, call_prctl, call_set_tid_address, call_ioctl;

#endif
