/* vtime.h - virtual time for clients: the simulator's side of tools/time.
 *
 * Of all threads of all clients one runs at a time, the one with the token (sim/vtime_page.h). The simulator
 * has it when none of them can go on, and while it waits for it to come back it answers whoever has it. So all that
 * happens has one order, and that depends on nothing but what the programs do.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_VTIME_H
#define SIM_VTIME_H

#include "sim/client.h"
#include "sim/clock.h"
#include "sim/proto.h"

struct conn;
struct vtime;

/* A row of sim/timing.h: see there. */
int vtime_start(struct sim *sim, struct clients *all, struct clock_outside *outside, struct err *e);
void vtime_stop(void *vtime);
void vtime_started(void *vtime, pid_t pid);
void vtime_told(void *vtime);

/* For the files of the client endpoints. */
void vtime_hello(struct conn *c, const struct proto_hello *h);  /* answers it, now or later */
void vtime_hung_up(struct conn *c);
bool vtime_has(const struct vtime *v, pid_t pid);       /* it is a process in virtual time, or about to be */
void vtime_tells(struct conn *c);       /* its descriptor is about to have something; without virtual time: nothing */

#endif
