/* test_dump.c - dumps in several datagrams: sizes, DONE, errors, flow control.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/toys.h"

#define DUMP (NLM_F_REQUEST | NLM_F_ACK | NLM_F_DUMP)
#define TOYS 32

static void start(struct toybox *box, unsigned n_objects, size_t object_len)
{
    box->toys.n_objects = n_objects;
    box->toys.object_len = object_len;
    toy_request(box, TOYS, TOY_GET, DUMP);
    toy_send(box);
}

/* Reads one datagram of objects numbered from *next; returns its length. */
static size_t expect_objects(struct toybox *box, unsigned *next, size_t buffer_len)
{
    struct dgram *d = sock_take(box->s);
    const struct nlmsghdr *msg;
    int left;
    size_t len;

    assert_non_null(d);
    len = d->len;
    left = (int)len;
    for (msg = toy_msg(d); mnl_nlmsg_ok(msg, left); msg = mnl_nlmsg_next(msg, &left)) {
        const struct nlattr *id = mnl_nlmsg_get_payload_offset(msg, 8);

        assert_int_equal(msg->nlmsg_type, TOYS);
        assert_int_equal(msg->nlmsg_flags, NLM_F_MULTI);
        assert_int_equal(msg->nlmsg_seq, 1);
        assert_int_equal(msg->nlmsg_pid, 77);
        assert_int_equal(mnl_attr_get_u32(id), (*next)++);
    }
    assert_int_equal(left, 0);
    sock_read_done(box->s, d->charge, buffer_len);
    g_free(d);
    return len;
}

static void expect_done(struct toybox *box, int result)
{
    struct dgram *d = toy_recv(box->s);
    const struct nlmsghdr *msg = toy_msg(d);

    assert_int_equal(d->len, 20);
    assert_int_equal(msg->nlmsg_len, 20);
    assert_int_equal(msg->nlmsg_type, NLMSG_DONE);
    assert_int_equal(msg->nlmsg_flags, NLM_F_MULTI);
    assert_int_equal(msg->nlmsg_seq, 1);
    assert_int_equal(msg->nlmsg_pid, 77);
    assert_int_equal(*(const int *)mnl_nlmsg_get_payload(msg), result);
    g_free(d);
    toy_recv_none(box->s);
    assert_int_equal(box->toys.n_done, 1);
    assert_false(sock_has_more(box->s));
}

static void test_empty(void **state)
{
    struct toybox *box = *state;

    start(box, 0, 0);
    expect_done(box, 0);
}

static void test_failed(void **state)
{
    struct toybox *box = *state;

    box->toys.dump_result = -ENODEV;
    start(box, 0, 0);
    expect_done(box, -ENODEV);
}

static void test_done_in_its_own_datagram(void **state)
{
    struct toybox *box = *state;
    unsigned next = 0;

    start(box, 3, 10);
    assert_int_equal(box->s->rx.length, 1);
    assert_int_equal(expect_objects(box, &next, 0), 3 * (24 + 8 + 16));
    assert_int_equal(next, 3);
    expect_done(box, 0);
}

static void test_failure_after_objects(void **state)
{
    struct toybox *box = *state;
    struct dgram *d;

    box->toys.dump_result = -ENOENT;
    start(box, 1, 0);
    d = toy_recv(box->s);
    assert_int_equal(d->len, 36 + 20);
    g_free(d);
    assert_int_equal(box->toys.n_done, 1);
    assert_null(box->s->dump);
}

/* 96 bytes an object: 39 fit in the first room of 3776, 338 in the largest of 32448. */
static void test_datagram_sizes(void **state)
{
    struct toybox *box = *state;
    unsigned next = 0;

    start(box, 500, 60);
    assert_int_equal(expect_objects(box, &next, 65536), 39 * 96);
    assert_int_equal(expect_objects(box, &next, 65536), 338 * 96);
    assert_int_equal(expect_objects(box, &next, 65536), (500 - 39 - 338) * 96);
    assert_int_equal(next, 500);
    expect_done(box, 0);
}

static void test_small_buffers_keep_the_first_size(void **state)
{
    struct toybox *box = *state;
    unsigned next = 0;

    start(box, 100, 60);
    assert_int_equal(expect_objects(box, &next, 1000), 39 * 96);
    assert_int_equal(expect_objects(box, &next, 1000), 39 * 96);
    assert_int_equal(expect_objects(box, &next, 1000), 22 * 96);
    expect_done(box, 0);
}

static void test_object_too_large_ends_it(void **state)
{
    struct toybox *box = *state;

    start(box, 2, 5000);
    expect_done(box, 0);
}

static void test_second_dump_is_busy(void **state)
{
    struct toybox *box = *state;
    unsigned next = 0;

    start(box, 2, 10);
    toy_request(box, TOYS, TOY_GET, DUMP);
    toy_request(box, TOYS, TOY_SET, NLM_F_REQUEST | NLM_F_ACK);
    toy_send(box);
    expect_objects(box, &next, 0);
    toy_expect(box, -EBUSY, 0, 2, NULL, 0);
    toy_expect(box, 0, NLM_F_CAPPED, 3, NULL, 0);
    expect_done(box, 0);
    start(box, 0, 0);
    assert_int_equal(box->toys.n_done, 2);
}

/* The refused dump runs all the same once there is room: the kernel does not take it back. */
static void test_start_in_a_full_queue(void **state)
{
    struct toybox *box = *state;
    unsigned next = 0;
    struct dgram *d;

    sock_set_option(box->s, SOL_SOCKET, SO_RCVBUF, 10000);
    sock_queue(box->s, box->bytes, 8000, 8000, 0);
    start(box, 60, 60);
    assert_int_equal(box->s->error, 0);
    g_free(toy_recv(box->s));
    d = toy_recv(box->s);
    assert_int_equal(((const struct nlmsgerr *)mnl_nlmsg_get_payload(toy_msg(d)))->error, -ENOBUFS);
    g_free(d);
    expect_objects(box, &next, 0);
    expect_objects(box, &next, 0);
    assert_int_equal(next, 60);
    expect_done(box, 0);
}

static void test_waits_until_half_is_read(void **state)
{
    struct toybox *box = *state;
    unsigned next = 0;

    sock_set_option(box->s, SOL_SOCKET, SO_RCVBUF, 15000);
    start(box, 60, 60);
    sock_queue(box->s, box->bytes, 8000, 8000, 0);      /* counts 16640 of 30000 */
    expect_objects(box, &next, 0);
    assert_int_equal(box->s->rx.length, 1);
    g_free(toy_recv(box->s));
    assert_int_equal(box->s->rx.length, 1);
    expect_objects(box, &next, 0);
    assert_int_equal(next, 60);
    expect_done(box, 0);
}

static void test_close_ends_it(void **state)
{
    struct toybox *box = *state;

    start(box, 100, 60);
    sock_close(box->s);
    assert_int_equal(box->toys.n_done, 1);
}

/* A reader inside the hook must not upset the dump that called it. */
static void read_all(struct sock *s)
{
    struct dgram *d = sock_take(s);

    if (!d)
        return;
    ++*(unsigned *)s->transport;
    sock_read_done(s, d->charge, 0);
    g_free(d);
}

static void test_reader_in_the_hook(void **state)
{
    struct toybox *box = *state;
    unsigned n = 0;

    box->s->transport = &n;
    box->s->readable = read_all;
    start(box, 100, 60);
    assert_int_equal(n, 4);
    assert_int_equal(box->toys.n_done, 1);
}

static void test_unchecked_attributes(void **state)
{
    struct toybox *box = *state;

    toy_request(box, TOYS, TOY_GET, DUMP);
    mnl_attr_put_u8(box->msg, TOY_ID, 1);
    memcpy(mnl_nlmsg_put_extra_header(box->msg, 4), "\3\0\0\0", 4);
    toy_send(box);
    expect_done(box, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TOY_TEST(test_empty),
        TOY_TEST(test_failed),
        TOY_TEST(test_done_in_its_own_datagram),
        TOY_TEST(test_failure_after_objects),
        TOY_TEST(test_datagram_sizes),
        TOY_TEST(test_small_buffers_keep_the_first_size),
        TOY_TEST(test_object_too_large_ends_it),
        TOY_TEST(test_second_dump_is_busy),
        TOY_TEST(test_start_in_a_full_queue),
        TOY_TEST(test_waits_until_half_is_read),
        TOY_TEST(test_close_ends_it),
        TOY_TEST(test_reader_in_the_hook),
        TOY_TEST(test_unchecked_attributes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
