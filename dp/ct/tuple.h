/* tuple.h - who speaks to whom: the identity of one direction of a connection, and the IP packet it is read from.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DP_CT_TUPLE_H
#define DP_CT_TUPLE_H

#include <stdbool.h>
#include <stdint.h>

#include "dp/pkt.h"

/* An IPv4 address is in the first four bytes, the rest is zero. */
struct ct_addr {
    uint8_t bytes[16];
};

/* No padding: tuples are compared and hashed as words. Numbers in host order. */
struct ct_tuple {
    struct ct_addr src, dst;
    uint16_t src_id;        /* port; of ICMP queries their id; 0 if the protocol has none */
    uint16_t dst_id;        /* port; of ICMP type << 8 | code */
    uint16_t zone;
    uint8_t l3;             /* 4 or 6 */
    uint8_t proto;          /* IPPROTO_* */
};

/* The IP packet in a frame; offsets from pkt->data. Void once the frame grows or shrinks in front. */
struct ct_ip {
    struct pkt *pkt;
    uint8_t l3;             /* 4 or 6 */
    uint8_t proto;          /* behind IPv6's extension headers */
    bool is_later_frag;     /* has no transport header */
    uint32_t l3_off, l4_off;
    uint32_t end;           /* behind the packet's last byte: what follows is the link's padding */
};

/* Finds the IP packet of type 'l3_type' (ETH_P_IP, ETH_P_IPV6) at offset 'l3_off' of a frame. Its end may be missing,
 * as that of a packet inside an ICMP error is. False: its headers are damaged. */
bool ct_ip_parse(struct pkt *p, uint32_t l3_off, uint16_t l3_type, struct ct_ip *ip);

/* Bytes of the transport header and what follows. */
static inline uint32_t ct_ip_l4_len(const struct ct_ip *ip)
{
    return ip->end > ip->l4_off ? ip->end - ip->l4_off : 0;
}

static inline uint8_t *ct_ip_l4(const struct ct_ip *ip)
{
    return ip->pkt->data + ip->l4_off;
}

static inline uint8_t *ct_ip_l3(const struct ct_ip *ip)
{
    return ip->pkt->data + ip->l3_off;
}

/* The packet's tuple in 'zone'. False: its transport header is too short. */
bool ct_tuple_of(const struct ct_ip *ip, uint16_t zone, struct ct_tuple *t);

/* For rows: the two ports at the start of the transport header, of which 4 bytes must be there. */
bool ct_ports_of(const struct ct_ip *ip, struct ct_tuple *t);

/* The tuple that an answer has. False: there are no answers to it (an ICMP type that is no query). */
bool ct_tuple_invert(struct ct_tuple *reply, const struct ct_tuple *t);

bool ct_tuple_equal(const struct ct_tuple *a, const struct ct_tuple *b);
uint32_t ct_tuple_hash(const struct ct_tuple *t);

/* Sum of the pseudo header for 'len' bytes of transport, as csum_add() goes on with it. */
uint32_t ct_pseudo_sum(const struct ct_ip *ip, uint32_t len);

/* Does the transport's Internet checksum hold, with the pseudo header that all but ICMP have? */
bool ct_ip_checksum_ok(const struct ct_ip *ip);
/* The same of protocols whose checksum covers only the first 'covered' bytes. */
bool ct_ip_covered_ok(const struct ct_ip *ip, uint32_t covered);

#endif
