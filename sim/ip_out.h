/* ip_out.h - the host of a namespace sends IP packets: route, source, fragments, neighbour.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_IP_OUT_H
#define SIM_IP_OUT_H

#include "dp/drop.h"
#include "netlink/rt.h"
#include "sim/sim.h"

struct device;

struct ip_way {
    uint8_t family;
    uint8_t src[RT_IP_LEN], dst[RT_IP_LEN];
    uint8_t tos, ip_proto;              /* what policy rules look at besides; 0: nothing */
    uint16_t tp_src, tp_dst;
    uint32_t mark;
    struct device *out;
    uint8_t hop[RT_IP_LEN];             /* whose link address is needed */
};

/* Completes a way that has family, dst and perhaps a source, which must be the host's. 'oif': the
 * device that must be used, 0: any. N_DROP_REASONS: found. */
enum drop_reason ip_find_way(const struct sim_ns *ns, int oif, struct ip_way *way);

/* Sends the packet behind the first ETH_LEN bytes of 'frame', which are written. Longer than the
 * device's MTU it is cut into fragments, unless it says "don't fragment" or is IPv6: the kernel's
 * tunnels let the host cut no IPv6 packet. N_DROP_REASONS: sent, or it waits for the neighbour. */
enum drop_reason ip_send(const struct ip_way *way, uint8_t *frame, size_t len);

#endif
