/* extract_ip6.c - IPv6 to flow key: the header chain, EXTHDRS bits, neighbour discovery.
 * SPDX-License-Identifier: Apache-2.0 */
#include <linux/if_ether.h>
#include <netinet/in.h>

#include "base/bytes.h"
#include "dp/extract_int.h"

#define IP6_LEN 40u

/* ---- the chain of headers (catalogue 05, section 5.5) -------------------------------- */

/* The bits of the EXTHDRS attribute. */
enum {
    HDR_NO_NEXT = 0x001,
    HDR_AUTH = 0x004,
    HDR_DEST = 0x008,
    HDR_FRAG = 0x010,
    HDR_ROUTER = 0x020,
    HDR_HOP = 0x040,
    HDR_REPEATED = 0x080,
    HDR_MISPLACED = 0x100,
};

/* An extension header: its bit, and the bits that may be set when it comes. */
struct ext_hdr {
    uint8_t proto;
    uint16_t bit, may_precede;
};

/* Linux 6.1 does not expect a fragment header before AH: its mask holds protocol number 44 there,
 * instead of the bit. */
static const struct ext_hdr ext_hdrs[] = {
    { IPPROTO_ROUTING, HDR_ROUTER, HDR_HOP | HDR_DEST },
    { IPPROTO_FRAGMENT, HDR_FRAG, HDR_HOP | HDR_DEST | HDR_ROUTER },
    { IPPROTO_AH, HDR_AUTH, HDR_HOP | HDR_DEST | HDR_ROUTER | HDR_AUTH },
};

static const struct ext_hdr *ext_hdr_find(uint8_t proto)
{
    for (size_t i = 0; i < G_N_ELEMENTS(ext_hdrs); i++) {
        if (ext_hdrs[i].proto == proto)
            return &ext_hdrs[i];
    }
    return NULL;
}

static uint16_t misplaced_unless(uint16_t bits, unsigned may_precede)
{
    return bits & ~(may_precede | HDR_REPEATED) ? HDR_MISPLACED : 0;
}

/* Destination options are expected twice: early, and as the last of all. */
static uint16_t dest_bits(uint16_t bits, unsigned n_dest)
{
    if (n_dest == 0)
        return HDR_DEST | misplaced_unless(bits, HDR_HOP);
    if (n_dest == 1)
        return misplaced_unless(bits, HDR_HOP | HDR_DEST | HDR_ROUTER | HDR_FRAG | HDR_AUTH);
    return HDR_REPEATED;
}

static uint16_t hop_bits(uint16_t bits)
{
    if (!bits)
        return HDR_HOP;
    return HDR_MISPLACED | (bits & HDR_HOP ? HDR_REPEATED : 0);
}

static uint16_t other_bits(const struct ext_hdr *h, uint16_t bits, unsigned n_dest)
{
    uint16_t added = h->bit | (bits & h->bit ? HDR_REPEATED : 0);

    return added | (n_dest >= 2 ? HDR_MISPLACED : misplaced_unless(bits, h->may_precede));
}

static bool is_ext_hdr(uint8_t proto)
{
    return proto == IPPROTO_HOPOPTS || proto == IPPROTO_DSTOPTS || proto == IPPROTO_NONE ||
           ext_hdr_find(proto);
}

/* The EXTHDRS bits of a chain that starts with 'proto' at 'off'. The kernel ends this walk at ESP,
 * so that bit 0x002 never shows, and takes AH's length in units of 8 bytes, which walk_chain()
 * does not. */
static uint16_t chain_bits(const struct pkt *p, uint8_t proto, uint32_t off)
{
    unsigned n_dest = 0;
    uint16_t bits = 0;

    while (is_ext_hdr(proto)) {
        if (proto == IPPROTO_NONE)
            return bits | HDR_NO_NEXT;
        if (proto == IPPROTO_DSTOPTS)
            bits |= dest_bits(bits, n_dest++);
        else if (proto == IPPROTO_HOPOPTS)
            bits |= hop_bits(bits);
        else
            bits |= other_bits(ext_hdr_find(proto), bits, n_dest);
        if (pkt_left(p, off) < 2)
            break;
        proto = p->data[off];
        off += (p->data[off + 1] + 1u) * 8;
    }
    return bits;
}

/* Where a walk over the chain has come to. */
struct chain {
    uint32_t off;
    uint8_t proto;
    bool has_frag;      /* a fragment header was met */
    bool is_later;      /* ... with an offset: nothing behind it can be read */
    bool is_broken;     /* a header runs off the frame */
    bool is_routed;     /* a routing header with segments left was met */
};

/* Steps over a fragment header. Its offset is at 2, so 4 bytes tell all. */
static void walk_fragment(struct chain *c, const uint8_t *hdr, uint32_t left)
{
    c->has_frag = true;
    if (left < 4) {
        c->is_broken = true;
    } else if (be16_get(hdr + 2) & 0xfff8) {
        /* Linux 6.1 gives up on an inner extension header there, and then takes the packet for a
         * first fragment. */
        c->is_broken = is_ext_hdr(hdr[0]) && hdr[0] != IPPROTO_NONE;
        c->is_later = !c->is_broken;
    }
}

static void walk_chain(const struct pkt *p, struct chain *c)
{
    while (is_ext_hdr(c->proto) && c->proto != IPPROTO_NONE && !c->is_later && !c->is_broken) {
        const uint8_t *hdr = p->data + c->off;
        uint32_t left = pkt_left(p, c->off), len;

        if (left < (c->proto == IPPROTO_ROUTING ? 4 : 2)) {
            c->is_broken = true;
            return;
        }
        len = (hdr[1] + 1u) * 8;
        if (c->proto == IPPROTO_AH)
            len = (hdr[1] + 2u) * 4;
        if (c->proto == IPPROTO_ROUTING && hdr[3])
            c->is_routed = true;
        if (c->proto == IPPROTO_FRAGMENT) {
            walk_fragment(c, hdr, left);
            len = 8;
        }
        if (len > left && !c->is_later)
            c->is_broken = true;
        c->proto = hdr[0];
        c->off += len;
    }
}

bool ip6_is_routed(const struct pkt *p)
{
    struct chain c = { .off = p->l3_off + IP6_LEN, .proto = p->data[p->l3_off + 6] };

    walk_chain(p, &c);
    return c.is_routed;
}

/* ---- neighbour discovery (section 5.6) ----------------------------------------------- */

/* Stores a link-layer address option. False if there was one already. */
static bool nd_store(uint8_t addr[6], const uint8_t *opt)
{
    static const uint8_t none[6];

    if (memcmp(addr, none, 6) != 0)
        return false;
    memcpy(addr, opt + 2, 6);
    return true;
}

static void extract_nd_options(struct key_nd *nd, const uint8_t *opt, uint32_t left)
{
    while (left >= 8) {
        uint32_t len = opt[1] * 8u;
        uint8_t *addr = opt[0] == 1 ? nd->sll : opt[0] == 2 ? nd->tll : NULL;

        if (!len || len > left)
            return;
        if (addr && len == 8 && !nd_store(addr, opt)) {
            memset(nd, 0, sizeof(*nd));
            return;
        }
        opt += len;
        left -= len;
    }
}

static void extract_nd(struct flow_key *key, const struct pkt *p)
{
    const uint8_t *icmp = p->data + p->l4_off;
    uint32_t left = pkt_left(p, p->l4_off);

    memset(&key->ip6.nd, 0, sizeof(key->ip6.nd));
    if (left < 24)
        return;
    memcpy(key->ip6.nd.target, icmp + 8, 16);
    extract_nd_options(&key->ip6.nd, icmp + 24, left - 24);
}

static bool is_nd(const struct flow_key *key)
{
    return (key->tp_src == 135 || key->tp_src == 136) && key->tp_dst == 0;
}

/* ---- the header ---------------------------------------------------------------------- */

static void extract_chain(struct flow_key *key, struct pkt *p, uint8_t proto)
{
    struct chain c = { .off = p->l3_off + IP6_LEN, .proto = proto };

    key->ip6.exthdrs = 0;
    if (is_ext_hdr(proto)) {
        key->ip6.exthdrs = chain_bits(p, proto, c.off);
        walk_chain(p, &c);
    }
    key->ip_frag = c.is_later ? KEY_FRAG_LATER : c.has_frag ? KEY_FRAG_FIRST : KEY_FRAG_NONE;
    key->ip_proto = c.is_later ? IPPROTO_FRAGMENT : c.is_broken ? IPPROTO_NONE : c.proto;
    if (!c.is_later && !c.is_broken)
        pkt_set_l4(p, c.off);
}

void extract_ip6(struct flow_key *key, struct pkt *p)
{
    const uint8_t *ip = p->data + p->l3_off;
    uint32_t first;

    p->l4_off = 0;
    if (pkt_left(p, p->l3_off) < IP6_LEN) {
        memset(key->ip6.src, 0, sizeof(key->ip6.src));
        memset(key->ip6.dst, 0, sizeof(key->ip6.dst));
        key->ip6.exthdrs = 0;
        return;
    }
    first = be32_get(ip);       /* version 4, traffic class 8, flow label 20 bits */
    key->ip_tos = (uint8_t)(first >> 20);
    key->ip6_label = first & 0xfffff;
    key->ip_ttl = ip[7];
    memcpy(key->ip6.src, ip + 8, sizeof(key->ip6.src));
    memcpy(key->ip6.dst, ip + 24, sizeof(key->ip6.dst));
    extract_chain(key, p, ip[6]);
    if (extract_l4(key, p, IPPROTO_ICMPV6) && is_nd(key))
        extract_nd(key, p);
}
