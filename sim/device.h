/* device.h - virtual network devices of a namespace, as vports and clients see them.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_DEVICE_H
#define SIM_DEVICE_H

#include "base/err.h"
#include "dp/netdev.h"
#include "netlink/rt.h"
#include "sim/sim.h"

/* As the kernel numbers them. */
enum { NET_ADDR_PERM, NET_ADDR_RANDOM, NET_ADDR_STOLEN, NET_ADDR_SET };

struct device {
    struct netdev dev;          /* first member: the datapath holds its address */
    struct sim_ns *ns;
    /* Where frames that leave by it are recorded; NULL: nowhere. */
    struct pcap_out *out;
    unsigned capture;           /* its interface in the recorder's file, 0: none yet */
    uint64_t n_rx, n_tx;        /* frames since the start, for the summary */
    uint64_t rx_bytes, tx_bytes;
    bool is_promisc;            /* asked for by a client, besides dev.promiscuity */
    struct cable *cable;          /* what leaves by it arrives elsewhere; NULL: nowhere */
    struct host *host;          /* who is behind it; NULL: nobody */
    /* What rtnetlink made it; NULL: a card of the scenario's, or a port's own device. */
    const struct rt_kind *kind;
    struct rt_value data[RT_VALUES];
    struct tunnel_dev *tunnel;  /* what 'data' says of a tunnel, or NULL */
    struct device *peer;        /* of a pair, or NULL */
    bool was_up;                /* ever: it has its queueing discipline */
    unsigned base_flags;        /* IFF_* whatever its state */
    uint8_t addr_assign;        /* NET_ADDR_*: who chose the address */
    uint8_t operstate;          /* IF_OPER_* while it is up: follows the carrier's changes */
    bool has_vanished;          /* a fault is about to delete it */
    bool is_allmulti, is_going; /* asked for by a client; nobody hears of its changes any more */
    uint32_t txqlen, group, allmulti;
    uint32_t n_tx_queues, n_rx_queues, gso_max_size, gso_max_segs;
    uint32_t n_carrier_up, n_carrier_down;
    char alias[256];
};

/* Adds a device; 'name' may hold one "%d"; ifindex 0: the next free one. Down, MTU 1500 (lo:
 * 65536, up), address 02:00:00:00:NN:NN from ifindex so that runs repeat. Returns it (owned by
 * the namespace) or NULL with 'e': EEXIST, EINVAL (bad name), EBUSY (ifindex taken). */
struct device *device_add(struct sim_ns *ns, const char *name, enum netdev_kind kind, int ifindex,
                          struct err *e);
/* Removes and frees it; a port it was is removed with a notification. */
void device_del(struct device *d);

/* For the datapath's own removal of an internal port: frees it without telling the datapath. */
void device_free(struct device *d);

struct device *device_by_name(const struct sim_ns *ns, const char *name);
struct device *device_by_index(const struct sim_ns *ns, int ifindex);

/* Makes a fresh device one of rtnetlink's kinds, without data. */
void device_set_kind(struct device *d, const struct rt_kind *kind);

/* IFF_UP, IFF_RUNNING, ... as SIOCGIFFLAGS shows them; set takes those a client can change. What
 * changes a device tells the link group, and addresses and routes follow. */
unsigned device_flags(const struct device *d);
void device_set_flags(struct device *d, unsigned flags);
/* One more (1) or one less (-1) wants all its frames, or all multicast ones. */
void device_add_promisc(struct device *d, int change);
void device_add_allmulti(struct device *d, int change);
/* As a client asks for it: -EADDRINUSE, a tunnel device would come up and its UDP port is taken. */
int device_change_flags(struct device *d, unsigned flags, struct err *e);
int device_set_mtu(struct device *d, uint32_t mtu, struct err *e);     /* 68..65535, -EINVAL */

int device_set_mac(struct device *d, const uint8_t mac[6], struct err *e);  /* -EADDRNOTAVAIL */
/* 0, -EBUSY (it is up), -EEXIST, -EINVAL. A vport keeps its place in OVS's table of names. */
int device_rename(struct device *d, const char *name, struct err *e);
void device_set_carrier(struct device *d, bool has_carrier);
/* They become a pair: what leaves one reaches the other. */
void device_join(struct device *a, struct device *b);
uint32_t device_min_mtu(const struct device *d);
uint32_t device_max_mtu(const struct device *d);        /* 0: unbounded */

bool device_is_external(const struct device *d);    /* its packets say where they go */

/* link_view.c: how rtnetlink sees it; RTM_NEWLINK to the link group. */
uint16_t device_hw_type(const struct device *d);        /* ARPHRD_* */
uint8_t device_addr_len(const struct device *d);
bool device_has_inet6(const struct device *d);
void device_view(const struct device *d, struct rt_link *link);
void device_event(const struct device *d, unsigned change);

/* link.c: as in struct rt_ops. */
bool link_find(struct netns *net, int ifindex, const char *name, struct rt_link *link);
bool link_next(struct netns *net, int after, struct rt_link *link);
int link_add(struct netns *net, const struct rt_link_change *c, struct err *e);
int link_change(struct netns *net, int ifindex, const struct rt_link_change *c, struct err *e);
int link_del(struct netns *net, int ifindex, struct err *e);
extern const struct rt_ops sim_rt_ops;      /* rt_ops.c */


/* A frame arrives on the device (netdev: from the wire; internal: sent by the host). */
void device_receive(struct device *d, const void *frame, size_t len);
/* The same of a tunnel device; 'tunnel' NULL: it is not in external mode. */
struct flow_key;
void device_receive_tunnel(struct device *d, const void *frame, size_t len,
                           const struct flow_key *tunnel);
/* The host sends a frame by it: on a datapath's own device that is where frames enter it. */
void device_send(struct device *d, const void *frame, size_t len);
/* A frame leaves by it: counted and recorded. */
void device_transmit(struct device *d, const void *frame, size_t len);
/* Only that: of a tunnel device, whose frame goes on in another. */
void device_count_sent(struct device *d, const void *frame, size_t len);

#endif
