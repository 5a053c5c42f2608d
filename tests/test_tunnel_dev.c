/* test_tunnel_dev.c - tunnel devices with a far end of their own: what they send, and what they take.
 *
 * Outer headers are those of Linux 6.1 but for the identification, port and flow label, which it
 * draws, and checksums, which it leaves to the card. SPDX-License-Identifier: Apache-2.0 */
#include "tests/tunnel_tools.h"

#include <linux/if_ether.h>
#include <linux/ip6_tunnel.h>

#define REMOTE { 10, 0, 0, 2 }
#define REMOTE6 { 0xfd, [15] = 2 }
#define LOCAL6 { 0xfd, [15] = 1 }
#define MOST_VALUES 12

#define ETH "020000000002020000000001"
#define INNER_ETH "0a00000000020a0000000001"
#define INNER_REST "0a0900010a090002" "03e807d000090000" "61"
#define INNER_0 INNER_ETH "0800" "4500001d000000000911" "9dbc" INNER_REST
#define INNER_3 INNER_ETH "0800" "4503001d000000000911" "9db9" INNER_REST
#define INNER_B9 INNER_ETH "0800" "45b9001d000000000911" "9d03" INNER_REST
#define INNER_DF INNER_ETH "0800" "4500001d000040000911" "5dbc" INNER_REST
#define INNER6                                                                                    \
    INNER_ETH "86dd" "6020000000091109" "fd010000000000000000000000000001"                        \
    "fd010000000000000000000000000002" "03e807d000090000" "61"
#define INNER_ARP                                                                                 \
    "ffffffffffff0a0000000001" "0806"                                                             \
    "00000000000000000000000000000000000000000000000000000000"

/* ---- out ------------------------------------------------------------------------------------------ */

struct sending {
    const char *kind;
    struct link_value values[MOST_VALUES];
    const char *inner, *outer;          /* outer: what is before the inner frame */
};

static void make(struct lab *lab, const struct sending *s)
{
    if (try_link(lab, s->kind, "t0", s->values))
        fail_msg("%s: %s", s->kind, lab->e.text);
}

static void assert_sends(struct lab *lab, const struct sending *s)
{
    g_autofree char *want = g_strconcat(ETH, s->outer, s->inner, NULL);
    g_autoptr(GByteArray) frame = bytes_of(s->inner);
    struct tap tap = tap_open(lab, "eth0", SOCK_RAW, ETH_P_ALL);
    g_autofree char *got = NULL;

    make(lab, s);
    lab->ns->next_ip_id = 0;
    device_send(dev(lab, "t0"), frame->data, frame->len);
    got = tap_next(&tap);
    if (g_strcmp0(got, want))
        fail_msg("%s sends\n%s not\n%s", s->kind, got, want);
    assert_int_equal(dev(lab, "t0")->dev.stats.tx_packets, 1);
    assert_int_equal(dev(lab, "t0")->dev.stats.tx_bytes, frame->len - 14);
    tap_close(&tap);
    device_del(dev(lab, "t0"));
}

#define VXLAN "vxlan", { { IFLA_VXLAN_ID, { 7 } }, { IFLA_VXLAN_PORT, { 0x12, 0xb5 } },           \
                         { IFLA_VXLAN_GROUP, REMOTE }
#define VXLAN6 "vxlan", { { IFLA_VXLAN_ID, { 7 } }, { IFLA_VXLAN_PORT, { 0x12, 0xb5 } },          \
                          { IFLA_VXLAN_GROUP6, REMOTE6 }
#define GENEVE "geneve", { { IFLA_GENEVE_ID, { 7 } }, { IFLA_GENEVE_REMOTE, REMOTE }
#define GENEVE6 "geneve", { { IFLA_GENEVE_ID, { 7 } }, { IFLA_GENEVE_REMOTE6, REMOTE6 }
#define GRETAP "gretap", { { IFLA_GRE_REMOTE, REMOTE }
#define ERSPAN "erspan", { { IFLA_GRE_REMOTE, REMOTE }, { IFLA_GRE_LOCAL, { 10, 0, 0, 1 } },      \
                           GRE_KEY_5(0x30)
#define IP6GRETAP "ip6gretap", { { IFLA_GRE_REMOTE, REMOTE6 }, { IFLA_GRE_LOCAL, LOCAL6 }
/* 'flags': the high byte of GRE_* as on the wire. */
#define GRE_KEY_5(flags)                                                                          \
    { IFLA_GRE_IFLAGS, { flags } }, { IFLA_GRE_OFLAGS, { flags } },                               \
    { IFLA_GRE_IKEY, { 0, 0, 0, 5 } }, { IFLA_GRE_OKEY, { 0, 0, 0, 5 } }

/* clang-format off */
static const struct sending udp_rows[] = {
    { VXLAN }, INNER_B9,
      "08004501004f000000004011669b0a0000010a000002a3c412b5003b9d37080000000000"
      "0700" },
    { VXLAN }, INNER_3,
      "08004502004f000000004011669a0a0000010a000002a3c412b5003b9d37080000000000"
      "0700" },
    { VXLAN }, INNER_DF,
      "08004500004f000000004011669c0a0000010a000002a3c412b5003b9d37080000000000"
      "0700" },
    { VXLAN }, INNER6,
      "08004502006300000000401166860a0000010a000002afe512b5004fa6d7080000000000"
      "0700" },
    { VXLAN }, INNER_ARP,
      "08004500004e000000004011669d0a0000010a000002c92812b5003aee92080000000000"
      "0700" },
    { VXLAN, { IFLA_VXLAN_LOCAL, { 10, 0, 0, 11 } }, { IFLA_VXLAN_TTL, { 5 } },
      { IFLA_VXLAN_TOS, { 0x50 } }, { IFLA_VXLAN_DF, { 1 } }, { IFLA_VXLAN_UDP_CSUM, { 0 } } }, INNER_B9,
      "08004551004f00004000051161410a00000b0a000002a3c412b5003b0000080000000000"
      "0700" },
    { VXLAN, { IFLA_VXLAN_TTL_INHERIT, { 1 } }, { IFLA_VXLAN_TOS, { 1 } },
      { IFLA_VXLAN_DF, { 2 } }, { IFLA_VXLAN_PORT_RANGE, { 0, 100, 0, 200 } } }, INNER_B9,
      "080045b9004f0000000009119ce30a0000010a000002008412b5003b4078080000000000"
      "0700" },
    { VXLAN, { IFLA_VXLAN_TTL_INHERIT, { 1 } }, { IFLA_VXLAN_TOS, { 1 } },
      { IFLA_VXLAN_DF, { 2 } }, { IFLA_VXLAN_PORT_RANGE, { 0, 100, 0, 200 } } }, INNER_DF,
      "08004500004f0000400009115d9c0a0000010a000002008412b5003b4078080000000000"
      "0700" },
    { VXLAN, { IFLA_VXLAN_TTL_INHERIT, { 1 } }, { IFLA_VXLAN_TOS, { 1 } },
      { IFLA_VXLAN_DF, { 2 } }, { IFLA_VXLAN_PORT_RANGE, { 0, 100, 0, 200 } } }, INNER6,
      "0800450200630000400009115d860a0000010a000002008f12b5004f562e080000000000"
      "0700" },
    { VXLAN, { IFLA_VXLAN_TTL_INHERIT, { 1 } }, { IFLA_VXLAN_TOS, { 1 } },
      { IFLA_VXLAN_DF, { 2 } }, { IFLA_VXLAN_PORT_RANGE, { 0, 100, 0, 200 } } }, INNER_ARP,
      "08004500004e000000004011669d0a0000010a00000200a612b5003ab715080000000000"
      "0700" },
    { VXLAN6 }, INNER_B9,
      "86dd60100000003b1140fd000000000000000000000000000001fd000000000000000000"
      "000000000002a3c412b5003bb7350800000000000700" },
    { VXLAN6, { IFLA_VXLAN_UDP_ZERO_CSUM6_TX, { 1 } }, { IFLA_VXLAN_TOS, { 1 } },
      { IFLA_VXLAN_TTL_INHERIT, { 1 } } }, INNER_B9,
      "86dd6b900000003b1109fd000000000000000000000000000001fd000000000000000000"
      "000000000002a3c412b5003b00000800000000000700" },
    { GENEVE }, INNER_3,
      "08004502004f000000004011669a0a0000010a000002530817c1003b0000000065580000"
      "0700" },
    { GENEVE }, INNER_DF,
      "08004500004f000000004011669c0a0000010a000002530817c1003b0000000065580000"
      "0700" },
    { GENEVE, { IFLA_GENEVE_TTL, { 5 } }, { IFLA_GENEVE_TOS, { 0x50 } },
      { IFLA_GENEVE_DF, { 1 } }, { IFLA_GENEVE_UDP_CSUM, { 1 } } }, INNER_B9,
      "08004551004f000040000511614b0a0000010a000002530817c1003b8b8f000065580000"
      "0700" },
    { GENEVE, { IFLA_GENEVE_TTL_INHERIT, { 1 } }, { IFLA_GENEVE_TOS, { 1 } },
      { IFLA_GENEVE_DF, { 2 } } }, INNER_B9,
      "080045b9004f0000000009119ce30a0000010a000002530817c1003b0000000065580000"
      "0700" },
    { GENEVE, { IFLA_GENEVE_TTL_INHERIT, { 1 } }, { IFLA_GENEVE_TOS, { 1 } },
      { IFLA_GENEVE_DF, { 2 } } }, INNER6,
      "0800450200630000400009115d860a0000010a0000026f2f17c1004f0000000065580000"
      "0700" },
    { GENEVE, { IFLA_GENEVE_TTL_INHERIT, { 1 } }, { IFLA_GENEVE_TOS, { 1 } },
      { IFLA_GENEVE_DF, { 2 } } }, INNER_ARP,
      "08004500004e000000004011669d0a0000010a000002a9d317c1003a0000000065580000"
      "0700" },
    { GENEVE6 }, INNER_B9,
      "86dd60100000003b1140fd000000000000000000000000000001fd000000000000000000"
      "000000000002530817c1003ba58d0000655800000700" },
};

static const struct sending gre_rows[] = {
    { GRETAP, { IFLA_GRE_LOCAL, { 10, 0, 0, 1 } } }, INNER_B9,
      "08004501004300004000092f5d890a0000010a00000200006558" },
    { GRETAP, { IFLA_GRE_LOCAL, { 10, 0, 0, 1 } } }, INNER6,
      "08004502005700004000092f5d740a0000010a00000200006558" },
    { GRETAP, { IFLA_GRE_LOCAL, { 10, 0, 0, 1 } } }, INNER_ARP,
      "08004500004200004000402f268b0a0000010a00000200006558" },
    { GRETAP, GRE_KEY_5(0xb0), { IFLA_GRE_TTL, { 7 } }, { IFLA_GRE_TOS, { 0x50 } },
      { IFLA_GRE_PMTUDISC, { 0 } } }, INNER_0,
      "08004550004f00000000072f9f2e0a0000010a000002b000655861dd0000000000050000"
      "0000" },
    { GRETAP, { IFLA_GRE_TOS, { 1 } }, { IFLA_GRE_PMTUDISC, { 0 } } }, INNER_B9,
      "080045b9004300000000092f9cd10a0000010a00000200006558" },
    { GRETAP, { IFLA_GRE_TOS, { 1 } }, { IFLA_GRE_PMTUDISC, { 0 } } }, INNER_DF,
      "08004500004300004000092f5d8a0a0000010a00000200006558" },
    { ERSPAN, { IFLA_GRE_ERSPAN_VER, { 1 } }, { IFLA_GRE_ERSPAN_INDEX, { 7 } } }, INNER_0,
      "08004500004f00004000092f5d7e0a0000010a000002100088be00000000100000050000"
      "0007" },
    { ERSPAN, { IFLA_GRE_ERSPAN_VER, { 1 } }, { IFLA_GRE_ERSPAN_INDEX, { 7 } } }, INNER_B9,
      "08004501004f00004000092f5d7d0a0000010a000002100088be000000001000a0050000"
      "0007" },
    { ERSPAN, { IFLA_GRE_ERSPAN_VER, { 2 } }, { IFLA_GRE_ERSPAN_DIR, { 1 } },
      { IFLA_GRE_ERSPAN_HWID, { 7 } } }, INNER_0,
      "08004500005300004000092f5d7a0a0000010a000002100022eb0000000020000805000f"
      "424000008078" },
    { IP6GRETAP, { IFLA_GRE_TTL, { 64 } }, { IFLA_GRE_ENCAP_LIMIT, { 4 } } }, INNER_0,
      "86dd6000c47800373c40fd000000000000000000000000000001fd000000000000000000"
      "0000000000022f0004010401010000006558" },
    { IP6GRETAP, GRE_KEY_5(0xb0), { IFLA_GRE_TTL, { 7 } },
      { IFLA_GRE_FLOWINFO, { 5, 0, 0, 0 } },
      { IFLA_GRE_FLAGS, { IP6_TNL_F_IGN_ENCAP_LIMIT } } }, INNER_0,
      "86dd6500c478003b2f07fd000000000000000000000000000001fd000000000000000000"
      "000000000002b000655861dd00000000000500000000" },
};
/* clang-format on */

static void udp_out(void **state)
{
    lab_do(*state, "addr eth0 10.0.0.11/24");
    for (size_t i = 0; i < G_N_ELEMENTS(udp_rows); i++)
        assert_sends(*state, &udp_rows[i]);
}

static void gre_out(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(gre_rows); i++)
        assert_sends(*state, &gre_rows[i]);
}

/* ---- in ------------------------------------------------------------------------------------------- */

#define FROM_2 "020000000001020000000002"
#define IP_UDP(tail) "0800" "4500004f00000000" "4011" tail
#define SRC_2 "669c" "0a0000020a000001"
#define SRC_77 "6651" "0a00004d0a000001"
#define UDP_VXLAN "800012b5003b0000"
#define UDP_GENEVE "800017c1003b0000"
#define IP_GRE(len, csum) "0800" "450000" len "00000000" "402f" csum "0a0000020a000001"

/* A frame from the far end, and what becomes of it; N_DROP_REASONS: the device has it. */
struct arrival {
    const char *outer, *inner;
    enum drop_reason why;
    uint64_t n_errors;          /* of the device, so far */
};

static void assert_arrives(struct lab *lab, const struct arrival *a)
{
    g_autofree char *hex = g_strconcat(FROM_2, a->outer, a->inner, NULL);
    g_autoptr(GByteArray) frame = bytes_of(hex);
    const struct netdev_stats *s = &dev(lab, "t0")->dev.stats;
    enum drop_reason why = a->why == N_DROP_REASONS ? DROP_NOT_A_PORT : a->why;
    uint64_t n = s->rx_packets, n_drops = drops(lab, why);

    device_receive(dev(lab, "eth0"), frame->data, frame->len);
    if (drops(lab, why) != n_drops + 1)
        fail_msg("%s is not \"%s\"", a->outer, drop_rows[why].name);
    assert_int_equal(s->rx_packets, n + (a->why == N_DROP_REASONS));
    assert_int_equal(s->rx_errors, a->n_errors);
}

#define ASSERT_ARRIVE(lab, rows)                                                                  \
    for (size_t row = 0; row < G_N_ELEMENTS(rows); row++)                                         \
        assert_arrives(lab, &(rows)[row])

static void vxlan_in(void **state)
{
    static const struct arrival rows[] = {
        { IP_UDP(SRC_2) UDP_VXLAN "0800000000000700", INNER_0, N_DROP_REASONS, 0 },
        { IP_UDP(SRC_77) UDP_VXLAN "0800000000000700", INNER_0, N_DROP_REASONS, 0 },
        { IP_UDP(SRC_2) UDP_VXLAN "0800000000000800", INNER_0, DROP_TUNNEL_ID, 0 },
        { IP_UDP(SRC_2) UDP_VXLAN "8800000100000700", INNER_0, DROP_TUNNEL_HDR, 0 },
        { "0800" "4503004f00000000" "4011" "6699" "0a0000020a000001" UDP_VXLAN
          "0800000000000700", INNER_0, DROP_TUNNEL_ECN, 1 },
    };

    make(*state, &(const struct sending){ VXLAN }, NULL, NULL });
    ASSERT_ARRIVE(*state, rows);
}

static void geneve_in(void **state)
{
    static const struct arrival rows[] = {
        { IP_UDP(SRC_2) UDP_GENEVE "0000655800000700", INNER_0, N_DROP_REASONS, 0 },
        { IP_UDP(SRC_2) UDP_GENEVE "0000655800000800", INNER_0, DROP_TUNNEL_ID, 0 },
        { IP_UDP(SRC_77) UDP_GENEVE "0000655800000700", INNER_0, DROP_TUNNEL_ID, 0 },
        { "0800" "450000530000000040116698" "0a0000020a000001" "800017c1003f0000"
          "0140655800000700" "01028300", INNER_0, DROP_TUNNEL_HDR, 1 },
        { "0800" "450000530000000040116698" "0a0000020a000001" "800017c1003f0000"
          "0100655800000700" "01020300", INNER_0, N_DROP_REASONS, 1 },
    };

    make(*state, &(const struct sending){ GENEVE }, NULL, NULL });
    ASSERT_ARRIVE(*state, rows);
}

static void gre_in(void **state)
{
    static const struct arrival plain[] = {
        { IP_GRE("43", "668a") "00006558", INNER_0, N_DROP_REASONS, 0 },
        { IP_GRE("47", "6686") "20006558" "00000005", INNER_0, DROP_TUNNEL_ID, 0 },
        { IP_GRE("47", "6686") "10006558" "00000005", INNER_0, N_DROP_REASONS, 0 },
        { IP_GRE("47", "6686") "80006558" "91e20000", INNER_0, DROP_TUNNEL_GRE, 1 },
        { "0800" "4500004300000000402f663f0a00004d0a000001" "00006558", INNER_0, DROP_TUNNEL_ID, 1 },
    };
    static const struct arrival numbered[] = {
        { IP_GRE("4b", "6682") "30006558" "00000005" "00000005", INNER_0, N_DROP_REASONS, 0 },
        { IP_GRE("4b", "6682") "30006558" "00000005" "00000004", INNER_0, DROP_TUNNEL_GRE, 1 },
        { IP_GRE("4b", "6682") "30006558" "00000005" "00000005", INNER_0, DROP_TUNNEL_GRE, 2 },
        { IP_GRE("4b", "6682") "30006558" "00000005" "00000006", INNER_0, N_DROP_REASONS, 2 },
        { IP_GRE("47", "6686") "20006558" "00000005", INNER_0, DROP_TUNNEL_GRE, 3 },
        { IP_GRE("4b", "6682") "30006558" "00000006" "00000007", INNER_0, DROP_TUNNEL_ID, 3 },
    };

    make(*state, &(const struct sending){ GRETAP, { IFLA_GRE_LOCAL, { 10, 0, 0, 1 } } }, NULL, NULL });
    ASSERT_ARRIVE(*state, plain);
    device_del(dev(*state, "t0"));
    make(*state, &(const struct sending){ GRETAP, GRE_KEY_5(0x30) }, NULL, NULL });
    ASSERT_ARRIVE(*state, numbered);
}

static void erspan_in(void **state)
{
    static const struct arrival rows[] = {
        { IP_GRE("4f", "667e") "100088be" "00000001" "1000e00500000007", INNER_0, N_DROP_REASONS, 0 },
        { IP_GRE("4f", "667e") "100088be" "00000002" "1000e00600000007", INNER_0, DROP_TUNNEL_ID, 0 },
        { IP_GRE("53", "667a") "100022eb" "00000003" "20000805465a0d8000008078", INNER_0,
          N_DROP_REASONS, 0 },
        { IP_GRE("4f", "667e") "100088be" "00000003" "1000e00500000007", INNER_0, DROP_TUNNEL_GRE, 1 },
    };

    make(*state, &(const struct sending){ ERSPAN, { IFLA_GRE_ERSPAN_VER, { 1 } } }, NULL, NULL });
    ASSERT_ARRIVE(*state, rows);
}

/* ---- ports, and frames through them ------------------------------------------------------------------ */

/* As a port it is like a card: packets carry no tunnel. */
static void as_a_port(void **state)
{
    static const struct arrival row = { IP_UDP(SRC_2) UDP_VXLAN "0800000000000700", INNER_0, 0, 0 };
    g_autofree char *hex = g_strconcat(FROM_2, row.outer, row.inner, NULL);
    g_autoptr(GByteArray) frame = bytes_of(hex);
    struct lab *lab = *state;

    make(lab, &(const struct sending){ VXLAN }, NULL, NULL });
    lab_do(lab, "port br0 t0");
    lab_do(lab, "flow br0 in_port(t0),eth(),eth_type(0x0800),ipv4(frag=no) p2");
    lab_do(lab, "flow br0 in_port(p1),eth(),eth_type(0x0800),ipv4(frag=no) t0");
    device_receive(dev(lab, "eth0"), frame->data, frame->len);
    assert_int_equal(dev(lab, "p2")->n_tx, 1);
    lab_do(lab, "send p1 " INNER_0);
    assert_int_equal(dev(lab, "eth0")->n_tx, 1);
    assert_int_equal(dev(lab, "t0")->dev.stats.tx_packets, 1);
}

/* A station that was heard through the tunnel is answered at the far end it was heard from. */
static void vxlan_learns(void **state)
{
    static const struct arrival heard = { IP_UDP(SRC_77) UDP_VXLAN "0800000000000700", INNER_0,
                                          N_DROP_REASONS, 0 };
    g_autoptr(GByteArray) frame = bytes_of("0a0000000001" "0a0000000002" "0800" INNER_REST);
    struct lab *lab = *state;
    struct tap tap = tap_open(lab, "eth0", SOCK_RAW, ETH_P_ALL);
    g_autofree char *in = NULL, *out = NULL;

    make(lab, &(const struct sending){ VXLAN }, NULL, NULL });
    lab_do(lab, "neigh eth0 10.0.0.77 02:00:00:00:00:77");
    assert_arrives(lab, &heard);
    device_send(dev(lab, "t0"), frame->data, frame->len);
    in = tap_next(&tap);
    out = tap_next(&tap);
    assert_true(g_str_has_prefix(out, "020000000077"));
    g_free(out);
    lab_do(lab, "advance 301s");
    device_send(dev(lab, "t0"), frame->data, frame->len);
    out = tap_next(&tap);
    assert_true(g_str_has_prefix(out, "020000000002"));
    tap_close(&tap);
}

/* A device with a group for all far ends: it sends there, and takes what comes for it. */
static void vxlan_group(void **state)
{
    const struct sending device = { "vxlan", { { IFLA_VXLAN_ID, { 7 } },
        { IFLA_VXLAN_GROUP, { 239, 1, 1, 1 } }, { IFLA_VXLAN_PORT, { 0x12, 0xb5 } },
        { IFLA_VXLAN_LINK, { (uint8_t)dev(*state, "eth0")->dev.ifindex } } }, NULL, NULL };
    g_autoptr(GByteArray) in = bytes_of("01005e010101" "020000000002" "0800" "4500004f00000000" "4011"
                                        "809a" "0a000002ef010101" UDP_VXLAN "0800000000000700" INNER_0);
    g_autoptr(GByteArray) out = bytes_of(INNER_0);
    struct tap tap = tap_open(*state, "eth0", SOCK_RAW, ETH_P_ALL);
    g_autofree char *sent = NULL;

    make(*state, &device);
    device_send(dev(*state, "t0"), out->data, out->len);
    sent = tap_next(&tap);
    assert_true(g_str_has_prefix(sent, "01005e010101" "020000000001" "0800" "4500004f00000000"
                                       "0111" "bf9b" "0a000001ef010101"));
    device_receive(dev(*state, "eth0"), in->data, in->len);
    assert_int_equal(dev(*state, "t0")->dev.stats.rx_packets, 1);
    tap_close(&tap);
}

/* Nowhere to send: counted as the kernel counts it. */
static void without_far_end(void **state)
{
    struct lab *lab = *state;
    const struct {
        struct sending device;
        enum drop_reason why;
        uint64_t n_errors, n_dropped;
    } rows[] = {
        { { "vxlan", { { IFLA_VXLAN_ID, { 7 } } }, NULL, NULL }, DROP_NO_TUNNEL, 0, 1 },
        { { "gretap", { { IFLA_GRE_LOCAL, { 10, 0, 0, 1 } } }, NULL, NULL }, DROP_NO_ROUTE, 1, 0 },
        { { "gretap", { { IFLA_GRE_REMOTE, { 192, 0, 2, 1 } } }, NULL, NULL }, DROP_NO_ROUTE, 1, 0 },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GByteArray) frame = bytes_of(INNER_0);
        uint64_t n = drops(lab, rows[i].why);

        make(lab, &rows[i].device);
        device_send(dev(lab, "t0"), frame->data, frame->len);
        assert_int_equal(drops(lab, rows[i].why), n + 1);
        assert_int_equal(dev(lab, "t0")->dev.stats.tx_errors, rows[i].n_errors);
        assert_int_equal(dev(lab, "t0")->dev.stats.tx_dropped, rows[i].n_dropped);
        device_del(dev(lab, "t0"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOST_TEST(udp_out),
        HOST_TEST(gre_out),
        HOST_TEST(vxlan_in),
        HOST_TEST(geneve_in),
        HOST_TEST(gre_in),
        HOST_TEST(erspan_in),
        HOST_TEST(as_a_port),
        HOST_TEST(vxlan_learns),
        HOST_TEST(vxlan_group),
        HOST_TEST(without_far_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
