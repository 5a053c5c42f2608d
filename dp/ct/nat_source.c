/* nat_source.c - connections by protocol, zone and source of their original direction.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"
#include "dp/ct/nat_int.h"

#define FIRST_BUCKETS 64u

struct ct_nat_sources {
    struct ct_link *bucket;             /* rings, the youngest first */
    uint32_t n_buckets;                 /* a power of two */
    uint32_t n;
};

static bool is_same_source(const struct ct_tuple *a, const struct ct_tuple *b)
{
    return a->src_id == b->src_id && a->zone == b->zone && a->l3 == b->l3 && a->proto == b->proto &&
           !memcmp(&a->src, &b->src, sizeof(a->src));
}

static struct ct_link *bucket_of(const struct ct_nat_sources *s, const struct ct_tuple *t)
{
    struct ct_tuple source = *t;

    source.dst = (struct ct_addr){ { 0 } };
    source.dst_id = 0;
    return &s->bucket[ct_tuple_hash(&source) & (s->n_buckets - 1)];
}

static const struct ct_tuple *original(const struct ct_link *l)
{
    return &ct_of_link(l, struct ct_conn, by_source)->dir[CT_ORIG].tuple;
}

static struct ct_link *new_buckets(uint32_t n)
{
    struct ct_link *bucket = g_new(struct ct_link, n);

    for (uint32_t i = 0; i < n; i++)
        ct_link_init(&bucket[i]);
    return bucket;
}

static void grow(struct ct_nat_sources *s)
{
    struct ct_nat_sources old = *s;

    s->n_buckets *= 2;
    s->bucket = new_buckets(s->n_buckets);
    for (uint32_t i = 0; i < old.n_buckets; i++) {
        while (!ct_link_is_empty(&old.bucket[i])) {
            struct ct_link *l = old.bucket[i].next;

            ct_link_remove(l);
            ct_link_add(bucket_of(s, original(l)), l);
        }
    }
    g_free(old.bucket);
}

static struct ct_nat_sources *sources_new(void)
{
    struct ct_nat_sources *s = g_new0(struct ct_nat_sources, 1);

    s->n_buckets = FIRST_BUCKETS;
    s->bucket = new_buckets(s->n_buckets);
    return s;
}

void ct_nat_source_add(struct ct_conn *c)
{
    struct ct_table *t = c->table;

    if (!t->sources)
        t->sources = sources_new();
    if (++t->sources->n > t->sources->n_buckets)
        grow(t->sources);
    ct_link_add(bucket_of(t->sources, original(&c->by_source))->next, &c->by_source);
}

const struct ct_conn *ct_nat_source_next(const struct ct_table *t, const struct ct_tuple *source,
                                         const struct ct_conn *prev)
{
    const struct ct_link *head, *l;

    if (!t->sources)
        return NULL;
    head = bucket_of(t->sources, source);
    for (l = prev ? prev->by_source.next : head->next; l != head; l = l->next)
        if (is_same_source(original(l), source))
            return ct_of_link(l, struct ct_conn, by_source);
    return NULL;
}

void ct_nat_forget(struct ct_conn *c)
{
    if (ct_link_is_empty(&c->by_source))
        return;
    ct_link_remove(&c->by_source);
    c->table->sources->n--;
}

void ct_nat_table_done(struct ct_table *t)
{
    if (!t->sources)
        return;
    g_free(t->sources->bucket);
    g_free(t->sources);
    t->sources = NULL;
}
