/* mask.c - see mask.h. SPDX-License-Identifier: Apache-2.0 */
#include "dp/mask.h"

#include <string.h>

bool key_range_equal(const struct flow_key *a, const struct flow_key *b, size_t start, size_t end)
{
    const uint64_t *x = (const uint64_t *)a, *y = (const uint64_t *)b;
    uint64_t differ = 0;

    for (size_t i = start / 8; i < end / 8; i++)
        differ |= x[i] ^ y[i];
    return !differ;
}

/* ---- the mask itself --------------------------------------------------------------------------- */

void key_words_add(struct key_words *words, const struct flow_key *mask)
{
    const uint64_t *m = (const uint64_t *)mask;
    struct key_words old = *words;
    uint32_t i = 0;

    words->n = 0;
    for (size_t at = 0; at < KEY_WORDS; at++) {
        bool is_old = i < old.n && old.word[i].at == at;
        uint64_t bits = m[at] | (is_old ? old.word[i].bits : 0);

        i += is_old;
        if (!bits)
            continue;
        words->word[words->n].at = at;
        words->word[words->n++].bits = bits;
    }
}

uint64_t mask_checksum(const struct flow_mask *mask)
{
    const uint64_t *m = (const uint64_t *)&mask->key;
    uint64_t sum = (uint64_t)mask->range.start << 16 | mask->range.end;

    for (size_t i = mask->range.start / 8; i < mask->range.end / 8; i++)
        sum += m[i] * (2 * i + 1);
    return sum;
}

bool mask_is(const struct table_mask *tm, const struct flow_mask *mask, uint64_t checksum)
{
    const struct flow_mask *own = &tm->mask;

    return tm->checksum == checksum && own->range.start == mask->range.start &&
           own->range.end == mask->range.end &&
           key_range_equal(&own->key, &mask->key, own->range.start, own->range.end);
}

static void groups_alloc(struct table_mask *tm, uint32_t n_groups)
{
    size_t n_places = (size_t)n_groups * MASK_LANES;

    tm->last_group = n_groups - 1;
    tm->flow = g_malloc0(n_places * (sizeof(*tm->flow) + sizeof(*tm->tag)));
    tm->tag = (uint16_t *)(tm->flow + n_places);
}

static void groups_free(struct table_mask *tm, struct flow **flow)
{
    if (flow != tm->first_flow)
        g_free(flow);
}

struct table_mask *mask_new(const struct flow_mask *mask)
{
    struct table_mask *tm = g_new0(struct table_mask, 1);

    tm->mask = *mask;
    tm->checksum = mask_checksum(mask);
    key_words_add(&tm->words, &mask->key);
    tm->flow = tm->first_flow;
    tm->tag = tm->first_tag;
    return tm;
}

void mask_free(void *mask)
{
    struct table_mask *tm = mask;

    groups_free(tm, tm->flow);
    g_free(tm);
}

/* ---- look-up ------------------------------------------------------------------------------------- */

/* Groups are chosen by the low bits. */
static uint16_t tag_of(uint32_t hash)
{
    uint16_t tag = (uint16_t)(hash >> 16);

    return tag ? tag : 1;
}

/* A bit for each place of the group with this tag. Which one it is cannot be foreseen, so that
 * looking from one to the next would cost more than all of this. */
static unsigned places_with(const uint16_t *group, uint16_t tag)
{
    static const uint16_t bits[MASK_LANES] = {1, 2, 4, 8, 16, 32, 64, 128};
    uint16_t lanes __attribute__((vector_size(sizeof(bits))));
    __typeof__(lanes) bit_of;
    uint64_t half[2];

    memcpy(&lanes, group, sizeof(lanes));
    memcpy(&bit_of, bits, sizeof(bit_of));
    lanes = (__typeof__(lanes))(lanes == tag) & bit_of;
    memcpy(half, &lanes, sizeof(half));
    /* No two lanes have a bit in common: the topmost lane of the product is the sum of four. */
    return (unsigned)((half[0] | half[1]) * UINT64_C(0x0001000100010001) >> 48);
}

static bool words_equal(const struct key_words *words, const struct flow_key *masked,
                        const struct flow_key *key)
{
    const uint64_t *m = (const uint64_t *)masked, *k = (const uint64_t *)key;
    uint64_t differ = 0;

    for (size_t i = 0; i < words->n; i++) {
        size_t at = words->word[i].at;

        differ |= m[at] ^ (k[at] & words->word[i].bits);
    }
    return !differ;
}

struct flow *mask_find(const struct table_mask *tm, const struct flow_key *key)
{
    uint32_t hash = key_words_hash(&tm->words, key);
    uint16_t tag = tag_of(hash);

    for (uint32_t group = hash;; group++) {
        size_t first = (size_t)(group & tm->last_group) * MASK_LANES;

        for (unsigned left = places_with(&tm->tag[first], tag); left; left &= left - 1) {
            struct flow *f = tm->flow[first + (size_t)__builtin_ctz(left)];

            if (words_equal(&tm->words, &f->key, key))
                return f;
        }
        if (!tm->tag[first + MASK_LANES - 1])
            return NULL;
    }
}

/* ---- insert and remove --------------------------------------------------------------------------- */

/* At most half of the places are taken: there is a free one. */
static void place(struct table_mask *tm, struct flow *f)
{
    for (uint32_t group = f->hash;; group++) {
        size_t at = (size_t)(group & tm->last_group) * MASK_LANES, end = at + MASK_LANES;

        while (at < end && tm->tag[at])
            at++;
        if (at == end)
            continue;
        tm->tag[at] = tag_of(f->hash);
        tm->flow[at] = f;
        return;
    }
}

static void grow(struct table_mask *tm)
{
    size_t n_places = ((size_t)tm->last_group + 1) * MASK_LANES;
    uint16_t *tag = tm->tag;
    struct flow **flow = tm->flow;

    groups_alloc(tm, (tm->last_group + 1) * 2);
    for (size_t at = 0; at < n_places; at++) {
        if (tag[at])
            place(tm, flow[at]);
    }
    groups_free(tm, flow);
}

void mask_insert(struct table_mask *tm, struct flow *f)
{
    f->mask = tm;
    f->hash = key_words_hash(&tm->words, &f->key);
    tm->n_flows++;
    if (tm->n_flows > (tm->last_group + 1) * (MASK_LANES / 2))
        grow(tm);
    place(tm, f);
}

static size_t place_of(const struct table_mask *tm, const struct flow *f)
{
    for (uint32_t group = f->hash;; group++) {
        size_t first = (size_t)(group & tm->last_group) * MASK_LANES;

        for (size_t at = first; at < first + MASK_LANES; at++) {
            if (tm->tag[at] && tm->flow[at] == f)
                return at;
        }
    }
}

/* Frees a place; the last of its group moves there. Returns whether the group was full. */
static bool vacate(struct table_mask *tm, size_t at)
{
    size_t end = (at | (MASK_LANES - 1)) + 1, last = end - 1;
    bool was_full = tm->tag[last];

    while (!tm->tag[last])
        last--;
    tm->tag[at] = tm->tag[last];
    tm->flow[at] = tm->flow[last];
    tm->tag[last] = 0;
    return was_full;
}

/* A place in 'group', which was full, is free: the first flow of the following groups that
 * passed it on the way from its own comes back. Returns where that one was, or SIZE_MAX. */
static size_t find_guest(const struct table_mask *tm, uint32_t group)
{
    for (uint32_t away = 1;; away++) {
        size_t first = (size_t)((group + away) & tm->last_group) * MASK_LANES;

        for (size_t at = first; at < first + MASK_LANES; at++) {
            if (!tm->tag[at])
                return SIZE_MAX;
            if (((group + away - tm->flow[at]->hash) & tm->last_group) >= away)
                return at;
        }
    }
}

void mask_remove(struct table_mask *tm, struct flow *f)
{
    size_t at = place_of(tm, f), guest;

    tm->n_flows--;
    while (vacate(tm, at)) {
        size_t hole = at | (MASK_LANES - 1);

        guest = find_guest(tm, (uint32_t)(at / MASK_LANES));
        if (guest == SIZE_MAX)
            return;
        tm->tag[hole] = tm->tag[guest];
        tm->flow[hole] = tm->flow[guest];
        at = guest;
    }
}
