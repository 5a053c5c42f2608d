/* cable.h - a wire between two devices: what leaves one arrives at the other, after a delay.
 *
 * How it works: each frame under way is an event of the clock, also without a delay: it arrives
 * when what runs now has ended, as from a softirq. Three bounds, the kernel's own numbers, end
 * what would go on for ever: a frame that meets more than CABLE_HOPS links in one chain of causes
 * without delay is dropped, so is one that finds CABLE_ROOM frames under way or is too long for
 * the far end.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_CABLE_H
#define SIM_CABLE_H

#include "sim/device.h"

#define CABLE_HOPS 8             /* XMIT_RECURSION_LIMIT */
#define CABLE_ROOM 1000          /* netdev_max_backlog, and netem's limit */

struct cable;

struct cable_options {
    uint64_t delay_ns;
    uint32_t loss;              /* share of frames lost, times 2^32 (UINT32_MAX: all) */
};

/* Joins two netdev devices. 0, -EINVAL (not such a device, or twice the same), -EBUSY. */
int cable_join(struct device *a, struct device *b, const struct cable_options *o, struct err *e);
/* Ends the device's link and what is under way on it; without one nothing happens. */
void cable_cut(struct device *d);

/* A frame has left 'from', which may have a link. */
void cable_carry(struct device *from, const void *frame, size_t len);

/* One line for each link of a namespace. */
void cable_summary(GString *out, const struct sim_ns *ns);

#endif
