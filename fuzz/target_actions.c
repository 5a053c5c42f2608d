/* target_actions.c - packets executed with lists of actions, valid ones and bent ones.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/grammar.h"
#include "fuzz/oracle.h"
#include "fuzz/target.h"

static void generate(struct rng *r, GByteArray *out)
{
    for (uint32_t n = 1 + rng_u32(r) % 3; n; n--) {
        g_autoptr(GByteArray) message = g_byte_array_sized_new(PROGRAM_ROOM);

        grammar_message(r, GRAMMAR_EXECUTE, message);
        program_put(out, PROGRAM_SEND, PROGRAM_CLIENT, message->data, message->len);
    }
}

const struct fuzz_target fuzz_actions = {
    .name = "actions",
    .what = "packets executed with lists of actions",
    .run = oracle_run,
    .generate = generate,
    .mutate = grammar_mutate,
    .report = oracle_report,
};
