/* test_table.c - the flow table: order of masks, counters, cursors, growth.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dp/table.h"

#define N_CPUS 2

/* Masks that differ: number i matches in_port and the i-th bit of skb_mark. */
static struct flow_mask make_mask(unsigned i)
{
    struct flow_mask mask = {.range = {offsetof(struct flow_key, priority) & ~7u,
                                       (offsetof(struct flow_key, in_port) + 8) & ~7u}};

    mask.key.in_port = 0xffff;
    mask.key.skb_mark = 1u << i;
    return mask;
}

static struct flow_key make_key(uint16_t port)
{
    struct flow_key key;

    memset(&key, 0, sizeof(key));
    key.in_port = port;
    return key;
}

static struct flow *add(struct table *t, unsigned mask, uint16_t port)
{
    struct act_list *acts = g_malloc0(sizeof(*acts));
    struct flow_mask m = make_mask(mask);
    struct flow_key key = make_key(port);
    struct flow *f = flow_new(&key, NULL, 0, &key, &acts);

    table_insert(t, f, &m, true);
    return f;
}

static void del(struct table *t, struct flow *f)
{
    table_remove(t, f);
    flow_free(f);
}

static void assert_mask_at(const struct table *t, unsigned place, unsigned i)
{
    const struct table_mask *tm;

    assert_true(place < t->masks->len);
    tm = t->masks->pdata[place];
    assert_int_equal(tm->mask.key.skb_mark, 1u << i);
}

/* Looks a packet from 'port' up and compares what is counted. */
static struct flow *probe(struct table *t, uint16_t port, uint32_t hash, uint32_t n_mask_hit,
                          uint32_t n_cache_hit)
{
    struct flow_key key = make_key(port);
    struct table_probe counts;
    struct flow *f = table_lookup(t, &key, hash, 0, &counts);

    assert_int_equal(counts.n_mask_hit, n_mask_hit);
    assert_int_equal(counts.n_cache_hit, n_cache_hit);
    return f;
}

static int setup(void **state)
{
    struct table *t = g_new0(struct table, 1);

    table_init(t, N_CPUS);
    *state = t;
    return 0;
}

static int teardown(void **state)
{
    table_done(*state);
    g_free(*state);
    return 0;
}

#define TABLE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* ---- masks (catalogue 06.6) ------------------------------------------------------------------ */

static void test_mask_order(void **state)
{
    struct table *t = *state;
    struct flow *f[4];

    for (unsigned i = 0; i < 4; i++)
        f[i] = add(t, i, (uint16_t)i);
    for (unsigned i = 0; i < 4; i++)
        assert_mask_at(t, i, i);
    (void)add(t, 1, 9);                     /* an equal mask is the same mask */
    assert_int_equal(t->masks->len, 4);
    del(t, f[1]);                           /* it has another flow */
    assert_int_equal(t->masks->len, 4);
    del(t, f[0]);                           /* the last takes the place */
    assert_int_equal(t->masks->len, 3);
    assert_mask_at(t, 0, 3);
    assert_mask_at(t, 1, 1);
    assert_mask_at(t, 2, 2);
    del(t, f[2]);
    assert_int_equal(t->masks->len, 2);
    assert_mask_at(t, 1, 1);
}

static void test_range_is_identity(void **state)
{
    struct table *t = *state;
    struct flow_mask wider = make_mask(0);
    struct flow_key key = make_key(2);
    struct act_list *acts = g_malloc0(sizeof(*acts));

    (void)add(t, 0, 1);
    wider.range.end = (uint16_t)(wider.range.end + 8);
    table_insert(t, flow_new(&key, NULL, 0, &key, &acts), &wider, true);
    assert_int_equal(t->masks->len, 2);
}

static void test_rebalance(void **state)
{
    struct table *t = *state;

    for (unsigned i = 0; i < 4; i++)
        (void)add(t, i, (uint16_t)i);
    for (unsigned i = 0; i < 3; i++)
        assert_non_null(probe(t, 2, 0, 3, 0));
    assert_non_null(probe(t, 3, 0, 4, 0));
    table_rebalance(t);
    assert_mask_at(t, 0, 2);
    assert_mask_at(t, 1, 3);
    assert_mask_at(t, 2, 0);                /* equal counts keep their order */
    assert_mask_at(t, 3, 1);
    table_rebalance(t);                     /* the counts started anew: nothing moves */
    assert_mask_at(t, 0, 2);
    assert_mask_at(t, 1, 3);
    assert_non_null(probe(t, 2, 0, 1, 0));
}

static void test_first_mask_wins(void **state)
{
    struct table *t = *state;
    struct flow *first = add(t, 5, 7);

    (void)add(t, 4, 7);
    assert_ptr_equal(probe(t, 7, 0, 1, 0), first);
}

/* ---- counters (catalogue 06.7) --------------------------------------------------------------- */

static void test_cache_arithmetic(void **state)
{
    struct table *t = *state;
    struct flow *third;

    (void)add(t, 0, 1);
    (void)add(t, 1, 2);
    third = add(t, 2, 3);
    assert_ptr_equal(probe(t, 3, 0xabcd1234, 3, 0), third);
    for (int i = 0; i < 5; i++)
        assert_ptr_equal(probe(t, 3, 0xabcd1234, 1, 1), third);
    /* The same hash for another flow: its mask is tried first in vain, then remembered. */
    assert_non_null(probe(t, 1, 0xabcd1234, 2, 0));
    assert_non_null(probe(t, 1, 0xabcd1234, 1, 1));
    /* A total miss counts all masks and empties the slot. */
    assert_null(probe(t, 8, 0xabcd1234, 3, 0));
    assert_non_null(probe(t, 1, 0xabcd1234, 1, 0));
    assert_non_null(probe(t, 1, 0xabcd1234, 1, 1));
}

static void test_without_cache(void **state)
{
    struct table *t = *state;

    (void)add(t, 0, 1);
    (void)add(t, 1, 2);
    for (int i = 0; i < 3; i++)
        assert_non_null(probe(t, 2, 0, 2, 0));          /* no hash */
    assert_int_equal(table_set_cache(t, 0, NULL), 0);
    for (int i = 0; i < 3; i++)
        assert_non_null(probe(t, 2, 77, 2, 0));         /* no cache */
    assert_null(probe(t, 9, 77, 2, 0));
}

static void test_cache_is_per_cpu(void **state)
{
    struct table *t = *state;
    struct flow_key key = make_key(2);
    struct table_probe counts;

    (void)add(t, 0, 1);
    (void)add(t, 1, 2);
    assert_non_null(probe(t, 2, 5, 2, 0));
    assert_non_null(table_lookup(t, &key, 5, 1, &counts));
    assert_int_equal(counts.n_mask_hit, 2);
    assert_int_equal(counts.n_cache_hit, 0);
}

static void test_recirculated_hash_differs(void **state)
{
    struct table *t = *state;
    struct flow_key key = make_key(2);
    struct table_probe counts;

    (void)add(t, 0, 1);
    (void)add(t, 1, 2);
    assert_non_null(probe(t, 2, 5, 2, 0));
    key.recirc_id = 1;
    assert_non_null(table_lookup(t, &key, 5, 0, &counts));
    assert_int_equal(counts.n_cache_hit, 0);
    assert_non_null(probe(t, 2, 5, 1, 1));              /* its own slot is untouched */
}

static void test_stale_index(void **state)
{
    struct table *t = *state;
    struct flow *last;

    (void)add(t, 0, 1);
    (void)add(t, 1, 2);
    last = add(t, 2, 3);
    assert_non_null(probe(t, 3, 9, 3, 0));
    del(t, last);
    assert_null(probe(t, 3, 9, 2, 0));      /* an index beyond the array is not counted */
}

static void test_cache_sizes(void **state)
{
    struct table *t = *state;

    (void)add(t, 0, 1);
    (void)add(t, 1, 2);
    assert_non_null(probe(t, 2, 5, 2, 0));
    assert_int_equal(table_set_cache(t, TABLE_CACHE_DEFAULT, NULL), 0);
    assert_non_null(probe(t, 2, 5, 1, 1));              /* the same size keeps what is there */
    assert_int_equal(table_set_cache(t, 3, NULL), -EINVAL);
    assert_int_equal(table_set_cache(t, TABLE_CACHE_MAX * 2, NULL), -EINVAL);
    assert_int_equal(table_set_cache(t, TABLE_CACHE_MAX, NULL), 0);
    assert_non_null(probe(t, 2, 5, 2, 0));              /* a new one is empty */
    assert_int_equal(table_set_cache(t, 1, NULL), 0);
    assert_non_null(probe(t, 2, 5, 2, 0));
}

/* ---- flows ----------------------------------------------------------------------------------- */

static void test_cursor_survives(void **state)
{
    struct table *t = *state;
    struct table_cursor here, there;
    struct flow *f[4];

    for (unsigned i = 0; i < 4; i++)
        f[i] = add(t, 0, (uint16_t)i);
    table_cursor_begin(t, &here);
    table_cursor_begin(t, &there);
    here.next = f[1];
    there.next = f[3];
    del(t, f[1]);
    assert_ptr_equal(here.next, f[2]);
    del(t, f[2]);
    assert_ptr_equal(here.next, f[3]);
    del(t, f[3]);
    assert_null(here.next);
    assert_null(there.next);
    table_cursor_end(&here);
    table_cursor_end(&there);
    assert_null(t->cursors);
}

static void test_cursor_outlives_table(void **state)
{
    struct table_cursor cursor;
    struct table t;

    (void)state;
    table_init(&t, 1);
    (void)add(&t, 0, 1);
    table_cursor_begin(&t, &cursor);
    table_done(&t);
    assert_null(cursor.table);
    assert_null(cursor.next);
    table_cursor_end(&cursor);
}

static void test_growth_and_flush(void **state)
{
    struct table *t = *state;
    uint32_t n_start = t->n_buckets, n = 3 * n_start;
    struct flow *f;
    uint16_t port = 0;

    for (uint32_t i = 0; i < n; i++)
        (void)add(t, i % 3, (uint16_t)i);
    assert_int_equal(t->n_flows, n);
    assert_int_equal(t->n_buckets, 4 * n_start);
    for (uint32_t i = 0; i < n; i++) {
        struct flow_key key = make_key((uint16_t)i);

        f = table_find(t, &key);
        assert_non_null(f);
        assert_int_equal(f->key.in_port, i);
    }
    for (f = t->first; f; f = f->next)
        assert_int_equal(f->key.in_port, port++);       /* in order of insertion */
    table_flush(t);
    assert_int_equal(t->n_flows, 0);
    assert_int_equal(t->masks->len, 0);
    assert_int_equal(t->n_buckets, n_start);
    assert_null(t->first);
    assert_null(t->last);
    assert_null(probe(t, 1, 5, 0, 0));
}

static void test_ufids(void **state)
{
    static const uint8_t ufid[UFID_MAX] = "0123456789abcde";
    struct table *t = *state;
    struct act_list *acts = g_malloc0(sizeof(*acts));
    struct flow_mask mask = make_mask(0);
    struct flow_key key = make_key(1);
    struct flow *f = flow_new(&key, ufid, UFID_MAX, NULL, &acts);
    uint32_t n_start = t->n_buckets;

    table_insert(t, f, &mask, true);
    assert_ptr_equal(table_find_ufid(t, ufid, UFID_MAX), f);
    assert_null(table_find_ufid(t, ufid, UFID_MAX - 1));    /* the length is part of it */
    for (uint32_t i = 0; i < n_start; i++)             /* one more than there is room for */
        (void)add(t, 1, (uint16_t)(i + 2));
    assert_true(t->n_buckets > n_start);
    assert_ptr_equal(table_find_ufid(t, ufid, UFID_MAX), f);
    del(t, f);
    assert_null(table_find_ufid(t, ufid, UFID_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(test_mask_order),
        TABLE_TEST(test_range_is_identity),
        TABLE_TEST(test_rebalance),
        TABLE_TEST(test_first_mask_wins),
        TABLE_TEST(test_cache_arithmetic),
        TABLE_TEST(test_without_cache),
        TABLE_TEST(test_cache_is_per_cpu),
        TABLE_TEST(test_recirculated_hash_differs),
        TABLE_TEST(test_stale_index),
        TABLE_TEST(test_cache_sizes),
        TABLE_TEST(test_cursor_survives),
        TABLE_TEST(test_cursor_outlives_table),
        TABLE_TEST(test_growth_and_flush),
        TABLE_TEST(test_ufids),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
