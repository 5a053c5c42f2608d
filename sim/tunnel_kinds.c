/* tunnel_kinds.c - the headers of vxlan, geneve and gre: one row each.
 *
 * RFC 7348 with the group policy extension (draft-smith-vxlan-group-policy), RFC 8926, RFC 2784 and
 * 2890. What a receiver refuses is what the kernel's devices in external mode refuse.
 * SPDX-License-Identifier: Apache-2.0 */
#include <linux/openvswitch.h>
#include <netinet/in.h>

#include "base/bytes.h"
#include "base/checksum.h"
#include "sim/tunnel_int.h"

#define TYPE_TEB 0x6558             /* an Ethernet frame follows */

/* ---- vxlan ----------------------------------------------------------------------------------- */

#define VXLAN_LEN 8u
#define VXLAN_VNI 0x08000000u       /* the flag that there is a VNI */
#define VXLAN_GBP 0x80000000u
#define GBP_FLAGS 0x00480000u       /* don't learn, policy applied */
#define GBP_ID 0x0000ffffu

static uint32_t vxlan_len(const struct netdev *port, const struct flow_key *tunnel)
{
    (void)port;
    (void)tunnel;
    return VXLAN_LEN;
}

/* 0: none, and then nothing of it is sent. */
static uint32_t group_policy(const struct netdev *port, const struct flow_key *tunnel)
{
    uint32_t gbp = 0;

    if (port->tunnel.has_gbp && tunnel->tun.flags & KEY_TUN_VXLAN && tunnel->tun_opts_len >= sizeof(gbp))
        memcpy(&gbp, tunnel_opts_of(tunnel), sizeof(gbp));
    return gbp;
}

static void vxlan_put(uint8_t *at, uint32_t total, const struct netdev *port,
                      const struct flow_key *tunnel)
{
    uint32_t gbp = group_policy(port, tunnel);

    (void)total;
    be32_put(at, VXLAN_VNI | (gbp ? VXLAN_GBP | (gbp & (GBP_FLAGS | GBP_ID)) : 0));
    be32_put(at + 4, (uint32_t)tunnel->tun.id << 8);
}

static uint32_t vxlan_get(const uint8_t *at, size_t left, const struct netdev *port,
                          struct flow_key *tunnel)
{
    uint32_t word, gbp;

    if (left < VXLAN_LEN)
        return 0;
    word = be32_get(at);
    if (!(word & VXLAN_VNI) || at[7])
        return 0;
    word &= ~VXLAN_VNI;
    if (port->tunnel.has_gbp && word & VXLAN_GBP) {
        gbp = word & (GBP_FLAGS | GBP_ID);
        word &= ~(VXLAN_GBP | GBP_FLAGS | GBP_ID);
        memcpy(tunnel_opts(tunnel, sizeof(gbp)), &gbp, sizeof(gbp));
        tunnel->tun_opts_len = sizeof(gbp);
        tunnel->tun.flags |= KEY_TUN_VXLAN;
    }
    tunnel->tun.id = be32_get(at + 4) >> 8;
    tunnel->tun.flags |= KEY_TUN_KEY;
    return word ? 0 : VXLAN_LEN;        /* unknown flags */
}

/* ---- geneve ---------------------------------------------------------------------------------- */

#define GENEVE_LEN 8u
#define GENEVE_OAM 0x80
#define GENEVE_CRITICAL 0x40
#define GENEVE_OPTS_MAX 252u

static uint32_t geneve_opts_len(const struct flow_key *tunnel)
{
    uint32_t len = tunnel->tun.flags & KEY_TUN_GENEVE ? tunnel->tun_opts_len & ~3u : 0;

    return len < GENEVE_OPTS_MAX ? len : GENEVE_OPTS_MAX;
}

static uint32_t geneve_len(const struct netdev *port, const struct flow_key *tunnel)
{
    (void)port;
    return GENEVE_LEN + geneve_opts_len(tunnel);
}

static bool has_critical(const uint8_t *opts, uint32_t len)
{
    for (uint32_t at = 0; at + 4 <= len; at += 4u + 4u * (opts[at + 3] & 0x1f))
        if (opts[at + 2] & 0x80)
            return true;
    return false;
}

static void geneve_put(uint8_t *at, uint32_t total, const struct netdev *port,
                       const struct flow_key *tunnel)
{
    uint32_t len = geneve_opts_len(tunnel);
    const uint8_t *opts = tunnel_opts_of(tunnel);

    (void)total;
    (void)port;
    at[0] = (uint8_t)(len / 4);
    at[1] = (uint8_t)((tunnel->tun.flags & KEY_TUN_OAM ? GENEVE_OAM : 0) |
                      (has_critical(opts, len) ? GENEVE_CRITICAL : 0));
    be16_put(at + 2, TYPE_TEB);
    be32_put(at + 4, (uint32_t)tunnel->tun.id << 8);
    memcpy(at + GENEVE_LEN, opts, len);
}

static uint32_t geneve_get(const uint8_t *at, size_t left, const struct netdev *port,
                           struct flow_key *tunnel)
{
    uint32_t len;

    (void)port;
    if (left < GENEVE_LEN || at[0] >> 6 || be16_get(at + 2) != TYPE_TEB)
        return 0;
    len = 4u * (at[0] & 0x3f);
    if (left < GENEVE_LEN + len)
        return 0;
    tunnel->tun.id = be32_get(at + 4) >> 8;
    tunnel->tun.flags |= KEY_TUN_KEY | (at[1] & GENEVE_OAM ? KEY_TUN_OAM : 0);
    if (len) {
        memcpy(tunnel_opts(tunnel, (uint8_t)len), at + GENEVE_LEN, len);
        tunnel->tun_opts_len = (uint8_t)len;
        tunnel->tun.flags |= KEY_TUN_GENEVE;
    }
    return GENEVE_LEN + len;
}

/* ---- gre ------------------------------------------------------------------------------------- */

#define GRE_CSUM 0x8000
#define GRE_KEY 0x2000
#define GRE_SEQ 0x1000

static uint32_t gre_flags_len(uint16_t flags)
{
    return 4u + (flags & GRE_CSUM ? 4u : 0) + (flags & GRE_KEY ? 4u : 0) + (flags & GRE_SEQ ? 4u : 0);
}

static uint16_t gre_flags(const struct flow_key *tunnel)
{
    return (uint16_t)((tunnel->tun.flags & KEY_TUN_CSUM ? GRE_CSUM : 0) |
                      (tunnel->tun.flags & KEY_TUN_KEY ? GRE_KEY : 0));
}

static uint32_t gre_len(const struct netdev *port, const struct flow_key *tunnel)
{
    (void)port;
    return gre_flags_len(gre_flags(tunnel));
}

static void gre_put(uint8_t *at, uint32_t total, const struct netdev *port,
                    const struct flow_key *tunnel)
{
    uint16_t flags = gre_flags(tunnel);
    uint32_t len = gre_flags_len(flags);

    (void)port;
    memset(at, 0, len);
    be16_put(at, flags);
    be16_put(at + 2, TYPE_TEB);
    if (flags & GRE_KEY)
        be32_put(at + len - 4, (uint32_t)tunnel->tun.id);
    if (flags & GRE_CSUM)
        be16_put(at + 4, csum_finish(csum_add(0, at, total)));
}

static uint32_t gre_get(const uint8_t *at, size_t left, const struct netdev *port,
                        struct flow_key *tunnel)
{
    uint16_t flags = left < 4 ? GRE_SEQ | 1 : be16_get(at);
    uint32_t len = gre_flags_len(flags);

    (void)port;
    if (flags & ~(GRE_CSUM | GRE_KEY | GRE_SEQ) || left < len || be16_get(at + 2) != TYPE_TEB)
        return 0;
    if (flags & GRE_CSUM && csum_finish(csum_add(0, at, left)))
        return 0;
    if (flags & GRE_CSUM)
        tunnel->tun.flags |= KEY_TUN_CSUM;
    if (flags & GRE_KEY) {
        tunnel->tun.id = be32_get(at + (flags & GRE_CSUM ? 8 : 4));
        tunnel->tun.flags |= KEY_TUN_KEY;
    }
    return len;
}

/* ---- rows ------------------------------------------------------------------------------------ */

/* Ports: ip_local_port_range for vxlan, all for geneve. */
static const struct tunnel_kind kinds[] = {
    [OVS_VPORT_TYPE_GRE] = {
        .ip_proto = IPPROTO_GRE, .ttl = TTL_OR_INNER,
        .len = gre_len, .put = gre_put, .get = gre_get,
    },
    [OVS_VPORT_TYPE_VXLAN] = {
        .ip_proto = IPPROTO_UDP, .has_ip6 = true, .port_min = 32768, .port_max = 60999,
        .names_port = true, .ttl = TTL_OR_DEFAULT,
        .len = vxlan_len, .put = vxlan_put, .get = vxlan_get,
    },
    [OVS_VPORT_TYPE_GENEVE] = {
        .ip_proto = IPPROTO_UDP, .has_ip6 = true, .port_min = 1, .port_max = UINT16_MAX,
        .ttl = TTL_AS_IS,
        .len = geneve_len, .put = geneve_put, .get = geneve_get,
    },
};

const struct tunnel_kind *tunnel_kind(uint32_t vport_type)
{
    return &kinds[vport_type];
}

uint32_t tunnel_pseudo_sum(const uint8_t *ip, uint32_t len)
{
    bool is_ip4 = ip[0] >> 4 == 4;
    uint32_t sum = csum_add(0, ip + (is_ip4 ? 12 : 8), is_ip4 ? 8 : 32);

    return sum + (is_ip4 ? ip[9] : ip[6]) + (len >> 16) + (len & 0xffff);
}
