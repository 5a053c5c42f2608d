/* act_userspace.c - hands a copy of the packet to user space. Catalogue 07.1, 08.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/openvswitch.h>

#include "base/draw.h"
#include "dp/act_rows.h"
#include "dp/datapath.h"
#include "netlink/attr.h"

static const struct policy userspace_policy[OVS_USERSPACE_ATTR_MAX + 1] = {
    [OVS_USERSPACE_ATTR_PID] = {POL_U32},
    [OVS_USERSPACE_ATTR_EGRESS_TUN_PORT] = {POL_U32},
};

static int userspace_check(struct act_scope *at, const struct nlattr *a, struct err *e)
{
    const struct nlattr *in[OVS_USERSPACE_ATTR_MAX + 1];
    int err = policy_parse(userspace_policy, OVS_USERSPACE_ATTR_MAX, mnl_attr_get_payload(a),
                           mnl_attr_get_payload_len(a), a, in, NULL);

    if (err)
        return err_set(e, -err, "userspace: an attribute is too short");
    if (!in[OVS_USERSPACE_ATTR_PID] || !mnl_attr_get_u32(in[OVS_USERSPACE_ATTR_PID]))
        return err_set(e, EINVAL, "userspace: PID is missing or zero");
    attr_put(at->out, OVS_ACTION_ATTR_USERSPACE, mnl_attr_get_payload(a),
             mnl_attr_get_payload_len(a));
    return 0;
}

/* The packet's tunnel, filled in for the port that EGRESS_TUN_PORT names; NULL: not to be told. */
static const struct flow_key *egress_tunnel(const struct act_run *run, const struct nlattr *port_no,
                                            struct flow_key *tunnel)
{
    const struct vport *v = port_no ? datapath_port(run->dp, mnl_attr_get_u32(port_no)) : NULL;

    return v && vport_tunnel_fill(v, run->pkt, tunnel) ? tunnel : NULL;
}

static int userspace_run(struct act_run *run, const struct nlattr *a, bool is_last)
{
    const struct nlattr *in[OVS_USERSPACE_ATTR_MAX + 1];
    struct upcall u = {.cmd = OVS_PACKET_CMD_ACTION, .ends_packet = is_last};
    struct flow_key tunnel;
    int err;

    (void)policy_parse(NULL, OVS_USERSPACE_ATTR_MAX, mnl_attr_get_payload(a),
                       mnl_attr_get_payload_len(a), a, in, NULL);
    u.pid = run->dp->user_features & OVS_DP_F_DISPATCH_UPCALL_PER_CPU
                ? datapath_cpu_pid(run->dp)
                : mnl_attr_get_u32(in[OVS_USERSPACE_ATTR_PID]);
    u.egress = egress_tunnel(run, in[OVS_USERSPACE_ATTR_EGRESS_TUN_PORT], &tunnel);
    u.userdata = in[OVS_USERSPACE_ATTR_USERDATA];
    if (in[OVS_USERSPACE_ATTR_ACTIONS]) {
        u.acts = run->list;
        u.acts_len = run->list_len;
    }
    err = dp_upcall(run->dp, run->pkt, run->key, &u);
    run->pkt->max_len = PKT_NO_CUT;
    if (!is_last)
        return 0;
    if (err)
        dp_drop(dp_world_of(run->dp), pkt_take(&run->pkt), DROP_UPCALL);
    else
        dp_consume(dp_world_of(run->dp), pkt_take(&run->pkt), false);
    return 0;
}

static bool userspace_generate(const struct act_scope *at, const struct draw *d, GByteArray *out)
{
    uint32_t port = draw_below(d, d->n_ports);
    uint8_t userdata[32];

    (void)at;
    attr_put(out, OVS_USERSPACE_ATTR_PID, &d->portid, sizeof(d->portid));
    if (draw_one_in(d, 2)) {
        draw_bytes(d, userdata, sizeof(userdata));
        attr_put(out, OVS_USERSPACE_ATTR_USERDATA, userdata, draw_below(d, sizeof(userdata)));
    }
    if (draw_one_in(d, 4))
        attr_put(out, OVS_USERSPACE_ATTR_EGRESS_TUN_PORT, &port, sizeof(port));
    if (draw_one_in(d, 4))
        attr_put(out, OVS_USERSPACE_ATTR_ACTIONS, NULL, 0);
    return true;
}

const struct act act_userspace = {
    .uapi = "OVS_ACTION_ATTR_USERSPACE",
    .name = "userspace",
    .len = ACT_LEN_VAR,
    .flags = ACT_KEEPS_KEY,
    .check = userspace_check,
    .run = userspace_run,
    .generate = userspace_generate,
    .format = act_userspace_format,
    .scan = act_userspace_scan,
};
