/* nl.h - what dp/ct/nl_*.c share: connections and timeouts as userspace reads and writes them (ctnetlink).
 *
 * Attributes are those of linux/netfilter/nfnetlink_conntrack.h; their order and the rules are those of
 * Linux 6.1 (catalogue 09.9). SPDX-License-Identifier: Apache-2.0 */
#ifndef DP_CT_NL_H
#define DP_CT_NL_H

#include <linux/netfilter/nfnetlink_conntrack.h>

#include "dp/ct/conn.h"
#include "netlink/attr.h"
#include "netlink/nf.h"

struct ct_expect;
struct dp_ns;

/* Answers the three subsystems' messages from now on. */
void ct_nl_start(struct netlink *nl);
/* Tells a namespace's events to the members of NFNLGRP_CONNTRACK_*. */
void ct_nl_listen(struct dp_ns *ns);

extern const struct nf_subsys ct_nl_conns, ct_nl_expects, ct_nl_timeouts;
/* How their messages read: nl_form.c. */
extern const struct msg_form ct_conn_form, ct_expect_form, ct_timeout_form;

/* ---- tuples: nl_tuple.c ------------------------------------------------------------------------- */

/* Parts of a tuple, as CTA_FILTER names them. */
enum {
    CT_PART_SRC = 1u << 0,
    CT_PART_DST = 1u << 1,
    CT_PART_ZONE = 1u << 2,
    CT_PART_PROTO = 1u << 3,
};

#define CT_PART_ALL 0xfffu
#define CT_PART_IDS 0xff0u              /* ports, and what ICMP has of them */

/* What a request says about all its tuples. */
struct ct_nl_scope {
    uint8_t family;                     /* AF_INET, AF_INET6; others have no tuples */
    uint16_t zone[CT_N_DIRS];           /* differ if it is given inside a tuple */
    uint32_t parts;                     /* that a tuple must have, CT_PART_* */
};

/* The scope of a request, of which 'zone' is the zone attribute or NULL. */
struct ct_nl_scope ct_nl_scope_of(const struct req *req, const struct nlattr *zone);

/* Reads a CTA_TUPLE_* of direction 'dir'. 0, -EINVAL, -ERANGE, or -EOPNOTSUPP: no such family. */
int ct_nl_get_tuple(struct ct_nl_scope *scope, unsigned dir, const struct nlattr *nest,
                    struct ct_tuple *t, struct err *e);
/* 'zone': told inside, 0: not. */
void ct_nl_put_tuple(struct nlmsghdr *msg, uint16_t type, const struct ct_tuple *t, uint16_t zone);
/* Are these parts of two tuples equal? */
bool ct_nl_parts_equal(const struct ct_tuple *a, const struct ct_tuple *b, uint32_t parts);

static inline uint8_t ct_nl_family(const struct ct_tuple *t)
{
    return t->l3 == 4 ? AF_INET : AF_INET6;
}

/* The connection that a request names by 'orig' or, if that is NULL, by 'reply': 0, -ENOENT, -EINVAL (neither) ... */
int ct_nl_find(const struct req *req, const struct nlattr *orig, const struct nlattr *reply,
               struct ct_nl_scope *scope, struct ct_conn **c, struct err *e);

/* ---- connections: nl_conn.c, nl_conn_put.c, nl_conn_new.c, nl_event.c ------------------------------ */

/* Appends all that GET says of a connection. */
void ct_nl_put_conn(struct nlmsghdr *msg, const struct ct_conn *c, uint32_t use);
/* Appends what an event says of it: 'events' are bits of IPCT_*. */
void ct_nl_put_event(struct nlmsghdr *msg, const struct ct_conn *c, uint32_t events);

/* IPCTNL_MSG_CT_NEW */
int ct_nl_new_conn(struct req *req, struct err *e);

/* Tells members of events that a request makes. */
void ct_nl_tell(struct ct_conn *c, uint32_t events, struct req *cause);
/* Deletes a connection in the name of a request. */
void ct_nl_delete(struct ct_conn *c, struct req *cause);

/* Which event of a namespace comes from dp_ns.ct_cause. */
enum { CT_CAUSE_DESTROY, CT_CAUSE_EXPECT_NEW, CT_CAUSE_EXPECT_DESTROY };

/* Is a listener there, or a request that wants to hear of what it does? */
bool ct_nl_is_wanted(const struct dp_ns *ns, const struct req *cause);
/* The request that this event comes from, or NULL. */
struct req *ct_nl_cause(const struct dp_ns *ns, unsigned event);
/* Tells of an expectation: ct_table.expect_event (nl_expect.c). */
void ct_nl_on_expect(void *ctx, struct ct_expect *x, unsigned event);

/* ---- statistics: nl_stats.c ------------------------------------------------------------------------ */

int ct_nl_get_stats(struct req *req, struct err *e);
/* Of a CPU, asked for without NLM_F_DUMP: there is nothing to say. */
int ct_nl_no_stats(struct req *req, struct err *e);
int ct_nl_dump_stats(struct dump *d, struct err *e);
int ct_nl_dump_expect_stats(struct dump *d, struct err *e);

/* ---- attributes ------------------------------------------------------------------------------------ */

/* Attributes of a nest, as policy_parse(). Unlike a message's own, they are refused without a word to
 * the client. */
int ct_nl_parse_nest(const struct nlattr *nest, const struct policy *rows, uint16_t max,
                     const struct nlattr **tb, struct err *e);

static inline void put_be32(struct nlmsghdr *msg, uint16_t type, uint32_t value)
{
    mnl_attr_put_u32(msg, type, GUINT32_TO_BE(value));
}

static inline uint32_t get_be32(const struct nlattr *a)
{
    return GUINT32_FROM_BE(mnl_attr_get_u32(a));
}

/* Jiffies a second: the kernel keeps spans of time in 32 bits of them. */
#define CT_HZ 250u

#endif
