/* ip_in.c - see ip_in.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/ip_in.h"

#include <linux/if_ether.h>
#include <netinet/in.h>

#include "base/bytes.h"
#include "base/checksum.h"
#include "dp/eth_type.h"
#include "sim/addr.h"
#include "sim/device.h"
#include "sim/ip.h"
#include "sim/neigh.h"
#include "sim/tunnel.h"

#define VLAN_ID_MASK 0xfffu

/* ---- headers ------------------------------------------------------------------------------------- */

/* Groups that devices of the host have joined: those of fixed tunnels, and all of IPv6's links. */
static bool is_ours(const struct device *d, uint8_t family, const uint8_t *ip)
{
    if (family == AF_INET6 && ip[0] == 0xff && ip[1] == 2)
        return true;
    return addr_find(d->ns, family, ip) || tunnel_has_group(d->ns, family, ip);
}

/* 'is_part': it is a fragment. */
static bool read_ip4(struct ip_packet *p, bool *is_part, const uint8_t *ip, size_t left)
{
    size_t len = left < IP4_LEN ? 0 : 4u * (ip[0] & 0xf), total = len ? be16_get(ip + 2) : 0;

    if (len < IP4_LEN || ip[0] >> 4 != 4 || total < len || total > left ||
        csum_finish(csum_add(0, ip, len)))
        return false;
    *p = (struct ip_packet){ .family = AF_INET, .proto = ip[9], .tos = ip[1], .ttl = ip[8],
                             .ip = ip, .src = ip + 12, .dst = ip + 16, .l4 = ip + len,
                             .l4_len = total - len };
    *is_part = be16_get(ip + 6) & (IP4_MF | IP4_OFFSET);
    return true;
}

/* Options of hops and of the far end are passed over. */
static bool skip_exts(struct ip_packet *p)
{
    while (p->proto == IPPROTO_HOPOPTS || p->proto == IPPROTO_DSTOPTS) {
        size_t len = p->l4_len < 8 ? SIZE_MAX : 8u + 8u * p->l4[1];

        if (p->l4_len < len)
            return false;
        p->proto = p->l4[0];
        p->l4 += len;
        p->l4_len -= len;
    }
    return true;
}

static bool read_ip6(struct ip_packet *p, bool *is_part, const uint8_t *ip, size_t left)
{
    size_t len = left < IP6_LEN ? 0 : be16_get(ip + 4);

    if (left < IP6_LEN || ip[0] >> 4 != 6 || len > left - IP6_LEN)
        return false;
    *p = (struct ip_packet){ .family = AF_INET6, .proto = ip[6], .tos = ip_tos(ip), .ttl = ip[7],
                             .ip = ip, .src = ip + 8, .dst = ip + 24, .l4 = ip + IP6_LEN,
                             .l4_len = len };
    if (!skip_exts(p))
        return false;
    *is_part = p->proto == IPPROTO_FRAGMENT;
    return true;
}

/* ---- packets -------------------------------------------------------------------------------------- */

static bool is_nd(const struct ip_packet *p)
{
    return p->family == AF_INET6 && p->proto == IPPROTO_ICMPV6 && p->l4_len &&
           p->l4[0] >= 133 && p->l4[0] <= 137;
}

static bool hand_on(struct device *d, const struct ip_packet *p)
{
    if (is_nd(p))
        return neigh_get_nd(d, p->ip, p->l4, p->l4_len);
    return tunnel_receive(d, p);
}

static bool read_ip(struct ip_packet *p, bool *is_part, const uint8_t *ip, size_t len)
{
    return len && (ip[0] >> 4 == 4 ? read_ip4 : read_ip6)(p, is_part, ip, len);
}

/* What nobody wants of a whole that was put together is not the last fragment's fault. */
static void get_whole(struct device *d, const GByteArray *whole)
{
    struct ip_packet p;
    bool is_part;

    if (!read_ip(&p, &is_part, whole->data + ETH_LEN, whole->len - ETH_LEN) || is_part ||
        !hand_on(d, &p))
        dp_refuse(d->ns->sim->dp, whole->data, whole->len, DROP_NOT_A_PORT);
}

static bool get_ip(struct device *d, const uint8_t *frame, size_t len)
{
    g_autoptr(GByteArray) whole = NULL;
    struct ip_packet p;
    bool is_part;

    if (!read_ip(&p, &is_part, frame + ETH_LEN, len - ETH_LEN) || !is_ours(d, p.family, p.dst))
        return false;
    if (!is_part)
        return hand_on(d, &p);
    whole = dp_defrag(d->ns->dp, be16_get(frame + 2 * ETH_ALEN), frame,
                      (size_t)(p.l4 + p.l4_len - frame));
    if (whole)
        get_whole(d, whole);
    return true;
}

/* ---- frames ---------------------------------------------------------------------------------------- */

/* Behind a tag of VLAN 0 the next one is taken off, too: tests/fuzz has the kernel's counts. */
bool ip_has_protocol(const uint8_t *frame, size_t len)
{
    size_t at = 2 * ETH_ALEN, need = 6;     /* the first tag comes beside the frame, others in it with something behind */
    uint16_t type = len < ETH_LEN ? 0 : be16_get(frame + at), vlan = 0;

    for (; is_vlan_type(type) && !vlan; need = 8) {
        if (len < at + need)
            return true;        /* half a tag: thrown away, and not counted */
        vlan = be16_get(frame + at + 2) & VLAN_ID_MASK;
        at += 4;
        type = be16_get(frame + at);
    }
    return is_ip_type(type) || type == ETH_P_ARP;
}

bool ip_receive(struct device *d, const uint8_t *frame, size_t len)
{
    bool is_to_us = len >= ETH_LEN && !memcmp(frame, d->dev.mac, ETH_ALEN);
    uint16_t type = len < ETH_LEN ? 0 : be16_get(frame + 2 * ETH_ALEN);

    if (!type || !(is_to_us || frame[0] & 1))
        return false;
    if (type == ETH_P_ARP)
        return neigh_get_arp(d, frame + ETH_LEN, len - ETH_LEN, is_to_us);
    return is_ip_type(type) && get_ip(d, frame, len);
}
