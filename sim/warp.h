/* warp.h - the clocks of Open vSwitch's daemons, driven from outside by their own commands.
 *
 * How it works: a daemon that was started with --enable-dummy has the commands time/stop and time/warp. Its clock is stopped
 * when it is met, and goes on by whole milliseconds of virtual time. No command tells at what time it stands;
 * so it is told to stop when a millisecond of the machine's clock has just begun, again and again until its
 * answer comes within the same one: what OVS calls the time, milliseconds, is known then.
 *
 * A daemon that has been told of a new time naps for 10 ms (OVS 3.1). So time is told in steps of 10 ms at least until whoever
 * moves it has come to its end: packets at close distance take no longer than they would in real time.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_WARP_H
#define SIM_WARP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "sim/clock.h"
#include "sim/quiet.h"

struct warp;

struct warp *warp_new(const struct clock *clock, const struct quiet *quiet);
void warp_free(struct warp *w);         /* NULL allowed */

/* A client's process has connected: is it a daemon with a control socket? */
void warp_meet(struct warp *w, pid_t pid);

/* Tells those to stop that have not. True: there were some, ask again when they have had time to answer. */
bool warp_stop(struct warp *w);
/* Tells those that have stopped what time it is now, if it is 10 ms later than when they were told last, or
 * later at all and time will not move on now. True: to some. */
bool warp_move(struct warp *w);

/* Takes the answers that have come. True: there was one. */
bool warp_listen(struct warp *w);
/* Has one of them not answered? Those that are stopped by a signal cannot. */
bool warp_is_awaited(const struct warp *w);
/* They will never. Each is told on stderr. */
void warp_give_up(struct warp *w);

/* What process 'pid' takes for CLOCK_MONOTONIC, in ns. */
uint64_t warp_clock_of(const struct warp *w, pid_t pid);

#endif
