/* test_rt.c - rtnetlink messages, and the model behind: links, addresses, routes.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/talk.h"

#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "base/bytes.h"
#include "sim/addr.h"
#include "sim/neigh.h"
#include "sim/route.h"

static int open_talk(void **state)
{
    return talk_open(state, NETLINK_ROUTE);
}

#define TALK(name) cmocka_unit_test_setup_teardown(name, open_talk, talk_close)

static const struct nlattr *link_attr(const struct nlmsghdr *msg, uint16_t type)
{
    size_t at = sizeof(*msg) + sizeof(struct ifinfomsg);

    return attr_find((const uint8_t *)msg + at, msg->nlmsg_len - at, type);
}

static int new_link(struct talk *t, const char *name, const char *kind, uint16_t flags)
{
    const struct ifinfomsg ifi = { 0 };
    size_t nest;

    begin(t, RTM_NEWLINK, (uint16_t)(NLM_F_ACK | NLM_F_CREATE | flags), &ifi, sizeof(ifi));
    attr_put(t->request, IFLA_IFNAME, name, strlen(name) + 1);
    nest = attr_nest_begin(t->request, IFLA_LINKINFO);
    attr_put(t->request, IFLA_INFO_KIND, kind, strlen(kind));   /* without NUL, as iproute2 */
    attr_nest_end(t->request, nest);
    return call(t);
}

static int link_do(struct talk *t, uint16_t type, const char *name, unsigned flags, unsigned change)
{
    const struct ifinfomsg ifi = { .ifi_flags = flags, .ifi_change = change };

    begin(t, type, NLM_F_ACK, &ifi, sizeof(ifi));
    if (name)
        attr_put(t->request, IFLA_IFNAME, name, strlen(name) + 1);
    return call(t);
}

static int add_addr(struct talk *t, int ifindex, uint32_t ip, uint8_t prefix_len)
{
    const struct ifaddrmsg ifa = { .ifa_family = AF_INET, .ifa_prefixlen = prefix_len,
                                   .ifa_index = (uint32_t)ifindex };
    uint32_t wire = htonl(ip);

    begin(t, RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &ifa, sizeof(ifa));
    attr_put(t->request, IFA_LOCAL, &wire, sizeof(wire));
    return call(t);
}

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
    assert_int_equal(call(t), -EOPNOTSUPP);
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
    assert_string_equal(t->text, "Invalid values in header for address dump request");
    begin(t, RTM_GETROUTE, NLM_F_DUMP, &ifa, 1);
    assert_int_equal(call(t), -EINVAL);
    assert_string_equal(t->text, "Invalid header for dump request");
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

/* ---- addresses, routes, neighbours ----------------------------------------------------------- */

static const struct rt_route *way(const struct talk *t, uint32_t ip)
{
    uint8_t dst[RT_IP_LEN] = { 0 };

    be32_put(dst, ip);
    return route_lookup(t->ns, AF_INET, dst, 0);
}

static int add_route(struct talk *t, uint32_t dst, unsigned len, uint32_t gateway, uint32_t metric)
{
    struct rt_route r = { .family = AF_INET, .dst_len = (uint8_t)len, .table = RT_TABLE_MAIN,
                          .has_gateway = true, .priority = metric };

    be32_put(r.dst, dst);
    be32_put(r.gateway, gateway);
    return route_add(t->ns, &r, NLM_F_CREATE | NLM_F_EXCL, NULL, NULL);
}

static void routes_follow_from_addresses(void **state)
{
    struct talk *t = *state;
    uint8_t source[RT_IP_LEN];
    struct device *d;

    assert_int_equal(new_link(t, "d0", "dummy", 0), 0);
    d = device_by_name(t->ns, "d0");
    assert_int_equal(add_addr(t, d->dev.ifindex, 0x0a000001, 24), 0);
    assert_int_equal(add_addr(t, d->dev.ifindex, 0x0a000001, 24), -EEXIST);
    assert_int_equal(add_addr(t, 99, 0x0a000001, 24), -ENODEV);
    assert_null(way(t, 0x0a000002));            /* it is down */
    device_set_flags(d, IFF_UP);
    assert_int_equal(way(t, 0x0a000002)->oif, d->dev.ifindex);
    assert_int_equal(way(t, 0x0a000001)->type, RTN_LOCAL);
    assert_int_equal(way(t, 0x0a0000ff)->type, RTN_BROADCAST);
    assert_true(route_source(t->ns, way(t, 0x0a000002), source));
    assert_int_equal(be32_get(source), 0x0a000001);
    device_set_flags(d, 0);
    assert_null(way(t, 0x0a000002));
}

static void the_longest_prefix_wins(void **state)
{
    struct talk *t = *state;
    const struct rt_route *r;

    assert_int_equal(new_link(t, "d0", "dummy", 0), 0);
    device_set_flags(device_by_name(t->ns, "d0"), IFF_UP);
    assert_int_equal(add_addr(t, device_by_name(t->ns, "d0")->dev.ifindex, 0x0a000001, 24), 0);
    assert_int_equal(add_route(t, 0, 0, 0x0a0000fe, 0), 0);
    assert_int_equal(add_route(t, 0xc0a80000, 16, 0x0a000007, 9), 0);
    assert_int_equal(add_route(t, 0xc0a80000, 16, 0x0a000008, 5), 0);
    assert_int_equal(add_route(t, 0xc0a80000, 16, 0x0a000009, 5), -EEXIST);
    r = way(t, 0xc0a80101);
    assert_int_equal(be32_get(route_next_hop(r, r->dst)), 0x0a000008);
    assert_int_equal(be32_get(way(t, 0x08080808)->gateway), 0x0a0000fe);
}

static void neighbours_are_kept(void **state)
{
    struct rt_neigh n = { .family = AF_INET, .ifindex = 1, .state = NUD_PERMANENT, .dst = { 10 },
                          .hw_len = 6, .hw = { 2 } };
    struct talk *t = *state;

    assert_int_equal(neigh_add(t->ns, &n, 0, NULL, NULL), -ENOENT);
    assert_int_equal(neigh_add(t->ns, &n, NLM_F_CREATE, NULL, NULL), 0);
    assert_int_equal(neigh_lookup(t->ns, AF_INET, 1, n.dst)->state, NUD_PERMANENT);
    assert_null(neigh_lookup(t->ns, AF_INET, 2, n.dst));
    assert_int_equal(neigh_add(t->ns, &n, NLM_F_CREATE | NLM_F_EXCL, NULL, NULL), -EEXIST);
    assert_int_equal(neigh_del(t->ns, &n, NULL, NULL), 0);
    assert_int_equal(neigh_del(t->ns, &n, NULL, NULL), -ENOENT);
}

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
        TALK(routes_follow_from_addresses),
        TALK(the_longest_prefix_wins),
        TALK(neighbours_are_kept),
        TALK(there_is_no_traffic_control), TALK(a_device_has_its_default_qdisc),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
