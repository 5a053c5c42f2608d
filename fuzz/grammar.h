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

struct family;

enum grammar_kind {
    GRAMMAR_FLOW_NEW, GRAMMAR_FLOW_SET, GRAMMAR_FLOW_GET, GRAMMAR_FLOW_DEL, GRAMMAR_FLOW_DUMP,
    GRAMMAR_EXECUTE,
    GRAMMAR_DP_NEW, GRAMMAR_DP_SET, GRAMMAR_DP_GET, GRAMMAR_DP_DEL, GRAMMAR_DP_DUMP,
    GRAMMAR_VPORT_NEW, GRAMMAR_VPORT_SET, GRAMMAR_VPORT_GET, GRAMMAR_VPORT_DEL, GRAMMAR_VPORT_DUMP,
    GRAMMAR_METER_SET, GRAMMAR_METER_GET, GRAMMAR_METER_DEL, GRAMMAR_METER_FEATURES,
    GRAMMAR_CT_LIMIT_SET, GRAMMAR_CT_LIMIT_GET, GRAMMAR_CT_LIMIT_DEL,
    GRAMMAR_RT_NEWLINK, GRAMMAR_RT_SETLINK, GRAMMAR_RT_DELLINK, GRAMMAR_RT_GETLINK, GRAMMAR_RT_DUMPLINK,
    GRAMMAR_RT_NEWADDR, GRAMMAR_RT_DELADDR, GRAMMAR_RT_DUMPADDR,
    GRAMMAR_RT_NEWROUTE, GRAMMAR_RT_DELROUTE, GRAMMAR_RT_GETROUTE, GRAMMAR_RT_DUMPROUTE,
    GRAMMAR_RT_NEWRULE, GRAMMAR_RT_DELRULE, GRAMMAR_RT_DUMPRULE,
    GRAMMAR_RT_NEWNEIGH, GRAMMAR_RT_DELNEIGH, GRAMMAR_RT_GETNEIGH, GRAMMAR_RT_DUMPNEIGH,
    GRAMMAR_RT_GETQDISC, GRAMMAR_RT_DUMPQDISC, GRAMMAR_RT_DUMPACTION, GRAMMAR_RT_DUMPNSID,
    N_GRAMMAR_KINDS
};

struct grammar_row {
    const char *name;                       /* "flow_new" */
    enum program_who who;                   /* the socket it is sent by */
    enum program_family family;             /* PROGRAM_CLIENT: of the message */
    uint8_t cmd;
    uint16_t rt_type;                       /* PROGRAM_ROUTE: RTM_* */
    uint16_t flags;                         /* NLM_F_*, besides REQUEST */
    bool is_new;                            /* it makes what is not there yet, or does away with that again */
};
extern const struct grammar_row grammar_rows[N_GRAMMAR_KINDS];

/* The rows of a generic netlink family. */
const struct family *grammar_family(enum program_family family);

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
/* A flow put, and up to two steps more: its frames, packets executed with its key, other flows put. Some messages are bent. */
void grammar_flow_program(struct rng *r, GByteArray *out);

/* ---- bent ----------------------------------------------------------------------------------------------- */

/* Breaks one rule of the first message of a datagram, in place (its length may change), and says which: a grammar_rule_name().
 * NULL: there is no message. */
const char *grammar_bend(struct rng *r, GByteArray *message);
const char *grammar_rule_name(size_t rule);
size_t grammar_n_rules(void);

/* Changes a program in place: steps dropped, copied, swapped, drawn anew, bent; at most 'most' bytes then. Returns its length. */
size_t grammar_mutate(uint8_t *data, size_t len, size_t most, struct rng *r);

#endif
