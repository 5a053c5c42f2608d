/* helper.h - helpers that read what connections say, and the connections they expect. Catalogue 09.4.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DP_CT_HELPER_H
#define DP_CT_HELPER_H

#include "dp/ct/conn.h"
#include "dp/ct/nat.h"
#include "dp/ct/proto.h"

struct ct_helper {
    const char *name;                   /* "ftp" */
    uint8_t proto;
    uint16_t port;                      /* for documentation only: ct(helper=) assigns it by name */
    unsigned max_expected;              /* per connection; the oldest goes */
    uint32_t timeout_s;                 /* of an expectation */
    /* Reads one packet of connection 'c'; may expect connections and rewrite the packet (then offsets of
     * 'ip' are void). */
    enum ct_verdict (*help)(struct ct_conn *c, struct pkt *p, const struct ct_ip *ip,
                            enum ip_conntrack_info info);
};

/* One row for each helper: ftp, tftp (helper_table in helper.c). By name, or NULL. 'l3', 'proto' as the flow's. */
const struct ct_helper *ct_helper_of_proto(uint8_t proto);     /* any of that protocol, or NULL */
const struct ct_helper *ct_helper_find(const char *name, uint8_t l3, uint8_t proto);

/* Runs the connection's helper on a packet. 0, or -EINVAL: drop it. */
int ct_help(struct pkt *p, uint16_t l3_type);

/* A connection that is waited for. */
struct ct_expect {
    struct ct_tuple tuple, mask;        /* of its first packet; mask of source (a wildcard is 0) */
    struct ct_link all;                 /* in the table */
    struct ct_link of_master;
    struct ct_conn *master;             /* not a reference: expectations die with it */
    const struct ct_helper *helper;     /* of the expected connection; NULL: none */
    uint64_t expires_ns;
    uint32_t id, flags;                 /* NF_CT_EXPECT_* */
    unsigned class;
    /* NAT of the expected connection: like its master. */
    struct ct_addr saved_addr;
    uint16_t saved_id;
    unsigned dir;
    void (*expected)(struct ct_conn *c, const struct ct_expect *x);     /* NULL: nothing to do */
};

/* Adds a copy; replaces an equal one. 0, -EBUSY: clashes with another, -EMFILE: too many. */
int ct_expect_add(struct ct_conn *master, const struct ct_expect *x);
/* The expectation that a new connection's tuple fulfils, or NULL. */
struct ct_expect *ct_expect_find(struct ct_table *t, const struct ct_tuple *tuple);
void ct_expect_delete(struct ct_expect *x);
void ct_expects_delete_all(struct ct_conn *master);
/* Deletes those whose time has passed: for those who walk t->expects. */
void ct_expects_expire(struct ct_table *t);
/* The first packet of 'c' fulfils 'x', which goes (unless permanent): sets master, mark, status, helper. */
void ct_expect_fulfil(struct ct_expect *x, struct ct_conn *c);

/* For helpers: a connection like 'master' from any port of 'src' to 'dst'. */
struct ct_expect ct_expect_of(const struct ct_conn *master, uint8_t proto,
                              const struct ct_addr *src, const struct ct_addr *dst,
                              uint16_t dst_port);
/* For helpers, as struct ct_expect.expected: translated as its master is, to port saved_id. */
void ct_nat_follow_master(struct ct_conn *c, const struct ct_expect *x);

#endif
