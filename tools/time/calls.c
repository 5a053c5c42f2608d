/* calls.c - the table: which system calls are other than the kernel's under virtual time, and which are the
 * same and disturb nobody. What has no row is the kernel's, and may end anybody's wait.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tools/time/core.h"

#define SAME { NULL, CALL_QUIET }

/* clang-format off */
const struct call_row call_rows[] = {
    /* processes and threads */
    [SYS_clone]             = { call_clone },
    [SYS_clone3]            = { call_clone3 },
    [SYS_fork]              = { call_fork },
    [SYS_vfork]             = { call_vfork },
    [SYS_execve]            = { call_execve },
    [SYS_execveat]          = { call_execveat },
    [SYS_ptrace]            = { call_ptrace, CALL_QUIET },
    [SYS_exit]              = { call_exit },
    [SYS_wait4]             = { call_wait4, CALL_RESTART },
    [SYS_waitid]            = { call_waitid, CALL_RESTART },
    [SYS_futex]             = { call_futex, CALL_QUIET | CALL_RESTART },
    [SYS_sched_yield]       = { call_sched_yield, CALL_QUIET },

    /* their numbers */
    [SYS_getpid]            = { call_getpid, CALL_QUIET },
    [SYS_gettid]            = { call_gettid, CALL_QUIET },
    [SYS_getppid]           = { call_pid_result, CALL_QUIET },
    [SYS_getpgrp]           = { call_pid_result, CALL_QUIET },
    [SYS_getpgid]           = { call_pid_arg_and_result, CALL_QUIET },
    [SYS_getsid]            = { call_pid_arg_and_result, CALL_QUIET },
    [SYS_setsid]            = { call_pid_result, CALL_QUIET },
    [SYS_setpgid]           = { call_setpgid, CALL_QUIET },
    [SYS_set_tid_address]   = { call_set_tid_address, CALL_QUIET },
    [SYS_pidfd_open]        = { call_pid_arg, CALL_QUIET },
    [SYS_prlimit64]         = { call_pid_arg, CALL_QUIET },
    [SYS_sched_setaffinity] = { call_pid_arg, CALL_QUIET },
    [SYS_sched_getaffinity] = { call_pid_arg, CALL_QUIET },
    [SYS_sched_setscheduler] = { call_pid_arg, CALL_QUIET },
    [SYS_sched_getscheduler] = { call_pid_arg, CALL_QUIET },
    [SYS_sched_setparam]    = { call_pid_arg, CALL_QUIET },
    [SYS_sched_getparam]    = { call_pid_arg, CALL_QUIET },
    [SYS_getpriority]       = { call_priority, CALL_QUIET },
    [SYS_setpriority]       = { call_priority, CALL_QUIET },
    [SYS_getsockopt]        = { call_getsockopt, CALL_QUIET },
    [SYS_ioctl]             = { call_ioctl },
    [SYS_prctl]             = { call_prctl, CALL_QUIET },

    /* signals */
    [SYS_rt_sigaction]      = { call_rt_sigaction, CALL_QUIET },
    [SYS_rt_sigprocmask]    = { call_rt_sigprocmask, CALL_QUIET },
    [SYS_rt_sigreturn]      = { call_rt_sigreturn, CALL_QUIET },
    [SYS_rt_sigsuspend]     = { call_rt_sigsuspend, CALL_QUIET },
    [SYS_rt_sigtimedwait]   = { call_rt_sigtimedwait, CALL_QUIET },
    [SYS_pause]             = { call_pause, CALL_QUIET },
    [SYS_sigaltstack]       = { call_sigaltstack, CALL_QUIET },
    [SYS_kill]              = { call_kill },
    [SYS_tkill]             = { call_tkill },
    [SYS_tgkill]            = { call_tgkill },
    [SYS_rt_sigqueueinfo]   = { call_rt_sigqueueinfo },
    [SYS_rt_tgsigqueueinfo] = { call_rt_tgsigqueueinfo },
    [SYS_pidfd_send_signal] = { call_pidfd_send_signal },

    /* waiting for descriptors */
    [SYS_poll]              = { call_poll, CALL_QUIET },
    [SYS_ppoll]             = { call_ppoll, CALL_QUIET },
    [SYS_select]            = { call_select, CALL_QUIET },
    [SYS_pselect6]          = { call_pselect6, CALL_QUIET },
    [SYS_epoll_wait]        = { call_epoll_wait, CALL_QUIET },
    [SYS_epoll_pwait]       = { call_epoll_pwait, CALL_QUIET },
    [SYS_epoll_pwait2]      = { call_epoll_pwait2, CALL_QUIET },

    /* reading and writing */
    [SYS_read]              = { call_read, CALL_RESTART },
    [SYS_readv]             = { call_readv, CALL_RESTART },
    [SYS_recvfrom]          = { call_recvfrom, CALL_RESTART },
    [SYS_recvmsg]           = { call_recvmsg, CALL_RESTART },
    [SYS_recvmmsg]          = { call_recvmmsg, CALL_RESTART },
    [SYS_accept]            = { call_accept, CALL_RESTART },
    [SYS_accept4]           = { call_accept, CALL_RESTART },
    [SYS_write]             = { call_write, CALL_RESTART },
    [SYS_writev]            = { call_writev, CALL_RESTART },
    [SYS_sendto]            = { call_sendto, CALL_RESTART },
    [SYS_sendmsg]           = { call_sendmsg, CALL_RESTART },
    [SYS_sendmmsg]          = { call_sendmmsg, CALL_RESTART },
    [SYS_flock]             = { call_flock, CALL_RESTART },

    /* descriptors */
    [SYS_close]             = { call_close },
    [SYS_close_range]       = { call_close_range },
    [SYS_dup]               = { call_dup, CALL_QUIET },
    [SYS_dup2]              = { call_dup2 },
    [SYS_dup3]              = { call_dup3 },
    [SYS_fcntl]             = { call_fcntl, CALL_RESTART },
    [SYS_open]              = { call_open },
    [SYS_openat]            = { call_openat },

    /* names of files */
    [SYS_stat]              = { call_path, CALL_QUIET },
    [SYS_lstat]             = { call_path, CALL_QUIET },
    [SYS_access]            = { call_path, CALL_QUIET },
    [SYS_newfstatat]        = { call_path_at, CALL_QUIET },
    [SYS_statx]             = { call_path_at, CALL_QUIET },
    [SYS_faccessat]         = { call_path_at, CALL_QUIET },
    [SYS_faccessat2]        = { call_path_at, CALL_QUIET },
    [SYS_readlink]          = { call_readlink, CALL_QUIET },
    [SYS_readlinkat]        = { call_readlinkat, CALL_QUIET },

    /* time */
    [SYS_nanosleep]         = { call_nanosleep, CALL_QUIET },
    [SYS_clock_nanosleep]   = { call_clock_nanosleep, CALL_QUIET },
    [SYS_clock_gettime]     = { call_clock_gettime, CALL_QUIET },
    [SYS_clock_getres]      = { call_clock_getres, CALL_QUIET },
    [SYS_gettimeofday]      = { call_gettimeofday, CALL_QUIET },
    [SYS_time]              = { call_time, CALL_QUIET },
    [SYS_getcpu]            = { call_getcpu, CALL_QUIET },
    [SYS_timerfd_create]    = { call_timerfd_create, CALL_QUIET },
    [SYS_timerfd_settime]   = { call_timerfd_settime },
    [SYS_timerfd_gettime]   = { call_timerfd_gettime, CALL_QUIET },
    [SYS_timer_create]      = { call_timer_create, CALL_QUIET },
    [SYS_timer_settime]     = { call_timer_settime },
    [SYS_timer_gettime]     = { call_timer_gettime, CALL_QUIET },
    [SYS_timer_getoverrun]  = { call_timer_getoverrun, CALL_QUIET },
    [SYS_timer_delete]      = { call_timer_delete, CALL_QUIET },
    [SYS_setitimer]         = { call_setitimer },
    [SYS_getitimer]         = { call_getitimer, CALL_QUIET },
    [SYS_alarm]             = { call_alarm },

    /* chance, and what the machine is doing */
    [SYS_clock_settime]     = { call_clock_settime, CALL_QUIET },
    [SYS_settimeofday]      = { call_clock_settime, CALL_QUIET },
    [SYS_adjtimex]          = { call_adjtimex, CALL_QUIET },
    [SYS_clock_adjtime]     = { call_adjtimex, CALL_QUIET },
    [SYS_uname]             = { call_uname, CALL_QUIET },
    [SYS_getuid]            = { call_user, CALL_QUIET },
    [SYS_geteuid]           = { call_user, CALL_QUIET },
    [SYS_getgid]            = { call_user, CALL_QUIET },
    [SYS_getegid]           = { call_user, CALL_QUIET },
    [SYS_getrandom]         = { call_getrandom, CALL_QUIET },
    [SYS_getrusage]         = { call_getrusage, CALL_QUIET },
    [SYS_times]             = { call_times, CALL_QUIET },
    [SYS_sysinfo]           = { call_sysinfo, CALL_QUIET },

    [SYS_mmap] = SAME, [SYS_munmap] = SAME, [SYS_mprotect] = SAME, [SYS_mremap] = SAME, [SYS_madvise] = SAME,
    [SYS_brk] = SAME, [SYS_fstat] = SAME,
    [SYS_getcwd] = SAME, [SYS_lseek] = SAME, [SYS_pread64] = SAME,
    [SYS_getdents64] = SAME,
    [SYS_arch_prctl] = SAME, [SYS_rseq] = SAME, [SYS_set_robust_list] = SAME,
    [SYS_umask] = SAME, [SYS_socket] = SAME, [SYS_getsockname] = SAME, [SYS_getpeername] = SAME,
    [SYS_rt_sigpending] = SAME, [SYS_epoll_create1] = SAME, [SYS_eventfd2] = SAME, [SYS_pipe2] = SAME,
};
/* clang-format on */
const size_t n_call_rows = ARRAY_SIZE(call_rows);
