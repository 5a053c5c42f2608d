/* tunnel_int.h - rows of the kinds of tunnels: tunnel_kinds.c for tunnel_out.c and tunnel_in.c.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_TUNNEL_INT_H
#define SIM_TUNNEL_INT_H

#include "sim/tunnel.h"

#define ETH_LEN 14u
#define IP4_LEN 20u
#define IP6_LEN 40u
#define UDP_LEN 8u
#define TTL_DEFAULT 64
#define ECN_MASK 3
#define ECN_CE 3

struct tunnel_kind {
    uint8_t ip_proto;
    bool has_ip6;
    uint16_t port_min, port_max;    /* of UDP sources */
    bool names_port;                /* the tunnel's tp_dst goes before the port's own */
    enum { TTL_AS_IS, TTL_OR_DEFAULT, TTL_OR_INNER } ttl;
    /* Bytes between IP or UDP header and inner frame. */
    uint32_t (*len)(const struct netdev *port, const struct flow_key *tunnel);
    /* Writes them at 'at'; 'total' counts the inner frame behind them, too. */
    void (*put)(uint8_t *at, uint32_t total, const struct netdev *port,
                const struct flow_key *tunnel);
    /* Reads them into the tunnel: their length, or 0: refused. */
    uint32_t (*get)(const uint8_t *at, size_t left, const struct netdev *port,
                    struct flow_key *tunnel);
};

const struct tunnel_kind *tunnel_kind(uint32_t vport_type);

/* The IP header at 'off' of a frame of this type, or NULL. */
static inline uint8_t *inner_ip(uint8_t *frame, size_t len, uint16_t type, uint32_t off)
{
    if (type == 0x0800)
        return len >= off + IP4_LEN ? frame + off : NULL;
    return type == 0x86dd && len >= off + IP6_LEN ? frame + off : NULL;
}

/* TOS or traffic class of an IP header. */
static inline uint8_t ip_tos(const uint8_t *ip)
{
    if (ip[0] >> 4 == 4)
        return ip[1];
    return (uint8_t)((ip[0] & 0x0fu) << 4 | ip[1] >> 4);
}

/* Sum of the addresses, protocol and length that a UDP checksum covers; 'ip' is a header. */
uint32_t tunnel_pseudo_sum(const uint8_t *ip, uint32_t len);

#endif
