/* upcall_watch.h - gives the datapaths of a namespace their embedded upcall handlers.
 *
 * It listens to the datapath and port notifications as a switch daemon does, so that it does not
 * matter who makes a datapath or a port. Ports whose maker names an upcall socket of its own
 * are left alone.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_UPCALL_WATCH_H
#define SIM_UPCALL_WATCH_H

#include "sim/upcall_handler.h"

struct upcall_watch;

struct upcall_watch *upcall_watch_new(struct sim_ns *ns);
void upcall_watch_free(struct upcall_watch *w);     /* NULL allowed */

/* A handler for one datapath (all its ports are taken over), or with dp_ifindex 0 for each that is
 * there and each that will be made. 0 or -errno. */
int upcall_watch_set(struct upcall_watch *w, int dp_ifindex, enum upcall_mode mode, struct err *e);

#endif
