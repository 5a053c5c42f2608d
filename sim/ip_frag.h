/* ip_frag.h - IPv4 packets of the host's own are cut into fragments. Put together again: dp_defrag().
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_IP_FRAG_H
#define SIM_IP_FRAG_H

#include <stddef.h>
#include <stdint.h>

/* Cuts the packet behind ETH_LEN bytes of 'frame' for an MTU of 28 or more; gives each fragment,
 * with those bytes before it, to 'send'. */
void ip_frag_cut(const uint8_t *frame, size_t len, uint32_t mtu,
                 void (*send)(void *ctx, uint8_t *frame, size_t len), void *ctx);

#endif
