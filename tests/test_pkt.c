/* test_pkt.c - packet buffers: pool, copies, opening and closing bytes, the tag.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/packet_tools.h"

static void test_new_clone_free(void **state)
{
    struct pkt_pool pool = {0};
    struct pkt *a = pkt_new(&pool, "0123456789abcd", 14), *b;

    (void)state;
    a->mark = 7;
    a->has_vlan = true;
    b = pkt_clone(&pool, a);
    assert_int_equal(pool.n_live, 2);
    assert_int_equal(b->mark, 7);
    assert_int_equal(pkt_wire_len(b), 18);
    b->data[0] = 'x';
    assert_int_equal(a->data[0], '0');
    pkt_free(&pool, a);
    pkt_free(&pool, NULL);
    pkt_free(&pool, b);
    assert_int_equal(pool.n_live, 0);
    pkt_pool_done(&pool);
}

/* A packet from the pool remembers nothing of the one before it. */
static void test_reuse_is_clean(void **state)
{
    struct pkt_pool pool = {0};
    struct pkt *p = pkt_new(&pool, "xxxxxxxx", 8);

    (void)state;
    p->has_vlan = true;
    p->max_len = 5;
    p->hash = 9;
    pkt_free(&pool, p);
    p = pkt_new(&pool, "yyyy", 4);
    assert_false(p->has_vlan);
    assert_true(p->has_eth);
    assert_int_equal(p->max_len, PKT_NO_CUT);
    assert_int_equal(p->hash, 0);
    assert_int_equal(p->len, 4);
    pkt_free(&pool, p);
    pkt_pool_done(&pool);
}

static void test_take(void **state)
{
    struct pkt_pool pool = {0};
    struct pkt *p = pkt_new(&pool, "", 0), *taken = pkt_take(&p);

    (void)state;
    assert_null(p);
    assert_int_equal(taken->len, 0);
    pkt_free(&pool, taken);
    pkt_pool_done(&pool);
}

static void test_insert_and_remove_move_offsets(void **state)
{
    struct pkt_pool pool = {0};
    struct pkt *p = pkt_new(&pool, "aaaaaaaaaaaabbLLLL", 18);

    (void)state;
    p->l3_off = p->mac_len = 14;
    memcpy(pkt_insert(p, 12, 4), "TAGS", 4);
    assert_memory_equal(p->data, "aaaaaaaaaaaaTAGSbbLLLL", 22);
    assert_int_equal(p->l3_off, 18);
    assert_int_equal(p->mac_len, 18);
    assert_int_equal(p->l4_off, 0);         /* "none" stays none */
    pkt_remove(p, 12, 4);
    assert_memory_equal(p->data, "aaaaaaaaaaaabbLLLL", 18);
    assert_int_equal(p->l3_off, 14);
    p->l4_off = 16;
    pkt_remove(p, 0, 14);
    assert_int_equal(p->l3_off, 0);
    assert_int_equal(p->l4_off, 2);
    assert_memory_equal(p->data, "LLLL", 4);
    memcpy(pkt_insert(p, 0, 2), "EE", 2);
    assert_memory_equal(p->data, "EELLLL", 6);
    assert_int_equal(p->l3_off, 2);
    pkt_free(&pool, p);
    pkt_pool_done(&pool);
}

/* More is pushed than any headroom holds. */
static void test_headroom_grows(void **state)
{
    struct pkt_pool pool = {0};
    struct pkt *p = pkt_new(&pool, "aaaaaaaaaaaabb", 14);

    (void)state;
    for (unsigned i = 0; i < 1000; i++)
        be32_put(pkt_insert(p, 12, 4), i);
    assert_int_equal(p->len, 4014);
    assert_int_equal(be32_get(p->data + 12), 999);
    assert_int_equal(be32_get(p->data + 4008), 0);
    assert_memory_equal(p->data + 4012, "bb", 2);
    pkt_free(&pool, p);
    p = pkt_new(&pool, "c", 1);
    assert_int_equal(p->data[0], 'c');
    pkt_free(&pool, p);
    pkt_pool_done(&pool);
}

static void test_trim(void **state)
{
    struct pkt_pool pool = {0};
    struct pkt *p = pkt_new(&pool, "0123456789", 10);

    (void)state;
    pkt_trim(p, 20);
    assert_int_equal(p->len, 10);
    pkt_trim(p, 4);
    assert_int_equal(p->len, 4);
    pkt_free(&pool, p);
    pkt_pool_done(&pool);
}

static void test_put_tag(void **state)
{
    struct scene s;

    (void)state;
    assert_int_equal(scene_extract(&s, ADDRS "8100 2005 88b5 aabb", 0), 0);
    assert_true(s.run.pkt->has_vlan);
    assert_frame(&s, ADDRS "88b5 aabb");
    pkt_put_tag(s.run.pkt);
    assert_frame(&s, ADDRS "8100 2005 88b5 aabb");
    assert_false(s.run.pkt->has_vlan);
    assert_int_equal(s.run.pkt->l3_off, 18);
    pkt_put_tag(s.run.pkt);         /* nothing left to write */
    assert_int_equal(s.run.pkt->len, 20);
    scene_done(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new_clone_free),
        cmocka_unit_test(test_reuse_is_clean),
        cmocka_unit_test(test_take),
        cmocka_unit_test(test_insert_and_remove_move_offsets),
        cmocka_unit_test(test_headroom_grows),
        cmocka_unit_test(test_trim),
        cmocka_unit_test(test_put_tag),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
