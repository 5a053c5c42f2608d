/* neigh.h - a namespace's neighbours: link addresses of IP addresses, told by clients or asked for.
 *
 * How it works: a packet for a neighbour that is not known waits while ARP requests or neighbour
 * solicitations are sent, 3 of them 1 s apart; without an answer the neighbour is FAILED and what
 * waited is dropped. A neighbour that answered is REACHABLE for 30 s, then STALE; used again it
 * is asked itself after 5 s (DELAY, PROBE). Numbers are the kernel's defaults, but reachable time,
 * which the kernel draws between 15 and 45 s. As many bytes wait as in the kernel: 212992, of its
 * buffers; the oldest packet makes room.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_NEIGH_H
#define SIM_NEIGH_H

#include "dp/drop.h"
#include "netlink/rt.h"
#include "sim/sim.h"

struct device;

GPtrArray *neigh_list_new(void);

/* NULL: not known. Borrowed until a neighbour or device changes. */
const struct rt_neigh *neigh_lookup(const struct sim_ns *ns, uint8_t family, int ifindex,
                                    const uint8_t *ip);

/* As RTM_NEWNEIGH and DELNEIGH; 'cause' NULL: the kernel itself. */
int neigh_add(struct sim_ns *ns, const struct rt_neigh *n, uint16_t flags, struct req *cause,
              struct err *e);
int neigh_del(struct sim_ns *ns, const struct rt_neigh *n, struct req *cause, struct err *e);
void neigh_dev_down(struct sim_ns *ns, uint8_t family, int ifindex);

/* Sends an IP packet to a neighbour on a device: 'frame' has its type, the addresses are written.
 * N_DROP_REASONS: sent, or it waits (copied). */
enum drop_reason neigh_send(struct device *out, uint8_t family, const uint8_t *hop, uint8_t *frame,
                            size_t len);

/* A message on 'd' says that 'ip' has 'mac'. 'state': NUD_REACHABLE, an answer to us; NUD_STALE,
 * anything else. 'creates': a neighbour not known yet becomes one. */
void neigh_hear(struct device *d, uint8_t family, const uint8_t *ip, const uint8_t *mac,
                uint16_t state, bool creates);

/* ---- neigh_ask.c ----------------------------------------------------------------------------- */

/* Asks on a device who has 'ip', from 'src'; 'mac' NULL: everybody. */
void neigh_ask(struct device *d, uint8_t family, const uint8_t *ip, const uint8_t *src,
               const uint8_t *mac);
/* An ARP message, or ICMPv6 of a packet from 'ip' (its header): heard, and answered if it asks
 * for an address of the host. False: not for the host. */
bool neigh_get_arp(struct device *d, const uint8_t *bytes, size_t len, bool is_to_us);
bool neigh_get_nd(struct device *d, const uint8_t *ip, const uint8_t *icmp, size_t len);

#endif
