/* cmd_ct_limit.c - the ovs_ct_limit family: SET, DEL, GET. Catalogue 09.7.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "dp/datapath.h"
#include "dp/key_decode.h"
#include "netlink/attr.h"

static const struct form_member zone_members[] = {
    FORM_MEMBER(ovs_zone_limit, zone_id, wire_s32),
    FORM_MEMBER(ovs_zone_limit, limit, wire_u32),
    FORM_MEMBER(ovs_zone_limit, count, wire_u32, .role = ROLE_COUNT),
};
static const struct form zones_form = {
    FORM_MEMBERS(zone_members, struct ovs_zone_limit), .is_list = true,
};
static const struct policy ct_limit_policy[OVS_CT_LIMIT_ATTR_MAX + 1] = {
    ATTR(OVS_CT_LIMIT_ATTR_ZONE_LIMIT, .kind = POL_NESTED, .form = &zones_form),
};
static const char *const ct_limit_cmds[] = {
    CMD(OVS_CT_LIMIT_CMD_SET), CMD(OVS_CT_LIMIT_CMD_DEL), CMD(OVS_CT_LIMIT_CMD_GET),
};
static const struct msg_form ct_limit_form = {
    .msg = ct_limit_cmds, .n_msgs = G_N_ELEMENTS(ct_limit_cmds), OVS_HEADER_FORM,
    .rows = ct_limit_policy, .max_attr = OVS_CT_LIMIT_ATTR_MAX,
};

/* The packed structs in ZONE_LIMIT, whose padding counts; a last one that is cut short even so is left out. */
struct zone_list {
    const struct ovs_zone_limit *at;
    size_t n;
};

static struct zone_list zones_of_request(const struct req *req)
{
    const struct nlattr *a = req->attr[OVS_CT_LIMIT_ATTR_ZONE_LIMIT];

    return (struct zone_list){
        .at = mnl_attr_get_payload(a),
        .n = attr_align(mnl_attr_get_payload_len(a)) / sizeof(struct ovs_zone_limit),
    };
}

static int reply_empty(struct req *req)
{
    return reply_send(req, reply_new(req, req->genl->cmd, req->user_hdr));
}

/* What a request does to one entry of its list. Zones that are none are passed over, not refused. */
typedef int change_fn(struct req *req, const struct ovs_zone_limit *z, struct err *e);

static int set_limit(struct req *req, const struct ovs_zone_limit *z, struct err *e)
{
    bool is_zone = z->zone_id >= 0 && z->zone_id <= UINT16_MAX;
    int err = is_zone ? req_faulty(req, DP_FAULT_CT_LIMIT_ALLOC, e) : 0;

    if (!err)
        ct_limit_set(&req_ns(req)->ct_limits, z->zone_id, z->limit);
    return err;
}

static int del_limit(struct req *req, const struct ovs_zone_limit *z, struct err *e)
{
    (void)e;
    ct_limit_delete(&req_ns(req)->ct_limits, z->zone_id);
    return 0;
}

static int change_limits(struct req *req, change_fn *change, struct err *e)
{
    int err = req_faulty(req, DP_FAULT_CT_LIMIT_REPLY, e);
    struct zone_list list;

    if (err)
        return err;
    if (!req->attr[OVS_CT_LIMIT_ATTR_ZONE_LIMIT])
        return err_set(e, EINVAL, "ZONE_LIMIT is missing");
    list = zones_of_request(req);
    for (size_t i = 0; !err && i < list.n; i++)
        err = change(req, &list.at[i], e);
    return err ? err : reply_empty(req);
}

static int set_limits(struct req *req, struct err *e)
{
    return change_limits(req, set_limit, e);
}

static int del_limits(struct req *req, struct err *e)
{
    return change_limits(req, del_limit, e);
}

static void put_default(GByteArray *out, const struct ct_limits *l)
{
    const struct ovs_zone_limit z = {
        .zone_id = OVS_ZONE_LIMIT_DEFAULT_ZONE,
        .limit = l->default_limit,
    };

    g_byte_array_append(out, (const uint8_t *)&z, sizeof(z));
}

static void put_zone(GByteArray *out, struct dp_ns *ns, uint16_t zone)
{
    const struct ovs_zone_limit z = {
        .zone_id = zone,
        .limit = ct_limit_of(&ns->ct_limits, zone),
        .count = ct_limit_count(&ns->ct_limits, ns->ct, zone),
    };

    g_byte_array_append(out, (const uint8_t *)&z, sizeof(z));
}

static void put_some(GByteArray *out, struct dp_ns *ns, struct zone_list list)
{
    for (size_t i = 0; i < list.n; i++) {
        int zone = list.at[i].zone_id;

        if (zone == OVS_ZONE_LIMIT_DEFAULT_ZONE)
            put_default(out, &ns->ct_limits);
        else if (zone >= 0 && zone <= UINT16_MAX)
            put_zone(out, ns, (uint16_t)zone);
    }
}

static void put_all(GByteArray *out, struct dp_ns *ns)
{
    put_default(out, &ns->ct_limits);
    for (unsigned bucket = 0; bucket < CT_LIMIT_BUCKETS; bucket++) {
        const GArray *zones = ns->ct_limits.bucket[bucket];

        for (guint i = 0; zones && i < zones->len; i++)
            put_zone(out, ns, g_array_index(zones, struct ct_zone_limit, i).zone);
    }
}

static int get_limits(struct req *req, struct err *e)
{
    struct dp_ns *ns = req_ns(req);
    g_autoptr(GByteArray) limits = g_byte_array_new();
    struct nlmsghdr *msg = reply_new(req, req->genl->cmd, req->user_hdr);
    int err = req_faulty(req, DP_FAULT_CT_LIMIT_REPLY, e);

    if (err)
        return err;
    if (req->attr[OVS_CT_LIMIT_ATTR_ZONE_LIMIT])
        put_some(limits, ns, zones_of_request(req));
    else
        put_all(limits, ns);
    if (limits->len > UINT16_MAX - ATTR_HDR)
        return err_set(e, EMSGSIZE, "%u bytes of limits do not fit an attribute", limits->len);
    mnl_attr_put(msg, OVS_CT_LIMIT_ATTR_ZONE_LIMIT, limits->len, limits->data);
    return reply_send(req, msg);
}

static const struct genl_op ct_limit_ops[] = {
    {.cmd = OVS_CT_LIMIT_CMD_SET, .flags = GENL_UNS_ADMIN_PERM, .doit = set_limits,
     .needs = GENL_ATTR(OVS_CT_LIMIT_ATTR_ZONE_LIMIT)},
    {.cmd = OVS_CT_LIMIT_CMD_DEL, .flags = GENL_UNS_ADMIN_PERM, .doit = del_limits,
     .needs = GENL_ATTR(OVS_CT_LIMIT_ATTR_ZONE_LIMIT)},
    {.cmd = OVS_CT_LIMIT_CMD_GET, .doit = get_limits,
     .takes = GENL_ATTR(OVS_CT_LIMIT_ATTR_ZONE_LIMIT)},
};

const struct family dp_ct_limit_family = {
    .name = OVS_CT_LIMIT_FAMILY,
    .version = OVS_CT_LIMIT_VERSION,
    .hdrsize = sizeof(struct ovs_header),
    .max_attr = OVS_CT_LIMIT_ATTR_MAX,
    .policy = ct_limit_policy,
    .op = ct_limit_ops,
    .n_ops = G_N_ELEMENTS(ct_limit_ops),
    .group = OVS_CT_LIMIT_MCGROUP,
    .n_legacy_cmds = OVS_CT_LIMIT_CMD_GET + 1,
    .form = &ct_limit_form,
};
