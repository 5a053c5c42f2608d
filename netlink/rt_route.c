/* rt_route.c - RTM_GETROUTE (do: which route; dump), NEWROUTE, DELROUTE.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "netlink/rt_int.h"

#define HDR sizeof(struct rtmsg)
#define BIT(type) (UINT64_C(1) << (type))

static const struct policy route_policy[RTA_MAX + 1] = {
    [RTA_OIF] = { POL_U32, 0, false, 0, 0 },
    [RTA_PRIORITY] = { POL_U32, 0, false, 0, 0 },
    [RTA_TABLE] = { POL_U32, 0, false, 0, 0 },
    [RTA_METRICS] = { POL_NESTED, 0, false, 0, 0 },
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

/* ---- answers --------------------------------------------------------------------------------- */

static void route_header(const struct rt_route *r, struct rtmsg *rtm)
{
    *rtm = (struct rtmsg){
        .rtm_family = r->family,
        .rtm_dst_len = r->dst_len,
        .rtm_tos = r->tos,
        .rtm_table = (uint8_t)(r->table < 256 ? r->table : RT_TABLE_COMPAT),
        .rtm_protocol = r->protocol,
        .rtm_scope = r->scope,
        .rtm_type = r->type,
        .rtm_flags = r->flags,
    };
}

static void put_metrics(struct nlmsghdr *msg, const struct rt_route *r)
{
    struct nlattr *nest;

    if (!r->mtu)
        return;
    nest = msg_nest_begin(msg, RTA_METRICS);
    mnl_attr_put_u32(msg, RTAX_MTU, r->mtu);
    mnl_attr_nest_end(msg, nest);
}

/* The two families differ in order, and IPv6 always tells its metric and its preference. */
static void route_put(struct nlmsghdr *msg, const struct rt_route *r)
{
    const struct rta_cacheinfo cache = { 0 };
    size_t len = rt_ip_len(r->family);
    bool is_ip6 = r->family == AF_INET6;

    mnl_attr_put_u32(msg, RTA_TABLE, r->table);
    if (r->dst_len)
        mnl_attr_put(msg, RTA_DST, len, r->dst);
    if (is_ip6 || r->priority)
        mnl_attr_put_u32(msg, RTA_PRIORITY, r->priority);
    put_metrics(msg, r);
    if (r->has_prefsrc)
        mnl_attr_put(msg, RTA_PREFSRC, len, r->prefsrc);
    if (r->has_gateway)
        mnl_attr_put(msg, RTA_GATEWAY, len, r->gateway);
    if (r->oif)
        mnl_attr_put_u32(msg, RTA_OIF, (uint32_t)r->oif);
    if (is_ip6) {
        mnl_attr_put(msg, RTA_CACHEINFO, sizeof(cache), &cache);
        mnl_attr_put_u8(msg, RTA_PREF, 0);
    }
}

/* ---- get ------------------------------------------------------------------------------------- */

/* The route as one packet sees it: all of its address, its source, no metric for IPv4. */
static struct rt_route clone_route(const struct req *req, const struct rt_route *found,
                                   const uint8_t *dst)
{
    struct rt_route r = *found;

    memcpy(r.dst, dst, sizeof(r.dst));
    r.dst_len = (uint8_t)(8 * rt_ip_len(r.family));
    r.has_prefsrc = rt_ops_of(req)->route_source(req->sock->ns, found, r.prefsrc);
    if (r.family == AF_INET) {
        r.priority = 0;
        r.protocol = RTPROT_UNSPEC;
        r.scope = RT_SCOPE_UNIVERSE;
    }
    return r;
}

static int get_route(struct req *req, struct err *e)
{
    uint8_t dst[RT_IP_LEN] = { 0 };
    const struct rt_route *found;
    struct rt_route answer;
    struct route_req r;
    struct nlmsghdr *msg;
    struct rtmsg rtm;
    int rc = read_attrs(req, &r, e);

    if (!rc && !rt_ip_len(r.rtm.rtm_family))
        return -EOPNOTSUPP;
    if (!rc)
        rc = rt_get_ip(r.tb[RTA_DST], r.rtm.rtm_family, dst, NULL, e);
    if (rc)
        return rc;
    found = rt_ops_of(req)->route_lookup(req->sock->ns, r.rtm.rtm_family, dst,
                                         (int)rt_u32(r.tb[RTA_OIF], 0));
    if (!found)
        return -ENETUNREACH;
    answer = clone_route(req, found, dst);
    route_header(&answer, &rtm);
    rtm.rtm_flags |= answer.family == AF_INET ? RTM_F_CLONED : 0;
    msg = rt_reply_msg(req, RTM_NEWROUTE, &rtm, HDR);
    route_put(msg, &answer);
    return reply_send(req, msg);
}

/* The tables of the rules exist from the start; others when a route is in them. */
static bool has_table(const struct req *req, uint32_t table)
{
    const struct rt_route *r;

    for (size_t i = 0; (r = rt_ops_of(req)->route_at(req->sock->ns, i)); i++)
        if (r->table == table && r->family == AF_INET)
            return true;
    return table == RT_TABLE_MAIN || table == RT_TABLE_LOCAL;
}

static int dump_begin(struct dump *d, struct err *e)
{
    struct route_req r;
    int rc = rt_strict_header(&d->req, HDR, e);

    if (!rc && d->req.sock->strict_chk)
        rc = read_attrs(&d->req, &r, e);
    if (rc || !d->req.sock->strict_chk)
        return rc;
    if (r.rtm.rtm_dst_len || r.rtm.rtm_src_len || r.rtm.rtm_tos || r.rtm.rtm_scope)
        return rt_refuse(e, EINVAL, "Invalid values in header for FIB dump request");
    if (r.rtm.rtm_flags & ~(unsigned)(RTM_F_CLONED | RTM_F_PREFIX))
        return rt_refuse(e, EINVAL, "Invalid flags for FIB dump request");
    return rt_strict(&d->req, r.tb, RTA_MAX, BIT(RTA_TABLE) | BIT(RTA_OIF), e);
}

static bool is_wanted(const struct rt_route *route, const struct route_req *r)
{
    uint32_t table = table_of(r), oif = rt_u32(r->tb[RTA_OIF], 0);

    return (!table || table == route->table) && (!oif || oif == (uint32_t)route->oif) &&
           (!r->rtm.rtm_protocol || r->rtm.rtm_protocol == route->protocol) &&
           (!r->rtm.rtm_type || r->rtm.rtm_type == route->type);
}

/* Without strict checking only the family filters; a filtered answer says that it is one. */
static int dump_routes(struct dump *d, struct err *e)
{
    const struct rt_ops *ops = rt_ops_of(&d->req);
    bool is_filtered;
    const struct rt_route *route;
    struct route_req r;
    struct rtmsg rtm;

    (void)read_attrs(&d->req, &r, e);
    if (r.rtm.rtm_flags & RTM_F_CLONED)
        return 0;                       /* the cache, of which there is none */
    is_filtered = d->req.sock->strict_chk && (table_of(&r) || r.rtm.rtm_protocol ||
                                              r.rtm.rtm_type || r.tb[RTA_OIF]);
    if (is_filtered && table_of(&r) && r.rtm.rtm_family == AF_INET &&
        !has_table(&d->req, table_of(&r)))
        return rt_refuse(e, ENOENT, "ipv4: FIB table does not exist");
    for (; (route = ops->route_at(d->req.sock->ns, d->pos)); d->pos++) {
        struct nlmsghdr *msg;

        if ((rt_ip_len(r.rtm.rtm_family) && route->family != r.rtm.rtm_family) ||
            (is_filtered && !is_wanted(route, &r)))
            continue;
        route_header(route, &rtm);
        msg = rt_dump_msg(d, RTM_NEWROUTE, &rtm, HDR);
        msg->nlmsg_flags |= is_filtered ? NLM_F_DUMP_FILTERED : 0;
        route_put(msg, route);
        if (!dump_commit(d, msg))
            return 1;
    }
    return 0;
}

/* ---- changes --------------------------------------------------------------------------------- */

static bool is_prefix(const uint8_t *ip, size_t len, unsigned prefix_len)
{
    for (size_t bit = prefix_len; bit < 8 * len; bit++)
        if (ip[bit / 8] >> (7 - bit % 8) & 1)
            return false;
    return true;
}

static int read_addrs(const struct route_req *r, struct rt_route *route, struct err *e)
{
    if (rt_get_ip(r->tb[RTA_DST], route->family, route->dst, NULL, e) ||
        rt_get_ip(r->tb[RTA_GATEWAY], route->family, route->gateway, &route->has_gateway, e) ||
        rt_get_ip(r->tb[RTA_PREFSRC], route->family, route->prefsrc, &route->has_prefsrc, e))
        return -e->code;
    if (route->dst_len > 8 * rt_ip_len(route->family))
        return rt_refuse(e, EINVAL, "Invalid prefix length");
    if (!is_prefix(route->dst, rt_ip_len(route->family), route->dst_len))
        return rt_refuse(e, EINVAL, "Invalid prefix for given prefix length");
    return 0;
}

static int read_route(const struct req *req, struct rt_route *route, struct err *e)
{
    const struct nlattr *mtu;
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
    };
    if (r.tb[RTA_METRICS]) {
        mtu = attr_find(mnl_attr_get_payload(r.tb[RTA_METRICS]),
                        mnl_attr_get_payload_len(r.tb[RTA_METRICS]), RTAX_MTU);
        route->mtu = mtu && mnl_attr_get_payload_len(mtu) >= 4 ? mnl_attr_get_u32(mtu) : 0;
    }
    return read_addrs(&r, route, e);
}

static int new_route(struct req *req, struct err *e)
{
    struct rt_route r;
    int rc = read_route(req, &r, e);

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

    route_header(r, &rtm);
    msg = rt_event_msg(ns, type, cause, &rtm, HDR);
    route_put(msg, r);
    rt_send_event(ns, r->family == AF_INET ? RTNLGRP_IPV4_ROUTE : RTNLGRP_IPV6_ROUTE, cause, msg);
}

const struct rt_op rt_route_ops[] = {
    { RTM_GETROUTE, 0, HDR, { .doit = get_route, .dump = dump_routes, .dump_begin = dump_begin } },
    { RTM_NEWROUTE, 0, HDR, { .doit = new_route } },
    { RTM_DELROUTE, 0, HDR, { .doit = del_route } },
    { 0 },
};
