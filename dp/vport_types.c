/* vport_types.c - the kinds of vport by number, and two of them: internal and netdev.
 *
 * Catalogue 03.8, 03.10. The tunnels are in vport_tunnel.c.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "dp/datapath.h"

/* The tag goes back into the bytes; counters are the device's own. */
static enum drop_reason transmit(struct vport *v, struct pkt *p)
{
    const struct dp_env *env = dp_world_of(v->dp)->env;

    pkt_put_tag(p);
    env->transmit(env->ctx, v->dev, p);
    return N_DROP_REASONS;
}

static void tell(const struct vport *v)
{
    const struct dp_env *env = dp_world_of(v->dp)->env;

    if (env->dev_changed)
        env->dev_changed(env->ctx, v->dev);
}

static void promisc(const struct vport *v, int change)
{
    const struct dp_env *env = dp_world_of(v->dp)->env;

    if (env->dev_promisc)
        env->dev_promisc(env->ctx, v->dev, change);
}

void vport_attach(struct vport *v, struct netdev *master)
{
    v->dev->master = master;
    tell(v);
    promisc(v, 1);
}

void vport_detach(struct vport *v)
{
    v->dev->master = NULL;
    tell(v);
    promisc(v, -1);
}

/* ---- internal: a device of our own, whose other end is the host's stack ----------------------- */

static int internal_create(struct vport *v, const struct vport_parms *parms, struct err *e)
{
    const struct dp_env *env = dp_world_of(v->dp)->env;
    int err = dp_refuses(env->fault, DP_FAULT_INTERNAL_DEV, e);

    if (!err)
        err = env->dev_create(env->ctx, v->dp->ns, parms->name, NETDEV_INTERNAL, parms->ifindex, &v->dev, e);
    if (!err)
        promisc(v, 1);
    return err;
}

static void internal_destroy(struct vport *v)
{
    const struct dp_env *env = dp_world_of(v->dp)->env;

    v->dev->vport = NULL;
    promisc(v, -1);
    env->dev_destroy(env->ctx, v->dp->ns, v->dev);
}

static enum drop_reason internal_send(struct vport *v, struct pkt *p)
{
    v->dev->stats.rx_packets++;
    v->dev->stats.rx_bytes += p->len < ETH_HLEN ? p->len : p->len - ETH_HLEN;   /* the host counts without the header */
    return transmit(v, p);
}

/* ---- netdev: an existing device, enslaved ------------------------------------------------------ */

static int netdev_check(const struct netdev *dev, const struct netdev *local, const char *name,
                        struct err *e)
{
    if (!dev)
        return err_set(e, ENODEV, "there is no device \"%s\"", name);
    if (dev->kind == NETDEV_LOOPBACK || dev->kind == NETDEV_INTERNAL)
        return err_set(e, EINVAL, "\"%s\" is a loopback or internal device", name);
    if (dev->master)
        return err_set(e, dev->master == local ? EEXIST : EBUSY, "\"%s\" already has master \"%s\"",
                       name, dev->master->name);
    return 0;
}

static int netdev_create(struct vport *v, const struct vport_parms *parms, struct err *e)
{
    const struct dp_env *env = dp_world_of(v->dp)->env;
    const struct vport *local = datapath_port(v->dp, DP_PORT_LOCAL);
    struct netdev *dev = env->dev_by_name(env->ctx, v->dp->ns, parms->name);
    int err;

    if (dev && dev->kind == NETDEV_VIRTUAL && dp_fails(env->fault, DP_FAULT_PORT_DEV_GONE)) {
        env->dev_vanish(env->ctx, dev, true);
        return fault_set(&dp_fault_points[DP_FAULT_PORT_DEV_GONE], e);
    }
    err = netdev_check(dev, local->dev, parms->name, e);
    if (!err)
        err = dp_refuses(env->fault, DP_FAULT_PORT_LINK, e);
    if (err)
        return err;
    v->dev = dev;
    vport_attach(v, local->dev);
    return 0;
}

static void netdev_destroy(struct vport *v)
{
    v->dev->vport = NULL;
    vport_detach(v);
}

static enum drop_reason netdev_send(struct vport *v, struct pkt *p)
{
    if (v->dev->tunnel.kind)
        return vport_tunnel_send(v, p);
    v->dev->stats.tx_packets++;
    v->dev->stats.tx_bytes += p->len;
    return transmit(v, p);
}

static const struct vport_type vport_netdev = {
    .name = "system",
    .create = netdev_create,
    .destroy = netdev_destroy,
    .send = netdev_send,
};

static const struct vport_type vport_internal = {
    .name = "internal",
    .create = internal_create,
    .destroy = internal_destroy,
    .send = internal_send,
};

static const struct vport_type *const vport_types[OVS_VPORT_TYPE_MAX + 1] = {
    [OVS_VPORT_TYPE_NETDEV] = &vport_netdev, [OVS_VPORT_TYPE_INTERNAL] = &vport_internal,
    [OVS_VPORT_TYPE_GRE] = &vport_gre,       [OVS_VPORT_TYPE_VXLAN] = &vport_vxlan,
    [OVS_VPORT_TYPE_GENEVE] = &vport_geneve,
};

const struct vport_type *vport_type_row(uint32_t type)
{
    return type <= OVS_VPORT_TYPE_MAX ? vport_types[type] : NULL;
}
