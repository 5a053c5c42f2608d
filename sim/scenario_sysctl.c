/* scenario_sysctl.c - the scenario command for variables of connection tracking.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "dp/ct/sysctl.h"
#include "dp/datapath.h"
#include "sim/scenario_int.h"

#define DIR_NAME "net.netfilter."
#define NAME_SIZE 80

static void note_line(void *ctx, const char *name, uint32_t value)
{
    g_ptr_array_add(ctx, g_strdup_printf(DIR_NAME "%s = %u\n", name, value));
}

static gint by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void print_all(struct ct_table *t, GString *out)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);

    ct_sysctl_each(t, note_line, lines);
    g_ptr_array_sort(lines, by_text);
    for (guint i = 0; i < lines->len; i++)
        g_string_append(out, g_ptr_array_index(lines, i));
}

/* "[net.netfilter.]NAME" up to '=' or a blank; 'name' starts behind the directory. */
static int take_name(struct scan *args, char *name, struct err *e)
{
    size_t n = strcspn(args->at, "= \t");

    if (g_str_has_prefix(args->at, DIR_NAME)) {
        args->at += strlen(DIR_NAME);
        n -= strlen(DIR_NAME);
    }
    if (!n || n >= NAME_SIZE)
        return err_set(e, EINVAL, "column %zu: this is no variable's name", scan_column(args));
    memcpy(name, args->at, n);
    name[n] = '\0';
    args->at += n;
    scan_blanks(args);
    return 0;
}

int scn_sysctl(struct scenario *scn, struct scan *args, GString *out, struct err *e)
{
    struct ct_table *t = scn->ns->dp->ct;
    char name[NAME_SIZE];
    uint32_t value = 0;
    uint64_t wanted;
    int r;

    if (scan_done(args)) {
        print_all(t, out);
        return 0;
    }
    scan_blanks(args);
    if ((r = take_name(args, name, e)))
        return r;
    if (scan_char(args, '=')) {
        scan_blanks(args);
        if (!scan_u64(args, INT64_MAX, &wanted))
            return err_set(e, EINVAL, "column %zu: the value, a number, is missing",
                           scan_column(args));
        r = scn_end(args, e);
        return r ? r : ct_sysctl_set(t, name, wanted, e);
    }
    if ((r = scn_end(args, e)) || (r = ct_sysctl_get(t, name, &value, e)))
        return r;
    g_string_append_printf(out, DIR_NAME "%s = %u\n", name, value);
    return 0;
}
