/* ip_in.h - the host of a namespace gets a frame on one of its devices: ARP, neighbour discovery, tunnels.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_IP_IN_H
#define SIM_IP_IN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct device;

/* A packet for an address of the host, taken apart. */
struct ip_packet {
    uint8_t family, proto, tos, ttl;
    const uint8_t *ip;          /* header */
    const uint8_t *src, *dst;
    const uint8_t *l4;
    size_t l4_len;              /* as IP says */
};

/* Does the host know what is in a frame? IP and ARP, behind its tags; Linux counts others as dropped (rx_dropped). */
bool ip_has_protocol(const uint8_t *frame, size_t len);
/* False: nobody here wants it. Else it is answered, handed on or counted as dropped. */
bool ip_receive(struct device *d, const uint8_t *frame, size_t len);

#endif
