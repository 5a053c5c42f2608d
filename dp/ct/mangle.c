/* mangle.c - other text in a packet: what follows moves, lengths and checksums are made right.
 * SPDX-License-Identifier: Apache-2.0 */
#include <netinet/in.h>

#include "base/bytes.h"
#include "base/checksum.h"
#include "dp/ct/nat.h"

#define IP4_LEN 20u
#define IP6_LEN 40u
#define UDP_LEN 8u
#define UDP_SUM 6u
#define TCP_LEN 20u
#define TCP_SUM 16u
#define MAX_IP_LEN 65535u

static uint32_t l4_hdr_len(const struct ct_ip *ip)
{
    return ip->proto == IPPROTO_UDP ? UDP_LEN : (ct_ip_l4(ip)[12] >> 4) * 4u;
}

static void write_ip_len(const struct ct_ip *ip)
{
    uint8_t *hdr = ct_ip_l3(ip);
    uint32_t len = ip->end - ip->l3_off;

    if (ip->l3 == 6) {
        be16_put(hdr + 4, (uint16_t)(len - IP6_LEN));
        return;
    }
    be16_put(hdr + 2, (uint16_t)len);
    be16_put(hdr + 10, 0);
    be16_put(hdr + 10, csum_finish(csum_add(0, hdr, ip->l4_off - ip->l3_off)));
}

static void write_l4_sum(const struct ct_ip *ip, uint32_t sum_at)
{
    uint32_t len = ct_ip_l4_len(ip);
    uint8_t *l4 = ct_ip_l4(ip);
    uint16_t value;

    be16_put(l4 + sum_at, 0);
    value = csum_finish(csum_add(ct_pseudo_sum(ip, len), l4, len));
    be16_put(l4 + sum_at, value ? value : 0xffff);
}

static void write_l4(const struct ct_ip *ip)
{
    uint8_t *l4 = ct_ip_l4(ip);

    if (ip->proto == IPPROTO_TCP) {
        write_l4_sum(ip, TCP_SUM);
        return;
    }
    be16_put(l4 + 4, (uint16_t)ct_ip_l4_len(ip));
    if (be16_get(l4 + UDP_SUM))
        write_l4_sum(ip, UDP_SUM);
}

/* Opens or closes the difference in the frame. */
static void resize(struct ct_ip *ip, uint32_t at, uint32_t old_len, uint32_t len)
{
    if (len > old_len)
        (void)pkt_insert(ip->pkt, at, len - old_len);
    else if (len < old_len)
        pkt_remove(ip->pkt, at, old_len - len);
    ip->end += len - old_len;
}

bool ct_nat_mangle(struct pkt *p, uint16_t l3_type, uint32_t off, uint32_t old_len,
                   const void *text, uint32_t len)
{
    struct ct_ip ip;
    uint32_t at;

    if (!ct_ip_parse(p, p->l3_off, l3_type, &ip) ||
        ct_ip_l4_len(&ip) < (ip.proto == IPPROTO_UDP ? UDP_LEN : TCP_LEN))
        return false;
    at = ip.l4_off + l4_hdr_len(&ip) + off;
    if (at + old_len > ip.end || ip.end - ip.l3_off - old_len + len > MAX_IP_LEN)
        return false;
    resize(&ip, at, old_len, len);
    memcpy(p->data + at, text, len);
    write_ip_len(&ip);
    write_l4(&ip);
    if (ip.proto == IPPROTO_TCP && len != old_len)
        ct_seqadj_set(p->ct, ct_info_dir(p->ct_info), be32_get(ct_ip_l4(&ip) + 4),
                      (int32_t)(len - old_len));
    return true;
}
