/* test_socket.c - port ids, groups, options and the bounded queue of a fake netlink socket.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/toys.h"

static void test_port_ids(void **state)
{
    struct toybox *box = *state;
    struct netns *other = netns_new(box->nl, NULL);
    struct sock *a = sock_open(box->ns, NETLINK_GENERIC), *b = sock_open(box->ns, NETLINK_GENERIC);
    struct sock *route = sock_open(box->ns, NETLINK_ROUTE);
    struct sock *far = sock_open(other, NETLINK_GENERIC);

    assert_int_equal(sock_bind(a, 77), -EADDRINUSE);
    assert_int_equal(sock_bind(a, 0), 0);
    assert_int_equal(sock_bind(b, 0), 0);
    assert_int_equal(a->portid, SOCK_FIRST_PORTID);
    assert_int_equal(b->portid, SOCK_FIRST_PORTID + 1);
    assert_int_equal(sock_bind(a, SOCK_FIRST_PORTID), 0);
    assert_int_equal(sock_bind(a, 5), -EINVAL);
    assert_int_equal(sock_bind(route, 77), 0);
    assert_int_equal(sock_bind(far, 77), 0);
    sock_close(a);
    assert_int_equal(sock_bind(sock_open(box->ns, NETLINK_GENERIC), 1), 0);
    netns_free(other);
}

static void test_send_binds_and_refuses(void **state)
{
    struct toybox *box = *state;
    struct sock *s = sock_open(box->ns, NETLINK_GENERIC);
    g_autofree uint8_t *big = g_malloc0(212992);

    assert_int_equal(sock_send(s, "", 0), -ENODATA);
    assert_int_equal(s->portid, SOCK_FIRST_PORTID);
    assert_int_equal(sock_send(s, big, 212960), 212960);
    assert_int_equal(sock_send(s, big, 212961), -EMSGSIZE);
    assert_int_equal(sock_send(sock_open(box->ns, NETLINK_ROUTE), big, 16), -ECONNREFUSED);
}

static void test_groups(void **state)
{
    struct toybox *box = *state;
    int mask;

    assert_int_equal(sock_join(box->s, 0), -EINVAL);
    assert_int_equal(sock_join(box->s, 8), -EINVAL);
    assert_int_equal(sock_join(box->s, 1000000), -EINVAL);
    assert_int_equal(sock_set_option(box->s, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, 9), 0);
    assert_true(sock_in_group(box->s, 9));
    assert_false(sock_in_group(box->s, 73));
    assert_int_equal(sock_get_option(box->s, SOL_NETLINK, NETLINK_LIST_MEMBERSHIPS, &mask), 0);
    assert_int_equal(mask, 1 << 8);
    assert_int_equal(sock_set_option(box->s, SOL_NETLINK, NETLINK_DROP_MEMBERSHIP, 9), 0);
    assert_false(sock_in_group(box->s, 9));
    assert_false(sock_in_group(box->s, 1000000));
}

static void test_flag_options(void **state)
{
    static const int names[] = {NETLINK_PKTINFO, NETLINK_BROADCAST_ERROR, NETLINK_NO_ENOBUFS,
                                NETLINK_CAP_ACK, NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK};
    struct toybox *box = *state;
    int value;

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        for (int on = 1; on >= 0; on--) {
            assert_int_equal(sock_set_option(box->s, SOL_NETLINK, names[i], on * 5), 0);
            assert_int_equal(sock_get_option(box->s, SOL_NETLINK, names[i], &value), 0);
            assert_int_equal(value, on);
        }
    assert_int_equal(sock_set_option(box->s, SOL_NETLINK, NETLINK_LISTEN_ALL_NSID, 1), 0);
    assert_true(box->s->all_nsid);
    assert_int_equal(sock_get_option(box->s, SOL_NETLINK, NETLINK_LISTEN_ALL_NSID, &value),
                     -ENOPROTOOPT);
    assert_int_equal(sock_set_option(box->s, SOL_NETLINK, 99, 1), -ENOPROTOOPT);
    assert_int_equal(sock_set_option(box->s, SOL_NETLINK, NETLINK_LIST_MEMBERSHIPS, 1),
                     -ENOPROTOOPT);
    assert_int_equal(sock_get_option(box->s, SOL_SOCKET, SO_RCVBUFFORCE, &value), -ENOPROTOOPT);
}

static void expect_rcvbuf(struct sock *s, int name, int value, int got)
{
    int now;

    assert_int_equal(sock_set_option(s, SOL_SOCKET, name, value), 0);
    assert_int_equal(sock_get_option(s, SOL_SOCKET, SO_RCVBUF, &now), 0);
    assert_int_equal(now, got);
}

static void test_rcvbuf(void **state)
{
    struct toybox *box = *state;

    assert_int_equal(box->s->rcvbuf, 212992);
    expect_rcvbuf(box->s, SO_RCVBUF, 10000, 20000);
    expect_rcvbuf(box->s, SO_RCVBUF, 0, 2304);
    expect_rcvbuf(box->s, SO_RCVBUF, 1 << 20, 425984);
    expect_rcvbuf(box->s, SO_RCVBUF, -1, 425984);
    expect_rcvbuf(box->s, SO_RCVBUFFORCE, 4 << 20, 8 << 20);
    expect_rcvbuf(box->s, SO_RCVBUFFORCE, -1, 2304);
    expect_rcvbuf(box->s, SO_RCVBUFFORCE, INT32_MAX, INT32_MAX - 1);
}

static int put(struct sock *s, size_t len, size_t room)
{
    static const uint8_t bytes[40000];

    return sock_queue(s, bytes, len, room, 0);
}

static size_t charge(struct sock *s, size_t len, size_t room)
{
    size_t before = s->rx_charge;

    assert_int_equal(put(s, len, room), 0);
    return s->rx_charge - before;
}

static void test_charge(void **state)
{
    struct toybox *box = *state;

    assert_int_equal(charge(box->s, 16, 16), 512 + 256);
    assert_int_equal(charge(box->s, 192, 192), 512 + 256);
    assert_int_equal(charge(box->s, 193, 193), 1024 + 256);
    assert_int_equal(charge(box->s, 3000, 3776), 4096 + 256);
    assert_int_equal(charge(box->s, 100, 3776), 512 + 256);
    assert_int_equal(charge(box->s, 32448, 0), 32768 + 256);
    assert_int_equal(charge(box->s, 32449, 0), 65536 + 256);
}

/* Recorded: 50 messages into the smallest buffer are ENOBUFS, one datagram, 49 lost. */
static void test_overrun_is_told_once(void **state)
{
    struct toybox *box = *state;
    int error;

    sock_set_option(box->s, SOL_SOCKET, SO_RCVBUF, 0);
    assert_int_equal(put(box->s, 3000, 3000), 0);
    for (int i = 1; i < 50; i++)
        assert_int_equal(put(box->s, 20, 20), -EAGAIN);
    assert_int_equal(box->s->n_drops, 49);
    assert_null(sock_recv(box->s, &error));
    assert_int_equal(error, ENOBUFS);
    assert_int_equal(put(box->s, 20, 20), -EAGAIN);
    g_free(toy_recv(box->s));
    toy_recv_none(box->s);
    assert_int_equal(put(box->s, 20, 20), 0);
    g_free(toy_recv(box->s));
}

static void test_no_enobufs(void **state)
{
    struct toybox *box = *state;

    sock_set_option(box->s, SOL_SOCKET, SO_RCVBUF, 0);
    sock_set_option(box->s, SOL_NETLINK, NETLINK_NO_ENOBUFS, 1);
    assert_int_equal(put(box->s, 20, 20), 0);
    assert_int_equal(put(box->s, 20, 20), 0);
    assert_int_equal(put(box->s, 20, 20), 0);
    assert_int_equal(put(box->s, 20, 20), -EAGAIN);
    g_free(toy_recv(box->s));
    assert_int_equal(put(box->s, 20, 20), 0);
    assert_int_equal(box->s->n_drops, 1);
}

static void test_overrun_of_a_listener(void **state)
{
    struct toybox *box = *state;
    struct sock *l = sock_open(box->ns, NETLINK_GENERIC);
    int error;

    sock_join(l, 9);
    sock_set_option(l, SOL_SOCKET, SO_RCVBUF, 0);
    for (int i = 0; i < 6; i++) {
        toy_request(box, 32, TOY_NEW, NLM_F_REQUEST | NLM_F_ACK);
        toy_send(box);
        toy_expect(box, 0, NLM_F_CAPPED, box->seq, NULL, 0);
    }
    assert_null(sock_recv(l, &error));
    assert_int_equal(error, ENOBUFS);
    assert_int_equal(l->n_drops, 3);
}

static void test_two_step_receiving(void **state)
{
    struct toybox *box = *state;
    struct dgram *a, *b;
    size_t full;

    put(box->s, 100, 100);
    put(box->s, 200, 200);
    full = box->s->rx_charge;
    a = sock_take(box->s);
    b = sock_take(box->s);
    assert_int_equal(a->len, 100);
    assert_int_equal(b->len, 200);
    assert_null(sock_take(box->s));
    assert_int_equal(box->s->rx_charge, full);
    sock_read_done(box->s, a->charge, 5000);
    sock_read_done(box->s, b->charge, 100);
    assert_int_equal(box->s->rx_charge, 0);
    assert_int_equal(box->s->max_recv, 5000);
    sock_read_done(box->s, 0, 1 << 20);
    assert_int_equal(box->s->max_recv, 32448);
    g_free(a);
    g_free(b);
}

static void count(struct sock *s)
{
    ++*(int *)s->transport;
}

static void test_readable_hook(void **state)
{
    struct toybox *box = *state;
    int calls = 0;

    box->s->transport = &calls;
    box->s->readable = count;
    put(box->s, 10, 10);
    assert_int_equal(calls, 1);
    sock_set_option(box->s, SOL_SOCKET, SO_RCVBUF, 0);
    put(box->s, 2000, 2000);
    put(box->s, 2000, 2000);
    assert_int_equal(calls, 2);
}

static void tell_queued(void *user, const struct sock *s, const struct dgram *d)
{
    g_string_append_printf(user, "queued %u %zu group %u; ", s->portid, d->len, d->group);
}

static void tell_lost(void *user, const struct sock *s, size_t len, uint32_t group)
{
    g_string_append_printf(user, "lost %u %zu group %u; ", s->portid, len, group);
}

static void tell_error(void *user, const struct sock *s, int error)
{
    g_string_append_printf(user, "%s at %u; ", err_name(error), s->portid);
}

static void test_tap(void **state)
{
    struct toybox *box = *state;
    g_autoptr(GString) told = g_string_new(NULL);
    const struct netlink_tap tap = { told, tell_queued, tell_lost, tell_error };

    netlink_set_tap(box->nl, &tap);
    sock_set_option(box->s, SOL_SOCKET, SO_RCVBUF, 0);
    assert_int_equal(sock_queue(box->s, "abc", 3, 3, 7), 0);
    put(box->s, 2000, 2000);
    put(box->s, 1000, 1000);
    assert_int_equal(sock_lose(box->s, 5), -EAGAIN);
    netlink_set_tap(box->nl, NULL);
    put(box->s, 10, 10);
    assert_string_equal(told->str, "queued 77 3 group 7; lost 77 2000 group 0; ENOBUFS at 77; "
                                   "lost 77 1000 group 0; lost 77 5 group 0; ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TOY_TEST(test_port_ids),
        TOY_TEST(test_send_binds_and_refuses),
        TOY_TEST(test_groups),
        TOY_TEST(test_flag_options),
        TOY_TEST(test_rcvbuf),
        TOY_TEST(test_charge),
        TOY_TEST(test_overrun_is_told_once),
        TOY_TEST(test_no_enobufs),
        TOY_TEST(test_overrun_of_a_listener),
        TOY_TEST(test_two_step_receiving),
        TOY_TEST(test_readable_hook),
        TOY_TEST(test_tap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
