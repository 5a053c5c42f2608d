/* ip_frag.c - see ip_frag.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/ip_frag.h"

#include <string.h>

#include "base/bytes.h"
#include "sim/ip.h"

#define SECOND       UINT64_C(1000000000)
#define MOST_WAITING (4u << 20)         /* bytes of a namespace: ipfrag_high_thresh */
#define ECN_MASK 3

struct piece {
    uint32_t offset;
    GByteArray *bytes;
};

/* The fragments of one packet that are here. */
struct frag_set {
    struct sim_ns *ns;
    uint8_t family, proto;
    uint32_t id;
    uint8_t addrs[32];                  /* source and destination */
    GByteArray *head;                   /* the first fragment's header, or NULL */
    GArray *pieces;                     /* of struct piece, by offset */
    uint32_t size, total;               /* bytes here; of the whole, 0: not known */
    unsigned ecn_seen;                  /* a bit for each congestion mark */
    uint64_t event;
};

static void set_free(void *item)
{
    struct frag_set *s = item;

    clock_cancel(&s->ns->sim->clock, s->event);
    for (guint i = 0; i < s->pieces->len; i++)
        g_byte_array_unref(g_array_index(s->pieces, struct piece, i).bytes);
    g_array_unref(s->pieces);
    if (s->head)
        g_byte_array_unref(s->head);
    g_free(s);
}

GPtrArray *ip_frag_list_new(void)
{
    return g_ptr_array_new_with_free_func(set_free);
}

/* Each fragment is a packet that was dropped. */
static void set_drop(struct frag_set *s, enum drop_reason why)
{
    for (guint i = 0; i < s->pieces->len; i++) {
        const GByteArray *b = g_array_index(s->pieces, struct piece, i).bytes;

        dp_refuse(s->ns->sim->dp, b->data, b->len, why);
    }
    g_ptr_array_remove(s->ns->frags, s);
}

static void on_timeout(void *ctx)
{
    set_drop(ctx, DROP_FRAG_TIMEOUT);
}

/* ---- sets ---------------------------------------------------------------------------------------- */

static size_t addrs_of(const struct ip_fragment *f, const uint8_t **addrs)
{
    *addrs = f->ip + (f->family == AF_INET ? 12 : 8);
    return f->family == AF_INET ? 8 : 32;
}

static struct frag_set *find(const struct sim_ns *ns, const struct ip_fragment *f)
{
    const uint8_t *addrs;
    size_t len = addrs_of(f, &addrs);

    for (guint i = 0; i < ns->frags->len; i++) {
        struct frag_set *s = g_ptr_array_index(ns->frags, i);

        if (s->family == f->family && s->proto == f->proto && s->id == f->id &&
            !memcmp(s->addrs, addrs, len))
            return s;
    }
    return NULL;
}

static struct frag_set *find_or_make(struct sim_ns *ns, const struct ip_fragment *f)
{
    uint64_t wait_ns = (f->family == AF_INET ? 30 : 60) * SECOND;
    struct frag_set *s = find(ns, f);
    const uint8_t *addrs;
    size_t len = addrs_of(f, &addrs);

    if (s)
        return s;
    s = g_new0(struct frag_set, 1);
    *s = (struct frag_set){ .ns = ns, .family = f->family, .proto = f->proto, .id = f->id };
    memcpy(s->addrs, addrs, len);
    s->pieces = g_array_new(FALSE, FALSE, sizeof(struct piece));
    s->event = clock_add(&ns->sim->clock, ns->sim->clock.now_ns + wait_ns, on_timeout, s);
    g_ptr_array_add(ns->frags, s);
    return s;
}

static size_t bytes_waiting(const struct sim_ns *ns)
{
    size_t n = 0;

    for (guint i = 0; i < ns->frags->len; i++)
        n += ((const struct frag_set *)g_ptr_array_index(ns->frags, i))->size;
    return n;
}

/* ---- fragments ------------------------------------------------------------------------------------ */

enum place { PLACE_FREE, PLACE_TAKEN, PLACE_OVERLAPS };

/* 'at': position among the pieces. */
static enum place find_place(const struct frag_set *s, const struct ip_fragment *f, guint *at)
{
    for (*at = 0; *at < s->pieces->len; (*at)++) {
        const struct piece *p = &g_array_index(s->pieces, struct piece, *at);

        if (p->offset == f->offset && p->bytes->len == f->len)
            return PLACE_TAKEN;
        if (p->offset + p->bytes->len <= f->offset)
            continue;
        return p->offset < f->offset + f->len ? PLACE_OVERLAPS : PLACE_FREE;
    }
    return PLACE_FREE;
}

/* Does its end agree with what is known of the packet's? */
static bool is_end_right(const struct frag_set *s, const struct ip_fragment *f)
{
    uint32_t end = f->offset + (uint32_t)f->len;
    const struct piece *last =
        s->pieces->len ? &g_array_index(s->pieces, struct piece, s->pieces->len - 1) : NULL;

    if (!f->is_last)
        return f->len && f->len % 8 == 0 && (!s->total || end <= s->total);
    return (!s->total || end == s->total) && (!last || last->offset + last->bytes->len <= end);
}

static void insert(struct frag_set *s, const struct ip_fragment *f, guint at)
{
    struct piece p = { .offset = f->offset, .bytes = g_byte_array_new() };

    g_byte_array_append(p.bytes, f->payload, (guint)f->len);
    g_array_insert_val(s->pieces, at, p);
    s->size += (uint32_t)f->len;
    s->ecn_seen |= 1u << (ip_tos(f->ip) & ECN_MASK);
    if (f->is_last)
        s->total = f->offset + (uint32_t)f->len;
    if (!f->offset && !s->head)
        s->head = g_byte_array_append(g_byte_array_new(), f->ip, (guint)f->ip_len);
}

/* A mark of congestion stays; together with fragments that know no marks it is an error. */
static bool merge_ecn(const struct frag_set *s, uint8_t *ip)
{
    bool is_ce = s->ecn_seen >> ECN_MASK & 1;

    if (s->ecn_seen & 1 && s->ecn_seen != 1)
        return false;
    if (is_ce && s->family == AF_INET)
        ip[1] |= ECN_MASK;
    else if (is_ce)
        ip[1] |= ECN_MASK << 4;
    return true;
}

static void close_head(const struct frag_set *s, uint8_t *ip)
{
    if (s->family == AF_INET) {
        be16_put(ip + 2, (uint16_t)(s->head->len + s->total));
        be16_put(ip + 6, 0);
        ip4_sum_put(ip);
    } else {
        be16_put(ip + 4, (uint16_t)s->total);
        ip[6] = s->proto;
    }
}

static GByteArray *join(const struct frag_set *s)
{
    GByteArray *whole = g_byte_array_new();

    g_byte_array_append(whole, s->head->data, s->head->len);
    for (guint i = 0; i < s->pieces->len; i++) {
        const GByteArray *b = g_array_index(s->pieces, struct piece, i).bytes;

        g_byte_array_append(whole, b->data, b->len);
    }
    if (!merge_ecn(s, whole->data)) {
        g_byte_array_unref(whole);
        return NULL;
    }
    close_head(s, whole->data);
    return whole;
}

GByteArray *ip_frag_take(struct sim_ns *ns, const struct ip_fragment *f)
{
    struct frag_set *s = find_or_make(ns, f);
    enum place place;
    GByteArray *whole;
    guint at;

    place = find_place(s, f, &at);
    if (place == PLACE_TAKEN || f->ip_len + f->offset + f->len > IP_MOST ||
        bytes_waiting(ns) + f->len > MOST_WAITING) {
        dp_refuse(ns->sim->dp, f->payload, f->len, DROP_FRAG);
        return NULL;
    }
    if (place == PLACE_OVERLAPS || !is_end_right(s, f)) {
        dp_refuse(ns->sim->dp, f->payload, f->len, DROP_FRAG);
        set_drop(s, DROP_FRAG);
        return NULL;
    }
    insert(s, f, at);
    if (!s->head || !s->total || s->size != s->total)
        return NULL;
    whole = join(s);
    if (!whole) {
        set_drop(s, DROP_FRAG);
        return NULL;
    }
    g_ptr_array_remove(ns->frags, s);
    return whole;
}

/* ---- out ------------------------------------------------------------------------------------------- */

void ip_frag_cut(uint8_t *frame, size_t len, uint32_t mtu,
                 void (*send)(void *ctx, uint8_t *frame, size_t len), void *ctx)
{
    size_t most = (mtu - IP4_LEN) & ~(size_t)7, left = len - ETH_LEN - IP4_LEN, offset = 0;
    const uint8_t *payload = frame + ETH_LEN + IP4_LEN;

    while (left) {
        size_t n = MIN(left, most), size = ETH_LEN + IP4_LEN + n;
        g_autofree uint8_t *one = g_malloc(size);
        uint8_t *ip = one + ETH_LEN;

        left -= n;
        memcpy(one, frame, ETH_LEN + IP4_LEN);
        memcpy(ip + IP4_LEN, payload + offset, n);
        be16_put(ip + 2, (uint16_t)(IP4_LEN + n));
        be16_put(ip + 6, (uint16_t)(offset / 8 | (left ? IP4_MF : 0)));
        ip4_sum_put(ip);
        send(ctx, one, size);
        offset += n;
    }
}
