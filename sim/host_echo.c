/* host_echo.c - what the small host says: ARP, neighbour discovery, echo replies, UDP echo.
 * SPDX-License-Identifier: Apache-2.0 */
#include <net/if_arp.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>

#include "sim/host_int.h"

#define ARP_LEN  28u            /* Ethernet and IPv4 */
#define ECHO_LEN 8u
#define UDP_LEN  8u
#define ND_LEN   24u            /* before the options */
#define ND_OPTION_LEN 8u        /* one link-layer address */
#define ND_LIMIT 255
#define NA_FLAGS 0x60           /* solicited, override */

static const uint8_t broadcast[MAC_LEN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

/* ---- ARP ------------------------------------------------------------------------------------- */

static void send_arp(struct host *h, uint16_t op, const uint8_t *src, const uint8_t *to_mac,
                     const uint8_t *dst)
{
    static const uint8_t head[] = { 0, 1, 8, 0, MAC_LEN, 4 };
    static const uint8_t unknown[MAC_LEN];
    uint8_t arp[ARP_LEN];

    memcpy(arp, head, sizeof(head));
    be16_put(arp + 6, op);
    memcpy(arp + 8, h->mac, MAC_LEN);
    memcpy(arp + 14, src, 4);
    memcpy(arp + 18, op == ARPOP_REQUEST ? unknown : to_mac, MAC_LEN);
    memcpy(arp + 24, dst, 4);
    host_send(h, to_mac, ETH_P_ARP, arp, sizeof(arp));
}

void host_ask_arp(struct host *h, const struct in6_addr *src, const struct in6_addr *addr)
{
    send_arp(h, ARPOP_REQUEST, &src->s6_addr[12], broadcast, &addr->s6_addr[12]);
}

void host_get_arp(struct host *h, const uint8_t *mac, const uint8_t *bytes, size_t len)
{
    static const uint8_t head[] = { 0, 1, 8, 0, MAC_LEN, 4, 0 };
    struct in6_addr from, to;
    char text[INET6_ADDRSTRLEN];

    (void)mac;
    if (len < ARP_LEN || memcmp(bytes, head, sizeof(head)))
        return;
    memset(&from, 0, sizeof(from));
    memset(&from.s6_addr[10], 0xff, 2);
    to = from;
    memcpy(&from.s6_addr[12], bytes + 14, 4);
    memcpy(&to.s6_addr[12], bytes + 24, 4);
    if (!host_has(h, &to))
        return;
    if (be32_get(bytes + 14))           /* a probe asks from 0.0.0.0 */
        host_learn(h, &from, bytes + 8);
    if (be16_get(bytes + 6) != ARPOP_REQUEST)
        return;
    host_put_text(&to, text);
    host_trace(h, "ARP reply, %s is here", text);
    send_arp(h, ARPOP_REPLY, bytes + 24, bytes + 8, bytes + 14);
}

/* ---- neighbour discovery --------------------------------------------------------------------- */

static void put_option(uint8_t *at, uint8_t type, const uint8_t *mac)
{
    at[0] = type;
    at[1] = 1;                          /* units of 8 bytes */
    memcpy(at + 2, mac, MAC_LEN);
}

void host_ask_nd(struct host *h, const struct in6_addr *src, const struct in6_addr *addr)
{
    uint8_t ns[ND_LEN + ND_OPTION_LEN] = { ND_NEIGHBOR_SOLICIT };
    uint8_t mac[MAC_LEN] = { 0x33, 0x33, 0xff };
    struct in6_addr dst = { .s6_addr = { 0xff, 2, [11] = 1, [12] = 0xff } };
    GByteArray *packet;

    memcpy(&dst.s6_addr[13], &addr->s6_addr[13], 3);
    memcpy(mac + 3, &addr->s6_addr[13], 3);
    memcpy(ns + 8, addr, sizeof(*addr));
    put_option(ns + ND_LEN, ND_OPT_SOURCE_LINKADDR, h->mac);
    packet = host_make_ip(src, &dst, IPPROTO_ICMPV6, ns, sizeof(ns), 2);
    host_send(h, mac, ETH_P_IPV6, packet->data, packet->len);
    g_byte_array_unref(packet);
}

static void answer_nd(struct host *h, const struct host_packet *p)
{
    uint8_t na[ND_LEN + ND_OPTION_LEN] = { ND_NEIGHBOR_ADVERT, [4] = NA_FLAGS };
    struct in6_addr target;
    char text[INET6_ADDRSTRLEN];

    if (p->len < ND_LEN || p->hop_limit != ND_LIMIT || IN6_IS_ADDR_UNSPECIFIED(&p->src))
        return;
    memcpy(&target, p->l4 + 8, sizeof(target));
    if (!host_has(h, &target))
        return;
    host_put_text(&target, text);
    host_trace(h, "neighbour advertisement, %s is here", text);
    memcpy(na + 8, &target, sizeof(target));
    put_option(na + ND_LEN, ND_OPT_TARGET_LINKADDR, h->mac);
    host_route(h, &p->src, host_make_ip(&target, &p->src, IPPROTO_ICMPV6, na, sizeof(na), 2));
}

/* The sender's address is known by now from the frame; the option says who has the target. */
static void get_advert(struct host *h, const struct host_packet *p)
{
    struct in6_addr target;

    if (p->len < ND_LEN + ND_OPTION_LEN || p->hop_limit != ND_LIMIT
        || p->l4[ND_LEN] != ND_OPT_TARGET_LINKADDR || p->l4[ND_LEN + 1] != 1)
        return;
    memcpy(&target, p->l4 + 8, sizeof(target));
    host_learn(h, &target, p->l4 + ND_LEN + 2);
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
