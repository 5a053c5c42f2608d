/* env.h - everything the datapath gets from outside, in one struct.
 *
 * dp/ knows no sockets, files, threads or clocks; the layer above fills this in. 'ctx' is
 * handed back to each function. The same calls in the same order must give the same answers
 * for a run to be reproducible.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DP_ENV_H
#define DP_ENV_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/fault.h"
#include "dp/drop.h"
#include "dp/netdev.h"
#include "dp/pkt.h"

struct dp_ns;
struct flow_key;
struct netns;
struct nlmsghdr;

/* An upcall's message on its way to a socket. */
struct upcall_msg {
    struct netns *net;
    uint32_t portid;            /* of the socket */
    const struct nlmsghdr *msg;
    size_t room;                /* bytes allocated for it: its charge, as in sock_queue() */
    bool ends_packet;           /* nothing else becomes of the packet */
};

/* BEGIN: a packet's way begins, what follows up to its END belongs to it (they nest). END has no text. */
enum dp_trace_what { DP_TRACE_STEP, DP_TRACE_BEGIN, DP_TRACE_END };
typedef void dp_trace_fn(void *ctx, enum dp_trace_what what, const char *func, const char *text);

struct dp_env {
    void *ctx;
    /* Virtual time in ns, never 0. */
    uint64_t (*now)(void *ctx);
    /* The monotonic clock of the clients, ns: they compare OVS_FLOW_ATTR_USED with it. It is
     * the virtual one unless clients are processes with a clock of their own. */
    uint64_t (*client_now)(void *ctx);
    uint32_t (*random)(void *ctx);
    /* dp_wake() is to be called at 'at_ns', or before: something runs out of time then. NULL: nobody will. */
    void (*wake)(void *ctx, uint64_t at_ns);
    /* The CPU that runs this, 0..n_cpus-1, for per-CPU upcall dispatch. */
    unsigned (*cpu)(void *ctx);
    unsigned n_cpus;
    /* OVS_DP_F_* that are refused like unknown ones: those of a kernel older than they are. */
    uint32_t no_features;
    /* A device by name or ifindex in a namespace, or NULL. */
    struct netdev *(*dev_by_name)(void *ctx, struct dp_ns *ns, const char *name);
    struct netdev *(*dev_by_index)(void *ctx, struct dp_ns *ns, int ifindex);
    /* Makes an internal or tunnel port's device ("%d" in the name is expanded, ifindex 0: any): 0,
     * -EEXIST, -EINVAL (name), -EBUSY (ifindex taken). destroy frees it. */
    int (*dev_create)(void *ctx, struct dp_ns *ns, const char *name, enum netdev_kind kind,
                      int ifindex, struct netdev **dev, struct err *e);
    void (*dev_destroy)(void *ctx, struct dp_ns *ns, struct netdev *dev);
    /* 'master' of a device, or what a new one is, has changed: listeners are told. NULL: nobody. */
    void (*dev_changed)(void *ctx, struct netdev *dev);
    /* One more (1) or one less (-1) wants all frames of a device. NULL: nobody counts. */
    void (*dev_promisc)(void *ctx, struct netdev *dev, int change);
    /* A fault deletes a device as "ip link del" would: at once, or, if a packet is under way, it goes down at once and is
     * deleted when that has ended. Only called if 'fault' can strike. */
    void (*dev_vanish)(void *ctx, struct netdev *dev, bool at_once);
    /* A frame leaves by a port: a netdev port's goes to the wire, an internal port's up to the
     * host's stack. The tag is in the bytes already. Borrowed: copy what is kept. */
    void (*transmit)(void *ctx, struct netdev *dev, const struct pkt *p);
    /* May a tunnel port make such a device, and bring it up? 0, -EEXIST, -EBUSY, -EPERM (there is one
     * that it would share packets with), -EADDRINUSE (the UDP port is taken). */
    int (*tunnel_check)(void *ctx, struct dp_ns *ns, const struct netdev_tunnel *t, struct err *e);
    /* A frame leaves by a tunnel device; the tag is in the bytes already, which the outer headers are
     * put before. 'tunnel': what the packet names, or NULL. Counted by the device. N_DROP_REASONS:
     * it is on its way. */
    enum drop_reason (*tunnel_send)(void *ctx, struct netdev *port, const struct flow_key *tunnel,
                                    struct pkt *p);
    /* Fills in what sending would choose: source address and UDP ports. False: it would not go. */
    bool (*tunnel_fill)(void *ctx, struct netdev *port, struct pkt *p, struct flow_key *tunnel);
    /* An upcall leaves: 0, or -errno as of dp_upcall_send(). Whoever keeps a copy and cannot send that
     * later calls dp_upcall_lost(). NULL: dp_upcall_send(). */
    int (*upcall)(void *ctx, const struct upcall_msg *u);
    /* What fails as the kernel can: rows of fault.h. NULL: nothing. */
    const struct fault_hook *fault;
    /* One line of the trace: the kernel function's name and what it saw. NULL: tracing is off. */
    dp_trace_fn *trace;
    bool traces_misses;     /* ... and for a packet without a flow, the flow that is nearest to it */
};

#endif
