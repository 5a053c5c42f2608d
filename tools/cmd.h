/* cmd.h - the subcommands of dpsim. Each gets its own argv (argv[0] is its name) and returns
 * the exit status: 0, 1 for a failure, 2 for a misuse that it has explained on stderr.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_CMD_H
#define TOOLS_CMD_H

int cmd_run(int argc, char **argv);
int cmd_serve(int argc, char **argv);
int cmd_exec(int argc, char **argv);
int cmd_test(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_do(int argc, char **argv);
int cmd_show(int argc, char **argv);
int cmd_replay(int argc, char **argv);

#endif
