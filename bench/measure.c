/* measure.c - alternating rounds, medians, and the lines of the table.
 * SPDX-License-Identifier: Apache-2.0 */
#include <glib.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bench/bench.h"

#define MAX_ROUNDS 64u

/* clang-format off */
static const struct {
    const char *name;
    double per_second;          /* what a second is in this unit; 0: rates */
} units[N_BENCH_UNITS] = {
    [BENCH_RATE] = { "/s", 0 },
    [BENCH_NS] = { " ns", 1e9 },
    [BENCH_MS] = { " ms", 1e3 },
};
/* clang-format on */

double bench_now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

double bench_fail(const char *fmt, ...)
{
    va_list ap;

    fputs("dpsim-bench: ", stderr);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    return BENCH_FAILED;
}

char *bench_beside(const char *name)
{
    g_autofree char *binary = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = g_path_get_dirname(binary ? binary : "./x");

    return g_build_filename(folder, name, NULL);
}

/* ---- numbers ----------------------------------------------------------------------------------- */

struct rounds {
    unsigned n;
    double ours[MAX_ROUNDS], theirs[MAX_ROUNDS], ratio[MAX_ROUNDS];
};

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Sorts the values. */
static double median(double *value, unsigned n)
{
    qsort(value, n, sizeof(*value), by_value);
    return n % 2 ? value[n / 2] : (value[n / 2 - 1] + value[n / 2]) / 2;
}

static void print_time(double seconds, enum bench_unit unit)
{
    static const struct { double size; const char *name; } scale[] = {
        { 1e6, " M" }, { 1e3, " k" }, { 0, " " },
    };
    double rate = 1 / seconds;
    unsigned i = 0;
    char text[32];

    while (rate < scale[i].size)
        i++;
    if (units[unit].per_second > 0)
        g_snprintf(text, sizeof(text), "%.2f%s", seconds * units[unit].per_second,
                   units[unit].name);
    else
        g_snprintf(text, sizeof(text), "%.2f%s%s", scale[i].size > 0 ? rate / scale[i].size : rate,
                   scale[i].name, units[unit].name);
    printf(" %11s", text);
}

static void print_row(const struct bench_row *row, struct rounds *r)
{
    double ratio = median(r->ratio, r->n);

    printf("%-25s", row->name);
    print_time(median(r->ours, r->n), row->unit);
    print_time(median(r->theirs, r->n), row->unit);
    printf("  %6.3f  %6.3f .. %-6.3f  %s\n", ratio, r->ratio[0], r->ratio[r->n - 1],
           row->reference);
    (void)fflush(stdout);
}

int bench_measure(const struct bench_row *row, const struct bench_options *o)
{
    unsigned n = o->is_quick ? 1 : MIN(row->n_rounds, MAX_ROUNDS), skip = o->is_quick ? 0 : 1;
    struct rounds r = { .n = n };

    for (unsigned i = 0; i < n + skip; i++) {
        double ours = row->ours(row->ctx), theirs = ours < 0 ? ours : row->theirs(row->ctx);

        if (theirs < 0) {
            printf("%-25s failed\n", row->name);
            return 1;
        }
        if (i < skip)
            continue;
        r.ours[i - skip] = ours;
        r.theirs[i - skip] = theirs;
        r.ratio[i - skip] = theirs / ours;
    }
    print_row(row, &r);
    return 0;
}
