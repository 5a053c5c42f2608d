/* table.c - see table.h. SPDX-License-Identifier: Apache-2.0 */
#include "dp/table.h"

#include <errno.h>
#include <string.h>

#include "base/hash.h"

#define MIN_BUCKETS 1024u
#define MANY_MASKS 16u              /* fewer are tried faster than they are remembered */
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
    act_list_free(f->acts);
    g_free(f);
}

/* ---- look-up --------------------------------------------------------------------------------- */

static struct table_mask *mask_at(const struct table *t, uint32_t index)
{
    return t->masks->pdata[index];
}

/* Tries all masks in order but 'except', which may be none. */
static struct flow *try_masks(const struct table *t, const struct flow_key *key, uint32_t except)
{
    for (uint32_t i = 0; i < t->masks->len; i++) {
        struct flow *f = i == except ? NULL : mask_find(mask_at(t, i), key);

        if (f)
            return f;
    }
    return NULL;
}

/* The same as try_masks(), where mask 'except' is known to have no entry. */
static struct flow *find_first(struct table *t, const struct flow_key *key, uint32_t except)
{
    struct microflow *known;
    bool is_known;

    if (t->masks->len < MANY_MASKS)
        return try_masks(t, key, except);
    known = microflows_find(&t->microflows, key, &is_known);
    if (!is_known)
        known->flow = try_masks(t, key, except);
    return known->flow;
}

/* As the kernel does it: tries mask *index first, then all others in order; *index becomes that
 * of the match. */
static struct flow *scan_masks(struct table *t, const struct flow_key *key, uint32_t *index,
                               struct table_probe *probe)
{
    uint32_t first = *index;
    bool has_first = first < t->masks->len;
    struct flow *f = has_first ? mask_find(mask_at(t, first), key) : NULL;

    if (f) {
        probe->n_mask_hit = probe->n_cache_hit = 1;
    } else {
        f = find_first(t, key, first);
        probe->n_mask_hit = t->masks->len;
        if (f) {
            *index = f->mask->index;
            probe->n_mask_hit = *index + 1 + (has_first && first > *index);
        }
    }
    if (f)
        f->mask->n_hits++;
    return f;
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
    return try_masks(t, key, UINT32_MAX);
}

/* Tunnel members are compared only if the key has a tunnel. */
static size_t key_start(const struct flow_key *key)
{
    return key->tun_proto ? 0 : offsetof(struct flow_key, priority) & ~(size_t)7;
}

static bool unmasked_equal(const struct flow *f, const struct match *m)
{
    return key_range_equal(f->id.unmasked, m->key, key_start(m->key), m->range.end);
}

struct flow *table_find_exact(const struct table *t, const struct match *m)
{
    for (uint32_t i = 0; i < t->masks->len; i++) {
        struct flow *f = mask_find(mask_at(t, i), m->key);

        if (f && f->id.unmasked && unmasked_equal(f, m))
            return f;
    }
    return NULL;
}

bool flow_is_same(const struct flow *f, const struct match *m)
{
    if (f->id.unmasked)
        return unmasked_equal(f, m);
    return key_range_equal(&f->key, m->key, m->range.start, m->range.end);
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

/* The array has changed. */
static void number_masks(struct table *t)
{
    for (uint32_t i = 0; i < t->masks->len; i++) {
        mask_at(t, i)->index = i;
        mask_at(t, i)->n_hits = 0;
    }
}

static struct table_mask *find_mask(const struct table *t, const struct flow_mask *mask)
{
    uint64_t checksum = mask_checksum(mask);

    for (uint32_t i = 0; i < t->masks->len; i++) {
        if (mask_is(mask_at(t, i), mask, checksum))
            return mask_at(t, i);
    }
    return NULL;
}

bool table_has_mask(const struct table *t, const struct flow_mask *mask)
{
    return find_mask(t, mask);
}

static struct table_mask *mask_take(struct table *t, const struct flow_mask *mask)
{
    struct table_mask *known = find_mask(t, mask);

    if (known)
        return known;
    g_ptr_array_add(t->masks, mask_new(mask));
    number_masks(t);
    microflows_add_mask(&t->microflows, &mask->key);
    return mask_at(t, t->masks->len - 1);
}

static void mask_drop(struct table *t, struct table_mask *tm)
{
    if (tm->n_flows)
        return;
    /* The last one takes its place, as in the kernel. */
    g_ptr_array_remove_index_fast(t->masks, tm->index);
    number_masks(t);
    if (!t->masks->len)
        microflows_no_masks(&t->microflows);
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
    number_masks(t);
    microflows_forget(&t->microflows);
}

/* ---- insert and remove --------------------------------------------------------------------------- */

static void link_ufid(struct table *t, struct flow *f)
{
    struct flow **b = &t->ufid_bucket[f->ufid_hash & (t->n_buckets - 1)];

    if (!f->id.ufid_len)
        return;
    f->next_by_ufid = *b;
    *b = f;
}

static void unlink_ufid(struct table *t, const struct flow *f)
{
    struct flow **b = &t->ufid_bucket[f->ufid_hash & (t->n_buckets - 1)];

    if (!f->id.ufid_len)
        return;
    while (*b != f)
        b = &(*b)->next_by_ufid;
    *b = f->next_by_ufid;
}

static void resize(struct table *t, uint32_t n_buckets)
{
    g_free(t->ufid_bucket);
    t->n_buckets = n_buckets;
    t->ufid_bucket = g_new0(struct flow *, n_buckets);
    for (struct flow *f = t->first; f; f = f->next)
        link_ufid(t, f);
}

bool table_is_full(const struct table *t)
{
    return t->n_flows >= t->n_buckets;
}

void table_insert(struct table *t, struct flow *f, const struct flow_mask *mask, bool may_grow)
{
    mask_insert(mask_take(t, mask), f);
    microflows_forget(&t->microflows);
    f->ufid_hash = hash_bytes(f->id.ufid, f->id.ufid_len, 0);
    if (may_grow && table_is_full(t))
        resize(t, t->n_buckets * 2);
    link_ufid(t, f);
    f->prev = t->last;
    f->next = NULL;
    *(t->last ? &t->last->next : &t->first) = f;
    t->last = f;
    t->n_flows++;
}

void table_remove(struct table *t, struct flow *f)
{
    mask_remove(f->mask, f);
    microflows_forget(&t->microflows);
    unlink_ufid(t, f);
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
    t->masks = g_ptr_array_new_with_free_func(mask_free);
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
    microflows_done(&t->microflows);
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
