/* tunnel_int.h - what the files of the tunnels share: kinds and devices of their own.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_TUNNEL_INT_H
#define SIM_TUNNEL_INT_H

#include "sim/ip.h"
#include "sim/ip_in.h"
#include "sim/ip_out.h"
#include "sim/mac_table.h"
#include "sim/tunnel.h"

#define TTL_DEFAULT 64
#define ECN_MASK 3
#define ECN_ECT1 1
#define ECN_ECT0 2
#define ECN_CE 3
#define GRE_HAS_CSUM 0x8000
#define GRE_HAS_KEY 0x2000
#define GRE_HAS_SEQ 0x1000

/* What a device that rtnetlink made knows of its tunnel. */
struct tunnel_dev {
    struct flow_key own;        /* the tunnel, unless the device is in external mode */
    bool ttl_is_inner, tos_is_inner;
    enum { DF_OWN, DF_INNER, DF_OWN_OR_INNER } df;
    uint16_t port_min, port_max;        /* of UDP sources, 0: the kind's */
    uint16_t gre_in, gre_out;           /* GRE_* of what it takes and sends */
    uint32_t key_in;
    uint32_t seq_in, seq_out;           /* next */
    bool has_limit;
    uint8_t limit;              /* IPv6: of encapsulations */
    uint32_t label;
    int link;                   /* device that it leaves by, 0: any */
    bool learns;                /* vxlan: far ends by the addresses of stations */
    struct mac_table stations;          /* -> index in far_ends */
    GArray *far_ends;           /* of uint8_t[RT_IP_LEN] */
};

/* A packet on its way out. */
struct tunnel_out {
    struct device *port;
    struct tunnel_dev *dev;             /* NULL: a port's own device */
    const struct tunnel_kind *kind;
    const struct flow_key *tunnel;
    struct pkt *p;
    uint32_t l3_off;                    /* of the inner frame */
    struct {
        uint8_t version, tos, ttl;      /* version 0: it is no IP packet */
        bool is_df;
    } inner;
    struct ip_way way;
    uint16_t tp_src, tp_dst, gre_flags;
    uint32_t seq;
};

/* A packet on its way in. */
struct tunnel_in {
    const struct ip_packet *ip;
    const struct tunnel_kind *kind;
    struct device *port;
    struct tunnel_dev *dev;
    struct flow_key tunnel;
    const uint8_t *at;          /* what is not read yet */
    size_t left;
    enum drop_reason why;       /* it was refused */
};

struct tunnel_kind {
    uint8_t ip_proto;
    bool has_ip4, has_ip6;
    uint16_t port_min, port_max;    /* of UDP sources */
    bool names_port;                /* the tunnel's tp_dst goes before the device's own */
    enum { TTL_AS_IS, TTL_OR_DEFAULT, TTL_OR_INNER } ttl;
    enum { TOS_WITH_ECN, TOS_GRE, TOS_AS_IS } tos;
    bool has_label;                 /* IPv6's flow label follows from the hash */
    bool counts_eth;                /* received bytes are whole frames */
    bool silent_without_tunnel;     /* what names no tunnel is not counted */
    bool counts_twice;              /* an error is a drop, too */
    /* Can it send this? NULL: always. */
    bool (*check)(const struct tunnel_out *o);
    /* Bytes between IP or UDP header and inner frame. */
    uint32_t (*len)(const struct tunnel_out *o);
    /* Writes them at 'at'; 'total' counts the inner frame behind them, too. */
    void (*put)(uint8_t *at, uint32_t total, const struct tunnel_out *o);
    /* Reads them into the tunnel: their length, or 0: refused. */
    uint32_t (*get)(struct tunnel_in *in);
};

const struct tunnel_kind *tunnel_kind(enum netdev_tunnel_kind kind);

/* ---- tunnel_gre.c ------------------------------------------------------------------------------ */

extern const struct tunnel_kind tunnel_gre, tunnel_ip6gre, tunnel_erspan, tunnel_ip6erspan;

/* The base header at the start of a GRE packet: false, it is none that these kinds understand. */
struct gre_base {
    uint16_t flags, type;
    uint32_t len, key, seq;
    enum netdev_tunnel_kind kind;
    bool has_key;               /* or a session of erspan, which is its key */
};
bool gre_read(const struct ip_packet *p, struct gre_base *gre);

/* ---- tunnel_find.c ----------------------------------------------------------------------------- */

/* The device that takes a packet; NULL and 'why': none of those that might, or N_DROP_REASONS:
 * there are none. */
struct device *tunnel_find(const struct sim_ns *ns, const struct ip_packet *p,
                           enum drop_reason *why);

/* ---- tunnel_pmtu.c ----------------------------------------------------------------------------- */

/* Is the inner packet too long for the way, with so many bytes of headers, and may not be cut? Then
 * its sender is told, the port has counted it, and it is done with. */
bool tunnel_pmtu(const struct tunnel_out *o, uint32_t headers);

/* ---- tunnel_dev.c ------------------------------------------------------------------------------ */

/* Where a station was last heard from, NULL: nowhere; and noting it. */
const uint8_t *tunnel_far_end(struct tunnel_dev *t, const uint8_t *mac, uint64_t now_ns);
void tunnel_learn(struct tunnel_dev *t, const uint8_t *mac, const struct ip_packet *from,
                  uint64_t now_ns);

static inline uint8_t tunnel_family(const struct flow_key *t)
{
    return t->tun_proto == 6 ? AF_INET6 : AF_INET;
}

static inline const uint8_t *tunnel_remote(const struct flow_key *t)
{
    return t->tun_proto == 6 ? t->tun.ip6.dst : (const uint8_t *)&t->tun.ip4.dst;
}

static inline const uint8_t *tunnel_local(const struct flow_key *t)
{
    return t->tun_proto == 6 ? t->tun.ip6.src : (const uint8_t *)&t->tun.ip4.src;
}

static inline bool tunnel_is_group(const struct flow_key *t)
{
    return ip_is_group(tunnel_family(t), tunnel_remote(t));
}

/* The IP header at 'off' of a frame of this type, or NULL. */
static inline uint8_t *inner_ip(uint8_t *frame, size_t len, uint16_t type, uint32_t off)
{
    if (type == 0x0800)
        return len >= off + IP4_LEN ? frame + off : NULL;
    return type == 0x86dd && len >= off + IP6_LEN ? frame + off : NULL;
}

#endif
