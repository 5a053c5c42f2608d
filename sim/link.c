/* link.c - what rtnetlink can ask for: finding, changing, adding and deleting links.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sim/device.h"

#include <errno.h>
#include <limits.h>
#include <linux/if.h>           /* behind libc's net/if.h, which it gives way to */
#include <linux/openvswitch.h>
#include <linux/rtnetlink.h>
#include <net/if_arp.h>
#include <string.h>

#include "base/bytes.h"
#include "sim/addr.h"
#include "sim/neigh.h"
#include "sim/link_mtu.h"
#include "sim/route.h"
#include "sim/rule.h"

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
static void change_flags(struct device *d, const struct rt_link_change *c)
{
    unsigned mask = c->change ? c->change : c->flags ? UINT_MAX : 0;

    if (mask)
        device_set_flags(d, (c->flags & mask) | (device_flags(d) & ~mask));
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
    change_flags(d, c);
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

static bool is_same_value(const struct rt_kind *kind, const struct rt_value *a,
                          const struct rt_value *b, uint16_t type)
{
    const struct rt_value *x = type ? rt_value(kind, a, type) : NULL;
    const struct rt_value *y = type ? rt_value(kind, b, type) : NULL;

    return !x || !y || !memcmp(x->bytes, y->bytes, sizeof(x->bytes));
}

static bool is_external(const struct rt_kind *kind, const struct rt_value *data)
{
    const struct rt_value *v =
        kind->external_type ? rt_value(kind, data, kind->external_type) : NULL;

    return v && v->is_set && (v->bytes[0] || kind->port_type != IFLA_VXLAN_PORT);
}

bool device_is_external(const struct device *d)
{
    return d->kind && is_external(d->kind, d->data);
}

static const char *external_name(const struct rt_kind *kind)
{
    return kind->external_of ? kind->external_of : kind->name;
}

/* Two tunnels that the same packet would have to go to. */
static bool is_conflict(const struct device *d, const struct rt_link_change *c)
{
    const struct rt_kind *kind = c->kind;

    if (d->kind && d->kind != kind && is_external(kind, c->data) && device_is_external(d))
        return !strcmp(external_name(d->kind), external_name(kind));
    return d->kind == kind && is_external(kind, d->data) == is_external(kind, c->data) &&
           is_same_value(kind, d->data, c->data, kind->port_type) &&
           is_same_value(kind, d->data, c->data, kind->id_type) &&
           is_same_value(kind, d->data, c->data, kind->local_type) &&
           is_same_value(kind, d->data, c->data, kind->remote_type);
}

/* The kinds whose packets say where they go, if the device is in external mode. */
static const struct {
    const char *kind;
    uint32_t type;              /* the vport type that makes the same tunnels */
    uint16_t gbp;               /* data: the group policy extension, 0: none */
} external_kinds[] = {
    { "vxlan", OVS_VPORT_TYPE_VXLAN, IFLA_VXLAN_GBP },
    { "geneve", OVS_VPORT_TYPE_GENEVE, 0 },
    { "gretap", OVS_VPORT_TYPE_GRE, 0 },
};

static void take_tunnel(struct device *d)
{
    const struct rt_value *port, *gbp;

    for (size_t i = 0; i < G_N_ELEMENTS(external_kinds); i++) {
        if (strcmp(d->kind->name, external_kinds[i].kind) || !is_external(d->kind, d->data))
            continue;
        port = d->kind->port_type ? rt_value(d->kind, d->data, d->kind->port_type) : NULL;
        gbp = external_kinds[i].gbp ? rt_value(d->kind, d->data, external_kinds[i].gbp) : NULL;
        d->dev.tunnel = (struct netdev_tunnel){
            .type = external_kinds[i].type,
            .udp_port = port ? be16_get(port->bytes) : 0,
            .has_gbp = gbp && gbp->is_set,
        };
    }
}

static int check_tunnel(const struct sim_ns *ns, const struct rt_link_change *c, struct err *e)
{
    bool is_geneve = !strcmp(c->kind->name, "geneve"), is_vxlan = !strcmp(c->kind->name, "vxlan");

    for (guint i = 0; i < ns->devices->len; i++) {
        const struct device *d = g_ptr_array_index(ns->devices, i);

        if (is_conflict(d, c) && is_vxlan)
            return rt_refuse(e, EEXIST, "A VXLAN device with the specified VNI already exists");
        if (is_conflict(d, c))
            return err_set(e, is_geneve ? EBUSY : EEXIST, "%s is such a tunnel already",
                           d->dev.name);
    }
    return 0;
}

static int check_new(const struct sim_ns *ns, const struct rt_link_change *c, struct err *e)
{
    const struct rt_kind *kind = c->kind;

    if (rt_given(c, IFLA_MTU) && c->mtu < kind->min_mtu)
        return rt_refuse(e, EINVAL, "mtu less than device minimum");
    if (rt_given(c, IFLA_MTU) && kind->max_mtu && c->mtu > kind->max_mtu)
        return rt_refuse(e, EINVAL, "mtu greater than device maximum");
    if (rt_given(c, IFLA_ADDRESS) && kind->addr_len == 6 && (c->addr[0] & 1))
        return err_set(e, EADDRNOTAVAIL, "not the address of one station");
    return kind->shape == RT_SHAPE_TUNNEL ? check_tunnel(ns, c, e) : 0;
}

static void set_mac(struct device *d, const uint8_t *mac)
{
    memcpy(d->dev.mac, mac, sizeof(d->dev.mac));
    d->addr_assign = NET_ADDR_SET;
}

/* Without telling: it is not whole yet. */
static struct device *make(struct sim_ns *ns, const struct rt_link_change *c, struct err *e)
{
    struct device *d = device_add(ns, c->name, NETDEV_VIRTUAL, c->ifindex, e);

    if (!d)
        return NULL;
    device_set_kind(d, c->kind);
    memcpy(d->data, c->data, sizeof(d->data));
    take_tunnel(d);
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
    change_flags(a, c);
    return 0;
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
            change_flags(d, c);
        }
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
