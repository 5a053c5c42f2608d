/* test_route.c - what rtnetlink asks and changes: addresses, routes, rules, neighbours, namespaces.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/rt_tools.h"

#include <linux/fib_rules.h>

#include "base/bytes.h"
#include "sim/addr.h"
#include "sim/neigh.h"
#include "sim/route.h"

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
    uint8_t source[RT_IP_LEN], dst[RT_IP_LEN] = { 10, 0, 0, 2 };
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
    assert_true(route_source(t->ns, way(t, 0x0a000002), dst, source));
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

static int rule_do(struct talk *t, uint16_t type, uint16_t flags, uint32_t src, uint32_t table,
                   uint32_t priority)
{
    const struct fib_rule_hdr h = { .family = AF_INET, .src_len = src ? 32 : 0,
                                    .action = FR_ACT_TO_TBL };
    uint32_t wire = htonl(src);

    begin(t, type, (uint16_t)(NLM_F_ACK | flags), &h, sizeof(h));
    if (src)
        attr_put(t->request, FRA_SRC, &wire, sizeof(wire));
    attr_put(t->request, FRA_TABLE, &table, sizeof(table));
    if (priority)
        attr_put(t->request, FRA_PRIORITY, &priority, sizeof(priority));
    return call(t);
}

static const struct rt_route *way_from(const struct talk *t, uint32_t src, uint32_t dst)
{
    struct rt_flow flow = { .family = AF_INET };
    const struct rt_route *found = NULL;

    be32_put(flow.src, src);
    be32_put(flow.dst, dst);
    return route_find(t->ns, &flow, &found) ? NULL : found;
}

static void rules_choose_the_table(void **state)
{
    struct rt_route r = { .family = AF_INET, .table = 100, .has_gateway = true };
    struct talk *t = *state;

    assert_int_equal(new_link(t, "d0", "dummy", 0), 0);
    device_set_flags(device_by_name(t->ns, "d0"), IFF_UP);
    assert_int_equal(add_addr(t, device_by_name(t->ns, "d0")->dev.ifindex, 0x0a000001, 24), 0);
    assert_int_equal(add_route(t, 0, 0, 0x0a0000fe, 0), 0);
    be32_put(r.gateway, 0x0a0000fd);
    assert_int_equal(route_add(t->ns, &r, NLM_F_CREATE | NLM_F_EXCL, NULL, NULL), 0);
    assert_int_equal(sock_join(t->sock, RTNLGRP_IPV4_RULE), 0);
    assert_int_equal(rule_do(t, RTM_NEWRULE, NLM_F_EXCL, 0x0a000001, 100, 7), 0);
    assert_int_equal(t->answers->len, 1);
    assert_int_equal(answer(t, 0)->nlmsg_type, RTM_NEWRULE);
    assert_int_equal(rule_do(t, RTM_NEWRULE, NLM_F_EXCL, 0x0a000001, 100, 7), -EEXIST);
    assert_int_equal(be32_get(way_from(t, 0x0a000001, 0x08080808)->gateway), 0x0a0000fd);
    assert_int_equal(be32_get(way_from(t, 0, 0x08080808)->gateway), 0x0a0000fe);
    assert_int_equal(rule_do(t, RTM_DELRULE, 0, 0x0a000001, 0, 0), 0);
    assert_int_equal(answer(t, 0)->nlmsg_type, RTM_DELRULE);
    assert_int_equal(rule_do(t, RTM_DELRULE, 0, 0x0a000001, 0, 0), -ENOENT);
    assert_int_equal(be32_get(way_from(t, 0x0a000001, 0x08080808)->gateway), 0x0a0000fe);
}

/* A pair across namespaces tells the number of the other end's; it goes with the namespace. */
static void namespaces_have_numbers(void **state)
{
    struct talk *t = *state;
    struct sim_ns *other = sim_ns_new(t->sim);
    struct device *a = device_add(t->ns, "a", NETDEV_VIRTUAL, 0, NULL);
    struct device *b = device_add(other, "b", NETDEV_VIRTUAL, 0, NULL);
    struct rt_link link;

    device_set_kind(a, rt_kind_by_name("veth"));
    device_set_kind(b, rt_kind_by_name("veth"));
    device_join(a, b);
    device_view(a, &link);
    assert_int_equal(link.link_nsid, 0);
    assert_int_equal(nsid_of(t->ns->net, other->net), 0);
    assert_true(nsid_of(t->ns->net, t->ns->net) < 0);
    assert_int_equal(nsid_make(t->ns->net, t->ns->net), 1);
    sim_ns_free(other);
    assert_true(nsid_of(t->ns->net, t->ns->net) == 1);
    assert_int_equal(nsid_make(t->ns->net, sim_ns_new(t->sim)->net), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TALK(routes_follow_from_addresses),
        TALK(the_longest_prefix_wins),
        TALK(neighbours_are_kept),
        TALK(rules_choose_the_table),
        TALK(namespaces_have_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
