/* tunnel.h - the outer headers of tunnel ports and devices, and the way to their far ends.
 *
 * Out: the namespace's routes and neighbours say where an inner frame goes; outer IP and UDP or
 * GRE headers are put before it, and it leaves by the route's device. In: what reaches a device
 * of the host and is for one of its addresses and tunnel devices loses those headers and is
 * received by that device. A device in external mode takes its tunnel from the packet and tells
 * it there; any other has one of its own, and takes what comes from its far end. Catalogue 03.11.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_TUNNEL_H
#define SIM_TUNNEL_H

#include "dp/drop.h"
#include "dp/tunnel.h"
#include "sim/device.h"

struct ip_packet;

/* dp_env.tunnel_send and tunnel_fill. */
enum drop_reason tunnel_send(struct device *port, const struct flow_key *tunnel, struct pkt *p);
bool tunnel_fill(struct device *port, struct pkt *p, struct flow_key *tunnel);
/* The host sends a frame by a tunnel device. */
void tunnel_transmit(struct device *port, const void *frame, size_t len);

/* A packet for the host that came on 'd'. True: it was for a tunnel device, which has it now. */
bool tunnel_receive(struct device *d, const struct ip_packet *p);
/* Has a tunnel device joined this group? */
bool tunnel_has_group(const struct sim_ns *ns, uint8_t family, const uint8_t *ip);

/* ---- tunnel_dev.c ---------------------------------------------------------------------------- */

/* Reads what rtnetlink made the device of. */
void tunnel_dev_new(struct device *d);
void tunnel_dev_free(struct tunnel_dev *t);     /* NULL allowed */

/* ---- tunnel_check.c -------------------------------------------------------------------------- */

/* May there be such a device beside those there are? -EEXIST, -EBUSY, -EPERM. */
int tunnel_check_link(const struct sim_ns *ns, const struct rt_link_change *c, struct err *e);
/* May it come up? -EADDRINUSE: another kind of tunnel has its UDP port. */
int tunnel_check_up(const struct device *d, struct err *e);
/* Both, of a port's device: dp_env.tunnel_check. */
int tunnel_check_port(const struct sim_ns *ns, const struct netdev_tunnel *t, struct err *e);

#endif
