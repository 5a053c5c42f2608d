/* nf.h - NETLINK_NETFILTER's front door: which subsystem answers a message, and its own words.
 *
 * A message's type is a subsystem and a number; behind nlmsghdr stands struct nfgenmsg, as long as
 * genlmsghdr, so that handlers and dumps are those of generic netlink.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef NETLINK_NF_H
#define NETLINK_NF_H

#include <linux/netfilter/nfnetlink.h>

#include "netlink/family.h"

/* Of a dump_begin: the dump is over before it starts, without a DONE. */
#define NOTHING_TO_DUMP 2
struct msg_form;

#define NF_TYPE(subsys, msg) ((uint16_t)((subsys) << 8 | (msg)))

/* One row for each message that is answered: op->cmd is its number. All attributes are checked by
 * op->policy, dumps' too. */
struct nf_subsys {
    uint8_t id;                         /* NFNL_SUBSYS_* */
    const struct genl_op *op;
    size_t n_ops;
    const struct msg_form *form;        /* how its messages read */
};

/* NETLINK_NETFILTER sockets are answered from now on. */
void nf_start(struct netlink *nl);
void nf_add_subsys(struct netlink *nl, const struct nf_subsys *subsys);        /* borrowed */

static inline const struct nfgenmsg *nf_header(const struct req *req)
{
    return (const void *)(req->msg + 1);
}

/* Starts an answer or an object of a dump, which are marked alike. */
struct nlmsghdr *nf_reply(const struct req *req, uint16_t type, uint8_t family);
/* Starts an event; 'cause' is the request it comes from, or NULL. */
struct nlmsghdr *nf_event(struct netns *ns, uint16_t type, uint8_t family, const struct req *cause);
/* To the members of group NFNLGRP_*, and to the sender of 'cause' if it wants to hear of it. */
void nf_send_event(struct netns *ns, uint32_t group, const struct nlmsghdr *msg, struct req *cause);
/* It could not be made: the members find 'error' (positive) at their sockets. */
void nf_event_error(struct netns *ns, uint32_t group, int error);

#endif
