/* nl_conn_new.c - IPCTNL_MSG_CT_NEW: a client makes a connection, or changes one.
 * SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "dp/ct/helper.h"
#include "dp/ct/nl.h"
#include "dp/datapath.h"
#include "netlink/attr.h"

#define NS_PER_S UINT64_C(1000000000)
#define LONGEST_S (INT32_MAX / CT_HZ)
#define FIXED_BITS (IPS_EXPECTED | IPS_CONFIRMED | IPS_DYING)       /* no request may differ in them */
#define RISING_BITS (IPS_SEEN_REPLY | IPS_ASSURED)                  /* may be set, never cleared */
#define CHANGE_EVENTS                                                                             \
    (1u << IPCT_REPLY | 1u << IPCT_ASSURED | 1u << IPCT_HELPER | 1u << IPCT_PROTOINFO |           \
     1u << IPCT_SEQADJ | 1u << IPCT_MARK | 1u << IPCT_SYNPROXY)

/* ---- attributes that make and change ----------------------------------------------------------------- */

/* The bits that are a client's business are set; none is ever cleared. */
static int set_status(struct ct_conn *c, const struct nlattr *a, struct err *e)
{
    uint32_t status = get_be32(a), changed = (c->status | IPS_CONFIRMED) ^ status;

    if (changed & FIXED_BITS)
        return err_set(e, EBUSY, "ctnetlink: status %#x differs in bits that nobody may change", status);
    if (changed & RISING_BITS & ~status)
        return err_set(e, EBUSY, "ctnetlink: status %#x clears SEEN_REPLY or ASSURED", status);
    c->status |= status & ~(uint32_t)IPS_UNCHANGEABLE_MASK;
    return 0;
}

static int set_mark(struct ct_conn *c, const struct req *req)
{
    uint32_t mask = req->attr[CTA_MARK_MASK] ? get_be32(req->attr[CTA_MARK_MASK]) : UINT32_MAX;

    c->mark = (c->mark & ~mask) ^ get_be32(req->attr[CTA_MARK]);
    return 0;
}

static int set_labels(struct ct_conn *c, const struct req *req, struct err *e)
{
    const struct nlattr *a = req->attr[CTA_LABELS], *m = req->attr[CTA_LABELS_MASK];
    const uint8_t *value = mnl_attr_get_payload(a), *mask = m ? mnl_attr_get_payload(m) : NULL;
    size_t len = mnl_attr_get_payload_len(a);

    if (len % sizeof(uint32_t))
        return err_set(e, EINVAL, "ctnetlink: labels of %zu bytes", len);
    if (m && (!mnl_attr_get_payload_len(m) || mnl_attr_get_payload_len(m) != len))
        return err_set(e, EINVAL, "ctnetlink: labels and their mask differ in length");
    for (size_t i = 0; i < sizeof(c->labels); i++)
        c->labels[i] = i < len ? (uint8_t)((c->labels[i] & (mask ? ~mask[i] : 0)) ^ value[i]) : 0;
    c->has_labels = true;
    return 0;
}

static int get_seqadj(struct ct_seqadj_side *side, const struct nlattr *nest, struct err *e)
{
    static const struct policy rows[CTA_SEQADJ_MAX + 1] = {
        [CTA_SEQADJ_CORRECTION_POS] = { POL_U32 },
        [CTA_SEQADJ_OFFSET_BEFORE] = { POL_U32 },
        [CTA_SEQADJ_OFFSET_AFTER] = { POL_U32 },
    };
    const struct nlattr *tb[CTA_SEQADJ_MAX + 1];
    int rc = ct_nl_parse_nest(nest, rows, CTA_SEQADJ_MAX, tb, e);

    if (rc)
        return rc;
    if (!tb[CTA_SEQADJ_CORRECTION_POS] || !tb[CTA_SEQADJ_OFFSET_BEFORE] ||
        !tb[CTA_SEQADJ_OFFSET_AFTER])
        return err_set(e, EINVAL, "ctnetlink: a sequence adjustment is not whole");
    side->correction_pos = get_be32(tb[CTA_SEQADJ_CORRECTION_POS]);
    side->before = (int32_t)get_be32(tb[CTA_SEQADJ_OFFSET_BEFORE]);
    side->after = (int32_t)get_be32(tb[CTA_SEQADJ_OFFSET_AFTER]);
    return 0;
}

/* Only of connections that can be adjusted: others are left as they are. */
static int set_seqadj(struct ct_conn *c, const struct req *req, struct err *e)
{
    static const uint16_t types[CT_N_DIRS] = { CTA_SEQ_ADJ_ORIG, CTA_SEQ_ADJ_REPLY };

    if (!c->seqadj && !c->by_client)
        return 0;
    for (unsigned dir = 0; dir < CT_N_DIRS; dir++) {
        const struct nlattr *nest = req->attr[types[dir]];
        int rc;

        if (!nest)
            continue;
        if (!c->seqadj)
            c->seqadj = g_new0(struct ct_seqadj, 1);
        rc = get_seqadj(&c->seqadj->side[dir], nest, e);
        if (rc)
            return rc;
        c->status |= IPS_SEQ_ADJUST;
    }
    return 0;
}

static int set_proto_info(struct ct_conn *c, const struct nlattr *info, struct err *e)
{
    return c->proto->set_info ? c->proto->set_info(c, info, e) : 0;
}

/* Those that are treated alike for new connections and old ones. */
static int set_attrs(struct ct_conn *c, const struct req *req, struct err *e)
{
    int rc = 0;

    if (req->attr[CTA_STATUS])
        rc = set_status(c, req->attr[CTA_STATUS], e);
    if (!rc)
        rc = set_seqadj(c, req, e);
    if (!rc && req->attr[CTA_PROTOINFO])
        rc = set_proto_info(c, req->attr[CTA_PROTOINFO], e);
    if (!rc && req->attr[CTA_MARK])
        rc = set_mark(c, req);
    return rc;
}

static uint32_t get_seconds(const struct nlattr *a)
{
    return MIN(get_be32(a), LONGEST_S);
}

/* ---- helpers ----------------------------------------------------------------------------------------- */

static int get_helper_name(const struct nlattr *nest, const char **name, struct err *e)
{
    static const struct policy rows[CTA_HELP_MAX + 1] = {
        [CTA_HELP_NAME] = { POL_STRING, 15 },
    };
    const struct nlattr *tb[CTA_HELP_MAX + 1];
    int rc = ct_nl_parse_nest(nest, rows, CTA_HELP_MAX, tb, e);

    if (rc)
        return rc;
    if (!tb[CTA_HELP_NAME])
        return err_set(e, EINVAL, "ctnetlink: the helper's name is missing");
    *name = mnl_attr_get_str(tb[CTA_HELP_NAME]);
    return 0;
}

static const struct ct_helper *helper_for(const struct ct_conn *c, const char *name)
{
    return ct_helper_find(name, c->dir[CT_ORIG].tuple.l3, c->dir[CT_ORIG].tuple.proto);
}

static int no_helper(const char *name, struct err *e)
{
    return err_set(e, EOPNOTSUPP, "ctnetlink: the connection can have no helper \"%s\"", name);
}

static int give_helper(struct ct_conn *c, const struct nlattr *nest, struct err *e)
{
    const char *name;
    int rc = get_helper_name(nest, &name, e);

    if (rc)
        return rc;
    c->helper = helper_for(c, name);
    if (!c->helper)
        return no_helper(name, e);
    c->status |= IPS_HELPER;
    return 0;
}

static void take_helper(struct ct_conn *c)
{
    if (!c->helper)
        return;
    ct_expects_delete_all(c);
    c->helper = NULL;
}

/* A helper can be taken away, but none given that was not there from the start. */
static int change_helper(struct ct_conn *c, const struct nlattr *nest, struct err *e)
{
    const struct ct_helper *helper;
    const char *name;
    int rc = get_helper_name(nest, &name, e);

    if (rc)
        return rc;
    if (c->master)
        return c->helper && !strcmp(c->helper->name, name)
                   ? 0 : err_set(e, EBUSY, "ctnetlink: an expected connection keeps its helper");
    if (!*name) {
        take_helper(c);
        return 0;
    }
    helper = helper_for(c, name);
    if (!helper || (!c->helper && !(c->status & IPS_HELPER)))
        return no_helper(name, e);
    return helper == c->helper ? 0 : err_set(e, EBUSY, "ctnetlink: helper \"%s\" cannot be set", name);
}

/* ---- NAT --------------------------------------------------------------------------------------------- */

static int get_nat_ids(const struct nlattr *nest, struct ct_nat_range *range, struct err *e)
{
    static const struct policy rows[CTA_PROTONAT_MAX + 1] = {
        [CTA_PROTONAT_PORT_MIN] = { POL_U16 }, [CTA_PROTONAT_PORT_MAX] = { POL_U16 },
    };
    const struct nlattr *tb[CTA_PROTONAT_MAX + 1];
    int rc = ct_nl_parse_nest(nest, rows, CTA_PROTONAT_MAX, tb, e);

    if (rc)
        return rc;
    if (tb[CTA_PROTONAT_PORT_MIN])
        range->min_id = range->max_id = ntohs(mnl_attr_get_u16(tb[CTA_PROTONAT_PORT_MIN]));
    if (tb[CTA_PROTONAT_PORT_MAX])
        range->max_id = ntohs(mnl_attr_get_u16(tb[CTA_PROTONAT_PORT_MAX]));
    if (tb[CTA_PROTONAT_PORT_MIN] || tb[CTA_PROTONAT_PORT_MAX])
        range->flags |= NF_NAT_RANGE_PROTO_SPECIFIED;
    return 0;
}

static void get_nat_addrs(const struct nlattr *min, const struct nlattr *max, size_t len,
                          struct ct_nat_range *range)
{
    if (min) {
        memcpy(range->min_addr.bytes, mnl_attr_get_payload(min), len);
        range->flags |= NF_NAT_RANGE_MAP_IPS;
    }
    range->max_addr = range->min_addr;
    if (max)
        memcpy(range->max_addr.bytes, mnl_attr_get_payload(max), len);
}

static int get_nat_range(const struct ct_conn *c, const struct nlattr *nest,
                         struct ct_nat_range *range, struct err *e)
{
    static const struct policy rows[CTA_NAT_MAX + 1] = {
        [CTA_NAT_V4_MINIP] = { POL_U32 },         [CTA_NAT_V4_MAXIP] = { POL_U32 },
        [CTA_NAT_V6_MINIP] = { POL_MIN_LEN, 16 }, [CTA_NAT_V6_MAXIP] = { POL_MIN_LEN, 16 },
        [CTA_NAT_PROTO] = { POL_NESTED },
    };
    const struct nlattr *tb[CTA_NAT_MAX + 1];
    int rc = ct_nl_parse_nest(nest, rows, CTA_NAT_MAX, tb, e);

    if (rc)
        return rc;
    if (c->dir[CT_ORIG].tuple.l3 == 4)
        get_nat_addrs(tb[CTA_NAT_V4_MINIP], tb[CTA_NAT_V4_MAXIP], 4, range);
    else
        get_nat_addrs(tb[CTA_NAT_V6_MINIP], tb[CTA_NAT_V6_MAXIP], 16, range);
    return tb[CTA_NAT_PROTO] ? get_nat_ids(tb[CTA_NAT_PROTO], range, e) : 0;
}

static int set_manip(struct ct_conn *c, const struct nlattr *nest, enum ct_manip manip,
                     struct err *e)
{
    struct ct_nat_range range = { 0 };
    int rc = nest ? get_nat_range(c, nest, &range, e) : 0;

    if (rc)
        return rc;
    rc = nest ? ct_nat_setup(c, &range, manip) : ct_nat_null_binding(c, manip);
    return rc ? err_set(e, ENOMEM, "ctnetlink: there is no free mapping") : 0;
}

static int set_nat(struct ct_conn *c, const struct req *req, struct err *e)
{
    const struct nlattr *src = req->attr[CTA_NAT_SRC], *dst = req->attr[CTA_NAT_DST];
    int rc;

    if (!src && !dst)
        return 0;
    rc = set_manip(c, dst, CT_MANIP_DST, e);
    return rc ? rc : set_manip(c, src, CT_MANIP_SRC, e);
}

/* ---- a new connection -------------------------------------------------------------------------------- */

static int set_master(struct ct_conn *c, const struct req *req, struct ct_nl_scope *scope,
                      struct err *e)
{
    struct ct_conn *master;
    int rc;

    if (!req->attr[CTA_TUPLE_MASTER])
        return 0;
    rc = ct_nl_find(req, req->attr[CTA_TUPLE_MASTER], NULL, scope, &master, e);
    if (rc)
        return rc;
    c->status |= IPS_EXPECTED;
    c->master = ct_conn_get(master);
    return 0;
}

static int fill_conn(struct ct_conn *c, const struct req *req, struct ct_nl_scope *scope,
                     struct err *e)
{
    int rc;

    if (!req->attr[CTA_TIMEOUT])
        return err_set(e, EINVAL, "ctnetlink: a new connection needs a timeout");
    c->expires_ns = get_seconds(req->attr[CTA_TIMEOUT]) * NS_PER_S;
    rc = req->attr[CTA_HELP] ? give_helper(c, req->attr[CTA_HELP], e) : 0;
    if (!rc)
        rc = set_nat(c, req, e);
    if (!rc)
        rc = set_attrs(c, req, e);
    return rc ? rc : set_master(c, req, scope, e);
}

static int insert_conn(struct ct_conn *c, struct err *e)
{
    int rc = ct_conn_insert(c);

    if (rc) {
        c->table->stats.n_insert_failed++;
        return err_set(e, EEXIST, "ctnetlink: one of the tuples is another connection's");
    }
    c->table->stats.n_insert++;
    return 0;
}

/* 'tuple': of both directions. */
static int create_conn(struct req *req, struct ct_nl_scope *scope, const struct ct_tuple *tuple,
                       struct err *e)
{
    struct ct_table *t = req_ns(req)->ct;
    uint32_t events = CHANGE_EVENTS;
    struct ct_conn *c;
    int rc;

    if (!req->attr[CTA_TUPLE_ORIG] || !req->attr[CTA_TUPLE_REPLY] ||
        tuple[CT_ORIG].proto != tuple[CT_REPLY].proto)
        return err_set(e, EINVAL, "ctnetlink: a new connection needs two tuples of one protocol");
    if (ct_is_full(t))
        return err_set(e, ENOMEM, "ctnetlink: the table is full");
    rc = req_faulty(req, DP_FAULT_CT_NEW, e);
    if (rc)
        return rc;
    c = ct_conn_new(t, &tuple[CT_ORIG], &tuple[CT_REPLY]);
    c->by_client = true;
    rc = fill_conn(c, req, scope, e);
    if (!rc)
        rc = insert_conn(c, e);
    if (!rc && req->attr[CTA_LABELS] && !set_labels(c, req, e))
        events |= 1u << IPCT_LABEL;
    if (!rc)
        ct_nl_tell(c, events | 1u << (c->status & IPS_EXPECTED ? IPCT_RELATED : IPCT_NEW), req);
    ct_conn_put(c);
    return rc;
}

/* ---- an old connection -------------------------------------------------------------------------------- */

static int change_timeout(struct ct_conn *c, const struct nlattr *a, struct err *e)
{
    if (c->status & IPS_FIXED_TIMEOUT)
        return err_set(e, EPERM, "ctnetlink: the connection's timeout is fixed");
    ct_conn_refresh(c, get_seconds(a));
    return 0;
}

static int change_conn(struct ct_conn *c, struct req *req, struct err *e)
{
    int rc = 0;

    if (req->msg->nlmsg_flags & NLM_F_EXCL)
        return err_set(e, EEXIST, "ctnetlink: there is such a connection");
    if (req->attr[CTA_NAT_SRC] || req->attr[CTA_NAT_DST] || req->attr[CTA_TUPLE_MASTER])
        return err_set(e, EOPNOTSUPP, "ctnetlink: NAT and master are for new connections");
    if (req->attr[CTA_HELP])
        rc = change_helper(c, req->attr[CTA_HELP], e);
    if (!rc && req->attr[CTA_TIMEOUT])
        rc = change_timeout(c, req->attr[CTA_TIMEOUT], e);
    if (!rc)
        rc = set_attrs(c, req, e);
    if (!rc && req->attr[CTA_LABELS])
        rc = set_labels(c, req, e);
    if (!rc)
        ct_nl_tell(c, CHANGE_EVENTS | 1u << IPCT_LABEL, req);
    return rc;
}

int ct_nl_new_conn(struct req *req, struct err *e)
{
    const struct nlattr *const nest[CT_N_DIRS] = { req->attr[CTA_TUPLE_ORIG],
                                                   req->attr[CTA_TUPLE_REPLY] };
    struct ct_nl_scope scope = ct_nl_scope_of(req, req->attr[CTA_ZONE]);
    struct ct_tuple tuple[CT_N_DIRS] = { 0 };
    struct ct_conn *c = NULL;
    unsigned dir;
    int rc;

    for (dir = 0; dir < CT_N_DIRS; dir++) {
        rc = nest[dir] ? ct_nl_get_tuple(&scope, dir, nest[dir], &tuple[dir], e) : 0;
        if (rc)
            return rc;
    }
    if (nest[CT_ORIG] || nest[CT_REPLY])
        c = ct_find(req_ns(req)->ct, &tuple[nest[CT_ORIG] ? CT_ORIG : CT_REPLY], &dir);
    if (c)
        return change_conn(c, req, e);
    if (!(req->msg->nlmsg_flags & NLM_F_CREATE))
        return err_set(e, ENOENT, "ctnetlink: there is no such connection");
    return create_conn(req, &scope, tuple, e);
}
