/* test_ctrl.c - nlctrl: the families and policies it tells of.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/toys.h"

#define REQ  NLM_F_REQUEST
#define DUMP (NLM_F_REQUEST | NLM_F_DUMP)
#define TOYS 32

static const struct family plain_family = {.name = "plain", .version = 1};
static const struct family late_family = {.name = "late", .version = 1, .group = "late"};

static void put_u32(GByteArray *list, uint16_t type, uint32_t value)
{
    attr_put(list, type, &value, sizeof(value));
}

static void put_name(GByteArray *list, uint16_t type, const char *name)
{
    attr_put(list, type, name, strlen(name) + 1);
}

static void put_head(GByteArray *list, const char *name, uint16_t id, uint32_t version,
                     uint32_t hdrsize, uint32_t max_attr)
{
    put_name(list, CTRL_ATTR_FAMILY_NAME, name);
    attr_put(list, CTRL_ATTR_FAMILY_ID, &id, sizeof(id));
    put_u32(list, CTRL_ATTR_VERSION, version);
    put_u32(list, CTRL_ATTR_HDRSIZE, hdrsize);
    put_u32(list, CTRL_ATTR_MAXATTR, max_attr);
}

/* 'ops': pairs of command and flags. */
static void put_ops(GByteArray *list, const uint32_t *ops, size_t n)
{
    size_t all = attr_nest_begin(list, CTRL_ATTR_OPS), one;

    for (size_t i = 0; i < n; i++) {
        one = attr_nest_begin(list, (uint16_t)(i + 1));
        put_u32(list, CTRL_ATTR_OP_ID, ops[2 * i]);
        put_u32(list, CTRL_ATTR_OP_FLAGS, ops[2 * i + 1]);
        attr_nest_end(list, one);
    }
    attr_nest_end(list, all);
}

static void put_group(GByteArray *list, uint32_t id, const char *name)
{
    size_t all = attr_nest_begin(list, CTRL_ATTR_MCAST_GROUPS), one = attr_nest_begin(list, 1);

    put_u32(list, CTRL_ATTR_MCAST_GRP_ID, id);
    put_name(list, CTRL_ATTR_MCAST_GRP_NAME, name);
    attr_nest_end(list, one);
    attr_nest_end(list, all);
}

static GByteArray *toys_described(void)
{
    static const uint32_t ops[] = {TOY_NEW, 0x1a, TOY_GET, 0x0e, TOY_SET, 0x1a};
    GByteArray *list = g_byte_array_new();

    put_head(list, "toys", TOYS, 3, 4, TOY_MAX);
    put_ops(list, ops, 3);
    put_group(list, 9, "toys");
    return list;
}

static GByteArray *ctrl_described(void)
{
    static const uint32_t ops[] = {CTRL_CMD_GETFAMILY, 0x0e, CTRL_CMD_GETPOLICY, 0x0c};
    GByteArray *list = g_byte_array_new();

    put_head(list, "nlctrl", GENL_ID_CTRL, 2, 0, 0);
    put_ops(list, ops, 2);
    put_group(list, 16, "notify");
    return list;
}

static const struct nlmsghdr *expect_attrs(const struct nlmsghdr *msg, uint8_t cmd, uint16_t flags,
                                           const GByteArray *want)
{
    const struct genlmsghdr *genl = mnl_nlmsg_get_payload(msg);

    assert_int_equal(msg->nlmsg_type, GENL_ID_CTRL);
    assert_int_equal(msg->nlmsg_flags, flags);
    assert_int_equal(genl->cmd, cmd);
    assert_int_equal(genl->version, 2);
    assert_int_equal(msg->nlmsg_len, 20 + want->len);
    assert_memory_equal(genl + 1, want->data, want->len);
    return (const void *)((const uint8_t *)msg + msg->nlmsg_len);
}

static void expect_family(struct toybox *box, const GByteArray *want)
{
    struct dgram *d;

    toy_send(box);
    d = toy_recv(box->s);
    expect_attrs(toy_msg(d), CTRL_CMD_NEWFAMILY, 0, want);
    g_free(d);
    toy_recv_none(box->s);
}

static void test_by_name_and_id(void **state)
{
    struct toybox *box = *state;
    g_autoptr(GByteArray) toys = toys_described();
    g_autoptr(GByteArray) ctrl = ctrl_described();

    toy_request(box, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, REQ);
    mnl_attr_put_strz(box->msg, CTRL_ATTR_FAMILY_NAME, "toys");
    expect_family(box, toys);
    toy_request(box, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, REQ);
    mnl_attr_put_u16(box->msg, CTRL_ATTR_FAMILY_ID, GENL_ID_CTRL);
    expect_family(box, ctrl);
    toy_request(box, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, REQ);
    mnl_attr_put_u16(box->msg, CTRL_ATTR_FAMILY_ID, GENL_ID_CTRL);
    mnl_attr_put_strz(box->msg, CTRL_ATTR_FAMILY_NAME, "toys");
    expect_family(box, toys);
}

static void expect_refusal(struct toybox *box, int error)
{
    toy_send(box);
    toy_expect(box, error, 0, box->seq, NULL, 0);
}

static void test_refusals(void **state)
{
    struct toybox *box = *state;

    toy_request(box, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, REQ);
    expect_refusal(box, -EINVAL);
    toy_request(box, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, REQ);
    mnl_attr_put_strz(box->msg, CTRL_ATTR_FAMILY_NAME, "TOYS");
    expect_refusal(box, -ENOENT);
    toy_request(box, GENL_ID_CTRL, CTRL_CMD_GETPOLICY, REQ);
    expect_refusal(box, -EOPNOTSUPP);
    toy_request(box, GENL_ID_CTRL, CTRL_CMD_GETPOLICY, DUMP);
    expect_refusal(box, -EINVAL);
    toy_request(box, GENL_ID_CTRL, CTRL_CMD_GETPOLICY, DUMP);
    mnl_attr_put_u16(box->msg, CTRL_ATTR_FAMILY_ID, 99);
    expect_refusal(box, -ENOENT);
}

/* Recorded: nlctrl/badlen. */
static void test_bad_name(void **state)
{
    struct toybox *box = *state;
    g_autoptr(GByteArray) tlvs = toy_tlvs("Attribute failed policy validation");
    size_t nest;

    put_u32(tlvs, NLMSGERR_ATTR_OFFS, 20);
    nest = attr_nest_begin(tlvs, NLMSGERR_ATTR_POLICY | NLA_F_NESTED);
    put_u32(tlvs, NL_POLICY_TYPE_ATTR_MAX_LENGTH, 15);
    put_u32(tlvs, NL_POLICY_TYPE_ATTR_TYPE, 12);
    attr_nest_end(tlvs, nest);
    toy_request(box, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, REQ);
    mnl_attr_put_str(box->msg, CTRL_ATTR_FAMILY_NAME, "ovs_flow");
    toy_send(box);
    toy_expect(box, -EINVAL, NLM_F_ACK_TLVS, 1, tlvs->data, tlvs->len);
}

static void expect_done(struct toybox *box)
{
    struct dgram *d = toy_recv(box->s);

    assert_int_equal(d->len, 20);
    assert_int_equal(toy_msg(d)->nlmsg_type, NLMSG_DONE);
    g_free(d);
    toy_recv_none(box->s);
}

static void test_dump_families(void **state)
{
    struct toybox *box = *state;
    g_autoptr(GByteArray) toys = toys_described();
    g_autoptr(GByteArray) ctrl = ctrl_described();
    g_autoptr(GByteArray) plain = g_byte_array_new();
    const struct nlmsghdr *msg;
    struct dgram *d;

    netlink_add_family(box->nl, &plain_family);
    put_head(plain, "plain", 33, 1, 0, 0);
    toy_request(box, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, DUMP);
    toy_send(box);
    d = toy_recv(box->s);
    msg = expect_attrs(toy_msg(d), CTRL_CMD_NEWFAMILY, NLM_F_MULTI, ctrl);
    msg = expect_attrs(msg, CTRL_CMD_NEWFAMILY, NLM_F_MULTI, toys);
    msg = expect_attrs(msg, CTRL_CMD_NEWFAMILY, NLM_F_MULTI, plain);
    assert_ptr_equal(msg, d->data + d->len);
    g_free(d);
    expect_done(box);
}

static void test_numbers(void **state)
{
    struct toybox *box = *state;

    netlink_add_family(box->nl, &plain_family);
    netlink_add_family(box->nl, &late_family);
    assert_int_equal(netlink_n_families(box->nl), 4);
    assert_ptr_equal(netlink_family_at(box->nl, 2), &plain_family);
    assert_int_equal(netlink_family_id(box->nl, &late_family), 34);
    assert_int_equal(netlink_group_id(box->nl, &late_family), 10);
    assert_int_equal(netlink_group_id(box->nl, &plain_family), 0);
    assert_null(netlink_family_by_id(box->nl, 35));
    assert_true(netlink_has_group(box->nl, 16) && netlink_has_group(box->nl, 10));
    assert_false(netlink_has_group(box->nl, 11) || netlink_has_group(box->nl, 0));
}

/* --- GETPOLICY ------------------------------------------------------------------------------ */

static GByteArray *policy_head(void)
{
    static const uint16_t id = TOYS;
    GByteArray *list = g_byte_array_new();

    attr_put(list, CTRL_ATTR_FAMILY_ID, &id, sizeof(id));
    return list;
}

static const struct nlmsghdr *expect_op(const struct nlmsghdr *msg, uint16_t cmd)
{
    g_autoptr(GByteArray) list = policy_head();
    size_t all = attr_nest_begin(list, CTRL_ATTR_OP_POLICY | NLA_F_NESTED);
    size_t one = attr_nest_begin(list, cmd | NLA_F_NESTED);

    put_u32(list, CTRL_ATTR_POLICY_DO, 0);
    attr_nest_end(list, one);
    attr_nest_end(list, all);
    return expect_attrs(msg, CTRL_CMD_GETPOLICY, NLM_F_MULTI, list);
}

static const struct nlmsghdr *expect_row(const struct nlmsghdr *msg, uint16_t attr)
{
    g_autoptr(GByteArray) list = policy_head();
    uint32_t bytes[64];
    struct nlmsghdr *row = mnl_nlmsg_put_header(bytes);
    size_t nest[3] = {attr_nest_begin(list, CTRL_ATTR_POLICY | NLA_F_NESTED),
                      attr_nest_begin(list, NLA_F_NESTED),
                      attr_nest_begin(list, attr | NLA_F_NESTED)};

    assert_true(policy_put(row, &toy_policy[attr]));
    g_byte_array_append(list, mnl_nlmsg_get_payload(row), row->nlmsg_len - 16);
    for (int i = 2; i >= 0; i--)
        attr_nest_end(list, nest[i]);
    return expect_attrs(msg, CTRL_CMD_GETPOLICY, NLM_F_MULTI, list);
}

static void test_policy_of_all_commands(void **state)
{
    static const uint16_t typed[] = {TOY_ID, TOY_NAME, TOY_FLAG, TOY_NEST, TOY_SIZE, TOY_INDEX};
    struct toybox *box = *state;
    const struct nlmsghdr *msg;
    struct dgram *d;

    toy_request(box, GENL_ID_CTRL, CTRL_CMD_GETPOLICY, DUMP);
    mnl_attr_put_strz(box->msg, CTRL_ATTR_FAMILY_NAME, "toys");
    toy_send(box);
    d = toy_recv(box->s);
    msg = expect_op(toy_msg(d), TOY_NEW);
    msg = expect_op(msg, TOY_GET);
    msg = expect_op(msg, TOY_SET);
    for (size_t i = 0; i < G_N_ELEMENTS(typed); i++)
        msg = expect_row(msg, typed[i]);
    assert_ptr_equal(msg, d->data + d->len);
    g_free(d);
    expect_done(box);
}

static void test_policy_of_one_command(void **state)
{
    struct toybox *box = *state;
    struct dgram *d;

    toy_request(box, GENL_ID_CTRL, CTRL_CMD_GETPOLICY, DUMP);
    mnl_attr_put_u16(box->msg, CTRL_ATTR_FAMILY_ID, TOYS);
    mnl_attr_put_u32(box->msg, CTRL_ATTR_OP, TOY_GET);
    toy_send(box);
    d = toy_recv(box->s);
    expect_row(expect_op(toy_msg(d), TOY_GET), TOY_ID);
    g_free(d);
    expect_done(box);
}

static void test_policy_of_an_unknown_command(void **state)
{
    struct toybox *box = *state;
    g_autoptr(GByteArray) tlvs = g_byte_array_new();

    put_u32(tlvs, NLMSGERR_ATTR_OFFS, 28);
    toy_request(box, GENL_ID_CTRL, CTRL_CMD_GETPOLICY, DUMP);
    mnl_attr_put_u16(box->msg, CTRL_ATTR_FAMILY_ID, TOYS);
    mnl_attr_put_u32(box->msg, CTRL_ATTR_OP, 99);
    toy_send(box);
    toy_expect(box, -ENOENT, NLM_F_ACK_TLVS, 1, tlvs->data, tlvs->len);
}

static void test_policy_requests_are_strict(void **state)
{
    struct toybox *box = *state;
    g_autoptr(GByteArray) tlvs = toy_tlvs("Unsupported attribute");

    put_u32(tlvs, NLMSGERR_ATTR_OFFS, 20);
    toy_request(box, GENL_ID_CTRL, CTRL_CMD_GETPOLICY, DUMP);
    mnl_attr_put_u32(box->msg, CTRL_ATTR_VERSION, 1);
    toy_send(box);
    toy_expect(box, -EINVAL, NLM_F_ACK_TLVS, 1, tlvs->data, tlvs->len);
    assert_null(box->s->dump);
}

static void test_nothing_has_a_policy(void **state)
{
    struct toybox *box = *state;

    netlink_add_family(box->nl, &plain_family);
    toy_request(box, GENL_ID_CTRL, CTRL_CMD_GETPOLICY, DUMP);
    mnl_attr_put_strz(box->msg, CTRL_ATTR_FAMILY_NAME, "plain");
    expect_refusal(box, -ENODATA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TOY_TEST(test_by_name_and_id),
        TOY_TEST(test_refusals),
        TOY_TEST(test_bad_name),
        TOY_TEST(test_dump_families),
        TOY_TEST(test_numbers),
        TOY_TEST(test_policy_of_all_commands),
        TOY_TEST(test_policy_of_one_command),
        TOY_TEST(test_policy_of_an_unknown_command),
        TOY_TEST(test_policy_requests_are_strict),
        TOY_TEST(test_nothing_has_a_policy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
