/* test_report.h - what dpsim test says: results in order, as text or TAP, and JUnit's XML; progress.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_TEST_REPORT_H
#define TOOLS_TEST_REPORT_H

#include <glib.h>
#include <stdbool.h>

#include "base/err.h"

/* One test and what has become of it. */
struct test_result {
    char *path, *name;
    bool is_over, has_passed;
    char *failure;              /* one line; NULL: it has passed */
    GString *text;              /* what else there is to say: whole lines, indented */
    char *digest;               /* NULL: not asked for */
};

struct test_report {
    GPtrArray *results;         /* of struct test_result, in the order they are told in */
    bool has_tap;
    guint n_told;
    guint n_failed;             /* of those that are told */
};

struct test_result *test_result_new(const char *path);
void test_result_free(gpointer result);

void test_report_begin(const struct test_report *r);
/* Tells those that are over and have nobody before them who is not. */
void test_report_more(struct test_report *r);
/* The last line. */
void test_report_end(const struct test_report *r);

/* One line on standard error that is written anew each time; nothing if that is no terminal. */
void test_report_progress(const struct test_report *r, guint n_over);
void test_report_no_progress(void);

/* Writes the file. 0 or -errno. */
int test_report_junit(const struct test_report *r, const char *path, struct err *e);

#endif
