/* test_case.c - see test_case.h. SPDX-License-Identifier: Apache-2.0 */
#include "tools/test_case.h"

#include <inttypes.h>
#include <string.h>

#include "sim/explain.h"
#include "sim/folder.h"
#include "sim/golden.h"

#define LAST_LINES 10

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
            explain(c, &spot);
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
    enum test_compare what = c->all->o.test.compare;
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
        g_string_append_printf(out, " --seeds %" PRIu64 " --compare %s", c->seed,
                               test_compares[o->compare]);
    g_string_append_printf(out, " %s\n", c->result->path);
}

void test_case_judge(struct test_case *c)
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
