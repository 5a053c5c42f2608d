/* golden.c - see golden.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/golden.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#include "sim/diff.h"
#include "sim/scenario.h"
#include "sim/summary.h"
#include "sim/trace.h"

#define TRACE_NAME "trace.txt"

/* ---- folders --------------------------------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names in a folder, sorted; none if it cannot be read. */
static GPtrArray *list_folder(const char *path)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    GDir *dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir)))
        g_ptr_array_add(names, g_strdup(name));
    if (dir)
        g_dir_close(dir);
    g_ptr_array_sort(names, by_text);
    return names;
}

/* The path of the one scenario in a folder; NULL: none. *n is how many there are. */
static char *find_scenario(const char *folder, unsigned *n)
{
    GPtrArray *names = list_folder(folder);
    char *path = NULL;

    *n = 0;
    for (guint i = 0; i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);

        if (g_str_has_suffix(name, ".scn") && (*n)++ == 0)
            path = g_build_filename(folder, name, NULL);
    }
    g_ptr_array_free(names, TRUE);
    return path;
}

static bool is_test(const char *folder)
{
    unsigned n;

    g_free(find_scenario(folder, &n));
    return n > 0;
}

int golden_find(const char *path, GPtrArray *tests, struct err *e)
{
    GPtrArray *names;
    guint n_before = tests->len;

    if (is_test(path)) {
        g_ptr_array_add(tests, g_strdup(path));
        return 0;
    }
    names = list_folder(path);
    for (guint i = 0; i < names->len; i++) {
        char *sub = g_build_filename(path, g_ptr_array_index(names, i), NULL);

        if (is_test(sub))
            g_ptr_array_add(tests, g_strdup(sub));
        g_free(sub);
    }
    g_ptr_array_free(names, TRUE);
    if (tests->len > n_before)
        return 0;
    return err_set(e, ENOENT, "%s: no test here: neither it nor its folders hold a .scn file",
                   path);
}

/* ---- one run --------------------------------------------------------------------------------- */

static int run_scenario(const char *scenario, const char *output, struct err *e)
{
    struct sim *sim = sim_new(NULL);
    char *trace = g_build_filename(output, TRACE_NAME, NULL);
    struct err own;
    int r;

    scenario_set_output(sim, output);
    r = trace_open(sim, trace, e);
    if (!r)
        r = scenario_run_file(sim, scenario, e);
    if (!r)
        r = sim_check_account(sim, e);
    if (scenario_finish(sim, &own) && !r) {
        *e = own;
        r = -own.code;
    }
    sim_free(sim);
    g_free(trace);
    return r;
}

/* ---- comparison ------------------------------------------------------------------------------ */

struct comparison {
    char *expected, *output;    /* folders */
    bool is_update;
    unsigned n_bad;             /* files that differ */
    GString *text;              /* what was found */
};

static bool is_equal_file(const char *a, const char *b)
{
    char *x = NULL, *y = NULL;
    gsize len_x, len_y;
    bool is_equal = g_file_get_contents(a, &x, &len_x, NULL) &&
                    g_file_get_contents(b, &y, &len_y, NULL) && len_x == len_y &&
                    !memcmp(x, y, len_x);

    g_free(x);
    g_free(y);
    return is_equal;
}

static void tell(struct comparison *c, const char *name, const char *what)
{
    c->n_bad++;
    g_string_append_printf(c->text, "  %s %s\n", name, what);
}

static bool copy_file(const char *from, const char *to)
{
    char *bytes = NULL;
    gsize len;
    bool is_done = g_file_get_contents(from, &bytes, &len, NULL) &&
                   g_file_set_contents(to, bytes, (gssize)len, NULL);

    g_free(bytes);
    return is_done;
}

static void update_file(struct comparison *c, const char *name, const char *want, const char *got)
{
    bool has_got = g_file_test(got, G_FILE_TEST_EXISTS);

    if (has_got ? !copy_file(got, want) : g_remove(want) != 0)
        tell(c, name, "cannot be updated");
    else
        g_string_append_printf(c->text, "  %s is %s\n", name, has_got ? "updated" : "removed");
}

static void compare_file(struct comparison *c, const char *name)
{
    char *want = g_build_filename(c->expected, name, NULL);
    char *got = g_build_filename(c->output, name, NULL);

    if (is_equal_file(want, got))
        ;
    else if (c->is_update)
        update_file(c, name, want, got);
    else if (!g_file_test(got, G_FILE_TEST_EXISTS))
        tell(c, name, "is expected but was not recorded");
    else if (!g_file_test(want, G_FILE_TEST_EXISTS))
        tell(c, name, "is not expected (--update accepts it)");
    else {
        tell(c, name, "differs");
        (g_str_has_suffix(name, ".pcap") ? diff_pcaps : diff_texts)(c->text, want, got);
    }
    g_free(want);
    g_free(got);
}

static void compare_folders(struct comparison *c)
{
    GPtrArray *want = list_folder(c->expected), *got = list_folder(c->output);

    if (c->is_update)
        (void)g_mkdir_with_parents(c->expected, 0777);
    for (guint i = 0; i < got->len; i++)
        compare_file(c, g_ptr_array_index(got, i));
    for (guint i = 0; i < want->len; i++)
        if (!g_ptr_array_find_with_equal_func(got, g_ptr_array_index(want, i), g_str_equal, NULL))
            compare_file(c, g_ptr_array_index(want, i));
    g_ptr_array_free(want, TRUE);
    g_ptr_array_free(got, TRUE);
}

/* ---- one test -------------------------------------------------------------------------------- */

/* A new folder, or the one of this test in 'keep', which must be empty. */
static char *make_output(const char *keep, const char *name, struct err *e)
{
    GError *error = NULL;
    char *path;
    GPtrArray *names;

    if (!keep) {
        path = g_dir_make_tmp("dpsim-test-XXXXXX", &error);
        if (!path)
            err_set(e, EIO, "no temporary folder: %s", error->message);
        g_clear_error(&error);
        return path;
    }
    path = g_build_filename(keep, name, NULL);
    names = list_folder(path);
    if (g_mkdir_with_parents(path, 0777))
        err_set(e, errno, "%s: cannot be made: %s", path, strerror(errno));
    else if (names->len)
        err_set(e, ENOTEMPTY, "%s: is not empty", path);
    if (e->code)
        g_clear_pointer(&path, g_free);
    g_ptr_array_free(names, TRUE);
    return path;
}

static void remove_output(char *path)
{
    GPtrArray *names = list_folder(path);

    for (guint i = 0; i < names->len; i++) {
        char *file = g_build_filename(path, g_ptr_array_index(names, i), NULL);

        (void)g_remove(file);
        g_free(file);
    }
    g_ptr_array_free(names, TRUE);
    (void)g_rmdir(path);
}

/* Runs and compares. An error is one of the scenario; differences are in 'c'. */
static int run_test(const char *test, struct comparison *c, struct err *e)
{
    unsigned n;
    char *scenario = find_scenario(test, &n);
    int r;

    if (n != 1)
        r = err_set(e, EINVAL, "%s: %u scenarios in one folder", test, n);
    else
        r = run_scenario(scenario, c->output, e);
    if (!r)
        compare_folders(c);
    g_free(scenario);
    return r;
}

bool golden_run(const char *test, const struct golden_options *options, GString *out)
{
    char *name = g_path_get_basename(test);
    struct comparison c = { .is_update = options->is_update, .text = g_string_new(NULL) };
    struct err e = { 0 };

    c.expected = g_build_filename(test, "expected", NULL);
    c.output = make_output(options->keep, name, &e);
    if (c.output)
        (void)run_test(test, &c, &e);
    if (e.code)
        g_string_append_printf(out, "FAILED %s: %s\n", name, e.text);
    else if (c.n_bad)
        g_string_append_printf(out, "FAILED %s: %u of its files differ\n", name, c.n_bad);
    else
        g_string_append_printf(out, "ok %s\n", name);
    g_string_append(out, c.text->str);
    if (c.output && !options->keep)
        remove_output(c.output);
    g_free(c.output);
    g_free(c.expected);
    g_free(name);
    g_string_free(c.text, TRUE);
    return !e.code && !c.n_bad;
}
