/* test_ct_proto.c - ICMP, ICMPv6, SCTP, DCCP and GRE as they are tracked, and the variables of sysctl. Catalogue 09.5.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/ct_tools.h"

#include <errno.h>
#include <linux/netfilter/nf_conntrack_sctp.h>
#include <netinet/in.h>

#include "dp/ct/sysctl.h"
#include "netlink/attr.h"

#define INVALID (-1)
#define A "0a000001"
#define B "0a000002"
#define V6_A "fd000000000000000000000000000001"
#define V6_B "fd000000000000000000000000000002"

/* A world that looks at no checksums: packets are short texts. */
static void world_init(struct ct_world *w)
{
    ct_world_init(w);
    w->table->sysctl.checksum = 0;
}

/* The frame of an IPv4 or IPv6 packet; 'len' (below 256) is the payload's. */
static struct pkt *packet(struct ct_world *w, bool is_ip6, uint8_t proto, const char *addrs,
                          const char *l4)
{
    uint8_t bytes[256] = {0};
    size_t l4_off = is_ip6 ? 54 : 34, len = hex_bytes(l4, bytes + l4_off, sizeof(bytes) - l4_off);
    struct pkt *p;

    bytes[12] = is_ip6 ? 0x86 : 8;
    bytes[13] = is_ip6 ? 0xdd : 0;
    bytes[14] = is_ip6 ? 0x60 : 0x45;
    bytes[is_ip6 ? 19 : 17] = (uint8_t)(is_ip6 ? len : len + 20);
    bytes[is_ip6 ? 20 : 23] = proto;
    hex_bytes(addrs, bytes + (is_ip6 ? 22 : 26), 32);
    p = pkt_new(&w->pool, bytes, l4_off + len);
    p->l3_off = 14;
    return p;
}

/* Tracks and confirms a packet, which goes. Returns its ct_info, INVALID, or -errno. */
static int track(struct ct_world *w, struct pkt *p)
{
    uint16_t l3_type = p->data[12] == 8 ? ETH_P_IP : ETH_P_IPV6;
    int r = ct_track(w->table, p, l3_type, 0, NULL);

    if (!r) {
        r = p->ct ? (int)p->ct_info : INVALID;
        ct_confirm(p);
    }
    pkt_free(&w->pool, p);
    return r;
}

static int say(struct ct_world *w, uint8_t proto, bool is_reply, const char *l4)
{
    return track(w, packet(w, false, proto, is_reply ? B A : A B, l4));
}

static int say6(struct ct_world *w, uint8_t proto, bool is_reply, const char *l4)
{
    return track(w, packet(w, true, proto, is_reply ? V6_B V6_A : V6_A V6_B, l4));
}

static struct ct_conn *conn(struct ct_world *w)
{
    return ct_next(w->table, NULL);
}

/* ---- ICMP ------------------------------------------------------------------------------------------ */

static void test_icmp_queries(void **state)
{
    static const struct { const char *ask, *answer; } queries[] = {
        { "0800 0000 0007 0001", "0000 0000 0007 0001" }, { "0d00 0000 0007 0001", "0e00 0000 0007 0001" },
        { "0f00 0000 0007 0001", "1000 0000 0007 0001" }, { "1100 0000 0007 0001", "1200 0000 0007 0001" },
    };
    struct ct_world w;

    (void)state;
    world_init(&w);
    for (size_t i = 0; i < G_N_ELEMENTS(queries); i++) {
        assert_int_equal(say(&w, IPPROTO_ICMP, true, queries[i].answer), INVALID);
        assert_int_equal(say(&w, IPPROTO_ICMP, false, queries[i].ask), IP_CT_NEW);
        assert_int_equal(ct_conn_left(conn(&w)), 30);
        assert_int_equal(say(&w, IPPROTO_ICMP, true, queries[i].answer), IP_CT_ESTABLISHED_REPLY);
        assert_int_equal(say(&w, IPPROTO_ICMP, false, queries[i].ask), IP_CT_ESTABLISHED);
        ct_conn_delete(conn(&w));
    }
    assert_int_equal(say(&w, IPPROTO_ICMP, false, "0a00 0000 0007 0001"), INVALID);     /* no query */
    assert_int_equal(say(&w, IPPROTO_ICMP, false, "1300 0000 0007 0001"), INVALID);     /* unknown */
    assert_int_equal(say(&w, IPPROTO_ICMP, false, "0800 0000 0007"), INVALID);          /* cut off */
    ct_world_done(&w);
}

/* A UDP packet of the connection, and what an error quotes of it. */
#define UDP_A_B "03e8 0035 0008 0000"
#define QUOTE(addrs) "4500 001c 0000 0000 4011 0000 " addrs UDP_A_B

static void test_icmp_errors(void **state)
{
    struct ct_world w;

    (void)state;
    world_init(&w);
    assert_int_equal(say(&w, IPPROTO_ICMP, true, "0303 0000 00000000" QUOTE(A B)), INVALID);
    assert_int_equal(say(&w, IPPROTO_UDP, false, UDP_A_B), IP_CT_NEW);
    assert_int_equal(say(&w, IPPROTO_ICMP, true, "0303 0000 00000000" QUOTE(A B)), IP_CT_RELATED_REPLY);
    assert_int_equal(say(&w, IPPROTO_ICMP, false, "0b00 0000 00000000 4500 001c 0000 0000 4011 0000" B A
                                                  "0035 03e8 0008 0000"), IP_CT_RELATED);
    /* From a router on the way, to the sender: fine; to anybody else: not. */
    assert_int_equal(track(&w, packet(&w, false, IPPROTO_ICMP, "0a000063" A, "0b00 0000 00000000" QUOTE(A B))),
                     IP_CT_RELATED_REPLY);
    assert_int_equal(track(&w, packet(&w, false, IPPROTO_ICMP, B "0a000063", "0303 0000 00000000" QUOTE(A B))),
                     INVALID);
    assert_int_equal(say(&w, IPPROTO_ICMP, true, "0303 0000 00000000 4500 001c 0000 0001 4011 0000" A B UDP_A_B),
                     INVALID);      /* about a later fragment */
    assert_int_equal(say(&w, IPPROTO_ICMP, true, "0303 0000 00000000 4500 001c 0000"), INVALID);
    assert_int_equal(ct_conn_left(conn(&w)), 30);
    ct_world_done(&w);
}

static void test_icmp6(void **state)
{
    static const char *const untracked[] = { "82", "83", "84", "85", "86", "87", "88", "8f" };
    struct ct_world w;

    (void)state;
    world_init(&w);
    assert_int_equal(say6(&w, IPPROTO_ICMPV6, false, "8000 0000 0007 0001"), IP_CT_NEW);
    assert_int_equal(say6(&w, IPPROTO_ICMPV6, true, "8100 0000 0007 0001"), IP_CT_ESTABLISHED_REPLY);
    assert_int_equal(say6(&w, IPPROTO_ICMPV6, true, "8b00 0000 0008 0001"), IP_CT_NEW);
    assert_int_equal(say6(&w, IPPROTO_ICMPV6, false, "8100 0000 0009 0001"), INVALID);
    assert_int_equal(say6(&w, IPPROTO_ICMPV6, true, "0104 0000 00000000 60000000 0008 3a40" V6_A V6_B
                                                    "8000 0000 0007 0001"), IP_CT_RELATED_REPLY);
    for (size_t i = 0; i < G_N_ELEMENTS(untracked); i++) {
        g_autofree char *l4 = g_strconcat(untracked[i], "00 0000 0000 0000", NULL);

        assert_int_equal(say6(&w, IPPROTO_ICMPV6, false, l4), INVALID);
    }
    assert_int_equal(say6(&w, IPPROTO_ICMP, false, "0800 0000 0007 0001"), INVALID);    /* each to its own */
    assert_int_equal(say(&w, IPPROTO_ICMPV6, false, "8000 0000 0007 0001"), INVALID);
    assert_int_equal(w.table->n_conns, 2);
    ct_world_done(&w);
}

/* ---- SCTP ------------------------------------------------------------------------------------------- */

#define SCTP_A_B(tag) "03e8 07d0" tag "00000000"
#define SCTP_B_A(tag) "07d0 03e8" tag "00000000"
#define INIT(type, tag) type "00 0014" tag "00001000 0001 0001 00000001"
#define TAG_A "11111111"
#define TAG_B "22222222"

static void assert_sctp(struct ct_world *w, uint8_t state, uint32_t seconds)
{
    assert_int_equal(conn(w)->state.sctp.state, state);
    assert_int_equal(ct_conn_left(conn(w)), seconds);
}

static void associate(struct ct_world *w)
{
    assert_int_equal(say(w, IPPROTO_SCTP, false, SCTP_A_B("00000000") INIT("01", TAG_A)), IP_CT_NEW);
    assert_sctp(w, SCTP_CONNTRACK_CLOSED, 10);
    assert_int_equal(say(w, IPPROTO_SCTP, true, SCTP_B_A(TAG_A) INIT("02", TAG_B)), IP_CT_ESTABLISHED_REPLY);
    assert_sctp(w, SCTP_CONNTRACK_COOKIE_WAIT, 3);
    say(w, IPPROTO_SCTP, false, SCTP_A_B(TAG_B) "0a00 0004");
    assert_sctp(w, SCTP_CONNTRACK_COOKIE_ECHOED, 3);
    say(w, IPPROTO_SCTP, true, SCTP_B_A(TAG_A) "0b00 0004");
    assert_sctp(w, SCTP_CONNTRACK_ESTABLISHED, 210);
    assert_true(conn(w)->status & IPS_ASSURED);
}

static void test_sctp_life(void **state)
{
    struct ct_world w;

    (void)state;
    world_init(&w);
    associate(&w);
    assert_int_equal(say(&w, IPPROTO_SCTP, false, SCTP_A_B(TAG_A) "0000 0008 00000000"), INVALID);
    assert_int_equal(say(&w, IPPROTO_SCTP, false, SCTP_A_B(TAG_B) "0000 0008 00000000"), IP_CT_ESTABLISHED);
    say(&w, IPPROTO_SCTP, false, SCTP_A_B(TAG_B) "0700 0004");
    assert_sctp(&w, SCTP_CONNTRACK_SHUTDOWN_SENT, 3);
    say(&w, IPPROTO_SCTP, true, SCTP_B_A(TAG_A) "0800 0004");
    assert_sctp(&w, SCTP_CONNTRACK_SHUTDOWN_ACK_SENT, 3);
    say(&w, IPPROTO_SCTP, false, SCTP_A_B(TAG_A) "0e01 0004");          /* T: the tag is reflected */
    assert_sctp(&w, SCTP_CONNTRACK_CLOSED, 10);
    ct_world_done(&w);
}

static void test_sctp_invalid(void **state)
{
    static const char *const bad[] = {
        SCTP_A_B("00000000"),                                       /* no chunk */
        SCTP_A_B("00000000") "0100 0000",                           /* one without length */
        SCTP_A_B(TAG_B) INIT("01", TAG_A),                          /* INIT has no tag */
        SCTP_A_B("00000000") "0100 0014 1111",                      /* cut off */
        SCTP_A_B("00000000") INIT("01", TAG_A) "0000 0004",         /* INIT is alone */
        SCTP_A_B("00000000") "0000 0004 0a00 0004",                 /* COOKIE ECHO is first */
        SCTP_A_B(TAG_B) "0600 0004", SCTP_A_B(TAG_B) "0b00 0004",   /* begin nothing */
        SCTP_A_B(TAG_B) "0e00 0004", SCTP_A_B(TAG_B) "0000 0004",
    };
    struct ct_world w;

    (void)state;
    world_init(&w);
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        assert_int_equal(say(&w, IPPROTO_SCTP, false, bad[i]), INVALID);
    w.table->sysctl.checksum = 1;
    assert_int_equal(say(&w, IPPROTO_SCTP, false, SCTP_A_B("00000000") INIT("01", TAG_A)), INVALID);
    ct_world_done(&w);
}

/* Another path of an association begins with a heartbeat. */
static void test_sctp_heartbeat(void **state)
{
    struct ct_world w;

    (void)state;
    world_init(&w);
    assert_int_equal(say(&w, IPPROTO_SCTP, false, SCTP_A_B(TAG_B) "0400 0004"), IP_CT_NEW);
    assert_sctp(&w, SCTP_CONNTRACK_HEARTBEAT_SENT, 30);
    say(&w, IPPROTO_SCTP, true, SCTP_B_A(TAG_A) "0500 0004");
    assert_sctp(&w, SCTP_CONNTRACK_ESTABLISHED, 210);
    /* A wrong tag goes through, and holds if it is answered. */
    w.now_ns += 10 * SECOND;
    assert_int_equal(say(&w, IPPROTO_SCTP, false, SCTP_A_B("33333333") "0400 0004"), IP_CT_ESTABLISHED);
    assert_sctp(&w, SCTP_CONNTRACK_ESTABLISHED, 200);
    say(&w, IPPROTO_SCTP, true, SCTP_B_A("44444444") "0500 0004");
    assert_sctp(&w, SCTP_CONNTRACK_ESTABLISHED, 210);
    assert_int_equal(conn(&w)->state.sctp.vtag[CT_REPLY], 0x44444444);
    ct_world_done(&w);
}

/* ---- DCCP ------------------------------------------------------------------------------------------- */

/* A header of 'words' words, of the type whose bits 'type' are, with a long number. */
#define DCCP(ports, words, type) ports words "00 0000" type "00 0000 00000009"
#define D_A_B "03e8 07d0"
#define D_B_A "07d0 03e8"
#define ACK_9 "0000 0000 00000009"

static void assert_dccp(struct ct_world *w, uint8_t state, uint32_t seconds)
{
    assert_int_equal(conn(w)->state.dccp.state, state);
    assert_int_equal(ct_conn_left(conn(w)), seconds);
}

static void test_dccp(void **state)
{
    struct ct_world w;

    (void)state;
    world_init(&w);
    assert_int_equal(say(&w, IPPROTO_DCCP, false, DCCP(D_A_B, "06", "07") ACK_9), INVALID);  /* Ack */
    assert_int_equal(say(&w, IPPROTO_DCCP, false, DCCP(D_A_B, "05", "01") "00000000"), IP_CT_NEW);
    assert_dccp(&w, 1, 240);
    say(&w, IPPROTO_DCCP, true, DCCP(D_B_A, "07", "03") ACK_9 "00000000");
    assert_dccp(&w, 2, 480);
    say(&w, IPPROTO_DCCP, false, DCCP(D_A_B, "06", "07") ACK_9);
    assert_dccp(&w, 3, 480);
    assert_true(conn(&w)->status & IPS_ASSURED);
    say(&w, IPPROTO_DCCP, true, DCCP(D_B_A, "06", "07") ACK_9);
    assert_dccp(&w, 4, 12 * 3600);
    assert_int_equal(say(&w, IPPROTO_DCCP, false, DCCP(D_A_B, "06", "11") ACK_9), IP_CT_ESTABLISHED);   /* Sync */
    assert_int_equal(say(&w, IPPROTO_DCCP, false, DCCP(D_A_B, "06", "0b") ACK_9), INVALID);     /* a client's CloseReq */
    say(&w, IPPROTO_DCCP, true, DCCP(D_B_A, "07", "0f") ACK_9 "00000000");
    assert_dccp(&w, 7, 240);
    /* Born again, the other way round. */
    say(&w, IPPROTO_DCCP, true, DCCP(D_B_A, "05", "01") "00000000");
    assert_dccp(&w, 1, 240);
    assert_int_equal(conn(&w)->state.dccp.role[CT_REPLY], 0);
    ct_world_done(&w);
}

static void test_dccp_damaged(void **state)
{
    struct ct_world w;

    (void)state;
    world_init(&w);
    assert_int_equal(say(&w, IPPROTO_DCCP, false, D_A_B "05"), -EINVAL);        /* dropped */
    assert_int_equal(say(&w, IPPROTO_DCCP, false, DCCP(D_A_B, "02", "01") "00000000"), INVALID);
    assert_int_equal(say(&w, IPPROTO_DCCP, false, DCCP(D_A_B, "06", "01") "00000000"), INVALID);
    assert_int_equal(say(&w, IPPROTO_DCCP, false, DCCP(D_A_B, "05", "00") "00000000"), INVALID);   /* short number */
    assert_int_equal(say(&w, IPPROTO_DCCP, false, DCCP(D_A_B, "05", "15") "00000000"), INVALID);   /* no type */
    assert_int_equal(say(&w, IPPROTO_DCCP, false, DCCP(D_A_B, "05", "01") "00000000"), IP_CT_NEW);
    assert_int_equal(say(&w, IPPROTO_DCCP, true, DCCP(D_B_A, "07", "0f") ACK_9 "00000000"),
                     IP_CT_ESTABLISHED_REPLY);
    assert_null(conn(&w));              /* reset at once */
    ct_world_done(&w);
}

/* ---- GRE -------------------------------------------------------------------------------------------- */

static void test_gre(void **state)
{
    struct ct_world w;

    (void)state;
    world_init(&w);
    assert_int_equal(say(&w, IPPROTO_GRE, false, "2000 0800 00000009"), IP_CT_NEW);
    assert_int_equal(ct_conn_left(conn(&w)), 30);
    assert_int_equal(say(&w, IPPROTO_GRE, true, "2000 0800 00000001"), IP_CT_ESTABLISHED_REPLY);    /* keys do not count */
    say(&w, IPPROTO_GRE, false, "2000 0800 00000009");
    assert_int_equal(ct_conn_left(conn(&w)), 180);
    assert_true(conn(&w)->status & IPS_ASSURED);
    assert_int_equal(say(&w, IPPROTO_GRE, false, "2001 880b 0004 0007"), IP_CT_NEW);    /* PPTP's, call 7 */
    assert_int_equal(say(&w, IPPROTO_GRE, false, "2001 0800 0004 0007"), INVALID);
    assert_int_equal(w.table->n_conns, 2);
    ct_world_done(&w);
}

/* ---- ctnetlink, sysctl -------------------------------------------------------------------------------- */

/* What put_info() tells, set_info() takes. */
static void test_info(void **state)
{
    uint8_t buf[256];
    struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
    union ct_proto_state before;
    struct err e = {0};
    struct ct_world w;

    (void)state;
    world_init(&w);
    associate(&w);
    before = conn(&w)->state;
    ct_proto_sctp.put_info(msg, conn(&w));
    memset(&conn(&w)->state, 0, sizeof(before));
    assert_int_equal(ct_proto_sctp.set_info(conn(&w), mnl_nlmsg_get_payload(msg), &e), 0);
    assert_int_equal(conn(&w)->state.sctp.state, before.sctp.state);
    assert_memory_equal(conn(&w)->state.sctp.vtag, before.sctp.vtag, sizeof(before.sctp.vtag));
    ct_conn_delete(conn(&w));

    say(&w, IPPROTO_DCCP, false, DCCP(D_A_B, "05", "01") "00000000");
    say(&w, IPPROTO_DCCP, true, DCCP(D_B_A, "07", "03") ACK_9 "00000000");
    before = conn(&w)->state;
    msg = mnl_nlmsg_put_header(buf);
    ct_proto_dccp.put_info(msg, conn(&w));
    memset(&conn(&w)->state, 0, sizeof(before));
    assert_int_equal(ct_proto_dccp.set_info(conn(&w), mnl_nlmsg_get_payload(msg), &e), 0);
    assert_int_equal(conn(&w)->state.dccp.state, before.dccp.state);
    assert_memory_equal(conn(&w)->state.dccp.role, before.dccp.role, sizeof(before.dccp.role));
    assert_true(conn(&w)->state.dccp.handshake_seq == 9);
    ct_world_done(&w);
}

static void count(void *ctx, const char *name, uint32_t value)
{
    uint32_t got = value + 1;
    struct err e = {0};
    struct ct_world *w = ctx;

    assert_int_equal(ct_sysctl_get(w->table, name, &got, &e), 0);
    assert_int_equal(got, value);
    w->last_random++;
}

static void test_sysctl(void **state)
{
    struct err e = {0};
    struct ct_world w;
    uint32_t value = 0;

    (void)state;
    ct_world_init(&w);
    ct_sysctl_each(w.table, count, &w);
    assert_true(w.last_random > 40);
    assert_int_equal(ct_sysctl_get(w.table, "nf_conntrack_tcp_timeout_established", &value, &e), 0);
    assert_int_equal(value, 432000);
    assert_int_equal(ct_sysctl_set(w.table, "nf_conntrack_icmp_timeout", 7, &e), 0);
    w.table->sysctl.checksum = 0;
    say(&w, IPPROTO_ICMP, false, "0800 0000 0007 0001");
    assert_int_equal(ct_conn_left(conn(&w)), 7);
    assert_int_equal(ct_sysctl_get(w.table, "nf_conntrack_count", &value, &e), 0);
    assert_int_equal(value, 1);
    assert_int_equal(ct_sysctl_set(w.table, "nf_conntrack_count", 0, &e), -EACCES);
    assert_int_equal(ct_sysctl_set(w.table, "nf_conntrack_tcp_loose", 2, &e), -EINVAL);
    assert_int_equal(ct_sysctl_set(w.table, "tcp_loose", 1, &e), -ENOENT);
    assert_int_equal(ct_sysctl_set(w.table, "nf_conntrack_tcp_timeout_established", 8589935, &e), -EINVAL);
    ct_world_done(&w);
}

/* In a full table they give way to new ones although both ends have been heard: nf_conntrack's early drop. */
static void test_closing_give_way(void **state)
{
    struct ct_conn c = {0};

    (void)state;
    for (int i = SCTP_CONNTRACK_CLOSED; i < SCTP_CONNTRACK_MAX; i++) {
        c.state.sctp.state = (uint8_t)i;
        assert_int_equal(ct_proto_sctp.can_drop(&c), i >= SCTP_CONNTRACK_SHUTDOWN_SENT && i <= SCTP_CONNTRACK_SHUTDOWN_ACK_SENT);
    }
    for (int i = 1; i < 10; i++) {                  /* REQUEST to INVALID; CLOSEREQ, CLOSING, TIMEWAIT are 5 to 7 */
        c.state.dccp.state = (uint8_t)i;
        assert_int_equal(ct_proto_dccp.can_drop(&c), i >= 5 && i <= 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_icmp_queries),   cmocka_unit_test(test_icmp_errors),
        cmocka_unit_test(test_icmp6),          cmocka_unit_test(test_sctp_life),
        cmocka_unit_test(test_sctp_invalid),   cmocka_unit_test(test_sctp_heartbeat),
        cmocka_unit_test(test_dccp),           cmocka_unit_test(test_dccp_damaged),
        cmocka_unit_test(test_gre),            cmocka_unit_test(test_info),
        cmocka_unit_test(test_sysctl),         cmocka_unit_test(test_closing_give_way),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
