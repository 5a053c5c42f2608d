/* proto_int.h - what several trackers share with each other and nobody else.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DP_CT_PROTO_INT_H
#define DP_CT_PROTO_INT_H

#include <netinet/in.h>

#include "dp/ct/proto.h"
#include "netlink/attr.h"
#include "netlink/policy.h"

/* Parses the protocol's own nest 'type' of CTA_PROTOINFO into 'table' (max + 1 entries). 1; 0: it is not there;
 * -errno. */
int ct_info_parse(const struct nlattr *info, uint16_t type, const struct policy *rows, uint16_t max,
                  const struct nlattr **table, struct err *e);

/* The body of ICMP and ICMPv6 'early': an error about a packet of a known connection of 'zone' belongs
 * to that one. CT_ACCEPT: the packet carries the connection now; CT_INVALID: it is about none. */
enum ct_verdict ct_icmp_error(struct ct_table *t, const struct ct_ip *ip, uint16_t zone);

#define CT_ICMP_HLEN 8u

/* One kind of ICMP query: the type of the question and that of the answer. Rows end with { 0, 0 }; no
 * question has type 0. */
struct ct_icmp_query {
    uint8_t question, answer;
};

bool ct_icmp_tuple(const struct ct_ip *ip, struct ct_tuple *t);
/* The tuple of the other half of a query; false: the type is none of these. */
bool ct_icmp_invert(const struct ct_icmp_query *queries, struct ct_tuple *reply,
                    const struct ct_tuple *t);
/* The body of 'packet': only questions make connections. */
enum ct_verdict ct_icmp_packet(const struct ct_icmp_query *queries, struct ct_conn *c);

#endif
