/* route_way.c - the way that a client is told a packet would take: more than the route it follows.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sim/route.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "netlink/attr.h"
#include "sim/addr.h"
#include "sim/device.h"

#define CLASS_D_LEN 4       /* bits of 224.0.0.0/4 */

static bool is_multicast(const struct rt_flow *f)
{
    return f->family == AF_INET ? f->dst[0] >> 4 == 0xe : f->dst[0] == 0xff;
}

static bool is_limited_broadcast(const struct rt_flow *f)
{
    return f->family == AF_INET && bytes_are(f->dst, 4, 0xff);
}

/* Linux 6.1: whatever the tables say, what is to leave by a device that is named can. */
static struct rt_route on_link(const struct rt_flow *f)
{
    return (struct rt_route){ .family = f->family, .type = RTN_UNICAST, .oif = f->oif,
                              .scope = RT_SCOPE_LINK };
}

static int find(const struct sim_ns *ns, const struct rt_flow *f, struct rt_route *way)
{
    bool is_ip4 = f->family == AF_INET;
    const struct rt_route *found = NULL;
    int rc;

    if (is_ip4 && bytes_are(f->dst, 4, 0)) {
        struct rt_flow own = *f;

        memcpy(own.dst, f->has_src ? f->src : (const uint8_t[]){ 127, 0, 0, 1 }, 4);
        return find(ns, &own, way);
    }
    if (is_ip4 && f->oif && !f->iif && (is_multicast(f) || is_limited_broadcast(f))) {
        *way = on_link(f);
        return 0;
    }
    rc = route_find(ns, f, &found);
    if (rc && is_ip4 && f->oif && !f->iif) {
        *way = on_link(f);
        return 0;
    }
    if (!rc)
        *way = *found;
    return rc;
}

static int check(const struct sim_ns *ns, const struct rt_flow *f)
{
    const struct device *out = f->oif ? device_by_index(ns, f->oif) : NULL;
    const struct device *in = f->iif ? device_by_index(ns, f->iif) : NULL;

    if ((f->oif && !out) || (f->iif && !in))
        return -ENODEV;
    if (out && f->family == AF_INET && !out->dev.is_up)
        return -ENETUNREACH;
    return f->has_src && f->family == AF_INET && !in && !addr_find(ns, f->family, f->src)
               ? -ENETUNREACH : 0;
}

/* What is for many has no gateway. */
static void set_type(const struct rt_flow *f, struct rt_route *way)
{
    if (is_limited_broadcast(f))
        way->type = RTN_BROADCAST;
    else if (is_multicast(f))
        way->type = RTN_MULTICAST;
    if (way->type == RTN_BROADCAST || (way->type == RTN_MULTICAST && way->dst_len < CLASS_D_LEN))
        way->has_gateway = false;
}

/* IPv4's answer is of a packet, not of a route: without protocol, scope and metric. */
static void strip(const struct sim_ns *ns, struct rt_route *way)
{
    way->priority = 0;
    way->protocol = RTPROT_UNSPEC;
    way->scope = RT_SCOPE_UNIVERSE;
    way->tos = 0;
    way->flags = 0;
    if (way->table == RT_TABLE_LOCAL && !ns->has_own_rules)
        way->table = RT_TABLE_MAIN;     /* one table until rules tell them apart */
}

int route_way(const struct sim_ns *ns, const struct rt_flow *f, struct rt_route *way)
{
    int rc = check(ns, f);

    if (!rc)
        rc = find(ns, f, way);
    /* Nobody here forwards for others. */
    if (f->iif && rc != -ENODEV && (rc || way->type == RTN_UNICAST))
        return f->family == AF_INET ? -EHOSTUNREACH : rc;
    if (rc)
        return rc;
    if (f->family == AF_INET)
        set_type(f, way);
    if (way->type == RTN_LOCAL)
        way->oif = device_by_name(ns, "lo")->dev.ifindex;
    way->has_prefsrc = !f->iif && (!f->has_src || f->family == AF_INET6) &&
                       route_source(ns, way, f->dst, way->prefsrc);
    memcpy(way->dst, f->dst, sizeof(way->dst));
    way->dst_len = (uint8_t)(8 * rt_ip_len(f->family));
    if (f->family == AF_INET)
        strip(ns, way);
    return 0;
}
