/* test_ct_nat_attrs.c - the attributes of nat() of ct(): what is refused, what is put for what was given. Catalogue 09.6.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/nat_tools.h"

#include <errno.h>
#include <linux/openvswitch.h>

/* A nest of attributes from text: "1 3:0a010101". */
static GByteArray *nest_of(const char *text)
{
    GByteArray *out = g_byte_array_new();
    size_t nest = attr_nest_begin(out, OVS_CT_ATTR_NAT);
    g_auto(GStrv) words = g_strsplit(text, " ", -1);

    for (char **w = words; *w && **w; w++) {
        uint8_t value[32];
        char *colon = strchr(*w, ':');
        size_t len = colon ? hex_bytes(colon + 1, value, sizeof(value)) : 0;

        attr_put(out, (uint16_t)atoi(*w), value, len);
    }
    attr_nest_end(out, nest);
    return out;
}

static int check(const char *text, bool has_commit, uint16_t type, struct ct_nat_args *nat)
{
    g_autoptr(GByteArray) nest = nest_of(text);
    struct err e = {0};
    int error = act_ct_nat_check((const void *)nest->data, has_commit, type, nat, &e);

    assert_int_equal(error != 0, e.text[0] != '\0');
    return error;
}

static void test_attributes(void **state)
{
    static const struct {
        const char *attrs;
        bool has_commit;
        int error;
    } rows[] = {
        { "", false, 0 },
        { "1", true, 0 },
        { "1", false, -EINVAL },
        { "1 2", true, -ERANGE },
        { "2 2", true, -ERANGE },
        { "1 2", false, -ERANGE },
        { "3:0a010101", true, -EINVAL },
        { "7", false, -EINVAL },
        { "1 3:0a0101", true, -EINVAL },
        { "1 3:0a010101000000000000000000000000", true, -EINVAL },
        { "1:00", true, -EINVAL },
        { "1 5:e803 6:e903 7 8 9", true, 0 },
        { "10", true, -EINVAL },
        { "0", true, -EINVAL },
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct ct_nat_args nat = {0};
        int error = check(rows[i].attrs, rows[i].has_commit, ETH_P_IP, &nat);

        if (error != rows[i].error)
            fail_msg("%s: %d", rows[i].attrs, error);
        if (error)
            assert_int_equal(nat.kind, CT_NAT_NONE);
    }
}

/* What is put for what was given. */
static void test_put(void **state)
{
    static const struct {
        const char *given, *put;
        uint16_t type;
    } rows[] = {
        { "", "", ETH_P_IP },
        { "2 3:0a010101", "2 3:0a010101", ETH_P_IP },
        { "9 8 7 6:e903 5:e803 4:0a010109 3:0a010101 1", "1 3:0a010101 4:0a010109 5:e803 6:e903 7 8 9",
          ETH_P_IP },
        { "1 3:0a010101 4:0a010101 5:e803 6:e803", "1 3:0a010101 5:e803", ETH_P_IP },
        { "1 4:0a010101 6:e803", "1 3:00000000 4:0a010101 5:0000 6:e803", ETH_P_IP },
        { "1 3:fd000000000000000000000000000001", "1 3:fd000000000000000000000000000001", ETH_P_IPV6 },
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GByteArray) expected = nest_of(rows[i].put);
        uint32_t buffer[64] = {0};
        struct nlmsghdr *msg = mnl_nlmsg_put_header(buffer);
        struct ct_nat_args nat = {0};

        assert_int_equal(check(rows[i].given, true, rows[i].type, &nat), 0);
        act_ct_nat_put(msg, &nat);
        assert_int_equal(msg->nlmsg_len - NLMSG_HDRLEN, expected->len);
        assert_memory_equal(mnl_nlmsg_get_payload(msg), expected->data, expected->len);
    }
}

/* A second NAT attribute goes on where the first has ended. */
static void test_two_nests(void **state)
{
    struct ct_nat_args nat = {0};

    (void)state;
    assert_int_equal(check("1 3:0a010101", true, ETH_P_IP, &nat), 0);
    assert_int_equal(check("", true, ETH_P_IP, &nat), 0);
    assert_int_equal(nat.kind, CT_NAT_SRC);
    assert_int_equal(check("2", true, ETH_P_IP, &nat), -ERANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_attributes),
        cmocka_unit_test(test_put),
        cmocka_unit_test(test_two_nests),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
