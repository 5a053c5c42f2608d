/* host_echo.c - what the small host says: ARP, neighbour discovery, echo replies, UDP echo.
 * SPDX-License-Identifier: Apache-2.0 */
#include <net/if_arp.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>

#include "sim/arp_nd.h"
#include "sim/host_int.h"
#include "sim/ip.h"

#define ECHO_LEN 8u

static const uint8_t broadcast[MAC_LEN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

/* ---- ARP ------------------------------------------------------------------------------------- */

static void send_arp(struct host *h, const uint8_t *mac, struct arp arp)
{
    uint8_t bytes[ARP_LEN];

    arp.sender_mac = h->mac;
    arp_put(bytes, &arp);
    host_send(h, mac, ETH_P_ARP, bytes, sizeof(bytes));
}

void host_ask_arp(struct host *h, const struct in6_addr *src, const struct in6_addr *addr)
{
    static const uint8_t unknown[MAC_LEN];

    send_arp(h, broadcast, (struct arp){ .op = ARPOP_REQUEST, .sender = &src->s6_addr[12],
                                         .target_mac = unknown, .target = &addr->s6_addr[12] });
}

void host_get_arp(struct host *h, const uint8_t *mac, const uint8_t *bytes, size_t len)
{
    struct in6_addr from, to;
    char text[INET6_ADDRSTRLEN];
    struct arp arp;

    (void)mac;
    if (!arp_read(bytes, len, &arp))
        return;
    memset(&from, 0, sizeof(from));
    memset(&from.s6_addr[10], 0xff, 2);
    to = from;
    memcpy(&from.s6_addr[12], arp.sender, 4);
    memcpy(&to.s6_addr[12], arp.target, 4);
    if (!host_has(h, &to))
        return;
    if (be32_get(arp.sender))           /* a probe asks from 0.0.0.0 */
        host_learn(h, &from, arp.sender_mac);
    if (arp.op != ARPOP_REQUEST)
        return;
    host_put_text(&to, text);
    host_trace(h, "ARP reply, %s is here", text);
    send_arp(h, arp.sender_mac, (struct arp){ .op = ARPOP_REPLY, .sender = arp.target,
                                              .target_mac = arp.sender_mac,
                                              .target = arp.sender });
}

/* ---- neighbour discovery --------------------------------------------------------------------- */

void host_ask_nd(struct host *h, const struct in6_addr *src, const struct in6_addr *addr)
{
    uint8_t ns[ND_LEN + ND_OPTION_LEN], mac[MAC_LEN];
    struct in6_addr dst;
    GByteArray *packet;

    nd_group(addr->s6_addr, dst.s6_addr, mac);
    nd_put(ns, ND_NEIGHBOR_SOLICIT, addr->s6_addr, h->mac);
    packet = host_make_ip(src, &dst, IPPROTO_ICMPV6, ns, sizeof(ns), 2);
    host_send(h, mac, ETH_P_IPV6, packet->data, packet->len);
    g_byte_array_unref(packet);
}

static void answer_nd(struct host *h, const struct host_packet *p)
{
    uint8_t na[ND_LEN + ND_OPTION_LEN];
    const uint8_t *target_bytes, *mac;
    char text[INET6_ADDRSTRLEN];
    struct in6_addr target;

    if (!nd_read(p->l4, p->len, &target_bytes, &mac) || p->hop_limit != ND_LIMIT ||
        IN6_IS_ADDR_UNSPECIFIED(&p->src))
        return;
    memcpy(&target, target_bytes, sizeof(target));
    if (!host_has(h, &target))
        return;
    host_put_text(&target, text);
    host_trace(h, "neighbour advertisement, %s is here", text);
    nd_put(na, ND_NEIGHBOR_ADVERT, target.s6_addr, h->mac);
    host_route(h, &p->src, host_make_ip(&target, &p->src, IPPROTO_ICMPV6, na, sizeof(na), 2));
}

/* The sender's address is known by now from the frame; the option says who has the target. */
static void get_advert(struct host *h, const struct host_packet *p)
{
    const uint8_t *target_bytes, *mac;
    struct in6_addr target;

    if (!nd_read(p->l4, p->len, &target_bytes, &mac) || p->hop_limit != ND_LIMIT || !mac)
        return;
    memcpy(&target, target_bytes, sizeof(target));
    host_learn(h, &target, mac);
}

/* ---- echo ------------------------------------------------------------------------------------ */

static void trace_echo(const struct host *h, const char *what, const struct host_packet *p)
{
    char text[INET6_ADDRSTRLEN];

    host_put_text(&p->src, text);
    host_trace(h, "%s from %s seq %u", what, text, be16_get(p->l4 + 6));
}

/* The same bytes back; 'type' is that of a reply. */
static void answer_echo(struct host *h, const struct host_packet *p, uint8_t type)
{
    g_autofree uint8_t *l4 = NULL;

    if (p->len < ECHO_LEN || !host_has(h, &p->dst))
        return;
    trace_echo(h, "echo request", p);
    l4 = g_memdup2(p->l4, p->len);
    l4[0] = type;
    h->counts.n_answered++;
    host_route(h, &p->src, host_make_ip(&p->dst, &p->src, p->proto, l4, p->len, 2));
}

static void get_reply(struct host *h, const struct host_packet *p)
{
    if (p->len < ECHO_LEN)
        return;
    trace_echo(h, "echo reply", p);
    h->counts.n_replies++;
}

/* Two echo ports would never end their talk. */
static void answer_udp(struct host *h, const struct host_packet *p)
{
    g_autofree uint8_t *l4 = NULL;
    size_t len;

    if (p->len < UDP_LEN || be16_get(p->l4 + 2) != ECHO_PORT || be16_get(p->l4) == ECHO_PORT)
        return;
    len = be16_get(p->l4 + 4);
    if (len < UDP_LEN || len > p->len)
        return;
    l4 = g_memdup2(p->l4, len);
    be16_put(l4, ECHO_PORT);
    be16_put(l4 + 2, be16_get(p->l4));
    h->counts.n_answered++;
    host_trace(h, "UDP echo to port %u", be16_get(p->l4));
    host_route(h, &p->src, host_make_ip(&p->dst, &p->src, IPPROTO_UDP, l4, len, 6));
}

static void get_echo4(struct host *h, const struct host_packet *p)
{
    answer_echo(h, p, ICMP_ECHOREPLY);
}

static void get_echo6(struct host *h, const struct host_packet *p)
{
    answer_echo(h, p, ICMP6_ECHO_REPLY);
}

#define ANY_TYPE (-1)

/* clang-format off */
static const struct {
    uint8_t proto;
    int type;                   /* first byte */
    void (*get)(struct host *h, const struct host_packet *p);
} kinds[] = {
    { IPPROTO_ICMP,   ICMP_ECHO,           get_echo4 },
    { IPPROTO_ICMP,   ICMP_ECHOREPLY,      get_reply },
    { IPPROTO_ICMPV6, ICMP6_ECHO_REQUEST,  get_echo6 },
    { IPPROTO_ICMPV6, ICMP6_ECHO_REPLY,    get_reply },
    { IPPROTO_ICMPV6, ND_NEIGHBOR_SOLICIT, answer_nd },
    { IPPROTO_ICMPV6, ND_NEIGHBOR_ADVERT,  get_advert },
    { IPPROTO_UDP,    ANY_TYPE,            answer_udp },
};
/* clang-format on */

void host_get_l4(struct host *h, const struct host_packet *p)
{
    for (size_t i = 0; p->len && i < G_N_ELEMENTS(kinds); i++) {
        if (kinds[i].proto == p->proto
            && (kinds[i].type == ANY_TYPE || kinds[i].type == p->l4[0])) {
            kinds[i].get(h, p);
            return;
        }
    }
}
