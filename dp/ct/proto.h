/* proto.h - one row for each transport protocol that is tracked (proto_table.c).
 *
 * A new tracker is one file (proto_NAME.c) with its row at the end, and one line in proto_table.c.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DP_CT_PROTO_H
#define DP_CT_PROTO_H

#include "base/err.h"
#include "dp/ct/conn.h"

struct nlattr;
struct nlmsghdr;

enum ct_verdict {
    CT_ACCEPT,
    CT_INVALID,             /* the packet goes on without a connection: ct_state +inv */
    CT_REPEAT,              /* the connection was deleted: track the packet once more */
    CT_DROP,
};

/* One timeout: its place in the row's list is the number of its CTA_TIMEOUT_* minus one. */
struct ct_timeout_row {
    const char *name;       /* of the sysctl, without nf_conntrack_: "tcp_timeout_syn_sent" */
    uint32_t seconds;
};

struct ct_proto {
    uint8_t number;         /* IPPROTO_*; 0: every other protocol */
    const char *name;       /* as conntrack -L prints it */
    /* Reads src_id and dst_id. False: the header is too short. NULL: there are none. */
    bool (*tuple)(const struct ct_ip *ip, struct ct_tuple *t);
    /* Sets the ids of the answer. False: there is none. NULL: they change places. */
    bool (*invert)(struct ct_tuple *reply, const struct ct_tuple *t);
    /* Before any look-up, e.g. ICMP errors: may give the packet a connection itself (then that is
     * all), or CT_INVALID. NULL: nothing to see. */
    enum ct_verdict (*early)(struct ct_table *t, const struct ct_ip *ip, uint16_t zone);
    /* Follows one packet of connection 'c' (new if not confirmed and never seen: the state's bytes are
     * zero); refreshes its timeout. */
    enum ct_verdict (*packet)(struct ct_conn *c, const struct ct_ip *ip,
                              enum ip_conntrack_info info);
    /* May the connection be deleted when the table is full? NULL: yes. */
    bool (*can_drop)(const struct ct_conn *c);
    /* Appends CTA_PROTOINFO. NULL: there is none. */
    void (*put_info)(struct nlmsghdr *msg, const struct ct_conn *c);
    /* Sets the state from CTA_PROTOINFO. NULL: it has none. 0 or -errno. */
    int (*set_info)(struct ct_conn *c, const struct nlattr *info, struct err *e);
    /* NAT: writes the id that 'to' has for one end into the header and mends its checksum, see nat_id.h.
     * NULL: no ids. */
    bool (*write_id)(const struct ct_ip *ip, const struct ct_tuple *to, bool is_src);
    bool allows_clash;      /* of two that race to be confirmed the second joins the first */
    bool has_id;            /* NAT may choose src_id/dst_id to make a tuple free */
    const struct ct_timeout_row *timeout;
    uint8_t n_timeouts;
};

#define N_CT_PROTOS 9
extern const struct ct_proto *const ct_protos[N_CT_PROTOS];     /* proto_table.c; the last one is generic */

extern const struct ct_proto ct_proto_tcp, ct_proto_udp, ct_proto_udplite, ct_proto_icmp,
    ct_proto_icmp6, ct_proto_sctp, ct_proto_dccp, ct_proto_gre, ct_proto_generic;

const struct ct_proto *ct_proto_of(uint8_t number);     /* never NULL */

/* The timeouts in force for a connection, in seconds, in the order of its row: its policy's or the namespace's. */
const uint32_t *ct_timeouts_of(const struct ct_conn *c);
/* The namespace's, to be read and changed. */
uint32_t *ct_default_timeouts(struct ct_table *t, const struct ct_proto *proto);

#endif
