/* extract_int.h - what extract.c and extract_ip6.c share.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DP_EXTRACT_INT_H
#define DP_EXTRACT_INT_H

#include "dp/extract.h"

/* Bytes from 'off' to the end of the frame; padding counts (catalogue 05, section 5.2). */
static inline uint32_t pkt_left(const struct pkt *p, uint32_t off)
{
    return off < p->len ? p->len - off : 0;
}

/* Sets l4_off, unless a chain of headers has led out of its 16 bits. */
static inline void pkt_set_l4(struct pkt *p, uint32_t off)
{
    p->l4_off = off <= UINT16_MAX ? (uint16_t)off : 0;
}

/* Reads ports, flags, type and code at l4_off if ip_proto has any; 'icmp' is the number of
 * the family's ICMP. True if it was ICMP and is there. */
bool extract_l4(struct flow_key *key, const struct pkt *p, uint8_t icmp);

void extract_ip6(struct flow_key *key, struct pkt *p);

/* Is the IPv6 destination at l3_off (40 bytes are there) not the final one, as a routing header has
 * segments left? */
bool ip6_is_routed(const struct pkt *p);

#endif
