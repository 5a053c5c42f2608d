/* tuple.c - see tuple.h. SPDX-License-Identifier: Apache-2.0 */
#include "dp/ct/tuple.h"

#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>

#include "base/bytes.h"
#include "base/checksum.h"
#include "base/hash.h"
#include "dp/ct/proto.h"
#include "dp/extract_int.h"

#define IP4_LEN 20u
#define IP6_LEN 40u
#define IP4_OFFSET 0x1fffu          /* of a fragment, in its field */
#define IP4_MORE 0x2000u

/* ---- the IP packet ----------------------------------------------------------------------------- */

/* Behind the last byte of a packet that says it is 'len' bytes long. */
static uint32_t ip_end(const struct ct_ip *ip, uint32_t len)
{
    return ip->l3_off + MIN(len, pkt_left(ip->pkt, ip->l3_off));
}

static bool parse_ip4(struct ct_ip *ip)
{
    const uint8_t *hdr = ct_ip_l3(ip);
    uint32_t hdr_len;

    if (pkt_left(ip->pkt, ip->l3_off) < IP4_LEN)
        return false;
    hdr_len = (hdr[0] & 15u) * 4;
    ip->l3 = 4;
    ip->proto = hdr[9];
    ip->is_later_frag = be16_get(hdr + 6) & IP4_OFFSET;
    ip->l4_off = ip->l3_off + hdr_len;
    ip->end = ip_end(ip, be16_get(hdr + 2));
    return hdr_len >= IP4_LEN && ip->l4_off <= ip->end;
}

static bool parse_ip6(struct ct_ip *ip)
{
    const uint8_t *hdr = ct_ip_l3(ip);

    if (pkt_left(ip->pkt, ip->l3_off) < IP6_LEN)
        return false;
    ip->l3 = 6;
    ip->end = ip_end(ip, IP6_LEN + be16_get(hdr + 4));
    return ip6_find_l4(ip->pkt, ip->l3_off, &ip->proto, &ip->l4_off, &ip->is_later_frag) &&
           ip->l4_off <= ip->end;
}

bool ct_ip_parse(struct pkt *p, uint32_t l3_off, uint16_t l3_type, struct ct_ip *ip)
{
    *ip = (struct ct_ip){ .pkt = p, .l3_off = l3_off };
    if (l3_type == ETH_P_IP)
        return parse_ip4(ip);
    return l3_type == ETH_P_IPV6 && parse_ip6(ip);
}

/* ---- tuples -------------------------------------------------------------------------------------- */

static void read_addrs(const struct ct_ip *ip, struct ct_tuple *t)
{
    const uint8_t *hdr = ct_ip_l3(ip);

    if (ip->l3 == 4) {
        memcpy(t->src.bytes, hdr + 12, 4);
        memcpy(t->dst.bytes, hdr + 16, 4);
    } else {
        memcpy(t->src.bytes, hdr + 8, 16);
        memcpy(t->dst.bytes, hdr + 24, 16);
    }
}

bool ct_tuple_of(const struct ct_ip *ip, uint16_t zone, struct ct_tuple *t)
{
    const struct ct_proto *proto = ct_proto_of(ip->proto);

    *t = (struct ct_tuple){ .zone = zone, .l3 = ip->l3, .proto = ip->proto };
    read_addrs(ip, t);
    return !proto->tuple || proto->tuple(ip, t);
}

bool ct_tuple_invert(struct ct_tuple *reply, const struct ct_tuple *t)
{
    const struct ct_proto *proto = ct_proto_of(t->proto);

    *reply = *t;
    reply->src = t->dst;
    reply->dst = t->src;
    if (proto->invert)
        return proto->invert(reply, t);
    reply->src_id = t->dst_id;
    reply->dst_id = t->src_id;
    return true;
}

bool ct_ports_of(const struct ct_ip *ip, struct ct_tuple *t)
{
    if (ct_ip_l4_len(ip) < 4)
        return false;
    t->src_id = be16_get(ct_ip_l4(ip));
    t->dst_id = be16_get(ct_ip_l4(ip) + 2);
    return true;
}

bool ct_tuple_equal(const struct ct_tuple *a, const struct ct_tuple *b)
{
    return !memcmp(a, b, sizeof(*a));
}

uint32_t ct_tuple_hash(const struct ct_tuple *t)
{
    return hash_words(t, sizeof(*t), 0);
}

/* ---- checksums ----------------------------------------------------------------------------------- */

uint32_t ct_pseudo_sum(const struct ct_ip *ip, uint32_t len)
{
    const uint8_t *hdr = ct_ip_l3(ip);
    uint32_t sum = len + ip->proto;

    return ip->l3 == 4 ? csum_add(sum, hdr + 12, 8) : csum_add(sum, hdr + 8, 32);
}

/* The kernel adds up an IPv4 packet from its header on, as a header that is right adds nothing: one that is wrong makes
 * the transport's checksum wrong. */
bool ct_ip_covered_ok(const struct ct_ip *ip, uint32_t covered)
{
    uint32_t sum = ip->proto == IPPROTO_ICMP ? 0 : ct_pseudo_sum(ip, ct_ip_l4_len(ip));

    if (ip->l3 == 4)
        sum = csum_add(sum, ct_ip_l3(ip), ip->l4_off - ip->l3_off);
    return !csum_finish(csum_add(sum, ct_ip_l4(ip), covered));
}

bool ct_ip_checksum_ok(const struct ct_ip *ip)
{
    return ct_ip_covered_ok(ip, ct_ip_l4_len(ip));
}
