/* test_socket_share.c - what many sockets of one client may use together, and what many sockets cost each other.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/toys.h"

#define LEAST (512 + 256)       /* what a short datagram is charged */

static const uint8_t bytes[40000];

static int put(struct sock *s, size_t len)
{
    return sock_queue(s, bytes, len, len, 0);
}

static struct sock *open_shared(struct toybox *box, struct sock_share *share)
{
    struct sock *s = sock_open(box->ns, NETLINK_GENERIC);

    sock_set_share(s, share);
    return s;
}

/* The bound is one for all; what is read or closed makes room again. */
static void test_bytes(void **state)
{
    struct toybox *box = *state;
    struct sock_share share = { .most_charge = 3 * LEAST, .most_dumps = 1 };
    struct sock *a = open_shared(box, &share), *b = open_shared(box, &share);
    int error;

    assert_int_equal(put(a, 20), 0);
    assert_int_equal(put(a, 20), 0);
    assert_int_equal(put(b, 20), 0);
    assert_int_equal(put(b, 20), -EAGAIN);
    assert_int_equal(share.n_lost, 1);
    assert_int_equal(share.charge, 3 * LEAST);
    assert_null(sock_recv(b, &error));
    assert_int_equal(error, ENOBUFS);
    g_free(toy_recv(b));
    assert_int_equal(share.charge, 2 * LEAST);
    sock_close(a);
    assert_int_equal(share.charge, 0);
    assert_int_equal(put(b, 20), 0);
    sock_close(b);
    assert_int_equal(share.charge, 0);
}

/* A buffer as large as the kernel allows, and one datagram into an empty queue, are within the share, too. */
static void test_giants(void **state)
{
    struct toybox *box = *state;
    struct sock_share share = { .most_charge = 100000, .most_dumps = 1 };
    struct sock *s = open_shared(box, &share);
    unsigned n = 0;

    assert_int_equal(sock_set_option(s, SOL_SOCKET, SO_RCVBUFFORCE, INT32_MAX), 0);
    while (!put(s, 1000))
        n++;
    assert_in_range(share.charge, 90000, 100000);
    assert_int_equal(share.charge, s->rx_charge);
    sock_close(s);
    share.most_charge = 1000;
    s = open_shared(box, &share);
    assert_int_equal(put(s, 2000), -EAGAIN);
    sock_close(s);
    assert_int_equal(share.charge, 0);
}

/* NETLINK_NO_ENOBUFS hides a loss, and its bound is the same. */
static void test_no_enobufs(void **state)
{
    struct toybox *box = *state;
    struct sock_share share = { .most_charge = LEAST, .most_dumps = 1 };
    struct sock *s = open_shared(box, &share);

    assert_int_equal(sock_set_option(s, SOL_NETLINK, NETLINK_NO_ENOBUFS, 1), 0);
    assert_int_equal(put(s, 20), 0);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(put(s, 20), -EAGAIN);
    assert_int_equal(share.n_lost, 1000);
    g_free(toy_recv(s));
    toy_recv_none(s);
    assert_int_equal(put(s, 20), 0);
    sock_close(s);
}

static size_t read_all(struct sock *s)
{
    size_t charge = *(size_t *)s->transport;

    *(size_t *)s->transport = 0;
    return charge;
}

/* A transport that tells late what was read is asked before anything is lost. */
static void test_read_since(void **state)
{
    struct toybox *box = *state;
    size_t charge = 0;

    box->s->transport = &charge;
    box->s->read_since = read_all;
    assert_int_equal(sock_set_option(box->s, SOL_SOCKET, SO_RCVBUF, 0), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(put(box->s, 20), 0);
    charge = 3 * LEAST;
    assert_int_equal(put(box->s, 20), 0);
    assert_int_equal(box->s->rx_charge, LEAST);
    assert_int_equal(box->s->n_drops, 0);
}

/* Dumps that nobody reads: the one too many is refused, and its end makes room. */
static void test_dumps(void **state)
{
    struct toybox *box = *state;
    struct sock_share share = { .most_charge = 1 << 20, .most_dumps = 1 };
    struct sock *other = open_shared(box, &share);

    sock_set_share(box->s, &share);
    box->toys.n_objects = 1000;
    box->toys.object_len = 1000;
    toy_request(box, 32, TOY_GET, NLM_F_REQUEST | NLM_F_DUMP);
    toy_end(box);
    assert_int_equal(sock_send(other, box->bytes, box->len), box->len);
    assert_non_null(other->dump);
    toy_send(box);
    assert_null(box->s->dump);
    toy_expect(box, -ENOBUFS, 0, 1, NULL, 0);
    assert_int_equal(share.n_no_dump, 1);
    sock_close(other);
    assert_int_equal(share.n_dumps, 0);
    assert_int_equal(share.charge, 0);
    toy_request(box, 32, TOY_GET, NLM_F_REQUEST | NLM_F_DUMP);
    toy_send(box);
    assert_non_null(box->s->dump);
    sock_close(box->s);
    assert_int_equal(share.charge, 0);
    box->s = NULL;
}

/* The lowest free number, however many sockets there are. */
static void test_port_ids(void **state)
{
    struct toybox *box = *state;
    struct sock *s[100], *again;

    for (unsigned i = 0; i < G_N_ELEMENTS(s); i++) {
        s[i] = sock_open(box->ns, NETLINK_GENERIC);
        assert_int_equal(sock_bind(s[i], 0), 0);
        assert_int_equal(s[i]->portid, SOCK_FIRST_PORTID + i);
    }
    sock_close(s[50]);
    sock_close(s[20]);
    again = sock_open(box->ns, NETLINK_GENERIC);
    assert_int_equal(sock_bind(again, 0), 0);
    assert_int_equal(again->portid, SOCK_FIRST_PORTID + 20);
    again = sock_open(box->ns, NETLINK_GENERIC);
    assert_int_equal(sock_bind(again, 0), 0);
    assert_int_equal(again->portid, SOCK_FIRST_PORTID + 50);
    again = sock_open(box->ns, NETLINK_GENERIC);
    assert_int_equal(sock_bind(again, 0), 0);
    assert_int_equal(again->portid, SOCK_FIRST_PORTID + G_N_ELEMENTS(s));
}

static void tell_queued(void *user, const struct sock *s, const struct dgram *d)
{
    (void)d;
    g_string_append_printf(user, "%u ", (unsigned)s->number);
}

static void tell_nothing(void *user, const struct sock *s, size_t len, uint32_t group)
{
    (void)user;
    (void)s;
    (void)len;
    (void)group;
}

/* In whatever order they have joined, they hear of things in the order in which they were opened. */
static void test_listeners(void **state)
{
    struct toybox *box = *state;
    g_autoptr(GString) told = g_string_new(NULL);
    const struct netlink_tap tap = { told, tell_queued, tell_nothing, NULL };
    struct sock *a = sock_open(box->ns, NETLINK_GENERIC), *b = sock_open(box->ns, NETLINK_GENERIC);
    struct sock *c = sock_open(box->ns, NETLINK_GENERIC);

    assert_int_equal(sock_join(c, 9), 0);
    assert_int_equal(sock_join(a, 9), 0);
    assert_int_equal(sock_join(b, 9), 0);
    assert_int_equal(sock_leave(a, 9), 0);
    assert_int_equal(sock_join(a, 9), 0);
    netlink_set_tap(box->nl, &tap);
    toy_request(box, 32, TOY_NEW, NLM_F_REQUEST);
    toy_send(box);
    assert_string_equal(told->str, "1 2 3 ");
    sock_close(b);
    toy_request(box, 32, TOY_NEW, NLM_F_REQUEST);
    toy_send(box);
    assert_string_equal(told->str, "1 2 3 1 3 ");
    netlink_set_tap(box->nl, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TOY_TEST(test_bytes), TOY_TEST(test_giants), TOY_TEST(test_no_enobufs), TOY_TEST(test_read_since),
        TOY_TEST(test_dumps), TOY_TEST(test_port_ids), TOY_TEST(test_listeners),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
