/* bench_ct.c - connection tracking: a packet of a new connection beside one of a known connection.
 *
 * Frames come in at p1, a flow commits their connection and outputs them. The reference is the same
 * frames once more, when all their connections are in the table: both pay for the whole packet path. A
 * million connections then show what they need of memory, and what a packet feels of their end.
 * SPDX-License-Identifier: Apache-2.0 */
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/bytes.h"
#include "bench/bench.h"
#include "bench/world.h"
#include "dp/datapath.h"
#include "sim/device.h"

#define N_CONNS 100000u
#define N_MANY 1000000u
#define FRAME_LEN 64u
#define SRC_ADDR 26u
#define SRC_PORT 34u
#define PORTS_PER_ADDR 60000u

struct ct_bench {
    struct sim *sim;
    struct device *in, *out;
    struct ct_table *table;
    unsigned n;
    uint8_t frame[FRAME_LEN];
};

static bool prepare(struct ct_bench *b)
{
    static const uint8_t udp[] = {
        0x02, 0, 0, 0, 0, 2, 0x02, 0, 0, 0, 0, 1, 0x08, 0x00,
        0x45, 0, 0, 50, 0, 0, 0x40, 0, 64, 17, 0, 0, 10, 0, 0, 0, 10, 255, 0, 1,
        0, 0, 0, 53, 0, 30, 0, 0,
    };

    b->sim = world_new();
    if (!b->sim)
        return false;
    memcpy(b->frame, udp, sizeof(udp));
    b->in = device_by_name(sim_root_ns(b->sim), "p1");
    b->out = device_by_name(sim_root_ns(b->sim), "p2");
    b->table = ((struct dp_ns *)sim_root_ns(b->sim)->net->user)->ct;
    b->table->sysctl.max = 0;
    return !world_do(b->sim, "flow br0 in_port(1),eth(),eth_type(0x0800),ipv4(frag=no) ct(commit),2");
}

static void send_nth(struct ct_bench *b, unsigned i)
{
    be32_put(b->frame + SRC_ADDR, 0x0a000000 + i / PORTS_PER_ADDR);
    be16_put(b->frame + SRC_PORT, (uint16_t)(1024 + i % PORTS_PER_ADDR));
    dp_receive(b->sim->dp, &b->in->dev, b->frame, FRAME_LEN);
}

/* Seconds for each of 'n' packets, one of each connection. */
static double send_all(struct ct_bench *b)
{
    double start = bench_now();

    for (unsigned i = 0; i < b->n; i++)
        send_nth(b, i);
    if (b->table->n_conns != b->n)
        return bench_fail("%u connections instead of %u", b->table->n_conns, b->n);
    return (bench_now() - start) / b->n;
}

static double send_new(void *ctx)
{
    struct ct_bench *b = ctx;
    struct ct_conn *c;

    while ((c = ct_next(b->table, NULL)))
        ct_conn_delete(c);
    return send_all(b);
}

static double send_known(void *ctx)
{
    return send_all(ctx);
}

/* ---- a million ------------------------------------------------------------------------------------- */

static double megabytes_in_use(void)
{
    struct mallinfo2 m = mallinfo2();

    return (double)(m.uordblks + m.hblkhd) / 1e6;
}

/* The processor's seconds, so that whoever else is running does not count. */
static double cpu_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* The longest time that one of these packets took, in microseconds. */
static double longest(struct ct_bench *b, unsigned n)
{
    double most = 0;

    for (unsigned i = 0; i < n; i++) {
        double start = cpu_now();

        send_nth(b, i % 16);
        most = MAX(most, cpu_now() - start);
    }
    return most * 1e6;
}

/* Memory, and packets while all connections but theirs run out of time. */
static int measure_million(struct ct_bench *b, unsigned n)
{
    double before = megabytes_in_use(), used, calm, busy;

    b->n = n;
    if (send_new(b) == BENCH_FAILED)
        return 1;
    used = megabytes_in_use() - before;
    calm = longest(b, n / 10);
    b->sim->clock.now_ns += UINT64_C(31000000000);
    busy = longest(b, n);
    printf("%-25s %8.0f MB for %u connections; a packet takes at most %.0f us while they expire, "
           "%.0f us before\n", "ct, idle connections", used, n, busy, calm);
    if (b->table->n_conns > 16) {
        (void)bench_fail("%u connections are left", b->table->n_conns);
        return 1;
    }
    return 0;
}

int bench_ct(const struct bench_options *o)
{
    struct ct_bench b = { .n = o->is_quick ? 1000 : N_CONNS };
    const struct bench_row row = { "ct, new connection", "a packet of a known connection", BENCH_NS,
                                   BENCH_ROUNDS, send_new, send_known, &b };
    int n_failed = 1;

    if (prepare(&b)) {
        n_failed = bench_measure(&row, o);
        n_failed += measure_million(&b, o->is_quick ? 10000 : N_MANY);
    }
    sim_free(b.sim);
    return n_failed;
}
