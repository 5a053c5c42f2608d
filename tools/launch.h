/* launch.h - starting a program that sees the simulator instead of the kernel.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_LAUNCH_H
#define TOOLS_LAUNCH_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

/* Exit statuses, as of a shell, when PROGRAM is not started. */
#define LAUNCH_REFUSED   126
#define LAUNCH_NOT_FOUND 127

/* The environment for a program of the simulator at 'socket', whose time may be virtual: this process's own
 * with LD_PRELOAD, ASAN_OPTIONS, DPSIM_SOCKET, DPSIM_NETNS and DPSIM_TIME put right. A new string array (g_strfreev), or
 * NULL with 'e' when the preload library is not where it should be. */
char **launch_environ(const char *socket, bool is_virtual, struct err *e);

/* Does a simulator listen at 'socket_path'? 0, with '*is_virtual' set, or -errno. */
int launch_check(const char *socket_path, bool *is_virtual, struct err *e);

/* Becomes argv[0], looked up in PATH, with the signal mask 'mask' and guard.h's guard on; in virtual time, as
 * 'env' has it, without random addresses. Returns only on failure: -errno. */
int launch_become(char **argv, char **env, const sigset_t *mask);

/* Where a program finds itself. */
struct launch_place {
    const char *folder;         /* NULL: this process's own */
    int out;                    /* its standard output and error, and nothing is on its input; -1: all as here */
};

/* The same in a child. 'place' NULL: as here. Returns 0 or -errno. */
int launch_spawn(char **argv, char **env, const sigset_t *mask, const struct launch_place *place,
                 pid_t *pid, struct err *e);

#endif
