/* rt_neigh.c - RTM_GETNEIGH, NEWNEIGH, DELNEIGH: neighbour tables of IPv4 and IPv6.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/neighbour.h>
#include <string.h>
#include <sys/socket.h>

#include "netlink/rt_int.h"

#define HDR sizeof(struct ndmsg)

static const struct policy neigh_policy[NDA_MAX + 1] = {
    [NDA_IFINDEX] = { POL_U32, 0, false, 0, 0 },
    [NDA_MASTER] = { POL_U32, 0, false, 0, 0 },
};

static int read_request(const struct req *req, struct rt_neigh *n, struct err *e)
{
    const struct nlattr *tb[NDA_MAX + 1];
    struct ndmsg ndm;
    int rc = rt_parse(req->msg, HDR, neigh_policy, NDA_MAX, tb, e);

    if (rc)
        return rc;
    rt_header(req->msg, &ndm, HDR);
    if (!rt_ip_len(ndm.ndm_family))
        return -EAFNOSUPPORT;
    *n = (struct rt_neigh){
        .family = ndm.ndm_family,
        .state = ndm.ndm_state,
        .flags = ndm.ndm_flags,
        .type = RTN_UNICAST,
        .ifindex = ndm.ndm_ifindex,
    };
    if (!tb[NDA_DST])
        return rt_refuse(e, EINVAL, "Network address not specified");
    if (tb[NDA_LLADDR]) {
        n->hw_len = (uint8_t)MIN(mnl_attr_get_payload_len(tb[NDA_LLADDR]), RT_HW_LEN);
        memcpy(n->hw, mnl_attr_get_payload(tb[NDA_LLADDR]), n->hw_len);
    }
    return rt_get_ip(tb[NDA_DST], n->family, n->dst, NULL, e);
}

/* ---- answers --------------------------------------------------------------------------------- */

static void neigh_header(const struct rt_neigh *n, struct ndmsg *ndm)
{
    *ndm = (struct ndmsg){
        .ndm_family = n->family,
        .ndm_ifindex = n->ifindex,
        .ndm_state = n->state,
        .ndm_flags = n->flags,
        .ndm_type = n->type,
    };
}

static void neigh_put(struct nlmsghdr *msg, const struct rt_neigh *n)
{
    const struct nda_cacheinfo times = { 0 };

    mnl_attr_put(msg, NDA_DST, rt_ip_len(n->family), n->dst);
    if (n->hw_len && n->state & ~(NUD_NONE | NUD_INCOMPLETE | NUD_FAILED))
        mnl_attr_put(msg, NDA_LLADDR, n->hw_len, n->hw);
    mnl_attr_put_u32(msg, NDA_PROBES, 0);
    mnl_attr_put(msg, NDA_CACHEINFO, sizeof(times), &times);
}

static int get_neigh(struct req *req, struct err *e)
{
    const struct rt_neigh *n;
    struct nlmsghdr *msg;
    struct rt_neigh wanted;
    struct ndmsg ndm;
    int rc = read_request(req, &wanted, e);

    if (rc)
        return rc;
    for (size_t i = 0; (n = rt_ops_of(req)->neigh_at(req->sock->ns, i)); i++) {
        if (n->family != wanted.family || n->ifindex != wanted.ifindex ||
            memcmp(n->dst, wanted.dst, rt_ip_len(n->family)))
            continue;
        neigh_header(n, &ndm);
        msg = rt_reply_msg(req, RTM_NEWNEIGH, &ndm, HDR);
        neigh_put(msg, n);
        return reply_send(req, msg);
    }
    return -ENOENT;
}

static int dump_begin(struct dump *d, struct err *e)
{
    return rt_strict_header(&d->req, HDR, e);
}

/* A proxy table is never filled. */
static int dump_neighs(struct dump *d, struct err *e)
{
    const struct nlattr *tb[NDA_MAX + 1];
    const struct rt_neigh *n;
    struct ndmsg wanted, ndm;
    uint32_t ifindex;

    rt_header(d->req.msg, &wanted, HDR);
    if (wanted.ndm_flags & NTF_PROXY || rt_parse(d->req.msg, HDR, neigh_policy, NDA_MAX, tb, e))
        return 0;
    ifindex = rt_u32(tb[NDA_IFINDEX], 0);
    for (; (n = rt_ops_of(&d->req)->neigh_at(d->req.sock->ns, d->pos)); d->pos++) {
        struct nlmsghdr *msg;

        if ((rt_ip_len(wanted.ndm_family) && n->family != wanted.ndm_family) ||
            (ifindex && (uint32_t)n->ifindex != ifindex))
            continue;
        neigh_header(n, &ndm);
        msg = rt_dump_msg(d, RTM_NEWNEIGH, &ndm, HDR);
        msg->nlmsg_flags |= ifindex ? NLM_F_DUMP_FILTERED : 0;
        neigh_put(msg, n);
        if (!dump_commit(d, msg))
            return 1;
    }
    return 0;
}

static int dump_nothing(struct dump *d, struct err *e)
{
    (void)d;
    (void)e;
    return 0;
}

/* ---- changes --------------------------------------------------------------------------------- */

static int new_neigh(struct req *req, struct err *e)
{
    struct rt_neigh n;
    int rc = read_request(req, &n, e);

    return rc ? rc : rt_ops_of(req)->neigh_add(req->sock->ns, &n, req->msg->nlmsg_flags, req, e);
}

static int del_neigh(struct req *req, struct err *e)
{
    struct rt_neigh n;
    int rc = read_request(req, &n, e);

    return rc ? rc : rt_ops_of(req)->neigh_del(req->sock->ns, &n, req, e);
}

void rt_neigh_event(struct netns *ns, uint16_t type, const struct rt_neigh *n, struct req *cause)
{
    struct nlmsghdr *msg;
    struct ndmsg ndm;

    neigh_header(n, &ndm);
    msg = rt_event_msg(ns, type, NULL, &ndm, HDR);
    neigh_put(msg, n);
    rt_send_event(ns, RTNLGRP_NEIGH, cause, msg);
}

const struct rt_op rt_neigh_ops[] = {
    { RTM_GETNEIGH, 0, HDR, { .doit = get_neigh, .dump = dump_neighs, .dump_begin = dump_begin } },
    { RTM_GETNEIGH, AF_BRIDGE, HDR, { .dump = dump_nothing } },
    { RTM_NEWNEIGH, 0, HDR, { .doit = new_neigh } },
    { RTM_DELNEIGH, 0, HDR, { .doit = del_neigh } },
    { 0 },
};
