/* test_grammar.c - what the fuzz grammar draws: valid messages are accepted, bent ones mostly not, every row comes by.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/openvswitch.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dp/act.h"
#include "dp/extract.h"
#include "fuzz/grammar.h"
#include "fuzz/world.h"
#include "netlink/attr.h"
#include "netlink/family.h"

#define N_MESSAGES 2000         /* of each kind */
#define N_HEAVY 100             /* of a kind after which the world is built anew */
#define N_BENT 20000

/* How the last message was answered. */
struct answer {
    int error;                  /* 0 or -errno */
    char text[256];
};

static void note_refusal(void *user, struct sock *s, const struct nlmsghdr *msg, int error, const struct err *e)
{
    struct answer *answer = user;

    (void)s;
    (void)msg;
    answer->error = error;
    g_strlcpy(answer->text, e->text, sizeof(answer->text));
}

/* One message in a world as at the start. */
static struct answer answer_to(enum program_who who, const GByteArray *message)
{
    struct world *w = world_ready();
    g_autoptr(GByteArray) program = g_byte_array_new();
    struct answer answer = {0};

    netlink_set_refused(w->sim->nl, note_refusal, &answer);
    program_put(program, PROGRAM_SEND, (uint8_t)who, message->data, message->len);
    world_run(w, program->data, program->len);
    netlink_set_refused(w->sim->nl, world_refused, w);
    return answer;
}

/* ---- valid messages -------------------------------------------------------------------------------------- */

/* What a message about something that is not there is answered with. */
static bool is_about_nothing(int error)
{
    return error == -ENOENT || error == -ENODEV || error == -EADDRNOTAVAIL || error == -ESRCH || error == -ENETUNREACH;
}

static bool is_heavy(enum grammar_kind kind)
{
    return kind >= GRAMMAR_DP_NEW;
}

/* In parts of a thousand; what is about a flow, meter or route that the world has not is well said, too. */
static unsigned share_accepted(enum grammar_kind kind)
{
    unsigned n = is_heavy(kind) ? N_HEAVY : N_MESSAGES, n_accepted = 0, n_told = 0;
    g_autoptr(GByteArray) message = g_byte_array_new();
    struct rng r;

    rng_init(&r, kind);
    for (unsigned i = 0; i < n; i++) {
        struct answer answer;

        g_byte_array_set_size(message, 0);
        grammar_message(&r, kind, message);
        answer = answer_to(grammar_rows[kind].who, message);
        n_accepted += !answer.error || is_about_nothing(answer.error);
        if (answer.error && !is_about_nothing(answer.error) && n_told++ < 5)
            print_message("%s: %d %s\n", grammar_rows[kind].name, answer.error, answer.text);
    }
    return 1000 * n_accepted / n;
}

static void test_valid_is_accepted(void **state)
{
    unsigned failed = 0;

    (void)state;
    for (enum grammar_kind kind = 0; kind < N_GRAMMAR_KINDS; kind++) {
        unsigned share = share_accepted(kind);

        print_message("%-16s %4u / 1000\n", grammar_rows[kind].name, share);
        /* Routes want gateways and sources that the world has not. */
        failed += share < (grammar_rows[kind].who == PROGRAM_ROUTE ? 600 : 950);
    }
    assert_int_equal(failed, 0);
}

/* ---- rows ------------------------------------------------------------------------------------------------ */

/* Adds the types of a list, and of the lists in it that 'nested' says are of the same rows. */
static void note_types(const void *attrs, size_t len, unsigned most, unsigned *seen, bool (*nested)(uint16_t type))
{
    const struct nlattr *a;
    int left;

    attr_for_each(a, attrs, len, left)
    {
        uint16_t type = mnl_attr_get_type(a);

        assert_true(type < most);
        seen[type]++;
        if (nested(type))
            note_types(mnl_attr_get_payload(a), mnl_attr_get_payload_len(a), most, seen, nested);
    }
    assert_int_equal(left, 0);
}

static bool is_encap(uint16_t type)
{
    return type == OVS_KEY_ATTR_ENCAP;
}

static bool is_clone(uint16_t type)
{
    return type == OVS_ACTION_ATTR_CLONE;
}

static void test_every_row_comes_by(void **state)
{
    unsigned keys[N_KEY_ATTRS] = {0}, masks[N_KEY_ATTRS] = {0}, acts[N_ACTS] = {0};
    g_autoptr(GByteArray) key_out = g_byte_array_new();
    g_autoptr(GByteArray) mask_out = g_byte_array_new();
    g_autoptr(GByteArray) acts_out = g_byte_array_new();
    struct rng r;

    (void)state;
    rng_init(&r, 3);
    for (unsigned i = 0; i < N_MESSAGES; i++) {
        struct flow_key key, mask;

        g_byte_array_set_size(key_out, 0);
        g_byte_array_set_size(mask_out, 0);
        g_byte_array_set_size(acts_out, 0);
        grammar_key(&r, &key);
        grammar_mask(&r, &key, &mask);
        grammar_key_attrs(&r, &key, &mask, key_out, mask_out);
        grammar_actions(&r, &key, acts_out);
        note_types(key_out->data, key_out->len, N_KEY_ATTRS, keys, is_encap);
        note_types(mask_out->data, mask_out->len, N_KEY_ATTRS, masks, is_encap);
        note_types(acts_out->data, acts_out->len, N_ACTS, acts, is_clone);
    }
    for (unsigned type = 0; type < N_KEY_ATTRS; type++) {
        if (key_attrs[type].uapi && (!keys[type] || !masks[type]))
            fail_msg("%s: %u keys, %u masks", key_attrs[type].uapi, keys[type], masks[type]);
    }
    for (unsigned type = 0; type < ACT_SET_TO_MASKED; type++) {
        if (act_client_row(&profile_6_1, type) && !acts[type])
            fail_msg("%s is never drawn", act_table[type]->uapi);
    }
}

/* ---- frames ---------------------------------------------------------------------------------------------- */

/* What extraction says of the packet itself. */
static void clear_metadata(struct flow_key *key)
{
    struct flow_key packet = *key;

    memset(&packet.tun, 0, sizeof(packet.tun));
    memset(packet.tun_opts, 0, sizeof(packet.tun_opts));
    packet.tun_opts_len = packet.tun_proto = 0;
    packet.priority = packet.skb_mark = packet.dp_hash = packet.recirc_id = packet.ct_mark = 0;
    packet.in_port = packet.ct_zone = 0;
    packet.ct_state = 0;
    memset(packet.ct_labels, 0, sizeof(packet.ct_labels));
    *key = packet;
}

/* Members that the frame does not have, or that only a valid header behind them gives. */
static bool is_told_by_frame(const struct flow_key *key)
{
    bool is_ip6 = key->eth_type == ETH_P_IPV6;

    return !key->ct_orig_proto && !(is_ip6 && (key->ip6.exthdrs || key->ip_frag)) && key->eth_type != ETH_P_MPLS_UC &&
           key->eth_type != ETH_P_MPLS_MC;
}

static void test_frame_gives_its_key(void **state)
{
    g_autoptr(GByteArray) frame = g_byte_array_new();
    struct pkt_pool pool = {0};
    unsigned n_told = 0, n_same = 0;
    struct rng r;

    (void)state;
    rng_init(&r, 4);
    for (unsigned i = 0; i < N_MESSAGES; i++) {
        struct flow_key key, got;
        struct pkt *p;

        grammar_key(&r, &key);
        g_byte_array_set_size(frame, 0);
        grammar_frame(&r, &key, frame);
        p = pkt_new(&pool, frame->data, frame->len);
        p->has_eth = key.mac_proto == KEY_MAC_ETH;
        p->protocol = p->has_eth ? 0 : key.eth_type;
        key_clear(&got);
        got.mac_proto = key.mac_proto;
        assert_int_equal(key_extract(&got, p), 0);
        pkt_free(&pool, p);
        clear_metadata(&key);
        if (!is_told_by_frame(&key))
            continue;
        n_told++;
        n_same += !memcmp(&key, &got, sizeof(key));
    }
    print_message("%u of %u frames give their key\n", n_same, n_told);
    assert_true(n_told > N_MESSAGES / 2);
    assert_true(n_same * 100 > n_told * 95);        /* protocols drawn at random may be IPv6 extension headers */
    pkt_pool_done(&pool);
}

/* ---- bent ------------------------------------------------------------------------------------------------ */

static size_t rule_number(const char *name)
{
    for (size_t i = 0; i < grammar_n_rules; i++) {
        if (!strcmp(grammar_rule_name(i), name))
            return i;
    }
    fail_msg("%s is no rule", name);
    return 0;
}

/* Every rule occurs, and some message is refused for it. */
static void test_bent(void **state)
{
    unsigned n[64] = {0}, n_refused[64] = {0}, all_refused = 0;
    struct rng r;

    (void)state;
    assert_true(grammar_n_rules <= G_N_ELEMENTS(n));
    rng_init(&r, 5);
    for (unsigned i = 0; i < N_BENT; i++) {
        enum grammar_kind kind = i % 4 ? GRAMMAR_FLOW_NEW : GRAMMAR_EXECUTE;
        g_autoptr(GByteArray) message = g_byte_array_new();
        size_t rule;

        grammar_message(&r, kind, message);
        rule = rule_number(grammar_bend(&r, message));
        n[rule]++;
        if (answer_to(PROGRAM_CLIENT, message).error) {
            n_refused[rule]++;
            all_refused++;
        }
    }
    for (size_t i = 0; i < grammar_n_rules; i++)
        print_message("%-20s %5u drawn, %5u refused\n", grammar_rule_name(i), n[i], n_refused[i]);
    for (size_t i = 0; i < grammar_n_rules; i++)
        assert_true(n[i] > 0);
    assert_true(all_refused > N_BENT / 4);
}

/* ---- seeds ----------------------------------------------------------------------------------------------- */

static void test_same_seed_same_bytes(void **state)
{
    (void)state;
    for (unsigned seed = 0; seed < 200; seed++) {
        g_autoptr(GByteArray) first = g_byte_array_new();
        g_autoptr(GByteArray) second = g_byte_array_new();
        uint8_t a[4096] = {0}, b[4096] = {0};
        size_t len_a, len_b;
        struct rng r, s;

        rng_init(&r, seed);
        rng_init(&s, seed);
        grammar_program(&r, first);
        grammar_program(&s, second);
        assert_int_equal(first->len, second->len);
        assert_memory_equal(first->data, second->data, first->len);
        len_a = MIN(first->len, sizeof(a));
        memcpy(a, first->data, len_a);
        memcpy(b, first->data, len_a);
        len_b = grammar_mutate(b, len_a, sizeof(b), &s);
        len_a = grammar_mutate(a, len_a, sizeof(a), &r);
        assert_int_equal(len_a, len_b);
        assert_memory_equal(a, b, len_a);
    }
}

/* However often a program is changed, it runs, and keeps to its room. */
static void test_mutation_goes_on(void **state)
{
    uint8_t data[2048];
    size_t len = 0;
    struct rng r;

    (void)state;
    rng_init(&r, 6);
    for (unsigned i = 0; i < 3000; i++) {
        size_t most = 1 + rng_u32(&r) % sizeof(data);

        len = grammar_mutate(data, MIN(len, most), most, &r);
        assert_true(len <= most);
        if (i % 4 == 0)
            world_run(world_ready(), data, len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_valid_is_accepted),  cmocka_unit_test(test_every_row_comes_by),
        cmocka_unit_test(test_frame_gives_its_key), cmocka_unit_test(test_bent),
        cmocka_unit_test(test_same_seed_same_bytes), cmocka_unit_test(test_mutation_goes_on),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    world_free();
    return failed;
}
