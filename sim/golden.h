/* golden.h - golden tests: a folder's scenario must record what the folder expects.
 *
 * A test is a folder with one *.scn file. It runs in a fresh simulation; its pcaps and its trace
 * (trace.txt) must equal the files in the folder's expected/ byte for byte.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_GOLDEN_H
#define SIM_GOLDEN_H

#include <glib.h>
#include <stdbool.h>

#include "base/err.h"

struct golden_options {
    bool is_update;             /* expected files are rewritten, and told */
    const char *keep;           /* folder that keeps what is recorded; NULL: removed */
};

/* Appends the tests found in 'path', itself one or a folder of some, sorted by name, as new
 * strings. -ENOENT: there is none. */
int golden_find(const char *path, GPtrArray *tests, struct err *e);

/* Runs one; "ok NAME" or "FAILED NAME: why" and the differences go to 'out'. True: passed. */
bool golden_run(const char *test, const struct golden_options *options, GString *out);

#endif
