/* dpsim.c - the command: finds the subcommand in its table and runs it.
 * SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "tools/cmd.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* clang-format off */
static const struct subcommand {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} subcommands[] = {
    { "run",   cmd_run,   "start a simulator and a program that sees it instead of the kernel" },
    { "serve", cmd_serve, "start a simulator and keep it until it is interrupted" },
    { "exec",  cmd_exec,  "start a program that sees a simulator that is already there" },
    { "do",    cmd_do,    "send commands to a simulator that is already there" },
    { "show",  cmd_show,  "print the frames of capture files" },
    { "replay", cmd_replay, "play a recording again, and compare" },
    { "test",  cmd_test,  "run scenario files and compare what they produce" },
    { "explain", cmd_explain, "run one, and tell what has become of its packets" },
};
/* clang-format on */

static int help(void)
{
    printf("Usage: dpsim COMMAND [OPTIONS...] [ARGUMENTS...]\n"
           "An emulator of the Open vSwitch kernel datapath.\n\n");
    for (size_t i = 0; i < ARRAY_SIZE(subcommands); i++)
        printf("  %-7s %s\n", subcommands[i].name, subcommands[i].help);
    printf("\n'dpsim COMMAND --help' says more about one of them.\n");
    return 0;
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : NULL;

    /* A file-size limit is a failed write, told as such. */
    (void)signal(SIGXFSZ, SIG_IGN);
    if (!name) {
        fprintf(stderr, "dpsim: no command given; 'dpsim --help' lists them\n");
        return 2;
    }
    if (!strcmp(name, "--help") || !strcmp(name, "-h"))
        return help();
    if (!strcmp(name, "--version")) {
        printf("dpsim %s\n", DPSIM_VERSION);
        return 0;
    }
    for (size_t i = 0; i < ARRAY_SIZE(subcommands); i++) {
        if (!strcmp(name, subcommands[i].name))
            return subcommands[i].run(argc - 1, argv + 1);
    }
    fprintf(stderr, "dpsim: %s is not a command; 'dpsim --help' lists them\n", name);
    return 2;
}
