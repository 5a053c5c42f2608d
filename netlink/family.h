/* family.h - generic netlink families: the rows a family is described by, and their registry.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef NETLINK_FAMILY_H
#define NETLINK_FAMILY_H

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "netlink/policy.h"
#include "netlink/socket.h"

struct msg_form;

#define GENL_ATTR(type) (UINT64_C(1) << (type))     /* in sets of attributes */
#define FAMILY_MAX_ATTR 26      /* largest maxattr of any family: CTA_MAX */

/* A request under way: what a handler may look at. Borrowed until the handler returns. */
struct req {
    struct sock *sock;
    const struct nlmsghdr *msg;
    const struct genlmsghdr *genl;
    const void *user_hdr;               /* family->hdrsize bytes */
    const struct family *family;
    const struct nlattr *attr[FAMILY_MAX_ATTR + 1];     /* by type, NULL if absent */
};

/* A dump under way; lives until its DONE is queued or the socket closes. */
struct dump {
    struct req req;                     /* 'msg' is the dump's own copy; attr as sent, unchecked */
    uint64_t pos;                       /* the handler's cursor, 0 at the start */
    void *state;                        /* the handler's, freed by op->dump_done */
    const struct genl_op *op;
    uint16_t flags;                     /* NLM_F_* of its messages and its DONE, besides MULTI */
    bool is_interrupted;                /* what it tells has changed since its last datagram */
    int result;                         /* of the handler: 1 more to come, 0 the end, -errno */
    uint8_t *out;                       /* datagram being filled */
    size_t out_len, out_size;
};

struct genl_op {
    uint8_t cmd;
    uint8_t flags;                      /* GENL_ADMIN_PERM, GENL_UNS_ADMIN_PERM; CAP_DO... are derived */
    const struct policy *policy;        /* rows of this command; NULL: the family's */
    uint16_t max_attr;                  /* of 'policy' */
    /* Answers by reply_*() and notify(); returns 0 or -errno. */
    int (*doit)(struct req *req, struct err *e);
    /* Puts messages with dump_msg()/dump_commit(): returns 1 when one did not fit (it is
     * called again with an empty datagram), 0 at the end, or -errno (sent in DONE). */
    int (*dump)(struct dump *d, struct err *e);
    void (*dump_done)(struct dump *d);
    /* Before the first dump(): an error is answered by NLMSG_ERROR, dump_done is not called. */
    int (*dump_begin)(struct dump *d, struct err *e);
    bool tells_changes;                 /* the dump says so if what it tells has changed meanwhile */
    bool strict_dump;                   /* dump requests are checked too, strictly */
    uint64_t needs, takes;              /* bit set of attributes: a request that is complete has the former, it may have
                                         * the latter (for what is drawn by lot; handlers say what is missing) */
};

struct family {
    const char *name;
    uint8_t version;
    uint8_t hdrsize;                    /* bytes of user header */
    uint16_t max_attr;
    const struct policy *policy;        /* max_attr + 1 rows, or NULL */
    const struct genl_op *op;
    size_t n_ops;
    const char *group;                  /* its one multicast group, or NULL */
    uint8_t n_legacy_cmds;              /* commands from this number on are checked strictly */
    const struct msg_form *form;        /* names of its commands, its header, its attributes; or NULL */
};

/* The netlink "kernel": families, ids, namespaces. nlctrl is always there. */
struct netlink *netlink_new(void);
void netlink_free(struct netlink *nl);  /* after the namespaces; NULL allowed */

/* Registers a family (borrowed, const data). Ids are consecutive from 32, group ids from 9, as
 * recorded on Linux 6.1 (catalogue 01, section 1.1). */
void netlink_add_family(struct netlink *nl, const struct family *f);

/* 'user' is handed to handlers through netlink_user(): the upper layer's world. */
void netlink_set_user(struct netlink *nl, void *user);
void *netlink_user(const struct netlink *nl);

/* Hook: called with 'user' before a request of 's' is answered with an error, with the sentence
 * meant for developers ('e' of the handler or the parser; its text may be empty). */
typedef void netlink_refused_fn(void *user, struct sock *s, const struct nlmsghdr *msg, int error,
                                const struct err *e);
void netlink_set_refused(struct netlink *nl, netlink_refused_fn *fn, void *user);

/* The family has these ids from now on, before anybody has learnt others; 'group' 0: stays. */
void netlink_renumber(struct netlink *nl, const struct family *f, uint16_t id, uint32_t group);

size_t netlink_n_families(const struct netlink *nl);
const struct family *netlink_family_at(const struct netlink *nl, size_t i);    /* registration order */
const struct family *netlink_family_by_id(const struct netlink *nl, uint16_t id);
const struct family *netlink_family_by_name(const struct netlink *nl, const char *name);
uint16_t netlink_family_id(const struct netlink *nl, const struct family *f);
uint32_t netlink_group_id(const struct netlink *nl, const struct family *f);    /* 0: has none */
bool netlink_has_group(const struct netlink *nl, uint32_t group);

#endif
