/* grammar.h - seeded requests and frames that follow from the rows of validation: valid, then bent by one rule.
 *
 * Keys, masks and frames are drawn as struct flow_key by the rows of dp/key_attrs.c and written by dp/'s own walkers; actions
 * by the rows of dp/act_table.c; the rest by the policies and forms of the families and of rtnetlink. Ids of families,
 * ifindexes and port ids are those of program.h. What is drawn depends on the state of 'r' alone.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FUZZ_GRAMMAR_H
#define FUZZ_GRAMMAR_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dp/key.h"
#include "fuzz/program.h"
#include "base/rng.h"

enum grammar_kind {
    GRAMMAR_FLOW_NEW, GRAMMAR_FLOW_SET, GRAMMAR_FLOW_GET, GRAMMAR_FLOW_DEL, GRAMMAR_FLOW_DUMP,
    GRAMMAR_EXECUTE,
    GRAMMAR_DP_NEW, GRAMMAR_DP_SET, GRAMMAR_DP_GET, GRAMMAR_DP_DEL, GRAMMAR_DP_DUMP,
    GRAMMAR_VPORT_NEW, GRAMMAR_VPORT_SET, GRAMMAR_VPORT_GET, GRAMMAR_VPORT_DEL, GRAMMAR_VPORT_DUMP,
    GRAMMAR_METER_SET, GRAMMAR_METER_GET, GRAMMAR_METER_DEL, GRAMMAR_METER_FEATURES,
    GRAMMAR_CT_LIMIT_SET, GRAMMAR_CT_LIMIT_GET, GRAMMAR_CT_LIMIT_DEL,
    GRAMMAR_RT_LINK, GRAMMAR_RT_ADDR, GRAMMAR_RT_ROUTE, GRAMMAR_RT_RULE, GRAMMAR_RT_NEIGH, GRAMMAR_RT_DUMP,
    N_GRAMMAR_KINDS
};

struct grammar_row {
    const char *name;                       /* "flow_new" */
    enum program_who who;                   /* the socket it is sent by */
};
extern const struct grammar_row grammar_rows[N_GRAMMAR_KINDS];

/* ---- valid ---------------------------------------------------------------------------------------------- */

/* Appends one message, valid in the world of program.h (but what it names need not be there any more). */
void grammar_message(struct rng *r, enum grammar_kind kind, GByteArray *out);

/* A key that agrees with itself, and what a flow may match of it. */
void grammar_key(struct rng *r, struct flow_key *key);
void grammar_mask(struct rng *r, const struct flow_key *key, struct flow_key *mask);
/* Appends the attributes of both, in any order that is legal. 'mask' NULL: of the key alone, 'mask_out' is not touched. */
void grammar_key_attrs(struct rng *r, const struct flow_key *key, const struct flow_key *mask, GByteArray *key_out,
                       GByteArray *mask_out);
/* Appends actions that may stand in a flow with the masked key 'key' (acts_check accepts them). */
void grammar_actions(struct rng *r, const struct flow_key *key, GByteArray *attrs);
/* Appends a frame whose extraction gives 'key' (but its metadata); NULL: of any key. */
void grammar_frame(struct rng *r, const struct flow_key *key, GByteArray *frame);

/* Appends steps (program.h): messages, some bent, frames, time. */
void grammar_program(struct rng *r, GByteArray *out);

/* ---- bent ----------------------------------------------------------------------------------------------- */

/* Breaks one rule of the message in place (its length may change) and says which: a name of grammar_rule_names. */
const char *grammar_bend(struct rng *r, GByteArray *message);
extern const char *const grammar_rule_names[];
extern const size_t n_grammar_rules;

/* Changes a program in place: steps dropped, copied, swapped, drawn anew, bent; at most 'most' bytes then. Returns its length. */
size_t grammar_mutate(uint8_t *data, size_t len, size_t most, struct rng *r);

#endif
