/* grammar_int.h - what fuzz/grammar*.c share with each other and nobody else.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FUZZ_GRAMMAR_INT_H
#define FUZZ_GRAMMAR_INT_H

#include <linux/genetlink.h>
#include <linux/openvswitch.h>
#include <string.h>

#include "base/draw.h"
#include "fuzz/grammar.h"
#include "netlink/attr.h"
#include "netlink/family.h"

#define GENL_HEADERS (NLMSG_HDRLEN + GENL_HDRLEN + sizeof(struct ovs_header))

/* A flow that messages and frames are about. */
struct grammar_flow {
    struct flow_key key, mask;
    uint64_t left_out;          /* bit set of attributes of the key that are 0 and not told */
    bool is_exact;              /* messages say nothing of the mask */
    uint8_t ufid_len;           /* 0: none */
    uint8_t ufid[16];
};

void flow_draw(const struct draw *d, struct grammar_flow *flow);
/* What the flow table holds: the key under the mask. */
void flow_masked(const struct grammar_flow *flow, struct flow_key *masked);
/* The flow's key, its mask as attributes. */
void flow_put_key(const struct draw *d, const struct grammar_flow *flow, GByteArray *out);
void flow_put_mask(const struct draw *d, const struct grammar_flow *flow, GByteArray *out);

/* Chance alone, and the numbers of program.h. */
struct draw draw_of(struct rng *r);
/* One message of 'kind' about 'flow'. */
void message_draw(const struct draw *d, enum grammar_kind kind, const struct grammar_flow *flow, GByteArray *out);
/* An attribute of a row; rows of nests are walked. */
void attr_draw(const struct draw *d, uint16_t type, const struct policy *row, GByteArray *out);
void frame_draw(const struct draw *d, const struct flow_key *key, GByteArray *out);

#endif
