/* options.h - the command line options that subcommands share.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_OPTIONS_H
#define TOOLS_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/sim.h"
#include "sim/timing.h"

enum {      /* which of them a subcommand takes */
    OPTION_SOCKET = 1,
    OPTION_SCENARIO = 2,
    OPTION_UPCALL = 4,
    OPTION_SEED = 8,
    OPTION_PROGRAM = 16,    /* PROGRAM and its arguments follow */
    OPTION_CPUS = 32,
    OPTION_DETERMINISTIC = 64,
    OPTION_KEEP = 128,
    OPTION_SUMMARY = 256,
    OPTION_STATIC = 512,
    OPTION_WITHOUT = 1024,
    OPTION_NETNS = 2048,
    OPTION_TIME = 4096,
    OPTION_CHANCE = 8192,   /* the rows of sim/chance.h */
    OPTION_RECORD = 16384,
    OPTION_FAULT = 32768,
    OPTION_VALGRIND = 1 << 19,
    OPTION_LIMIT = 65536,
    OPTION_TESTS = 1 << 20, /* of dpsim test */
    OPTION_PLACES = 1 << 21,        /* folders or files, before, between and behind options */
};

/* What of the recordings must be as in expected/; test_compares[] has their names. */
enum test_compare { COMPARE_FILES, COMPARE_FRAMES, COMPARE_NOTHING, N_COMPARES };
extern const char *const test_compares[N_COMPARES];

#define OPTION_MOST_FAULTS 32

/* Of dpsim test. */
struct test_options {
    unsigned jobs;                              /* at a time; 0: one for each processor */
    unsigned runs;                              /* of each test */
    unsigned timeout_s;
    unsigned shard, n_shards;                   /* which part of the tests, from 1, of how many; 0: all */
    const char *only, *keep, *junit;            /* NULL: not given */
    bool has_sweep, sweeps_all, sweep_lists;    /* --fault-sweep, --fault-all, --fault-list */
    const char *sweep_points;                   /* whose names match; NULL: all */
    unsigned sweep_most;                        /* occurrences of each point; 0: not given */
    bool is_update, is_recorded, has_tap, has_digest, has_seeds;
    uint64_t first_seed, last_seed;
    enum test_compare compare;                  /* N_COMPARES: not given */
};

struct options {
    const char *socket, *scenario, *upcall, *netns, *record;    /* NULL: not given */
    uint64_t seed;
    unsigned cpus;                              /* 0: not given */
    uint32_t without;                           /* OVS_DP_F_* */
    enum time_level time;
    bool has_time;                              /* it was given */
    bool is_deterministic, is_kept, has_summary, may_be_static, is_under_valgrind;
    struct chance_options chance;
    const char *faults[OPTION_MOST_FAULTS + 1]; /* as given; ends with NULL */
    struct limits limits;                       /* of clients */
    struct test_options test;
    char again[512];                            /* what decides the outcome, as given: " --seed 3" */
    char **program;                             /* argv, NULL-terminated; or folders */
};

/* Reads argv. Returns -1 to go on, otherwise the status to exit with: 0 after --help, 2 after
 * a misuse that has been explained. */
int options_read(int argc, char **argv, unsigned taken, struct options *o);

/* The level of time that tests run at: virtual unless they say another one. */
enum time_level options_test_time(const struct options *o);

/* What they say about the simulation. */
struct sim_options options_sim(const struct options *o);

#endif
