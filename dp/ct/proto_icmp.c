/* proto_icmp.c - ICMP: queries are connections, errors belong to the connection that they are about.
 * Catalogue 09.5.
 * SPDX-License-Identifier: Apache-2.0 */
#include <netinet/ip_icmp.h>

#include "dp/ct/nat_id.h"
#include "dp/ct/proto_int.h"

#define ICMP_TYPE_MAX 18        /* types above are unknown to RFC 1122: NR_ICMP_TYPES */

static const struct ct_icmp_query queries[] = {
    { ICMP_ECHO, ICMP_ECHOREPLY },
    { ICMP_TIMESTAMP, ICMP_TIMESTAMPREPLY },
    { ICMP_INFO_REQUEST, ICMP_INFO_REPLY },
    { ICMP_ADDRESS, ICMP_ADDRESSREPLY },
    { 0, 0 },
};

static bool icmp_invert(struct ct_tuple *reply, const struct ct_tuple *t)
{
    return ct_icmp_invert(queries, reply, t);
}

static bool is_error(uint8_t type)
{
    return type == ICMP_DEST_UNREACH || type == ICMP_SOURCE_QUENCH || type == ICMP_REDIRECT ||
           type == ICMP_TIME_EXCEEDED || type == ICMP_PARAMETERPROB;
}

static enum ct_verdict icmp_early(struct ct_table *t, const struct ct_ip *ip, uint16_t zone)
{
    uint8_t type;

    if (ip->l3 != 4)
        return CT_ACCEPT;       /* as a query it is invalid: icmp_packet() */
    if (ct_ip_l4_len(ip) < CT_ICMP_HLEN || (t->sysctl.checksum && !ct_ip_checksum_ok(ip)))
        return CT_INVALID;
    type = ct_ip_l4(ip)[0];
    if (type > ICMP_TYPE_MAX)
        return CT_INVALID;
    return is_error(type) ? ct_icmp_error(t, ip, zone) : CT_ACCEPT;
}

static enum ct_verdict icmp_packet(struct ct_conn *c, const struct ct_ip *ip,
                                   enum ip_conntrack_info info)
{
    (void)info;
    return ip->l3 == 4 ? ct_icmp_packet(queries, c) : CT_INVALID;
}

static const struct ct_timeout_row timeouts[] = { { "icmp_timeout", 30 } };

const struct ct_proto ct_proto_icmp = {
    .number = IPPROTO_ICMP,
    .name = "icmp",
    .tuple = ct_icmp_tuple,
    .invert = icmp_invert,
    .early = icmp_early,
    .packet = icmp_packet,
    .write_id = ct_nat_write_icmp,
    .has_id = true,
    .timeout = timeouts,
    .n_timeouts = G_N_ELEMENTS(timeouts),
};
