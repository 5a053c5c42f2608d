/* test_ct_conn.c - connections: found by both tuples, born with packets, gone with time. Catalogue 09.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/ct_tools.h"

#include <errno.h>
#include <netinet/in.h>

static struct ct_tuple udp_tuple(uint32_t n)
{
    struct ct_tuple t = { .l3 = 4, .proto = IPPROTO_UDP, .src_id = (uint16_t)n, .dst_id = 53 };

    t.src.bytes[0] = 10;
    t.src.bytes[3] = (uint8_t)(n >> 16);
    t.dst.bytes[0] = 11;
    return t;
}

/* A confirmed connection that lives 'seconds'; the table holds the only reference. */
static struct ct_conn *add_conn(struct ct_world *w, uint32_t n, uint32_t seconds)
{
    struct ct_tuple orig = udp_tuple(n), reply;
    struct ct_conn *c;

    assert_true(ct_tuple_invert(&reply, &orig));
    c = ct_conn_new(w->table, &orig, &reply);
    ct_conn_refresh(c, seconds);
    assert_int_equal(ct_conn_insert(c), 0);
    ct_conn_put(c);
    return c;
}

static bool is_there(struct ct_world *w, uint32_t n)
{
    struct ct_tuple t = udp_tuple(n);
    unsigned dir;

    return ct_find(w->table, &t, &dir) != NULL;
}

/* ---- the table --------------------------------------------------------------------------------- */

static void test_both_directions(void **state)
{
    struct ct_tuple orig = udp_tuple(7), reply;
    struct ct_conn *c, *again;
    struct ct_world w;
    unsigned dir;

    (void)state;
    ct_world_init(&w);
    c = add_conn(&w, 7, 30);
    ct_tuple_invert(&reply, &orig);
    assert_ptr_equal(ct_find(w.table, &orig, &dir), c);
    assert_int_equal(dir, CT_ORIG);
    assert_ptr_equal(ct_find(w.table, &reply, &dir), c);
    assert_int_equal(dir, CT_REPLY);
    orig.zone = 1;
    assert_null(ct_find(w.table, &orig, &dir));
    orig.zone = 0;
    again = ct_conn_new(w.table, &reply, &orig);    /* the same two ends, the other way round */
    assert_int_equal(ct_conn_insert(again), -EEXIST);
    ct_conn_put(again);
    ct_world_done(&w);
}

static void test_many(void **state)
{
    struct ct_conn *c = NULL;
    struct ct_world w;
    uint32_t n = 0;

    (void)state;
    ct_world_init(&w);
    for (uint32_t i = 0; i < 5000; i++)
        add_conn(&w, i, 30);
    assert_int_equal(w.table->n_conns, 5000);
    while ((c = ct_next(w.table, c)))
        assert_int_equal(c->dir[CT_ORIG].tuple.src_id, n++);        /* by age */
    assert_int_equal(n, 5000);
    for (uint32_t i = 0; i < 5000; i += 2)
        assert_true(is_there(&w, i));
    ct_world_done(&w);
}

/* ---- time --------------------------------------------------------------------------------------- */

static void test_expiry(void **state)
{
    struct ct_world w;

    (void)state;
    ct_world_init(&w);
    add_conn(&w, 1, 30);
    assert_int_equal(w.wake_ns, 1031 * SECOND);     /* by then it has expired for certain */
    w.now_ns += 30 * SECOND - 1;
    assert_true(is_there(&w, 1));
    assert_events(&w, "");
    w.now_ns++;
    assert_null(ct_next(w.table, NULL));
    assert_false(is_there(&w, 1));
    assert_int_equal(w.table->n_conns, 0);
    assert_events(&w, "DESTROY 1;");
    ct_world_done(&w);
}

/* Nobody has to look: the wheel clears away, also what it could not hold at first. */
static void test_wheel(void **state)
{
    struct ct_world w;

    (void)state;
    ct_world_init(&w);
    add_conn(&w, 1, 432000);
    add_conn(&w, 2, 600);
    add_conn(&w, 3, 10);
    while (w.now_ns < 1000000 * SECOND && w.table->n_conns) {
        w.now_ns = w.wake_ns;
        ct_wake(w.table);
        if (w.table->n_conns == 1)
            assert_true(w.now_ns >= 1600 * SECOND);
    }
    assert_int_equal(w.now_ns, 433001 * SECOND);
    assert_events(&w, "DESTROY 3;DESTROY 2;DESTROY 1;");
    ct_world_done(&w);
}

static void test_refresh(void **state)
{
    struct ct_conn *longer, *shorter;
    struct ct_world w;

    (void)state;
    ct_world_init(&w);
    longer = add_conn(&w, 1, 30);
    shorter = add_conn(&w, 2, 432000);
    ct_conn_refresh(longer, 60);
    ct_conn_refresh(shorter, 10);
    assert_int_equal(ct_conn_left(longer), 60);
    w.now_ns += 11 * SECOND;
    ct_expire(w.table, 10);
    assert_events(&w, "DESTROY 2;");
    w.now_ns += 40 * SECOND;
    ct_expire(w.table, 10);
    assert_events(&w, "");
    assert_int_equal(ct_conn_left(longer), 9);
    longer->status |= IPS_FIXED_TIMEOUT;
    ct_conn_refresh(longer, 60);
    assert_int_equal(ct_conn_left(longer), 9);
    ct_world_done(&w);
}

/* A thousand that expire at once go in portions. */
static void test_budget(void **state)
{
    struct ct_world w;

    (void)state;
    ct_world_init(&w);
    for (uint32_t i = 0; i < 1000; i++)
        add_conn(&w, i, 30);
    w.now_ns += 100 * SECOND;
    ct_expire(w.table, 300);
    assert_int_equal(w.table->n_conns, 700);
    ct_expire(w.table, 1000);
    assert_int_equal(w.table->n_conns, 0);
    ct_world_done(&w);
}

/* ---- packets ------------------------------------------------------------------------------------ */

static enum ip_conntrack_info track(struct ct_world *w, struct pkt *p, uint16_t zone)
{
    assert_int_equal(ct_track(w->table, p, ETH_P_IP, zone, NULL), 0);
    assert_non_null(p->ct);
    return p->ct_info;
}

/* A connection that is not confirmed dies with its packet, of which copies have no part in it. */
static void test_unconfirmed(void **state)
{
    struct pkt *p, *copy;
    struct ct_world w;

    (void)state;
    ct_world_init(&w);
    p = ct_world_udp(&w, 1, 1000, 2, 53);
    assert_int_equal(track(&w, p, 0), IP_CT_NEW);
    copy = pkt_clone(&w.pool, p);
    assert_null(copy->ct);
    pkt_free(&w.pool, copy);
    assert_int_equal(p->ct->use, 1);
    pkt_free(&w.pool, p);
    assert_int_equal(w.table->n_conns, 0);
    assert_events(&w, "");
    ct_world_done(&w);
}

/* Copies share one that is. */
static void test_copies(void **state)
{
    struct pkt *p, *copy;
    struct ct_world w;

    (void)state;
    ct_world_init(&w);
    p = ct_world_udp(&w, 1, 1000, 2, 53);
    track(&w, p, 0);
    assert_int_equal(ct_confirm(p), 0);
    copy = pkt_clone(&w.pool, p);
    assert_ptr_equal(copy->ct, p->ct);
    pkt_free(&w.pool, p);
    assert_int_equal(copy->ct->use, 2);
    pkt_free(&w.pool, copy);
    ct_world_done(&w);
}

static void test_udp_stream(void **state)
{
    struct ct_world w;
    struct pkt *there, *back;
    const struct ct_conn *c;

    (void)state;
    ct_world_init(&w);
    there = ct_world_udp(&w, 1, 1000, 2, 53);
    back = ct_world_udp(&w, 2, 53, 1, 1000);
    assert_int_equal(track(&w, there, 0), IP_CT_NEW);
    assert_int_equal(ct_confirm(there), 0);
    assert_events(&w, "NEW 1;");
    c = there->ct;
    assert_int_equal(track(&w, there, 0), IP_CT_NEW);           /* until it is answered */
    assert_int_equal(track(&w, back, 0), IP_CT_ESTABLISHED_REPLY);
    assert_int_equal(track(&w, there, 0), IP_CT_ESTABLISHED);
    assert_int_equal(ct_conn_left(c), 30);
    w.now_ns += 3 * SECOND;
    track(&w, there, 0);
    assert_int_equal(ct_conn_left(c), 120);
    assert_true(c->status & IPS_ASSURED);
    ct_confirm(there);
    assert_events(&w, "REPLY 1;ASSURED 1;");
    pkt_free(&w.pool, there);
    pkt_free(&w.pool, back);
    ct_world_done(&w);
}

/* Two packets in flight make two connections; the one that is confirmed second joins the first. */
static void test_clash(void **state)
{
    struct ct_world w;
    struct pkt *p, *q;

    (void)state;
    ct_world_init(&w);
    p = ct_world_udp(&w, 1, 1000, 2, 53);
    q = ct_world_udp(&w, 1, 1000, 2, 53);
    track(&w, p, 0);
    track(&w, q, 0);
    assert_ptr_not_equal(p->ct, q->ct);
    assert_int_equal(ct_confirm(p), 0);
    assert_int_equal(ct_confirm(q), 0);
    assert_ptr_equal(p->ct, q->ct);
    assert_int_equal(w.table->n_conns, 1);
    pkt_free(&w.pool, p);
    pkt_free(&w.pool, q);
    ct_world_done(&w);
}

static void test_zones(void **state)
{
    struct ct_world w;
    struct pkt *p;

    (void)state;
    ct_world_init(&w);
    p = ct_world_udp(&w, 1, 1000, 2, 53);
    for (uint16_t zone = 0; zone < 3; zone++) {
        track(&w, p, zone);
        assert_int_equal(ct_confirm(p), 0);
    }
    assert_int_equal(w.table->n_conns, 3);
    pkt_free(&w.pool, p);
    ct_world_done(&w);
}

static void test_full(void **state)
{
    struct ct_world w;
    struct pkt *p;

    (void)state;
    ct_world_init(&w);
    w.table->sysctl.max = 1;
    add_conn(&w, 9, 30);
    p = ct_world_udp(&w, 1, 1000, 2, 53);
    assert_int_equal(ct_track(w.table, p, ETH_P_IP, 0, NULL), -EINVAL);
    w.now_ns += 31 * SECOND;            /* a packet clears away what has expired */
    assert_int_equal(track(&w, p, 0), IP_CT_NEW);
    pkt_free(&w.pool, p);
    ct_world_done(&w);
}

/* No connection for what is damaged; the packet goes on. */
static void test_invalid(void **state)
{
    static const char *const damaged[] = {
        ADDRS "0800 4500 0018 0000 4000 40 11 0000 0a000001 0a000002 03e8 0035",    /* cut */
        ADDRS "0800 4500 001c 0000 4000 40 11 0000 0a000001 0a000002 03e8 0035 0020 0000",
        ADDRS "0800 4500 001c 0000 4000 40 11 0000 0a000001 0a000002 03e8 0035 0008 1234",
        ADDRS "0800 4500 001c 0000 0001 40 11 0000 0a000001 0a000002 03e8 0035 0008 0000",
    };
    struct ct_world w;

    (void)state;
    ct_world_init(&w);
    for (size_t i = 0; i < G_N_ELEMENTS(damaged); i++) {
        struct pkt *p = ct_world_pkt(&w, damaged[i]);

        assert_int_equal(ct_track(w.table, p, ETH_P_IP, 0, NULL), 0);
        assert_null(p->ct);
        pkt_free(&w.pool, p);
    }
    ct_world_done(&w);
}

/* Recorded: an extension header may run off the packet, if nobody wants to read what is behind it. */
static void test_header_that_runs_off(void **state)
{
    static const struct {
        const char *options;        /* destination options: next header, length, ... */
        bool is_tracked;
    } cases[] = {
        { "5010 0000 0000 0000", true }, { "0610 0000 0000 0000", false }, { "50", false },
    };
    struct ct_world w;

    (void)state;
    ct_world_init(&w);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *hex = g_strconcat(ADDRS "86dd 60000000 0008 3c 40"
                                                 "20010db8000000000000000000000001"
                                                 "20010db8000000000000000000000002",
                                           cases[i].options, NULL);
        struct pkt *p = ct_world_pkt(&w, hex);

        assert_int_equal(ct_track(w.table, p, ETH_P_IPV6, 0, NULL), 0);
        assert_int_equal(p->ct != NULL, cases[i].is_tracked);
        pkt_free(&w.pool, p);
    }
    ct_world_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_directions), cmocka_unit_test(test_many),
        cmocka_unit_test(test_expiry),          cmocka_unit_test(test_wheel),
        cmocka_unit_test(test_refresh),         cmocka_unit_test(test_budget),
        cmocka_unit_test(test_copies),
        cmocka_unit_test(test_unconfirmed),     cmocka_unit_test(test_udp_stream),
        cmocka_unit_test(test_clash),           cmocka_unit_test(test_zones),
        cmocka_unit_test(test_full),            cmocka_unit_test(test_invalid),
        cmocka_unit_test(test_header_that_runs_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
