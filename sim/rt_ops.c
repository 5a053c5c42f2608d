/* rt_ops.c - what rtnetlink asks for, handed to those who own it: from a namespace of netlink's to ours.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sim/addr.h"
#include "sim/device.h"
#include "sim/neigh.h"
#include "sim/recorder.h"
#include "sim/route.h"
#include "sim/rule.h"

static void *item(const GPtrArray *list, size_t i)
{
    return i < list->len ? g_ptr_array_index(list, i) : NULL;
}

static struct sim_ns *owner(struct netns *net)
{
    return net->owner;
}

static const struct rt_addr *op_addr_at(struct netns *net, size_t i)
{
    return item(owner(net)->addrs, i);
}

static int op_addr_add(struct netns *net, const struct rt_addr *a, uint16_t flags,
                       struct req *cause, struct err *e)
{
    return addr_add(net->owner, a, flags, cause, e);
}

static int op_addr_del(struct netns *net, const struct rt_addr *a, struct req *cause, struct err *e)
{
    return addr_del(net->owner, a, cause, e);
}

static const struct rt_route *op_route_at(struct netns *net, size_t i)
{
    return item(owner(net)->routes, i);
}

static int op_route_find(struct netns *net, const struct rt_flow *flow, struct rt_route *found)
{
    const struct rt_route *r = NULL;
    int rc = route_find(net->owner, flow, &r);

    if (r)
        *found = *r;
    return rc;
}

static int op_route_way(struct netns *net, const struct rt_flow *flow, struct rt_route *way)
{
    return route_way(net->owner, flow, way);
}

static bool op_route_has_table(struct netns *net, uint8_t family, uint32_t table)
{
    return route_has_table(net->owner, family, table);
}

static int op_route_add(struct netns *net, const struct rt_route *r, uint16_t flags,
                        struct req *cause, struct err *e)
{
    return route_add(net->owner, r, flags, cause, e);
}

static int op_route_del(struct netns *net, const struct rt_route *r, struct req *cause,
                        struct err *e)
{
    return route_del(net->owner, r, cause, e);
}

static const struct rt_rule *op_rule_at(struct netns *net, size_t i)
{
    return item(owner(net)->rules, i);
}

static uint32_t op_rule_default_priority(struct netns *net, uint8_t family)
{
    return rule_default_priority(net->owner, family);
}

static int op_rule_add(struct netns *net, const struct rt_rule *r, uint16_t flags,
                       struct req *cause, struct err *e)
{
    return rule_add(net->owner, r, flags, cause, e);
}

static int op_rule_del(struct netns *net, const struct rt_rule *r, bool has_priority,
                       struct req *cause, struct err *e)
{
    return rule_del(net->owner, r, has_priority, cause, e);
}

static const struct rt_neigh *op_neigh_at(struct netns *net, size_t i)
{
    return item(owner(net)->neighs, i);
}

static int op_neigh_add(struct netns *net, const struct rt_neigh *n, uint16_t flags,
                        struct req *cause, struct err *e)
{
    return neigh_add(net->owner, n, flags, cause, e);
}

static int op_neigh_del(struct netns *net, const struct rt_neigh *n, struct req *cause,
                        struct err *e)
{
    return neigh_del(net->owner, n, cause, e);
}

static struct netns *op_ns_by_pid(struct netns *net, uint32_t pid)
{
    struct sim *sim = owner(net)->sim;
    struct sim_ns *ns = sim->ns_of_pid ? sim->ns_of_pid(sim, pid) : NULL;

    recorder_event(sim, "pid pid=%u ns=%d", pid, ns ? (int)ns->id : -1);
    return ns ? ns->net : NULL;
}

const struct rt_ops sim_rt_ops = {
    .ns_by_pid = op_ns_by_pid,
    .link_find = link_find,
    .link_next = link_next,
    .link_add = link_add,
    .link_change = link_change,
    .link_del = link_del,
    .addr_at = op_addr_at,
    .addr_add = op_addr_add,
    .addr_del = op_addr_del,
    .route_at = op_route_at,
    .route_find = op_route_find,
    .route_way = op_route_way,
    .route_has_table = op_route_has_table,
    .route_add = op_route_add,
    .route_del = op_route_del,
    .rule_at = op_rule_at,
    .rule_default_priority = op_rule_default_priority,
    .rule_add = op_rule_add,
    .rule_del = op_rule_del,
    .neigh_at = op_neigh_at,
    .neigh_add = op_neigh_add,
    .neigh_del = op_neigh_del,
};
