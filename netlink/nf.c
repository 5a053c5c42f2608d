/* nf.c - see nf.h. Rules of nfnetlink: what no row answers is EINVAL, any of the two NLM_F_DUMP bits makes a
 * dump of what can be dumped. SPDX-License-Identifier: Apache-2.0 */
#include "netlink/nf.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "netlink/attr.h"
#include "netlink/reply.h"
#include "netlink/server.h"

#define HDR sizeof(struct nfgenmsg)

static const struct family nf_family = { .name = "nfnetlink" };

/* ---- requests -------------------------------------------------------------------------------- */

static const struct genl_op *find_op(const struct netlink *nl, uint16_t type)
{
    unsigned id = (unsigned)NFNL_SUBSYS_ID(type);
    const struct nf_subsys *s = id < NFNL_SUBSYS_COUNT ? nl->nf_subsys[id] : NULL;

    for (size_t i = 0; s && i < s->n_ops; i++)
        if (s->op[i].cmd == NFNL_MSG_TYPE(type))
            return &s->op[i];
    return NULL;
}

static int run_op(struct req *req, const struct genl_op *op, struct err *e)
{
    int rc;

    if (op->dump && req->msg->nlmsg_flags & NLM_F_DUMP) {
        rc = dump_start(req, op, e);
        return rc == NOTHING_TO_DUMP ? 0 : rc ? rc : NO_ACK;
    }
    return op->doit ? op->doit(req, e) : -EOPNOTSUPP;
}

/* Whole rule sets come so (nftables): nobody here takes them. */
static int refuse_batch(const struct nlmsghdr *msg, struct err *e)
{
    const struct nfgenmsg *h = (const void *)(msg + 1);

    if (ntohs(h->res_id) >= NFNL_SUBSYS_COUNT)
        return err_set(e, EINVAL, "nfnetlink: there is no subsystem %u", ntohs(h->res_id));
    return err_set(e, EOPNOTSUPP, "nfnetlink: subsystem %u takes no batches", ntohs(h->res_id));
}

static int answer(struct sock *s, const struct nlmsghdr *msg, struct err *e)
{
    const struct genl_op *op = find_op(s->ns->nl, msg->nlmsg_type);
    struct err own = { 0 };
    struct req req;
    int rc;

    req_init(&req, s, &nf_family, msg);
    if (msg->nlmsg_type == NFNL_MSG_BATCH_BEGIN)
        return req_settle(&req, refuse_batch(msg, &own), &own, e);
    rc = op ? req_parse(&req, op->policy, op->max_attr, false, e)
            : err_set(&own, EINVAL, "nfnetlink: subsystem %u has no message %u",
                      NFNL_SUBSYS_ID(msg->nlmsg_type), NFNL_MSG_TYPE(msg->nlmsg_type));
    if (!rc)
        rc = run_op(&req, op, &own);
    return req_settle(&req, rc, &own, e);
}

static int nf_run(struct sock *s, const struct nlmsghdr *msg, struct err *e)
{
    if (mnl_nlmsg_get_payload_len(msg) < HDR)
        return msg->nlmsg_type == NFNL_MSG_BATCH_BEGIN ? NO_ACK : 0;
    return answer(s, msg, e);
}

void nf_start(struct netlink *nl)
{
    netlink_set_protocol(nl, NETLINK_NETFILTER, nf_run);
}

void nf_add_subsys(struct netlink *nl, const struct nf_subsys *subsys)
{
    nl->nf_subsys[subsys->id] = subsys;
}

/* ---- messages -------------------------------------------------------------------------------- */

static struct nlmsghdr *put_headers(struct nlmsghdr *msg, uint16_t type, uint8_t family)
{
    const struct nfgenmsg h = { .nfgen_family = family, .version = NFNETLINK_V0 };

    memcpy(mnl_nlmsg_put_extra_header(msg, HDR), &h, HDR);
    msg->nlmsg_type = type;
    return msg;
}

struct nlmsghdr *nf_reply(const struct req *req, uint16_t type, uint8_t family)
{
    struct nlmsghdr *msg = put_headers(scratch_begin(req->sock->ns->nl), type, family);

    msg->nlmsg_flags = NLM_F_MULTI;
    msg->nlmsg_seq = req->msg->nlmsg_seq;
    msg->nlmsg_pid = req->sock->portid;
    return msg;
}

struct nlmsghdr *nf_event(struct netns *ns, uint16_t type, uint8_t family, const struct req *cause)
{
    struct nlmsghdr *msg = put_headers(event_begin(ns->nl), type, family);

    msg->nlmsg_pid = cause ? cause->sock->portid : 0;
    return msg;
}

void nf_send_event(struct netns *ns, uint32_t group, const struct nlmsghdr *msg, struct req *cause)
{
    send_event(ns, NETLINK_NETFILTER, group, msg, cause);
}

void nf_event_error(struct netns *ns, uint32_t group, int error)
{
    deliver_error(ns, NETLINK_NETFILTER, group, error);
}
