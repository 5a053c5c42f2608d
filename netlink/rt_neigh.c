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

static bool is_get(const struct req *req)
{
    return req->msg->nlmsg_type == RTM_GETNEIGH;
}

static int read_request(const struct req *req, struct rt_neigh *n, struct err *e)
{
    const struct nlattr *tb[NDA_MAX + 1];
    struct ndmsg ndm;
    int rc = rt_parse(req->msg, HDR, neigh_policy, NDA_MAX, tb, e);

    if (rc)
        return rc;
    rt_header(req->msg, &ndm, HDR);
    if (!rt_ip_len(ndm.ndm_family))
        return is_get(req) ? rt_refuse(e, EAFNOSUPPORT, "Unsupported family in header for neighbor get request")
                           : -EAFNOSUPPORT;
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
    if (mnl_attr_get_payload_len(tb[NDA_DST]) < rt_ip_len(n->family))
        return rt_refuse(e, EINVAL, is_get(req) ? "Invalid network address in neighbor get request"
                                                : "Invalid network address");
    memcpy(n->dst, mnl_attr_get_payload(tb[NDA_DST]), rt_ip_len(n->family));
    return 0;
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
    if (n->flags & NTF_PROXY)
        return;
    if (n->hw_len && n->state & ~(NUD_NONE | NUD_INCOMPLETE | NUD_FAILED))
        mnl_attr_put(msg, NDA_LLADDR, n->hw_len, n->hw);
    mnl_attr_put_u32(msg, NDA_PROBES, 0);
    mnl_attr_put(msg, NDA_CACHEINFO, sizeof(times), &times);
}

static bool is_same(const struct rt_neigh *a, const struct rt_neigh *b)
{
    return a->family == b->family && a->ifindex == b->ifindex &&
           (a->flags & NTF_PROXY) == (b->flags & NTF_PROXY) &&
           !memcmp(a->dst, b->dst, rt_ip_len(a->family));
}

static int check_get(const struct req *req, struct err *e)
{
    const struct nlattr *tb[NDA_MAX + 1];
    struct ndmsg ndm;
    int rc;

    if (mnl_nlmsg_get_payload_len(req->msg) < HDR)
        return rt_refuse(e, EINVAL, "Invalid header for neighbor get request");
    rt_header(req->msg, &ndm, HDR);
    if (ndm.ndm_pad1 || ndm.ndm_pad2 || ndm.ndm_state || ndm.ndm_type)
        return rt_refuse(e, EINVAL, "Invalid values in header for neighbor get request");
    if (ndm.ndm_flags & ~NTF_PROXY)
        return rt_refuse(e, EINVAL, "Invalid flags in header for neighbor get request");
    rc = rt_parse(req->msg, HDR, neigh_policy, NDA_MAX, tb, e);
    for (uint16_t i = 1; !rc && i <= NDA_MAX; i++)
        if (tb[i] && i != NDA_DST)
            return rt_refuse(e, EINVAL, "Unsupported attribute in neighbor get request");
    return rc;
}

static int get_neigh(struct req *req, struct err *e)
{
    const struct rt_neigh *n;
    struct nlmsghdr *msg;
    struct rt_neigh wanted;
    struct ndmsg ndm;
    struct rt_link link;
    int rc = check_get(req, e);

    if (!rc)
        rc = read_request(req, &wanted, e);
    if (rc)
        return rc;
    if (!wanted.ifindex && !(wanted.flags & NTF_PROXY))
        return rt_refuse(e, EINVAL, "No device specified");
    if (wanted.ifindex && !rt_ops_of(req)->link_find(req->sock->ns, wanted.ifindex, "", &link))
        return rt_refuse(e, ENODEV, "Unknown device ifindex");
    for (size_t i = 0; (n = rt_ops_of(req)->neigh_at(req->sock->ns, i)); i++) {
        if (!is_same(n, &wanted))
            continue;
        neigh_header(n, &ndm);
        msg = rt_reply_msg(req, RTM_NEWNEIGH, &ndm, HDR);
        neigh_put(msg, n);
        return reply_send(req, msg);
    }
    return rt_refuse(e, ENOENT, wanted.flags & NTF_PROXY ? "Proxy neighbour entry not found"
                                                         : "Neighbour entry not found");
}

static int check_dump_header(const struct req *req, struct err *e)
{
    struct ndmsg ndm;

    if (mnl_nlmsg_get_payload_len(req->msg) < HDR)
        return rt_refuse(e, EINVAL, "Invalid header for neighbor dump request");
    rt_header(req->msg, &ndm, HDR);
    if (ndm.ndm_pad1 || ndm.ndm_pad2 || ndm.ndm_ifindex || ndm.ndm_state || ndm.ndm_type)
        return rt_refuse(e, EINVAL, "Invalid values in header for neighbor dump request");
    if (ndm.ndm_flags & ~NTF_PROXY)
        return rt_refuse(e, EINVAL, "Invalid flags in header for neighbor dump request");
    return 0;
}

static int check_dump(struct dump *d, struct err *e)
{
    const struct nlattr *tb[NDA_MAX + 1];
    int rc = d->req.sock->strict_chk ? check_dump_header(&d->req, e) : 0;

    if (!rc && d->req.sock->strict_chk)
        rc = rt_parse(d->req.msg, HDR, neigh_policy, NDA_MAX, tb, e);
    if (rc || !d->req.sock->strict_chk)
        return rc;
    return rt_strict(&d->req, tb, NDA_MAX, RT_BIT(NDA_IFINDEX) | RT_BIT(NDA_MASTER),
                     "Unsupported attribute in neighbor dump request", e);
}

/* Linux 6.1: neighbours say that they are filtered, proxies do not. */
static int dump_neighs(struct dump *d, struct err *e)
{
    const struct nlattr *tb[NDA_MAX + 1];
    const struct rt_neigh *n;
    struct ndmsg wanted, ndm;
    struct rt_link link;
    uint32_t ifindex, master;

    if (check_dump(d, e))
        return -e->code;
    rt_header(d->req.msg, &wanted, HDR);
    if (rt_parse(d->req.msg, HDR, neigh_policy, NDA_MAX, tb, e))
        memset(tb, 0, sizeof(tb));
    *e = (struct err){ 0 };
    ifindex = rt_u32(tb[NDA_IFINDEX], 0);
    master = rt_u32(tb[NDA_MASTER], 0);
    for (; (n = rt_ops_of(&d->req)->neigh_at(d->req.sock->ns, d->pos)); d->pos++) {
        struct nlmsghdr *msg;

        if ((rt_ip_len(wanted.ndm_family) && n->family != wanted.ndm_family) ||
            (ifindex && (uint32_t)n->ifindex != ifindex) ||
            (wanted.ndm_flags ^ n->flags) & NTF_PROXY)
            continue;
        if (master && (!rt_ops_of(&d->req)->link_find(d->req.sock->ns, n->ifindex, "", &link) ||
                       (uint32_t)link.master != master))
            continue;
        neigh_header(n, &ndm);
        msg = rt_dump_msg(d, RTM_NEWNEIGH, &ndm, HDR);
        msg->nlmsg_flags |= ifindex || master ? NLM_F_DUMP_FILTERED : 0;
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

    if (!rc && !n.ifindex)
        return rt_refuse(e, EINVAL, "Device not specified");
    return rc ? rc : rt_ops_of(req)->neigh_add(req->sock->ns, &n, req->msg->nlmsg_flags, req, e);
}

static int del_neigh(struct req *req, struct err *e)
{
    struct rt_neigh n;
    int rc = read_request(req, &n, e);

    if (!rc && !n.ifindex)
        return err_set(e, EINVAL, "a neighbour of no device");
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
    { RTM_GETNEIGH, 0, 1, { .doit = get_neigh, .needs = RT_BIT(NDA_DST), .dump = dump_neighs } },
    { RTM_GETNEIGH, AF_BRIDGE, HDR, { .dump = dump_nothing } },
    { RTM_NEWNEIGH, 0, HDR, { .doit = new_neigh, .needs = RT_BIT(NDA_DST) | RT_BIT(NDA_LLADDR),
      .takes = RT_BIT(NDA_PROBES) } },
    { RTM_DELNEIGH, 0, HDR, { .doit = del_neigh, .needs = RT_BIT(NDA_DST) } },
    { 0 },
};
