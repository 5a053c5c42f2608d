/* link.c - devices as rtnetlink sees them: what a link message says, and what one can ask for.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sim/device.h"

#include <errno.h>
#include <limits.h>
#include <linux/if.h>           /* behind libc's net/if.h, which it gives way to */
#include <linux/rtnetlink.h>
#include <net/if_arp.h>
#include <string.h>

#include "sim/addr.h"
#include "sim/neigh.h"
#include "sim/route.h"
#include "sim/tunnel.h"

#define OVS_KIND "openvswitch"      /* of internal ports' devices, and of netdev ports as slaves */

/* ---- view ------------------------------------------------------------------------------------ */

static uint8_t operstate(const struct device *d)
{
    bool has_state = d->kind ? d->kind->has_state : d->dev.kind == NETDEV_VIRTUAL;

    if (!d->dev.is_up)
        return IF_OPER_DOWN;
    if (!has_state && d->dev.has_carrier)
        return IF_OPER_UNKNOWN;
    if (d->dev.has_carrier)
        return IF_OPER_UP;
    return d->peer ? IF_OPER_LOWERLAYERDOWN : IF_OPER_DOWN;
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

/* An Ethernet address, or the ends of an IP tunnel. */
static void view_addrs(const struct device *d, struct rt_link *l)
{
    const struct rt_value *local = NULL, *remote = NULL;

    if (d->kind && d->kind->addr_len != sizeof(d->dev.mac)) {
        local = rt_value(d->kind, d->data, d->kind->local_type);
        remote = rt_value(d->kind, d->data, d->kind->remote_type);
    }
    if (local && remote) {
        memcpy(l->addr, local->bytes, l->addr_len);
        memcpy(l->broadcast, remote->bytes, l->addr_len);
        return;
    }
    memcpy(l->addr, d->dev.mac, sizeof(d->dev.mac));
    if (d->dev.kind != NETDEV_LOOPBACK)
        memset(l->broadcast, 0xff, sizeof(d->dev.mac));
}

static unsigned view_flags(const struct device *d)
{
    unsigned flags = device_flags(d);

    return flags & IFF_RUNNING ? flags | IFF_LOWER_UP : flags;
}

/* What a tunnel over IP alone is bound to: nothing, but it says so. */
static int link_of(const struct device *d)
{
    if (d->peer)
        return d->peer->dev.ifindex;
    return d->kind && d->kind->local_type ? 0 : -1;
}

void device_view(const struct device *d, struct rt_link *l)
{
    bool is_lo = d->dev.kind == NETDEV_LOOPBACK;

    *l = (struct rt_link){
        .ifindex = d->dev.ifindex,
        .kind = d->kind,
        .data = d->data,
        .kind_name = d->dev.kind == NETDEV_INTERNAL ? OVS_KIND : NULL,
        .slave_kind = d->dev.master ? OVS_KIND : NULL,
        .flags = view_flags(d),
        .has_carrier = d->dev.has_carrier,
        .operstate = operstate(d),
        .mtu = d->dev.mtu,
        .min_mtu = device_min_mtu(d),
        .max_mtu = device_max_mtu(d),
        .txqlen = d->txqlen,
        .group = d->group,
        .promiscuity = d->dev.promiscuity,
        .n_up = d->n_carrier_up,
        .n_down = d->n_carrier_down,
        .qdisc = d->was_up ? "noqueue" : "noop",
        .alias = d->alias[0] ? d->alias : NULL,
        .link = link_of(d),
        .master = d->dev.master ? d->dev.master->ifindex : 0,
        .hw_type = is_lo ? ARPHRD_LOOPBACK : d->kind ? d->kind->hw_type : ARPHRD_ETHER,
        .addr_len = d->kind ? d->kind->addr_len : sizeof(d->dev.mac),
    };
    memcpy(l->name, d->dev.name, sizeof(l->name));
    view_addrs(d, l);
    view_stats(d, &l->stats);
}

void device_event(const struct device *d, unsigned change)
{
    struct rt_link link;

    device_view(d, &link);
    rt_link_event(d->ns->net, RTM_NEWLINK, &link, change);
}

static bool link_find(struct netns *net, int ifindex, const char *name, struct rt_link *link)
{
    const struct sim_ns *ns = net->owner;
    const struct device *d = ifindex ? device_by_index(ns, ifindex) : device_by_name(ns, name);

    if (d)
        device_view(d, link);
    return d;
}

static bool link_next(struct netns *net, int after, struct rt_link *link)
{
    const struct sim_ns *ns = net->owner;

    for (guint i = 0; i < ns->devices->len; i++) {
        const struct device *d = g_ptr_array_index(ns->devices, i);

        if (d->dev.ifindex > after) {
            device_view(d, link);
            return true;
        }
    }
    return false;
}

/* ---- change ---------------------------------------------------------------------------------- */

/* Of the flags a client can change, those its mask names. */
static int change_flags(struct device *d, const struct rt_link_change *c, struct err *e)
{
    unsigned mask = c->change ? c->change : c->flags ? UINT_MAX : 0;

    if (!mask)
        return 0;
    return device_change_flags(d, (c->flags & mask) | (device_flags(d) & ~mask), e);
}

static void change_numbers(struct device *d, const struct rt_link_change *c)
{
    uint32_t txqlen = d->txqlen, group = d->group;
    bool is_new_alias = rt_given(c, IFLA_IFALIAS) && strcmp(d->alias, c->alias);

    if (rt_given(c, IFLA_TXQLEN))
        d->txqlen = c->txqlen;
    if (rt_given(c, IFLA_GROUP))
        d->group = c->group;
    if (is_new_alias)
        memcpy(d->alias, c->alias, sizeof(d->alias));
    if (is_new_alias || txqlen != d->txqlen || group != d->group)
        device_event(d, 0);
}

static int change_mac(struct device *d, const struct rt_link_change *c, struct err *e)
{
    if (d->kind && d->kind->addr_len != sizeof(d->dev.mac))
        return err_set(e, EOPNOTSUPP, "%s has no link address to set", d->dev.name);
    return device_set_mac(d, c->addr, e);
}

/* Order as in the kernel: what went before a refusal stays. */
static int change_device(struct device *d, const struct rt_link_change *c, struct err *e)
{
    int rc = 0;

    if (rt_given(c, IFLA_ADDRESS))
        rc = change_mac(d, c, e);
    if (!rc && rt_given(c, IFLA_MTU))
        rc = device_set_mtu(d, c->mtu, e);
    if (!rc && rt_given(c, IFLA_IFNAME))
        rc = device_rename(d, c->name, e);
    if (rc)
        return rc;
    change_numbers(d, c);
    rc = change_flags(d, c, e);
    if (rc)
        return rc;
    if (rt_given(c, IFLA_CARRIER)) {
        if (d->peer || (d->kind && d->kind->shape == RT_SHAPE_TUNNEL))
            return err_set(e, EOPNOTSUPP, "%s has a carrier of its own", d->dev.name);
        device_set_carrier(d, c->carrier);
    }
    return 0;
}

static int link_change(struct netns *net, int ifindex, const struct rt_link_change *c,
                       struct err *e)
{
    return change_device(device_by_index(net->owner, ifindex), c, e);
}

/* ---- add and delete -------------------------------------------------------------------------- */

static int check_new(const struct sim_ns *ns, const struct rt_link_change *c, struct err *e)
{
    const struct rt_kind *kind = c->kind;

    if (rt_given(c, IFLA_MTU) && c->mtu < kind->min_mtu)
        return rt_refuse(e, EINVAL, "mtu less than device minimum");
    if (rt_given(c, IFLA_MTU) && kind->max_mtu && c->mtu > kind->max_mtu)
        return rt_refuse(e, EINVAL, "mtu greater than device maximum");
    if (rt_given(c, IFLA_ADDRESS) && kind->addr_len == 6 && (c->addr[0] & 1))
        return err_set(e, EADDRNOTAVAIL, "not the address of one station");
    return kind->shape == RT_SHAPE_TUNNEL ? tunnel_check_link(ns, c, e) : 0;
}

/* Without telling: it is not whole yet. */
static struct device *make(struct sim_ns *ns, const struct rt_link_change *c, struct err *e)
{
    struct device *d = device_add(ns, c->name, NETDEV_VIRTUAL, c->ifindex, e);

    if (!d)
        return NULL;
    d->kind = c->kind;
    memcpy(d->data, c->data, sizeof(d->data));
    tunnel_dev_new(d);
    d->dev.mtu = rt_given(c, IFLA_MTU) ? c->mtu : tunnel_dev_mtu(d);
    d->dev.has_carrier = c->kind->shape != RT_SHAPE_PAIR;
    if (rt_given(c, IFLA_ADDRESS) && c->kind->addr_len == sizeof(d->dev.mac))
        memcpy(d->dev.mac, c->addr, sizeof(d->dev.mac));
    d->txqlen = rt_given(c, IFLA_TXQLEN) ? c->txqlen : d->txqlen;
    d->group = c->group;
    return d;
}

/* The other end is made first, and has the lower number. Its MTU follows unless it says its own. */
static int make_pair(struct sim_ns *ns, const struct rt_link_change *c, struct err *e)
{
    struct rt_link_change other = { .kind = c->kind };
    struct device *a, *b;

    if (c->peer)
        other = *c->peer;
    if (!other.name[0])
        g_strlcpy(other.name, "veth%d", sizeof(other.name));
    b = make(ns, &other, e);
    if (!b)
        return -e->code;
    a = make(ns, c, e);
    if (!a) {
        device_free(b);
        return -e->code;
    }
    device_join(a, b);
    device_event(b, UINT_MAX);
    device_event(a, UINT_MAX);
    (void)change_flags(b, &other, e);
    return change_flags(a, c, e);
}

static int link_add(struct netns *net, const struct rt_link_change *c, struct err *e)
{
    struct err own = { 0 };
    struct device *d;
    int rc = check_new(net->owner, c, &own);

    if (!rc && c->kind->shape == RT_SHAPE_PAIR) {
        rc = make_pair(net->owner, c, &own);
    } else if (!rc) {
        d = make(net->owner, c, &own);
        rc = d ? 0 : -own.code;
        if (d) {
            device_event(d, UINT_MAX);
            rc = change_flags(d, c, &own);
        }
        if (d && rc)
            device_del(d);
    }
    if (rc)
        *e = own;
    return rc;
}

/* Only what rtnetlink made can it unmake: cards stay, OVS keeps its internal ports. */
static int link_del(struct netns *net, int ifindex, struct err *e)
{
    struct device *d = device_by_index(net->owner, ifindex);

    if (!d->kind && d->dev.kind != NETDEV_TUNNEL)
        return err_set(e, EOPNOTSUPP, "%s is not deleted by its link", d->dev.name);
    device_del(d);
    return 0;
}

/* ---- addresses, routes, neighbours: from a namespace of netlink's to ours -------------------- */

static void *item(const GPtrArray *list, size_t i)
{
    return i < list->len ? g_ptr_array_index(list, i) : NULL;
}

static struct sim_ns *owner(struct netns *net)
{
    return net->owner;
}

static const struct rt_addr *op_addr_at(struct netns *net, size_t i)
{
    return item(owner(net)->addrs, i);
}

static int op_addr_add(struct netns *net, const struct rt_addr *a, uint16_t flags,
                       struct req *cause, struct err *e)
{
    return addr_add(net->owner, a, flags, cause, e);
}

static int op_addr_del(struct netns *net, const struct rt_addr *a, struct req *cause, struct err *e)
{
    return addr_del(net->owner, a, cause, e);
}

static const struct rt_route *op_route_at(struct netns *net, size_t i)
{
    return item(owner(net)->routes, i);
}

static const struct rt_route *op_route_lookup(struct netns *net, uint8_t family, const uint8_t *dst,
                                              int oif)
{
    return route_lookup(net->owner, family, dst, oif);
}

static bool op_route_source(struct netns *net, const struct rt_route *r, uint8_t *source)
{
    return route_source(net->owner, r, source);
}

static int op_route_add(struct netns *net, const struct rt_route *r, uint16_t flags,
                        struct req *cause, struct err *e)
{
    return route_add(net->owner, r, flags, cause, e);
}

static int op_route_del(struct netns *net, const struct rt_route *r, struct req *cause,
                        struct err *e)
{
    return route_del(net->owner, r, cause, e);
}

static const struct rt_neigh *op_neigh_at(struct netns *net, size_t i)
{
    return item(owner(net)->neighs, i);
}

static int op_neigh_add(struct netns *net, const struct rt_neigh *n, uint16_t flags,
                        struct req *cause, struct err *e)
{
    return neigh_add(net->owner, n, flags, cause, e);
}

static int op_neigh_del(struct netns *net, const struct rt_neigh *n, struct req *cause,
                        struct err *e)
{
    return neigh_del(net->owner, n, cause, e);
}

const struct rt_ops sim_rt_ops = {
    .link_find = link_find,
    .link_next = link_next,
    .link_add = link_add,
    .link_change = link_change,
    .link_del = link_del,
    .addr_at = op_addr_at,
    .addr_add = op_addr_add,
    .addr_del = op_addr_del,
    .route_at = op_route_at,
    .route_lookup = op_route_lookup,
    .route_source = op_route_source,
    .route_add = op_route_add,
    .route_del = op_route_del,
    .neigh_at = op_neigh_at,
    .neigh_add = op_neigh_add,
    .neigh_del = op_neigh_del,
};
