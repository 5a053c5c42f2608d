/* test_act_mpls.c - push_mpls, pop_mpls, add_mpls and the Ethernet actions they meet.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/openvswitch.h>

#include "tests/packet_tools.h"

#define IP "45000014 00010000 40320000 0a000001 0a000002"
#define LSE1 "00064140"
#define LSE2 "00065140"

#define CHECK(s, at, name, NAME, hex) row_check(s, at, &act_##name, OVS_ACTION_ATTR_##NAME, hex)
#define RUN(s, name, NAME, hex) row_run(s, &act_##name, OVS_ACTION_ATTR_##NAME, hex)

static void test_push_check(void **state)
{
    struct scene s;
    struct act_scope at;

    (void)state;
    scene_extract(&s, ADDRS "0800" IP, 0);
    at = scene_scope(&s);
    assert_int_equal(CHECK(&s, &at, push_mpls, PUSH_MPLS, LSE1 "0800 0000"), -EINVAL);
    at.is_tagged = true;
    assert_int_equal(CHECK(&s, &at, push_mpls, PUSH_MPLS, LSE1 "8847 0000"), -EINVAL);
    at.is_tagged = false;
    at.eth_type = 0x88b5;
    assert_int_equal(CHECK(&s, &at, push_mpls, PUSH_MPLS, LSE1 "8847 0000"), -EINVAL);
    at.eth_type = 0x0806;
    assert_int_equal(CHECK(&s, &at, push_mpls, PUSH_MPLS, LSE1 "8848 0000"), 0);
    assert_int_equal(at.eth_type, 0x8848);
    assert_int_equal(at.n_mpls, 1);
    scene_done(&s);
}

/* After the last known label the type is unknown, whatever the client says. */
static void test_pop_check(void **state)
{
    struct scene s;
    struct act_scope at;

    (void)state;
    scene_extract(&s, ADDRS "8847 00064040" LSE2 IP, 0);
    at = scene_scope(&s);
    assert_int_equal(at.n_mpls, 2);
    assert_int_equal(CHECK(&s, &at, pop_mpls, POP_MPLS, "6558"), -EINVAL);
    assert_int_equal(CHECK(&s, &at, pop_mpls, POP_MPLS, "8847"), 0);
    assert_int_equal(at.eth_type, 0x8847);
    assert_int_equal(CHECK(&s, &at, pop_mpls, POP_MPLS, "8847"), 0);
    assert_int_equal(at.eth_type, 0);
    assert_int_equal(CHECK(&s, &at, pop_mpls, POP_MPLS, "0800"), -EINVAL);
    at = scene_scope(&s);
    CHECK(&s, &at, pop_mpls, POP_MPLS, "0800");
    assert_int_equal(at.eth_type, 0);
    at = scene_scope(&s);
    at.is_tagged = true;
    assert_int_equal(CHECK(&s, &at, pop_mpls, POP_MPLS, "0800"), -EINVAL);
    scene_done(&s);
}

static void test_add_check(void **state)
{
    struct scene s;
    struct act_scope at;

    (void)state;
    scene_extract(&s, ADDRS "8847 00064040" LSE2 IP, 0);
    at = scene_scope(&s);
    assert_int_equal(CHECK(&s, &at, add_mpls, ADD_MPLS, LSE1 "8847 0000"), 0);
    assert_int_equal(at.n_mpls, 1);
    assert_false(at.has_eth);
    assert_int_equal(CHECK(&s, &at, add_mpls, ADD_MPLS, LSE1 "8847 0100"), 0);
    assert_int_equal(at.n_mpls, 2);
    at.is_tagged = true;
    assert_int_equal(CHECK(&s, &at, add_mpls, ADD_MPLS, LSE1 "8847 0100"), -EINVAL);
    assert_int_equal(CHECK(&s, &at, add_mpls, ADD_MPLS, LSE1 "0800 0000"), -EINVAL);
    scene_done(&s);
}

/* Recorded: a list inside goes by the flow's Ethernet header, also where it is behind a label by then. */
static void test_nested_list_has_the_flows_header(void **state)
{
    static const uint8_t pop_vlan[] = { 4, 0, OVS_ACTION_ATTR_POP_VLAN, 0 };
    struct scene s;
    struct act_scope at;

    (void)state;
    scene_extract(&s, ADDRS "8847 00064140" IP, 0);
    at = scene_scope(&s);
    assert_int_equal(CHECK(&s, &at, add_mpls, ADD_MPLS, LSE1 "8847 0000"), 0);
    assert_int_equal(CHECK(&s, &at, pop_vlan, POP_VLAN, ""), -EINVAL);
    assert_int_equal(acts_check_nested(&at, pop_vlan, sizeof(pop_vlan), NULL), 0);
    scene_done(&s);
}

static void test_push_and_pop(void **state)
{
    struct scene s;

    (void)state;
    scene_extract(&s, ADDRS "0800" IP, 0);
    assert_int_equal(RUN(&s, push_mpls, PUSH_MPLS, LSE1 "8847 0000"), 0);
    assert_frame(&s, ADDRS "8847" LSE1 IP);
    assert_true(s.key.is_stale);
    assert_int_equal(s.key.eth_type, 0x0800);       /* until it is extracted again */
    assert_int_equal(s.run.pkt->l3_off, 14);
    key_extract(&s.key, s.run.pkt);
    assert_int_equal(be32_get(s.key.mpls.lse[0]), 0x00064140);
    assert_int_equal(RUN(&s, pop_mpls, POP_MPLS, "0800"), 0);
    assert_frame(&s, ADDRS "0800" IP);
    key_extract(&s.key, s.run.pkt);
    assert_int_equal(s.key.ip_proto, 50);
    scene_done(&s);
}

/* Behind an inner tag the packet does not count as MPLS: pop_mpls leaves it alone. */
static void test_pop_behind_inner_tag(void **state)
{
    struct scene s;
    struct act_scope at;

    (void)state;
    scene_extract(&s, ADDRS "88a8 0001 8100 0002 8847" LSE1 IP, 0);
    at = scene_scope(&s);
    at.is_tagged = false;
    assert_int_equal(CHECK(&s, &at, pop_mpls, POP_MPLS, "0800"), 0);
    assert_int_equal(act_pop_mpls.run(&s.run, (const struct nlattr *)s.stored->data, true), 0);
    assert_frame(&s, ADDRS "8100 0002 8847" LSE1 IP);
    scene_done(&s);
}

/* A label before the Ethernet header makes an L3 packet of it; popping with type 0x6558 undoes it. */
static void test_label_before_ethernet(void **state)
{
    struct scene s;

    (void)state;
    scene_extract(&s, ADDRS "0800" IP, 0);
    assert_int_equal(RUN(&s, add_mpls, ADD_MPLS, LSE1 "8847 0000"), 0);
    assert_frame(&s, LSE1 ADDRS "0800" IP);
    assert_int_equal(s.key.mac_proto, KEY_MAC_NONE);
    assert_int_equal(key_extract(&s.key, s.run.pkt), 0);
    assert_int_equal(s.key.eth_type, 0x8847);
    assert_int_equal(RUN(&s, pop_mpls, POP_MPLS, "6558"), 0);
    assert_frame(&s, ADDRS "0800" IP);
    assert_int_equal(s.key.mac_proto, KEY_MAC_ETH);
    assert_int_equal(key_extract(&s.key, s.run.pkt), 0);
    assert_int_equal(s.key.eth_type, 0x0800);
    scene_done(&s);
}

static void test_pop_eth_push_eth(void **state)
{
    struct scene s;

    (void)state;
    scene_extract(&s, ADDRS "0800" IP, 0);
    assert_int_equal(RUN(&s, push_eth, PUSH_ETH, "0a0000000001 0a0000000002"), -EINVAL);
    assert_int_equal(RUN(&s, pop_eth, POP_ETH, ""), 0);
    assert_frame(&s, IP);
    assert_int_equal(s.run.pkt->l3_off, 0);
    assert_false(s.run.pkt->has_eth);
    assert_int_equal(RUN(&s, pop_eth, POP_ETH, ""), -EINVAL);
    assert_int_equal(RUN(&s, push_eth, PUSH_ETH, "0a0000000001 0a0000000002"), 0);
    assert_frame(&s, "0a0000000002 0a0000000001 0800" IP);
    assert_int_equal(s.run.pkt->l3_off, 14);
    assert_true(s.key.is_stale);
    scene_done(&s);
}

/* The check knows one tag only; a second one is found when the packet comes. */
static void test_eth_with_tag(void **state)
{
    struct scene s;
    struct act_scope at;

    (void)state;
    scene_extract(&s, ADDRS "8100 0001 0800" IP, 0);
    assert_int_equal(RUN(&s, pop_eth, POP_ETH, ""), -EINVAL);
    at = scene_scope(&s);
    at.is_tagged = false;
    assert_int_equal(CHECK(&s, &at, pop_eth, POP_ETH, ""), 0);
    assert_int_equal(act_pop_eth.run(&s.run, (const struct nlattr *)s.stored->data, true), -EPROTO);
    at.has_eth = false;
    assert_int_equal(CHECK(&s, &at, push_eth, PUSH_ETH, "0a0000000001 0a0000000002"), 0);
    assert_int_equal(act_push_eth.run(&s.run, (const struct nlattr *)s.stored->data, true), -EPROTO);
    assert_frame(&s, ADDRS "0800" IP);
    scene_done(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_push_check),
        cmocka_unit_test(test_pop_check),
        cmocka_unit_test(test_add_check),
        cmocka_unit_test(test_nested_list_has_the_flows_header),
        cmocka_unit_test(test_push_and_pop),
        cmocka_unit_test(test_pop_behind_inner_tag),
        cmocka_unit_test(test_label_before_ethernet),
        cmocka_unit_test(test_pop_eth_push_eth),
        cmocka_unit_test(test_eth_with_tag),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
