/* test_act_set.c - set and set_masked: refusals, the stored form, new bytes and their checksums;
 * trunc, ct_clear and dec_ttl beside them.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/openvswitch.h>

#include "tests/packet_tools.h"

#define CHECK(s, at, hex) row_check(s, at, &act_set, OVS_ACTION_ATTR_SET, hex)
#define CHECK_MASKED(s, at, hex) row_check(s, at, &act_set_masked, OVS_ACTION_ATTR_SET_MASKED, hex)
#define SET_MASKED(s, hex) row_run(s, &act_set_masked, OVS_ACTION_ATTR_SET_MASKED, hex)

/* Headers of the nested attribute: length and type, little-endian. */
#define A_PRIORITY(len) len "00 0200"
#define A_ETH(len) len "00 0400"
#define A_IP4(len) len "00 0700"
#define A_IP6(len) len "00 0800"
#define A_TCP "0800 0900"
#define A_UDP "0800 0a00"
#define A_SCTP "0800 1100"
#define A_MPLS(len) len "00 1500"

#define UDP_FRAME ADDRS "0800 45000024 12340000 40115493 0a000001 0a000002" \
                  "03e807d0 001022b6 7061796c 6f61642e"
#define TCP_FRAME ADDRS "0800 45000028 12340000 40060000 0a000001 0a000002" \
                  "03e807d0 00000001 00000000 50100000 12340000"
#define IP6_FRAME ADDRS "86dd 60000000 00101140 20010db8000000000000000000000001" \
                  "20010db8000000000000000000000002 03e807d0 0010db43 7061796c 6f61642e"

/* Sum over the transport segment and its pseudo header; 0 if its checksum is right. */
static uint16_t l4_sum(const struct scene *s)
{
    const struct pkt *p = s->run.pkt;
    bool is_ip6 = s->key.eth_type == 0x86dd;
    uint32_t len = p->len - p->l4_off, sum;

    sum = csum_add(len + s->key.ip_proto, p->data + p->l3_off + (is_ip6 ? 8 : 12), is_ip6 ? 32 : 8);
    return csum_finish(csum_add(sum, p->data + p->l4_off, len));
}

static uint16_t ip4_sum(const struct scene *s)
{
    return csum_finish(csum_add(0, s->run.pkt->data + s->run.pkt->l3_off, 20));
}

/* ---- check ------------------------------------------------------------------------------- */

static void test_what_may_be_set(void **state)
{
    struct scene s;
    struct act_scope at;

    (void)state;
    scene_extract(&s, UDP_FRAME, 0);
    at = scene_scope(&s);
    assert_int_equal(CHECK(&s, &at, ""), -EINVAL);
    assert_int_equal(CHECK(&s, &at, "0800"), -EINVAL);
    assert_int_equal(CHECK(&s, &at, A_PRIORITY("08") "01000000" A_PRIORITY("08") "01000000"), -EINVAL);
    assert_int_equal(CHECK(&s, &at, A_PRIORITY("06") "0100 0000"), -EINVAL);
    assert_int_equal(CHECK(&s, &at, A_PRIORITY("08") "01000000"), 0);
    assert_int_equal(CHECK(&s, &at, "0800 0300 01000000"), -EINVAL);      /* in_port */
    assert_int_equal(CHECK(&s, &at, "0800 ff3f 01000000"), -EINVAL);      /* no such type */
    assert_int_equal(CHECK(&s, &at, "0800 1800 01000000"), 0);            /* ct_mark: fails later */
    assert_int_equal(CHECK(&s, &at, A_UDP "00010002"), 0);
    assert_int_equal(CHECK(&s, &at, A_TCP "00010002"), -EINVAL);
    assert_int_equal(CHECK(&s, &at, A_MPLS("08") "00064140"), -EINVAL);
    at.eth_type = 0x8847;
    assert_int_equal(CHECK(&s, &at, A_MPLS("08") "00064140"), 0);
    assert_int_equal(CHECK(&s, &at, A_MPLS("0c") "00064140 00064140"), -EINVAL);
    assert_int_equal(CHECK(&s, &at, A_UDP "00010002"), -EINVAL);
    assert_int_equal(CHECK(&s, &at, A_ETH("10") "020000000001020000000002"), 0);
    at.has_eth = false;
    assert_int_equal(CHECK(&s, &at, A_ETH("10") "020000000001020000000002"), -EINVAL);
    scene_done(&s);
}

static void test_fixed_members(void **state)
{
    struct scene s;
    struct act_scope at;

    (void)state;
    scene_extract(&s, UDP_FRAME, 0);
    at = scene_scope(&s);
    assert_int_equal(CHECK(&s, &at, A_IP4("10") "0a000001 0a000002 11 00 40 00"), 0);
    assert_int_equal(CHECK(&s, &at, A_IP4("10") "0a000001 0a000002 06 00 40 00"), -EINVAL);
    assert_int_equal(CHECK(&s, &at, A_IP4("10") "0a000001 0a000002 11 00 40 01"), -EINVAL);
    assert_int_equal(CHECK_MASKED(&s, &at, A_IP4("1c") "0a000001 00000000 00 00 00 00"
                                           "ffffffff 00000000 00 00 ff 00"), 0);
    assert_int_equal(CHECK_MASKED(&s, &at, A_IP4("1c") "0a000001 00000000 11 00 00 00"
                                           "ffffffff 00000000 ff 00 ff 00"), -EINVAL);
    assert_int_equal(CHECK_MASKED(&s, &at, A_IP4("1c") "0a000001 00000000 00 00 00 00"
                                           "ffffff00 00000000 00 00 ff 00"), -EINVAL);
    scene_done(&s);
}

#define ZERO16 "00000000000000000000000000000000"

static void test_ip6_label(void **state)
{
    struct scene s;
    struct act_scope at;

    (void)state;
    scene_extract(&s, IP6_FRAME, 0);
    at = scene_scope(&s);
    assert_int_equal(CHECK(&s, &at, A_IP6("2c") ZERO16 ZERO16 "00100000 11 00 40 00"), -EINVAL);
    assert_int_equal(CHECK(&s, &at, A_IP6("2c") ZERO16 ZERO16 "000fffff 11 00 40 00"), 0);
    /* nest 4, attribute 4, value 40, then the mask: of the label 20 bits */
    assert_int_equal(be32_get(s.stored->data + 8 + 40 + 32), 0x000fffff);
    assert_int_equal(be32_get(s.stored->data + 8 + 40), 0xffffffff);
    scene_done(&s);
}

/* set() is stored with a mask and dumped as it came. */
static void test_stored_and_dumped(void **state)
{
    _Alignas(8) uint8_t buf[256] = {0};
    struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
    struct scene s;
    struct act_scope at;
    uint8_t want[32];

    (void)state;
    scene_extract(&s, UDP_FRAME, 0);
    at = scene_scope(&s);
    assert_int_equal(CHECK(&s, &at, A_UDP "00010002"), 0);
    hex_bytes("1000 1a00 0c00 0a00 00010002 ffffffff", want, sizeof(want));
    assert_int_equal(s.stored->len, 16);
    assert_memory_equal(s.stored->data, want, 16);
    act_set_to_masked.put(msg, (const struct nlattr *)s.stored->data);
    hex_bytes("0c00 0300 0800 0a00 00010002", want, sizeof(want));
    assert_memory_equal(mnl_nlmsg_get_payload(msg), want, 12);
    scene_done(&s);
}

/* ---- run ----------------------------------------------------------------------------------- */

/* Checks a set(), then runs what was stored: a SET_TO_MASKED. */
static int run_set(struct scene *s, const char *hex)
{
    struct act_scope at = scene_scope(s);

    assert_int_equal(CHECK(s, &at, hex), 0);
    return act_set_to_masked.run(&s->run, (const struct nlattr *)s->stored->data, false);
}

static void test_metadata_and_eth(void **state)
{
    struct scene s;

    (void)state;
    scene_extract(&s, UDP_FRAME, 0);
    s.run.pkt->mark = 0xff;
    assert_int_equal(SET_MASKED(&s, "0c00 0f00 00100000 00ff0000"), 0);
    assert_int_equal(s.run.pkt->mark, 0x10ff);
    assert_int_equal(s.key.skb_mark, 0x10ff);
    assert_int_equal(run_set(&s, A_ETH("10") "0a0000000001 0a0000000002"), 0);
    assert_memory_equal(s.run.pkt->data, "\12\0\0\0\0\2\12\0\0\0\0\1", 12);
    assert_memory_equal(s.key.eth_src, "\12\0\0\0\0\1", 6);
    assert_int_equal(run_set(&s, "0800 1800 01000000"), -EINVAL);
    scene_done(&s);
}

static void test_ip4_udp(void **state)
{
    struct scene s;

    (void)state;
    scene_extract(&s, UDP_FRAME, 0);
    assert_int_equal(ip4_sum(&s), 0);
    assert_int_equal(l4_sum(&s), 0);
    s.run.pkt->hash = 5;
    assert_int_equal(run_set(&s, A_IP4("10") "c0a80101 c0a80102 11 b8 63 00"), 0);
    assert_int_equal(ip4_sum(&s), 0);
    assert_int_equal(l4_sum(&s), 0);
    assert_int_equal(s.run.pkt->hash, 0);
    assert_int_equal(be32_get(&s.key.ip4.src), 0xc0a80101);
    assert_int_equal(s.key.ip_tos, 0xb8);
    assert_int_equal(s.key.ip_ttl, 0x63);
    assert_int_equal(run_set(&s, A_UDP "00010002"), 0);
    assert_int_equal(l4_sum(&s), 0);
    assert_int_equal(s.key.tp_dst, 2);
    scene_done(&s);
}

/* A UDP checksum of 0 stays 0; a computed 0 is sent as 0xffff. */
static void test_udp_sum_zero(void **state)
{
    struct scene s;
    uint8_t *sum;

    (void)state;
    scene_extract(&s, UDP_FRAME, 0);
    sum = s.run.pkt->data + s.run.pkt->l4_off + 6;
    be16_put(sum, 0);
    run_set(&s, A_IP4("10") "c0a80101 0a000002 11 00 40 00");
    run_set(&s, A_UDP "00010002");
    assert_int_equal(be16_get(sum), 0);
    be16_put(sum, 1);
    run_set(&s, A_UDP "00020002");     /* 1 - 1 */
    assert_int_equal(be16_get(sum), 0xffff);
    scene_done(&s);
}

static void test_tcp_and_later_fragment(void **state)
{
    struct scene s;

    (void)state;
    scene_extract(&s, TCP_FRAME, 0);
    be16_put(s.run.pkt->data + 50, (uint16_t)(be16_get(s.run.pkt->data + 50) + l4_sum(&s)));
    assert_int_equal(l4_sum(&s), 0);
    assert_int_equal(run_set(&s, A_TCP "00070008"), 0);
    run_set(&s, A_IP4("10") "c0a80101 c0a80102 06 00 40 00");
    assert_int_equal(l4_sum(&s), 0);
    be16_put(s.run.pkt->data + 20, 1);      /* a fragment from here on: payload is left alone */
    key_extract(&s.key, s.run.pkt);
    run_set(&s, A_IP4("10") "0a000001 0a000002 06 00 40 02");
    assert_int_not_equal(l4_sum(&s), 0);
    scene_done(&s);
}

static void test_ip6(void **state)
{
    struct scene s;

    (void)state;
    scene_extract(&s, IP6_FRAME, 0);
    assert_int_equal(l4_sum(&s), 0);
    assert_int_equal(run_set(&s, A_IP6("2c") "fe800000000000000000000000000001"
                                      "fe800000000000000000000000000002 00012345 11 ab 3f 00"), 0);
    assert_int_equal(l4_sum(&s), 0);
    assert_int_equal(be32_get(s.run.pkt->data + 14), 0x6ab12345);
    assert_int_equal(s.run.pkt->data[21], 0x3f);
    assert_int_equal(s.key.ip6_label, 0x12345);
    assert_int_equal(s.key.ip_tos, 0xab);
    assert_int_equal(s.key.ip6.dst[0], 0xfe);
    scene_done(&s);
}

/* With segments left the last hop's address is in the sum, not the header's. */
static void test_ip6_routed(void **state)
{
    static const char frame[] = ADDRS "86dd 60000000 00182b40 20010db8000000000000000000000001"
                                "20010db8000000000000000000000002 1100000100000000"
                                "03e807d0 0010db43 7061796c 6f61642e";
    struct scene s;

    (void)state;
    scene_extract(&s, frame, 0);
    assert_int_equal(run_set(&s, A_IP6("2c") "20010db8000000000000000000000001"
                                      "fe800000000000000000000000000002 00000000 11 00 40 00"), 0);
    assert_int_equal(be16_get(s.run.pkt->data + s.run.pkt->l4_off + 6), 0xdb43);
    assert_int_equal(s.key.ip6.dst[0], 0xfe);
    scene_done(&s);
}

/* A wrong SCTP checksum stays as wrong as it was. */
static void test_sctp(void **state)
{
    static const char frame[] = ADDRS "0800 45000028 12340000 40840000 0a000001 0a000002"
                                "03e807d0 00000007 00000000 7061796c";
    struct scene s;
    uint8_t *sctp;
    uint32_t sum, flaw;

    (void)state;
    scene_extract(&s, frame, 0);
    sctp = s.run.pkt->data + 34;
    flaw = crc32c_sctp(sctp, 16, 8);        /* the field is 0 */
    assert_int_equal(run_set(&s, A_SCTP "00010002"), 0);
    memcpy(&sum, sctp + 8, 4);
    assert_int_equal(GUINT32_FROM_LE(sum) ^ crc32c_sctp(sctp, 16, 8), flaw);
    assert_int_equal(s.key.tp_src, 1);
    scene_done(&s);
}

static void test_mpls(void **state)
{
    struct scene s;

    (void)state;
    scene_extract(&s, ADDRS "8847 00064040 00065140 45", 0);
    assert_int_equal(run_set(&s, A_MPLS("08") "00abc140"), 0);
    assert_frame(&s, ADDRS "8847 00abc140 00065140 45");
    assert_int_equal(be32_get(s.key.mpls.lse[0]), 0x00abc140);
    scene_done(&s);

    scene_extract(&s, ADDRS "88a8 0001 8100 0002 8847 00064140 45", 0);
    assert_int_equal(run_set(&s, A_MPLS("08") "00abc140"), -EINVAL);
    scene_done(&s);
}

/* A header that the frame does not hold. */
static void test_short_packets(void **state)
{
    struct scene s;

    (void)state;
    scene_extract(&s, ADDRS "0800 45000024 12340000 40115493 0a0000", 0);
    assert_int_equal(run_set(&s, A_IP4("10") "c0a80101 c0a80102 00 00 40 00"), -ENOMEM);
    scene_done(&s);
    scene_extract(&s, ADDRS "0800 45000024 12340000 40115493 0a000001 0a000002 03e807d0", 0);
    assert_int_equal(run_set(&s, A_UDP "00010002"), -ENOMEM);
    scene_done(&s);
    scene_extract(&s, ADDRS "8847 0006", 0);
    assert_int_equal(run_set(&s, A_MPLS("08") "00abc140"), -ENOMEM);
    scene_done(&s);
}

/* ---- the neighbours ------------------------------------------------------------------------ */

static void test_trunc_and_ct_clear(void **state)
{
    struct scene s;
    struct act_scope at;
    struct nlattr none = { .nla_len = 4, .nla_type = OVS_ACTION_ATTR_CT_CLEAR };

    (void)state;
    scene_extract(&s, UDP_FRAME, 0);
    at = scene_scope(&s);
    assert_int_equal(row_check(&s, &at, &act_trunc, OVS_ACTION_ATTR_TRUNC, "0d000000"), -EINVAL);
    assert_int_equal(row_run(&s, &act_trunc, OVS_ACTION_ATTR_TRUNC, "0e000000"), 0);
    assert_int_equal(s.run.pkt->max_len, 14);
    s.key.ct_state = 0x21;
    s.key.ct_zone = 5;
    s.key.ct_orig_proto = 17;
    assert_int_equal(act_ct_clear.run(&s.run, &none, false), 0);
    assert_int_equal(s.key.ct_state | s.key.ct_zone | s.key.ct_orig_proto, 0);
    scene_done(&s);
}

#define DEC_TTL(s, hex) row_run(s, &act_dec_ttl, OVS_ACTION_ATTR_DEC_TTL, hex)

static void test_dec_ttl(void **state)
{
    struct scene s;

    (void)state;
    scene_extract(&s, UDP_FRAME, 0);
    assert_int_equal(DEC_TTL(&s, ""), -EINVAL);
    assert_int_equal(DEC_TTL(&s, "0400 0000"), -EINVAL);
    assert_int_equal(DEC_TTL(&s, "0400 0100 0400 0100"), -EINVAL);
    assert_int_equal(DEC_TTL(&s, "0400 0100 0400 0700"), 0);      /* 7: passed over */
    assert_int_equal(s.key.ip_ttl, 63);
    assert_int_equal(ip4_sum(&s), 0);
    scene_done(&s);

    scene_extract(&s, IP6_FRAME, 0);
    assert_int_equal(DEC_TTL(&s, "0400 0100"), 0);
    assert_int_equal(s.run.pkt->data[21], 63);
    assert_int_equal(s.key.ip_ttl, 63);
    scene_done(&s);

    scene_extract(&s, ADDRS "0800 45000024", 0);
    assert_int_equal(DEC_TTL(&s, "0400 0100"), -ENOMEM);
    scene_done(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_may_be_set),
        cmocka_unit_test(test_fixed_members),
        cmocka_unit_test(test_ip6_label),
        cmocka_unit_test(test_stored_and_dumped),
        cmocka_unit_test(test_metadata_and_eth),
        cmocka_unit_test(test_ip4_udp),
        cmocka_unit_test(test_udp_sum_zero),
        cmocka_unit_test(test_tcp_and_later_fragment),
        cmocka_unit_test(test_ip6),
        cmocka_unit_test(test_ip6_routed),
        cmocka_unit_test(test_sctp),
        cmocka_unit_test(test_mpls),
        cmocka_unit_test(test_short_packets),
        cmocka_unit_test(test_trunc_and_ct_clear),
        cmocka_unit_test(test_dec_ttl),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
