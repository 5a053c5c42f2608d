/* bench_lookup.c - the packet path in process: received, extracted, looked up, output to nowhere.
 *
 * Flows are spread evenly over the masks, and frames visit the flows in a fixed scattered order,
 * so that every mask is tried and the mask cache alone cannot help. The reference is the least
 * that any datapath does: a hash of the addresses and ports where they lie in the frame, one
 * probe of a table of the same flows, one counter. It copies no bytes and sums no checksum.
 * SPDX-License-Identifier: Apache-2.0 */
#include <linux/openvswitch.h>
#include <string.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "bench/bench.h"
#include "bench/world.h"
#include "sim/device.h"

#define N_FLOWS 1024u
#define N_FRAMES 500000u
#define FRAME_LEN 64u
#define STRIDE 389u             /* odd: visits all flows */
#define IP_OFF 14u
#define TUPLE_OFF (IP_OFF + 12) /* addresses and ports: 12 bytes */
#define TUPLE_LEN 16u           /* with the UDP length */

struct probe_entry {
    uint8_t tuple[TUPLE_LEN];
    uint64_t n_hits;
};

struct lookup_bench {
    struct sim *sim;
    struct device *in, *out;
    unsigned n_frames, n_masks;
    uint8_t frame[N_FLOWS][FRAME_LEN];
    struct probe_entry table[4 * N_FLOWS];
};

/* ---- frames and flows -------------------------------------------------------------------------- */

/* Flow i belongs to mask i % n_masks; its frames go to 10.M.H.L with M that mask. */
static void make_frame(struct lookup_bench *b, unsigned i)
{
    static const uint8_t headers[] = {
        0x02, 0, 0, 0, 0, 2, 0x02, 0, 0, 0, 0, 1, 0x08, 0x00,
        0x45, 0, 0, 50, 0, 0, 0x40, 0, 64, 17, 0, 0, 10, 9, 9, 9, 10, 0, 0, 0,
        0x12, 0x34, 0, 53, 0, 30, 0, 0,
    };
    uint8_t *f = b->frame[i];

    memcpy(f, headers, sizeof(headers));
    f[IP_OFF + 17] = (uint8_t)(i % b->n_masks);
    be16_put(f + IP_OFF + 18, (uint16_t)i);
}

/* Mask m takes the source address's first m + 1 bits besides the destination. */
static int add_flow(const struct lookup_bench *b, struct sock *s, unsigned i)
{
    const struct flow_target to = world_target(b->sim);
    uint32_t src_mask = ~UINT32_C(0) << (31 - i % b->n_masks), src = 0x0a090909 & src_mask;
    GByteArray *request = g_byte_array_new();
    char key[200];
    int r;

    g_snprintf(key, sizeof(key),
               "in_port(1),eth(),eth_type(0x0800),ipv4(src=%u.%u.%u.%u/%u.%u.%u.%u,"
               "dst=10.%u.%u.%u,frag=no)",
               src >> 24, src >> 16 & 255, src >> 8 & 255, src & 255, src_mask >> 24,
               src_mask >> 16 & 255, src_mask >> 8 & 255, src_mask & 255, i % b->n_masks, i >> 8,
               i & 255);
    r = flow_request(request, &to, key, "2");
    if (!r)
        r = flow_put(s, request);
    g_byte_array_unref(request);
    return r;
}

static struct probe_entry *probe(struct lookup_bench *b, const uint8_t *tuple)
{
    uint32_t at = hash_words(tuple, TUPLE_LEN, 0);

    for (;; at++) {
        struct probe_entry *e = &b->table[at % G_N_ELEMENTS(b->table)];

        if (!e->n_hits || !memcmp(e->tuple, tuple, TUPLE_LEN))
            return e;
    }
}

static bool prepare(struct lookup_bench *b)
{
    struct sock *s = sock_open(sim_root_ns(b->sim)->net, NETLINK_GENERIC);
    int r = 0;

    for (unsigned i = 0; !r && i < N_FLOWS; i++) {
        make_frame(b, i);
        r = add_flow(b, s, i);
        if (!r) {
            struct probe_entry *e = probe(b, b->frame[i] + TUPLE_OFF);

            memcpy(e->tuple, b->frame[i] + TUPLE_OFF, TUPLE_LEN);
            e->n_hits = 1;
        }
    }
    sock_close(s);
    b->in = device_by_name(sim_root_ns(b->sim), "p1");
    b->out = device_by_name(sim_root_ns(b->sim), "p2");
    return !r;
}

/* ---- the two sides ----------------------------------------------------------------------------- */

static double receive(void *ctx)
{
    struct lookup_bench *b = ctx;
    uint64_t n_before = b->out->n_tx;
    double start = bench_now();

    for (unsigned i = 0; i < b->n_frames; i++)
        dp_receive(b->sim->dp, &b->in->dev, b->frame[i * STRIDE % N_FLOWS], FRAME_LEN);
    if (b->out->n_tx - n_before != b->n_frames)
        return bench_fail("not every frame found its flow");
    return (bench_now() - start) / b->n_frames;
}

static double probe_all(void *ctx)
{
    struct lookup_bench *b = ctx;
    double start = bench_now();

    for (unsigned i = 0; i < b->n_frames; i++)
        probe(b, b->frame[i * STRIDE % N_FLOWS] + TUPLE_OFF)->n_hits++;
    return (bench_now() - start) / b->n_frames;
}

static int measure_masks(struct lookup_bench *b, const struct bench_options *o)
{
    g_autofree char *name = g_strdup_printf("lookup, %u mask%s", b->n_masks,
                                            b->n_masks > 1 ? "s" : "");
    const struct bench_row row = { name, "hash of addresses and ports, one probe", BENCH_NS,
                                   BENCH_ROUNDS, receive, probe_all, b };
    int n_failed = 1;

    b->sim = world_new();
    if (b->sim && prepare(b))
        n_failed = bench_measure(&row, o);
    sim_free(b->sim);
    return n_failed;
}

int bench_lookup(const struct bench_options *o)
{
    static const unsigned n_masks[] = { 1, 8, 32 };
    int n_failed = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(n_masks); i++) {
        struct lookup_bench *b = g_new0(struct lookup_bench, 1);

        b->n_masks = n_masks[i];
        b->n_frames = o->is_quick ? 2 * N_FLOWS : N_FRAMES;
        n_failed += measure_masks(b, o);
        g_free(b);
    }
    return n_failed;
}
