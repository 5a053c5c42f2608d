/* cmd_test.c - dpsim test: runs golden tests. SPDX-License-Identifier: Apache-2.0 */
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "sim/golden.h"
#include "tools/cmd.h"

static int misuse(const char *why, const char *what)
{
    fprintf(stderr, "dpsim test: %s%s\nusage: dpsim test DIR... [--update] [--keep DIR]\n", why,
            what);
    return 2;
}

/* Takes options and looks for tests; 0 or the exit status. */
static int read_args(char **argv, struct golden_options *options, GPtrArray *tests)
{
    struct err e = { 0 };
    bool has_dir = false;

    for (char **arg = argv + 1; *arg; arg++) {
        if (!strcmp(*arg, "--update")) {
            options->is_update = true;
        } else if (!strcmp(*arg, "--keep")) {
            if (!arg[1])
                return misuse("--keep needs a folder", "");
            options->keep = *++arg;
        } else if (**arg == '-') {
            return misuse("unknown option ", *arg);
        } else {
            has_dir = true;
            if (golden_find(*arg, tests, &e))
                return misuse(e.text, "");
        }
    }
    return has_dir ? 0 : misuse("no folder given", "");
}

int cmd_test(int argc, char **argv)
{
    struct golden_options options = { 0 };
    GPtrArray *tests = g_ptr_array_new_with_free_func(g_free);
    GString *out = g_string_new(NULL);
    guint n_passed = 0;
    int status = read_args(argv, &options, tests);

    (void)argc;
    for (guint i = 0; !status && i < tests->len; i++) {
        n_passed += golden_run(g_ptr_array_index(tests, i), &options, out);
        fputs(out->str, stdout);
        g_string_truncate(out, 0);
    }
    if (!status) {
        printf("%u passed, %u failed\n", n_passed, tests->len - n_passed);
        status = n_passed == tests->len ? 0 : 1;
    }
    if (fflush(stdout))
        status = 1;
    g_string_free(out, TRUE);
    g_ptr_array_free(tests, TRUE);
    return status;
}
