/* test_tunnel_gre.c - gre over IPv6 and erspan in external mode, both ways, as Linux 6.1 does it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/tunnel_tools.h"

#define EXTERNAL { IFLA_GRE_COLLECT_METADATA, { 1 } }
#define ENDS6 "fd000000000000000000000000000001" "fd000000000000000000000000000002"
#define BACK6 "fd000000000000000000000000000002" "fd000000000000000000000000000001"

static int open_external(void **state)
{
    static const char *const kinds[] = { "ip6gretap", "erspan", "ip6erspan" };
    char line[64];

    if (open_tunnels(state))
        return -1;
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        LINK((struct lab *)*state, kinds[i], kinds[i], EXTERNAL);
        g_snprintf(line, sizeof(line), "port br0 %s", kinds[i]);
        lab_do(*state, line);
    }
    return 0;
}

#define EXTERNAL_TEST(name) cmocka_unit_test_setup_teardown(name, open_external, lab_close)

/* ---- out ------------------------------------------------------------------------------------------ */

/* The traffic class is the tunnel's alone; the flow label follows from the hash. */
static void ip6gre_out(void **state)
{
    assert_sent(*state, "ip6gretap", "tunnel(tun_id=0x5,ipv6_dst=fd00::2,ttl=0,flags(key))",
                "86dd" "60000001" "0033" "2f09" ENDS6 "2000655800000005");
    assert_sent(*state, "ip6gretap",
                "tunnel(tun_id=0x5,ipv6_dst=fd00::2,tos=0x53,ttl=64,flags(csum|key))",
                "86dd" "65300001" "0037" "2f40" ENDS6 "a000655871dd0000" "00000005");
    assert_sent(*state, "ip6gretap", "tunnel(ipv6_dst=fd00::2,ttl=64)",
                "86dd" "60000001" "002f" "2f40" ENDS6 "00006558");
}

/* A tos of 1 stands for the inner packet's. */
static void gre_tos(void **state)
{
    assert_sent(*state, "gre0", "tunnel(dst=10.0.0.2,tos=0x50,ttl=64)",
                "0800" "4552004300000000402f66380a0000010a000002" "00006558");
    assert_sent(*state, "gre0", "tunnel(dst=10.0.0.2,tos=0x1,ttl=64)",
                "0800" "4502004300010000402f66870a0000010a000002" "00006558");
}

/* Packets are numbered; version 2 counts time in 100 us. */
static void erspan_out(void **state)
{
    assert_sent(*state, "erspan",
                "tunnel(tun_id=0x5,dst=10.0.0.2,ttl=64,erspan(ver=1,idx=0x7),flags(key))",
                "0800" "4502004f00000000402f667c0a0000010a000002" "100088be" "00000000" "1000000500000007");
    assert_sent(*state, "erspan",
                "tunnel(tun_id=0x5,dst=10.0.0.2,ttl=64,erspan(ver=2,dir=1,hwid=0x7),flags(key))",
                "0800" "4502005300010000402f66770a0000010a000002" "100022eb" "00000001" "20000805000f424000008078");
}

/* The class of service is read as if the inner packet were IPv6. */
static void ip6erspan_out(void **state)
{
    assert_sent(*state, "ip6erspan",
                "tunnel(tun_id=0x5,ipv6_dst=fd00::2,ttl=64,erspan(ver=1,idx=0x7),flags(key))",
                "86dd" "60000001" "003b" "2f40" ENDS6 "100088be" "00000000" "1000400500000007");
    assert_sent(*state, "ip6erspan",
                "tunnel(tun_id=0x5,ipv6_dst=fd00::2,ttl=64,erspan(ver=2,dir=1,hwid=0x7),flags(key))",
                "86dd" "60000001" "003f" "2f40" ENDS6 "100022eb" "00000001"
                "20004805000f424000008078");
}

/* Without a version nobody knows which header to write. */
static void erspan_without_options(void **state)
{
    struct lab *lab = *state;
    enum drop_reason why;

    g_free(send_by(lab, "erspan", "tunnel(tun_id=0x5,dst=10.0.0.2,ttl=64,flags(key))", &why));
    assert_int_equal(why, DROP_NO_TUNNEL);
    assert_int_equal(dev(lab, "erspan")->dev.stats.tx_dropped, 1);
    assert_int_equal(dev(lab, "erspan")->dev.stats.tx_errors, 0);
    g_free(send_by(lab, "ip6erspan", "tunnel(tun_id=0x5,ipv6_dst=fd00::2,ttl=64,flags(key))", &why));
    assert_int_equal(why, DROP_NO_TUNNEL);
    assert_int_equal(dev(lab, "ip6erspan")->dev.stats.tx_dropped, 1);
    assert_int_equal(dev(lab, "ip6erspan")->dev.stats.tx_errors, 1);
}

/* ---- in ------------------------------------------------------------------------------------------- */

static void ip6gre_in(void **state)
{
    struct lab *lab = *state;

    assert_got(lab, "tunnel(tun_id=0x5,ipv6_src=fd00::2,ipv6_dst=fd00::1,tos=0x53,ttl=64,"
                    "flags(-csum+key))", "ip6gretap",
               "86dd" "6530000000332f40" BACK6 "2000655800000005");
    assert_int_equal(dev(lab, "ip6gretap")->dev.stats.rx_bytes, strlen(INNER) / 2 - 14);
    /* Behind an encapsulation limit; a checksum is refused. */
    assert_got(lab, "tunnel(ipv6_src=fd00::2,ipv6_dst=fd00::1,ttl=64)", "ip6gretap",
               "86dd" "6000000000373c40" BACK6 "2f00040104010100" "00006558");
    feed(lab, "86dd" "6000000000332f40" BACK6 "8000655891e20000", INNER);
    assert_int_equal(drops(lab, DROP_TUNNEL_GRE), 1);
    assert_int_equal(dev(lab, "ip6gretap")->dev.stats.rx_errors, 1);
}

static void gre_in(void **state)
{
    struct lab *lab = *state;

    assert_got(lab, "tunnel(src=10.0.0.2,dst=10.0.0.1,ttl=64)", "gre0",
               "0800" "4500004700000000402f66860a0000020a000001" "10006558" "00000009");
    assert_int_equal(dev(lab, "gre0")->dev.stats.rx_bytes, strlen(INNER) / 2);
    feed(lab, "0800" "4500004700000000402f66860a0000020a000001" "8000655891e20000", INNER);
    assert_int_equal(drops(lab, DROP_TUNNEL_GRE), 1);
    assert_int_equal(dev(lab, "gre0")->dev.stats.rx_errors, 1);
}

static void erspan_in(void **state)
{
    struct lab *lab = *state;

    assert_got(lab, "tunnel(tun_id=0x5,src=10.0.0.2,dst=10.0.0.1,ttl=64,erspan(ver=1,idx=0x7),"
                    "flags(key))", "erspan",
               "0800" "4500004f00000000402f667e0a0000020a000001" "100088be" "00000001" "1000e00500000007");
    assert_got(lab, "tunnel(tun_id=0x5,src=10.0.0.2,dst=10.0.0.1,ttl=64,"
                    "erspan(ver=2,dir=1,hwid=0x7),flags(key))", "erspan",
               "0800" "4500005300000000402f667a0a0000020a000001" "100022eb" "00000001" "2000080500000000" "00000078");
    /* Type I has no header, and nothing to tell but what lies in its place. */
    assert_got(lab, "tunnel(tun_id=0x0,src=10.0.0.2,dst=10.0.0.1,ttl=64,flags(key))", "erspan",
               "0800" "4500004300000000402f668a0a0000020a000001" "000088be");
    assert_got(lab, "tunnel(tun_id=0x5,ipv6_src=fd00::2,ipv6_dst=fd00::1,ttl=64,"
                    "erspan(ver=1,idx=0x7),flags(key))", "ip6erspan",
               "86dd" "60000000003b2f40" BACK6 "100088be" "00000001" "1000e00500000007");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        EXTERNAL_TEST(ip6gre_out), EXTERNAL_TEST(gre_tos),       EXTERNAL_TEST(erspan_out),
        EXTERNAL_TEST(ip6gre_in),  EXTERNAL_TEST(ip6erspan_out), EXTERNAL_TEST(erspan_in),
        EXTERNAL_TEST(gre_in),     EXTERNAL_TEST(erspan_without_options),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
