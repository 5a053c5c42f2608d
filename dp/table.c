/* table.c - see table.h. SPDX-License-Identifier: Apache-2.0 */
#include "dp/table.h"

#include <errno.h>
#include <string.h>

#include "base/hash.h"

#define MIN_BUCKETS 1024u
#define CACHE_PROBES 4              /* segments of 8 bits of the hash */

/* ---- flows ---------------------------------------------------------------------------------- */

struct flow *flow_new(const struct flow_key *masked, const uint8_t *ufid, size_t ufid_len,
                      const struct flow_key *unmasked, struct act_list **acts)
{
    size_t extra = ufid_len ? 0 : sizeof(struct flow_key);
    struct flow *f = g_malloc(sizeof(*f) + extra);

    memset(f, 0, offsetof(struct flow, key));
    f->key = *masked;
    f->id.ufid_len = (uint8_t)ufid_len;
    if (ufid_len) {
        memcpy(f->id.ufid, ufid, ufid_len);
    } else {
        f->id.unmasked = (struct flow_key *)(f + 1);
        *f->id.unmasked = *unmasked;
    }
    f->acts = g_steal_pointer(acts);
    return f;
}

void flow_free(struct flow *f)
{
    if (!f)
        return;
    g_free(f->acts);
    g_free(f);
}

/* ---- keys under masks ------------------------------------------------------------------------ */

static bool range_equal(const struct flow_key *a, const struct flow_key *b, size_t start,
                        size_t end)
{
    const uint64_t *x = (const uint64_t *)a, *y = (const uint64_t *)b;
    uint64_t differ = 0;

    for (size_t i = start / 8; i < end / 8; i++)
        differ |= x[i] ^ y[i];
    return !differ;
}

static bool mask_equal(const struct flow_mask *a, const struct flow_mask *b)
{
    return a->range.start == b->range.start && a->range.end == b->range.end &&
           range_equal(&a->key, &b->key, a->range.start, a->range.end);
}

/* Most words of most masks are wild: they are not looked at for each packet. */
static void find_words(struct table_mask *tm)
{
    const uint64_t *m = (const uint64_t *)&tm->mask.key;

    G_STATIC_ASSERT(KEY_WORDS <= UINT8_MAX);
    for (size_t i = tm->mask.range.start / 8; i < tm->mask.range.end / 8; i++) {
        if (m[i])
            tm->word[tm->n_words++] = (uint8_t)i;
    }
}

/* The words of 'key' that matter under the mask, and their hash. */
static uint32_t mask_words(const struct table_mask *tm, const struct flow_key *key, uint64_t *masked)
{
    const uint64_t *k = (const uint64_t *)key, *m = (const uint64_t *)&tm->mask.key;
    uint64_t h = 0;

    for (size_t i = 0; i < tm->n_words; i++) {
        masked[i] = k[tm->word[i]] & m[tm->word[i]];
        h = hash_mix(h, masked[i]);
    }
    return (uint32_t)(h ^ (h >> 32));
}

static bool words_equal(const struct table_mask *tm, const struct flow_key *key,
                        const uint64_t *masked)
{
    const uint64_t *k = (const uint64_t *)key;
    uint64_t differ = 0;

    for (size_t i = 0; i < tm->n_words; i++)
        differ |= k[tm->word[i]] ^ masked[i];
    return !differ;
}

static struct flow *bucket_find(const struct table *t, const struct table_mask *tm,
                                const struct flow_key *key)
{
    uint64_t masked[KEY_WORDS];
    uint32_t hash = mask_words(tm, key, masked);

    for (struct flow *f = t->bucket[hash & (t->n_buckets - 1)]; f; f = f->next_in_bucket) {
        if (f->mask == tm && f->hash == hash && words_equal(tm, &f->key, masked))
            return f;
    }
    return NULL;
}

/* ---- look-up --------------------------------------------------------------------------------- */

/* Tries mask *index first, then all others in order; *index becomes that of the match. */
static struct flow *scan_masks(struct table *t, const struct flow_key *key, uint32_t *index,
                               struct table_probe *probe)
{
    uint32_t first = *index;
    struct flow *f;

    if (first < t->masks->len) {
        probe->n_mask_hit++;
        f = bucket_find(t, t->masks->pdata[first], key);
        if (f) {
            ((struct table_mask *)t->masks->pdata[first])->n_hits++;
            probe->n_cache_hit = 1;
            return f;
        }
    }
    for (uint32_t i = 0; i < t->masks->len; i++) {
        if (i == first)
            continue;
        probe->n_mask_hit++;
        f = bucket_find(t, t->masks->pdata[i], key);
        if (f) {
            ((struct table_mask *)t->masks->pdata[i])->n_hits++;
            *index = i;
            return f;
        }
    }
    return NULL;
}

/* Cache slot for a hash: the one that holds it, or the one with the smallest stored hash. */
static struct table_cache_entry *cache_slot(struct table *t, uint32_t hash, unsigned cpu,
                                            bool *is_known)
{
    struct table_cache_entry *cache = t->cache + (size_t)cpu * t->cache_size, *oldest = NULL;
    uint32_t h = hash;

    for (int i = 0; i < CACHE_PROBES; i++, h >>= 8) {
        struct table_cache_entry *entry = &cache[h & (t->cache_size - 1)];

        *is_known = entry->hash == hash;
        if (*is_known)
            return entry;
        if (!oldest || entry->hash < oldest->hash)
            oldest = entry;
    }
    return oldest;
}

struct flow *table_lookup(struct table *t, const struct flow_key *key, uint32_t hash, unsigned cpu,
                          struct table_probe *probe)
{
    struct table_cache_entry *slot;
    uint32_t index = 0;
    struct flow *f;
    bool is_known;

    *probe = (struct table_probe){0, 0};
    if (!hash || !t->cache_size) {
        f = scan_masks(t, key, &index, probe);
        probe->n_cache_hit = 0;
        return f;
    }
    if (key->recirc_id)     /* the same packet recirculated wants another mask */
        hash = (uint32_t)hash_mix(hash, key->recirc_id) | 1;
    slot = cache_slot(t, hash, cpu, &is_known);
    f = scan_masks(t, key, &slot->mask_index, probe);
    if (is_known) {
        if (!f)
            slot->hash = 0;
    } else {
        if (f)
            slot->hash = hash;
        probe->n_cache_hit = 0;
    }
    return f;
}

struct flow *table_find(const struct table *t, const struct flow_key *key)
{
    for (uint32_t i = 0; i < t->masks->len; i++) {
        struct flow *f = bucket_find(t, t->masks->pdata[i], key);

        if (f)
            return f;
    }
    return NULL;
}

/* Tunnel members are compared only if the key has a tunnel. */
static size_t key_start(const struct flow_key *key)
{
    return key->tun_proto ? 0 : offsetof(struct flow_key, priority) & ~(size_t)7;
}

static bool unmasked_equal(const struct flow *f, const struct match *m)
{
    return range_equal(f->id.unmasked, m->key, key_start(m->key), m->range.end);
}

struct flow *table_find_exact(const struct table *t, const struct match *m)
{
    for (uint32_t i = 0; i < t->masks->len; i++) {
        struct flow *f = bucket_find(t, t->masks->pdata[i], m->key);

        if (f && f->id.unmasked && unmasked_equal(f, m))
            return f;
    }
    return NULL;
}

bool flow_is_same(const struct flow *f, const struct match *m)
{
    if (f->id.unmasked)
        return unmasked_equal(f, m);
    return range_equal(&f->key, m->key, m->range.start, m->range.end);
}

struct flow *table_find_ufid(const struct table *t, const uint8_t *ufid, size_t len)
{
    uint32_t hash = hash_bytes(ufid, len, 0);

    for (struct flow *f = t->ufid_bucket[hash & (t->n_buckets - 1)]; f; f = f->next_by_ufid) {
        if (f->ufid_hash == hash && f->id.ufid_len == len && !memcmp(f->id.ufid, ufid, len))
            return f;
    }
    return NULL;
}

/* ---- masks ------------------------------------------------------------------------------------- */

static void forget_hits(struct table *t)
{
    for (uint32_t i = 0; i < t->masks->len; i++)
        ((struct table_mask *)t->masks->pdata[i])->n_hits = 0;
}

static struct table_mask *mask_take(struct table *t, const struct flow_mask *mask)
{
    struct table_mask *tm;

    for (uint32_t i = 0; i < t->masks->len; i++) {
        tm = t->masks->pdata[i];
        if (mask_equal(&tm->mask, mask)) {
            tm->n_flows++;
            return tm;
        }
    }
    tm = g_new0(struct table_mask, 1);
    tm->mask = *mask;
    tm->n_flows = 1;
    find_words(tm);
    g_ptr_array_add(t->masks, tm);
    forget_hits(t);
    return tm;
}

static void mask_drop(struct table *t, struct table_mask *tm)
{
    if (--tm->n_flows)
        return;
    g_ptr_array_remove_fast(t->masks, tm);  /* the last one takes its place, as in the kernel */
    forget_hits(t);
}

static int by_hits(const void *a, const void *b)
{
    const struct table_mask *x = *(struct table_mask *const *)a, *y = *(struct table_mask *const *)b;

    return x->n_hits < y->n_hits ? 1 : x->n_hits > y->n_hits ? -1 : 0;
}

void table_rebalance(struct table *t)
{
    /* glib's sort is stable: equal masks keep their order in every run. */
    g_ptr_array_sort(t->masks, by_hits);
    forget_hits(t);
}

/* ---- insert and remove --------------------------------------------------------------------------- */

static void link_hashes(struct table *t, struct flow *f)
{
    struct flow **b = &t->bucket[f->hash & (t->n_buckets - 1)];

    f->next_in_bucket = *b;
    *b = f;
    if (!f->id.ufid_len)
        return;
    b = &t->ufid_bucket[f->ufid_hash & (t->n_buckets - 1)];
    f->next_by_ufid = *b;
    *b = f;
}

static void resize(struct table *t, uint32_t n_buckets)
{
    g_free(t->bucket);
    g_free(t->ufid_bucket);
    t->n_buckets = n_buckets;
    t->bucket = g_new0(struct flow *, n_buckets);
    t->ufid_bucket = g_new0(struct flow *, n_buckets);
    for (struct flow *f = t->first; f; f = f->next)
        link_hashes(t, f);
}

void table_insert(struct table *t, struct flow *f, const struct flow_mask *mask)
{
    uint64_t masked[KEY_WORDS];

    f->mask = mask_take(t, mask);
    f->hash = mask_words(f->mask, &f->key, masked);
    f->ufid_hash = hash_bytes(f->id.ufid, f->id.ufid_len, 0);
    if (t->n_flows == t->n_buckets)
        resize(t, t->n_buckets * 2);
    link_hashes(t, f);
    f->prev = t->last;
    f->next = NULL;
    *(t->last ? &t->last->next : &t->first) = f;
    t->last = f;
    t->n_flows++;
}

void table_remove(struct table *t, struct flow *f)
{
    struct flow **b = &t->bucket[f->hash & (t->n_buckets - 1)];

    while (*b != f)
        b = &(*b)->next_in_bucket;
    *b = f->next_in_bucket;
    if (f->id.ufid_len) {
        b = &t->ufid_bucket[f->ufid_hash & (t->n_buckets - 1)];
        while (*b != f)
            b = &(*b)->next_by_ufid;
        *b = f->next_by_ufid;
    }
    for (struct table_cursor *c = t->cursors; c; c = c->next_cursor) {
        if (c->next == f)
            c->next = f->next;
    }
    *(f->prev ? &f->prev->next : &t->first) = f->next;
    *(f->next ? &f->next->prev : &t->last) = f->prev;
    t->n_flows--;
    mask_drop(t, f->mask);
}

void table_flush(struct table *t)
{
    while (t->first) {
        struct flow *f = t->first;

        table_remove(t, f);
        flow_free(f);
    }
    if (t->n_buckets != MIN_BUCKETS)
        resize(t, MIN_BUCKETS);
}

/* ---- life ------------------------------------------------------------------------------------------ */

void table_init(struct table *t, unsigned n_cpus)
{
    memset(t, 0, sizeof(*t));
    t->masks = g_ptr_array_new_with_free_func(g_free);
    t->n_cpus = n_cpus;
    resize(t, MIN_BUCKETS);
    (void)table_set_cache(t, TABLE_CACHE_DEFAULT, NULL);
}

void table_done(struct table *t)
{
    table_flush(t);
    for (struct table_cursor *c = t->cursors; c; c = c->next_cursor)
        c->table = NULL;
    g_ptr_array_free(t->masks, TRUE);
    g_free(t->bucket);
    g_free(t->ufid_bucket);
    g_free(t->cache);
}

int table_set_cache(struct table *t, uint32_t size, struct err *e)
{
    if (size == t->cache_size)
        return 0;
    if ((size & (size - 1)) || size > TABLE_CACHE_MAX)
        return err_set(e, EINVAL, "masks cache size %u is not 0 or a power of two up to %u", size,
                       TABLE_CACHE_MAX);
    g_free(t->cache);
    t->cache = g_new0(struct table_cache_entry, (size_t)size * t->n_cpus);
    t->cache_size = size;
    return 0;
}

void table_cursor_begin(struct table *t, struct table_cursor *c)
{
    c->table = t;
    c->next = t->first;
    c->next_cursor = t->cursors;
    t->cursors = c;
}

void table_cursor_end(struct table_cursor *c)
{
    struct table_cursor **at;

    if (!c->table)
        return;
    for (at = &c->table->cursors; *at != c; at = &(*at)->next_cursor)
        ;
    *at = c->next_cursor;
    c->table = NULL;
}
