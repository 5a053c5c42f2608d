/* test_programs.h - the real programs of one run of a test, and the level of time that they live at.
 *
 * A program finds itself in the output folder, with an environment that is the same on every machine: PATH,
 * LC_ALL=C, TZ=UTC0, the output folder as DPSIM_TEST_OUT, the test's own as DPSIM_TEST_DIR, and one for what is not
 * recorded (sockets, databases) as DPSIM_TEST_TMP, HOME, TMPDIR and OVS_RUNDIR, OVS_DBDIR, OVS_LOGDIR, OVS_SYSCONFDIR.
 * The lengths of their paths are the same wherever the test is: they have a say in where things are in memory, and
 * thereby, with many a program, in what order.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_TEST_PROGRAMS_H
#define TOOLS_TEST_PROGRAMS_H

#include "sim/scenario.h"
#include "sim/timing.h"

#define TEST_OUTPUT "out"

struct test_programs;

/* A new temporary folder, for folder_remove() in the end; NULL with 'e'. */
char *test_programs_folder(struct err *e);

/* 'folder' is there, for this run alone, and short: sockets are in it. In it is the output folder, TEST_OUTPUT. */
struct test_programs *test_programs_new(const char *test, const char *folder, enum time_level level);

/* A program that a scenario waits for is killed after so much time of the simulator's clock. 0: never. */
void test_programs_limit(struct test_programs *p, uint64_t limit_ns);

/* For scenario_set_programs(); lives as long. */
const struct scenario_programs *test_programs_ops(const struct test_programs *p);

/* After golden_run(), when nothing runs any more. Text files in the output folder call the folders of this run by
 * the names above from now on. */
void test_programs_free(struct test_programs *p);

#endif
