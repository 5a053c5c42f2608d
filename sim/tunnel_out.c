/* tunnel_out.c - inner frames to outer ones: route, neighbour, headers.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>

#include "base/bytes.h"
#include "base/checksum.h"
#include "dp/extract.h"
#include "sim/addr.h"
#include "sim/neigh.h"
#include "sim/packet.h"
#include "sim/pcap_out.h"
#include "sim/route.h"
#include "sim/tunnel_int.h"
#include "sim/wire.h"

#define ROUTED_TOS 0x1e         /* what of a TOS byte policy rules look at */

/* Where an outer packet goes, and what its headers say. */
struct way {
    const struct tunnel_kind *kind;
    uint8_t family;
    const struct rt_route *route;
    struct device *out;
    uint8_t src[RT_IP_LEN], dst[RT_IP_LEN];
    uint16_t tp_src, tp_dst;
    uint8_t tos, ttl;
};

/* ---- way ------------------------------------------------------------------------------------- */

/* The flow's hash, spread over the kind's range as the kernel does. */
static uint16_t source_port(const struct tunnel_kind *kind, struct pkt *p)
{
    uint32_t hash = pkt_flow_hash(p);

    hash ^= hash << 16;
    return (uint16_t)(((uint64_t)hash * (uint64_t)(kind->port_max - kind->port_min) >> 32) +
                      kind->port_min);
}

static void take_addresses(struct way *way, const struct flow_key *tunnel)
{
    way->family = tunnel->tun_proto == 6 ? AF_INET6 : AF_INET;
    if (way->family == AF_INET6) {
        memcpy(way->src, tunnel->tun.ip6.src, 16);
        memcpy(way->dst, tunnel->tun.ip6.dst, 16);
    } else {
        memcpy(way->src, &tunnel->tun.ip4.src, 4);
        memcpy(way->dst, &tunnel->tun.ip4.dst, 4);
    }
}

/* A source that the tunnel names must be an address of the host. */
static bool choose_source(const struct sim_ns *ns, struct way *way)
{
    static const uint8_t none[RT_IP_LEN];

    if (memcmp(way->src, none, sizeof(none)))
        return addr_find(ns, way->family, way->src);
    return route_source(ns, way->route, way->dst, way->src);
}

/* What is for the host itself goes through its loopback device, whatever device has the address. */
static struct device *route_device(const struct sim_ns *ns, const struct rt_route *r)
{
    return r->type == RTN_LOCAL ? device_by_name(ns, "lo") : device_by_index(ns, r->oif);
}

static int find_route(const struct sim_ns *ns, const struct netdev *port, uint32_t mark,
                      uint8_t tos, struct way *way)
{
    struct rt_flow flow = {
        .family = way->family, .ip_proto = way->kind->ip_proto, .mark = mark,
        .tos = tos & ROUTED_TOS, .sport = way->tp_src, .dport = way->tp_dst,
    };

    memcpy(flow.src, way->src, sizeof(flow.src));
    memcpy(flow.dst, way->dst, sizeof(flow.dst));
    if (route_find(ns, &flow, &way->route))
        return -ENETUNREACH;
    way->out = way->route ? route_device(ns, way->route) : NULL;
    if (!way->out || !choose_source(ns, way))
        return -ENETUNREACH;
    /* A tunnel in a tunnel of the same device, which has no routes of its own anyway. */
    if (&way->out->dev == port || way->out->dev.tunnel.type)
        return -ELOOP;
    return 0;
}

static int find_way(const struct sim_ns *ns, const struct netdev *port, struct pkt *p,
                    const struct flow_key *tunnel, struct way *way)
{
    *way = (struct way){ .kind = tunnel_kind(port->tunnel.type) };
    if (tunnel->tun_proto == 6 && !way->kind->has_ip6)
        return -EAFNOSUPPORT;
    take_addresses(way, tunnel);
    if (way->kind->ip_proto == IPPROTO_UDP) {
        way->tp_src = source_port(way->kind, p);
        way->tp_dst = way->kind->names_port && tunnel->tun.tp_dst ? tunnel->tun.tp_dst
                                                                  : port->tunnel.udp_port;
    }
    return find_route(ns, port, p->mark, tunnel->tun.tos, way);
}

int tunnel_fill(struct sim_ns *ns, const struct netdev *port, struct pkt *p,
                struct flow_key *tunnel)
{
    struct way way;
    int r = find_way(ns, port, p, tunnel, &way);

    if (r)
        return r;
    if (way.family == AF_INET6)
        memcpy(tunnel->tun.ip6.src, way.src, 16);
    else
        memcpy(&tunnel->tun.ip4.src, way.src, 4);
    if (way.kind->ip_proto == IPPROTO_UDP) {
        tunnel->tun.tp_src = way.tp_src;
        tunnel->tun.tp_dst = way.tp_dst;
    }
    return 0;
}

/* ---- headers --------------------------------------------------------------------------------- */

/* Congestion marks of the inner packet are seen outside, but "experienced" only as "capable". */
static uint8_t outer_tos(uint8_t tos, const uint8_t *inner)
{
    uint8_t ecn = inner ? ip_tos(inner) & ECN_MASK : 0;

    return (uint8_t)((tos & ~ECN_MASK) | (ecn == ECN_CE ? 2 : ecn));
}

static uint8_t outer_ttl(const struct tunnel_kind *kind, uint8_t ttl, const uint8_t *inner)
{
    if (ttl || kind->ttl == TTL_AS_IS)
        return ttl;
    if (kind->ttl == TTL_OR_INNER && inner)
        return inner[0] >> 4 == 4 ? inner[8] : inner[7];
    return TTL_DEFAULT;
}

/* The kernel draws the identification; here packets are counted. */
static void put_ip4(uint8_t *ip, uint32_t total, const struct way *way, bool is_df, uint16_t id)
{
    memset(ip, 0, IP4_LEN);
    ip[0] = 0x45;
    ip[1] = way->tos;
    be16_put(ip + 2, (uint16_t)total);
    be16_put(ip + 4, id);
    be16_put(ip + 6, is_df ? 0x4000 : 0);
    ip[8] = way->ttl;
    ip[9] = way->kind->ip_proto;
    memcpy(ip + 12, way->src, 4);
    memcpy(ip + 16, way->dst, 4);
    be16_put(ip + 10, csum_finish(csum_add(0, ip, IP4_LEN)));
}

static void put_ip6(uint8_t *ip, uint32_t total, const struct way *way)
{
    be32_put(ip, 6u << 28 | (uint32_t)way->tos << 20);
    be16_put(ip + 4, (uint16_t)(total - IP6_LEN));
    ip[6] = way->kind->ip_proto;
    ip[7] = way->ttl;
    memcpy(ip + 8, way->src, 16);
    memcpy(ip + 24, way->dst, 16);
}

static void put_udp(uint8_t *udp, uint32_t total, const struct way *way, const uint8_t *ip,
                    bool has_csum)
{
    uint16_t sum;

    be16_put(udp, way->tp_src);
    be16_put(udp + 2, way->tp_dst);
    be16_put(udp + 4, (uint16_t)total);
    be16_put(udp + 6, 0);
    if (!has_csum)
        return;
    sum = csum_finish(csum_add(tunnel_pseudo_sum(ip, total), udp, total));
    be16_put(udp + 6, sum ? sum : 0xffff);
}

/* Everything but the link layer's header, which is left open before it. */
static void put_headers(struct sim_ns *ns, struct pkt *p, const struct netdev *port,
                        const struct flow_key *tunnel, const struct way *way)
{
    uint32_t ip_len = way->family == AF_INET6 ? IP6_LEN : IP4_LEN;
    uint32_t udp_len = way->kind->ip_proto == IPPROTO_UDP ? UDP_LEN : 0;
    uint32_t own = way->kind->len(port, tunnel);
    uint8_t *ip = pkt_insert(p, 0, ETH_LEN + ip_len + udp_len + own) + ETH_LEN;
    uint32_t total = p->len - ETH_LEN;

    way->kind->put(ip + ip_len + udp_len, total - ip_len - udp_len, port, tunnel);
    if (way->family == AF_INET6)
        put_ip6(ip, total, way);
    else
        put_ip4(ip, total, way, tunnel->tun.flags & KEY_TUN_DF, ns->next_ip_id++);
    if (udp_len)
        put_udp(ip + ip_len, total - ip_len, way, ip, tunnel->tun.flags & KEY_TUN_CSUM);
}

/* ---- send ------------------------------------------------------------------------------------ */

static int put_eth(const struct sim_ns *ns, uint8_t *eth, const struct way *way)
{
    const uint8_t *hop = route_next_hop(way->route, way->dst);
    const struct rt_neigh *n;

    memset(eth, 0, ETH_LEN);
    be16_put(eth + 12, way->family == AF_INET6 ? ETH_P_IPV6 : ETH_P_IP);
    if (way->out->dev.kind == NETDEV_LOOPBACK)
        return 0;
    n = neigh_lookup(ns, way->family, way->out->dev.ifindex, hop);
    if (!n || !neigh_is_valid(n) || n->hw_len != ETH_ALEN)
        return -EHOSTUNREACH;
    memcpy(eth, n->hw, ETH_ALEN);
    memcpy(eth + ETH_ALEN, way->out->dev.mac, ETH_ALEN);
    return 0;
}

/* The host sends: on a datapath's own device that is where frames enter it. */
static void host_send(struct device *out, const uint8_t *frame, size_t len)
{
    if (out->dev.kind == NETDEV_LOOPBACK) {
        wire_send(out, frame, len);
    } else if (out->dev.kind == NETDEV_INTERNAL) {
        device_receive(out, frame, len);
    } else {
        out->dev.stats.tx_packets++;
        out->dev.stats.tx_bytes += len;
        device_transmit(out, frame, len);
    }
}

/* What has left by the tunnel port's own device is the inner frame. */
static void count_inner(struct device *d, const struct pkt *p, uint32_t len)
{
    d->n_tx++;
    d->tx_bytes += len;
    if (d->out)
        pcap_out_put(d->out, d->ns->sim->clock.now_ns - SIM_START_NS, p->data + p->len - len, len);
    packet_tap(d, p->data + p->len - len, len, false);
}

int tunnel_send(struct sim_ns *ns, struct netdev *port, const struct flow_key *tunnel,
                struct pkt *p)
{
    const uint8_t *inner = inner_ip(p->data, p->len, p->protocol, p->l3_off);
    uint32_t inner_len = p->len;
    struct way way;
    int r = find_way(ns, port, p, tunnel, &way);

    if (r)
        return r;
    way.tos = outer_tos(tunnel->tun.tos, inner);
    way.ttl = outer_ttl(way.kind, tunnel->tun.ttl, inner);
    put_headers(ns, p, port, tunnel, &way);
    if (!way.out->dev.is_up || !way.out->dev.has_carrier)
        return -ENETDOWN;
    /* Outer packets are not cut into fragments. */
    if (p->len - ETH_LEN > way.out->dev.mtu)
        return -EMSGSIZE;
    r = put_eth(ns, p->data, &way);
    if (r)
        return r;
    count_inner((struct device *)port, p, inner_len);
    host_send(way.out, p->data, p->len);
    return 0;
}
