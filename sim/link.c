/* link.c - what rtnetlink can ask for: finding, changing, adding and deleting links.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sim/device.h"

#include <errno.h>
#include <limits.h>
#include <linux/if.h>           /* behind libc's net/if.h, which it gives way to */
#include <linux/rtnetlink.h>
#include <net/if_arp.h>
#include <string.h>

#include "netlink/fault.h"
#include "sim/addr.h"
#include "sim/neigh.h"
#include "sim/link_mtu.h"
#include "sim/route.h"
#include "sim/tunnel.h"

#define GSO_SIZE_MOST 65536
#define GSO_SEGS_MOST 65535

bool link_find(struct netns *net, int ifindex, const char *name, struct rt_link *link)
{
    const struct sim_ns *ns = net->owner;
    const struct device *d = ifindex ? device_by_index(ns, ifindex) : device_by_name(ns, name);

    if (d)
        device_view(d, link);
    return d;
}

bool link_next(struct netns *net, int after, struct rt_link *link)
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

static int check_gso(const struct rt_link_change *c, struct err *e)
{
    if (rt_given(c, IFLA_GSO_MAX_SIZE) && c->gso_max_size > GSO_SIZE_MOST)
        return err_set(e, EINVAL, "gso_max_size %u is too large", c->gso_max_size);
    if (rt_given(c, IFLA_GSO_MAX_SEGS) && c->gso_max_segs > GSO_SEGS_MOST)
        return err_set(e, EINVAL, "gso_max_segs %u is too large", c->gso_max_segs);
    return 0;
}

static void change_gso(struct device *d, const struct rt_link_change *c)
{
    if (rt_given(c, IFLA_GSO_MAX_SIZE))
        d->gso_max_size = c->gso_max_size;
    if (rt_given(c, IFLA_GSO_MAX_SEGS))
        d->gso_max_segs = c->gso_max_segs;
}

static int change_mac(struct device *d, const struct rt_link_change *c, struct err *e)
{
    if (device_addr_len(d) != sizeof(d->dev.mac))
        return err_set(e, EOPNOTSUPP, "%s has no link address to set", d->dev.name);
    return device_set_mac(d, c->addr, e);
}

static int change_carrier(struct device *d, const struct rt_link_change *c, struct err *e)
{
    if (!rt_given(c, IFLA_CARRIER))
        return 0;
    if (d->kind && d->kind->shape != RT_SHAPE_PLAIN)
        return err_set(e, EOPNOTSUPP, "%s has a carrier of its own", d->dev.name);
    if (!d->dev.is_up)
        return err_set(e, EINVAL, "%s is down", d->dev.name);
    device_set_carrier(d, c->carrier);
    return 0;
}

static void change_queue(struct device *d, const struct rt_link_change *c)
{
    if (!rt_given(c, IFLA_TXQLEN) || d->txqlen == c->txqlen)
        return;
    d->txqlen = c->txqlen;
    device_event(d, 0);
}

static int change_names(struct device *d, const struct rt_link_change *c, struct err *e)
{
    int rc = 0;

    if (rt_given(c, IFLA_GROUP))
        d->group = c->group;
    if (rt_given(c, IFLA_IFNAME))
        rc = device_rename(d, c->name, e);
    if (!rc && rt_given(c, IFLA_IFALIAS))
        memcpy(d->alias, c->alias, sizeof(d->alias));
    return rc;
}

/* Order and events as in the kernel: what went before a refusal stays; group and alias are told
 * of only while the device is up. */
static int change_device(struct device *d, const struct rt_link_change *c, struct err *e)
{
    int rc = 0;

    if (rt_given(c, IFLA_ADDRESS))
        rc = change_mac(d, c, e);
    if (!rc && rt_given(c, IFLA_MTU))
        rc = device_set_mtu(d, c->mtu, e);
    if (!rc)
        rc = change_names(d, c, e);
    if (rc)
        return rc;
    rc = change_flags(d, c, e);
    if (!rc)
        rc = change_carrier(d, c, e);
    if (!rc)
        rc = check_gso(c, e);
    if (rc)
        return rc;
    change_queue(d, c);
    change_gso(d, c);
    if (d->dev.is_up && (rt_given(c, IFLA_GROUP) || rt_given(c, IFLA_IFALIAS)))
        device_event(d, 0);
    return 0;
}

int link_change(struct netns *net, int ifindex, const struct rt_link_change *c,
                       struct err *e)
{
    return change_device(device_by_index(net->owner, ifindex), c, e);
}

/* ---- add and delete -------------------------------------------------------------------------- */

static int check_new(const struct sim_ns *ns, const struct rt_link_change *c, struct err *e)
{
    const struct rt_kind *kind = c->kind;

    if (rt_given(c, IFLA_MTU) && (c->mtu < kind->min_mtu || c->mtu > INT32_MAX))
        return rt_refuse(e, EINVAL, "mtu less than device minimum");
    if (rt_given(c, IFLA_MTU) && kind->max_mtu && c->mtu > kind->max_mtu)
        return rt_refuse(e, EINVAL, "mtu greater than device maximum");
    if (rt_given(c, IFLA_ADDRESS) && kind->addr_len == 6 && (c->addr[0] & 1))
        return err_set(e, EADDRNOTAVAIL, "not the address of one station");
    return kind->shape == RT_SHAPE_TUNNEL ? tunnel_check_link(ns, c, e) : 0;
}

static void set_mac(struct device *d, const uint8_t *mac)
{
    memcpy(d->dev.mac, mac, sizeof(d->dev.mac));
    d->addr_assign = NET_ADDR_SET;
}

/* Without telling: it is not whole yet. */
static struct device *make(struct sim_ns *ns, const struct rt_link_change *c, struct err *e)
{
    struct device *d;

    if (netlink_refuses(ns->sim->nl, NETLINK_FAULT_RT_LINK, e))
        return NULL;
    d = device_add(ns, c->name, NETDEV_VIRTUAL, c->ifindex, e);
    if (!d)
        return NULL;
    device_set_kind(d, c->kind);
    memcpy(d->data, c->data, sizeof(d->data));
    tunnel_dev_new(d);
    d->dev.mtu = rt_given(c, IFLA_MTU) ? c->mtu : link_mtu(d);
    d->n_tx_queues = rt_given(c, IFLA_NUM_TX_QUEUES) ? c->n_tx_queues : d->n_tx_queues;
    d->n_rx_queues = rt_given(c, IFLA_NUM_RX_QUEUES) ? c->n_rx_queues : d->n_rx_queues;
    change_gso(d, c);
    if (rt_given(c, IFLA_ADDRESS) && c->kind->addr_len == sizeof(d->dev.mac))
        set_mac(d, c->addr);
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
    /* Linux 6.1: the first end cannot go up, it is alone as yet. */
    if (other.flags & IFF_UP)
        return err_set(e, ENOTCONN, "%s has no other end to go up with", other.name);
    b = make(ns, &other, e);
    if (!b)
        return -e->code;
    device_event(b, UINT_MAX);
    a = make(ns, c, e);
    if (!a) {
        device_free(b);
        return -e->code;
    }
    device_join(a, b);
    device_event(a, UINT_MAX);
    return change_flags(a, c, e);
}

int link_add(struct netns *net, const struct rt_link_change *c, struct err *e)
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
int link_del(struct netns *net, int ifindex, struct err *e)
{
    struct device *d = device_by_index(net->owner, ifindex);

    if (!d->kind && d->dev.kind != NETDEV_TUNNEL)
        return err_set(e, EOPNOTSUPP, "%s is not deleted by its link", d->dev.name);
    device_del(d);
    return 0;
}
