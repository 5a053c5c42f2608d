/* test_case.h - a test under way: its runs, and what becomes of it.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_TEST_CASE_H
#define TOOLS_TEST_CASE_H

#include "tools/options.h"
#include "tools/pool.h"
#include "tools/test_report.h"
#include "tools/test_seeds.h"

struct testing {
    struct options o;
    struct test_report report;
    GPtrArray *cases;           /* of struct test_case: those of each of the report's results together */
    GPtrArray *seeds;           /* of struct test_seeds, as the report's results */
    char *scratch;              /* folder for all of it */
    guint n_over;
};

/* A test with one seed, and its runs. */
struct test_case {
    struct testing *all;
    struct test_seeds *of;
    uint64_t seed;
    struct test_result *result; /* with this seed */
    GPtrArray *runs;            /* of struct test_run, not owned */
    unsigned n_left;            /* of them not ended */
};

struct test_run {
    struct test_case *of;
    unsigned number;            /* from 0 */
    char *folder;               /* for all of it; in it: */
    char *output, *log;
    char *kept;                 /* folder that the output moves to in the end; NULL: nobody wants it */
    struct job *job;
};

/* All runs have ended: compares them, and the first one with expected/, or updates that; fills in the result. */
void test_case_judge(struct test_case *c);

#endif
