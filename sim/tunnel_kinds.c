/* tunnel_kinds.c - the kinds of tunnels: one row each; the headers of vxlan and geneve.
 *
 * RFC 7348 with the group policy extension (draft-smith-vxlan-group-policy), RFC 8926. What a
 * receiver refuses is what Linux 6.1 refuses.
 * SPDX-License-Identifier: Apache-2.0 */
#include <netinet/in.h>

#include "base/bytes.h"
#include "sim/tunnel_int.h"

#define TYPE_TEB 0x6558             /* an Ethernet frame follows */

/* ---- vxlan ----------------------------------------------------------------------------------- */

#define VXLAN_LEN 8u
#define VXLAN_VNI 0x08000000u       /* the flag that there is a VNI */
#define VXLAN_GBP 0x80000000u
#define GBP_FLAGS 0x00480000u       /* don't learn, policy applied */
#define GBP_ID 0x0000ffffu

static uint32_t vxlan_len(const struct tunnel_out *o)
{
    (void)o;
    return VXLAN_LEN;
}

/* 0: none, and then nothing of it is sent. */
static uint32_t group_policy(const struct tunnel_out *o)
{
    const struct flow_key *tunnel = o->tunnel;
    uint32_t gbp = 0;

    if (o->port->dev.tunnel.has_gbp && tunnel->tun.flags & KEY_TUN_VXLAN &&
        tunnel->tun_opts_len >= sizeof(gbp))
        memcpy(&gbp, tunnel_opts_of(tunnel), sizeof(gbp));
    return gbp;
}

static void vxlan_put(uint8_t *at, uint32_t total, const struct tunnel_out *o)
{
    uint32_t gbp = group_policy(o);

    (void)total;
    be32_put(at, VXLAN_VNI | (gbp ? VXLAN_GBP | (gbp & (GBP_FLAGS | GBP_ID)) : 0));
    be32_put(at + 4, (uint32_t)o->tunnel->tun.id << 8);
}

static uint32_t vxlan_get(struct tunnel_in *in)
{
    struct flow_key *tunnel = &in->tunnel;
    uint32_t word, gbp;

    if (in->left < VXLAN_LEN)
        return 0;
    word = be32_get(in->at);
    if (!(word & VXLAN_VNI) || in->at[7])
        return 0;
    word &= ~VXLAN_VNI;
    if (in->port->dev.tunnel.has_gbp && word & VXLAN_GBP) {
        gbp = word & (GBP_FLAGS | GBP_ID);
        word &= ~(VXLAN_GBP | GBP_FLAGS | GBP_ID);
        memcpy(tunnel_opts(tunnel, sizeof(gbp)), &gbp, sizeof(gbp));
        tunnel->tun_opts_len = sizeof(gbp);
        tunnel->tun.flags |= KEY_TUN_VXLAN;
    }
    tunnel->tun.id = be32_get(in->at + 4) >> 8;
    tunnel->tun.flags |= KEY_TUN_KEY;
    return word ? 0 : VXLAN_LEN;        /* unknown flags */
}

/* ---- geneve ---------------------------------------------------------------------------------- */

#define GENEVE_LEN 8u
#define GENEVE_OAM 0x80
#define GENEVE_CRITICAL 0x40
#define GENEVE_OPTS_MAX 252u
#define TYPE_TEB 0x6558             /* an Ethernet frame follows */

static uint32_t geneve_opts_len(const struct flow_key *tunnel)
{
    uint32_t len = tunnel->tun.flags & KEY_TUN_GENEVE ? tunnel->tun_opts_len & ~3u : 0;

    return len < GENEVE_OPTS_MAX ? len : GENEVE_OPTS_MAX;
}

static uint32_t geneve_len(const struct tunnel_out *o)
{
    return GENEVE_LEN + geneve_opts_len(o->tunnel);
}

static bool has_critical(const uint8_t *opts, uint32_t len)
{
    for (uint32_t at = 0; at + 4 <= len; at += 4u + 4u * (opts[at + 3] & 0x1f))
        if (opts[at + 2] & 0x80)
            return true;
    return false;
}

static void geneve_put(uint8_t *at, uint32_t total, const struct tunnel_out *o)
{
    uint32_t len = geneve_opts_len(o->tunnel);
    const uint8_t *opts = tunnel_opts_of(o->tunnel);

    (void)total;
    at[0] = (uint8_t)(len / 4);
    at[1] = (uint8_t)((o->tunnel->tun.flags & KEY_TUN_OAM ? GENEVE_OAM : 0) |
                      (has_critical(opts, len) ? GENEVE_CRITICAL : 0));
    be16_put(at + 2, TYPE_TEB);
    be32_put(at + 4, (uint32_t)o->tunnel->tun.id << 8);
    memcpy(at + GENEVE_LEN, opts, len);
}

/* A device that tells nobody of options must not pass over critical ones. */
static bool is_understood(struct tunnel_in *in)
{
    if (in->port->dev.tunnel.is_external || !(in->at[1] & GENEVE_CRITICAL))
        return true;
    in->port->dev.stats.rx_errors++;
    return false;
}

static uint32_t geneve_get(struct tunnel_in *in)
{
    const uint8_t *at = in->at;
    struct flow_key *tunnel = &in->tunnel;
    uint32_t len;

    if (in->left < GENEVE_LEN || at[0] >> 6)
        return 0;
    len = 4u * (at[0] & 0x3f);
    if (be16_get(at + 2) != TYPE_TEB || in->left < GENEVE_LEN + len) {
        in->port->dev.stats.rx_dropped++;
        return 0;
    }
    if (!is_understood(in))
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

/* ---- rows ------------------------------------------------------------------------------------ */

/* Ports: ip_local_port_range for vxlan, all for geneve. */
static const struct tunnel_kind vxlan = {
    .ip_proto = IPPROTO_UDP, .has_ip4 = true, .has_ip6 = true, .port_min = 32768, .port_max = 60999,
    .names_port = true, .ttl = TTL_OR_DEFAULT, .silent_without_tunnel = true,
    .len = vxlan_len, .put = vxlan_put, .get = vxlan_get,
};

static const struct tunnel_kind geneve = {
    .ip_proto = IPPROTO_UDP, .has_ip4 = true, .has_ip6 = true, .port_min = 1,
    .port_max = UINT16_MAX, .ttl = TTL_AS_IS,
    .len = geneve_len, .put = geneve_put, .get = geneve_get,
};

const struct tunnel_kind *tunnel_kind(enum netdev_tunnel_kind kind)
{
    static const struct tunnel_kind *const kinds[N_TUNNEL_KINDS] = {
        [TUNNEL_GRE] = &tunnel_gre,       [TUNNEL_IP6GRE] = &tunnel_ip6gre,
        [TUNNEL_VXLAN] = &vxlan,          [TUNNEL_GENEVE] = &geneve,
        [TUNNEL_ERSPAN] = &tunnel_erspan, [TUNNEL_IP6ERSPAN] = &tunnel_ip6erspan,
    };

    return kinds[kind];
}
