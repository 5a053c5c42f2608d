/* nl_expect.c - expectations: requests about them, and what listeners are told.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "dp/ct/helper.h"
#include "dp/ct/nl.h"
#include "dp/datapath.h"
#include "netlink/attr.h"

#define TYPE(msg) NF_TYPE(NFNL_SUBSYS_CTNETLINK_EXP, IPCTNL_MSG_EXP_##msg)
#define NAME_MOST 15
#define NS_PER_S UINT64_C(1000000000)

static const struct policy expect_policy[CTA_EXPECT_MAX + 1] = {
    [CTA_EXPECT_MASTER] = { POL_NESTED },  [CTA_EXPECT_TUPLE] = { POL_NESTED },
    [CTA_EXPECT_MASK] = { POL_NESTED },    [CTA_EXPECT_TIMEOUT] = { POL_U32 },
    [CTA_EXPECT_ID] = { POL_U32 },         [CTA_EXPECT_HELP_NAME] = { POL_STRING, NAME_MOST },
    [CTA_EXPECT_ZONE] = { POL_U16 },       [CTA_EXPECT_FLAGS] = { POL_U32 },
    [CTA_EXPECT_CLASS] = { POL_U32 },      [CTA_EXPECT_NAT] = { POL_NESTED },
    [CTA_EXPECT_FN] = { POL_STRING },
};

/* What is done to a connection when it comes, by its name. */
static const struct {
    const char *name;
    void (*fn)(struct ct_conn *c, const struct ct_expect *x);
} expect_fns[] = {
    { "nat-follow-master", ct_nat_follow_master },
};

/* ---- writing ----------------------------------------------------------------------------------------- */

/* Ends that are not masked must be equal. */
static void put_mask(struct nlmsghdr *msg, const struct ct_expect *x)
{
    struct ct_tuple mask = x->mask;

    mask.l3 = x->tuple.l3;
    mask.proto = x->tuple.proto;
    memset(mask.dst.bytes, 0xff, sizeof(mask.dst.bytes));
    mask.dst_id = UINT16_MAX;
    ct_nl_put_tuple(msg, CTA_EXPECT_MASK, &mask, 0);
}

static void put_nat(struct nlmsghdr *msg, const struct ct_expect *x)
{
    struct ct_tuple to = { .l3 = x->tuple.l3, .proto = x->master->dir[CT_ORIG].tuple.proto,
                           .src = x->saved_addr, .src_id = x->saved_id };
    struct nlattr *nest;

    if (!x->saved_id && bytes_are(x->saved_addr.bytes, sizeof(x->saved_addr.bytes), 0))
        return;
    nest = mnl_attr_nest_start(msg, CTA_EXPECT_NAT);
    put_be32(msg, CTA_EXPECT_NAT_DIR, x->dir);
    ct_nl_put_tuple(msg, CTA_EXPECT_NAT_TUPLE, &to, 0);
    mnl_attr_nest_end(msg, nest);
}

static void put_fn(struct nlmsghdr *msg, const struct ct_expect *x)
{
    for (size_t i = 0; i < G_N_ELEMENTS(expect_fns); i++)
        if (expect_fns[i].fn == x->expected)
            mnl_attr_put_strz(msg, CTA_EXPECT_FN, expect_fns[i].name);
}

static uint32_t seconds_left(const struct ct_expect *x)
{
    uint64_t now = ct_now(x->master->table);

    return x->expires_ns > now ? (uint32_t)((x->expires_ns - now) / NS_PER_S) : 0;
}

static void put_expect(struct nlmsghdr *msg, const struct ct_expect *x)
{
    ct_nl_put_tuple(msg, CTA_EXPECT_TUPLE, &x->tuple, 0);
    put_mask(msg, x);
    ct_nl_put_tuple(msg, CTA_EXPECT_MASTER, &x->master->dir[CT_ORIG].tuple, 0);
    put_nat(msg, x);
    put_be32(msg, CTA_EXPECT_TIMEOUT, seconds_left(x));
    put_be32(msg, CTA_EXPECT_ID, x->id);
    put_be32(msg, CTA_EXPECT_FLAGS, x->flags);
    put_be32(msg, CTA_EXPECT_CLASS, x->class);
    if (x->master->helper)
        mnl_attr_put_strz(msg, CTA_EXPECT_HELP_NAME, x->master->helper->name);
    put_fn(msg, x);
}

static struct nlmsghdr *expect_msg(const struct req *req, const struct ct_expect *x)
{
    struct nlmsghdr *msg = nf_reply(req, TYPE(NEW), ct_nl_family(&x->tuple));

    put_expect(msg, x);
    return msg;
}

void ct_nl_on_expect(void *ctx, struct ct_expect *x, unsigned event)
{
    struct dp_ns *ns = ctx;
    bool is_new = event == IPEXP_NEW;
    struct req *cause = ct_nl_cause(ns, is_new ? CT_CAUSE_EXPECT_NEW : CT_CAUSE_EXPECT_DESTROY);
    struct nlmsghdr *msg;

    if (!ct_nl_is_wanted(ns, cause))
        return;
    msg = nf_event(ns->net, is_new ? TYPE(NEW) : TYPE(DELETE), ct_nl_family(&x->tuple), cause);
    msg->nlmsg_flags = is_new ? NLM_F_CREATE | NLM_F_EXCL : 0;
    put_expect(msg, x);
    nf_send_event(ns->net, is_new ? NFNLGRP_CONNTRACK_EXP_NEW : NFNLGRP_CONNTRACK_EXP_DESTROY, msg,
                  cause);
}

/* ---- GET --------------------------------------------------------------------------------------------- */

static struct ct_nl_scope scope_of(const struct req *req)
{
    return ct_nl_scope_of(req, req->attr[CTA_EXPECT_ZONE]);
}

/* The expectation that a packet with this tuple would fulfil, and that has the id, if one is given. */
static int find_expect(const struct req *req, const struct nlattr *nest, struct ct_expect **x,
                       struct err *e)
{
    struct ct_nl_scope scope = scope_of(req);
    struct ct_tuple tuple;
    int rc = ct_nl_get_tuple(&scope, CT_ORIG, nest, &tuple, e);

    if (rc)
        return rc;
    *x = ct_expect_find(req_ns(req)->ct, &tuple);
    if (!*x || (req->attr[CTA_EXPECT_ID] && get_be32(req->attr[CTA_EXPECT_ID]) != (*x)->id))
        return err_set(e, ENOENT, "ctnetlink: nothing like that is expected");
    return 0;
}

static int get_expect(struct req *req, struct err *e)
{
    const struct nlattr *nest = req->attr[CTA_EXPECT_TUPLE];
    struct ct_expect *x;
    int rc;

    if (!nest)
        nest = req->attr[CTA_EXPECT_MASTER];
    if (!nest)
        return err_set(e, EINVAL, "ctnetlink: no tuple is given");
    rc = find_expect(req, nest, &x, e);
    return rc ? rc : reply_send(req, expect_msg(req, x));
}

/* With a master, only what that one waits for. It may be gone before the dump is over, so it is told
 * by its id. Without a helper it waits for nothing. */
static int begin_expects(struct dump *d, struct err *e)
{
    const struct nlattr *master = d->req.attr[CTA_EXPECT_MASTER];
    struct ct_nl_scope scope = scope_of(&d->req);
    struct ct_conn *c;
    int rc = master ? ct_nl_find(&d->req, master, NULL, &scope, &c, e) : 0;

    if (!rc && master && !c->helper)
        return NOTHING_TO_DUMP;
    if (!rc && master)
        d->state = GUINT_TO_POINTER(c->id);
    return rc;
}

/* d->pos: the id of the last one told. Ids grow along the list. */
static int dump_expects(struct dump *d, struct err *e)
{
    struct ct_table *t = req_ns(&d->req)->ct;
    uint8_t family = nf_header(&d->req)->nfgen_family;
    uint32_t master_id = GPOINTER_TO_UINT(d->state);

    (void)e;
    ct_expects_expire(t);
    for (struct ct_link *l = t->expects.next; l != &t->expects; l = l->next) {
        const struct ct_expect *x = ct_of_link(l, struct ct_expect, all);

        if (x->id <= d->pos || (master_id && x->master->id != master_id) ||
            (family && !master_id && family != ct_nl_family(&x->tuple)))
            continue;
        if (!dump_commit(d, expect_msg(&d->req, x)))
            return 1;
        d->pos = x->id;
    }
    return 0;
}

/* ---- DELETE ------------------------------------------------------------------------------------------ */

static void delete_for(struct req *req, struct ct_expect *x)
{
    struct dp_ns *ns = req_ns(req);

    ns->ct_cause = req;
    ns->ct_cause_event = CT_CAUSE_EXPECT_DESTROY;
    ct_expect_delete(x);
    ns->ct_cause = NULL;
}

/* All of a helper; of all helpers, if 'name' is NULL. */
static void delete_all(struct req *req, const char *name)
{
    struct ct_table *t = req_ns(req)->ct;
    struct ct_link *l, *next;

    for (l = t->expects.next; l != &t->expects; l = next) {
        struct ct_expect *x = ct_of_link(l, struct ct_expect, all);
        const struct ct_helper *helper = x->master->helper;

        next = l->next;
        if (!name || (helper && !strcmp(helper->name, name)))
            delete_for(req, x);
    }
}

static int delete_expect(struct req *req, struct err *e)
{
    const struct nlattr *tuple = req->attr[CTA_EXPECT_TUPLE];
    const struct nlattr *name = req->attr[CTA_EXPECT_HELP_NAME];
    struct ct_expect *x;
    int rc;

    if (!tuple) {
        delete_all(req, name ? mnl_attr_get_str(name) : NULL);
        return 0;
    }
    rc = find_expect(req, tuple, &x, e);
    if (!rc)
        delete_for(req, x);
    return rc;
}

/* ---- NEW --------------------------------------------------------------------------------------------- */

static int get_nat(struct ct_nl_scope *scope, const struct nlattr *nest, struct ct_expect *x,
                   struct err *e)
{
    static const struct policy rows[CTA_EXPECT_NAT_MAX + 1] = {
        [CTA_EXPECT_NAT_DIR] = { POL_U32 }, [CTA_EXPECT_NAT_TUPLE] = { POL_NESTED },
    };
    const struct nlattr *tb[CTA_EXPECT_NAT_MAX + 1];
    struct ct_tuple to;
    int rc = ct_nl_parse_nest(nest, rows, CTA_EXPECT_NAT_MAX, tb, e);

    if (rc)
        return rc;
    if (!tb[CTA_EXPECT_NAT_DIR] || !tb[CTA_EXPECT_NAT_TUPLE])
        return err_set(e, EINVAL, "ctnetlink: the expectation's NAT is not whole");
    rc = ct_nl_get_tuple(scope, CT_ORIG, tb[CTA_EXPECT_NAT_TUPLE], &to, e);
    if (rc)
        return rc;
    x->saved_addr = to.src;
    x->saved_id = to.src_id;
    x->dir = get_be32(tb[CTA_EXPECT_NAT_DIR]);
    return 0;
}

static int get_fn(const struct nlattr *a, struct ct_expect *x, struct err *e)
{
    const char *name = mnl_attr_get_str(a);

    for (size_t i = 0; i < G_N_ELEMENTS(expect_fns); i++)
        if (!strcmp(expect_fns[i].name, name))
            x->expected = expect_fns[i].fn;
    return x->expected ? 0 : err_set(e, EINVAL, "ctnetlink: there is no function \"%s\"", name);
}

/* What the expectation is, but for its tuples. The helpers here have one class, 0. */
static int get_attrs(const struct req *req, struct ct_nl_scope *scope, struct ct_expect *x,
                     struct err *e)
{
    int rc = 0;

    if (req->attr[CTA_EXPECT_CLASS] && get_be32(req->attr[CTA_EXPECT_CLASS]))
        return err_set(e, EINVAL, "ctnetlink: the helper has no such class of expectations");
    if (req->attr[CTA_EXPECT_FLAGS])
        x->flags = get_be32(req->attr[CTA_EXPECT_FLAGS]) & ~(uint32_t)NF_CT_EXPECT_USERSPACE;
    if (req->attr[CTA_EXPECT_FN])
        rc = get_fn(req->attr[CTA_EXPECT_FN], x, e);
    if (!rc && req->attr[CTA_EXPECT_NAT])
        rc = get_nat(scope, req->attr[CTA_EXPECT_NAT], x, e);
    return rc;
}

static int add_expect(struct req *req, struct ct_conn *master, const struct ct_expect *x,
                      struct err *e)
{
    struct dp_ns *ns = req_ns(req);
    int rc;

    ns->ct_cause = req;
    ns->ct_cause_event = CT_CAUSE_EXPECT_NEW;
    rc = ct_expect_add(master, x);
    ns->ct_cause = NULL;
    return rc ? err_set(e, -rc, "ctnetlink: it clashes with another, or there are too many") : 0;
}

static int create_expect(struct req *req, struct ct_expect *x, struct err *e)
{
    struct ct_nl_scope scope = scope_of(req);
    struct ct_conn *master;
    int rc = ct_nl_get_tuple(&scope, CT_ORIG, req->attr[CTA_EXPECT_MASK], &x->mask, e);

    if (!rc)
        rc = ct_nl_find(req, req->attr[CTA_EXPECT_MASTER], NULL, &scope, &master, e);
    if (rc)
        return rc;
    if (!master->helper)
        return err_set(e, EOPNOTSUPP, "ctnetlink: the master has no helper");
    rc = get_attrs(req, &scope, x, e);
    return rc ? rc : add_expect(req, master, x, e);
}

static int change_expect(const struct req *req, struct ct_expect *x)
{
    const struct nlattr *a = req->attr[CTA_EXPECT_TIMEOUT];

    if (a)
        x->expires_ns = ct_now(x->master->table) + get_be32(a) * NS_PER_S;
    return 0;
}

static int new_expect(struct req *req, struct err *e)
{
    struct ct_nl_scope scope = scope_of(req);
    struct ct_expect x = { 0 }, *old;
    int rc;

    if (!req->attr[CTA_EXPECT_TUPLE] || !req->attr[CTA_EXPECT_MASK] || !req->attr[CTA_EXPECT_MASTER])
        return err_set(e, EINVAL, "ctnetlink: an expectation needs tuple, mask and master");
    rc = ct_nl_get_tuple(&scope, CT_ORIG, req->attr[CTA_EXPECT_TUPLE], &x.tuple, e);
    if (rc)
        return rc;
    old = ct_expect_find(req_ns(req)->ct, &x.tuple);
    if (old)
        return req->msg->nlmsg_flags & NLM_F_EXCL ? err_set(e, EEXIST, "ctnetlink: that is expected")
                                                  : change_expect(req, old);
    if (!(req->msg->nlmsg_flags & NLM_F_CREATE))
        return err_set(e, ENOENT, "ctnetlink: nothing like that is expected");
    return create_expect(req, &x, e);
}

/* ---- rows -------------------------------------------------------------------------------------------- */

#define EXPECT(msg) .cmd = IPCTNL_MSG_EXP_##msg, .policy = expect_policy, .max_attr = CTA_EXPECT_MAX

static const struct genl_op expect_ops[] = {
    { EXPECT(NEW), .doit = new_expect },
    { EXPECT(GET), .doit = get_expect, .dump = dump_expects, .dump_begin = begin_expects },
    { EXPECT(DELETE), .doit = delete_expect },
    { .cmd = IPCTNL_MSG_EXP_GET_STATS_CPU, .doit = ct_nl_no_stats,
      .dump = ct_nl_dump_expect_stats },
};

const struct nf_subsys ct_nl_expects = {
    .id = NFNL_SUBSYS_CTNETLINK_EXP,
    .op = expect_ops,
    .n_ops = G_N_ELEMENTS(expect_ops),
    .form = &ct_expect_form,
};
