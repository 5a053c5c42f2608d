/* kernel.h - a recorded kernel plays to a program: its requests are answered as they were then.
 *
 * How it works: a simulation serves the program as ever, so that ioctls, files and packet sockets see a world that
 * follows from its requests; but what it would say on netlink sockets is thrown away, and the recording's
 * answers are sent instead, with the program's sequence numbers and port ids. Each of its sockets takes the
 * part of a recorded one: the first that begins with the same request. Upcalls and notifications are sent
 * once all requests that were recorded before them have come.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_REPLAY_KERNEL_H
#define SIM_REPLAY_KERNEL_H

#include "sim/replay/replay.h"
#include "sim/sim.h"

struct kernel;

/* Of the simulation that kernel_start() will get. */
void kernel_options(const struct tape *t, struct sim_options *o);

/* From now on 'sim' answers from 't', both borrowed. After clients_new(). */
struct kernel *kernel_start(struct sim *sim, struct tape *t);
/* Ends it: what differed, and what of the recording was not asked for. */
void kernel_end(struct kernel *k, struct replay_result *result);

#endif
