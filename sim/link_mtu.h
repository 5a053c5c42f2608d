/* link_mtu.h - the MTU a new link has when nobody says which.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_LINK_MTU_H
#define SIM_LINK_MTU_H

#include <stdint.h>

struct device;

/* The kind's own; a tunnel's follows from the device that leads to its far end and from the
 * headers that its options make. */
uint32_t link_mtu(const struct device *d);

#endif
