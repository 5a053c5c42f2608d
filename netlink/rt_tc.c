/* rt_tc.c - traffic control as a kernel without its modules answers it: there is a device's default qdisc only,
 * deletes find nothing, news are refused. Clients tolerate exactly these errors. SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/gen_stats.h>
#include <linux/pkt_sched.h>
#include <string.h>
#include <sys/socket.h>

#include "netlink/rt_int.h"

#define TC_HDR sizeof(struct tcmsg)

static int dump_nothing(struct dump *d, struct err *e)
{
    (void)d;
    (void)e;
    return 0;
}

/* 0, or -ENODEV: what a request is about must be there before anything else is looked at. */
static int check_link(const struct req *req, struct err *e)
{
    struct rt_link link;
    struct tcmsg tcm;

    rt_header(req->msg, &tcm, TC_HDR);
    if (rt_ops_of(req)->link_find(req->sock->ns, tcm.tcm_ifindex, "", &link))
        return 0;
    return err_set(e, ENODEV, "there is no such device");
}

static int no_qdisc(struct req *req, struct err *e)
{
    int rc = check_link(req, e);

    return rc ? rc : rt_refuse(e, ENOENT, "Cannot find specified qdisc on specified device");
}

static void put_qdisc(struct nlmsghdr *msg, const struct rt_link *link)
{
    static const struct tc_stats none;
    static const uint8_t zeros[20];
    struct nlattr *stats2;

    mnl_attr_put_strz(msg, TCA_KIND, link->qdisc);
    mnl_attr_put_u8(msg, TCA_HW_OFFLOAD, 0);
    stats2 = msg_nest_begin(msg, TCA_STATS2);
    mnl_attr_put(msg, TCA_STATS_BASIC, sizeof(struct gnet_stats_basic), zeros);
    mnl_attr_put(msg, TCA_STATS_QUEUE, sizeof(struct gnet_stats_queue), zeros);
    mnl_attr_nest_end(msg, stats2);
    mnl_attr_put(msg, TCA_STATS, sizeof(none), &none);
}

/* Until a device has been up, its qdisc is "noop", which is not told of. */
static bool has_qdisc(const struct rt_link *link, struct tcmsg *tcm)
{
    *tcm = (struct tcmsg){ .tcm_ifindex = link->ifindex, .tcm_parent = TC_H_ROOT, .tcm_info = 2 };
    return strcmp(link->qdisc, "noop");
}

static int root_qdisc(struct req *req, struct err *e)
{
    struct netns *ns = req->sock->ns;
    struct nlmsghdr *msg;
    struct rt_link link;
    struct tcmsg tcm;

    rt_header(req->msg, &tcm, TC_HDR);
    if (tcm.tcm_handle)
        return rt_refuse(e, EINVAL, "Invalid handle");
    (void)rt_ops_of(req)->link_find(ns, tcm.tcm_ifindex, "", &link);
    if (!has_qdisc(&link, &tcm))
        return 0;
    msg = rt_event_msg(ns, RTM_NEWQDISC, req, &tcm, TC_HDR);
    put_qdisc(msg, &link);
    rt_send_event(ns, RTNLGRP_TC, req, msg);
    return 0;
}

/* A device has a root and nothing else. */
static int check_root(struct req *req, struct err *e)
{
    struct tcmsg tcm;
    int rc = check_link(req, e);

    rt_header(req->msg, &tcm, TC_HDR);
    if (rc || tcm.tcm_parent == TC_H_ROOT)
        return rc;
    if (tcm.tcm_parent == TC_H_INGRESS)
        return no_qdisc(req, e);
    return rt_refuse(e, ENOENT, tcm.tcm_parent ? "Failed to find qdisc with specified classid"
                                               : "Failed to find qdisc with specified handle");
}

static int get_qdisc(struct req *req, struct err *e)
{
    int rc = check_root(req, e);

    return rc ? rc : root_qdisc(req, e);
}

static int del_qdisc(struct req *req, struct err *e)
{
    int rc = check_root(req, e);

    return rc ? rc : rt_refuse(e, ENOENT, "Cannot delete qdisc with handle of zero");
}

static int dump_qdiscs(struct dump *d, struct err *e)
{
    struct netns *ns = d->req.sock->ns;
    struct rt_link link;
    struct tcmsg tcm;

    (void)e;
    for (; rt_ops_of(&d->req)->link_next(ns, (int)d->pos, &link); d->pos = (uint64_t)link.ifindex) {
        struct nlmsghdr *msg;

        if (!has_qdisc(&link, &tcm))
            continue;
        msg = rt_dump_msg(d, RTM_NEWQDISC, &tcm, TC_HDR);
        put_qdisc(msg, &link);
        if (!dump_commit(d, msg))
            return 1;
    }
    return 0;
}

static int no_kind(struct req *req, struct err *e)
{
    int rc = check_link(req, e);

    return rc ? rc : rt_refuse(e, ENOENT, "Specified qdisc kind is unknown");
}

static int no_class(struct req *req, struct err *e)
{
    int rc = check_link(req, e);

    return rc ? rc : err_set(e, ENOENT, "there are no classes");
}

static int no_parent(struct req *req, struct err *e)
{
    int rc = check_link(req, e);

    return rc ? rc : rt_refuse(e, EINVAL, "Parent Qdisc doesn't exists");
}

static int no_action(struct req *req, struct err *e)
{
    (void)req;
    return rt_refuse(e, EINVAL, "Netlink action attributes missing");
}

/* clang-format off */
const struct rt_op rt_tc_ops[] = {
    { RTM_NEWQDISC,   0, TC_HDR, { .doit = no_kind } },
    { RTM_DELQDISC,   0, TC_HDR, { .doit = del_qdisc } },
    { RTM_GETQDISC,   0, TC_HDR, { .doit = get_qdisc, .dump = dump_qdiscs } },
    { RTM_NEWTCLASS,  0, TC_HDR, { .doit = no_class } },
    { RTM_DELTCLASS,  0, TC_HDR, { .doit = no_class } },
    { RTM_GETTCLASS,  0, TC_HDR, { .doit = no_class, .dump = dump_nothing } },
    { RTM_NEWTFILTER, 0, TC_HDR, { .doit = no_parent } },
    { RTM_DELTFILTER, 0, TC_HDR, { .doit = no_parent } },
    { RTM_GETTFILTER, 0, TC_HDR, { .doit = no_parent, .dump = dump_nothing } },
    { RTM_NEWCHAIN,   0, TC_HDR, { .doit = no_parent } },
    { RTM_DELCHAIN,   0, TC_HDR, { .doit = no_parent } },
    { RTM_GETCHAIN,   0, TC_HDR, { .doit = no_parent, .dump = dump_nothing } },
    { RTM_NEWACTION,  0, 4,      { .doit = no_action } },
    { RTM_DELACTION,  0, 4,      { .doit = no_action } },
    { RTM_GETACTION,  0, 4,      { .doit = no_action, .dump = dump_nothing } },
    { 0 },
};
/* clang-format on */
