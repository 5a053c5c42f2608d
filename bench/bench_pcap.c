/* bench_pcap.c - frames from capture file to capture file, beside a plain libpcap copy.
 * SPDX-License-Identifier: Apache-2.0 */
#include <glib.h>
#include <glib/gstdio.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdio.h>

#include "base/bytes.h"
#include "bench/bench.h"
#include "bench/world.h"
#include "sim/device.h"
#include "sim/recorder.h"
#include "sim/scenario.h"

#define FLOW "in_port(1),eth(),eth_type(0x0800),ipv4(frag=no)"
#define MAX_FRAME 1514u
#define SNAPLEN 65535

struct pcap_bench {
    unsigned n_frames;
    char *folder, *in, *out, *copy, *recording;
    bool is_recorded;           /* by the flight recorder */
};

/* ---- the file ---------------------------------------------------------------------------------- */

/* UDP over IPv4, from many ports; checksums are left out, nobody looks at them. */
static void make_frame(uint8_t *frame, unsigned size)
{
    static const uint8_t headers[] = {
        0x02, 0, 0, 0, 0, 2, 0x02, 0, 0, 0, 0, 1, 0x08, 0x00,
        0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,
        0, 0, 0, 53, 0, 0, 0, 0,
    };

    memset(frame, 'x', size);
    memcpy(frame, headers, sizeof(headers));
    be16_put(frame + 16, (uint16_t)(size - 14));
    be16_put(frame + 38, (uint16_t)(size - 34));
}

static bool make_file(const struct pcap_bench *b, unsigned size)
{
    struct pcap_pkthdr h = { .caplen = size, .len = size };
    pcap_t *dead = pcap_open_dead(DLT_EN10MB, SNAPLEN);
    pcap_dumper_t *file = pcap_dump_open(dead, b->in);
    uint8_t frame[MAX_FRAME];

    make_frame(frame, size);
    for (unsigned i = 0; file && i < b->n_frames; i++) {
        h.ts.tv_sec = i / 1000000;
        h.ts.tv_usec = i % 1000000;
        be16_put(frame + 34, (uint16_t)(1024 + i % 512));
        pcap_dump((u_char *)file, &h, frame);
    }
    if (file)
        pcap_dump_close(file);
    else
        (void)bench_fail("%s", pcap_geterr(dead));
    pcap_close(dead);
    return file != NULL;
}

/* ---- the two sides ----------------------------------------------------------------------------- */

static int feed(struct sim *sim, const struct pcap_bench *b)
{
    struct err e = { 0 };
    int r = world_do(sim, "inject p1 %s; run", b->in);

    if (!r && scenario_finish(sim, &e)) {
        (void)bench_fail("%s", e.text);
        r = -e.code;
    }
    return r;
}

static double emulate(void *ctx)
{
    const struct pcap_bench *b = ctx;
    struct sim *sim = world_new();
    struct err e = { 0 };
    double start, seconds = BENCH_FAILED;
    uint64_t n;

    if (sim && b->is_recorded && recorder_open(sim, b->recording, &e))
        seconds = bench_fail("%s", e.text);
    else if (sim && !world_do(sim, "flow br0 " FLOW " 2; record p2 %s", b->out)) {
        start = bench_now();
        if (!feed(sim, b))
            seconds = bench_now() - start;
        n = device_by_name(sim_root_ns(sim), "p2")->n_tx;
        if (n != b->n_frames)
            seconds = bench_fail("%u frames came in, %" PRIu64 " left", b->n_frames, n);
    }
    sim_free(sim);
    return seconds < 0 ? seconds : seconds / b->n_frames;
}

static double emulate_recorded(void *ctx)
{
    struct pcap_bench b = *(const struct pcap_bench *)ctx;

    b.is_recorded = true;
    return emulate(&b);
}

static double copy(void *ctx)
{
    const struct pcap_bench *b = ctx;
    double start = bench_now();
    char why[PCAP_ERRBUF_SIZE];
    struct pcap_pkthdr *h;
    const u_char *data;
    pcap_t *in = pcap_open_offline(b->in, why);
    pcap_dumper_t *out = in ? pcap_dump_open(in, b->copy) : NULL;

    if (!out)
        return bench_fail("%s", in ? pcap_geterr(in) : why);
    while (pcap_next_ex(in, &h, &data) == 1)
        pcap_dump((u_char *)out, h, data);
    pcap_dump_close(out);
    pcap_close(in);
    return (bench_now() - start) / b->n_frames;
}

/* ---- rows -------------------------------------------------------------------------------------- */

static bool make_folder(struct pcap_bench *b)
{
    const char *base = g_access("/dev/shm", 2) ? g_get_tmp_dir() : "/dev/shm";

    b->folder = g_mkdtemp(g_build_filename(base, "dpsim-bench-XXXXXX", NULL));
    if (!b->folder)
        return false;
    b->in = g_build_filename(b->folder, "in.pcap", NULL);
    b->out = g_build_filename(b->folder, "out.pcap", NULL);
    b->copy = g_build_filename(b->folder, "copy.pcap", NULL);
    b->recording = g_build_filename(b->folder, "recording.pcapng", NULL);
    return true;
}

static void remove_folder(struct pcap_bench *b)
{
    char *const files[] = { b->in, b->out, b->copy, b->recording };

    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        (void)g_unlink(files[i]);
        g_free(files[i]);
    }
    (void)g_rmdir(b->folder);
    g_free(b->folder);
}

int bench_pcap(const struct bench_options *o)
{
    static const struct { unsigned size, n_frames; } sizes[] = {
        { 64, 500000 }, { 512, 150000 }, { 1500, 50000 },
    };
    struct pcap_bench b = { 0 };
    int n_failed = 0;
    char name[32], recorded_name[32];

    if (!make_folder(&b)) {
        (void)bench_fail("cannot make a temporary folder");
        return 1;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        const struct bench_row row = { name, "libpcap copy of the same file", BENCH_RATE,
                                       BENCH_ROUNDS, emulate, copy, &b };

        const struct bench_row recorded = { recorded_name, "the same without --record", BENCH_RATE,
                                            BENCH_ROUNDS, emulate_recorded, emulate, &b };

        g_snprintf(name, sizeof(name), "pcap %u B", sizes[i].size);
        g_snprintf(recorded_name, sizeof(recorded_name), "recorded %u B", sizes[i].size);
        b.n_frames = o->is_quick ? 1000 : sizes[i].n_frames;
        n_failed += make_file(&b, sizes[i].size)
                        ? bench_measure(&row, o) + bench_measure(&recorded, o) : 1;
    }
    remove_folder(&b);
    return n_failed;
}
