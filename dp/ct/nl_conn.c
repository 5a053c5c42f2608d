/* nl_conn.c - ctnetlink's requests about connections: GET, DELETE. NEW is in nl_conn_new.c.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "dp/ct/nl.h"
#include "dp/datapath.h"
#include "netlink/attr.h"

#define TYPE(msg) NF_TYPE(NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_##msg)

/* clang-format off */
static const struct policy conn_policy[CTA_MAX + 1] = {
    [CTA_TUPLE_ORIG] = { POL_NESTED },     [CTA_TUPLE_REPLY] = { POL_NESTED },
    [CTA_STATUS] = { POL_U32 },            [CTA_PROTOINFO] = { POL_NESTED },
    [CTA_HELP] = { POL_NESTED },           [CTA_NAT_SRC] = { POL_NESTED },
    [CTA_TIMEOUT] = { POL_U32 },           [CTA_MARK] = { POL_U32 },
    [CTA_ID] = { POL_U32 },                [CTA_NAT_DST] = { POL_NESTED },
    [CTA_TUPLE_MASTER] = { POL_NESTED },   [CTA_SEQ_ADJ_ORIG] = { POL_NESTED },
    [CTA_SEQ_ADJ_REPLY] = { POL_NESTED },  [CTA_ZONE] = { POL_U16 },
    [CTA_MARK_MASK] = { POL_U32 },         [CTA_LABELS] = { POL_BINARY, 16 },
    [CTA_LABELS_MASK] = { POL_BINARY, 16 },[CTA_FILTER] = { POL_NESTED },
    [CTA_STATUS_MASK] = { POL_U32 },
};
/* clang-format on */

/* ---- which connections a dump or a flush means --------------------------------------------------- */

struct masked {
    uint32_t value, mask;
};

struct filter {
    uint8_t family;                     /* 0: any */
    struct masked mark, status;
    uint32_t parts[CT_N_DIRS];          /* of the tuples that must be equal */
    struct ct_tuple tuple[CT_N_DIRS];
};

static bool is_filtered(const struct req *req, uint8_t family)
{
    return family || req->attr[CTA_MARK] || req->attr[CTA_STATUS] || req->attr[CTA_FILTER];
}

/* A value without a mask is its own mask, unless 'whole'. */
static int get_masked(const struct nlattr *value, const struct nlattr *mask, bool whole,
                      struct masked *m, struct err *e)
{
    if (!value)
        return mask ? err_set(e, EINVAL, "ctnetlink: a mask without its value") : 0;
    m->value = get_be32(value);
    m->mask = mask ? get_be32(mask) : whole ? UINT32_MAX : m->value;
    return 0;
}

/* Younger than the other nests, and so read strictly. */
static int get_parts(const struct nlattr *nest, struct filter *f, struct err *e)
{
    static const struct policy rows[CTA_FILTER_MAX + 1] = {
        [CTA_FILTER_ORIG_FLAGS] = { POL_U32 },
        [CTA_FILTER_REPLY_FLAGS] = { POL_U32 },
    };
    const struct nlattr *tb[CTA_FILTER_MAX + 1];
    bool is_nest = nest->nla_type & NLA_F_NESTED;

    if (!is_nest || policy_parse_strict(rows, CTA_FILTER_MAX, mnl_attr_get_payload(nest),
                                        mnl_attr_get_payload_len(nest), nest, tb, NULL))
        return err_set(e, EINVAL, "ctnetlink: CTA_FILTER is damaged");
    for (unsigned dir = 0; dir < CT_N_DIRS; dir++) {
        const struct nlattr *flags = tb[CTA_FILTER_ORIG_FLAGS + dir];

        f->parts[dir] = flags ? mnl_attr_get_u32(flags) : 0;
        if (f->parts[dir] & ~CT_PART_ALL)
            return err_set(e, EINVAL, "ctnetlink: unknown flags in CTA_FILTER");
    }
    return 0;
}

static int get_tuples(const struct req *req, struct filter *f, struct err *e)
{
    struct ct_nl_scope scope = ct_nl_scope_of(req, req->attr[CTA_ZONE]);
    int rc = get_parts(req->attr[CTA_FILTER], f, e);

    for (unsigned dir = 0; !rc && dir < CT_N_DIRS; dir++) {
        const struct nlattr *tuple = req->attr[dir == CT_ORIG ? CTA_TUPLE_ORIG : CTA_TUPLE_REPLY];

        if (!f->parts[dir])
            continue;
        if (!tuple)
            return err_set(e, EINVAL, "ctnetlink: the tuple to filter by is missing");
        scope.parts = f->parts[dir];
        rc = ct_nl_get_tuple(&scope, dir, tuple, &f->tuple[dir], e);
    }
    return rc;
}

static int get_filter(const struct req *req, uint8_t family, struct filter *f, struct err *e)
{
    int rc;

    f->family = family;
    rc = get_masked(req->attr[CTA_MARK], req->attr[CTA_MARK_MASK], true, &f->mark, e);
    if (!rc)
        rc = get_masked(req->attr[CTA_STATUS], req->attr[CTA_STATUS_MASK], false, &f->status, e);
    if (!rc && req->attr[CTA_STATUS] && !f->status.mask)
        rc = err_set(e, EINVAL, "ctnetlink: a filter by no bit of the status");
    if (!rc && req->attr[CTA_FILTER])
        rc = get_tuples(req, f, e);
    return rc;
}

static bool is_meant(const struct filter *f, const struct ct_conn *c)
{
    if (f->family && f->family != ct_nl_family(&c->dir[CT_ORIG].tuple))
        return false;
    if ((c->mark & f->mark.mask) != f->mark.value || (c->status & f->status.mask) != f->status.value)
        return false;
    for (unsigned dir = 0; dir < CT_N_DIRS; dir++)
        if (!ct_nl_parts_equal(&f->tuple[dir], &c->dir[dir].tuple, f->parts[dir]))
            return false;
    return true;
}

/* ---- GET ------------------------------------------------------------------------------------------ */

/* A connection's counters have been told, once and for all if the request is GET_CTRZERO. */
static void zero_counters(const struct req *req, struct ct_conn *c)
{
    if (NFNL_MSG_TYPE(req->msg->nlmsg_type) == IPCTNL_MSG_CT_GET_CTRZERO)
        memset(c->count, 0, sizeof(c->count));
}

static struct nlmsghdr *conn_msg(const struct req *req, const struct ct_conn *c, uint32_t use)
{
    struct nlmsghdr *msg = nf_reply(req, TYPE(NEW), ct_nl_family(&c->dir[CT_ORIG].tuple));

    ct_nl_put_conn(msg, c, use);
    return msg;
}

/* Whoever looks at one connection holds it, and so counts as one more user. */
static int get_conn(struct req *req, struct err *e)
{
    struct ct_nl_scope scope = ct_nl_scope_of(req, req->attr[CTA_ZONE]);
    struct nlmsghdr *msg;
    struct ct_conn *c;
    int rc = ct_nl_find(req, req->attr[CTA_TUPLE_ORIG], req->attr[CTA_TUPLE_REPLY], &scope, &c, e);

    if (!rc)
        rc = req_faulty(req, DP_FAULT_CT_REPLY, e);
    if (rc)
        return rc;
    msg = conn_msg(req, c, c->use + 1);
    zero_counters(req, c);
    return reply_send(req, msg);
}

/* Where a dump is: behind 'last', which may have left the table meanwhile. */
struct conn_dump {
    struct filter filter;
    struct ct_conn *last;               /* holds a reference; NULL: at the start */
};

static struct ct_conn *dump_next(struct ct_table *t, const struct ct_conn *last)
{
    struct ct_conn *c;

    if (last && !ct_is_dying(last))
        return ct_next(t, last);
    c = ct_next(t, NULL);
    while (last && c && c->order <= last->order)
        c = ct_next(t, c);
    return c;
}

static int begin_conns(struct dump *d, struct err *e)
{
    struct conn_dump *s = g_new0(struct conn_dump, 1);
    uint8_t family = nf_header(&d->req)->nfgen_family;
    int rc = 0;

    if (is_filtered(&d->req, family)) {
        d->flags = NLM_F_DUMP_FILTERED;
        rc = get_filter(&d->req, family, &s->filter, e);
    }
    if (rc)
        g_free(s);
    else
        d->state = s;
    return rc;
}

static int dump_conns(struct dump *d, struct err *e)
{
    struct conn_dump *s = d->state;
    struct ct_table *t = req_ns(&d->req)->ct;
    struct ct_conn *c;

    (void)e;
    while ((c = dump_next(t, s->last))) {
        if (is_meant(&s->filter, c)) {
            struct nlmsghdr *msg = conn_msg(&d->req, c, c->use);

            msg->nlmsg_flags |= d->flags;
            if (!dump_commit(d, msg))
                return 1;
            zero_counters(&d->req, c);
        }
        ct_conn_put(s->last);
        s->last = ct_conn_get(c);
    }
    return 0;
}

static void end_conns(struct dump *d)
{
    struct conn_dump *s = d->state;

    ct_conn_put(s->last);
    g_free(s);
}

/* Unconfirmed connections are on no list, and none is dying that has not been told of. */
static int dump_nothing(struct dump *d, struct err *e)
{
    (void)d;
    (void)e;
    return 0;
}

/* ---- DELETE --------------------------------------------------------------------------------------- */

/* Without a tuple; also what has expired, but is there still. The zone is not looked at: Linux 6.8 is the
 * first to do that. */
static int flush_conns(struct req *req, struct err *e)
{
    struct ct_table *t = req_ns(req)->ct;
    const struct nfgenmsg *h = nf_header(req);
    uint8_t family = h->version ? h->nfgen_family : 0;
    struct filter filter = { 0 };
    struct ct_link *l, *next;
    int rc;

    if (is_filtered(req, family) && req->attr[CTA_FILTER])
        return err_set(e, EOPNOTSUPP, "ctnetlink: CTA_FILTER is for dumps");
    rc = is_filtered(req, family) ? get_filter(req, family, &filter, e) : 0;
    for (l = t->all.next; !rc && l != &t->all; l = next) {
        struct ct_conn *c = ct_of_link(l, struct ct_conn, all);

        next = l->next;
        if (is_meant(&filter, c))
            ct_nl_delete(c, req);
    }
    return rc;
}

static int delete_conn(struct req *req, struct err *e)
{
    const struct nlattr *orig = req->attr[CTA_TUPLE_ORIG], *reply = req->attr[CTA_TUPLE_REPLY];
    struct ct_nl_scope scope = ct_nl_scope_of(req, req->attr[CTA_ZONE]);
    struct ct_conn *c;
    int rc;

    if (!orig && !reply)
        return flush_conns(req, e);
    rc = ct_nl_find(req, orig, reply, &scope, &c, e);
    if (rc)
        return rc;
    if (req->attr[CTA_ID] && get_be32(req->attr[CTA_ID]) != c->id)
        return err_set(e, ENOENT, "ctnetlink: the connection has another id");
    ct_nl_delete(c, req);
    return 0;
}

/* ---- rows ----------------------------------------------------------------------------------------- */

#define CONN(msg) .cmd = IPCTNL_MSG_CT_##msg, .policy = conn_policy, .max_attr = CTA_MAX
#define DUMP_CONNS .dump = dump_conns, .dump_begin = begin_conns, .dump_done = end_conns

static const struct genl_op conn_ops[] = {
    { CONN(NEW), .doit = ct_nl_new_conn },
    { CONN(GET), .doit = get_conn, DUMP_CONNS },
    { CONN(DELETE), .doit = delete_conn },
    { CONN(GET_CTRZERO), .doit = get_conn, DUMP_CONNS },
    { .cmd = IPCTNL_MSG_CT_GET_STATS_CPU, .doit = ct_nl_no_stats, .dump = ct_nl_dump_stats },
    { .cmd = IPCTNL_MSG_CT_GET_STATS, .doit = ct_nl_get_stats },
    { .cmd = IPCTNL_MSG_CT_GET_DYING, .dump = dump_nothing },
    { .cmd = IPCTNL_MSG_CT_GET_UNCONFIRMED, .dump = dump_nothing },
};

const struct nf_subsys ct_nl_conns = {
    .id = NFNL_SUBSYS_CTNETLINK,
    .op = conn_ops,
    .n_ops = G_N_ELEMENTS(conn_ops),
    .form = &ct_conn_form,
};
