/* target.h - fuzz targets: one row each; libFuzzer, AFL++ and plain ctest run the same bodies.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FUZZ_TARGET_H
#define FUZZ_TARGET_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/rng.h"

struct fuzz_target {
    const char *name;           /* "flow_put": its corpus is fuzz/corpus/NAME */
    const char *what;           /* one line of help */
    /* Runs one input, any bytes; what must hold is asked by FUZZ_CHECK. Nothing is left over for the next input. */
    void (*run)(const uint8_t *data, size_t len);
    /* Appends a valid input, the same for the same state of 'r'. NULL: the corpus is all there is. */
    void (*generate)(struct rng *r, GByteArray *out);
    /* Bends an input in place, at most 'most' bytes then; returns its length. NULL: the engine's own way. */
    size_t (*mutate)(uint8_t *data, size_t len, size_t most, struct rng *r);
    /* Figures of all inputs so far, e.g. how deep they went. NULL: none. */
    void (*report)(FILE *out);
    const char *engine_option;  /* of libFuzzer's, what suits this target besides what suits all. NULL: none */
};

/* A row lives in target_NAME.c; the build makes its binaries from the names of these files. */
extern const struct fuzz_target *const fuzz_targets[];
extern const size_t n_fuzz_targets;
extern const struct fuzz_target fuzz_netlink, fuzz_flow_put, fuzz_extract, fuzz_actions, fuzz_conntrack, fuzz_scenario,
    fuzz_flow_text, fuzz_pcap, fuzz_recording;

/* What is asked of some inputs only, because it costs much, is asked of all: for a corpus. */
extern bool fuzz_is_thorough;

/* Ends the process with a sentence if 'holds' is false: what engines take for a finding. */
#define FUZZ_CHECK(holds, ...) ((holds) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #holds, __VA_ARGS__))
void fuzz_fail(const char *file, int line, const char *rule, const char *format, ...)
    __attribute__((noreturn, format(printf, 4, 5)));

#endif
