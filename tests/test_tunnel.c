/* test_tunnel.c - outer headers byte by byte, both ways; what is refused; EGRESS_TUN_KEY.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim_tools.h"

#include "dp/key_hooks.h"
#include "netlink/attr.h"
#include "sim/tunnel.h"

/* The inner frame: UDP from 10.9.0.1:1000 to 10.9.0.2:2000 with tos 2 and ttl 9, no checksum. */
#define INNER                                                                                     \
    "0a00000000020a00000000010800"                                                                \
    "4502001d000000000911" "9dba" "0a0900010a090002" "03e807d000090000" "61"

static GByteArray *bytes_of(const char *hex)
{
    GByteArray *b = g_byte_array_new();

    for (; hex[0] && hex[1]; hex += 2)
        g_byte_array_append(b, &(guint8){ (guint8)(g_ascii_xdigit_value(hex[0]) << 4 |
                                                   g_ascii_xdigit_value(hex[1])) }, 1);
    return b;
}

static char *hex_of(const uint8_t *bytes, size_t len)
{
    GString *s = g_string_new(NULL);

    for (size_t i = 0; i < len; i++)
        g_string_append_printf(s, "%02x", bytes[i]);
    return g_string_free(s, FALSE);
}

static int open_tunnels(void **state)
{
    static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };
    static const char *const lines[] = {
        "port br0 vx0 type=vxlan dst_port=4789 gbp",    /* port 3 */
        "port br0 vx1 type=vxlan dst_port=8472",
        "port br0 gnv0 type=geneve dst_port=6081",
        "port br0 gre0 type=gre",
        "device eth0",
    };
    static const char *const later[] = {
        "up eth0",
        "addr eth0 10.0.0.1/24",
        "addr eth0 fd00::1/64",
        "neigh eth0 10.0.0.2 02:00:00:00:00:02",
        "neigh eth0 fd00::2 02:00:00:00:00:02",
    };
    struct lab *lab;

    if (lab_open(state))
        return -1;
    lab = *state;
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++)
        lab_do(lab, lines[i]);
    memcpy(device_by_name(lab->ns, "eth0")->dev.mac, mac, sizeof(mac));
    for (size_t i = 0; i < G_N_ELEMENTS(later); i++)
        lab_do(lab, later[i]);
    return 0;
}

#define TUNNEL_TEST(name) cmocka_unit_test_setup_teardown(name, open_tunnels, lab_close)

static struct device *dev(const struct lab *lab, const char *name)
{
    return device_by_name(lab->ns, name);
}

static uint64_t drops(const struct lab *lab, enum drop_reason why)
{
    return dp_world_account(lab->sim->dp)->n_drop[why];
}

/* ---- out -------------------------------------------------------------------------------------- */

static void scan_tunnel(const char *text, struct flow_key *tunnel)
{
    g_autoptr(GByteArray) key = g_byte_array_new();
    g_autoptr(GByteArray) mask = g_byte_array_new();
    struct match m = { .key = tunnel };
    struct err e = { 0 };
    struct scan in;

    memset(tunnel, 0, sizeof(*tunnel));
    scan_init(&in, text);
    if (key_scan(&in, key, mask, NULL, &e) ||
        key_tunnel_get(&m, (const struct nlattr *)(const void *)key->data, false, &e))
        fail_msg("%s: %s", text, e.text);
}

/* Sends the inner frame with hash 1 as it would leave by the port: the outer frame, or the error. */
static char *send_by(struct lab *lab, const char *port_name, const char *tunnel_text, int *error)
{
    g_autoptr(GByteArray) inner = bytes_of(INNER);
    struct pkt *p = pkt_new(&lab->sim->dp->pool, inner->data, inner->len);
    struct flow_key tunnel;
    char *frame;

    scan_tunnel(tunnel_text, &tunnel);
    p->hash = 0x00010000;
    p->protocol = 0x0800;
    p->l3_off = 14;
    *error = tunnel_send(lab->ns, &dev(lab, port_name)->dev, &tunnel, p);
    frame = hex_of(p->data, p->len);
    pkt_free(&lab->sim->dp->pool, p);
    return frame;
}

static void assert_sent(struct lab *lab, const char *port, const char *tunnel, const char *outer)
{
    g_autofree char *want = g_strconcat("020000000002020000000001", outer, INNER, NULL);
    int error;
    g_autofree char *got = send_by(lab, port, tunnel, &error);

    assert_int_equal(error, 0);
    assert_string_equal(got, want);
}

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
        int error;
    } rows[] = {
        { "vx0", "tunnel(tun_id=0x1,dst=192.0.2.1,ttl=1,flags(key))", -ENETUNREACH },
        { "vx0", "tunnel(tun_id=0x1,src=10.0.0.9,dst=10.0.0.2,ttl=1,flags(key))", -ENETUNREACH },
        { "gnv0", "tunnel(tun_id=0x1,dst=10.0.0.3,ttl=1,flags(key))", -EHOSTUNREACH },
        { "gre0", "tunnel(tun_id=0x1,ipv6_dst=fd00::2,ttl=1,flags(key))", -EAFNOSUPPORT },
    };
    struct lab *lab = *state;
    int error;

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_free(send_by(lab, rows[i].port, rows[i].tunnel, &error));
        assert_int_equal(error, rows[i].error);
    }
    lab_do(lab, "mtu eth0 78");
    g_free(send_by(lab, "vx0", "tunnel(tun_id=0x1,dst=10.0.0.2,ttl=1,flags(key))", &error));
    assert_int_equal(error, -EMSGSIZE);
    lab_do(lab, "mtu eth0 79");
    g_free(send_by(lab, "vx0", "tunnel(tun_id=0x1,dst=10.0.0.2,ttl=1,flags(key))", &error));
    assert_int_equal(error, 0);
}

/* ---- in --------------------------------------------------------------------------------------- */

static void feed(const struct lab *lab, const char *outer, const char *inner)
{
    g_autofree char *hex = g_strconcat("020000000001020000000002", outer, inner, NULL);
    g_autoptr(GByteArray) frame = bytes_of(hex);

    device_receive(dev(lab, "eth0"), frame->data, frame->len);
}

/* The frame must hit a flow with this tunnel and leave by p2. */
static void assert_got(struct lab *lab, const char *tunnel, const char *port, const char *outer)
{
    g_autofree char *flow = g_strdup_printf("flow br0 %s,in_port(%s),eth(),eth_type(0x0800),"
                                            "ipv4(frag=no) p2", tunnel, port);
    uint64_t n = dev(lab, "p2")->n_tx, bytes = dev(lab, "p2")->tx_bytes;

    lab_do(lab, "del-flows br0");
    lab_do(lab, flow);
    feed(lab, outer, INNER);
    assert_int_equal(dev(lab, "p2")->n_tx, n + 1);
    assert_int_equal(dev(lab, "p2")->tx_bytes, bytes + strlen(INNER) / 2);
}

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

static void set_value(struct rt_link_change *c, uint16_t type, uint8_t a, uint8_t b)
{
    struct rt_value *v = &c->data[rt_value(c->kind, c->data, type) - c->data];

    *v = (struct rt_value){ .is_set = true, .bytes = { a, b } };
}

static void external_device(void **state)
{
    struct rt_link_change c = { .kind = rt_kind_by_name("vxlan"), .name = "ext0" };
    struct lab *lab = *state;
    struct err e = { 0 };

    set_value(&c, IFLA_VXLAN_COLLECT_METADATA, 1, 0);
    set_value(&c, IFLA_VXLAN_PORT, 0x12, 0xb6);         /* 4790 */
    assert_int_equal(sim_rt_ops.link_add(lab->ns->net, &c, &e), 0);
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
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
