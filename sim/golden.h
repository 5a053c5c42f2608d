/* golden.h - golden tests: what a folder's scenario records must be what the folder expects.
 *
 * A test is a folder with one *.scn file, or with captures and flows (golden_flows.h). It runs in a fresh simulation; all files that it leaves,
 * pcaps and its trace (trace.txt), must equal those in the folder's expected/ byte for byte.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_GOLDEN_H
#define SIM_GOLDEN_H

#include <glib.h>
#include <stdbool.h>

#include "base/err.h"
#include "sim/diff.h"
#include "sim/scenario.h"
#include "sim/sim.h"

#define GOLDEN_TRACE "trace.txt"
#define GOLDEN_RECORDING "recording.pcapng"     /* the flight recorder's; never expected */

/* Appends the tests found in 'path', itself one or a folder of some, sorted by name, as new
 * strings; those whose name does not match 'only' (NULL: any) are left out. -ENOENT: there is none; -EACCES: some may be where it may not look. */
int golden_find(const char *path, const char *only, GPtrArray *tests, struct err *e);

/* One run. */
struct golden_run {
    const char *test;                           /* its folder, or a scenario file */
    const char *output;                         /* existing folder for what is recorded */
    const struct sim_options *sim;              /* NULL: defaults */
    const char *const *faults;                  /* that strike: fault.h; ends with NULL, NULL: none */
    bool counts_faults;                         /* fault_watch() even if none is to strike */
    /* Called when all is over, before the simulation goes; with 'ctx'. NULL: nobody. */
    void (*over)(void *ctx, struct sim *sim);
    bool is_recorded;                           /* GOLDEN_RECORDING is wanted */
    const struct scenario_programs *programs;   /* NULL: it may not start any */
    bool tells_all;                             /* the trace has what explains it: trace_tell_all() */
    void (*at)(void *ctx, const char *where);   /* is told where it is; NULL: nobody */
    void *ctx;
};

/* Runs a test in this process. 0, or -errno with a sentence that names file and line. */
int golden_run(const struct golden_run *run, struct err *e);

/* Two folders that should hold the same files, and what each is called. */
struct golden_pair {
    const char *want, *got;
    const char *want_name, *got_name;
};

/* Appends all differences. Returns how many files differ; 'spot' is filled in with the first packet
 * that does (packet 0: none). */
unsigned golden_compare(const struct golden_pair *pair, GString *out, struct diff_spot *spot);

/* The same of the frames that expected captures hold, whatever their order and times; other files may differ. */
unsigned golden_compare_frames(const struct golden_pair *pair, GString *out);

/* Makes 'expected' hold what 'output' holds, and appends what that changes. Returns how many files could
 * not be written. */
unsigned golden_update(const char *expected, const char *output, GString *out);

#endif
