/* test_ct_limit.c - limits of zones' connections, and what counts against them.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/ct_tools.h"

#include <errno.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <netinet/in.h>

#include "dp/ct/limit.h"

/* A connection of port 'sport' in 'zone', admitted and committed; NULL: refused. Borrowed. */
static struct ct_conn *commit(struct ct_world *w, struct ct_limits *l, uint16_t zone, uint8_t proto,
                              uint16_t sport)
{
    const struct ct_tuple orig = { .zone = zone, .l3 = 4, .proto = proto, .src_id = sport };
    const struct ct_tuple reply = { .zone = zone, .l3 = 4, .proto = proto, .dst_id = sport };
    struct ct_conn *c = ct_conn_new(w->table, &orig, &reply);
    int rc = ct_limit_admit(l, c);

    assert_in_set((unsigned)-rc, ((unsigned long[]){ 0, ENOMEM }), 2);
    if (!rc) {
        ct_conn_refresh(c, 30);
        assert_int_equal(ct_conn_insert(c), 0);
    }
    ct_conn_put(c);
    return rc ? NULL : c;
}

static void a_zone_has_its_limit(void **state)
{
    struct ct_limits l = { 0 };
    struct ct_world w;

    (void)state;
    ct_world_init(&w);
    assert_non_null(commit(&w, &l, 5, IPPROTO_UDP, 1));     /* before there is a limit: not counted */
    ct_limit_set(&l, 5, 2);
    assert_non_null(commit(&w, &l, 5, IPPROTO_UDP, 2));
    assert_non_null(commit(&w, &l, 5, IPPROTO_UDP, 3));
    assert_null(commit(&w, &l, 5, IPPROTO_UDP, 4));
    assert_non_null(commit(&w, &l, 6, IPPROTO_UDP, 5));
    assert_int_equal(ct_limit_count(&l, w.table, 5), 2);
    assert_int_equal(ct_limit_count(&l, w.table, 6), 0);
    ct_limits_done(&l);
    ct_world_done(&w);
}

static void the_default_is_for_zones_without_one(void **state)
{
    struct ct_limits l = { 0 };
    struct ct_world w;

    (void)state;
    ct_world_init(&w);
    ct_limit_set(&l, OVS_ZONE_LIMIT_DEFAULT_ZONE, 1);
    ct_limit_set(&l, 512, 0);                               /* 0: none */
    ct_limit_set(&l, 65536, 7);                             /* no zone */
    assert_int_equal(ct_limit_of(&l, 0), 1);
    assert_int_equal(ct_limit_of(&l, 512), 0);
    assert_non_null(commit(&w, &l, 9, IPPROTO_UDP, 1));
    assert_null(commit(&w, &l, 9, IPPROTO_UDP, 2));
    assert_non_null(commit(&w, &l, 512, IPPROTO_UDP, 1));
    ct_limit_delete(&l, OVS_ZONE_LIMIT_DEFAULT_ZONE);
    assert_non_null(commit(&w, &l, 9, IPPROTO_UDP, 2));
    assert_int_equal(ct_limit_count(&l, w.table, 9), 1);    /* the second one came without a limit */
    ct_limits_done(&l);
    ct_world_done(&w);
}

static void the_dead_do_not_count(void **state)
{
    struct ct_limits l = { 0 };
    struct ct_conn *first;
    struct ct_world w;

    (void)state;
    ct_world_init(&w);
    ct_limit_set(&l, 5, 2);
    first = commit(&w, &l, 5, IPPROTO_UDP, 1);
    assert_non_null(commit(&w, &l, 5, IPPROTO_UDP, 2));
    assert_null(commit(&w, &l, 5, IPPROTO_UDP, 3));
    ct_conn_delete(first);
    assert_int_equal(ct_limit_count(&l, w.table, 5), 1);
    assert_non_null(commit(&w, &l, 5, IPPROTO_UDP, 1));     /* with the tuple of the dead one */
    assert_int_equal(ct_limit_count(&l, w.table, 5), 2);
    w.now_ns += 31 * SECOND;
    assert_int_equal(ct_limit_count(&l, w.table, 5), 0);
    ct_limits_done(&l);
    ct_world_done(&w);
}

static void closed_tcp_connections_do_not_count(void **state)
{
    struct ct_limits l = { 0 };
    struct ct_conn *c;
    struct ct_world w;

    (void)state;
    ct_world_init(&w);
    ct_limit_set(&l, 5, 1);
    c = commit(&w, &l, 5, IPPROTO_TCP, 1);
    c->state.tcp.state = TCP_CONNTRACK_ESTABLISHED;
    assert_null(commit(&w, &l, 5, IPPROTO_TCP, 2));
    c->state.tcp.state = TCP_CONNTRACK_TIME_WAIT;
    assert_non_null(commit(&w, &l, 5, IPPROTO_TCP, 2));
    assert_int_equal(ct_limit_count(&l, w.table, 5), 1);
    ct_limits_done(&l);
    ct_world_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_zone_has_its_limit),
        cmocka_unit_test(the_default_is_for_zones_without_one),
        cmocka_unit_test(the_dead_do_not_count),
        cmocka_unit_test(closed_tcp_connections_do_not_count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
