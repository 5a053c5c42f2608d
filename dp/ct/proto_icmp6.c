/* proto_icmp6.c - ICMPv6: as ICMP; neighbour discovery and group membership are not tracked at all.
 * Catalogue 09.5.
 * SPDX-License-Identifier: Apache-2.0 */
#include <linux/icmpv6.h>

#include "dp/ct/nat_id.h"
#include "dp/ct/proto_int.h"

#define ICMPV6_NI_QUERY 139     /* RFC 4620 */
#define ICMPV6_NI_REPLY 140
#define ND_ROUTER_SOLICIT 133
#define ND_NEIGHBOR_ADVERT 136

static const struct ct_icmp_query queries[] = {
    { ICMPV6_ECHO_REQUEST, ICMPV6_ECHO_REPLY },
    { ICMPV6_NI_QUERY, ICMPV6_NI_REPLY },
    { 0, 0 },
};

static bool icmp6_invert(struct ct_tuple *reply, const struct ct_tuple *t)
{
    return ct_icmp_invert(queries, reply, t);
}

static bool is_untracked(uint8_t type)
{
    return (type >= ICMPV6_MGM_QUERY && type <= ICMPV6_MGM_REDUCTION) ||
           (type >= ND_ROUTER_SOLICIT && type <= ND_NEIGHBOR_ADVERT) || type == ICMPV6_MLD2_REPORT;
}

static enum ct_verdict icmp6_early(struct ct_table *t, const struct ct_ip *ip, uint16_t zone)
{
    uint8_t type;

    if (ip->l3 != 6)
        return CT_ACCEPT;       /* as a query it is invalid: icmp6_packet() */
    if (ct_ip_l4_len(ip) < CT_ICMP_HLEN || (t->sysctl.checksum && !ct_ip_checksum_ok(ip)))
        return CT_INVALID;
    type = ct_ip_l4(ip)[0];
    if (is_untracked(type))
        return CT_INVALID;      /* to ct_state no entry is no entry */
    return type & ICMPV6_INFOMSG_MASK ? CT_ACCEPT : ct_icmp_error(t, ip, zone);
}

static enum ct_verdict icmp6_packet(struct ct_conn *c, const struct ct_ip *ip,
                                    enum ip_conntrack_info info)
{
    (void)info;
    return ip->l3 == 6 ? ct_icmp_packet(queries, c) : CT_INVALID;
}

static const struct ct_timeout_row timeouts[] = { { "icmpv6_timeout", 30 } };

const struct ct_proto ct_proto_icmp6 = {
    .number = IPPROTO_ICMPV6,
    .name = "icmpv6",
    .tuple = ct_icmp_tuple,
    .invert = icmp6_invert,
    .early = icmp6_early,
    .packet = icmp6_packet,
    .write_id = ct_nat_write_icmp6,
    .has_id = true,
    .timeout = timeouts,
    .n_timeouts = G_N_ELEMENTS(timeouts),
};
