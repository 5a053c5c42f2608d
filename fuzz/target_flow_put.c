/* target_flow_put.c - flows put, frames and executed packets that meet them, as one program.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/grammar.h"
#include "fuzz/oracle.h"
#include "fuzz/target.h"

#define BENT_OF 4u              /* every such message has a rule broken */

static void put_message(struct rng *r, enum grammar_kind kind, GByteArray *out)
{
    g_autoptr(GByteArray) message = g_byte_array_new();

    grammar_message(r, kind, message);
    if (rng_u32(r) % BENT_OF == 0)
        (void)grammar_bend(r, message);
    program_put(out, PROGRAM_SEND, PROGRAM_CLIENT, message->data, message->len);
}

static void put_frame(struct rng *r, GByteArray *out)
{
    g_autoptr(GByteArray) frame = g_byte_array_new();

    grammar_frame(r, NULL, frame);
    program_put(out, PROGRAM_FRAME, (uint8_t)rng_u32(r), frame->data, frame->len);
}

static void generate(struct rng *r, GByteArray *out)
{
    for (uint32_t n = 1 + rng_u32(r) % 3; n; n--)
        put_message(r, GRAMMAR_FLOW_NEW, out);
    if (rng_u32(r) % 2)
        put_frame(r, out);
    if (rng_u32(r) % 4 == 0)
        put_message(r, GRAMMAR_EXECUTE, out);
}

const struct fuzz_target fuzz_flow_put = {
    .name = "flow_put",
    .what = "programs of flows put, and of frames and executed packets that meet them",
    .run = oracle_run,
    .generate = generate,
    .mutate = grammar_mutate,
    .report = oracle_report,
};
