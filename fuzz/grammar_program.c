/* grammar_program.c - stubs. SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/grammar_int.h"

const char *const grammar_rule_names[] = {"length"};
const size_t n_grammar_rules = G_N_ELEMENTS(grammar_rule_names);

void grammar_program(struct rng *r, GByteArray *out)
{
    (void)r;
    program_put(out, PROGRAM_TIME, 0, "\1", 1);
}

const char *grammar_bend(struct rng *r, GByteArray *message)
{
    (void)r;
    (void)message;
    return grammar_rule_names[0];
}

size_t grammar_mutate(uint8_t *data, size_t len, size_t most, struct rng *r)
{
    (void)data;
    (void)most;
    (void)r;
    return len;
}
