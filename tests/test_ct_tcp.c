/* test_ct_tcp.c - TCP as it is tracked: states, windows, resets, timeouts. Catalogue 09.5.
 *
 * Random sequences against a real kernel are ct_sequences.py's; here each rule is shown by itself.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/ct_tools.h"

#include <errno.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>

#include "base/checksum.h"
#include "dp/ct/proto_tcp.h"
#include "netlink/attr.h"

#define INVALID (-1)
#define CLIENT 1000u                /* first sequence numbers */
#define SERVER 5000u

/* A connection on a stage: what is sent is tracked and confirmed. */
struct stage {
    struct ct_world w;
    uint16_t win;                   /* of the segments that follow */
    uint32_t payload;
    const char *options;            /* hexadecimal, whole words */
};

static void stage_init(struct stage *s)
{
    *s = (struct stage){ .win = 8192, .options = "" };
    ct_world_init(&s->w);
    s->w.table->sysctl.checksum = 0;
}

static void stage_done(struct stage *s)
{
    ct_world_done(&s->w);
}

static struct pkt *segment(struct stage *s, unsigned side, uint8_t flags, uint32_t seq, uint32_t ack)
{
    uint8_t bytes[256] = { [12] = 8, [14] = 0x45, [22] = 64, [23] = IPPROTO_TCP };
    uint8_t *ip = bytes + 14, *tcp = bytes + 34;
    size_t n_options = hex_bytes(s->options, tcp + TCP_HLEN, 40);
    size_t len = 34 + TCP_HLEN + n_options + s->payload;
    struct pkt *p;

    be16_put(ip + 2, (uint16_t)(len - 14));
    be32_put(ip + 12, side ? 0x0a000002 : 0x0a000001);
    be32_put(ip + 16, side ? 0x0a000001 : 0x0a000002);
    be16_put(tcp, side ? 80 : 1024);
    be16_put(tcp + 2, side ? 1024 : 80);
    be32_put(tcp + 4, seq);
    be32_put(tcp + 8, ack);
    tcp[12] = (uint8_t)((TCP_HLEN + n_options) / 4 << 4);
    tcp[13] = flags;
    be16_put(tcp + 14, s->win);
    p = pkt_new(&s->w.pool, bytes, len);
    p->l3_off = 14;
    return p;
}

/* Tracks and confirms a packet, which goes. Returns its ct_info, or INVALID. */
static int track(struct stage *s, struct pkt *p)
{
    int info;

    assert_int_equal(ct_track(s->w.table, p, ETH_P_IP, 0, NULL), 0);
    info = p->ct ? (int)p->ct_info : INVALID;
    ct_confirm(p);
    pkt_free(&s->w.pool, p);
    return info;
}

static int say(struct stage *s, unsigned side, uint8_t flags, uint32_t seq, uint32_t ack)
{
    return track(s, segment(s, side, flags, seq, ack));
}

/* The only connection, or NULL. */
static struct ct_conn *conn(struct stage *s)
{
    return ct_next(s->w.table, NULL);
}

static void assert_state(struct stage *s, uint8_t state, uint32_t seconds)
{
    assert_non_null(conn(s));
    assert_int_equal(conn(s)->state.tcp.state, state);
    assert_int_equal(ct_conn_left(conn(s)), seconds);
}

static void shake_hands(struct stage *s)
{
    assert_int_equal(say(s, 0, TCP_SYN, CLIENT, 0), IP_CT_NEW);
    assert_state(s, TCP_CONNTRACK_SYN_SENT, 120);
    assert_int_equal(say(s, 1, TCP_SYN | TCP_ACK, SERVER, CLIENT + 1), IP_CT_ESTABLISHED_REPLY);
    assert_state(s, TCP_CONNTRACK_SYN_RECV, 60);
    assert_false(conn(s)->status & IPS_ASSURED);
    assert_int_equal(say(s, 0, TCP_ACK, CLIENT + 1, SERVER + 1), IP_CT_ESTABLISHED);
    assert_state(s, TCP_CONNTRACK_ESTABLISHED, 432000);
    assert_true(conn(s)->status & IPS_ASSURED);
}

/* ---- states --------------------------------------------------------------------------------------- */

static void test_whole_life(void **state)
{
    struct stage s;

    (void)state;
    stage_init(&s);
    shake_hands(&s);
    say(&s, 0, TCP_FIN | TCP_ACK, CLIENT + 1, SERVER + 1);
    assert_state(&s, TCP_CONNTRACK_FIN_WAIT, 120);
    say(&s, 1, TCP_ACK, SERVER + 1, CLIENT + 2);
    assert_state(&s, TCP_CONNTRACK_CLOSE_WAIT, 60);
    say(&s, 1, TCP_FIN | TCP_ACK, SERVER + 1, CLIENT + 2);
    assert_state(&s, TCP_CONNTRACK_LAST_ACK, 30);
    say(&s, 0, TCP_ACK, CLIENT + 2, SERVER + 2);
    assert_state(&s, TCP_CONNTRACK_TIME_WAIT, 120);
    /* A SYN makes way for a new connection: the packet is its first. */
    assert_int_equal(say(&s, 0, TCP_SYN, CLIENT + 50000, 0), IP_CT_NEW);
    assert_state(&s, TCP_CONNTRACK_SYN_SENT, 120);
    assert_int_equal(s.w.table->n_conns, 1);
    stage_done(&s);
}

static void test_first_segment(void **state)
{
    static const uint8_t bad[] = { TCP_RST, TCP_RST | TCP_ACK, TCP_SYN | TCP_ACK, TCP_FIN | TCP_ACK,
                                   0, TCP_FIN, TCP_SYN | TCP_FIN, TCP_SYN | TCP_RST, TCP_URG };
    struct stage s;

    (void)state;
    stage_init(&s);
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        assert_int_equal(say(&s, 0, bad[i], CLIENT, SERVER), INVALID);
    assert_null(conn(&s));
    /* Picked up in the middle, for a short time until there is an answer. */
    assert_int_equal(say(&s, 0, TCP_ACK, CLIENT, SERVER), IP_CT_NEW);
    assert_state(&s, TCP_CONNTRACK_ESTABLISHED, 300);
    assert_int_equal(say(&s, 1, TCP_ACK, 123456, 7), IP_CT_ESTABLISHED_REPLY);     /* liberal */
    ct_conn_delete(conn(&s));
    s.w.table->sysctl.tcp_loose = 0;
    assert_int_equal(say(&s, 0, TCP_ACK, CLIENT, SERVER), INVALID);
    stage_done(&s);
}

static void test_simultaneous_open(void **state)
{
    struct stage s;

    (void)state;
    stage_init(&s);
    say(&s, 0, TCP_SYN, CLIENT, 0);
    assert_int_equal(say(&s, 1, TCP_SYN, SERVER, 0), IP_CT_ESTABLISHED_REPLY);
    assert_state(&s, TCP_CONNTRACK_SYN_SENT2, 120);
    say(&s, 0, TCP_SYN | TCP_ACK, CLIENT, SERVER + 1);
    assert_state(&s, TCP_CONNTRACK_SYN_RECV, 60);
    say(&s, 1, TCP_ACK, SERVER + 1, CLIENT + 1);
    assert_int_equal(conn(&s)->state.tcp.state, TCP_CONNTRACK_ESTABLISHED);
    stage_done(&s);
}

/* A SYN into an open connection is let through, but believed only if it is answered. */
static void test_resync(void **state)
{
    struct stage s;

    (void)state;
    stage_init(&s);
    shake_hands(&s);
    assert_int_equal(say(&s, 0, TCP_SYN, CLIENT + 900000, 0), IP_CT_ESTABLISHED);
    assert_state(&s, TCP_CONNTRACK_ESTABLISHED, 432000);
    assert_int_equal(say(&s, 1, TCP_SYN | TCP_ACK, SERVER, CLIENT + 1), IP_CT_ESTABLISHED_REPLY);
    assert_state(&s, TCP_CONNTRACK_ESTABLISHED, 432000);        /* to another SYN: ignored, too */
    say(&s, 0, TCP_SYN, CLIENT + 900000, 0);
    say(&s, 1, TCP_SYN | TCP_ACK, SERVER + 700000, CLIENT + 900001);
    assert_state(&s, TCP_CONNTRACK_SYN_RECV, 60);
    assert_int_equal(conn(&s)->state.tcp.side[CT_ORIG].end, CLIENT + 900001);
    stage_done(&s);
}

/* The ACK that a SYN provokes (RFC 5961) is not that of the last FIN. */
static void test_challenge_ack(void **state)
{
    struct stage s;

    (void)state;
    stage_init(&s);
    shake_hands(&s);
    say(&s, 0, TCP_FIN | TCP_ACK, CLIENT + 1, SERVER + 1);
    say(&s, 1, TCP_FIN | TCP_ACK, SERVER + 1, CLIENT + 2);
    assert_state(&s, TCP_CONNTRACK_LAST_ACK, 30);
    say(&s, 0, TCP_SYN, CLIENT + 70000, 0);
    assert_int_equal(say(&s, 1, TCP_ACK, SERVER + 2, CLIENT + 2), IP_CT_ESTABLISHED_REPLY);
    assert_state(&s, TCP_CONNTRACK_LAST_ACK, 30);
    say(&s, 1, TCP_ACK, SERVER + 2, CLIENT + 2);
    assert_state(&s, TCP_CONNTRACK_TIME_WAIT, 120);
    stage_done(&s);
}

/* ---- windows --------------------------------------------------------------------------------------- */

static void test_window(void **state)
{
    struct stage s;

    (void)state;
    stage_init(&s);
    shake_hands(&s);
    s.payload = 100;
    assert_int_equal(say(&s, 0, TCP_ACK, CLIENT + 1 + 100000, SERVER + 1), INVALID);
    assert_int_equal(say(&s, 0, TCP_ACK, CLIENT + 1, SERVER + 2), INVALID);     /* was never sent */
    /* A little more than was asked for: not followed, but remembered. */
    assert_int_equal(say(&s, 0, TCP_ACK, CLIENT + 1 + 8193, SERVER + 1), IP_CT_ESTABLISHED);
    assert_int_equal(conn(&s)->state.tcp.side[CT_ORIG].end, CLIENT + 1 + 8193 + 100);
    assert_int_equal(say(&s, 0, TCP_ACK, CLIENT + 1, SERVER + 1), IP_CT_ESTABLISHED);
    s.w.table->sysctl.tcp_be_liberal = 1;
    assert_int_equal(say(&s, 0, TCP_ACK, CLIENT + 1 + 100000, SERVER + 1), IP_CT_ESTABLISHED);
    s.w.table->sysctl.tcp_be_liberal = 0;
    conn(&s)->state.tcp.side[CT_REPLY].flags |= IP_CT_TCP_FLAG_BE_LIBERAL;
    assert_int_equal(say(&s, 0, TCP_ACK, CLIENT + 1 + 100000, SERVER + 1), INVALID);
    assert_int_equal(say(&s, 1, TCP_ACK, SERVER + 100000, CLIENT + 1), IP_CT_ESTABLISHED_REPLY);
    stage_done(&s);
}

/* Scaling counts if both sides speak of it, and not in the SYNs themselves. */
static void test_scaling(void **state)
{
    const struct ct_tcp_side *side;
    struct stage s;

    (void)state;
    stage_init(&s);
    s.win = 100;
    s.options = "020405b4 01030307";
    say(&s, 0, TCP_SYN, CLIENT, 0);
    s.options = "020405b4 0103030e 01010402";
    say(&s, 1, TCP_SYN | TCP_ACK, SERVER, CLIENT + 1);
    side = conn(&s)->state.tcp.side;
    assert_int_equal(side[CT_ORIG].scale, 7);
    assert_int_equal(side[CT_REPLY].scale, 14);
    assert_true(side[CT_REPLY].flags & IP_CT_TCP_FLAG_SACK_PERM);
    assert_int_equal(side[CT_ORIG].max_end, CLIENT + 101);
    s.options = "";
    say(&s, 0, TCP_ACK, CLIENT + 1, SERVER + 1);
    assert_int_equal(side[CT_REPLY].max_end, SERVER + 1 + (100 << 7));
    ct_conn_delete(conn(&s));

    s.options = "01030307";
    say(&s, 0, TCP_SYN, CLIENT, 0);
    s.options = "";
    say(&s, 1, TCP_SYN | TCP_ACK, SERVER, CLIENT + 1);
    assert_int_equal(conn(&s)->state.tcp.side[CT_ORIG].scale, 0);
    stage_done(&s);
}

static void test_sack(void **state)
{
    struct stage s;

    (void)state;
    stage_init(&s);
    s.options = "01010402";
    say(&s, 0, TCP_SYN, CLIENT, 0);
    say(&s, 1, TCP_SYN | TCP_ACK, SERVER, CLIENT + 1);
    s.options = "0101050a 00001389 00001400";       /* up to 5120, of which nothing was sent */
    assert_int_equal(say(&s, 0, TCP_ACK, CLIENT + 1, SERVER + 1), INVALID);
    s.options = "0101050a 00001380 00001389";       /* up to 5001 */
    assert_int_equal(say(&s, 0, TCP_ACK, CLIENT + 1, SERVER + 1), IP_CT_ESTABLISHED);
    s.options = "0101050b 00001389 00001400";       /* no whole block: not read */
    assert_int_equal(say(&s, 0, TCP_ACK, CLIENT + 1, SERVER + 1), IP_CT_ESTABLISHED);
    stage_done(&s);
}

/* ---- resets ------------------------------------------------------------------------------------------ */

static void test_reset(void **state)
{
    struct stage s;

    (void)state;
    stage_init(&s);
    shake_hands(&s);
    assert_int_equal(say(&s, 1, TCP_RST, SERVER, 0), INVALID);         /* below what was acknowledged */
    assert_state(&s, TCP_CONNTRACK_ESTABLISHED, 432000);
    assert_int_equal(say(&s, 1, TCP_RST, SERVER + 2, 0), IP_CT_ESTABLISHED_REPLY);
    assert_state(&s, TCP_CONNTRACK_ESTABLISHED, 10);                    /* perhaps forged */
    assert_int_equal(say(&s, 1, TCP_RST, SERVER + 1, 0), IP_CT_ESTABLISHED_REPLY);
    assert_state(&s, TCP_CONNTRACK_CLOSE, 10);
    stage_done(&s);

    stage_init(&s);
    s.w.table->sysctl.tcp_ignore_invalid_rst = 1;
    shake_hands(&s);
    assert_int_equal(say(&s, 1, TCP_RST, SERVER, 0), IP_CT_ESTABLISHED_REPLY);
    assert_int_equal(conn(&s)->state.tcp.state, TCP_CONNTRACK_ESTABLISHED);
    stage_done(&s);
}

/* Refused at once: there was no connection. */
static void test_reset_as_answer(void **state)
{
    struct stage s;

    (void)state;
    stage_init(&s);
    say(&s, 0, TCP_SYN, CLIENT, 0);
    assert_int_equal(say(&s, 1, TCP_RST | TCP_ACK, 0, CLIENT + 1), IP_CT_ESTABLISHED_REPLY);
    assert_null(conn(&s));
    stage_done(&s);
}

/* ---- timeouts ---------------------------------------------------------------------------------------- */

static void test_timeouts(void **state)
{
    struct stage s;

    (void)state;
    stage_init(&s);
    shake_hands(&s);
    s.payload = 10;
    say(&s, 0, TCP_ACK, CLIENT + 1, SERVER + 1);
    assert_state(&s, TCP_CONNTRACK_ESTABLISHED, 300);       /* unacknowledged */
    s.payload = 0;
    say(&s, 1, TCP_ACK, SERVER + 1, CLIENT + 11);
    assert_state(&s, TCP_CONNTRACK_ESTABLISHED, 432000);
    for (unsigned i = 0; i < 2; i++)
        say(&s, 1, TCP_ACK, SERVER + 1, CLIENT + 11);
    assert_state(&s, TCP_CONNTRACK_ESTABLISHED, 432000);
    say(&s, 1, TCP_ACK, SERVER + 1, CLIENT + 11);
    assert_state(&s, TCP_CONNTRACK_ESTABLISHED, 300);       /* retransmitted three times */
    s.win = 0;
    say(&s, 0, TCP_ACK, CLIENT + 11, SERVER + 1);
    assert_state(&s, TCP_CONNTRACK_ESTABLISHED, 300);       /* the window is closed */
    s.win = 8192;
    say(&s, 0, TCP_ACK, CLIENT + 11, SERVER + 1);
    assert_state(&s, TCP_CONNTRACK_ESTABLISHED, 432000);
    /* FIN and RST out of the window, from both sides: it is most likely dead. */
    assert_int_equal(say(&s, 0, TCP_FIN | TCP_ACK, CLIENT + 900000, SERVER + 1), INVALID);
    assert_state(&s, TCP_CONNTRACK_ESTABLISHED, 432000);
    assert_int_equal(say(&s, 1, TCP_FIN | TCP_ACK, SERVER + 900000, CLIENT + 1), INVALID);
    assert_state(&s, TCP_CONNTRACK_ESTABLISHED, 300);
    stage_done(&s);
}

/* A SYN sent again does not make the entry live on. */
static void test_syn_again(void **state)
{
    struct stage s;

    (void)state;
    stage_init(&s);
    say(&s, 0, TCP_SYN, CLIENT, 0);
    s.w.now_ns += 100 * SECOND;
    assert_int_equal(say(&s, 0, TCP_SYN, CLIENT, 0), IP_CT_NEW);
    assert_state(&s, TCP_CONNTRACK_SYN_SENT, 20);
    stage_done(&s);
}

/* ---- damage -------------------------------------------------------------------------------------------- */

static uint32_t pseudo_header(const struct pkt *p)
{
    return csum_add(IPPROTO_TCP + p->len - 34, p->data + 26, 8);
}

static void test_damaged(void **state)
{
    struct stage s;
    struct pkt *p;

    (void)state;
    stage_init(&s);
    p = segment(&s, 0, TCP_SYN, CLIENT, 0);
    p->data[46] = 4 << 4;               /* shorter than it can be */
    assert_int_equal(track(&s, p), INVALID);
    p = segment(&s, 0, TCP_SYN, CLIENT, 0);
    p->data[46] = 6 << 4;               /* options that are not there */
    assert_int_equal(track(&s, p), INVALID);
    p = segment(&s, 0, TCP_SYN, CLIENT, 0);
    be16_put(p->data + 16, 39);         /* cut off */
    assert_int_equal(track(&s, p), INVALID);

    s.w.table->sysctl.checksum = 1;
    assert_int_equal(say(&s, 0, TCP_SYN, CLIENT, 0), INVALID);
    p = segment(&s, 0, TCP_SYN, CLIENT, 0);
    be16_put(p->data + 50, csum_finish(csum_add(pseudo_header(p), p->data + 34, p->len - 34)));
    be16_put(p->data + 24, 0);          /* a wrong IP header counts as a wrong segment */
    assert_int_equal(track(&s, p), INVALID);
    p = segment(&s, 0, TCP_SYN, CLIENT, 0);
    be16_put(p->data + 50, csum_finish(csum_add(pseudo_header(p), p->data + 34, p->len - 34)));
    be16_put(p->data + 24, 0);
    be16_put(p->data + 24, csum_finish(csum_add(0, p->data + 14, 20)));
    assert_int_equal(track(&s, p), IP_CT_NEW);
    stage_done(&s);
}

/* ---- ctnetlink ------------------------------------------------------------------------------------------ */

static void test_info(void **state)
{
    uint8_t buf[256];
    struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
    const struct nlattr *info;
    struct ct_tcp before;
    struct err e = {0};
    struct stage s;

    (void)state;
    stage_init(&s);
    s.options = "01030307";
    say(&s, 0, TCP_SYN, CLIENT, 0);
    say(&s, 1, TCP_SYN | TCP_ACK, SERVER, CLIENT + 1);
    before = conn(&s)->state.tcp;
    ct_proto_tcp.put_info(msg, conn(&s));
    info = mnl_nlmsg_get_payload(msg);
    conn(&s)->state.tcp.state = TCP_CONNTRACK_CLOSE;
    assert_int_equal(ct_proto_tcp.set_info(conn(&s), info, &e), 0);
    assert_int_equal(conn(&s)->state.tcp.state, before.state);
    /* (the mask of the flags is 0 in what is told: they stay) */
    assert_memory_equal(conn(&s)->state.tcp.side, before.side, sizeof(before.side));
    stage_done(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_life),   cmocka_unit_test(test_first_segment),
        cmocka_unit_test(test_simultaneous_open), cmocka_unit_test(test_resync),
        cmocka_unit_test(test_challenge_ack), cmocka_unit_test(test_window),
        cmocka_unit_test(test_scaling),      cmocka_unit_test(test_sack),
        cmocka_unit_test(test_reset),        cmocka_unit_test(test_reset_as_answer),
        cmocka_unit_test(test_timeouts),     cmocka_unit_test(test_syn_again),
        cmocka_unit_test(test_damaged),      cmocka_unit_test(test_info),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
