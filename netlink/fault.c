/* fault.c - the rows of fault.h. SPDX-License-Identifier: Apache-2.0 */
#include "netlink/fault.h"

#include <errno.h>

#include "netlink/server.h"

/* clang-format off */
const struct fault_point netlink_fault_points[N_NETLINK_FAULTS] = {
    [NETLINK_FAULT_BIND_ALLOC] = { "bind_alloc", FAULT_FAILS_CALL, ENOMEM, "netlink_insert",
        "room for a socket in the table of port ids",
        "bind() or connect() fails, or the send() that would have bound it; it stays unbound" },
    [NETLINK_FAULT_GROUPS_ALLOC] = { "groups_alloc", FAULT_FAILS_CALL, ENOMEM, "netlink_realloc_groups",
        "memory for a socket's first membership of a group",
        "bind() or setsockopt() fails" },
    [NETLINK_FAULT_SEND_ALLOC] = { "send_alloc", FAULT_FAILS_CALL, ENOBUFS, "netlink_sendmsg",
        "buffer for the bytes of a send()",
        "send() fails; nothing is carried out" },
    [NETLINK_FAULT_ATTRS_ALLOC] = { "attrs_alloc", FAULT_REFUSES, ENOMEM, "genl_family_rcv_msg_attrs_parse",
        "memory for a request's attributes",
        "the request is refused before its handler sees it" },
    [NETLINK_FAULT_DUMP_INFO] = { "dump_info", FAULT_REFUSES, ENOMEM, "genl_start",
        "memory for the state of a dump",
        "no dump begins" },
    [NETLINK_FAULT_DUMP_FIRST] = { "dump_first", FAULT_REFUSES, ENOBUFS, "netlink_dump",
        "buffer for the first datagram of a dump",
        "an error answers, and yet the dump goes on when that is read" },
    [NETLINK_FAULT_DUMP_NEXT] = { "dump_next", FAULT_SOCKET, ENOBUFS, "netlink_dump",
        "buffer for a later datagram of a dump",
        "the dump rests until something else is read from the socket" },
    [NETLINK_FAULT_DUMP_CHANGED] = { "dump_changed", FAULT_GOES_ON, 0, "nl_dump_check_consistent",
        "consistent dump: devices or addresses have changed between two datagrams",
        "the next message has NLM_F_DUMP_INTR" },
    [NETLINK_FAULT_ACK_ALLOC] = { "ack_alloc", FAULT_SOCKET, ENOBUFS, "netlink_ack",
        "buffer for an acknowledgement or an error",
        "none is sent; what was asked for has been done, or not" },
    [NETLINK_FAULT_MULTICAST_CLONE] = { "multicast_clone", FAULT_SOCKET, ENOBUFS, "do_one_broadcast",
        "copy of a notification for another member of its group",
        "neither this member nor those behind it get it" },
    [NETLINK_FAULT_RCVBUF_FULL] = { "rcvbuf_full", FAULT_SOCKET, ENOBUFS, "netlink_attachskb",
        "room in a socket's receive buffer",
        "the datagram is lost, and all others until the client has read; an upcall is counted in n_lost" },
    [NETLINK_FAULT_RECV_INTR] = { "recv_intr", FAULT_FAILS_CALL, EINTR, "__skb_wait_for_more_packets",
        "receiving call that no signal ends: one that may wait, whether there is something or not",
        "recv() or its like fails; nothing is taken from the socket" },
    [NETLINK_FAULT_POLL_INTR] = { "poll_intr", FAULT_FAILS_CALL, EINTR, "do_poll",
        "poll(), select() or epoll_wait() for a socket that no signal ends: one that may wait, whether there is something or not",
        "it fails; what there is to read stays" },
    [NETLINK_FAULT_CTRL_REPLY] = { "ctrl_reply", FAULT_REFUSES, ENOBUFS, "ctrl_build_family_msg",
        "buffer for the description of a family",
        "the client does not learn its number" },
    [NETLINK_FAULT_RT_REPLY] = { "rt_reply", FAULT_REFUSES, ENOBUFS, "rtnl_getlink",
        "buffer for the answer to a get of rtnetlink",
        "nothing is answered but the error" },
    [NETLINK_FAULT_RT_EVENT] = { "rt_event", FAULT_SOCKET, ENOBUFS, "rtmsg_ifinfo",
        "buffer for an event of rtnetlink",
        "members of its group find an error at their sockets" },
    [NETLINK_FAULT_RT_LINK] = { "rt_link", FAULT_REFUSES, ENOMEM, "rtnl_create_link",
        "memory for a device",
        "none is made" },
    [NETLINK_FAULT_RT_ADDR] = { "rt_addr", FAULT_REFUSES, ENOBUFS, "inet_alloc_ifa",
        "memory for an address",
        "none is added" },
    [NETLINK_FAULT_RT_ADDR_OWN] = { "rt_addr_own", FAULT_GOES_ON, 0, "addrconf_add_linklocal",
        "memory for an address that a device gives itself when it comes up",
        "it is up without" },
    [NETLINK_FAULT_RT_ROUTE] = { "rt_route", FAULT_REFUSES, ENOBUFS, "fib_create_info",
        "memory for a route",
        "none is added" },
    [NETLINK_FAULT_RT_RULE] = { "rt_rule", FAULT_REFUSES, ENOMEM, "fib_nl_newrule",
        "memory for a rule",
        "none is added" },
    [NETLINK_FAULT_RT_NEIGH] = { "rt_neigh", FAULT_REFUSES, ENOBUFS, "neigh_add",
        "memory for a neighbour",
        "none is added" },
};
/* clang-format on */

void netlink_set_fault(struct netlink *nl, const struct fault_hook *hook)
{
    nl->fault = hook;
}

bool netlink_fails(const struct netlink *nl, enum netlink_fault point)
{
    return fault_strikes(nl->fault, &netlink_fault_points[point]);
}

int netlink_refuses(const struct netlink *nl, enum netlink_fault point, struct err *e)
{
    return netlink_fails(nl, point) ? fault_set(&netlink_fault_points[point], e) : 0;
}
