/* test_match.c - KEY and MASK attributes: what is refused, with which sentence, and what a mask
 * becomes. Catalogue 04.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/packet_tools.h"

#include <errno.h>
#include <linux/openvswitch.h>
#include <string.h>

/* Attribute lists as text: "4:0200... 5:1005 1{6:0800}"; attribute 16 is "16{2:0a000001 4:40}". */
#define ETH "4:020000000001020000000002 "
#define PORT "3:01000000 "
#define IP(proto, frag) "6:0800 7:0a0000010a000002" proto "0040" frag " "
#define IP6(proto, frag) "6:86dd 8:fe800000000000000000000000000001fe800000000000000000000000000002" \
                         "00000000" proto "0040" frag " "
#define ARP "6:0806 13:0a0000010a00000200010200000000010000000000000000 "
#define TCP IP("06", "00") "9:00010002 18:0002 "
#define UDP IP("11", "00") "10:00010002 "
#define ND "14:fe800000000000000000000000000001000000000000000000000000 "
#define TUPLE4 "26:0a0000010a0000020001000211000000 "
#define TUPLE6 "27:fe800000000000000000000000000001fe8000000000000000000000000000020001000211000000 "
#define TUN "16{2:0a000001 4:40} "
#define NSH "6:894f 28{1:0040010300000102 2:00000001000000020000000300000004} "

static const char *put_list(GByteArray *out, const char *text);

static const char *put_one(GByteArray *out, const char *text)
{
    char *end;
    uint16_t type = (uint16_t)strtoul(text, &end, 10);
    size_t start = attr_nest_begin(out, type);
    uint8_t byte;

    if (*end == '{') {
        end = (char *)(uintptr_t)put_list(out, end + 1);
        assert_int_equal(*end, '}');
        end++;
    } else {
        assert_int_equal(*end, ':');
        for (end++; g_ascii_isxdigit(*end); end += 2) {
            (void)hex_bytes((char[]){end[0], end[1], '\0'}, &byte, 1);
            g_byte_array_append(out, &byte, 1);
        }
    }
    attr_nest_end(out, start);
    return end;
}

static const char *put_list(GByteArray *out, const char *text)
{
    while (*text == ' ')
        text++;
    while (*text && *text != '}') {
        text = put_one(out, text);
        while (*text == ' ')
            text++;
    }
    return text;
}

/* A nest as match_parse() takes it; in 'out' until that changes. */
static const struct nlattr *put_nest(GByteArray *out, const char *text)
{
    size_t nest = attr_nest_begin(out, OVS_FLOW_ATTR_KEY);

    (void)put_list(out, text);
    attr_nest_end(out, nest);
    return (const void *)(out->data + nest);
}

struct parsed {
    struct flow_key key;
    struct flow_mask mask;
    struct match m;
    struct err e;
};

/* 'mask' NULL: the request has none. */
static int parse(struct parsed *p, const char *key, const char *mask)
{
    g_autoptr(GByteArray) key_list = g_byte_array_new(), mask_list = g_byte_array_new();

    memset(p, 0, sizeof(*p));
    p->m.key = &p->key;
    p->m.mask = &p->mask;
    return match_parse(&p->m, put_nest(key_list, key), mask ? put_nest(mask_list, mask) : NULL,
                       true, &p->e);
}

struct row {
    const char *key, *mask, *says;      /* says NULL: legal */
};

static void check_rows(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct parsed p;
        int error = parse(&p, rows[i].key, rows[i].mask);

        if (!rows[i].says && error)
            fail_msg("%s / %s: %s", rows[i].key, rows[i].mask, p.e.text);
        if (rows[i].says && (error != -EINVAL || !strstr(p.e.text, rows[i].says)))
            fail_msg("%s / %s: %d \"%s\", not \"%s\"", rows[i].key, rows[i].mask, error, p.e.text,
                     rows[i].says);
    }
}

#define CHECK(rows) check_rows(rows, G_N_ELEMENTS(rows))

/* ---- keys (04.2, 04.3) ----------------------------------------------------------------------- */

static void test_keys(void **state)
{
    static const struct row rows[] = {
        {PORT ETH UDP, NULL, NULL},
        {ETH UDP, NULL, NULL},
        {ETH, NULL, NULL},                                  /* 802.2 */
        {IP("02", "00"), NULL, NULL},                       /* L3 */
        {"", NULL, "Either Ethernet header or EtherType is required."},
        {PORT, NULL, "Either Ethernet header or EtherType is required."},
        {ETH "33:00", NULL, "Key type 33 is out of range max 32"},
        {ETH "29:00000000", NULL, "Key type 29 is not supported"},
        {ETH "31:", NULL, "Key type 31 is not supported"},
        {ETH "0:", NULL, "Unknown key attributes 1"},
        {PORT PORT ETH, NULL, "Duplicate key (type 3)."},
        {ETH "3:010000", NULL, "unexpected len 3 expected 4"},
        {"3:ffff0000 " ETH, NULL, "Port 65535 exceeds max allowable 65535"},
        {"3:feff0000 " ETH, NULL, NULL},
        {ETH "6:05ff", NULL, "EtherType 5ff is less than min 600"},
        {ETH "6:0600", NULL, NULL},
        {ETH IP("02", "03"), NULL, "frag"},
        {ETH "6:86dd 8:fe800000000000000000000000000001fe8000000000000000000000000000020010000002004000",
         NULL, "label"},
        {ETH "6:0806 13:0a0000010a00000201000200000000010000000000000000", NULL, "op"},
        {ETH "6:8847 21:", NULL, "mpls"},
        {ETH "6:8847 21:0000014000", NULL, "mpls"},
        {ETH "6:8847 21:00000140000001400000014000000140", NULL, "mpls"},
        {ETH "6:8847 21:000001400000014000000140", NULL, NULL},
        {ETH "22:00010000", NULL, "ct_state"},
        {ETH "22:ff000000", NULL, NULL},
        {ETH TUPLE4, "", NULL},                             /* stored without checks */
        {ETH UDP "32:0100", NULL, NULL},                    /* does not belong there: accepted */
        {ETH TCP "10:00010002", "", NULL},
    };

    (void)state;
    CHECK(rows);
}

static void test_required(void **state)
{
    static const struct row rows[] = {
        {ETH "6:0800", NULL, "Missing key (keys=50, expected=80)"},
        {ETH "6:86dd", NULL, "Missing key (keys=50, expected=100)"},
        {ETH "6:0806", NULL, "expected=2000)"},
        {ETH "6:8035", NULL, "expected=2000)"},
        {ETH "6:8848", NULL, "expected=200000)"},
        {ETH "6:894f", NULL, "expected=10000000)"},
        {ETH IP("06", "00"), NULL, "expected=40280)"},      /* IPV4, TCP and TCP_FLAGS */
        {ETH IP("06", "00") "9:00010002", NULL, "expected=40280)"},
        {ETH IP("06", "02"), NULL, NULL},                   /* a later fragment needs no more */
        {ETH IP("11", "01"), NULL, "expected=480)"},
        {ETH IP("84", "00"), NULL, "expected=20080)"},
        {ETH IP("01", "00"), NULL, "expected=880)"},
        {ETH IP("3a", "00"), NULL, NULL},
        {ETH IP6("3a", "00"), NULL, "expected=1100)"},
        {ETH IP6("3a", "00") "12:8000", NULL, NULL},
        {ETH IP6("3a", "00") "12:8700", NULL, "expected=5100)"},
        {ETH IP6("3a", "00") "12:8801", NULL, "expected=5100)"},
        {ETH IP6("3a", "00") "12:8801 " ND, NULL, NULL},
        {ETH IP6("3a", "02"), NULL, NULL},
        {ETH ARP, NULL, NULL},
        {ETH NSH, NULL, NULL},
    };

    (void)state;
    CHECK(rows);
}

/* ---- masks (04.3, 04.8) ---------------------------------------------------------------------- */

static void test_allowed_masks(void **state)
{
    static const struct row rows[] = {
        {ETH UDP, "", NULL},
        {ETH UDP, "6:ffff 7:ffffffff00000000ff000000 10:ffff0000", NULL},
        {ETH UDP, "7:ffffffff0000000000000000", "Unexpected mask (mask=80, allowed="},
        {ETH UDP, "6:ffff 10:ffff0000", "Unexpected mask (mask=440, allowed="},
        {ETH UDP, "6:ffff 7:00000000000000007f000000 10:ffff0000", "Unexpected mask (mask=4c0"},
        {ETH UDP, "10:00000000", NULL},                     /* all zeros count as absent */
        {ETH UDP, "10:00000000 10:00000000", NULL},
        {ETH UDP, "6:ffff 7:0000000000000000ff000000 10:ffff0000 10:ffff0000", "Duplicate key"},
        {ETH UDP, "2:ffffffff", "Unexpected mask (mask=4, allowed="},   /* not in the key */
        {ETH UDP, "3:ffffffff", NULL},                      /* IN_PORT always is allowed */
        {ETH UDP, "6:ffff 9:ffff0000", "Unexpected mask"},
        {ETH UDP, "6:ffff 13:ffffffffffffffffffffffffffffffffffffffffffffffff", "Unexpected mask"},
        {ETH IP6("3a", "00") "12:8700 " ND,
         "6:ffff 8:0000000000000000000000000000000000000000000000000000000000000000"
         "00000000ff000000 12:ff00 14:ffffffffffffffffffffffffffffffff000000000000000000000000", NULL},
        {ETH IP6("3a", "00") "12:8700 " ND,
         "6:ffff 8:0000000000000000000000000000000000000000000000000000000000000000"
         "00000000ff000000 12:7f00 14:ffffffffffffffffffffffffffffffff000000000000000000000000",
         "Unexpected mask"},
        {ETH UDP TUPLE4, "6:ffff 26:ffffffff000000000000000000000000", NULL},
        {ETH UDP TUPLE4, "26:ffffffff000000000000000000000000", "Unexpected mask"},
        {ETH IP6("3a", "00") "12:8700 " ND TUPLE6, NULL, "Unexpected mask"},
        {ETH IP6("11", "00") "10:00010002 " TUPLE6, NULL, NULL},
        {ETH "22:01000000", "22:ffffffff", "ct_state"},     /* bits beyond, even in a mask */
        {ETH "22:01000000", "22:21000000", NULL},
        {ETH ARP, "6:ffff 13:0000000000000000ffff0000000000000000000000000000", NULL},
        {ETH UDP, "6:ffff 7:0000000000000000000000ff", NULL},           /* values are not checked */
    };

    (void)state;
    CHECK(rows);
}

static void test_forced_exact(void **state)
{
    struct parsed p;

    (void)state;
    assert_int_equal(parse(&p, PORT ETH "6:0600", "3:01000000 6:0001"), 0);
    assert_int_equal(p.mask.key.in_port, 0xffff);
    assert_int_equal(p.mask.key.eth_type, 0xffff);
    assert_int_equal(parse(&p, PORT ETH "6:0600", ""), 0);
    assert_int_equal(p.mask.key.in_port, 0);
    assert_int_equal(p.mask.key.eth_type, 0);
    /* Untagged, and Ethernet or not, are always matched exactly. */
    assert_int_equal(p.mask.key.vlan.tci, 0xffff);
    assert_int_equal(p.mask.key.cvlan.tci, 0xffff);
    assert_int_equal(p.mask.key.mac_proto, 0xff);
    /* An ARP opcode has one byte in the key. */
    assert_int_equal(parse(&p, ETH ARP, "6:ffff 13:0000000000000000ffff0000000000000000000000000000"),
                     0);
    assert_int_equal(p.mask.key.ip_proto, 0xff);
}

/* Without MASK: exact in what the key has, wild in what it has not. */
static void test_without_mask(void **state)
{
    struct parsed p;

    (void)state;
    assert_int_equal(parse(&p, ETH UDP "22:01000000", NULL), 0);
    assert_int_equal(p.key.in_port, KEY_MAX_PORTS);
    assert_int_equal(p.mask.key.in_port, 0);
    assert_int_equal(p.mask.key.recirc_id, 0);
    assert_int_equal(p.mask.key.eth_type, 0xffff);
    assert_int_equal(p.mask.key.ip4.src, UINT32_MAX);
    assert_int_equal(p.mask.key.tp_dst, 0xffff);
    assert_int_equal(p.mask.key.ct_state, 0xff);
    assert_int_equal(p.mask.key.vlan.tpid, 0);
    assert_int_equal(parse(&p, ETH, NULL), 0);          /* 802.2: any type matches */
    assert_int_equal(p.key.eth_type, KEY_TYPE_802_2);
    assert_int_equal(p.mask.key.eth_type, 0);
    /* A tunnel: addresses and ports even if absent, of the flags those in the key. */
    assert_int_equal(parse(&p, TUN ETH "6:0600", NULL), 0);
    assert_int_equal(p.mask.key.tun.ip4.src, UINT32_MAX);
    assert_int_equal(p.mask.key.tun.tp_dst, 0xffff);
    assert_int_equal(p.mask.key.tun.ttl, 0xff);
    assert_int_equal(p.mask.key.tun.flags, 0);
    assert_int_equal(p.mask.key.tun_proto, 0xff);
}

/* ---- VLAN (04.4) ----------------------------------------------------------------------------- */

#define TAG "6:8100 5:1005 1{6:0800 7:0a0000010a00000211004000 10:00010002} "
#define TAGS "6:88a8 5:1007 1{6:8100 5:1005 1{6:0600}} "

static void test_vlan(void **state)
{
    static const struct row rows[] = {
        {ETH TAG, NULL, NULL},
        {ETH TAGS, NULL, NULL},
        {ETH "6:8100 5:1005", NULL, "Invalid VLAN frame"},
        {ETH "6:8100 1{}", NULL, "Invalid VLAN frame"},
        {ETH "6:88a8 5:1007 1{6:8100 5:1005}", NULL, "Invalid C-VLAN frame"},
        {ETH "6:8100 5:0005 1{6:0600}", NULL, "VLAN TCI does not have VLAN_CFI_MASK bit set."},
        {ETH "6:88a8 5:1007 1{6:8100 5:0005 1{}}", NULL, "C-VLAN TCI does not have"},
        {ETH "6:8100 5:0000 1{6:0600}", NULL, "Truncated VLAN header has non-zero encap attribute."},
        {ETH "6:8100 5:0000 1{}", "6:ffff", NULL},
        {ETH "6:0600 5:1005", NULL, "VLAN attribute unexpected."},
        {ETH "6:8100 5:1005 1{" PORT PORT "6:0600}", NULL, "Duplicate key"},
        {PORT ETH "6:8100 5:1005 1{" PORT "6:0600}", NULL, "Duplicate key"},
        /* A third tag is only a type. */
        {ETH "6:88a8 5:1007 1{6:8100 5:1005 1{6:8100}}", NULL, NULL},
        /* Masks. */
        {ETH TAG, "6:ffff 5:ffff 1{6:ffff}", NULL},
        {ETH TAG, "6:ffff 5:1000 1{6:ffff}", NULL},
        {ETH TAG, "", NULL},
        {ETH TAG, "6:fff0 5:ffff 1{6:ffff}", "Must have an exact match on VLAN TPID (mask=fff0)."},
        {ETH TAG, "6:ffff 5:0fff 1{6:ffff}", "VLAN TCI mask does not have exact match"},
        {ETH UDP, "6:ffff 5:ffff 1{6:ffff}", "Encap mask attribute is set for non-VLAN frame."},
        {ETH TAG, "6:ffff 5:ffff 1{6:ffff 5:ffff 1{6:ffff}}", "set for non-C-VLAN frame."},
        {ETH TAGS, "6:ffff 5:ffff 1{6:ffff 5:ffff 1{6:ffff}}", NULL},
        {ETH TAG, "4:ffffffffffffffffffffffff 5:ffff", "VLAN attribute unexpected."},
        {ETH TAG, "5:ffff", "Unknown key attributes 20"},
    };

    (void)state;
    CHECK(rows);
}

/* An empty ENCAP counts as zeros, so a mask loses it: a tagged 802.2 frame cannot be matched by
 * leaving MASK out, in the kernel neither. */
static void test_tagged_802_2(void **state)
{
    static const struct row rows[] = {
        {ETH "6:8100 5:1005 1{}", NULL, "VLAN attribute unexpected."},
        {ETH "6:8100 5:1005 1{}", "4:ffffffffffff000000000000", NULL},
    };

    (void)state;
    CHECK(rows);
}

static void test_vlan_values(void **state)
{
    struct parsed p;

    (void)state;
    assert_int_equal(parse(&p, ETH TAGS, "6:ffff 5:1fff 1{6:ffff 5:1000 1{6:ffff}}"), 0);
    assert_int_equal(p.key.vlan.tpid, 0x88a8);
    assert_int_equal(p.key.vlan.tci, 0x1007);
    assert_int_equal(p.key.cvlan.tpid, 0x8100);
    assert_int_equal(p.key.cvlan.tci, 0x1005);
    assert_int_equal(p.key.eth_type, 0x0600);
    assert_int_equal(p.mask.key.vlan.tpid, 0xffff);
    assert_int_equal(p.mask.key.vlan.tci, 0x1fff);
    assert_int_equal(p.mask.key.cvlan.tci, 0x1000);
    /* Without ENCAP in the mask the tags are exact, their types are not looked at. */
    assert_int_equal(parse(&p, ETH TAGS, ""), 0);
    assert_int_equal(p.mask.key.vlan.tci, 0xffff);
    assert_int_equal(p.mask.key.vlan.tpid, 0);
}

/* What a level of the mask lacks is taken from where it was last: the level around it, or the
 * innermost of the key (6.1.192). */
static void test_vlan_mask_gaps(void **state)
{
    static const struct row rows[] = {
        {ETH TAGS, "6:ffff 5:1fff 1{1{6:ffff}}", NULL},
        {ETH TAGS, "6:ffff 5:1fff 1{5:0fff 1{6:ffff}}", "C-VLAN TCI mask does not have"},
        {ETH TAGS, "5:1fff 1{6:ffff 1{6:ffff}}", "exact match on VLAN TPID (mask=600)."},
        {ETH "6:8100 5:1005 1{6:ffff}", "5:1000 1{6:ffff}", NULL},
    };
    struct parsed p;

    (void)state;
    CHECK(rows);
    assert_int_equal(parse(&p, ETH TAGS, "6:ffff 1{6:ffff 5:1000 1{6:ffff}}"), 0);
    assert_int_equal(p.mask.key.vlan.tci, 0x1005);
    assert_int_equal(p.mask.key.cvlan.tci, 0x1000);
}

/* ---- nests of their own (04.6, 04.7) --------------------------------------------------------- */

static void test_tunnel(void **state)
{
    static const struct row rows[] = {
        {TUN ETH, NULL, NULL},
        {"16{} " ETH, NULL, "IP tunnel dst address not specified"},
        {"16{4:40} " ETH, NULL, "IP tunnel dst address not specified"},
        {"16{2:00000000 4:40} " ETH, NULL, "IPv4 tunnel dst address is zero"},
        {"16{13:00000000000000000000000000000000 4:40} " ETH, NULL, "IPv6 tunnel dst address is zero"},
        {"16{2:0a000001} " ETH, NULL, "IP tunnel TTL not specified."},
        {"16{2:0a000001 4:40 17:} " ETH, NULL, "Tunnel attr 17 out of range max 16"},
        {"16{2:0a000001 4:4000} " ETH, NULL, "Tunnel attr 4 has unexpected len 2 expected 1"},
        {"16{2:0a000001 4:40 13:fe800000000000000000000000000001} " ETH, NULL,
         "Mixed IPv4 and IPv6 tunnel attributes"},
        {"16{2:0a000001 4:40 8:01020304 8:01020304} " ETH, NULL, "Multiple metadata blocks provided"},
        {"16{2:0a000001 4:40 8:01020304 11{1:01000000}} " ETH, NULL, "Multiple metadata blocks"},
        {"16{2:0a000001 4:40 8:010203} " ETH, NULL, "Geneve opt len 3 is not a multiple of 4."},
        {"16{2:0a000001 4:40 8:01020304} " ETH, "16{8:0000000000000001}", "Geneve option len 4 != mask len 8"},
        {"16{2:0a000001 4:40 8:01020304} " ETH, "16{8:000000ff}", NULL},
        {"16{2:0a000001 2:0a000002 4:40 5: 6: 7:} " ETH, NULL, NULL},       /* the last wins */
        {"16{16: 0:0000000000000001} " ETH, NULL, NULL},
        {"16{16: 4:40} " ETH, NULL, "IPv4 tun info is not correct"},
        {ETH, "16{4:ff}", NULL},                            /* TUNNEL is always allowed */
    };

    (void)state;
    CHECK(rows);
}

static void test_nsh(void **state)
{
    static const struct row rows[] = {
        {ETH NSH, NULL, NULL},
        {ETH "6:894f 28{1:0040020300000102}", NULL, NULL},
        {ETH "6:894f 28{2:00000001000000020000000300000004}", NULL, "unmatched MD type 0"},
        {ETH "6:894f 28{1:0040020300000102 2:00000001000000020000000300000004}", NULL,
         "unmatched MD type 2"},
        {ETH "6:894f 28{3:00}", NULL, "nsh"},
        {ETH "6:894f 28{4:00}", NULL, "nsh attr 4 is out of range max 3"},
        {ETH "6:894f 28{1:00400103}", NULL, "nsh attr 1 has unexpected len 4 expected 8"},
    };

    (void)state;
    CHECK(rows);
}

/* As GET and DEL read a key: no mask is built. */
static void test_key_only(void **state)
{
    g_autoptr(GByteArray) list = g_byte_array_new();
    struct flow_key key;
    struct match m = {.key = &key};

    (void)state;
    assert_int_equal(match_parse(&m, put_nest(list, PORT ETH UDP), NULL, false, NULL), 0);
    assert_int_equal(key.in_port, 1);
    assert_int_equal(key.tp_dst, 2);
    assert_true(m.range.end > m.range.start && m.range.start % 8 == 0 && m.range.end % 8 == 0);
}

/* Trailing bytes of a nest are refused. */
static void test_leftover(void **state)
{
    g_autoptr(GByteArray) list = g_byte_array_new();
    size_t nest = attr_nest_begin(list, OVS_FLOW_ATTR_KEY);
    struct flow_key key;
    struct match m = {.key = &key};
    struct err e = {0};

    (void)state;
    (void)put_list(list, ETH);
    g_byte_array_append(list, (const guint8 *)"\2\0\1", 3);
    attr_nest_end(list, nest);
    assert_int_equal(match_parse(&m, (const struct nlattr *)list->data, NULL, false, &e), -EINVAL);
    assert_non_null(strstr(e.text, "Message has 3 unknown bytes."));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),          cmocka_unit_test(test_required),
        cmocka_unit_test(test_allowed_masks), cmocka_unit_test(test_forced_exact),
        cmocka_unit_test(test_without_mask),  cmocka_unit_test(test_vlan),
        cmocka_unit_test(test_tagged_802_2),  cmocka_unit_test(test_vlan_values),
        cmocka_unit_test(test_vlan_mask_gaps),
        cmocka_unit_test(test_tunnel),        cmocka_unit_test(test_nsh),
        cmocka_unit_test(test_key_only), cmocka_unit_test(test_leftover),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
