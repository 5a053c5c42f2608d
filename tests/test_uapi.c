/* test_uapi.c - names and numbers of the rows against the installed linux/openvswitch.h, and
 * that header against the numbers of the wire.
 * SPDX-License-Identifier: Apache-2.0 */
#include <linux/openvswitch.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dp/act_rows.h"
#include "dp/datapath.h"

struct number {
    const char *name;
    int header, wire;           /* the installed header's number; catalogue 04.1, 07.1 */
};

/* clang-format off */
#define KEY(name, wire) { "OVS_KEY_ATTR_" #name, OVS_KEY_ATTR_##name, wire }
static const struct number key_numbers[] = {
    KEY(ENCAP, 1), KEY(PRIORITY, 2), KEY(IN_PORT, 3), KEY(ETHERNET, 4), KEY(VLAN, 5), KEY(ETHERTYPE, 6),
    KEY(IPV4, 7), KEY(IPV6, 8), KEY(TCP, 9), KEY(UDP, 10), KEY(ICMP, 11), KEY(ICMPV6, 12), KEY(ARP, 13),
    KEY(ND, 14), KEY(SKB_MARK, 15), KEY(TUNNEL, 16), KEY(SCTP, 17), KEY(TCP_FLAGS, 18), KEY(DP_HASH, 19),
    KEY(RECIRC_ID, 20), KEY(MPLS, 21), KEY(CT_STATE, 22), KEY(CT_ZONE, 23), KEY(CT_MARK, 24),
    KEY(CT_LABELS, 25), KEY(CT_ORIG_TUPLE_IPV4, 26), KEY(CT_ORIG_TUPLE_IPV6, 27), KEY(NSH, 28),
    KEY(IPV6_EXTHDRS, 32),
};

#define ACTION(name, wire) { "OVS_ACTION_ATTR_" #name, OVS_ACTION_ATTR_##name, wire }
static const struct number act_numbers[] = {
    ACTION(OUTPUT, 1), ACTION(USERSPACE, 2), ACTION(SET, 3), ACTION(PUSH_VLAN, 4), ACTION(POP_VLAN, 5),
    ACTION(SAMPLE, 6), ACTION(RECIRC, 7), ACTION(HASH, 8), ACTION(PUSH_MPLS, 9), ACTION(POP_MPLS, 10),
    ACTION(SET_MASKED, 11), ACTION(CT, 12), ACTION(TRUNC, 13), ACTION(PUSH_ETH, 14), ACTION(POP_ETH, 15),
    ACTION(CT_CLEAR, 16), ACTION(PUSH_NSH, 17), ACTION(POP_NSH, 18), ACTION(METER, 19), ACTION(CLONE, 20),
    ACTION(CHECK_PKT_LEN, 21), ACTION(ADD_MPLS, 22), ACTION(DEC_TTL, 23),
    { "OVS_ACTION_ATTR_DROP", 24, 24 }, { "OVS_ACTION_ATTR_PSAMPLE", 25, 25 },  /* newer than the header */
};

#define NUMBER(name, wire) { #name, name, wire }
static const struct number others[] = {
    NUMBER(OVS_DP_ATTR_PER_CPU_PIDS, 8), NUMBER(OVS_DP_ATTR_MASKS_CACHE_SIZE, 7), NUMBER(OVS_DP_ATTR_IFINDEX, 9),
    NUMBER(OVS_DP_F_UNALIGNED, 1), NUMBER(OVS_DP_F_VPORT_PIDS, 2), NUMBER(OVS_DP_F_DISPATCH_UPCALL_PER_CPU, 8),
    NUMBER(OVS_VPORT_ATTR_IFINDEX, 8), NUMBER(OVS_VPORT_ATTR_NETNSID, 9),
    NUMBER(OVS_FLOW_ATTR_UFID, 9), NUMBER(OVS_FLOW_ATTR_UFID_FLAGS, 10),
    NUMBER(OVS_PACKET_ATTR_MRU, 9), NUMBER(OVS_PACKET_ATTR_LEN, 10), NUMBER(OVS_PACKET_ATTR_HASH, 11),
    NUMBER(OVS_TUNNEL_KEY_ATTR_IPV4_INFO_BRIDGE, 16), NUMBER(OVS_NSH_KEY_ATTR_MD2, 3),
    NUMBER(OVS_FLOW_CMD_NEW, 1), NUMBER(OVS_PACKET_CMD_EXECUTE, 3), NUMBER(OVS_DP_CMD_SET, 4),
};
/* clang-format on */

static void check_numbers(const struct number *n, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (n[i].header != n[i].wire)
            fail_msg("%s is %d in the header, %d on the wire", n[i].name, n[i].header, n[i].wire);
    }
}

static const struct number *find_number(const struct number *n, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (!strcmp(n[i].name, name))
            return &n[i];
    }
    return NULL;
}

static void test_header(void **state)
{
    (void)state;
    check_numbers(key_numbers, G_N_ELEMENTS(key_numbers));
    check_numbers(act_numbers, G_N_ELEMENTS(act_numbers));
    check_numbers(others, G_N_ELEMENTS(others));
}

/* Each row is at the number that the header gives its name, and none is missing. */
static void test_key_rows(void **state)
{
    unsigned n = 0;

    (void)state;
    for (unsigned type = 0; type < N_KEY_ATTRS; type++) {
        const struct number *number;

        if (!key_attrs[type].uapi)
            continue;
        number = find_number(key_numbers, G_N_ELEMENTS(key_numbers), key_attrs[type].uapi);
        assert_non_null(number);
        assert_int_equal(number->header, type);
        n++;
    }
    assert_int_equal(n, G_N_ELEMENTS(key_numbers));
}

static void test_act_rows(void **state)
{
    (void)state;
    for (unsigned type = 0; type < ACT_SET_TO_MASKED; type++) {
        const struct number *number;

        if (!act_table[type] || !act_table[type]->uapi)
            continue;
        number = find_number(act_numbers, G_N_ELEMENTS(act_numbers), act_table[type]->uapi);
        assert_non_null(number);
        assert_int_equal(number->header, type);
    }
}

/* Lengths of the header's structs are those of the rows. */
static void test_lengths(void **state)
{
    static const struct {
        unsigned type;
        size_t size;
    } rows[] = {
        {OVS_KEY_ATTR_ETHERNET, sizeof(struct ovs_key_ethernet)},
        {OVS_KEY_ATTR_IPV4, sizeof(struct ovs_key_ipv4)},
        {OVS_KEY_ATTR_IPV6, sizeof(struct ovs_key_ipv6)},
        {OVS_KEY_ATTR_TCP, sizeof(struct ovs_key_tcp)},
        {OVS_KEY_ATTR_UDP, sizeof(struct ovs_key_udp)},
        {OVS_KEY_ATTR_SCTP, sizeof(struct ovs_key_sctp)},
        {OVS_KEY_ATTR_ICMP, sizeof(struct ovs_key_icmp)},
        {OVS_KEY_ATTR_ICMPV6, sizeof(struct ovs_key_icmpv6)},
        {OVS_KEY_ATTR_ARP, sizeof(struct ovs_key_arp)},
        {OVS_KEY_ATTR_ND, sizeof(struct ovs_key_nd)},
        {OVS_KEY_ATTR_CT_LABELS, sizeof(struct ovs_key_ct_labels)},
        {OVS_KEY_ATTR_CT_ORIG_TUPLE_IPV4, 16},      /* the kernel's struct, 3 bytes of padding */
        {OVS_KEY_ATTR_CT_ORIG_TUPLE_IPV6, 40},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        assert_int_equal(key_attrs[rows[i].type].len, rows[i].size);
    assert_int_equal(act_push_vlan.len, sizeof(struct ovs_action_push_vlan));
    assert_int_equal(act_push_mpls.len, sizeof(struct ovs_action_push_mpls));
    assert_int_equal(act_add_mpls.len, sizeof(struct ovs_action_add_mpls));
    assert_int_equal(act_push_eth.len, sizeof(struct ovs_action_push_eth));
    assert_int_equal(act_hash.len, sizeof(struct ovs_action_hash));
    assert_int_equal(act_trunc.len, sizeof(struct ovs_action_trunc));
}

/* Names, versions and largest attributes that clients see (catalogue 01.1). */
static void test_families(void **state)
{
    static const struct {
        const struct family *f;
        const char *name;
        unsigned version, max_attr;
    } rows[] = {
        {&dp_datapath_family, "ovs_datapath", 2, 9}, {&dp_vport_family, "ovs_vport", 1, 9},
        {&dp_flow_family, "ovs_flow", 1, 11},        {&dp_packet_family, "ovs_packet", 1, 11},
        {&dp_meter_family, "ovs_meter", 1, 9},       {&dp_ct_limit_family, "ovs_ct_limit", 1, 1},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        assert_string_equal(rows[i].f->name, rows[i].name);
        assert_int_equal(rows[i].f->version, rows[i].version);
        assert_int_equal(rows[i].f->max_attr, rows[i].max_attr);
        assert_int_equal(rows[i].f->hdrsize, sizeof(struct ovs_header));
        assert_true(rows[i].max_attr <= FAMILY_MAX_ATTR);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_header),  cmocka_unit_test(test_key_rows),
        cmocka_unit_test(test_act_rows), cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_families),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
