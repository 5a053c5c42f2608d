/* test_seeds.h - one test run with several seeds: its result is that of the lowest seed that fails.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_TEST_SEEDS_H
#define TOOLS_TEST_SEEDS_H

#include <stdint.h>

#include "tools/test_report.h"

#define TEST_MOST_SEEDS 100000u

struct test_seeds {
    struct test_result *result; /* of the test, told in the report */
    uint64_t first, last;
    guint n_left;               /* seeds that are not over */
    uint64_t failed;            /* the lowest that has failed so far, if result->failure is set */
    struct test_case *told;     /* the caller's: with that seed */
};

/* "1..200" or "17": up to TEST_MOST_SEEDS. */
bool test_seeds_scan(const char *text, uint64_t *first, uint64_t *last);

struct test_seeds *test_seeds_new(const char *path, uint64_t first, uint64_t last);

/* Is it still of interest what becomes of this seed? Not if a lower one has failed. */
bool test_seeds_want(const struct test_seeds *s, uint64_t seed);

/* A seed is over; what 'one' says of it is taken over if it is the lowest that fails, or the only one.
 * When the last seed is over, so is the test. */
void test_seeds_over(struct test_seeds *s, uint64_t seed, struct test_result *one);

#endif
