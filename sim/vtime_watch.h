/* vtime_watch.h - the watchdog of virtual time: it names who keeps the token, and changes nothing.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_VTIME_WATCH_H
#define SIM_VTIME_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/vtime_page.h"

struct vtime_watch {
    int64_t since_us;           /* real time of the last sign of life */
    bool has_told;
};

void vtime_watch_begin(struct vtime_watch *w);
/* Says on stderr, once, who has had the token for too long without a sign of life. */
void vtime_watch_look(struct vtime_watch *w, const struct vtime_page *page);

#endif
