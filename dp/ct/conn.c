/* conn.c - see conn.h: the hash table, the wheel of expiries, a connection's life.
 *
 * A connection sits in the wheel's slot for the second it will expire in, or in the farthest one; it is
 * moved only when that slot's turn has come, or when it shall live shorter. SPDX-License-Identifier: Apache-2.0 */
#include "dp/ct/conn.h"

#include <errno.h>
#include <string.h>

#include "dp/ct/helper.h"
#include "dp/ct/nat.h"
#include "dp/ct/proto.h"
#include "dp/ct/sysctl.h"
#include "dp/ct/timeout.h"

#define FIRST_BUCKETS 256u
#define NS_PER_S UINT64_C(1000000000)
#define EXPIRE_PER_WAKE 10000u
#define EVENTS_IF_HEARD 2u      /* sysctl.events: only while somebody listens */

/* ---- the hash table ------------------------------------------------------------------------------ */

static struct ct_entry **bucket_of(const struct ct_table *t, const struct ct_tuple *tuple)
{
    return &t->bucket[ct_tuple_hash(tuple) & (t->n_buckets - 1)];
}

static void hash_add(struct ct_table *t, struct ct_entry *e)
{
    struct ct_entry **at = bucket_of(t, &e->tuple);

    e->next = *at;
    *at = e;
}

static void hash_remove(struct ct_table *t, struct ct_entry *e)
{
    struct ct_entry **at = bucket_of(t, &e->tuple);

    while (*at != e)
        at = &(*at)->next;
    *at = e->next;
}

/* One that has lost a clash is known by its answers only. */
static void hash_add_conn(struct ct_table *t, struct ct_conn *c)
{
    if (!(c->status & CT_NAT_CLASH))
        hash_add(t, &c->dir[CT_ORIG]);
    hash_add(t, &c->dir[CT_REPLY]);
}

static void hash_grow(struct ct_table *t)
{
    struct ct_link *l;

    g_free(t->bucket);
    t->n_buckets *= 2;
    t->bucket = g_new0(struct ct_entry *, t->n_buckets);
    for (l = t->all.next; l != &t->all; l = l->next)
        hash_add_conn(t, ct_of_link(l, struct ct_conn, all));
}

static bool is_expired(const struct ct_conn *c)
{
    return c->expires_ns <= ct_now(c->table);
}

/* Entry 'e' is one of the two at the start of its connection. */
static struct ct_conn *conn_of(struct ct_entry *e)
{
    return e->dir_no == CT_ORIG ? ct_of_link(e, struct ct_conn, dir[CT_ORIG])
                                : ct_of_link(e, struct ct_conn, dir[CT_REPLY]);
}

struct ct_conn *ct_find(struct ct_table *t, const struct ct_tuple *tuple, unsigned *dir)
{
    for (struct ct_entry *e = *bucket_of(t, tuple); e; e = e->next) {
        struct ct_conn *c = conn_of(e);

        if (!ct_tuple_equal(&e->tuple, tuple))
            continue;
        if (is_expired(c)) {
            ct_conn_delete(c);
            return NULL;
        }
        *dir = e->dir_no;
        return c;
    }
    return NULL;
}

/* ---- the wheel ------------------------------------------------------------------------------------ */

/* The second by whose end a connection has expired. */
static uint64_t expiry_second(const struct ct_conn *c)
{
    return c->expires_ns / NS_PER_S + 1;
}

/* The wheel is turned at the end of second 's', or before. */
static void wake_at(struct ct_table *t, uint64_t s)
{
    if (s >= t->wake_s || !t->env->wake)
        return;
    t->wake_s = s;
    t->env->wake(t->env->ctx, s * NS_PER_S);
}

static void wheel_add(struct ct_conn *c)
{
    struct ct_table *t = c->table;
    uint64_t s = CLAMP(expiry_second(c), t->wheel_s + 1, t->wheel_s + CT_WHEEL_SLOTS);

    ct_link_add(&t->wheel[s % CT_WHEEL_SLOTS], &c->timer);
    wake_at(t, s);
}

/* Empties one slot: what has not expired moves on. Returns the budget that is left. */
static unsigned wheel_turn(struct ct_link *slot, unsigned budget)
{
    for (; budget && !ct_link_is_empty(slot); budget--) {
        struct ct_conn *c = ct_of_link(slot->next, struct ct_conn, timer);

        if (is_expired(c)) {
            ct_conn_delete(c);
        } else {
            ct_link_remove(&c->timer);
            wheel_add(c);
        }
    }
    return budget;
}

void ct_expire(struct ct_table *t, unsigned budget)
{
    uint64_t now_s = ct_now(t) / NS_PER_S;

    if (!t->n_conns)
        t->wheel_s = now_s;
    while (budget && t->wheel_s < now_s) {
        struct ct_link *slot = &t->wheel[(t->wheel_s + 1) % CT_WHEEL_SLOTS];

        budget = wheel_turn(slot, budget);
        if (!ct_link_is_empty(slot))
            return;
        t->wheel_s++;
    }
}

void ct_wake(struct ct_table *t)
{
    uint64_t s;

    ct_expire(t, EXPIRE_PER_WAKE);
    t->wake_s = UINT64_MAX;
    for (s = t->wheel_s + 1; s < t->wheel_s + CT_WHEEL_SLOTS; s++)
        if (!ct_link_is_empty(&t->wheel[s % CT_WHEEL_SLOTS]))
            break;
    if (t->n_conns)
        wake_at(t, s);
}

/* ---- the table ------------------------------------------------------------------------------------ */

struct ct_table *ct_table_new(const struct dp_env *env)
{
    struct ct_table *t = g_new0(struct ct_table, 1);

    t->env = env;
    t->n_buckets = FIRST_BUCKETS;
    t->bucket = g_new0(struct ct_entry *, t->n_buckets);
    ct_link_init(&t->all);
    ct_link_init(&t->expects);
    for (size_t i = 0; i < CT_WHEEL_SLOTS; i++)
        ct_link_init(&t->wheel[i]);
    t->wheel_s = ct_now(t) / NS_PER_S;
    t->wake_s = UINT64_MAX;
    t->timeouts = g_ptr_array_new();
    ct_sysctl_init(t);
    return t;
}

void ct_table_free(struct ct_table *t)
{
    if (!t)
        return;
    t->event = NULL;
    while (!ct_link_is_empty(&t->all))
        ct_conn_delete(ct_of_link(t->all.next, struct ct_conn, all));
    ct_nat_table_done(t);
    ct_timeouts_done(t);
    g_free(t->seconds);
    g_free(t->bucket);
    g_free(t);
}

struct ct_conn *ct_next(struct ct_table *t, const struct ct_conn *c)
{
    struct ct_link *l = c ? c->all.next : t->all.next;

    for (; l != &t->all; l = l->next) {
        struct ct_conn *next = ct_of_link(l, struct ct_conn, all);

        if (!is_expired(next) && !(next->status & CT_NAT_CLASH))
            return next;
    }
    return NULL;
}

/* ---- a connection --------------------------------------------------------------------------------- */

/* Connections that nobody listens to at their birth are never told of. */
static bool wants_events(const struct ct_table *t)
{
    if (t->sysctl.events == EVENTS_IF_HEARD && t->n_listeners)
        return *t->n_listeners;
    return t->sysctl.events;
}

struct ct_conn *ct_conn_new(struct ct_table *t, const struct ct_tuple *orig,
                            const struct ct_tuple *reply)
{
    struct ct_conn *c = g_slice_new0(struct ct_conn);

    c->table = t;
    c->dir[CT_ORIG].tuple = *orig;
    c->dir[CT_REPLY].tuple = *reply;
    c->dir[CT_REPLY].dir_no = CT_REPLY;
    c->proto = ct_proto_of(orig->proto);
    c->use = 1;
    c->id = ++t->last_id;
    c->event_mask = UINT32_MAX;
    c->has_events = wants_events(t);
    c->has_counts = t->sysctl.acct;
    ct_link_init(&c->all);
    ct_link_init(&c->timer);
    ct_link_init(&c->by_source);
    ct_link_init(&c->expects);
    return c;
}

void ct_conn_put(struct ct_conn *c)
{
    if (!c || --c->use)
        return;
    ct_nat_forget(c);
    ct_expects_delete_all(c);
    ct_conn_put(c->master);
    g_free(c->helper_data);
    g_free(c->seqadj);
    g_slice_free(struct ct_conn, c);
}

static void insert(struct ct_conn *c)
{
    struct ct_table *t = c->table;

    c->expires_ns += ct_now(t);
    c->status |= IPS_CONFIRMED;
    c->order = ++t->last_order;
    c->start_ns = t->sysctl.timestamp ? ct_now(t) : 0;
    ct_link_add(&t->all, &c->all);
    if (++t->n_conns > t->n_buckets)
        hash_grow(t);
    else
        hash_add_conn(t, c);
    wheel_add(c);
    ct_conn_get(c);
}

int ct_conn_insert(struct ct_conn *c)
{
    unsigned dir;

    if (ct_find(c->table, &c->dir[CT_ORIG].tuple, &dir) ||
        ct_find(c->table, &c->dir[CT_REPLY].tuple, &dir))
        return -EEXIST;
    insert(c);
    return 0;
}

int ct_conn_insert_reply(struct ct_conn *c)
{
    unsigned dir;

    if (ct_find(c->table, &c->dir[CT_REPLY].tuple, &dir))
        return -EEXIST;
    c->expires_ns = NS_PER_S;
    c->status |= IPS_FIXED_TIMEOUT | CT_NAT_CLASH;
    insert(c);
    return 0;
}

static void tell(struct ct_conn *c, uint32_t events)
{
    struct ct_table *t = c->table;

    c->events = 0;
    if (t->event && c->has_events && events & c->event_mask)
        t->event(t->event_ctx, c, events);
}

void ct_conn_delete(struct ct_conn *c)
{
    struct ct_table *t = c->table;

    if (c->status & IPS_DYING || !ct_is_confirmed(c))
        return;
    c->status |= IPS_DYING;
    if (!(c->status & CT_NAT_CLASH))
        hash_remove(t, &c->dir[CT_ORIG]);
    hash_remove(t, &c->dir[CT_REPLY]);
    ct_link_remove(&c->all);
    ct_link_remove(&c->timer);
    t->n_conns--;
    tell(c, 1u << IPCT_DESTROY);
    ct_expects_delete_all(c);
    ct_nat_forget(c);
    ct_conn_put(c);
}

void ct_conn_refresh(struct ct_conn *c, uint32_t seconds)
{
    uint64_t span = seconds * NS_PER_S, was = c->expires_ns;

    if (c->status & IPS_FIXED_TIMEOUT)
        return;
    if (!ct_is_confirmed(c)) {
        c->expires_ns = span;
        return;
    }
    c->expires_ns = ct_now(c->table) + span;
    if (c->expires_ns + NS_PER_S < was && !ct_link_is_empty(&c->timer)) {
        ct_link_remove(&c->timer);
        wheel_add(c);
    }
}

uint32_t ct_conn_left(const struct ct_conn *c)
{
    uint64_t now = ct_now(c->table);

    return c->expires_ns > now ? (uint32_t)((c->expires_ns - now) / NS_PER_S) : 0;
}

void ct_events_deliver(struct ct_conn *c)
{
    if (ct_is_confirmed(c) && !ct_is_dying(c))
        tell(c, c->events);
}

/* ---- packets --------------------------------------------------------------------------------------- */

void pkt_drop_ct(struct pkt *p)
{
    struct ct_conn *c = p->ct;

    p->ct = NULL;
    p->ct_info = 0;
    ct_conn_put(c);
}

void pkt_set_ct(struct pkt *p, struct ct_conn *c, enum ip_conntrack_info info)
{
    pkt_drop_ct(p);
    p->ct = c;
    p->ct_info = (uint8_t)info;
}
