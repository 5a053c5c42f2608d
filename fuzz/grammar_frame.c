/* grammar_frame.c - frames that a key describes: extraction gives the key again (but metadata and extension headers).
 * SPDX-License-Identifier: Apache-2.0 */
#include <linux/openvswitch.h>
#include <netinet/in.h>

#include "base/bytes.h"
#include "base/checksum.h"
#include "dp/eth_type.h"
#include "fuzz/grammar_int.h"

#define ROOM 512
#define MPLS_BOS 0x100u
#define MOST_PAYLOAD 64u
#define LEAST_LEN 14u               /* what EXECUTE takes, also of packets without Ethernet header */

/* A frame under construction. */
struct frame {
    const struct draw *d;
    const struct flow_key *key;
    uint8_t at[ROOM];
    size_t len;
    size_t ip;                      /* where the IP header is */
};

static uint8_t *add(struct frame *f, size_t len)
{
    uint8_t *at = f->at + f->len;

    memset(at, 0, len);
    f->len += len;
    return at;
}

static void add_be16(struct frame *f, uint16_t value)
{
    be16_put(add(f, sizeof(value)), value);
}

static void add_bytes(struct frame *f, const void *bytes, size_t len)
{
    memcpy(add(f, len), bytes, len);
}

static void add_payload(struct frame *f)
{
    size_t len = draw_number(f->d, MOST_PAYLOAD);

    draw_bytes(f->d, add(f, len), len);
}

/* ---- transport --------------------------------------------------------------------------------------- */

/* Writes the checksum, which is 0 as yet, at 'at' of the transport header at 'l4', which goes to the end. */
static void put_sum(struct frame *f, size_t l4, size_t at)
{
    const uint8_t *ip = f->at + f->ip;
    uint32_t sum = 0;

    if (f->key->ip_proto != IPPROTO_ICMP)
        sum = csum_pseudo_header(ip, f->key->eth_type == ETH_P_IPV6, f->key->ip_proto, f->len - l4);
    be16_put(f->at + l4 + at, csum_finish(csum_add(sum, f->at + l4, f->len - l4)));
}

static uint8_t *add_ports(struct frame *f, size_t len)
{
    uint8_t *l4 = add(f, len);

    be16_put(l4, f->key->tp_src);
    be16_put(l4 + 2, f->key->tp_dst);
    return l4;
}

static void add_tcp(struct frame *f)
{
    size_t l4 = f->len;
    uint8_t *tcp = add_ports(f, 20);

    draw_bytes(f->d, tcp + 4, 8);
    be16_put(tcp + 12, (uint16_t)(0x5000 | (f->key->tcp_flags & 0xfff)));
    add_payload(f);
    put_sum(f, l4, 16);
}

static void add_udp(struct frame *f)
{
    size_t l4 = f->len;

    add_ports(f, 8);
    add_payload(f);
    be16_put(f->at + l4 + 4, (uint16_t)(f->len - l4));
    if (!draw_one_in(f->d, 4))          /* else it has none */
        put_sum(f, l4, 6);
}

static void add_sctp(struct frame *f)
{
    size_t l4 = f->len;
    uint32_t sum;

    draw_bytes(f->d, add_ports(f, 12) + 4, 4);
    add_payload(f);
    sum = GUINT32_TO_LE(crc32c_sctp(f->at + l4, f->len - l4, 8));
    memcpy(f->at + l4 + 8, &sum, sizeof(sum));
}

static void add_icmp(struct frame *f)
{
    size_t l4 = f->len;
    uint8_t *icmp = add(f, 8);

    icmp[0] = (uint8_t)f->key->tp_src;
    icmp[1] = (uint8_t)f->key->tp_dst;
    add_payload(f);
    put_sum(f, l4, 2);
}

static void add_nd_option(struct frame *f, uint8_t type, const uint8_t *addr)
{
    uint8_t *option = add(f, 8);

    option[0] = type;
    option[1] = 1;
    memcpy(option + 2, addr, 6);
}

static void add_icmp6(struct frame *f)
{
    const struct key_nd *nd = &f->key->ip6.nd;
    size_t l4 = f->len;
    uint8_t *icmp;

    if (!key_when_holds(&key_attrs[OVS_KEY_ATTR_ND].when, f->key)) {
        add_icmp(f);
        return;
    }
    icmp = add(f, 8);
    icmp[0] = (uint8_t)f->key->tp_src;
    icmp[1] = (uint8_t)f->key->tp_dst;
    add_bytes(f, nd->target, sizeof(nd->target));
    if (!bytes_are(nd->sll, sizeof(nd->sll), 0))
        add_nd_option(f, 1, nd->sll);
    if (!bytes_are(nd->tll, sizeof(nd->tll), 0))
        add_nd_option(f, 2, nd->tll);
    put_sum(f, l4, 2);
}

/* ---- network ----------------------------------------------------------------------------------------- */

static void add_l4(struct frame *f);

static void add_ip4(struct frame *f)
{
    const struct flow_key *k = f->key;
    uint8_t *ip = add(f, 20);

    f->ip = f->len - 20;
    ip[0] = 0x45;
    ip[1] = k->ip_tos;
    be16_put(ip + 6, k->ip_frag == KEY_FRAG_FIRST ? 0x2000 : k->ip_frag == KEY_FRAG_LATER ? 1 : 0);
    ip[8] = k->ip_ttl;
    ip[9] = k->ip_proto;
    memcpy(ip + 12, &k->ip4.src, 4);
    memcpy(ip + 16, &k->ip4.dst, 4);
    add_l4(f);
    be16_put(ip + 2, (uint16_t)(f->len - f->ip));
    be16_put(ip + 10, csum_finish(csum_add(0, ip, 20)));
}

static void add_ip6(struct frame *f)
{
    const struct flow_key *k = f->key;
    uint8_t *ip = add(f, 40), *fragment;

    f->ip = f->len - 40;
    be32_put(ip, 0x60000000u | (uint32_t)k->ip_tos << 20 | k->ip6_label);
    ip[6] = k->ip_proto;
    ip[7] = k->ip_ttl;
    memcpy(ip + 8, k->ip6.src, 16);
    memcpy(ip + 24, k->ip6.dst, 16);
    if (k->ip_frag) {
        ip[6] = IPPROTO_FRAGMENT;
        fragment = add(f, 8);
        fragment[0] = k->ip_proto;
        be16_put(fragment + 2, k->ip_frag == KEY_FRAG_FIRST ? 1 : 8);
    }
    add_l4(f);
    be16_put(ip + 4, (uint16_t)(f->len - f->ip - 40));
}

static void add_arp(struct frame *f)
{
    static const uint8_t ethernet_ip4[6] = {0, 1, 8, 0, 6, 4};
    const struct flow_key *k = f->key;

    add_bytes(f, ethernet_ip4, sizeof(ethernet_ip4));
    add_be16(f, k->ip_proto);
    add_bytes(f, k->ip4.arp.sha, 6);
    add_bytes(f, &k->ip4.src, 4);
    add_bytes(f, k->ip4.arp.tha, 6);
    add_bytes(f, &k->ip4.dst, 4);
}

static void add_mpls(struct frame *f)
{
    unsigned n = (unsigned)__builtin_popcount(f->key->mpls.n_lse_mask);

    for (unsigned i = 0; i < n; i++) {
        uint32_t lse = be32_get(f->key->mpls.lse[i]) & ~MPLS_BOS;

        be32_put(add(f, 4), i + 1 == n ? lse | MPLS_BOS : lse);
    }
    add_payload(f);
}

static void add_nsh(struct frame *f)
{
    const struct key_nsh *nsh = &f->key->nsh;
    unsigned words = nsh->mdtype == 1 ? 6 : 2;
    uint8_t *at = add(f, 8);

    be16_put(at, (uint16_t)((nsh->flags & 3u) << 12 | (nsh->ttl & 0x3fu) << 6 | words));
    at[2] = nsh->mdtype;
    at[3] = nsh->np;
    be32_put(at + 4, nsh->path_hdr);
    if (nsh->mdtype == 1)
        add_bytes(f, nsh->context, sizeof(nsh->context));
    add_payload(f);
}

/* ---- layers ------------------------------------------------------------------------------------------ */

/* What the attributes of a packet look like in it. */
struct layer {
    uint8_t type;                   /* OVS_KEY_ATTR_* whose 'when' says that it is there */
    void (*add)(struct frame *f);
};

static const struct layer layers3[] = {
    {OVS_KEY_ATTR_IPV4, add_ip4}, {OVS_KEY_ATTR_IPV6, add_ip6}, {OVS_KEY_ATTR_ARP, add_arp},
    {OVS_KEY_ATTR_MPLS, add_mpls}, {OVS_KEY_ATTR_NSH, add_nsh},
};
static const struct layer layers4[] = {
    {OVS_KEY_ATTR_TCP, add_tcp},   {OVS_KEY_ATTR_UDP, add_udp},     {OVS_KEY_ATTR_SCTP, add_sctp},
    {OVS_KEY_ATTR_ICMP, add_icmp}, {OVS_KEY_ATTR_ICMPV6, add_icmp6},
};

static void add_layer(struct frame *f, const struct layer *layer, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (key_when_holds(&key_attrs[layer[i].type].when, f->key)) {
            layer[i].add(f);
            return;
        }
    }
    add_payload(f);
}

static void add_l4(struct frame *f)
{
    add_layer(f, layers4, G_N_ELEMENTS(layers4));
}

static void add_tag(struct frame *f, const struct key_tag *tag)
{
    if (!tag->tci)
        return;
    add_be16(f, tag->tpid);
    add_be16(f, (uint16_t)(tag->tci & ~KEY_TCI_PRESENT));
}

static void add_ethernet(struct frame *f)
{
    static const uint8_t llc[] = {0x42, 0x42, 0x03};
    size_t len_at;

    add_bytes(f, f->key->eth_dst, 6);
    add_bytes(f, f->key->eth_src, 6);
    add_tag(f, &f->key->vlan);
    add_tag(f, &f->key->cvlan);
    if (f->key->eth_type != KEY_TYPE_802_2) {
        add_be16(f, f->key->eth_type);
        return;
    }
    len_at = f->len;
    add_be16(f, 0);
    add_bytes(f, llc, sizeof(llc));
    add_payload(f);
    be16_put(f->at + len_at, (uint16_t)(f->len - len_at - 2));
}

void frame_draw(const struct draw *d, const struct flow_key *key, GByteArray *out)
{
    struct frame f = {.d = d, .key = key};

    if (key->mac_proto == KEY_MAC_ETH)
        add_ethernet(&f);
    add_layer(&f, layers3, G_N_ELEMENTS(layers3));
    if (f.len < LEAST_LEN)
        add(&f, LEAST_LEN - f.len);
    g_byte_array_append(out, f.at, (guint)f.len);
}
