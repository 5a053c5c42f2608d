/* dispatch.h - from a datagram of the client to the handlers of a family.
 *
 * Order of checks: catalogue 01, section 1.4.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef NETLINK_DISPATCH_H
#define NETLINK_DISPATCH_H

#include "netlink/family.h"

#define NO_ACK 1        /* instead of 0: a dump was started, or there is nothing to say */

/* One request of a datagram: 0, -errno or NO_ACK. The caller answers with an error or an ACK. */
typedef int protocol_fn(struct sock *s, const struct nlmsghdr *msg, struct err *e);

/* Who answers on sockets of a netlink protocol. Without one, nobody listens there. */
void netlink_set_protocol(struct netlink *nl, int protocol, protocol_fn *run);
protocol_fn *netlink_protocol(const struct netlink *nl, int protocol);  /* NULL: nobody listens */

/* Processes every message of a datagram in order, queueing replies, errors
 * and ACKs on 's'. Damaged lengths end the datagram silently, as in the kernel. */
void dispatch(struct sock *s, const void *bytes, size_t len, protocol_fn *run);

/* The protocol_fn of generic netlink. */
int dispatch_generic(struct sock *s, const struct nlmsghdr *msg, struct err *e);

#endif
