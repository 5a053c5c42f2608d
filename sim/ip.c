/* ip.c - see ip.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/ip.h"

#include "base/bytes.h"
#include "base/checksum.h"

static void ip4_put(uint8_t *ip, const struct ip_head *h, size_t len)
{
    memset(ip, 0, IP4_LEN);
    ip[0] = 0x45;
    ip[1] = h->tos;
    be16_put(ip + 2, (uint16_t)(IP4_LEN + len));
    be16_put(ip + 4, h->id);
    be16_put(ip + 6, h->is_df ? IP4_DF : 0);
    ip[8] = h->ttl;
    ip[9] = h->proto;
    memcpy(ip + 12, h->src, 4);
    memcpy(ip + 16, h->dst, 4);
    csum_ip4_put(ip);
}

static void ip6_put(uint8_t *ip, const struct ip_head *h, size_t len)
{
    be32_put(ip, 6u << 28 | (uint32_t)h->tos << 20 | (h->label & 0xfffff));
    be16_put(ip + 4, (uint16_t)len);
    ip[6] = h->proto;
    ip[7] = h->ttl;
    memcpy(ip + 8, h->src, 16);
    memcpy(ip + 24, h->dst, 16);
}

void ip_head_put(uint8_t *at, const struct ip_head *h, size_t len)
{
    (h->family == AF_INET ? ip4_put : ip6_put)(at, h, len);
}

uint32_t ip_pseudo_sum(const uint8_t *ip, uint8_t proto, size_t len)
{
    return csum_pseudo_header(ip, ip[0] >> 4 == 6, proto, len);
}
