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
#define IP6_OFFSET 0xfff8u

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

static bool is_ext_hdr(uint8_t proto)
{
    return proto == IPPROTO_HOPOPTS || proto == IPPROTO_ROUTING || proto == IPPROTO_FRAGMENT ||
           proto == IPPROTO_AH || proto == IPPROTO_DSTOPTS || proto == IPPROTO_NONE;
}

/* Steps over the extension headers. As in Linux 6.1 only the first bytes of each must be there, so that the last
 * one may run off the packet; key extraction is stricter. False: the chain is cut, or ends. */
static bool skip_ext_hdrs(struct ct_ip *ip)
{
    while (is_ext_hdr(ip->proto)) {
        const uint8_t *hdr = ip->pkt->data + ip->l4_off;
        bool is_frag = ip->proto == IPPROTO_FRAGMENT;
        uint32_t len;

        if (ip->proto == IPPROTO_NONE || pkt_left(ip->pkt, ip->l4_off) < (is_frag ? 4 : 2))
            return false;
        ip->is_later_frag = is_frag && be16_get(hdr + 2) & IP6_OFFSET;
        if (ip->is_later_frag)
            return true;
        len = is_frag ? 8 : ip->proto == IPPROTO_AH ? (hdr[1] + 2u) * 4 : (hdr[1] + 1u) * 8;
        ip->proto = hdr[0];
        ip->l4_off += len;
    }
    return true;
}

static bool parse_ip6(struct ct_ip *ip)
{
    const uint8_t *hdr = ct_ip_l3(ip);

    if (pkt_left(ip->pkt, ip->l3_off) < IP6_LEN)
        return false;
    ip->l3 = 6;
    ip->end = ip_end(ip, IP6_LEN + be16_get(hdr + 4));
    ip->proto = hdr[6];
    ip->l4_off = ip->l3_off + IP6_LEN;
    return skip_ext_hdrs(ip);
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
    return csum_pseudo_header(ct_ip_l3(ip), ip->l3 == 6, ip->proto, len);
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
