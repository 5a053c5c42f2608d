/* fragment.c - a packet that was joined from fragments is cut into fragments again. Catalogue 07.5, 08.6.
 *
 * How it works: the kernel keeps the fragments as they came and only puts headers before them, as long as nothing
 * has touched them (p->piece). Otherwise, and of a packet that user space says was one, it cuts anew.
 * The link layer is repeated; so are all IP options.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/if_ether.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <string.h>

#include "base/bytes.h"
#include "base/checksum.h"
#include "dp/datapath.h"
#include "dp/eth_type.h"
#include "dp/extract_int.h"

#define MAX_L2_LEN 30u              /* Ethernet, a tag in the frame, three MPLS labels */
#define TCI_CFI 0x1000u
#define MAX_IP4_HDR_LEN 60u
#define IP6_FRAG_HDR_LEN 8u
#define IP6_MIN_MTU 1280u
#define IP6_NEXT_OFF 6u

/* A packet that is being cut. */
struct cut {
    const struct pkt *p;
    uint32_t l3;                    /* where its IP header is; */
    uint32_t head;                  /* ... and bytes before what is cut: link layer and IP headers */
    uint32_t room;                  /* bytes of data that a fragment can have */
    uint32_t at;                    /* bytes of data that are away already */
    uint32_t left;
    uint32_t id;                    /* IPv6 */
    uint32_t next_hdr_off;          /* IPv6: where the fragment header is announced, from l3 */
};

struct ip_family {
    uint16_t eth_type;
    /* Sets head and room. False: it cannot be cut. */
    bool (*begin)(struct cut *c, const struct dp_env *env);
    /* Makes the headers of one fragment. */
    void (*put)(const struct cut *c, struct pkt *fragment, uint32_t len);
};

/* ---- IPv4 ------------------------------------------------------------------------------------------ */

static bool begin4(struct cut *c, const struct dp_env *env)
{
    uint32_t hdr_len;

    (void)env;
    if (pkt_left(c->p, c->l3) < sizeof(struct ip))
        return false;
    hdr_len = (c->p->data[c->l3] & 15u) * 4;
    c->head = c->l3 + hdr_len;
    if (c->p->mru < hdr_len)
        return false;                           /* 6.1.176 had no limit then */
    c->room = c->p->mru - hdr_len;
    return true;
}

/* DF is gone. A fragment's fragments stand where it stood. A header that says it is shorter than one is repeated so, and
 * what is written into it then meets data, or nothing. */
static void put4(const struct cut *c, struct pkt *fragment, uint32_t len)
{
    uint16_t was = be16_get(c->p->data + c->l3 + 6);
    uint16_t word = (uint16_t)((was & IP_OFFMASK) + c->at / 8);
    uint32_t ip_len = fragment->len - c->l3;
    uint8_t ip[MAX_IP4_HDR_LEN] = {0};
    uint32_t n = MIN(ip_len, (uint32_t)sizeof(ip));

    if (len < c->left || was & IP_MF)
        word |= IP_MF;
    memcpy(ip, fragment->data + c->l3, n);
    be16_put(ip + 2, (uint16_t)ip_len);
    be16_put(ip + 6, word);
    csum_ip4_put(ip);
    memcpy(fragment->data + c->l3, ip, n);
}

/* ---- IPv6 ------------------------------------------------------------------------------------------- */

static bool is_unfragmentable(uint8_t proto)
{
    return proto == IPPROTO_HOPOPTS || proto == IPPROTO_DSTOPTS || proto == IPPROTO_ROUTING;
}

/* ip6_find_1stfragopt: the headers that each fragment must have; destination options only before a routing
 * header. False: the chain runs off the packet. */
static bool find_fragmentable(struct cut *c)
{
    const struct pkt *p = c->p;
    uint8_t next = p->data[c->l3 + IP6_NEXT_OFF];
    bool is_routed = false;

    c->head = c->l3 + sizeof(struct ip6_hdr);
    c->next_hdr_off = IP6_NEXT_OFF;
    while (is_unfragmentable(next) && !(next == IPPROTO_DSTOPTS && is_routed)) {
        if (pkt_left(p, c->head) < 2)
            return false;
        is_routed |= next == IPPROTO_ROUTING;
        next = p->data[c->head];
        c->next_hdr_off = c->head - c->l3;
        c->head += (p->data[c->head + 1] + 1u) * 8;
    }
    return c->head <= p->len;
}

static bool begin6(struct cut *c, const struct dp_env *env)
{
    uint32_t mtu = MAX(c->p->mru, IP6_MIN_MTU), hdrs;

    if (pkt_left(c->p, c->l3) < sizeof(struct ip6_hdr) || !find_fragmentable(c))
        return false;
    hdrs = c->head - c->l3 + IP6_FRAG_HDR_LEN;
    if (mtu < hdrs + 8)
        return false;
    c->room = mtu - hdrs;
    do
        c->id = env->random(env->ctx);
    while (!c->id);
    return true;
}

static void put6(const struct cut *c, struct pkt *fragment, uint32_t len)
{
    uint8_t *hdr = pkt_insert(fragment, c->head, IP6_FRAG_HDR_LEN);
    uint8_t *ip = fragment->data + c->l3;

    hdr[0] = ip[c->next_hdr_off];
    hdr[1] = 0;
    be16_put(hdr + 2, (uint16_t)(c->at | (len < c->left ? 1 : 0)));
    be32_put(hdr + 4, c->id);
    ip[c->next_hdr_off] = IPPROTO_FRAGMENT;
    be16_put(ip + 4, (uint16_t)(fragment->len - c->l3 - sizeof(struct ip6_hdr)));
}

/* ---- cutting ------------------------------------------------------------------------------------------- */

static const struct ip_family families[] = {
    { ETH_P_IP, begin4, put4 },
    { ETH_P_IPV6, begin6, put6 },
};

static const struct ip_family *family_of(uint16_t eth_type)
{
    for (size_t i = 0; i < G_N_ELEMENTS(families); i++) {
        if (families[i].eth_type == eth_type)
            return &families[i];
    }
    return NULL;
}

/* Of the transport header that look-ups need in one piece; they join pieces for it. */
static uint32_t l4_hdr_len(const struct flow_key *key)
{
    return key->ip_proto == IPPROTO_TCP ? 20 : key->ip_proto == IPPROTO_SCTP ? 12 : 0;
}

/* Can the pieces leave as they came? The first one's headers count. */
static bool has_pieces(const struct cut *c, const struct flow_key *key)
{
    const uint16_t *piece = c->p->piece;
    uint32_t hdrs = c->head - c->l3, sum;

    if (!piece || !piece[1] || c->p->shares_pieces || piece[0] < hdrs + l4_hdr_len(key))
        return false;
    sum = piece[0] - hdrs;
    if (sum > c->room || sum % 8)
        return false;
    for (piece++; *piece && sum < c->left; piece++) {
        sum += *piece;
        if (*piece > c->room || (*piece % 8 && sum < c->left))
            return false;
    }
    return sum >= c->left;
}

static uint32_t next_len(const struct cut *c, const uint16_t **piece)
{
    if (*piece) {
        uint32_t len = *(*piece)++ - (c->at ? 0 : c->head - c->l3);

        return MIN(len, c->left);
    }
    return c->left <= c->room ? c->left : c->room & ~7u;
}

static void send_fragment(const struct cut *c, const struct ip_family *f, struct vport *v, uint32_t len)
{
    struct dp_world *w = dp_world_of(v->dp);
    struct pkt *fragment = pkt_part(&w->pool, c->p, c->head, c->head + c->at, len);

    fragment->vlan_tci &= (uint16_t)~TCI_CFI;
    f->put(c, fragment, len);
    if (tracing(w))
        trace(w, "ovs_vport_output", "port %u (%s) len %u", v->port_no, v->dev->name,
              pkt_wire_len(fragment));
    dp_vport_send(v, fragment, c->p->has_eth);
}

/* The first fragment stands for the packet in the account. */
static void cut_up(struct cut *c, const struct ip_family *f, struct vport *v, const uint16_t *piece)
{
    struct dp_world *w = dp_world_of(v->dp);

    while (c->left) {
        uint32_t len = next_len(c, &piece);

        w->account.n_born += c->at > 0;
        if (!piece && faulty(w, DP_FAULT_FRAGMENT_ALLOC)) {
            dp_drop(w, pkt_part(&w->pool, c->p, c->head, c->head + c->at, len), DROP_NO_MEMORY);
            return;
        }
        send_fragment(c, f, v, len);
        c->at += len;
        c->left -= len;
    }
}

static enum drop_reason fragment(struct vport *v, const struct pkt *p, const struct flow_key *key)
{
    const struct ip_family *f = family_of(key->eth_type);
    bool has_labels = is_mpls_type(p->protocol) && p->inner_off;   /* they count for the link layer */
    struct cut c = {.p = p, .l3 = has_labels ? p->inner_off : p->l3_off};

    if (c.l3 > MAX_L2_LEN)
        return DROP_FRAG_L2_TOO_LONG;
    if (!f)
        return DROP_FRAG_INVALID_PROTO;
    if (!f->begin(&c, dp_world_of(v->dp)->env) || pkt_left(p, c.head) == 0 || c.room < 8)
        return DROP_PKT_TOO_BIG;
    c.left = pkt_left(p, c.head);
    cut_up(&c, f, v, has_pieces(&c, key) ? p->piece : NULL);
    return N_DROP_REASONS;
}

void dp_fragment(struct vport *v, struct pkt *p, const struct flow_key *key)
{
    struct dp_world *w = dp_world_of(v->dp);
    enum drop_reason why = fragment(v, p, key);

    if (why != N_DROP_REASONS)
        dp_drop(w, p, why);
    else
        pkt_free(&w->pool, p);
}
