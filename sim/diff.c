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

/* Is there such a packet in a file behind its 'n'th? */
static bool comes_later(const char *path, uint64_t n, const struct pcap_in_frame *wanted)
{
    struct pcap_in *in = pcap_in_open(path, NULL);
    struct pcap_in_frame f;
    bool found = false;

    for (uint64_t i = 1; in && !found && pcap_in_next(in, &f, NULL) > 0; i++)
        found = i > n && is_same(&f, wanted);
    pcap_in_close(in);
    return found;
}

/* Shows the first difference and notes where it is. If one packet only came later, the other one is the
 * difference. */
static void tell_packet(GString *out, const struct diff_files *files, const struct pcap_in_frame *a,
                        const struct pcap_in_frame *b, struct diff_spot *spot)
{
    bool a_later = a && b && comes_later(files->b, spot->packet, a);
    bool b_later = a && b && comes_later(files->a, spot->packet, b);

    if (a_later && !b_later)
        a = NULL;
    else if (b_later && !a_later)
        b = NULL;
    spot->time_ns = (uint64_t)(a ? a : b)->time_ns;
    spot->is_only_a = !b;
    g_string_append_printf(out, "    packet %" PRIu64 ", the first that differs", spot->packet);
    if (!a || !b)
        g_string_append_printf(out, ", is only in: %s", a ? files->a_name : files->b_name);
    g_string_append_c(out, '\n');
    diff_packets(out, files, a, b);
}

static void diff_pcaps(GString *out, const struct diff_files *files, struct diff_spot *spot)
{
    struct pcap_in *a = open_or_tell(out, files->a), *b = open_or_tell(out, files->b);
    const struct pcap_in_frame *want, *got;
    uint64_t n_a = 0, n_b = 0, n_differ = 0;
    struct pcap_in_frame fa, fb;

    do {
        want = next(out, &a, &fa);
        got = next(out, &b, &fb);
        n_a += want != NULL;
        n_b += got != NULL;
        if ((!want && !got) || is_same(want, got) || n_differ++)
            continue;
        spot->packet = MAX(n_a, n_b);
        tell_packet(out, files, want, got, spot);
    } while (want || got);
    g_string_append_printf(out, "    %" PRIu64 " place%s differ%s; %s: %" PRIu64 " packets, %s: %" PRIu64
                                " packets\n", n_differ, n_differ == 1 ? "" : "s", n_differ == 1 ? "s" : "",
                           files->a_name, n_a, files->b_name, n_b);
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
