/* frag.h - IP datagrams from their fragments, and back. Catalogue 09.4, 08.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DP_CT_FRAG_H
#define DP_CT_FRAG_H

#include "dp/env.h"
#include "dp/pkt.h"

struct dp_world;
struct ct_frags;

/* The fragments that a namespace holds. */
struct ct_frags *ct_frags_new(struct dp_world *w);
void ct_frags_free(struct ct_frags *f);         /* NULL allowed; what is held is dropped */

/* ip_defrag, nf_ct_frag6_gather: takes *p, a fragment of ethertype 'l3_type', into the queue of 'zone'. 0: *p is the whole
 * datagram, mru set, its link layer that of the first fragment received; -EINPROGRESS: it is kept
 * (*p is NULL); other -errno: refused, *p is still there. */
int ct_defrag(struct ct_frags *f, struct pkt **p, uint16_t l3_type, uint16_t zone);

/* Drops, counted, what has waited too long. */
void ct_frags_expire(struct ct_frags *f);

#endif
