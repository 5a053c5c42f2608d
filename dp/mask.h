/* mask.h - one mask of the flow table, and the flows under it.
 *
 * How it works: the flows lie in groups of MASK_LANES places, a group being found by the hash of
 * the key's words under the mask. Each place has a tag, 16 bits of that hash: one comparison of
 * all tags of a group tells that a flow is not there, which is what most masks answer. Places
 * are filled from the front; who finds his group full goes to the next.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DP_MASK_H
#define DP_MASK_H

#include "dp/flow.h"

#define KEY_WORDS (sizeof(struct flow_key) / 8)
#define MASK_LANES 8u
#define KEY_HASH_FACTOR UINT64_C(0x9e3779b97f4a7c15)

/* The words of a key that matter, and their bits. */
struct key_words {
    uint32_t n;
    struct {
        uint64_t bits, at;
    } word[KEY_WORDS];
};

struct table_mask {
    uint32_t n_flows;
    uint32_t last_group;        /* number of groups, a power of two, less 1 */
    uint16_t *tag;              /* of each place, 0: free */
    struct flow **flow;         /* of each place; one block with the tags, but for the first group */
    uint64_t n_hits;            /* since the array was last sorted or changed */
    uint64_t checksum;          /* of the mask */
    uint32_t index;             /* in the table's array */
    struct key_words words;
    struct flow_mask mask;
    struct flow *first_flow[MASK_LANES];
    uint16_t first_tag[MASK_LANES];
};

/* Adds the bits that 'mask' looks at. */
void key_words_add(struct key_words *words, const struct flow_key *mask);

static inline uint32_t key_words_hash(const struct key_words *words, const struct flow_key *key)
{
    const uint64_t *k = (const uint64_t *)key;
    uint64_t h = 0;

    for (size_t i = 0; i < words->n; i++)
        h = ((h << 32 | h >> 32) ^ (k[words->word[i].at] & words->word[i].bits)) * KEY_HASH_FACTOR;
    h = (h ^ h >> 32) * KEY_HASH_FACTOR;
    return (uint32_t)(h >> 32);
}

/* The words of 'key', and whether they are 'masked'. */
static inline void key_words_store(const struct key_words *words, const struct flow_key *key,
                                   uint64_t *masked)
{
    const uint64_t *k = (const uint64_t *)key;

    for (size_t i = 0; i < words->n; i++)
        masked[i] = k[words->word[i].at] & words->word[i].bits;
}

static inline bool key_words_equal(const struct key_words *words, const struct flow_key *key,
                                   const uint64_t *masked)
{
    const uint64_t *k = (const uint64_t *)key;
    uint64_t differ = 0;

    for (size_t i = 0; i < words->n; i++)
        differ |= (k[words->word[i].at] & words->word[i].bits) ^ masked[i];
    return !differ;
}

struct table_mask *mask_new(const struct flow_mask *mask);
void mask_free(void *tm);       /* struct table_mask; not its flows */
bool mask_is(const struct table_mask *tm, const struct flow_mask *mask, uint64_t checksum);
uint64_t mask_checksum(const struct flow_mask *mask);

/* The flow that the key is under this mask, or NULL. */
struct flow *mask_find(const struct table_mask *tm, const struct flow_key *key);

/* Sets f->mask and f->hash. */
void mask_insert(struct table_mask *tm, struct flow *f);
void mask_remove(struct table_mask *tm, struct flow *f);

/* Are the bytes from 'start' to 'end', multiples of 8, the same? */
bool key_range_equal(const struct flow_key *a, const struct flow_key *b, size_t start, size_t end);

#endif
