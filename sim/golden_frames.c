/* golden_frames.c - two folders of captures compared by which frames they hold, whatever the order and the times;
 * see golden.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "sim/diff.h"
#include "sim/folder.h"
#include "sim/golden.h"

#define MOST_SHOWN 3            /* frames of each file */

static int by_bytes(const void *a, const void *b)
{
    return g_bytes_compare(*(GBytes *const *)a, *(GBytes *const *)b);
}

/* The frames of a capture, sorted; NULL with 'e' if it cannot be read. */
static GPtrArray *read_frames(const char *path, struct err *e)
{
    GPtrArray *frames = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    struct pcap_in *in = pcap_in_open(path, e);
    struct pcap_in_frame frame;
    int r = in ? 0 : -1;

    while (in && (r = pcap_in_next(in, &frame, e)) > 0)
        g_ptr_array_add(frames, g_bytes_new(frame.data, frame.len));
    pcap_in_close(in);
    if (r < 0) {
        g_ptr_array_unref(frames);
        return NULL;
    }
    g_ptr_array_sort(frames, by_bytes);
    return frames;
}

/* One side's frames that the other has not. */
struct rest {
    const char *name;
    unsigned n;
    GString *text;
};

static void note(struct rest *r, GBytes *frame)
{
    gsize len;
    const uint8_t *data = g_bytes_get_data(frame, &len);

    if (r->n++ >= MOST_SHOWN)
        return;
    g_string_append_printf(r->text, "    only in %s: len %zu ", r->name, len);
    diff_print_frame(r->text, data, len);
    g_string_append_c(r->text, '\n');
}

/* Steps through both lists side by side. */
static unsigned compare_frames(GPtrArray *want, GPtrArray *got, struct rest *a, struct rest *b)
{
    guint i = 0, j = 0;

    while (i < want->len || j < got->len) {
        int order = i == want->len ? 1 : j == got->len ? -1
                    : g_bytes_compare(want->pdata[i], got->pdata[j]);

        if (order < 0)
            note(a, want->pdata[i]);
        if (order > 0)
            note(b, got->pdata[j]);
        i += order <= 0;
        j += order >= 0;
    }
    return a->n + b->n;
}

static bool differs(const struct golden_pair *pair, const char *name, GString *out)
{
    g_autofree char *want_path = g_build_filename(pair->want, name, NULL);
    g_autofree char *got_path = g_build_filename(pair->got, name, NULL);
    struct rest a = { .name = pair->want_name, .text = out }, b = { .name = pair->got_name, .text = out };
    struct err e = { 0 };
    GPtrArray *want = read_frames(want_path, &e), *got = want ? read_frames(got_path, &e) : NULL;
    gsize start = out->len;
    unsigned n = want && got ? compare_frames(want, got, &a, &b) : 0;

    if (e.code)
        g_string_append_printf(out, "  %s\n", e.text);
    else if (n) {
        g_autofree char *head = g_strdup_printf("  %s: of its frames %u are only in %s, %u only in %s\n", name, a.n,
                                                a.name, b.n, b.name);

        g_string_insert(out, (gssize)start, head);
    }
    g_clear_pointer(&want, g_ptr_array_unref);
    g_clear_pointer(&got, g_ptr_array_unref);
    return e.code || n;
}

unsigned golden_compare_frames(const struct golden_pair *pair, GString *out)
{
    GPtrArray *names = folder_files(pair->want);
    unsigned n = 0;

    for (guint i = 0; i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);

        if (g_str_has_suffix(name, ".pcap"))
            n += differs(pair, name, out);
    }
    g_ptr_array_free(names, TRUE);
    return n;
}
