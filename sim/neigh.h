/* neigh.h - a namespace's neighbours: link addresses of IP addresses.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_NEIGH_H
#define SIM_NEIGH_H

#include "netlink/rt.h"
#include "sim/sim.h"

GPtrArray *neigh_list_new(void);

/* NULL: not known. Borrowed until a neighbour or device changes. */
const struct rt_neigh *neigh_lookup(const struct sim_ns *ns, uint8_t family, int ifindex,
                                    const uint8_t *ip);
/* Is 'hw' good to send to? (not incomplete, not failed) */
bool neigh_is_valid(const struct rt_neigh *n);

/* As RTM_NEWNEIGH and DELNEIGH; 'cause' NULL: the kernel itself. */
int neigh_add(struct sim_ns *ns, const struct rt_neigh *n, uint16_t flags, struct req *cause,
              struct err *e);
int neigh_del(struct sim_ns *ns, const struct rt_neigh *n, struct req *cause, struct err *e);
void neigh_dev_down(struct sim_ns *ns, uint8_t family, int ifindex);

#endif
