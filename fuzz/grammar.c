/* grammar.c - see grammar.h. Stubs: the interface, for those who build on it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/grammar.h"

#include <string.h>

#define ROW(k, n, w) [GRAMMAR_##k] = {n, PROGRAM_##w}

const struct grammar_row grammar_rows[N_GRAMMAR_KINDS] = {
    ROW(FLOW_NEW, "flow_new", CLIENT), ROW(FLOW_SET, "flow_set", CLIENT), ROW(FLOW_GET, "flow_get", CLIENT),
    ROW(FLOW_DEL, "flow_del", CLIENT), ROW(FLOW_DUMP, "flow_dump", CLIENT), ROW(EXECUTE, "execute", CLIENT),
    ROW(DP_NEW, "dp_new", CLIENT), ROW(DP_SET, "dp_set", CLIENT), ROW(DP_GET, "dp_get", CLIENT),
    ROW(DP_DEL, "dp_del", CLIENT), ROW(DP_DUMP, "dp_dump", CLIENT), ROW(VPORT_NEW, "vport_new", CLIENT),
    ROW(VPORT_SET, "vport_set", CLIENT), ROW(VPORT_GET, "vport_get", CLIENT), ROW(VPORT_DEL, "vport_del", CLIENT),
    ROW(VPORT_DUMP, "vport_dump", CLIENT), ROW(METER_SET, "meter_set", CLIENT), ROW(METER_GET, "meter_get", CLIENT),
    ROW(METER_DEL, "meter_del", CLIENT), ROW(METER_FEATURES, "meter_features", CLIENT),
    ROW(CT_LIMIT_SET, "ct_limit_set", CLIENT), ROW(CT_LIMIT_GET, "ct_limit_get", CLIENT),
    ROW(CT_LIMIT_DEL, "ct_limit_del", CLIENT), ROW(RT_LINK, "rt_link", ROUTE), ROW(RT_ADDR, "rt_addr", ROUTE),
    ROW(RT_ROUTE, "rt_route", ROUTE), ROW(RT_RULE, "rt_rule", ROUTE), ROW(RT_NEIGH, "rt_neigh", ROUTE),
    ROW(RT_DUMP, "rt_dump", ROUTE),
};
const char *const grammar_rule_names[] = {"length"};
const size_t n_grammar_rules = G_N_ELEMENTS(grammar_rule_names);

void grammar_message(struct rng *r, enum grammar_kind kind, GByteArray *out)
{
    struct nlmsghdr h = {.nlmsg_len = sizeof(h), .nlmsg_type = (uint16_t)PROGRAM_TYPE(PROGRAM_FLOW), .nlmsg_flags = NLM_F_REQUEST};

    (void)r;
    (void)kind;
    g_byte_array_append(out, (const void *)&h, sizeof(h));
}

void grammar_key(struct rng *r, struct flow_key *key)
{
    (void)r;
    memset(key, 0, sizeof(*key));
}

void grammar_mask(struct rng *r, const struct flow_key *key, struct flow_key *mask)
{
    (void)r;
    (void)key;
    memset(mask, 0, sizeof(*mask));
}

void grammar_key_attrs(struct rng *r, const struct flow_key *key, const struct flow_key *mask, GByteArray *key_out,
                       GByteArray *mask_out)
{
    (void)r;
    (void)key;
    (void)mask;
    (void)key_out;
    (void)mask_out;
}

void grammar_actions(struct rng *r, const struct flow_key *key, GByteArray *attrs)
{
    (void)r;
    (void)key;
    (void)attrs;
}

void grammar_frame(struct rng *r, const struct flow_key *key, GByteArray *frame)
{
    (void)r;
    (void)key;
    g_byte_array_set_size(frame, frame->len + 60);
}

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
