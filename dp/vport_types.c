/* vport_types.c - one row for each kind of vport: internal and netdev. Catalogue 03.8, 03.10.
 *
 * gre, vxlan and geneve have no row yet: EAFNOSUPPORT, as from a kernel without those modules.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "dp/datapath.h"

/* The tag goes back into the bytes; counters are the device's own. */
static void transmit(struct vport *v, struct pkt *p)
{
    const struct dp_env *env = dp_world_of(v->dp)->env;

    pkt_put_tag(p);
    env->transmit(env->ctx, v->dev, p);
}

/* ---- internal: a device of our own, whose other end is the host's stack ----------------------- */

static int internal_create(struct datapath *dp, const char *name, int ifindex,
                           struct netdev **dev, struct err *e)
{
    const struct dp_env *env = dp_world_of(dp)->env;
    int err = env->dev_create(env->ctx, dp->ns, name, ifindex, dev);

    if (err)
        return err_set(e, -err, "device \"%s\" cannot be made", name);
    (*dev)->promiscuity++;
    return 0;
}

static void internal_destroy(struct vport *v)
{
    const struct dp_env *env = dp_world_of(v->dp)->env;

    v->dev->vport = NULL;
    env->dev_destroy(env->ctx, v->dp->ns, v->dev);
}

static void internal_send(struct vport *v, struct pkt *p)
{
    v->dev->stats.rx_packets++;
    v->dev->stats.rx_bytes += p->len - ETH_HLEN;    /* the host counts without the header */
    transmit(v, p);
}

/* ---- netdev: an existing device, enslaved ------------------------------------------------------ */

static int netdev_check(const struct netdev *dev, const struct netdev *local, const char *name,
                        struct err *e)
{
    if (!dev)
        return err_set(e, ENODEV, "there is no device \"%s\"", name);
    if (dev->kind != NETDEV_VIRTUAL)
        return err_set(e, EINVAL, "\"%s\" is a loopback or internal device", name);
    if (dev->master)
        return err_set(e, dev->master == local ? EEXIST : EBUSY, "\"%s\" already has master \"%s\"",
                       name, dev->master->name);
    return 0;
}

static int netdev_create(struct datapath *dp, const char *name, int ifindex, struct netdev **dev,
                         struct err *e)
{
    const struct dp_env *env = dp_world_of(dp)->env;
    struct vport *local = datapath_port(dp, DP_PORT_LOCAL);
    struct netdev *found = env->dev_by_name(env->ctx, dp->ns, name);
    int err = netdev_check(found, local ? local->dev : NULL, name, e);

    (void)ifindex;
    if (err)
        return err;
    found->master = local ? local->dev : NULL;
    found->promiscuity++;
    *dev = found;
    return 0;
}

static void netdev_destroy(struct vport *v)
{
    v->dev->master = NULL;
    v->dev->promiscuity--;
    v->dev->vport = NULL;
}

static void netdev_send(struct vport *v, struct pkt *p)
{
    v->dev->stats.tx_packets++;
    v->dev->stats.tx_bytes += p->len;
    transmit(v, p);
}

static const struct vport_type vport_types[OVS_VPORT_TYPE_MAX + 1] = {
    [OVS_VPORT_TYPE_NETDEV] = {"system", netdev_create, netdev_destroy, netdev_send},
    [OVS_VPORT_TYPE_INTERNAL] = {"internal", internal_create, internal_destroy, internal_send},
};

const struct vport_type *vport_type_row(uint32_t type)
{
    return type <= OVS_VPORT_TYPE_MAX && vport_types[type].name ? &vport_types[type] : NULL;
}
