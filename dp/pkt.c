/* pkt.c - packet buffers: a pool, and bytes opened or closed anywhere in a frame.
 *
 * What is outside a packet's bytes, and all of a free packet, is marked inaccessible (base/mark.h).
 * SPDX-License-Identifier: Apache-2.0 */
#include <glib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/mark.h"
#include "dp/ct/conn.h"
#include "dp/pkt.h"

#define PKT_TAILROOM 64u
#define PKT_MIN_SIZE 2048u      /* fits any frame of a 1500-byte MTU, so buffers can be reused */

void pkt_pool_done(struct pkt_pool *pool)
{
    struct pkt *p = pool->free, *next;

    g_assert(pool->n_live == 0);
    for (; p; p = next) {
        next = p->next_free;
        g_free(p->buf);
        g_free(p);
    }
    pool->free = NULL;
}

/* A buffer of which nothing is used yet. */
static uint8_t *buffer_new(size_t size)
{
    uint8_t *buf = g_malloc(size);

    mark_inaccessible(buf, size);
    return buf;
}

/* The packet's bytes are those from data on, and no others. */
static void mark_bounds(const struct pkt *p)
{
    const uint8_t *end = p->data + p->len;

    mark_inaccessible(p->buf, (size_t)(p->data - p->buf));
    mark_inaccessible(end, (size_t)(p->buf + p->size - end));
}

/* A packet with room for headroom and 'len' bytes, from the pool; metadata is garbage. */
static struct pkt *pool_take(struct pkt_pool *pool, size_t len)
{
    size_t need = MAX(PKT_HEADROOM + len + PKT_TAILROOM, PKT_MIN_SIZE);
    struct pkt *p = pool->free;

    if (p)
        pool->free = p->next_free;
    else
        p = g_new0(struct pkt, 1);
    pool->n_live++;
    if (p->size < need) {
        g_free(p->buf);
        p->buf = buffer_new(need);
        p->size = (uint32_t)need;
    }
    mark_undefined(p, offsetof(struct pkt, buf));
    mark_undefined(p->buf + PKT_HEADROOM, len);
    return p;
}

struct pkt *pkt_new(struct pkt_pool *pool, const void *bytes, size_t len)
{
    struct pkt *p = pool_take(pool, len);

    memset(p, 0, offsetof(struct pkt, buf));    /* what is behind belongs to the pool */
    p->data = p->buf + PKT_HEADROOM;
    p->len = (uint32_t)len;
    p->has_eth = true;
    p->max_len = PKT_NO_CUT;
    p->next_free = NULL;
    if (len)
        memcpy(p->data, bytes, len);
    return p;
}

struct pkt *pkt_part(struct pkt_pool *pool, const struct pkt *from, uint32_t head, uint32_t off,
                     uint32_t len)
{
    struct pkt *p = pool_take(pool, (size_t)head + len);
    uint8_t *buf = p->buf;
    uint32_t size = p->size;

    *p = *from;
    p->buf = buf;
    p->size = size;
    p->data = buf + PKT_HEADROOM;
    p->len = head + len;
    p->next_free = NULL;
    p->piece = NULL;
    /* A copy does not commit what only the original has: Linux 6.1.192. */
    p->ct = from->ct && ct_is_confirmed(from->ct) ? ct_conn_get(from->ct) : NULL;
    memcpy(p->data, from->data, head);
    memcpy(p->data + head, from->data + off, len);
    return p;
}

static uint16_t *copy_pieces(const uint16_t *piece)
{
    size_t n = 1;

    while (piece[n - 1])
        n++;
    return g_memdup2(piece, n * sizeof(*piece));
}

struct pkt *pkt_clone(struct pkt_pool *pool, const struct pkt *from)
{
    struct pkt *p = pkt_part(pool, from, from->len, 0, 0);

    if (from->piece) {
        p->piece = copy_pieces(from->piece);
        p->shares_pieces = true;
    }
    return p;
}

void pkt_free(struct pkt_pool *pool, struct pkt *p)
{
    if (!p)
        return;
    pkt_drop_ct(p);
    g_clear_pointer(&p->piece, g_free);
    pool->n_live--;
    mark_inaccessible(p->buf, p->size);
    mark_inaccessible(p, offsetof(struct pkt, buf));
    p->next_free = pool->free;
    pool->free = p;
}

/* Moves the packet to a larger buffer with at least 'before' bytes before it and 'after' behind. */
static void grow(struct pkt *p, uint32_t before, uint32_t after)
{
    size_t room = (size_t)before + PKT_HEADROOM, size = room + p->len + after + PKT_TAILROOM;
    uint8_t *buf = buffer_new(size);

    mark_undefined(buf + room, p->len);
    memcpy(buf + room, p->data, p->len);
    g_free(p->buf);
    p->buf = buf;
    p->size = (uint32_t)size;
    p->data = buf + room;
}

/* Where a header at 'off' is after 'n' bytes were put in at 'at'. */
static uint16_t off_after_insert(uint16_t off, uint32_t at, uint32_t n)
{
    return off >= at ? (uint16_t)(off + n) : off;
}

static uint16_t off_after_remove(uint16_t off, uint32_t at, uint32_t n)
{
    if (off <= at)
        return off;
    return off >= at + n ? (uint16_t)(off - n) : (uint16_t)at;
}

uint8_t *pkt_insert(struct pkt *p, uint32_t at, uint32_t n)
{
    g_assert(at <= p->len);
    if ((size_t)(p->data - p->buf) < n)
        grow(p, n, 0);
    p->data -= n;
    p->len += n;
    mark_undefined(p->data, n);
    memmove(p->data, p->data + n, at);
    mark_undefined(p->data + at, n);
    p->l3_off = off_after_insert(p->l3_off, at, n);
    if (p->l4_off)      /* 0 is "none" */
        p->l4_off = off_after_insert(p->l4_off, at, n);
    if (p->inner_off)
        p->inner_off = off_after_insert(p->inner_off, at, n);
    p->mac_len = off_after_insert(p->mac_len, at, n);
    if (at > p->l3_off)
        g_clear_pointer(&p->piece, g_free);
    return p->data + at;
}

void pkt_remove(struct pkt *p, uint32_t at, uint32_t n)
{
    g_assert(at <= p->len && n <= p->len - at);
    if (at > p->l3_off)
        g_clear_pointer(&p->piece, g_free);
    memmove(p->data + n, p->data, at);
    p->data += n;
    p->len -= n;
    p->l3_off = off_after_remove(p->l3_off, at, n);
    p->l4_off = off_after_remove(p->l4_off, at, n);
    p->inner_off = off_after_remove(p->inner_off, at, n);
    p->mac_len = off_after_remove(p->mac_len, at, n);
    mark_bounds(p);
}

uint8_t *pkt_append(struct pkt *p, uint32_t n)
{
    size_t room = (size_t)(p->buf + p->size - (p->data + p->len));

    if (room < n)
        grow(p, 0, n);
    mark_undefined(p->data + p->len, n);
    p->len += n;
    return p->data + p->len - n;
}

void pkt_trim(struct pkt *p, uint32_t len)
{
    p->len = MIN(p->len, len);
    mark_bounds(p);
}

#define MAC_ADDRS_LEN 12u

/* Its descriptor, and its buffer with room before and a record behind, in a power of two. */
uint32_t pkt_true_size(uint32_t len)
{
    const uint32_t descriptor = 256, room = 64, record = 320;
    uint32_t need = ((len + room + 63) & ~63u) + record, size = 512;

    while (size < need)
        size *= 2;
    return size + descriptor;
}

/* All headers move, even those of a packet that has no Ethernet header any more: it gets a link layer of 4 bytes. */
void pkt_put_tag(struct pkt *p)
{
    uint8_t *tag;

    if (!p->has_vlan || p->len < MAC_ADDRS_LEN)
        return;
    pkt_insert(p, 0, 4);
    memmove(p->data, p->data + 4, MAC_ADDRS_LEN);
    tag = p->data + MAC_ADDRS_LEN;
    be16_put(tag, p->vlan_tpid);
    be16_put(tag + 2, p->vlan_tci);
    p->protocol = p->vlan_tpid;
    p->has_vlan = false;
}
