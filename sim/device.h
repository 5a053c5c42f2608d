/* device.h - virtual network devices of a namespace, as vports and clients see them.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_DEVICE_H
#define SIM_DEVICE_H

#include "base/err.h"
#include "dp/netdev.h"
#include "sim/sim.h"

struct device {
    struct netdev dev;          /* first member: the datapath holds its address */
    struct sim_ns *ns;
    /* Where frames that leave by it are recorded; NULL: nowhere. */
    struct pcap_out *out;
    uint64_t n_rx, n_tx;        /* frames since the start, for the summary */
    uint64_t rx_bytes, tx_bytes;
    bool is_promisc;            /* asked for by a client, besides dev.promiscuity */
    struct cable *cable;          /* what leaves by it arrives elsewhere; NULL: nowhere */
    struct host *host;          /* who is behind it; NULL: nobody */
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

/* IFF_UP, IFF_RUNNING, ... as SIOCGIFFLAGS shows them; set takes IFF_UP and IFF_PROMISC. */
unsigned device_flags(const struct device *d);
void device_set_flags(struct device *d, unsigned flags);
int device_set_mtu(struct device *d, uint32_t mtu, struct err *e);     /* 68..65535, -EINVAL */

/* A frame arrives on the device (netdev: from the wire; internal: sent by the host). */
void device_receive(struct device *d, const void *frame, size_t len);
/* A frame leaves by it: counted and recorded. */
void device_transmit(struct device *d, const void *frame, size_t len);

#endif
