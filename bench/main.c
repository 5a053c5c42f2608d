/* main.c - dpsim-bench: runs the benchmarks that are named, or all, and prints a table.
 * SPDX-License-Identifier: Apache-2.0 */
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "bench/bench.h"

/* clang-format off */
static const struct benchmark {
    const char *name;
    int (*run)(const struct bench_options *o);
    const char *help;
} benchmarks[] = {
    { "pcap",     bench_pcap,     "frames from capture file to capture file through one flow" },
    { "flow_put", bench_flow_put, "OVS_FLOW_CMD_NEW, in process" },
    { "socket",   bench_socket,   "OVS_FLOW_CMD_NEW, from another process" },
    { "dump",     bench_dump,     "OVS_FLOW_CMD_GET dump of 10,000 flows, in process" },
    { "lookup",   bench_lookup,   "frames received, matched under 1, 8, 32 masks, and output" },
    { "table",    bench_table,    "the flow table alone: 1 to 512 masks, 100 to 200,000 flows" },
    { "ct",       bench_ct,       "connections: new beside known ones, and a million of them" },
    { "start",    bench_start,    "a process from its start to its end" },
};
/* clang-format on */

static int help(void)
{
    printf("Usage: dpsim-bench [--quick] [NAME...]\n"
           "Speed of dpsim beside references measured in the same run.\n\n");
    for (size_t i = 0; i < G_N_ELEMENTS(benchmarks); i++)
        printf("  %-9s %s\n", benchmarks[i].name, benchmarks[i].help);
    printf("\n  --quick   little work and one round: only shows that everything runs\n"
           "  --client N  sends N requests from under 'dpsim run' (what socket starts)\n");
    return 0;
}

static const struct benchmark *find(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(benchmarks); i++)
        if (!strcmp(benchmarks[i].name, name))
            return &benchmarks[i];
    return NULL;
}

static bool is_wanted(const struct benchmark *b, char **names)
{
    return !*names || g_strv_contains((const char *const *)names, b->name);
}

static int run(char **names, const struct bench_options *o)
{
    int n_failed = 0;

    for (char **name = names; *name; name++) {
        if (!find(*name)) {
            fprintf(stderr, "dpsim-bench: %s is no benchmark; --help lists them\n", *name);
            return 2;
        }
    }
    printf("%-25s %11s %11s  %6s  %6s .. %-6s  %s\n", "", "dpsim", "reference", "ratio", "min",
           "max", "reference is");
    for (size_t i = 0; i < G_N_ELEMENTS(benchmarks); i++)
        if (is_wanted(&benchmarks[i], names))
            n_failed += benchmarks[i].run(o);
    printf("ratio: speed of dpsim / speed of the reference, median of all rounds\n");
    return n_failed ? 1 : 0;
}

int main(int argc, char **argv)
{
    struct bench_options o = { 0 };
    int at = 1;

    if (argc == 3 && !strcmp(argv[1], "--client"))
        return bench_client((size_t)g_ascii_strtoull(argv[2], NULL, 10));
    if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")))
        return help();
    if (argc > 1 && !strcmp(argv[1], "--quick")) {
        o.is_quick = true;
        at = 2;
    }
    return run(argv + at, &o);
}
