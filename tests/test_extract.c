/* test_extract.c - frames, whole, cut short and malformed, and the key each gives.
 *
 * What a real kernel answered to many more frames is compared by the oracle's cases; here is one
 * frame for each rule of catalogue 05.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "tests/packet_tools.h"

/* clang-format off */
#define IP4_HEAD(proto, frag) "45000028 0001" frag "40" proto "0000 0a000001 0a000002"
#define IP6_ADDRS "20010db8000000000000000000000001 20010db8000000000000000000000002"
#define IP6_HEAD(next) "6ab12345 0040" next "40" IP6_ADDRS
#define TCP_HEAD "03e807d0 00000001 00000000 5012 2000 0000 0000"
#define UDP_HEAD "03e807d0 0008 0000"

/* A frame and the members of the key that it is about. */
struct shape {
    const char *name, *frame;
    uint16_t l3_type;           /* 0: there is an Ethernet header */
    int error;
    uint16_t eth_type, tpid, tci, inner_tci;
    uint8_t proto, frag;
    uint16_t tp_src, tp_dst, tcp_flags, exthdrs;
    uint16_t l3_off, l4_off;
};

static const struct shape shapes[] = {
    { "13 bytes are no frame", ADDRS "08", .error = -EINVAL },
    { "14 bytes are", ADDRS "88b5", .eth_type = 0x88b5, .l3_off = 14 },
    { "802.2", ADDRS "0026 4242 03", .eth_type = KEY_TYPE_802_2, .l3_off = 14 },
    { "SNAP", ADDRS "0026 aaaa03 000000 88b5", .eth_type = 0x88b5, .l3_off = 22 },
    { "SNAP with an OUI", ADDRS "0026 aaaa03 0000f8 88b5", .eth_type = KEY_TYPE_802_2, .l3_off = 14 },
    { "SNAP with a length for a type", ADDRS "0026 aaaa03 000000 05ff", .eth_type = KEY_TYPE_802_2,
      .l3_off = 22 },
    { "one tag", ADDRS "8100 2005 88b5", .tpid = 0x8100, .tci = 0x3005, .eth_type = 0x88b5, .l3_off = 14 },
    { "a tag without a type", ADDRS "8100 2005", .eth_type = 0x8100, .l3_off = 14 },
    { "two tags", ADDRS "88a8 0014 8100 000a 88b5", .tpid = 0x88a8, .tci = 0x1014, .inner_tci = 0x100a,
      .eth_type = 0x88b5, .l3_off = 18 },
    { "a third tag is payload", ADDRS "88a8 0001 8100 0002 8100 0003 0800", .tpid = 0x88a8, .tci = 0x1001,
      .inner_tci = 0x1002, .eth_type = 0x8100, .l3_off = 18 },
    { "an L3 packet", IP4_HEAD("11", "0000") UDP_HEAD, .l3_type = 0x0800, .eth_type = 0x0800, .proto = 17,
      .tp_src = 1000, .tp_dst = 2000, .l4_off = 20 },
    { "an L3 packet of VLAN type", "00050800", .l3_type = 0x8100, .error = -EINVAL },

    { "IPv4 TCP", ADDRS "0800" IP4_HEAD("06", "4000") TCP_HEAD, .eth_type = 0x0800, .proto = 6, .tp_src = 1000,
      .tp_dst = 2000, .tcp_flags = 0x012, .l3_off = 14, .l4_off = 34 },
    { "TCP data offset 4", ADDRS "0800" IP4_HEAD("06", "4000") "03e807d0 00000001 00000000 4012 2000 0000 0000",
      .eth_type = 0x0800, .proto = 6, .l3_off = 14, .l4_off = 34 },
    { "TCP options run off", ADDRS "0800" IP4_HEAD("06", "4000") "03e807d0 00000001 00000000 6012 2000 0000 0000",
      .eth_type = 0x0800, .proto = 6, .l3_off = 14, .l4_off = 34 },
    { "7 bytes of UDP", ADDRS "0800" IP4_HEAD("11", "4000") "03e807d0 0008 00", .eth_type = 0x0800, .proto = 17,
      .l3_off = 14, .l4_off = 34 },
    { "SCTP", ADDRS "0800" IP4_HEAD("84", "4000") "03e807d0 00000000 00000000", .eth_type = 0x0800, .proto = 132,
      .tp_src = 1000, .tp_dst = 2000, .l3_off = 14, .l4_off = 34 },
    { "ICMP", ADDRS "0800" IP4_HEAD("01", "4000") "08010000 004d0001", .eth_type = 0x0800, .proto = 1, .tp_src = 8,
      .tp_dst = 1, .l3_off = 14, .l4_off = 34 },
    { "ICMPv6 over IPv4 is nothing", ADDRS "0800" IP4_HEAD("3a", "4000") "08010000 004d0001", .eth_type = 0x0800,
      .proto = 58, .l3_off = 14, .l4_off = 34 },
    { "first fragment", ADDRS "0800" IP4_HEAD("11", "2000") UDP_HEAD, .eth_type = 0x0800, .proto = 17,
      .frag = KEY_FRAG_FIRST, .tp_src = 1000, .tp_dst = 2000, .l3_off = 14, .l4_off = 34 },
    { "later fragment", ADDRS "0800" IP4_HEAD("11", "2001") UDP_HEAD, .eth_type = 0x0800, .proto = 17,
      .frag = KEY_FRAG_LATER, .l3_off = 14, .l4_off = 34 },
    { "19 bytes of IPv4", ADDRS "0800" "45000028 00010000 40110000 0a000001 0a0000", .eth_type = 0x0800, .l3_off = 14 },
    { "IHL 4", ADDRS "0800" "44000028 00010000 40110000 0a000001 0a000002" UDP_HEAD, .eth_type = 0x0800, .l3_off = 14 },
    { "IHL 6 with an option", ADDRS "0800" "46000028 00010000 40110000 0a000001 0a000002 01010101" UDP_HEAD,
      .eth_type = 0x0800, .proto = 17, .tp_src = 1000, .tp_dst = 2000, .l3_off = 14, .l4_off = 38 },

    { "IPv6 UDP", ADDRS "86dd" IP6_HEAD("11") UDP_HEAD, .eth_type = 0x86dd, .proto = 17, .tp_src = 1000,
      .tp_dst = 2000, .l3_off = 14, .l4_off = 54 },
    { "39 bytes of IPv6", ADDRS "86dd" "6ab12345 00401140 20010db8000000000000000000000001 20010db80000000000000000000000",
      .eth_type = 0x86dd, .l3_off = 14 },
    { "hop-by-hop first", ADDRS "86dd" IP6_HEAD("00") "1100010400000000" UDP_HEAD, .eth_type = 0x86dd, .proto = 17,
      .tp_src = 1000, .tp_dst = 2000, .exthdrs = 0x040, .l3_off = 14, .l4_off = 62 },
    { "hop-by-hop second", ADDRS "86dd" IP6_HEAD("3c") "0000010400000000 1100010400000000" UDP_HEAD,
      .eth_type = 0x86dd, .proto = 17, .tp_src = 1000, .tp_dst = 2000, .exthdrs = 0x108, .l3_off = 14, .l4_off = 70 },
    { "two routing headers", ADDRS "86dd" IP6_HEAD("2b") "2b00000000000000 1100000000000000" UDP_HEAD,
      .eth_type = 0x86dd, .proto = 17, .tp_src = 1000, .tp_dst = 2000, .exthdrs = 0x1a0, .l3_off = 14, .l4_off = 70 },
    { "AH counts in 4 bytes", ADDRS "86dd" IP6_HEAD("33") "1101000000000000 00000000" UDP_HEAD, .eth_type = 0x86dd,
      .proto = 17, .tp_src = 1000, .tp_dst = 2000, .exthdrs = 0x004, .l3_off = 14, .l4_off = 66 },
    { "ESP ends the chain", ADDRS "86dd" IP6_HEAD("32") "0000000000000000", .eth_type = 0x86dd, .proto = 50,
      .l3_off = 14, .l4_off = 54 },
    { "no next header", ADDRS "86dd" IP6_HEAD("3b"), .eth_type = 0x86dd, .proto = 59, .exthdrs = 0x001, .l3_off = 14,
      .l4_off = 54 },
    { "a header off the frame", ADDRS "86dd" IP6_HEAD("00") "1108010400000000", .eth_type = 0x86dd, .proto = 59,
      .exthdrs = 0x040, .l3_off = 14 },
    { "a header up to the end", ADDRS "86dd" IP6_HEAD("00") "1100010400000000", .eth_type = 0x86dd, .proto = 17,
      .exthdrs = 0x040, .l3_off = 14, .l4_off = 62 },
    { "a cut fragment header", ADDRS "86dd" IP6_HEAD("2c") "11000001000000", .eth_type = 0x86dd, .proto = 59,
      .frag = KEY_FRAG_FIRST, .exthdrs = 0x010, .l3_off = 14 },
    { "a chain off the frame", ADDRS "86dd" IP6_HEAD("00") "0008010400000000", .eth_type = 0x86dd, .proto = 59,
      .exthdrs = 0x1c0, .l3_off = 14 },
    { "atomic fragment", ADDRS "86dd" IP6_HEAD("2c") "1100000000000001" UDP_HEAD, .eth_type = 0x86dd, .proto = 17,
      .frag = KEY_FRAG_FIRST, .tp_src = 1000, .tp_dst = 2000, .exthdrs = 0x010, .l3_off = 14, .l4_off = 62 },
    { "later fragment of IPv6", ADDRS "86dd" IP6_HEAD("2c") "1100000800000001" UDP_HEAD, .eth_type = 0x86dd,
      .proto = 44, .frag = KEY_FRAG_LATER, .exthdrs = 0x010, .l3_off = 14 },
    { "later fragment before a header", ADDRS "86dd" IP6_HEAD("2c") "3c00000800000001 1100010400000000", .eth_type = 0x86dd,
      .proto = 59, .frag = KEY_FRAG_FIRST, .exthdrs = 0x018 | 0x100, .l3_off = 14 },

    { "ARP", ADDRS "0806" "0001080006040002 020000000001 0a000001 020000000002 0a000002", .eth_type = 0x0806, .proto = 2,
      .l3_off = 14 },
    { "ARP opcode 256", ADDRS "0806" "0001080006040100 020000000001 0a000001 020000000002 0a000002", .eth_type = 0x0806,
      .l3_off = 14 },

    { "NSH version 1", ADDRS "894f" "4fc60103 01020305 00010203 04050607 08090a0b 0c0d0e0f", .error = -EINVAL },
    { "NSH type 1 of 20 bytes", ADDRS "894f" "0fc50103 01020305 00010203 04050607 08090a0b 0c0d0e0f", .error = -EINVAL },
    { "NSH type 2", ADDRS "894f" "0fc30203 01020305 00010203", .eth_type = 0x894f, .l3_off = 14 },
    { "NSH type 3", ADDRS "894f" "0fc60303 01020305 00010203 04050607 08090a0b 0c0d0e0f", .error = -EINVAL },
    { "NSH off the frame", ADDRS "894f" "0fc60103 01020305 00010203", .error = -EINVAL },
};
/* clang-format on */

static void check_shape(const struct shape *want, const struct scene *s)
{
    const struct flow_key *key = &s->key;

    assert_int_equal(key->eth_type, want->eth_type);
    assert_int_equal(key->vlan.tpid, want->tpid);
    assert_int_equal(key->vlan.tci, want->tci);
    assert_int_equal(key->cvlan.tci, want->inner_tci);
    assert_int_equal(key->ip_proto, want->proto);
    assert_int_equal(key->ip_frag, want->frag);
    assert_int_equal(key->tp_src, want->tp_src);
    assert_int_equal(key->tp_dst, want->tp_dst);
    assert_int_equal(key->tcp_flags, want->tcp_flags);
    if (key->eth_type == 0x86dd)
        assert_int_equal(key->ip6.exthdrs, want->exthdrs);
    assert_int_equal(s->run.pkt->l3_off, want->l3_off);
    assert_int_equal(s->run.pkt->mac_len, want->l3_off);
    assert_int_equal(s->run.pkt->l4_off, want->l4_off);
}

static void test_shapes(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(shapes); i++) {
        struct scene s;

        print_message("  %s\n", shapes[i].name);
        assert_int_equal(scene_extract(&s, shapes[i].frame, shapes[i].l3_type), shapes[i].error);
        if (!shapes[i].error)
            check_shape(&shapes[i], &s);
        scene_done(&s);
    }
}

static void test_addresses(void **state)
{
    struct scene s;

    (void)state;
    assert_int_equal(scene_extract(&s, ADDRS "86dd" IP6_HEAD("11") UDP_HEAD, 0), 0);
    assert_memory_equal(s.key.eth_src, "\2\0\0\0\0\1", 6);
    assert_memory_equal(s.key.eth_dst, "\2\0\0\0\0\2", 6);
    assert_int_equal(s.key.ip_tos, 0xab);
    assert_int_equal(s.key.ip6_label, 0x12345);
    assert_int_equal(s.key.ip_ttl, 64);
    assert_int_equal(s.key.ip6.src[15], 1);
    assert_int_equal(s.key.ip6.dst[15], 2);
    scene_done(&s);

    assert_int_equal(scene_extract(&s, ADDRS "0800" IP4_HEAD("11", "0000") UDP_HEAD, 0), 0);
    assert_int_equal(be32_get(&s.key.ip4.src), 0x0a000001);
    assert_int_equal(be32_get(&s.key.ip4.dst), 0x0a000002);
    scene_done(&s);
}

#define ND_CODE(code) IP6_HEAD("3a") "87" code "0000 00000000 fe800000000000000000000000000009"
#define ND_HEAD ND_CODE("00")

static void test_nd_options(void **state)
{
    struct scene s;

    (void)state;
    scene_extract(&s, ADDRS "86dd" ND_HEAD "0101 020000000009 0500 0000", 0);
    assert_int_equal(s.key.ip6.nd.target[15], 9);
    assert_memory_equal(s.key.ip6.nd.sll, "\2\0\0\0\0\11", 6);
    scene_done(&s);

    scene_extract(&s, ADDRS "86dd" ND_HEAD "0201 020000000009 0201 020000000008", 0);
    assert_true(bytes_are(&s.key.ip6.nd, sizeof(s.key.ip6.nd), 0));     /* the same option twice */
    scene_done(&s);

    scene_extract(&s, ADDRS "86dd" ND_HEAD "0100 020000000009", 0);
    assert_int_equal(s.key.ip6.nd.target[15], 9);                       /* length 0 only stops */
    assert_true(bytes_are(s.key.ip6.nd.sll, 6, 0));
    scene_done(&s);

    scene_extract(&s, ADDRS "86dd" ND_CODE("01"), 0);
    assert_true(bytes_are(&s.key.ip6.nd, sizeof(s.key.ip6.nd), 0));     /* code 1 */
    scene_done(&s);
}

static void test_mpls_depth(void **state)
{
    struct scene s;

    (void)state;
    scene_extract(&s, ADDRS "8847" "00064040 00065040 00066040 00067140", 0);
    assert_int_equal(s.key.mpls.n_lse_mask, 7);
    assert_int_equal(be32_get(s.key.mpls.lse[2]), 0x00066040);
    scene_done(&s);

    /* No bottom of stack within the frame: entries are kept, but none count. */
    scene_extract(&s, ADDRS "8847" "00064040 0006", 0);
    assert_int_equal(s.key.mpls.n_lse_mask, 0);
    assert_int_equal(be32_get(s.key.mpls.lse[0]), 0x00064040);
    scene_done(&s);
}

/* Metadata is not the packet's; a second extraction leaves it, and nothing else, as it was. */
static void test_extract_again(void **state)
{
    struct scene s;

    (void)state;
    scene_extract(&s, ADDRS "8100 0005 0800" IP4_HEAD("06", "0000") TCP_HEAD, 0);
    s.key.recirc_id = 5;
    s.key.ct_state = 0x21;
    s.key.is_stale = true;
    s.run.pkt->has_vlan = false;
    be16_put(s.run.pkt->data + 12, 0x88b5);
    assert_int_equal(key_extract(&s.key, s.run.pkt), 0);
    assert_int_equal(s.key.recirc_id, 5);
    assert_int_equal(s.key.ct_state, 0x21);
    assert_false(s.key.is_stale);
    assert_int_equal(s.key.vlan.tci, 0);
    assert_int_equal(s.key.eth_type, 0x88b5);
    assert_int_equal(s.key.ip_proto, 0);
    assert_int_equal(s.key.tcp_flags, 0);
    scene_done(&s);
}

static void test_flow_hash(void **state)
{
    struct scene a, b;

    (void)state;
    scene_extract(&a, ADDRS "0800" IP4_HEAD("11", "0000") "03e807d0 0008 0000", 0);
    scene_extract(&b, ADDRS "0800 45000028 00010000 40110000 0a000002 0a000001 07d003e8 0008 0000", 0);
    assert_int_equal(pkt_flow_hash(a.run.pkt), pkt_flow_hash(b.run.pkt));
    assert_true(a.run.pkt->hash && a.run.pkt->hash_is_l4 && a.run.pkt->hash_is_sw);
    scene_done(&b);

    scene_extract(&b, ADDRS "0800" IP4_HEAD("11", "2000") UDP_HEAD, 0);
    assert_int_not_equal(pkt_flow_hash(b.run.pkt), 0);
    assert_false(b.run.pkt->hash_is_l4);        /* a fragment */
    /* Behind an inner tag the IP header is taken for a tag: no ports. */
    scene_done(&b);
    scene_extract(&b, ADDRS "88a8 0001 8100 0002 0800" IP4_HEAD("11", "0000") UDP_HEAD, 0);
    pkt_flow_hash(b.run.pkt);
    assert_false(b.run.pkt->hash_is_l4);
    b.run.pkt->hash = 77;
    assert_int_equal(pkt_flow_hash(b.run.pkt), 77);
    scene_done(&b);
    scene_done(&a);
}

/* Every prefix of every shape: no read outside the frame (under ASan or valgrind). */
static void test_every_cut(void **state)
{
    uint8_t bytes[256];

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(shapes); i++) {
        size_t len = hex_bytes(shapes[i].frame, bytes, sizeof(bytes));

        for (size_t cut = 0; cut <= len; cut++) {
            uint8_t *copy = malloc(cut);        /* its end is the allocation's end */
            struct pkt p = { .data = copy, .buf = copy, .len = (uint32_t)cut, .size = (uint32_t)cut,
                             .protocol = shapes[i].l3_type };
            struct flow_key key;

            memcpy(copy, bytes, cut);
            key_clear(&key);
            key.mac_proto = shapes[i].l3_type ? KEY_MAC_NONE : KEY_MAC_ETH;
            (void)key_extract(&key, &p);
            free(copy);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_nd_options),
        cmocka_unit_test(test_mpls_depth),
        cmocka_unit_test(test_extract_again),
        cmocka_unit_test(test_flow_hash),
        cmocka_unit_test(test_every_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
