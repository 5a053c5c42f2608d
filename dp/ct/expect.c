/* expect.c - expectations: connections that others have announced. SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/netfilter/nf_conntrack_common.h>

#include "dp/ct/helper.h"

#define NS_PER_S UINT64_C(1000000000)

/* ---- comparing ------------------------------------------------------------------------------------ */

static bool is_same_masked(const struct ct_tuple *a, const struct ct_tuple *b,
                           const struct ct_tuple *mask)
{
    for (size_t i = 0; i < sizeof(a->src.bytes); i++)
        if ((a->src.bytes[i] ^ b->src.bytes[i]) & mask->src.bytes[i])
            return false;
    return !((a->src_id ^ b->src_id) & mask->src_id) && a->l3 == b->l3 && a->proto == b->proto &&
           a->zone == b->zone && a->dst_id == b->dst_id && !memcmp(&a->dst, &b->dst, sizeof(a->dst));
}

static bool is_equal(const struct ct_expect *a, const struct ct_expect *b)
{
    return a->helper == b->helper && ct_tuple_equal(&a->tuple, &b->tuple) &&
           !memcmp(&a->mask.src, &b->mask.src, sizeof(a->mask.src)) &&
           a->mask.src_id == b->mask.src_id;
}

/* Could one packet fulfil both? */
static bool is_clash(const struct ct_expect *a, const struct ct_expect *b)
{
    struct ct_tuple both = a->mask;

    for (size_t i = 0; i < sizeof(both.src.bytes); i++)
        both.src.bytes[i] &= b->mask.src.bytes[i];
    both.src_id &= b->mask.src_id;
    return is_same_masked(&a->tuple, &b->tuple, &both);
}

/* ---- the table's list ------------------------------------------------------------------------------ */

static struct ct_expect *of_all(struct ct_link *l)
{
    return ct_of_link(l, struct ct_expect, all);
}

static void tell(struct ct_expect *x, unsigned event)
{
    struct ct_table *t = x->master->table;

    if (t->expect_event && x->master->has_events)
        t->expect_event(t->event_ctx, x, event);
}

static void unlink_expect(struct ct_expect *x)
{
    ct_link_remove(&x->all);
    ct_link_remove(&x->of_master);
    x->master->table->n_expects--;
    x->master->n_expects--;
    x->master->table->stats.n_expect_delete++;
    tell(x, IPEXP_DESTROY);
}

void ct_expect_delete(struct ct_expect *x)
{
    unlink_expect(x);
    g_free(x);
}

void ct_expects_delete_all(struct ct_conn *master)
{
    while (!ct_link_is_empty(&master->expects))
        ct_expect_delete(ct_of_link(master->expects.next, struct ct_expect, of_master));
}

void ct_expects_expire(struct ct_table *t)
{
    struct ct_link *l, *next;

    for (l = t->expects.next; l != &t->expects; l = next) {
        next = l->next;
        if (of_all(l)->expires_ns <= ct_now(t))
            ct_expect_delete(of_all(l));
    }
}

struct ct_expect *ct_expect_find(struct ct_table *t, const struct ct_tuple *tuple)
{
    struct ct_link *l;

    ct_expects_expire(t);
    for (l = t->expects.next; l != &t->expects; l = l->next)
        if (is_same_masked(tuple, &of_all(l)->tuple, &of_all(l)->mask))
            return of_all(l);
    return NULL;
}

/* ---- adding ---------------------------------------------------------------------------------------- */

/* The same expectation goes, as the new one takes its place. 0, -EALREADY, -EBUSY. */
static int make_way(struct ct_conn *master, const struct ct_expect *x)
{
    struct ct_link *l;

    for (l = master->table->expects.next; l != &master->table->expects; l = l->next) {
        struct ct_expect *other = of_all(l);

        if (other->master == master && is_equal(other, x)) {
            if (other->class != x->class)
                return -EALREADY;
            ct_expect_delete(other);
            return 0;
        }
        if (is_clash(other, x))
            return -EBUSY;
    }
    return 0;
}

/* Of its class only so many: the master's oldest goes. */
static void evict(struct ct_conn *master, const struct ct_expect *x)
{
    struct ct_link *l, *oldest = NULL;
    unsigned n = 0;

    for (l = master->expects.next; l != &master->expects; l = l->next) {
        if (ct_of_link(l, struct ct_expect, of_master)->class != x->class)
            continue;
        oldest = l;
        n++;
    }
    if (oldest && master->helper && n >= master->helper->max_expected)
        ct_expect_delete(ct_of_link(oldest, struct ct_expect, of_master));
}

int ct_expect_add(struct ct_conn *master, const struct ct_expect *x)
{
    struct ct_table *t = master->table;
    struct ct_expect *new;
    int error;

    ct_expects_expire(t);
    error = make_way(master, x);
    if (error)
        return error;
    evict(master, x);
    if (dp_fails(t->env->fault, DP_FAULT_CT_EXPECT))
        return -ENOMEM;
    if (t->n_expects >= t->sysctl.expect_max)
        return -EMFILE;
    new = g_memdup2(x, sizeof(*x));
    new->master = master;
    new->id = ++t->last_expect_id;
    if (master->helper)
        new->expires_ns = ct_now(t) + master->helper->timeout_s * NS_PER_S;
    ct_link_add(&t->expects, &new->all);
    ct_link_add(master->expects.next, &new->of_master);     /* the youngest first */
    t->n_expects++;
    master->n_expects++;
    ct_trace(t, "nf_ct_expect_related", &new->tuple);
    t->stats.n_expect_create++;
    tell(new, IPEXP_NEW);
    return 0;
}

/* ---- being fulfilled -------------------------------------------------------------------------------- */

void ct_expect_fulfil(struct ct_expect *x, struct ct_conn *c)
{
    c->master = ct_conn_get(x->master);
    c->status |= IPS_EXPECTED;
    c->mark = x->master->mark;
    c->table->stats.n_expect_new++;
    if (x->helper)
        c->helper = x->helper;
    if (!(x->flags & NF_CT_EXPECT_PERMANENT))
        unlink_expect(x);
    if (x->expected)
        x->expected(c, x);
    if (!(x->flags & NF_CT_EXPECT_PERMANENT))
        g_free(x);
}
