/* nl_timeout.c - timeout policies (nfnetlink_cttimeout) and the namespace's own timeouts.
 * SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nfnetlink_cttimeout.h>

#include "dp/ct/nl.h"
#include "dp/ct/timeout.h"
#include "dp/datapath.h"
#include "netlink/attr.h"

#define TYPE(msg) NF_TYPE(NFNL_SUBSYS_CTNETLINK_TIMEOUT, IPCTNL_MSG_TIMEOUT_##msg)
#define ANY_PROTO 255               /* stands for all that have no tracker of their own */

static const struct policy timeout_policy[CTA_TIMEOUT_MAX + 1] = {
    [CTA_TIMEOUT_NAME] = { POL_STRING, CT_TIMEOUT_NAME_MAX - 1 },
    [CTA_TIMEOUT_L3PROTO] = { POL_U16 },
    [CTA_TIMEOUT_L4PROTO] = { POL_U8 },
    [CTA_TIMEOUT_DATA] = { POL_NESTED },
};

/* ---- timeouts of a protocol ----------------------------------------------------------------------- */

/* Seconds, as they come back from 32 bits of jiffies. */
static uint32_t through_jiffies(uint32_t seconds)
{
    return seconds * CT_HZ / CT_HZ;
}

/* DATA: those that are given replace 'seconds'. */
static int get_data(const struct ct_proto *proto, const struct nlattr *nest, uint32_t *seconds,
                    struct err *e)
{
    const struct nlattr *a;
    int left;

    attr_for_each_nested(a, nest, left)
        if (mnl_attr_get_payload_len(a) < sizeof(uint32_t))
            return err_set(e, ERANGE, "timeout policy: timeout %u is cut short", mnl_attr_get_type(a));
    attr_for_each_nested(a, nest, left) {
        unsigned type = mnl_attr_get_type(a);

        if (type && type <= proto->n_timeouts)
            seconds[type - 1] = through_jiffies(get_be32(a));
    }
    return 0;
}

static void put_data(struct nlmsghdr *msg, const struct ct_proto *proto, const uint32_t *seconds)
{
    struct nlattr *nest = mnl_attr_nest_start(msg, CTA_TIMEOUT_DATA);

    for (unsigned i = 0; i < proto->n_timeouts; i++)
        put_be32(msg, (uint16_t)(i + 1), seconds[i]);
    mnl_attr_nest_end(msg, nest);
}

static uint8_t number_of(const struct ct_proto *proto)
{
    return proto == &ct_proto_generic ? ANY_PROTO : proto->number;
}

/* The protocol that a request names; NULL: it has no tracker. */
static const struct ct_proto *proto_of_request(const struct req *req, struct err *e)
{
    uint8_t number = mnl_attr_get_u8(req->attr[CTA_TIMEOUT_L4PROTO]);

    for (size_t i = 0; i < N_CT_PROTOS; i++)
        if (number_of(ct_protos[i]) == number)
            return ct_protos[i];
    (void)err_set(e, EOPNOTSUPP, "timeout policy: protocol %u is not tracked", number);
    return NULL;
}

static uint16_t l3_of_request(const struct req *req)
{
    return ntohs(mnl_attr_get_u16(req->attr[CTA_TIMEOUT_L3PROTO]));
}

static bool has_all(const struct req *req, const uint8_t *types, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!req->attr[types[i]])
            return false;
    return true;
}

/* ---- NEW ------------------------------------------------------------------------------------------- */

/* Timeouts that are not given are the namespace's at this moment. */
static int fill(struct ct_table *t, struct ct_timeout *p, const struct nlattr *data, struct err *e)
{
    uint32_t seconds[G_N_ELEMENTS(p->seconds)] = { 0 };
    int rc;

    memcpy(seconds, ct_default_timeouts(t, p->proto), p->proto->n_timeouts * sizeof(*seconds));
    rc = get_data(p->proto, data, seconds, e);
    if (!rc)
        memcpy(p->seconds, seconds, sizeof(seconds));
    return rc;
}

static int replace(const struct req *req, struct ct_timeout *p, struct err *e)
{
    if (req->msg->nlmsg_flags & NLM_F_EXCL)
        return err_set(e, EEXIST, "timeout policy %s exists", p->name);
    if (!(req->msg->nlmsg_flags & NLM_F_REPLACE))
        return err_set(e, EBUSY, "timeout policy %s exists, and is not to be replaced", p->name);
    if (p->l3_number != l3_of_request(req) ||
        number_of(p->proto) != mnl_attr_get_u8(req->attr[CTA_TIMEOUT_L4PROTO]))
        return err_set(e, EINVAL, "timeout policy %s is another protocol's", p->name);
    return fill(req_ns(req)->ct, p, req->attr[CTA_TIMEOUT_DATA], e);
}

static int new_timeout(struct req *req, struct err *e)
{
    static const uint8_t needed[] = { CTA_TIMEOUT_NAME, CTA_TIMEOUT_L3PROTO, CTA_TIMEOUT_L4PROTO,
                                      CTA_TIMEOUT_DATA };
    struct ct_table *t = req_ns(req)->ct;
    const struct ct_proto *proto;
    struct ct_timeout *p;
    const char *name;
    int rc;

    if (!has_all(req, needed, G_N_ELEMENTS(needed)))
        return err_set(e, EINVAL, "timeout policy: name, protocols or data are missing");
    name = mnl_attr_get_str(req->attr[CTA_TIMEOUT_NAME]);
    p = ct_timeout_by_name(t, name);
    if (p)
        return replace(req, p, e);
    proto = proto_of_request(req, e);
    if (!proto)
        return -EOPNOTSUPP;
    p = ct_timeout_new(t, name, l3_of_request(req), proto);
    rc = fill(t, p, req->attr[CTA_TIMEOUT_DATA], e);
    if (rc)
        (void)ct_timeout_delete(t, p);
    return rc;
}

/* ---- GET, DELETE ----------------------------------------------------------------------------------- */

static struct nlmsghdr *timeout_msg(const struct req *req, const struct ct_timeout *p)
{
    struct nlmsghdr *msg = nf_reply(req, TYPE(NEW), 0);

    mnl_attr_put_strz(msg, CTA_TIMEOUT_NAME, p->name);
    mnl_attr_put_u16(msg, CTA_TIMEOUT_L3PROTO, GUINT16_TO_BE(p->l3_number));
    mnl_attr_put_u8(msg, CTA_TIMEOUT_L4PROTO, number_of(p->proto));
    put_be32(msg, CTA_TIMEOUT_USE, p->use);
    put_data(msg, p->proto, p->seconds);
    return msg;
}

static struct ct_timeout *named(const struct req *req, struct err *e)
{
    const char *name = mnl_attr_get_str(req->attr[CTA_TIMEOUT_NAME]);
    struct ct_timeout *p = ct_timeout_by_name(req_ns(req)->ct, name);

    if (!p)
        (void)err_set(e, ENOENT, "there is no timeout policy \"%s\"", name);
    return p;
}

static int get_timeout(struct req *req, struct err *e)
{
    const struct ct_timeout *p;

    if (!req->attr[CTA_TIMEOUT_NAME])
        return err_set(e, EINVAL, "timeout policy: no name is given");
    p = named(req, e);
    return p ? reply_send(req, timeout_msg(req, p)) : -ENOENT;
}

static int dump_timeouts(struct dump *d, struct err *e)
{
    const GPtrArray *all = req_ns(&d->req)->ct->timeouts;

    (void)e;
    for (; d->pos < all->len; d->pos++)
        if (!dump_commit(d, timeout_msg(&d->req, all->pdata[d->pos])))
            return 1;
    return 0;
}

/* Without a name all that no flow uses. */
static int delete_timeout(struct req *req, struct err *e)
{
    struct ct_table *t = req_ns(req)->ct;
    struct ct_timeout *p;

    if (!req->attr[CTA_TIMEOUT_NAME]) {
        for (guint i = t->timeouts->len; i-- > 0;)
            (void)ct_timeout_delete(t, t->timeouts->pdata[i]);
        return 0;
    }
    p = named(req, e);
    if (!p)
        return -ENOENT;
    if (ct_timeout_delete(t, p))
        return err_set(e, EBUSY, "timeout policy %s is used by %u flows", p->name, p->use - 1);
    return 0;
}

/* ---- defaults -------------------------------------------------------------------------------------- */

static int set_defaults(struct req *req, struct err *e)
{
    static const uint8_t needed[] = { CTA_TIMEOUT_L3PROTO, CTA_TIMEOUT_L4PROTO, CTA_TIMEOUT_DATA };
    const struct ct_proto *proto;

    if (!has_all(req, needed, G_N_ELEMENTS(needed)))
        return err_set(e, EINVAL, "timeouts: protocols or data are missing");
    proto = proto_of_request(req, e);
    if (!proto)
        return -EOPNOTSUPP;
    return get_data(proto, req->attr[CTA_TIMEOUT_DATA],
                    ct_default_timeouts(req_ns(req)->ct, proto), e);
}

static int get_defaults(struct req *req, struct err *e)
{
    static const uint8_t needed[] = { CTA_TIMEOUT_L3PROTO, CTA_TIMEOUT_L4PROTO };
    const struct ct_proto *proto;
    struct nlmsghdr *msg;

    if (!has_all(req, needed, G_N_ELEMENTS(needed)))
        return err_set(e, EINVAL, "timeouts: protocols are missing");
    proto = proto_of_request(req, e);
    if (!proto)
        return -EOPNOTSUPP;
    msg = nf_reply(req, TYPE(DEFAULT_SET), 0);
    mnl_attr_put_u16(msg, CTA_TIMEOUT_L3PROTO, GUINT16_TO_BE(l3_of_request(req)));
    mnl_attr_put_u8(msg, CTA_TIMEOUT_L4PROTO, number_of(proto));
    put_data(msg, proto, ct_default_timeouts(req_ns(req)->ct, proto));
    return reply_send(req, msg);
}

#define TIMEOUT(msg)                                                                              \
    .cmd = IPCTNL_MSG_TIMEOUT_##msg, .policy = timeout_policy, .max_attr = CTA_TIMEOUT_MAX

static const struct genl_op timeout_ops[] = {
    { TIMEOUT(NEW), .doit = new_timeout },
    { TIMEOUT(GET), .doit = get_timeout, .dump = dump_timeouts },
    { TIMEOUT(DELETE), .doit = delete_timeout },
    { TIMEOUT(DEFAULT_SET), .doit = set_defaults },
    { TIMEOUT(DEFAULT_GET), .doit = get_defaults },
};

const struct nf_subsys ct_nl_timeouts = {
    .id = NFNL_SUBSYS_CTNETLINK_TIMEOUT,
    .op = timeout_ops,
    .n_ops = G_N_ELEMENTS(timeout_ops),
    .form = &ct_timeout_form,
};
