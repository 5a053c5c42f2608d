/* ip_frag.h - fragments of the host's own IP packets: cut on the way out, put together on the way in.
 *
 * In: as the kernel does it, fragments of one packet wait 30 s (IPv6: 60 s) of virtual time for the
 * others; one that overlaps another ends the packet, one that repeats another is passed over.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_IP_FRAG_H
#define SIM_IP_FRAG_H

#include "sim/sim.h"

GPtrArray *ip_frag_list_new(void);

/* Where a fragment belongs. Bytes before 'payload' are the header that all of them have. */
struct ip_fragment {
    uint8_t family, proto;      /* of what the whole packet carries */
    uint32_t id, offset;        /* bytes */
    bool is_last;
    const uint8_t *ip, *payload;
    size_t ip_len, len;         /* of the header; of the payload */
};

/* Takes a copy of a fragment. The whole packet, the caller's, if it was the last one missing. */
GByteArray *ip_frag_take(struct sim_ns *ns, const struct ip_fragment *f);

/* Cuts an IPv4 packet behind ETH_LEN bytes of 'frame' for an MTU; gives each fragment, with those
 * bytes before it, to 'send'. */
void ip_frag_cut(uint8_t *frame, size_t len, uint32_t mtu,
                 void (*send)(void *ctx, uint8_t *frame, size_t len), void *ctx);

#endif
