/* tunnel_in.c - outer packets to inner frames: what the host gets for one of its tunnel devices.
 * SPDX-License-Identifier: Apache-2.0 */
#include <linux/if_ether.h>
#include <netinet/in.h>

#include "base/bytes.h"
#include "base/checksum.h"
#include "sim/tunnel_int.h"

/* ---- headers --------------------------------------------------------------------------------- */

static void take_ip(struct tunnel_in *in)
{
    const struct ip_packet *ip = in->ip;

    in->tunnel.tun.tos = ip->tos;
    in->tunnel.tun.ttl = ip->ttl;
    if (ip->family == AF_INET) {
        in->tunnel.tun_proto = 4;
        memcpy(&in->tunnel.tun.ip4.src, ip->src, 4);
        memcpy(&in->tunnel.tun.ip4.dst, ip->dst, 4);
    } else {
        in->tunnel.tun_proto = 6;
        memcpy(in->tunnel.tun.ip6.src, ip->src, 16);
        memcpy(in->tunnel.tun.ip6.dst, ip->dst, 16);
    }
}

/* Takes the UDP header off. A checksum of 0 is none; over IPv6 the device must want that. */
static bool read_udp(struct tunnel_in *in)
{
    const uint8_t *udp = in->at;
    size_t len = be16_get(udp + 4);

    if (len < UDP_LEN || len > in->left)
        return false;
    in->tunnel.tun.tp_src = be16_get(udp);
    in->tunnel.tun.tp_dst = be16_get(udp + 2);
    if (be16_get(udp + 6)) {
        if (csum_finish(csum_add(ip_pseudo_sum(in->ip->ip, IPPROTO_UDP, len), udp, len)))
            return false;
        in->tunnel.tun.flags |= KEY_TUN_CSUM;
    } else if (in->ip->family == AF_INET6 && !in->port->dev.tunnel.takes_zero_csum6) {
        return false;
    }
    in->at += UDP_LEN;
    in->left = len - UDP_LEN;
    return true;
}

/* An IP packet inside must have its header. */
static bool is_inner_whole(struct tunnel_in *in)
{
    uint16_t type = be16_get(in->at + 12);

    if ((type != ETH_P_IP && type != ETH_P_IPV6) ||
        inner_ip((uint8_t *)in->at, in->left, type, ETH_LEN))
        return true;
    in->port->dev.stats.rx_errors++;
    return false;
}

/* Takes the tunnel's own headers off: what is left is the inner frame. */
static bool read_headers(struct tunnel_in *in)
{
    uint32_t len;

    in->why = DROP_TUNNEL_HDR;
    take_ip(in);
    if (in->kind->ip_proto == IPPROTO_UDP && !read_udp(in))
        return false;
    len = in->kind->get(in);
    if (!len || in->left - len < ETH_LEN)
        return false;
    in->at += len;
    in->left -= len;
    return is_inner_whole(in);
}

/* ---- congestion marks ------------------------------------------------------------------------ */

static void set_ecn(uint8_t *ip, uint8_t ecn)
{
    uint8_t old[2];

    if (ip[0] >> 4 == 6) {
        ip[1] = (uint8_t)((ip[1] & ~(ECN_MASK << 4)) | ecn << 4);
        return;
    }
    memcpy(old, ip, sizeof(old));
    ip[1] = (uint8_t)((ip[1] & ~ECN_MASK) | ecn);
    csum_replace(ip + 10, old, ip, sizeof(old));
}

/* "Congestion experienced" outside goes to the inner packet; one that knows no such marks is lost.
 * False: lost. */
static bool carry_ecn(uint8_t tos, uint8_t *frame, size_t len)
{
    uint8_t *ip = inner_ip(frame, len, be16_get(frame + 12), ETH_LEN), outer = tos & ECN_MASK;
    uint8_t inner = ip ? ip_tos(ip) & ECN_MASK : 0;

    if (!ip)
        return true;
    if (!inner)
        return outer != ECN_CE;
    if (outer == ECN_CE || (outer == ECN_ECT1 && inner == ECN_ECT0))
        set_ecn(ip, outer);
    return true;
}

/* ---- receive --------------------------------------------------------------------------------- */

static bool refuse(const struct tunnel_in *in, struct sim *sim, enum drop_reason why)
{
    if (why == DROP_TUNNEL_GRE || why == DROP_TUNNEL_ECN)
        in->port->dev.stats.rx_errors++;
    dp_refuse(sim->dp, in->ip->l4, in->ip->l4_len, why);
    return true;
}

static void learn(struct tunnel_in *in, const uint8_t *frame)
{
    if (in->dev && in->dev->learns && !(frame[ETH_ALEN] & 1))
        tunnel_learn(in->dev, frame + ETH_ALEN, in->ip, in->port->ns->sim->clock.now_ns);
}

static void deliver(struct tunnel_in *in, const uint8_t *frame)
{
    struct netdev *dev = &in->port->dev;

    learn(in, frame);
    dev->stats.rx_packets++;
    dev->stats.rx_bytes += in->left - (in->kind->counts_eth ? 0 : ETH_LEN);
    device_receive_tunnel(in->port, frame, in->left, dev->tunnel.is_external ? &in->tunnel : NULL);
}

bool tunnel_receive(struct device *d, const struct ip_packet *p)
{
    struct sim *sim = d->ns->sim;
    struct tunnel_in in = { .ip = p, .at = p->l4, .left = p->l4_len };
    g_autofree uint8_t *frame = NULL;

    in.port = tunnel_find(d->ns, p, &in.why);
    if (!in.port && in.why == N_DROP_REASONS)
        return false;
    if (!in.port) {
        dp_refuse(sim->dp, p->l4, p->l4_len, in.why);
        return true;
    }
    in.kind = tunnel_kind(in.port->dev.tunnel.kind);
    in.dev = in.port->tunnel;
    if (!read_headers(&in))
        return refuse(&in, sim, in.why);
    frame = g_memdup2(in.at, in.left);
    if (!carry_ecn(p->tos, frame, in.left))
        return refuse(&in, sim, DROP_TUNNEL_ECN);
    deliver(&in, frame);
    return true;
}
