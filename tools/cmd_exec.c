/* cmd_exec.c - dpsim exec: becomes a program that sees a simulator that is already there.
 * SPDX-License-Identifier: Apache-2.0 */
#include <glib.h>
#include <signal.h>
#include <stdio.h>

#include "tools/cmd.h"
#include "tools/launch.h"
#include "tools/options.h"
#include "tools/program.h"

int cmd_exec(int argc, char **argv)
{
    struct err e = { 0 };
    struct options o;
    bool is_virtual;
    sigset_t mask;
    char **env;
    int rc = options_read(argc, argv, OPTION_SOCKET | OPTION_NETNS | OPTION_STATIC | OPTION_PROGRAM,
                          &o);

    if (rc >= 0)
        return rc;
    if (!o.socket)
        o.socket = g_getenv("DPSIM_SOCKET");
    if (!o.socket) {
        fprintf(stderr, "dpsim exec: neither --socket nor DPSIM_SOCKET names a simulator\n");
        return 2;
    }
    if (!o.may_be_static && program_check(o.program[0], &e)) {
        fprintf(stderr, "dpsim exec: %s\n", e.text);
        return LAUNCH_REFUSED;
    }
    env = launch_check(o.socket, &is_virtual, &e) ? NULL : launch_environ(o.socket, is_virtual, &e);
    if (!env) {
        fprintf(stderr, "dpsim exec: %s\n", e.text);
        return 1;
    }
    if (o.netns)
        env = g_environ_setenv(env, "DPSIM_NETNS", o.netns, TRUE);
    (void)sigprocmask(SIG_BLOCK, NULL, &mask);
    rc = launch_become(o.program, env, &mask);
    fprintf(stderr, "dpsim exec: cannot start %s: %s\n", o.program[0], g_strerror(-rc));
    g_strfreev(env);
    return LAUNCH_NOT_FOUND;
}
