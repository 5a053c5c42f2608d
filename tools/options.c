/* options.c - see options.h. SPDX-License-Identifier: Apache-2.0 */
#include "tools/options.h"

#include <errno.h>
#include <getopt.h>
#include <linux/openvswitch.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/scan.h"
#include "sim/reply_fault.h"
#include "tools/memcheck.h"
#include "tools/test_seeds.h"

#define MOST_JOBS 256
#define MOST_RUNS 1000
#define MOST_SECONDS 86400
#define MOST_SHARDS 10000
#define DECIDING (OPTION_SEED | OPTION_CPUS | OPTION_DETERMINISTIC | OPTION_WITHOUT | OPTION_TIME | OPTION_CHANCE \
                  | OPTION_FAULT)

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static bool take_socket(struct options *o, const char *arg)
{
    o->socket = arg;
    return *arg;
}

static bool take_scenario(struct options *o, const char *arg)
{
    o->scenario = arg;
    return *arg;
}

static bool take_upcall(struct options *o, const char *arg)
{
    static const char *const modes[] = { "none", "drop", "normal" };

    o->upcall = arg;
    for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
        if (!strcmp(arg, modes[i]))
            return true;
    }
    return false;
}

static bool take_seed(struct options *o, const char *arg)
{
    char *end;

    errno = 0;
    o->seed = strtoull(arg, &end, 0);
    return *arg && !*end && *arg != '-' && !errno;
}

/* 1 to 'most'. */
static bool take_count(unsigned *to, const char *arg, unsigned long most)
{
    char *end;
    unsigned long n = strtoul(arg, &end, 10);

    *to = (unsigned)n;
    return *arg && !*end && n >= 1 && n <= most;
}

static bool take_cpus(struct options *o, const char *arg)
{
    return take_count(&o->cpus, arg, SIM_MOST_CPUS);
}

static bool take_without(struct options *o, const char *arg)
{
    if (strcmp(arg, "per-cpu"))
        return false;
    o->without |= OVS_DP_F_DISPATCH_UPCALL_PER_CPU;
    return true;
}

static bool take_netns(struct options *o, const char *arg)
{
    o->netns = arg;
    return *arg && !arg[strspn(arg, "0123456789")];
}

static bool take_deterministic(struct options *o, const char *arg)
{
    (void)arg;
    return o->is_deterministic = true;
}

static bool take_time(struct options *o, const char *arg)
{
    o->has_time = true;
    return !timing_level_by_name(arg, &o->time) && (!o->time || timing_levels[o->time].start);
}

static bool take_record(struct options *o, const char *arg)
{
    o->record = arg;
    return *arg;
}

static bool take_limit(struct options *o, const char *arg)
{
    struct err e;

    return !limits_scan(&o->limits, arg, &e);
}

static bool take_keep(struct options *o, const char *arg)
{
    (void)arg;
    return o->is_kept = true;
}

static bool take_valgrind(struct options *o, const char *arg)
{
    (void)arg;
    return o->is_under_valgrind = true;
}

static bool take_summary(struct options *o, const char *arg)
{
    (void)arg;
    return o->has_summary = true;
}

static bool take_chance(struct options *o, const char *arg, chance_scan_fn *scan)
{
    struct err e;
    struct scan in;

    scan_init(&in, arg);
    return !scan(&in, &o->chance, &e) && scan_done(&in);
}

#define TAKE(name, usage, help, id)                                                               \
    static bool take_##id(struct options *o, const char *arg)                                     \
    {                                                                                             \
        return take_chance(o, arg, chance_scan_##id);                                             \
    }
CHANCE_ROWS(TAKE)

static bool take_fault(struct options *o, const char *arg)
{
    size_t n = 0;

    while (o->faults[n])
        n++;
    if (n < OPTION_MOST_FAULTS)
        o->faults[n] = arg;
    return *arg && n < OPTION_MOST_FAULTS;
}

static bool take_static(struct options *o, const char *arg)
{
    (void)arg;
    return o->may_be_static = true;
}

static bool take_jobs(struct options *o, const char *arg)
{
    return take_count(&o->test.jobs, arg, MOST_JOBS);
}

static bool take_runs(struct options *o, const char *arg)
{
    return take_count(&o->test.runs, arg, MOST_RUNS);
}

static bool take_timeout(struct options *o, const char *arg)
{
    return take_count(&o->test.timeout_s, arg, MOST_SECONDS);
}

static bool take_only(struct options *o, const char *arg)
{
    o->test.only = arg;
    return *arg;
}

static bool take_keep_folder(struct options *o, const char *arg)
{
    o->test.keep = arg;
    return *arg;
}

static bool take_junit(struct options *o, const char *arg)
{
    o->test.junit = arg;
    return *arg;
}

static bool take_recorded(struct options *o, const char *arg)
{
    (void)arg;
    return o->test.is_recorded = true;
}

static bool take_tap(struct options *o, const char *arg)
{
    (void)arg;
    return o->test.has_tap = true;
}

static bool take_digest(struct options *o, const char *arg)
{
    (void)arg;
    return o->test.has_digest = true;
}

static bool take_sweep(struct options *o, const char *arg)
{
    (void)arg;
    return o->test.has_sweep = true;
}

static bool take_sweep_all(struct options *o, const char *arg)
{
    (void)arg;
    return o->test.sweeps_all = true;
}

static bool take_sweep_list(struct options *o, const char *arg)
{
    (void)arg;
    return o->test.sweep_lists = true;
}

static bool take_sweep_points(struct options *o, const char *arg)
{
    o->test.sweep_points = arg;
    return true;
}

static bool take_sweep_most(struct options *o, const char *arg)
{
    return take_count(&o->test.sweep_most, arg, MOST_RUNS);
}

static bool take_shard(struct options *o, const char *arg)
{
    uint64_t shard, n;
    struct scan in;

    scan_init(&in, arg);
    if (!scan_u64(&in, MOST_SHARDS, &shard) || !scan_char(&in, '/') || !scan_u64(&in, MOST_SHARDS, &n))
        return false;
    o->test.shard = (unsigned)shard;
    o->test.n_shards = (unsigned)n;
    return scan_done(&in) && shard >= 1 && shard <= n;
}

static bool take_seeds(struct options *o, const char *arg)
{
    o->test.has_seeds = true;
    return test_seeds_scan(arg, &o->test.first_seed, &o->test.last_seed);
}

const char *const test_compares[N_COMPARES] = {
    [COMPARE_FILES] = "files",
    [COMPARE_FRAMES] = "frames",
    [COMPARE_NOTHING] = "nothing",
};

static bool take_compare(struct options *o, const char *arg)
{
    unsigned i = 0;

    while (i < N_COMPARES && strcmp(test_compares[i], arg))
        i++;
    o->test.compare = (enum test_compare)i;
    return i < N_COMPARES;
}

static bool take_update(struct options *o, const char *arg)
{
    (void)arg;
    return o->test.is_update = true;
}

#define CHANCE_ROW(name, usage, help, id) { OPTION_CHANCE, name, usage, help, take_##id },

/* clang-format off */
static const struct row {
    unsigned bit;
    const char *name, *value, *help;    /* value NULL: it takes none */
    bool (*take)(struct options *o, const char *arg);
} rows[] = {
    { OPTION_SOCKET,   "socket",   "PATH",             "the simulator's socket",               take_socket },
    { OPTION_SCENARIO, "scenario", "FILE",             "scenario to run before PROGRAM",       take_scenario },
    { OPTION_UPCALL,   "upcall",   "none|drop|normal", "who answers misses besides PROGRAM",   take_upcall },
    { OPTION_SEED,     "seed",     "N",                "of the simulator's random source (0)", take_seed },
    { OPTION_CPUS,     "cpus",     "N",                "CPUs that programs and the datapath see",  take_cpus },
    CHANCE_ROWS(CHANCE_ROW)
    { OPTION_DETERMINISTIC, "deterministic", NULL,     "upcalls go to the first CPU's socket, wherever the program runs", take_deterministic },
    { OPTION_WITHOUT,  "without",  "per-cpu",         "upcalls go by port, as before Linux 5.15: that feature is refused", take_without },
    { OPTION_NETNS,    "netns",    "N",                "PROGRAM starts in this network namespace (0)", take_netns },
    { OPTION_TIME,     "time",     "real|lockstep|virtual", "the clock that programs live on (real)", take_time },
    { OPTION_RECORD,   "record",   "FILE.pcapng",      "record every netlink message and packet in a file for Wireshark", take_record },
    { OPTION_LIMIT,    "limit",    "NAME=N",           "what one client may use (docs/limits.md)", take_limit },
    { OPTION_FAULT,    "fault",    "NAME[:N|:N..|:*]", "fail this point the Nth time it is reached (1), from then on, or always; docs/faults.md has their names. May be given again", take_fault },
    { OPTION_KEEP,     "keep",     NULL,               "go on until the last daemon that PROGRAM left has ended", take_keep },
    { OPTION_SUMMARY,  "summary",  NULL,               "say on stderr at the end what became of every packet", take_summary },
    { OPTION_VALGRIND, "valgrind", NULL,               "dpsim itself runs under valgrind, and exits with 99 if that finds an error; $VALGRIND_OPTS may add to its options", take_valgrind },
    { OPTION_TESTS,    "jobs",     "N",                "tests at a time (one for each processor); also -j N", take_jobs },
    { OPTION_TESTS,    "seeds",    "N|FIRST..LAST",    "run each test with each of these seeds; the first that fails is told", take_seeds },
    { OPTION_TESTS,    "compare",  "files|frames|nothing", "what must be as in expected/: all files to the byte, or the captures' frames in any order (files; with --seeds: frames)", take_compare },
    { OPTION_TESTS,    "runs",     "N",                "runs of each test, whose files are compared with each other (2; with --seeds: 1)", take_runs },
    { OPTION_TESTS,    "only",     "GLOB",             "only tests whose name matches",         take_only },
    { OPTION_TESTS,    "fault-sweep", NULL,            "run each test once for each time that it reaches a point where the kernel can fail, and fail it there", take_sweep },
    { OPTION_TESTS,    "fault-most", "N",              "with --fault-sweep: only the first N times of each point, and the last (8)", take_sweep_most },
    { OPTION_TESTS,    "fault-all", NULL,              "with --fault-sweep: every time",        take_sweep_all },
    { OPTION_TESTS,    "fault-points", "GLOB",         "with --fault-sweep: only points whose names match", take_sweep_points },
    { OPTION_TESTS,    "fault-list", NULL,             "with --fault-sweep: each point's tests below it in the table, with how often they reach it", take_sweep_list },
    { OPTION_TESTS,    "shard",    "N/M",              "only each Mth test, from the Nth on: a part for each of M machines", take_shard },
    { OPTION_TESTS,    "timeout",  "S",                "a test that has not ended after S seconds fails (60)", take_timeout },
    { OPTION_TESTS,    "update",   NULL,               "make expected/ hold what the tests record", take_update },
    { OPTION_TESTS,    "keep",     "FOLDER",           "keep what a test records in FOLDER/NAME", take_keep_folder },
    { OPTION_TESTS,    "record",   NULL,               "record each run in its folder's recording.pcapng, beside what the test records", take_recorded },
    { OPTION_TESTS,    "digest",   NULL,               "say the SHA-256 over all files of each test", take_digest },
    { OPTION_TESTS,    "tap",      NULL,               "print TAP, the Test Anything Protocol", take_tap },
    { OPTION_TESTS,    "junit",    "FILE",             "write JUnit's XML to FILE, too",        take_junit },
    { OPTION_STATIC,   "allow-static", NULL,           "run PROGRAM even if it cannot see the simulator", take_static },
};
/* clang-format on */

/* The rest of --fault's help. */
static void print_reply_faults(void)
{
    const char *name, *text;

    printf("  --fault reply:KIND[@NAME][:N|:N..|:*|:N%%]\n        clients get wrong replies; NAME: of a message or an attribute, for no other one; "
           "docs/debugging.md. KIND:\n");
    for (size_t i = 0; reply_fault_kind(i, &name, &text); i++)
        printf("        %-13s %s\n", name, text);
}

static int help(const char *command, unsigned taken)
{
    printf("Usage: dpsim %s [OPTIONS...]%s\n", command,
           taken & OPTION_PROGRAM ? " [--] PROGRAM [ARGUMENTS...]"
           : taken & OPTION_PLACES ? " FOLDER..." : "");
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if (rows[i].bit & taken)
            printf("  --%s%s%s\n        %s\n", rows[i].name, rows[i].value ? " " : "",
                   rows[i].value ? rows[i].value : "", rows[i].help);
    }
    if (taken & OPTION_FAULT)
        print_reply_faults();
    return 0;
}

static int misuse(const char *command, const char *text, const char *what)
{
    fprintf(stderr, "dpsim %s: %s%s; 'dpsim %s --help' says what is possible\n", command, text,
            what, command);
    return 2;
}

/* The rows that are taken, then --help. Values are row numbers from 1. */
static void fill_long(struct option *longs, unsigned taken)
{
    size_t n = 0;

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if (rows[i].bit & taken)
            longs[n++] = (struct option){ rows[i].name, rows[i].value ? required_argument : no_argument,
                                         NULL, (int)i + 1 };
    }
    longs[n++] = (struct option){ "help", no_argument, NULL, 'h' };
    longs[n] = (struct option){ 0 };
}

static int check_rest(char **argv, unsigned taken, struct options *o)
{
    char **rest = argv + optind;

    if (!(taken & (OPTION_PROGRAM | OPTION_PLACES)))
        return *rest ? misuse(argv[0], "what is meant by ", *rest) : -1;
    o->program = rest;
    if (*rest)
        return -1;
    return misuse(argv[0], taken & OPTION_PLACES ? "no folder given" : "no program given", "");
}

/* A value of getopt_long(): fill_long()'s, or -j, which is --jobs. */
static const struct row *row_of(int c)
{
    const struct row *row = rows;

    if (c != 'j')
        return &rows[c - 1];
    while (row->take != take_jobs)
        row++;
    return row;
}

/* Notes an option that decides the outcome, as a shell takes it. */
static void note_again(struct options *o, const struct row *row, const char *arg)
{
    size_t len = strlen(o->again);

    if (row->bit & DECIDING)
        snprintf(o->again + len, sizeof(o->again) - len, " --%s%s%s", row->name, arg ? " " : "",
                 arg ? arg : "");
}

int options_read(int argc, char **argv, unsigned taken, struct options *o)
{
    struct option longs[ARRAY_SIZE(rows) + 2];
    const char *shorts = taken & OPTION_TESTS ? ":hj:" : taken & OPTION_PLACES ? ":h" : "+:h";
    const struct row *row;
    int c;

    fill_long(longs, taken);
    *o = (struct options){ .test.compare = N_COMPARES };
    opterr = 0;
    optind = 1;
    while ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
        if (c == 'h')
            return help(argv[0], taken);
        if (c == ':')
            return misuse(argv[0], "a value is missing after ", argv[optind - 1]);
        if (c == '?')
            return misuse(argv[0], "unknown option ", argv[optind - 1]);
        row = row_of(c);
        if (!row->take(o, optarg))
            return misuse(argv[0], "bad value: ", optarg);
        note_again(o, row, optarg);
    }
    c = o->is_under_valgrind ? memcheck_become(argv) : -1;
    return c >= 0 ? c : check_rest(argv, taken, o);
}

enum time_level options_test_time(const struct options *o)
{
    return o->has_time || !timing_levels[TIME_VIRTUAL].start ? o->time : TIME_VIRTUAL;
}

struct sim_options options_sim(const struct options *o)
{
    return (struct sim_options){ .seed = o->seed, .n_cpus = o->cpus, .shows_cpus = o->cpus,
                                 .is_on_one_cpu = o->is_deterministic,
                                 .no_features = o->without, .chance = o->chance,
                                 .limits = o->limits };
}
