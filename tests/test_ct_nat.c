/* test_ct_nat.c - nat() of ct(): the choice of mappings, packets rewritten there and back. Catalogue 09.2, 09.6.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/nat_tools.h"

#include <errno.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/openvswitch.h>

#include "base/hash.h"
#include "dp/ct/nat_id.h"

static const struct ct_nat_args as_before = { .kind = CT_NAT_AS_BEFORE, .l3 = 4 };

/* ---- there and back --------------------------------------------------------------------------------- */

/* A new UDP connection through nat(); returns the packet. */
static struct pkt *first(struct ct_world *w, const char *who, const struct ct_nat_args *nat)
{
    struct flow_key key;
    struct pkt *p = udp_pkt(w, who, "x");

    assert_int_equal(nat_pass(w, p, &key, nat, true), 0);
    return p;
}

/* One UDP packet through ct(nat): what it looks like then. */
static const char *later(struct ct_world *w, const char *who, uint8_t *ct_state)
{
    struct flow_key key;
    struct pkt *p = udp_pkt(w, who, "y");
    const char *text;

    assert_int_equal(nat_pass(w, p, &key, &as_before, false), 0);
    assert_sums(p, IPPROTO_UDP, 6);
    *ct_state = key.ct_state;
    text = who_of(p);
    pkt_free(&w->pool, p);
    return text;
}

static void test_source(void **state)
{
    struct ct_nat_args nat = nat_args(CT_NAT_SRC, "10.1.0.1", NULL, 3000, 0);
    struct ct_world w;
    struct pkt *p;
    uint8_t bits;

    (void)state;
    ct_world_init(&w);
    p = first(&w, "10.0.0.1:1000>10.9.0.1:53", &nat);
    assert_string_equal(who_of(p), "10.1.0.1:3000>10.9.0.1:53");
    assert_sums(p, IPPROTO_UDP, 6);
    assert_int_equal(p->ct->status & (IPS_NAT_MASK | IPS_NAT_DONE_MASK), IPS_SRC_NAT | IPS_SRC_NAT_DONE);
    pkt_free(&w.pool, p);
    assert_string_equal(later(&w, "10.9.0.1:53>10.1.0.1:3000", &bits), "10.9.0.1:53>10.0.0.1:1000");
    assert_int_equal(bits, OVS_CS_F_DST_NAT);
    assert_string_equal(later(&w, "10.0.0.1:1000>10.9.0.1:53", &bits), "10.1.0.1:3000>10.9.0.1:53");
    assert_int_equal(bits, OVS_CS_F_SRC_NAT);
    ct_world_done(&w);
}

/* Where only the destination is translated, the source is bound as it is: both bits show. */
static void test_destination(void **state)
{
    struct ct_nat_args nat = nat_args(CT_NAT_DST, "10.9.0.9", NULL, 0, 0);
    struct flow_key key;
    struct ct_world w;
    struct pkt *p;
    uint8_t bits;

    (void)state;
    ct_world_init(&w);
    p = udp_pkt(&w, "10.0.0.1:1000>10.9.0.1:53", "");
    assert_int_equal(nat_pass(&w, p, &key, &nat, true), 0);
    assert_string_equal(who_of(p), "10.0.0.1:1000>10.9.0.9:53");
    assert_int_equal(key.ct_state, OVS_CS_F_SRC_NAT | OVS_CS_F_DST_NAT);
    assert_memory_equal(&key.ip4.dst, p->data + L3 + 16, 4);
    assert_int_equal(p->ct->status & (IPS_NAT_MASK | IPS_NAT_DONE_MASK), IPS_DST_NAT | IPS_NAT_DONE_MASK);
    pkt_free(&w.pool, p);
    assert_string_equal(later(&w, "10.9.0.9:53>10.0.0.1:1000", &bits), "10.9.0.1:53>10.0.0.1:1000");
    assert_int_equal(bits, OVS_CS_F_SRC_NAT);
    ct_world_done(&w);
}

/* Nothing is done twice, nor to what is not committed. */
static void test_left_alone(void **state)
{
    struct ct_nat_args nat = nat_args(CT_NAT_SRC, "10.1.0.1", NULL, 0, 0);
    struct flow_key key;
    struct ct_world w;
    struct pkt *p;

    (void)state;
    ct_world_init(&w);
    p = udp_pkt(&w, "10.0.0.1:1000>10.9.0.1:53", "");
    assert_int_equal(nat_pass(&w, p, &key, &nat, false), 0);
    assert_string_equal(who_of(p), "10.0.0.1:1000>10.9.0.1:53");
    key.ct_state = OVS_CS_F_DST_NAT;
    assert_int_equal(act_ct_nat_run(p, &key, &nat, true), 0);
    assert_string_equal(who_of(p), "10.0.0.1:1000>10.9.0.1:53");
    assert_int_equal(p->ct->status & IPS_NAT_DONE_MASK, 0);
    pkt_free(&w.pool, p);
    ct_world_done(&w);
}

/* A connection that is bound as it is goes on with a packet too short for the type that its key has by then. IPv6 as
 * recorded from Linux 6.1.192: the address is what the frame has where it would be. */
static void test_short_packet(void **state)
{
    static const struct {
        uint16_t type, size;
        const char *src;
    } rows[] = {
        { ETH_P_IP, 12, "00000000" },
        { ETH_P_IP, 15, "0a000000" },
        { ETH_P_IPV6, 8, "00000000000000000000000000000000" },
        { ETH_P_IPV6, 20, "401166c60a0000010a09000100000000" },
        { ETH_P_IPV6, 23, "401166c60a0000010a09000103e80000" },
    };
    struct ct_nat_args nat = nat_args(CT_NAT_SRC, NULL, NULL, 0, 0);

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct flow_key key, after;
        struct ct_world w;
        struct pkt *p;

        ct_world_init(&w);
        p = first(&w, "10.0.0.1:1000>10.9.0.1:53", &nat);
        pkt_trim(p, L3 + rows[i].size);
        key_clear(&key);
        key.eth_type = rows[i].type;
        memset(&key.ip6, 0x5a, sizeof(key.ip6));
        after = key;
        after.ct_state = OVS_CS_F_SRC_NAT;
        hex_bytes(rows[i].src, after.ip6.src, sizeof(after.ip6.src));
        assert_int_equal(act_ct_nat_run(p, &key, &nat, true), 0);
        assert_memory_equal(&key, &after, sizeof(key));
        pkt_free(&w.pool, p);
        ct_world_done(&w);
    }
}

/* Two packets of one flow in flight, made something else each: answers to both come back, the second's for a second. */
static void test_clash(void **state)
{
    struct ct_nat_args nat = nat_args(CT_NAT_SRC, "10.1.0.1", NULL, 0, 0);
    struct flow_key key;
    struct ct_world w;
    struct pkt *p, *q;
    uint8_t bits;

    (void)state;
    ct_world_init(&w);
    q = udp_pkt(&w, "10.0.0.1:1000>10.9.0.1:53", "");
    assert_int_equal(nat_pass(&w, q, &key, &nat, false), 0);        /* a connection, not confirmed */
    p = first(&w, "10.0.0.1:1000>10.9.0.1:53", &nat);
    nat = nat_args(CT_NAT_SRC, "10.1.0.2", NULL, 0, 0);
    assert_int_equal(act_ct_nat_run(q, &key, &nat, true), 0);
    assert_int_equal(ct_confirm(q), 0);
    assert_ptr_not_equal(p->ct, q->ct);
    assert_ptr_equal(ct_next(w.table, NULL), p->ct);
    assert_null(ct_next(w.table, p->ct));
    pkt_free(&w.pool, p);
    pkt_free(&w.pool, q);
    assert_string_equal(later(&w, "10.9.0.1:53>10.1.0.2:1000", &bits), "10.9.0.1:53>10.0.0.1:1000");
    assert_string_equal(later(&w, "10.9.0.1:53>10.1.0.1:1000", &bits), "10.9.0.1:53>10.0.0.1:1000");
    assert_string_equal(later(&w, "10.0.0.1:1000>10.9.0.1:53", &bits), "10.1.0.1:1000>10.9.0.1:53");
    w.now_ns += 2 * SECOND;
    assert_string_equal(later(&w, "10.9.0.1:53>10.1.0.2:1000", &bits), "10.9.0.1:53>10.1.0.2:1000");
    ct_world_done(&w);
}

/* ---- the choice --------------------------------------------------------------------------------------- */

/* A source port that is taken moves within its class; a range of ports is kept to; without a free one
 * the packet is dropped when it is committed. */
static void test_taken_ports(void **state)
{
    struct ct_nat_args any = nat_args(CT_NAT_SRC, "10.1.0.1", NULL, 0, 0);
    struct ct_nat_args two = nat_args(CT_NAT_SRC, "10.1.0.2", NULL, 3000, 3001);
    struct flow_key key;
    struct ct_world w;
    struct pkt *p;
    uint16_t a, b;

    (void)state;
    ct_world_init(&w);
    pkt_free(&w.pool, first(&w, "10.0.0.1:700>10.9.0.1:53", &any));
    p = first(&w, "10.0.0.2:700>10.9.0.1:53", &any);
    a = be16_get(p->data + L4);
    assert_true(a >= 600 && a < 1024 && a != 700);
    pkt_free(&w.pool, p);
    p = first(&w, "10.0.0.1:700>10.9.0.1:53", &two);
    pkt_free(&w.pool, p);           /* known already: a new range does not matter */

    p = first(&w, "10.0.0.3:700>10.9.0.1:53", &two);
    a = be16_get(p->data + L4);
    pkt_free(&w.pool, p);
    p = first(&w, "10.0.0.4:700>10.9.0.1:53", &two);
    b = be16_get(p->data + L4);
    assert_int_equal(a + b, 6001);
    pkt_free(&w.pool, p);
    p = udp_pkt(&w, "10.0.0.5:700>10.9.0.1:53", "");
    assert_int_equal(nat_pass(&w, p, &key, &two, true), -EINVAL);
    pkt_free(&w.pool, p);
    ct_world_done(&w);
}

/* As recorded from Linux 6.1.192. */
static void test_address_of_range(void **state)
{
    static const struct {
        const char *who, *min, *max, *becomes;
        uint32_t flags;
    } rows[] = {
        { "10.0.0.1:1000>10.9.0.1:53", "10.1.0.4", "10.1.0.5", "10.1.0.5:1000>10.9.0.1:53", 0 },
        { "10.0.0.1:1000>10.9.0.2:53", "10.1.0.4", "10.1.0.5", "10.1.0.4:1000>10.9.0.2:53", 0 },
        { "10.0.0.1:1000>10.9.0.2:53", "10.1.0.2", "10.1.0.5", "10.1.0.3:1000>10.9.0.2:53", 0 },
        { "10.0.0.3:1000>10.9.0.2:53", "10.1.0.3", "10.1.0.4", "10.1.0.3:1000>10.9.0.2:53", 0 },
        { "10.0.0.3:1000>10.9.0.1:53", "10.1.0.1", "10.1.0.4", "10.1.0.4:1000>10.9.0.1:53", 0 },
        { "10.0.0.1:1000>10.9.0.2:53", "10.1.0.2", "10.1.0.3", "10.1.0.2:1000>10.9.0.2:53",
          NF_NAT_RANGE_PERSISTENT },
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct ct_nat_args nat = nat_args(CT_NAT_SRC, rows[i].min, rows[i].max, 0, 0);
        struct ct_world w;
        struct pkt *p;

        nat.range.flags |= rows[i].flags;
        ct_world_init(&w);
        p = first(&w, rows[i].who, &nat);
        assert_string_equal(who_of(p), rows[i].becomes);
        pkt_free(&w.pool, p);
        ct_world_done(&w);
    }
}

/* Recorded: of several IPv6 addresses, too, the kernel's hash chooses, word by word. */
static void test_ip6_address_of_range(void **state)
{
    static const char syn[] = ADDRS "86dd 60000000 0014 0640"
                              "fd000000000000000000000000000001 fd000000000000000000000000090002"
                              "03e807d0 00000001 00000000 5002 2000 8a1c 0000";
    struct ct_nat_range range = {
        .flags = NF_NAT_RANGE_MAP_IPS | NF_NAT_RANGE_PROTO_SPECIFIED, .min_id = 3000, .max_id = 3000,
    };
    struct ct_world w;
    struct pkt *p;

    (void)state;
    ct_world_init(&w);
    hex_bytes("fd000000000000000000000000010001", range.min_addr.bytes, 16);
    hex_bytes("fd000000000000000000000000010005", range.max_addr.bytes, 16);
    p = ct_world_pkt(&w, syn);
    assert_int_equal(ct_track(w.table, p, ETH_P_IPV6, 0, NULL), 0);
    assert_int_equal(ct_nat_setup(p->ct, &range, CT_MANIP_SRC), 0);
    assert_int_equal(p->ct->dir[CT_REPLY].tuple.dst.bytes[15], 3);
    assert_int_equal(p->ct->dir[CT_REPLY].tuple.dst_id, 3000);
    pkt_free(&w.pool, p);
    ct_world_done(&w);
}

/* One source stays behind the address that it has been given, whatever the hash says of another destination. */
static void test_same_source(void **state)
{
    struct ct_nat_args nat = nat_args(CT_NAT_SRC, "10.1.0.4", "10.1.0.5", 0, 0);
    struct ct_world w;
    struct pkt *p;

    (void)state;
    ct_world_init(&w);
    pkt_free(&w.pool, first(&w, "10.0.0.1:1000>10.9.0.1:53", &nat));
    p = first(&w, "10.0.0.1:1000>10.9.0.2:53", &nat);
    assert_string_equal(who_of(p), "10.1.0.5:1000>10.9.0.2:53");
    pkt_free(&w.pool, p);
    ct_world_done(&w);
}

/* NAT remembers no connection that is gone. */
static void test_source_forgotten(void **state)
{
    struct ct_nat_args nat = nat_args(CT_NAT_SRC, "10.1.0.1", NULL, 0, 0);
    struct ct_world w;
    char who[64];

    (void)state;
    ct_world_init(&w);
    for (unsigned i = 0; i < 500; i++) {
        g_snprintf(who, sizeof(who), "10.0.%u.%u:1000>10.9.0.1:%u", i / 250, i % 250, 1000 + i);
        pkt_free(&w.pool, first(&w, who, &nat));
    }
    assert_int_equal(w.table->n_conns, 500);
    while (!ct_link_is_empty(&w.table->all))
        ct_conn_delete(ct_of_link(w.table->all.next, struct ct_conn, all));
    assert_int_equal(w.table->n_conns, 0);
    pkt_free(&w.pool, first(&w, "10.0.0.1:1000>10.9.0.1:1000", &nat));
    ct_world_done(&w);
}

/* The published results of Jenkins' function. */
static void test_hash(void **state)
{
    (void)state;
    assert_int_equal(hash_jenkins(NULL, 0, 0), 0xdeadbeef);
    assert_int_equal(hash_jenkins(NULL, 0, 0xdeadbeef), 0xbd5b7dde);
}

/* ---- other headers --------------------------------------------------------------------------------------- */

/* An error about a translated packet: both headers are made what the sender knows, the quoted one in part. */
static void test_icmp_error(void **state)
{
    struct ct_nat_args nat = nat_args(CT_NAT_SRC, "10.1.0.1", NULL, 3000, 0);
    struct flow_key key;
    struct ct_world w;
    struct pkt *p;
    uint8_t *icmp;

    (void)state;
    ct_world_init(&w);
    p = first(&w, "10.0.0.1:1000>10.9.0.1:53", &nat);
    pkt_free(&w.pool, p);
    p = ip4_pkt(&w, IPPROTO_ICMP, "10.7.0.7:0>10.1.0.1:0", 36, "");
    icmp = p->data + L4;
    memset(icmp, 0, 36);
    icmp[0] = 3;
    icmp[1] = 3;
    hex_bytes("4500 0020 0000 0000 3f11 0000 0a010001 0a090001 0bb8 0035 000c 1234", icmp + 8, 28);
    be16_put(icmp + 2, csum_finish(csum_add(0, icmp, 36)));
    assert_int_equal(nat_pass(&w, p, &key, &as_before, false), 0);
    assert_int_equal(p->ct_info, IP_CT_RELATED_REPLY);
    assert_int_equal(csum_finish(csum_add(0, p->data + L4, 36)), 0);
    icmp = p->data + L4;
    assert_memory_equal(p->data + L3 + 16, "\x0a\x00\x00\x01", 4);
    assert_memory_equal(icmp + 20, "\x0a\x00\x00\x01", 4);
    assert_int_equal(be16_get(icmp + 28), 1000);
    assert_int_equal(key.ct_state, OVS_CS_F_DST_NAT);
    pkt_free(&w.pool, p);
    ct_world_done(&w);
}

struct id_row {
    ct_nat_write_fn *write;
    const char *l4, *becomes;       /* NULL: refused */
    bool is_src;
};

/* Each transport header from 10.0.0.1 to 10.0.0.2, its source becoming 10.1.0.1 port 0x1111, or its destination 0x2222. */
static void test_transports(void **state)
{
    static const struct id_row rows[] = {
        { ct_nat_write_udp, "03e8 0035 0008 0000", "1111 0035 0008 0000", true },
        { ct_nat_write_udp, "03e8 0035 0008 f2d6", "1111 0035 0008 e5ac", true },
        { ct_nat_write_udp, "03e8 0035 0008 0d2a", "1111 0035 0008 ffff", true },
        { ct_nat_write_udp, "03e8 0035 0008", NULL, true },
        { ct_nat_write_tcp, "03e8 0050 0000 0001", "03e8 2222 0000 0001", false },
        { ct_nat_write_icmp, "0800 f000 0007 0001", "0800 def6 1111 0001", true },
        { ct_nat_write_icmp, "0303 f000 0007 0001", "0303 f000 0007 0001", true },
        { ct_nat_write_sctp, "03e8 0050 00000000 00000000 ff000004", "1111 0050 00000000 8eb38045 ff000004", true },
        { ct_nat_write_gre, "3001 880b 0000 0005", "3001 880b 0000 2222", false },
        { ct_nat_write_gre, "3001 880b 0000 0005", "3001 880b 0000 0005", true },
        { ct_nat_write_gre, "0000 0800 0000 0005", "0000 0800 0000 0005", false },
        { ct_nat_write_gre, "0002 0800 0000 0005", NULL, false },
    };
    struct ct_tuple to = { .src_id = 0x1111, .dst_id = 0x2222, .l3 = 4 };
    uint8_t frame[128], expected[64];
    struct pkt p = { .data = frame };

    (void)state;
    to.src = ip4_addr("10.1.0.1");
    to.dst = ip4_addr("10.0.0.2");
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const struct id_row *row = &rows[i];
        struct ct_ip ip = { .pkt = &p, .l3 = 4, .l4_off = 20 };
        size_t n = hex_bytes("4500 0000 0000 0000 4011 0000 0a000001 0a000002", frame, sizeof(frame));

        n += hex_bytes(row->l4, frame + n, sizeof(frame) - n);
        p.len = ip.end = (uint32_t)n;
        assert_int_equal(row->write(&ip, &to, row->is_src), row->becomes != NULL);
        if (!row->becomes)
            continue;
        n = hex_bytes(row->becomes, expected, sizeof(expected));
        if (memcmp(frame + 20, expected, n) != 0)
            fail_msg("row %zu: %02x%02x%02x%02x %02x%02x%02x%02x %02x%02x%02x%02x", i, frame[20], frame[21],
                     frame[22], frame[23], frame[24], frame[25], frame[26], frame[27], frame[28],
                     frame[29], frame[30], frame[31]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_source),
        cmocka_unit_test(test_destination),
        cmocka_unit_test(test_left_alone),
        cmocka_unit_test(test_short_packet),
        cmocka_unit_test(test_clash),
        cmocka_unit_test(test_taken_ports),
        cmocka_unit_test(test_address_of_range),
        cmocka_unit_test(test_ip6_address_of_range),
        cmocka_unit_test(test_same_source),
        cmocka_unit_test(test_source_forgotten),
        cmocka_unit_test(test_hash),
        cmocka_unit_test(test_icmp_error),
        cmocka_unit_test(test_transports),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
