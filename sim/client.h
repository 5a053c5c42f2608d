/* client.h - the way in for real programs: a listening socket and everybody connected to it.
 *
 * What is said is in sim/proto.h. Requests are taken one at a time from a GLib main context;
 * all that a request causes has reached every client's descriptor before it is answered.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_CLIENT_H
#define SIM_CLIENT_H

#include <glib.h>

#include "base/err.h"
#include "sim/sim.h"

struct clients;

/* Listens on 'path' and serves from 'context' (NULL: the default one). A socket file that
 * nobody serves any more is replaced. NULL with 'e' on failure. */
struct clients *clients_new(struct sim *sim, GMainContext *context, const char *path,
                            struct err *e);

/* Hangs up on everybody and removes the socket file. Before sim_free(); NULL allowed. */
void clients_free(struct clients *all);

/* Whoever lets the simulation run on outside a request (a timer, say) does it between these,
 * so that clients have what it queued and what they have read counts as read. */
void clients_begin(struct clients *all);
void clients_end(struct clients *all);

/* Appends what clients use of what is limited and what they were refused, also by those who have gone (limits.h): of all of
 * them, or of those who were refused something. 'all' NULL: nothing. */
void clients_describe(const struct clients *all, bool all_of_them, GString *out);

/* Adds to 'used' what those who are there use of each limit. Returns how often they and their predecessors were refused. */
uint64_t clients_count(const struct clients *all, uint64_t used[N_LIMITS]);

/* For a simulation with a clock_outside: handles what clients have sent, waiting at most 'timeout_ms' for
 * it (-1: as long as it takes), and whatever else the main context has. Not from inside a request.
 * True: a client was served. */
bool clients_serve(struct clients *all, int timeout_ms);
/* The same without anything else of the main context. */
bool clients_serve_alone(struct clients *all, int timeout_ms);
/* Once whoever has said something. True: among them was one in virtual time, or one who has gone; so this comes to an end
 * also while somebody from outside never ends to speak. */
bool clients_serve_awaited(struct clients *all);

/* From now on a client's call that may wait for a socket asks first whether a signal interrupts it: see fault.h. */
void clients_watch_waits(struct clients *all);

/* With a clock_outside, a line of "dpsim do" that moves time is no part of the request it comes with: it is
 * kept, and these run it, from the main loop, and answer. True: there was one. */
bool clients_run_job(struct clients *all);
/* Tries again what "dpsim do wait" waits for. True: somebody was answered. */
bool clients_retry(struct clients *all);

#endif
