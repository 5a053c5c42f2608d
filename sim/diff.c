/* diff.c - see diff.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/diff.h"

#include <inttypes.h>
#include <string.h>

#define MAX_SHOWN 3             /* differing lines of one file */
#define WINDOW_BEFORE 40        /* of a long line: characters shown around the difference */
#define WINDOW 100

/* ---- packets --------------------------------------------------------------------------------- */

static bool is_same(const struct pcap_in_frame *a, const struct pcap_in_frame *b)
{
    return a && b && a->len == b->len && a->time_ns == b->time_ns &&
           !memcmp(a->data, b->data, a->len);
}

/* The next packet or NULL; damage is told once. */
static const struct pcap_in_frame *next(GString *out, struct pcap_in **in, struct pcap_in_frame *f)
{
    struct err e = { 0 };
    int r = *in ? pcap_in_next(*in, f, &e) : 0;

    if (r > 0)
        return f;
    if (r < 0)
        g_string_append_printf(out, "    %s\n", e.text);
    pcap_in_close(*in);
    *in = NULL;
    return NULL;
}

static struct pcap_in *open_or_tell(GString *out, const char *path)
{
    struct err e = { 0 };
    struct pcap_in *in = pcap_in_open(path, &e);

    if (!in)
        g_string_append_printf(out, "    %s\n", e.text);
    return in;
}

/* Shows the first difference and notes where it is. */
static void tell_packet(GString *out, const struct diff_files *files, const struct pcap_in_frame *a,
                        const struct pcap_in_frame *b, struct diff_spot *spot)
{
    spot->time_ns = (uint64_t)(a ? a : b)->time_ns;
    g_string_append_printf(out, "    packet %" PRIu64 ", the first that differs", spot->packet);
    if (!a || !b)
        g_string_append_printf(out, ", is only in: %s", a ? files->a_name : files->b_name);
    g_string_append_c(out, '\n');
    diff_packets(out, files, a, b);
}

static void diff_pcaps(GString *out, const struct diff_files *files, struct diff_spot *spot)
{
    struct pcap_in *a = open_or_tell(out, files->a), *b = open_or_tell(out, files->b);
    uint64_t n = 0, n_a = 0, n_b = 0, n_differ = 0;

    for (;;) {
        struct pcap_in_frame fa, fb;
        const struct pcap_in_frame *want = next(out, &a, &fa), *got = next(out, &b, &fb);

        if (!want && !got)
            break;
        n++;
        n_a += want != NULL;
        n_b += got != NULL;
        if (is_same(want, got))
            continue;
        if (!n_differ++) {
            spot->packet = n;
            tell_packet(out, files, want, got, spot);
        }
    }
    g_string_append_printf(out, "    %" PRIu64 " packet%s differ%s; %s: %" PRIu64 ", %s: %" PRIu64 "\n",
                           n_differ, n_differ == 1 ? "" : "s", n_differ == 1 ? "s" : "", files->a_name, n_a, files->b_name, n_b);
}

/* ---- lines ----------------------------------------------------------------------------------- */

static char **read_lines(GString *out, const char *path)
{
    GError *error = NULL;
    char *text = NULL, **lines;

    if (!g_file_get_contents(path, &text, NULL, &error)) {
        g_string_append_printf(out, "    %s\n", error->message);
        g_error_free(error);
    }
    lines = g_strsplit(text ? text : "", "\n", -1);
    g_free(text);
    return lines;
}

/* A line, or the part of a long one from a little before 'at'. */
static void print_line(GString *out, const char *what, const char *line, size_t at)
{
    size_t start = at > WINDOW_BEFORE ? at - WINDOW_BEFORE : 0;
    size_t len = line ? strlen(line) : 0;

    if (!line)
        g_string_append_printf(out, "      %-8s (end of file)\n", what);
    else if (len <= WINDOW)
        g_string_append_printf(out, "      %-8s %s\n", what, line);
    else
        g_string_append_printf(out, "      %-8s %s%.*s%s\n", what, start ? "..." : "", WINDOW,
                               line + start, len > start + WINDOW ? "..." : "");
}

static void print_lines(GString *out, const struct diff_files *files, unsigned n, const char *want,
                        const char *got)
{
    size_t at = 0;

    while (want && got && want[at] && want[at] == got[at])
        at++;
    g_string_append_printf(out, "    line %u\n", n);
    print_line(out, files->a_name, want, at);
    print_line(out, files->b_name, got, at);
}

static void diff_texts(GString *out, const struct diff_files *files)
{
    char **want = read_lines(out, files->a), **got = read_lines(out, files->b);
    char **a = want, **b = got;
    unsigned n_shown = 0;

    for (unsigned n = 1; (*a || *b) && n_shown < MAX_SHOWN; n++) {
        if (!*a || !*b || strcmp(*a, *b)) {
            print_lines(out, files, n, *a, *b);
            n_shown++;
        }
        a += *a != NULL;
        b += *b != NULL;
    }
    if (n_shown == MAX_SHOWN)
        g_string_append(out, "    ... and maybe more\n");
    g_strfreev(want);
    g_strfreev(got);
}

/* ---- any file -------------------------------------------------------------------------------- */

static bool is_text(const char *path)
{
    g_autofree char *bytes = NULL;
    gsize len = 0;

    return g_file_get_contents(path, &bytes, &len, NULL) && !memchr(bytes, '\0', len);
}

static void diff_bytes(GString *out, const struct diff_files *files)
{
    g_autofree char *a = NULL;
    g_autofree char *b = NULL;
    gsize len_a = 0, len_b = 0, at = 0;

    (void)g_file_get_contents(files->a, &a, &len_a, NULL);
    (void)g_file_get_contents(files->b, &b, &len_b, NULL);
    while (at < MIN(len_a, len_b) && a[at] == b[at])
        at++;
    g_string_append_printf(out, "    from byte %zu on; %s: %zu bytes, %s: %zu bytes\n", at,
                           files->a_name, len_a, files->b_name, len_b);
}

void diff_files(GString *out, const struct diff_files *files, const char *name,
                struct diff_spot *spot)
{
    struct diff_spot here = { 0 };

    if (g_str_has_suffix(name, ".pcap"))
        diff_pcaps(out, files, &here);
    else if (is_text(files->a) && is_text(files->b))
        diff_texts(out, files);
    else
        diff_bytes(out, files);
    if (here.packet && !spot->packet) {
        *spot = here;
        g_strlcpy(spot->file, name, sizeof(spot->file));
    }
}
