/* dp.h - the datapath's door: what the simulator calls, and what it may count.
 *
 * One dp_world registers the OVS families with a netlink server; one dp_ns per network
 * namespace holds its datapaths.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DP_DP_H
#define DP_DP_H

#include <stddef.h>
#include <stdint.h>

#include "dp/env.h"
#include "netlink/family.h"

struct dp_world;
struct dp_ns;

/* How a packet can end without output or upcall. Names are the kernel's where it has one. */
enum drop_reason {
    DROP_LAST_ACTION,       /* list ended without a consuming action */
    DROP_ACTION_ERROR,
    DROP_RECURSION_LIMIT,
    DROP_DEFERRED_LIMIT,
    DROP_SAMPLE,            /* last sample not taken */
    DROP_METER,
    DROP_IP_TTL,
    DROP_EXTRACT,           /* key extraction refused the frame */
    DROP_NO_PORT,           /* output to a port that does not exist */
    DROP_DEV_READY,         /* output device down or without carrier */
    DROP_PKT_TOO_BIG,       /* longer than the device's MTU */
    DROP_MAC_PROTO,         /* L3 packet to an Ethernet device */
    DROP_NO_ROUTE,          /* tunnel port, and nothing leads to its far end */
    DROP_NO_TUNNEL,         /* tunnel port, and no set(tunnel()) that it can use */
    DROP_NO_NEIGH,          /* tunnel port, and the next hop's link address is not known */
    DROP_TUNNEL_HDR,        /* a tunnel's packet whose outer headers are refused */
    DROP_RX_DOWN,           /* received on a device that is down */
    DROP_NOT_A_PORT,        /* received on a device that is no port */
    DROP_FRAG_DUP,          /* a fragment whose data is there already */
    DROP_FRAG_OVERLAP,      /* fragments whose data overlaps */
    DROP_FRAG_BAD,          /* fragments that contradict each other or make no datagram */
    DROP_FRAG_TOO_FAR,      /* too many other fragments of the source came between */
    DROP_FRAG_TIMEOUT,      /* fragments whose rest did not come in time */
    DROP_FRAG_MEMORY,       /* too many fragments wait */
    DROP_FRAG_FLUSHED,      /* fragments that waited when their namespace ended */
    DROP_FRAG_L2_TOO_LONG,  /* to be cut into fragments again, but its link layer is too long */
    DROP_FRAG_INVALID_PROTO,        /* ... but it is no IP packet */
    DROP_UPCALL,            /* miss that no socket took (n_lost) */
    DROP_NO_MEMORY,         /* an injected allocation failure */
    N_DROP_REASONS
};

extern const char *const drop_reason_names[N_DROP_REASONS];

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
 * device; 'tunnel' becomes part of its flow key. */
void dp_receive_tunnel(struct dp_world *world, struct netdev *dev, const void *frame, size_t len,
                       const struct flow_key *tunnel);

/* A frame that the layer above drops before a port sees it: counted here all the same. */
void dp_refuse(struct dp_world *world, const void *frame, size_t len, enum drop_reason why);

/* A port's device goes away for a reason outside OVS: the vport is removed and VPORT_DEL is
 * multicast with seq 0 (catalogue 03, section 3.9). Call before freeing the device. */
void dp_device_gone(struct dp_ns *ns, struct netdev *dev);

/* Every 4000 ms of virtual time: sorts each mask array by use (catalogue 06, section 6.6). */
void dp_rebalance(struct dp_world *world);

/* The time that dp_env.wake asked for has come: what has expired goes. */
void dp_wake(struct dp_world *world);

/* Port number of a device in its datapath, and the other way round for datapath 'dp_ifindex';
 * -1 / NULL if there is none. For names in text. */
int dp_port_of(const struct netdev *dev);
struct netdev *dp_port_dev(struct dp_ns *ns, int dp_ifindex, uint32_t port_no);

#endif
