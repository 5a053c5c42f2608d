/* test_ip_frag.c - outer packets in fragments: cut on the way out, put together on the way in.
 *
 * What is accepted and refused is what Linux 6.1 does. SPDX-License-Identifier: Apache-2.0 */
#include "tests/tunnel_tools.h"

#include <linux/if_ether.h>

#include "base/bytes.h"
#include "base/checksum.h"
#include "sim/ip.h"

#define MF 0x2000
#define INNER_LEN 642u          /* of the frame in the packet that comes in fragments */

/* ---- out ------------------------------------------------------------------------------------------ */

/* An Ethernet frame with an IP packet of 'len' bytes comes to p1, and goes to the tunnel port. */
static void send_packet(struct lab *lab, uint8_t family, bool is_df, uint32_t len)
{
    g_autofree uint8_t *frame = g_malloc0(ETH_LEN + len);
    static const uint8_t ip6[2][16] = { { 0xfd, 1, [15] = 1 }, { 0xfd, 1, [15] = 2 } };
    const struct ip_head head = {
        .family = family, .proto = 17, .ttl = 9, .is_df = is_df,
        .src = family == AF_INET ? (const uint8_t[]){ 10, 9, 0, 1 } : ip6[0],
        .dst = family == AF_INET ? (const uint8_t[]){ 10, 9, 0, 2 } : ip6[1],
    };
    uint32_t head_len = ip_head_len(family);

    memcpy(frame, (const uint8_t[]){ 10, 0, 0, 0, 0, 2, 10, 0, 0, 0, 0, 1 }, 12);
    be16_put(frame + 12, family == AF_INET ? ETH_P_IP : ETH_P_IPV6);
    ip_head_put(frame + ETH_LEN, &head, len - head_len);
    be16_put(frame + ETH_LEN + head_len, 1000);
    be16_put(frame + ETH_LEN + head_len + 2, 2000);
    be16_put(frame + ETH_LEN + head_len + 4, (uint16_t)(len - head_len));
    memset(frame + ETH_LEN + head_len + UDP_LEN, 'a', len - head_len - UDP_LEN);
    device_receive(dev(lab, "p1"), frame, ETH_LEN + len);
}

static void send_long(struct lab *lab, uint32_t len)
{
    send_packet(lab, AF_INET, false, len);
}

static void flow_to(struct lab *lab, const char *tunnel)
{
    g_autofree char *line = g_strdup_printf("flow br0 in_port(p1),eth(),eth_type(0x0800),"
                                            "ipv4(frag=no) set(%s),vx0", tunnel);

    lab_do(lab, "del-flows br0");
    lab_do(lab, line);
}

/* Total length, and flags with offset, of the next fragment; its identification. */
static void assert_fragment(const struct tap *tap, uint16_t len, uint16_t frag, uint16_t *id)
{
    g_autofree char *hex = tap_next(tap);
    g_autoptr(GByteArray) frame = bytes_of(hex ? hex : "");
    const uint8_t *ip = frame->data + ETH_LEN;

    assert_int_equal(frame->len, ETH_LEN + len);
    assert_int_equal(be16_get(ip + 2), len);
    assert_int_equal(be16_get(ip + 6), frag);
    assert_int_equal(csum_finish(csum_add(0, ip, IP4_LEN)), 0);
    *id = be16_get(ip + 4);
}

static void cut(void **state)
{
    struct lab *lab = *state;
    struct tap tap = tap_open(lab, "eth0", SOCK_RAW, ETH_P_ALL);
    uint16_t id[3];

    flow_to(lab, "tunnel(tun_id=0x5,dst=10.0.0.2,ttl=64,flags(key))");
    send_long(lab, 1450);
    assert_fragment(&tap, 1500, 0, &id[0]);
    send_long(lab, 1451);
    assert_fragment(&tap, 1500, MF, &id[0]);
    assert_fragment(&tap, 21, 0xb9, &id[1]);
    assert_int_equal(id[0], id[1]);
    send_long(lab, 4028);
    assert_fragment(&tap, 1500, MF, &id[0]);
    assert_fragment(&tap, 1500, MF | 0xb9, &id[1]);
    assert_fragment(&tap, 1118, 0x172, &id[2]);
    assert_int_equal(id[0], id[2]);
    assert_int_equal(dev(lab, "vx0")->dev.stats.tx_packets, 3);
    tap_close(&tap);
}

/* "Don't fragment", and IPv6, where the kernel's tunnels have none. */
static void not_cut(void **state)
{
    struct lab *lab = *state;
    const struct netdev_stats *s = &dev(lab, "vx0")->dev.stats;

    flow_to(lab, "tunnel(tun_id=0x5,dst=10.0.0.2,ttl=64,flags(df|key))");
    send_long(lab, 1451);
    assert_int_equal(drops(lab, DROP_PKT_TOO_BIG), 1);
    assert_int_equal(s->tx_dropped, 1);
    flow_to(lab, "tunnel(tun_id=0x5,ipv6_dst=fd00::2,ttl=64,flags(key))");
    send_long(lab, 1431);
    assert_int_equal(drops(lab, DROP_PKT_TOO_BIG), 2);
    assert_int_equal(s->tx_dropped, 1);
    assert_int_equal(s->tx_errors, 1);
    assert_int_equal(dev(lab, "eth0")->n_tx, 0);
}

/* The port itself answers for inner packets that must not be cut; what it says is the kernel's. */
static void too_big_inside(void **state)
{
    static const char tunnel_back[] =
        "flow br0 tunnel(tun_id=0x5,src=10.0.0.2,dst=10.0.0.1,ttl=64,flags(df|key)),in_port(%s),eth(),"
        "eth_type(%s),%s(frag=no) p2";
    struct lab *lab = *state;
    struct tap tap = tap_open(lab, "p2", SOCK_RAW, ETH_P_ALL);
    const struct netdev_stats *vx = &dev(lab, "vx0")->dev.stats, *gn = &dev(lab, "gnv0")->dev.stats;
    static const char *const ports[] = { "vx0", "gnv0" };

    for (size_t i = 0; i < G_N_ELEMENTS(ports); i++) {
        g_autofree char *back4 = g_strdup_printf(tunnel_back, ports[i], "0x0800", "ipv4");
        g_autofree char *back6 = g_strdup_printf(tunnel_back, ports[i], "0x86dd", "ipv6");
        g_autofree char *four = NULL, *six = NULL;

        lab_do(lab, "del-flows br0");
        lab_do(lab, back4);
        lab_do(lab, back6);
        for (int j = 0; j < 2; j++) {
            g_autofree char *line = g_strdup_printf(
                "flow br0 in_port(p1),eth(),eth_type(%s),%s(frag=no) "
                "set(tunnel(tun_id=0x5,dst=10.0.0.2,ttl=64,flags(df|key))),%s",
                j ? "0x86dd" : "0x0800", j ? "ipv6" : "ipv4", ports[i]);

            lab_do(lab, line);
        }
        send_packet(lab, AF_INET, true, 1450);          /* fits */
        assert_int_equal(dev(lab, "p2")->n_tx, 2 * i);
        send_packet(lab, AF_INET, true, 1451);
        send_packet(lab, AF_INET6, false, 1471);
        four = tap_next(&tap);
        six = tap_next(&tap);
        assert_int_equal(strlen(four), 2 * 590);
        assert_true(g_str_has_prefix(four, "0a0000000001" "0a0000000002" "0800" "45000240000040000901"
                                     "5ba9" "0a090002" "0a090001" "0304ff1b000005aa"
                                     "450005ab000040000911582e" "0a0900010a090002"
                                     "03e807d005970000" "61"));
        assert_int_equal(strlen(six), 2 * 1294);
        assert_true(g_str_has_prefix(six, "0a0000000001" "0a0000000002" "86dd" "6000000004d83a09"
                                     "fd010000000000000000000000000002"
                                     "fd010000000000000000000000000001" "02004615000005aa"
                                     "6000000005971109"));
    }
    assert_int_equal(drops(lab, DROP_PKT_TOO_BIG), 4);
    assert_int_equal(vx->rx_packets, 2);
    assert_int_equal(vx->rx_bytes, 590 + 1294);
    assert_int_equal(vx->tx_packets, 3);
    assert_int_equal(vx->tx_errors, 0);
    assert_int_equal(gn->rx_packets, 0);
    assert_int_equal(gn->tx_packets, 1);
    assert_int_equal(gn->tx_errors, 2);
    tap_close(&tap);
}

/* ---- in ------------------------------------------------------------------------------------------- */

struct fragment {
    uint32_t offset, len;       /* len 0: to the end */
    bool is_last;
    uint8_t tos;
};

/* UDP and vxlan headers, then the inner frame. */
static GByteArray *whole_payload(void)
{
    GByteArray *b = bytes_of("9c4012b5" "02920000" "0800000000000500" "0a0000000002" "0a0000000001"
                             "0800" "4500027400000000" "0911" "9b65" "0a0900010a090002"
                             "03e807d002600000");

    g_byte_array_set_size(b, 16 + INNER_LEN);
    memset(b->data + 16 + 42, 'a', INNER_LEN - 42);
    return b;
}

static GByteArray *frame_of(const struct fragment *f, uint8_t family, uint16_t id)
{
    g_autoptr(GByteArray) payload = whole_payload();
    uint32_t len = f->len ? f->len : payload->len - f->offset, ext = family == AF_INET6 ? 8 : 0;
    GByteArray *frame = bytes_of(family == AF_INET ? "020000000001" "020000000002" "0800"
                                                   : "020000000001" "020000000002" "86dd");
    static const uint8_t ip6[2][16] = { { 0xfd, [15] = 2 }, { 0xfd, [15] = 1 } };
    const struct ip_head head = {
        .family = family, .proto = ext ? 44 : 17, .tos = f->tos, .ttl = 64, .id = id,
        .src = ext ? ip6[0] : (const uint8_t[]){ 10, 0, 0, 2 },
        .dst = ext ? ip6[1] : (const uint8_t[]){ 10, 0, 0, 1 },
    };
    uint8_t *ip;

    g_byte_array_set_size(frame, ETH_LEN + ip_head_len(family) + ext);
    ip = frame->data + ETH_LEN;
    ip_head_put(ip, &head, ext + len);
    if (ext) {
        memcpy(ip + IP6_LEN, (const uint8_t[]){ 17, 0, 0, 0, 0, 0, 0, (uint8_t)id }, ext);
        be16_put(ip + IP6_LEN + 2, (uint16_t)(f->offset | !f->is_last));
    } else {
        be16_put(ip + 6, (uint16_t)(f->offset / 8 | (f->is_last ? 0 : MF)));
        csum_ip4_put(ip);
    }
    g_byte_array_append(frame, payload->data + f->offset, len);
    return frame;
}

static void feed_all(struct lab *lab, const struct fragment *f, size_t n, uint8_t family)
{
    static uint16_t id;

    id++;
    for (size_t i = 0; i < n; i++) {
        g_autoptr(GByteArray) frame = frame_of(&f[i], family, id);

        device_receive(dev(lab, "eth0"), frame->data, frame->len);
    }
}

#define FEED(lab, family, ...)                                                                    \
    do {                                                                                          \
        static const struct fragment f[] = { __VA_ARGS__ };                                       \
        feed_all(lab, f, G_N_ELEMENTS(f), family);                                                \
    } while (0)

#define LAST true

static struct lab *ready(void **state)
{
    struct lab *lab = *state;

    lab_do(lab, "flow br0 in_port(vx0),eth(),eth_type(0x0800),ipv4(frag=no) p2");
    return lab;
}

static void assert_got_whole(const struct lab *lab, uint64_t n)
{
    assert_int_equal(dev(lab, "p2")->n_tx, n);
    assert_int_equal(dev(lab, "p2")->tx_bytes, n * INNER_LEN);
}

static void joined(void **state)
{
    struct lab *lab = ready(state);

    FEED(lab, AF_INET, { 0, 320, false, 0 }, { 320, 0, LAST, 0 });
    assert_got_whole(lab, 1);
    FEED(lab, AF_INET, { 320, 0, LAST, 0 }, { 0, 320, false, 0 });
    assert_got_whole(lab, 2);
    FEED(lab, AF_INET, { 320, 160, false, 0 }, { 480, 0, LAST, 0 }, { 0, 320, false, 0 });
    assert_got_whole(lab, 3);
    /* The same again is passed over. */
    FEED(lab, AF_INET, { 0, 320, false, 0 }, { 0, 320, false, 0 }, { 320, 0, LAST, 0 });
    assert_got_whole(lab, 4);
    assert_int_equal(drops(lab, DROP_FRAG_DUP), 1);
    FEED(lab, AF_INET6, { 320, 0, LAST, 0 }, { 0, 320, false, 0 });
    assert_got_whole(lab, 5);
    assert_int_equal(dev(lab, "vx0")->dev.stats.rx_packets, 5);
}

static void refused(void **state)
{
    struct lab *lab = ready(state);

    FEED(lab, AF_INET, { 0, 320, false, 0 }, { 160, 0, LAST, 0 });      /* overlap */
    assert_int_equal(drops(lab, DROP_FRAG_OVERLAP), 2);
    FEED(lab, AF_INET, { 320, 160, LAST, 0 }, { 480, 8, false, 0 });    /* behind the end */
    assert_int_equal(drops(lab, DROP_FRAG_BAD), 2);
    FEED(lab, AF_INET, { 0, 320, false, 0 }, { 320, 0, LAST, 3 });      /* marks that do not go together */
    assert_int_equal(drops(lab, DROP_FRAG_BAD), 4);
    assert_got_whole(lab, 0);
    lab_do(lab, "advance 31s");
    assert_int_equal(drops(lab, DROP_FRAG_TIMEOUT), 0);
}

/* "Experienced" in one fragment is the whole packet's: the inner packet knows no such mark. */
static void congestion(void **state)
{
    struct lab *lab = ready(state);

    FEED(lab, AF_INET, { 0, 320, false, 1 }, { 320, 0, LAST, 2 });
    assert_got_whole(lab, 1);
    FEED(lab, AF_INET, { 0, 320, false, 2 }, { 320, 0, LAST, 3 });
    assert_got_whole(lab, 1);
    assert_int_equal(drops(lab, DROP_TUNNEL_ECN), 1);
}

static void timeout(void **state)
{
    struct lab *lab = ready(state);

    FEED(lab, AF_INET, { 0, 320, false, 0 });
    FEED(lab, AF_INET6, { 0, 320, false, 0 });
    lab_do(lab, "advance 29s");
    assert_int_equal(drops(lab, DROP_FRAG_TIMEOUT), 0);
    lab_do(lab, "advance 1s");
    assert_int_equal(drops(lab, DROP_FRAG_TIMEOUT), 1);
    lab_do(lab, "advance 30s");
    assert_int_equal(drops(lab, DROP_FRAG_TIMEOUT), 2);
}

/* Put together, but for nobody. */
static void unwanted(void **state)
{
    struct lab *lab = ready(state);

    lab_do(lab, "del-port br0 vx0");
    FEED(lab, AF_INET, { 0, 320, false, 0 }, { 320, 0, LAST, 0 });
    assert_int_equal(drops(lab, DROP_NOT_A_PORT), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TUNNEL_TEST(cut),     TUNNEL_TEST(not_cut),    TUNNEL_TEST(joined),  TUNNEL_TEST(refused),
        TUNNEL_TEST(timeout), TUNNEL_TEST(congestion), TUNNEL_TEST(unwanted),
        TUNNEL_TEST(too_big_inside),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
