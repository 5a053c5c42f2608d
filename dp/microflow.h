/* microflow.h - remembers which flow the masks found for a packet, so that they need not be tried.
 *
 * How it works: an entry holds the words of a packet's key that any mask of the table looks at, and
 * the first flow in the order of masks for it, which may be none. Any change of flows or masks
 * begins a new generation: what was remembered before counts no more. This cache is ours: the
 * kernel's (table.h), whose hits a client can see, is asked first and never knows.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DP_MICROFLOW_H
#define DP_MICROFLOW_H

#include "dp/mask.h"

struct microflow {
    uint64_t generation;
    struct flow *flow;
    uint32_t hash;
};

/* All zeros: empty. Memory is taken by the first look-up. */
struct microflows {
    struct key_words looked_at;     /* by any mask since there was none */
    uint64_t generation;
    struct microflow *entry;
    uint64_t *word;                 /* of all entries, n_words of each */
    uint32_t n_words;
    uint32_t n_replaced;
};

void microflows_done(struct microflows *m);

/* After a change of flows or of the order of masks. */
void microflows_forget(struct microflows *m);
/* After a change of masks: one more, or none is left. */
void microflows_add_mask(struct microflows *m, const struct flow_key *mask);
void microflows_no_masks(struct microflows *m);

/* The entry of a packet, valid until the next change; *is_known: its flow is right, else it is
 * for the caller to set. */
struct microflow *microflows_find(struct microflows *m, const struct flow_key *key,
                                  bool *is_known);

#endif
