/* dispatch.c - see dispatch.h. SPDX-License-Identifier: Apache-2.0 */
#include "netlink/dispatch.h"

#include <errno.h>
#include <string.h>

#include "netlink/attr.h"
#include "netlink/reply.h"
#include "netlink/server.h"

const struct policy *op_policy(const struct family *f, const struct genl_op *op, uint16_t *max_attr)
{
    *max_attr = op->policy ? op->max_attr : f->max_attr;
    return op->policy ? op->policy : f->policy;
}

void req_init(struct req *req, struct sock *s, const struct family *f, const struct nlmsghdr *msg)
{
    memset(req, 0, sizeof(*req));
    req->sock = s;
    req->family = f;
    req->msg = msg;
    req->genl = (const void *)(msg + 1);
    req->user_hdr = req->genl + 1;
}

int req_parse(struct req *req, const struct policy *rows, uint16_t max_attr, bool strict,
              struct err *e)
{
    const uint8_t *attrs = (const uint8_t *)req->user_hdr + req->family->hdrsize;
    size_t len = req->msg->nlmsg_len - (size_t)(attrs - (const uint8_t *)req->msg);

    if (!max_attr)
        return 0;
    return (strict ? policy_parse_strict : policy_parse)(rows, max_attr, attrs, len, req->msg,
                                                         req->attr, e);
}

static int refuse(struct err *e, const char *text)
{
    int rc = err_set(e, EINVAL, "%s", text);

    e->to_client = true;
    return rc;
}

static bool is_dump(const struct nlmsghdr *msg)
{
    return (msg->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
}

/* Commands younger than the family's first ones must have clean headers, even those that do
 * not exist (catalogue 01, section 1.4, step 5). */
static int check_header(const struct req *req, struct err *e)
{
    uint16_t known = NLM_F_REQUEST | NLM_F_ACK | NLM_F_ECHO;

    if (req->genl->cmd < req->family->n_legacy_cmds)
        return 0;
    if (req->genl->reserved)
        return refuse(e, "genlmsghdr.reserved field is not 0");
    if (is_dump(req->msg))
        known |= NLM_F_DUMP;
    if (req->msg->nlmsg_flags & ~known)
        return refuse(e, "ambiguous or reserved bits set in nlmsg_flags");
    return 0;
}

static const struct genl_op *find_op(const struct family *f, uint8_t cmd)
{
    for (size_t i = 0; i < f->n_ops; i++)
        if (f->op[i].cmd == cmd)
            return &f->op[i];
    return NULL;
}

int req_settle(const struct req *req, int rc, const struct err *own, struct err *e)
{
    if (rc < 0)
        netlink_refuse(req->sock, req->msg, rc, own->code ? own : e);
    if (own->to_client || own->has_offset)
        *e = *own;
    return rc;
}

static int run_do(struct req *req, const struct genl_op *op, struct err *e)
{
    struct err own = {0};
    uint16_t max_attr;
    const struct policy *rows = op_policy(req->family, op, &max_attr);
    int rc = max_attr ? netlink_refuses(req->sock->ns->nl, NETLINK_FAULT_ATTRS_ALLOC, &own) : 0;

    if (!rc)
        rc = req_parse(req, rows, max_attr, false, e);
    if (!rc)
        rc = op->doit(req, &own);
    rc = req_settle(req, rc, &own, e);
    return MIN(rc, 0);
}

static int run_op(struct req *req, const struct genl_op *op, struct err *e)
{
    int rc;

    if (!is_dump(req->msg))
        return op->doit ? run_do(req, op, e) : -EOPNOTSUPP;
    if (!op->dump)
        return -EOPNOTSUPP;
    rc = dump_start(req, op, e);
    return rc ? rc : NO_ACK;
}

int dispatch_generic(struct sock *s, const struct nlmsghdr *msg, struct err *e)
{
    const struct family *f = netlink_family_by_id(s->ns->nl, msg->nlmsg_type);
    const struct genl_op *op;
    struct req req;
    int rc;

    if (!f)
        return -ENOENT;
    if (msg->nlmsg_len < sizeof(*msg) + sizeof(struct genlmsghdr) + f->hdrsize)
        return -EINVAL;
    req_init(&req, s, f, msg);
    rc = check_header(&req, e);
    if (rc)
        return rc;
    op = find_op(f, req.genl->cmd);
    return op ? run_op(&req, op, e) : -EOPNOTSUPP;
}

static void tell_fault(const struct netlink *nl, bool is_over, int rc)
{
    if (nl->fault && nl->fault->request)
        nl->fault->request(nl->fault->ctx, is_over, rc);
}

static void handle(struct sock *s, const struct nlmsghdr *msg, protocol_fn *run)
{
    bool is_request = msg->nlmsg_flags & NLM_F_REQUEST && msg->nlmsg_type >= NLMSG_MIN_TYPE;
    const struct netlink *nl = s->ns->nl;
    struct err e = {0};
    int rc;

    tell_fault(nl, false, 0);
    rc = is_request ? run(s, msg, &e) : 0;
    tell_fault(nl, true, rc);
    if (rc == NO_ACK)
        return;
    if (rc || msg->nlmsg_flags & NLM_F_ACK)
        reply_error(s, msg, rc, &e);
}

void dispatch(struct sock *s, const void *bytes, size_t len, protocol_fn *run)
{
    /* Handlers read headers in place: the transport's buffer may lie anywhere. */
    g_autofree uint8_t *copy = (uintptr_t)bytes % 4 ? g_memdup2(bytes, len) : NULL;
    const uint8_t *aligned = copy ? copy : bytes;
    size_t at = 0;

    while (len - at >= sizeof(struct nlmsghdr)) {
        const struct nlmsghdr *msg = (const void *)(aligned + at);

        if (msg->nlmsg_len < sizeof(*msg) || msg->nlmsg_len > len - at)
            return;
        handle(s, msg, run);
        at = MIN(len, at + attr_align(msg->nlmsg_len));
    }
}
