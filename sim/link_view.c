/* link_view.c - devices as rtnetlink tells of them: what a link message says.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sim/device.h"

#include <linux/if.h>           /* behind libc's net/if.h, which it gives way to */
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <net/if_arp.h>
#include <string.h>

#define OVS_KIND "openvswitch"      /* of internal ports' devices, and of netdev ports as slaves */
#define MTU_IP6_LEAST 1280          /* under it a device has no IPv6 */
#define GSO_MOST      65536
#define GSO_MOST_BIG  524280        /* of devices that hand packets on within the kernel */

/* Of vxlan the attribute is a number, of others it is there or not. */
bool device_is_external(const struct device *d)
{
    const struct rt_value *v =
        d->kind && d->kind->external_type ? rt_value(d->kind, d->data, d->kind->external_type) : NULL;

    return v && v->is_set && (v->bytes[0] || d->kind->port_type != IFLA_VXLAN_PORT);
}

bool device_has_inet6(const struct device *d)
{
    return d->dev.mtu >= MTU_IP6_LEAST;
}

static void view_stats(const struct device *d, struct rtnl_link_stats64 *s)
{
    const struct netdev_stats *own = &d->dev.stats;

    *s = (struct rtnl_link_stats64){
        .rx_packets = own->rx_packets, .tx_packets = own->tx_packets,
        .rx_bytes = own->rx_bytes,     .tx_bytes = own->tx_bytes,
        .rx_errors = own->rx_errors,   .tx_errors = own->tx_errors,
        .rx_dropped = own->rx_dropped, .tx_dropped = own->tx_dropped,
    };
}

/* An Ethernet address, or the ends of an IP tunnel; with IPv6 that has one besides. */
static void view_addrs(const struct device *d, struct rt_link *l)
{
    const struct rt_value *local, *remote;

    if (l->addr_len == sizeof(d->dev.mac)) {
        memcpy(l->addr, d->dev.mac, sizeof(d->dev.mac));
        if (d->dev.kind != NETDEV_LOOPBACK)
            memset(l->broadcast, 0xff, sizeof(d->dev.mac));
        return;
    }
    local = rt_value(d->kind, d->data, d->kind->local_type);
    remote = rt_value(d->kind, d->data, d->kind->remote_type);
    memcpy(l->addr, local->bytes, l->addr_len);
    memcpy(l->broadcast, remote->bytes, l->addr_len);
    if (l->addr_len == RT_IP_LEN)
        memcpy(l->permanent, d->dev.mac, sizeof(d->dev.mac));
}

static unsigned view_flags(const struct device *d)
{
    unsigned flags = device_flags(d);

    return flags & IFF_UP && d->dev.has_carrier ? flags | IFF_LOWER_UP : flags;
}

/* The other end of a pair; nothing, said so, for the end that is alone and for what is a tunnel
 * over IP alone. */
static int link_of(const struct device *d)
{
    if (d->peer)
        return d->peer->dev.ifindex;
    return d->kind && (d->kind->local_type || d->kind->shape == RT_SHAPE_PAIR) ? 0 : -1;
}

static int link_nsid(const struct device *d)
{
    bool is_elsewhere = d->peer && d->peer->ns != d->ns;

    return is_elsewhere ? nsid_make(d->ns->net, d->peer->ns->net) : NETNSA_NSID_NOT_ASSIGNED;
}

uint16_t device_hw_type(const struct device *d)
{
    if (d->dev.kind == NETDEV_LOOPBACK)
        return ARPHRD_LOOPBACK;
    if (!d->kind)
        return ARPHRD_ETHER;
    /* Linux 6.1: an IPv4 GRE device has no type of address once packets say where they go. */
    return d->kind->hw_type == ARPHRD_IPGRE && device_is_external(d) ? ARPHRD_NONE
                                                                     : d->kind->hw_type;
}

uint8_t device_addr_len(const struct device *d)
{
    return d->kind ? d->kind->addr_len : sizeof(d->dev.mac);
}

static void view_limits(const struct device *d, struct rt_link *l)
{
    bool is_big = d->dev.kind == NETDEV_LOOPBACK || (d->kind && d->kind->shape == RT_SHAPE_PAIR);

    l->mtu = d->dev.mtu;
    l->min_mtu = device_min_mtu(d);
    l->max_mtu = device_max_mtu(d);
    l->txqlen = d->txqlen;
    l->n_tx_queues = d->n_tx_queues;
    l->n_rx_queues = d->n_rx_queues;
    l->gso_max_size = d->gso_max_size;
    l->gso_max_segs = d->gso_max_segs;
    l->tso_max_size = is_big ? GSO_MOST_BIG : GSO_MOST;
    l->has_inet6 = device_has_inet6(d);
}

static const char *qdisc(const struct device *d)
{
    if (!d->was_up)
        return "noop";
    return d->kind && d->kind->has_queue ? "fq_codel" : "noqueue";      /* Debian's default */
}

void device_view(const struct device *d, struct rt_link *l)
{
    *l = (struct rt_link){
        .ifindex = d->dev.ifindex,
        .kind = d->kind,
        .data = d->data,
        .kind_name = d->dev.kind == NETDEV_INTERNAL ? OVS_KIND : NULL,
        .slave_kind = d->dev.master ? OVS_KIND : NULL,
        .flags = view_flags(d),
        .has_carrier = d->dev.has_carrier,
        .operstate = d->dev.is_up ? d->operstate : IF_OPER_DOWN,
        .group = d->group,
        .promiscuity = d->dev.promiscuity,
        .allmulti = d->allmulti,
        .n_up = d->n_carrier_up,
        .n_down = d->n_carrier_down,
        .qdisc = qdisc(d),
        .alias = d->alias[0] ? d->alias : NULL,
        .link = link_of(d),
        .link_nsid = link_nsid(d),
        .master = d->dev.master ? d->dev.master->ifindex : 0,
        .hw_type = device_hw_type(d),
        .addr_len = device_addr_len(d),
        .addr_assign = d->addr_assign,
    };
    memcpy(l->name, d->dev.name, sizeof(l->name));
    view_limits(d, l);
    view_addrs(d, l);
    view_stats(d, &l->stats);
}

/* Of one that is going, listeners hear no more changes. */
void device_event(const struct device *d, unsigned change)
{
    struct rt_link link;

    if (d->is_going)
        return;
    device_view(d, &link);
    rt_link_event(d->ns->net, RTM_NEWLINK, &link, change);
}
