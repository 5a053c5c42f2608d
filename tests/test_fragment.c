/* test_fragment.c - what ct() has joined leaves in fragments again, and what user space says was joined. Catalogue
 * 07.5, 08.6. SPDX-License-Identifier: Apache-2.0 */
#include "tests/frag_tools.h"

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

/* A header that says it has fewer than five words is no reason for the kernel not to cut. What it sent (6.1.192): */
static void headers_that_are_too_short(void **state)
{
    static const struct {
        uint8_t first;              /* version and words of the header */
        uint16_t mru;
        const char *ip[8];
    } rows[] = {
        { 0x44, 28, {
            "445a0018123420054011445a7f0000017f00000200010203",
            "445a0018123420064011445a7f0000010405060708090a0b",
            "445a0018123420074011445a7f0000010c0d0e0f10111213",
            "445a0018123420084011445a7f0000011415161718191a1b",
            "445a0018123420094011445a7f0000011c1d1e1f20212223",
            "445a00181234200a4011445a7f0000012425262728292a2b",
        } },
        { 0x43, 28, {
            "435a001c123420054011435a7f0000017f0000020001020304050607",
            "435a001c123420074011435a08090a0b0c0d0e0f1011121314151617",
            "435a001c123420094011435a18191a1b1c1d1e1f2021222324252627",
            "435a00101234200b4011435a28292a2b",
        } },
        { 0x42, 20, {
            "425a0010123420054011425a7f000001",
            "425a0010123420067f00425a00010203",
            "425a0010123420070405425a08090a0b",
            "425a0010123420080c0d425a10111213",
            "425a0010123420091415425a18191a1b",
            "425a00101234200a1c1d425a20212223",
            "425a00101234200b2425425a28292a2b",
        } },
        { 0x41, 20, {
            "415a0014123420054011415a7f0000017f000002",
            "415a0014000120070405415a08090a0b0c0d0e0f",
            "415a0014101120091415415a18191a1b1c1d1e1f",
            "415a00102021200b2425415a28292a2b",
        } },
    };
    struct lab *lab = *state;

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        uint8_t frame[L3 + 64], want[64];
        guint n = 0;

        hex_bytes(ADDRS "0800 005a0040123420054011abcd7f0000017f000002", frame, L3 + 20);
        frame[L3] = rows[i].first;
        for (uint8_t data = 0; data < 44; data++)
            frame[L3 + 20 + data] = data;
        g_ptr_array_set_size(sent, 0);
        assert_int_equal(execute(lab, frame, sizeof(frame), rows[i].mru, "2"), 0);
        for (; rows[i].ip[n]; n++) {
            size_t len, want_len = strlen(rows[i].ip[n]) / 2;
            const uint8_t *is;

            assert_true(n < sent->len);
            is = g_bytes_get_data(sent->pdata[n], &len);
            hex_bytes(rows[i].ip[n], want, want_len);
            assert_int_equal(len, L3 + want_len);
            assert_memory_equal(is + L3, want, want_len);
        }
        assert_int_equal(sent->len, n);
        assert_balance(lab);
    }
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
        WIRE_TEST(as_they_came),
        WIRE_TEST(copies_are_cut_anew),
        WIRE_TEST(short_copies_are_not),
        WIRE_TEST(least_mtu_of_ip6),
        WIRE_TEST(user_space_says_mru),
        WIRE_TEST(the_tag_comes_along),
        WIRE_TEST(what_cannot_be_cut),
        WIRE_TEST(headers_that_are_too_short),
        WIRE_TEST(mru_there_and_back),
        WIRE_TEST(errors_of_the_action),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
