/* test_faults.c - see test_faults.h. SPDX-License-Identifier: Apache-2.0 */
#include "tools/test_faults.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/fault.h"
#include "sim/folder.h"
#include "sim/golden.h"
#include "sim/summary.h"
#include "tools/pool.h"
#include "tools/test_programs.h"

#define MOST_TIMES 8
#define LIMIT_NS (600 * UINT64_C(1000000000))      /* for a program that waits for what does not come any more */
#define RUNS 2                  /* of each fault: they must be alike */

struct sweep {
    const struct options *o;
    char *scratch;              /* folder for all of it */
    unsigned n_folders;
    GPtrArray *tests;           /* of struct swept, in the order they were found in */
    GPtrArray *cases;           /* of struct fault_case */
    GPtrArray *jobs;            /* of struct job, ctx: struct fault_run */
    guint n_failed;
};

struct swept {
    char *path;
    unsigned *counts;           /* how often it reaches each point */
    char *failure;              /* of the run that counts; NULL: none */
};

/* One run of a test. */
struct fault_run {
    struct sweep *all;
    struct swept *test;
    struct fault_case *of;      /* NULL: it only counts */
    char *folder, *output, *log;
    struct job *job;
};

/* A test with one fault. */
struct fault_case {
    struct swept *test;
    size_t point;
    char *fault;                /* "NAME:N" */
    struct fault_run *run[RUNS];
    unsigned n_left;
    bool is_noticed;            /* the test itself did not go as it should: somebody had to do without */
    char *failure;              /* NULL: it has passed */
};

/* ---- in the child ---------------------------------------------------------------------------- */

/* What sim_new() does not know of: the verdict of the run, and what to count for. */
static struct err verdict;
static const struct fault_run *here;

static char *counts_path(const struct fault_run *run)
{
    return g_build_filename(run->folder, "counts", NULL);
}

/* In both processes: is there while nothing of what the test expects has failed. */
static char *as_ever_path(const struct fault_run *run)
{
    return g_build_filename(run->folder, "as_ever", NULL);
}

static void write_counts(const struct fault_run *run, const struct sim *sim)
{
    g_autofree char *path = counts_path(run);
    GString *out = g_string_new(NULL);

    for (size_t i = 0; i < fault_n_points(); i++)
        g_string_append_printf(out, "%u\n", fault_count(sim, fault_point_at(i)));
    (void)g_file_set_contents(path, out->str, (gssize)out->len, NULL);
    g_string_free(out, TRUE);
}

static void on_over(void *ctx, struct sim *sim)
{
    (void)ctx;
    if (!fault_check_first(sim, here->of ? 1 : 0, &verdict))       /* the test may have asked for others */
        (void)sim_check_account(sim, &verdict);
    if (!here->of)
        write_counts(here, sim);
}

static int work(struct job *job, struct err *e)
{
    const struct fault_run *run = here = job->ctx;
    const struct options *o = run->all->o;
    const char *const faults[] = { run->of ? run->of->fault : NULL, NULL };
    struct sim_options sim = options_sim(o);
    struct test_programs *programs = test_programs_new(run->test->path, run->folder, options_test_time(o));
    const struct golden_run golden = { .test = run->test->path, .output = run->output, .sim = &sim, .faults = faults,
                                       .counts_faults = true, .over = on_over, .at = pool_at, .ctx = job,
                                       .programs = test_programs_ops(programs) };
    g_autofree char *as_ever = as_ever_path(run);
    struct err own = { 0 };

    test_programs_limit(programs, LIMIT_NS);
    if (!golden_run(&golden, &own))
        (void)g_file_set_contents(as_ever, "", 0, NULL);
    test_programs_free(programs);
    if (!verdict.code)
        return 0;
    *e = verdict;
    return -verdict.code;
}

/* ---- runs ------------------------------------------------------------------------------------ */

static int add_run(struct sweep *all, struct swept *test, struct fault_case *of, struct fault_run **made, struct err *e)
{
    struct fault_run *run = g_new0(struct fault_run, 1);

    run->all = all;
    run->test = test;
    run->of = of;
    run->folder = g_strdup_printf("%s/%08u", all->scratch, all->n_folders++);
    run->output = g_build_filename(run->folder, TEST_OUTPUT, NULL);
    run->log = g_build_filename(run->folder, "log", NULL);
    run->job = job_new(run, run->log);
    g_ptr_array_add(all->jobs, run->job);
    *made = run;
    return g_mkdir_with_parents(run->output, 0777)
               ? err_set(e, errno, "%s: cannot be made: %s", run->output, g_strerror(errno)) : 0;
}

static void run_free(struct fault_run *run)
{
    g_free(run->folder);
    g_free(run->output);
    g_free(run->log);
    g_free(run);
}

static void forget_jobs(struct sweep *all)
{
    for (guint i = 0; i < all->jobs->len; i++) {
        struct job *job = g_ptr_array_index(all->jobs, i);

        run_free(job->ctx);
    }
    g_ptr_array_set_size(all->jobs, 0);
}

static bool run_jobs(struct sweep *all, void (*ended)(struct pool *pool, struct job *job))
{
    struct pool pool = { .most = all->o->test.jobs, .timeout_s = all->o->test.timeout_s, .work = work, .ended = ended,
                         .ctx = all };

    return pool_run(&pool, all->jobs);
}

/* ---- counting -------------------------------------------------------------------------------- */

static void read_counts(struct fault_run *run)
{
    g_autofree char *path = counts_path(run), *text = NULL;
    char *at;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return;
    at = text;
    for (size_t i = 0; i < fault_n_points(); i++)
        run->test->counts[i] = (unsigned)strtoul(at, &at, 10);
}

static void on_counted(struct pool *pool, struct job *job)
{
    struct fault_run *run = job->ctx;

    (void)pool;
    run->test->failure = g_strdup(job->failure);
    read_counts(run);
    folder_remove(run->folder);
}

static bool is_wanted(const struct sweep *all, const struct fault_point *point)
{
    const char *only = all->o->test.sweep_points;

    return !only || g_pattern_match_simple(only, point->name);
}

static int check_points(const struct sweep *all, struct err *e)
{
    for (size_t i = 0; i < fault_n_points(); i++) {
        if (is_wanted(all, fault_point_at(i)))
            return 0;
    }
    return err_set(e, ENOENT, "no fault's name matches %s", all->o->test.sweep_points);
}

static int find_tests(struct sweep *all, struct err *e)
{
    GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
    const struct test_options *o = &all->o->test;
    struct fault_run *run;
    int r = 0;

    for (char **path = all->o->program; !r && *path; path++)
        r = golden_find(*path, o->only, paths, e);
    for (guint i = MAX(o->shard, 1) - 1; !r && i < paths->len; i += MAX(o->n_shards, 1)) {
        struct swept *test = g_new0(struct swept, 1);

        test->path = g_strdup(g_ptr_array_index(paths, i));
        test->counts = g_new0(unsigned, fault_n_points());
        g_ptr_array_add(all->tests, test);
        r = add_run(all, test, NULL, &run, e);
    }
    g_ptr_array_free(paths, TRUE);
    return r;
}

/* ---- failing --------------------------------------------------------------------------------- */

static char *difference(const struct fault_case *c)
{
    const struct golden_pair pair = { c->run[0]->output, c->run[1]->output, "run 1", "run 2" };
    GString *text = g_string_new(NULL);
    struct diff_spot spot = { 0 };
    char *said = NULL;

    if (golden_compare(&pair, text, &spot))
        said = g_strdup_printf("two runs differ: %s", g_strstrip(text->str));
    g_string_free(text, TRUE);
    return said;
}

/* What a sanitizer has said. */
static char *log_of(const struct fault_run *run)
{
    char *text = NULL;

    return g_file_get_contents(run->log, &text, NULL, NULL) && *text ? text : (g_free(text), g_strdup(""));
}

static void judge(struct fault_case *c)
{
    g_autofree char *as_ever = as_ever_path(c->run[0]);

    c->is_noticed = !g_file_test(as_ever, G_FILE_TEST_EXISTS);
    for (unsigned i = 0; i < RUNS && !c->failure; i++) {
        g_autofree char *log = c->run[i]->job->failure ? log_of(c->run[i]) : NULL;

        if (log)
            c->failure = g_strdup_printf("%s%s%s", c->run[i]->job->failure, *log ? "\n" : "", log);
    }
    if (!c->failure)
        c->failure = difference(c);
}

static void tell_failure(const char *test, const char *fault, const char *failure)
{
    printf("FAILED %s%s%s: %s\n  again: dpsim test%s%s %s\n", test, *fault ? " " : "", fault, failure,
           *fault ? " --fault " : "", fault, test);
    (void)fflush(stdout);       /* the table may take an hour */
}

static void on_failed(struct pool *pool, struct job *job)
{
    const struct fault_run *run = job->ctx;
    struct sweep *all = pool->ctx;
    struct fault_case *c = run->of;

    if (--c->n_left)
        return;
    judge(c);
    if (c->failure) {
        all->n_failed++;
        tell_failure(c->test->path, c->fault, c->failure);
    }
    for (unsigned i = 0; i < RUNS; i++)
        folder_remove(c->run[i]->folder);
}

static int add_case(struct sweep *all, struct swept *test, size_t point, unsigned n, struct err *e)
{
    struct fault_case *c = g_new0(struct fault_case, 1);
    int r = 0;

    c->test = test;
    c->point = point;
    c->fault = g_strdup_printf("%s:%u", fault_point_at(point)->name, n);
    c->n_left = RUNS;
    g_ptr_array_add(all->cases, c);
    for (unsigned i = 0; !r && i < RUNS; i++)
        r = add_run(all, test, c, &c->run[i], e);
    return r;
}

static int add_cases(struct sweep *all, struct swept *test, struct err *e)
{
    unsigned most = all->o->test.sweep_most ? all->o->test.sweep_most : MOST_TIMES;
    int r = 0;

    for (size_t i = 0; !r && i < fault_n_points(); i++) {
        if (!is_wanted(all, fault_point_at(i)))
            continue;
        for (unsigned n = 1; !r && n <= test->counts[i]; n++) {
            if (n > most && n < test->counts[i] && !all->o->test.sweeps_all)
                n = test->counts[i];
            r = add_case(all, test, i, n, e);
        }
    }
    return r;
}

/* ---- the table ------------------------------------------------------------------------------- */

struct tally {
    unsigned n_faults, n_noticed, n_failed;
};

/* Of a point, in one test or in all (NULL). */
static struct tally count_cases(const struct sweep *all, size_t point, const struct swept *test)
{
    struct tally t = { 0 };

    for (guint i = 0; i < all->cases->len; i++) {
        const struct fault_case *c = g_ptr_array_index(all->cases, i);

        if (c->point != point || (test && c->test != test))
            continue;
        t.n_faults++;
        t.n_noticed += c->is_noticed;
        t.n_failed += c->failure != NULL;
    }
    return t;
}

static unsigned count_tests(const struct sweep *all, size_t point)
{
    unsigned n = 0;

    for (guint i = 0; i < all->tests->len; i++)
        n += ((const struct swept *)g_ptr_array_index(all->tests, i))->counts[point] > 0;
    return n;
}

/* Which tests reach it, and how often. */
static void print_tests(const struct sweep *all, size_t point)
{
    for (guint i = 0; i < all->tests->len; i++) {
        const struct swept *test = g_ptr_array_index(all->tests, i);
        struct tally t = count_cases(all, point, test);

        if (test->counts[point])
            printf("  %-25s %6u %6u %7u %6u\n", strrchr(test->path, '/') ? strrchr(test->path, '/') + 1 : test->path,
                   test->counts[point], t.n_faults, t.n_noticed, t.n_failed);
    }
}

static void print_table(const struct sweep *all)
{
    unsigned n_wanted = 0, n_reached = 0;

    printf("%-18s %-8s %6s %6s %7s %6s\n", "point", "error", "tests", "faults", "noticed", "failed");
    for (size_t i = 0; i < fault_n_points(); i++) {
        const struct fault_point *p = fault_point_at(i);
        struct tally t = count_cases(all, i, NULL);
        unsigned n_tests = count_tests(all, i);

        if (!is_wanted(all, p))
            continue;
        n_wanted++;
        n_reached += n_tests > 0;
        printf("%-18s %-8s %6u %6u %7u %6u\n", p->name, p->error ? err_name(p->error) : "-", n_tests, t.n_faults,
               t.n_noticed, t.n_failed);
        if (all->o->test.sweep_lists)
            print_tests(all, i);
    }
    printf("%u of %u points reached by %u tests; %u faults, %u runs, %u failed\n", n_reached, n_wanted,
           all->tests->len, all->cases->len, all->cases->len * RUNS + all->tests->len, all->n_failed);
}

/* ---- all ------------------------------------------------------------------------------------- */

static void swept_free(gpointer data)
{
    struct swept *test = data;

    g_free(test->path);
    g_free(test->counts);
    g_free(test->failure);
    g_free(test);
}

static void case_free(gpointer data)
{
    struct fault_case *c = data;

    g_free(c->fault);
    g_free(c->failure);
    g_free(c);
}

static int sweep(struct sweep *all, struct err *e)
{
    int r = check_points(all, e);

    if (!r)
        r = find_tests(all, e);
    if (r)
        return r;
    if (!run_jobs(all, on_counted))
        return err_set(e, EINTR, "interrupted");
    forget_jobs(all);
    for (guint i = 0; !r && i < all->tests->len; i++) {
        struct swept *test = g_ptr_array_index(all->tests, i);

        if (test->failure)
            tell_failure(test->path, "", test->failure);
        all->n_failed += test->failure != NULL;
        r = add_cases(all, test, e);
    }
    if (!r && !run_jobs(all, on_failed))
        r = err_set(e, EINTR, "interrupted");
    if (!r)
        print_table(all);
    return r;
}

int test_faults(const struct options *o)
{
    struct sweep all = { .o = o };
    struct err e = { 0 };
    int r;

    all.tests = g_ptr_array_new_with_free_func(swept_free);
    all.cases = g_ptr_array_new_with_free_func(case_free);
    all.jobs = g_ptr_array_new_with_free_func(job_free);
    all.scratch = test_programs_folder(&e);
    r = all.scratch ? sweep(&all, &e) : -e.code;
    if (r)
        fprintf(stderr, "dpsim test: %s\n", e.text);
    if (all.scratch)
        folder_remove(all.scratch);
    g_free(all.scratch);
    forget_jobs(&all);
    g_ptr_array_free(all.jobs, TRUE);
    g_ptr_array_free(all.cases, TRUE);
    g_ptr_array_free(all.tests, TRUE);
    return r || all.n_failed || fflush(stdout);
}
