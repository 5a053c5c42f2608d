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
#include "tools/test_programs.h"
#include "tools/test_report.h"
#include "tools/test_seeds.h"

#define RUNS 2
#define LAST_LINES 10
#define TIMEOUT_S 60
#define ODD_BYTES 4112          /* that one run has allocated more than the one before it */

struct testing {
    struct options o;
    struct test_report report;
    GPtrArray *cases;           /* of struct test_case: those of each of the report's results together */
    GPtrArray *seeds;           /* of struct test_seeds, as the report's results */
    char *scratch;              /* folder for all that is not kept */
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
    char *output, *log;
    char *scratch;              /* folder for what programs need and nobody records */
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
    const char *path = run->of->result->path;
    struct sim_options sim = options_sim(&all->o);
    struct test_programs *programs = test_programs_new(path, run->output, run->scratch,
                                                       options_test_time(&all->o));
    const struct golden_run golden = { .test = path, .output = run->output, .sim = &sim,
                                       .is_recorded = all->o.test.is_recorded,
                                       .programs = test_programs_ops(programs), .at = pool_at,
                                       .ctx = job };
    int r;

    sim.seed = run->of->seed;
    shift_heap(run->number);
    r = golden_run(&golden, e);
    test_programs_free(programs);
    return r;
}

/* ---- when all runs have ended ---------------------------------------------------------------- */

static void append_indented(GString *out, const char *before, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (char **line = lines; *line; line++)
        if (**line || line[1])
            g_string_append_printf(out, "%s%s\n", before, *line);
}

static const char *last_lines(const char *text)
{
    const char *at = text + strlen(text);

    for (unsigned n = 0; at > text && n < LAST_LINES; at--)
        n += at[-1] == '\n';
    return at == text ? at : at + 1;
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
    if (!spot->is_only_a && explain_trace(trace, &here, ways)) {
        g_string_append_printf(out, "  how it came to be packet %" PRIu64 " of %s:\n", spot->packet,
                               spot->file);
        append_indented(out, "    ", ways->str);
    } else if (explain_trace(trace, &then, ways)) {
        g_string_append(out, "  what has become of packets of that time:\n");
        append_indented(out, "    ", ways->str);
    }
    g_string_append_printf(out, "  more: dpsim explain%s", c->all->o.again);
    if (c->all->o.test.has_seeds)
        g_string_append_printf(out, " --seed %" PRIu64, c->seed);
    g_string_append_printf(out, " %s\n", c->result->path);
    g_string_free(ways, TRUE);
}

/* What the run's process has written for a person to read. */
static void add_log(const struct test_case *c, const struct test_run *run)
{
    g_autofree char *text = NULL;

    if (g_file_get_contents(run->log, &text, NULL, NULL))
        append_indented(c->result->text, "  | ", text);
}

/* The last lines of the trace, and of what programs have printed that did not end before the scenario. */
static void add_last_lines(const struct test_case *c, const struct test_run *run)
{
    GPtrArray *files = folder_list(run->output);

    for (guint i = 0; i < files->len; i++) {
        const char *name = g_ptr_array_index(files, i);
        g_autofree char *path = g_build_filename(run->output, name, NULL);
        g_autofree char *text = NULL;

        if ((!g_str_has_suffix(name, ".out") && strcmp(name, GOLDEN_TRACE)) ||
            !g_file_get_contents(path, &text, NULL, NULL) || !*text)
            continue;
        g_string_append_printf(c->result->text, "  %s ends with:\n", name);
        append_indented(c->result->text, "  | ", last_lines(g_strchomp(text)));
    }
    g_ptr_array_free(files, TRUE);
}

static bool all_runs_are_done(struct test_case *c)
{
    for (guint i = 0; i < c->runs->len; i++) {
        const struct test_run *run = g_ptr_array_index(c->runs, i);

        if (!run->job->failure)
            continue;
        fail(c, g_strdup(run->job->failure));
        add_log(c, run);
        add_last_lines(c, run);
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
    int what = c->all->o.test.compare->what;
    unsigned n;

    if (c->all->o.test.is_update) {
        n = golden_update(expected, first->output, c->result->text);
        if (n)
            fail(c, g_strdup_printf("%u of its files cannot be updated", n));
        return;
    }
    if (what == COMPARE_NOTHING)
        return;
    n = what == COMPARE_FRAMES ? golden_compare_frames(&pair, c->result->text)
                               : golden_compare(&pair, c->result->text, &spot);
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
    const struct test_options *o = &c->all->o.test;
    GString *out = c->result->text;

    g_string_append_printf(out, "  again: dpsim test%s", c->all->o.again);
    if (o->has_seeds)
        g_string_append_printf(out, " --seeds %" PRIu64 " --compare %s", c->seed, o->compare->name);
    g_string_append_printf(out, " %s\n", c->result->path);
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

/* Kept are those of a failure that is told, and without --seeds each test's first. */
static void remove_runs(const struct test_case *c, bool is_told)
{
    for (guint i = 0; i < c->runs->len; i++) {
        const struct test_run *run = g_ptr_array_index(c->runs, i);
        bool is_kept = c->all->o.test.keep && (is_told || (!i && !c->all->o.test.has_seeds));

        if (!is_kept)
            folder_remove(run->output);
        folder_remove(run->scratch);
        (void)unlink(run->log);
    }
}

static bool is_wanted(const struct job *job)
{
    const struct test_run *run = job->ctx;

    return test_seeds_want(run->of->of, run->of->seed);
}

static void on_ended(struct pool *pool, struct job *job)
{
    const struct test_run *run = job->ctx;
    struct test_case *c = run->of;
    struct testing *all = c->all;

    (void)pool;
    if (--c->n_left)
        return;
    if (test_seeds_want(c->of, c->seed))
        judge(c);
    test_seeds_over(c->of, c->seed, c->result);
    remove_runs(c, c->result->failure);
    if (c->result->failure) {
        if (c->of->told)
            remove_runs(c->of->told, false);
        c->of->told = c;
    }
    all->n_over += c->of->result->is_over;
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
    g_autofree char *seed = all->o.test.has_seeds ? g_strdup_printf(".seed%" PRIu64, c->seed) : g_strdup("");
    g_autofree char *name = number ? g_strdup_printf("%s%s.run%u", c->result->name, seed, number + 1)
                                   : g_strconcat(c->result->name, seed, NULL);
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
    run->scratch = g_strdup_printf("%s/%u-%u.tmp", c->all->scratch, c->all->cases->len, number);
    run->job = job_new(run, run->log);
    g_ptr_array_add(c->runs, run);
    g_ptr_array_add(jobs, run->job);
    return make_output(run->output, e);
}

static int add_case(struct testing *all, struct test_seeds *of, uint64_t seed, GPtrArray *jobs,
                    struct err *e)
{
    struct test_case *c = g_new0(struct test_case, 1);
    int r = 0;

    c->all = all;
    c->of = of;
    c->seed = seed;
    c->result = test_result_new(of->result->path);
    c->runs = g_ptr_array_new();
    c->n_left = all->o.test.runs;
    g_ptr_array_add(all->cases, c);
    for (unsigned i = 0; !r && i < c->n_left; i++)
        r = add_run(c, i, jobs, e);
    return r;
}

static int add_test(struct testing *all, const char *path, GPtrArray *jobs, struct err *e)
{
    const struct test_options *o = &all->o.test;
    struct test_seeds *s = test_seeds_new(path, o->first_seed, o->last_seed);
    int r = 0;

    g_ptr_array_add(all->seeds, s);
    g_ptr_array_add(all->report.results, s->result);
    for (uint64_t i = 0; !r && i <= s->last - s->first; i++)
        r = add_case(all, s, s->first + i, jobs, e);
    return r;
}

static int prepare(struct testing *all, GPtrArray *jobs, struct err *e)
{
    GPtrArray *tests = g_ptr_array_new_with_free_func(g_free);
    const struct test_options *o = &all->o.test;
    GError *error = NULL;
    int r = 0;

    all->scratch = g_dir_make_tmp("dpsim-test-XXXXXX", &error);
    if (!all->scratch) {
        r = err_set(e, EIO, "no temporary folder: %s", error->message);
        g_error_free(error);
    }
    for (char **path = all->o.program; !r && *path; path++)
        r = golden_find(*path, o->only, tests, e);
    for (guint i = MAX(o->shard, 1) - 1; !r && i < tests->len; i += MAX(o->n_shards, 1))
        r = add_test(all, g_ptr_array_index(tests, i), jobs, e);
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
        g_free(run->scratch);
        g_free(run);
    }
    g_ptr_array_free(c->runs, TRUE);
    test_result_free(c->result);
    g_free(c);
}

static int run_all(struct testing *all, GPtrArray *jobs)
{
    struct pool pool = { .most = all->o.test.jobs, .timeout_s = all->o.test.timeout_s,
                         .wanted = is_wanted, .work = run_test, .ended = on_ended };
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

static void set_defaults(struct options *all)
{
    struct test_options *o = &all->test;

    o->jobs = o->jobs ? o->jobs : g_get_num_processors();
    o->runs = o->runs ? o->runs : o->has_seeds ? 1 : RUNS;
    if (!o->compare)
        o->compare = &test_compares[o->has_seeds ? COMPARE_FRAMES : COMPARE_FILES];
    if (!o->has_seeds)
        o->first_seed = o->last_seed = all->seed;
    o->timeout_s = o->timeout_s ? o->timeout_s : TIMEOUT_S;
}

int cmd_test(int argc, char **argv)
{
    struct testing all = { 0 };
    GPtrArray *jobs;
    struct err e = { 0 };
    int status = options_read(argc, argv, OPTION_TESTS | OPTION_PLACES | OPTION_SEED | OPTION_CPUS
                              | OPTION_CHANCE | OPTION_TIME, &all.o);

    if (status >= 0)
        return status;
    if (all.o.test.is_update && all.o.test.has_seeds) {
        fprintf(stderr, "dpsim test: --update and --seeds: which one is expected?\n");
        return 2;
    }
    set_defaults(&all.o);
    jobs = g_ptr_array_new_with_free_func(job_free);
    all.cases = g_ptr_array_new_with_free_func(case_free);
    all.seeds = g_ptr_array_new_with_free_func(g_free);
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
    g_ptr_array_free(all.seeds, TRUE);
    g_ptr_array_free(all.report.results, TRUE);
    return status;
}
