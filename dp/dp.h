/* dp.h - the datapath's door: what the simulator calls, and what it may count.
 *
 * One dp_world registers the OVS families with a netlink server; one dp_ns per network
 * namespace holds its datapaths.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DP_DP_H
#define DP_DP_H

#include <stddef.h>
#include <stdint.h>

#include "dp/drop.h"
#include "dp/env.h"
#include "netlink/family.h"

struct dp_world;
struct dp_ns;

/* Every packet's life: n_born == n_output + n_upcall + n_consumed + n_joined + n_held + sum(n_drop). */
struct dp_account {
    uint64_t n_born;        /* received, executed, copied by an action, or cut off as a fragment */
    uint64_t n_output;      /* handed to a device */
    uint64_t n_upcall;      /* ended in a miss upcall that was queued */
    uint64_t n_consumed;    /* ended behind a last userspace action, its upcall queued */
    uint64_t n_joined;      /* fragments that became part of another packet */
    uint64_t n_held;        /* fragments that wait for their rest now */
    uint64_t n_drop[N_DROP_REASONS];
};

/* 'env' is borrowed and must outlive the world. Registers the families in 'nl'. */
struct dp_world *dp_world_new(struct netlink *nl, const struct dp_env *env);
void dp_world_free(struct dp_world *world);     /* after its namespaces; NULL allowed */
const struct dp_account *dp_world_account(const struct dp_world *world);
struct pkt_pool *dp_world_pool(struct dp_world *world);
const struct profile *dp_world_profile(const struct dp_world *world);   /* the kernel that it is */
/* How many packets of the born ones are accounted for. */
uint64_t dp_account_ends(const struct dp_account *account);

/* Sets net->user to the new namespace. free deletes its datapaths without notifications. */
struct dp_ns *dp_ns_new(struct dp_world *world, struct netns *net);
void dp_ns_free(struct dp_ns *ns);

/* A frame arrives on a device: from the wire for a netdev port, from the host for an
 * internal port. The bytes are copied. Runs everything that follows: lookup, actions, upcall. */
void dp_receive(struct dp_world *world, struct netdev *dev, const void *frame, size_t len);

/* The same of a frame that came through a tunnel, without its outer headers, on the tunnel port's
 * device; 'tunnel' becomes part of its flow key, NULL: the device keeps it to itself. The device counts itself what it received. */
void dp_receive_tunnel(struct dp_world *world, struct netdev *dev, const void *frame, size_t len,
                       const struct flow_key *tunnel);

/* A frame that the layer above drops before a port sees it: counted here all the same. */
void dp_refuse(struct dp_world *world, const void *frame, size_t len, enum drop_reason why);

/* A fragment of an IP packet for the host, in a frame of this ethertype that ends where the fragment
 * ends: kept until the others are here, or dropped; counted. The whole packet's frame, the caller's,
 * if this was the last one missing. */
GByteArray *dp_defrag(struct dp_ns *ns, uint16_t type, const void *frame, size_t len);

/* A port's device goes away for a reason outside OVS: the vport is removed and VPORT_DEL is
 * multicast with seq 0 (catalogue 03, section 3.9). Call before freeing the device. */
void dp_device_gone(struct dp_ns *ns, struct netdev *dev);

/* For dp_env.upcall: to its socket now. 0, -ECONNREFUSED (there is none) or -EAGAIN (full). */
int dp_upcall_send(const struct upcall_msg *u);
/* One that dp_env.upcall had taken does not reach its socket: counted as if it had failed at once. */
void dp_upcall_lost(const struct upcall_msg *u);

/* Every 4000 ms of virtual time: sorts each mask array by use (catalogue 06, section 6.6). */
void dp_rebalance(struct dp_world *world);

/* The time that dp_env.wake asked for has come: what has expired goes. */
void dp_wake(struct dp_world *world);

/* Port number of a device in its datapath, and the other way round for datapath 'dp_ifindex';
 * -1 / NULL if there is none. For names in text. */
int dp_port_of(const struct netdev *dev);
struct netdev *dp_port_dev(struct dp_ns *ns, int dp_ifindex, uint32_t port_no);

#endif
