/* test_policy.c - attribute policies answer as the kernel's generic layer does.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/toys.h"

static const char *const refused = "Attribute failed policy validation";

/* An attribute of 'type' at offset 24 of a message. */
struct sample {
    uint32_t words[32];
};

static const struct nlattr *sample(struct sample *x, uint16_t type, const void *data, size_t len)
{
    struct nlattr *a = (void *)&x->words[6];

    memset(x, 0xee, sizeof(*x));
    a->nla_type = type;
    a->nla_len = (uint16_t)(sizeof(*a) + len);
    if (len)
        memcpy(a + 1, data, len);
    return a;
}

static void expect(uint16_t type, const void *data, size_t len, int rc, const char *text)
{
    struct sample x;
    struct err e = {0};
    const struct nlattr *a = sample(&x, type, data, len);

    assert_int_equal(policy_check(&toy_policy[type & NLA_TYPE_MASK], a, &x, &e), rc);
    if (!rc)
        return;
    assert_int_equal(e.code, -rc);
    assert_string_equal(e.text, text);
    assert_true(e.to_client && e.has_offset);
    assert_int_equal(e.offset, 24);
    assert_ptr_equal(e.policy, &toy_policy[type & NLA_TYPE_MASK]);
}

static void test_integers(void **state)
{
    (void)state;
    expect(TOY_ID, "\1\2\3\4", 4, 0, NULL);
    expect(TOY_ID, "\1\2\3\4\5\6\7", 7, 0, NULL);
    expect(TOY_ID, "\1\2\3", 3, -ERANGE, refused);
    expect(TOY_ID, "", 0, -ERANGE, refused);
    expect(TOY_SIZE, "\0\x10\0\0", 4, 0, NULL);
    expect(TOY_SIZE, "\1\x10\0\0", 4, -ERANGE, "integer out of range");
    expect(TOY_INDEX, "\xff\xff\xff\x7f", 4, 0, NULL);
    expect(TOY_INDEX, "\xff\xff\xff\xff", 4, -ERANGE, "integer out of range");
}

static void test_strings(void **state)
{
    static const char longest[17] = "123456789012345";

    (void)state;
    expect(TOY_NAME, "d0", 3, 0, NULL);
    expect(TOY_NAME, longest, 16, 0, NULL);
    expect(TOY_NAME, "", 0, -EINVAL, refused);
    expect(TOY_NAME, "d0", 2, -EINVAL, refused);
    expect(TOY_NAME, "1234567890123456", 17, -EINVAL, refused);
    expect(TOY_NAME, longest, 17, -ERANGE, refused);
    expect(TOY_NAME, "a\0bbbbbbbbbbbbbb", 16, -ERANGE, refused);
    expect(TOY_NAME, "a\0bbbbbbbbbbbbb", 16, 0, NULL);
}

static void test_the_rest(void **state)
{
    (void)state;
    expect(TOY_FLAG, "", 0, 0, NULL);
    expect(TOY_FLAG, "x", 1, -ERANGE, refused);
    expect(TOY_NEST, "", 0, 0, NULL);
    expect(TOY_NEST, "abc", 3, -ERANGE, refused);
    expect(TOY_NEST, "abcd", 4, 0, NULL);
    expect(TOY_NEST | NLA_F_NESTED, "abcd", 4, 0, NULL);
    expect(TOY_KEY, "a", 1, -ERANGE, refused);
    expect(TOY_KEY, "ab", 2, 0, NULL);
    expect(TOY_ANY, "", 0, 0, NULL);
}

static void test_parse_is_liberal(void **state)
{
    const struct nlattr *table[TOY_MAX + 1];
    g_autoptr(GByteArray) list = g_byte_array_new();
    struct err e = {0};
    size_t last;

    (void)state;
    attr_put(list, TOY_ID, "\1\0\0\0", 4);
    attr_put(list, 0, "zero", 4);
    attr_put(list, 900, "unknown", 7);
    last = attr_put(list, TOY_ID, "\2\0\0\0", 4);
    assert_int_equal(
        policy_parse(toy_policy, TOY_MAX, list->data, list->len, list->data, table, &e), 0);
    assert_ptr_equal(table[TOY_ID], list->data + last);
    assert_null(table[TOY_NAME]);
    assert_false(e.to_client);
}

static void test_leftover_is_a_warning(void **state)
{
    static const uint8_t cases[][8] = {{1, 2, 3}, {3, 0, 1, 0}, {9, 0, 1, 0, 0, 0, 0, 0}};
    static const size_t lens[] = {3, 4, 8};
    const struct nlattr *table[TOY_MAX + 1];

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct err e = {0};
        uint32_t words[2];

        memcpy(words, cases[i], 8);
        assert_int_equal(policy_parse(toy_policy, TOY_MAX, words, lens[i], words, table, &e), 0);
        assert_int_equal(e.code, 0);
        assert_true(e.to_client);
        assert_string_equal(e.text, TOY_LEFTOVER);
    }
}

static void expect_strict(const struct policy *rows, uint16_t max, uint16_t type, size_t len,
                          const char *text)
{
    const struct nlattr *table[TOY_MAX + 1];
    g_autoptr(GByteArray) list = g_byte_array_new();
    struct err e = {0};
    int rc;

    attr_put(list, type, "abcdefgh", len);
    rc = policy_parse_strict(rows, max, list->data, list->len, list->data, table, &e);
    assert_int_equal(rc, text ? -EINVAL : 0);
    if (text)
        assert_string_equal(e.text, text);
}

static void test_strict(void **state)
{
    (void)state;
    expect_strict(toy_policy, TOY_MAX, TOY_ID, 4, NULL);
    expect_strict(toy_policy, TOY_MAX, TOY_ID, 5, "invalid attribute length");
    expect_strict(toy_policy, TOY_MAX, 0, 4, "Unknown attribute type");
    expect_strict(toy_policy, TOY_MAX, TOY_MAX + 1, 4, "Unknown attribute type");
    expect_strict(toy_policy, TOY_MAX, TOY_ANY, 4, "Unsupported attribute");
    expect_strict(toy_policy, TOY_MAX, TOY_NEST, 4, "NLA_F_NESTED is missing");
    expect_strict(toy_policy, TOY_MAX, TOY_NEST | NLA_F_NESTED, 4, NULL);
    expect_strict(toy_policy, TOY_MAX, TOY_ID | NLA_F_NESTED, 4, "NLA_F_NESTED not expected");
}

/* What a row says of itself, as attribute types and values in order. */
static void expect_put(const struct policy *row, GByteArray *want)
{
    uint32_t bytes[64];
    struct nlmsghdr *msg = mnl_nlmsg_put_header(bytes);

    assert_int_equal(policy_put(msg, row), want->len > 0);
    assert_int_equal(msg->nlmsg_len, 16 + want->len);
    if (want->len)
        assert_memory_equal(bytes + 4, want->data, want->len);
    g_byte_array_unref(want);
}

static GByteArray *described(uint32_t type, uint16_t min_attr, uint64_t min, uint64_t max)
{
    GByteArray *list = g_byte_array_new();

    if (min_attr) {
        attr_put(list, min_attr, &min, 8);
        attr_put(list, (uint16_t)(min_attr + 1), &max, 8);
    }
    attr_put(list, NL_POLICY_TYPE_ATTR_TYPE, &type, 4);
    return list;
}

static void test_put(void **state)
{
    GByteArray *string = g_byte_array_new();

    (void)state;
    attr_put(string, NL_POLICY_TYPE_ATTR_MAX_LENGTH, "\xf\0\0\0", 4);
    attr_put(string, NL_POLICY_TYPE_ATTR_TYPE, "\xc\0\0\0", 4);
    expect_put(&toy_policy[TOY_NAME], string);
    expect_put(&toy_policy[TOY_ID], described(4, NL_POLICY_TYPE_ATTR_MIN_VALUE_U, 0, UINT32_MAX));
    expect_put(&toy_policy[TOY_SIZE], described(4, NL_POLICY_TYPE_ATTR_MIN_VALUE_U, 0, 4096));
    expect_put(&toy_policy[TOY_INDEX], described(8, NL_POLICY_TYPE_ATTR_MIN_VALUE_S, 0, INT32_MAX));
    expect_put(&toy_policy[TOY_FLAG], described(1, 0, 0, 0));
    expect_put(&toy_policy[TOY_NEST], described(13, 0, 0, 0));
    expect_put(&toy_policy[TOY_KEY], g_byte_array_new());
    expect_put(&toy_policy[TOY_ANY], g_byte_array_new());
}

static void test_lists(void **state)
{
    g_autoptr(GByteArray) list = g_byte_array_new();
    size_t nest = attr_nest_begin(list, 5);
    const struct nlattr *a;

    (void)state;
    attr_put(list, 1, "abc", 3);
    attr_put(list, 2, NULL, 0);
    attr_nest_end(list, nest);
    assert_int_equal(list->len, 16);
    a = attr_find(list->data, list->len, 5);
    assert_non_null(a);
    assert_int_equal(a->nla_len, 16);
    assert_null(attr_find(list->data, list->len, 1));
    assert_true(bytes_are(list->data + 11, 1, 0));
    assert_true(bytes_are("xxx", 3, 'x') && bytes_are("", 0, 'x'));
    assert_false(bytes_are("xxy", 3, 'x') || bytes_are("yxx", 3, 'x'));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_the_rest),
        cmocka_unit_test(test_parse_is_liberal),
        cmocka_unit_test(test_leftover_is_a_warning),
        cmocka_unit_test(test_strict),
        cmocka_unit_test(test_put),
        cmocka_unit_test(test_lists),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
