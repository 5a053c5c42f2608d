/* route.c - see route.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/route.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "netlink/fault.h"
#include "sim/addr.h"
#include "sim/device.h"
#include "sim/rule.h"

#define METRIC_IP6_USER 1024    /* what IPv6 gives a route that names none */

struct route_table {
    uint32_t id;
    uint8_t family;
};

GArray *route_tables_new(void)
{
    return g_array_new(FALSE, FALSE, sizeof(struct route_table));
}

GPtrArray *route_list_new(void)
{
    return g_ptr_array_new_with_free_func(g_free);
}

static struct rt_route *route_at(const struct sim_ns *ns, guint i)
{
    return i < ns->routes->len ? g_ptr_array_index(ns->routes, i) : NULL;
}

/* ---- order: as the kernel dumps them --------------------------------------------------------- */

/* IPv4: by address, then longer prefixes first. IPv6: a prefix behind all that are within it. */
static int compare_prefix(const struct rt_route *a, const struct rt_route *b)
{
    bool is_ip4 = a->family == AF_INET;
    unsigned common = MIN(a->dst_len, b->dst_len);

    if (is_ip4 ? memcmp(a->dst, b->dst, sizeof(a->dst)) : !addr_in_prefix(a->dst, b->dst, common))
        return memcmp(a->dst, b->dst, sizeof(a->dst));
    return b->dst_len - a->dst_len;
}

static int compare(const struct rt_route *a, const struct rt_route *b)
{
    int by_prefix;

    if (a->family != b->family)
        return a->family - b->family;
    if (a->table != b->table)
        return a->table < b->table ? -1 : 1;
    by_prefix = compare_prefix(a, b);
    if (by_prefix)
        return by_prefix;
    if (a->tos != b->tos)
        return b->tos - a->tos;
    return a->priority < b->priority ? -1 : a->priority > b->priority;
}

static void note_table(struct sim_ns *ns, uint8_t family, uint32_t id)
{
    const struct route_table t = { .id = id, .family = family };

    if (!route_has_table(ns, family, id))
        g_array_append_val(ns->tables, t);
}

/* Before its equals, or behind them: 'is_last'. */
static void insert(struct sim_ns *ns, const struct rt_route *r, bool is_last)
{
    guint i = 0;

    while (i < ns->routes->len && compare(route_at(ns, i), r) < is_last)
        i++;
    g_ptr_array_insert(ns->routes, (gint)i, g_memdup2(r, sizeof(*r)));
    note_table(ns, r->family, r->table);
}

/* ---- look-up --------------------------------------------------------------------------------- */

/* Tables of the first rules are there from the start, others from their first route on. */
bool route_has_table(const struct sim_ns *ns, uint8_t family, uint32_t table)
{
    for (guint i = 0; i < ns->tables->len; i++) {
        const struct route_table *t = &g_array_index(ns->tables, struct route_table, i);

        if (t->family == family && t->id == table)
            return true;
    }
    return table == RT_TABLE_MAIN || table == RT_TABLE_LOCAL;
}

static bool is_better(const struct rt_route *r, const struct rt_route *than)
{
    if (!than || r->dst_len != than->dst_len)
        return !than || r->dst_len > than->dst_len;
    if (r->tos != than->tos)
        return r->tos;
    return r->priority < than->priority;
}

static bool leads_to(const struct sim_ns *ns, const struct rt_route *r, const struct rt_flow *f)
{
    const struct device *d = r->oif ? device_by_index(ns, r->oif) : NULL;

    if (!addr_in_prefix(f->dst, r->dst, r->dst_len) || (f->oif && r->oif && r->oif != f->oif) ||
        (r->tos && r->tos != f->tos))
        return false;
    return !d || d->dev.is_up;
}

static const struct rt_route *best(const struct sim_ns *ns, uint32_t table,
                                   const struct rt_flow *f)
{
    const struct rt_route *found = NULL;

    for (guint i = 0; i < ns->routes->len; i++) {
        const struct rt_route *r = route_at(ns, i);

        if (r->family == f->family && r->table == table && is_better(r, found) &&
            leads_to(ns, r, f))
            found = r;
    }
    return found && found->type != RTN_THROW ? found : NULL;
}

/* What a route or rule answers instead of a way. 0: it is a way. */
static int refusal(const struct rt_route *r)
{
    switch (r->type) {
    case RTN_UNREACHABLE: return -EHOSTUNREACH;
    case RTN_PROHIBIT: return -EACCES;
    case RTN_BLACKHOLE: return -EINVAL;
    default: return 0;
    }
}

static int rule_refusal(const struct rt_rule *rule)
{
    switch (rule->action) {
    case FR_ACT_UNREACHABLE: return -ENETUNREACH;
    case FR_ACT_PROHIBIT: return -EACCES;
    case FR_ACT_BLACKHOLE: return -EINVAL;
    default: return 0;
    }
}

static bool is_suppressed(const struct sim_ns *ns, const struct rt_rule *rule,
                          const struct rt_route *r)
{
    const struct device *d = r->oif ? device_by_index(ns, r->oif) : NULL;

    if (rule->suppress_prefix_len != UINT32_MAX && r->dst_len <= rule->suppress_prefix_len)
        return true;
    return rule->suppress_group != UINT32_MAX && d && d->group == rule->suppress_group;
}

int route_find(const struct sim_ns *ns, const struct rt_flow *flow, const struct rt_route **found)
{
    for (guint i = 0; i < ns->rules->len; i = rule_next(ns, i, flow)) {
        const struct rt_rule *rule = g_ptr_array_index(ns->rules, i);
        const struct rt_route *r;

        if (!rule_matches(ns, rule, flow))
            continue;
        if (rule_refusal(rule))
            return rule_refusal(rule);
        r = rule->action == FR_ACT_TO_TBL ? best(ns, rule->table, flow) : NULL;
        if (!r || is_suppressed(ns, rule, r))
            continue;
        *found = r;
        return refusal(r);
    }
    return -ENETUNREACH;
}

const struct rt_route *route_lookup(const struct sim_ns *ns, uint8_t family, const uint8_t *dst,
                                    int oif)
{
    const struct rt_route *found = NULL;
    struct rt_flow flow = { .family = family, .oif = oif };

    memcpy(flow.dst, dst, rt_ip_len(family));
    return route_find(ns, &flow, &found) ? NULL : found;
}

const uint8_t *route_next_hop(const struct rt_route *r, const uint8_t *dst)
{
    return r->has_gateway ? r->gateway : dst;
}

bool route_source(const struct sim_ns *ns, const struct rt_route *r, const uint8_t *dst,
                  uint8_t *source)
{
    const struct rt_addr *a;

    if (r->has_prefsrc) {
        memcpy(source, r->prefsrc, RT_IP_LEN);
        return true;
    }
    if (r->type == RTN_LOCAL && r->dst_len == 8 * rt_ip_len(r->family)) {
        memcpy(source, r->dst, RT_IP_LEN);
        return true;
    }
    a = addr_select(ns, r, dst);
    if (a)
        memcpy(source, a->local, RT_IP_LEN);
    return a;
}

/* ---- changes --------------------------------------------------------------------------------- */

static struct rt_route *find_same(const struct sim_ns *ns, const struct rt_route *r)
{
    for (guint i = 0; i < ns->routes->len; i++)
        if (!compare(route_at(ns, i), r))
            return route_at(ns, i);
    return NULL;
}

/* A gateway must be a neighbour: on a prefix of the link itself. */
static int resolve_gateway(const struct sim_ns *ns, struct rt_route *r, struct err *e)
{
    const struct rt_route *link = route_lookup(ns, r->family, r->gateway, r->oif);
    bool is_neighbour = link && !link->has_gateway &&
                        (link->type == RTN_UNICAST ||
                         (link->type == RTN_LOCAL && r->family == AF_INET));

    if (r->flags & RTNH_F_ONLINK && r->oif)
        return 0;
    if (!is_neighbour && r->family == AF_INET)
        return rt_refuse(e, ENETUNREACH, "Nexthop has invalid gateway");
    if (!is_neighbour)
        return err_set(e, EHOSTUNREACH, "no route to the gateway");
    if (!r->oif)
        r->oif = link->oif;
    return 0;
}

static int check_next_hop(const struct sim_ns *ns, struct rt_route *r, struct err *e)
{
    const struct device *d = r->oif ? device_by_index(ns, r->oif) : NULL;

    if (refusal(r) || r->type == RTN_THROW)
        return 0;
    if ((r->oif && !d) || (!r->oif && !r->has_gateway))
        return err_set(e, ENODEV, "the route names no device there is");
    if (d && !d->dev.is_up)
        return rt_refuse(e, ENETDOWN, r->has_gateway || r->family == AF_INET6
                                          ? "Nexthop device is not up"
                                          : "Device for nexthop is not up");
    return r->has_gateway ? resolve_gateway(ns, r, e) : 0;
}

/* IPv6: what leads nowhere is on the loopback device. */
static void complete(const struct sim_ns *ns, struct rt_route *r)
{
    if (r->type == RTN_UNSPEC)
        r->type = RTN_UNICAST;
    if (r->family != AF_INET6)
        return;
    if (!r->priority)
        r->priority = METRIC_IP6_USER;
    if (refusal(r) && !r->oif)
        r->oif = device_by_name(ns, "lo")->dev.ifindex;
}

static int check_source(const struct sim_ns *ns, const struct rt_route *r, struct err *e)
{
    if (r->has_prefsrc && !addr_find(ns, r->family, r->prefsrc))
        return rt_refuse(e, EINVAL, r->family == AF_INET ? "Invalid prefsrc address"
                                                         : "Invalid source address");
    return 0;
}

static bool is_same_way(const struct rt_route *a, const struct rt_route *b)
{
    return a->type == b->type && a->scope == b->scope && a->oif == b->oif &&
           a->has_gateway == b->has_gateway && !memcmp(a->gateway, b->gateway, sizeof(a->gateway));
}

static bool has_same_way(const struct sim_ns *ns, const struct rt_route *r)
{
    for (guint i = 0; i < ns->routes->len; i++)
        if (!compare(route_at(ns, i), r) && is_same_way(route_at(ns, i), r))
            return true;
    return false;
}

int route_add(struct sim_ns *ns, const struct rt_route *wanted, uint16_t flags, struct req *cause,
              struct err *e)
{
    struct rt_route r = *wanted, *old;
    int rc;

    complete(ns, &r);
    rc = check_next_hop(ns, &r, e);
    if (!rc)
        rc = check_source(ns, &r, e);
    if (rc)
        return rc;
    old = find_same(ns, &r);
    if (old && (flags & NLM_F_EXCL || (!(flags & NLM_F_REPLACE) && has_same_way(ns, &r))))
        return err_set(e, EEXIST, "there is such a route already");
    if (!old && !(flags & NLM_F_CREATE))
        return err_set(e, ENOENT, "there is no such route to change");
    if ((rc = netlink_refuses(ns->sim->nl, NETLINK_FAULT_RT_ROUTE, e)))
        return rc;
    if (old && flags & NLM_F_REPLACE)
        g_ptr_array_remove(ns->routes, old);
    insert(ns, &r, flags & NLM_F_APPEND || r.family == AF_INET6);
    rt_route_event(ns->net, RTM_NEWROUTE, &r, cause);
    return 0;
}

/* What a request leaves out matches anything. */
static bool is_meant(const struct rt_route *r, const struct rt_route *wanted)
{
    return r->family == wanted->family && r->table == wanted->table &&
           r->dst_len == wanted->dst_len && !memcmp(r->dst, wanted->dst, sizeof(r->dst)) &&
           r->tos == wanted->tos && (!wanted->type || r->type == wanted->type) &&
           (!wanted->protocol || r->protocol == wanted->protocol) &&
           (!wanted->priority || r->priority == wanted->priority) &&
           (!wanted->oif || r->oif == wanted->oif) &&
           (!wanted->has_gateway || (r->has_gateway && !memcmp(r->gateway, wanted->gateway,
                                                               sizeof(r->gateway))));
}

static void remove_at(struct sim_ns *ns, guint i, struct req *cause, bool is_told)
{
    struct rt_route *r = g_ptr_array_steal_index(ns->routes, i);

    if (is_told)
        rt_route_event(ns->net, RTM_DELROUTE, r, cause);
    g_free(r);
}

int route_del(struct sim_ns *ns, const struct rt_route *wanted, struct req *cause, struct err *e)
{
    for (guint i = 0; i < ns->routes->len; i++) {
        if (is_meant(route_at(ns, i), wanted)) {
            remove_at(ns, i, cause, true);
            return 0;
        }
    }
    return err_set(e, ESRCH, "there is no such route");
}

void route_put_own(struct sim_ns *ns, const struct rt_route *r)
{
    for (guint i = 0; i < ns->routes->len; i++)
        if (is_meant(route_at(ns, i), r))
            return;
    insert(ns, r, true);
    rt_route_event(ns->net, RTM_NEWROUTE, r, NULL);
}

void route_drop_own(struct sim_ns *ns, const struct rt_route *r)
{
    (void)route_del(ns, r, NULL, NULL);
}

/* IPv4's addresses stay, and so do the routes to themselves. */
void route_dev_down(struct sim_ns *ns, uint8_t family, int ifindex)
{
    for (guint i = ns->routes->len; i-- > 0;)
        if (route_at(ns, i)->oif == ifindex && route_at(ns, i)->family == family &&
            (family == AF_INET6 || route_at(ns, i)->type != RTN_LOCAL))
            remove_at(ns, i, NULL, family == AF_INET6);
}
