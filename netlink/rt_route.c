/* rt_route.c - RTM_GETROUTE (do: which route; dump), NEWROUTE, DELROUTE.
 * SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "netlink/rt_int.h"

#define ECN_MASK 3
#define HDR sizeof(struct rtmsg)
#define GET_ATTRS                                                                                \
    (RT_BIT(RTA_IIF) | RT_BIT(RTA_OIF) | RT_BIT(RTA_SRC) | RT_BIT(RTA_DST) | RT_BIT(RTA_MARK) |  \
     RT_BIT(RTA_UID) | RT_BIT(RTA_IP_PROTO) | RT_BIT(RTA_SPORT) | RT_BIT(RTA_DPORT))
#define ROUTED_TOS 0x1e     /* what of a TOS byte routes and rules look at */

static const struct policy route_policy[RTA_MAX + 1] = {
    [RTA_OIF] = { POL_U32, 0, false, 0, 0 },
    [RTA_PRIORITY] = { POL_U32, 0, false, 0, 0 },
    [RTA_TABLE] = { POL_U32, 0, false, 0, 0 },
    [RTA_METRICS] = { POL_NESTED, 0, false, 0, 0 },
    [RTA_IIF] = { POL_U32, 0, false, 0, 0 },
    [RTA_MARK] = { POL_U32, 0, false, 0, 0 },
    [RTA_UID] = { POL_U32, 0, false, 0, 0 },
    [RTA_PREF] = { POL_U8, 0, false, 0, 0 },
    [RTA_IP_PROTO] = { POL_U8, 0, false, 0, 0 },
    [RTA_SPORT] = { POL_U16, 0, false, 0, 0 },
    [RTA_DPORT] = { POL_U16, 0, false, 0, 0 },
};

struct route_req {
    struct rtmsg rtm;
    const struct nlattr *tb[RTA_MAX + 1];
};

static int read_attrs(const struct req *req, struct route_req *r, struct err *e)
{
    rt_header(req->msg, &r->rtm, HDR);
    return rt_parse(req->msg, HDR, route_policy, RTA_MAX, r->tb, e);
}

static uint32_t table_of(const struct route_req *r)
{
    return rt_u32(r->tb[RTA_TABLE], r->rtm.rtm_table);
}

/* ---- get ------------------------------------------------------------------------------------- */

static int answer_way(struct req *req, const struct rt_flow *flow)
{
    struct rt_route way;
    struct nlmsghdr *msg;
    struct rtmsg rtm;
    int rc = rt_ops_of(req)->route_way(req->sock->ns, flow, &way);

    if (rc)
        return rc;
    if (way.family == AF_INET && !flow->wants_table)
        way.table = RT_TABLE_MAIN;
    rt_way_header(&way, flow, &rtm);
    msg = rt_reply_msg(req, RTM_NEWROUTE, &rtm, HDR);
    rt_way_put(msg, &way, flow);
    return reply_send(req, msg);
}

static int answer_route(struct req *req, const struct rt_flow *flow)
{
    struct rt_route found;
    struct nlmsghdr *msg;
    struct rtmsg rtm;
    int rc = rt_ops_of(req)->route_find(req->sock->ns, flow, &found);

    if (rc)
        return rc;
    rt_route_header(&found, &rtm);
    msg = rt_reply_msg(req, RTM_NEWROUTE, &rtm, HDR);
    rt_route_put(msg, &found);
    return reply_send(req, msg);
}

static uint16_t read_port(const struct nlattr *a)
{
    return a ? ntohs(mnl_attr_get_u16(a)) : 0;
}

/* A request to look a way up, on a socket with strict checking. The families differ in words. */
static int check_get(const struct req *req, const struct route_req *r, struct err *e)
{
    const struct rtmsg *rtm = &r->rtm;
    bool is_ip4 = rtm->rtm_family == AF_INET;
    unsigned bits = 8 * (unsigned)rt_ip_len(rtm->rtm_family);

    if (!req->sock->strict_chk)
        return 0;
    if ((rtm->rtm_src_len && rtm->rtm_src_len != bits) ||
        (rtm->rtm_dst_len && rtm->rtm_dst_len != bits) || rtm->rtm_table || rtm->rtm_protocol ||
        rtm->rtm_scope || rtm->rtm_type)
        return rt_refuse(e, EINVAL, is_ip4 ? "ipv4: Invalid values in header for route get request"
                                           : "ipv6: Invalid values in header for get route request");
    if (rtm->rtm_flags & ~(unsigned)(RTM_F_FIB_MATCH | (is_ip4 ? RTM_F_NOTIFY | RTM_F_LOOKUP_TABLE
                                                               : 0)))
        return rt_refuse(e, EINVAL, is_ip4 ? "ipv4: Unsupported rtm_flags for route get request"
                                           : "ipv6: Invalid flags for get route request");
    if ((r->tb[RTA_SRC] && !rtm->rtm_src_len) || (r->tb[RTA_DST] && !rtm->rtm_dst_len))
        return rt_refuse(e, EINVAL,
                         is_ip4 ? "ipv4: rtm_src_len and rtm_dst_len must be 32 for IPv4"
                                : "ipv6: rtm_src_len and rtm_dst_len must be 128 for IPv6");
    return rt_strict(req, r->tb, RTA_MAX, GET_ATTRS,
                     is_ip4 ? "ipv4: Unsupported attribute in route get request"
                            : "ipv6: Unsupported attribute in get route request", e);
}

static int check_get_header(const struct req *req, struct err *e)
{
    uint8_t family = *(const uint8_t *)(req->msg + 1);

    if (!rt_ip_len(family))
        return err_set(e, EOPNOTSUPP, "family %u has no routes", family);
    if (mnl_nlmsg_get_payload_len(req->msg) >= HDR)
        return 0;
    return rt_refuse(e, EINVAL, family == AF_INET ? "ipv4: Invalid header for route get request"
                                                  : "ipv6: Invalid header for get route request");
}

static int read_flow(const struct req *req, struct rt_flow *flow, bool *wants_route, struct err *e)
{
    struct route_req r;
    int rc = check_get_header(req, e);

    if (!rc)
        rc = read_attrs(req, &r, e);
    if (!rc)
        rc = check_get(req, &r, e);
    if (rc)
        return rc;
    *flow = (struct rt_flow){
        .family = r.rtm.rtm_family,
        .wants_table = r.rtm.rtm_flags & RTM_F_LOOKUP_TABLE,
        .tos = r.rtm.rtm_tos & ROUTED_TOS,
        .ip_proto = r.tb[RTA_IP_PROTO] ? mnl_attr_get_u8(r.tb[RTA_IP_PROTO]) : 0,
        .sport = read_port(r.tb[RTA_SPORT]),
        .dport = read_port(r.tb[RTA_DPORT]),
        .oif = (int)rt_u32(r.tb[RTA_OIF], 0),
        .iif = (int)rt_u32(r.tb[RTA_IIF], 0),
        .mark = rt_u32(r.tb[RTA_MARK], 0),
        .uid = rt_u32(r.tb[RTA_UID], 0),        /* whoever asks is root in the namespace */
    };
    *wants_route = r.rtm.rtm_flags & RTM_F_FIB_MATCH;
    rc = rt_get_ip(r.tb[RTA_DST], flow->family, flow->dst, NULL, e);
    if (!rc)
        rc = rt_get_ip(r.tb[RTA_SRC], flow->family, flow->src, &flow->has_src, e);
    flow->has_src &= flow->family != AF_INET || !bytes_are(flow->src, 4, 0);
    return rc;
}

static int get_route(struct req *req, struct err *e)
{
    struct rt_flow flow;
    bool wants_route;
    int rc = read_flow(req, &flow, &wants_route, e);

    if (rc)
        return rc;
    return wants_route ? answer_route(req, &flow) : answer_way(req, &flow);
}

/* ---- dump ------------------------------------------------------------------------------------ */

static int check_dump_header(const struct rtmsg *rtm, struct err *e)
{
    if (rtm->rtm_dst_len || rtm->rtm_src_len || rtm->rtm_tos || rtm->rtm_scope)
        return rt_refuse(e, EINVAL, "Invalid values in header for FIB dump request");
    if (rtm->rtm_flags & ~(unsigned)(RTM_F_CLONED | RTM_F_PREFIX))
        return rt_refuse(e, EINVAL, "Invalid flags for FIB dump request");
    return 0;
}

/* A device that is not there is told before attributes that nobody knows here. */
static int check_dump_attrs(const struct req *req, const struct route_req *r, struct err *e)
{
    struct rt_link link;

    for (uint16_t i = 1; i <= RTA_MAX; i++) {
        if (!r->tb[i] || i == RTA_TABLE)
            continue;
        if (i != RTA_OIF)
            return rt_refuse(e, EINVAL, "Unsupported attribute in dump request");
        if (!rt_ops_of(req)->link_find(req->sock->ns, (int)rt_u32(r->tb[i], 0), "", &link))
            return err_set(e, ENODEV, "there is no such device");
    }
    return 0;
}

static int check_dump(struct dump *d, struct err *e)
{
    struct route_req r;
    int rc;

    if (!d->req.sock->strict_chk)
        return 0;
    if (mnl_nlmsg_get_payload_len(d->req.msg) < HDR)
        return rt_refuse(e, EINVAL, "Invalid header for FIB dump request");
    rt_header(d->req.msg, &r.rtm, HDR);
    rc = check_dump_header(&r.rtm, e);
    if (!rc)
        rc = read_attrs(&d->req, &r, e);
    if (!rc)
        rc = check_dump_attrs(&d->req, &r, e);
    if (!rc && (r.rtm.rtm_flags || r.rtm.rtm_protocol || r.rtm.rtm_type || table_of(&r) ||
                r.tb[RTA_OIF]))
        d->flags = NLM_F_DUMP_FILTERED;
    return rc;
}

static bool is_wanted(const struct rt_route *route, const struct route_req *r)
{
    uint32_t table = table_of(r), oif = rt_u32(r->tb[RTA_OIF], 0);

    return (!table || table == route->table) && (!oif || oif == (uint32_t)route->oif) &&
           (!r->rtm.rtm_protocol || r->rtm.rtm_protocol == route->protocol) &&
           (!r->rtm.rtm_type || r->rtm.rtm_type == route->type);
}

/* A table that is asked for must be there, unless it is asked for in all families. */
static int check_table(const struct dump *d, const struct route_req *r, struct err *e)
{
    const struct rt_ops *ops = rt_ops_of(&d->req);
    uint32_t table = d->flags ? table_of(r) : 0;
    uint8_t family = r->rtm.rtm_family;

    if (!table || !rt_ip_len(family) || ops->route_has_table(d->req.sock->ns, family, table))
        return 0;
    return rt_refuse(e, ENOENT, family == AF_INET ? "ipv4: FIB table does not exist"
                                                  : "ipv6: FIB table does not exist");
}

/* Without strict checking only the family filters; a filtered answer says that it is one. */
static int dump_routes(struct dump *d, struct err *e)
{
    const struct rt_ops *ops = rt_ops_of(&d->req);
    const struct rt_route *route;
    struct route_req r;
    struct rtmsg rtm;

    if (check_dump(d, e))
        return -e->code;
    (void)read_attrs(&d->req, &r, e);
    *e = (struct err){ 0 };
    if (r.rtm.rtm_flags & RTM_F_CLONED)
        return 0;                       /* the cache, of which there is none */
    if (check_table(d, &r, e))
        return -e->code;
    for (; (route = ops->route_at(d->req.sock->ns, d->pos)); d->pos++) {
        struct nlmsghdr *msg;

        if ((rt_ip_len(r.rtm.rtm_family) && route->family != r.rtm.rtm_family) ||
            (d->flags && !is_wanted(route, &r)))
            continue;
        rt_route_header(route, &rtm);
        msg = rt_dump_msg(d, RTM_NEWROUTE, &rtm, HDR);
        rt_route_put(msg, route);
        if (!dump_commit(d, msg))
            return 1;
    }
    return 0;
}

/* ---- changes --------------------------------------------------------------------------------- */

/* Clears what is behind a prefix. Returns whether it was clear. */
static bool clear_tail(uint8_t *ip, size_t len, unsigned prefix_len)
{
    bool was_clear = true;

    for (size_t bit = prefix_len; bit < 8 * len; bit++) {
        was_clear &= !(ip[bit / 8] >> (7 - bit % 8) & 1);
        ip[bit / 8] &= (uint8_t)~(0x80 >> bit % 8);
    }
    return was_clear;
}

static int read_addrs(const struct route_req *r, struct rt_route *route, struct err *e)
{
    if (rt_get_ip(r->tb[RTA_DST], route->family, route->dst, NULL, e) ||
        rt_get_ip(r->tb[RTA_GATEWAY], route->family, route->gateway, &route->has_gateway, e) ||
        rt_get_ip(r->tb[RTA_PREFSRC], route->family, route->prefsrc, &route->has_prefsrc, e))
        return -e->code;
    if (route->dst_len > 8 * rt_ip_len(route->family))
        return rt_refuse(e, EINVAL, "Invalid prefix length");
    if (!clear_tail(route->dst, rt_ip_len(route->family), route->dst_len) &&
        route->family == AF_INET)
        return rt_refuse(e, EINVAL, "Invalid prefix for given prefix length");
    return 0;
}

/* The name of a congestion control is passed over. */
static int read_metrics(const struct nlattr *nest, uint32_t *metrics, struct err *e)
{
    const struct nlattr *a;
    int left;

    if (!nest)
        return 0;
    attr_for_each_nested(a, nest, left)
    {
        uint16_t type = mnl_attr_get_type(a);

        if (type > RTAX_MAX)
            return rt_refuse(e, EINVAL, "Invalid metric type");
        if (type && type != RTAX_CC_ALGO && mnl_attr_get_payload_len(a) >= 4)
            metrics[type] = mnl_attr_get_u32(a);
    }
    return 0;
}

static int check_ip4_header(const struct rtmsg *rtm, struct err *e)
{
    if (rtm->rtm_tos & ECN_MASK)
        return rt_refuse(e, EINVAL, "Invalid dsfield (tos): ECN bits must be 0");
    if (rtm->rtm_type > RTN_MAX)
        return rt_refuse(e, EINVAL, "Invalid route type");
    return 0;
}

static int read_route(const struct req *req, struct rt_route *route, struct err *e)
{
    struct route_req r;
    int rc = read_attrs(req, &r, e);

    if (rc)
        return rc;
    if (!rt_ip_len(r.rtm.rtm_family) || r.tb[RTA_MULTIPATH] || r.tb[RTA_VIA])
        return -EOPNOTSUPP;
    *route = (struct rt_route){
        .family = r.rtm.rtm_family,
        .dst_len = r.rtm.rtm_dst_len,
        .tos = r.rtm.rtm_tos,
        .protocol = r.rtm.rtm_protocol,
        .scope = r.rtm.rtm_scope,
        .type = r.rtm.rtm_type,
        .flags = r.rtm.rtm_flags & RTNH_F_ONLINK,
        .table = table_of(&r) ? table_of(&r) : RT_TABLE_MAIN,
        .priority = rt_u32(r.tb[RTA_PRIORITY], 0),
        .oif = (int)rt_u32(r.tb[RTA_OIF], 0),
        .pref = r.tb[RTA_PREF] ? mnl_attr_get_u8(r.tb[RTA_PREF]) : 0,
    };
    if (route->family == AF_INET)
        rc = check_ip4_header(&r.rtm, e);
    if (!rc)
        rc = read_metrics(r.tb[RTA_METRICS], route->metrics, e);
    return rc ? rc : read_addrs(&r, route, e);
}

static int new_route(struct req *req, struct err *e)
{
    struct rt_route r;
    int rc = read_route(req, &r, e);

    if (!rc && r.family == AF_INET && r.scope >= RT_SCOPE_NOWHERE)
        return rt_refuse(e, EINVAL, "Invalid scope");
    return rc ? rc : rt_ops_of(req)->route_add(req->sock->ns, &r, req->msg->nlmsg_flags, req, e);
}

static int del_route(struct req *req, struct err *e)
{
    struct rt_route r;
    int rc = read_route(req, &r, e);

    return rc ? rc : rt_ops_of(req)->route_del(req->sock->ns, &r, req, e);
}

void rt_route_event(struct netns *ns, uint16_t type, const struct rt_route *r, struct req *cause)
{
    struct nlmsghdr *msg;
    struct rtmsg rtm;

    rt_route_header(r, &rtm);
    msg = rt_event_msg(ns, type, cause, &rtm, HDR);
    rt_route_put(msg, r);
    rt_send_event(ns, r->family == AF_INET ? RTNLGRP_IPV4_ROUTE : RTNLGRP_IPV6_ROUTE, cause, msg);
}

const struct rt_op rt_route_ops[] = {
    { RTM_GETROUTE, 0, 1, { .doit = get_route, .needs = RT_BIT(RTA_DST),
      .takes = RT_BIT(RTA_SRC) | RT_BIT(RTA_OIF) | RT_BIT(RTA_MARK), .dump = dump_routes } },
    { RTM_NEWROUTE, 0, HDR, { .doit = new_route, .needs = RT_BIT(RTA_OIF),
      .takes = RT_BIT(RTA_DST) | RT_BIT(RTA_PRIORITY) | RT_BIT(RTA_TABLE) | RT_BIT(RTA_METRICS) | RT_BIT(RTA_GATEWAY) | RT_BIT(RTA_PREFSRC) } },
    { RTM_DELROUTE, 0, HDR, { .doit = del_route,
      .takes = RT_BIT(RTA_DST) | RT_BIT(RTA_OIF) | RT_BIT(RTA_PRIORITY) | RT_BIT(RTA_TABLE) } },
    { 0 },
};
