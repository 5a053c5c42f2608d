/* act_set_int.h - the writers of set(): act_set_write.c for act_set.c.
 *
 * Each puts value | (old & ~mask) into the packet, patches the checksums, and brings the key up
 * to date. 0, -ENOMEM (the header is not within the frame) or -EINVAL.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DP_ACT_SET_INT_H
#define DP_ACT_SET_INT_H

#include "dp/act.h"

typedef int set_write(struct act_run *run, const uint8_t *value, const uint8_t *mask);

set_write set_priority_write, set_mark_write, set_eth_write, set_mpls_write, set_ip4_write,
    set_ip6_write, set_tcp_write, set_udp_write, set_sctp_write, set_tunnel_write,
    set_nothing_write;

#endif
