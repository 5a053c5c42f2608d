/* listing.h - datapaths and ports as a netlink client sees them, and their text.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_LISTING_H
#define SIM_LISTING_H

#include <linux/openvswitch.h>
#include <net/if.h>

#include "sim/local.h"

struct dp_listing {
    int ifindex;
    char name[IFNAMSIZ];
    struct ovs_dp_stats stats;
    struct ovs_dp_megaflow_stats megaflow;
    uint32_t cache_size;
};

struct port_listing {
    uint32_t port_no, type;     /* OVS_VPORT_TYPE_* */
    uint32_t upcall_pid;        /* the first */
    int ifindex;                /* of the device */
    char name[IFNAMSIZ];
};

void dp_listing_read(struct dp_listing *dp, const struct nlmsghdr *msg);

/* Of struct dp_listing in order of creation, of struct port_listing by number; the caller frees
 * it (g_array_unref). NULL with 'e' if the datapath refuses. */
GArray *list_datapaths(struct local *l, struct err *e);
GArray *list_ports(struct local *l, int dp_ifindex, struct err *e);

/* What "ovs-dpctl show" prints. */
int show_datapaths(struct local *l, GString *out, struct err *e);

#endif
