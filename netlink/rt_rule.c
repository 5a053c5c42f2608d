/* rt_rule.c - RTM_GETRULE (dump), NEWRULE, DELRULE: one row for each attribute of a rule.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/fib_rules.h>
#include <string.h>
#include <sys/socket.h>

#include "netlink/rt_int.h"

#define HDR sizeof(struct fib_rule_hdr)
#define TOS_MASK 0x1e
#define ECN_MASK 0x03

/* An attribute that is just bytes of struct rt_rule. It is told if it was given, and those of
 * 'always' whatever they are. */
struct row {
    uint16_t type;
    uint16_t size;
    size_t offset;
    bool always;
};

#define AT(member) sizeof(((struct rt_rule *)0)->member), offsetof(struct rt_rule, member)

/* clang-format off */
static const struct row rows[] = {          /* in the order of the kernel's answers */
    { FRA_TABLE,              AT(table),               true },
    { FRA_SUPPRESS_PREFIXLEN, AT(suppress_prefix_len), true },
    { FRA_PROTOCOL,           AT(protocol),            true },
    { FRA_IIFNAME,            AT(iif),                 false },
    { FRA_OIFNAME,            AT(oif),                 false },
    { FRA_PRIORITY,           AT(priority),            false },
    { FRA_FWMARK,             AT(mark),                false },
    { FRA_FWMASK,             AT(mark_mask),           false },
    { FRA_GOTO,               AT(target),              false },
    { FRA_TUN_ID,             AT(tun_id),              false },
    { FRA_UID_RANGE,          AT(uids),                false },
    { FRA_SPORT_RANGE,        AT(sports),              false },
    { FRA_DPORT_RANGE,        AT(dports),              false },
    { FRA_IP_PROTO,           AT(ip_proto),            false },
    { FRA_SUPPRESS_IFGROUP,   AT(suppress_group),      false },
};

static const struct policy rule_policy[FRA_MAX + 1] = {
    [FRA_TABLE]              = { POL_U32, 0, false, 0, 0 },
    [FRA_SUPPRESS_PREFIXLEN] = { POL_U32, 0, false, 0, 0 },
    [FRA_SUPPRESS_IFGROUP]   = { POL_U32, 0, false, 0, 0 },
    [FRA_PROTOCOL]           = { POL_U8,  0, false, 0, 0 },
    [FRA_PRIORITY]           = { POL_U32, 0, false, 0, 0 },
    [FRA_FWMARK]             = { POL_U32, 0, false, 0, 0 },
    [FRA_FWMASK]             = { POL_U32, 0, false, 0, 0 },
    [FRA_GOTO]               = { POL_U32, 0, false, 0, 0 },
    [FRA_TUN_ID]             = { POL_U64, 0, false, 0, 0 },
    [FRA_L3MDEV]             = { POL_U8,  0, false, 0, 0 },
    [FRA_UID_RANGE]          = { POL_MIN_LEN, sizeof(struct rt_range32), false, 0, 0 },
    [FRA_SPORT_RANGE]        = { POL_MIN_LEN, sizeof(struct rt_range16), false, 0, 0 },
    [FRA_DPORT_RANGE]        = { POL_MIN_LEN, sizeof(struct rt_range16), false, 0, 0 },
    [FRA_IP_PROTO]           = { POL_U8,  0, false, 0, 0 },
};
/* clang-format on */

/* ---- answers --------------------------------------------------------------------------------- */

static void rule_header(const struct rt_rule *r, struct fib_rule_hdr *h)
{
    *h = (struct fib_rule_hdr){
        .family = r->family,
        .dst_len = r->dst_len,
        .src_len = r->src_len,
        .tos = r->tos,
        .table = (uint8_t)(r->table < 256 ? r->table : RT_TABLE_COMPAT),
        .action = r->action,
        .flags = r->flags,
    };
}

static bool is_told(const struct row *row, const struct rt_rule *r)
{
    const uint8_t none = row->type == FRA_SUPPRESS_IFGROUP ? 0xff : 0;

    return row->always || !bytes_are((const uint8_t *)r + row->offset, row->size, none) ||
           (row->type == FRA_FWMASK && r->mark);
}

static void rule_put(struct nlmsghdr *msg, const struct rt_rule *r)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const void *value = (const uint8_t *)r + rows[i].offset;

        if (!is_told(&rows[i], r))
            continue;
        if (rows[i].size == IFNAMSIZ)
            mnl_attr_put_strz(msg, rows[i].type, value);
        else
            mnl_attr_put(msg, rows[i].type, rows[i].size, value);
    }
    if (r->dst_len)
        mnl_attr_put(msg, FRA_DST, rt_ip_len(r->family), r->dst);
    if (r->src_len)
        mnl_attr_put(msg, FRA_SRC, rt_ip_len(r->family), r->src);
}

static int check_dump(struct dump *d, struct err *e)
{
    struct fib_rule_hdr h;

    rt_header(d->req.msg, &h, HDR);
    if (d->req.sock->strict_chk) {
        if (mnl_nlmsg_get_payload_len(d->req.msg) < HDR)
            return rt_refuse(e, EINVAL, "Invalid header for fib rule dump request");
        if (h.dst_len || h.src_len || h.tos || h.table || h.res1 || h.res2 || h.action || h.flags)
            return rt_refuse(e, EINVAL, "Invalid values in header for fib rule dump request");
        if (mnl_nlmsg_get_payload_len(d->req.msg) > HDR)
            return rt_refuse(e, EINVAL, "Invalid data after header in fib rule dump request");
    }
    if (h.family && !rt_ip_len(h.family))
        return err_set(e, EAFNOSUPPORT, "family %u has no rules", h.family);
    return 0;
}

static int dump_rules(struct dump *d, struct err *e)
{
    struct fib_rule_hdr wanted, h;
    const struct rt_rule *r;

    if (check_dump(d, e))
        return -e->code;
    rt_header(d->req.msg, &wanted, HDR);
    for (; (r = rt_ops_of(&d->req)->rule_at(d->req.sock->ns, d->pos)); d->pos++) {
        struct nlmsghdr *msg;

        if (wanted.family && wanted.family != r->family)
            continue;
        rule_header(r, &h);
        msg = rt_dump_msg(d, RTM_NEWRULE, &h, HDR);
        rule_put(msg, r);
        if (!dump_commit(d, msg))
            return 1;
    }
    return 0;
}

/* ---- changes --------------------------------------------------------------------------------- */

static int read_prefix(const struct nlattr *a, uint8_t len, uint8_t family, uint8_t *ip,
                       const char *refusal, struct err *e)
{
    size_t size = rt_ip_len(family);

    if (!len)
        return 0;
    if (!a || len > 8 * size || mnl_attr_get_payload_len(a) != size)
        return rt_refuse(e, EINVAL, refusal);
    memcpy(ip, mnl_attr_get_payload(a), size);
    return 0;
}

static int read_values(const struct nlattr *const *tb, struct rt_rule *r, struct err *e)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const struct nlattr *a = tb[rows[i].type];
        bool is_name = rows[i].size == IFNAMSIZ;
        size_t len;

        if (!a)
            continue;
        len = mnl_attr_get_payload_len(a);
        if (is_name && strnlen(mnl_attr_get_payload(a), len) >= IFNAMSIZ)
            return rt_refuse(e, ERANGE, "Error parsing msg");
        memcpy((uint8_t *)r + rows[i].offset, mnl_attr_get_payload(a), MIN(rows[i].size, len));
    }
    return 0;
}

static int check_ports(const struct nlattr *a, const struct rt_range16 *r, const char *refusal,
                       struct err *e)
{
    if (a && (!r->first || r->last < r->first || r->last == UINT16_MAX))
        return rt_refuse(e, EINVAL, refusal);
    return 0;
}

static int check_goto(const struct nlattr *const *tb, const struct rt_rule *r, struct err *e)
{
    if (tb[FRA_GOTO] && r->action != FR_ACT_GOTO)
        return rt_refuse(e, EINVAL, "Unexpected goto");
    if (tb[FRA_GOTO] && r->target <= r->priority)
        return rt_refuse(e, EINVAL, "Backward goto not supported");
    if (!tb[FRA_GOTO] && r->action == FR_ACT_GOTO)
        return rt_refuse(e, EINVAL, "Missing goto target for action goto");
    return 0;
}

static int check_values(const struct nlattr *const *tb, const struct rt_rule *r, struct err *e)
{
    if (tb[FRA_L3MDEV] && mnl_attr_get_u8(tb[FRA_L3MDEV]))
        return rt_refuse(e, EINVAL, "l3mdev support is not enabled in kernel");
    if (check_goto(tb, r, e))
        return -e->code;
    if (tb[FRA_UID_RANGE] && r->uids.first > r->uids.last)
        return rt_refuse(e, EINVAL, "Invalid uid range");
    if (check_ports(tb[FRA_SPORT_RANGE], &r->sports, "Invalid sport range", e))
        return -e->code;
    return check_ports(tb[FRA_DPORT_RANGE], &r->dports, "Invalid dport range", e);
}

/* 'has_priority': the client said which; otherwise a new one goes before all but the first. */
static int read_rule(const struct req *req, struct rt_rule *r, bool *has_priority, struct err *e)
{
    const struct nlattr *tb[FRA_MAX + 1];
    struct fib_rule_hdr h;
    int rc;

    if (mnl_nlmsg_get_payload_len(req->msg) < HDR)
        return rt_refuse(e, EINVAL, "Invalid msg length");
    rt_header(req->msg, &h, HDR);
    if (!rt_ip_len(h.family))
        return rt_refuse(e, EAFNOSUPPORT, "Rule family not supported");
    rc = rt_parse(req->msg, HDR, rule_policy, FRA_MAX, tb, e);
    if (rc)
        return rt_refuse(e, -rc, "Error parsing msg");
    *r = (struct rt_rule){
        .family = h.family, .dst_len = h.dst_len, .src_len = h.src_len, .tos = h.tos,
        .table = h.table, .action = h.action, .flags = h.flags,
        .suppress_prefix_len = UINT32_MAX, .suppress_group = UINT32_MAX,
    };
    if (read_prefix(tb[FRA_SRC], h.src_len, h.family, r->src, "Invalid source address", e) ||
        read_prefix(tb[FRA_DST], h.dst_len, h.family, r->dst, "Invalid dst address", e))
        return -e->code;
    *has_priority = tb[FRA_PRIORITY];
    r->priority = rt_ops_of(req)->rule_default_priority(req->sock->ns, h.family);
    rc = read_values(tb, r, e);
    if (!tb[FRA_FWMASK] && r->mark)
        r->mark_mask = UINT32_MAX;
    return rc ? rc : check_values(tb, r, e);
}

static int check_new(const struct rt_rule *r, struct err *e)
{
    if (r->tos & ECN_MASK)
        return rt_refuse(e, EINVAL, "Invalid dsfield (tos): ECN bits must be 0");
    if (r->family == AF_INET && r->tos & ~TOS_MASK)
        return rt_refuse(e, EINVAL, "Invalid tos");
    if (r->family == AF_INET6 && r->action == FR_ACT_TO_TBL && !r->table)
        return rt_refuse(e, EINVAL, "Invalid table");
    return 0;
}

static int new_rule(struct req *req, struct err *e)
{
    struct rt_rule r;
    bool has_priority;
    int rc = read_rule(req, &r, &has_priority, e);

    if (!rc)
        rc = check_new(&r, e);
    return rc ? rc : rt_ops_of(req)->rule_add(req->sock->ns, &r, req->msg->nlmsg_flags, req, e);
}

static int del_rule(struct req *req, struct err *e)
{
    struct rt_rule r;
    bool has_priority;
    int rc = read_rule(req, &r, &has_priority, e);

    if (rc)
        return rc;
    return rt_ops_of(req)->rule_del(req->sock->ns, &r, has_priority, req, e);
}

void rt_rule_event(struct netns *ns, uint16_t type, const struct rt_rule *r, struct req *cause)
{
    struct fib_rule_hdr h;
    struct nlmsghdr *msg;

    rule_header(r, &h);
    msg = rt_event_msg(ns, type, cause, &h, HDR);
    rule_put(msg, r);
    rt_send_event(ns, r->family == AF_INET ? RTNLGRP_IPV4_RULE : RTNLGRP_IPV6_RULE, cause, msg);
}

const struct rt_op rt_rule_ops[] = {
    { RTM_GETRULE, 0, HDR, { .dump = dump_rules } },
    { RTM_NEWRULE, 0, 1, { .doit = new_rule, .needs = RT_BIT(FRA_PRIORITY) | RT_BIT(FRA_TABLE),
      .takes = RT_BIT(FRA_SRC) | RT_BIT(FRA_DST) | RT_BIT(FRA_FWMARK) | RT_BIT(FRA_IP_PROTO) } },
    { RTM_DELRULE, 0, 1, { .doit = del_rule, .needs = RT_BIT(FRA_PRIORITY),
      .takes = RT_BIT(FRA_TABLE) } },
    { 0 },
};
