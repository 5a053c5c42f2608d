/* tunnel_in.c - outer frames to inner ones: what the host gets for one of its tunnel ports.
 * SPDX-License-Identifier: Apache-2.0 */
#include <linux/if_ether.h>
#include <netinet/in.h>

#include "base/bytes.h"
#include "base/checksum.h"
#include "sim/addr.h"
#include "sim/packet.h"
#include "sim/tunnel_int.h"

/* An outer packet on its way in. */
struct outer {
    const uint8_t *ip, *l4;
    size_t ip_len, l4_len;      /* of the IP header; behind it, as IP says */
    uint8_t proto, tos;
    struct device *port;
    struct flow_key tunnel;
};

/* ---- IP -------------------------------------------------------------------------------------- */

static bool is_for_us(const struct device *d, const uint8_t *eth)
{
    return eth[0] & 1 || !memcmp(eth, d->dev.mac, ETH_ALEN);
}

/* Fragments stay where they are: there is nobody to put them together. */
static bool read_ip4(const struct sim_ns *ns, struct outer *o, const uint8_t *ip, size_t left)
{
    size_t len = left < IP4_LEN ? 0 : 4u * (ip[0] & 0xf);
    size_t total = len ? be16_get(ip + 2) : 0;

    if (len < IP4_LEN || ip[0] >> 4 != 4 || total < len || total > left ||
        csum_finish(csum_add(0, ip, len)) || be16_get(ip + 6) & 0x3fff ||
        !addr_find(ns, AF_INET, ip + 16))
        return false;
    *o = (struct outer){ .ip = ip, .ip_len = len, .l4 = ip + len, .l4_len = total - len,
                         .proto = ip[9], .tos = ip[1] };
    o->tunnel.tun_proto = 4;
    memcpy(&o->tunnel.tun.ip4.src, ip + 12, 4);
    memcpy(&o->tunnel.tun.ip4.dst, ip + 16, 4);
    o->tunnel.tun.ttl = ip[8];
    return true;
}

static bool read_ip6(const struct sim_ns *ns, struct outer *o, const uint8_t *ip, size_t left)
{
    size_t len = left < IP6_LEN ? 0 : be16_get(ip + 4);

    if (left < IP6_LEN || ip[0] >> 4 != 6 || len > left - IP6_LEN ||
        !addr_find(ns, AF_INET6, ip + 24))
        return false;
    *o = (struct outer){ .ip = ip, .ip_len = IP6_LEN, .l4 = ip + IP6_LEN, .l4_len = len,
                         .proto = ip[6], .tos = ip_tos(ip) };
    o->tunnel.tun_proto = 6;
    memcpy(o->tunnel.tun.ip6.src, ip + 8, 16);
    memcpy(o->tunnel.tun.ip6.dst, ip + 24, 16);
    o->tunnel.tun.ttl = ip[7];
    return true;
}

static bool read_ip(const struct device *d, struct outer *o, const uint8_t *frame, size_t len)
{
    uint16_t type = len < ETH_LEN ? 0 : be16_get(frame + 12);

    if (!type || !is_for_us(d, frame))
        return false;
    if (type == ETH_P_IP)
        return read_ip4(d->ns, o, frame + ETH_LEN, len - ETH_LEN);
    return type == ETH_P_IPV6 && read_ip6(d->ns, o, frame + ETH_LEN, len - ETH_LEN);
}

/* ---- port ------------------------------------------------------------------------------------ */

static struct device *find_device(const struct sim_ns *ns, uint8_t proto, uint16_t udp_port)
{
    for (guint i = 0; i < ns->devices->len; i++) {
        struct device *d = g_ptr_array_index(ns->devices, i);
        const struct netdev_tunnel *t = &d->dev.tunnel;

        if (t->type && tunnel_kind(t->type)->ip_proto == proto && t->udp_port == udp_port)
            return d;
    }
    return NULL;
}

static bool find_port(const struct sim_ns *ns, struct outer *o)
{
    if (o->proto == IPPROTO_GRE && o->tunnel.tun_proto == 4)
        o->port = find_device(ns, IPPROTO_GRE, 0);
    else if (o->proto == IPPROTO_UDP && o->l4_len >= UDP_LEN)
        o->port = find_device(ns, IPPROTO_UDP, be16_get(o->l4 + 2));
    return o->port;
}

/* Takes the UDP header off. A checksum of 0 is none, over IPv6 too for tunnel ports. */
static bool read_udp(struct outer *o)
{
    const uint8_t *udp = o->l4;
    size_t len = be16_get(udp + 4);

    if (len < UDP_LEN || len > o->l4_len)
        return false;
    o->tunnel.tun.tp_src = be16_get(udp);
    o->tunnel.tun.tp_dst = be16_get(udp + 2);
    if (be16_get(udp + 6)) {
        if (csum_finish(csum_add(tunnel_pseudo_sum(o->ip, (uint32_t)len), udp, len)))
            return false;
        o->tunnel.tun.flags |= KEY_TUN_CSUM;
    }
    o->l4 += UDP_LEN;
    o->l4_len = len - UDP_LEN;
    return true;
}

/* Takes the tunnel's own header off: what is left is the inner frame. */
static bool read_tunnel(struct outer *o)
{
    const struct tunnel_kind *kind = tunnel_kind(o->port->dev.tunnel.type);
    uint32_t len;

    o->tunnel.tun.tos = o->tos;
    if (kind->ip_proto == IPPROTO_UDP && !read_udp(o))
        return false;
    len = kind->get(o->l4, o->l4_len, &o->port->dev, &o->tunnel);
    if (!len || o->l4_len - len < ETH_LEN)
        return false;
    o->l4 += len;
    o->l4_len -= len;
    return true;
}

/* ---- congestion marks ------------------------------------------------------------------------ */

static void set_ce(uint8_t *ip)
{
    uint8_t old[2];

    if (ip[0] >> 4 == 6) {
        ip[1] |= ECN_CE << 4;
        return;
    }
    memcpy(old, ip, sizeof(old));
    ip[1] |= ECN_CE;
    csum_replace(ip + 10, old, ip, sizeof(old));
}

/* "Congestion experienced" outside goes to the inner packet; one that knows no such marks is lost.
 * False: lost. */
static bool carry_ecn(uint8_t tos, uint8_t *frame, size_t len)
{
    uint8_t *ip = inner_ip(frame, len, be16_get(frame + 12), ETH_LEN);

    if ((tos & ECN_MASK) != ECN_CE || !ip)
        return true;
    if (!(ip_tos(ip) & ECN_MASK))
        return false;
    set_ce(ip);
    return true;
}

/* ---- receive --------------------------------------------------------------------------------- */

bool tunnel_receive(struct device *d, const uint8_t *frame, size_t len)
{
    struct dp_world *dp = d->ns->sim->dp;
    g_autofree uint8_t *inner = NULL;
    struct outer o;

    if (!read_ip(d, &o, frame, len) || !find_port(d->ns, &o))
        return false;
    if (read_tunnel(&o))
        inner = g_memdup2(o.l4, o.l4_len);
    if (!inner || !carry_ecn(o.tos, inner, o.l4_len)) {
        dp_refuse(dp, frame, len, DROP_TUNNEL_HDR);
        return true;
    }
    o.port->n_rx++;
    o.port->rx_bytes += o.l4_len;
    packet_tap(o.port, inner, o.l4_len, true);
    dp_receive_tunnel(dp, &o.port->dev, inner, o.l4_len, &o.tunnel);
    return true;
}
