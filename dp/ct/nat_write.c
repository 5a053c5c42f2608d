/* nat_write.c - rewrites packets as their connections want them, and ICMP errors with the packets they quote.
 *
 * A packet is made to look like the inverse of its connection's other direction. Checksums are patched by
 * the difference, so that a wrong one stays wrong; an ICMP error's own is computed anew. Catalogue 09.6.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/if_ether.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>

#include "base/bytes.h"
#include "base/checksum.h"
#include "dp/ct/nat.h"
#include "dp/ct/proto.h"
#include "dp/extract_int.h"

#define IP4_LEN 20u
#define IP6_LEN 40u
#define ICMP_LEN 8u

/* ---- one end of an IP packet -------------------------------------------------------------------- */

static uint32_t ip_len(uint16_t l3_type)
{
    return l3_type == ETH_P_IP ? IP4_LEN : IP6_LEN;
}

static void write_addr(uint8_t *ip, uint16_t l3_type, const struct ct_tuple *to, bool is_src)
{
    const struct ct_addr *addr = is_src ? &to->src : &to->dst;
    uint8_t *at;

    if (l3_type == ETH_P_IPV6) {
        memcpy(ip + (is_src ? 8 : 24), addr->bytes, 16);
        return;
    }
    at = ip + (is_src ? 12 : 16);
    csum_replace(ip + 10, at, addr->bytes, 4);
    memcpy(at, addr->bytes, 4);
}

/* nf_nat_ipv4_manip_pkt, nf_nat_ipv6_manip_pkt: of the IP packet at 'l3_off'. Of IPv6 whose headers lead
 * nowhere only the address is written. */
static bool write_end(struct pkt *p, uint32_t l3_off, uint16_t l3_type, const struct ct_tuple *to,
                      enum ct_manip manip)
{
    const struct ct_proto *proto = ct_proto_of(to->proto);
    bool is_src = manip == CT_MANIP_SRC;
    struct ct_ip ip;

    if (pkt_left(p, l3_off) < ip_len(l3_type))
        return false;
    if (!ct_ip_parse(p, l3_off, l3_type, &ip)) {
        if (l3_type == ETH_P_IP)
            return false;
    } else if (!ip.is_later_frag && proto->write_id && !proto->write_id(&ip, to, is_src)) {
        return false;
    }
    write_addr(p->data + l3_off, l3_type, to, is_src);
    return true;
}

int ct_nat_packet(struct pkt *p, uint16_t l3_type, enum ct_manip manip)
{
    const struct ct_conn *c = p->ct;
    unsigned dir = ct_info_dir(p->ct_info);
    struct ct_tuple to;

    if (!ct_nat_applies(c, dir, manip))
        return 0;
    (void)ct_tuple_invert(&to, &c->dir[!dir].tuple);
    return write_end(p, p->l3_off, l3_type, &to, manip) ? 0 : -EINVAL;
}

/* ---- ICMP errors --------------------------------------------------------------------------------- */

static bool is_redirect(const struct ct_ip *ip)
{
    return *ct_ip_l4(ip) == (ip->l3 == 4 ? ICMP_REDIRECT : ND_REDIRECT);
}

/* Nobody may redirect what a translated connection sends. */
static bool may_redirect(const struct ct_conn *c)
{
    return (c->status & IPS_NAT_DONE_MASK) == IPS_NAT_DONE_MASK && !(c->status & IPS_NAT_MASK);
}

static void write_icmp_sum(const struct ct_ip *ip)
{
    uint8_t *icmp = ct_ip_l4(ip);
    uint32_t len = pkt_left(ip->pkt, ip->l4_off);
    uint32_t sum = ip->l3 == 6 ? ct_pseudo_sum(ip, len) : 0;

    be16_put(icmp + 2, 0);
    be16_put(icmp + 2, csum_finish(csum_add(sum, icmp, len)));
}

int ct_nat_related(struct pkt *p, uint16_t l3_type, enum ct_manip manip)
{
    const struct ct_conn *c = p->ct;
    unsigned dir = ct_info_dir(p->ct_info);
    struct ct_tuple to;
    struct ct_ip ip;

    if (!ct_ip_parse(p, p->l3_off, l3_type, &ip) ||
        ct_ip_l4_len(&ip) < ICMP_LEN + ip_len(l3_type) || !ct_ip_checksum_ok(&ip) ||
        (is_redirect(&ip) && !may_redirect(c)))
        return -EINVAL;
    if (!ct_nat_applies(c, dir, manip))
        return 0;
    /* What it quotes went the other way: the other end of that is what it was before. */
    if (!write_end(p, ip.l4_off + ICMP_LEN, l3_type, &c->dir[!dir].tuple, ct_manip_other(manip)))
        return -EINVAL;
    write_icmp_sum(&ip);
    (void)ct_tuple_invert(&to, &c->dir[!dir].tuple);
    to.proto = ip.proto;
    return write_end(p, p->l3_off, l3_type, &to, manip) ? 0 : -EINVAL;
}
