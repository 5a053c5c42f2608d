/* ip.h - IPv4 and IPv6 headers as the host of a namespace writes them, and sums over them.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_IP_H
#define SIM_IP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define ETH_LEN 14u
#define IP4_LEN 20u
#define IP6_LEN 40u
#define UDP_LEN 8u
#define IP4_DF  0x4000
#define IP4_MF  0x2000
#define IP4_OFFSET 0x1fff       /* in units of 8 bytes */
#define IP_MOST 65535u          /* bytes of a packet, header included */

struct ip_head {
    uint8_t family;             /* AF_INET, AF_INET6 */
    uint8_t proto, tos, ttl;
    bool is_df;
    uint16_t id;
    uint32_t label;
    const uint8_t *src, *dst;
};

static inline uint32_t ip_head_len(uint8_t family)
{
    return family == AF_INET ? IP4_LEN : IP6_LEN;
}

static inline bool ip_is_group(uint8_t family, const uint8_t *ip)
{
    return family == AF_INET ? ip[0] >> 4 == 0xe : ip[0] == 0xff;
}

/* Writes the header before 'len' bytes of payload. */
void ip_head_put(uint8_t *at, const struct ip_head *h, size_t len);

/* TOS or traffic class of a header. */
static inline uint8_t ip_tos(const uint8_t *ip)
{
    if (ip[0] >> 4 == 4)
        return ip[1];
    return (uint8_t)((ip[0] & 0x0fu) << 4 | ip[1] >> 4);
}

/* Sum of the addresses, 'proto' and length that a UDP, TCP or ICMPv6 checksum covers, not folded;
 * 'ip' is a header of either kind. */
uint32_t ip_pseudo_sum(const uint8_t *ip, uint8_t proto, size_t len);

#endif
