/* table.h - the flow table: masks in an array, flows under their masks, counters as the kernel's.
 *
 * How it works: a look-up masks the packet's key with one mask after the other, the first that
 * has an entry wins. A cache of (packet hash, mask index) says which mask to try first; what a
 * client can see of it (n_mask_hit, n_cache_hit) is the kernel's arithmetic, even where the masks
 * are not tried because microflow.h knows the outcome. Flows also hang in a list in order of
 * insertion, which is the order of dumps. Catalogue 06.6, 06.7.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DP_TABLE_H
#define DP_TABLE_H

#include "dp/mask.h"
#include "dp/microflow.h"

#define TABLE_CACHE_DEFAULT 256
#define TABLE_CACHE_MAX 4096
#define TABLE_MASKS_STEP 16u    /* the kernel's array of masks grows by so many */

struct table_cache_entry {
    uint32_t hash, mask_index;
};

/* A place in the list of flows that survives insertions and deletions. */
struct table_cursor {
    struct table *table;            /* NULL: the table is gone */
    struct flow *next;
    struct table_cursor *next_cursor;
};

struct table {
    struct flow **ufid_bucket;
    uint32_t n_buckets;             /* a power of two */
    uint32_t n_flows;
    struct flow *first, *last;
    struct table_cursor *cursors;
    GPtrArray *masks;               /* of struct table_mask */
    struct table_cache_entry *cache;        /* n_cpus times cache_size entries */
    uint32_t cache_size;            /* 0 or a power of two */
    unsigned n_cpus;
    struct microflows microflows;
};

/* Counters of one look-up. */
struct table_probe {
    uint32_t n_mask_hit;            /* masks tried */
    uint32_t n_cache_hit;           /* 1: the first one, taken from the cache, matched */
};

void table_init(struct table *t, unsigned n_cpus);
void table_done(struct table *t);               /* frees every flow */
void table_flush(struct table *t);

/* New size of the masks cache, emptied unless equal. Returns 0 or -EINVAL (not a power of two). */
int table_set_cache(struct table *t, uint32_t size, struct err *e);

/* The flow of a packet. 'hash': its flow hash; 'cpu' < n_cpus chooses the cache. */
struct flow *table_lookup(struct table *t, const struct flow_key *key, uint32_t hash, unsigned cpu,
                          struct table_probe *probe);

/* For flow commands, without counters: as a packet would be found; a key-identified flow by its
 * original key; by UFID. NULL: none. */
struct flow *table_find(const struct table *t, const struct flow_key *key);
struct flow *table_find_exact(const struct table *t, const struct match *m);
struct flow *table_find_ufid(const struct table *t, const uint8_t *ufid, size_t len);

/* Is 'f' the flow that the request's key means? (catalogue 06.2, step 6) */
bool flow_is_same(const struct flow *f, const struct match *m);

bool table_has_mask(const struct table *t, const struct flow_mask *mask);
bool table_is_full(const struct table *t);      /* one more flow, and it grows */
/* 'may_grow' false: it stays as small as it is, and is slower. */
void table_insert(struct table *t, struct flow *f, const struct flow_mask *mask, bool may_grow);
void table_remove(struct table *t, struct flow *f);     /* the caller frees it */

/* Sorts masks by hits, descending, stable; counts start anew. */
void table_rebalance(struct table *t);

void table_cursor_begin(struct table *t, struct table_cursor *c);
void table_cursor_end(struct table_cursor *c);

#endif
