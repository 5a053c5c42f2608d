/* dispatch.h - from a datagram of the client to the handlers of a family.
 *
 * Order of checks: catalogue 01, section 1.4.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef NETLINK_DISPATCH_H
#define NETLINK_DISPATCH_H

#include "netlink/family.h"

/* Processes every message of a generic netlink datagram in order, queueing replies, errors
 * and ACKs on 's'. Damaged lengths end the datagram silently, as in the kernel. */
void dispatch_generic(struct sock *s, const void *bytes, size_t len);

#endif
