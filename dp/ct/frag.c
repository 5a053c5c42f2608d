/* frag.c - queues of fragments: found by key, filled in any order, joined, or given up.
 *
 * How it works: fragments that come in order form a run. One that lies within a run is a duplicate; any other
 * that touches what is held overlaps, also if it lies within two runs that meet. Rules are Linux 6.1's.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/if_ether.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <string.h>

#include "base/hash.h"
#include "dp/ct/frag_queue.h"
#include "dp/datapath.h"
#include "dp/extract_int.h"

#define NS_PER_S UINT64_C(1000000000)
#define MEM_MAX (4u << 20)          /* ipfrag_high_thresh, nf_conntrack_frag6_high_thresh */

/* Of IPv4 and IPv6; what the kernel charges for a queue. */
static const uint64_t timeout_s[] = {30, 60};
static const uint32_t mem_queue[] = {200, 184};

static unsigned family(const struct frag_queue *q)
{
    return q->key.l3 == 6;
}

/* ---- the table ---------------------------------------------------------------------------------- */

static guint key_hash(gconstpointer key)
{
    return hash_words(key, sizeof(struct frag_key), 0);
}

static gboolean key_equal(gconstpointer a, gconstpointer b)
{
    return !memcmp(a, b, sizeof(struct frag_key));
}

struct ct_frags *ct_frags_new(struct dp_world *w)
{
    struct ct_frags *f = g_new0(struct ct_frags, 1);

    f->w = w;
    f->queues = g_hash_table_new(key_hash, key_equal);
    f->peers = g_hash_table_new(NULL, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(f->by_age); i++)
        ct_link_init(&f->by_age[i]);
    return f;
}

static struct frag_queue *oldest(const struct ct_frags *f, size_t i)
{
    const struct ct_link *head = &f->by_age[i];

    return ct_link_is_empty(head) ? NULL : ct_of_link(head->next, struct frag_queue, by_age);
}

void ct_frags_free(struct ct_frags *f)
{
    struct frag_queue *q;

    if (!f)
        return;
    for (size_t i = 0; i < G_N_ELEMENTS(f->by_age); i++) {
        while ((q = oldest(f, i)))
            frag_queue_kill(q, DROP_FRAG_FLUSHED);
    }
    g_hash_table_unref(f->queues);
    g_hash_table_unref(f->peers);
    g_free(f);
}

void ct_frags_expire(struct ct_frags *f)
{
    const struct dp_env *env = f->w->env;
    uint64_t now = env->now(env->ctx);
    struct frag_queue *q;

    for (size_t i = 0; i < G_N_ELEMENTS(f->by_age); i++) {
        while ((q = oldest(f, i)) && q->expires_ns <= now)
            frag_queue_kill(q, DROP_FRAG_TIMEOUT);
        if (q && env->wake)
            env->wake(env->ctx, q->expires_ns);
    }
}

/* ---- one queue ------------------------------------------------------------------------------------ */

/* Its time starts now. */
static void start_timer(struct frag_queue *q)
{
    const struct dp_env *env = q->owner->w->env;

    q->expires_ns = env->now(env->ctx) + timeout_s[family(q)] * NS_PER_S;
    ct_link_add(&q->owner->by_age[family(q)], &q->by_age);
    if (env->wake)
        env->wake(env->ctx, q->expires_ns);
}

static void charge(struct frag_queue *q, uint32_t bytes)
{
    q->mem += bytes;
    q->owner->mem[family(q)] += bytes;
}

static struct frag_peer *peer_get(struct ct_frags *f, uint32_t addr)
{
    struct frag_peer *peer = g_hash_table_lookup(f->peers, GUINT_TO_POINTER(addr));

    if (!peer) {
        peer = g_new0(struct frag_peer, 1);
        peer->addr = addr;
        g_hash_table_insert(f->peers, GUINT_TO_POINTER(addr), peer);
    }
    peer->n_queues++;
    return peer;
}

static void peer_put(struct ct_frags *f, struct frag_peer *peer)
{
    if (!peer || --peer->n_queues)
        return;
    g_hash_table_remove(f->peers, GUINT_TO_POINTER(peer->addr));
    g_free(peer);
}

static struct frag_queue *queue_new(struct ct_frags *f, const struct frag_key *key)
{
    struct frag_queue *q = g_new0(struct frag_queue, 1);
    uint32_t addr;

    q->key = *key;
    q->owner = f;
    q->frags = g_array_new(FALSE, FALSE, sizeof(struct frag));
    memcpy(&addr, key->src, sizeof(addr));
    q->peer = key->l3 == 4 ? peer_get(f, addr) : NULL;
    charge(q, mem_queue[family(q)]);
    start_timer(q);
    g_hash_table_insert(f->queues, &q->key, q);
    return q;
}

struct frag_queue *frag_queue_of(struct ct_frags *f, const struct frag_key *key)
{
    struct frag_queue *q;

    if (f->mem[key->l3 == 6] > MEM_MAX)
        return NULL;
    q = g_hash_table_lookup(f->queues, key);
    if (!q && !faulty(f->w, DP_FAULT_CT_FRAG))
        q = queue_new(f, key);
    return q;
}

static struct frag *frag_at(const struct frag_queue *q, guint i)
{
    return &g_array_index(q->frags, struct frag, i);
}

/* The queue holds no packet any more. */
static void forget_frags(struct frag_queue *q)
{
    q->owner->w->account.n_held -= q->frags->len;
    g_array_set_size(q->frags, 0);
}

static void drop_frags(struct frag_queue *q, enum drop_reason why)
{
    for (guint i = 0; i < q->frags->len; i++)
        dp_drop(q->owner->w, frag_at(q, i)->pkt, why);
    forget_frags(q);
}

static void queue_free(struct frag_queue *q)
{
    struct ct_frags *f = q->owner;

    g_hash_table_remove(f->queues, &q->key);
    ct_link_remove(&q->by_age);
    f->mem[family(q)] -= q->mem;
    peer_put(f, q->peer);
    g_array_unref(q->frags);
    g_free(q);
}

void frag_queue_kill(struct frag_queue *q, enum drop_reason why)
{
    drop_frags(q, why);
    queue_free(q);
}

void frag_queue_reset(struct frag_queue *q, enum drop_reason why)
{
    drop_frags(q, why);
    q->owner->mem[family(q)] -= q->mem;
    q->mem = 0;
    charge(q, mem_queue[family(q)]);
    q->len = q->n_bytes = 0;
    q->has_last = false;
    q->ecn = 0;
    ct_link_remove(&q->by_age);
    start_timer(q);
}

int frag_refuse(struct ct_frags *f, struct pkt **p, enum drop_reason why, int err)
{
    dp_drop(f->w, pkt_take(p), why);
    return err;
}

/* ---- filling ---------------------------------------------------------------------------------------- */

bool frag_learn_end(struct frag_queue *q, bool is_last, int64_t end)
{
    if ((is_last && end < q->len) || (q->has_last && end > q->len))
        return false;
    q->has_last |= is_last;
    q->len = (uint32_t)MAX(q->len, end);
    return true;
}

static uint32_t frag_end(const struct frag *f)
{
    return f->offset + f->len;
}

/* Of the first fragment that ends behind 'offset'. */
static guint place_of(const struct frag_queue *q, uint32_t offset)
{
    guint low = 0, high = q->frags->len;

    while (low < high) {
        guint mid = low + (high - low) / 2;

        if (frag_end(frag_at(q, mid)) <= offset)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* Does the run with fragment 'i' cover these bytes? */
static bool run_covers(const struct frag_queue *q, guint i, uint32_t offset, uint32_t end)
{
    guint last = i;

    while (!frag_at(q, i)->starts_run)
        i--;
    while (last + 1 < q->frags->len && !frag_at(q, last + 1)->starts_run)
        last++;
    return offset >= frag_at(q, i)->offset && end <= frag_end(frag_at(q, last));
}

enum frag_insert frag_insert(struct frag_queue *q, struct pkt *p, uint32_t payload,
                             uint32_t offset, uint32_t end)
{
    struct frag new = {.pkt = p, .payload = payload, .offset = offset, .len = p->len - payload};
    const struct frag *tail = q->frags->len ? frag_at(q, q->frags->len - 1) : NULL;
    guint at = place_of(q, offset);

    if (at < q->frags->len && frag_at(q, at)->offset < end)
        return run_covers(q, at, offset, end) ? FRAG_DUP : FRAG_OVERLAP;
    new.starts_run = !tail || at < q->frags->len || offset != frag_end(tail);
    g_array_insert_val(q->frags, at, new);
    q->n_bytes += new.len;
    q->owner->w->account.n_held++;
    charge(q, pkt_true_size(p->len));
    return FRAG_OK;
}

bool frag_is_whole(const struct frag_queue *q)
{
    return q->has_last && q->n_bytes == q->len && q->frags->len && !frag_at(q, 0)->offset;
}

/* ---- joining ------------------------------------------------------------------------------------------ */

enum { SEEN_NOT_ECT = 1u << 0, SEEN_CE = 1u << 3 };     /* fields 0 and 3 */
#define ECN_CE 3

bool frag_ecn(const struct frag_queue *q, uint8_t *ecn)
{
    bool is_mixed = q->ecn & (q->ecn - 1);

    *ecn = is_mixed && q->ecn & SEEN_CE ? ECN_CE : 0;
    return !is_mixed || !(q->ecn & SEEN_NOT_ECT);
}

/* Appends the data of all but the first, which are gone then. */
static void append_rest(struct frag_queue *q, struct pkt *whole)
{
    struct dp_world *w = q->owner->w;
    uint32_t n = q->n_bytes - frag_at(q, 0)->len;
    uint8_t *to = pkt_append(whole, n);

    for (guint i = 1; i < q->frags->len; i++) {
        const struct frag *f = frag_at(q, i);

        memcpy(to, f->pkt->data + f->payload, f->len);
        to += f->len;
        pkt_free(&w->pool, f->pkt);
    }
}

/* How its IP packet was cut: what output cuts it into again, if it can. */
static uint16_t *pieces_of(const struct frag_queue *q, const struct pkt *first)
{
    uint16_t *piece = g_new0(uint16_t, q->frags->len + 1);

    piece[0] = (uint16_t)(first->len - first->l3_off);
    for (guint i = 1; i < q->frags->len; i++)
        piece[i] = (uint16_t)frag_at(q, i)->len;
    return piece;
}

struct pkt *frag_join(struct frag_queue *q, const struct pkt *latest)
{
    struct dp_world *w = q->owner->w;
    struct pkt *whole = frag_at(q, 0)->pkt;

    whole->input = latest->input;
    whole->max_len = latest->max_len;
    whole->tunnel = latest->tunnel;
    whole->piece = pieces_of(q, whole);
    append_rest(q, whole);
    w->account.n_joined += q->frags->len - 1;
    forget_frags(q);
    queue_free(q);
    return whole;
}

/* ---- the door -------------------------------------------------------------------------------------------- */

/* Of a packet that something has been put around, it may not even be a header. */
static int gather(struct ct_frags *f, struct pkt **p, uint16_t l3_type, uint16_t zone)
{
    bool is_ip4 = l3_type == ETH_P_IP;

    if (pkt_left(*p, (*p)->l3_off) < (is_ip4 ? sizeof(struct ip) : sizeof(struct ip6_hdr)))
        return frag_refuse(f, p, DROP_FRAG_BAD, -EINVAL);
    return (is_ip4 ? frag4_gather : frag6_gather)(f, p, zone);
}

int ct_defrag(struct ct_frags *f, struct pkt **p, uint16_t l3_type, uint16_t zone)
{
    int err;

    ct_frags_expire(f);
    (*p)->mru = 0;
    (*p)->hash = 0;
    (*p)->hash_is_l4 = (*p)->hash_is_sw = false;
    err = gather(f, p, l3_type, zone);
    if (tracing(f->w))
        trace(f->w, l3_type == ETH_P_IP ? "ip_defrag" : "nf_ct_frag6_gather", "%s",
              err == -EINPROGRESS ? "held" : err ? "refused" : "whole");
    return err;
}
