/* tunnel.h - tunnels as tunnel devices and the layer that has routes speak of them.
 *
 * A tunnel is the part of a flow key that describes one: tun, tun_proto, tun_opts. dp/ knows no
 * outer headers: it hands inner frames up through struct dp_env and gets them back by
 * dp_receive_tunnel(). Catalogue 03.11.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DP_TUNNEL_H
#define DP_TUNNEL_H

#include "dp/key.h"

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
