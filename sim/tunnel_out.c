/* tunnel_out.c - inner frames to outer packets: headers, and the way to the far end.
 * SPDX-License-Identifier: Apache-2.0 */
#include <linux/if_ether.h>
#include <netinet/in.h>

#include "base/bytes.h"
#include "base/checksum.h"
#include "dp/extract.h"
#include "sim/packet.h"
#include "sim/tunnel_int.h"

#define LIMIT_LEN 8u            /* IPv6's destination options with the encapsulation limit */
#define MOST_TUNNELS 8          /* in each other: XMIT_RECURSION_LIMIT */

/* ---- way ------------------------------------------------------------------------------------- */

/* UDP tunnels look behind the inner frame's tags, GRE does not. */
static uint16_t inner_type(const struct tunnel_out *o)
{
    uint32_t off = o->p->l3_off;

    if (o->kind->ip_proto == IPPROTO_GRE)
        return o->p->protocol;
    return off >= ETH_LEN && off <= o->p->len ? be16_get(o->p->data + off - 2) : 0;
}

static void read_inner(struct tunnel_out *o)
{
    const uint8_t *ip = inner_ip(o->p->data, o->p->len, inner_type(o), o->p->l3_off);

    o->l3_off = o->p->l3_off;
    if (!ip)
        return;
    o->inner.version = ip[0] >> 4;
    o->inner.tos = ip_tos(ip);
    o->inner.ttl = o->inner.version == 4 ? ip[8] : ip[7];
    o->inner.is_df = o->inner.version == 4 && be16_get(ip + 6) & IP4_DF;
}

/* The flow's hash, spread over the range as the kernel does. */
static uint16_t source_port(const struct tunnel_out *o)
{
    bool has_own = o->dev && o->dev->port_max;
    uint32_t hash = pkt_flow_hash(o->p), min = has_own ? o->dev->port_min : o->kind->port_min;
    uint32_t max = has_own ? o->dev->port_max : o->kind->port_max;

    hash ^= hash << 16;
    return (uint16_t)(((uint64_t)hash * (max - min) >> 32) + min);
}

static void take_addresses(struct tunnel_out *o)
{
    size_t len;

    o->way.family = tunnel_family(o->tunnel);
    len = rt_ip_len(o->way.family);
    memcpy(o->way.src, tunnel_local(o->tunnel), len);
    memcpy(o->way.dst, tunnel_remote(o->tunnel), len);
}

/* A vxlan device sends to where it has heard the station from. */
static void take_far_end(struct tunnel_out *o)
{
    const uint8_t *far_end = NULL;

    if (o->dev && o->dev->learns)
        far_end = tunnel_far_end(o->dev, o->p->data, o->port->ns->sim->clock.now_ns);
    if (far_end)
        memcpy(o->way.dst, far_end, sizeof(o->way.dst));
}

static void take_ports(struct tunnel_out *o)
{
    if (o->kind->ip_proto != IPPROTO_UDP)
        return;
    o->tp_src = source_port(o);
    o->tp_dst = o->kind->names_port && o->tunnel->tun.tp_dst ? o->tunnel->tun.tp_dst
                                                             : o->port->dev.tunnel.udp_port;
}

static enum drop_reason find_way(struct tunnel_out *o)
{
    static const uint8_t nowhere[RT_IP_LEN];
    enum drop_reason why;

    if (!(o->tunnel->tun_proto == 6 ? o->kind->has_ip6 : o->kind->has_ip4) ||
        (o->kind->check && !o->kind->check(o)))
        return DROP_NO_TUNNEL;
    take_addresses(o);
    take_far_end(o);
    if (!memcmp(o->way.dst, nowhere, sizeof(nowhere)))
        return o->kind->ip_proto == IPPROTO_UDP ? DROP_NO_TUNNEL : DROP_NO_ROUTE;
    take_ports(o);
    o->way.mark = o->p->mark;
    o->way.tos = o->tunnel->tun.tos;
    o->way.ip_proto = o->kind->ip_proto;
    o->way.tp_src = o->tp_src;
    o->way.tp_dst = o->tp_dst;
    why = ip_find_way(o->port->ns, o->dev ? o->dev->link : 0, &o->way);
    /* A tunnel in a tunnel of the same device. */
    return why == N_DROP_REASONS && o->way.out == o->port ? DROP_NO_ROUTE : why;
}

/* False: the device needs to be told a tunnel, and is not. */
static bool begin(struct tunnel_out *o, struct device *port, const struct flow_key *tunnel,
                  struct pkt *p)
{
    bool is_external = port->dev.tunnel.is_external;
    const struct flow_key *own = port->tunnel && !is_external ? &port->tunnel->own : NULL;

    *o = (struct tunnel_out){ .port = port, .dev = port->tunnel, .p = p,
                              .kind = tunnel_kind(port->dev.tunnel.kind),
                              .tunnel = is_external ? tunnel : own };
    if (o->tunnel)
        read_inner(o);
    return o->tunnel;
}

bool tunnel_fill(struct device *port, struct pkt *p, struct flow_key *tunnel)
{
    struct tunnel_out o;

    if (!port->dev.tunnel.is_external || !begin(&o, port, tunnel, p) ||
        find_way(&o) != N_DROP_REASONS)
        return false;
    if (o.way.family == AF_INET6)
        memcpy(tunnel->tun.ip6.src, o.way.src, 16);
    else
        memcpy(&tunnel->tun.ip4.src, o.way.src, 4);
    if (o.kind->ip_proto == IPPROTO_UDP) {
        tunnel->tun.tp_src = o.tp_src;
        tunnel->tun.tp_dst = o.tp_dst;
    }
    return true;
}

/* ---- headers --------------------------------------------------------------------------------- */

/* Congestion marks of the inner packet are seen outside, but "experienced" only as "capable". */
static uint8_t outer_tos(const struct tunnel_out *o)
{
    uint8_t tos = o->tunnel->tun.tos, ecn = o->inner.tos & ECN_MASK;

    if ((o->dev && o->dev->tos_is_inner) || (o->kind->tos == TOS_GRE && tos == 1))
        tos = o->inner.tos;
    if (o->kind->tos == TOS_AS_IS)
        return tos;
    return (uint8_t)((tos & ~ECN_MASK) | (ecn == ECN_CE ? ECN_ECT0 : ecn));
}

static uint8_t outer_ttl(const struct tunnel_out *o)
{
    bool is_inner = o->dev && o->dev->ttl_is_inner, is_external = o->port->dev.tunnel.is_external;
    uint8_t ttl = is_inner ? o->inner.ttl : o->tunnel->tun.ttl;

    if (ttl || (o->kind->ttl == TTL_AS_IS && is_external))
        return ttl;
    if (o->kind->ttl == TTL_OR_INNER && o->inner.version)
        return o->inner.ttl;
    return ip_is_group(o->way.family, o->way.dst) ? 1 : TTL_DEFAULT;
}

static bool outer_df(const struct tunnel_out *o)
{
    bool is_own = o->tunnel->tun.flags & KEY_TUN_DF;

    if (!o->dev || o->dev->df == DF_OWN)
        return is_own;
    if (o->dev->df == DF_INNER)
        return o->inner.is_df || o->inner.version == 6;
    return is_own || o->inner.is_df;
}

static uint32_t flow_label(const struct tunnel_out *o)
{
    uint32_t hash;

    if ((o->dev && o->dev->label) || !o->kind->has_label)
        return o->dev ? o->dev->label : 0;
    hash = pkt_flow_hash(o->p);
    return (hash << 16 | hash >> 16) & 0xfffff;
}

static void take_gre(struct tunnel_out *o)
{
    bool is_external = o->port->dev.tunnel.is_external, is_erspan = o->kind->check;
    uint16_t flags = o->tunnel->tun.flags;

    if (o->kind->ip_proto != IPPROTO_GRE)
        return;
    o->gre_flags = (uint16_t)((flags & KEY_TUN_CSUM ? GRE_HAS_CSUM : 0) |
                              (flags & KEY_TUN_KEY ? GRE_HAS_KEY : 0));
    if (!is_external && o->dev)
        o->gre_flags = o->dev->gre_out;
    if (is_erspan)
        o->gre_flags = GRE_HAS_SEQ;
    if (o->gre_flags & GRE_HAS_SEQ && o->dev)
        o->seq = o->dev->seq_out++;
}

static void put_udp(uint8_t *udp, uint32_t total, const struct tunnel_out *o, const uint8_t *ip)
{
    uint16_t sum;

    be16_put(udp, o->tp_src);
    be16_put(udp + 2, o->tp_dst);
    be16_put(udp + 4, (uint16_t)total);
    be16_put(udp + 6, 0);
    if (!(o->tunnel->tun.flags & KEY_TUN_CSUM))
        return;
    sum = csum_finish(csum_add(ip_pseudo_sum(ip, IPPROTO_UDP, total), udp, total));
    be16_put(udp + 6, sum ? sum : 0xffff);
}

static bool has_limit(const struct tunnel_out *o)
{
    return o->way.family == AF_INET6 && o->dev && o->dev->has_limit;
}

/* The kernel draws the identification; here packets are counted. */
static void put_ip(uint8_t *ip, uint32_t len, const struct tunnel_out *o)
{
    const struct ip_head head = {
        .family = o->way.family,
        .proto = has_limit(o) ? IPPROTO_DSTOPTS : o->kind->ip_proto,
        .tos = outer_tos(o),
        .ttl = outer_ttl(o),
        .is_df = outer_df(o),
        .id = o->way.family == AF_INET ? o->port->ns->next_ip_id++ : 0,
        .label = o->way.family == AF_INET6 ? flow_label(o) : 0,
        .src = o->way.src,
        .dst = o->way.dst,
    };

    ip_head_put(ip, &head, len);
}

static void put_limit(uint8_t *at, const struct tunnel_out *o)
{
    memcpy(at, (const uint8_t[]){ o->kind->ip_proto, 0, 4, 1, o->dev->limit, 1, 1, 0 }, LIMIT_LEN);
}

static uint32_t headers_len(const struct tunnel_out *o)
{
    return ip_head_len(o->way.family) + (has_limit(o) ? LIMIT_LEN : 0) +
           (o->kind->ip_proto == IPPROTO_UDP ? UDP_LEN : 0) + o->kind->len(o);
}

/* Everything but the link layer's header, which is left open before it. */
static void put_headers(struct tunnel_out *o, uint32_t headers)
{
    uint32_t ip_len = ip_head_len(o->way.family), ext_len = has_limit(o) ? LIMIT_LEN : 0;
    uint32_t udp_len = o->kind->ip_proto == IPPROTO_UDP ? UDP_LEN : 0, total = o->p->len + headers;
    uint8_t *ip = pkt_insert(o->p, 0, ETH_LEN + headers) + ETH_LEN, *l4 = ip + ip_len + ext_len;

    memset(ip - ETH_LEN, 0, ETH_LEN);
    o->kind->put(l4 + udp_len, total - ip_len - ext_len - udp_len, o);
    if (ext_len)
        put_limit(ip + ip_len, o);
    put_ip(ip, total - ip_len, o);
    if (udp_len)
        put_udp(l4, total - ip_len - ext_len, o, ip);
}

/* ---- send ------------------------------------------------------------------------------------ */

/* What each kind of device counts, seen on Linux 6.1. */
static void count_dropped(const struct tunnel_out *o, enum drop_reason why)
{
    struct netdev_stats *s = &o->port->dev.stats;
    bool is_error = why == DROP_NO_ROUTE ||
                    (why == DROP_PKT_TOO_BIG && o->way.family == AF_INET6) ||
                    (why == DROP_NO_TUNNEL && o->tunnel && o->kind->counts_twice);

    if (is_error)
        s->tx_errors++;
    if (!is_error || o->kind->counts_twice)
        s->tx_dropped += o->tunnel || !o->kind->silent_without_tunnel;
}

/* What leaves by the tunnel device itself is the inner frame; its bytes count without headers. That
 * the link behind has lost its carrier it does not know. */
static void count_sent(const struct tunnel_out *o, const uint8_t *inner, uint32_t len)
{
    struct device *d = o->port;

    device_count_sent(d, inner, len);
    d->dev.stats.tx_packets++;
    d->dev.stats.tx_bytes += len - o->l3_off;
}

static enum drop_reason send_outer(struct tunnel_out *o, uint32_t headers)
{
    struct sim *sim = o->port->ns->sim;
    enum drop_reason why;

    if (o->p->len + headers > IP_MOST)
        return DROP_PKT_TOO_BIG;
    if (sim->n_tunnels >= MOST_TUNNELS)
        return DROP_RECURSION_LIMIT;
    put_headers(o, headers);
    sim->n_tunnels++;
    why = ip_send(&o->way, o->p->data, o->p->len);
    sim->n_tunnels--;
    return why;
}

enum drop_reason tunnel_send(struct device *port, const struct flow_key *tunnel, struct pkt *p)
{
    uint32_t len = p->len, headers;
    enum drop_reason why = DROP_NO_TUNNEL;
    struct tunnel_out o;

    (void)packet_tap(port, p->data, p->len, false);
    if (begin(&o, port, tunnel, p))
        why = find_way(&o);
    if (why == N_DROP_REASONS) {
        take_gre(&o);
        headers = headers_len(&o);
        if (tunnel_pmtu(&o, headers))
            return DROP_PKT_TOO_BIG;
        why = send_outer(&o, headers);
    }
    if (why != N_DROP_REASONS && why != DROP_DEV_READY)
        count_dropped(&o, why);
    else
        count_sent(&o, p->data + p->len - len, len);
    return why;
}

void tunnel_transmit(struct device *port, const void *frame, size_t len)
{
    struct dp_world *w = port->ns->sim->dp;
    struct pkt_pool *pool = dp_world_pool(w);
    struct pkt *p = pkt_new(pool, frame, len);
    enum drop_reason why = DROP_EXTRACT;
    struct flow_key key;

    key_clear(&key);
    key.mac_proto = KEY_MAC_ETH;
    if (!key_extract(&key, p)) {
        (void)pkt_flow_hash(p);
        pkt_put_tag(p);
        why = tunnel_send(port, NULL, p);
    }
    pkt_free(pool, p);
    if (why != N_DROP_REASONS)
        dp_refuse(w, frame, len, why);
}
