/* test_bend.c - each rule breaks one thing, and everything around it agrees as before.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "netlink/attr.h"
#include "netlink/bend.h"

enum { FIRST, NEST, INNER, DEEP, DEEPEST, EMPTY, LAST, N_ATTRS };       /* in their order */
#define N_SEEDS 200u

struct box {
    struct rng rng;
    struct bend b;
    size_t at[N_ATTRS];
};

/* Two messages; the first has 1 {u32}, 2 { 1 {6 bytes}, 2 { 1 {4 bytes} }, 3 {} }, 3 {5 bytes}. */
static void make(struct box *box, uint64_t seed)
{
    struct nlmsghdr msg = { .nlmsg_type = 77 };
    GByteArray *list = g_byte_array_new();
    size_t nest, deep;

    g_byte_array_append(list, (const uint8_t *)&msg, sizeof(msg));
    box->at[FIRST] = attr_put(list, 1, "1234", 4);
    box->at[NEST] = nest = attr_nest_begin(list, 2);
    box->at[INNER] = attr_put(list, 1, "abcdef", 6);
    box->at[DEEP] = deep = attr_nest_begin(list, 2);
    box->at[DEEPEST] = attr_put(list, 1, "ABCD", 4);
    attr_nest_end(list, deep);
    box->at[EMPTY] = attr_put(list, 3, NULL, 0);
    attr_nest_end(list, nest);
    box->at[LAST] = attr_put(list, 3, "vwxyz", 5);
    msg.nlmsg_len = list->len;
    memcpy(list->data, &msg, sizeof(msg));
    msg.nlmsg_len = sizeof(msg);
    g_byte_array_append(list, (const uint8_t *)&msg, sizeof(msg));
    rng_init(&box->rng, seed);
    box->b = (struct bend){ .bytes = list, .attr = box->at, .n_attrs = N_ATTRS, .rng = &box->rng };
}

static void done(struct box *box)
{
    g_byte_array_unref(box->b.bytes);
}

static const struct nlmsghdr *message(const struct box *box)
{
    return (const void *)box->b.bytes->data;
}

/* Applies the rule to attribute 'i' alone. */
static void bend(struct box *box, const char *rule, size_t i, uint64_t seed)
{
    make(box, seed);
    assert_int_equal(bend_apply(&box->b, bend_rule_by_name(rule), &i, 1), i);
    /* The message has its length, and the one behind it is where it is looked for. */
    assert_int_equal(message(box)->nlmsg_len + sizeof(struct nlmsghdr), box->b.bytes->len);
    assert_int_equal(((const struct nlmsghdr *)(const void *)(box->b.bytes->data + message(box)->nlmsg_len))->nlmsg_len,
                     sizeof(struct nlmsghdr));
}

/* "1:4 2:28 3:5", types and lengths of payloads; then "+N" bytes that are left over. */
static char *list_of(const void *attrs, size_t len)
{
    GString *text = g_string_new(NULL);
    const struct nlattr *a;
    int left;

    attr_for_each(a, attrs, len, left)
        g_string_append_printf(text, "%s%u:%u", text->len ? " " : "", mnl_attr_get_type(a), mnl_attr_get_payload_len(a));
    if (left > 0)
        g_string_append_printf(text, " +%d", left);
    return g_string_free(text, FALSE);
}

static void assert_list(const void *attrs, size_t len, const char *want)
{
    g_autofree char *text = list_of(attrs, len);

    assert_string_equal(text, want);
}

static void assert_message(const struct box *box, const char *want)
{
    assert_list(message(box) + 1, message(box)->nlmsg_len - sizeof(struct nlmsghdr), want);
}

static void assert_nest(const struct box *box, size_t i, const char *want)
{
    const struct nlattr *nest = (const void *)(box->b.bytes->data + box->at[i]);

    assert_list(mnl_attr_get_payload(nest), mnl_attr_get_payload_len(nest), want);
}

static void as_it_is(void **state)
{
    struct box box;

    (void)state;
    make(&box, 0);
    assert_message(&box, "1:4 2:28 3:5");
    assert_nest(&box, NEST, "1:6 2:8 3:0");
    assert_nest(&box, DEEP, "1:4");
    done(&box);
}

static void lengths_of_payloads(void **state)
{
    struct box box;

    (void)state;
    for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
        const struct nlattr *a;

        bend(&box, "attr-short", INNER, seed);
        a = (const void *)(box.b.bytes->data + box.at[INNER]);
        assert_in_range(mnl_attr_get_payload_len(a), 0, 5);
        assert_memory_equal(mnl_attr_get_payload(a), "abcdef", mnl_attr_get_payload_len(a));
        done(&box);
        bend(&box, "attr-long", INNER, seed);
        a = (const void *)(box.b.bytes->data + box.at[INNER]);
        assert_in_range(mnl_attr_get_payload_len(a), 7, 306);
        assert_memory_equal(mnl_attr_get_payload(a), "abcdef", 6);
        done(&box);
    }
}

/* Whatever length an attribute gets, its neighbours are still found, and their padding is zero. */
static void neighbours_stay(void **state)
{
    static const char *const rules[] = { "attr-short", "attr-long", "attr-value", "attr-type" };
    struct box box;

    (void)state;
    for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
        for (size_t i = 0; i < G_N_ELEMENTS(rules); i++) {
            g_autofree char *in = NULL, *out = NULL;

            bend(&box, rules[i], DEEPEST, seed);
            out = list_of(message(&box) + 1, message(&box)->nlmsg_len - sizeof(struct nlmsghdr));
            in = list_of(mnl_attr_get_payload((void *)(box.b.bytes->data + box.at[NEST])),
                         mnl_attr_get_payload_len((void *)(box.b.bytes->data + box.at[NEST])));
            assert_true(g_str_has_prefix(out, "1:4 2:") && g_str_has_suffix(out, " 3:5"));
            assert_true(g_str_has_prefix(in, "1:6 2:") && g_str_has_suffix(in, " 3:0"));
            done(&box);
        }
    }
}

static void lengths_that_lie(void **state)
{
    struct box box;

    (void)state;
    for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
        const struct nlattr *a;

        bend(&box, "attr-tiny", FIRST, seed);
        a = (const void *)(box.b.bytes->data + box.at[FIRST]);
        assert_in_range(a->nla_len, 0, 3);
        done(&box);
        bend(&box, "attr-overrun", INNER, seed);
        a = (const void *)(box.b.bytes->data + box.at[INNER]);
        assert_in_range(box.at[INNER] + a->nla_len, box.at[LAST] + 1, box.at[LAST] + 64);
        done(&box);
    }
}

static void whole_attributes(void **state)
{
    struct box box;

    (void)state;
    bend(&box, "attr-missing", INNER, 0);
    assert_message(&box, "1:4 2:16 3:5");
    assert_nest(&box, NEST, "2:8 3:0");
    done(&box);
    bend(&box, "attr-missing", LAST, 0);
    assert_message(&box, "1:4 2:28");
    done(&box);
    bend(&box, "attr-twice", DEEP, 0);
    assert_message(&box, "1:4 2:40 3:5");
    assert_nest(&box, NEST, "1:6 2:8 2:8 3:0");
    done(&box);
    bend(&box, "attr-order", NEST, 0);
    assert_message(&box, "1:4 3:5 2:28");
    done(&box);
    bend(&box, "attr-order", INNER, 0);
    assert_nest(&box, NEST, "2:8 1:6 3:0");
    done(&box);
}

static void nests(void **state)
{
    struct box box;

    (void)state;
    bend(&box, "nest-empty", NEST, 0);
    assert_message(&box, "1:4 2:0 3:5");
    done(&box);
    for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
        const struct nlattr *nest;
        const char *text;
        g_autofree char *in = NULL;

        bend(&box, "nest-cut", DEEP, seed);
        nest = (const void *)(box.b.bytes->data + box.at[DEEP]);
        assert_in_range(mnl_attr_get_payload_len(nest), 1, 7);
        done(&box);
        bend(&box, "nest-trailing", NEST, seed);
        nest = (const void *)(box.b.bytes->data + box.at[NEST]);
        in = list_of(mnl_attr_get_payload(nest), mnl_attr_get_payload_len(nest));
        text = in + strlen("1:6 2:8 3:0 +");
        assert_true(g_str_has_prefix(in, "1:6 2:8 3:0 +"));
        assert_in_range(*text, '1', '3');
        done(&box);
    }
}

/* Rules leave alone what they cannot be applied to, and choose among the rest. */
static void what_rules_are_for(void **state)
{
    const size_t all[] = { FIRST, NEST, INNER, DEEP, DEEPEST, EMPTY, LAST }, empty[] = { EMPTY };
    unsigned n_chosen[N_ATTRS] = { 0 };
    struct box box;

    (void)state;
    make(&box, 0);
    assert_null(bend_rule_by_name("attr-blue"));
    assert_int_equal(bend_apply(&box.b, bend_rule_by_name("attr-short"), empty, 1), SIZE_MAX);
    assert_int_equal(bend_apply(&box.b, bend_rule_by_name("nest-cut"), empty, 1), SIZE_MAX);
    assert_message(&box, "1:4 2:28 3:5");
    done(&box);
    for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
        make(&box, seed);
        n_chosen[bend_apply(&box.b, bend_rule_by_name("nest-empty"), all, N_ATTRS)]++;
        done(&box);
    }
    assert_int_equal(n_chosen[NEST] + n_chosen[DEEP], N_SEEDS);
    assert_true(n_chosen[NEST] > N_SEEDS / 4 && n_chosen[DEEP] > N_SEEDS / 4);
}

/* The same seed does the same, and every rule does something. */
static void by_seed(void **state)
{
    const size_t all[] = { FIRST, NEST, INNER, DEEP, DEEPEST, EMPTY, LAST };

    (void)state;
    for (size_t i = 0; i < n_bend_rules; i++) {
        struct box a, b, plain;

        make(&plain, 0);
        for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
            make(&a, seed);
            make(&b, seed);
            assert_int_not_equal(bend_apply(&a.b, &bend_rules[i], all, N_ATTRS), SIZE_MAX);
            (void)bend_apply(&b.b, &bend_rules[i], all, N_ATTRS);
            assert_int_equal(a.b.bytes->len, b.b.bytes->len);
            assert_memory_equal(a.b.bytes->data, b.b.bytes->data, a.b.bytes->len);
            assert_true(a.b.bytes->len != plain.b.bytes->len ||
                        memcmp(a.b.bytes->data, plain.b.bytes->data, a.b.bytes->len));
            done(&a);
            done(&b);
        }
        done(&plain);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_it_is),
        cmocka_unit_test(lengths_of_payloads),
        cmocka_unit_test(neighbours_stay),
        cmocka_unit_test(lengths_that_lie),
        cmocka_unit_test(whole_attributes),
        cmocka_unit_test(nests),
        cmocka_unit_test(what_rules_are_for),
        cmocka_unit_test(by_seed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
