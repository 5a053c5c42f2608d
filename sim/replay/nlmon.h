/* nlmon.h - a capture of a real kernel, by nlmon, made playable: what it does not say is inferred.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_REPLAY_NLMON_H
#define SIM_REPLAY_NLMON_H

#include "sim/replay/player.h"

/* Adds events to p->tape, gives p->sim the kernel's numbers, and says in the result's remarks what cannot
 * be known. */
void nlmon_prepare(struct player *p);

#endif
