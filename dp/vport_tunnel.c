/* vport_tunnel.c - gre, vxlan and geneve vports: each makes and keeps a flow-based device.
 *
 * Catalogue 03.1, 03.3, 03.11. Outer headers and the way to the far end are the business of the
 * layer above, which has routes.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "dp/datapath.h"
#include "dp/key_decode.h"
#include "dp/extract.h"
#include "dp/key_hooks.h"
#include "dp/tunnel.h"
#include "netlink/attr.h"

/* ---- options ------------------------------------------------------------------------------------ */

static const struct policy extension_policy[OVS_VXLAN_EXT_MAX + 1] = {
    ATTR(OVS_VXLAN_EXT_GBP, .kind = POL_FLAG),
};

static const struct form extension_form = { FORM_ROWS(extension_policy) };
static const struct policy option_rows[] = {
    ATTR(OVS_TUNNEL_ATTR_DST_PORT, .kind = POL_U16, .is_needed = true),
    ATTR(OVS_TUNNEL_ATTR_EXTENSION, .kind = POL_NESTED, .form = &extension_form),
};
const struct form vport_options_form = { FORM_ROWS(option_rows) };

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

#define VXLAN_PORT 8472         /* what 0 stands for, as for vxlan devices: older than IANA's 4789 */

static int read_vxlan(struct vport *v, const struct nlattr *options, struct err *e)
{
    const struct nlattr *ext[OVS_VXLAN_EXT_MAX + 1], *nest;
    int err = read_port(v, options, e);

    if (err)
        return err;
    v->tunnel_port = v->tunnel_port ? v->tunnel_port : VXLAN_PORT;
    nest = attr_find(mnl_attr_get_payload(options), mnl_attr_get_payload_len(options),
                     OVS_TUNNEL_ATTR_EXTENSION);
    if (!nest)
        return 0;
    if (mnl_attr_get_payload_len(nest) < ATTR_HDR)
        return err_set(e, EINVAL, "OPTIONS: EXTENSION is shorter than an attribute");
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

/* One row for each type. MTU of its device; the UDP checksum that geneve wants over IPv6. */
static const struct {
    enum netdev_tunnel_kind kind;
    uint32_t mtu;
    bool takes_zero_csum6;
} tunnels[OVS_VPORT_TYPE_MAX + 1] = {
    [OVS_VPORT_TYPE_GRE] = {TUNNEL_GRE, 65497, false},
    [OVS_VPORT_TYPE_VXLAN] = {TUNNEL_VXLAN, 65535, true},
    [OVS_VPORT_TYPE_GENEVE] = {TUNNEL_GENEVE, 65465, false},
};

static int tunnel_create(struct vport *v, const struct vport_parms *parms, struct err *e)
{
    const struct dp_env *env = dp_world_of(v->dp)->env;
    const struct vport *local = datapath_port(v->dp, DP_PORT_LOCAL);
    const struct netdev_tunnel tunnel = {
        .kind = tunnels[v->type].kind,
        .is_external = true,
        .udp_port = v->tunnel_port,
        .has_gbp = v->has_gbp,
        .takes_zero_csum6 = tunnels[v->type].takes_zero_csum6,
    };
    int err = env->tunnel_check(env->ctx, v->dp->ns, &tunnel, e);

    if (!err)
        err = dp_refuses(env->fault, DP_FAULT_TUNNEL_DEV, e);
    if (!err)
        err = env->dev_create(env->ctx, v->dp->ns, parms->name, NETDEV_TUNNEL, 0, &v->dev, e);
    if (!err && (err = dp_refuses(env->fault, DP_FAULT_PORT_LINK, e)))
        env->dev_destroy(env->ctx, v->dp->ns, v->dev);
    if (err)
        return err;
    v->dev->mtu = tunnels[v->type].mtu;
    v->dev->tunnel = tunnel;
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

enum drop_reason vport_tunnel_send(struct vport *v, struct pkt *p)
{
    const struct dp_env *env = dp_world_of(v->dp)->env;
    struct flow_key tunnel;
    bool has_tunnel = packet_tunnel(p, &tunnel);

    (void)pkt_flow_hash(p);     /* of the inner packet, while its offsets are right */
    pkt_put_tag(p);
    return env->tunnel_send(env->ctx, v->dev, has_tunnel ? &tunnel : NULL, p);
}

bool vport_tunnel_fill(const struct vport *v, struct pkt *p, struct flow_key *tunnel)
{
    const struct dp_env *env = dp_world_of(v->dp)->env;

    return v->dev->tunnel.kind && packet_tunnel(p, tunnel) &&
           env->tunnel_fill(env->ctx, v->dev, p, tunnel);
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
