/* flow.h - one flow: masked key, mask, identifier, actions, statistics. Catalogue 06.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DP_FLOW_H
#define DP_FLOW_H

#include "dp/act.h"
#include "dp/key.h"

#define UFID_MAX 16

struct flow_stats {
    uint64_t n_packets, n_bytes;
    uint64_t used_ns;               /* time of the last packet, 0: never */
    uint16_t tcp_flags;             /* OR of all packets' */
};

/* A flow found by its UFID or, without one, by its original unmasked key. */
struct flow_id {
    uint8_t ufid_len;               /* 0: identified by 'unmasked' */
    uint8_t ufid[UFID_MAX];
    struct flow_key *unmasked;      /* in the flow's own allocation, NULL with a UFID */
};

struct table_mask;

struct flow {
    struct flow *next_by_ufid;
    struct flow *prev, *next;       /* all flows, in order of insertion */
    uint32_t hash, ufid_hash;       /* of the masked key, by the mask; of the UFID */
    struct table_mask *mask;
    struct flow_stats stats;
    struct act_list *acts;
    struct flow_id id;
    struct flow_key key;            /* masked */
};

/* A new flow with a copy of the masked key; takes *acts. unmasked is copied if ufid_len is 0. */
struct flow *flow_new(const struct flow_key *masked, const uint8_t *ufid, size_t ufid_len,
                      const struct flow_key *unmasked, struct act_list **acts);
void flow_free(struct flow *f);     /* NULL allowed; not in a table */

#endif
