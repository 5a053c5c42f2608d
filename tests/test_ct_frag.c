/* test_ct_frag.c - fragments: joined by zone, given up in time, and cut again on output. Catalogue 09.4, 07.5.
 *
 * What the kernel does with thousands of random sequences was compared with it; these tests say each rule.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/packet_tools.h"
#include "tests/sim_tools.h"

#include <netinet/in.h>

#include "dp/ct/frag.h"

#define L3 14u
#define MAX_FRAME 70000u

/* A fragment of a datagram whose byte i is i. */
struct piece {
    uint32_t offset, len;
    bool more, has_df, is_ip6;
    uint8_t tos;
    uint16_t id;                    /* 0: 1 */
    const uint8_t *options;         /* IPv4: 4 bytes */
};

#define PIECE(...) ((struct piece){ __VA_ARGS__ })
#define MORE .more = true
#define IP6 .is_ip6 = true

static void put_data(uint8_t *to, const struct piece *f)
{
    for (uint32_t i = 0; i < f->len; i++)
        to[i] = (uint8_t)(f->offset + i);
}

static uint32_t put_ip4(uint8_t *ip, const struct piece *f)
{
    uint32_t hdr_len = f->options ? 24 : 20;
    uint16_t word = (uint16_t)(f->offset / 8 | (f->more ? 0x2000 : 0) | (f->has_df ? 0x4000 : 0));

    hex_bytes("4500 0000 0001 0000 40 fd 0000 0a000001 0a000002", ip, 20);
    ip[0] = (uint8_t)(0x40 | hdr_len / 4);
    ip[1] = f->tos;
    be16_put(ip + 2, (uint16_t)(hdr_len + f->len));
    be16_put(ip + 4, f->id ? f->id : 1);
    be16_put(ip + 6, word);
    if (f->options)
        memcpy(ip + 20, f->options, 4);
    be16_put(ip + 10, csum_finish(csum_add(0, ip, hdr_len)));
    put_data(ip + hdr_len, f);
    return hdr_len + f->len;
}

static uint32_t put_ip6(uint8_t *ip, const struct piece *f)
{
    hex_bytes("60000000 0000 2c 40 20010db8000000000000000000000001 20010db8000000000000000000000002"
              "fd 00 0000 00000001", ip, 48);
    ip[1] = (uint8_t)(f->tos << 4);
    be16_put(ip + 4, (uint16_t)(8 + f->len));
    be16_put(ip + 42, (uint16_t)(f->offset | f->more));
    be32_put(ip + 44, f->id ? f->id : 1);
    put_data(ip + 48, f);
    return 48 + f->len;
}

static size_t frame_of(const struct piece *f, uint8_t *frame)
{
    hex_bytes(ADDRS, frame, 12);
    be16_put(frame + 12, f->is_ip6 ? ETH_P_IPV6 : ETH_P_IP);
    return L3 + (f->is_ip6 ? put_ip6 : put_ip4)(frame + L3, f);
}

/* ---- joining ---------------------------------------------------------------------------------- */

static struct dp_world *world(const struct lab *lab)
{
    return lab->sim->dp;
}

static struct ct_frags *frags(const struct lab *lab)
{
    return lab->ns->dp->frags;
}

static const struct dp_account *account(const struct lab *lab)
{
    return dp_world_account(world(lab));
}

static void assert_balance(const struct lab *lab)
{
    assert_int_equal(account(lab)->n_born, dp_account_ends(account(lab)));
    assert_int_equal(world(lab)->pool.n_live, account(lab)->n_held);
}

static int gather_in(struct lab *lab, uint16_t zone, const struct piece *f, struct pkt **p)
{
    g_autofree uint8_t *frame = g_malloc(MAX_FRAME);

    *p = pkt_new(&world(lab)->pool, frame, frame_of(f, frame));
    memcpy((*p)->data, frame, (*p)->len);
    (*p)->l3_off = L3;
    world(lab)->account.n_born++;
    return ct_defrag(frags(lab), p, f->is_ip6 ? ETH_P_IPV6 : ETH_P_IP, zone);
}

/* The whole leaves: counted as output. */
static void done_with(struct lab *lab, struct pkt *p)
{
    world(lab)->account.n_output++;
    pkt_free(&world(lab)->pool, p);
    assert_balance(lab);
}

/* A fragment that does not complete anything. */
static void assert_gather(struct lab *lab, int err, const struct piece *f)
{
    struct pkt *p;

    assert_int_equal(gather_in(lab, 0, f, &p), err);
    assert_null(p);
    assert_balance(lab);
}

/* One that does: 'len' bytes of data behind the headers, which the caller looks at. */
static struct pkt *assert_whole(struct lab *lab, uint32_t len, const struct piece *f)
{
    uint32_t at = L3 + (f->is_ip6 ? 40 : 20);
    struct pkt *p;

    assert_int_equal(gather_in(lab, 0, f, &p), 0);
    assert_int_equal(p->len, at + len);
    for (uint32_t i = 0; i < len; i++)
        assert_int_equal(p->data[at + i], (uint8_t)i);
    return p;
}

#define HELD(lab, ...) assert_gather(lab, -EINPROGRESS, &PIECE(__VA_ARGS__))
#define REFUSED(lab, err, ...) assert_gather(lab, err, &PIECE(__VA_ARGS__))
#define WHOLE(lab, len, ...) assert_whole(lab, len, &PIECE(__VA_ARGS__))

static uint64_t drops(const struct lab *lab, enum drop_reason why)
{
    return account(lab)->n_drop[why];
}

static void in_any_order(void **state)
{
    static const uint8_t orders[][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
                                         { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
    struct lab *lab = *state;

    for (size_t i = 0; i < 2 * G_N_ELEMENTS(orders); i++) {
        bool is_ip6 = i % 2;
        const struct piece pieces[] = { { 0, 16, MORE, .is_ip6 = is_ip6 },
                                        { 16, 32, MORE, .is_ip6 = is_ip6 },
                                        { 48, 5, .is_ip6 = is_ip6 } };
        const uint8_t *order = orders[i / 2];
        struct pkt *p;

        assert_gather(lab, -EINPROGRESS, &pieces[order[0]]);
        assert_gather(lab, -EINPROGRESS, &pieces[order[1]]);
        p = assert_whole(lab, 53, &pieces[order[2]]);
        assert_int_equal(p->mru, is_ip6 ? 80 : 52);
        assert_int_equal(p->piece[0], is_ip6 ? 56 : 36);
        assert_int_equal(p->piece[1], 32);
        assert_int_equal(p->piece[2], 5);
        assert_int_equal(p->piece[3], 0);
        done_with(lab, p);
    }
    assert_int_equal(account(lab)->n_joined, 2 * 2 * G_N_ELEMENTS(orders));
}

static void headers_of_the_whole(void **state)
{
    struct lab *lab = *state;
    const uint8_t *ip;
    struct pkt *p;

    HELD(lab, 8, 8, .tos = 1);
    p = WHOLE(lab, 16, 0, 8, MORE, .tos = 3);
    ip = p->data + L3;
    assert_int_equal(ip[1], 3);             /* congestion was met by one */
    assert_int_equal(be16_get(ip + 2), 36);
    assert_int_equal(be16_get(ip + 6), 0);
    assert_int_equal(csum_finish(csum_add(0, ip, 20)), 0);
    done_with(lab, p);

    HELD(lab, 8, 8, IP6, .tos = 3);
    p = WHOLE(lab, 16, 0, 8, MORE, IP6, .tos = 2);
    ip = p->data + L3;
    assert_int_equal(ip[1], 0x30);
    assert_int_equal(be16_get(ip + 4), 16);
    assert_int_equal(ip[6], 0xfd);          /* no fragment header */
    done_with(lab, p);
}

/* DF stays if the longest fragment had it; the MRU is the longest's length in any case. */
static void dont_fragment(void **state)
{
    struct lab *lab = *state;
    struct pkt *p;

    HELD(lab, 0, 40, MORE, .has_df = true);
    p = WHOLE(lab, 48, 40, 8);
    assert_int_equal(p->mru, 60);
    assert_int_equal(be16_get(p->data + L3 + 6), 0x4000);
    done_with(lab, p);
    HELD(lab, 0, 40, MORE);
    p = WHOLE(lab, 48, 40, 8, .has_df = true);
    assert_int_equal(p->mru, 60);
    assert_int_equal(be16_get(p->data + L3 + 6), 0);
    done_with(lab, p);
}

static void ecn_that_cannot_be(void **state)
{
    struct lab *lab = *state;

    HELD(lab, 0, 8, MORE, .tos = 0);
    REFUSED(lab, -EINVAL, 8, 8, .tos = 3);
    HELD(lab, 0, 8, MORE, IP6, .tos = 0);
    REFUSED(lab, -EINPROGRESS, 8, 8, IP6, .tos = 2);    /* to IPv6 that is no error */
    assert_int_equal(drops(lab, DROP_FRAG_BAD), 4);
}

static void duplicates_are_dropped(void **state)
{
    struct lab *lab = *state;

    for (int is_ip6 = 0; is_ip6 < 2; is_ip6++) {
        int err = is_ip6 ? -EINPROGRESS : -EINVAL;

        HELD(lab, 0, 16, MORE, .is_ip6 = is_ip6);
        HELD(lab, 16, 16, MORE, .is_ip6 = is_ip6);
        REFUSED(lab, err, 0, 16, MORE, .is_ip6 = is_ip6);
        REFUSED(lab, err, 8, 16, MORE, .is_ip6 = is_ip6);   /* within what came in order */
        done_with(lab, WHOLE(lab, 40, 32, 8, .is_ip6 = is_ip6));
    }
    assert_int_equal(drops(lab, DROP_FRAG_DUP), 4);
}

static void overlaps_end_the_datagram(void **state)
{
    struct lab *lab = *state;

    for (int is_ip6 = 0; is_ip6 < 2; is_ip6++) {
        HELD(lab, 8, 16, MORE, .is_ip6 = is_ip6);
        REFUSED(lab, -EINVAL, 0, 16, MORE, .is_ip6 = is_ip6);
        /* What touches is one run only if it came in order. */
        HELD(lab, 16, 16, MORE, .is_ip6 = is_ip6);
        HELD(lab, 0, 16, MORE, .is_ip6 = is_ip6);
        REFUSED(lab, -EINVAL, 8, 16, MORE, .is_ip6 = is_ip6);
    }
    assert_int_equal(drops(lab, DROP_FRAG_OVERLAP), 10);
    assert_int_equal(account(lab)->n_held, 0);
}

static void ends_that_contradict(void **state)
{
    struct lab *lab = *state;

    HELD(lab, 16, 8);
    REFUSED(lab, -EINVAL, 24, 8, MORE);     /* behind the last one: all goes */
    assert_int_equal(account(lab)->n_held, 0);
    HELD(lab, 16, 8, IP6);
    REFUSED(lab, -EINVAL, 24, 8, MORE, IP6);        /* IPv6: only this one */
    assert_int_equal(account(lab)->n_held, 1);
    REFUSED(lab, -EINVAL, 0, 0, MORE, .id = 9);
    lab_do(lab, "advance 60s");
}

/* IPv4 cuts off what is not whole words; IPv6 gives up, and the fragment goes on alone. */
static void lengths_of_no_words(void **state)
{
    struct lab *lab = *state;
    struct pkt *p;

    HELD(lab, 0, 13, MORE);
    done_with(lab, WHOLE(lab, 16, 8, 8));
    HELD(lab, 0, 8, MORE, IP6);
    assert_int_equal(gather_in(lab, 0, &PIECE(8, 13, MORE, IP6), &p), 0);
    assert_int_equal(p->len, L3 + 48 + 13);
    assert_int_equal(p->mru, 0);
    done_with(lab, p);
    assert_int_equal(drops(lab, DROP_FRAG_BAD), 1);
}

static void longer_than_ip_can_say(void **state)
{
    struct lab *lab = *state;

    HELD(lab, 0, 40000, MORE);
    REFUSED(lab, -E2BIG, 40000, 25516);
    HELD(lab, 0, 40000, MORE);
    done_with(lab, WHOLE(lab, 65515, 40000, 25515));
    HELD(lab, 0, 40000, MORE, IP6);
    REFUSED(lab, -EINVAL, 40000, 25536, IP6);
    done_with(lab, WHOLE(lab, 65535, 40000, 25535, IP6));
}

static void atomic_fragments(void **state)
{
    struct lab *lab = *state;
    struct pkt *p = WHOLE(lab, 24, 0, 24, IP6);

    assert_int_equal(p->mru, 40 + 8 + 24);
    assert_int_equal(p->data[L3 + 6], 0xfd);
    done_with(lab, p);
    /* A first fragment that ends within its transport header is none to conntrack. */
    assert_int_equal(gather_in(lab, 0, &PIECE(0, 0, MORE, IP6), &p), 0);
    done_with(lab, p);
}

static void zones_are_apart(void **state)
{
    struct lab *lab = *state;
    struct pkt *p;

    HELD(lab, 0, 8, MORE);
    assert_int_equal(gather_in(lab, 7, &PIECE(8, 8), &p), -EINPROGRESS);
    done_with(lab, WHOLE(lab, 16, 8, 8));
    assert_int_equal(gather_in(lab, 7, &PIECE(0, 8, MORE), &p), 0);
    done_with(lab, p);
}

/* ---- giving up ------------------------------------------------------------------------------------ */

static void time_runs_out(void **state)
{
    struct lab *lab = *state;

    HELD(lab, 0, 8, MORE);
    HELD(lab, 0, 8, MORE, IP6);
    lab_do(lab, "advance 29999ms");
    assert_int_equal(account(lab)->n_held, 2);
    HELD(lab, 16, 8, MORE);                 /* does not make it longer */
    lab_do(lab, "advance 1ms");
    assert_int_equal(drops(lab, DROP_FRAG_TIMEOUT), 2);
    lab_do(lab, "advance 30s");
    assert_int_equal(drops(lab, DROP_FRAG_TIMEOUT), 3);
    assert_balance(lab);
}

/* More than 64 other fragments of the source: the id may have been used again. */
static void too_far_apart(void **state)
{
    struct lab *lab = *state;

    for (uint16_t n = 63; n <= 64; n++) {
        HELD(lab, 0, 8, MORE);
        for (uint16_t i = 0; i < n; i++)
            HELD(lab, 0, 8, MORE, .id = (uint16_t)(100 * n + i));
        if (n < 64)
            done_with(lab, WHOLE(lab, 16, 8, 8));
        else
            HELD(lab, 8, 8);
    }
    assert_int_equal(drops(lab, DROP_FRAG_TOO_FAR), 1);
    lab_do(lab, "advance 31s");
}

/* 4 MiB for each family, as the kernel counts: a packet of this length as 2304 bytes, a queue as 200 or 184. */
static void memory_runs_out(void **state)
{
    struct lab *lab = *state;

    for (uint16_t id = 1; id <= 1676; id++)
        HELD(lab, 0, 1000, MORE, .id = id);
    REFUSED(lab, -ENOMEM, 0, 1000, MORE, .id = 2000);
    REFUSED(lab, -ENOMEM, 1000, 8, .id = 1);        /* also what would have made room */
    for (uint16_t id = 1; id <= 1686; id++)
        HELD(lab, 0, 1000, MORE, IP6, .id = id);
    REFUSED(lab, -ENOMEM, 0, 1000, MORE, IP6, .id = 2000);
    assert_int_equal(drops(lab, DROP_FRAG_MEMORY), 3);
    lab_do(lab, "advance 60s");
    HELD(lab, 0, 1000, MORE);
    lab_do(lab, "advance 60s");
}

static void a_namespace_ends(void **state)
{
    struct lab *lab = *state;
    struct ct_frags *own = frags(lab);

    lab->ns->dp->frags = ct_frags_new(world(lab));
    HELD(lab, 0, 8, MORE);
    ct_frags_free(frags(lab));
    lab->ns->dp->frags = own;
    assert_int_equal(drops(lab, DROP_FRAG_FLUSHED), 1);
    assert_balance(lab);
}

/* ---- through the datapath, and out again ------------------------------------------------------------ */

static GPtrArray *sent;             /* of GBytes: the hook's context is the simulation */

static void keep_sent(void *ctx, struct netdev *dev, const struct pkt *p)
{
    (void)ctx;
    (void)dev;
    g_ptr_array_add(sent, g_bytes_new(p->data, p->len));
}

static int open_wire(void **state)
{
    struct lab *lab;

    (void)lab_open(state);
    lab = *state;
    sent = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    lab->sim->env.transmit = keep_sent;
    return 0;
}

static int close_wire(void **state)
{
    g_ptr_array_unref(sent);
    return lab_close(state);
}

#define WIRE_TEST(name) cmocka_unit_test_setup_teardown(name, open_wire, close_wire)

/* Executes a frame, as user space does. */
static int execute(struct lab *lab, const uint8_t *frame, size_t len, uint16_t mru, const char *acts)
{
    uint32_t port = 1;
    size_t nest;

    lab_begin(lab, OVS_PACKET_FAMILY, OVS_PACKET_CMD_EXECUTE, 0);
    attr_put(lab->request, OVS_PACKET_ATTR_PACKET, frame, len);
    nest = attr_nest_begin(lab->request, OVS_PACKET_ATTR_KEY);
    attr_put(lab->request, OVS_KEY_ATTR_IN_PORT, &port, sizeof(port));
    attr_nest_end(lab->request, nest);
    put_acts_text(lab->request, OVS_PACKET_ATTR_ACTIONS, acts);
    if (mru)
        attr_put(lab->request, OVS_PACKET_ATTR_MRU, &mru, sizeof(mru));
    return lab_call(lab);
}

static int execute_piece(struct lab *lab, const struct piece *f, uint16_t mru, const char *acts)
{
    g_autofree uint8_t *frame = g_malloc(MAX_FRAME);
    int err = execute(lab, frame, frame_of(f, frame), mru, acts);

    assert_balance(lab);
    return err;
}

/* Pieces of one datagram go through ct() and 'acts'. */
static void execute_all(struct lab *lab, const struct piece *f, size_t n, const char *acts)
{
    for (size_t i = 0; i < n; i++)
        assert_int_equal(execute_piece(lab, &f[i], 0, acts), 0);
}

static void assert_sent(guint i, const struct piece *f)
{
    g_autofree uint8_t *frame = g_malloc(MAX_FRAME);
    size_t want = frame_of(f, frame), len;
    const uint8_t *is = g_bytes_get_data(sent->pdata[i], &len);

    if (f->is_ip6)
        memcpy(frame + L3 + 44, is + L3 + 44, 4);   /* a new id */
    assert_int_equal(len, want);
    assert_memory_equal(is, frame, len);
}

static void as_they_came(void **state)
{
    struct lab *lab = *state;

    for (int is_ip6 = 0; is_ip6 < 2; is_ip6++) {
        const struct piece pieces[] = { { 0, 400, MORE, .is_ip6 = is_ip6 },
                                        { 400, 800, MORE, .is_ip6 = is_ip6 },
                                        { 1200, 301, .is_ip6 = is_ip6 } };

        g_ptr_array_set_size(sent, 0);
        execute_all(lab, pieces, 3, "ct,2");
        assert_int_equal(sent->len, 3);
        for (guint i = 0; i < 3; i++)
            assert_sent(i, &pieces[i]);
    }
    assert_int_equal(account(lab)->n_output, 6);
}

/* A copy does not know how it came; nor is there need to cut what fits. */
static void copies_are_cut_anew(void **state)
{
    static const struct piece pieces[] = { { 0, 400, MORE }, { 400, 800, MORE }, { 1200, 301 } };
    struct lab *lab = *state;

    execute_all(lab, pieces, 3, "ct,2,1");
    assert_int_equal(sent->len, 2 + 3);
    assert_sent(0, &PIECE(0, 800, MORE));
    assert_sent(1, &PIECE(800, 701));
    assert_sent(2, &pieces[0]);
    g_ptr_array_set_size(sent, 0);
    execute_all(lab, pieces, 3, "ct,trunc(814),2");
    assert_int_equal(sent->len, 1);
}

/* A copy that is cut short knows: the kernel has made the fragments its own by then. */
static void short_copies_are_not(void **state)
{
    static const struct piece pieces[] = { { 0, 400, MORE }, { 400, 800, MORE }, { 1200, 301 } };
    struct lab *lab = *state;

    execute_all(lab, pieces, 3, "ct,trunc(1334),2,1");
    assert_int_equal(sent->len, 3 + 3);
    assert_sent(0, &pieces[0]);
    assert_sent(1, &pieces[1]);
    assert_sent(2, &PIECE(1200, 100));
    assert_sent(5, &pieces[2]);
}

/* IPv6 fragments need not be shorter than 1280 bytes, and are not. */
static void least_mtu_of_ip6(void **state)
{
    static const struct piece pieces[] = { { 0, 400, MORE, IP6 }, { 400, 800, MORE, IP6 },
                                           { 1200, 301, IP6 } };
    struct lab *lab = *state;

    execute_all(lab, pieces, 3, "ct,clone(2),1");
    assert_int_equal(sent->len, 2 + 3);
    assert_sent(0, &PIECE(0, 1232, MORE, IP6));
    assert_sent(1, &PIECE(1232, 269, IP6));
}

static void user_space_says_mru(void **state)
{
    static const uint8_t options[] = { 1, 1, 1, 1 };
    struct lab *lab = *state;

    assert_int_equal(execute_piece(lab, &PIECE(0, 100, .options = options), 88, "2"), 0);
    assert_int_equal(sent->len, 2);
    assert_sent(0, &PIECE(0, 64, MORE, .options = options));
    assert_sent(1, &PIECE(64, 36, .options = options));
    g_ptr_array_set_size(sent, 0);
    /* A fragment is cut into fragments, and DF does not count. */
    assert_int_equal(execute_piece(lab, &PIECE(80, 100, MORE, .has_df = true), 88, "2"), 0);
    assert_sent(0, &PIECE(80, 64, MORE));
    assert_sent(1, &PIECE(144, 36, MORE));
    g_ptr_array_set_size(sent, 0);
    /* Not longer than the MRU: whole. */
    assert_int_equal(execute_piece(lab, &PIECE(0, 68), 88, "2"), 0);
    assert_int_equal(sent->len, 1);
}

static void the_tag_comes_along(void **state)
{
    struct lab *lab = *state;
    const uint8_t *frame;

    assert_int_equal(execute_piece(lab, &PIECE(0, 100), 88, "push_vlan(vid=5,pcp=1),2"), 0);
    assert_int_equal(sent->len, 2);
    for (guint i = 0; i < 2; i++) {
        frame = g_bytes_get_data(sent->pdata[i], NULL);
        assert_int_equal(be32_get(frame + 12), 0x81002005);
    }
}

static void what_cannot_be_cut(void **state)
{
    static const char label[] = "push_mpls(label=5,tc=0,ttl=64,bos=1,eth_type=0x8847)";
    struct lab *lab = *state;
    g_autofree char *four = g_strdup_printf("%s,%s,%s,%s,%s,2", label, label, label, label, label);
    g_autofree char *one = g_strdup_printf("%s,2", label);
    uint8_t arp[200] = { 0 };

    assert_int_equal(execute_piece(lab, &PIECE(0, 100), 88, one), 0);
    assert_int_equal(sent->len, 2);
    assert_int_equal(execute_piece(lab, &PIECE(0, 100), 88, four), 0);
    assert_int_equal(drops(lab, DROP_FRAG_L2_TOO_LONG), 1);
    hex_bytes(ADDRS "0806", arp, sizeof(arp));
    assert_int_equal(execute(lab, arp, sizeof(arp), 88, "2"), 0);
    assert_int_equal(drops(lab, DROP_FRAG_INVALID_PROTO), 1);
    assert_int_equal(execute_piece(lab, &PIECE(0, 100), 27, "2"), 0);       /* no room for data */
    lab_do(lab, "mtu p2 80");
    assert_int_equal(execute_piece(lab, &PIECE(0, 100), 88, "2"), 0);
    assert_int_equal(drops(lab, DROP_PKT_TOO_BIG), 2);
    assert_int_equal(sent->len, 2);
    assert_balance(lab);
}

/* What a miss tells user space, and what it says when it gives the packet back. */
static void mru_there_and_back(void **state)
{
    static const struct piece pieces[] = { { 0, 64, MORE }, { 64, 40 } };
    struct lab *lab = *state;
    g_autofree char *acts = g_strdup_printf("ct,userspace(pid=%u)", lab->client.sock->portid);
    g_autofree struct nlmsghdr *upcall = NULL;
    const struct nlattr *packet;
    uint16_t mru;

    execute_all(lab, pieces, 2, acts);
    upcall = g_memdup2(lab_answer(lab), lab_answer(lab)->nlmsg_len);
    packet = local_attr(upcall, OVS_PACKET_ATTR_PACKET);
    mru = mnl_attr_get_u16(local_attr(upcall, OVS_PACKET_ATTR_MRU));
    assert_int_equal(mru, 84);
    assert_int_equal(mnl_attr_get_payload_len(packet), L3 + 20 + 104);
    assert_int_equal(execute(lab, mnl_attr_get_payload(packet), mnl_attr_get_payload_len(packet),
                             mru, "2"), 0);
    assert_int_equal(sent->len, 2);
    assert_sent(0, &pieces[0]);
    assert_sent(1, &pieces[1]);
}

/* The caller of ct() does not learn that a fragment is kept; of a duplicate it does. */
static void errors_of_the_action(void **state)
{
    struct lab *lab = *state;

    assert_int_equal(execute_piece(lab, &PIECE(0, 64, MORE), 0, "ct,2"), 0);
    assert_int_equal(execute_piece(lab, &PIECE(0, 64, MORE), 0, "ct,2"), -EINVAL);
    assert_int_equal(execute_piece(lab, &PIECE(0, 64, MORE, IP6), 0, "ct,2"), 0);
    assert_int_equal(execute_piece(lab, &PIECE(0, 64, MORE, IP6), 0, "ct,2"), 0);
    assert_int_equal(sent->len, 0);
    lab_do(lab, "advance 60s");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LAB_TEST(in_any_order),
        LAB_TEST(headers_of_the_whole),
        LAB_TEST(dont_fragment),
        LAB_TEST(ecn_that_cannot_be),
        LAB_TEST(duplicates_are_dropped),
        LAB_TEST(overlaps_end_the_datagram),
        LAB_TEST(ends_that_contradict),
        LAB_TEST(lengths_of_no_words),
        LAB_TEST(longer_than_ip_can_say),
        LAB_TEST(atomic_fragments),
        LAB_TEST(zones_are_apart),
        LAB_TEST(time_runs_out),
        LAB_TEST(too_far_apart),
        LAB_TEST(memory_runs_out),
        LAB_TEST(a_namespace_ends),
        WIRE_TEST(as_they_came),
        WIRE_TEST(copies_are_cut_anew),
        WIRE_TEST(short_copies_are_not),
        WIRE_TEST(least_mtu_of_ip6),
        WIRE_TEST(user_space_says_mru),
        WIRE_TEST(the_tag_comes_along),
        WIRE_TEST(what_cannot_be_cut),
        WIRE_TEST(mru_there_and_back),
        WIRE_TEST(errors_of_the_action),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
