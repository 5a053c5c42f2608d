/* bench.h - what the benchmarks share: rows of the table, and how they are measured.
 *
 * How it works: a row has two sides, ours and a reference. Each round runs one after the other in
 * the same process, so that a busy machine disturbs both; what counts is the ratio of a
 * round, and its median.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>

#define BENCH_ROUNDS 7
#define BENCH_FAILED (-1.0)

struct bench_options {
    bool is_quick;              /* one short round of everything, for tests */
};

/* One pass of one side: seconds for each operation, or BENCH_FAILED after telling why. */
typedef double bench_side(void *ctx);

enum bench_unit { BENCH_RATE, BENCH_NS, BENCH_MS, N_BENCH_UNITS };

struct bench_row {
    const char *name;
    const char *reference;      /* what 'theirs' does */
    enum bench_unit unit;       /* in which times are shown */
    unsigned n_rounds;
    bench_side *ours, *theirs;
    void *ctx;
};

/* Rounds of both sides after one that does not count; prints a line. 0, or 1 for a failure. */
int bench_measure(const struct bench_row *row, const struct bench_options *o);

double bench_now(void);         /* seconds */
double bench_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* "BIN/name", BIN being the folder of this program; new string. */
char *bench_beside(const char *name);

/* The benchmarks, each in its file: 0, or the number of rows that failed. */
int bench_pcap(const struct bench_options *o);
int bench_flow_put(const struct bench_options *o);
int bench_socket(const struct bench_options *o);
int bench_dump(const struct bench_options *o);
int bench_lookup(const struct bench_options *o);
int bench_table(const struct bench_options *o);
int bench_ct(const struct bench_options *o);
int bench_start(const struct bench_options *o);

/* The other process of bench_socket: sends 'n' requests, prints seconds for each. */
int bench_client(size_t n);

#endif
