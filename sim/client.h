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

#endif
