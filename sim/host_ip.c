/* host_ip.c - the small host's IPv4 and IPv6: headers off and on, checksums.
 * SPDX-License-Identifier: Apache-2.0 */
#include <netinet/in.h>

#include "base/checksum.h"
#include "sim/arp_nd.h"
#include "sim/host_int.h"
#include "sim/ip.h"

#define FRAGMENT  0x3fff        /* more fragments, or an offset */
#define HOP_LIMIT 64

void host_put_text(const struct in6_addr *addr, char text[INET6_ADDRSTRLEN])
{
    if (is_ip4(addr))
        (void)inet_ntop(AF_INET, &addr->s6_addr[12], text, INET6_ADDRSTRLEN);
    else
        (void)inet_ntop(AF_INET6, addr, text, INET6_ADDRSTRLEN);
}

static void map_ip4(struct in6_addr *addr, const uint8_t *bytes)
{
    memset(addr, 0, sizeof(*addr));
    memset(&addr->s6_addr[10], 0xff, 2);
    memcpy(&addr->s6_addr[12], bytes, 4);
}

/* Sum of what lies behind an IP header, with the addresses where the protocol wants them. */
static uint16_t l4_sum(const struct in6_addr *src, const struct in6_addr *dst, uint8_t proto,
                       const uint8_t *l4, size_t len)
{
    size_t skip = is_ip4(src) ? 12 : 0;
    uint8_t tail[4] = { 0, proto, (uint8_t)(len >> 8), (uint8_t)len };
    uint32_t sum = 0;

    if (proto != IPPROTO_ICMP) {
        sum = csum_add(sum, &src->s6_addr[skip], 16 - skip);
        sum = csum_add(sum, &dst->s6_addr[skip], 16 - skip);
        sum = csum_add(sum, tail, sizeof(tail));
    }
    return csum_finish(csum_add(sum, l4, len));
}

/* A UDP checksum of 0 says that there is none, over IPv4. */
static bool is_sum_good(const struct host_packet *p)
{
    if (p->proto == IPPROTO_UDP && is_ip4(&p->src) && p->len >= 8 && !be16_get(p->l4 + 6))
        return true;
    return !l4_sum(&p->src, &p->dst, p->proto, p->l4, p->len);
}

/* Solicited-node multicast reaches the host by its last three bytes. */
static bool is_for(const struct host *h, const struct in6_addr *dst)
{
    static const uint8_t solicited[13] = { 0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff };

    if (host_has(h, dst))
        return true;
    if (memcmp(dst, solicited, sizeof(solicited)))
        return false;
    for (guint i = 0; i < h->addrs->len; i++)
        if (!memcmp(&g_array_index(h->addrs, struct host_addr, i).addr.s6_addr[13],
                    &dst->s6_addr[13], 3))
            return true;
    return false;
}

static void take(struct host *h, const uint8_t *mac, const struct host_packet *p)
{
    if (!is_for(h, &p->dst) || !is_sum_good(p))
        return;
    host_learn(h, &p->src, mac);
    host_get_l4(h, p);
}

void host_get_ip4(struct host *h, const uint8_t *mac, const uint8_t *bytes, size_t len)
{
    struct host_packet p = { .proto = 0 };
    size_t head, total;

    if (len < IP4_LEN || bytes[0] >> 4 != 4)
        return;
    head = (bytes[0] & 15u) * 4;
    total = be16_get(bytes + 2);
    if (head < IP4_LEN || total < head || total > len || (be16_get(bytes + 6) & FRAGMENT)
        || csum_finish(csum_add(0, bytes, head)))
        return;
    p.proto = bytes[9];
    p.hop_limit = bytes[8];
    map_ip4(&p.src, bytes + 12);
    map_ip4(&p.dst, bytes + 16);
    p.l4 = bytes + head;
    p.len = total - head;
    take(h, mac, &p);
}

void host_get_ip6(struct host *h, const uint8_t *mac, const uint8_t *bytes, size_t len)
{
    struct host_packet p = { .l4 = bytes + IP6_LEN };

    if (len < IP6_LEN || bytes[0] >> 4 != 6 || be16_get(bytes + 4) > len - IP6_LEN)
        return;
    p.len = be16_get(bytes + 4);
    p.proto = bytes[6];
    p.hop_limit = bytes[7];
    memcpy(&p.src, bytes + 8, sizeof(p.src));
    memcpy(&p.dst, bytes + 24, sizeof(p.dst));
    if (!IN6_IS_ADDR_MULTICAST(&p.src) && !is_ip4(&p.src) && !is_ip4(&p.dst))
        take(h, mac, &p);
}

static bool is_nd(uint8_t proto, const uint8_t *l4)
{
    return proto == IPPROTO_ICMPV6 && l4[0] >= 133 && l4[0] <= 137;
}

GByteArray *host_make_ip(const struct in6_addr *src, const struct in6_addr *dst, uint8_t proto,
                         uint8_t *l4, size_t len, size_t sum_at)
{
    size_t skip = is_ip4(src) ? sizeof(*src) - 4 : 0;
    const struct ip_head head = {
        .family = is_ip4(src) ? AF_INET : AF_INET6,
        .proto = proto,
        .ttl = is_nd(proto, l4) ? ND_LIMIT : HOP_LIMIT,
        .src = &src->s6_addr[skip],
        .dst = &dst->s6_addr[skip],
    };
    GByteArray *packet = g_byte_array_new();
    uint16_t sum;

    be16_put(l4 + sum_at, 0);
    sum = l4_sum(src, dst, proto, l4, len);
    be16_put(l4 + sum_at, !sum && proto == IPPROTO_UDP ? 0xffff : sum);
    g_byte_array_set_size(packet, ip_head_len(head.family));
    ip_head_put(packet->data, &head, len);
    return g_byte_array_append(packet, l4, (guint)len);
}
