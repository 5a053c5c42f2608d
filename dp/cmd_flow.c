/* cmd_flow.c - the ovs_flow family: NEW, SET, GET, DEL, flush, dump. Catalogue 06.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "dp/datapath.h"
#include "dp/key_decode.h"
#include "netlink/attr.h"

#define NS_PER_MS UINT64_C(1000000)
#define JIFFY_MS 4u                 /* HZ 250: the resolution of USED */

static const struct form tcp_flags_form = { .role = ROLE_COUNT, .wire = &wire_u8x };

/* clang-format off */
static const struct policy flow_policy[OVS_FLOW_ATTR_MAX + 1] = {
    ATTR(OVS_FLOW_ATTR_KEY, .kind = POL_NESTED, .form = &key_form),
    ATTR(OVS_FLOW_ATTR_ACTIONS, .kind = POL_NESTED, .form = &acts_form),
    ATTR(OVS_FLOW_ATTR_STATS, .form = &flow_stats_form),
    ATTR(OVS_FLOW_ATTR_TCP_FLAGS, .form = &tcp_flags_form),
    ATTR(OVS_FLOW_ATTR_USED, .form = &clock_form),
    ATTR(OVS_FLOW_ATTR_CLEAR, .kind = POL_FLAG),
    ATTR(OVS_FLOW_ATTR_MASK, .kind = POL_NESTED, .form = &key_form),
    ATTR(OVS_FLOW_ATTR_PROBE, .kind = POL_FLAG),
    ATTR(OVS_FLOW_ATTR_UFID, .kind = POL_MIN_LEN, .len = 1),
    ATTR(OVS_FLOW_ATTR_UFID_FLAGS, .kind = POL_U32),
    ATTR(OVS_FLOW_ATTR_PAD),
};
static const char *const flow_cmds[] = {
    CMD(OVS_FLOW_CMD_NEW), CMD(OVS_FLOW_CMD_DEL), CMD(OVS_FLOW_CMD_GET), CMD(OVS_FLOW_CMD_SET),
};
static const struct msg_form flow_form = {
    .msg = flow_cmds, .n_msgs = G_N_ELEMENTS(flow_cmds), OVS_HEADER_FORM,
    .rows = flow_policy, .max_attr = OVS_FLOW_ATTR_MAX,
};
/* clang-format on */

/* ---- a flow as a message ------------------------------------------------------------------------- */

/* Idle time counts in jiffies of virtual time; what is sent is the client's "now" less idle, in
 * milliseconds. */
static uint64_t used_ms(const struct dp_env *env, uint64_t used_ns)
{
    uint64_t jiffy_ns = JIFFY_MS * NS_PER_MS;
    uint64_t idle_ms = (env->now(env->ctx) / jiffy_ns - used_ns / jiffy_ns) * JIFFY_MS;

    return env->client_now(env->ctx) / NS_PER_MS - idle_ms;
}

static void stats_put(struct nlmsghdr *msg, const struct dp_env *env, const struct flow_stats *s)
{
    struct ovs_flow_stats stats = {.n_packets = s->n_packets, .n_bytes = s->n_bytes};

    if (s->used_ns)
        mnl_attr_put_u64(msg, OVS_FLOW_ATTR_USED, used_ms(env, s->used_ns));
    if (s->n_packets)
        mnl_attr_put(msg, OVS_FLOW_ATTR_STATS, sizeof(stats), &stats);
    if ((uint8_t)s->tcp_flags)
        mnl_attr_put_u8(msg, OVS_FLOW_ATTR_TCP_FLAGS, (uint8_t)s->tcp_flags);
}

/* 'flags': OVS_UFID_F_*. A flow without UFID always shows its original key. */
static void flow_put(struct nlmsghdr *msg, const struct dp_world *w, const struct flow *f,
                     uint32_t flags)
{
    if (f->id.ufid_len)
        mnl_attr_put(msg, OVS_FLOW_ATTR_UFID, f->id.ufid_len, f->id.ufid);
    else
        key_put(msg, OVS_FLOW_ATTR_KEY, f->id.unmasked, f->id.unmasked, false);
    if (f->id.ufid_len && !(flags & OVS_UFID_F_OMIT_KEY))
        key_put(msg, OVS_FLOW_ATTR_KEY, &f->key, &f->key, false);
    if (!(flags & OVS_UFID_F_OMIT_MASK))
        key_put(msg, OVS_FLOW_ATTR_MASK, &f->key, &f->mask->mask.key, true);
    stats_put(msg, w->env, &f->stats);
    if (!(flags & OVS_UFID_F_OMIT_ACTIONS))
        acts_put(msg, OVS_FLOW_ATTR_ACTIONS, f->acts->data, f->acts->len);
}

static uint32_t ufid_flags(const struct nlattr *attr)
{
    return attr ? mnl_attr_get_u32(attr) : 0;
}

/* Unlike ports and datapaths, flows are told with the number that the request had: any internal port's names the datapath. */
static struct nlmsghdr *flow_reply(struct req *req, uint8_t cmd, const struct datapath *dp,
                                   const struct flow *f)
{
    int dp_ifindex = req_dp_ifindex(req);
    struct nlmsghdr *msg = reply_new(req, cmd, &dp_ifindex);

    flow_put(msg, dp_world_of(dp), f, ufid_flags(req->attr[OVS_FLOW_ATTR_UFID_FLAGS]));
    return msg;
}

static void flow_notify(struct req *req, uint8_t cmd, const struct datapath *dp,
                        const struct flow *f)
{
    if (notify_wanted(req))
        notify(req, flow_reply(req, cmd, dp, f));
}

/* ---- what a request says ---------------------------------------------------------------------------- */

/* The parsed parts of a flow request. */
struct flow_req {
    struct datapath *dp;
    struct match m;                 /* points into this struct */
    struct flow_key key;            /* as sent */
    struct flow_key masked;
    struct flow_mask mask;
    const uint8_t *ufid;
    size_t ufid_len;                /* 0: none; one that is too long counts as none */
    struct act_list *acts;          /* NULL: no ACTIONS */
};

static void flow_req_done(struct flow_req *fr)
{
    act_list_free(fr->acts);
}

#define AUTO_FLOW_REQ __attribute__((cleanup(flow_req_done))) struct flow_req

static void read_ufid(struct flow_req *fr, const struct nlattr *ufid)
{
    size_t len = ufid ? mnl_attr_get_payload_len(ufid) : 0;

    if (!len || len > UFID_MAX)
        return;
    fr->ufid = mnl_attr_get_payload(ufid);
    fr->ufid_len = len;
}

static int read_match(struct flow_req *fr, const struct req *req, bool want_mask, struct err *e)
{
    int err;

    fr->m.profile = req_ns(req)->world->profile;
    fr->m.key = &fr->key;
    fr->m.mask = want_mask ? &fr->mask : NULL;
    err = match_parse(&fr->m, req->attr[OVS_FLOW_ATTR_KEY],
                      want_mask ? req->attr[OVS_FLOW_ATTR_MASK] : NULL, want_mask, e);
    if (!err && want_mask && !req->attr[OVS_FLOW_ATTR_MASK])
        err = req_faulty(req, DP_FAULT_FLOW_EXACT, e);
    return err;
}

static int read_actions(struct flow_req *fr, const struct req *req, struct err *e)
{
    const struct nlattr *acts = req->attr[OVS_FLOW_ATTR_ACTIONS];

    key_apply_mask(&fr->masked, &fr->key, &fr->mask, true);
    return acts_check(req_ns(req), &fr->masked, mnl_attr_get_payload(acts),
                      mnl_attr_get_payload_len(acts), &fr->acts, e);
}

/* Who is to be told gets a buffer before anything changes. */
static int reply_fails(const struct req *req, struct err *e)
{
    return notify_wanted(req) ? req_faulty(req, DP_FAULT_FLOW_REPLY, e) : 0;
}

/* For SET, GET, DEL: by UFID, else by the exact original key. */
static int find_flow(const struct flow_req *fr, struct flow **f, struct err *e)
{
    *f = fr->ufid_len ? table_find_ufid(&fr->dp->table, fr->ufid, fr->ufid_len)
                      : table_find_exact(&fr->dp->table, &fr->m);
    return *f ? 0 : err_set(e, ENOENT, "no such flow");
}

static void replace_actions(struct flow *f, struct flow_req *fr)
{
    act_list_free(f->acts);
    f->acts = g_steal_pointer(&fr->acts);
}

/* ---- NEW ---------------------------------------------------------------------------------------------- */

/* A mask that is not there yet, and more room for masks. */
static int mask_fails(const struct flow_req *fr, const struct req *req, struct err *e)
{
    const struct table *t = &fr->dp->table;
    int err;

    if (table_has_mask(t, &fr->mask))
        return 0;
    err = req_faulty(req, DP_FAULT_MASK_ALLOC, e);
    if (!err && t->masks->len && t->masks->len % TABLE_MASKS_STEP == 0)
        err = req_faulty(req, DP_FAULT_MASK_ARRAY, e);
    return err;
}

static int flow_insert(struct flow_req *fr, struct req *req, struct err *e)
{
    int err = mask_fails(fr, req, e);
    struct flow *f;
    bool may_grow;

    if (err)
        return err;
    may_grow = !table_is_full(&fr->dp->table) || !faulty(dp_world_of(fr->dp), DP_FAULT_TABLE_GROW);
    f = flow_new(&fr->masked, fr->ufid, fr->ufid_len, &fr->key, &fr->acts);
    table_insert(&fr->dp->table, f, &fr->mask, may_grow);
    flow_notify(req, OVS_FLOW_CMD_NEW, fr->dp, f);
    return 0;
}

/* The request's key is found already: without CREATE its actions change, if it is the same flow. */
static int flow_modify(struct flow_req *fr, struct req *req, struct flow *f, struct err *e)
{
    if (req->msg->nlmsg_flags & (NLM_F_CREATE | NLM_F_EXCL))
        return err_set(e, EEXIST, "a flow matches this key already");
    if (!flow_is_same(f, &fr->m))
        f = f->id.ufid_len ? NULL : table_find_exact(&fr->dp->table, &fr->m);
    if (!f)
        return err_set(e, ENOENT, "the flow that matches this key is another one");
    replace_actions(f, fr);
    flow_notify(req, OVS_FLOW_CMD_NEW, fr->dp, f);
    return 0;
}

/* What the kernel allocates is asked for in its order, between the checks. */
static int flow_new_parse(struct flow_req *fr, struct req *req, struct err *e)
{
    int err = req_faulty(req, DP_FAULT_FLOW_ALLOC, e);

    if (!err)
        err = req_faulty(req, DP_FAULT_FLOW_KEY, e);
    if (!err)
        err = read_match(fr, req, true, e);
    if (!err && !fr->ufid_len)
        err = req_faulty(req, DP_FAULT_FLOW_ID, e);
    if (!err)
        err = read_actions(fr, req, e);
    return err ? err : reply_fails(req, e);
}

static int flow_cmd_new(struct req *req, struct err *e)
{
    AUTO_FLOW_REQ fr = {0};
    struct flow *f = NULL;
    int err;

    if (!req->attr[OVS_FLOW_ATTR_KEY])
        return err_set(e, EINVAL, "Flow key attr not present in new flow.");
    if (!req->attr[OVS_FLOW_ATTR_ACTIONS])
        return err_set(e, EINVAL, "Flow actions attr not present in new flow.");
    read_ufid(&fr, req->attr[OVS_FLOW_ATTR_UFID]);
    err = flow_new_parse(&fr, req, e);
    if (!err)
        err = datapath_of_request(req, &fr.dp, e);
    if (err)
        return err;
    if (fr.ufid_len)
        f = table_find_ufid(&fr.dp->table, fr.ufid, fr.ufid_len);
    if (!f)
        f = table_find(&fr.dp->table, &fr.key);
    return f ? flow_modify(&fr, req, f, e) : flow_insert(&fr, req, e);
}

/* ---- SET ------------------------------------------------------------------------------------------------ */

static int flow_set_parse(struct flow_req *fr, struct req *req, struct err *e)
{
    bool has_key = req->attr[OVS_FLOW_ATTR_KEY], has_acts = req->attr[OVS_FLOW_ATTR_ACTIONS];
    int err;

    read_ufid(fr, req->attr[OVS_FLOW_ATTR_UFID]);
    if (!has_key && !fr->ufid_len)
        return err_set(e, EINVAL, "Flow set message rejected, Key attribute missing.");
    if (has_acts && !has_key)
        return err_set(e, EINVAL, "Flow key attribute not present in set flow.");
    err = has_key ? read_match(fr, req, true, e) : 0;
    if (!err && has_acts)
        err = read_actions(fr, req, e);
    if (!err && has_acts)
        err = reply_fails(req, e);
    return err;
}

static int flow_cmd_set(struct req *req, struct err *e)
{
    AUTO_FLOW_REQ fr = {0};
    struct flow *f;
    int err = flow_set_parse(&fr, req, e);

    if (!err)
        err = datapath_of_request(req, &fr.dp, e);
    if (!err)
        err = find_flow(&fr, &f, e);
    if (!err && !fr.acts)
        err = reply_fails(req, e);
    if (err)
        return err;
    if (fr.acts)
        replace_actions(f, &fr);
    flow_notify(req, OVS_FLOW_CMD_SET, fr.dp, f);   /* shows the statistics before CLEAR */
    if (req->attr[OVS_FLOW_ATTR_CLEAR])
        memset(&f->stats, 0, sizeof(f->stats));
    return 0;
}

/* ---- GET, DEL ---------------------------------------------------------------------------------------------- */

static int flow_select(struct flow_req *fr, struct req *req, struct err *e)
{
    int err = req->attr[OVS_FLOW_ATTR_KEY] ? read_match(fr, req, false, e) : 0;

    if (!err)
        err = datapath_of_request(req, &fr->dp, e);
    return err;
}

static int flow_cmd_get(struct req *req, struct err *e)
{
    AUTO_FLOW_REQ fr = {0};
    struct flow *f;
    int err;

    read_ufid(&fr, req->attr[OVS_FLOW_ATTR_UFID]);
    if (!req->attr[OVS_FLOW_ATTR_KEY] && !fr.ufid_len)
        return err_set(e, EINVAL, "Flow get message rejected, Key attribute missing.");
    err = flow_select(&fr, req, e);
    if (!err)
        err = find_flow(&fr, &f, e);
    if (!err)
        err = req_faulty(req, DP_FAULT_FLOW_REPLY, e);
    if (err)
        return err;
    return reply_send(req, flow_reply(req, OVS_FLOW_CMD_GET, fr.dp, f));
}

static int flow_cmd_del(struct req *req, struct err *e)
{
    AUTO_FLOW_REQ fr = {0};
    struct flow *f;
    int err;

    read_ufid(&fr, req->attr[OVS_FLOW_ATTR_UFID]);
    err = flow_select(&fr, req, e);
    if (err)
        return err;
    if (!req->attr[OVS_FLOW_ATTR_KEY] && !fr.ufid_len) {
        err = req_faulty(req, DP_FAULT_FLOW_FLUSH, e);
        if (!err)
            table_flush(&fr.dp->table);
        return err;
    }
    err = find_flow(&fr, &f, e);
    if (err)
        return err;
    if (notify_wanted(req) && !faulty(dp_world_of(fr.dp), DP_FAULT_FLOW_DEL_EVENT))
        notify(req, flow_reply(req, OVS_FLOW_CMD_DEL, fr.dp, f));
    table_remove(&fr.dp->table, f);
    flow_free(f);
    return 0;
}

/* ---- dump ------------------------------------------------------------------------------------------------- */

/* Puts one flow; a flow alone in its datagram goes without ACTIONS if it does not fit. */
static bool dump_flow(struct dump *d, const struct datapath *dp, const struct flow *f,
                      uint32_t flags)
{
    int dp_ifindex = req_dp_ifindex(&d->req);
    struct nlmsghdr *msg = dump_msg(d, OVS_FLOW_CMD_GET, &dp_ifindex);

    flow_put(msg, dp_world_of(dp), f, flags);
    if (dump_commit(d, msg))
        return true;
    if (!dump_is_empty(d))
        return false;
    msg = dump_msg(d, OVS_FLOW_CMD_GET, &dp_ifindex);
    flow_put(msg, dp_world_of(dp), f, flags | OVS_UFID_F_OMIT_ACTIONS);
    return dump_commit(d, msg);
}

/* The dump's own liberal parse: nothing but UFID_FLAGS is looked at. */
static uint32_t dump_flags(const struct dump *d)
{
    const struct nlattr *a = d->req.attr[OVS_FLOW_ATTR_UFID_FLAGS];

    return a && mnl_attr_get_payload_len(a) >= sizeof(uint32_t) ? mnl_attr_get_u32(a) : 0;
}

static int flow_cmd_dump(struct dump *d, struct err *e)
{
    struct table_cursor *at = d->state;
    struct datapath *dp;
    int err = datapath_of_request(&d->req, &dp, e);

    if (err)
        return err;
    if (!at) {
        at = d->state = g_new0(struct table_cursor, 1);
        table_cursor_begin(&dp->table, at);
    }
    while (at->table && at->next) {
        const struct flow *f = at->next;

        if (!dump_flow(d, dp, f, dump_flags(d)))
            return 1;
        at->next = f->next;
    }
    return 0;
}

static void flow_dump_done(struct dump *d)
{
    if (d->state)
        table_cursor_end(d->state);
    g_free(d->state);
    d->state = NULL;
}

static const struct genl_op flow_ops[] = {
    {.cmd = OVS_FLOW_CMD_NEW, .flags = GENL_UNS_ADMIN_PERM, .doit = flow_cmd_new,
     .needs = GENL_ATTR(OVS_FLOW_ATTR_KEY) | GENL_ATTR(OVS_FLOW_ATTR_ACTIONS),
     .takes = GENL_ATTR(OVS_FLOW_ATTR_MASK) | GENL_ATTR(OVS_FLOW_ATTR_UFID) | GENL_ATTR(OVS_FLOW_ATTR_UFID_FLAGS) | GENL_ATTR(OVS_FLOW_ATTR_PROBE)},
    {.cmd = OVS_FLOW_CMD_DEL, .flags = GENL_UNS_ADMIN_PERM, .doit = flow_cmd_del,
     .needs = GENL_ATTR(OVS_FLOW_ATTR_KEY),
     .takes = GENL_ATTR(OVS_FLOW_ATTR_UFID) | GENL_ATTR(OVS_FLOW_ATTR_UFID_FLAGS) | GENL_ATTR(OVS_FLOW_ATTR_PROBE)},
    {.cmd = OVS_FLOW_CMD_GET, .doit = flow_cmd_get, .dump = flow_cmd_dump,
     .needs = GENL_ATTR(OVS_FLOW_ATTR_KEY),
     .takes = GENL_ATTR(OVS_FLOW_ATTR_UFID) | GENL_ATTR(OVS_FLOW_ATTR_UFID_FLAGS) | GENL_ATTR(OVS_FLOW_ATTR_PROBE),
     .dump_done = flow_dump_done},
    {.cmd = OVS_FLOW_CMD_SET, .flags = GENL_UNS_ADMIN_PERM, .doit = flow_cmd_set,
     .needs = GENL_ATTR(OVS_FLOW_ATTR_KEY),
     .takes = GENL_ATTR(OVS_FLOW_ATTR_MASK) | GENL_ATTR(OVS_FLOW_ATTR_ACTIONS) | GENL_ATTR(OVS_FLOW_ATTR_CLEAR) | GENL_ATTR(OVS_FLOW_ATTR_UFID) | GENL_ATTR(OVS_FLOW_ATTR_UFID_FLAGS) | GENL_ATTR(OVS_FLOW_ATTR_PROBE)},
};

const struct family dp_flow_family = {
    .name = OVS_FLOW_FAMILY,
    .version = OVS_FLOW_VERSION,
    .hdrsize = sizeof(struct ovs_header),
    .max_attr = OVS_FLOW_ATTR_MAX,
    .policy = flow_policy,
    .op = flow_ops,
    .n_ops = G_N_ELEMENTS(flow_ops),
    .group = OVS_FLOW_MCGROUP,
    .n_legacy_cmds = OVS_FLOW_CMD_SET + 1,
    .form = &flow_form,
};
