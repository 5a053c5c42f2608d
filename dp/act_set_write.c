/* act_set_write.c - what set() does to a packet: new bytes, patched checksums, the key kept true.
 *
 * Catalogue 07, section 7.4. The kernel leaves alone what would not change, and the key member
 * with it, so that a key that knows less than the packet (a later fragment's ports) stays so.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/if_ether.h>
#include <netinet/in.h>

#include "base/bytes.h"
#include "base/checksum.h"
#include "dp/act_set_int.h"
#include "dp/ct/conn.h"
#include "dp/eth_type.h"
#include "dp/extract_int.h"
#include "netlink/attr.h"

static void mix(uint8_t *to, const uint8_t *old, const uint8_t *value, const uint8_t *mask,
                size_t len)
{
    for (size_t i = 0; i < len; i++)
        to[i] = value[i] | (old[i] & (uint8_t)~mask[i]);
}

static uint32_t mix_u32(uint32_t old, const uint8_t *value, const uint8_t *mask)
{
    mix((uint8_t *)&old, (const uint8_t *)&old, value, mask, sizeof(old));
    return old;
}

/* The header at 'off', or NULL if not all of it is within the frame. */
static uint8_t *header(const struct pkt *p, uint32_t off, uint32_t len)
{
    return pkt_left(p, off) >= len ? p->data + off : NULL;
}

/* With other addresses or ports it belongs to another flow, and to no connection; the key's ct fields stay. */
static void forget_flow(struct pkt *p)
{
    pkt_drop_ct(p);
    p->hash = 0;
    p->hash_is_l4 = p->hash_is_sw = false;
}

/* ---- metadata and link layer ----------------------------------------------------------------- */

int set_priority_write(struct act_run *run, const uint8_t *value, const uint8_t *mask)
{
    run->pkt->priority = mix_u32(run->pkt->priority, value, mask);
    run->key->priority = run->pkt->priority;
    return 0;
}

int set_mark_write(struct act_run *run, const uint8_t *value, const uint8_t *mask)
{
    run->pkt->mark = mix_u32(run->pkt->mark, value, mask);
    run->key->skb_mark = run->pkt->mark;
    return 0;
}

/* Where the packet goes when it leaves by a tunnel port. The flow key keeps the tunnel it came by. */
int set_tunnel_write(struct act_run *run, const uint8_t *value, const uint8_t *mask)
{
    (void)mask;
    run->pkt->tunnel = (const void *)(value - ATTR_HDR);
    return 0;
}

int set_nothing_write(struct act_run *run, const uint8_t *value, const uint8_t *mask)
{
    (void)run;
    (void)value;
    (void)mask;
    return -EINVAL;
}

int set_eth_write(struct act_run *run, const uint8_t *value, const uint8_t *mask)
{
    uint8_t *eth = header(run->pkt, 0, ETH_HLEN);

    if (!eth)
        return -ENOMEM;
    mix(eth + ETH_ALEN, eth + ETH_ALEN, value, mask, ETH_ALEN);
    mix(eth, eth, value + ETH_ALEN, mask + ETH_ALEN, ETH_ALEN);
    memcpy(run->key->eth_src, eth + ETH_ALEN, ETH_ALEN);
    memcpy(run->key->eth_dst, eth, ETH_ALEN);
    return 0;
}

int set_mpls_write(struct act_run *run, const uint8_t *value, const uint8_t *mask)
{
    struct pkt *p = run->pkt;
    uint8_t *lse = header(p, p->l3_off, 4);

    if (!lse)
        return -ENOMEM;
    /* With an inner VLAN tag in the frame the packet does not count as MPLS. */
    if (!is_mpls_type(p->protocol))
        return -EINVAL;
    mix(lse, lse, value, mask, 4);
    memcpy(run->key->mpls.lse[0], lse, sizeof(run->key->mpls.lse[0]));
    return 0;
}

/* ---- addresses ------------------------------------------------------------------------------ */

/* A transport header whose checksum covers the addresses. */
struct l4_sum {
    uint8_t proto, len, at;     /* 'at': of the checksum */
    bool is_optional;           /* 0: there is none */
    bool is_ip6_only;
};

static const struct l4_sum l4_sums[] = {
    { .proto = IPPROTO_TCP, .len = 20, .at = 16 },
    { .proto = IPPROTO_UDP, .len = 8, .at = 6, .is_optional = true },
    { .proto = IPPROTO_ICMPV6, .len = 8, .at = 2, .is_ip6_only = true },
};

static void patch_sum(uint8_t *field, bool is_optional, const uint8_t *from, const uint8_t *to,
                      size_t len)
{
    if (is_optional && !be16_get(field))
        return;
    csum_replace(field, from, to, len);
    if (is_optional && !be16_get(field))
        be16_put(field, 0xffff);
}

static void patch_l4(const struct pkt *p, uint8_t proto, const uint8_t *from, const uint8_t *to,
                     size_t addr_len)
{
    for (size_t i = 0; i < G_N_ELEMENTS(l4_sums); i++) {
        const struct l4_sum *s = &l4_sums[i];

        if (s->proto != proto || (s->is_ip6_only && addr_len != 16) || !p->l4_off ||
            pkt_left(p, p->l4_off) < s->len)
            continue;
        patch_sum(p->data + p->l4_off + s->at, s->is_optional, from, to, addr_len);
    }
}

/* Writes one IPv4 address. Returns whether it changed. */
static bool set_ip4_addr(struct pkt *p, uint8_t *ip, uint8_t *addr, const uint8_t *value,
                         const uint8_t *mask)
{
    uint8_t to[4];

    mix(to, addr, value, mask, sizeof(to));
    if (memcmp(to, addr, sizeof(to)) == 0)
        return false;
    if (!(be16_get(ip + 6) & 0x1fff))
        patch_l4(p, ip[9], addr, to, sizeof(to));
    csum_replace(ip + 10, addr, to, sizeof(to));
    memcpy(addr, to, sizeof(to));
    forget_flow(p);
    return true;
}

/* Writes one byte of the IPv4 header, which the checksum covers in words. */
static uint8_t set_ip4_byte(uint8_t *ip, unsigned at, uint8_t value, uint8_t mask)
{
    uint8_t *word = ip + (at & ~1u), old[2];

    memcpy(old, word, sizeof(old));
    ip[at] = value | (ip[at] & (uint8_t)~mask);
    csum_replace(ip + 10, old, word, sizeof(old));
    return ip[at];
}

int set_ip4_write(struct act_run *run, const uint8_t *value, const uint8_t *mask)
{
    uint8_t *ip = header(run->pkt, run->pkt->l3_off, 20);

    if (!ip)
        return -ENOMEM;
    if (set_ip4_addr(run->pkt, ip, ip + 12, value, mask))
        memcpy(&run->key->ip4.src, ip + 12, 4);
    if (set_ip4_addr(run->pkt, ip, ip + 16, value + 4, mask + 4))
        memcpy(&run->key->ip4.dst, ip + 16, 4);
    if (mask[9])
        run->key->ip_tos = set_ip4_byte(ip, 1, value[9], mask[9]);
    if (mask[10])
        run->key->ip_ttl = set_ip4_byte(ip, 8, value[10], mask[10]);
    return 0;
}

/* Writes one IPv6 address. Returns whether it changed. */
static bool set_ip6_addr(struct act_run *run, uint8_t *addr, const uint8_t *value,
                         const uint8_t *mask, bool is_final)
{
    uint8_t to[16];

    mix(to, addr, value, mask, sizeof(to));
    if (memcmp(to, addr, sizeof(to)) == 0)
        return false;
    if (is_final)       /* else the pseudo header has another address */
        patch_l4(run->pkt, run->key->ip_proto, addr, to, sizeof(to));
    memcpy(addr, to, sizeof(to));
    forget_flow(run->pkt);
    return true;
}

/* Traffic class and label, in the first word behind the version. */
static void set_ip6_word(struct act_run *run, uint8_t *ip, const uint8_t *value,
                         const uint8_t *mask)
{
    uint32_t word = be32_get(ip), label_mask = be32_get(mask + 32) & 0xffffff;

    if (mask[37]) {
        word = (word & ~((uint32_t)mask[37] << 20)) | (uint32_t)value[37] << 20;
        run->key->ip_tos = (uint8_t)(word >> 20);
    }
    /* A mask beyond 20 bits is not refused; the kernel lets 24 of it reach the packet. */
    if (be32_get(mask + 32)) {
        word = (word & ~label_mask) | (be32_get(value + 32) & 0xffffff);
        run->key->ip6_label = word & 0xfffff;
    }
    be32_put(ip, word);
}

int set_ip6_write(struct act_run *run, const uint8_t *value, const uint8_t *mask)
{
    uint8_t *ip = header(run->pkt, run->pkt->l3_off, 40);

    if (!ip)
        return -ENOMEM;
    if (set_ip6_addr(run, ip + 8, value, mask, true))
        memcpy(run->key->ip6.src, ip + 8, 16);
    if (!bytes_are(mask + 16, 16, 0) &&
        set_ip6_addr(run, ip + 24, value + 16, mask + 16, !ip6_is_routed(run->pkt)))
        memcpy(run->key->ip6.dst, ip + 24, 16);
    set_ip6_word(run, ip, value, mask);
    if (mask[38]) {
        ip[7] = value[38] | (ip[7] & (uint8_t)~mask[38]);
        run->key->ip_ttl = ip[7];
    }
    return 0;
}

/* ---- ports ---------------------------------------------------------------------------------- */

/* Writes one port; 'sum' NULL: no checksum. Returns whether it changed. */
static bool set_port(uint8_t *port, const uint8_t *value, const uint8_t *mask, uint8_t *sum)
{
    uint8_t to[2];

    mix(to, port, value, mask, sizeof(to));
    if (memcmp(to, port, sizeof(to)) == 0)
        return false;
    if (sum)
        csum_replace(sum, port, to, sizeof(to));
    memcpy(port, to, sizeof(to));
    return true;
}

/* Both ports; the key's follow those that changed. */
static void set_ports(struct act_run *run, uint8_t *l4, const uint8_t *value, const uint8_t *mask,
                      uint8_t *sum)
{
    if (set_port(l4, value, mask, sum))
        run->key->tp_src = be16_get(l4);
    if (set_port(l4 + 2, value + 2, mask + 2, sum))
        run->key->tp_dst = be16_get(l4 + 2);
    forget_flow(run->pkt);
}

/* The transport header, or NULL. */
static uint8_t *l4_header(const struct pkt *p, uint32_t len)
{
    return p->l4_off ? header(p, p->l4_off, len) : NULL;
}

int set_tcp_write(struct act_run *run, const uint8_t *value, const uint8_t *mask)
{
    uint8_t *tcp = l4_header(run->pkt, 20);

    if (!tcp)
        return -ENOMEM;
    set_ports(run, tcp, value, mask, tcp + 16);
    return 0;
}

/* Ports whose key members are written whether they changed or not. */
static void set_ports_and_key(struct act_run *run, uint8_t *l4, const uint8_t *value,
                              const uint8_t *mask)
{
    set_ports(run, l4, value, mask, NULL);
    run->key->tp_src = be16_get(l4);
    run->key->tp_dst = be16_get(l4 + 2);
}

int set_udp_write(struct act_run *run, const uint8_t *value, const uint8_t *mask)
{
    uint8_t *udp = l4_header(run->pkt, 8);

    if (!udp)
        return -ENOMEM;
    if (!be16_get(udp + 6)) {
        set_ports_and_key(run, udp, value, mask);
        return 0;
    }
    set_ports(run, udp, value, mask, udp + 6);
    if (!be16_get(udp + 6))
        be16_put(udp + 6, 0xffff);
    return 0;
}

int set_sctp_write(struct act_run *run, const uint8_t *value, const uint8_t *mask)
{
    uint8_t *sctp = l4_header(run->pkt, 12);
    uint32_t left, sum, was_right;

    if (!sctp)
        return -ENOMEM;
    left = pkt_left(run->pkt, run->pkt->l4_off);
    was_right = crc32c_sctp(sctp, left, 8);
    set_ports_and_key(run, sctp, value, mask);
    /* A checksum that was wrong stays wrong by the same bits. */
    memcpy(&sum, sctp + 8, sizeof(sum));
    sum ^= GUINT32_TO_LE(was_right ^ crc32c_sctp(sctp, left, 8));
    memcpy(sctp + 8, &sum, sizeof(sum));
    return 0;
}
