/* nf.c - see nf.h: one row for each message of a netfilter subsystem.
 * SPDX-License-Identifier: Apache-2.0 */
#include "netlink/nf.h"

#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netfilter/nfnetlink_cttimeout.h>
#include <string.h>

#include "netlink/attr.h"
#include "netlink/reply.h"
#include "netlink/server.h"

#define HDR       sizeof(struct nfgenmsg)
#define NAME_MOST 31

/* A timeout policy: catalogue of clients' requests, CTTIMEOUT. */
struct policy_entry {
    char name[NAME_MOST + 1];
    uint16_t l3;
    uint8_t l4;
    size_t len;
    uint8_t data[];
};

struct row {
    uint16_t type;                      /* subsystem and message */
    struct genl_op op;
};

static const struct family nf_family = { .name = "nfnetlink" };

static const struct policy timeout_policy[CTA_TIMEOUT_MAX + 1] = {
    [CTA_TIMEOUT_NAME] = { POL_STRING, NAME_MOST, false, 0, 0 },
    [CTA_TIMEOUT_L3PROTO] = { POL_U16, 0, false, 0, 0 },
    [CTA_TIMEOUT_L4PROTO] = { POL_U8, 0, false, 0, 0 },
    [CTA_TIMEOUT_DATA] = { POL_NESTED, 0, false, 0, 0 },
};

static int parse(const struct req *req, const struct policy *rows, uint16_t max,
                 const struct nlattr **tb, struct err *e)
{
    const uint8_t *at = (const uint8_t *)(req->msg + 1) + HDR;
    size_t len = mnl_nlmsg_get_payload_len(req->msg);

    return policy_parse(rows, max, at, len > HDR ? len - HDR : 0, req->msg, tb, e);
}

/* ---- connections: none ----------------------------------------------------------------------- */

static int dump_nothing(struct dump *d, struct err *e)
{
    (void)d;
    (void)e;
    return 0;
}

static int get_conn(struct req *req, struct err *e)
{
    (void)req;
    (void)e;
    return -ENOENT;
}

/* Without a tuple it is a flush, which leaves an empty table empty. */
static int del_conn(struct req *req, struct err *e)
{
    const struct nlattr *tb[CTA_MAX + 1];
    int rc = parse(req, NULL, CTA_MAX, tb, e);

    if (rc)
        return rc;
    return tb[CTA_TUPLE_ORIG] || tb[CTA_TUPLE_REPLY] ? -ENOENT : 0;
}

/* ---- timeout policies ------------------------------------------------------------------------ */

static struct policy_entry *entry_at(const struct netns *ns, size_t i)
{
    return ns->timeouts && i < ns->timeouts->len ? g_ptr_array_index(ns->timeouts, i) : NULL;
}

static struct policy_entry *find_entry(const struct netns *ns, const char *name)
{
    struct policy_entry *entry;

    for (size_t i = 0; (entry = entry_at(ns, i)); i++)
        if (!strcmp(entry->name, name))
            return entry;
    return NULL;
}

static void add_entry(struct netns *ns, const struct nlattr *const *tb)
{
    size_t len = mnl_attr_get_payload_len(tb[CTA_TIMEOUT_DATA]);
    struct policy_entry *entry = g_malloc0(sizeof(*entry) + len);

    g_strlcpy(entry->name, mnl_attr_get_str(tb[CTA_TIMEOUT_NAME]), sizeof(entry->name));
    entry->l3 = mnl_attr_get_u16(tb[CTA_TIMEOUT_L3PROTO]);
    entry->l4 = mnl_attr_get_u8(tb[CTA_TIMEOUT_L4PROTO]);
    entry->len = len;
    memcpy(entry->data, mnl_attr_get_payload(tb[CTA_TIMEOUT_DATA]), len);
    if (!ns->timeouts)
        ns->timeouts = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(ns->timeouts, entry);
}

static int new_timeout(struct req *req, struct err *e)
{
    struct netns *ns = req->sock->ns;
    const struct nlattr *tb[CTA_TIMEOUT_MAX + 1];
    struct policy_entry *old;
    int rc = parse(req, timeout_policy, CTA_TIMEOUT_MAX, tb, e);

    if (rc)
        return rc;
    if (!tb[CTA_TIMEOUT_NAME] || !tb[CTA_TIMEOUT_L3PROTO] || !tb[CTA_TIMEOUT_L4PROTO] ||
        !tb[CTA_TIMEOUT_DATA])
        return -EINVAL;
    old = find_entry(ns, mnl_attr_get_str(tb[CTA_TIMEOUT_NAME]));
    if (old && req->msg->nlmsg_flags & NLM_F_EXCL)
        return -EEXIST;
    if (old && !(req->msg->nlmsg_flags & NLM_F_REPLACE))
        return -EBUSY;
    if (old && (old->l3 != mnl_attr_get_u16(tb[CTA_TIMEOUT_L3PROTO]) ||
                old->l4 != mnl_attr_get_u8(tb[CTA_TIMEOUT_L4PROTO])))
        return -EINVAL;
    if (old)
        g_ptr_array_remove(ns->timeouts, old);
    add_entry(ns, tb);
    return 0;
}

static void put_timeout(struct nlmsghdr *msg, const struct req *req, const struct policy_entry *t)
{
    const struct nfgenmsg h = { .version = NFNETLINK_V0 };

    memcpy(mnl_nlmsg_put_extra_header(msg, HDR), &h, HDR);
    msg->nlmsg_type = NFNL_SUBSYS_CTNETLINK_TIMEOUT << 8 | IPCTNL_MSG_TIMEOUT_NEW;
    msg->nlmsg_seq = req->msg->nlmsg_seq;
    msg->nlmsg_pid = req->sock->portid;
    mnl_attr_put_strz(msg, CTA_TIMEOUT_NAME, t->name);
    mnl_attr_put_u16(msg, CTA_TIMEOUT_L3PROTO, t->l3);
    mnl_attr_put_u8(msg, CTA_TIMEOUT_L4PROTO, t->l4);
    mnl_attr_put_u32(msg, CTA_TIMEOUT_USE, 0);
    mnl_attr_put(msg, CTA_TIMEOUT_DATA | NLA_F_NESTED, t->len, t->data);
}

static int get_timeout(struct req *req, struct err *e)
{
    const struct nlattr *tb[CTA_TIMEOUT_MAX + 1];
    const struct policy_entry *entry;
    struct nlmsghdr *msg;
    int rc = parse(req, timeout_policy, CTA_TIMEOUT_MAX, tb, e);

    if (rc || !tb[CTA_TIMEOUT_NAME])
        return rc ? rc : -EINVAL;
    entry = find_entry(req->sock->ns, mnl_attr_get_str(tb[CTA_TIMEOUT_NAME]));
    if (!entry)
        return -ENOENT;
    msg = scratch_begin(req->sock->ns->nl);
    put_timeout(msg, req, entry);
    return reply_send(req, msg);
}

static int dump_timeouts(struct dump *d, struct err *e)
{
    const struct policy_entry *entry;

    (void)e;
    for (; (entry = entry_at(d->req.sock->ns, d->pos)); d->pos++) {
        struct nlmsghdr *msg = scratch_begin(d->req.sock->ns->nl);

        put_timeout(msg, &d->req, entry);
        msg->nlmsg_flags = NLM_F_MULTI;
        if (!dump_commit(d, msg))
            return 1;
    }
    return 0;
}

/* Without a name, all of them. */
static int del_timeout(struct req *req, struct err *e)
{
    struct netns *ns = req->sock->ns;
    const struct nlattr *tb[CTA_TIMEOUT_MAX + 1];
    struct policy_entry *entry;
    int rc = parse(req, timeout_policy, CTA_TIMEOUT_MAX, tb, e);

    if (rc)
        return rc;
    if (!tb[CTA_TIMEOUT_NAME]) {
        nf_done(ns);
        return 0;
    }
    entry = find_entry(ns, mnl_attr_get_str(tb[CTA_TIMEOUT_NAME]));
    if (!entry)
        return -ENOENT;
    g_ptr_array_remove(ns->timeouts, entry);
    return 0;
}

/* ---- the front door -------------------------------------------------------------------------- */

#define CT(msg)      (NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_##msg)
#define EXPECT(msg)  (NFNL_SUBSYS_CTNETLINK_EXP << 8 | IPCTNL_MSG_EXP_##msg)
#define TIMEOUT(msg) (NFNL_SUBSYS_CTNETLINK_TIMEOUT << 8 | IPCTNL_MSG_TIMEOUT_##msg)

static const struct row rows[] = {
    { CT(GET), { .doit = get_conn, .dump = dump_nothing } },
    { CT(GET_CTRZERO), { .doit = get_conn, .dump = dump_nothing } },
    { CT(GET_DYING), { .dump = dump_nothing } },
    { CT(GET_UNCONFIRMED), { .dump = dump_nothing } },
    { CT(DELETE), { .doit = del_conn } },
    { EXPECT(GET), { .doit = get_conn, .dump = dump_nothing } },
    { TIMEOUT(NEW), { .doit = new_timeout } },
    { TIMEOUT(GET), { .doit = get_timeout, .dump = dump_timeouts } },
    { TIMEOUT(DELETE), { .doit = del_timeout } },
};

static int nf_call(struct req *req, const struct genl_op *op, struct err *e)
{
    int rc;

    if (op->dump && req->msg->nlmsg_flags & NLM_F_DUMP) {
        rc = dump_start(req, op, e);
        return rc ? rc : NO_ACK;
    }
    return op->doit ? op->doit(req, e) : -EOPNOTSUPP;
}

static int nf_run(struct sock *s, const struct nlmsghdr *msg, struct err *e)
{
    struct req req = { .sock = s, .msg = msg, .family = &nf_family, .user_hdr = msg + 1 };
    int rc = -EOPNOTSUPP;

    if (mnl_nlmsg_get_payload_len(msg) < HDR)
        return 0;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (rows[i].type == msg->nlmsg_type)
            rc = nf_call(&req, &rows[i].op, e);
    if (rc < 0)
        netlink_refuse(s, msg, rc, e);
    return rc;
}

void nf_start(struct netlink *nl)
{
    netlink_set_protocol(nl, NETLINK_NETFILTER, nf_run);
}

void nf_done(struct netns *ns)
{
    g_clear_pointer(&ns->timeouts, g_ptr_array_unref);
}
