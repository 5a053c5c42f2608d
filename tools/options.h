/* options.h - the command line options that subcommands share.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_OPTIONS_H
#define TOOLS_OPTIONS_H

#include <stdint.h>

enum {      /* which of them a subcommand takes */
    OPTION_SOCKET = 1,
    OPTION_SCENARIO = 2,
    OPTION_UPCALL = 4,
    OPTION_SEED = 8,
    OPTION_PROGRAM = 16,    /* PROGRAM and its arguments follow */
};

struct options {
    const char *socket, *scenario, *upcall;     /* NULL: not given */
    uint64_t seed;
    char **program;                             /* argv, NULL-terminated */
};

/* Reads argv. Returns -1 to go on, otherwise the status to exit with: 0 after --help, 2 after
 * a misuse that has been explained. */
int options_read(int argc, char **argv, unsigned taken, struct options *o);

#endif
