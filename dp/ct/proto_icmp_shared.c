/* proto_icmp_shared.c - what ICMP and ICMPv6 have in common: queries by rows, errors by the packet inside.
 * SPDX-License-Identifier: Apache-2.0 */
#include <linux/if_ether.h>

#include "base/bytes.h"
#include "dp/ct/proto_int.h"

#define ICMP_ID 4u

/* ---- queries --------------------------------------------------------------------------------- */

static uint8_t type_of(const struct ct_tuple *t)
{
    return (uint8_t)(t->dst_id >> 8);
}

static const struct ct_icmp_query *query_of(const struct ct_icmp_query *queries, uint8_t type)
{
    for (; queries->question; queries++) {
        if (queries->question == type || queries->answer == type)
            return queries;
    }
    return NULL;
}

bool ct_icmp_tuple(const struct ct_ip *ip, struct ct_tuple *t)
{
    const uint8_t *icmp = ct_ip_l4(ip);

    if (ct_ip_l4_len(ip) < CT_ICMP_HLEN)
        return false;
    t->src_id = be16_get(icmp + ICMP_ID);
    t->dst_id = be16_get(icmp);
    return true;
}

bool ct_icmp_invert(const struct ct_icmp_query *queries, struct ct_tuple *reply,
                    const struct ct_tuple *t)
{
    uint8_t type = type_of(t);
    const struct ct_icmp_query *q = query_of(queries, type);
    uint8_t other;

    if (!q)
        return false;
    other = type == q->question ? q->answer : q->question;
    reply->src_id = t->src_id;
    reply->dst_id = (uint16_t)(other << 8 | (t->dst_id & 0xff));
    return true;
}

enum ct_verdict ct_icmp_packet(const struct ct_icmp_query *queries, struct ct_conn *c)
{
    uint8_t type = type_of(&c->dir[CT_ORIG].tuple);
    const struct ct_icmp_query *q = query_of(queries, type);

    if (!q || q->question != type)
        return CT_INVALID;
    ct_conn_refresh(c, ct_timeouts_of(c)[0]);
    return CT_ACCEPT;
}

/* ---- errors ---------------------------------------------------------------------------------- */

/* The confirmed connection that the packet inside the error belongs to, by the direction in which an answer to
 * it goes. */
static struct ct_conn *conn_inside(struct ct_table *t, const struct ct_ip *ip, uint16_t zone,
                                   unsigned *dir)
{
    uint16_t l3_type = ip->l3 == 4 ? ETH_P_IP : ETH_P_IPV6;
    struct ct_tuple inner, answer;
    struct ct_ip inside;

    if (!ct_ip_parse(ip->pkt, ip->l4_off + CT_ICMP_HLEN, l3_type, &inside) ||
        inside.is_later_frag || !ct_tuple_of(&inside, zone, &inner) ||
        !ct_tuple_invert(&answer, &inner))
        return NULL;
    return ct_find(t, &answer, dir);
}

enum ct_verdict ct_icmp_error(struct ct_table *t, const struct ct_ip *ip, uint16_t zone)
{
    uint32_t addr_off = ip->l3 == 4 ? 16 : 24, addr_len = ip->l3 == 4 ? 4 : 16;
    unsigned dir;
    struct ct_conn *c = conn_inside(t, ip, zone, &dir);

    /* The error must go where the connection's packets of that direction go. */
    if (!c || memcmp(ct_ip_l3(ip) + addr_off, c->dir[dir].tuple.dst.bytes, addr_len) != 0)
        return CT_INVALID;
    pkt_set_ct(ip->pkt, ct_conn_get(c), dir == CT_REPLY ? IP_CT_RELATED_REPLY : IP_CT_RELATED);
    return CT_ACCEPT;
}
