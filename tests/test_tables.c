/* test_tables.c - every row of the key and action tables is sound, and random keys survive
 * key_put() and match_parse() byte for byte.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/openvswitch.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/draw.h"
#include "dp/act_rows.h"
#include "netlink/attr.h"

#define N_ROUNDS 30000
#define N_CUT 3000              /* keys whose attributes are bent */
#define ROOM 4096

/* ---- rows ------------------------------------------------------------------------------------ */

static bool is_padded(unsigned type)
{
    return type == OVS_KEY_ATTR_ARP || type == OVS_KEY_ATTR_CT_ORIG_TUPLE_IPV4 ||
           type == OVS_KEY_ATTR_CT_ORIG_TUPLE_IPV6;
}

/* Fields lie inside the payload and do not overlap. Returns how many bytes they take. */
static size_t check_fields(const char *uapi, const struct key_field *field, unsigned n, size_t len)
{
    uint64_t taken = 0;

    for (unsigned i = 0; i < n; i++) {
        const struct key_field *f = &field[i];
        uint64_t bytes = ((UINT64_C(1) << f->wire_size) - 1) << f->wire_off;

        if (!f->name || !f->wire || f->wire_off + f->wire_size > len || taken & bytes)
            fail_msg("%s: field %u is not where it should be", uapi, i);
        assert_true(!f->wire->size || f->wire->size == f->wire_size);
        for (unsigned j = 0; j < i; j++)
            assert_string_not_equal(f->name, field[j].name);
        taken |= bytes;
    }
    return (size_t)__builtin_popcountll(taken);
}

static void check_key_offsets(const struct key_attr *row)
{
    for (unsigned i = 0; i < row->n_fields; i++) {
        const struct key_field *f = &row->field[i];

        assert_true(f->key_size && f->key_off + f->key_size <= sizeof(struct flow_key));
        assert_true(f->wire->is_num || f->key_size == f->wire_size);
        assert_true(!f->wire->is_num || f->key_size == 1 || f->key_off % f->key_size == 0);
        assert_true(!f->max || f->wire->is_num);
    }
}

static void check_version(uint16_t since, uint16_t until)
{
    assert_true(since == 0 || (since >= KVER(3, 3) && since <= KVER(6, 12)));    /* profile 6.1 */
    assert_true(until == 0 || until > since);
}

static void check_key_row(unsigned type)
{
    const struct key_attr *row = &key_attrs[type];
    size_t sum;

    assert_true(g_str_has_prefix(row->uapi, "OVS_KEY_ATTR_"));
    assert_non_null(row->name);
    check_version(row->since, row->until);
    assert_true(!row->get == !row->put);
    assert_true(row->n_fields || (row->format && row->scan));
    if (row->len < 0 || !row->n_fields)
        return;
    sum = check_fields(row->uapi, row->field, row->n_fields, (size_t)row->len);
    assert_true(is_padded(type) ? sum < (size_t)row->len : sum == (size_t)row->len);
    check_key_offsets(row);
}

static void test_key_rows(void **state)
{
    (void)state;
    for (unsigned i = 0; i < N_KEY_ATTRS; i++) {
        if (!key_attrs[i].uapi)
            continue;
        check_key_row(i);
        for (unsigned j = 0; j < i; j++) {
            if (key_attrs[j].uapi)
                assert_string_not_equal(key_attrs[i].name, key_attrs[j].name);
        }
    }
}

static void check_act_row(const struct act *row)
{
    size_t sum;

    assert_true(g_str_has_prefix(row->uapi, "OVS_ACTION_ATTR_"));
    assert_non_null(row->name);
    check_version(row->since, row->until);
    if (!profile_has(&profile_6_1, row->since, row->until))
        return;                 /* not emulated: a name, a number and a version */
    assert_non_null(row->run);
    assert_true(!row->format == !row->scan);
    assert_true(row->len >= 0 || row->len == ACT_LEN_VAR);
    assert_true(row->len >= 0 || (row->check && row->format));
    assert_true(row->n_fields || row->format || !row->len);
    if (!row->n_fields || row->len < 0)
        return;
    sum = check_fields(row->uapi, row->field, row->n_fields, (size_t)row->len);
    assert_true(sum <= (size_t)row->len && (size_t)row->len - sum < 4);     /* a struct's padding */
}

static void test_act_rows(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ACT_SET_TO_MASKED; i++) {
        if (!act_table[i])
            continue;
        check_act_row(act_table[i]);
        for (unsigned j = 0; j < i; j++) {
            if (act_table[j] && i != OVS_ACTION_ATTR_SET_MASKED)    /* both are "set" in text */
                assert_string_not_equal(act_table[i]->name, act_table[j]->name);
        }
    }
    assert_non_null(act_table[ACT_SET_TO_MASKED]);
    assert_null(act_table[0]);
}

/* ---- random keys ----------------------------------------------------------------------------- */

static struct flow_key random_key(struct rng *r)
{
    const struct draw d = {.r = r, .n_ports = 4};
    struct flow_key key;

    key_generate(&d, &key);
    return key;
}

/* ---- there and back -------------------------------------------------------------------------- */

/* A message with one nest of a key, or of a mask. */
struct encoded {
    _Alignas(8) uint8_t bytes[ROOM];
    const struct nlattr *nest;
    size_t len;
};

static void encode(struct encoded *x, const struct flow_key *key, const struct flow_key *mask)
{
    struct nlmsghdr *msg;

    memset(x->bytes, 0, sizeof(x->bytes));
    msg = mnl_nlmsg_put_header(x->bytes);
    x->nest = mnl_nlmsg_get_payload(msg);
    key_put(msg, OVS_FLOW_ATTR_KEY, key, mask ? mask : key, mask != NULL);
    x->len = msg->nlmsg_len;
    assert_true(x->len < sizeof(x->bytes));
}

struct parsed {
    struct flow_key key;
    struct flow_mask mask;
    struct match m;
    struct err e;
};

static int parse(struct parsed *p, const struct nlattr *key, const struct nlattr *mask)
{
    memset(p, 0, sizeof(*p));
    p->m.key = &p->key;
    p->m.mask = &p->mask;
    return match_parse(&p->m, key, mask, true, &p->e);
}

static void round_trip(const struct flow_key *key, unsigned round)
{
    struct encoded first, second, mask, mask_again;
    struct parsed p;

    encode(&first, key, NULL);
    if (parse(&p, first.nest, NULL))
        fail_msg("round %u: %s", round, p.e.text);
    assert_memory_equal(&p.key, key, sizeof(*key));
    encode(&second, &p.key, NULL);
    assert_int_equal(second.len, first.len);
    assert_memory_equal(second.bytes, first.bytes, first.len);
    /* The exact mask, sent as a mask, means the same again. */
    encode(&mask, key, &p.mask.key);
    if (parse(&p, first.nest, mask.nest))
        fail_msg("round %u, mask: %s", round, p.e.text);
    encode(&mask_again, key, &p.mask.key);
    assert_int_equal(mask_again.len, mask.len);
    assert_memory_equal(mask_again.bytes, mask.bytes, mask.len);
}

static void test_round_trip(void **state)
{
    struct rng r;

    (void)state;
    rng_init(&r, 1);
    for (unsigned i = 0; i < N_ROUNDS; i++) {
        struct flow_key key = random_key(&r);

        round_trip(&key, i);
    }
}

/* A mask of the same shape: it is legal, and what comes back is what a second round gives too. */
static void test_random_masks(void **state)
{
    struct rng r;
    const struct draw d = {.r = &r, .n_ports = 4};
    unsigned n_legal = 0;

    (void)state;
    rng_init(&r, 2);
    for (unsigned i = 0; i < N_ROUNDS; i++) {
        struct flow_key key = random_key(&r), drawn;
        struct encoded x, mask, again;
        struct parsed p;

        encode(&x, &key, NULL);
        assert_int_equal(parse(&p, x.nest, NULL), 0);
        key_mask_generate(&d, &key, &drawn);
        encode(&mask, &key, &drawn);
        if (parse(&p, x.nest, mask.nest)) {             /* the nest of NSH under a type that is not decided */
            assert_true(key.eth_type == ETH_P_NSH && !drawn.eth_type);
            continue;
        }
        n_legal++;
        encode(&mask, &key, &p.mask.key);
        assert_int_equal(parse(&p, x.nest, mask.nest), 0);
        encode(&again, &key, &p.mask.key);
        assert_int_equal(again.len, mask.len);
        assert_memory_equal(again.bytes, mask.bytes, mask.len);
    }
    assert_true(n_legal > N_ROUNDS * 9 / 10);
}

/* ---- wrong lengths --------------------------------------------------------------------------- */

/* A copy of a nest in which attribute number 'which' has 'change' bytes more or less. */
static void put_bent(GByteArray *out, const struct nlattr *nest, unsigned which, int change)
{
    size_t start = attr_nest_begin(out, OVS_FLOW_ATTR_KEY);
    uint8_t payload[ROOM] = {0};
    const struct nlattr *a;
    unsigned i = 0;
    int left;

    attr_for_each_nested(a, nest, left)
    {
        size_t len = mnl_attr_get_payload_len(a);

        memcpy(payload, mnl_attr_get_payload(a), len);
        payload[len] = 0;
        attr_put(out, mnl_attr_get_type(a), payload, i++ == which ? len + (size_t)change : len);
    }
    attr_nest_end(out, start);
}

static void expect_refused(const struct nlattr *nest, unsigned which, unsigned type, int change)
{
    g_autoptr(GByteArray) bent = g_byte_array_new();
    struct parsed p;

    put_bent(bent, nest, which, change);
    if (parse(&p, (const struct nlattr *)bent->data, NULL) != -EINVAL)
        fail_msg("%s with %d byte is accepted", key_attrs[type].uapi, change);
    assert_int_equal(p.e.code, EINVAL);
    assert_true(p.e.text[0]);
}

static void test_wrong_lengths(void **state)
{
    struct rng r;

    (void)state;
    rng_init(&r, 3);
    for (unsigned i = 0; i < N_CUT; i++) {
        struct flow_key key = random_key(&r);
        struct encoded x;
        const struct nlattr *a;
        unsigned which = 0;
        int left;

        encode(&x, &key, NULL);
        attr_for_each_nested(a, x.nest, left)
        {
            unsigned type = mnl_attr_get_type(a);

            expect_refused(x.nest, which, type, 1);
            /* The last bytes of a nest may be mere padding. */
            if (key_attrs[type].len != KEY_LEN_NESTED)
                expect_refused(x.nest, which, type, -1);
            which++;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_key_rows),     cmocka_unit_test(test_act_rows),
        cmocka_unit_test(test_round_trip),   cmocka_unit_test(test_random_masks),
        cmocka_unit_test(test_wrong_lengths),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
