/* frag.h - IP datagrams from their fragments. Back into fragments: dp/fragment.c. Catalogue 09.4, 08.6.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DP_CT_FRAG_H
#define DP_CT_FRAG_H

#include "dp/dp.h"
#include "dp/pkt.h"

struct ct_frags;

/* The fragments that a namespace holds. */
struct ct_frags *ct_frags_new(struct dp_world *w);      /* 'w' is borrowed */
void ct_frags_free(struct ct_frags *f);         /* NULL allowed; what is held is dropped */

/* ip_defrag, nf_ct_frag6_gather: takes *p, a fragment of ethertype 'l3_type' (of IPv6: one that ends where its
 * IP packet ends), into the queue of 'zone'. 0: *p is the whole datagram with its mru set, in the frame of
 * the fragment with offset 0; or an IPv6 fragment that is none to conntrack, as it was. Otherwise *p is
 * NULL: -EINPROGRESS, it is held; another -errno, it was dropped (counted). */
int ct_defrag(struct ct_frags *f, struct pkt **p, uint16_t l3_type, uint16_t zone);

/* Drops, counted, what has waited too long: 30 s for IPv4, 60 s for IPv6. */
void ct_frags_expire(struct ct_frags *f);

#endif
