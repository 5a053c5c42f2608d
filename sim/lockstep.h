/* lockstep.h - the level of time at which any stock client is waited for, without its help.
 *
 * An event of the clock is over when every client rests: all threads of all processes that are connected, or descend from
 * this one, are asleep (quiet.h), have read what they were sent, and wait for no answer of ours. Clocks of Open
 * vSwitch's daemons stand still meanwhile and go on with virtual time (warp.h). Sleeping is resting, whatever
 * it is that ends it: a client with other timers of its own is not waited for while it sleeps.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_LOCKSTEP_H
#define SIM_LOCKSTEP_H

#include "sim/client.h"
#include "sim/clock.h"

/* A row of timing.h. */
int lockstep_start(struct sim *sim, struct clients *all, struct clock_outside *outside, struct err *e);
void lockstep_stop(void *ctx);

#endif
