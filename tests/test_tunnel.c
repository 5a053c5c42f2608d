/* test_tunnel.c - outer headers byte by byte, both ways; what is refused; EGRESS_TUN_KEY.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/tunnel_tools.h"

#include <linux/if_ether.h>

/* ---- out -------------------------------------------------------------------------------------- */

/* Source port: hash 0x00010000 of 28231 ports from 32768 is the first one. */
static void vxlan_out(void **state)
{
    assert_sent(*state, "vx0", "tunnel(tun_id=0x123456,dst=10.0.0.2,tos=0x50,ttl=0,flags(df|key))",
                "0800" "4552004f000040004011264a0a0000010a000002" "800012b5003b0000"
                "0800000012345600");
    /* With a group policy; the tunnel's own UDP port and source go before the device's. */
    assert_sent(*state, "vx0",
                "tunnel(tun_id=0x1,src=10.0.0.1,dst=10.0.0.2,ttl=7,tp_dst=9,"
                "vxlan(gbp(id=513,flags=0x48)),flags(key))",
                "0800" "4502004f000100000711" "9f990a0000010a000002" "80000009003b0000"
                "8848020100000100");
    /* The other port has no group policies. */
    assert_sent(*state, "vx1",
                "tunnel(tun_id=0x1,dst=10.0.0.2,ttl=7,vxlan(gbp(id=513,flags=0x48)),flags(key))",
                "0800" "4502004f000200000711" "9f980a0000010a000002" "80002118003b0000"
                "0800000000000100");
}

static void vxlan6_out(void **state)
{
    assert_sent(*state, "vx0", "tunnel(tun_id=0x5,ipv6_dst=fd00::2,tos=0x4,ttl=3,flags(key))",
                "86dd" "60600000003b1103" "fd000000000000000000000000000001"
                "fd000000000000000000000000000002" "800012b5003b0000" "0800000000000500");
}

/* The source port is any, and so 1 here; ttl 0 is sent. */
static void geneve_out(void **state)
{
    assert_sent(*state, "gnv0", "tunnel(tun_id=0x5678,dst=10.0.0.2,ttl=0,flags(key))",
                "0800" "4502004f0000000000" "11" "a69a0a0000010a000002" "000117c1003b0000"
                "0000655800567800");
    assert_sent(*state, "gnv0",
                "tunnel(tun_id=0x5678,dst=10.0.0.2,ttl=33,"
                "geneve({class=0x102,type=0x83,len=4,0xa0b0c0d}),flags(oam|key))",
                "0800" "4502005700010000" "2111" "85910a0000010a000002" "000117c100430000"
                "02c0655800567800" "010283010a0b0c0d");
}

/* Without a ttl the inner packet's is taken. */
static void gre_out(void **state)
{
    assert_sent(*state, "gre0", "tunnel(dst=10.0.0.2,ttl=0)",
                "0800" "4502004300000000092f9d880a0000010a000002" "00006558");
    assert_sent(*state, "gre0", "tunnel(tun_id=0x9,dst=10.0.0.2,ttl=1,flags(key))",
                "0800" "450200470001" "0000" "012fa5830a0000010a000002" "2000655800000009");
}

static void not_sent(void **state)
{
    static const struct {
        const char *port, *tunnel;
        enum drop_reason why;
        uint64_t n_errors, n_dropped;
    } rows[] = {
        { "vx0", "tunnel(tun_id=0x1,dst=192.0.2.1,ttl=1,flags(key))", DROP_NO_ROUTE, 1, 0 },
        { "vx0", "tunnel(tun_id=0x1,src=10.0.0.9,dst=10.0.0.2,ttl=1,flags(key))", DROP_NO_ROUTE,
          2, 0 },
        { "gre0", "tunnel(tun_id=0x1,ipv6_dst=fd00::2,ttl=1,flags(key))", DROP_NO_TUNNEL, 0, 1 },
        { "ext6", "tunnel(tun_id=0x1,dst=10.0.0.2,ttl=1,flags(key))", DROP_NO_TUNNEL, 1, 1 },
        { "ext6", "tunnel(tun_id=0x1,ipv6_dst=fd99::2,ttl=1,flags(key))", DROP_NO_ROUTE, 2, 2 },
    };
    struct lab *lab = *state;
    enum drop_reason why;

    LINK(lab, "ip6gretap", "ext6", { IFLA_GRE_COLLECT_METADATA, { 1 } });
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const struct netdev_stats *s = &dev(lab, rows[i].port)->dev.stats;

        g_free(send_by(lab, rows[i].port, rows[i].tunnel, &why));
        assert_int_equal(why, rows[i].why);
        assert_int_equal(s->tx_errors, rows[i].n_errors);
        assert_int_equal(s->tx_dropped, rows[i].n_dropped);
    }
    lab_do(lab, "mtu eth0 78");
    g_free(send_by(lab, "vx0", "tunnel(tun_id=0x1,dst=10.0.0.2,ttl=1,flags(df|key))", &why));
    assert_int_equal(why, DROP_PKT_TOO_BIG);
    lab_do(lab, "mtu eth0 79");
    g_free(send_by(lab, "vx0", "tunnel(tun_id=0x1,dst=10.0.0.2,ttl=1,flags(df|key))", &why));
    assert_int_equal(why, N_DROP_REASONS);
}

/* Marks and ttl of a packet behind a tag: seen by vxlan and geneve, not by gre. */
static void tagged_inner(void **state)
{
    static const struct {
        const char *port, *tos, *ttl;
    } rows[] = {
        { "vx0", "02", "40" },
        { "gnv0", "02", "40" },
        { "gre0", "00", "40" },
    };
    struct lab *lab = *state;
    struct tap tap = tap_open(lab, "eth0", SOCK_RAW, ETH_P_ALL);

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *flow = g_strdup_printf(
            "flow br0 in_port(p1),eth(),eth_type(0x0800),ipv4(frag=no) "
            "set(tunnel(tun_id=0x1,dst=10.0.0.2,ttl=%d,flags(key))),push_vlan(vid=5,pcp=0),%s",
            strcmp(rows[i].port, "gnv0") ? 0 : 64, rows[i].port);
        g_autofree char *got = NULL;

        lab_do(lab, "del-flows br0");
        lab_do(lab, flow);
        lab_do(lab, "send p1 " INNER);
        got = tap_next(&tap);
        assert_memory_equal(got + 2 * 15, rows[i].tos, 2);
        assert_memory_equal(got + 2 * 22, rows[i].ttl, 2);
        assert_int_equal(dev(lab, rows[i].port)->dev.stats.tx_bytes, strlen(INNER) / 2 - 14);
    }
    tap_close(&tap);
}

/* A link that has lost its carrier loses what the tunnel device has sent. */
static void without_carrier(void **state)
{
    struct lab *lab = *state;
    enum drop_reason why;

    device_set_carrier(dev(lab, "eth0"), false);
    g_free(send_by(lab, "vx0", "tunnel(tun_id=0x1,dst=10.0.0.2,ttl=1,flags(key))", &why));
    assert_int_equal(why, DROP_DEV_READY);
    assert_int_equal(dev(lab, "vx0")->dev.stats.tx_packets, 1);
}

/* ---- in --------------------------------------------------------------------------------------- */

static void all_in(void **state)
{
    struct lab *lab = *state;

    assert_got(lab, "tunnel(tun_id=0x123456,src=10.0.0.2,dst=10.0.0.1,tos=0x50,ttl=64,"
                    "tp_src=32768,tp_dst=4789,flags(-csum+key))", "vx0",
               "0800" "4550004f000040004011264c0a0000020a000001" "800012b5003b0000"
               "0800000012345600");
    assert_got(lab, "tunnel(tun_id=0x1,src=10.0.0.2,dst=10.0.0.1,tos=0x2,ttl=7,"
                    "vxlan(gbp(id=513,flags=0x48)),flags(key))", "vx0",
               "0800" "4502004f000100000711" "9f990a0000020a000001" "800012b5003b0000"
               "8848020100000100");
    assert_got(lab, "tunnel(tun_id=0x5678,src=10.0.0.2,dst=10.0.0.1,tos=0x2,ttl=33,"
                    "geneve({class=0x102,type=0x83,len=4,0xa0b0c0d}),flags(oam|key))", "gnv0",
               "0800" "4502005700010000" "2111" "85910a0000020a000001" "000117c100430000"
               "02c0655800567800" "010283010a0b0c0d");
    assert_got(lab, "tunnel(tun_id=0x9,src=10.0.0.2,dst=10.0.0.1,tos=0x2,ttl=1,flags(key))",
               "gre0", "0800" "4502004700010000" "012fa5830a0000020a000001" "2000655800000009");
    assert_got(lab, "tunnel(tun_id=0x5,ipv6_src=fd00::2,ipv6_dst=fd00::1,tos=0x4,ttl=3,flags(key))",
               "vx0", "86dd" "60400000003b1103" "fd000000000000000000000000000002"
               "fd000000000000000000000000000001" "800012b5003b0000" "0800000000000500");
}

#define IP_UDP "0800" "4500004f000000004011669c" "0a0000020a000001"

static void refused(void **state)
{
    static const char *const rows[] = {
        IP_UDP "800012b5003b0000" "0000000000000100",       /* vxlan: no VNI */
        IP_UDP "800012b5003b0000" "0900000000000100",       /* an unknown flag */
        IP_UDP "800012b5003b0000" "0800000000000101",       /* the reserved byte */
        IP_UDP "80002118003b0000" "8800000100000100",       /* a group policy where none is */
        IP_UDP "800012b5003b1234" "0800000000000100",       /* wrong UDP checksum */
        IP_UDP "800012b500700000" "0800000000000100",       /* longer than IP says */
        IP_UDP "800017c1003b0000" "4000655800000100",       /* geneve: version 1 */
        IP_UDP "800017c1003b0000" "0000080000000100",       /* no Ethernet inside */
        IP_UDP "800017c1003b0000" "3f00655800000100",       /* options beyond the end */
        "0800" "450000430000000040" "2f668a0a0000020a000001" "00000800",    /* gre: IPv4 inside */
        "0800" "450000430000000040" "2f668a0a0000020a000001" "40006558",    /* routing */
    };
    struct lab *lab = *state;

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        feed(lab, rows[i], INNER);
        if (drops(lab, DROP_TUNNEL_HDR) != i + 1)
            fail_msg("row %zu is not refused", i);
    }
    /* For somebody else, or no port: as any frame that the host gets. */
    feed(lab, "0800" "4500004f000000004011669b" "0a0000020a000002" "800012b5003b0000"
              "0800000000000100", INNER);
    feed(lab, IP_UDP "8000ffff003b0000" "0800000000000100", INNER);
    assert_int_equal(drops(lab, DROP_NOT_A_PORT), 2);
}

/* Outer "congestion experienced": the inner packet says so too, with a right checksum. */
static void ecn_in(void **state)
{
    struct lab *lab = *state;

    lab_do(lab, "flow br0 tunnel(tun_id=0x1,src=10.0.0.2,dst=10.0.0.1,tos=0x3,ttl=64,flags(key)),"
                "in_port(vx0),eth(),eth_type(0x0800),ipv4(tos=0x3,frag=no) p2");
    feed(lab, "0800" "4503004f0000000040116699" "0a0000020a000001" "800012b5003b0000"
              "0800000000000100", INNER);
    assert_int_equal(dev(lab, "p2")->n_tx, 1);
}

/* ---- devices of rtnetlink's, as ovs-vswitchd makes them ----------------------------------------- */

static void external_device(void **state)
{
    struct lab *lab = *state;

    LINK(lab, "vxlan", "ext0", { IFLA_VXLAN_COLLECT_METADATA, { 1 } },
         { IFLA_VXLAN_PORT, { 0x12, 0xb6 } });          /* 4790 */
    lab_do(lab, "port br0 ext0");
    lab_do(lab, "flow br0 in_port(p1),eth(),eth_type(0x0800),ipv4(frag=no) "
                "set(tunnel(tun_id=0x5,dst=10.0.0.2,ttl=64,flags(key))),ext0");
    lab_do(lab, "send p1 " INNER);
    assert_int_equal(dev(lab, "eth0")->n_tx, 1);
    assert_int_equal(dev(lab, "ext0")->dev.stats.tx_packets, 1);
    assert_got(lab, "tunnel(tun_id=0x1,src=10.0.0.2,dst=10.0.0.1,tos=0,ttl=64,tp_dst=4790,"
                    "flags(key))", "ext0",
               IP_UDP "800012b6003b0000" "0800000000000100");
}

/* A tunnel to the host itself goes through lo; one that goes through its own datapath ends. */
static void to_itself(void **state)
{
    struct lab *lab = *state;

    lab_do(lab, "flow br0 in_port(p1),eth(),eth_type(0x0800),ipv4(frag=no) "
                "set(tunnel(tun_id=0x1,dst=10.0.0.1,ttl=64,flags(key))),vx0");
    lab_do(lab, "flow br0 tunnel(tun_id=0x1,src=10.0.0.1,dst=10.0.0.1,tos=0x2,ttl=64,flags(key)),"
                "in_port(vx0),eth(),eth_type(0x0800),ipv4(frag=no) p2");
    lab_do(lab, "send p1 " INNER);
    lab_do(lab, "advance 1ms");
    assert_int_equal(dev(lab, "p2")->n_tx, 1);
    lab_do(lab, "addr br0 10.1.0.1/24");
    lab_do(lab, "neigh br0 10.1.0.2 02:00:00:00:00:05");
    lab_do(lab, "del-flows br0");
    lab_do(lab, "flow br0 eth(),eth_type(0x0800),ipv4(frag=no) "
                "set(tunnel(tun_id=0x1,dst=10.1.0.2,ttl=64,flags(key))),vx0");
    lab_do(lab, "send p1 " INNER);
    assert_int_equal(drops(lab, DROP_RECURSION_LIMIT), 1);
}

/* ---- upcall ------------------------------------------------------------------------------------ */

static void egress_key(void **state)
{
    struct lab *lab = *state;
    g_autofree char *flow = g_strdup_printf(
        "flow br0 in_port(p1),eth(),eth_type(0x0800),ipv4(frag=no) "
        "set(tunnel(tun_id=0x5,dst=10.0.0.2,ttl=64,flags(key))),"
        "userspace(pid=%u,tunnel_out_port=3)", lab->client.sock->portid);
    GString *text = g_string_new(NULL);
    const struct nlattr *a;
    struct nlattr *copy;
    struct dgram *d;

    lab_do(lab, flow);
    lab_do(lab, "send p1 " INNER);
    d = take(lab->client.sock);
    assert_string_equal(attr_types(dgram_msg(d)), "2 5 11 1");
    a = local_attr(dgram_msg(d), OVS_PACKET_ATTR_EGRESS_TUN_KEY);
    copy = g_memdup2(a, MNL_ALIGN(a->nla_len));
    copy->nla_type = OVS_KEY_ATTR_TUNNEL;
    key_format(text, copy, MNL_ALIGN(copy->nla_len), NULL, 0, NULL);
    if (!g_str_has_prefix(text->str, "tunnel(tun_id=0x5,src=10.0.0.1,dst=10.0.0.2,ttl=64,tp_src=") ||
        !g_str_has_suffix(text->str, ",tp_dst=4789,flags(key))"))
        fail_msg("%s", text->str);
    g_string_free(text, TRUE);
    g_free(copy);
    g_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TUNNEL_TEST(vxlan_out), TUNNEL_TEST(vxlan6_out), TUNNEL_TEST(geneve_out),
        TUNNEL_TEST(gre_out),   TUNNEL_TEST(not_sent),   TUNNEL_TEST(all_in),
        TUNNEL_TEST(refused),   TUNNEL_TEST(ecn_in),     TUNNEL_TEST(egress_key),
        TUNNEL_TEST(external_device), TUNNEL_TEST(to_itself),
        TUNNEL_TEST(tagged_inner), TUNNEL_TEST(without_carrier),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
