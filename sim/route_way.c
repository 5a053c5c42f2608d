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
#include "sim/ip.h"

#define CLASS_D_LEN 4       /* bits of 224.0.0.0/4 */

/* ---- IPv4 addresses that are not one host's ---------------------------------------------------- */

static bool is_any(const uint8_t *ip)
{
    return bytes_are(ip, 4, 0);
}

static bool is_loopback(const uint8_t *ip)
{
    return ip[0] == 127;
}

static bool is_multicast(const uint8_t *ip)
{
    return ip_is_group(AF_INET, ip);
}

static bool is_limited_broadcast(const uint8_t *ip)
{
    return bytes_are(ip, 4, 0xff);
}

static bool is_for_many(const uint8_t *ip)
{
    return is_multicast(ip) || is_limited_broadcast(ip);
}

/* ---- out, IPv4 --------------------------------------------------------------------------------- */

/* Linux 6.1: whatever the tables say, what is to leave by a device that is named can. */
static struct rt_route on_link(const struct rt_flow *f)
{
    return (struct rt_route){ .family = AF_INET, .type = RTN_UNICAST, .oif = f->oif, .scope = RT_SCOPE_LINK };
}

/* To 0.0.0.0, whatever the tables say: to the sender, or to an address of the device that is named, or 127.0.0.1. */
static struct rt_route to_self(const struct sim_ns *ns, const struct rt_flow *f)
{
    static const uint8_t localhost[] = { 127, 0, 0, 1 };
    struct rt_route way = { .family = AF_INET, .type = RTN_LOCAL, .oif = f->oif, .scope = RT_SCOPE_HOST,
                            .dst_len = 8 * sizeof(localhost) };
    const struct rt_addr *a = f->oif ? addr_select(ns, &way, f->dst) : NULL;

    memcpy(way.dst, f->has_src ? f->src : a ? a->local : localhost, sizeof(localhost));
    return way;
}

static int find_out(const struct sim_ns *ns, const struct rt_flow *f, struct rt_route *way)
{
    const struct rt_route *found = NULL;
    int rc = 0;

    if (f->oif && is_for_many(f->dst))
        *way = on_link(f);
    else if (is_any(f->dst))
        *way = to_self(ns, f);
    else if (!(rc = route_find(ns, f, &found)))
        *way = *found;
    else if (f->oif)
        *way = on_link(f);
    else
        return rc;
    return 0;
}

/* The device that has the sender's address, or a prefix of our own that it is in, as lo has 127.0.0.2. 0: nobody sends by it. */
static int source_device(const struct sim_ns *ns, const struct rt_flow *f)
{
    const struct rt_addr *own = addr_find(ns, AF_INET, f->src);
    const struct rt_route *found;
    struct rt_flow to_it = *f;

    if (own)
        return own->ifindex;
    to_it.oif = 0;
    memcpy(to_it.dst, f->src, sizeof(to_it.dst));
    return !route_find(ns, &to_it, &found) && found->type == RTN_LOCAL ? found->oif : 0;
}

static int way_out(const struct sim_ns *ns, const struct rt_flow *f, struct rt_route *way)
{
    const struct device *out;
    struct rt_flow by = *f;
    int source;

    if (f->has_src && is_for_many(f->src))
        return -EINVAL;
    source = f->has_src ? source_device(ns, f) : 0;
    if (f->has_src && !source)
        return -ENETUNREACH;
    if (is_for_many(f->dst) && !by.oif)
        by.oif = source;
    out = device_by_index(ns, by.oif);
    if (by.oif && !out)
        return -ENODEV;
    if (out && !out->dev.is_up)
        return -ENETUNREACH;
    return find_out(ns, &by, way);
}

/* ---- in, IPv4 ---------------------------------------------------------------------------------- */

/* What comes in cannot be from an address of ours; nor, where rules have been changed, from one that is not a host's. */
static int check_source(const struct sim_ns *ns, const struct rt_flow *f)
{
    const struct rt_route *back;
    struct rt_flow reply = *f;

    if (!f->has_src)
        return 0;
    if (!ns->has_own_rules)
        return addr_find(ns, AF_INET, f->src) ? -EINVAL : 0;
    memcpy(reply.dst, f->src, sizeof(reply.dst));
    return !route_find(ns, &reply, &back) && back->type != RTN_UNICAST ? -EINVAL : 0;
}

/* To a group: all devices are members of that of all hosts, and nobody of another. */
static int group_in(const struct sim_ns *ns, const struct rt_flow *f, struct rt_route *way)
{
    static const uint8_t all_hosts[] = { 224, 0, 0, 1 };

    if (memcmp(f->dst, all_hosts, sizeof(all_hosts)) || (f->has_src && is_loopback(f->src)))
        return -EINVAL;
    *way = (struct rt_route){ .family = AF_INET, .type = RTN_MULTICAST };
    return check_source(ns, f);
}

/* Nobody here forwards for others. */
static int way_in(const struct sim_ns *ns, const struct rt_flow *f, struct rt_route *way)
{
    const struct rt_route *found;

    if (!device_by_index(ns, f->iif))
        return -ENODEV;
    if (f->has_src && is_for_many(f->src))
        return -EINVAL;
    if (is_multicast(f->dst))
        return group_in(ns, f, way);
    if (is_limited_broadcast(f->dst) || (!f->has_src && is_any(f->dst))) {
        *way = (struct rt_route){ .family = AF_INET, .type = RTN_BROADCAST };
        return check_source(ns, f);
    }
    if (!f->has_src || is_any(f->dst) || is_loopback(f->dst) || is_loopback(f->src))
        return -EINVAL;
    if (route_find(ns, f, &found) || (found->type != RTN_LOCAL && found->type != RTN_BROADCAST))
        return -EHOSTUNREACH;
    *way = *found;
    return check_source(ns, f);
}

/* ---- IPv6 -------------------------------------------------------------------------------------- */

static int way6(const struct sim_ns *ns, const struct rt_flow *f, struct rt_route *way)
{
    const struct rt_route *found;
    int rc;

    if ((f->oif && !device_by_index(ns, f->oif)) || (f->iif && !device_by_index(ns, f->iif)))
        return -ENODEV;
    rc = route_find(ns, f, &found);
    if (!rc)
        *way = *found;
    return rc;
}

/* ---- both -------------------------------------------------------------------------------------- */

/* What is for many has no gateway. */
static void set_type(const struct rt_flow *f, struct rt_route *way)
{
    if (is_limited_broadcast(f->dst))
        way->type = RTN_BROADCAST;
    else if (is_multicast(f->dst))
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
    bool is_ip4 = f->family == AF_INET;
    int lo = device_by_name(ns, "lo")->dev.ifindex;
    int rc = !is_ip4 ? way6(ns, f, way) : f->iif ? way_in(ns, f, way) : way_out(ns, f, way);

    if (rc || (!is_ip4 && f->iif && way->type == RTN_UNICAST))
        return rc;
    if (is_ip4)
        set_type(f, way);
    if (way->type == RTN_LOCAL || (is_ip4 && f->iif))
        way->oif = lo;
    if (is_ip4 && !f->iif && f->has_src && is_loopback(f->src) && way->oif != lo)
        return -EINVAL;
    way->has_prefsrc = !f->iif && (!f->has_src || !is_ip4) && route_source(ns, way, f->dst, way->prefsrc);
    memcpy(way->dst, f->dst, sizeof(way->dst));
    way->dst_len = (uint8_t)(8 * rt_ip_len(f->family));
    if (is_ip4)
        strip(ns, way);
    return 0;
}
