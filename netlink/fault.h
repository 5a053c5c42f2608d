/* fault.h - where netlink itself can fail, whatever the family; and rtnetlink's objects.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef NETLINK_FAULT_H
#define NETLINK_FAULT_H

#include "base/fault.h"

struct netlink;

enum netlink_fault {
    NETLINK_FAULT_BIND_ALLOC,
    NETLINK_FAULT_GROUPS_ALLOC,
    NETLINK_FAULT_SEND_ALLOC,
    NETLINK_FAULT_ATTRS_ALLOC,
    NETLINK_FAULT_DUMP_INFO,
    NETLINK_FAULT_DUMP_FIRST,
    NETLINK_FAULT_DUMP_NEXT,
    NETLINK_FAULT_DUMP_CHANGED,
    NETLINK_FAULT_ACK_ALLOC,
    NETLINK_FAULT_MULTICAST_CLONE,
    NETLINK_FAULT_RCVBUF_FULL,
    NETLINK_FAULT_RECV_INTR,
    NETLINK_FAULT_POLL_INTR,
    NETLINK_FAULT_CTRL_REPLY,
    NETLINK_FAULT_RT_REPLY,
    NETLINK_FAULT_RT_EVENT,
    NETLINK_FAULT_RT_LINK,
    NETLINK_FAULT_RT_ADDR,
    NETLINK_FAULT_RT_ADDR_OWN,
    NETLINK_FAULT_RT_ROUTE,
    NETLINK_FAULT_RT_RULE,
    NETLINK_FAULT_RT_NEIGH,
    N_NETLINK_FAULTS
};

extern const struct fault_point netlink_fault_points[N_NETLINK_FAULTS];

/* Borrowed; NULL: nothing fails. */
void netlink_set_fault(struct netlink *nl, const struct fault_hook *hook);

/* Does this fail? */
bool netlink_fails(const struct netlink *nl, enum netlink_fault point);

/* 0, or the point's error if it fails. */
int netlink_refuses(const struct netlink *nl, enum netlink_fault point, struct err *e);

#endif
