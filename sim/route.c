/* route.c - see route.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/route.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "sim/addr.h"
#include "sim/device.h"

#define METRIC_IP6_USER 1024    /* what IPv6 gives a route that names none */

GPtrArray *route_list_new(void)
{
    return g_ptr_array_new_with_free_func(g_free);
}

static struct rt_route *route_at(const struct sim_ns *ns, guint i)
{
    return i < ns->routes->len ? g_ptr_array_index(ns->routes, i) : NULL;
}

/* ---- order: as the kernel dumps them --------------------------------------------------------- */

static int compare(const struct rt_route *a, const struct rt_route *b)
{
    int by_dst = memcmp(a->dst, b->dst, sizeof(a->dst));

    if (a->family != b->family)
        return a->family - b->family;
    if (a->table != b->table)
        return a->table < b->table ? -1 : 1;
    if (by_dst)
        return by_dst;
    if (a->dst_len != b->dst_len)
        return a->dst_len - b->dst_len;
    if (a->tos != b->tos)
        return a->tos - b->tos;
    return a->priority < b->priority ? -1 : a->priority > b->priority;
}

static void insert(struct sim_ns *ns, const struct rt_route *r)
{
    guint i = 0;

    while (i < ns->routes->len && compare(route_at(ns, i), r) <= 0)
        i++;
    g_ptr_array_insert(ns->routes, (gint)i, g_memdup2(r, sizeof(*r)));
}

/* ---- look-up --------------------------------------------------------------------------------- */

static bool is_better(const struct rt_route *r, const struct rt_route *than)
{
    if (!than || r->dst_len != than->dst_len)
        return !than || r->dst_len > than->dst_len;
    return r->priority < than->priority;
}

static bool leads_to(const struct sim_ns *ns, const struct rt_route *r, const uint8_t *dst, int oif)
{
    const struct device *d = r->oif ? device_by_index(ns, r->oif) : NULL;

    if (!addr_in_prefix(dst, r->dst, r->dst_len) || (oif && r->oif != oif))
        return false;
    return !d || d->dev.is_up;
}

static const struct rt_route *best(const struct sim_ns *ns, uint8_t family, uint32_t table,
                                   const uint8_t *dst, int oif)
{
    const struct rt_route *found = NULL;

    for (guint i = 0; i < ns->routes->len; i++) {
        const struct rt_route *r = route_at(ns, i);

        if (r->family == family && r->table == table && is_better(r, found) &&
            leads_to(ns, r, dst, oif))
            found = r;
    }
    return found;
}

static bool is_refusal(const struct rt_route *r)
{
    return r->type == RTN_UNREACHABLE || r->type == RTN_BLACKHOLE || r->type == RTN_PROHIBIT;
}

const struct rt_route *route_lookup(const struct sim_ns *ns, uint8_t family, const uint8_t *dst,
                                    int oif)
{
    static const uint32_t tables[] = { RT_TABLE_LOCAL, RT_TABLE_MAIN, RT_TABLE_DEFAULT };

    for (size_t i = 0; i < G_N_ELEMENTS(tables); i++) {
        const struct rt_route *r = best(ns, family, tables[i], dst, oif);

        if (r && r->type != RTN_THROW)
            return is_refusal(r) ? NULL : r;
    }
    return NULL;
}

const uint8_t *route_next_hop(const struct rt_route *r, const uint8_t *dst)
{
    return r->has_gateway ? r->gateway : dst;
}

bool route_source(const struct sim_ns *ns, const struct rt_route *r, uint8_t *source)
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
    a = addr_source(ns, r->family, r->oif);
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
    bool is_neighbour = link && !link->has_gateway && link->type == RTN_UNICAST;

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

    if (is_refusal(r) || r->type == RTN_THROW)
        return 0;
    if ((r->oif && !d) || (!r->oif && !r->has_gateway))
        return err_set(e, ENODEV, "the route names no device there is");
    if (d && !d->dev.is_up)
        return rt_refuse(e, ENETDOWN, r->has_gateway || r->family == AF_INET6
                                          ? "Nexthop device is not up"
                                          : "Device for nexthop is not up");
    return r->has_gateway ? resolve_gateway(ns, r, e) : 0;
}

int route_add(struct sim_ns *ns, const struct rt_route *wanted, uint16_t flags, struct req *cause,
              struct err *e)
{
    struct rt_route r = *wanted, *old;
    int rc;

    if (r.type == RTN_UNSPEC)
        r.type = RTN_UNICAST;
    if (r.family == AF_INET6 && !r.priority)
        r.priority = METRIC_IP6_USER;
    rc = check_next_hop(ns, &r, e);
    if (rc)
        return rc;
    old = find_same(ns, &r);
    if (old && flags & NLM_F_EXCL)
        return err_set(e, EEXIST, "there is such a route already");
    if (!old && !(flags & NLM_F_CREATE))
        return err_set(e, ENOENT, "there is no such route to change");
    if (old && flags & NLM_F_REPLACE)
        g_ptr_array_remove(ns->routes, old);
    insert(ns, &r);
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
    insert(ns, r);
    rt_route_event(ns->net, RTM_NEWROUTE, r, NULL);
}

void route_drop_own(struct sim_ns *ns, const struct rt_route *r)
{
    (void)route_del(ns, r, NULL, NULL);
}

void route_dev_down(struct sim_ns *ns, uint8_t family, int ifindex)
{
    for (guint i = ns->routes->len; i-- > 0;)
        if (route_at(ns, i)->oif == ifindex && route_at(ns, i)->family == family)
            remove_at(ns, i, NULL, family == AF_INET6);
}
