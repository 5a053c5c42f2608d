/* test_rt.c - rtnetlink and netfilter messages, and links.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/rt_tools.h"

#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>


/* ---- the front door -------------------------------------------------------------------------- */

static void one_dump_bit_is_enough(void **state)
{
    const struct rtgenmsg gen = { .rtgen_family = AF_INET };
    struct talk *t = *state;

    begin(t, RTM_GETRULE, 0x501, &gen, sizeof(gen));
    assert_int_equal(call(t), 0);
    assert_true(t->is_done);
    assert_int_equal(t->answers->len, 3);
    begin(t, RTM_GETLINK, NLM_F_DUMP, &gen, sizeof(gen));
    assert_int_equal(call(t), 0);
    assert_true(t->is_done);
    assert_string_equal(mnl_attr_get_str(link_attr(answer(t, 0), IFLA_IFNAME)), "lo");
}

static void odd_requests_are_refused(void **state)
{
    struct talk *t = *state;
    const uint8_t family = AF_INET;

    begin(t, RTM_GETLINK, NLM_F_ACK, NULL, 0);
    assert_int_equal(call(t), 0);       /* no family byte: nothing is done, and that is told */
    begin(t, RTM_MAX + 1, NLM_F_ACK, &family, 1);
    assert_int_equal(call(t), -EOPNOTSUPP);
    begin(t, RTM_NEWRULE, NLM_F_ACK, &family, 1);
    assert_int_equal(call(t), -EINVAL);
    assert_string_equal(t->text, "Invalid msg length");
    begin(t, RTM_NEWADDR, NLM_F_ACK, &family, 1);
    assert_int_equal(call(t), -EINVAL);
    assert_string_equal(t->text, "Invalid header length");
    assert_int_equal(link_do(t, RTM_GETLINK, NULL, 0, 0), -EINVAL);
    assert_int_equal(link_do(t, RTM_GETLINK, "nobody", 0, 0), -ENODEV);
    assert_int_equal(link_do(t, RTM_DELLINK, "lo", 0, 0), -EOPNOTSUPP);
}

static void strict_sockets_have_headers_checked(void **state)
{
    const struct ifaddrmsg ifa = { .ifa_prefixlen = 3 };
    struct talk *t = *state;

    begin(t, RTM_GETADDR, NLM_F_DUMP, &ifa, sizeof(ifa));
    assert_int_equal(call(t), 0);
    assert_int_equal(t->answers->len, 2);
    assert_int_equal(sock_set_option(t->sock, SOL_NETLINK, NETLINK_GET_STRICT_CHK, 1), 0);
    assert_int_equal(call(t), -EINVAL);
    assert_string_equal(t->text, "ipv4: Invalid values in header for address dump request");
    begin(t, RTM_GETROUTE, NLM_F_DUMP, &ifa, 1);
    assert_int_equal(call(t), -EINVAL);
    assert_string_equal(t->text, "Invalid header for FIB dump request");
}

/* Whatever bytes come, nothing breaks (the sanitizers look). */
static void rubbish_is_survived(void **state)
{
    struct talk *t = *state;
    uint32_t x = 1;
    uint8_t bytes[256];

    assert_int_equal(new_link(t, "v0", "veth", 0), 0);
    for (unsigned round = 0; round < 20000; round++) {
        for (size_t i = 0; i < sizeof(bytes); i++) {
            x = x * 1664525 + 1013904223;
            bytes[i] = (uint8_t)(x >> 24) & (x & 0x100 ? 0xff : 0x0f);
        }
        bytes[0] = round % 2 ? AF_INET : AF_INET6;
        for (size_t at = 12 + round % 3 * 4; at + 8 < sizeof(bytes); at += 12)
            bytes[at + 1] = 0;
        begin(t, (uint16_t)(RTM_BASE + round % (RTM_MAX + 1 - RTM_BASE)),
              (uint16_t)(x >> 8 & (NLM_F_DUMP | NLM_F_CREATE)), bytes, x >> 16 & 0xfc);
        (void)call(t);
    }
}

/* ---- links ----------------------------------------------------------------------------------- */

static void every_kind_can_be_made(void **state)
{
    static const char *const kinds[] = { "dummy", "veth", "vxlan", "geneve", "gretap", "erspan",
                                         "ip6gretap", "ip6erspan", "gre", "ip6gre" };
    struct talk *t = *state;

    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        const struct nlattr *info;

        assert_int_equal(new_link(t, kinds[i], kinds[i], NLM_F_EXCL), 0);
        assert_int_equal(new_link(t, kinds[i], kinds[i], NLM_F_EXCL), -EEXIST);
        assert_int_equal(link_do(t, RTM_GETLINK, kinds[i], 0, 0), 0);
        info = link_attr(answer(t, 0), IFLA_LINKINFO);
        assert_string_equal(mnl_attr_get_str(attr_find(mnl_attr_get_payload(info),
                                                       mnl_attr_get_payload_len(info),
                                                       IFLA_INFO_KIND)), kinds[i]);
        assert_int_equal(link_do(t, RTM_DELLINK, kinds[i], 0, 0), 0);
    }
    assert_int_equal(t->ns->devices->len, 1);
    assert_int_equal(new_link(t, "b", "bridge", NLM_F_EXCL), -EOPNOTSUPP);
    assert_string_equal(t->text, "Unknown device type");
    assert_int_equal(new_link(t, "b", "", NLM_F_EXCL), -EOPNOTSUPP);
    assert_int_equal(new_link(t, "a/b", "dummy", NLM_F_EXCL), -EINVAL);
}

static void listeners_hear_of_links(void **state)
{
    struct talk *t = *state;
    const struct ifinfomsg *ifi;

    assert_int_equal(sock_join(t->sock, RTNLGRP_LINK), 0);
    assert_int_equal(new_link(t, "d0", "dummy", 0), 0);
    assert_int_equal(t->answers->len, 1);
    assert_int_equal(answer(t, 0)->nlmsg_type, RTM_NEWLINK);
    assert_int_equal(answer(t, 0)->nlmsg_pid, 0);
    assert_int_equal(answer(t, 0)->nlmsg_seq, 0);
    assert_int_equal(link_do(t, RTM_SETLINK, "d0", IFF_UP, IFF_UP), 0);
    ifi = mnl_nlmsg_get_payload(answer(t, 0));
    assert_int_equal(ifi->ifi_change, IFF_UP);
    assert_true(ifi->ifi_flags & IFF_RUNNING);
    assert_int_equal(link_do(t, RTM_SETLINK, "d0", IFF_UP, IFF_UP), 0);
    assert_int_equal(t->answers->len, 0);       /* nothing new */
    assert_int_equal(link_do(t, RTM_DELLINK, "d0", 0, 0), 0);
    assert_int_equal(t->answers->len, 2);       /* down, then gone */
    assert_int_equal(answer(t, 1)->nlmsg_type, RTM_DELLINK);
}

static void the_ends_of_a_pair_are_joined(void **state)
{
    const uint8_t frame[60] = { 2, 0, 0, 0, 0, 2 };
    struct talk *t = *state;
    struct device *a, *b;

    assert_int_equal(new_link(t, "a", "veth", 0), 0);
    a = device_by_name(t->ns, "a");
    b = device_by_name(t->ns, "veth0");
    assert_ptr_equal(a->peer, b);
    assert_true(b->dev.ifindex < a->dev.ifindex);
    device_set_flags(a, IFF_UP);
    assert_false(a->dev.has_carrier);
    device_set_flags(b, IFF_UP);
    assert_true(a->dev.has_carrier && b->dev.has_carrier);
    device_transmit(a, frame, sizeof(frame));
    assert_int_equal(b->n_rx, 0);
    sim_settle(t->sim);
    assert_int_equal(b->n_rx, 1);
    device_transmit(b, frame, sizeof(frame));
    device_del(b);                              /* both go, and what was on the wire */
    assert_null(device_by_name(t->ns, "a"));
    sim_settle(t->sim);
}

static void ports_follow_their_devices(void **state)
{
    struct lab *lab = *state;
    struct device *p1 = device_by_name(lab->ns, "p1");
    struct rt_link link;
    struct err e = { 0 };

    device_view(p1, &link);
    assert_string_equal(link.slave_kind, "openvswitch");
    assert_int_equal(link.master, device_by_name(lab->ns, "br0")->dev.ifindex);
    assert_int_equal(device_rename(p1, "x1", &e), -EBUSY);
    device_set_flags(p1, 0);
    assert_int_equal(device_rename(p1, "p2", &e), -EEXIST);
    assert_int_equal(device_rename(p1, "x1", &e), 0);
    assert_int_equal(dp_port_of(&p1->dev), 1);
    device_del(p1);
    assert_null(datapath_port(lab_dp(lab), 1));
}

/* ---- the rest -------------------------------------------------------------------------------- */

static void there_is_no_traffic_control(void **state)
{
    struct tcmsg tcm = { .tcm_ifindex = 1, .tcm_parent = 0xffffffff };
    struct talk *t = *state;

    begin(t, RTM_DELQDISC, NLM_F_ACK, &tcm, sizeof(tcm));
    assert_int_equal(call(t), -ENOENT);
    begin(t, RTM_DELTFILTER, NLM_F_ACK, &tcm, sizeof(tcm));
    assert_int_equal(call(t), -EINVAL);
    begin(t, RTM_GETTFILTER, NLM_F_DUMP, &tcm, sizeof(tcm));
    assert_int_equal(call(t), 0);
    assert_true(t->is_done);
    tcm.tcm_ifindex = 99;
    begin(t, RTM_GETQDISC, NLM_F_ACK, &tcm, sizeof(tcm));
    assert_int_equal(call(t), -ENODEV);
}

static int get_qdisc(struct talk *t, uint16_t flags, uint32_t handle, uint32_t parent)
{
    const struct tcmsg tcm = { .tcm_ifindex = 1, .tcm_handle = handle, .tcm_parent = parent };

    begin(t, RTM_GETQDISC, flags, &tcm, sizeof(tcm));
    return call(t);
}

/* Linux 6.1: told to who asks with NLM_F_ECHO, and once its device has been up. */
static void a_device_has_its_default_qdisc(void **state)
{
    struct talk *t = *state;

    assert_int_equal(get_qdisc(t, NLM_F_ECHO, 0, TC_H_ROOT), 0);
    assert_int_equal(answer(t, 0)->nlmsg_len, 148);
    assert_int_equal(get_qdisc(t, 0, 0, TC_H_ROOT), 0);
    assert_int_equal(t->answers->len, 0);
    assert_int_equal(get_qdisc(t, 0, 0x10000, TC_H_ROOT), -EINVAL);
    assert_int_equal(new_link(t, "d0", "dummy", NLM_F_EXCL), 0);
    assert_int_equal(get_qdisc(t, NLM_F_DUMP, 0, 0), 0);
    assert_true(t->is_done && t->answers->len == 1);    /* not d0's */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TALK(one_dump_bit_is_enough),
        TALK(odd_requests_are_refused),
        TALK(strict_sockets_have_headers_checked),
        TALK(rubbish_is_survived),
        TALK(every_kind_can_be_made),
        TALK(listeners_hear_of_links),
        TALK(the_ends_of_a_pair_are_joined),
        LAB_TEST(ports_follow_their_devices),
        TALK(there_is_no_traffic_control),
        TALK(a_device_has_its_default_qdisc),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
