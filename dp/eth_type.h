/* eth_type.h - questions about EtherTypes that several files ask.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DP_ETH_TYPE_H
#define DP_ETH_TYPE_H

#include <linux/if_ether.h>
#include <stdbool.h>
#include <stdint.h>

static inline bool is_vlan_type(uint16_t type)
{
    return type == ETH_P_8021Q || type == ETH_P_8021AD;
}

static inline bool is_ip_type(uint16_t type)
{
    return type == ETH_P_IP || type == ETH_P_IPV6;
}

static inline bool is_mpls_type(uint16_t type)
{
    return type == ETH_P_MPLS_UC || type == ETH_P_MPLS_MC;
}

#endif
