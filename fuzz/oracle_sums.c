/* oracle_sums.c - checksums of a frame; see oracle.h. SPDX-License-Identifier: Apache-2.0 */
#include <linux/if_ether.h>
#include <netinet/in.h>

#include "base/bytes.h"
#include "base/checksum.h"
#include "fuzz/oracle.h"
#include "fuzz/target.h"

#define IP4_HEADER 20u
#define IP6_HEADER 40u
#define FRAG_BITS 0x3fffu       /* more fragments, offset */

/* An IP packet in a frame: 'len' bytes from its header on, padding not counted. */
struct ip_packet {
    const uint8_t *ip;
    size_t header, len;
    uint8_t proto;
    bool is_ip6;
};

static bool find_ip4(const uint8_t *ip, size_t len, struct ip_packet *p)
{
    size_t header = len >= IP4_HEADER ? (ip[0] & 15u) * 4u : 0, total = len >= IP4_HEADER ? be16_get(ip + 2) : 0;

    if (header < IP4_HEADER || ip[0] >> 4 != 4 || total < header || total > len)
        return false;
    *p = (struct ip_packet){.ip = ip, .header = header, .len = total, .proto = ip[9]};
    return true;
}

static bool find_ip6(const uint8_t *ip, size_t len, struct ip_packet *p)
{
    size_t payload = len >= IP6_HEADER ? be16_get(ip + 4) : 0;

    if (len < IP6_HEADER || ip[0] >> 4 != 6 || payload > len - IP6_HEADER)
        return false;
    *p = (struct ip_packet){.ip = ip, .header = IP6_HEADER, .len = IP6_HEADER + payload, .proto = ip[6], .is_ip6 = true};
    return true;
}

static bool find_ip(const uint8_t *frame, size_t len, struct ip_packet *p)
{
    size_t at = 2 * ETH_ALEN;
    uint16_t type = 0;

    while (at + 2 <= len) {
        type = be16_get(frame + at);
        at += 2;
        if (type != ETH_P_8021Q && type != ETH_P_8021AD)
            break;
        at += 2;
    }
    if (at > len)
        return false;
    if (type == ETH_P_IP)
        return find_ip4(frame + at, len - at, p);
    return type == ETH_P_IPV6 && find_ip6(frame + at, len - at, p);
}

/* Where each protocol has its checksum, and the least length of its header. */
static const struct transport {
    uint8_t proto, at, least;
    bool for_ip4, for_ip6, has_pseudo, may_lack;
} transports[] = {
    {IPPROTO_TCP, 16, 20, true, true, true, false},
    {IPPROTO_UDP, 6, 8, true, true, true, true},
    {IPPROTO_ICMP, 2, 4, true, false, false, false},
    {IPPROTO_ICMPV6, 2, 4, false, true, true, false},
};

static enum oracle_sum verdict(uint32_t sum)
{
    return csum_finish(sum) == 0 ? SUM_RIGHT : SUM_WRONG;
}

static enum oracle_sum transport_sum(const struct ip_packet *p)
{
    const uint8_t *l4 = p->ip + p->header;
    size_t len = p->len - p->header;

    for (size_t i = 0; i < G_N_ELEMENTS(transports); i++) {
        const struct transport *t = &transports[i];

        if (t->proto != p->proto || !(p->is_ip6 ? t->for_ip6 : t->for_ip4))
            continue;
        if (len < t->least || (t->may_lack && !be16_get(l4 + t->at)) ||
            (t->proto == IPPROTO_UDP && be16_get(l4 + 4) != len))
            return SUM_NONE;
        return verdict(csum_add(t->has_pseudo ? csum_pseudo_header(p->ip, p->is_ip6, p->proto, len) : 0, l4, len));
    }
    return SUM_NONE;
}

struct oracle_sums oracle_sums_of(const uint8_t *frame, size_t len)
{
    struct oracle_sums sums = {SUM_NONE, SUM_NONE};
    struct ip_packet p;

    if (!find_ip(frame, len, &p))
        return sums;
    if (!p.is_ip6)
        sums.ip = verdict(csum_add(0, p.ip, p.header));
    if (p.is_ip6 || !(be16_get(p.ip + 6) & FRAG_BITS))
        sums.transport = transport_sum(&p);
    return sums;
}

static void check(const char *what, enum oracle_sum in, enum oracle_sum out)
{
    static const char *const words[] = {"absent", "right", "wrong"};

    FUZZ_CHECK(in == SUM_NONE || out == SUM_NONE || in == out, "the %s checksum was %s and is %s", what, words[in], words[out]);
}

void oracle_sums(const struct oracle_sums *in, const struct oracle_sums *out)
{
    check("IPv4 header's", in->ip, out->ip);
    check("transport", in->transport, out->transport);
}
