/* rule.c - see rule.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/rule.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "netlink/attr.h"
#include "netlink/fault.h"
#include "sim/addr.h"
#include "sim/device.h"
#include "sim/route.h"

#define FREE_TABLES 253     /* from 1 on; behind them are default, main and local */

static struct rt_rule *rule_at(const struct sim_ns *ns, guint i)
{
    return i < ns->rules->len ? g_ptr_array_index(ns->rules, i) : NULL;
}

GPtrArray *rule_list_new(void)
{
    static const struct { uint8_t family, table; uint32_t priority; } first[] = {
        { AF_INET, RT_TABLE_LOCAL, 0 },   { AF_INET, RT_TABLE_MAIN, 32766 },
        { AF_INET, RT_TABLE_DEFAULT, 32767 },
        { AF_INET6, RT_TABLE_LOCAL, 0 },  { AF_INET6, RT_TABLE_MAIN, 32766 },
    };
    GPtrArray *rules = g_ptr_array_new_with_free_func(g_free);

    for (size_t i = 0; i < G_N_ELEMENTS(first); i++) {
        const struct rt_rule r = {
            .family = first[i].family, .table = first[i].table, .priority = first[i].priority,
            .action = FR_ACT_TO_TBL, .protocol = RTPROT_KERNEL,
            .suppress_prefix_len = UINT32_MAX, .suppress_group = UINT32_MAX,
        };

        g_ptr_array_add(rules, g_memdup2(&r, sizeof(r)));
    }
    return rules;
}

/* ---- order and targets ----------------------------------------------------------------------- */

/* Families one after the other, then priorities; later ones of one priority behind earlier. */
static struct rt_rule *insert(struct sim_ns *ns, const struct rt_rule *r)
{
    struct rt_rule *own = g_memdup2(r, sizeof(*r));
    guint i = 0;

    while (i < ns->rules->len && (rule_at(ns, i)->family < r->family ||
                                  (rule_at(ns, i)->family == r->family &&
                                   rule_at(ns, i)->priority <= r->priority)))
        i++;
    g_ptr_array_insert(ns->rules, (gint)i, own);
    return own;
}

static guint find_target(const struct sim_ns *ns, const struct rt_rule *r)
{
    for (guint i = 0; i < ns->rules->len; i++)
        if (rule_at(ns, i)->family == r->family && rule_at(ns, i)->priority == r->target)
            return i;
    return ns->rules->len;
}

static void set_flag(struct rt_rule *r, uint32_t flag, bool is_set)
{
    r->flags = is_set ? r->flags | flag : r->flags & ~flag;
}

/* What a rule tells of the things it names: are they there? */
static void refresh(struct sim_ns *ns)
{
    for (guint i = 0; i < ns->rules->len; i++) {
        struct rt_rule *r = rule_at(ns, i);

        set_flag(r, FIB_RULE_UNRESOLVED,
                 r->action == FR_ACT_GOTO && find_target(ns, r) == ns->rules->len);
        set_flag(r, FIB_RULE_IIF_DETACHED, r->iif[0] && !device_by_name(ns, r->iif));
        set_flag(r, FIB_RULE_OIF_DETACHED, r->oif[0] && !device_by_name(ns, r->oif));
    }
}

void rule_devices_changed(struct sim_ns *ns)
{
    refresh(ns);
}

uint32_t rule_default_priority(const struct sim_ns *ns, uint8_t family)
{
    for (guint i = 0, n_seen = 0; i < ns->rules->len; i++)
        if (rule_at(ns, i)->family == family && n_seen++ == 1)
            return rule_at(ns, i)->priority ? rule_at(ns, i)->priority - 1 : 0;
    return 0;
}

/* ---- look-up --------------------------------------------------------------------------------- */

static bool is_in16(const struct rt_range16 *r, uint16_t port)
{
    return (!r->first && !r->last) || (port >= r->first && port <= r->last);
}

static bool is_device(const struct sim_ns *ns, const char *name, int ifindex)
{
    const struct device *d = name[0] ? device_by_name(ns, name) : NULL;

    return !name[0] || (d && d->dev.ifindex == ifindex);
}

static bool is_within(const uint8_t *prefix, uint8_t len, const uint8_t *ip)
{
    return !len || addr_in_prefix(ip, prefix, len);
}

bool rule_matches(const struct sim_ns *ns, const struct rt_rule *r, const struct rt_flow *f)
{
    bool is_match =
        is_device(ns, r->iif, f->iif) && is_device(ns, r->oif, f->oif) &&
        !((r->mark ^ f->mark) & r->mark_mask) && (!r->tun_id || r->tun_id == f->tun_id) &&
        (!r->uids.last || (f->uid >= r->uids.first && f->uid <= r->uids.last)) &&
        is_within(r->dst, r->dst_len, f->dst) && is_within(r->src, r->src_len, f->src) &&
        (!r->tos || r->tos == f->tos) && (!r->ip_proto || r->ip_proto == f->ip_proto) &&
        is_in16(&r->sports, f->sport) && is_in16(&r->dports, f->dport);

    return r->family == f->family && is_match == !(r->flags & FIB_RULE_INVERT);
}

guint rule_next(const struct sim_ns *ns, guint at, const struct rt_flow *flow)
{
    const struct rt_rule *r = rule_at(ns, at);
    bool is_taken = r->action == FR_ACT_GOTO && rule_matches(ns, r, flow);
    guint target = is_taken ? find_target(ns, r) : ns->rules->len;

    return target < ns->rules->len ? target : at + 1;
}

/* ---- changes --------------------------------------------------------------------------------- */

/* What tells rules apart besides their family and priority; for a deletion 'none' is anything. */
static const struct { size_t at, size; uint8_t none; } members[] = {
#define MEMBER(m, none) { offsetof(struct rt_rule, m), sizeof(((struct rt_rule *)0)->m), none }
    MEMBER(action, 0), MEMBER(table, 0), MEMBER(iif, 0), MEMBER(oif, 0), MEMBER(mark, 0),
    MEMBER(mark_mask, 0), MEMBER(tun_id, 0), MEMBER(uids, 0), MEMBER(ip_proto, 0),
    MEMBER(sports, 0), MEMBER(dports, 0), MEMBER(tos, 0), MEMBER(src_len, 0), MEMBER(dst_len, 0),
    MEMBER(src, 0), MEMBER(dst, 0),
    MEMBER(suppress_prefix_len, 0xff), MEMBER(suppress_group, 0xff),    /* of deletions only */
};
#define N_TELLING (G_N_ELEMENTS(members) - 2)

static bool is_same(const struct rt_rule *a, const struct rt_rule *b)
{
    for (size_t i = 0; i < N_TELLING; i++)
        if (memcmp((const uint8_t *)a + members[i].at, (const uint8_t *)b + members[i].at,
                   members[i].size))
            return false;
    return a->family == b->family && a->priority == b->priority;
}

/* The first table without a route. */
static uint32_t empty_table(const struct sim_ns *ns)
{
    for (uint32_t table = 1; table < FREE_TABLES; table++)
        if (!route_has_table(ns, AF_INET, table))
            return table;
    return 0;
}

int rule_add(struct sim_ns *ns, const struct rt_rule *wanted, uint16_t flags, struct req *cause,
             struct err *e)
{
    struct rt_rule r = *wanted, *made;
    int rc;

    for (guint i = 0; flags & NLM_F_EXCL && i < ns->rules->len; i++)
        if (is_same(rule_at(ns, i), &r))
            return err_set(e, EEXIST, "there is such a rule already");
    if (r.action == FR_ACT_TO_TBL && !r.table)
        r.table = empty_table(ns);
    if (r.action == FR_ACT_TO_TBL && !r.table)
        return err_set(e, ENOBUFS, "no table is empty");
    if ((rc = netlink_refuses(ns->sim->nl, NETLINK_FAULT_RT_RULE, e)))
        return rc;
    if (r.family == AF_INET)
        ns->has_own_rules = true;
    made = insert(ns, &r);
    refresh(ns);
    rt_rule_event(ns->net, RTM_NEWRULE, made, cause);
    return 0;
}

static bool is_meant(const struct rt_rule *r, const struct rt_rule *w, bool has_priority)
{
    const uint8_t *have = (const uint8_t *)r, *want = (const uint8_t *)w;

    for (size_t i = 0; i < G_N_ELEMENTS(members); i++)
        if (!bytes_are(want + members[i].at, members[i].size, members[i].none) &&
            memcmp(have + members[i].at, want + members[i].at, members[i].size))
            return false;
    return r->family == w->family && (!has_priority || r->priority == w->priority);
}

int rule_del(struct sim_ns *ns, const struct rt_rule *wanted, bool has_priority, struct req *cause,
             struct err *e)
{
    for (guint i = 0; i < ns->rules->len; i++) {
        struct rt_rule *r = rule_at(ns, i);

        if (!is_meant(r, wanted, has_priority))
            continue;
        (void)g_ptr_array_steal_index(ns->rules, i);
        refresh(ns);
        rt_rule_event(ns->net, RTM_DELRULE, r, cause);
        g_free(r);
        return 0;
    }
    return err_set(e, ENOENT, "there is no such rule");
}
