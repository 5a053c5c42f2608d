/* nat_tools.h - for tests of address translation: packets as "10.0.0.1:1000>10.0.0.9:53", and ct(nat()) done to them.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_NAT_TOOLS_H
#define TESTS_NAT_TOOLS_H

#include <netinet/in.h>

#include "dp/act_ct_nat.h"
#include "tests/ct_tools.h"

#define L3 14u
#define L4 34u
#define TCP_LEN 20u

static inline struct ct_addr ip4_addr(const char *text)
{
    struct ct_addr a = { { 0 } };

    assert_int_equal(inet_pton(AF_INET, text, a.bytes), 1);
    return a;
}

static inline void write_text_addr(uint8_t *at, const char *text)
{
    struct ct_addr a = ip4_addr(text);

    memcpy(at, a.bytes, 4);
}

/* Sum of the pseudo header. */
static inline uint32_t pseudo_sum(const struct pkt *p, uint8_t proto)
{
    return csum_add(p->len - L4 + proto, p->data + L3 + 12, 8);
}

/* An IPv4 packet with a transport header of 'len' bytes and text behind it; checksums right. */
static inline struct pkt *ip4_pkt(struct ct_world *w, uint8_t proto, const char *who, uint32_t len,
                                  const char *text)
{
    char src[16], dst[16];
    unsigned sport, dport;
    uint8_t frame[1500] = { 0x02, 0, 0, 0, 0, 2, 0x02, 0, 0, 0, 0, 1, 0x08, 0, 0x45 };
    uint8_t *ip = frame + L3, *l4 = frame + L4;
    uint32_t total = 20 + len + (uint32_t)strlen(text);
    struct flow_key key;
    struct pkt *p;

    assert_int_equal(sscanf(who, "%15[0-9.]:%u>%15[0-9.]:%u", src, &sport, dst, &dport), 4);
    be16_put(ip + 2, (uint16_t)total);
    ip[8] = 64;
    ip[9] = proto;
    write_text_addr(ip + 12, src);
    write_text_addr(ip + 16, dst);
    be16_put(ip + 10, csum_finish(csum_add(0, ip, 20)));
    be16_put(l4, (uint16_t)sport);
    be16_put(l4 + 2, (uint16_t)dport);
    memcpy(l4 + len, text, strlen(text));
    p = pkt_new(&w->pool, frame, L3 + total);
    key_clear(&key);
    key.mac_proto = KEY_MAC_ETH;
    assert_int_equal(key_extract(&key, p), 0);
    return p;
}

static inline struct pkt *udp_pkt(struct ct_world *w, const char *who, const char *text)
{
    struct pkt *p = ip4_pkt(w, IPPROTO_UDP, who, 8, text);
    uint8_t *udp = p->data + L4;

    be16_put(udp + 4, (uint16_t)(p->len - L4));
    be16_put(udp + 6, csum_finish(csum_add(pseudo_sum(p, IPPROTO_UDP), udp, p->len - L4)));
    return p;
}

struct tcp_numbers {
    uint8_t flags;
    uint32_t seq, ack;
};

static inline struct pkt *tcp_pkt(struct ct_world *w, const char *who, struct tcp_numbers n,
                                  const char *text)
{
    struct pkt *p = ip4_pkt(w, IPPROTO_TCP, who, TCP_LEN, text);
    uint8_t *tcp = p->data + L4;

    be32_put(tcp + 4, n.seq);
    be32_put(tcp + 8, n.ack);
    tcp[12] = 5 << 4;
    tcp[13] = n.flags;
    be16_put(tcp + 14, 8192);
    be16_put(tcp + 16, csum_finish(csum_add(pseudo_sum(p, IPPROTO_TCP), tcp, p->len - L4)));
    return p;
}

/* "10.0.0.1:1000>10.0.0.9:53"; valid until the next call. */
static inline const char *who_of(const struct pkt *p)
{
    static char text[64];
    char src[INET_ADDRSTRLEN], dst[INET_ADDRSTRLEN];

    inet_ntop(AF_INET, p->data + L3 + 12, src, sizeof(src));
    inet_ntop(AF_INET, p->data + L3 + 16, dst, sizeof(dst));
    g_snprintf(text, sizeof(text), "%s:%u>%s:%u", src, be16_get(p->data + L4), dst,
               be16_get(p->data + L4 + 2));
    return text;
}

/* Are header and transport checksums (its place 'at') right? */
static inline void assert_sums(const struct pkt *p, uint8_t proto, uint32_t at)
{
    assert_int_equal(csum_finish(csum_add(0, p->data + L3, 20)), 0);
    if (proto != IPPROTO_UDP || be16_get(p->data + L4 + at))
        assert_int_equal(csum_finish(csum_add(pseudo_sum(p, proto), p->data + L4, p->len - L4)), 0);
}

/* A range of one kind; NULL, 0: left out. */
static inline struct ct_nat_args nat_args(enum ct_nat_kind kind, const char *min, const char *max,
                                          uint16_t min_id, uint16_t max_id)
{
    struct ct_nat_args nat = { .kind = (uint8_t)kind, .l3 = 4 };

    if (min) {
        nat.range.flags |= NF_NAT_RANGE_MAP_IPS;
        nat.range.min_addr = ip4_addr(min);
        nat.range.max_addr = ip4_addr(max ? max : min);
    }
    if (min_id) {
        nat.range.flags |= NF_NAT_RANGE_PROTO_SPECIFIED;
        nat.range.min_id = min_id;
        nat.range.max_id = max_id ? max_id : min_id;
    }
    return nat;
}

/* ct(commit,nat()) or ct(nat()) on a packet; the key's ct_state has the NAT bits only. */
static inline int nat_pass(struct ct_world *w, struct pkt *p, struct flow_key *key,
                           const struct ct_nat_args *nat, bool commits)
{
    int error = ct_track(w->table, p, ETH_P_IP, 0, NULL);

    assert_int_equal(error, 0);
    key_clear(key);
    key->mac_proto = KEY_MAC_ETH;
    assert_int_equal(key_extract(key, p), 0);
    key->ct_state = 0;
    error = act_ct_nat_run(p, key, nat, commits);
    return error || !commits ? error : ct_confirm(p);
}

#endif
