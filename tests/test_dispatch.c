/* test_dispatch.c - requests are taken apart, refused and acknowledged as the kernel does it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/toys.h"

#define REQ     NLM_F_REQUEST
#define REQ_ACK (NLM_F_REQUEST | NLM_F_ACK)
#define TOYS    32

static void expect_error(struct toybox *box, int error)
{
    toy_expect(box, error, error ? 0 : NLM_F_CAPPED, box->seq, NULL, 0);
    toy_recv_none(box->s);
}

/* A message of the toys; the caller frees it. */
static struct dgram *expect_toy(struct sock *s, uint8_t cmd, uint32_t seq)
{
    struct dgram *d = toy_recv(s);
    const struct nlmsghdr *msg = toy_msg(d);
    const struct genlmsghdr *genl = mnl_nlmsg_get_payload(msg);

    assert_int_equal(msg->nlmsg_type, TOYS);
    assert_int_equal(msg->nlmsg_flags, 0);
    assert_int_equal(msg->nlmsg_seq, seq);
    assert_int_equal(msg->nlmsg_pid, 77);
    assert_int_equal(genl->cmd, cmd);
    assert_int_equal(genl->version, 3);
    assert_int_equal(*(const uint32_t *)(genl + 1), 0x11223344);
    assert_int_equal(d->src_portid, 0);
    return d;
}

static void test_reply_then_ack(void **state)
{
    struct toybox *box = *state;

    toy_request(box, TOYS, TOY_GET, REQ_ACK);
    mnl_attr_put_u32(box->msg, TOY_ID, 42);
    toy_send(box);
    g_free(expect_toy(box->s, TOY_GET, 1));
    expect_error(box, 0);
    assert_int_equal(box->toys.seen_id, 42);
}

static void test_no_ack_unless_asked(void **state)
{
    struct toybox *box = *state;

    toy_request(box, TOYS, TOY_SET, REQ);
    toy_send(box);
    toy_recv_none(box->s);
    box->toys.result = -EBUSY;
    toy_request(box, TOYS, TOY_SET, REQ);
    toy_send(box);
    expect_error(box, -EBUSY);
}

static void test_non_requests_are_acked_only(void **state)
{
    struct toybox *box = *state;

    toy_request(box, TOYS, TOY_GET, NLM_F_ACK);
    toy_send(box);
    expect_error(box, 0);
    toy_request(box, TOYS, TOY_GET, 0);
    toy_send(box);
    toy_recv_none(box->s);
    toy_request(box, NLMSG_NOOP, TOY_GET, REQ_ACK);
    toy_send(box);
    expect_error(box, 0);
}

static void test_unknown_family_and_command(void **state)
{
    struct toybox *box = *state;

    toy_request(box, 1023, TOY_GET, REQ);
    toy_send(box);
    expect_error(box, -ENOENT);
    toy_request(box, TOYS, 2, REQ);
    toy_send(box);
    expect_error(box, -EOPNOTSUPP);
    toy_request(box, TOYS, TOY_SET, REQ | NLM_F_EXCL | NLM_F_REPLACE);
    toy_send(box);
    expect_error(box, -EOPNOTSUPP);
}

static void test_one_dump_bit_is_no_dump(void **state)
{
    struct toybox *box = *state;

    toy_request(box, TOYS, TOY_GET, REQ | NLM_F_ROOT);
    toy_send(box);
    g_free(expect_toy(box->s, TOY_GET, 1));
    toy_recv_none(box->s);
}

static void expect_refusal(struct toybox *box, const char *text)
{
    g_autoptr(GByteArray) tlvs = toy_tlvs(text);

    toy_send(box);
    toy_expect(box, -EINVAL, NLM_F_ACK_TLVS, box->seq, tlvs->data, tlvs->len);
}

static void test_young_commands_are_strict(void **state)
{
    struct toybox *box = *state;

    toy_request(box, TOYS, TOY_SET + 1, REQ | NLM_F_CREATE);
    expect_refusal(box, "ambiguous or reserved bits set in nlmsg_flags");
    toy_request(box, TOYS, TOY_SET + 1, REQ | NLM_F_CREATE);
    ((struct genlmsghdr *)mnl_nlmsg_get_payload(box->msg))->reserved = 1;
    expect_refusal(box, "genlmsghdr.reserved field is not 0");
    toy_request(box, TOYS, TOY_SET + 1, REQ_ACK | NLM_F_ECHO | NLM_F_DUMP);
    toy_send(box);
    expect_error(box, -EOPNOTSUPP);
    toy_request(box, TOYS, TOY_SET, REQ_ACK | NLM_F_CREATE);
    toy_send(box);
    expect_error(box, 0);
}

/* Recorded: raw/..-opt-len, -nohdr, -trunc. */
static void test_short_headers(void **state)
{
    struct toybox *box = *state;

    for (uint32_t len = 16; len < 24; len++) {
        toy_request(box, TOYS, TOY_GET, REQ_ACK)->nlmsg_len = len;
        toy_send(box);
        expect_error(box, -EINVAL);
    }
}

static void test_damaged_lengths_are_silent(void **state)
{
    static const uint32_t lens[] = {0, 15, 28, 0x7fffffff, 0xffffffff};
    struct toybox *box = *state;

    for (size_t i = 0; i < G_N_ELEMENTS(lens); i++) {
        toy_request(box, TOYS, TOY_GET, REQ_ACK)->nlmsg_len = lens[i];
        assert_int_equal(sock_send(box->s, box->bytes, 24), 24);
        box->msg = NULL;
        toy_recv_none(box->s);
    }
    assert_int_equal(sock_send(box->s, box->bytes, 7), 7);
    toy_recv_none(box->s);
}

static void test_batch(void **state)
{
    struct toybox *box = *state;

    box->toys.result = -EPERM;
    toy_request(box, TOYS, TOY_GET, REQ_ACK);
    mnl_attr_put(box->msg, TOY_ANY, 3, "abc");
    box->msg->nlmsg_len--;              /* the next one starts at a multiple of 4 all the same */
    toy_request(box, TOYS, TOY_SET, REQ);
    toy_request(box, TOYS, TOY_GET, REQ);
    toy_send(box);
    g_free(expect_toy(box->s, TOY_GET, 1));
    toy_expect(box, 0, NLM_F_CAPPED, 1, NULL, 0);
    toy_expect(box, -EPERM, 0, 2, NULL, 0);
    g_free(expect_toy(box->s, TOY_GET, 3));
    toy_recv_none(box->s);
}

static void test_unaligned_buffer(void **state)
{
    struct toybox *box = *state;
    uint8_t moved[64];

    toy_request(box, TOYS, TOY_GET, REQ);
    memcpy(moved + 1, box->bytes, 24);
    assert_int_equal(sock_send(box->s, moved + 1, 24), 24);
    g_free(expect_toy(box->s, TOY_GET, 1));
}

static void test_whole_request_in_errors(void **state)
{
    struct toybox *box = *state;
    struct dgram *d;

    box->toys.result = -EEXIST;
    toy_request(box, TOYS, TOY_SET, REQ);
    mnl_attr_put_strz(box->msg, TOY_NAME, "ball");
    box->msg->nlmsg_len -= 1;           /* an odd length is copied as it is, then padded */
    toy_send(box);
    d = toy_recv(box->s);
    assert_int_equal(d->len, 20 + 36);
    assert_memory_equal(d->data + 20, box->bytes, 35);
    assert_int_equal(d->data[55], 0);
    g_free(d);
}

static void test_cap_ack(void **state)
{
    struct toybox *box = *state;

    assert_int_equal(sock_set_option(box->s, SOL_NETLINK, NETLINK_CAP_ACK, 1), 0);
    box->toys.result = -EEXIST;
    toy_request(box, TOYS, TOY_SET, REQ);
    mnl_attr_put_strz(box->msg, TOY_NAME, "ball");
    toy_send(box);
    toy_expect(box, -EEXIST, NLM_F_CAPPED, 1, NULL, 0);
}

/* MSG, OFFS, POLICY{MAX_LENGTH TYPE}, as recorded for a bad name. */
static GByteArray *bad_name_tlvs(void)
{
    GByteArray *list = toy_tlvs("Attribute failed policy validation");
    size_t nest;

    attr_put(list, NLMSGERR_ATTR_OFFS, "\x18\0\0\0", 4);
    nest = attr_nest_begin(list, NLMSGERR_ATTR_POLICY | NLA_F_NESTED);
    attr_put(list, NL_POLICY_TYPE_ATTR_MAX_LENGTH, "\xf\0\0\0", 4);
    attr_put(list, NL_POLICY_TYPE_ATTR_TYPE, "\xc\0\0\0", 4);
    attr_nest_end(list, nest);
    return list;
}

static void send_bad_name(struct toybox *box)
{
    toy_request(box, TOYS, TOY_GET, REQ_ACK);
    mnl_attr_put_str(box->msg, TOY_NAME, "1234567890123456");
    toy_send(box);
}

static void test_policy_errors(void **state)
{
    struct toybox *box = *state;
    g_autoptr(GByteArray) tlvs = bad_name_tlvs();

    send_bad_name(box);
    toy_expect(box, -EINVAL, NLM_F_ACK_TLVS, 1, tlvs->data, tlvs->len);
    sock_set_option(box->s, SOL_NETLINK, NETLINK_CAP_ACK, 1);
    send_bad_name(box);
    toy_expect(box, -EINVAL, NLM_F_ACK_TLVS | NLM_F_CAPPED, 2, tlvs->data, tlvs->len);
    sock_set_option(box->s, SOL_NETLINK, NETLINK_EXT_ACK, 0);
    send_bad_name(box);
    toy_expect(box, -EINVAL, NLM_F_CAPPED, 3, NULL, 0);
}

static void test_untyped_rows_have_no_policy(void **state)
{
    struct toybox *box = *state;
    g_autoptr(GByteArray) tlvs = toy_tlvs("Attribute failed policy validation");

    attr_put(tlvs, NLMSGERR_ATTR_OFFS, "\x18\0\0\0", 4);
    toy_request(box, TOYS, TOY_GET, REQ);
    mnl_attr_put(box->msg, TOY_KEY, 1, "k");
    toy_send(box);
    toy_expect(box, -ERANGE, NLM_F_ACK_TLVS, 1, tlvs->data, tlvs->len);
}

/* A warning stays although the handler fails without a word to the client. */
static void test_leftover_warning(void **state)
{
    static const int results[] = {0, -ENODEV};
    struct toybox *box = *state;
    g_autoptr(GByteArray) tlvs = toy_tlvs(TOY_LEFTOVER);

    for (size_t i = 0; i < 2; i++) {
        box->toys.result = results[i];
        toy_request(box, TOYS, TOY_SET, REQ_ACK);
        memcpy(mnl_nlmsg_put_extra_header(box->msg, 4), "\3\0\0\0", 4);
        toy_send(box);
        toy_expect(box, results[i], (uint16_t)(NLM_F_ACK_TLVS | (results[i] ? 0 : NLM_F_CAPPED)),
                   box->seq, tlvs->data, tlvs->len);
    }
}

static struct sock *listener(struct netns *ns, uint32_t group)
{
    struct sock *s = sock_open(ns, NETLINK_GENERIC);

    assert_int_equal(sock_join(s, group), 0);
    return s;
}

static void expect_group(struct sock *s, uint32_t group)
{
    struct dgram *d = expect_toy(s, TOY_NEW, 1);

    assert_int_equal(d->group, group);
    g_free(d);
    toy_recv_none(s);
}

static void test_notify_without_echo(void **state)
{
    struct toybox *box = *state;
    struct netns *other = netns_new(box->nl, NULL);
    struct sock *near = listener(box->ns, 9), *far = listener(other, 9);

    assert_int_equal(sock_join(box->s, 9), 0);
    toy_request(box, TOYS, TOY_NEW, REQ);
    toy_send(box);
    expect_group(near, 9);
    expect_group(box->s, 9);
    toy_recv_none(far);
    netns_free(other);
}

static void test_notify_with_echo(void **state)
{
    struct toybox *box = *state;
    struct sock *near = listener(box->ns, 9);

    assert_int_equal(sock_join(box->s, 9), 0);
    toy_request(box, TOYS, TOY_NEW, REQ | NLM_F_ECHO);
    toy_send(box);
    expect_group(near, 9);
    expect_group(box->s, 0);
}

static void test_notify_wanted(void **state)
{
    struct toybox *box = *state;
    struct netns *other = netns_new(box->nl, NULL);
    struct nlmsghdr msg = {.nlmsg_flags = REQ};
    struct req req = {.sock = box->s, .family = &toy_family, .msg = &msg};
    struct sock *far;

    assert_false(notify_wanted(&req));
    msg.nlmsg_flags |= NLM_F_ECHO;
    assert_true(notify_wanted(&req));
    msg.nlmsg_flags = REQ;
    far = listener(other, 9);
    assert_true(notify_wanted(&req));
    sock_leave(far, 9);
    assert_false(notify_wanted(&req));
    netns_free(other);
}

static void test_unicast_and_multicast(void **state)
{
    struct toybox *box = *state;
    uint32_t hdr = 0x11223344;
    struct sock *near = listener(box->ns, 9);
    struct nlmsghdr *msg = msg_new(box->nl, &toy_family, TOY_NEW, &hdr);
    struct dgram *d;

    multicast(box->ns, &toy_family, msg);
    d = toy_recv(near);
    assert_int_equal(toy_msg(d)->nlmsg_pid, 0);
    assert_int_equal(toy_msg(d)->nlmsg_seq, 0);
    g_free(d);
    toy_recv_none(box->s);
    assert_int_equal(unicast(box->ns, 77, msg, 4000), 0);
    assert_int_equal(unicast(box->ns, 0, msg, 4000), -ECONNREFUSED);
    assert_int_equal(unicast(box->ns, 78, msg, 4000), -ECONNREFUSED);
    g_free(toy_recv(box->s));
}

/* Any bytes are survived (meant for the sanitizers). */
static void test_random_bytes(void **state)
{
    struct toybox *box = *state;
    uint32_t x = 1, words[20];

    for (unsigned round = 0; round < 20000; round++) {
        for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
            words[i] = x = x * 1664525 + 1013904223;
        words[0] = 16 + x % 80;
        words[1] = (words[1] & 0x070d0000) | 0x10000 | (x & 512 ? TOYS : GENL_ID_CTRL);
        words[4] &= 0x0000070f;
        words[x & 1024 ? 6 : 5] &= 0x0007001f;
        assert_int_equal(sock_send(box->s, words, sizeof(words)), sizeof(words));
        for (int error = 1; box->s->rx.length || error;)
            g_free(sock_recv(box->s, &error));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TOY_TEST(test_reply_then_ack),
        TOY_TEST(test_no_ack_unless_asked),
        TOY_TEST(test_non_requests_are_acked_only),
        TOY_TEST(test_unknown_family_and_command),
        TOY_TEST(test_one_dump_bit_is_no_dump),
        TOY_TEST(test_young_commands_are_strict),
        TOY_TEST(test_short_headers),
        TOY_TEST(test_damaged_lengths_are_silent),
        TOY_TEST(test_batch),
        TOY_TEST(test_unaligned_buffer),
        TOY_TEST(test_whole_request_in_errors),
        TOY_TEST(test_cap_ack),
        TOY_TEST(test_policy_errors),
        TOY_TEST(test_untyped_rows_have_no_policy),
        TOY_TEST(test_leftover_warning),
        TOY_TEST(test_notify_without_echo),
        TOY_TEST(test_notify_with_echo),
        TOY_TEST(test_notify_wanted),
        TOY_TEST(test_unicast_and_multicast),
        TOY_TEST(test_random_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
