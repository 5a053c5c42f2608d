/* ip_out.c - see ip_out.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/ip_out.h"

#include <linux/if_ether.h>
#include <linux/rtnetlink.h>

#include "base/bytes.h"
#include "sim/addr.h"
#include "sim/device.h"
#include "sim/ip.h"
#include "sim/ip_frag.h"
#include "sim/neigh.h"
#include "sim/route.h"

#define ROUTED_TOS 0x1e         /* what of a TOS byte policy rules look at */

static bool take_source(struct ip_way *way, const struct rt_addr *a)
{
    if (a)
        memcpy(way->src, a->local, sizeof(way->src));
    return a;
}

/* A source that is named already must be an address of the host. */
static bool choose_source(const struct sim_ns *ns, struct ip_way *way, const struct rt_route *r)
{
    static const uint8_t none[RT_IP_LEN];

    if (memcmp(way->src, none, sizeof(none)))
        return addr_find(ns, way->family, way->src);
    return r ? route_source(ns, r, way->dst, way->src)
             : take_source(way, addr_source(ns, way->family, way->out->dev.ifindex));
}

/* What is for the host itself goes through its loopback device, whatever device has the address. */
static struct device *route_device(const struct sim_ns *ns, const struct rt_route *r)
{
    return r->type == RTN_LOCAL ? device_by_name(ns, "lo") : device_by_index(ns, r->oif);
}

static const struct rt_route *find_route(const struct sim_ns *ns, int oif, const struct ip_way *way)
{
    struct rt_flow flow = {
        .family = way->family, .tos = way->tos & ROUTED_TOS, .ip_proto = way->ip_proto,
        .oif = oif, .mark = way->mark, .sport = way->tp_src, .dport = way->tp_dst,
    };
    const struct rt_route *r = NULL;

    memcpy(flow.src, way->src, sizeof(flow.src));
    memcpy(flow.dst, way->dst, sizeof(flow.dst));
    return route_find(ns, &flow, &r) ? NULL : r;
}

enum drop_reason ip_find_way(const struct sim_ns *ns, int oif, struct ip_way *way)
{
    const struct rt_route *r = find_route(ns, oif, way);

    /* Groups are on the link of the device. */
    if (oif && ip_is_group(way->family, way->dst))
        r = NULL;
    else if (!r)
        return DROP_NO_ROUTE;
    way->out = r ? route_device(ns, r) : device_by_index(ns, oif);
    if (!way->out || !choose_source(ns, way, r))
        return DROP_NO_ROUTE;
    memcpy(way->hop, r ? route_next_hop(r, way->dst) : way->dst, sizeof(way->hop));
    return N_DROP_REASONS;
}

/* ---- send ------------------------------------------------------------------------------------------ */

static enum drop_reason send_one(const struct ip_way *way, uint8_t *frame, size_t len)
{
    be16_put(frame + 2 * ETH_ALEN, way->family == AF_INET6 ? ETH_P_IPV6 : ETH_P_IP);
    return neigh_send(way->out, way->family, way->hop, frame, len);
}

static void send_fragment(void *ctx, uint8_t *frame, size_t len)
{
    (void)send_one(ctx, frame, len);
}

static bool may_cut(const struct ip_way *way, const uint8_t *ip)
{
    return way->family == AF_INET && !(be16_get(ip + 6) & IP4_DF) &&
           way->out->dev.mtu >= IP4_LEN + 8;
}

enum drop_reason ip_send(const struct ip_way *way, uint8_t *frame, size_t len)
{
    struct ip_way own = *way;

    if (!way->out->dev.is_up || !way->out->dev.has_carrier)
        return DROP_DEV_READY;
    if (len - ETH_LEN <= way->out->dev.mtu)
        return send_one(way, frame, len);
    if (!may_cut(way, frame + ETH_LEN))
        return DROP_PKT_TOO_BIG;
    ip_frag_cut(frame, len, way->out->dev.mtu, send_fragment, &own);
    return N_DROP_REASONS;
}
