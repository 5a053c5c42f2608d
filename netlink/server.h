/* server.h - what the files of netlink/ share with each other and nobody else.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef NETLINK_SERVER_H
#define NETLINK_SERVER_H

#include <glib.h>
#include <linux/netfilter/nfnetlink.h>

#include "netlink/dispatch.h"
#include "netlink/family.h"
#include "netlink/fault.h"

#define EVENT_ROOM (96 * 1024)  /* news of devices and connections are short, but for one attribute a client may have given */

/* A registered family and the numbers it got. */
struct family_entry {
    const struct family *family;
    uint16_t id;
    uint32_t group;             /* 0: has none */
};

struct netlink {
    GPtrArray *entries;         /* of struct family_entry, in registration order */
    GHashTable *by_id, *by_name, *by_row;       /* id, name, row -> entry; for look-up only */
    GPtrArray *namespaces;      /* of struct netns */
    uint32_t last_group;
    protocol_fn *protocols[MAX_LINKS];  /* by NETLINK_*; NULL: nobody listens */
    const struct rt_ops *rt_ops;        /* of NETLINK_ROUTE */
    const struct nf_subsys *nf_subsys[NFNL_SUBSYS_COUNT];   /* of NETLINK_NETFILTER, NULL: none */
    void *user;
    netlink_refused_fn *refused;        /* NULL: nobody wants to know */
    void *refused_user;
    bool has_tap;
    struct netlink_tap tap;
    netlink_carry_fn *carry;    /* NULL: nobody does */
    void *carry_user;
    const struct fault_hook *fault;     /* NULL: nothing fails */
    uint8_t *scratch;           /* MSG_ROOM bytes: the message under construction */
    uint8_t *event;             /* EVENT_ROOM bytes: news of a device, while an answer is built */
};

/* Starts the message under construction. libmnl leaves padding as it finds it, so the scratch
 * buffer is kept zero behind the message. */
struct nlmsghdr *scratch_begin(struct netlink *nl);

/* The same in the room for news: what an answer tells may change devices before it is sent. */
struct nlmsghdr *event_begin(struct netlink *nl);

/* Tells the hook, if there is one. */
void netlink_refuse(struct sock *s, const struct nlmsghdr *msg, int error, const struct err *e);

/* Queues a copy for all members of a group but 'except' (NULL allowed). */
void deliver(struct netns *ns, int protocol, uint32_t group, const struct nlmsghdr *msg,
             const struct sock *except);
/* The same members find 'error' (positive) at their sockets: a message for them could not be made. */
void deliver_error(struct netns *ns, int protocol, uint32_t group, int error);
/* An event that 'cause' (NULL allowed) has made: with NLM_F_ECHO its sender gets it by unicast,
 * and not as a member (catalogue 01, section 1.8). */
void send_event(struct netns *ns, int protocol, uint32_t group, const struct nlmsghdr *msg,
                struct req *cause);

/* Takes its port id from a socket that is about to end, if it has one. */
void netns_unbind(struct sock *s);
/* What a buffer of 'room' bytes counts against SO_RCVBUF. */
size_t sock_truesize(size_t room);
/* Is there room for 'charge' bytes more, by the bound that 'rcvbuf' is and by the share? Looks again at what has been read
 * before it says no. */
bool sock_has_room(struct sock *s, size_t charge, size_t rcvbuf);
/* Queues without asking whether there is room. */
void sock_push(struct sock *s, const void *bytes, size_t len, size_t charge, uint32_t group);
void sock_set_error(struct sock *s, int error);
/* Loses a datagram as if the bound had been reached: -EAGAIN. */
int sock_overrun(struct sock *s, size_t len, uint32_t group);

/* Rows an operation's attributes are checked against, and the largest type they know. */
const struct policy *op_policy(const struct family *f, const struct genl_op *op,
                               uint16_t *max_attr);
/* Fills all but 'attr' for a message long enough for the family's headers. */
void req_init(struct req *req, struct sock *s, const struct family *f, const struct nlmsghdr *msg);
/* Ends a request with result 'rc': tells the hook of an error. The handler's 'own' sentence, if it has one for the
 * client, replaces the parser's warning in 'e'. Returns rc. */
int req_settle(const struct req *req, int rc, const struct err *own, struct err *e);
/* Parses the attributes, checked unless 'rows' is NULL. */
int req_parse(struct req *req, const struct policy *rows, uint16_t max_attr, bool strict,
              struct err *e);

#endif
