/* test_programs.h - the real programs of one run of a test, and the level of time that they live at.
 *
 * A program finds itself in the output folder, with an environment that is the same on every machine: PATH,
 * LC_ALL=C, TZ=UTC0, the test's folder as DPSIM_TEST_DIR, and one for what is not recorded (sockets, databases)
 * as DPSIM_TEST_TMP, HOME, TMPDIR and OVS_RUNDIR, OVS_DBDIR, OVS_LOGDIR, OVS_SYSCONFDIR.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_TEST_PROGRAMS_H
#define TOOLS_TEST_PROGRAMS_H

#include "sim/scenario.h"
#include "sim/timing.h"

struct test_programs;

/* 'test', 'output' and 'scratch' (made if it is needed, short: sockets are in it) are folders. */
struct test_programs *test_programs_new(const char *test, const char *output, const char *scratch,
                                        enum time_level level);

/* For scenario_set_programs(); lives as long. */
const struct scenario_programs *test_programs_ops(const struct test_programs *p);

/* After golden_run(), when nothing runs any more. Text files in the output folder call the folders of this run by
 * the names above from now on. */
void test_programs_free(struct test_programs *p);

#endif
