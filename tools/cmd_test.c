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

#include "sim/folder.h"
#include "sim/golden.h"
#include "tools/cmd.h"
#include "tools/test_case.h"
#include "tools/test_faults.h"
#include "tools/test_programs.h"

#define RUNS 2
#define TIMEOUT_S 60
#define ODD_BYTES 4112          /* that one run has allocated more than the one before it */

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
    struct test_programs *programs = test_programs_new(path, run->folder, options_test_time(&all->o));
    const struct golden_run golden = { .test = path, .output = run->output, .sim = &sim,
                                       .faults = all->o.faults,
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

static void keep(const struct test_run *run)
{
    if (!folder_copy(run->output, run->kept))
        fprintf(stderr, "dpsim test: %s: cannot be written\n", run->kept);
}

/* Kept are those of a failure that is told, and without --seeds each test's first. */
static void remove_runs(const struct test_case *c, bool is_told)
{
    for (guint i = 0; i < c->runs->len; i++) {
        const struct test_run *run = g_ptr_array_index(c->runs, i);
        bool is_kept = c->all->o.test.keep && (is_told || (!i && !c->all->o.test.has_seeds));

        if (is_kept)
            keep(run);
        folder_remove(run->folder);
    }
}

/* A lower seed has failed: what was kept of this one is not told any more. */
static void forget(const struct test_case *c)
{
    for (guint i = 0; i < c->runs->len; i++) {
        const struct test_run *run = g_ptr_array_index(c->runs, i);

        if (run->kept)
            folder_remove(run->kept);
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
        test_case_judge(c);
    test_seeds_over(c->of, c->seed, c->result);
    remove_runs(c, c->result->failure);
    if (c->result->failure) {
        if (c->of->told)
            forget(c->of->told);
        c->of->told = c;
    }
    all->n_over += c->of->result->is_over;
    test_report_more(&all->report);
    test_report_progress(&all->report, all->n_over);
}

/* ---- before ---------------------------------------------------------------------------------- */

/* Folders for all of a run. Their paths have the same length for all runs: test_programs.h says why. */
static int make_folders(struct test_run *run, struct err *e)
{
    const struct testing *all = run->of->all;

    run->folder = g_strdup_printf("%s/%06u-%04u", all->scratch, all->cases->len, run->number);
    run->output = g_build_filename(run->folder, TEST_OUTPUT, NULL);
    run->log = g_build_filename(run->folder, "log", NULL);
    if (g_mkdir_with_parents(run->output, 0777))
        return err_set(e, errno, "%s: cannot be made: %s", run->output, g_strerror(errno));
    return 0;
}

/* "NAME" for the first run, "NAME.run2" for others. What is kept stands alone. */
static int choose_kept(struct test_run *run, struct err *e)
{
    const struct test_case *c = run->of;
    const struct test_options *o = &c->all->o.test;
    g_autofree char *seed = o->has_seeds ? g_strdup_printf(".seed%" PRIu64, c->seed) : g_strdup("");
    g_autofree char *number = run->number ? g_strdup_printf(".run%u", run->number + 1) : g_strdup("");
    g_autofree char *name = g_strconcat(c->result->name, seed, number, NULL);
    GPtrArray *names;
    int r = 0;

    if (!o->keep)
        return 0;
    run->kept = g_build_filename(o->keep, name, NULL);
    names = folder_list(run->kept);
    if (names->len)
        r = err_set(e, ENOTEMPTY, "%s: is not empty", run->kept);
    g_ptr_array_free(names, TRUE);
    return r;
}

static int add_run(struct test_case *c, unsigned number, GPtrArray *jobs, struct err *e)
{
    struct test_run *run = g_new0(struct test_run, 1);
    int r;

    run->of = c;
    run->number = number;
    r = make_folders(run, e);
    run->job = job_new(run, run->log);
    g_ptr_array_add(c->runs, run);
    g_ptr_array_add(jobs, run->job);
    return r ? r : choose_kept(run, e);
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
    int r;

    all->scratch = test_programs_folder(e);
    r = all->scratch ? 0 : -e->code;
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
        g_free(run->folder);
        g_free(run->kept);
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
    if (o->compare == N_COMPARES)
        o->compare = o->has_seeds ? COMPARE_FRAMES : COMPARE_FILES;
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
                              | OPTION_CHANCE | OPTION_TIME | OPTION_FAULT | OPTION_VALGRIND, &all.o);

    if (status >= 0)
        return status;
    if (all.o.test.is_update && all.o.test.has_seeds) {
        fprintf(stderr, "dpsim test: --update and --seeds: which one is expected?\n");
        return 2;
    }
    set_defaults(&all.o);
    if (all.o.test.has_sweep)
        return test_faults(&all.o);
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
