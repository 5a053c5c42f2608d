/* trace.h - the trace: one line of text for each step of a packet.
 *
 * "0.000123000 ovs_vport_receive p1 len 60": seconds since the start of the simulation, then
 * what the datapath says. What follows from a frame's arrival is indented by two blanks, up to the end of
 * its way; when another one arrives on the way, in a tunnel say, by two more.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_TRACE_H
#define SIM_TRACE_H

#include "base/err.h"
#include "sim/sim.h"

/* Writes to 'path' ("-": standard output) from now on. 0 or -errno. */
int trace_open(struct sim *sim, const char *path, struct err *e);
/* Stops; a failed write is told here at the latest. Without a trace: 0. */
int trace_close(struct sim *sim, struct err *e);

/* Turns the datapath's lines off and on again; the file stays open. */
void trace_mute(struct sim *sim, bool is_muted);
bool trace_is_muted(const struct sim *sim);     /* also true without a trace */

/* From now on misses are explained, and nothing mutes the trace. It must be open. */
void trace_tell_all(struct sim *sim);

/* One line of the simulator itself, or text that has its own line ends. 'sim' without a
 * trace: nothing happens. */
void trace_line(struct sim *sim, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void trace_text(struct sim *sim, const char *text);

#endif
