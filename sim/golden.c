/* golden.c - golden tests found and run; see golden.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/golden.h"

#include <errno.h>
#include <fnmatch.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/fault.h"
#include "sim/folder.h"
#include "sim/golden_flows.h"
#include "sim/recorder.h"
#include "sim/summary.h"
#include "sim/trace.h"

/* ---- folders --------------------------------------------------------------------------------- */

/* The path of the one scenario in a folder; NULL: none. *n is how many there are. */
static char *find_scenario(const char *folder, unsigned *n)
{
    GPtrArray *names = folder_list(folder);
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
    return n > 0 || golden_flows_is_test(folder);
}

static void add_wanted(GPtrArray *tests, const char *test, const char *only)
{
    g_autofree char *name = g_path_get_basename(test);

    if (!only || !fnmatch(only, name, 0))
        g_ptr_array_add(tests, g_strdup(test));
}

/* One that may not be listed may hold tests. */
static int check_readable(const char *path, struct err *e)
{
    struct stat st;
    bool may = stat(path, &st) ? errno != EACCES : !S_ISDIR(st.st_mode) || !access(path, R_OK | X_OK);

    if (may)
        return 0;
    return err_set(e, errno, "%s: may not be read: %s", path, g_strerror(errno));
}

int golden_find(const char *path, const char *only, GPtrArray *tests, struct err *e)
{
    GPtrArray *found = g_ptr_array_new_with_free_func(g_free), *names = NULL;
    guint n_before = tests->len;
    int r = check_readable(path, e);

    if (is_test(path))
        g_ptr_array_add(found, g_strdup(path));
    else
        names = folder_list(path);
    for (guint i = 0; names && !r && i < names->len; i++) {
        g_autofree char *sub = g_build_filename(path, g_ptr_array_index(names, i), NULL);

        r = check_readable(sub, e);
        if (is_test(sub))
            g_ptr_array_add(found, g_steal_pointer(&sub));
    }
    for (guint i = 0; i < found->len; i++)
        add_wanted(tests, g_ptr_array_index(found, i), only);
    if (!r && !found->len)
        r = err_set(e, ENOENT, "%s: no test here: neither it nor its folders hold a .scn file, or "
                    "flows and a capture", path);
    else if (!r && tests->len == n_before)
        r = err_set(e, ENOENT, "%s: none of the %u tests here matches %s", path, found->len, only);
    g_ptr_array_free(found, TRUE);
    if (names)
        g_ptr_array_free(names, TRUE);
    return r;
}

/* ---- one run --------------------------------------------------------------------------------- */

static int run_test(struct sim *sim, const char *test, struct err *e)
{
    unsigned n = 1;
    bool is_folder = g_file_test(test, G_FILE_TEST_IS_DIR);
    g_autofree char *scenario = is_folder ? find_scenario(test, &n) : g_strdup(test);
    int r;

    if (n > 1)
        return err_set(e, EINVAL, "%s: %u scenarios in one folder", test, n);
    r = n ? scenario_run_file(sim, scenario, e) : golden_flows_run(sim, test, e);
    return r ? r : sim_check_account(sim, e);
}

int golden_run(const struct golden_run *run, struct err *e)
{
    g_autofree char *trace = g_build_filename(run->output, GOLDEN_TRACE, NULL);
    g_autofree char *recording = g_build_filename(run->output, GOLDEN_RECORDING, NULL);
    struct sim *sim = sim_new(run->sim);
    struct err own;
    int r;

    scenario_set_output(sim, run->output);
    scenario_watch(sim, run->at, run->ctx);
    scenario_set_programs(sim, run->programs);
    r = trace_open(sim, trace, e);
    if (!r && run->is_recorded)
        r = recorder_open(sim, recording, e);
    if (!r && run->tells_all)
        trace_tell_all(sim);
    if (!r)
        r = fault_add_all(sim, run->faults, e);
    if (run->counts_faults)
        fault_watch(sim);
    if (!r)
        r = run_test(sim, run->test, e);
    if (!r)
        r = fault_check(sim, e);
    if (run->programs && run->programs->end(run->programs->ctx, &own) && !r) {
        *e = own;
        r = -own.code;
    }
    if (scenario_finish(sim, &own) && !r) {
        *e = own;
        r = -own.code;
    }
    if (run->over)
        run->over(run->ctx, sim);
    sim_free(sim);
    return r;
}
