/* rt_int.h - what netlink/rt*.c share with each other and nobody else.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef NETLINK_RT_INT_H
#define NETLINK_RT_INT_H

#include <linux/rtnetlink.h>

#include "netlink/attr.h"
#include "netlink/family.h"
#include "netlink/reply.h"
#include "netlink/rt.h"
#include "netlink/server.h"

struct draw;

/* One row for each message type, or for a type and one address family. */
struct rt_op {
    uint16_t type;
    uint8_t family;                     /* AF_*, 0: any that has no row of its own */
    uint16_t hdr_len;                   /* a request that is no dump is at least so long */
    struct genl_op op;                  /* doit, dump, dump_begin: called as for a generic family */
};

extern const struct rt_op rt_link_ops[], rt_addr_ops[], rt_route_ops[], rt_neigh_ops[],
    rt_rule_ops[], rt_nsid_ops[],
    rt_tc_ops[];       /* each ends with type 0 */

static inline const struct rt_ops *rt_ops_of(const struct req *req)
{
    return req->sock->ns->nl->rt_ops;
}

/* The header behind nlmsghdr; a dump's may be cut short, and is then filled up with zeros. */
void rt_header(const struct nlmsghdr *msg, void *header, size_t len);
/* Attributes behind a header of 'hdr_len' bytes: as policy_parse(). */
int rt_parse(const struct nlmsghdr *msg, size_t hdr_len, const struct policy *rows, uint16_t max,
             const struct nlattr **tb, struct err *e);
/* On a socket with strict checking only the types of 'allowed' (RT_BIT) may be in 'tb'; 'refusal'
 * is what the client reads otherwise. */
int rt_strict(const struct req *req, const struct nlattr *const *tb, uint16_t max, uint64_t allowed,
              const char *refusal, struct err *e);
#define RT_BIT(type) (UINT64_C(1) << (type))

/* Starts a message: an event, an answer, an object of a dump. */
struct nlmsghdr *rt_event_msg(struct netns *ns, uint16_t type, const struct req *cause,
                              const void *header, size_t len);
struct nlmsghdr *rt_reply_msg(const struct req *req, uint16_t type, const void *header, size_t len);
struct nlmsghdr *rt_dump_msg(const struct dump *d, uint16_t type, const void *header, size_t len);
void rt_send_event(struct netns *ns, uint32_t group, struct req *cause, const struct nlmsghdr *msg);

/* Payload readers for attributes whose length has been checked. */
static inline uint32_t rt_u32(const struct nlattr *a, uint32_t otherwise)
{
    return a ? mnl_attr_get_u32(a) : otherwise;
}

/* An IP address of 'family' from an attribute (NULL: leaves 'ip'). 0 or -EINVAL. */
int rt_get_ip(const struct nlattr *a, uint8_t family, uint8_t *ip, bool *has, struct err *e);

/* INFO_DATA: fills 'values' from 'attrs' (NULL: only initial values, if 'is_new'). */
int rt_kind_read(const struct rt_kind *kind, const struct nlattr *attrs, bool is_new,
                 struct rt_value *values, struct err *e);
void rt_kind_put(struct nlmsghdr *msg, const struct rt_kind *kind, const struct rt_value *values);
/* Appends all a link message has behind its header. */
void rt_link_put(struct nlmsghdr *msg, const struct rt_link *link, uint32_t ext_mask);
void rt_link_header(const struct rt_link *link, unsigned change, struct ifinfomsg *ifi);

/* A route: header and attributes. */
void rt_route_header(const struct rt_route *route, struct rtmsg *rtm);
void rt_route_put(struct nlmsghdr *msg, const struct rt_route *route);
/* The way that 'flow' takes: Linux 6.1's order, which for IPv4 is another than that of a route. */
void rt_way_header(const struct rt_route *way, const struct rt_flow *flow, struct rtmsg *rtm);
void rt_way_put(struct nlmsghdr *msg, const struct rt_route *way, const struct rt_flow *flow);

/* Drawn by lot (rt_generate.c): headers and values that make sense. */
void rt_draw_ifinfomsg(const struct draw *d, GByteArray *out);
void rt_draw_ifaddrmsg(const struct draw *d, GByteArray *out);
void rt_draw_ndmsg(const struct draw *d, GByteArray *out);
void rt_draw_rtmsg(const struct draw *d, GByteArray *out);
void rt_draw_fib_rule_hdr(const struct draw *d, GByteArray *out);
void rt_draw_rtgenmsg(const struct draw *d, GByteArray *out);
void rt_draw_tcmsg(const struct draw *d, GByteArray *out);
void rt_draw_tcamsg(const struct draw *d, GByteArray *out);
void rt_draw_mtu(const struct draw *d, GByteArray *out);
void rt_draw_table(const struct draw *d, GByteArray *out);
void rt_draw_kind(const struct draw *d, GByteArray *out);

#endif
