/* rt_route_put.c - RTM_NEWROUTE as Linux 6.1 answers it: a route, or the way of a packet.
 * SPDX-License-Identifier: Apache-2.0 */
#include <linux/in_route.h>
#include <string.h>
#include <sys/socket.h>

#include "netlink/rt_int.h"

#define LOOPBACK_IFINDEX 1  /* lo, in every namespace */

void rt_route_header(const struct rt_route *r, struct rtmsg *rtm)
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

    if (bytes_are(r->metrics, sizeof(r->metrics), 0))
        return;
    nest = msg_nest_begin(msg, RTA_METRICS);
    for (uint16_t i = 1; i <= RTAX_MAX; i++)
        if (r->metrics[i])
            mnl_attr_put_u32(msg, i, r->metrics[i]);
    mnl_attr_nest_end(msg, nest);
}

/* The two families differ in order, and IPv6 always tells its metric and its preference. */
void rt_route_put(struct nlmsghdr *msg, const struct rt_route *r)
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
        mnl_attr_put_u8(msg, RTA_PREF, r->pref);
    }
}

/* ---- a way -------------------------------------------------------------------------------------- */

/* struct rtmsg's flags of a way by its type: the kernel's own of the cache, which it lets through. */
static unsigned way_flags(const struct rt_route *way, const struct rt_flow *flow)
{
    static const uint8_t all_hosts[] = { 224, 0, 0, 1 };
    bool is_ours = !memcmp(flow->dst, all_hosts, sizeof(all_hosts));

    switch (way->type) {
    case RTN_LOCAL: return RTCF_LOCAL;
    case RTN_BROADCAST: return RTCF_BROADCAST | RTCF_LOCAL;
    case RTN_MULTICAST: return is_ours ? RTCF_MULTICAST | RTCF_LOCAL : RTCF_MULTICAST;
    default: return way->oif == LOOPBACK_IFINDEX ? RTCF_LOCAL : 0;
    }
}

/* IPv6 names a source, if only "any". */
static void put_source(struct nlmsghdr *msg, const struct rt_flow *flow)
{
    if (flow->has_src || flow->family == AF_INET6)
        mnl_attr_put(msg, RTA_SRC, rt_ip_len(flow->family), flow->src);
}

static void put_origin(struct nlmsghdr *msg, const struct rt_flow *flow)
{
    if (flow->mark)
        mnl_attr_put_u32(msg, RTA_MARK, flow->mark);
    if (flow->iif)
        mnl_attr_put_u32(msg, RTA_IIF, (uint32_t)flow->iif);
    else if (flow->family == AF_INET)
        mnl_attr_put_u32(msg, RTA_UID, flow->uid);
}

static void put_way6(struct nlmsghdr *msg, const struct rt_route *way, const struct rt_flow *flow)
{
    rt_route_put(msg, way);
    put_source(msg, flow);
    put_origin(msg, flow);
}

/* Another order than that of a route; how often the kernel's cache has the way, and since when, is left out. */
static void put_way4(struct nlmsghdr *msg, const struct rt_route *way, const struct rt_flow *flow)
{
    const struct rta_cacheinfo cache = {.rta_clntref = 1};
    size_t len = rt_ip_len(AF_INET);

    mnl_attr_put_u32(msg, RTA_TABLE, way->table);
    mnl_attr_put(msg, RTA_DST, len, way->dst);
    put_source(msg, flow);
    mnl_attr_put_u32(msg, RTA_OIF, (uint32_t)way->oif);
    if (way->has_prefsrc)
        mnl_attr_put(msg, RTA_PREFSRC, len, way->prefsrc);
    if (way->has_gateway)
        mnl_attr_put(msg, RTA_GATEWAY, len, way->gateway);
    put_metrics(msg, way);
    put_origin(msg, flow);
    mnl_attr_put(msg, RTA_CACHEINFO, sizeof(cache), &cache);
}

void rt_way_put(struct nlmsghdr *msg, const struct rt_route *way, const struct rt_flow *flow)
{
    (way->family == AF_INET ? put_way4 : put_way6)(msg, way, flow);
}

void rt_way_header(const struct rt_route *way, const struct rt_flow *flow, struct rtmsg *rtm)
{
    rt_route_header(way, rtm);
    if (way->family == AF_INET)
        rtm->rtm_flags = way_flags(way, flow) | RTM_F_CLONED;
    if (flow->has_src || way->family == AF_INET6)
        rtm->rtm_src_len = (uint8_t)(8 * rt_ip_len(way->family));
}
