/* frag6.c - reassembly of IPv6 as the kernel's nf_conntrack_reasm.c does it.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <string.h>

#include "base/bytes.h"
#include "dp/ct/frag_queue.h"
#include "dp/datapath.h"
#include "dp/extract_int.h"

#define HDR_LEN 40u
#define FRAG_HDR_LEN 8u
#define ECN_SHIFT 4                 /* of the field in the header's second byte */

/* What a fragment's headers say. */
struct frag6 {
    uint8_t *ip;
    uint32_t hdr;                   /* offset of the fragment header in the frame */
    uint32_t next_hdr_off;          /* of the byte that announces it, from the IPv6 header */
    uint32_t offset, end, payload_len;
    bool is_last;
};

/* ---- headers ------------------------------------------------------------------------------------ */

static bool is_before_fragment(uint8_t proto)
{
    return proto == IPPROTO_HOPOPTS || proto == IPPROTO_DSTOPTS || proto == IPPROTO_ROUTING ||
           proto == IPPROTO_AH;
}

static uint32_t ext_len(uint8_t proto, const uint8_t *ext)
{
    if (proto == IPPROTO_FRAGMENT)
        return FRAG_HDR_LEN;
    return proto == IPPROTO_AH ? (ext[1] + 2u) * 4 : (ext[1] + 1u) * 8;
}

/* find_prev_fhdr: false if the chain of headers does not lead to a fragment header. */
static bool find_header(const struct pkt *p, struct frag6 *f)
{
    uint8_t next = f->ip[6];

    f->hdr = p->l3_off + HDR_LEN;
    f->next_hdr_off = 6;
    while (next != IPPROTO_FRAGMENT) {
        const uint8_t *ext = p->data + f->hdr;

        if (!is_before_fragment(next) || pkt_left(p, f->hdr) < 2)
            return false;
        f->next_hdr_off = (f->hdr - p->l3_off) & UINT8_MAX;     /* one byte in the kernel, too */
        f->hdr += ext_len(next, ext);
        next = ext[0];
    }
    return f->hdr <= p->len;
}

/* Bytes of the transport header that the first fragment must have. */
static uint32_t least_l4_len(uint8_t proto)
{
    static const uint8_t len[UINT8_MAX + 1] = { [IPPROTO_TCP] = sizeof(struct tcphdr),
                                                [IPPROTO_UDP] = sizeof(struct udphdr),
                                                [IPPROTO_ICMPV6] = sizeof(struct icmp6_hdr) };

    return MAX(len[proto], 1u);
}

static bool has_offset(const struct pkt *p, uint32_t hdr)
{
    return be16_get(p->data + hdr + 2) & ~7u;
}

/* ipv6frag_thdr_truncated: is it a first fragment that does not hold all headers (RFC 8200, 4.5)? A chain
 * that ends early is none. */
static bool lacks_headers(const struct pkt *p, uint32_t off)
{
    uint8_t next = IPPROTO_FRAGMENT;

    while (is_before_fragment(next) || next == IPPROTO_FRAGMENT) {
        bool is_frag = next == IPPROTO_FRAGMENT;
        uint32_t len;

        if (pkt_left(p, off) < (is_frag ? 4u : 2u) || (is_frag && has_offset(p, off)))
            return false;
        len = ext_len(next, p->data + off);
        next = p->data[off];
        off += len;
    }
    return next != IPPROTO_NONE && off + least_l4_len(next) > p->len;
}

/* False: conntrack does not take it for a fragment. */
static bool read_header(const struct pkt *p, struct frag6 *f)
{
    uint16_t word;

    f->ip = p->data + p->l3_off;
    f->payload_len = be16_get(f->ip + 4);
    if (!f->payload_len || !find_header(p, f) || lacks_headers(p, f->hdr))
        return false;
    if (pkt_left(p, f->hdr) < FRAG_HDR_LEN)
        return true;
    word = be16_get(p->data + f->hdr + 2);
    f->offset = word & ~7u;
    f->is_last = !(word & 1);
    f->end = f->offset + f->payload_len - (f->hdr + FRAG_HDR_LEN - p->l3_off - HDR_LEN);
    return true;
}

/* The device counts where addresses do not say enough. */
static bool is_scoped(const uint8_t *addr)
{
    return addr[0] == 0xff || (addr[0] == 0xfe && (addr[1] & 0xc0) == 0x80);
}

static struct frag_key key_of(const struct pkt *p, const struct frag6 *f, uint16_t zone)
{
    struct frag_key key = {.id = be32_get(p->data + f->hdr + 4), .zone = zone, .l3 = 6};

    memcpy(key.src, f->ip + 8, sizeof(key.src));
    memcpy(key.dst, f->ip + 24, sizeof(key.dst));
    if (is_scoped(key.dst) && p->input)
        key.ifindex = (uint32_t)p->input->dev->ifindex;
    return key;
}

/* ---- gathering ------------------------------------------------------------------------------------ */

static void learn_sizes(struct frag_queue *q, const struct frag6 *f)
{
    q->ecn |= (uint8_t)(1u << (f->ip[1] >> ECN_SHIFT & 3));
    q->max_size = MAX(q->max_size, (uint16_t)f->payload_len);
    if (!f->offset)
        q->next_hdr_off = f->next_hdr_off;
}

/* Takes the fragment header out of the first fragment. */
static void remove_header(struct frag *first, uint32_t next_hdr_off)
{
    struct pkt *p = first->pkt;

    first->payload -= FRAG_HDR_LEN;
    p->data[p->l3_off + next_hdr_off] = p->data[first->payload];
    pkt_remove(p, first->payload, FRAG_HDR_LEN);
}

/* nf_ct_frag6_reasm. What cannot be joined is dropped, and no error to the caller. */
static int reassemble(struct frag_queue *q, struct pkt **p)
{
    struct frag *first = &g_array_index(q->frags, struct frag, 0);
    uint32_t len = first->payload - FRAG_HDR_LEN - first->pkt->l3_off - HDR_LEN + q->len;
    uint16_t mru = (uint16_t)(HDR_LEN + q->max_size);
    uint8_t ecn, *ip;

    if (!frag_ecn(q, &ecn) || len > IP_MAX_LEN) {
        *p = NULL;
        frag_queue_kill(q, DROP_FRAG_BAD);
        return -EINPROGRESS;
    }
    remove_header(first, q->next_hdr_off);
    *p = frag_join(q, *p);
    (*p)->mru = mru;
    ip = (*p)->data + (*p)->l3_off;
    ip[1] |= (uint8_t)(ecn << ECN_SHIFT);
    be16_put(ip + 4, (uint16_t)len);
    return 0;
}

static int insert(struct frag_queue *q, struct pkt **p, const struct frag6 *f)
{
    struct ct_frags *owner = q->owner;
    uint32_t payload = f->hdr + FRAG_HDR_LEN;
    enum frag_insert done;

    pkt_trim(*p, payload + f->end - f->offset);
    done = frag_insert(q, *p, payload, f->offset, f->end);
    if (done == FRAG_DUP)
        return frag_refuse(owner, p, DROP_FRAG_DUP, -EINPROGRESS);
    if (done == FRAG_OVERLAP) {
        frag_queue_kill(q, DROP_FRAG_OVERLAP);
        return frag_refuse(owner, p, DROP_FRAG_OVERLAP, -EINVAL);
    }
    learn_sizes(q, f);
    if (frag_is_whole(q))
        return reassemble(q, p);
    *p = NULL;
    return -EINPROGRESS;
}

int frag6_gather(struct ct_frags *owner, struct pkt **p, uint16_t zone)
{
    struct frag_queue *q;
    struct frag_key key;
    struct frag6 f = {0};

    if (!read_header(*p, &f))
        return 0;
    if (pkt_left(*p, f.hdr) < FRAG_HDR_LEN)
        return frag_refuse(owner, p, DROP_FRAG_BAD, -ENOMEM);
    key = key_of(*p, &f, zone);
    q = frag_queue_of(owner, &key);
    if (!q)
        return frag_refuse(owner, p, DROP_FRAG_MEMORY, -ENOMEM);
    if (f.end > IP_MAX_LEN)
        return frag_refuse(owner, p, DROP_FRAG_BAD, -EINVAL);
    if (!f.is_last && f.end & 7) {      /* the kernel lets this one go on */
        frag_queue_kill(q, DROP_FRAG_BAD);
        return 0;
    }
    if (!frag_learn_end(q, f.is_last, f.end) || f.end == f.offset)
        return frag_refuse(owner, p, DROP_FRAG_BAD, -EINVAL);
    return insert(q, p, &f);
}
