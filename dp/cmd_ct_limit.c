/* cmd_ct_limit.c - the ovs_ct_limit family: SET, DEL, GET. Catalogue 09.7.
 *
 * Limits are kept per namespace. Nothing counts against them as long as there is no
 * connection tracking: every count is 0.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "dp/datapath.h"
#include "netlink/attr.h"

#define N_ZONE_BUCKETS 512          /* order of "all": zone modulo this, newest first */

static const struct policy ct_limit_policy[OVS_CT_LIMIT_ATTR_MAX + 1] = {
    [OVS_CT_LIMIT_ATTR_ZONE_LIMIT] = {POL_NESTED},
};

/* ---- limits of a namespace -------------------------------------------------------------------- */

static struct ct_zone *find_zone(const struct ct_limits *l, int zone)
{
    for (guint i = 0; l->zones && i < l->zones->len; i++) {
        struct ct_zone *z = &g_array_index(l->zones, struct ct_zone, i);

        if (z->zone == zone)
            return z;
    }
    return NULL;
}

static void set_zone(struct ct_limits *l, int zone, uint32_t limit)
{
    struct ct_zone *old = find_zone(l, zone), z = {zone, limit};

    if (old) {
        old->limit = limit;
        return;
    }
    if (!l->zones)
        l->zones = g_array_new(FALSE, FALSE, sizeof(struct ct_zone));
    g_array_prepend_val(l->zones, z);       /* the newest first */
}

static void del_zone(struct ct_limits *l, int zone)
{
    const struct ct_zone *z = find_zone(l, zone);

    if (z)
        g_array_remove_index(l->zones, (guint)(z - (const struct ct_zone *)l->zones->data));
}

void ct_limits_done(struct ct_limits *l)
{
    if (l->zones)
        g_array_unref(l->zones);
}

/* ---- requests ------------------------------------------------------------------------------------ */

/* The packed structs in ZONE_LIMIT; a last one that is cut short is left out. */
struct zone_list {
    const struct ovs_zone_limit *at;
    size_t n;
};

static struct zone_list zones_of_request(const struct req *req)
{
    const struct nlattr *a = req->attr[OVS_CT_LIMIT_ATTR_ZONE_LIMIT];

    return (struct zone_list){
        .at = mnl_attr_get_payload(a),
        .n = mnl_attr_get_payload_len(a) / sizeof(struct ovs_zone_limit),
    };
}

static bool is_zone(int zone)
{
    return zone >= 0 && zone <= UINT16_MAX;     /* others are passed over, not refused */
}

static int reply_empty(struct req *req)
{
    return reply_send(req, reply_new(req, req->genl->cmd, req->user_hdr));
}

/* What a request does to one entry of its list. */
typedef void change_fn(struct ct_limits *l, const struct ovs_zone_limit *z);

static void set_limit(struct ct_limits *l, const struct ovs_zone_limit *z)
{
    if (z->zone_id == OVS_ZONE_LIMIT_DEFAULT_ZONE)
        l->default_limit = z->limit;
    else if (is_zone(z->zone_id))
        set_zone(l, z->zone_id, z->limit);
}

static void del_limit(struct ct_limits *l, const struct ovs_zone_limit *z)
{
    if (z->zone_id == OVS_ZONE_LIMIT_DEFAULT_ZONE)
        l->default_limit = 0;
    else if (is_zone(z->zone_id))
        del_zone(l, z->zone_id);
}

static int change_limits(struct req *req, change_fn *change, struct err *e)
{
    struct zone_list list;

    if (!req->attr[OVS_CT_LIMIT_ATTR_ZONE_LIMIT])
        return err_set(e, EINVAL, "ZONE_LIMIT is missing");
    list = zones_of_request(req);
    for (size_t i = 0; i < list.n; i++)
        change(&req_ns(req)->ct_limits, &list.at[i]);
    return reply_empty(req);
}

static int ct_limit_set(struct req *req, struct err *e)
{
    return change_limits(req, set_limit, e);
}

static int ct_limit_del(struct req *req, struct err *e)
{
    return change_limits(req, del_limit, e);
}

static void put_limit(GByteArray *out, int zone, uint32_t limit)
{
    const struct ovs_zone_limit z = {.zone_id = zone, .limit = limit, .count = 0};

    g_byte_array_append(out, (const uint8_t *)&z, sizeof(z));
}

static void put_some(GByteArray *out, const struct ct_limits *l, struct zone_list list)
{
    for (size_t i = 0; i < list.n; i++) {
        int zone = list.at[i].zone_id;
        const struct ct_zone *z = find_zone(l, zone);

        if (zone == OVS_ZONE_LIMIT_DEFAULT_ZONE || is_zone(zone))
            put_limit(out, zone, z ? z->limit : l->default_limit);
    }
}

static void put_all(GByteArray *out, const struct ct_limits *l)
{
    put_limit(out, OVS_ZONE_LIMIT_DEFAULT_ZONE, l->default_limit);
    for (int bucket = 0; l->zones && bucket < N_ZONE_BUCKETS; bucket++) {
        for (guint i = 0; i < l->zones->len; i++) {
            const struct ct_zone *z = &g_array_index(l->zones, struct ct_zone, i);

            if (z->zone % N_ZONE_BUCKETS == bucket)
                put_limit(out, z->zone, z->limit);
        }
    }
}

static int ct_limit_get(struct req *req, struct err *e)
{
    const struct ct_limits *l = &req_ns(req)->ct_limits;
    g_autoptr(GByteArray) limits = g_byte_array_new();
    struct nlmsghdr *msg = reply_new(req, req->genl->cmd, req->user_hdr);

    if (req->attr[OVS_CT_LIMIT_ATTR_ZONE_LIMIT])
        put_some(limits, l, zones_of_request(req));
    else
        put_all(limits, l);
    if (limits->len > UINT16_MAX - ATTR_HDR)
        return err_set(e, EMSGSIZE, "%u bytes of limits do not fit an attribute", limits->len);
    mnl_attr_put(msg, OVS_CT_LIMIT_ATTR_ZONE_LIMIT, limits->len, limits->data);
    return reply_send(req, msg);
}

static const struct genl_op ct_limit_ops[] = {
    {.cmd = OVS_CT_LIMIT_CMD_SET, .flags = GENL_UNS_ADMIN_PERM, .doit = ct_limit_set},
    {.cmd = OVS_CT_LIMIT_CMD_DEL, .flags = GENL_UNS_ADMIN_PERM, .doit = ct_limit_del},
    {.cmd = OVS_CT_LIMIT_CMD_GET, .doit = ct_limit_get},
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
};
