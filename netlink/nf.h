/* nf.h - NETLINK_NETFILTER: connection tracking's tables as far as clients ask.
 *
 * The connection table is empty; timeout policies are kept by name.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef NETLINK_NF_H
#define NETLINK_NF_H

#include "netlink/socket.h"

/* NETLINK_NETFILTER sockets are answered from now on. */
void nf_start(struct netlink *nl);
/* Drops what a namespace keeps. */
void nf_done(struct netns *ns);

#endif
