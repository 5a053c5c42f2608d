/* route.h - a namespace's routes: those that follow from addresses, and those clients add.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_ROUTE_H
#define SIM_ROUTE_H

#include "netlink/rt.h"
#include "sim/sim.h"

GPtrArray *route_list_new(void);

/* The way to 'dst': tables local, main, default; longest prefix, then lowest metric. 'oif' 0: by
 * any device. NULL: none. Borrowed until a route, address or device changes. */
const struct rt_route *route_lookup(const struct sim_ns *ns, uint8_t family, const uint8_t *dst,
                                    int oif);
/* Whom to ask for the link address of 'dst' along 'r': the gateway, or 'dst' itself. */
const uint8_t *route_next_hop(const struct rt_route *r, const uint8_t *dst);
/* The source address of packets along 'r'; false: there is none. */
bool route_source(const struct sim_ns *ns, const struct rt_route *r, uint8_t *source);

/* As RTM_NEWROUTE and DELROUTE; 'cause' NULL: the kernel itself. */
int route_add(struct sim_ns *ns, const struct rt_route *r, uint16_t flags, struct req *cause,
              struct err *e);
int route_del(struct sim_ns *ns, const struct rt_route *r, struct req *cause, struct err *e);

/* Without checks, and without complaint if it is there or not there already. */
void route_put_own(struct sim_ns *ns, const struct rt_route *r);
void route_drop_own(struct sim_ns *ns, const struct rt_route *r);
/* A device went down or away: IPv4 routes go silently, as in the kernel. */
void route_dev_down(struct sim_ns *ns, uint8_t family, int ifindex);

#endif
