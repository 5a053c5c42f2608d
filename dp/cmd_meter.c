/* cmd_meter.c - the ovs_meter family: FEATURES, SET, GET, DEL. Catalogue 10.2.
 *
 * Every answer is unicast and carries the request's own dp_ifindex; nothing is multicast.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/draw.h"
#include "dp/datapath.h"
#include "dp/key_decode.h"
#include "netlink/attr.h"

static void draw_rate(const struct draw *d, GByteArray *out)
{
    uint32_t rate = 1 + draw_number(d, UINT32_MAX - 1);

    g_byte_array_append(out, (const uint8_t *)&rate, sizeof(rate));
}

static const struct form rate_form = { .generate = draw_rate };

/* clang-format off */
static const struct policy band_policy[OVS_BAND_ATTR_MAX + 1] = {
    ATTR(OVS_BAND_ATTR_TYPE, .kind = POL_U32, .is_needed = true),
    ATTR(OVS_BAND_ATTR_RATE, .kind = POL_U32, .is_needed = true, .form = &rate_form),
    ATTR(OVS_BAND_ATTR_BURST, .kind = POL_U32, .is_needed = true),
    ATTR(OVS_BAND_ATTR_STATS, .kind = POL_MIN_LEN, .len = sizeof(struct ovs_flow_stats), .form = &flow_stats_form),
};
static const struct form band_form = { FORM_ROWS(band_policy) }, bands_form = { .each = &band_form };
static const struct policy meter_policy[OVS_METER_ATTR_MAX + 1] = {
    ATTR(OVS_METER_ATTR_ID, .kind = POL_U32),
    ATTR(OVS_METER_ATTR_KBPS, .kind = POL_FLAG),
    ATTR(OVS_METER_ATTR_STATS, .kind = POL_MIN_LEN, .len = sizeof(struct ovs_flow_stats), .form = &flow_stats_form),
    ATTR(OVS_METER_ATTR_BANDS, .kind = POL_NESTED, .form = &bands_form),
    ATTR(OVS_METER_ATTR_USED, .kind = POL_U64, .form = &clock_form),
    ATTR(OVS_METER_ATTR_CLEAR, .kind = POL_FLAG),
    ATTR(OVS_METER_ATTR_MAX_METERS, .kind = POL_U32),
    ATTR(OVS_METER_ATTR_MAX_BANDS, .kind = POL_U32),
};
static const char *const meter_cmds[] = {
    CMD(OVS_METER_CMD_FEATURES), CMD(OVS_METER_CMD_SET), CMD(OVS_METER_CMD_DEL), CMD(OVS_METER_CMD_GET),
};
static const struct msg_form meter_form = {
    .msg = meter_cmds, .n_msgs = G_N_ELEMENTS(meter_cmds), OVS_HEADER_FORM,
    .rows = meter_policy, .max_attr = OVS_METER_ATTR_MAX,
};
/* clang-format on */

static struct nlmsghdr *meter_reply(struct req *req)
{
    return reply_new(req, req->genl->cmd, req->user_hdr);
}

static uint64_t now_ms(const struct dp_env *env)
{
    return env->now(env->ctx) / 1000000;
}

static void stats_put(struct nlmsghdr *msg, uint16_t type, const struct meter_stats *s)
{
    const struct ovs_flow_stats stats = {.n_packets = s->n_packets, .n_bytes = s->n_bytes};

    mnl_attr_put(msg, type, sizeof(stats), &stats);
}

static void meter_put(struct nlmsghdr *msg, const struct dp_env *env, const struct meter *m)
{
    uint64_t idle_ms = now_ms(env) - m->used_ms;
    struct nlattr *bands, *band;

    mnl_attr_put_u32(msg, OVS_METER_ATTR_ID, m->id);
    stats_put(msg, OVS_METER_ATTR_STATS, &m->stats);
    mnl_attr_put_u64(msg, OVS_METER_ATTR_USED, env->client_now(env->ctx) / 1000000 - idle_ms);
    bands = msg_nest_begin(msg, OVS_METER_ATTR_BANDS);
    if (m->has_band) {
        band = msg_nest_begin(msg, 0);
        stats_put(msg, OVS_BAND_ATTR_STATS, &m->band.stats);
        mnl_attr_nest_end(msg, band);
    }
    mnl_attr_nest_end(msg, bands);
}

/* ---- SET ------------------------------------------------------------------------------------------ */

static int read_band(struct meter *m, const struct nlattr *band, struct err *e)
{
    const struct nlattr *in[OVS_BAND_ATTR_MAX + 1];
    int err = policy_parse(band_policy, OVS_BAND_ATTR_MAX, mnl_attr_get_payload(band),
                           mnl_attr_get_payload_len(band), band, in, NULL);

    if (err)
        return err_set(e, -err, "band: an attribute has a wrong length");
    if (!in[OVS_BAND_ATTR_TYPE] || !in[OVS_BAND_ATTR_RATE] || !in[OVS_BAND_ATTR_BURST])
        return err_set(e, EINVAL, "band: TYPE, RATE or BURST is missing");
    m->has_band = true;
    m->band.type = mnl_attr_get_u32(in[OVS_BAND_ATTR_TYPE]);
    m->band.rate = mnl_attr_get_u32(in[OVS_BAND_ATTR_RATE]);
    m->band.burst = mnl_attr_get_u32(in[OVS_BAND_ATTR_BURST]);
    return m->band.rate ? 0 : err_set(e, EINVAL, "band: RATE is 0");
}

static int read_bands(struct meter *m, const struct nlattr *bands, struct err *e)
{
    const struct nlattr *a, *band = NULL;
    unsigned n = 0;
    int left;

    attr_for_each_nested(a, bands, left)
    {
        band = a;
        n++;
    }
    if (n > METER_MAX_BANDS)
        return err_set(e, EINVAL, "%u bands, at most %u can be", n, METER_MAX_BANDS);
    return band ? read_band(m, band, e) : 0;
}

static int read_meter(const struct req *req, struct meter *m, struct err *e)
{
    const struct nlattr *stats = req->attr[OVS_METER_ATTR_STATS];

    if (!req->attr[OVS_METER_ATTR_ID] || !req->attr[OVS_METER_ATTR_BANDS])
        return err_set(e, EINVAL, "ID or BANDS is missing");
    m->id = mnl_attr_get_u32(req->attr[OVS_METER_ATTR_ID]);
    m->is_kbps = req->attr[OVS_METER_ATTR_KBPS];
    m->keeps_stats = !req->attr[OVS_METER_ATTR_CLEAR];
    if (stats && m->keeps_stats)
        memcpy(&m->stats, mnl_attr_get_payload(stats), sizeof(m->stats));
    return read_bands(m, req->attr[OVS_METER_ATTR_BANDS], e);
}

/* The old meter of that id goes first, even if the new one then finds no place. */
static int meter_set(struct req *req, struct err *e)
{
    g_autofree struct meter *m = g_new0(struct meter, 1);
    g_autofree struct meter *old = NULL;
    const struct dp_env *env = req_ns(req)->world->env;
    struct nlmsghdr *msg;
    struct datapath *dp;
    uint32_t id;
    int err = read_meter(req, m, e);

    if (!err)
        err = req_faulty(req, DP_FAULT_METER_ALLOC, e);
    if (!err)
        err = req_faulty(req, DP_FAULT_METER_REPLY, e);
    if (!err)
        err = datapath_of_request(req, &dp, e);
    if (err)
        return err;
    id = m->id;
    meter_start(m, now_ms(env));
    old = meter_remove(&dp->meters, id);
    err = meter_table_grows(&dp->meters) ? req_faulty(req, DP_FAULT_METER_GROW, e) : 0;
    if (!err)
        err = meter_insert(&dp->meters, &m, e);
    if (err)
        return err;
    msg = meter_reply(req);
    mnl_attr_put_u32(msg, OVS_METER_ATTR_ID, id);
    if (old && old->keeps_stats)
        meter_put(msg, env, old);
    return reply_send(req, msg);
}

/* ---- the others ------------------------------------------------------------------------------------ */

static int meter_features(struct req *req, struct err *e)
{
    struct datapath *dp;
    struct nlmsghdr *msg;
    struct nlattr *bands, *band;
    int err = req_faulty(req, DP_FAULT_METER_REPLY, e);

    if (!err)
        err = datapath_of_request(req, &dp, e);
    if (err)
        return err;
    msg = meter_reply(req);
    mnl_attr_put_u32(msg, OVS_METER_ATTR_MAX_METERS, METER_MAX);
    mnl_attr_put_u32(msg, OVS_METER_ATTR_MAX_BANDS, METER_MAX_BANDS);
    bands = msg_nest_begin(msg, OVS_METER_ATTR_BANDS);
    band = msg_nest_begin(msg, 0);
    mnl_attr_put_u32(msg, OVS_BAND_ATTR_TYPE, OVS_METER_BAND_TYPE_DROP);
    mnl_attr_nest_end(msg, band);
    mnl_attr_nest_end(msg, bands);
    return reply_send(req, msg);
}

/* Which meter of which datapath. */
static int read_id(const struct req *req, struct datapath **dp, uint32_t *id, struct err *e)
{
    int err;

    if (!req->attr[OVS_METER_ATTR_ID])
        return err_set(e, EINVAL, "ID is missing");
    *id = mnl_attr_get_u32(req->attr[OVS_METER_ATTR_ID]);
    err = req_faulty(req, DP_FAULT_METER_REPLY, e);
    return err ? err : datapath_of_request(req, dp, e);
}

static int meter_get(struct req *req, struct err *e)
{
    struct datapath *dp;
    struct nlmsghdr *msg;
    struct meter *m;
    uint32_t id = 0;
    int err = read_id(req, &dp, &id, e);

    if (err)
        return err;
    m = meter_find(&dp->meters, id);
    if (!m)
        return err_set(e, ENOENT, "there is no meter %u", id);
    msg = meter_reply(req);
    meter_put(msg, req_ns(req)->world->env, m);
    return reply_send(req, msg);
}

/* An unknown meter is no error: the answer is empty. */
static int meter_del(struct req *req, struct err *e)
{
    g_autofree struct meter *m = NULL;
    struct datapath *dp;
    struct nlmsghdr *msg;
    uint32_t id = 0;
    int err = read_id(req, &dp, &id, e);

    if (err)
        return err;
    m = meter_remove(&dp->meters, id);
    msg = meter_reply(req);
    if (m)
        meter_put(msg, req_ns(req)->world->env, m);
    return reply_send(req, msg);
}

static const struct genl_op meter_ops[] = {
    {.cmd = OVS_METER_CMD_FEATURES, .doit = meter_features},
    {.cmd = OVS_METER_CMD_SET, .flags = GENL_UNS_ADMIN_PERM, .doit = meter_set,
     .needs = GENL_ATTR(OVS_METER_ATTR_ID) | GENL_ATTR(OVS_METER_ATTR_BANDS),
     .takes = GENL_ATTR(OVS_METER_ATTR_KBPS) | GENL_ATTR(OVS_METER_ATTR_CLEAR) | GENL_ATTR(OVS_METER_ATTR_STATS)},
    {.cmd = OVS_METER_CMD_GET, .doit = meter_get,
     .needs = GENL_ATTR(OVS_METER_ATTR_ID)},
    {.cmd = OVS_METER_CMD_DEL, .flags = GENL_UNS_ADMIN_PERM, .doit = meter_del,
     .needs = GENL_ATTR(OVS_METER_ATTR_ID)},
};

const struct family dp_meter_family = {
    .name = OVS_METER_FAMILY,
    .version = OVS_METER_VERSION,
    .hdrsize = sizeof(struct ovs_header),
    .max_attr = OVS_METER_ATTR_MAX,
    .policy = meter_policy,
    .op = meter_ops,
    .n_ops = G_N_ELEMENTS(meter_ops),
    .group = OVS_METER_MCGROUP,
    .n_legacy_cmds = OVS_METER_CMD_GET + 1,
    .form = &meter_form,
};
