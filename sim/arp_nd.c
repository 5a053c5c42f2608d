/* arp_nd.c - see arp_nd.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/arp_nd.h"

#include <linux/if_ether.h>
#include <netinet/icmp6.h>

#include "base/bytes.h"

#define NA_FLAGS 0x60           /* solicited, override */

/* Ethernet and IPv4, the operation's high byte. */
static const uint8_t arp_head[] = { 0, 1, 8, 0, ETH_ALEN, 4, 0 };

bool arp_read(const uint8_t *bytes, size_t len, struct arp *arp)
{
    if (len < ARP_LEN || memcmp(bytes, arp_head, sizeof(arp_head)))
        return false;
    *arp = (struct arp){ bytes[7], bytes + 8, bytes + 14, bytes + 18, bytes + 24 };
    return true;
}

void arp_put(uint8_t bytes[ARP_LEN], const struct arp *arp)
{
    memcpy(bytes, arp_head, sizeof(arp_head));
    bytes[7] = (uint8_t)arp->op;
    memcpy(bytes + 8, arp->sender_mac, ETH_ALEN);
    memcpy(bytes + 14, arp->sender, 4);
    memcpy(bytes + 18, arp->target_mac, ETH_ALEN);
    memcpy(bytes + 24, arp->target, 4);
}

void nd_put(uint8_t icmp[ND_LEN + ND_OPTION_LEN], uint8_t type, const uint8_t *target,
            const uint8_t *mac)
{
    bool is_advert = type == ND_NEIGHBOR_ADVERT;

    memset(icmp, 0, ND_LEN);
    icmp[0] = type;
    icmp[4] = is_advert ? NA_FLAGS : 0;
    memcpy(icmp + 8, target, 16);
    icmp[ND_LEN] = is_advert ? ND_OPT_TARGET_LINKADDR : ND_OPT_SOURCE_LINKADDR;
    icmp[ND_LEN + 1] = 1;               /* units of 8 bytes */
    memcpy(icmp + ND_LEN + 2, mac, ETH_ALEN);
}

bool nd_read(const uint8_t *icmp, size_t len, const uint8_t **target, const uint8_t **mac)
{
    uint8_t option = len && icmp[0] == ND_NEIGHBOR_ADVERT ? ND_OPT_TARGET_LINKADDR
                                                          : ND_OPT_SOURCE_LINKADDR;

    if (len < ND_LEN)
        return false;
    *target = icmp + 8;
    *mac = NULL;
    for (size_t at = ND_LEN; at + ND_OPTION_LEN <= len && icmp[at + 1]; at += 8u * icmp[at + 1])
        if (icmp[at] == option && icmp[at + 1] == 1)
            *mac = icmp + at + 2;
    return true;
}

void nd_group(const uint8_t *target, uint8_t group[16], uint8_t mac[6])
{
    static const uint8_t solicited[16] = { 0xff, 2, [11] = 1, [12] = 0xff };

    memcpy(group, solicited, sizeof(solicited));
    memcpy(group + 13, target + 13, 3);
    mac[0] = mac[1] = 0x33;
    memcpy(mac + 2, group + 12, 4);
}
