/* limit.c - see limit.h. SPDX-License-Identifier: Apache-2.0 */
#include "dp/ct/limit.h"

#include <errno.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <netinet/in.h>

#include "dp/ct/proto.h"

/* A connection by name: it may be gone, and its tuple another's. */
struct counted {
    struct ct_tuple tuple;
    uint32_t id;
};

/* ---- limits ----------------------------------------------------------------------------------- */

static struct ct_zone_limit *find_zone(const struct ct_limits *l, int zone)
{
    GArray *zones = zone >= 0 ? l->bucket[zone % CT_LIMIT_BUCKETS] : NULL;

    for (guint i = 0; zones && i < zones->len; i++) {
        struct ct_zone_limit *z = &g_array_index(zones, struct ct_zone_limit, i);

        if (z->zone == zone)
            return z;
    }
    return NULL;
}

static void set_zone(struct ct_limits *l, uint16_t zone, uint32_t limit)
{
    struct ct_zone_limit *old = find_zone(l, zone), z = {zone, limit};
    GArray **zones = &l->bucket[zone % CT_LIMIT_BUCKETS];

    if (old) {
        old->limit = limit;
        return;
    }
    if (!*zones)
        *zones = g_array_new(FALSE, FALSE, sizeof(z));
    g_array_prepend_val(*zones, z);
}

void ct_limit_set(struct ct_limits *l, int zone, uint32_t limit)
{
    if (zone == OVS_ZONE_LIMIT_DEFAULT_ZONE)
        l->default_limit = limit;
    else if (zone >= 0 && zone <= UINT16_MAX)
        set_zone(l, (uint16_t)zone, limit);
}

void ct_limit_delete(struct ct_limits *l, int zone)
{
    const struct ct_zone_limit *z = find_zone(l, zone);
    GArray *zones;

    if (zone == OVS_ZONE_LIMIT_DEFAULT_ZONE)
        l->default_limit = 0;
    if (!z)
        return;
    zones = l->bucket[zone % CT_LIMIT_BUCKETS];
    g_array_remove_index(zones, (guint)(z - (const struct ct_zone_limit *)zones->data));
}

uint32_t ct_limit_of(const struct ct_limits *l, uint16_t zone)
{
    const struct ct_zone_limit *z = find_zone(l, zone);

    return z ? z->limit : l->default_limit;
}

void ct_limits_done(struct ct_limits *l)
{
    for (unsigned i = 0; i < CT_LIMIT_BUCKETS; i++)
        g_clear_pointer(&l->bucket[i], g_array_unref);
    g_clear_pointer(&l->counted, g_hash_table_unref);
}

/* ---- counts ----------------------------------------------------------------------------------- */

static GArray *counted_in(const struct ct_limits *l, uint16_t zone)
{
    return l->counted ? g_hash_table_lookup(l->counted, GINT_TO_POINTER(zone)) : NULL;
}

static GArray *count_zone(struct ct_limits *l, uint16_t zone)
{
    GArray *list = counted_in(l, zone);

    if (list)
        return list;
    if (!l->counted)
        l->counted = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)g_array_unref);
    list = g_array_new(FALSE, FALSE, sizeof(struct counted));
    g_hash_table_insert(l->counted, GINT_TO_POINTER(zone), list);
    return list;
}

static bool is_closed(const struct ct_conn *c)
{
    uint8_t state = c->state.tcp.state;

    return c->proto->number == IPPROTO_TCP &&
           (state == TCP_CONNTRACK_TIME_WAIT || state == TCP_CONNTRACK_CLOSE);
}

static bool still_counts(struct ct_table *t, const struct counted *one)
{
    unsigned dir;
    const struct ct_conn *c = ct_find(t, &one->tuple, &dir);

    return c && c->id == one->id && !is_closed(c);
}

static void collect(struct ct_table *t, GArray *list)
{
    guint kept = 0;

    for (guint i = 0; i < list->len; i++) {
        struct counted *one = &g_array_index(list, struct counted, i);

        if (still_counts(t, one))
            g_array_index(list, struct counted, kept++) = *one;
    }
    g_array_set_size(list, kept);
}

uint32_t ct_limit_count(struct ct_limits *l, struct ct_table *t, uint16_t zone)
{
    GArray *list = counted_in(l, zone);

    if (!list)
        return 0;
    collect(t, list);
    return list->len;
}

int ct_limit_admit(struct ct_limits *l, struct ct_conn *c)
{
    const struct counted one = {c->dir[CT_ORIG].tuple, c->id};
    uint32_t limit = ct_limit_of(l, one.tuple.zone);
    GArray *list;

    if (!limit)
        return 0;
    list = count_zone(l, one.tuple.zone);
    if (list->len >= limit)
        collect(c->table, list);
    if (list->len >= limit)
        return -ENOMEM;
    g_array_append_val(list, one);
    return 0;
}
