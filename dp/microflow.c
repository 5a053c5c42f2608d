/* microflow.c - see microflow.h. SPDX-License-Identifier: Apache-2.0 */
#include "dp/microflow.h"

#include "base/mark.h"

#define N_SETS 1024u
#define N_WAYS 4u                   /* entries of a set, any of which a packet may have */

void microflows_done(struct microflows *m)
{
    g_clear_pointer(&m->entry, g_free);
    g_clear_pointer(&m->word, g_free);
}

void microflows_forget(struct microflows *m)
{
    m->generation++;
}

void microflows_add_mask(struct microflows *m, const struct flow_key *mask)
{
    key_words_add(&m->looked_at, mask);
    microflows_forget(m);
}

void microflows_no_masks(struct microflows *m)
{
    m->looked_at.n = 0;
    microflows_forget(m);
}

/* Makes room for as many words as masks look at now. Nothing is valid in a new generation. */
static void make_room(struct microflows *m)
{
    m->n_words = m->looked_at.n;
    if (!m->entry)
        m->entry = g_new0(struct microflow, N_SETS * N_WAYS);
    m->word = g_renew(uint64_t, m->word, (size_t)N_SETS * N_WAYS * m->n_words);
    mark_undefined(m->word, sizeof(uint64_t) * N_SETS * N_WAYS * m->n_words);
}

static uint64_t *words_of(const struct microflows *m, const struct microflow *entry)
{
    return m->word + (size_t)(entry - m->entry) * m->n_words;
}

static struct microflow *remember(struct microflows *m, struct microflow *set, uint32_t hash,
                                  const struct flow_key *key)
{
    struct microflow *entry = &set[m->n_replaced++ % N_WAYS];

    *entry = (struct microflow){m->generation, NULL, hash};
    key_words_store(&m->looked_at, key, words_of(m, entry));
    return entry;
}

struct microflow *microflows_find(struct microflows *m, const struct flow_key *key,
                                  bool *is_known)
{
    uint32_t hash = key_words_hash(&m->looked_at, key);
    struct microflow *set;

    if (m->n_words != m->looked_at.n)
        make_room(m);
    set = &m->entry[hash % N_SETS * N_WAYS];
    *is_known = true;
    for (struct microflow *entry = set; entry < set + N_WAYS; entry++) {
        if (entry->hash == hash && entry->generation == m->generation &&
            key_words_equal(&m->looked_at, key, words_of(m, entry)))
            return entry;
    }
    *is_known = false;
    return remember(m, set, hash, key);
}
