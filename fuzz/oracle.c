/* oracle.c - see oracle.h. SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/oracle.h"

#include <inttypes.h>
#include <string.h>

#include "base/hash.h"
#include "dp/datapath.h"
#include "dp/extract.h"
#include "fuzz/target.h"

#define THOROUGH_OF 2048u       /* every such input is asked everything, */
#define MEMORY_OF 4096u         /* and of these what memory they leave */
#define N_LIVES 4               /* worlds in which memory is measured: see grows() */

static struct {
    uint64_t n_inputs, n_deep_inputs, n_puts, n_deep_puts, n_frames, n_executes, n_rebuilt, n_thorough;
} total;

/* ---- packets -------------------------------------------------------------------------------------------- */

void oracle_accounts(const struct world *w)
{
    const struct dp_account *a = dp_world_account(w->sim->dp);
    uint64_t n_live = dp_world_pool(w->sim->dp)->n_live;

    FUZZ_CHECK(a->n_born == dp_account_ends(a), "%" PRIu64 " packets were born, %" PRIu64 " are accounted for", a->n_born,
               dp_account_ends(a));
    FUZZ_CHECK(n_live == a->n_held, "%" PRIu64 " packets are alive, %" PRIu64 " are held", n_live, a->n_held);
}

/* ---- look-up -------------------------------------------------------------------------------------------- */

static bool is_match(const struct flow *f, const struct flow_key *key)
{
    const uint8_t *k = (const uint8_t *)key, *mask = (const uint8_t *)&f->mask->mask.key, *want = (const uint8_t *)&f->key;

    for (size_t i = 0; i < sizeof(*key); i++) {
        if ((k[i] & mask[i]) != want[i])
            return false;
    }
    return true;
}

/* The match under the first mask that has one; *n counts all matches. */
static const struct flow *find_linearly(const struct table *t, const struct flow_key *key, unsigned *n)
{
    const struct flow *found = NULL;

    *n = 0;
    for (const struct flow *f = t->first; f; f = f->next) {
        if (!is_match(f, key))
            continue;
        ++*n;
        if (!found || f->mask->index < found->mask->index)
            found = f;
    }
    return found;
}

void oracle_lookup(const struct world *w, const struct vport *v, const uint8_t *frame, size_t len)
{
    struct table *t = &v->dp->table;
    struct pkt *p = pkt_new(dp_world_pool(w->sim->dp), frame, len);
    const struct flow *want, *found;
    struct table_probe probe;
    struct flow_key key;
    unsigned n_matches;

    key_clear(&key);
    key.in_port = v->port_no;
    key.mac_proto = KEY_MAC_ETH;
    if (!key_extract(&key, p)) {
        want = find_linearly(t, &key, &n_matches);
        FUZZ_CHECK(table_find(t, &key) == want, "of %u flows that match, the table finds another one or none", n_matches);
        for (unsigned i = 0; i < 3; i++) {      /* unknown to the caches, known, known once more */
            found = table_lookup(t, &key, 1 + (uint32_t)len % 7, 0, &probe);
            FUZZ_CHECK(n_matches ? found && is_match(found, &key) : !found, "of %u flows that match, look-up %u finds another one or none",
                       n_matches, i);
        }
    }
    pkt_free(dp_world_pool(w->sim->dp), p);
}

/* ---- memory --------------------------------------------------------------------------------------------- */

size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

/* Only a sanitizer's allocator counts exactly; 0 without. */
static size_t allocated(void)
{
    return __sanitizer_get_current_allocated_bytes ? __sanitizer_get_current_allocated_bytes() : 0;
}

/* In every life more than in the one before: allocators that keep some for later do not do that. */
static bool grows(const size_t *after)
{
    bool does = true;

    for (unsigned i = 1; i < N_LIVES; i++)
        does &= after[i] > after[i - 1];
    return does;
}

/* The world ends. */
static void check_lives(const uint8_t *program, size_t len)
{
    size_t after[N_LIVES];

    for (unsigned i = 0; i < N_LIVES; i++) {
        world_run(world_new(), program, len);
        world_free();
        after[i] = allocated();
    }
    FUZZ_CHECK(!grows(after), "each world leaves %zu bytes behind", after[N_LIVES - 1] - after[N_LIVES - 2]);
}

/* The datapath ends, and the world goes on. */
static void check_datapaths(const uint8_t *program, size_t len)
{
    struct world *w = world_new();
    size_t after[N_LIVES];

    for (unsigned i = 0; i < N_LIVES; i++) {
        world_run(w, program, len);
        if (!world_renew_datapath(w))
            return;
        after[i] = allocated();
    }
    FUZZ_CHECK(!grows(after), "each datapath leaves %zu bytes behind", after[N_LIVES - 1] - after[N_LIVES - 2]);
}

/* ---- all of it ------------------------------------------------------------------------------------------ */

/* A world that was used before gives what a new one gives. */
static void run_thoroughly(const uint8_t *program, size_t len, uint32_t hash)
{
    struct world *w = world_new();
    uint64_t first;

    w->is_watched = true;
    world_run(w, program, len);
    oracle_accounts(w);
    first = w->digest;
    oracle_fixed_point(w);
    w = world_ready();
    w->is_watched = true;
    world_run(w, program, len);
    FUZZ_CHECK(w->digest == first, "the same program gives another outcome in a world that was used before");
    if (fuzz_is_thorough || hash % MEMORY_OF == 0) {
        check_lives(program, len);
        check_datapaths(program, len);
    }
    total.n_thorough++;
}

static void count(const struct world *w)
{
    total.n_inputs++;
    total.n_deep_inputs += w->figures.n_deep_puts > 0;
    total.n_puts += w->figures.n_puts;
    total.n_deep_puts += w->figures.n_deep_puts;
    total.n_frames += w->figures.n_frames;
    total.n_executes += w->figures.n_executes;
    total.n_rebuilt += w->is_new;
}

void oracle_run(const uint8_t *program, size_t len)
{
    uint32_t hash = (uint32_t)(hash_mix(hash_bytes(program, len, 0), 0) >> 32);
    struct world *w = world_ready();

    world_run(w, program, len);
    oracle_accounts(w);
    count(w);
    if (fuzz_is_thorough || hash % THOROUGH_OF == 0)
        run_thoroughly(program, len, hash);
}

static double share(uint64_t part, uint64_t whole)
{
    return whole ? 100.0 * (double)part / (double)whole : 0;
}

void oracle_report(FILE *out)
{
    fprintf(out, "%" PRIu64 " executions, %.1f %% with a flow put as far as the flow table (accepted, or refused by it)\n",
            total.n_inputs, share(total.n_deep_inputs, total.n_inputs));
    fprintf(out, "%" PRIu64 " flow puts, %.1f %% as far as the flow table; %" PRIu64 " frames, %" PRIu64 " executed packets\n",
            total.n_puts, share(total.n_deep_puts, total.n_puts), total.n_frames, total.n_executes);
    fprintf(out, "%.1f %% in a world built anew, %" PRIu64 " asked everything\n", share(total.n_rebuilt, total.n_inputs),
            total.n_thorough);
}
