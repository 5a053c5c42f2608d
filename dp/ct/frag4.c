/* frag4.c - reassembly of IPv4 as the kernel's ip_fragment.c does it for conntrack.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/if_ether.h>
#include <netinet/ip.h>
#include <string.h>

#include "base/bytes.h"
#include "base/checksum.h"
#include "dp/ct/frag_queue.h"
#include "dp/extract_int.h"

#define MAX_DIST 64u                /* ipfrag_max_dist */

/* What a fragment's header says. */
struct frag4 {
    uint8_t *ip;
    uint32_t hdr_len, offset;
    int32_t end;                    /* below 'offset' if the packet's length does not even hold the header */
    bool is_last, has_df;
};

static struct frag4 read_header(const struct pkt *p)
{
    struct frag4 f = {.ip = p->data + p->l3_off};
    uint16_t word = be16_get(f.ip + 6);
    uint32_t len = pkt_left(p, p->l3_off);

    if (p->protocol == ETH_P_IP)        /* else something stands before it, and nothing was cut by its length */
        len = MIN(len, be16_get(f.ip + 2));
    f.hdr_len = (f.ip[0] & 15u) * 4;
    f.offset = (word & IP_OFFMASK) * 8u;
    f.is_last = !(word & IP_MF);
    f.has_df = word & IP_DF;
    f.end = (int32_t)(f.offset + len - f.hdr_len);
    if (!f.is_last)
        f.end &= ~7;                /* what is beyond is cut off */
    return f;
}

static struct frag_key key_of(const uint8_t *ip, uint16_t zone)
{
    struct frag_key key = {.id = be16_get(ip + 4), .zone = zone, .proto = ip[9], .l3 = 4};

    memcpy(key.src, ip + 12, 4);
    memcpy(key.dst, ip + 16, 4);
    return key;
}

/* ip_frag_too_far: have more than MAX_DIST other fragments come from this source since the last one of
 * this datagram? Its id may have been used again then. */
static bool is_too_far(struct frag_queue *q)
{
    uint32_t last = q->peer_seen;

    q->peer_seen = ++q->peer->n_frags;
    return q->frags->len && q->peer_seen - last > MAX_DIST;
}

static void learn_sizes(struct frag_queue *q, const struct frag4 *f)
{
    uint16_t size = (uint16_t)((uint32_t)f->end - f->offset + f->hdr_len);

    q->ecn |= (uint8_t)(1u << (f->ip[1] & IPTOS_ECN_MASK));
    q->max_size = MAX(q->max_size, size);
    if (f->has_df)
        q->max_df_size = MAX(q->max_df_size, size);
}

/* The header of the whole: DF stays if the longest fragment had it. */
static void mend_header(struct pkt *p, uint8_t ecn, bool has_df)
{
    uint8_t *ip = p->data + p->l3_off;

    ip[1] |= ecn;
    be16_put(ip + 2, (uint16_t)(p->len - p->l3_off));
    be16_put(ip + 6, has_df ? IP_DF : 0);
    csum_ip4_put(ip);
}

/* ip_frag_reasm */
static int reassemble(struct frag_queue *q, struct pkt **p)
{
    const struct pkt *first = g_array_index(q->frags, struct frag, 0).pkt;
    uint32_t hdr_len = (first->data[first->l3_off] & 15u) * 4;
    uint16_t mru = MAX(q->max_df_size, q->max_size);
    bool has_df = q->max_df_size == q->max_size;
    int err = hdr_len + q->len > IP_MAX_LEN ? -E2BIG : 0;
    uint8_t ecn;

    if (!frag_ecn(q, &ecn))
        err = -EINVAL;
    if (err) {
        *p = NULL;
        frag_queue_kill(q, DROP_FRAG_BAD);
        return err;
    }
    *p = frag_join(q, *p);
    (*p)->mru = mru;
    mend_header(*p, ecn, has_df);
    return 0;
}

/* Drops the fragment and all that came before it. */
static int discard(struct frag_queue *q, struct pkt **p, enum drop_reason why, int err)
{
    struct ct_frags *owner = q->owner;

    frag_queue_kill(q, why);
    return frag_refuse(owner, p, why, err);
}

int frag4_gather(struct ct_frags *owner, struct pkt **p, uint16_t zone)
{
    struct frag4 f = read_header(*p);
    struct frag_key key = key_of(f.ip, zone);
    struct frag_queue *q = frag_queue_of(owner, &key);
    uint32_t payload = (*p)->l3_off + f.hdr_len;
    enum frag_insert done;

    if (!q)
        return frag_refuse(owner, p, DROP_FRAG_MEMORY, -ENOMEM);
    if (is_too_far(q))
        frag_queue_reset(q, DROP_FRAG_TOO_FAR);
    if (!frag_learn_end(q, f.is_last, f.end) || f.end == (int32_t)f.offset)
        return discard(q, p, DROP_FRAG_BAD, -EINVAL);
    if (f.end < (int32_t)f.offset)
        return discard(q, p, DROP_FRAG_BAD, -ENOMEM);
    pkt_trim(*p, payload + (uint32_t)f.end - f.offset);
    done = frag_insert(q, *p, payload, f.offset, (uint32_t)f.end);
    if (done == FRAG_DUP)
        return frag_refuse(owner, p, DROP_FRAG_DUP, -EINVAL);
    if (done == FRAG_OVERLAP)
        return discard(q, p, DROP_FRAG_OVERLAP, -EINVAL);
    learn_sizes(q, &f);
    if (frag_is_whole(q))
        return reassemble(q, p);
    *p = NULL;
    return -EINPROGRESS;
}
