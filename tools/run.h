/* run.h - a simulator and a program that sees it: what dpsim run does, for other subcommands, too.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_RUN_H
#define TOOLS_RUN_H

#include "tools/options.h"

struct run_setup {
    struct sim_options sim;
    void (*start)(struct sim *sim, void *ctx);  /* the simulator is ready, the program not there yet */
    void (*end)(void *ctx);             /* the program has ended, the simulator is about to; after start() */
    void *ctx;
};

/* Runs o->program and returns the exit status. 'setup' NULL: the options say it all. */
int run_start(const struct options *o, const struct run_setup *setup);

#endif
