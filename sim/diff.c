/* diff.c - see diff.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/diff.h"

#include <inttypes.h>
#include <libmnl/libmnl.h>
#include <linux/openvswitch.h>
#include <string.h>

#include "dp/extract.h"
#include "dp/key.h"
#include "dp/pkt.h"
#include "sim/pcap_in.h"

#define MAX_SHOWN 3             /* differences of one file */
#define MAX_BYTES 8             /* differing bytes of one packet */
#define KEY_ROOM 8192
#define WINDOW_BEFORE 40        /* of a long line: characters shown around the difference */
#define WINDOW 100

/* ---- packets --------------------------------------------------------------------------------- */

static void print_key(GString *out, const struct flow_key *key)
{
    uint8_t room[KEY_ROOM] __attribute__((aligned(8))) = { 0 };
    struct nlmsghdr *msg = mnl_nlmsg_put_header(room);
    const struct nlattr *nest = mnl_nlmsg_get_payload(msg);
    GString *text = g_string_new(NULL);
    const char *eth;

    key_put(msg, OVS_FLOW_ATTR_KEY, key, key, false);
    key_format(text, mnl_attr_get_payload(nest), mnl_attr_get_payload_len(nest), NULL, 0, NULL);
    /* The metadata in front of it is not of the frame. */
    eth = strstr(text->str, "eth(");
    g_string_append(out, eth ? eth : text->str);
    g_string_free(text, TRUE);
}

void diff_print_frame(GString *out, const uint8_t *frame, size_t len)
{
    struct pkt_pool pool = { 0 };
    struct pkt *p = pkt_new(&pool, frame, len);
    struct flow_key key;

    memset(&key, 0, sizeof(key));
    key_clear(&key);
    key.in_port = KEY_MAX_PORTS;
    key.mac_proto = KEY_MAC_ETH;
    if (key_extract(&key, p))
        g_string_append(out, "not a packet the datapath would take");
    else
        print_key(out, &key);
    pkt_free(&pool, p);
    pkt_pool_done(&pool);
}

static void print_packet(GString *out, const char *what, const struct pcap_in_frame *f)
{
    g_string_append_printf(out, "    %s %" PRId64 ".%09" PRId64 " len %zu ", what,
                           f->time_ns / 1000000000, f->time_ns % 1000000000, f->len);
    diff_print_frame(out, f->data, f->len);
    g_string_append_c(out, '\n');
}

static void print_bytes(GString *out, const struct pcap_in_frame *a, const struct pcap_in_frame *b)
{
    unsigned n = 0;

    for (size_t i = 0; i < MIN(a->len, b->len); i++) {
        if (a->data[i] == b->data[i])
            continue;
        if (n++ == MAX_BYTES) {
            g_string_append(out, ", ...");
            break;
        }
        g_string_append_printf(out, "%s byte %zu %02x -> %02x", n == 1 ? "   " : ",", i,
                               a->data[i], b->data[i]);
    }
    if (n)
        g_string_append_c(out, '\n');
}

static bool is_same(const struct pcap_in_frame *a, const struct pcap_in_frame *b)
{
    return a->len == b->len && a->time_ns == b->time_ns && !memcmp(a->data, b->data, a->len);
}

/* One packet of each file, NULL behind its end. True: they are equal. */
static bool compare_packets(GString *out, uint64_t n, const struct pcap_in_frame *want,
                            const struct pcap_in_frame *got)
{
    if (want && got && is_same(want, got))
        return true;
    g_string_append_printf(out, "  packet %" PRIu64 " %s\n", n,
                           !want ? "is not expected" : !got ? "is missing" : "differs");
    if (want)
        print_packet(out, "expected", want);
    if (got)
        print_packet(out, "actual  ", got);
    if (want && got)
        print_bytes(out, want, got);
    return false;
}

/* The next packet or NULL; damage is told once. */
static const struct pcap_in_frame *next(GString *out, struct pcap_in **in, struct pcap_in_frame *f)
{
    struct err e = { 0 };
    int r = *in ? pcap_in_next(*in, f, &e) : 0;

    if (r > 0)
        return f;
    if (r < 0)
        g_string_append_printf(out, "  %s\n", e.text);
    pcap_in_close(*in);
    *in = NULL;
    return NULL;
}

static struct pcap_in *open_or_tell(GString *out, const char *path)
{
    struct err e = { 0 };
    struct pcap_in *in = pcap_in_open(path, &e);

    if (!in)
        g_string_append_printf(out, "  %s\n", e.text);
    return in;
}

void diff_pcaps(GString *out, const char *expected, const char *actual)
{
    struct pcap_in *a = open_or_tell(out, expected), *b = open_or_tell(out, actual);
    unsigned n_shown = 0;

    for (uint64_t n = 1; n_shown < MAX_SHOWN; n++) {
        struct pcap_in_frame fa, fb;
        const struct pcap_in_frame *want = next(out, &a, &fa), *got = next(out, &b, &fb);

        if (!want && !got)
            break;
        n_shown += !compare_packets(out, n, want, got);
    }
    if (n_shown == MAX_SHOWN)
        g_string_append(out, "  ... and maybe more\n");
    pcap_in_close(a);
    pcap_in_close(b);
}

/* ---- lines ----------------------------------------------------------------------------------- */

static char **read_lines(GString *out, const char *path)
{
    GError *error = NULL;
    char *text = NULL, **lines;

    if (!g_file_get_contents(path, &text, NULL, &error)) {
        g_string_append_printf(out, "  %s\n", error->message);
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
        g_string_append_printf(out, "    %s (end of file)\n", what);
    else if (len <= WINDOW)
        g_string_append_printf(out, "    %s %s\n", what, line);
    else
        g_string_append_printf(out, "    %s %s%.*s%s\n", what, start ? "..." : "", WINDOW,
                               line + start, len > start + WINDOW ? "..." : "");
}

static void print_lines(GString *out, unsigned n, const char *want, const char *got)
{
    size_t at = 0;

    while (want && got && want[at] && want[at] == got[at])
        at++;
    g_string_append_printf(out, "  line %u\n", n);
    print_line(out, "expected", want, at);
    print_line(out, "actual  ", got, at);
}

void diff_texts(GString *out, const char *expected, const char *actual)
{
    char **want = read_lines(out, expected), **got = read_lines(out, actual);
    char **a = want, **b = got;
    unsigned n_shown = 0;

    for (unsigned n = 1; (*a || *b) && n_shown < MAX_SHOWN; n++) {
        if (!*a || !*b || strcmp(*a, *b)) {
            print_lines(out, n, *a, *b);
            n_shown++;
        }
        a += *a != NULL;
        b += *b != NULL;
    }
    if (n_shown == MAX_SHOWN)
        g_string_append(out, "  ... and maybe more\n");
    g_strfreev(want);
    g_strfreev(got);
}
