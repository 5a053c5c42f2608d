/* test_ct_helper.c - FTP's and TFTP's helpers, and the connections that they expect. Catalogue 09.4.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/nat_tools.h"

#include <errno.h>
#include <linux/netfilter/nf_conntrack_common.h>

#include "dp/ct/ftp_text.h"
#include "dp/ct/helper.h"

enum { FIN = 1, SYN = 2, PSH = 8, ACK = 16 };

static const struct ct_nat_args as_before = { .kind = CT_NAT_AS_BEFORE, .l3 = 4 };
static const struct ct_nat_args no_nat;

/* ---- lines -------------------------------------------------------------------------------------------- */

/* What a line says: "10.0.0.1 2000 @5+17"; "" nothing, "?" perhaps something. */
static void line_text(const struct ftp_line *line, const char *text, uint8_t l3, char out[128])
{
    struct ftp_addr to = { .l3 = l3 };
    char addr[INET6_ADDRSTRLEN];
    struct ftp_span at;

    switch (ftp_line_find(line, text, (uint32_t)strlen(text), &to, &at)) {
    case FTP_NOTHING:
        g_strlcpy(out, "", 128);
        break;
    case FTP_PARTIAL:
        g_strlcpy(out, "?", 128);
        break;
    case FTP_FOUND:
        inet_ntop(l3 == 4 ? AF_INET : AF_INET6, to.addr.bytes, addr, sizeof(addr));
        g_snprintf(out, 128, "%s %u @%u+%u", addr, to.port, at.off, at.len);
    }
}

static void test_lines(void **state)
{
    static const struct {
        uint8_t dir, i, l3;
        const char *text, *says;
    } rows[] = {
        { CT_ORIG, 0, 4, "PORT 10,0,0,1,7,208\r\n", "10.0.0.1 2000 @5+14" },
        { CT_ORIG, 0, 4, "port 10,0,0,1,7,208\r\n", "10.0.0.1 2000 @5+14" },
        { CT_ORIG, 0, 4, "PORT  10,0,0,1,7,208\r\n", "?" },
        { CT_ORIG, 0, 4, "PORT 10,0,0,1,7\r\n", "?" },
        { CT_ORIG, 0, 4, "PORT 10,0,0,1,7,208", "?" },
        { CT_ORIG, 0, 4, "PO", "?" },
        { CT_ORIG, 0, 4, "PORT", "?" },
        { CT_ORIG, 0, 4, "POUR 1\r\n", "" },
        { CT_ORIG, 0, 4, " PORT 10,0,0,1,7,208\r\n", "" },
        { CT_ORIG, 0, 4, "PORT 10,0,0,257,7,208\r\n", "10.0.1.1 2000 @5+16" },
        { CT_ORIG, 1, 4, "EPRT |1|10.0.0.1|2000|\r\n", "10.0.0.1 2000 @5+17" },
        { CT_ORIG, 1, 4, "EPRT !1!10.0.0.1!2000!\r\n", "10.0.0.1 2000 @5+17" },
        { CT_ORIG, 1, 4, "EPRT |2|10.0.0.1|2000|\r\n", "?" },
        { CT_ORIG, 1, 4, "EPRT |1|10.0.0.1|0|\r\n", "?" },
        { CT_ORIG, 1, 6, "EPRT |2|fd00::1|2000|\r\n", "fd00::1 2000 @5+16" },
        { CT_ORIG, 1, 6, "EPRT |2|fd00:1|2000|\r\n", "?" },
        { CT_REPLY, 0, 4, "227 Entering Passive Mode (10,0,0,1,7,208).\r\n", "10.0.0.1 2000 @27+14" },
        { CT_REPLY, 0, 4, "227 =10,0,0,1,7,208\r\n", "10.0.0.1 2000 @5+14" },
        { CT_REPLY, 0, 4, "227 none\r\n", "?" },
        { CT_REPLY, 0, 4, "2270", "" },
        { CT_REPLY, 1, 4, "229 Extended (|||2000|)\r\n", "0.0.0.0 2000 @14+8" },
        { CT_REPLY, 1, 4, "229 Extended (||2000|)\r\n", "?" },
        { CT_REPLY, 1, 4, "229 Extended\r\n", "?" },
    };
    char is[128];

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        line_text(&ftp_lines[rows[i].dir][rows[i].i], rows[i].text, rows[i].l3, is);
        if (strcmp(is, rows[i].says) != 0)
            fail_msg("%s: \"%s\", not \"%s\"", rows[i].text, is, rows[i].says);
    }
}

/* What is written is read again as the same. */
static void test_lines_back(void **state)
{
    struct ftp_addr from = { .l3 = 6, .port = 513 };
    char text[FTP_TEXT_MAX];

    (void)state;
    inet_pton(AF_INET6, "fd00::1", from.addr.bytes);
    ftp_lines[CT_ORIG][1].format(text, &from);
    assert_string_equal(text, "|2|fd00:0000:0000:0000:0000:0000:0000:0001|513|");
    ftp_lines[CT_REPLY][1].format(text, &from);
    assert_string_equal(text, "|||513|");
    from.l3 = 4;
    from.addr = ip4_addr("192.168.100.200");
    ftp_lines[CT_ORIG][0].format(text, &from);
    assert_string_equal(text, "192,168,100,200,2,1");
    ftp_lines[CT_ORIG][1].format(text, &from);
    assert_string_equal(text, "|1|192.168.100.200|513|");
}

static void test_helpers(void **state)
{
    (void)state;
    assert_string_equal(ct_helper_find("ftp", 4, IPPROTO_TCP)->name, "ftp");
    assert_non_null(ct_helper_find("tftp", 6, IPPROTO_UDP));
    assert_null(ct_helper_find("ftp", 4, IPPROTO_UDP));
    assert_null(ct_helper_find("none", 4, IPPROTO_TCP));
}

/* ---- expectations ------------------------------------------------------------------------------------- */

/* A confirmed UDP connection; the table holds it. */
static struct ct_conn *add_master(struct ct_world *w, const char *who)
{
    struct pkt *p = udp_pkt(w, who, "");
    struct flow_key key;
    struct ct_conn *c;

    assert_int_equal(nat_pass(w, p, &key, &no_nat, true), 0);
    c = p->ct;
    pkt_free(&w->pool, p);
    return c;
}

static struct ct_expect expect_udp(struct ct_conn *master, const char *src, const char *dst, uint16_t port)
{
    struct ct_addr from = ip4_addr(src), to = ip4_addr(dst);

    return ct_expect_of(master, IPPROTO_UDP, &from, &to, port);
}

static struct ct_tuple udp_tuple(const char *src, uint16_t sport, const char *dst, uint16_t dport)
{
    return (struct ct_tuple){ .src = ip4_addr(src), .dst = ip4_addr(dst), .src_id = sport, .dst_id = dport,
                              .l3 = 4, .proto = IPPROTO_UDP };
}

static void test_expectations(void **state)
{
    struct ct_tuple t = udp_tuple("10.0.0.9", 4444, "10.0.0.1", 2000);
    struct ct_expect x, other;
    struct ct_conn *a, *b;
    struct ct_world w;

    (void)state;
    ct_world_init(&w);
    a = add_master(&w, "10.0.0.1:1000>10.0.0.9:69");
    b = add_master(&w, "10.0.0.1:1001>10.0.0.9:69");
    a->helper = b->helper = ct_helper_find("tftp", 4, IPPROTO_UDP);
    x = expect_udp(a, "10.0.0.9", "10.0.0.1", 2000);
    assert_int_equal(ct_expect_add(a, &x), 0);
    assert_int_equal(ct_expect_add(a, &x), 0);              /* takes its own place */
    assert_int_equal(w.table->n_expects, 1);
    assert_int_equal(ct_expect_add(b, &x), -EBUSY);         /* whose would the packet be? */
    assert_ptr_equal(ct_expect_find(w.table, &t)->master, a);
    t.dst_id = 2001;
    assert_null(ct_expect_find(w.table, &t));
    t.dst_id = 2000;
    t.zone = 1;
    assert_null(ct_expect_find(w.table, &t));
    t.zone = 0;

    other = expect_udp(a, "10.0.0.9", "10.0.0.1", 3000);
    assert_int_equal(ct_expect_add(a, &other), 0);          /* one only: the older goes */
    assert_int_equal(w.table->n_expects, 1);
    assert_null(ct_expect_find(w.table, &t));
    assert_int_equal(ct_expect_add(b, &x), 0);
    w.now_ns += 299 * SECOND;
    assert_non_null(ct_expect_find(w.table, &t));
    w.now_ns += SECOND;
    assert_null(ct_expect_find(w.table, &t));
    assert_int_equal(w.table->n_expects, 0);
    ct_world_done(&w);
}

/* Expectations die with their master. */
static void test_master_dies(void **state)
{
    struct ct_expect x;
    struct ct_world w;
    struct ct_conn *a;

    (void)state;
    ct_world_init(&w);
    a = add_master(&w, "10.0.0.1:1000>10.0.0.9:69");
    x = expect_udp(a, "10.0.0.9", "10.0.0.1", 2000);
    x.expires_ns = UINT64_MAX;
    assert_int_equal(ct_expect_add(a, &x), 0);
    ct_conn_delete(a);
    assert_int_equal(w.table->n_expects, 0);
    ct_world_done(&w);
}

/* ---- TFTP ----------------------------------------------------------------------------------------------- */

/* Through ct(commit,helper=,nat()): as act_ct does it. */
static int helped_pass(struct ct_world *w, struct pkt *p, const char *helper,
                       const struct ct_nat_args *nat, bool commits)
{
    struct flow_key key;
    int error = nat_pass(w, p, &key, nat, false);

    assert_non_null(p->ct);
    if (!error && commits) {
        error = act_ct_nat_run(p, &key, nat, true);
        if (helper && !p->ct->helper)
            p->ct->helper = ct_helper_find(helper, 4, p->ct->proto->number);
    }
    if (!error && (commits || ct_is_confirmed(p->ct)))
        error = ct_help(p, ETH_P_IP);
    return error || !commits ? error : ct_confirm(p);
}

/* The server's data comes from a port of its own to the translated address, and is taken back. */
static void test_tftp(void **state)
{
    struct ct_nat_args nat = nat_args(CT_NAT_SRC, "10.1.0.1", NULL, 0, 0);
    struct ct_world w;
    struct pkt *p;

    (void)state;
    ct_world_init(&w);
    p = ip4_pkt(&w, IPPROTO_UDP, "10.0.0.1:30000>10.9.0.1:69", 10, "file");
    be16_put(p->data + L4 + 4, 14);
    be16_put(p->data + L4 + 8, 1);                          /* read */
    assert_int_equal(helped_pass(&w, p, "tftp", &nat, true), 0);
    assert_int_equal(w.table->n_expects, 1);
    pkt_free(&w.pool, p);

    p = udp_pkt(&w, "10.9.0.1:40000>10.1.0.1:30000", "data");
    assert_int_equal(helped_pass(&w, p, NULL, &as_before, true), 0);
    assert_string_equal(who_of(p), "10.9.0.1:40000>10.0.0.1:30000");
    assert_sums(p, IPPROTO_UDP, 6);
    assert_int_equal(p->ct_info, IP_CT_RELATED);
    assert_non_null(p->ct->master);
    assert_int_equal(w.table->n_expects, 0);
    pkt_free(&w.pool, p);
    ct_world_done(&w);
}

/* A request of 'l4_len' bytes, header and all; returns how many connections are expected then. */
static unsigned expected_of_tftp(uint16_t l4_len)
{
    struct ct_world w;
    struct pkt *p;
    unsigned n;

    ct_world_init(&w);
    p = ip4_pkt(&w, IPPROTO_UDP, "10.0.0.1:30000>10.9.0.1:69", l4_len, "");
    be16_put(p->data + L4 + 4, l4_len);
    p->data[p->len - 1] = 1;                                /* read, if that is all of the opcode */
    assert_int_equal(helped_pass(&w, p, "tftp", &as_before, true), 0);
    n = w.table->n_expects;
    pkt_free(&w.pool, p);
    ct_world_done(&w);
    return n;
}

static void test_tftp_opcode_alone(void **state)
{
    (void)state;
    assert_int_equal(expected_of_tftp(10), 1);
    assert_int_equal(expected_of_tftp(9), 0);
}

/* ---- FTP ------------------------------------------------------------------------------------------------- */

/* A control connection behind 10.100.0.200, both sides of which have ended a line. */
struct ftp_lab {
    struct ct_world w;
    struct ct_nat_args nat;
    uint32_t seq[2];                    /* as each side counts */
    char text[200];                     /* what came out last, and from where to where */
};

/* Says something; what comes out is in lab->text: "10.0.0.1:1000>10.0.0.9:21 SEQ ACK TEXT". */
static int ftp_say(struct ftp_lab *lab, unsigned side, struct tcp_numbers n, const char *text)
{
    static const char *const who[] = { "10.0.0.1:30000>10.9.0.1:21", "10.9.0.1:21>10.100.0.200:30000" };
    struct pkt *p = tcp_pkt(&lab->w, who[side], n, text);
    int error = helped_pass(&lab->w, p, "ftp", n.flags == SYN ? &lab->nat : &as_before, n.flags == SYN);
    const uint8_t *tcp = p->data + L4;

    if (!error)
        assert_sums(p, IPPROTO_TCP, 16);
    g_snprintf(lab->text, sizeof(lab->text), "%s %u %u %.*s", who_of(p), be32_get(tcp + 4), be32_get(tcp + 8),
               (int)(p->len - L4 - TCP_LEN), (const char *)tcp + TCP_LEN);
    pkt_free(&lab->w.pool, p);
    return error;
}

static void ftp_open(struct ftp_lab *lab)
{
    ct_world_init(&lab->w);
    lab->nat = nat_args(CT_NAT_SRC, "10.100.0.200", NULL, 0, 0);
    assert_int_equal(ftp_say(lab, 0, (struct tcp_numbers){ SYN, 999, 0 }, ""), 0);
    assert_int_equal(ftp_say(lab, 1, (struct tcp_numbers){ SYN | ACK, 4999, 1000 }, ""), 0);
    assert_int_equal(ftp_say(lab, 0, (struct tcp_numbers){ ACK, 1000, 5000 }, ""), 0);
    assert_int_equal(ftp_say(lab, 1, (struct tcp_numbers){ PSH | ACK, 5000, 1000 }, "220 hi\r\n"), 0);
    assert_int_equal(ftp_say(lab, 0, (struct tcp_numbers){ PSH | ACK, 1000, 5008 }, "USER me\r\n"), 0);
}

/* The address becomes the one that the server can reach, and all later numbers follow the longer text. */
static void test_ftp_active(void **state)
{
    struct ftp_lab lab;
    struct pkt *p;

    (void)state;
    ftp_open(&lab);
    assert_int_equal(ftp_say(&lab, 0, (struct tcp_numbers){ PSH | ACK, 1009, 5008 }, "PORT 10,0,0,1,7,208\r\n"), 0);
    assert_string_equal(lab.text, "10.100.0.200:30000>10.9.0.1:21 1009 5008 PORT 10,100,0,200,7,208\r\n");
    assert_int_equal(lab.w.table->n_expects, 1);
    /* Sent once more it is made longer once more, by the same. */
    assert_int_equal(ftp_say(&lab, 0, (struct tcp_numbers){ PSH | ACK, 1009, 5008 }, "PORT 10,0,0,1,7,208\r\n"), 0);
    assert_string_equal(lab.text, "10.100.0.200:30000>10.9.0.1:21 1009 5008 PORT 10,100,0,200,7,208\r\n");
    assert_int_equal(ftp_say(&lab, 1, (struct tcp_numbers){ PSH | ACK, 5008, 1034 }, "200 ok\r\n"), 0);
    assert_string_equal(lab.text, "10.9.0.1:21>10.0.0.1:30000 5008 1030 200 ok\r\n");
    assert_int_equal(ftp_say(&lab, 0, (struct tcp_numbers){ PSH | ACK, 1030, 5016 }, "LIST\r\n"), 0);
    assert_string_equal(lab.text, "10.100.0.200:30000>10.9.0.1:21 1034 5016 LIST\r\n");

    p = tcp_pkt(&lab.w, "10.9.0.1:20>10.100.0.200:2000", (struct tcp_numbers){ SYN, 1, 0 }, "");
    assert_int_equal(helped_pass(&lab.w, p, NULL, &as_before, true), 0);
    assert_string_equal(who_of(p), "10.9.0.1:20>10.0.0.1:2000");
    assert_int_equal(p->ct->status & IPS_EXPECTED, IPS_EXPECTED);
    pkt_free(&lab.w.pool, p);
    ct_world_done(&lab.w);
}

/* The server's address needs no change, but its answers are read. */
static void test_ftp_passive(void **state)
{
    struct ftp_lab lab;
    struct pkt *p;

    (void)state;
    ftp_open(&lab);
    assert_int_equal(ftp_say(&lab, 1, (struct tcp_numbers){ PSH | ACK, 5008, 1009 }, "227 (10,9,0,1,7,208)\r\n"), 0);
    assert_string_equal(lab.text, "10.9.0.1:21>10.0.0.1:30000 5008 1009 227 (10,9,0,1,7,208)\r\n");
    assert_int_equal(lab.w.table->n_expects, 1);
    p = tcp_pkt(&lab.w, "10.0.0.1:30001>10.9.0.1:2000", (struct tcp_numbers){ SYN, 1, 0 }, "");
    assert_int_equal(helped_pass(&lab.w, p, NULL, &as_before, true), 0);
    assert_string_equal(who_of(p), "10.100.0.200:30001>10.9.0.1:2000");
    pkt_free(&lab.w.pool, p);
    ct_world_done(&lab.w);
}

/* What does not start a line is text, someone else's address is left alone, half a line is dropped. */
static void test_ftp_ignored(void **state)
{
    struct ftp_lab lab;

    (void)state;
    ftp_open(&lab);
    assert_int_equal(ftp_say(&lab, 0, (struct tcp_numbers){ PSH | ACK, 1019, 5008 }, "PORT 10,0,0,1,7,208\r\n"), 0);
    assert_int_equal(lab.w.table->n_expects, 0);
    assert_int_equal(ftp_say(&lab, 0, (struct tcp_numbers){ PSH | ACK, 1009, 5008 }, "PORT 10,3,0,3,7,208\r\n"), 0);
    assert_string_equal(lab.text, "10.100.0.200:30000>10.9.0.1:21 1009 5008 PORT 10,3,0,3,7,208\r\n");
    assert_int_equal(lab.w.table->n_expects, 0);
    assert_int_equal(ftp_say(&lab, 0, (struct tcp_numbers){ PSH | ACK, 1030, 5008 }, "PORT 10,0,"), -EINVAL);
    assert_int_equal(lab.w.table->n_expects, 0);
    ct_world_done(&lab.w);
}

/* ---- sequence numbers -------------------------------------------------------------------------------------- */

static void test_seqadj(void **state)
{
    struct ct_conn c = {0};

    (void)state;
    assert_int_equal(ct_seq_offset(&c, CT_ORIG, 5), 0);
    ct_seqadj_set(&c, CT_ORIG, 1000, 0);
    assert_null(c.seqadj);
    ct_seqadj_set(&c, CT_ORIG, 1000, 5);
    assert_int_equal(ct_seq_offset(&c, CT_ORIG, 1000), 0);
    assert_int_equal(ct_seq_offset(&c, CT_ORIG, 1001), 5);
    assert_int_equal(ct_seq_offset(&c, CT_REPLY, 1001), 0);
    ct_seqadj_set(&c, CT_ORIG, 1000, 5);                    /* sent once more */
    assert_int_equal(ct_seq_offset(&c, CT_ORIG, 1001), 5);
    ct_seqadj_set(&c, CT_ORIG, 2000, -2);
    assert_int_equal(ct_seq_offset(&c, CT_ORIG, 2000), 5);
    assert_int_equal(ct_seq_offset(&c, CT_ORIG, 2001), 3);
    assert_int_equal(c.status, IPS_SEQ_ADJUST);
    g_free(c.seqadj);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),       cmocka_unit_test(test_lines_back),
        cmocka_unit_test(test_helpers),     cmocka_unit_test(test_expectations),
        cmocka_unit_test(test_master_dies), cmocka_unit_test(test_tftp),
        cmocka_unit_test(test_tftp_opcode_alone),
        cmocka_unit_test(test_ftp_active),  cmocka_unit_test(test_ftp_passive),
        cmocka_unit_test(test_ftp_ignored), cmocka_unit_test(test_seqadj),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
