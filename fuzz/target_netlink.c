/* target_netlink.c - programs of any requests: several clients, several messages, frames, time.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/grammar.h"
#include "fuzz/target.h"
#include "fuzz/oracle.h"

const struct fuzz_target fuzz_netlink = {
    .name = "netlink",
    .what = "programs of requests to all families, rtnetlink and netfilter by several clients, of frames and of time",
    .run = oracle_run,
    .generate = grammar_program,
    .mutate = grammar_mutate,
    .report = oracle_report,
};
