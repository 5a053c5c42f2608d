/* test_fault_netlink.c - what clients see when netlink itself fails: calls, dumps, notifications, rtnetlink's objects.
 * SPDX-License-Identifier: Apache-2.0 */
#include "netlink/fault.h"

#include <linux/fib_rules.h>
#include <linux/netfilter/nfnetlink.h>

#include "base/bytes.h"
#include "sim/fault.h"
#include "sim/neigh.h"
#include "sim/route.h"
#include "sim/rule.h"
#include "tests/rt_tools.h"

static void ask_fault(struct sim *sim, const char *text)
{
    struct err e = { 0 };

    if (fault_add(sim, text, &e))
        fail_msg("%s", e.text);
}

static int error_of(struct sock *s)
{
    int error;
    struct dgram *d = sock_recv(s, &error);

    g_free(d);
    return error;
}

/* ---- calls ------------------------------------------------------------------------------------------ */

static void test_calls(void **state)
{
    struct talk *t = *state;

    ask_fault(t->sim, "bind_alloc");
    assert_int_equal(sock_bind(t->sock, 0), -ENOMEM);
    assert_int_equal(t->sock->portid, 0);
    ask_fault(t->sim, "groups_alloc");
    assert_int_equal(sock_set_option(t->sock, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, RTNLGRP_LINK), -ENOMEM);
    assert_false(sock_in_group(t->sock, RTNLGRP_LINK));
    ask_fault(t->sim, "groups_alloc");
    assert_int_equal(sock_bind_address(t->sock, 0, 1), -ENOMEM);
    ask_fault(t->sim, "send_alloc");
    begin(t, RTM_GETLINK, NLM_F_DUMP, &(struct ifinfomsg){ 0 }, sizeof(struct ifinfomsg));
    assert_int_equal(sock_send(t->sock, t->request->data, t->request->len), -ENOBUFS);
    assert_int_not_equal(t->sock->portid, 0);           /* bound before that */
    take_none(t->sock);
    assert_int_equal(fault_check(t->sim, &(struct err){ 0 }), 0);
}

/* The request has been carried out, only nobody says so. */
static void test_no_acknowledgement(void **state)
{
    struct talk *t = *state;

    ask_fault(t->sim, "ack_alloc");
    assert_int_equal(new_link(t, "d0", "dummy", 0), 0);
    assert_int_equal(t->answers->len, 0);
    assert_non_null(device_by_name(t->ns, "d0"));
    ask_fault(t->sim, "ack_alloc");
    begin(t, RTM_NEWLINK, NLM_F_ACK, NULL, 0);
    assert_int_equal(sock_send(t->sock, t->request->data, t->request->len), t->request->len);
}

/* ---- dumps ------------------------------------------------------------------------------------------- */

static void many_links(struct talk *t)
{
    for (unsigned i = 0; i < 40; i++) {
        g_autofree char *name = g_strdup_printf("d%u", i);

        assert_int_equal(new_link(t, name, "dummy", 0), 0);
    }
}

static void begin_dump(struct talk *t)
{
    uint32_t len;

    begin(t, RTM_GETLINK, NLM_F_DUMP, &(struct ifinfomsg){ 0 }, sizeof(struct ifinfomsg));
    len = t->request->len;
    memcpy(t->request->data, &len, sizeof(len));
    assert_int_equal(sock_send(t->sock, t->request->data, len), len);
}

/* Only the first message behind the change says so. */
static void test_dump_interrupted(void **state)
{
    struct talk *t = *state;
    unsigned n_flagged = 0;

    many_links(t);
    ask_fault(t->sim, "dump_changed");
    begin_dump(t);
    (void)receive(t);
    assert_int_equal(t->answers->len, 41);
    for (guint i = 0; i < t->answers->len; i++)
        n_flagged += !!(answer(t, i)->nlmsg_flags & NLM_F_DUMP_INTR);
    assert_int_equal(n_flagged, 1);
    assert_false(answer(t, 0)->nlmsg_flags & NLM_F_DUMP_INTR);
}

static void test_dump_rests(void **state)
{
    struct talk *t = *state;
    struct dgram *d;

    many_links(t);
    ask_fault(t->sim, "dump_next");
    begin_dump(t);
    d = take(t->sock);
    g_free(d);
    assert_int_equal(error_of(t->sock), ENOBUFS);
    take_none(t->sock);
    assert_non_null(t->sock->dump);
    assert_int_equal(new_link(t, "other", "dummy", 0), 0);      /* its ACK is read: the dump goes on */
    assert_true(t->is_done);
}

static void test_dump_begins_with_error(void **state)
{
    struct talk *t = *state;

    ask_fault(t->sim, "dump_first");
    begin_dump(t);
    assert_int_equal(receive(t), 0);            /* the last is DONE's; the error came before */
    assert_true(t->is_done);
    assert_int_equal(t->answers->len, 1);
}

/* ---- notifications ----------------------------------------------------------------------------------- */

static struct sock *listener(struct talk *t, uint32_t group)
{
    struct sock *s = sock_open(t->ns->net, NETLINK_ROUTE);

    assert_int_equal(sock_join(s, group), 0);
    return s;
}

static void test_lost_notifications(void **state)
{
    struct talk *t = *state;
    struct sock *a = listener(t, RTNLGRP_LINK), *b = listener(t, RTNLGRP_LINK), *c = listener(t, RTNLGRP_LINK);

    assert_int_equal(sock_set_option(c, SOL_NETLINK, NETLINK_NO_ENOBUFS, 1), 0);
    ask_fault(t->sim, "rt_event");
    assert_int_equal(new_link(t, "d0", "dummy", 0), 0);
    assert_int_equal(error_of(a), ENOBUFS);
    assert_int_equal(error_of(b), ENOBUFS);
    take_none(c);
    ask_fault(t->sim, "multicast_clone:2");     /* the first is for b, the second for c */
    assert_int_equal(new_link(t, "d1", "dummy", 0), 0);
    g_free(take(a));
    g_free(take(b));
    take_none(c);
    assert_int_equal(c->n_drops, 1);
    ask_fault(t->sim, "rcvbuf_full");
    assert_int_equal(new_link(t, "d2", "dummy", 0), 0);
    assert_int_equal(error_of(a), ENOBUFS);
    g_free(take(b));
    assert_int_equal(new_link(t, "d3", "dummy", 0), 0);         /* it is heard again */
    g_free(take(a));
    sock_close(a);
    sock_close(b);
    sock_close(c);
}

/* ---- objects -------------------------------------------------------------------------------------------- */

static int link_0(struct talk *t)
{
    return new_link(t, "d0", "dummy", 0);
}

static int addr_0(struct talk *t)
{
    return add_addr(t, device_by_name(t->ns, "d0")->dev.ifindex, 0x0a000001, 24);
}

static int route_0(struct talk *t)
{
    struct rt_route r = { .family = AF_INET, .dst_len = 24, .dst = { 10, 1, 1 }, .table = RT_TABLE_MAIN,
                          .scope = RT_SCOPE_LINK, .type = RTN_UNICAST,
                          .oif = device_by_name(t->ns, "d0")->dev.ifindex };

    return route_add(t->ns, &r, NLM_F_CREATE | NLM_F_EXCL, NULL, NULL);
}

static int rule_0(struct talk *t)
{
    struct rt_rule r = { .family = AF_INET, .action = FR_ACT_TO_TBL, .table = 100, .priority = 7 };

    return rule_add(t->ns, &r, NLM_F_EXCL, NULL, NULL);
}

static int neigh_0(struct talk *t)
{
    struct rt_neigh n = { .family = AF_INET, .ifindex = device_by_name(t->ns, "d0")->dev.ifindex,
                          .dst = { 10, 0, 0, 9 }, .state = NUD_PERMANENT };

    return neigh_add(t->ns, &n, NLM_F_CREATE | NLM_F_EXCL, NULL, NULL);
}

static int get_0(struct talk *t)
{
    return link_do(t, RTM_GETLINK, "d0", 0, 0);
}

static void test_objects(void **state)
{
    static const struct {
        const char *point;
        int (*make)(struct talk *t);
        int error;
    } rows[] = {
        { "rt_link", link_0, ENOMEM }, { "rt_addr", addr_0, ENOBUFS }, { "rt_route", route_0, ENOBUFS },
        { "rt_rule", rule_0, ENOMEM }, { "rt_neigh", neigh_0, ENOBUFS }, { "rt_reply", get_0, ENOBUFS },
    };
    struct talk *t = *state;

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        guint n_before = t->ns->devices->len + t->ns->addrs->len + t->ns->routes->len + t->ns->rules->len +
                         t->ns->neighs->len;

        ask_fault(t->sim, rows[i].point);
        assert_int_equal(rows[i].make(t), -rows[i].error);
        assert_int_equal(t->ns->devices->len + t->ns->addrs->len + t->ns->routes->len + t->ns->rules->len +
                         t->ns->neighs->len, n_before);
        assert_int_equal(rows[i].make(t), 0);
        if (!i)
            device_set_flags(device_by_name(t->ns, "d0"), IFF_UP);
    }
}

/* ---- the datapath's groups -------------------------------------------------------------------------------- */

static struct sock *member(struct lab *lab, const struct family *f)
{
    struct sock *s = sock_open(lab->ns->net, NETLINK_GENERIC);

    assert_int_equal(sock_join(s, netlink_group_id(lab->sim->nl, f)), 0);
    return s;
}

static void test_port_goes_unheard(void **state)
{
    struct lab *lab = *state;
    struct sock *s = member(lab, &dp_vport_family);

    ask_fault(lab->sim, "vport_event");
    device_del(device_by_name(lab->ns, "p2"));
    assert_int_equal(error_of(s), ENOMEM);
    take_none(s);
    assert_null(datapath_port(lab_dp(lab), 2));
    sock_close(s);
}

static void test_flow_goes_unheard(void **state)
{
    struct lab *lab = *state;
    struct sock *s = member(lab, &dp_flow_family);
    const char *key = "in_port(1),eth(),eth_type(0x0800),ipv4(frag=no)";

    assert_int_equal(lab_flow(lab, OVS_FLOW_CMD_NEW, NLM_F_CREATE, FLOW(.key = key, .acts = "2")), 0);
    g_free(take(s));
    ask_fault(lab->sim, "flow_del_event");
    assert_int_equal(lab_flow(lab, OVS_FLOW_CMD_DEL, 0, FLOW(.key = key)), 0);
    take_none(s);                               /* neither message nor error */
    assert_int_equal(lab_dp(lab)->table.n_flows, 0);
    sock_close(s);
}

static void test_connection_goes_unheard(void **state)
{
    struct lab *lab = *state;
    struct sock *s = sock_open(lab->ns->net, NETLINK_NETFILTER);

    assert_int_equal(sock_join(s, NFNLGRP_CONNTRACK_NEW), 0);
    ask_fault(lab->sim, "ct_event");
    lab_do(lab, "execute br0 in_port=p1 "
                "0200000000020200000000010800450000200000400040110000010203040a00000100010002000c000061626364 ct(commit),2");
    assert_int_equal(error_of(s), ENOBUFS);
    take_none(s);
    sock_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TALK(test_calls),
        TALK(test_no_acknowledgement),
        TALK(test_dump_interrupted),
        TALK(test_dump_rests),
        TALK(test_dump_begins_with_error),
        TALK(test_lost_notifications),
        TALK(test_objects),
        LAB_TEST(test_port_goes_unheard),
        LAB_TEST(test_flow_goes_unheard),
        LAB_TEST(test_connection_goes_unheard),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
