/* rt_tc.c - traffic control as a kernel without its modules answers it: gets are empty, deletes find nothing, news are refused. Clients tolerate
 * exactly these errors. SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
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
    return rt_refuse(e, ENODEV, "Cannot find specified netdevice");
}

static int no_qdisc(struct req *req, struct err *e)
{
    int rc = check_link(req, e);

    return rc ? rc : rt_refuse(e, ENOENT, "Cannot find specified qdisc on specified device");
}

static int no_kind(struct req *req, struct err *e)
{
    int rc = check_link(req, e);

    return rc ? rc : rt_refuse(e, ENOENT, "Specified qdisc kind is unknown");
}

static int no_class(struct req *req, struct err *e)
{
    int rc = check_link(req, e);

    return rc ? rc : rt_refuse(e, ENOENT, "Cannot find specified class");
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
    { RTM_DELQDISC,   0, TC_HDR, { .doit = no_qdisc } },
    { RTM_GETQDISC,   0, TC_HDR, { .doit = no_qdisc, .dump = dump_nothing } },
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
