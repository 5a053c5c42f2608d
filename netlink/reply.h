/* reply.h - messages from the kernel's side: replies, notifications, upcalls, dumps.
 *
 * A message is built with libmnl's mnl_attr_put*() in one scratch buffer of the server, so
 * only one is under construction at a time; MSG_ROOM bytes are always enough for attributes
 * (each at most 64 KiB) of the families here.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef NETLINK_REPLY_H
#define NETLINK_REPLY_H

#include "netlink/family.h"

#define MSG_ROOM (512 * 1024)

/* Starts a message of a family with its user header copied from 'user_hdr' (hdrsize
 * bytes). It stays valid until the next msg_*() or dump_msg() of this server. */
struct nlmsghdr *msg_new(struct netlink *nl, const struct family *f, uint8_t cmd,
                         const void *user_hdr);

/* Shortens a message under construction to 'len' bytes: the way to take attributes back. */
void msg_cut(struct nlmsghdr *msg, size_t len);

/* Starts the answer to a request: its family, seq and port id. */
struct nlmsghdr *reply_new(struct req *req, uint8_t cmd, const void *user_hdr);

/* Unicast to the requester. Returns 0 or -EAGAIN (queue full; counted there). */
int reply_send(struct req *req, const struct nlmsghdr *msg);

/* Notification of a change made by 'req', to the family's group: with NLM_F_ECHO unicast to the
 * requester and multicast to the other members, without it multicast to all members
 * including the requester (catalogue 01, section 1.8). */
void notify(struct req *req, const struct nlmsghdr *msg);

/* Would notify() reach anybody? (NLM_F_ECHO, or a member in any namespace) */
bool notify_wanted(const struct req *req);

/* Event without a request (seq 0, port id 0) to the family's group in one namespace. */
void multicast(struct netns *ns, const struct family *f, const struct nlmsghdr *msg);
/* It could not be made: the members find 'error' (positive) at their sockets. */
void multicast_error(struct netns *ns, const struct family *f, int error);

/* To one generic netlink socket by port id. 'room' as in sock_queue(). Returns 0,
 * -ECONNREFUSED (no such socket) or -EAGAIN (queue full). */
int unicast(struct netns *ns, uint32_t portid, const struct nlmsghdr *msg, size_t room);

/* Next message of a dump (NLM_F_MULTI, seq and port id of the request). */
struct nlmsghdr *dump_msg(struct dump *d, uint8_t cmd, const void *user_hdr);

/* Moves it into the datagram. Returns false if it does not fit: the handler then returns 1
 * and offers the same object again. */
bool dump_commit(struct dump *d, const struct nlmsghdr *msg);
bool dump_is_empty(const struct dump *d);   /* nothing in this datagram yet */

/* For netlink/ itself: NLMSG_ERROR for 'msg' (error 0 or -errno, ext-ack from 'e'). */
void reply_error(struct sock *s, const struct nlmsghdr *msg, int error, const struct err *e);

/* For netlink/ itself: starts a dump, fills its first datagram; goes on with it. */
int dump_start(struct req *req, const struct genl_op *op, struct err *e);
void dump_continue(struct sock *s);
void dump_abort(struct sock *s);

#endif
