/* vport_tunnel.c - gre, vxlan and geneve vports: each makes and keeps a flow-based device.
 *
 * Catalogue 03.1, 03.3, 03.11. Outer headers and the way to the far end are the business of the
 * layer above, which has routes.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "dp/datapath.h"
#include "dp/extract.h"
#include "dp/key_hooks.h"
#include "dp/tunnel.h"
#include "netlink/attr.h"

/* ---- options ------------------------------------------------------------------------------------ */

static const struct policy extension_policy[OVS_VXLAN_EXT_MAX + 1] = {
    [OVS_VXLAN_EXT_GBP] = {POL_FLAG},
};

static int read_port(struct vport *v, const struct nlattr *options, struct err *e)
{
    const struct nlattr *port = options ? attr_find(mnl_attr_get_payload(options),
                                                    mnl_attr_get_payload_len(options),
                                                    OVS_TUNNEL_ATTR_DST_PORT)
                                        : NULL;

    if (!port || mnl_attr_get_payload_len(port) != sizeof(uint16_t))
        return err_set(e, EINVAL, "OPTIONS: DST_PORT is missing or not 2 bytes");
    v->tunnel_port = mnl_attr_get_u16(port);
    return 0;
}

static int read_vxlan(struct vport *v, const struct nlattr *options, struct err *e)
{
    const struct nlattr *ext[OVS_VXLAN_EXT_MAX + 1], *nest;
    int err = read_port(v, options, e);

    if (err)
        return err;
    nest = attr_find(mnl_attr_get_payload(options), mnl_attr_get_payload_len(options),
                     OVS_TUNNEL_ATTR_EXTENSION);
    if (!nest)
        return 0;
    err = policy_parse(extension_policy, OVS_VXLAN_EXT_MAX, mnl_attr_get_payload(nest),
                       mnl_attr_get_payload_len(nest), nest, ext, NULL);
    if (err)
        return err_set(e, -err, "OPTIONS: an extension has a wrong length");
    v->has_gbp = ext[OVS_VXLAN_EXT_GBP];
    return 0;
}

static void put_port(struct nlmsghdr *msg, const struct vport *v)
{
    struct nlattr *nest = msg_nest_begin(msg, OVS_VPORT_ATTR_OPTIONS), *ext;

    mnl_attr_put_u16(msg, OVS_TUNNEL_ATTR_DST_PORT, v->tunnel_port);
    if (v->has_gbp) {
        ext = msg_nest_begin(msg, OVS_TUNNEL_ATTR_EXTENSION);
        mnl_attr_put(msg, OVS_VXLAN_EXT_GBP, 0, NULL);
        mnl_attr_nest_end(msg, ext);
    }
    mnl_attr_nest_end(msg, nest);
}

/* ---- device -------------------------------------------------------------------------------------- */

/* One row for each type: the device's MTU, and what a second one on the same UDP port answers. */
static const struct {
    uint32_t mtu;
    int in_use;
} tunnels[OVS_VPORT_TYPE_MAX + 1] = {
    [OVS_VPORT_TYPE_GRE] = {65497, EEXIST},
    [OVS_VPORT_TYPE_VXLAN] = {65535, EEXIST},
    [OVS_VPORT_TYPE_GENEVE] = {65465, EBUSY},
};

/* Is there another tunnel of this kind in the namespace? The UDP port of gre is always 0. */
static bool is_in_use(const struct vport *v)
{
    const struct dp_ns *ns = v->dp->ns;

    for (unsigned i = 0; i < VPORT_BUCKETS; i++) {
        for (const struct vport *other = ns->by_name[i]; other; other = other->next_by_name) {
            if (other->type == v->type && other->tunnel_port == v->tunnel_port)
                return true;
        }
    }
    return false;
}

static int tunnel_create(struct vport *v, const struct vport_parms *parms, struct err *e)
{
    const struct dp_env *env = dp_world_of(v->dp)->env;
    const struct vport *local = datapath_port(v->dp, DP_PORT_LOCAL);
    int err;

    if (is_in_use(v))
        return err_set(e, tunnels[v->type].in_use, "there is such a tunnel device already");
    err = env->dev_create(env->ctx, v->dp->ns, parms->name, NETDEV_TUNNEL, 0, &v->dev, e);
    if (err)
        return err;
    v->dev->mtu = tunnels[v->type].mtu;
    v->dev->tunnel = (struct netdev_tunnel){v->type, v->tunnel_port, v->has_gbp};
    v->dev->is_up = true;
    vport_attach(v, local->dev);
    return 0;
}

static void tunnel_destroy(struct vport *v)
{
    const struct dp_env *env = dp_world_of(v->dp)->env;

    v->dev->vport = NULL;
    if (!v->dev_is_going)
        env->dev_destroy(env->ctx, v->dp->ns, v->dev);
}

/* ---- frames -------------------------------------------------------------------------------------- */

/* The tunnel that set(tunnel()) gave the packet. One without a far end (bridge mode) would need a
 * forwarding table, which ports of OVS do not have. */
static bool packet_tunnel(const struct pkt *p, struct flow_key *tunnel)
{
    struct match m = {.key = tunnel};

    key_clear(tunnel);
    if (!p->tunnel || key_tunnel_get(&m, p->tunnel, false, NULL))
        return false;
    return tunnel->tun_proto != 4 || tunnel->tun.ip4.dst;
}

/* What the errors of dp_env.tunnel_send mean for the packet. */
static enum drop_reason why_not(int error)
{
    static const struct {
        int error;
        enum drop_reason why;
    } rows[] = {
        {-EHOSTUNREACH, DROP_NO_NEIGH},
        {-ENETDOWN, DROP_DEV_READY},
        {-EMSGSIZE, DROP_PKT_TOO_BIG},
        {-EAFNOSUPPORT, DROP_NO_TUNNEL},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (rows[i].error == error)
            return rows[i].why;
    }
    return DROP_NO_ROUTE;
}

/* The kernel's device counts as sent what only the outer packet's way loses. */
static void count_sent(struct netdev_stats *s, uint32_t len, int error)
{
    if (error == -ENETUNREACH || error == -ELOOP) {
        s->tx_errors++;
    } else if (error == -EAFNOSUPPORT) {
        s->tx_dropped++;
    } else {
        s->tx_packets++;
        s->tx_bytes += len;
    }
}

enum drop_reason vport_tunnel_send(struct vport *v, struct pkt *p)
{
    const struct dp_env *env = dp_world_of(v->dp)->env;
    struct flow_key tunnel;
    uint32_t len;
    int error;

    if (!packet_tunnel(p, &tunnel)) {
        /* vxlan alone drops such a packet without counting it. */
        v->dev->stats.tx_dropped += v->dev->tunnel.type != OVS_VPORT_TYPE_VXLAN;
        return DROP_NO_TUNNEL;
    }
    (void)pkt_flow_hash(p);     /* of the inner packet, while its offsets are right */
    pkt_put_tag(p);
    len = p->len;
    error = env->tunnel_send ? env->tunnel_send(env->ctx, v->dp->ns, v->dev, &tunnel, p)
                             : -ENETUNREACH;
    count_sent(&v->dev->stats, len, error);
    return error ? why_not(error) : N_DROP_REASONS;
}

bool vport_tunnel_fill(const struct vport *v, struct pkt *p, struct flow_key *tunnel)
{
    const struct dp_env *env = dp_world_of(v->dp)->env;

    if (!v->dev->tunnel.type || !env->tunnel_fill || !packet_tunnel(p, tunnel))
        return false;
    return env->tunnel_fill(env->ctx, v->dp->ns, v->dev, p, tunnel) == 0;
}

/* ---- rows ---------------------------------------------------------------------------------------- */

const struct vport_type vport_gre = {
    .name = "gre",
    .create = tunnel_create,
    .destroy = tunnel_destroy,
    .send = vport_tunnel_send,
};

const struct vport_type vport_vxlan = {
    .name = "vxlan",
    .read_options = read_vxlan,
    .put_options = put_port,
    .create = tunnel_create,
    .destroy = tunnel_destroy,
    .send = vport_tunnel_send,
};

const struct vport_type vport_geneve = {
    .name = "geneve",
    .read_options = read_port,
    .put_options = put_port,
    .create = tunnel_create,
    .destroy = tunnel_destroy,
    .send = vport_tunnel_send,
};
