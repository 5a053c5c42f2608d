/* extract.c - packet bytes to flow key: link layer, IPv4, ARP, MPLS, NSH, transport layer.
 *
 * Every rule, malformed packets above all, is of catalogue 05. What cannot be read leaves its part
 * of the key zero and the packet goes on; only three things are errors (section 5.10).
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/if_ether.h>
#include <netinet/in.h>

#include "base/bytes.h"
#include "dp/eth_type.h"
#include "dp/extract_int.h"

#define MAC_ADDRS_LEN 12u
#define TAG_LEN 4u

void key_clear(struct flow_key *key)
{
    memset(key, 0, sizeof(*key));
}

/* ---- link layer (section 5.2)  ------------------------------------------------------- */

/* Is there a tag at 'off' with a type behind it? One cut short is taken for the payload's type. */
static bool has_tag_at(const struct pkt *p, uint32_t off)
{
    return is_vlan_type(be16_get(p->data + off)) && pkt_left(p, off) >= TAG_LEN + 2;
}

static void take_outer_tag(struct pkt *p)
{
    const uint8_t *tag = p->data + MAC_ADDRS_LEN;

    if (p->has_vlan || !has_tag_at(p, MAC_ADDRS_LEN))
        return;
    p->vlan_tpid = be16_get(tag);
    p->vlan_tci = be16_get(tag + 2);
    p->has_vlan = true;
    pkt_remove(p, MAC_ADDRS_LEN, TAG_LEN);
}

/* The EtherType behind an 802.3 length at *off, which is moved behind what was read. */
static uint16_t extract_llc(const struct pkt *p, uint32_t *off)
{
    const uint8_t *llc = p->data + *off;
    uint16_t type;

    if (pkt_left(p, *off) < 8 || llc[0] != 0xaa || llc[1] != 0xaa || llc[3] || llc[4] || llc[5])
        return KEY_TYPE_802_2;
    *off += 8;
    type = be16_get(llc + 6);
    return type >= ETH_P_802_3_MIN ? type : KEY_TYPE_802_2;
}

static int extract_eth(struct flow_key *key, struct pkt *p)
{
    uint32_t off = MAC_ADDRS_LEN;

    if (p->len < ETH_HLEN)
        return -EINVAL;
    memcpy(key->eth_dst, p->data, 6);
    memcpy(key->eth_src, p->data + 6, 6);
    take_outer_tag(p);
    if (p->has_vlan) {
        key->vlan.tpid = p->vlan_tpid;
        key->vlan.tci = p->vlan_tci | KEY_TCI_PRESENT;
        if (has_tag_at(p, off)) {
            key->cvlan.tpid = be16_get(p->data + off);
            key->cvlan.tci = be16_get(p->data + off + 2) | KEY_TCI_PRESENT;
            off += TAG_LEN;
        }
    }
    key->eth_type = be16_get(p->data + off);
    off += 2;
    if (key->eth_type < ETH_P_802_3_MIN)
        key->eth_type = extract_llc(p, &off);
    p->protocol = key->cvlan.tci ? key->cvlan.tpid : key->eth_type;
    p->l3_off = p->mac_len = (uint16_t)off;
    return 0;
}

static int extract_no_eth(struct flow_key *key, struct pkt *p)
{
    if (is_vlan_type(p->protocol))
        return -EINVAL;
    memset(key->eth_src, 0, sizeof(key->eth_src));
    memset(key->eth_dst, 0, sizeof(key->eth_dst));
    key->eth_type = p->protocol;
    p->l3_off = p->mac_len = 0;
    return 0;
}

/* ---- transport layer (section 5.4) --------------------------------------------------- */

static void extract_tcp(struct flow_key *key, const uint8_t *tcp, uint32_t left)
{
    uint32_t len;

    if (left < 20)
        return;
    len = (tcp[12] >> 4) * 4u;
    if (len < 20 || len > left)
        return;
    key->tp_src = be16_get(tcp);
    key->tp_dst = be16_get(tcp + 2);
    key->tcp_flags = be16_get(tcp + 12) & 0x0fff;
}

static void extract_ports(struct flow_key *key, const uint8_t *l4, uint32_t left, uint32_t need)
{
    if (left < need)
        return;
    key->tp_src = be16_get(l4);
    key->tp_dst = be16_get(l4 + 2);
}

bool extract_l4(struct flow_key *key, const struct pkt *p, uint8_t icmp)
{
    const uint8_t *l4 = p->data + p->l4_off;
    uint32_t left = p->l4_off ? pkt_left(p, p->l4_off) : 0;

    if (key->ip_proto == IPPROTO_TCP) {
        extract_tcp(key, l4, left);
    } else if (key->ip_proto == IPPROTO_UDP) {
        extract_ports(key, l4, left, 8);
    } else if (key->ip_proto == IPPROTO_SCTP) {
        extract_ports(key, l4, left, 12);
    } else if (key->ip_proto == icmp && left >= 8) {
        key->tp_src = l4[0];
        key->tp_dst = l4[1];
        return true;
    }
    return false;
}

/* ---- network layer ------------------------------------------------------------------- */

/* Section 5.3. */
static void extract_ip4(struct flow_key *key, struct pkt *p)
{
    const uint8_t *ip = p->data + p->l3_off;
    uint32_t left = pkt_left(p, p->l3_off), len = left < 20 ? 0 : (ip[0] & 15u) * 4;
    uint16_t frag;

    p->l4_off = 0;              /* other protocols leave it where it was */
    if (len < 20 || len > left) {
        memset(&key->ip4, 0, sizeof(key->ip4));
        return;
    }
    memcpy(&key->ip4.src, ip + 12, 4);      /* addresses are bytes in wire order */
    memcpy(&key->ip4.dst, ip + 16, 4);
    key->ip_proto = ip[9];
    key->ip_tos = ip[1];
    key->ip_ttl = ip[8];
    pkt_set_l4(p, p->l3_off + len);
    frag = be16_get(ip + 6);
    if (frag & 0x1fff) {
        key->ip_frag = KEY_FRAG_LATER;
        return;
    }
    key->ip_frag = frag & 0x2000 ? KEY_FRAG_FIRST : KEY_FRAG_NONE;
    extract_l4(key, p, IPPROTO_ICMP);
}

/* Section 5.7. */
static void extract_arp(struct flow_key *key, const struct pkt *p)
{
    static const uint8_t ether_ip4[6] = { 0, 1, 8, 0, 6, 4 };
    const uint8_t *arp = p->data + p->l3_off;

    memset(&key->ip4, 0, sizeof(key->ip4));
    if (pkt_left(p, p->l3_off) < 28 || memcmp(arp, ether_ip4, sizeof(ether_ip4)) != 0)
        return;
    key->ip_proto = arp[6] ? 0 : arp[7];    /* the key has one byte for the opcode */
    memcpy(key->ip4.arp.sha, arp + 8, 6);
    memcpy(&key->ip4.src, arp + 14, 4);
    memcpy(key->ip4.arp.tha, arp + 18, 6);
    memcpy(&key->ip4.dst, arp + 24, 4);
}

/* Section 5.8. */
static void extract_mpls(struct flow_key *key, const struct pkt *p)
{
    const uint8_t *lse = p->data + p->l3_off;
    uint32_t left = pkt_left(p, p->l3_off);

    memset(&key->mpls, 0, sizeof(key->mpls));
    for (unsigned n = 1; left >= 4; n++, lse += 4, left -= 4) {
        if (n <= KEY_N_MPLS)
            memcpy(key->mpls.lse[n - 1], lse, sizeof(key->mpls.lse[0]));
        if (lse[2] & 1) {
            key->mpls.n_lse_mask = (1u << MIN(n, KEY_N_MPLS)) - 1;
            return;
        }
    }
}

/* Section 5.9: the one header that a packet is dropped for. */
static int extract_nsh(struct flow_key *key, const struct pkt *p)
{
    const uint8_t *nsh = p->data + p->l3_off;
    uint32_t left = pkt_left(p, p->l3_off), word, len;

    if (left < 8)
        return -EINVAL;
    word = be16_get(nsh);       /* version 2, flags 2, ttl 6, length 6 bits */
    len = (word & 0x3f) * 4;
    if (word >> 14 || len > left)
        return -EINVAL;
    memset(&key->nsh, 0, sizeof(key->nsh));
    key->nsh.flags = (uint8_t)(word >> 12 & 3);
    key->nsh.ttl = (uint8_t)(word >> 6 & 0x3f);
    key->nsh.mdtype = nsh[2];
    key->nsh.np = nsh[3];
    key->nsh.path_hdr = be32_get(nsh + 4);
    if (nsh[2] == 1 && len == 24) {
        memcpy(key->nsh.context, nsh + 8, sizeof(key->nsh.context));
        return 0;
    }
    return nsh[2] == 2 ? 0 : -EINVAL;
}

static int extract_l3(struct flow_key *key, struct pkt *p)
{
    switch (key->eth_type) {
    case ETH_P_IP:
        extract_ip4(key, p);
        return 0;
    case ETH_P_IPV6:
        extract_ip6(key, p);
        return 0;
    case ETH_P_ARP:
    case ETH_P_RARP:
        extract_arp(key, p);
        return 0;
    case ETH_P_MPLS_UC:
    case ETH_P_MPLS_MC:
        extract_mpls(key, p);
        return 0;
    case ETH_P_NSH:
        return extract_nsh(key, p);
    default:
        return 0;
    }
}

/* Small members that not every packet has; the larger ones belong to a type and are written, or
 * cleared, by its reader. */
static void clear_optional(struct flow_key *key)
{
    key->ip_proto = key->ip_tos = key->ip_ttl = key->ip_frag = 0;
    key->tp_src = key->tp_dst = key->tcp_flags = 0;
    key->ip6_label = 0;
    key->is_stale = 0;
}

int key_extract_l3(struct flow_key *key, struct pkt *p)
{
    clear_optional(key);
    return extract_l3(key, p);
}

int key_extract(struct flow_key *key, struct pkt *p)
{
    int error;

    key->vlan = key->cvlan = (struct key_tag){0};
    p->has_eth = key->mac_proto == KEY_MAC_ETH;
    error = p->has_eth ? extract_eth(key, p) : extract_no_eth(key, p);
    return error ? error : key_extract_l3(key, p);
}
