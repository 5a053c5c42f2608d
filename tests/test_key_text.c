/* test_key_text.c - flow keys: text to attributes to text.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <linux/openvswitch.h>

#include "dp/key.h"
#include "netlink/attr.h"

struct pair {
    GByteArray *key, *mask;
    struct err e;
    struct scan in;
    int err;
};

static struct pair scan_flow(const char *text, const struct key_text *names)
{
    struct pair p = {.key = g_byte_array_new(), .mask = g_byte_array_new()};

    scan_init(&p.in, text);
    p.err = key_scan(&p.in, p.key, p.mask, names, &p.e);
    return p;
}

static void pair_done(struct pair *p)
{
    g_byte_array_unref(p->key);
    g_byte_array_unref(p->mask);
}

/* Text -> attributes -> text. 'want' NULL: the same text. */
static void expect(const char *text, const char *want, const struct key_text *names)
{
    struct pair p = scan_flow(text, names);
    GString *out = g_string_new(NULL);

    if (p.err)
        fail_msg("%s: %s", text, p.e.text);
    assert_true(scan_done(&p.in));
    key_format(out, p.key->data, p.key->len, p.mask->data, p.mask->len, names);
    assert_string_equal(out->str, want ? want : text);
    g_string_free(out, TRUE);
    pair_done(&p);
}

/* Every attribute, in ovs-dpctl's own words. */
static const char *const same[] = {
    "recirc_id(0)",
    "recirc_id(0x5),dp_hash(0x3/0xf),skb_priority(0x10),in_port(1),skb_mark(0x5/0xff)",
    "in_port(0/0xffff0000)",
    "ct_state(new|trk),ct_zone(0x5),ct_mark(0x1/0xff),ct_label(0x1234567890abcdef1234567890abcdef)",
    "ct_state(-new+est+trk),ct_label(0x5/0xff)",
    "ct_state(0)",
    "ct_tuple4(src=10.0.0.1,dst=10.0.0.2)",
    "ct_tuple6(src=::1,dst=::2)",
    "eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02),eth_type(0x1234)",
    "eth(src=02:00:00:00:00:00/ff:ff:ff:00:00:00)",
    "in_port(1),eth(),eth_type(0x0800/0xff00)",
    "in_port(1),eth_type(0/0xffff)",
    "eth_type(0x86dd),key32(00 01/00 00)",
    "eth_type(0x86dd),key32(00 01/ff ff)",
    "tunnel(src=1.2.3.4,ttl=5,geneve({type=0x5,len=4,0x1/0xf0}),flags(-df))",
    "eth_type(0x894f),nsh(si=5,c1=0x1/0x0000ffff)",
    "eth_type(0x0800),ipv4(src=10.0.0.1,dst=10.0.0.2,proto=17,tos=0,ttl=64,frag=no)",
    "ipv4(src=10.0.0.0/255.255.255.0,tos=0x1c/0xfc,frag=first)",
    "ipv4(proto=6/0xf,frag=later)",
    "ipv6(src=fe80::1,dst=ff02::/ffff::,label=0x12345,proto=58,tclass=0x1,hlimit=255,frag=no)",
    "ipv6(label=0x10/0xff)",
    "tcp(src=1000,dst=80/0xfff0),tcp_flags(syn|ack)",
    "tcp_flags(+syn-ack)",
    "tcp_flags(0)",
    "tcp_flags(fin|syn|rst|psh|ack|urg|ece|cwr|ns|[200]|[400]|[800])",
    "udp(src=1,dst=2),sctp(src=3,dst=4)",
    "icmp(type=8,code=0),icmpv6(type=135,code=0/0xf)",
    "arp(sip=10.0.0.1,tip=10.0.0.2,op=1/0xff,sha=02:00:00:00:00:01,tha=00:00:00:00:00:00)",
    "nd(target=fe80::1,sll=02:00:00:00:00:01,tll=02:00:00:00:00:02)",
    "eth_type(0x8100),vlan(vid=10,pcp=0),encap(eth_type(0x0800),ipv4(frag=no))",
    "eth_type(0x8100),vlan(vid=10/0xff0,pcp=3/0x6),encap()",
    "vlan(vid=0,pcp=0,cfi=0)",
    "eth_type(0x88a8),vlan(vid=1,pcp=7),encap(eth_type(0x8100),vlan(vid=2,pcp=0),encap(eth()))",
    "mpls(label=100,tc=3,ttl=64,bos=1)",
    "mpls(label=100,tc=3,ttl=64,bos=0,label=101,tc=0,ttl=1,bos=1)",
    "mpls(label=100/0xfffff,tc=0/0,ttl=0/0x0,bos=1/1)",
    "nsh(flags=0,ttl=63,mdtype=1,np=3,spi=0x123,si=5,c1=0x0,c2=0x1,c3=0x2,c4=0xffffffff)",
    "nsh(ttl=0x01/0x0f,mdtype=1,spi=0x100/0x0000ff00,c2=0x5/0x0000000f)",
    "tunnel(tun_id=0x0,src=1.2.3.4,dst=5.6.7.8,tos=0,ttl=64,flags(-df-csum+key))",
    "tunnel(tun_id=0x7f10354,src=10.10.10.10,dst=20.20.20.20,ttl=64,flags(df|csum|key))",
    "tunnel(tun_id=0x5/0xff,ipv6_src=::1,ipv6_dst=::2/ffff::,tp_src=5,tp_dst=6/0xf,flags(+key))",
    "tunnel(tun_id=0x5,dst=1.2.3.4,geneve({class=0x102,type=0x80,len=4,0xa}),flags(oam|key))",
    "tunnel(dst=1.2.3.4,geneve({class=0x1,type=0,len=4,0xa00/0xff00}{class=0x2,type=0,len=0}))",
    "tunnel(dst=1.2.3.4,geneve({class=0x1,type=0,len=4,0}))",
    "tunnel(dst=1.2.3.4,vxlan(gbp(id=5,flags=0x8)))",
    "tunnel(dst=1.2.3.4,vxlan(gbp(id=5/0xf)))",
    "tunnel(dst=1.2.3.4,erspan(ver=1,idx=0x7/0xffffffff))",
    "tunnel(dst=1.2.3.4,erspan(ver=2,dir=1/0x1,hwid=0x7/0xf))",
    "tunnel()",
    "key29(00 00 08 00/ff ff ff ff)",
};

static void same_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(same); i++)
        expect(same[i], NULL, NULL);
}

/* Other ways to say it, and what a wildcard leaves. */
static void other_text(void **state)
{
    static const char *const rows[][2] = {
        {"recirc_id(5),in_port(0x2)", "recirc_id(0x5),in_port(2)"},
        {"in_port(1), eth(), eth_type(0x800)", "in_port(1),eth(),eth_type(0x0800)"},
        {"in_port(1),eth_type(0/0)", "in_port(1),eth_type(0/0x0000)"},
        {"eth(),eth_type(0x800)", "eth()eth_type(0x0800)"},         /* as ovs-dpctl has it */
        {"ipv4(frag=no,dst=1.2.3.4)", "ipv4(dst=1.2.3.4,frag=no)"},
        {"eth(),eth_type(0x0800),ipv4(),tcp(),skb_mark()", "eth()eth_type(0x0800)"},
        {"eth()eth_type(0x800),ipv4()", "eth()eth_type(0x0800)"},
        {"ipv4(frag=no/3)", "ipv4(error: partial mask not supported for frag (0x3))"},
        {"ipv6_exthdr(0x1)", "key32(01 00/ff ff)"},
        {"tunnel(erspan(ver=2,dir=1,hwid=0x3f))", "tunnel(erspan(ver=2,dir=1/0x1,hwid=0xf/0xf))"},
        {"tunnel(erspan(ver=1,idx=5))", "tunnel(erspan(ver=1,idx=0x5/0xffffffff))"},
        {"tunnel(vxlan(gbp()))", "tunnel(vxlan(gbp()))"},
        {"skb_mark(1/0),ct_label(1/0)", ""},
        {"ct_label(18)", "ct_label(0x12)"},
        {"ct_label(0x0)", "ct_label(0)"},
        {"ct_state(0x21/0x23)", "ct_state(+new-est+trk)"},
        {"ct_state(0x20/0xffffffff)", "ct_state(trk)"},
        {"ct_state(0x20/0x120)", "ct_state(0x20/0x120)"},
        {"tcp_flags(0x12)", "tcp_flags(syn|ack)"},
        {"tcp_flags(0x2/0x12)", "tcp_flags(+syn-ack)"},
        {"tcp_flags(0x2/0xfff)", "tcp_flags(syn)"},
        {"vlan(tci=0x1005/0x1fff)", "vlan(vid=5)"},
        {"vlan(pcp=3)", "vlan(pcp=3)"},
        {"mpls()", ""},
        {"mpls(bos=1)", "mpls(label=0/0x0,tc=0/0,ttl=0/0x0,bos=1/1)"},
        {"ipv6(label=0x5/0xffffffff)", "ipv6(label=0x5)"},
        {"ipv4(frag=3)", "ipv4(frag=0x3)"},
        {"tunnel(flags(csum),ttl=5)", "tunnel(ttl=5,flags(-oam-df+csum))"},
        {"tunnel(ttl=5/0,flags(-df))", "tunnel(flags(-df))"},
        {"key4(00/00 01)", "key4(00/00 01)"},
        {"ufid:0123-4567, in_port(1)", "in_port(1)"},
        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        expect(rows[i][0], rows[i][1], NULL);
}

/* The bytes are those that ovs-dpctl sends. */
static void bytes_of_a_flow(void **state)
{
    struct pair p =
        scan_flow("in_port(3),eth(src=02:00:00:00:00:01),eth_type(0x0800),tcp_flags(syn)", NULL);
    static const uint8_t mac[12] = {2, 0, 0, 0, 0, 1};
    static const uint8_t mac_mask[12] = {255, 255, 255, 255, 255, 255};
    const struct nlattr *a;

    (void)state;
    assert_int_equal(p.err, 0);
    assert_int_equal(p.key->len, 8 + 16 + 8 + 8);
    assert_int_equal(p.mask->len, p.key->len);
    a = (const struct nlattr *)p.key->data;
    assert_int_equal(a->nla_type, OVS_KEY_ATTR_IN_PORT);
    assert_int_equal(mnl_attr_get_u32(a), 3);
    a = (const struct nlattr *)p.mask->data;
    assert_int_equal(mnl_attr_get_u32(a), UINT32_MAX);
    a = attr_find(p.key->data, p.key->len, OVS_KEY_ATTR_ETHERNET);
    assert_memory_equal(mnl_attr_get_payload(a), mac, sizeof(mac));
    a = attr_find(p.mask->data, p.mask->len, OVS_KEY_ATTR_ETHERNET);
    assert_memory_equal(mnl_attr_get_payload(a), mac_mask, sizeof(mac_mask));
    a = attr_find(p.key->data, p.key->len, OVS_KEY_ATTR_ETHERTYPE);
    assert_memory_equal(mnl_attr_get_payload(a), "\x08\0\0\0", 4);      /* with padding */
    a = attr_find(p.mask->data, p.mask->len, OVS_KEY_ATTR_TCP_FLAGS);
    assert_memory_equal(mnl_attr_get_payload(a), "\xff\xff", 2);
    pair_done(&p);
}

static void vlan_always_has_the_tag_bit(void **state)
{
    struct pair p = scan_flow("vlan(vid=5)", NULL);

    (void)state;
    assert_memory_equal(p.key->data + 4, "\x10\x05", 2);
    assert_memory_equal(p.mask->data + 4, "\x1f\xff", 2);
    pair_done(&p);
    p = scan_flow("vlan(cfi=0)", NULL);
    assert_memory_equal(p.key->data + 4, "\0\0", 2);
    assert_memory_equal(p.mask->data + 4, "\x10\0", 2);
    pair_done(&p);
    p = scan_flow("vlan(tci=0x5)", NULL);
    assert_memory_equal(p.key->data + 4, "\0\x05", 2);
    assert_memory_equal(p.mask->data + 4, "\xff\xff", 2);
    pair_done(&p);
}

static void without_mask(void **state)
{
    GByteArray *key = g_byte_array_new();
    GString *out = g_string_new(NULL);
    struct scan in;
    struct err e;

    (void)state;
    scan_init(&in, "eth(src=02:00:00:00:00:01),ipv4(proto=6),vlan(vid=1),tunnel(ttl=5,flags(+df))");
    assert_int_equal(key_scan(&in, key, NULL, NULL, &e), 0);
    key_format(out, key->data, key->len, NULL, 0, NULL);
    assert_string_equal(out->str,
                        "eth(src=02:00:00:00:00:01,dst=00:00:00:00:00:00),"
                        "ipv4(src=0.0.0.0,dst=0.0.0.0,proto=6,tos=0,ttl=0,frag=no),"
                        "vlan(vid=1,pcp=0),tunnel(ttl=5,flags(df))");
    scan_init(&in, "skb_mark(1/2)");
    assert_int_equal(key_scan(&in, key, NULL, NULL, &e), -EINVAL);
    g_string_free(out, TRUE);
    g_byte_array_unref(key);
}

/* A dumped flow goes on behind its key. */
static void stops_behind_the_key(void **state)
{
    static const char *const rows[][2] = {
        {"in_port(1),eth(), packets:0, bytes:0, used:never, actions:2", ", packets:0, bytes:0, used:never, actions:2"},
        {"in_port(1),eth()  2,3", "  2,3"},
        {"in_port(1),x", ",x"},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct pair p = scan_flow(rows[i][0], NULL);

        assert_int_equal(p.err, 0);
        assert_string_equal(p.in.at, rows[i][1]);
        pair_done(&p);
    }
}

static void errors_name_the_column(void **state)
{
    static const char *const rows[][2] = {
        {"in_port(1),ipv4(src=10.0.0.1,foo=5)", "column 30: ipv4 has no member \"foo\""},
        {"in_port(1),foo(1)", "column 12: no key attribute is called \"foo\""},
        {"2,3", "column 1: expected a key attribute, such as \"in_port(1)\""},
        {"in_port(p1)", "column 9: no port is called \"p1\""},
        {"in_port(1", "column 10: expected \")\""},
        {"ipv4(src=10.0.0)", "column 10: expected a value of type ip4"},
        {"ipv4(ttl=256)", "column 10: expected a value of type u8"},
        {"ipv4(ttl)", "column 9: expected \"=\""},
        {"ipv4(ttl=1,ttl=2)", "column 12: ttl is given twice"},
        {"ipv4(ttl=1,)", "column 12: expected a member of ipv4"},
        {"ipv4(ttl=1/)", "column 12: expected a value of type u8"},
        {"vlan(vid=4096)", "column 6: vid of vlan is above 4095"},
        {"mpls(label=1048576)", "column 6: label of mpls is above 1048575"},
        {"tcp_flags(sin)", "column 11: expected a value of type tcp_flags"},
        {"ct_state(+trk+trk)", "column 10: expected a value of type ct_state"},
        {"tunnel(foo=1)", "column 8: tunnel has no member \"foo\""},
        {"tunnel(flags(zz))", "column 14: expected flags of a tunnel"},
        {"tunnel(geneve({len=3}))", "column 16: an option's len is a multiple of 4"},
        {"tunnel(geneve({len=4,0x123456789}))", "column 22: longer than 4 bytes"},
        {"ct_label(0x123456789012345678901234567890123)", "column 10: expected a value of type ct_labels"},
        {"encap(encap(foo))", "column 13: expected a key attribute, such as \"in_port(1)\""},
        {"key4(0)", "column 6: expected two hexadecimal digits"},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct pair p = scan_flow(rows[i][0], NULL);

        assert_int_equal(p.err, -EINVAL);
        assert_string_equal(p.e.text, rows[i][1]);
        assert_int_equal(p.key->len, 0);
        assert_int_equal(p.mask->len, 0);
        pair_done(&p);
    }
}

static const char *port_name(void *ctx, uint32_t port_no)
{
    (void)ctx;
    return port_no == 7 ? "eth0:1" : NULL;
}

static bool port_number(void *ctx, const char *name, uint32_t *port_no)
{
    (void)ctx;
    *port_no = 7;
    return !strcmp(name, "eth0:1");
}

static void port_names(void **state)
{
    static const struct key_text names = {.port_name = port_name, .port_number = port_number};

    (void)state;
    expect("in_port(eth0:1)", NULL, &names);
    expect("in_port(7)", "in_port(eth0:1)", &names);
    expect("in_port(8)", NULL, &names);
}

/* What ovs-dpctl says of a mask with an EtherType that the key has not. */
/* As ovs-dpctl -m. */
static void all_is_shown(void **state)
{
    static const struct key_text all = {.shows_wild = true};

    (void)state;
    expect("eth(src=00:00:00:00:00:01,dst=00:00:00:00:00:02/00:00:00:00:00:00)", NULL, &all);
    expect("ct_state(0x21/0x23),vlan(vid=5/0x0,pcp=1)", NULL, &all);
    expect("ipv4(src=1.2.3.4/0.0.0.0,dst=0.0.0.0/0.0.0.0,proto=6,tos=0/0,ttl=64/0)", NULL, &all);
    expect("tunnel(tun_id=0x5/0,src=1.2.3.4/0.0.0.0,ttl=64,"
           "geneve({class=0x1/0,type=0x2/0,len=4,0x5/0}),flags(+key))", NULL, &all);
    expect("tcp_flags(syn/0),skb_mark(0x5/0)", "tcp_flags(0/0),skb_mark(0x5/0)", &all);
}

static void ethertype_in_the_mask_only(void **state)
{
    GByteArray *mask = g_byte_array_new();
    GString *out = g_string_new(NULL);
    struct pair p = scan_flow("eth()", NULL);

    (void)state;
    attr_put(mask, OVS_KEY_ATTR_ETHERTYPE, "\xff\xff", 2);
    key_format(out, p.key->data, p.key->len, mask->data, mask->len, NULL);
    assert_string_equal(out->str, "eth(),eth_type(0/0xffff)");
    g_string_free(out, TRUE);
    g_byte_array_unref(mask);
    pair_done(&p);
}

/* Attributes come from clients: whatever they hold, formatting ends. */
static void hostile_attributes(void **state)
{
    GByteArray *list = g_byte_array_new();
    GString *out = g_string_new(NULL);
    uint32_t random = 1;

    (void)state;
    for (unsigned round = 0; round < 20000; round++) {
        g_byte_array_set_size(list, 64);
        for (size_t i = 0; i < 64; i++) {
            random = random * 1664525 + 1013904223;
            list->data[i] = (uint8_t)(random >> 24);
        }
        list->data[0] = (uint8_t)(4 + (random >> 8 & 31));
        list->data[1] = list->data[3] = 0;
        list->data[2] &= 63;
        g_string_truncate(out, 0);
        key_format(out, list->data, 64, NULL, 0, NULL);
        key_format(out, list->data, 64, list->data, 64, NULL);
        key_format(out, list->data, 36, list->data + 28, 36, NULL);
    }
    g_byte_array_unref(list);
    g_string_free(out, TRUE);
}

static void deep_nests_end(void **state)
{
    enum { DEPTH = 16000 };
    GByteArray *list = g_byte_array_new();
    GString *out = g_string_new(NULL);
    GString *text = g_string_new(NULL);
    struct pair p;

    (void)state;
    for (unsigned i = 0; i < DEPTH; i++) {
        struct nlattr a = {.nla_len = (uint16_t)(4 * (DEPTH - i)), .nla_type = OVS_KEY_ATTR_ENCAP};

        g_byte_array_append(list, (const uint8_t *)&a, sizeof(a));
        g_string_append(text, "encap(");
    }
    key_format(out, list->data, list->len, NULL, 0, NULL);
    assert_non_null(strstr(out->str, "too deep"));
    p = scan_flow(text->str, NULL);
    assert_int_equal(p.err, -EINVAL);
    assert_string_equal(p.e.text, "column 391: too deep");
    pair_done(&p);
    g_byte_array_unref(list);
    g_string_free(out, TRUE);
    g_string_free(text, TRUE);
}

/* Every prefix and every damaged byte of good text is taken or refused, never more. */
static void damaged_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(same); i++) {
        size_t len = strlen(same[i]);

        for (size_t at = 0; at < len; at++) {
            char *text = g_strdup(same[i]);
            struct pair p;

            text[at] = "(),=/0{}"[at % 8];
            p = scan_flow(text, NULL);
            pair_done(&p);
            text[at] = '\0';
            p = scan_flow(text, NULL);
            pair_done(&p);
            g_free(text);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_text),
        cmocka_unit_test(other_text),
        cmocka_unit_test(bytes_of_a_flow),
        cmocka_unit_test(vlan_always_has_the_tag_bit),
        cmocka_unit_test(without_mask),
        cmocka_unit_test(stops_behind_the_key),
        cmocka_unit_test(errors_name_the_column),
        cmocka_unit_test(port_names),
        cmocka_unit_test(all_is_shown),
        cmocka_unit_test(ethertype_in_the_mask_only),
        cmocka_unit_test(hostile_attributes),
        cmocka_unit_test(deep_nests_end),
        cmocka_unit_test(damaged_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
