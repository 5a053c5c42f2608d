/* scenario.h - scenario commands: lines of text that build a simulation, feed it and check it.
 *
 * How it works: scenario_commands.c has one row for each command (name, usage, help, function).
 * A line is "[+TIME] COMMAND ARGUMENTS [!ENAME]"; several commands may be separated by ';'. What
 * commands set up (recordings, injections, upcall handlers) hangs on sim->scenario. The same
 * commands serve files (dpsim test, dpsim run) and a running simulation (dpsim do).
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_SCENARIO_H
#define SIM_SCENARIO_H

#include <glib.h>
#include <stdbool.h>

#include "base/err.h"
#include "sim/sim.h"

/* Runs one line; what the commands print is appended to 'out'. 0 or -errno. */
int scenario_do(struct sim *sim, const char *line, GString *out, struct err *e);

/* Does a command of the line change what there is, let packets in, or return at a later time than it is called? */
bool scenario_needs_rest(const char *line);

/* The same without a trace: for what is tried again and again. */
int scenario_try(struct sim *sim, const char *line, GString *out, struct err *e);

/* Runs a file's lines, then everything that is still scheduled. Relative input files are
 * looked up beside 'path', what is recorded goes to the output folder. Printed text goes to the
 * trace, or to standard output if there is none. The sentence in 'e' begins with "FILE:LINE: ". */
int scenario_run_file(struct sim *sim, const char *path, struct err *e);
/* The same with lines (ended by NULL, changed meanwhile) that come from elsewhere, as those of a file 'path'. */
int scenario_run_lines(struct sim *sim, const char *path, char **lines, struct err *e);

/* Tells 'at' each line of a file, "FILE:LINE: TEXT", before it runs. NULL: nobody. */
void scenario_watch(struct sim *sim, void (*at)(void *ctx, const char *where), void *ctx);

/* A folder of this run, and the environment variable that programs know it by. */
struct scenario_place {
    const char *name, *path;
};

/* Who starts programs for "start" and "exec". */
struct scenario_programs {
    void *ctx;
    const struct scenario_place *places;        /* ends with name NULL */
    /* Starts a program whose output goes to 'fd'; returns when it has come to rest, if that can be
     * known. 0 or -errno. */
    int (*start)(void *ctx, struct sim *sim, char **argv, int fd, struct err *e);
    /* Starts one and waits for its end: *status is its exit status, 128 + N after signal N. */
    int (*exec)(void *ctx, struct sim *sim, char **argv, int fd, int *status, struct err *e);
    /* Lets programs go on until something has happened. False: none has been started. */
    bool (*go_on)(void *ctx);
    /* Ends all that still run, in the reverse order of their start. 0, or -errno if one of them failed. */
    int (*end)(void *ctx, struct err *e);
};

/* Without it (NULL), programs are refused. Borrowed. */
void scenario_set_programs(struct sim *sim, const struct scenario_programs *programs);

/* Who says where a file is that a command names ("inject", "record", "trace on"): a new string, or NULL with 'e', and the
 * command is refused. */
struct scenario_files {
    void *ctx;
    char *(*path)(void *ctx, const char *name, bool is_written, struct err *e);
};

/* In place of files beside the scenario and in the output folder. NULL: those. Borrowed. */
void scenario_set_files(struct sim *sim, const struct scenario_files *files);
extern const struct scenario_files scenario_no_files;      /* refuses them all */

/* 'text' with the paths of its folders replaced by their names: "$DPSIM_TEST_TMP". New string. */
char *scenario_name_places(const struct scenario_programs *programs, const char *text);

/* Folder for recordings with a relative name; default: the current one. */
void scenario_set_output(struct sim *sim, const char *folder);

/* Ends injections, recordings and the trace; a failed write is told here at the latest. */
int scenario_finish(struct sim *sim, struct err *e);
void scenario_free(struct scenario *scn);       /* NULL allowed */

/* Appends usage and help of every command. */
void scenario_help(GString *out);

#endif
