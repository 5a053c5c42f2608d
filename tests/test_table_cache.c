/* test_table_cache.c - the flow table against one that does everything the long way: 100,000 random
 * steps of insertions, removals, packets, rebalances and cache sizes.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "dp/table.h"

#define N_STEPS 100000u
#define N_CPUS 2u
#define N_MASKS 60u             /* different ones */
#define N_HASHES 1000u
#define N_PACKETS 48u           /* different ones in a season */
#define SEASON 250u             /* steps between changes of the weather */

/* ---- the long way ------------------------------------------------------------------------------ */

struct slow_mask {
    struct flow_mask mask;
    GPtrArray *flows;           /* of struct flow, of the table under test */
    uint64_t n_hits;
};

struct slow_table {
    GPtrArray *masks;
    struct table_cache_entry cache[N_CPUS][TABLE_CACHE_MAX];
    uint32_t cache_size;
};

static struct slow_mask *slow_mask_at(const struct slow_table *s, uint32_t i)
{
    return g_ptr_array_index(s->masks, i);
}

static void slow_mask_free(void *p)
{
    struct slow_mask *m = p;

    g_ptr_array_free(m->flows, TRUE);
    g_free(m);
}

static struct flow *slow_find(const struct slow_mask *m, const struct flow_key *key)
{
    struct flow_key masked;

    key_apply_mask(&masked, key, &m->mask, true);
    for (guint i = 0; i < m->flows->len; i++) {
        struct flow *f = g_ptr_array_index(m->flows, i);

        if (!memcmp(&f->key, &masked, sizeof(masked)))
            return f;
    }
    return NULL;
}

/* Catalogue 06.7: one mask first, the others in order, each counted when it is tried. */
static struct flow *slow_scan(struct slow_table *s, const struct flow_key *key, uint32_t *index,
                              struct table_probe *probe)
{
    uint32_t first = *index;

    for (uint32_t turn = 0; turn <= s->masks->len; turn++) {
        uint32_t i = turn ? turn - 1 : first;
        struct flow *f;

        if (i >= s->masks->len || (turn && i == first))
            continue;
        probe->n_mask_hit++;
        f = slow_find(slow_mask_at(s, i), key);
        if (!f)
            continue;
        slow_mask_at(s, i)->n_hits++;
        probe->n_cache_hit = !turn;
        *index = i;
        return f;
    }
    return NULL;
}

static struct flow *slow_lookup(struct slow_table *s, const struct flow_key *key, uint32_t hash,
                                unsigned cpu, struct table_probe *probe)
{
    struct table_cache_entry *slot = NULL;
    uint32_t index = 0;
    struct flow *f;

    memset(probe, 0, sizeof(*probe));
    if (hash && s->cache_size && key->recirc_id)
        hash = (uint32_t)hash_mix(hash, key->recirc_id) | 1;
    for (unsigned i = 0; hash && s->cache_size && i < 4; i++) {
        struct table_cache_entry *e = &s->cache[cpu][(hash >> 8 * i) % s->cache_size];

        if (e->hash == hash) {
            f = slow_scan(s, key, &e->mask_index, probe);
            e->hash = f ? hash : 0;
            return f;
        }
        if (!slot || e->hash < slot->hash)
            slot = e;
    }
    f = slow_scan(s, key, slot ? &slot->mask_index : &index, probe);
    probe->n_cache_hit = 0;
    if (slot && f)
        slot->hash = hash;
    return f;
}

static void slow_forget_hits(struct slow_table *s)
{
    for (guint i = 0; i < s->masks->len; i++)
        slow_mask_at(s, i)->n_hits = 0;
}

static struct slow_mask *slow_mask_of(const struct slow_table *s, const struct flow_mask *mask)
{
    for (guint i = 0; i < s->masks->len; i++)
        if (!memcmp(&slow_mask_at(s, i)->mask, mask, sizeof(*mask)))
            return slow_mask_at(s, i);
    return NULL;
}

static void slow_insert(struct slow_table *s, struct flow *f, const struct flow_mask *mask)
{
    struct slow_mask *m = slow_mask_of(s, mask);

    if (!m) {
        m = g_new0(struct slow_mask, 1);
        m->mask = *mask;
        m->flows = g_ptr_array_new();
        g_ptr_array_add(s->masks, m);
        slow_forget_hits(s);
    }
    g_ptr_array_add(m->flows, f);
}

static void slow_remove(struct slow_table *s, struct flow *f)
{
    guint i = 0;

    while (!g_ptr_array_remove(slow_mask_at(s, i)->flows, f))
        i++;
    if (slow_mask_at(s, i)->flows->len)
        return;
    g_ptr_array_remove_index_fast(s->masks, i);
    slow_forget_hits(s);
}

static void slow_rebalance(struct slow_table *s)
{
    for (guint n = s->masks->len; n > 1; n--) {
        for (guint i = 0; i + 1 < n; i++) {
            struct slow_mask *a = slow_mask_at(s, i), *b = slow_mask_at(s, i + 1);

            if (a->n_hits >= b->n_hits)
                continue;
            s->masks->pdata[i] = b;
            s->masks->pdata[i + 1] = a;
        }
    }
    slow_forget_hits(s);
}

/* ---- both together ------------------------------------------------------------------------------- */

struct duel {
    struct table fast;
    struct slow_table slow;
    GPtrArray *flows;
    struct flow_key packet[N_PACKETS];
    uint64_t random;
    unsigned n_change_percent;
    unsigned n_found, n_missed, n_many, n_cached;   /* to see that all of it was tried */
};

static uint32_t draw(struct duel *d, uint32_t n)
{
    d->random = hash_mix(d->random, 0x5851f42d);
    return (uint32_t)(d->random >> 33) % n;
}

/* Few values, so that packets are under several masks. */
static struct flow_key draw_key(struct duel *d)
{
    struct flow_key key;

    memset(&key, 0, sizeof(key));
    key.in_port = (uint16_t)draw(d, 3);
    key.skb_mark = draw(d, 4) << 30;
    key.ip4.src = draw(d, 200);
    key.tp_src = (uint16_t)draw(d, 3);
    key.recirc_id = draw(d, 8) ? 0 : draw(d, 3);
    key.tun.id = draw(d, 2);
    return key;
}

static struct flow_mask make_mask(unsigned i)
{
    struct flow_mask mask;

    memset(&mask, 0, sizeof(mask));
    mask.range.end = (uint16_t)(sizeof(mask.key) - (i & 1) * 8);   /* equal bits may be two masks */
    mask.key.in_port = i & 2 ? 0xffff : 0;
    mask.key.skb_mark = i & 4 ? UINT32_MAX : 0;
    mask.key.ip4.src = UINT32_MAX << i % 3;
    mask.key.tp_src = i & 8 ? 0xffff : 0;
    mask.key.tun.id = i & 16 ? UINT64_MAX : 0;
    mask.key.recirc_id = i & 32 ? UINT32_MAX : 0;
    return mask;
}

static void assert_same_masks(const struct duel *d)
{
    assert_int_equal(d->fast.masks->len, d->slow.masks->len);
    for (guint i = 0; i < d->slow.masks->len; i++) {
        const struct table_mask *tm = g_ptr_array_index(d->fast.masks, i);
        const struct slow_mask *m = slow_mask_at(&d->slow, i);

        assert_memory_equal(&tm->mask, &m->mask, sizeof(m->mask));
        assert_int_equal(tm->n_flows, m->flows->len);
        assert_true(tm->n_hits == m->n_hits);
    }
}

static void insert(struct duel *d)
{
    struct flow_mask mask = make_mask(draw(d, N_MASKS));
    struct slow_mask *m = slow_mask_of(&d->slow, &mask);
    struct flow_key key = draw_key(d), masked;
    struct act_list *none = NULL;
    struct flow *f;

    if (m && slow_find(m, &key))
        return;
    key_apply_mask(&masked, &key, &mask, true);
    f = flow_new(&masked, NULL, 0, &key, &none);
    table_insert(&d->fast, f, &mask, true);
    slow_insert(&d->slow, f, &mask);
    g_ptr_array_add(d->flows, f);
}

static void remove_one(struct duel *d)
{
    struct flow *f;

    if (!d->flows->len)
        return;
    f = g_ptr_array_remove_index_fast(d->flows, draw(d, d->flows->len));
    table_remove(&d->fast, f);
    slow_remove(&d->slow, f);
    flow_free(f);
}

static void remove_all(struct duel *d)
{
    table_flush(&d->fast);
    g_ptr_array_set_size(d->flows, 0);
    g_ptr_array_set_size(d->slow.masks, 0);
}

static void rebalance(struct duel *d)
{
    assert_same_masks(d);
    table_rebalance(&d->fast);
    slow_rebalance(&d->slow);
    assert_same_masks(d);
}

static void resize_cache(struct duel *d)
{
    static const uint32_t sizes[] = { 0, 1, 4, 64, 256, TABLE_CACHE_MAX };
    uint32_t size = sizes[draw(d, G_N_ELEMENTS(sizes))];

    assert_int_equal(table_set_cache(&d->fast, size, NULL), 0);
    if (size == d->slow.cache_size)
        return;
    d->slow.cache_size = size;
    memset(d->slow.cache, 0, sizeof(d->slow.cache));
}

/* Packets of one flow have one hash, but not all hashes differ; some have none. */
static void receive(struct duel *d)
{
    struct flow_key key = d->packet[draw(d, N_PACKETS)];
    uint32_t number = hash_words(&key, sizeof(key), 0) % N_HASHES;
    uint32_t hash = number ? hash_words(&(uint64_t){ number }, 8, 1) : 0;
    unsigned cpu = draw(d, N_CPUS);
    struct table_probe fast, slow;
    struct flow *found = table_lookup(&d->fast, &key, hash, cpu, &fast);

    assert_ptr_equal(found, slow_lookup(&d->slow, &key, hash, cpu, &slow));
    assert_int_equal(fast.n_mask_hit, slow.n_mask_hit);
    assert_int_equal(fast.n_cache_hit, slow.n_cache_hit);
    *(found ? &d->n_found : &d->n_missed) += 1;
    d->n_cached += fast.n_cache_hit;
    d->n_many += d->fast.masks->len > 30;
}

static void change(struct duel *d)
{
    uint32_t dice = draw(d, 1000);

    if (dice < 1)
        remove_all(d);
    else if (dice < 30)
        resize_cache(d);
    else if (dice < 80)
        rebalance(d);
    else if (dice < 540)
        insert(d);
    else
        remove_one(d);
}

static void begin_season(struct duel *d)
{
    static const unsigned weather[] = { 0, 2, 20, 90 };

    d->n_change_percent = weather[draw(d, G_N_ELEMENTS(weather))];
    for (unsigned i = 0; i < N_PACKETS; i++)
        d->packet[i] = draw_key(d);
    for (unsigned i = draw(d, 2) * draw(d, 150); i > 0; i--)
        insert(d);
    while (d->flows->len > 600)
        remove_one(d);
}

static void duel_init(struct duel *d)
{
    table_init(&d->fast, N_CPUS);
    d->slow.cache_size = TABLE_CACHE_DEFAULT;
    d->slow.masks = g_ptr_array_new_with_free_func(slow_mask_free);
    d->flows = g_ptr_array_new();
}

static void duel_done(struct duel *d)
{
    table_done(&d->fast);
    g_ptr_array_free(d->slow.masks, TRUE);
    g_ptr_array_free(d->flows, TRUE);
    g_free(d);
}

static void test_duel(void **state)
{
    struct duel *d = g_new0(struct duel, 1);

    (void)state;
    duel_init(d);
    for (uint32_t step = 0; step < N_STEPS; step++) {
        if (step % SEASON == 0)
            begin_season(d);
        if (draw(d, 100) < d->n_change_percent)
            change(d);
        else
            receive(d);
    }
    rebalance(d);
    print_message("found %u, missed %u, from the cache %u, with many masks %u\n", d->n_found,
                  d->n_missed, d->n_cached, d->n_many);
    assert_true(MIN(d->n_found, d->n_missed) > N_STEPS / 20);
    assert_true(MIN(d->n_cached, d->n_many) > N_STEPS / 20);
    duel_done(d);
}

/* ---- places of one mask -------------------------------------------------------------------------- */

#define N_CROWD 3000u

/* Fills and empties one mask in different orders: groups overflow, and take their flows back. */
static void test_crowd(void **state)
{
    struct flow_mask mask = make_mask(0);
    struct flow *crowd[N_CROWD];
    struct table t;

    (void)state;
    table_init(&t, 1);
    mask.key.ip4.src = UINT32_MAX;
    for (uint32_t i = 0; i < N_CROWD; i++) {
        struct flow_key key = { .ip4.src = i };
        struct act_list *none = NULL;

        crowd[i] = flow_new(&key, NULL, 0, &key, &none);
        table_insert(&t, crowd[i], &mask, true);
    }
    for (uint32_t i = 0; i < N_CROWD; i++) {
        uint32_t at = i * 7 % N_CROWD;          /* 7 does not divide it: each once */

        table_remove(&t, crowd[at]);
        flow_free(crowd[at]);
        crowd[at] = NULL;
        for (uint32_t j = i % 61; j < N_CROWD; j += 61) {
            struct flow_key key = { .ip4.src = j };

            assert_ptr_equal(table_find(&t, &key), crowd[j]);
        }
    }
    assert_int_equal(t.masks->len, 0);
    table_done(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_duel),
        cmocka_unit_test(test_crowd),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
