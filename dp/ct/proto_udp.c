/* proto_udp.c - UDP, a stream once both sides have spoken for a while, and UDP-Lite.
 * SPDX-License-Identifier: Apache-2.0 */
#include <netinet/in.h>

#include "base/bytes.h"
#include "dp/ct/nat_id.h"
#include "dp/ct/proto.h"

#define UDP_LEN 8u
#define STREAM_AFTER_NS UINT64_C(2000000000)

enum { UDP_UNREPLIED, UDP_REPLIED };

static const struct ct_timeout_row udp_timeouts[] = {
    [UDP_UNREPLIED] = { "udp_timeout", 30 },
    [UDP_REPLIED] = { "udp_timeout_stream", 120 },
};

/* A checksum of 0 says that there is none. */
static bool is_damaged_udp(const struct ct_conn *c, const struct ct_ip *ip)
{
    const uint8_t *udp = ct_ip_l4(ip);
    uint32_t len;

    if (ct_ip_l4_len(ip) < UDP_LEN)
        return true;
    len = be16_get(udp + 4);
    if (len > ct_ip_l4_len(ip) || len < UDP_LEN)
        return true;
    return be16_get(udp + 6) && c->table->sysctl.checksum && !ct_ip_checksum_ok(ip);
}

/* The length field says how much the checksum covers, 0: all. There must be a checksum. */
static bool is_damaged_udplite(const struct ct_conn *c, const struct ct_ip *ip)
{
    const uint8_t *udp = ct_ip_l4(ip);
    struct ct_ip as_udp = *ip;
    uint32_t len = ct_ip_l4_len(ip), covered;

    if (len < UDP_LEN)
        return true;
    covered = be16_get(udp + 4);
    if (!covered)
        covered = len;
    if (covered < UDP_LEN || covered > len || !be16_get(udp + 6))
        return true;
    /* Linux 6.1 counts the number of UDP into the pseudo header, not UDP-Lite's own. */
    as_udp.proto = IPPROTO_UDP;
    return c->table->sysctl.checksum && !ct_ip_covered_ok(&as_udp, covered);
}

static void assure(struct ct_conn *c)
{
    if (!(c->status & CT_NAT_CLASH))
        ct_conn_assure(c);
}

static enum ct_verdict udp_packet(struct ct_conn *c, const struct ct_ip *ip,
                                  enum ip_conntrack_info info)
{
    const uint32_t *seconds = ct_timeouts_of(c);
    bool is_stream;

    (void)info;
    if (is_damaged_udp(c, ip))
        return CT_INVALID;
    if (!ct_is_confirmed(c))
        c->state.udp.stream_ns = ct_now(c->table) + STREAM_AFTER_NS;
    is_stream = c->status & IPS_SEEN_REPLY && ct_now(c->table) > c->state.udp.stream_ns;
    ct_conn_refresh(c, seconds[is_stream ? UDP_REPLIED : UDP_UNREPLIED]);
    if (is_stream)
        assure(c);
    return CT_ACCEPT;
}

static enum ct_verdict udplite_packet(struct ct_conn *c, const struct ct_ip *ip,
                                      enum ip_conntrack_info info)
{
    const uint32_t *seconds = ct_timeouts_of(c);
    bool is_replied = c->status & IPS_SEEN_REPLY;

    (void)info;
    if (is_damaged_udplite(c, ip))
        return CT_INVALID;
    ct_conn_refresh(c, seconds[is_replied ? UDP_REPLIED : UDP_UNREPLIED]);
    if (is_replied)
        assure(c);
    return CT_ACCEPT;
}

const struct ct_proto ct_proto_udp = {
    .number = IPPROTO_UDP,
    .name = "udp",
    .tuple = ct_ports_of,
    .packet = udp_packet,
    .write_id = ct_nat_write_udp,
    .allows_clash = true,
    .has_id = true,
    .timeout = udp_timeouts,
    .n_timeouts = G_N_ELEMENTS(udp_timeouts),
};

const struct ct_proto ct_proto_udplite = {
    .number = IPPROTO_UDPLITE,
    .name = "udplite",
    .tuple = ct_ports_of,
    .packet = udplite_packet,
    .write_id = ct_nat_write_udplite,
    .allows_clash = true,
    .has_id = true,
    .timeout = udp_timeouts,
    .n_timeouts = G_N_ELEMENTS(udp_timeouts),
};
