/* nat_id.c - ports and ids in transport headers, and the checksums over them. Catalogue 09.6.
 *
 * Of a packet inside an ICMP error only the first 8 bytes of the transport header are sure to be there: a checksum
 * that is missing is not mended. SPDX-License-Identifier: Apache-2.0 */
#include "dp/ct/nat_id.h"

#include <glib.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>

#include "base/bytes.h"
#include "base/checksum.h"
#include "dp/extract_int.h"

#define MIN_LEN 8u
#define TCP_LEN 20u
#define TCP_SUM 16u
#define UDP_SUM 6u
#define ICMP_SUM 2u
#define ICMP_ID 4u
#define SCTP_LEN 12u
#define SCTP_SUM 8u
#define DCCP_LEN 12u
#define DCCP_SUM 6u
#define GRE_VERSION 7u              /* bits of its second byte */
#define GRE_CALL 6u

/* All bytes from the transport header to the end of the frame. */
static uint32_t l4_left(const struct ct_ip *ip)
{
    return pkt_left(ip->pkt, ip->l4_off);
}

/* The pseudo header's share: the address that the IP header is about to get. */
static void sum_addr(const struct ct_ip *ip, uint8_t *sum, const struct ct_tuple *to, bool is_src)
{
    const uint8_t *l3 = ct_ip_l3(ip);
    const struct ct_addr *addr = is_src ? &to->src : &to->dst;

    if (ip->l3 == 4)
        csum_replace(sum, l3 + (is_src ? 12 : 16), addr->bytes, 4);
    else
        csum_replace(sum, l3 + (is_src ? 8 : 24), addr->bytes, 16);
}

/* Writes a 16-bit number; 'sum' NULL: no checksum. */
static void write_id(uint8_t *at, uint16_t id, uint8_t *sum)
{
    uint8_t wire[2];

    be16_put(wire, id);
    if (sum)
        csum_replace(sum, at, wire, sizeof(wire));
    memcpy(at, wire, sizeof(wire));
}

static void write_port(const struct ct_ip *ip, const struct ct_tuple *to, bool is_src,
                       uint8_t *sum)
{
    uint8_t *l4 = ct_ip_l4(ip);

    if (sum)
        sum_addr(ip, sum, to, is_src);
    write_id(is_src ? l4 : l4 + 2, is_src ? to->src_id : to->dst_id, sum);
}

/* A header of 'len' bytes with an Internet checksum at 'sum_at', both of which may be cut off. */
static bool write_cut(const struct ct_ip *ip, const struct ct_tuple *to, bool is_src,
                      uint32_t len, uint32_t sum_at)
{
    if (l4_left(ip) < MIN_LEN)
        return false;
    write_port(ip, to, is_src, l4_left(ip) < len ? NULL : ct_ip_l4(ip) + sum_at);
    return true;
}

bool ct_nat_write_tcp(const struct ct_ip *ip, const struct ct_tuple *to, bool is_src)
{
    return write_cut(ip, to, is_src, TCP_LEN, TCP_SUM);
}

bool ct_nat_write_dccp(const struct ct_ip *ip, const struct ct_tuple *to, bool is_src)
{
    return write_cut(ip, to, is_src, DCCP_LEN, DCCP_SUM);
}

bool ct_nat_write_udplite(const struct ct_ip *ip, const struct ct_tuple *to, bool is_src)
{
    uint8_t *sum = ct_ip_l4(ip) + UDP_SUM;

    if (l4_left(ip) < MIN_LEN)
        return false;
    write_port(ip, to, is_src, sum);
    if (!be16_get(sum))
        be16_put(sum, 0xffff);
    return true;
}

bool ct_nat_write_udp(const struct ct_ip *ip, const struct ct_tuple *to, bool is_src)
{
    if (l4_left(ip) < MIN_LEN)
        return false;
    if (be16_get(ct_ip_l4(ip) + UDP_SUM))
        return ct_nat_write_udplite(ip, to, is_src);
    write_port(ip, to, is_src, NULL);
    return true;
}

/* Its checksum, a CRC over all, is computed anew: a wrong one becomes right. */
bool ct_nat_write_sctp(const struct ct_ip *ip, const struct ct_tuple *to, bool is_src)
{
    uint8_t *l4 = ct_ip_l4(ip);
    uint32_t sum;

    if (l4_left(ip) < MIN_LEN)
        return false;
    write_port(ip, to, is_src, NULL);
    if (l4_left(ip) < SCTP_LEN)
        return true;
    sum = GUINT32_TO_LE(crc32c_sctp(l4, l4_left(ip), SCTP_SUM));
    memcpy(l4 + SCTP_SUM, &sum, sizeof(sum));
    return true;
}

/* Queries and their answers have an id. */
static bool icmp_has_id(uint8_t type)
{
    return type == ICMP_ECHO || type == ICMP_ECHOREPLY ||
           (type >= ICMP_TIMESTAMP && type <= ICMP_ADDRESSREPLY);
}

bool ct_nat_write_icmp(const struct ct_ip *ip, const struct ct_tuple *to, bool is_src)
{
    uint8_t *icmp = ct_ip_l4(ip);

    (void)is_src;
    if (l4_left(ip) < MIN_LEN)
        return false;
    if (icmp_has_id(icmp[0]))
        write_id(icmp + ICMP_ID, to->src_id, icmp + ICMP_SUM);
    return true;
}

bool ct_nat_write_icmp6(const struct ct_ip *ip, const struct ct_tuple *to, bool is_src)
{
    uint8_t *icmp = ct_ip_l4(ip);

    if (l4_left(ip) < MIN_LEN)
        return false;
    sum_addr(ip, icmp + ICMP_SUM, to, is_src);
    if (icmp[0] == ICMP6_ECHO_REQUEST || icmp[0] == ICMP6_ECHO_REPLY)
        write_id(icmp + ICMP_ID, to->src_id, icmp + ICMP_SUM);
    return true;
}

/* Only the packets of PPTP (version 1) have an id, that of the receiver. */
bool ct_nat_write_gre(const struct ct_ip *ip, const struct ct_tuple *to, bool is_src)
{
    uint8_t *gre = ct_ip_l4(ip);

    if (l4_left(ip) < MIN_LEN)
        return false;
    if (is_src || (gre[1] & GRE_VERSION) == 0)
        return true;
    if ((gre[1] & GRE_VERSION) != 1)
        return false;
    write_id(gre + GRE_CALL, to->dst_id, NULL);
    return true;
}
