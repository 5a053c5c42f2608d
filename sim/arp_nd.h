/* arp_nd.h - ARP and neighbour discovery messages, for the small host and the host of a namespace.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_ARP_ND_H
#define SIM_ARP_ND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARP_LEN 28u             /* Ethernet and IPv4, behind the Ethernet header */
#define ND_LEN  24u             /* ICMPv6 before the options */
#define ND_OPTION_LEN 8u        /* one link-layer address */
#define ND_LIMIT 255            /* hop limit of every message */

/* Addresses point into the message. */
struct arp {
    uint16_t op;                /* ARPOP_* */
    const uint8_t *sender_mac, *sender, *target_mac, *target;
};

/* False: not an ARP message of Ethernet and IPv4. */
bool arp_read(const uint8_t *bytes, size_t len, struct arp *arp);
void arp_put(uint8_t bytes[ARP_LEN], const struct arp *arp);

/* A solicitation or advertisement (ICMPv6, its checksum open) with the option that says 'mac'. */
void nd_put(uint8_t icmp[ND_LEN + ND_OPTION_LEN], uint8_t type, const uint8_t *target,
            const uint8_t *mac);
/* Target and, or NULL, link address of a message; false: too short. */
bool nd_read(const uint8_t *icmp, size_t len, const uint8_t **target, const uint8_t **mac);
/* The group and its link address that a solicitation for 'target' goes to. */
void nd_group(const uint8_t *target, uint8_t group[16], uint8_t mac[6]);

#endif
