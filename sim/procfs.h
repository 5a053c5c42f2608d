/* procfs.h - what the kernel tells of processes and threads, as text below /proc.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_PROCFS_H
#define SIM_PROCFS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Of /proc/PID/stat and /proc/PID/task/TID/stat. */
struct procfs_stat {
    char name[32];
    char state;                 /* R, S, D, T, t, Z, X, ...: proc(5) */
    pid_t parent;               /* of the process */
    bool is_ending;             /* from before its descriptors are closed */
};

/* False: that is not what such a file says. */
bool procfs_parse_stat(const char *text, struct procfs_stat *out);

/* Of /proc/PID/task/TID/schedstat: times that the thread has been put on a CPU. */
bool procfs_parse_schedstat(const char *text, uint64_t *n_runs);

/* A line of /proc/PID/net/unix. */
struct procfs_unix {
    uint64_t inode;
    bool is_listening;
    const char *path;           /* in the line; empty: it has none */
};

bool procfs_parse_unix(const char *line, struct procfs_unix *out);

/* False: there is no such process (any more). */
bool procfs_stat(pid_t pid, struct procfs_stat *out);

/* Waits for its end, to be a zombie, at most so long. 'pidfd' -1: there is none, as valgrind 3.19 knows of none. */
bool procfs_has_ended(pid_t pid, int pidfd, int timeout_ms);

/* "ovs-vswitchd (pid 12), thread 14 handler3, state R, system call 7": for people. */
void procfs_describe(GString *out, pid_t pid, pid_t tid);

#endif
