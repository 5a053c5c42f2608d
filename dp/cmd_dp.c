/* cmd_dp.c - the ovs_datapath family: NEW, DEL, GET, SET. Catalogue 02.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/draw.h"
#include "dp/datapath.h"
#include "dp/key_decode.h"
#include "netlink/attr.h"

#define KNOWN_FEATURES                                                                            \
    (OVS_DP_F_UNALIGNED | OVS_DP_F_VPORT_PIDS | OVS_DP_F_DISPATCH_UPCALL_PER_CPU)
#define VERSION_WITH_FEATURES 2     /* of the family: clients below it know no USER_FEATURES */

static const struct form_member dp_stats_members[] = {
    FORM_MEMBER(ovs_dp_stats, n_hit, wire_u64, .role = ROLE_COUNT),
    FORM_MEMBER(ovs_dp_stats, n_missed, wire_u64, .role = ROLE_COUNT),
    FORM_MEMBER(ovs_dp_stats, n_lost, wire_u64, .role = ROLE_COUNT),
    FORM_MEMBER(ovs_dp_stats, n_flows, wire_u64),
};
static const struct form dp_stats_form = { FORM_MEMBERS(dp_stats_members, struct ovs_dp_stats) };
static const struct form_member megaflow_stats_members[] = {
    FORM_MEMBER(ovs_dp_megaflow_stats, n_mask_hit, wire_u64, .role = ROLE_COUNT),
    FORM_MEMBER(ovs_dp_megaflow_stats, n_masks, wire_u32),
    FORM_MEMBER(ovs_dp_megaflow_stats, n_cache_hit, wire_u64, .role = ROLE_COUNT),
};
static const struct form megaflow_stats_form = {
    FORM_MEMBERS(megaflow_stats_members, struct ovs_dp_megaflow_stats)
};
static void draw_features(const struct draw *d, GByteArray *out)
{
    static const uint32_t some = OVS_DP_F_UNALIGNED | OVS_DP_F_VPORT_PIDS;
    uint32_t features = draw_number(d, draw_one_in(d, 16) ? KNOWN_FEATURES : some);

    g_byte_array_append(out, (const uint8_t *)&features, sizeof(features));
}

/* 0 or a power of two. */
static void draw_cache_size(const struct draw *d, GByteArray *out)
{
    uint32_t size = draw_one_in(d, 4) ? 0 : UINT32_C(1) << draw_below(d, 12);

    g_byte_array_append(out, (const uint8_t *)&size, sizeof(size));
}

static const struct form features_form = { .wire = &wire_u32x, .generate = draw_features };
static const struct form cache_size_form = { .wire = &wire_u32, .generate = draw_cache_size };

/* clang-format off */
static const struct policy dp_policy[OVS_DP_ATTR_MAX + 1] = {
    ATTR(OVS_DP_ATTR_NAME, .kind = POL_STRING, .len = IFNAMSIZ - 1, .form = &form_name),
    ATTR(OVS_DP_ATTR_UPCALL_PID, .kind = POL_U32, .form = &form_portid),
    ATTR(OVS_DP_ATTR_STATS, .form = &dp_stats_form),
    ATTR(OVS_DP_ATTR_MEGAFLOW_STATS, .form = &megaflow_stats_form),
    ATTR(OVS_DP_ATTR_USER_FEATURES, .kind = POL_U32, .form = &features_form),
    ATTR(OVS_DP_ATTR_PAD),
    ATTR(OVS_DP_ATTR_MASKS_CACHE_SIZE, .kind = POL_U32, .has_range = true, .min = 0, .max = TABLE_CACHE_MAX,
        .form = &cache_size_form),
    ATTR(OVS_DP_ATTR_PER_CPU_PIDS, .form = &portids_form),
    ATTR(OVS_DP_ATTR_IFINDEX, .kind = POL_S32, .has_range = true, .min = 0, .max = INT32_MAX, .form = &form_ifindex),
};
static const char *const dp_cmds[] = {
    CMD(OVS_DP_CMD_NEW), CMD(OVS_DP_CMD_DEL), CMD(OVS_DP_CMD_GET), CMD(OVS_DP_CMD_SET),
};
static const struct msg_form dp_form = {
    .msg = dp_cmds, .n_msgs = G_N_ELEMENTS(dp_cmds), OVS_HEADER_FORM,
    .rows = dp_policy, .max_attr = OVS_DP_ATTR_MAX,
};
/* clang-format on */

static void dp_put(struct nlmsghdr *msg, const struct datapath *dp)
{
    struct ovs_dp_stats stats = {
        .n_hit = dp->stats.n_hit,
        .n_missed = dp->stats.n_missed,
        .n_lost = dp->stats.n_lost,
        .n_flows = dp->table.n_flows,
    };
    struct ovs_dp_megaflow_stats mega = {
        .n_mask_hit = dp->stats.n_mask_hit,
        .n_masks = dp->table.masks->len,
        .n_cache_hit = dp->stats.n_cache_hit,
    };

    mnl_attr_put_strz(msg, OVS_DP_ATTR_NAME, datapath_name(dp));
    mnl_attr_put(msg, OVS_DP_ATTR_STATS, sizeof(stats), &stats);
    mnl_attr_put(msg, OVS_DP_ATTR_MEGAFLOW_STATS, sizeof(mega), &mega);
    mnl_attr_put_u32(msg, OVS_DP_ATTR_USER_FEATURES, dp->user_features);
    mnl_attr_put_u32(msg, OVS_DP_ATTR_MASKS_CACHE_SIZE, dp->table.cache_size);
    if (dp->user_features & OVS_DP_F_DISPATCH_UPCALL_PER_CPU && dp->n_cpu_pids)
        mnl_attr_put(msg, OVS_DP_ATTR_PER_CPU_PIDS,
                     sizeof(uint32_t) * MIN(dp->n_cpu_pids, dp_world_of(dp)->env->n_cpus),
                     dp->cpu_pids);
}

static struct nlmsghdr *dp_reply(struct req *req, uint8_t cmd, const struct datapath *dp)
{
    int dp_ifindex = datapath_ifindex(dp);
    struct nlmsghdr *msg = reply_new(req, cmd, &dp_ifindex);

    dp_put(msg, dp);
    return msg;
}

/* By NAME if there is one, else by the header. */
static int dp_find(struct req *req, struct datapath **dp, struct err *e)
{
    const struct nlattr *name = req->attr[OVS_DP_ATTR_NAME];

    if (!name)
        return datapath_of_request(req, dp, e);
    *dp = datapath_by_name(req_ns(req), mnl_attr_get_str(name));
    return *dp ? 0 : err_set(e, ENODEV, "there is no datapath \"%s\"", mnl_attr_get_str(name));
}

/* The answer's buffer comes before the datapath. */
static int dp_of_request(struct req *req, struct datapath **dp, struct err *e)
{
    int err = req_faulty(req, DP_FAULT_DP_REPLY, e);

    return err ? err : dp_find(req, dp, e);
}

/* ---- what NEW and SET change ------------------------------------------------------------------ */

static int set_cpu_pids(struct datapath *dp, const struct nlattr *pids, struct err *e)
{
    unsigned len = mnl_attr_get_payload_len(pids);
    int err;

    if (!len || len % sizeof(uint32_t))
        return err_set(e, EINVAL, "PER_CPU_PIDS: %u bytes are no array of port ids", len);
    if ((err = dp_refuses(dp_world_of(dp)->env->fault, DP_FAULT_DP_PIDS, e)))
        return err;
    g_free(dp->cpu_pids);
    dp->cpu_pids = g_memdup2(mnl_attr_get_payload(pids), len);
    dp->n_cpu_pids = len / (uint32_t)sizeof(uint32_t);
    return 0;
}

static int set_cache(struct datapath *dp, uint32_t size, struct err *e)
{
    bool is_new = size != dp->table.cache_size && !(size & (size - 1));
    int err = is_new ? dp_refuses(dp_world_of(dp)->env->fault, DP_FAULT_DP_CACHE, e) : 0;

    return err ? err : table_set_cache(&dp->table, size, e);
}

/* ovs_dp_change. USER_FEATURES absent means none; features are stored before the port ids are
 * looked at, cache size before features. */
static int dp_change(struct datapath *dp, const struct req *req, struct err *e)
{
    const struct nlattr *features = req->attr[OVS_DP_ATTR_USER_FEATURES];
    const struct nlattr *cache = req->attr[OVS_DP_ATTR_MASKS_CACHE_SIZE];
    const struct nlattr *pids = req->attr[OVS_DP_ATTR_PER_CPU_PIDS];
    uint32_t wanted = features ? mnl_attr_get_u32(features) : 0;
    uint32_t unknown = wanted & (~(uint32_t)KNOWN_FEATURES | req_ns(req)->world->env->no_features);
    int err = 0;

    if (unknown)
        return err_set(e, EOPNOTSUPP, "USER_FEATURES: %#x are not supported", unknown);
    if (cache)
        err = set_cache(dp, mnl_attr_get_u32(cache), e);
    if (err)
        return err;
    dp->user_features = wanted;
    if (wanted & OVS_DP_F_DISPATCH_UPCALL_PER_CPU && pids)
        return set_cpu_pids(dp, pids, e);
    return 0;
}

/* ---- handlers ----------------------------------------------------------------------------------- */

/* A client that knows no features must not inherit those of another: they are dropped from the
 * existing datapath although the command fails. */
static void forget_features(struct req *req)
{
    struct datapath *old;

    if (req->genl->version < VERSION_WITH_FEATURES && !dp_find(req, &old, NULL))
        old->user_features = 0;
}

static int local_port_new(struct datapath *dp, const struct req *req, struct err *e)
{
    const struct nlattr *ifindex = req->attr[OVS_DP_ATTR_IFINDEX];
    const struct vport_parms parms = {
        .type = OVS_VPORT_TYPE_INTERNAL,
        .name = mnl_attr_get_str(req->attr[OVS_DP_ATTR_NAME]),
        .port_no = DP_PORT_LOCAL,
        .ifindex = ifindex ? (int)mnl_attr_get_u32(ifindex) : 0,
        .pids = req->attr[OVS_DP_ATTR_UPCALL_PID],
    };
    struct vport *local;
    int err = vport_new(dp, &parms, &local, e);

    return err == -EBUSY ? -EEXIST : err;
}

/* What a new datapath consists of, in the order in which it is asked for. */
static int parts_fail(const struct req *req, struct err *e)
{
    static const enum dp_fault parts[] = {
        DP_FAULT_DP_REPLY, DP_FAULT_DP_ALLOC, DP_FAULT_DP_TABLE,
        DP_FAULT_DP_STATS, DP_FAULT_DP_PORTS, DP_FAULT_DP_METERS,
    };
    int err = 0;

    for (size_t i = 0; !err && i < G_N_ELEMENTS(parts); i++)
        err = req_faulty(req, parts[i], e);
    return err;
}

static int dp_new(struct req *req, struct err *e)
{
    struct datapath *dp;
    int err;

    if (!req->attr[OVS_DP_ATTR_NAME] || !req->attr[OVS_DP_ATTR_UPCALL_PID])
        return err_set(e, EINVAL, "NAME or UPCALL_PID is missing");
    if ((err = parts_fail(req, e)))
        return err;
    dp = datapath_new(req_ns(req));
    err = dp_change(dp, req, e);
    if (!err)
        err = local_port_new(dp, req, e);
    if (err) {
        datapath_free(dp);
        if (err == -EEXIST)
            forget_features(req);
        return err;
    }
    notify(req, dp_reply(req, OVS_DP_CMD_NEW, dp));
    return 0;
}

static int dp_del(struct req *req, struct err *e)
{
    struct datapath *dp;
    struct nlmsghdr *last_state;
    int err = dp_of_request(req, &dp, e);

    if (err)
        return err;
    last_state = dp_reply(req, OVS_DP_CMD_DEL, dp);
    datapath_free(dp);
    notify(req, last_state);
    return 0;
}

static int dp_get(struct req *req, struct err *e)
{
    struct datapath *dp;
    int err = dp_of_request(req, &dp, e);

    if (err)
        return err;
    return reply_send(req, dp_reply(req, OVS_DP_CMD_GET, dp));
}

static int dp_set(struct req *req, struct err *e)
{
    struct datapath *dp;
    int err = dp_of_request(req, &dp, e);

    if (!err)
        err = dp_change(dp, req, e);
    if (err)
        return err;
    notify(req, dp_reply(req, OVS_DP_CMD_SET, dp));
    return 0;
}

static int dp_dump(struct dump *d, struct err *e)
{
    const struct dp_ns *ns = req_ns(&d->req);

    (void)e;
    for (; d->pos < ns->dps->len; d->pos++) {
        const struct datapath *dp = ns->dps->pdata[d->pos];
        int dp_ifindex = datapath_ifindex(dp);
        struct nlmsghdr *msg = dump_msg(d, OVS_DP_CMD_GET, &dp_ifindex);

        dp_put(msg, dp);
        if (!dump_commit(d, msg))
            return 1;
    }
    return 0;
}

static const struct genl_op dp_ops[] = {
    {.cmd = OVS_DP_CMD_NEW, .flags = GENL_UNS_ADMIN_PERM, .doit = dp_new,
     .needs = GENL_ATTR(OVS_DP_ATTR_NAME) | GENL_ATTR(OVS_DP_ATTR_UPCALL_PID),
     .takes = GENL_ATTR(OVS_DP_ATTR_USER_FEATURES) | GENL_ATTR(OVS_DP_ATTR_MASKS_CACHE_SIZE) | GENL_ATTR(OVS_DP_ATTR_PER_CPU_PIDS)},
    {.cmd = OVS_DP_CMD_DEL, .flags = GENL_UNS_ADMIN_PERM, .doit = dp_del,
     .takes = GENL_ATTR(OVS_DP_ATTR_NAME)},
    {.cmd = OVS_DP_CMD_GET, .doit = dp_get,
     .takes = GENL_ATTR(OVS_DP_ATTR_NAME), .dump = dp_dump},
    {.cmd = OVS_DP_CMD_SET, .flags = GENL_UNS_ADMIN_PERM, .doit = dp_set,
     .takes = GENL_ATTR(OVS_DP_ATTR_NAME) | GENL_ATTR(OVS_DP_ATTR_USER_FEATURES) | GENL_ATTR(OVS_DP_ATTR_MASKS_CACHE_SIZE) | GENL_ATTR(OVS_DP_ATTR_PER_CPU_PIDS)},
};

const struct family dp_datapath_family = {
    .name = OVS_DATAPATH_FAMILY,
    .version = OVS_DATAPATH_VERSION,
    .hdrsize = sizeof(struct ovs_header),
    .max_attr = OVS_DP_ATTR_MAX,
    .policy = dp_policy,
    .op = dp_ops,
    .n_ops = G_N_ELEMENTS(dp_ops),
    .group = OVS_DATAPATH_MCGROUP,
    .n_legacy_cmds = OVS_DP_CMD_SET + 1,
    .form = &dp_form,
};
