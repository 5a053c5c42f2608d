/* neigh_ask.c - a namespace's host asks for link addresses and answers: ARP, neighbour discovery.
 * SPDX-License-Identifier: Apache-2.0 */
#include <linux/if_ether.h>
#include <linux/neighbour.h>
#include <net/if_arp.h>
#include <netinet/icmp6.h>

#include "base/bytes.h"
#include "base/checksum.h"
#include "sim/addr.h"
#include "sim/arp_nd.h"
#include "sim/device.h"
#include "sim/ip.h"
#include "sim/neigh.h"

static const uint8_t everybody[ETH_ALEN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
static const uint8_t nowhere[RT_IP_LEN];

static bool is_ours(const struct device *d, uint8_t family, const uint8_t *ip)
{
    const struct rt_addr *a = addr_find(d->ns, family, ip);

    /* IPv4 addresses are the host's, IPv6 ones a device's. */
    return a && (family == AF_INET || a->ifindex == d->dev.ifindex);
}

static void put_eth(uint8_t *frame, const uint8_t *to, const struct device *d, uint16_t type)
{
    memcpy(frame, to, ETH_ALEN);
    memcpy(frame + ETH_ALEN, d->dev.mac, ETH_ALEN);
    be16_put(frame + 2 * ETH_ALEN, type);
}

/* ---- ARP --------------------------------------------------------------------------------------- */

static void send_arp(struct device *d, const uint8_t *to, struct arp arp)
{
    uint8_t frame[ETH_LEN + ARP_LEN];

    arp.sender_mac = d->dev.mac;
    put_eth(frame, to, d, ETH_P_ARP);
    arp_put(frame + ETH_LEN, &arp);
    device_send(d, frame, sizeof(frame));
}

bool neigh_get_arp(struct device *d, const uint8_t *bytes, size_t len, bool is_to_us)
{
    bool is_probe, is_asked;
    struct arp arp;

    if (!arp_read(bytes, len, &arp))
        return false;
    is_asked = arp.op == ARPOP_REQUEST && is_ours(d, AF_INET, arp.target);
    is_probe = !be32_get(arp.sender);
    if (!is_probe && !(arp.sender_mac[0] & 1))
        neigh_hear(d, AF_INET, arp.sender, arp.sender_mac,
                   arp.op == ARPOP_REPLY && is_to_us ? NUD_REACHABLE : NUD_STALE, is_asked);
    if (is_asked)
        send_arp(d, arp.sender_mac, (struct arp){ .op = ARPOP_REPLY, .sender = arp.target,
                                                  .target_mac = arp.sender_mac,
                                                  .target = arp.sender });
    return is_asked || is_to_us;
}

/* ---- neighbour discovery ------------------------------------------------------------------------ */

/* Everything but the link layer's addresses. */
static void put_nd(uint8_t *frame, const uint8_t *src, const uint8_t *dst)
{
    const struct ip_head head = {
        .family = AF_INET6, .proto = IPPROTO_ICMPV6, .ttl = ND_LIMIT, .src = src, .dst = dst,
    };
    uint8_t *icmp = frame + ETH_LEN + IP6_LEN;
    size_t len = ND_LEN + ND_OPTION_LEN;

    be16_put(frame + 2 * ETH_ALEN, ETH_P_IPV6);
    ip_head_put(frame + ETH_LEN, &head, len);
    be16_put(icmp + 2, csum_finish(csum_add(ip_pseudo_sum(frame + ETH_LEN, IPPROTO_ICMPV6, len),
                                            icmp, len)));
}

#define ND_FRAME_LEN (ETH_LEN + IP6_LEN + ND_LEN + ND_OPTION_LEN)

static void ask_nd(struct device *d, const uint8_t *ip, const uint8_t *src, const uint8_t *mac)
{
    uint8_t frame[ND_FRAME_LEN], group[16], group_mac[ETH_ALEN];

    nd_group(ip, group, group_mac);
    nd_put(frame + ETH_LEN + IP6_LEN, ND_NEIGHBOR_SOLICIT, ip, d->dev.mac);
    put_nd(frame, src, mac ? ip : group);
    put_eth(frame, mac ? mac : group_mac, d, ETH_P_IPV6);
    device_send(d, frame, sizeof(frame));
}

/* To a sender without an address: to all nodes. */
static void advertise(struct device *d, const uint8_t *target, const uint8_t *to)
{
    static const uint8_t all_nodes[16] = { 0xff, 2, [15] = 1 };
    bool is_probe = !memcmp(to, nowhere, sizeof(nowhere));
    uint8_t frame[ND_FRAME_LEN], *icmp = frame + ETH_LEN + IP6_LEN;

    nd_put(icmp, ND_NEIGHBOR_ADVERT, target, d->dev.mac);
    if (is_probe)
        icmp[4] &= (uint8_t)~0x40;              /* not solicited */
    put_nd(frame, target, is_probe ? all_nodes : to);
    (void)neigh_send(d, AF_INET6, is_probe ? all_nodes : to, frame, sizeof(frame));
}

static bool is_nd_good(const uint8_t *ip, const uint8_t *icmp, size_t len)
{
    return ip[7] == ND_LIMIT && !icmp[1] &&
           !csum_finish(csum_add(ip_pseudo_sum(ip, IPPROTO_ICMPV6, len), icmp, len));
}

bool neigh_get_nd(struct device *d, const uint8_t *ip, const uint8_t *icmp, size_t len)
{
    const uint8_t *src = ip + 8, *target, *mac;

    if (!nd_read(icmp, len, &target, &mac) || !is_nd_good(ip, icmp, len))
        return false;
    if (icmp[0] == ND_NEIGHBOR_ADVERT) {
        if (mac)
            neigh_hear(d, AF_INET6, target, mac, icmp[4] & 0x40 ? NUD_REACHABLE : NUD_STALE, false);
        return true;
    }
    if (icmp[0] != ND_NEIGHBOR_SOLICIT || !is_ours(d, AF_INET6, target))
        return false;
    if (mac && memcmp(src, nowhere, sizeof(nowhere)))
        neigh_hear(d, AF_INET6, src, mac, NUD_STALE, true);
    advertise(d, target, src);
    return true;
}

/* ---- asking -------------------------------------------------------------------------------------- */

void neigh_ask(struct device *d, uint8_t family, const uint8_t *ip, const uint8_t *src,
               const uint8_t *mac)
{
    const struct rt_addr *own = addr_source(d->ns, family, d->dev.ifindex);

    if (!src || !addr_find(d->ns, family, src))
        src = own ? own->local : nowhere;
    if (family == AF_INET6)
        ask_nd(d, ip, src, mac);
    else
        send_arp(d, mac ? mac : everybody, (struct arp){ .op = ARPOP_REQUEST, .sender = src,
                                                         .target_mac = nowhere, .target = ip });
}
