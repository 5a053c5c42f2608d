/* bench_table.c - look-ups in the flow table alone: keys are extracted already, every one hits.
 *
 * Flow i is under mask i % n_masks; packets come from a pool of 16384 in random order of flows, or,
 * in the rows "repeated", are the same 256 again and again. The reference is about what the machine
 * can do with masks tried one after the other: for each mask an open-addressing table of (hash,
 * number), the hash over the mask's words that are not all wild (CRC-32C where the processor has
 * it, else multiplications), one comparison of the whole masked key. No counters, no cache.
 * SPDX-License-Identifier: Apache-2.0 */
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>

#include "base/hash.h"
#include "bench/bench.h"
#include "dp/table.h"

#define N_POOL 16384u
#define N_REPEATED 256u
#define N_WORDS 16u             /* of a key: link to transport layer, no tunnel */
#define KEY_OFF offsetof(struct flow_key, priority)
#define TRIES 20000000u         /* about so many masks are tried in a pass */
#define NO_FLOW UINT32_MAX

G_STATIC_ASSERT(KEY_OFF % 8 == 0);

/* The part of a flow key that is not zero here. */
struct short_key {
    uint64_t word[N_WORDS];
};

struct ref_slot {
    uint32_t hash, flow;        /* NO_FLOW: empty */
};

struct ref_mask {
    uint32_t n_words, last_slot;
    uint8_t word[N_WORDS];
    uint64_t bits[N_WORDS];
    struct ref_slot *slot;
    struct short_key mask;
};

struct table_bench {
    unsigned n_masks, n_flows, n_pool, n_lookups;
    struct table table;
    struct flow **flow;
    struct ref_mask *mask;
    struct short_key *key;      /* of flows, masked */
    struct short_key packet[N_POOL];
    uint32_t flow_of[N_POOL], hash_of[N_POOL];
};

/* ---- packets and masks ------------------------------------------------------------------------- */

static struct flow_key key_of(const struct short_key *s)
{
    struct flow_key key;

    memset(&key, 0, sizeof(key));
    memcpy((uint8_t *)&key + KEY_OFF, s, sizeof(*s));
    return key;
}

static struct short_key shorten(const struct flow_key *key)
{
    struct short_key s;

    memcpy(&s, (const uint8_t *)key + KEY_OFF, sizeof(s));
    return s;
}

static struct short_key make_packet(uint32_t i)
{
    static const uint8_t stations[] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1 };
    struct flow_key key;

    memset(&key, 0, sizeof(key));
    memcpy(key.eth_src, stations, 6);
    memcpy(key.eth_dst, stations + 6, 6);
    key.in_port = 1;
    key.mac_proto = KEY_MAC_ETH;
    key.eth_type = ETH_P_IP;
    key.ip_proto = IPPROTO_UDP;
    key.ip_ttl = 64;
    key.ip4.src = htonl(0x0a000000 + i);
    key.ip4.dst = htonl(0x0a800001);
    key.tp_src = (uint16_t)(1024 + i % 60000);
    key.tp_dst = 53;
    return shorten(&key);
}

/* Exact but for prefixes of the destination address and port. */
static struct short_key make_mask(unsigned i)
{
    struct flow_key mask;

    memset(&mask, 0, sizeof(mask));
    mask.in_port = 0xffff;
    mask.mac_proto = 0xff;
    mask.recirc_id = UINT32_MAX;
    mask.eth_type = 0xffff;
    mask.ip_proto = 0xff;
    mask.ip_frag = 0xff;
    mask.ip4.src = UINT32_MAX;
    mask.ip4.dst = htonl(UINT32_MAX << (31 - i % 32));
    mask.tp_src = 0xffff;
    mask.tp_dst = (uint16_t)(0xffff << (i / 32));
    return shorten(&mask);
}

static struct short_key apply(const struct short_key *key, const struct short_key *mask)
{
    struct short_key masked;

    for (unsigned i = 0; i < N_WORDS; i++)
        masked.word[i] = key->word[i] & mask->word[i];
    return masked;
}

/* ---- the reference ----------------------------------------------------------------------------- */

#if defined(__x86_64__)
static bool has_crc(void)
{
    return __builtin_cpu_supports("sse4.2");
}

static inline uint64_t crc_step(uint64_t hash, uint64_t word)
{
    __asm__("crc32q %1, %0" : "+r"(hash) : "r"(word));
    return hash;
}
#else
static bool has_crc(void)
{
    return false;
}

static inline uint64_t crc_step(uint64_t hash, uint64_t word)
{
    return hash_mix(hash, word);
}
#endif

/* These three are inlined where 'crc' is a constant. */
#define INLINE static inline __attribute__((always_inline))

INLINE uint32_t ref_hash(const struct ref_mask *m, const struct short_key *key, bool crc)
{
    uint64_t lane[2] = { 1, 2 };

    for (uint32_t i = 0; i < m->n_words; i++) {
        uint64_t word = key->word[m->word[i]] & m->bits[i];

        lane[i & 1] = crc ? crc_step(lane[i & 1], word) : hash_mix(lane[i & 1], word);
    }
    return (uint32_t)(crc ? crc_step(lane[0], lane[1]) : hash_mix(lane[0], lane[1]) >> 32);
}

static inline bool is_under(const struct short_key *flow, const struct short_key *key,
                            const struct short_key *mask)
{
    uint64_t differ = 0;

    for (unsigned i = 0; i < N_WORDS; i++)
        differ |= (key->word[i] & mask->word[i]) ^ flow->word[i];
    return !differ;
}

INLINE uint32_t ref_find_under(const struct table_bench *b, const struct ref_mask *m,
                               const struct short_key *key, bool crc)
{
    uint32_t hash = ref_hash(m, key, crc);

    for (uint32_t at = hash;; at++) {
        const struct ref_slot *slot = &m->slot[at & m->last_slot];

        if (slot->flow == NO_FLOW ||
            (slot->hash == hash && is_under(&b->key[slot->flow], key, &m->mask)))
            return slot->flow;
    }
}

INLINE unsigned ref_find_all(const struct table_bench *b, bool crc)
{
    unsigned n_wrong = 0;

    for (unsigned i = 0; i < b->n_lookups; i++) {
        unsigned at = i % b->n_pool, m = 0;
        uint32_t found = NO_FLOW;

        while (m < b->n_masks && found == NO_FLOW)
            found = ref_find_under(b, &b->mask[m++], &b->packet[at], crc);
        n_wrong += found != b->flow_of[at];
    }
    return n_wrong;
}

static double ref_lookups(void *ctx)
{
    const struct table_bench *b = ctx;
    double start = bench_now();
    unsigned n_wrong = has_crc() ? ref_find_all(b, true) : ref_find_all(b, false);

    if (n_wrong)
        return bench_fail("the reference found %u wrong flows", n_wrong);
    return (bench_now() - start) / b->n_lookups;
}

static void ref_add(const struct table_bench *b, const struct ref_mask *m, uint32_t flow)
{
    uint32_t hash = ref_hash(m, &b->key[flow], has_crc()), at = hash;

    while (m->slot[at & m->last_slot].flow != NO_FLOW)
        at++;
    m->slot[at & m->last_slot] = (struct ref_slot){ hash, flow };
}

static void ref_mask_init(struct ref_mask *m, const struct short_key *mask, unsigned n_flows)
{
    uint32_t n_slots = 16;

    while (n_slots < 2 * n_flows)
        n_slots *= 2;
    m->last_slot = n_slots - 1;
    m->slot = g_new(struct ref_slot, n_slots);
    memset(m->slot, 0xff, n_slots * sizeof(*m->slot));
    m->mask = *mask;
    for (uint8_t i = 0; i < N_WORDS; i++) {
        if (!mask->word[i])
            continue;
        m->word[m->n_words] = i;
        m->bits[m->n_words++] = mask->word[i];
    }
}

/* ---- ours -------------------------------------------------------------------------------------- */

static double lookups(void *ctx)
{
    struct table_bench *b = ctx;
    struct flow_key key = key_of(&b->packet[0]);
    double start = bench_now();
    unsigned n_wrong = 0;

    for (unsigned i = 0; i < b->n_lookups; i++) {
        unsigned at = i % b->n_pool;
        struct table_probe probe;

        memcpy((uint8_t *)&key + KEY_OFF, &b->packet[at], sizeof(b->packet[at]));
        n_wrong += table_lookup(&b->table, &key, b->hash_of[at], 0, &probe) !=
                   b->flow[b->flow_of[at]];
    }
    if (n_wrong)
        return bench_fail("%u wrong flows found", n_wrong);
    return (bench_now() - start) / b->n_lookups;
}

static void add_flow(struct table_bench *b, uint32_t i)
{
    struct flow_mask mask = { .key = key_of(&b->mask[i % b->n_masks].mask),
                              .range = { KEY_OFF, KEY_OFF + sizeof(struct short_key) } };
    struct flow_key key = key_of(&b->key[i]);
    uint8_t ufid[UFID_MAX] = { 0 };
    struct act_list *none = NULL;

    memcpy(ufid, &i, sizeof(i));
    b->flow[i] = flow_new(&key, ufid, sizeof(ufid), NULL, &none);
    table_insert(&b->table, b->flow[i], &mask, true);
}

/* ---- one size ---------------------------------------------------------------------------------- */

static void fill(struct table_bench *b)
{
    uint32_t random = 7;

    for (unsigned i = 0; i < b->n_masks; i++) {
        struct short_key mask = make_mask(i);

        ref_mask_init(&b->mask[i], &mask, (b->n_flows + b->n_masks - 1) / b->n_masks);
    }
    for (uint32_t i = 0; i < b->n_flows; i++) {
        const struct ref_mask *m = &b->mask[i % b->n_masks];
        struct short_key packet = make_packet(i);

        b->key[i] = apply(&packet, &m->mask);
        ref_add(b, m, i);
        add_flow(b, i);
    }
    for (unsigned i = 0; i < b->n_pool; i++) {
        random = random * 1664525u + 1013904223u;
        b->flow_of[i] = (uint32_t)((uint64_t)random * b->n_flows >> 32);
        b->hash_of[i] = (uint32_t)(hash_mix(1, b->flow_of[i]) >> 32) | 1;
        b->packet[i] = make_packet(b->flow_of[i]);
    }
}

static struct table_bench *bench_new(unsigned n_masks, unsigned n_flows, unsigned n_pool)
{
    struct table_bench *b = g_new0(struct table_bench, 1);

    b->n_masks = n_masks;
    b->n_flows = n_flows;
    b->n_pool = n_pool;
    b->mask = g_new0(struct ref_mask, n_masks);
    b->key = g_new(struct short_key, n_flows);
    b->flow = g_new(struct flow *, n_flows);
    table_init(&b->table, 1);
    fill(b);
    return b;
}

static void bench_free(struct table_bench *b)
{
    table_done(&b->table);
    for (unsigned i = 0; i < b->n_masks; i++)
        g_free(b->mask[i].slot);
    g_free(b->mask);
    g_free(b->key);
    g_free(b->flow);
    g_free(b);
}

static int measure_size(unsigned n_masks, unsigned n_flows, unsigned n_pool,
                        const struct bench_options *o)
{
    struct table_bench *b = bench_new(n_masks, n_flows, n_pool);
    bool is_repeated = n_pool < N_POOL;
    g_autofree char *name = is_repeated ? g_strdup_printf("repeated, %u masks", n_masks)
                                        : g_strdup_printf("table %u x %u", n_masks, n_flows);
    const struct bench_row row = { name, "hash tables of masks, one after the other",
                                   is_repeated ? BENCH_NS : BENCH_RATE, BENCH_ROUNDS, lookups,
                                   ref_lookups, b };
    int n_failed;

    b->n_lookups = o->is_quick ? 1000 : TRIES / (n_masks + 16);
    n_failed = bench_measure(&row, o);
    bench_free(b);
    return n_failed;
}

int bench_table(const struct bench_options *o)
{
    static const unsigned n_masks[] = { 1, 8, 32, 128, 512 }, n_flows[] = { 100, 10000, 200000 };
    size_t n_sizes = o->is_quick ? 2 : G_N_ELEMENTS(n_flows);
    int n_failed = 0;

    for (size_t m = 0; m < G_N_ELEMENTS(n_masks); m++)
        for (size_t i = 0; i < n_sizes; i++)
            n_failed += measure_size(n_masks[m], n_flows[i], N_POOL, o);
    for (size_t m = 0; m < G_N_ELEMENTS(n_masks); m++)
        n_failed += measure_size(n_masks[m], n_flows[1], N_REPEATED, o);
    return n_failed;
}
