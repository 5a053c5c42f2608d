/* proto_tcp.h - what the parts of TCP tracking, states, windows and netlink, share with each other and nobody else.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DP_CT_PROTO_TCP_H
#define DP_CT_PROTO_TCP_H

#include <linux/netfilter/nf_conntrack_tcp.h>

#include "dp/ct/proto.h"

#define TCP_HLEN 20u

/* What kind of segment it is, in the order of precedence: enum tcp_bit_set. */
enum tcp_kind {
    TCP_SYN_SET,
    TCP_SYNACK_SET,
    TCP_FIN_SET,
    TCP_ACK_SET,
    TCP_RST_SET,
    TCP_NONE_SET,
    N_TCP_KINDS
};

enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PSH = 8, TCP_ACK = 16, TCP_URG = 32 };

/* One segment as it was read. */
struct tcp_seg {
    const uint8_t *options;
    uint32_t n_options;     /* bytes */
    uint32_t seq, ack;
    uint32_t end;           /* seq + payload + SYN + FIN */
    uint16_t win;
    uint8_t flags;          /* TCP_*; ECE and CWR are not in it */
    uint8_t kind;           /* enum tcp_kind */
    unsigned dir;           /* CT_ORIG, CT_REPLY */
};

/* Sequence numbers wrap. */
static inline bool tcp_before(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) < 0;
}

static inline bool tcp_after(uint32_t a, uint32_t b)
{
    return tcp_before(b, a);
}

/* Sets scale and the flags of window scaling and SACK from a SYN's options; of other flags only
 * BE_LIBERAL stays. A segment without options changes nothing. */
void tcp_read_options(const struct tcp_seg *seg, struct ct_tcp_side *side);

enum tcp_fit {
    TCP_FITS,
    TCP_IGNORED,        /* belongs to the connection, which stays as it is */
    TCP_UNFIT,          /* invalid */
};

/* Is the segment within the windows of connection 'c', which move along with it? */
enum tcp_fit tcp_in_window(struct ct_conn *c, const struct tcp_seg *seg);

/* ---- proto_tcp_state.c ----------------------------------------------------------------------- */

struct tcp_step {
    struct ct_conn *c;
    struct ct_tcp *tcp;
    const struct tcp_seg *seg;
    uint8_t old, next;          /* states */
    bool skips_window;          /* its numbers are no matter */
    enum ct_verdict verdict;    /* when it goes no further */
};

/* The state that the first segment of a connection leads to; TCP_CONNTRACK_MAX: none. */
uint8_t tcp_first_state(const struct tcp_seg *seg);
/* Sets 'next', and skips_window or 'old' where a closer look wants it. False: 'verdict' is all there is to say. */
bool tcp_next_state(struct tcp_step *s);
bool tcp_can_drop(const struct ct_conn *c);

/* ---- proto_tcp_info.c ------------------------------------------------------------------------ */

void tcp_put_info(struct nlmsghdr *msg, const struct ct_conn *c);
int tcp_set_info(struct ct_conn *c, const struct nlattr *info, struct err *e);

#endif
