/* cmd_vport.c - the ovs_vport family: NEW, DEL, GET, SET. Catalogue 03.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/draw.h"
#include "dp/datapath.h"
#include "dp/key_decode.h"
#include "netlink/attr.h"

#define COUNT(m) FORM_MEMBER(ovs_vport_stats, m, wire_u64, .role = ROLE_COUNT)
static const struct form_member vport_stats_members[] = {
    COUNT(rx_packets), COUNT(tx_packets), COUNT(rx_bytes),   COUNT(tx_bytes),
    COUNT(rx_errors),  COUNT(tx_errors),  COUNT(rx_dropped), COUNT(tx_dropped),
};
static const struct form vport_stats_form = {
    FORM_MEMBERS(vport_stats_members, struct ovs_vport_stats)
};

static void draw_port_no(const struct draw *d, GByteArray *out)
{
    g_byte_array_append(out, (const uint8_t *)&d->port_no, sizeof(d->port_no));
}

/* Not NETDEV, which wants a device that is no port yet. */
static void draw_type(const struct draw *d, GByteArray *out)
{
    static const uint32_t types[] = { OVS_VPORT_TYPE_INTERNAL, OVS_VPORT_TYPE_INTERNAL,
                                      OVS_VPORT_TYPE_GRE, OVS_VPORT_TYPE_VXLAN, OVS_VPORT_TYPE_GENEVE };

    g_byte_array_append(out, (const uint8_t *)&DRAW_OF(d, types), sizeof(types[0]));
}

static const struct form port_no_form = { .generate = draw_port_no }, type_form = { .generate = draw_type };

/* clang-format off */
static const struct policy vport_policy[OVS_VPORT_ATTR_MAX + 1] = {
    ATTR(OVS_VPORT_ATTR_PORT_NO, .kind = POL_U32, .form = &port_no_form),
    ATTR(OVS_VPORT_ATTR_TYPE, .kind = POL_U32, .form = &type_form),
    ATTR(OVS_VPORT_ATTR_NAME, .kind = POL_STRING, .len = IFNAMSIZ - 1, .form = &form_name),
    ATTR(OVS_VPORT_ATTR_OPTIONS, .kind = POL_NESTED, .form = &vport_options_form),
    ATTR(OVS_VPORT_ATTR_UPCALL_PID, .form = &portids_form),
    ATTR(OVS_VPORT_ATTR_STATS, .kind = POL_MIN_LEN, .len = sizeof(struct ovs_vport_stats), .form = &vport_stats_form),
    ATTR(OVS_VPORT_ATTR_PAD),
    ATTR(OVS_VPORT_ATTR_IFINDEX, .kind = POL_S32, .has_range = true, .min = 0, .max = INT32_MAX, .form = &form_ifindex),
    ATTR(OVS_VPORT_ATTR_NETNSID, .kind = POL_S32),
};
static const char *const vport_cmds[] = {
    CMD(OVS_VPORT_CMD_NEW), CMD(OVS_VPORT_CMD_DEL), CMD(OVS_VPORT_CMD_GET), CMD(OVS_VPORT_CMD_SET),
};
static const struct msg_form vport_form = {
    .msg = vport_cmds, .n_msgs = G_N_ELEMENTS(vport_cmds), OVS_HEADER_FORM,
    .rows = vport_policy, .max_attr = OVS_VPORT_ATTR_MAX,
};
/* clang-format on */
#define VPORT_ATTR_MAX OVS_VPORT_ATTR_NETNSID       /* of Linux 6.1 */

static struct nlmsghdr *vport_reply(struct req *req, uint8_t cmd, const struct vport *v)
{
    int dp_ifindex = datapath_ifindex(v->dp);
    struct nlmsghdr *msg = reply_new(req, cmd, &dp_ifindex);

    vport_put(msg, v);
    return msg;
}

/* ---- which port is meant -------------------------------------------------------------------------- */

static int vport_by_request_name(struct req *req, struct vport **v, struct err *e)
{
    const char *name = mnl_attr_get_str(req->attr[OVS_VPORT_ATTR_NAME]);
    int dp_ifindex = req_dp_ifindex(req);

    *v = vport_by_name(req_ns(req), name);
    if (!*v || (dp_ifindex && dp_ifindex != datapath_ifindex((*v)->dp)))
        return err_set(e, ENODEV, "there is no vport \"%s\"", name);
    return 0;
}

static int vport_by_request_number(struct req *req, struct vport **v, struct err *e)
{
    uint32_t port_no = mnl_attr_get_u32(req->attr[OVS_VPORT_ATTR_PORT_NO]);
    struct datapath *dp;
    int err;

    if (port_no >= DP_MAX_PORT)
        return err_set(e, EFBIG, "PORT_NO: %u is not below %u", port_no, DP_MAX_PORT);
    err = datapath_of_request(req, &dp, e);
    if (err)
        return err;
    *v = datapath_port(dp, port_no);
    if (!*v)
        return err_set(e, ENODEV, "datapath %s has no port %u", datapath_name(dp), port_no);
    return 0;
}

/* The answer's buffer comes before the port. */
static int vport_of_request(struct req *req, struct vport **v, struct err *e)
{
    int err = req_faulty(req, DP_FAULT_VPORT_REPLY, e);

    if (err)
        return err;
    if (req->attr[OVS_VPORT_ATTR_IFINDEX])
        return err_set(e, EOPNOTSUPP, "a vport is not looked up by IFINDEX");
    if (req->attr[OVS_VPORT_ATTR_NAME])
        return vport_by_request_name(req, v, e);
    if (req->attr[OVS_VPORT_ATTR_PORT_NO])
        return vport_by_request_number(req, v, e);
    return err_set(e, EINVAL, "neither NAME nor PORT_NO is given");
}

/* ---- NEW -------------------------------------------------------------------------------------------- */

static int new_check(const struct req *req, uint32_t *port_no, struct err *e)
{
    const struct nlattr *type = req->attr[OVS_VPORT_ATTR_TYPE];
    const struct nlattr *number = req->attr[OVS_VPORT_ATTR_PORT_NO];

    if (!req->attr[OVS_VPORT_ATTR_NAME] || !type || !req->attr[OVS_VPORT_ATTR_UPCALL_PID])
        return err_set(e, EINVAL, "NAME, TYPE or UPCALL_PID is missing");
    if (req->attr[OVS_VPORT_ATTR_IFINDEX] && mnl_attr_get_u32(type) != OVS_VPORT_TYPE_INTERNAL)
        return err_set(e, EOPNOTSUPP, "IFINDEX is for internal ports only");
    *port_no = number ? mnl_attr_get_u32(number) : 0;
    if (*port_no >= DP_MAX_PORT)
        return err_set(e, EFBIG, "PORT_NO: %u is not below %u", *port_no, DP_MAX_PORT);
    return 0;
}

/* The number asked for if it is free; 0 asks for the lowest free one from 1. */
static int choose_number(const struct datapath *dp, uint32_t *port_no, struct err *e)
{
    if (*port_no)
        return datapath_port(dp, *port_no) ? err_set(e, EBUSY, "port %u is taken", *port_no) : 0;
    for (uint32_t n = 1; n < DP_MAX_PORT; n++) {
        if (!datapath_port(dp, n)) {
            *port_no = n;
            return 0;
        }
    }
    return err_set(e, EFBIG, "no port number is free");
}

static int vport_cmd_new(struct req *req, struct err *e)
{
    const struct nlattr *ifindex = req->attr[OVS_VPORT_ATTR_IFINDEX];
    struct vport_parms parms;
    struct datapath *dp;
    struct vport *v;
    uint32_t port_no = 0;
    int err = new_check(req, &port_no, e);

    if (!err)
        err = req_faulty(req, DP_FAULT_VPORT_REPLY, e);
    if (!err)
        err = datapath_of_request(req, &dp, e);
    if (!err)
        err = choose_number(dp, &port_no, e);
    if (err)
        return err;
    parms = (struct vport_parms){
        .type = mnl_attr_get_u32(req->attr[OVS_VPORT_ATTR_TYPE]),
        .name = mnl_attr_get_str(req->attr[OVS_VPORT_ATTR_NAME]),
        .port_no = (uint16_t)port_no,
        .ifindex = ifindex ? (int)mnl_attr_get_u32(ifindex) : 0,
        .options = req->attr[OVS_VPORT_ATTR_OPTIONS],
        .pids = req->attr[OVS_VPORT_ATTR_UPCALL_PID],
    };
    err = vport_new(dp, &parms, &v, e);
    if (err)
        return err;
    notify(req, vport_reply(req, OVS_VPORT_CMD_NEW, v));
    return 0;
}

/* ---- the others --------------------------------------------------------------------------------------- */

static int vport_cmd_set(struct req *req, struct err *e)
{
    const struct nlattr *type = req->attr[OVS_VPORT_ATTR_TYPE];
    const struct nlattr *pids = req->attr[OVS_VPORT_ATTR_UPCALL_PID];
    struct vport *v;
    int err = vport_of_request(req, &v, e);

    if (err)
        return err;
    if (type && mnl_attr_get_u32(type) != v->type)
        return err_set(e, EINVAL, "TYPE is %u, the port's is %u", mnl_attr_get_u32(type), v->type);
    if (req->attr[OVS_VPORT_ATTR_OPTIONS])
        return err_set(e, EOPNOTSUPP, "OPTIONS cannot be changed");
    if (pids) {
        err = vport_pids_check(req_ns(req)->world, pids, e);
        if (!err)
            err = req_faulty(req, DP_FAULT_VPORT_PIDS_SET, e);
        if (err)
            return err;
        vport_set_pids(v, pids);
    }
    notify(req, vport_reply(req, OVS_VPORT_CMD_SET, v));
    return 0;
}

static int vport_cmd_del(struct req *req, struct err *e)
{
    struct vport *v;
    struct nlmsghdr *last_state;
    int err = vport_of_request(req, &v, e);

    if (err)
        return err;
    if (v->port_no == DP_PORT_LOCAL)
        return err_set(e, EINVAL, "the local port goes with its datapath only");
    last_state = vport_reply(req, OVS_VPORT_CMD_DEL, v);
    vport_free(v);
    notify(req, last_state);
    return 0;
}

static int vport_cmd_get(struct req *req, struct err *e)
{
    struct vport *v;
    int err = vport_of_request(req, &v, e);

    if (err)
        return err;
    return reply_send(req, vport_reply(req, OVS_VPORT_CMD_GET, v));
}

/* A fault deletes the device of the port that is next. */
static void lose_next(const struct dump *d, const struct datapath *dp)
{
    const struct dp_env *env = dp_world_of(dp)->env;
    const struct vport *v = dp->bucket[d->pos >> 32];

    for (uint32_t skip = (uint32_t)d->pos; v && skip; skip--)
        v = v->next;
    if (v && v->dev->kind == NETDEV_VIRTUAL && dp_fails(env->fault, DP_FAULT_DUMP_DEV_GONE))
        env->dev_vanish(env->ctx, v->dev, true);
}

/* The cursor is (bucket, ports of it already sent), as the kernel's. */
static int vport_cmd_dump(struct dump *d, struct err *e)
{
    uint32_t bucket = (uint32_t)(d->pos >> 32), skip = (uint32_t)d->pos;
    struct datapath *dp;
    int err = datapath_of_request(&d->req, &dp, e), dp_ifindex;

    if (err)
        return err;
    if (d->pos)
        lose_next(d, dp);
    dp_ifindex = datapath_ifindex(dp);
    for (; bucket < VPORT_BUCKETS; bucket++, skip = 0) {
        uint32_t i = 0;

        for (const struct vport *v = dp->bucket[bucket]; v; v = v->next, i++) {
            struct nlmsghdr *msg;

            if (i < skip)
                continue;
            msg = dump_msg(d, OVS_VPORT_CMD_GET, &dp_ifindex);
            vport_put(msg, v);
            d->pos = (uint64_t)bucket << 32 | i;
            if (!dump_commit(d, msg))
                return 1;
        }
    }
    return 0;
}

static const struct genl_op vport_ops[] = {
    {.cmd = OVS_VPORT_CMD_NEW, .flags = GENL_UNS_ADMIN_PERM, .doit = vport_cmd_new,
     .needs = GENL_ATTR(OVS_VPORT_ATTR_NAME) | GENL_ATTR(OVS_VPORT_ATTR_TYPE) | GENL_ATTR(OVS_VPORT_ATTR_UPCALL_PID) | GENL_ATTR(OVS_VPORT_ATTR_OPTIONS),
     .takes = GENL_ATTR(OVS_VPORT_ATTR_PORT_NO)},
    {.cmd = OVS_VPORT_CMD_DEL, .flags = GENL_UNS_ADMIN_PERM, .doit = vport_cmd_del,
     .needs = GENL_ATTR(OVS_VPORT_ATTR_PORT_NO)},
    {.cmd = OVS_VPORT_CMD_GET, .doit = vport_cmd_get,
     .needs = GENL_ATTR(OVS_VPORT_ATTR_NAME), .dump = vport_cmd_dump},
    {.cmd = OVS_VPORT_CMD_SET, .flags = GENL_UNS_ADMIN_PERM, .doit = vport_cmd_set,
     .needs = GENL_ATTR(OVS_VPORT_ATTR_PORT_NO),
     .takes = GENL_ATTR(OVS_VPORT_ATTR_UPCALL_PID)},
};

const struct family dp_vport_family = {
    .name = OVS_VPORT_FAMILY,
    .version = OVS_VPORT_VERSION,
    .hdrsize = sizeof(struct ovs_header),
    .max_attr = VPORT_ATTR_MAX,
    .policy = vport_policy,
    .op = vport_ops,
    .n_ops = G_N_ELEMENTS(vport_ops),
    .group = OVS_VPORT_MCGROUP,
    .n_legacy_cmds = OVS_VPORT_CMD_SET + 1,
    .form = &vport_form,
};
