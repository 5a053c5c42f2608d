/* golden_compare.c - two folders of recordings compared, or one made like the other; see golden.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include <glib/gstdio.h>
#include <stdbool.h>
#include <string.h>

#include "sim/folder.h"
#include "sim/golden.h"

/* A file of either folder, and its paths in both. */
struct both {
    const char *name;
    char *want, *got;
    bool has_want, has_got;
};

typedef bool both_fn(void *ctx, const struct both *b);

static bool is_equal_file(const struct both *b)
{
    g_autofree char *x = NULL;
    g_autofree char *y = NULL;
    gsize len_x, len_y;

    return g_file_get_contents(b->want, &x, &len_x, NULL) &&
           g_file_get_contents(b->got, &y, &len_y, NULL) && len_x == len_y &&
           !memcmp(x, y, len_x);
}

/* Returns for how many of the names that differ 'fn' says true. */
static unsigned each_difference(const char *want, const char *got, both_fn *fn, void *ctx)
{
    GPtrArray *names = folder_files(got), *wanted = folder_files(want);
    unsigned n = 0;

    for (guint i = 0; i < wanted->len; i++)
        if (!g_ptr_array_find_with_equal_func(names, g_ptr_array_index(wanted, i), g_str_equal, NULL))
            g_ptr_array_add(names, g_strdup(g_ptr_array_index(wanted, i)));
    for (guint i = 0; i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);
        struct both b = { .name = name, .want = g_build_filename(want, name, NULL),
                          .got = g_build_filename(got, name, NULL) };

        b.has_want = g_file_test(b.want, G_FILE_TEST_IS_REGULAR);
        b.has_got = g_file_test(b.got, G_FILE_TEST_IS_REGULAR);
        if (!is_equal_file(&b) && (b.has_want || strcmp(name, GOLDEN_RECORDING) != 0))
            n += fn(ctx, &b);
        g_free(b.want);
        g_free(b.got);
    }
    g_ptr_array_free(names, TRUE);
    g_ptr_array_free(wanted, TRUE);
    return n;
}

/* ---- comparing ------------------------------------------------------------------------------- */

struct comparison {
    const struct golden_pair *pair;
    GString *out;
    struct diff_spot *spot;
};

static bool compare_file(void *ctx, const struct both *b)
{
    const struct comparison *c = ctx;
    struct diff_files files = { b->want, b->got, c->pair->want_name, c->pair->got_name };

    if (b->has_want && b->has_got) {
        g_string_append_printf(c->out, "  %s differs\n", b->name);
        diff_files(c->out, &files, b->name, c->spot);
    } else {
        g_string_append_printf(c->out, "  %s is only in: %s\n", b->name,
                               b->has_want ? c->pair->want_name : c->pair->got_name);
    }
    return true;
}

unsigned golden_compare(const struct golden_pair *pair, GString *out, struct diff_spot *spot)
{
    struct comparison c = { pair, out, spot };

    return each_difference(pair->want, pair->got, compare_file, &c);
}

/* ---- updating -------------------------------------------------------------------------------- */

static bool update_file(void *ctx, const struct both *b)
{
    GString *out = ctx;
    bool is_done = b->has_got ? folder_copy_file(b->got, b->want) : !g_remove(b->want);

    g_string_append_printf(out, "  %s %s\n", b->name, !is_done ? "cannot be updated"
                           : !b->has_got ? "is removed" : b->has_want ? "is updated" : "is new");
    return !is_done;
}

unsigned golden_update(const char *expected, const char *output, GString *out)
{
    return each_difference(expected, output, update_file, out);
}
