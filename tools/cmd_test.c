/* cmd_test.c - dpsim test: golden tests, several at a time, each run more than once.
 *
 * How it works: every run of every test is a job of the pool (pool.h), so that whatever it does, it
 * does to itself. When the last run of a test has ended, its folders are compared: the runs with the
 * first one, the first one with expected/. Results are told in the order the tests were found in.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sim/explain.h"
#include "sim/folder.h"
#include "sim/golden.h"
#include "tools/cmd.h"
#include "tools/options.h"
#include "tools/pool.h"
#include "tools/test_report.h"

#define RUNS 2
#define TIMEOUT_S 60
#define ODD_BYTES 4112          /* that one run has allocated more than the one before it */

struct testing {
    struct options o;
    struct test_report report;
    GPtrArray *cases;           /* of struct test_case, as the report's results */
    char *scratch;              /* folder for all that is not kept */
    guint n_over;
};

/* A test and its runs. */
struct test_case {
    struct testing *all;
    struct test_result *result;
    GPtrArray *runs;            /* of struct test_run, not owned */
    unsigned n_left;            /* of them not ended */
};

struct test_run {
    struct test_case *of;
    unsigned number;            /* from 0 */
    char *output, *log;
    struct job *job;
};

/* ---- in the child ---------------------------------------------------------------------------- */

/* The runs' addresses differ, so that what depends on them shows. */
static void *volatile shift;

static void shift_heap(unsigned number)
{
    shift = g_malloc((gsize)number * ODD_BYTES + 1);
}

static int run_test(struct job *job, struct err *e)
{
    const struct test_run *run = job->ctx;
    const struct testing *all = run->of->all;
    struct sim_options sim = options_sim(&all->o);
    const struct golden_run golden = { .test = run->of->result->path, .output = run->output,
                                       .sim = &sim, .at = pool_at, .ctx = job };

    shift_heap(run->number);
    return golden_run(&golden, e);
}

/* ---- when all runs have ended ---------------------------------------------------------------- */

static void append_indented(GString *out, const char *before, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (char **line = lines; *line; line++)
        if (**line || line[1])
            g_string_append_printf(out, "%s%s\n", before, *line);
}

static void fail(struct test_case *c, char *why)
{
    c->result->failure = why;
}

/* The packet's way through the datapath, from the trace of the first run: of one that only expected/ has,
 * the ways of those that came at its time. */
static void explain(struct test_case *c, const struct diff_spot *spot)
{
    const struct test_run *first = g_ptr_array_index(c->runs, 0);
    g_autofree char *path = g_build_filename(first->output, GOLDEN_TRACE, NULL);
    g_autofree char *trace = NULL;
    const struct explain_query here = { .name = spot->file, .number = spot->packet };
    const struct explain_query then = { .has_time = true, .time_ns = spot->time_ns };
    GString *out = c->result->text, *ways = g_string_new(NULL);

    if (!spot->packet || !g_file_get_contents(path, &trace, NULL, NULL))
        return;
    if (explain_trace(trace, &here, ways)) {
        g_string_append_printf(out, "  how it came to be packet %" PRIu64 " of %s:\n", spot->packet,
                               spot->file);
        append_indented(out, "    ", ways->str);
    } else if (explain_trace(trace, &then, ways)) {
        g_string_append(out, "  what has become of packets of that time:\n");
        append_indented(out, "    ", ways->str);
    }
    g_string_append_printf(out, "  more: dpsim explain%s %s\n", c->all->o.again, c->result->path);
    g_string_free(ways, TRUE);
}

/* What the run's process has written for a person to read. */
static void add_log(const struct test_case *c, const struct test_run *run)
{
    g_autofree char *text = NULL;

    if (g_file_get_contents(run->log, &text, NULL, NULL))
        append_indented(c->result->text, "  | ", text);
}

static bool all_runs_are_done(struct test_case *c)
{
    for (guint i = 0; i < c->runs->len; i++) {
        const struct test_run *run = g_ptr_array_index(c->runs, i);

        if (!run->job->failure)
            continue;
        fail(c, g_strdup(run->job->failure));
        add_log(c, run);
        return false;
    }
    return true;
}

static bool runs_are_alike(struct test_case *c)
{
    const struct test_run *first = g_ptr_array_index(c->runs, 0);

    for (guint i = 1; i < c->runs->len; i++) {
        const struct test_run *run = g_ptr_array_index(c->runs, i);
        g_autofree char *name = g_strdup_printf("run %u", i + 1);
        const struct golden_pair pair = { first->output, run->output, "run 1", name };
        struct diff_spot spot = { 0 };

        if (golden_compare(&pair, c->result->text, &spot)) {
            g_autofree char *file = g_strndup(c->result->text->str + 2,
                                              strcspn(c->result->text->str + 2, " "));

            fail(c, g_strdup_printf("two runs differ: %s", file));
            return false;
        }
    }
    return true;
}

static void compare_expected(struct test_case *c)
{
    const struct test_run *first = g_ptr_array_index(c->runs, 0);
    g_autofree char *expected = g_build_filename(c->result->path, "expected", NULL);
    const struct golden_pair pair = { expected, first->output, "expected", "got" };
    struct diff_spot spot = { 0 };
    unsigned n;

    if (c->all->o.test.is_update) {
        n = golden_update(expected, first->output, c->result->text);
        if (n)
            fail(c, g_strdup_printf("%u of its files cannot be updated", n));
        return;
    }
    n = golden_compare(&pair, c->result->text, &spot);
    if (!n)
        return;
    fail(c, g_strdup_printf("%u of its files differ%s", n, n == 1 ? "s" : ""));
    explain(c, &spot);
}

static void take_digest(struct test_case *c)
{
    const struct test_run *first = g_ptr_array_index(c->runs, 0);

    if (c->all->o.test.has_digest)
        c->result->digest = folder_digest(first->output);
}

static void tell_how_to_repeat(const struct test_case *c)
{
    g_string_append_printf(c->result->text, "  again: dpsim test%s %s\n", c->all->o.again, c->result->path);
}

static void judge(struct test_case *c)
{
    struct test_result *t = c->result;

    if (all_runs_are_done(c)) {
        take_digest(c);
        if (runs_are_alike(c))
            compare_expected(c);
    }
    t->has_passed = !t->failure;
    t->is_over = true;
    if (t->failure)
        tell_how_to_repeat(c);
}

static void remove_runs(const struct test_case *c)
{
    for (guint i = 0; i < c->runs->len; i++) {
        const struct test_run *run = g_ptr_array_index(c->runs, i);
        bool is_kept = c->all->o.test.keep && (!i || !c->result->has_passed);

        if (!is_kept)
            folder_remove(run->output);
        (void)unlink(run->log);
    }
}

static void on_ended(struct pool *pool, struct job *job)
{
    const struct test_run *run = job->ctx;
    struct test_case *c = run->of;
    struct testing *all = c->all;

    (void)pool;
    if (--c->n_left)
        return;
    judge(c);
    remove_runs(c);
    all->n_over++;
    test_report_more(&all->report);
    test_report_progress(&all->report, all->n_over);
}

/* ---- before ---------------------------------------------------------------------------------- */

/* What a run records stands alone in its folder. */
static int make_output(const char *path, struct err *e)
{
    GPtrArray *names = folder_list(path);
    guint n = names->len;

    g_ptr_array_free(names, TRUE);
    if (n)
        return err_set(e, ENOTEMPTY, "%s: is not empty", path);
    if (g_mkdir_with_parents(path, 0777))
        return err_set(e, errno, "%s: cannot be made: %s", path, g_strerror(errno));
    return 0;
}

/* The first run's folder has the test's name, others "NAME.run2". */
static char *choose_output(const struct test_case *c, unsigned number)
{
    const struct testing *all = c->all;
    g_autofree char *name = number ? g_strdup_printf("%s.run%u", c->result->name, number + 1)
                                   : g_strdup(c->result->name);
    g_autofree char *place = g_strdup_printf("%u", all->cases->len);

    return all->o.test.keep ? g_build_filename(all->o.test.keep, name, NULL)
                            : g_build_filename(all->scratch, place, name, NULL);
}

static int add_run(struct test_case *c, unsigned number, GPtrArray *jobs, struct err *e)
{
    struct test_run *run = g_new0(struct test_run, 1);

    run->of = c;
    run->number = number;
    run->output = choose_output(c, number);
    run->log = g_strdup_printf("%s/%u-%u.log", c->all->scratch, c->all->cases->len, number);
    run->job = job_new(run, run->log);
    g_ptr_array_add(c->runs, run);
    g_ptr_array_add(jobs, run->job);
    return make_output(run->output, e);
}

static int add_case(struct testing *all, const char *path, GPtrArray *jobs, struct err *e)
{
    struct test_case *c = g_new0(struct test_case, 1);
    int r = 0;

    c->all = all;
    c->result = test_result_new(path);
    c->runs = g_ptr_array_new();
    c->n_left = all->o.test.runs;
    g_ptr_array_add(all->cases, c);
    g_ptr_array_add(all->report.results, c->result);
    for (unsigned i = 0; !r && i < c->n_left; i++)
        r = add_run(c, i, jobs, e);
    return r;
}

static int prepare(struct testing *all, GPtrArray *jobs, struct err *e)
{
    GPtrArray *tests = g_ptr_array_new_with_free_func(g_free);
    GError *error = NULL;
    int r = 0;

    all->scratch = g_dir_make_tmp("dpsim-test-XXXXXX", &error);
    if (!all->scratch) {
        r = err_set(e, EIO, "no temporary folder: %s", error->message);
        g_error_free(error);
    }
    for (char **path = all->o.program; !r && *path; path++)
        r = golden_find(*path, all->o.test.only, tests, e);
    for (guint i = 0; !r && i < tests->len; i++)
        r = add_case(all, g_ptr_array_index(tests, i), jobs, e);
    g_ptr_array_free(tests, TRUE);
    return r;
}

/* ---- all ------------------------------------------------------------------------------------- */

static void case_free(gpointer data)
{
    struct test_case *c = data;

    for (guint i = 0; i < c->runs->len; i++) {
        struct test_run *run = g_ptr_array_index(c->runs, i);

        g_free(run->output);
        g_free(run->log);
        g_free(run);
    }
    g_ptr_array_free(c->runs, TRUE);
    g_free(c);
}

static int run_all(struct testing *all, GPtrArray *jobs)
{
    struct pool pool = { .most = all->o.test.jobs, .timeout_s = all->o.test.timeout_s,
                         .work = run_test, .ended = on_ended };
    struct err e = { 0 };
    bool is_whole;

    test_report_begin(&all->report);
    test_report_progress(&all->report, 0);
    is_whole = pool_run(&pool, jobs);
    test_report_no_progress();
    if (!is_whole)
        fprintf(stderr, "dpsim test: interrupted\n");
    test_report_end(&all->report);
    if (all->o.test.junit && test_report_junit(&all->report, all->o.test.junit, &e)) {
        fprintf(stderr, "dpsim test: %s\n", e.text);
        is_whole = false;
    }
    return fflush(stdout) || !is_whole || all->report.n_failed;
}

static void set_defaults(struct test_options *o)
{
    o->jobs = o->jobs ? o->jobs : g_get_num_processors();
    o->runs = o->runs ? o->runs : RUNS;
    o->timeout_s = o->timeout_s ? o->timeout_s : TIMEOUT_S;
}

int cmd_test(int argc, char **argv)
{
    struct testing all = { 0 };
    GPtrArray *jobs;
    struct err e = { 0 };
    int status = options_read(argc, argv, OPTION_TESTS | OPTION_PLACES | OPTION_SEED | OPTION_CPUS
                              | OPTION_CHANCE, &all.o);

    if (status >= 0)
        return status;
    set_defaults(&all.o.test);
    jobs = g_ptr_array_new_with_free_func(job_free);
    all.cases = g_ptr_array_new_with_free_func(case_free);
    all.report.results = g_ptr_array_new_with_free_func(test_result_free);
    all.report.has_tap = all.o.test.has_tap;
    if (prepare(&all, jobs, &e)) {
        fprintf(stderr, "dpsim test: %s\n", e.text);
        status = 2;
    } else {
        status = run_all(&all, jobs);
    }
    if (all.scratch)
        folder_remove(all.scratch);
    g_free(all.scratch);
    g_ptr_array_free(jobs, TRUE);
    g_ptr_array_free(all.cases, TRUE);
    g_ptr_array_free(all.report.results, TRUE);
    return status;
}
