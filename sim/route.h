/* route.h - a namespace's routes: those that follow from addresses, and those clients add.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_ROUTE_H
#define SIM_ROUTE_H

#include "netlink/rt.h"
#include "sim/sim.h"

GPtrArray *route_list_new(void);
GArray *route_tables_new(void);

/* The route that the namespace's rules and tables have for a packet: longest prefix, then lowest
 * metric. Returns 0, -ENETUNREACH (none), or what the route or a rule answers instead (-EHOSTUNREACH,
 * -EACCES, -EINVAL). '*found' is borrowed until a route, address or device changes. */
int route_find(const struct sim_ns *ns, const struct rt_flow *flow, const struct rt_route **found);
/* The same for a packet of which only the destination is known, and maybe the device (0: any).
 * NULL: none. */
const struct rt_route *route_lookup(const struct sim_ns *ns, uint8_t family, const uint8_t *dst,
                                    int oif);
/* What a client hears of a packet's way: see struct rt_ops. */
int route_way(const struct sim_ns *ns, const struct rt_flow *flow, struct rt_route *way);
/* Was a table ever used? */
bool route_has_table(const struct sim_ns *ns, uint8_t family, uint32_t table);

/* Whom to ask for the link address of 'dst' along 'r': the gateway, or 'dst' itself. */
const uint8_t *route_next_hop(const struct rt_route *r, const uint8_t *dst);
/* The source address of packets to 'dst' along 'r'; false: there is none. */
bool route_source(const struct sim_ns *ns, const struct rt_route *r, const uint8_t *dst,
                  uint8_t *source);

/* As RTM_NEWROUTE and DELROUTE; 'cause' NULL: the kernel itself. */
int route_add(struct sim_ns *ns, const struct rt_route *r, uint16_t flags, struct req *cause,
              struct err *e);
int route_del(struct sim_ns *ns, const struct rt_route *r, struct req *cause, struct err *e);

/* Without checks, and without complaint if it is there or not there already. */
void route_put_own(struct sim_ns *ns, const struct rt_route *r);
void route_drop_own(struct sim_ns *ns, const struct rt_route *r);
/* A device went down or away: IPv4 routes go silently, as in the kernel, but for those to its own
 * addresses. */
void route_dev_down(struct sim_ns *ns, uint8_t family, int ifindex);

#endif
