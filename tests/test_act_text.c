/* test_act_text.c - actions: text to attributes to text.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <linux/openvswitch.h>

#include "dp/act.h"
#include "netlink/attr.h"

/* Text -> attributes -> text. 'want' NULL: the same text. Returns the attributes. */
static GByteArray *scan_list(const char *text, const char *want, const struct key_text *names)
{
    GByteArray *list = g_byte_array_new();
    GString *out = g_string_new(NULL);
    struct scan in;
    struct err e;

    scan_init(&in, text);
    if (acts_scan(&in, list, names, &e))
        fail_msg("%s: %s", text, e.text);
    assert_true(scan_done(&in));
    acts_format(out, list->data, list->len, names);
    assert_string_equal(out->str, want ? want : text);
    g_string_free(out, TRUE);
    return list;
}

/* Every action, in ovs-dpctl's own words. */
static const char *const same[] = {
    "drop",
    "2",
    "1,2,3",
    "userspace(pid=5)",
    "userspace(pid=4294967295,userdata(c0ffee00),actions,tunnel_out_port=3)",
    "userspace(pid=5,userdata()),2",
    "set(eth(src=02:00:00:00:00:01)),3",
    "set(eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02))",
    "set(eth_type(0x0000))",
    "set(eth_type(0x0000/0x00ff))",
    "set(eth(dst=02:00:00:00:00:00/ff:00:00:00:00:00))",
    "set(ipv4(src=10.0.0.1,ttl=5)),set(ipv4(tos=0x4/0xfc))",
    "set(ipv4(src=10.0.0.1,dst=10.0.0.2,proto=17,tos=0,ttl=64,frag=no))",
    "set(ipv6(src=::1,dst=::2,label=0x5,proto=6,tclass=0,hlimit=1,frag=no))",
    "set(tcp(src=80)),set(udp(src=1,dst=2)),set(sctp(dst=1/0xff))",
    "set(skb_priority(0x5)),set(skb_mark(0x1/0xff)),set(ct_mark(0)),set(ct_label(0x1/0xf))",
    "set(mpls(label=5,tc=0,ttl=64,bos=1))",
    "set(mpls(label=0/0x0,tc=0/0,ttl=64/0xff,bos=0/0))",
    "set(tunnel(tun_id=0xabcdef1234567890,src=1.1.1.1,dst=2.2.2.2,ttl=64,flags(df|csum|key))),2",
    "set(tunnel(tun_id=0x1,dst=2.2.2.2,ttl=64,geneve({class=0x102,type=0x80,len=4,0xa}),flags(key)))",
    "push_vlan(vid=5,pcp=0),2",
    "push_vlan(tpid=0x88a8,vid=5,pcp=3)",
    "push_vlan(vid=5,pcp=0,cfi=0)",
    "push_vlan(tpid=0x9100,vid=12,pcp=7,cfi=0),pop_vlan",
    "pop_vlan,3",
    "sample(sample=50.0%,actions(2))",
    "sample(sample=0.0%,actions(drop)),sample(sample=100.0%,actions(1,2))",
    "recirc(0x1)",
    "recirc(0)",
    "hash(l4(0)),recirc(0x12)",
    "hash(sym_l4(7))",
    "push_mpls(label=100,tc=3,ttl=64,bos=1,eth_type=0x8847)",
    "add_mpls(label=100,tc=3,ttl=64,bos=1,eth_type=0x8848)",
    "add_mpls(label=1,tc=0,ttl=0,bos=0,eth_type=0x8847)",
    "pop_nsh()",
    "push_nsh(flags=0,ttl=63,mdtype=2,np=3,spi=0x1,si=255,md2=0x10203040506)",
    "set(skb_mark(0x5/0))",
    "userspace(pid=5,sFlow(vid=9,pcp=7,output=10),tunnel_out_port=10)",
    "userspace(pid=5,slow_path(cfm,match,0x100),actions)",
    "userspace(pid=5,flow_sample(probability=123,collector_set_id=1234,obs_domain_id=2345,"
    "obs_point_id=3456,output_port=10,egress))",
    "userspace(pid=5,ipfix(output_port=10))",
    "userspace(pid=5,controller(reason=1,dont_send=0,continuation=1,recirc_id=4444,"
    "rule_cookie=0x5555,controller_id=0,max_len=65535))",
    "pop_mpls(eth_type=0x800)",
    "trunc(100),2",
    "push_eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02),pop_eth",
    "clone(push_vlan(vid=1,pcp=0),2),3",
    "clone(drop)",
    "clone(clone(clone(1),2),3)",
    "check_pkt_len(size=200,gt(2),le(3))",
    "check_pkt_len(size=200,gt(drop),le(trunc(100),3)),4",
    "dec_ttl(le_1(2))",
    "dec_ttl(le_1(drop)),1",
    "ct_clear,2",
    "meter(5),2",
    "ct",
    "ct(commit),2",
    "ct(force_commit,zone=65535),recirc(0x1)",
    "ct(commit,zone=5,mark=0x1/0xff,label=0x5/0xff,helper=ftp,timeout=slow,nat)",
    "ct(commit,mark=0x5/0xffffffff,label=0xffffffffffffffffffffffffffffffff)",
    "ct(commit,mark=0/0xffffffff,label=0)",
    "ct(helper=abcdefghijklmno,timeout=abcdefghijklmnopqrstuvwxyz12345)",
    "ct(helper=,timeout=)",
    "ct(zone=1,nat),ct_clear",
    "ct(commit,nat(src))",
    "ct(commit,nat(dst=10.0.0.1))",
    "ct(commit,nat(src=1.2.3.4-1.2.3.9:100-200,persistent,hash))",
    "ct(commit,nat(src=1.2.3.4:5,random))",
    "ct(commit,nat(dst=fe80::1-fe80::2))",
    "ct(commit,nat(dst=[fe80::1]:80))",
    "ct(commit,nat(src=[fe80::1]-[fe80::2]:80-90,random))",
    "ct(commit,nat(src=fe80::1:80))",
    "ct(commit,nat(dst=0.0.0.0))",
    "action40(00 01 02),action41",
};

static void same_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(same); i++)
        g_byte_array_unref(scan_list(same[i], NULL, NULL));
}

static void other_text(void **state)
{
    static const char *const rows[][2] = {
        {"", "drop"},
        {"clone()", "clone(drop)"},
        {"1, 2", "1,2"},
        {"0x10", "16"},
        {"recirc(16)", "recirc(0x10)"},
        {"push_vlan(pcp=1,vid=5)", "push_vlan(vid=5,pcp=1)"},
        {"push_vlan(tpid=0x8100,tci=0x100a)", "push_vlan(vid=10,pcp=0)"},
        {"push_vlan(tci=0x200a)", "push_vlan(vid=10,pcp=1,cfi=0)"},
        {"sample(sample=33.333%,actions())", "sample(sample=33.3%,actions(drop))"},
        {"userspace(userdata(00),pid=1)", "userspace(pid=1,userdata(00))"},
        {"userspace()", "action2"},
        {"set(eth())", "set(eth())"},
        {"ct()", "ct"},
        {"ct(zone=0)", "ct"},
        {"ct(mark=1/0,label=0/0)", "ct"},
        {"ct(nat(src),  zone=5,commit)", "ct(commit,zone=5,nat(src))"},
        {"ct(commit,label=1)", "ct(commit,label=0x1)"},
        {"ct(commit,mark=7,zone=1,zone=2)", "ct(commit,zone=2,mark=0x7/0xffffffff)"},
        {"ct(commit,nat())", "ct(commit,nat)"},
        {"ct(commit,nat(persistent,hash))", "ct(commit,nat)"},
        {"ct(commit,nat(random,src=1.2.3.4-1.2.3.4:5-5))", "ct(commit,nat(src=1.2.3.4:5,random))"},
        {"ct(commit,nat(src=1.2.3.4-0.0.0.0:80-0))", "ct(commit,nat(src=1.2.3.4:80))"},
        {"ct(commit,nat(src=1.2.3.4:0))", "ct(commit,nat(src=1.2.3.4))"},
        {"ct(commit,nat(dst=[fe80::1]))", "ct(commit,nat(dst=fe80::1))"},
        {"ct(commit,nat(dst=fe80::1-[fe80::2]:80))", "ct(commit,nat(dst=[fe80::1]-[fe80::2]:80))"},
        {"push_eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02,type=0x800)",
         "push_eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02)"},
        {"check_pkt_len(size=1,gt(),le())", "check_pkt_len(size=1,gt(drop),le(drop))"},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        g_byte_array_unref(scan_list(rows[i][0], rows[i][1], NULL));
}

static const struct nlattr *first(const GByteArray *list)
{
    return (const struct nlattr *)list->data;
}

/* A member that is left out is left alone: SET_MASKED; all of them: SET. */
static void set_is_masked_if_it_must(void **state)
{
    GByteArray *list = scan_list("set(eth(src=02:00:00:00:00:01))", NULL, NULL);
    static const uint8_t want[28] = {
        28, 0, OVS_KEY_ATTR_ETHERNET, 0, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255,
    };

    (void)state;
    assert_int_equal(first(list)->nla_type, OVS_ACTION_ATTR_SET_MASKED);
    assert_int_equal(list->len, 4 + sizeof(want));
    assert_memory_equal(mnl_attr_get_payload(first(list)), want, sizeof(want));
    g_byte_array_unref(list);
    list = scan_list("set(tcp(src=1,dst=2))", NULL, NULL);
    assert_int_equal(first(list)->nla_type, OVS_ACTION_ATTR_SET);
    assert_int_equal(list->len, 12);
    g_byte_array_unref(list);
    list = scan_list("set(tunnel(tun_id=0x1,dst=2.2.2.2,ttl=64,flags(key)))", NULL, NULL);
    assert_int_equal(first(list)->nla_type, OVS_ACTION_ATTR_SET);
    g_byte_array_unref(list);
}

static void bytes_of_actions(void **state)
{
    GByteArray *list = scan_list("push_vlan(vid=5,pcp=1)", NULL, NULL);

    (void)state;
    assert_memory_equal(mnl_attr_get_payload(first(list)), "\x81\x00\x30\x05", 4);
    g_byte_array_unref(list);
    list = scan_list("push_mpls(label=1,tc=2,ttl=3,bos=1,eth_type=0x8847)", NULL, NULL);
    assert_memory_equal(mnl_attr_get_payload(first(list)), "\x00\x00\x15\x03\x88\x47\0\0", 8);
    g_byte_array_unref(list);
    list = scan_list("sample(sample=50.0%,actions(drop))", NULL, NULL);
    assert_int_equal(mnl_attr_get_u32(mnl_attr_get_payload(first(list))), 0x80000000);
    g_byte_array_unref(list);
    list = scan_list("sample(sample=100.0%,actions(drop))", NULL, NULL);
    assert_int_equal(mnl_attr_get_u32(mnl_attr_get_payload(first(list))), UINT32_MAX);
    g_byte_array_unref(list);
}

/* What a datapath dumps of a set(): stored masked. */
static void set_to_masked(void **state)
{
    GByteArray *list = scan_list("set(skb_mark(0x5/0xf))", NULL, NULL);
    GString *out = g_string_new(NULL);

    (void)state;
    list->data[2] = ACT_SET_TO_MASKED;
    acts_format(out, list->data, list->len, NULL);
    assert_string_equal(out->str, "set(skb_mark(0x5/0xf))");
    g_string_free(out, TRUE);
    g_byte_array_unref(list);
}

static void errors_name_the_column(void **state)
{
    static const char *const rows[][2] = {
        {"2,foo(1)", "column 3: no action is called \"foo\""},
        {"p1", "column 1: no port is called \"p1\""},
        {"2,", "column 3: expected a port"},
        {"push_vlan", "column 10: expected \"(\""},
        {"push_vlan(vid=4096,pcp=0)", "column 1: vid of push_vlan is above 4095"},
        {"push_vlan(vid=1,pcp=0", "column 22: expected \")\""},
        {"push_vlan(foo=1)", "column 11: push_vlan has no member \"foo\""},
        {"set(ipv4(foo=1))", "column 10: ipv4 has no member \"foo\""},
        {"set(5)", "column 5: expected a key attribute, such as \"in_port(1)\""},
        {"set(skb_mark(5)", "column 16: expected \")\""},
        {"userspace(pid=x)", "column 15: expected a port id"},
        {"userspace(pid=1,foo)",
         "column 17: expected userdata(...) or another part of userspace"},
        {"userspace(pid=1,userdata(0))", "column 26: expected two hexadecimal digits"},
        {"sample(sample=101%,actions(2))", "column 15: expected a percentage"},
        {"sample(sample=1.2.3%,actions(2))", "column 15: expected a percentage"},
        {"sample(sample=nan%,actions(2))", "column 15: expected a percentage"},
        {"sample(sample=50%,2)", "column 18: expected \",actions(\""},
        {"clone(2,foo())", "column 9: no action is called \"foo\""},
        {"hash(l5(0))", "column 6: expected l4 or sym_l4"},
        {"check_pkt_len(size=65536,gt(),le())",
         "column 20: expected a length of at most 65535"},
        {"recirc(x)", "column 8: expected a value of type u32x"},
        {"trunc(4294967296)", "column 7: expected a value of type u32"},
        {"ct(foo)", "column 4: expected a part of ct"},
        {"ct(commit,)", "column 11: expected a part of ct"},
        {"ct(commit,force_commit)", "column 3: ct cannot be both commit and force_commit"},
        {"ct(zone=65536)", "column 9: expected a value of type u16"},
        {"ct(helper=abcdefghijklmnop)", "column 11: expected a name of at most 15 characters"},
        {"ct(nat(src,dst))", "column 7: nat cannot be both src and dst"},
        {"ct(nat(src=:80))", "column 12: expected an IPv6 address"},
        {"ct(nat(src=1.2.3.4:65536))", "column 20: expected a port of at most 65535"},
        {"ct(nat(src=1.2.3.9-1.2.3.4))", "column 12: the range ends before it begins"},
        {"ct(nat(src=[fe80::1))", "column 20: expected \"]\""},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        GByteArray *list = g_byte_array_new();
        struct scan in;
        struct err e;

        scan_init(&in, rows[i][0]);
        assert_int_equal(acts_scan(&in, list, NULL, &e), -EINVAL);
        assert_string_equal(e.text, rows[i][1]);
        assert_int_equal(list->len, 0);
        g_byte_array_unref(list);
    }
}

static const char *port_name(void *ctx, uint32_t port_no)
{
    (void)ctx;
    return port_no == 7 ? "eth0.5" : NULL;
}

static bool port_number(void *ctx, const char *name, uint32_t *port_no)
{
    (void)ctx;
    *port_no = 7;
    return !strcmp(name, "eth0.5");
}

static void port_names(void **state)
{
    static const struct key_text names = {.port_name = port_name, .port_number = port_number};

    (void)state;
    g_byte_array_unref(scan_list("eth0.5,8", NULL, &names));
    g_byte_array_unref(scan_list("clone(7)", "clone(eth0.5)", &names));
    g_byte_array_unref(
        scan_list("userspace(pid=1,tunnel_out_port=eth0.5)", NULL, &names));
}

/* Lists come from clients: whatever they hold, formatting ends. */
static void hostile_attributes(void **state)
{
    GByteArray *list = g_byte_array_new();
    GString *out = g_string_new(NULL);
    uint32_t random = 1;

    (void)state;
    g_byte_array_set_size(list, 64);
    for (unsigned round = 0; round < 20000; round++) {
        for (size_t i = 0; i < 64; i++) {
            random = random * 1664525 + 1013904223;
            list->data[i] = (uint8_t)(random >> 24);
        }
        list->data[0] = (uint8_t)(4 + (random >> 8 & 63));
        list->data[4] &= 31;
        list->data[6] &= 31;
        list->data[1] = list->data[3] = list->data[5] = list->data[7] = 0;
        list->data[2] = (uint8_t)(round % 30);
        g_string_truncate(out, 0);
        acts_format(out, list->data, list->len, NULL);
    }
    g_string_truncate(out, 0);
    acts_format(out, list->data, 3, NULL);
    assert_true(g_str_has_prefix(out->str, ",***3 leftover bytes*** ("));
    g_byte_array_unref(list);
    g_string_free(out, TRUE);
}

static void deep_nests_end(void **state)
{
    enum { DEPTH = 16000 };
    GByteArray *list = g_byte_array_new();
    GString *out = g_string_new(NULL);
    GString *text = g_string_new(NULL);
    struct scan in;
    struct err e;

    (void)state;
    for (unsigned i = 0; i < DEPTH; i++) {
        struct nlattr a = {.nla_len = (uint16_t)(4 * (DEPTH - i)),
                           .nla_type = OVS_ACTION_ATTR_CLONE};

        g_byte_array_append(list, (const uint8_t *)&a, sizeof(a));
        g_string_append(text, "clone(");
    }
    acts_format(out, list->data, list->len, NULL);
    assert_non_null(strstr(out->str, "too deep"));
    g_byte_array_set_size(list, 0);
    scan_init(&in, text->str);
    assert_int_equal(acts_scan(&in, list, NULL, &e), -EINVAL);
    assert_string_equal(e.text, "column 385: too deep");
    g_byte_array_unref(list);
    g_string_free(out, TRUE);
    g_string_free(text, TRUE);
}

/* A nest that would not fit into 16 bits of length is refused, not cut. */
static void long_lists_are_refused(void **state)
{
    GByteArray *list = g_byte_array_new();
    GString *text = g_string_new("clone(1");
    struct scan in;
    struct err e;

    (void)state;
    for (unsigned i = 0; i < 9000; i++)
        g_string_append(text, ",1");
    g_string_append_c(text, ')');
    scan_init(&in, text->str);
    assert_int_equal(acts_scan(&in, list, NULL, &e), -EINVAL);
    assert_string_equal(e.text, "column 1: longer than an attribute can be");
    g_byte_array_unref(list);
    g_string_free(text, TRUE);
}

/* Every prefix and every damaged byte of good text is taken or refused, never more. */
static void damaged_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(same); i++) {
        size_t len = strlen(same[i]);

        for (size_t at = 0; at < 2 * len; at++) {
            GByteArray *list = g_byte_array_new();
            char *text = g_strdup(same[i]);
            struct scan in;
            struct err e;

            text[at / 2] = at % 2 ? '\0' : "(),=/0{}"[at / 2 % 8];
            scan_init(&in, text);
            (void)acts_scan(&in, list, NULL, &e);
            g_free(text);
            g_byte_array_unref(list);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_text),
        cmocka_unit_test(other_text),
        cmocka_unit_test(set_is_masked_if_it_must),
        cmocka_unit_test(bytes_of_actions),
        cmocka_unit_test(set_to_masked),
        cmocka_unit_test(errors_name_the_column),
        cmocka_unit_test(port_names),
        cmocka_unit_test(hostile_attributes),
        cmocka_unit_test(deep_nests_end),
        cmocka_unit_test(long_lists_are_refused),
        cmocka_unit_test(damaged_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
