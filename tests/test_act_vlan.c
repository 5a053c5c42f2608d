/* test_act_vlan.c - push_vlan and pop_vlan: what is refused, and where the tags go.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/openvswitch.h>

#include "tests/packet_tools.h"

#define PUSH(s, hex) row_run(s, &act_push_vlan, OVS_ACTION_ATTR_PUSH_VLAN, hex)
#define POP(s) row_run(s, &act_pop_vlan, OVS_ACTION_ATTR_POP_VLAN, "")

static void test_check(void **state)
{
    struct scene s;
    struct act_scope at;

    (void)state;
    scene_extract(&s, ADDRS "88b5", 0);
    at = scene_scope(&s);
    assert_int_equal(row_check(&s, &at, &act_push_vlan, 4, "9100 1005"), -EINVAL);
    assert_int_equal(row_check(&s, &at, &act_push_vlan, 4, "8100 0005"), -EINVAL);
    assert_false(at.is_tagged);
    assert_int_equal(row_check(&s, &at, &act_push_vlan, 4, "88a8 1005"), 0);
    assert_true(at.is_tagged);
    assert_int_equal(s.stored->len, 8);
    assert_int_equal(row_check(&s, &at, &act_pop_vlan, 5, ""), 0);
    assert_false(at.is_tagged);
    at.has_eth = false;
    assert_int_equal(row_check(&s, &at, &act_push_vlan, 4, "8100 1005"), -EINVAL);
    assert_int_equal(row_check(&s, &at, &act_pop_vlan, 5, ""), -EINVAL);
    scene_done(&s);
}

/* The first push is metadata, and the key knows it. */
static void test_push_once(void **state)
{
    struct scene s;

    (void)state;
    scene_extract(&s, ADDRS "88b5 aa", 0);
    assert_int_equal(PUSH(&s, "8100 3005"), 0);
    assert_frame(&s, ADDRS "88b5 aa");
    assert_int_equal(s.run.pkt->vlan_tci, 0x2005);      /* bit 12 is not sent */
    assert_int_equal(s.key.vlan.tpid, 0x8100);
    assert_int_equal(s.key.vlan.tci, 0x3005);
    assert_false(s.key.is_stale);
    assert_int_equal(pkt_wire_len(s.run.pkt), 19);
    scene_done(&s);
}

/* The second push moves the first tag into the frame; the key shows it after extraction. */
static void test_push_twice_pop_thrice(void **state)
{
    struct scene s;

    (void)state;
    scene_extract(&s, ADDRS "88b5 aa", 0);
    PUSH(&s, "8100 1005");
    assert_int_equal(PUSH(&s, "88a8 1006"), 0);
    assert_frame(&s, ADDRS "8100 0005 88b5 aa");
    assert_true(s.key.is_stale);
    assert_int_equal(s.run.pkt->protocol, 0x8100);
    assert_int_equal(s.run.pkt->mac_len, 18);
    assert_int_equal(key_extract(&s.key, s.run.pkt), 0);
    assert_int_equal(s.key.vlan.tci, 0x1006);
    assert_int_equal(s.key.cvlan.tci, 0x1005);

    assert_int_equal(POP(&s), 0);
    assert_frame(&s, ADDRS "88b5 aa");
    assert_int_equal(s.run.pkt->vlan_tci, 5);
    assert_true(s.key.is_stale);
    assert_int_equal(s.run.pkt->mac_len, 14);
    key_extract(&s.key, s.run.pkt);
    assert_int_equal(POP(&s), 0);
    assert_false(s.run.pkt->has_vlan);
    assert_false(s.key.is_stale);
    assert_int_equal(s.key.vlan.tci, 0);
    assert_int_equal(POP(&s), 0);                       /* nothing there: success */
    assert_frame(&s, ADDRS "88b5 aa");
    scene_done(&s);
}

/* Popping the two tags that a key shows brings up the third. */
static void test_three_tags(void **state)
{
    struct scene s;

    (void)state;
    scene_extract(&s, ADDRS "88a8 0001 8100 0002 8100 0003 0800 45", 0);
    assert_int_equal(POP(&s), 0);
    assert_int_equal(s.run.pkt->vlan_tci, 2);
    assert_frame(&s, ADDRS "8100 0003 0800 45");
    assert_int_equal(POP(&s), 0);
    assert_int_equal(s.run.pkt->vlan_tci, 3);
    assert_frame(&s, ADDRS "0800 45");
    assert_int_equal(s.run.pkt->l3_off, 14);
    assert_int_equal(s.run.pkt->protocol, 0x0800);
    scene_done(&s);
}

/* A tag cut off before its type is no tag for the key, but pop_vlan trips over it. */
static void test_truncated_tag(void **state)
{
    struct scene s;

    (void)state;
    scene_extract(&s, ADDRS "8100 0005 aa", 0);
    assert_false(s.run.pkt->has_vlan);
    assert_int_equal(POP(&s), -ENOMEM);
    assert_frame(&s, ADDRS "8100 0005 aa");
    scene_done(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check),
        cmocka_unit_test(test_push_once),
        cmocka_unit_test(test_push_twice_pop_thrice),
        cmocka_unit_test(test_three_tags),
        cmocka_unit_test(test_truncated_tag),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
