/* extract.h - packet bytes to flow key. Rules: catalogue 05.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DP_EXTRACT_H
#define DP_EXTRACT_H

#include "dp/key.h"
#include "dp/pkt.h"

/* Clears all of 'key', also the tunnel options' bytes: masks of tunnel flows look at them. */
void key_clear(struct flow_key *key);

/* Reads the link layer and up into 'key'; metadata members (tunnel, priority, skb_mark,
 * in_port, dp_hash, recirc_id, ct_*) are left alone, is_stale is cleared. key->mac_proto says
 * whether the packet has an Ethernet header; without, pkt->protocol gives the type. Sets the
 * packet's l3_off, l4_off, mac_len, protocol and moves an outer tag into its metadata.
 * Returns 0, or -EINVAL (frame too short, VLAN type on an L3 packet, bad NSH): drop it. */
int key_extract(struct flow_key *key, struct pkt *p);
/* The same from the network layer on, at p->l3_off and of type key->eth_type. */
int key_extract_l3(struct flow_key *key, struct pkt *p);

/* Flow hash of a packet by its own addresses, protocol and ports (flow_hash.c), never 0. Stored in the packet (hash, hash_is_l4, hash_is_sw) if it has none yet. */
uint32_t pkt_flow_hash(struct pkt *p);

#endif
