/* addr.h - a namespace's IP addresses, and the routes that follow from them.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_ADDR_H
#define SIM_ADDR_H

#include "netlink/rt.h"
#include "sim/sim.h"

struct device;

GPtrArray *addr_list_new(void);

/* Is 'ip' within the first 'len' bits of 'prefix'? */
bool addr_in_prefix(const uint8_t *ip, const uint8_t *prefix, unsigned len);

/* Whose address is it? NULL: not ours. */
const struct rt_addr *addr_find(const struct sim_ns *ns, uint8_t family, const uint8_t *ip);
/* A device's first address; NULL: none. */
const struct rt_addr *addr_source(const struct sim_ns *ns, uint8_t family, int ifindex);

/* The one that packets to 'dst' along a route leave with; NULL: none. */
const struct rt_addr *addr_select(const struct sim_ns *ns, const struct rt_route *r,
                                  const uint8_t *dst);

/* As RTM_NEWADDR and DELADDR; 'cause' NULL: the kernel itself. */
int addr_add(struct sim_ns *ns, const struct rt_addr *a, uint16_t flags, struct req *cause,
             struct err *e);
int addr_del(struct sim_ns *ns, const struct rt_addr *a, struct req *cause, struct err *e);

/* A device came up or got its carrier: its link-local address appears, routes of its addresses
 * are there. Down: IPv6 addresses and all routes go. Gone: everything goes. */
void addr_dev_up(struct device *d);
void addr_dev_down(struct device *d);
void addr_dev_gone(struct device *d);
/* Its MTU has become too small for IPv6. */
void addr_dev_inet6_gone(struct device *d);

#endif
