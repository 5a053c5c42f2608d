/* target_scenario.c - any text as a scenario: each line works or is refused with its number and the rule.
 *
 * Programs are not started (nobody starts them), files are in memory (struct scenario_files below), events are limited.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/draw.h"
#include "fuzz/memory_file.h"
#include "fuzz/target.h"
#include "sim/pcap_out.h"
#include "sim/scenario.h"
#include "sim/summary.h"
#include "sim/trace.h"

#define NAME "input.scn"
#define MOST_EVENTS 2000
#define MOST_LEN 16384

/* ---- files ----------------------------------------------------------------------------------- */

static struct memory_file *read_file, *written_file, *trace_file;

/* An ARP request and a UDP datagram over IPv4, for "inject". */
static const char *const frames[] = {
    "\xff\xff\xff\xff\xff\xff\x02\x00\x00\x00\x00\x01\x08\x06\x00\x01\x08\x00\x06\x04\x00\x01\x02\x00\x00\x00\x00\x01"
    "\x0a\x00\x00\x01\x00\x00\x00\x00\x00\x00\x0a\x00\x00\x02",
    "\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01\x08\x00\x45\x00\x00\x1c\x00\x01\x00\x00\x40\x11\x66\xce"
    "\x0a\x00\x00\x01\x0a\x00\x00\x02\x00\x35\x00\x35\x00\x08\x00\x00",
};
static const size_t frame_len[] = { 42, 42 };

static void make_files(void)
{
    struct err e = { 0 };
    struct pcap_out *out;

    if (read_file)
        return;
    read_file = memory_file_new("in.pcap");
    written_file = memory_file_new("out.pcap");
    trace_file = memory_file_new("trace");
    out = pcap_out_open(memory_file_path(read_file), &e);
    FUZZ_CHECK(out, "%s", e.text);
    for (size_t i = 0; i < G_N_ELEMENTS(frames); i++)
        pcap_out_put(out, i * 1000, frames[i], frame_len[i]);
    FUZZ_CHECK(!pcap_out_close(out, &e), "%s", e.text);
}

/* There is one file to read, and others may be made. */
static char *path_of(void *ctx, const char *name, bool is_written, struct err *e)
{
    (void)ctx;
    if (is_written)
        return g_strdup(memory_file_path(written_file));
    if (!strcmp(name, "in.pcap"))
        return g_strdup(memory_file_path(read_file));
    (void)err_set(e, ENOENT, "%s: there is only in.pcap", name);
    return NULL;
}

/* ---- run ------------------------------------------------------------------------------------- */

static void check_sentence(int r, const struct err *e)
{
    const char *at = e->text + strlen(NAME);
    bool has_place = g_str_has_prefix(e->text, NAME ":") && (at[1] == ' ' || g_ascii_isdigit(at[1]));

    FUZZ_CHECK(r < 0 && e->code == -r, "%d is answered, %d is told: %s", r, e->code, e->text);
    FUZZ_CHECK(has_place && strstr(at, ": ") && strlen(strstr(at, ": ")) > 2, "\"%s\" names no line and rule", e->text);
}

static void run_text(const char *text)
{
    static const struct scenario_files files = { .path = path_of };
    const struct sim_options options = { .most_events = MOST_EVENTS };
    struct sim *sim = sim_new(&options);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    struct err e = { 0 };
    int r;

    FUZZ_CHECK(!trace_open(sim, memory_file_path(trace_file), &e), "%s", e.text);
    scenario_set_files(sim, &files);
    r = scenario_run_lines(sim, NAME, lines, &e);
    if (r)
        check_sentence(r, &e);
    FUZZ_CHECK(!sim_check_account(sim, &e), "%s", e.text);
    FUZZ_CHECK(dp_world_pool(sim->dp)->n_live == dp_world_account(sim->dp)->n_held,
               "%" G_GUINT64_FORMAT " packets are alive", dp_world_pool(sim->dp)->n_live);
    (void)scenario_finish(sim, &e);
    sim_free(sim);
}

static void run(const uint8_t *data, size_t len)
{
    g_autofree char *text = len ? g_strndup((const char *)data, MIN(len, MOST_LEN)) : g_strdup("");

    make_files();
    run_text(text);
}

/* ---- by lot ---------------------------------------------------------------------------------- */

#define MOST_LINES 16u

/* A '#' becomes a digit. */
static const char *const templates[] = {
    "dp br#", "port br0 p#", "port br0 p# no=#", "port br0 i# type=internal", "port br0 x# type=vxlan dst_port=478#",
    "port br0 g# type=gre", "port br0 e# type=geneve", "del-port br0 p#", "del-dp br#", "device d#", "del-device d#",
    "netns #", "veth v# w# netns=#", "addr p# 10.0.#.1/24", "addr v# fd00::#/64", "neigh p# 10.0.0.# 02:00:00:00:00:0#",
    "up p#", "down p#", "mtu p# 1#00", "sysctl net.netfilter.nf_conntrack_max=#", "sysctl",
    "flow br0 in_port(#),eth(),eth_type(0x0800),ipv4() #", "flow br0 in_port(#),eth(),eth_type(0x0806),arp() #,#",
    "flow br0 recirc_id(#),in_port(#),eth(),eth_type(0x0800),ipv4(proto=17,frag=no) ct(commit,zone=#,nat(src=10.0.0.#)),recirc(0x#)",
    "flow br0 in_port(#),eth(),eth_type(0x0800),ipv4() push_vlan(vid=#,pcp=0),# !EINVAL",
    "flow br0 in_port(#),eth() set(tunnel(tun_id=0x#,src=10.0.0.1,dst=10.0.0.#,ttl=64,flags(key))),#",
    "mod-flow br0 in_port(#),eth(),eth_type(0x0800),ipv4() sample(sample=5#.0%,actions(#)),clone(#)",
    "del-flow br0 in_port(#),eth(),eth_type(0x0806),arp()", "del-flows br0", "upcall br0 normal", "upcall drop",
    "seed #", "inject p# in.pcap", "inject p# in.pcap first=# count=#", "record p# out.pcap", "trace off", "trace on t#",
    "send p# ffffffffffff02000000000108060001080006040001020000000001 0a00000#",
    "send p# 020000000002020000000001080045000020000040004011000001020304 0a00000#00010002000c0000",
    "execute br0 in_port=# ffffffffffff0200000000010800 #", "link p# d# delay=#us", "link p# p# loss=#0%", "unlink p#",
    "host d# 10.0.0.#/24", "host d# fd00::#/64", "ping d# 10.0.0.#", "advance #ms", "+#s advance #s", "run", "show", "summary",
    "expect p# packets=#", "expect-stats br0 hit=# missed=#", "expect-flow br0 in_port(#),eth(),eth_type(0x0806),arp() packets=#",
    "wait #ms expect p# packets=#", "dump-flows br0 -m", "dump-flows br0 --names", "start >f prog#", "exec true !#", "help",
    "upcall-order random", "upcall-delay #us..9us", "upcall-loss #%", "rx random",
};

static void line_generate(const struct draw *d, GByteArray *out)
{
    for (const char *c = DRAW_OF(d, templates); *c; c++) {
        uint8_t byte = *c == '#' ? (uint8_t)('0' + draw_below(d, draw_one_in(d, 4) ? 10 : 3)) : (uint8_t)*c;

        g_byte_array_append(out, &byte, 1);
    }
    g_byte_array_append(out, (const uint8_t *)"\n", 1);
}

static void generate(struct rng *r, GByteArray *out)
{
    static const char begin[] = "dp br0\nport br0 p0\nport br0 p1\nport br0 p2\n";
    const struct draw d = { .r = r };

    g_byte_array_append(out, (const uint8_t *)begin, sizeof(begin) - 1);
    for (uint32_t n = 1 + draw_below(&d, MOST_LINES); n; n--)
        line_generate(&d, out);
}

/* The start of a line, by lot. */
static size_t any_line(const struct draw *d, const GByteArray *text)
{
    size_t at = draw_below(d, text->len + 1);

    while (at > 0 && text->data[at - 1] != '\n')
        at--;
    return at;
}

static size_t line_len(const GByteArray *text, size_t at)
{
    const uint8_t *end = at < text->len ? memchr(text->data + at, '\n', text->len - at) : NULL;

    return end ? (size_t)(end - text->data) + 1 - at : text->len - at;
}

/* A line goes, comes twice, or comes new. */
static size_t mutate(uint8_t *data, size_t len, size_t most, struct rng *r)
{
    const struct draw d = { .r = r };
    g_autoptr(GByteArray) text = g_byte_array_new(), line = g_byte_array_new();
    size_t from, to, n;

    g_byte_array_append(text, data, (guint)len);
    from = any_line(&d, text);
    n = line_len(text, from);
    if (draw_one_in(&d, 2))
        line_generate(&d, line);
    else
        g_byte_array_append(line, text->data + from, (guint)n);
    if (draw_one_in(&d, 2))
        g_byte_array_remove_range(text, (guint)from, (guint)n);
    to = any_line(&d, text);
    g_byte_array_append(line, text->data + to, (guint)(text->len - to));
    g_byte_array_set_size(text, (guint)to);
    g_byte_array_append(text, line->data, line->len);
    n = MIN(text->len, most);
    if (n)
        memcpy(data, text->data, n);
    return n;
}

const struct fuzz_target fuzz_scenario = {
    .name = "scenario",
    .what = "scenario files, line by line, without programs",
    .run = run,
    .generate = generate,
    .mutate = mutate,
};
