/* tunnel.h - the outer headers of vxlan, geneve and gre ports, and the way to their far ends.
 *
 * Out: the namespace's routes and neighbours say where an inner frame goes; outer Ethernet, IP and
 * UDP or GRE headers are put before it, and it leaves by the route's device. In: what reaches a
 * device of the host and is for one of its addresses and tunnel ports loses those headers and
 * is received by the port. Catalogue 03.11.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_TUNNEL_H
#define SIM_TUNNEL_H

#include "dp/tunnel.h"
#include "sim/device.h"

/* dp_env.tunnel_send and tunnel_fill. */
int tunnel_send(struct sim_ns *ns, struct netdev *port, const struct flow_key *tunnel,
                struct pkt *p);
int tunnel_fill(struct sim_ns *ns, const struct netdev *port, struct pkt *p,
                struct flow_key *tunnel);

/* A frame that the host gets on a device. True: it was for a tunnel port, which has it now. */
bool tunnel_receive(struct device *d, const uint8_t *frame, size_t len);

#endif
