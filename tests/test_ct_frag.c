/* test_ct_frag.c - fragments: joined by zone, refused, given up in time. Catalogue 09.4.
 *
 * What the kernel does with random sequences is asked by tests/random_frag.py; these tests say each rule.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/frag_tools.h"

#include "dp/ct/frag.h"

/* ---- joining ---------------------------------------------------------------------------------- */

static struct ct_frags *frags(const struct lab *lab)
{
    return lab->ns->dp->frags;
}

static int gather_in(struct lab *lab, uint16_t zone, const struct piece *f, struct pkt **p)
{
    g_autofree uint8_t *frame = g_malloc(MAX_FRAME);

    *p = pkt_new(&world(lab)->pool, frame, frame_of(f, frame));
    memcpy((*p)->data, frame, (*p)->len);
    (*p)->l3_off = L3;
    (*p)->protocol = f->is_ip6 ? ETH_P_IPV6 : ETH_P_IP;
    world(lab)->account.n_born++;
    return ct_defrag(frags(lab), p, (*p)->protocol, zone);
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

/* Random fragments of this kind on the real kernel: tests/random_frag.py, "short". */
static void a_length_within_the_header(void **state)
{
    struct lab *lab = *state;

    HELD(lab, 8, 16, MORE);
    REFUSED(lab, -ENOMEM, 0, 8, MORE, .denied = 28);    /* what was held of the datagram goes with it */
    REFUSED(lab, -EINVAL, 0, 8, .denied = 9);
    REFUSED(lab, -ENOMEM, 800, 8, .denied = 9);         /* the datagram's end is where the first ones may be */
    assert_int_equal(drops(lab, DROP_FRAG_BAD), 4);
    HELD(lab, 0, 16, MORE, .denied = 8);                /* half of it is the link's padding */
    done_with(lab, WHOLE(lab, 16, 8, 8));
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
        LAB_TEST(a_length_within_the_header),
        LAB_TEST(longer_than_ip_can_say),
        LAB_TEST(atomic_fragments),
        LAB_TEST(zones_are_apart),
        LAB_TEST(time_runs_out),
        LAB_TEST(too_far_apart),
        LAB_TEST(memory_runs_out),
        LAB_TEST(a_namespace_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
