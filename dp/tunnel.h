/* tunnel.h - what a tunnel port and the layer that has routes say to each other.
 *
 * A tunnel is the part of a flow key that describes one: tun, tun_proto, tun_opts. dp/ knows no
 * outer headers: it hands inner frames up through struct dp_env and gets them back by
 * dp_receive_tunnel(). Catalogue 03.11.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DP_TUNNEL_H
#define DP_TUNNEL_H

#include "dp/key.h"
#include "dp/netdev.h"

struct dp_ns;

/* A tunnel port: what its device adds to every tunnel. */
struct tunnel_port {
    uint32_t type;              /* OVS_VPORT_TYPE_* */
    uint16_t udp_port;          /* 0: gre */
    bool has_gbp;               /* vxlan's group policy extension */
    struct netdev *dev;
};

/* The namespace's port of this type and UDP port. False: there is none. */
bool dp_tunnel_port(const struct dp_ns *ns, uint32_t type, uint16_t udp_port,
                    struct tunnel_port *port);

/* Options end where the array ends, so that equal lengths line up under a mask. */
static inline uint8_t *tunnel_opts(struct flow_key *tunnel, uint8_t len)
{
    return tunnel->tun_opts + sizeof(tunnel->tun_opts) - len;
}

static inline const uint8_t *tunnel_opts_of(const struct flow_key *tunnel)
{
    return tunnel->tun_opts + sizeof(tunnel->tun_opts) - tunnel->tun_opts_len;
}

#endif
