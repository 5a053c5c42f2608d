/* rt_nsid.c - RTM_NEWNSID, GETNSID: the numbers by which a namespace knows others, and itself.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/net_namespace.h>

#include "netlink/rt_int.h"

#define HDR sizeof(struct rtgenmsg)

static const struct policy nsid_policy[NETNSA_MAX + 1] = {
    [NETNSA_NSID] = { POL_S32, 0, false, 0, 0 },
    [NETNSA_PID] = { POL_U32, 0, false, 0, 0 },
    [NETNSA_FD] = { POL_U32, 0, false, 0, 0 },
    [NETNSA_TARGET_NSID] = { POL_S32, 0, false, 0, 0 },
};

static struct nsid_row *row_at(const struct netns *ns, guint i)
{
    return ns->ids && i < ns->ids->len ? &g_array_index(ns->ids, struct nsid_row, i) : NULL;
}

static struct netns *peer_by_id(const struct netns *ns, int id)
{
    const struct nsid_row *row;

    for (guint i = 0; (row = row_at(ns, i)); i++)
        if (row->id == id)
            return row->peer;
    return NULL;
}

int nsid_of(const struct netns *ns, const struct netns *peer)
{
    const struct nsid_row *row;

    for (guint i = 0; (row = row_at(ns, i)); i++)
        if (row->peer == peer)
            return row->id;
    return NETNSA_NSID_NOT_ASSIGNED;
}

static void tell(struct netns *ns, uint16_t type, int id, struct req *cause)
{
    const struct rtgenmsg h = { .rtgen_family = AF_UNSPEC };
    struct nlmsghdr *msg = rt_event_msg(ns, type, cause, &h, HDR);

    mnl_attr_put_u32(msg, NETNSA_NSID, (uint32_t)id);
    rt_send_event(ns, RTNLGRP_NSID, cause, msg);
}

static void insert(struct netns *ns, const struct nsid_row *row)
{
    guint i = 0;

    if (!ns->ids)
        ns->ids = g_array_new(FALSE, FALSE, sizeof(struct nsid_row));
    while (row_at(ns, i) && row_at(ns, i)->id < row->id)
        i++;
    g_array_insert_val(ns->ids, i, *row);
}

static int give(struct netns *ns, struct netns *peer, int wanted, struct req *cause)
{
    struct nsid_row row = { .peer = peer, .id = MAX(wanted, 0) };

    while (wanted < 0 && peer_by_id(ns, row.id))
        row.id++;
    insert(ns, &row);
    tell(ns, RTM_NEWNSID, row.id, cause);
    return row.id;
}

int nsid_make(struct netns *ns, struct netns *peer)
{
    int id = nsid_of(ns, peer);

    return id >= 0 ? id : give(ns, peer, NETNSA_NSID_NOT_ASSIGNED, NULL);
}

void nsid_forget(struct netns *ns, const struct netns *peer)
{
    for (guint i = 0; row_at(ns, i); i++) {
        int id = row_at(ns, i)->id;

        if (row_at(ns, i)->peer != peer)
            continue;
        g_array_remove_index(ns->ids, i);
        if (ns != peer)
            tell(ns, RTM_DELNSID, id, NULL);
        return;
    }
}

/* ---- requests -------------------------------------------------------------------------------- */

/* Whom a request means by a process or a number. A descriptor is taken for the caller's own: what
 * it is of, only the client's kernel knows. 'rc' is the error if it is nobody. */
static struct netns *named(const struct req *req, const struct nlattr *const *tb, bool by_id,
                           int *rc)
{
    struct netns *peer = NULL, *own = req->sock->ns;

    *rc = -EINVAL;
    if (tb[NETNSA_PID]) {
        *rc = -ESRCH;
        peer = rt_ops_of(req)->ns_by_pid(own, mnl_attr_get_u32(tb[NETNSA_PID]));
    } else if (tb[NETNSA_FD]) {
        peer = own;
    } else if (by_id && tb[NETNSA_NSID]) {
        *rc = -ENOENT;
        peer = peer_by_id(own, (int)mnl_attr_get_u32(tb[NETNSA_NSID]));
    }
    return peer;
}

static int refuse_peer(int rc, struct err *e)
{
    return rt_refuse(e, -rc, rc == -EINVAL ? "Peer netns reference is missing"
                                           : "Peer netns reference is invalid");
}

static int new_nsid(struct req *req, struct err *e)
{
    const struct nlattr *tb[NETNSA_MAX + 1];
    struct netns *ns = req->sock->ns, *peer;
    int wanted, rc = rt_parse(req->msg, HDR, nsid_policy, NETNSA_MAX, tb, e);

    if (rc)
        return rc;
    if (!tb[NETNSA_NSID])
        return rt_refuse(e, EINVAL, "nsid is missing");
    peer = named(req, tb, false, &rc);
    if (!peer)
        return refuse_peer(rc, e);
    if (nsid_of(ns, peer) >= 0)
        return rt_refuse(e, EEXIST, "Peer netns already has a nsid assigned");
    wanted = (int)mnl_attr_get_u32(tb[NETNSA_NSID]);
    if (wanted >= 0 && peer_by_id(ns, wanted))
        return rt_refuse(e, EEXIST, "The specified nsid is already used");
    (void)give(ns, peer, wanted, req);
    return 0;
}

static int get_nsid(struct req *req, struct err *e)
{
    const struct rtgenmsg h = { .rtgen_family = AF_UNSPEC };
    const struct nlattr *tb[NETNSA_MAX + 1];
    struct netns *peer, *target = req->sock->ns;
    struct nlmsghdr *msg;
    int rc = rt_parse(req->msg, HDR, nsid_policy, NETNSA_MAX, tb, e);

    if (rc)
        return rc;
    peer = named(req, tb, true, &rc);
    if (!peer)
        return refuse_peer(rc, e);
    if (tb[NETNSA_TARGET_NSID])
        target = peer_by_id(target, (int)mnl_attr_get_u32(tb[NETNSA_TARGET_NSID]));
    if (!target)
        return rt_refuse(e, EINVAL, "Target netns reference is invalid");
    msg = rt_reply_msg(req, RTM_NEWNSID, &h, HDR);
    mnl_attr_put_u32(msg, NETNSA_NSID, (uint32_t)nsid_of(target, peer));
    if (tb[NETNSA_TARGET_NSID])
        mnl_attr_put_u32(msg, NETNSA_CURRENT_NSID, (uint32_t)nsid_of(req->sock->ns, peer));
    return reply_send(req, msg);
}

static int dump_nsids(struct dump *d, struct err *e)
{
    const struct rtgenmsg h = { .rtgen_family = AF_UNSPEC };
    const struct nsid_row *row;

    (void)e;
    for (; (row = row_at(d->req.sock->ns, (guint)d->pos)); d->pos++) {
        struct nlmsghdr *msg = rt_dump_msg(d, RTM_NEWNSID, &h, HDR);

        mnl_attr_put_u32(msg, NETNSA_NSID, (uint32_t)row->id);
        if (!dump_commit(d, msg))
            return 1;
    }
    return 0;
}

const struct rt_op rt_nsid_ops[] = {
    { RTM_NEWNSID, 0, HDR, { .doit = new_nsid } },
    { RTM_GETNSID, 0, HDR, { .doit = get_nsid, .dump = dump_nsids } },
    { 0 },
};
