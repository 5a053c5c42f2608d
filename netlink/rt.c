/* rt.c - rtnetlink's front door: which row answers a message, strict checks, events.
 *
 * Other rules than generic netlink's: any of the two NLM_F_DUMP bits makes a get a dump, a
 * message without a family byte is acknowledged, attributes are checked by each handler.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "netlink/rt_int.h"

#define KIND_GET 2      /* of the four requests for each object: new, del, get, set */

/* Handlers share struct req with generic netlink, where a family is expected. */
static const struct family rt_family = { .name = "rtnetlink" };

static const struct rt_op *const tables[] = {
    rt_link_ops, rt_addr_ops, rt_route_ops, rt_neigh_ops, rt_rule_ops, rt_nsid_ops, rt_tc_ops,
};

int rt_refuse(struct err *e, int code, const char *text)
{
    int rc = err_set(e, code, "%s", text);

    if (e)
        e->to_client = true;
    return rc;
}

size_t rt_ip_len(uint8_t family)
{
    return family == AF_INET ? 4 : family == AF_INET6 ? RT_IP_LEN : 0;
}

/* The family's own row goes before the one for all. */
static const struct rt_op *find_op(uint16_t type, uint8_t family)
{
    const struct rt_op *any = NULL;

    for (size_t i = 0; i < G_N_ELEMENTS(tables); i++) {
        for (const struct rt_op *op = tables[i]; op->type; op++) {
            if (op->type == type && op->family == family)
                return op;
            if (op->type == type && !op->family)
                any = op;
        }
    }
    return any;
}

const struct genl_op *rt_op_of(uint16_t type)
{
    const struct rt_op *op = find_op(type, AF_UNSPEC);

    return op ? &op->op : NULL;
}

static int run_do(struct req *req, const struct rt_op *op, bool is_get, struct err *e)
{
    int rc;

    if (!op->op.doit)
        return -EOPNOTSUPP;
    if (mnl_nlmsg_get_payload_len(req->msg) < op->hdr_len)
        return rt_refuse(e, EINVAL, "Invalid header length");
    if (is_get && (rc = netlink_refuses(req->sock->ns->nl, NETLINK_FAULT_RT_REPLY, e)))
        return rc;
    return op->op.doit(req, e);
}

static int run_dump(struct req *req, const struct rt_op *op, struct err *e)
{
    int rc;

    if (!op->op.dump)
        return -EOPNOTSUPP;
    rc = dump_start(req, &op->op, e);
    return rc ? rc : NO_ACK;
}

static int rt_run(struct sock *s, const struct nlmsghdr *msg, struct err *e)
{
    bool is_get = (msg->nlmsg_type & 3) == KIND_GET;
    struct req req = { .sock = s, .msg = msg, .family = &rt_family, .user_hdr = msg + 1 };
    const struct rt_op *op;
    uint8_t family;
    int rc;

    if (msg->nlmsg_type > RTM_MAX)
        return -EOPNOTSUPP;
    if (mnl_nlmsg_get_payload_len(msg) < sizeof(struct rtgenmsg))
        return 0;
    memcpy(&family, msg + 1, sizeof(family));
    op = find_op(msg->nlmsg_type, family);
    if (!op)
        rc = -EOPNOTSUPP;
    else if (is_get && msg->nlmsg_flags & NLM_F_DUMP)
        rc = run_dump(&req, op, e);
    else
        rc = run_do(&req, op, is_get, e);
    if (rc < 0)
        netlink_refuse(s, msg, rc, e);
    return rc;
}

void rt_start(struct netlink *nl, const struct rt_ops *ops)
{
    nl->rt_ops = ops;
    netlink_set_protocol(nl, NETLINK_ROUTE, rt_run);
}

/* ---- requests -------------------------------------------------------------------------------- */

void rt_header(const struct nlmsghdr *msg, void *header, size_t len)
{
    memset(header, 0, len);
    memcpy(header, msg + 1, MIN(len, mnl_nlmsg_get_payload_len(msg)));
}

int rt_parse(const struct nlmsghdr *msg, size_t hdr_len, const struct policy *rows, uint16_t max,
             const struct nlattr **tb, struct err *e)
{
    size_t at = sizeof(*msg) + attr_align(hdr_len);
    size_t len = msg->nlmsg_len > at ? msg->nlmsg_len - at : 0;

    return policy_parse(rows, max, (const uint8_t *)msg + at, len, msg, tb, e);
}

int rt_strict(const struct req *req, const struct nlattr *const *tb, uint16_t max, uint64_t allowed,
              const char *refusal, struct err *e)
{
    for (uint16_t i = 1; req->sock->strict_chk && i <= max; i++) {
        if (tb[i] && !(allowed >> i & 1))
            return rt_refuse(e, EINVAL, refusal);
    }
    return 0;
}

int rt_get_ip(const struct nlattr *a, uint8_t family, uint8_t *ip, bool *has, struct err *e)
{
    if (has)
        *has = a;
    if (!a)
        return 0;
    if (mnl_attr_get_payload_len(a) < rt_ip_len(family))
        return rt_refuse(e, ERANGE, "Attribute failed policy validation");
    memcpy(ip, mnl_attr_get_payload(a), rt_ip_len(family));
    return 0;
}

/* ---- messages -------------------------------------------------------------------------------- */

static void put_header(struct nlmsghdr *msg, uint16_t type, const struct req *cause,
                       const void *header, size_t len)
{
    msg->nlmsg_type = type;
    if (cause) {
        msg->nlmsg_seq = cause->msg->nlmsg_seq;
        msg->nlmsg_pid = cause->sock->portid;
    }
    memcpy(mnl_nlmsg_put_extra_header(msg, len), header, len);
}

struct nlmsghdr *rt_event_msg(struct netns *ns, uint16_t type, const struct req *cause,
                              const void *header, size_t len)
{
    struct nlmsghdr *msg = event_begin(ns->nl);

    put_header(msg, type, cause, header, len);
    return msg;
}

struct nlmsghdr *rt_reply_msg(const struct req *req, uint16_t type, const void *header, size_t len)
{
    struct nlmsghdr *msg = scratch_begin(req->sock->ns->nl);

    put_header(msg, type, req, header, len);
    return msg;
}

struct nlmsghdr *rt_dump_msg(const struct dump *d, uint16_t type, const void *header, size_t len)
{
    struct nlmsghdr *msg = rt_reply_msg(&d->req, type, header, len);

    msg->nlmsg_flags = NLM_F_MULTI | d->flags;
    return msg;
}

void rt_send_event(struct netns *ns, uint32_t group, struct req *cause, const struct nlmsghdr *msg)
{
    bool is_wanted = ns->n_memberships[NETLINK_ROUTE];

    if (is_wanted && netlink_fails(ns->nl, NETLINK_FAULT_RT_EVENT))
        deliver_error(ns, NETLINK_ROUTE, group, ENOBUFS);
    else
        send_event(ns, NETLINK_ROUTE, group, msg, cause);
}
