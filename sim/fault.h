/* fault.h - places where the kernel can fail: counts how often each is reached, and fails those that are asked for.
 *
 * A fault is asked for as text: "flow_alloc" fails the first time from now on, "flow_alloc:3" the third, "flow_alloc:3.." the third
 * and all that follow, "flow_alloc:*" every time. "reply:..." is the client's side: reply_fault.h.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_FAULT_H
#define SIM_FAULT_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/fault.h"

struct scan;
struct sim;
struct sim_faults;

/* All points there are: those of netlink/, of dp/, of sim/. */
size_t fault_n_points(void);
const struct fault_point *fault_point_at(size_t i);
extern const char *const fault_effects[N_FAULT_EFFECTS];        /* in words */

/* From now on; may be called again for another one. -ENOENT: no such point (the sentence names the nearest), -EINVAL. */
int fault_add(struct sim *sim, const char *text, struct err *e);
/* Each of a list; 'texts' ends with NULL and may be NULL. */
int fault_add_all(struct sim *sim, const char *const *texts, struct err *e);

/* What may follow a name: nothing (1 to 1), ":3" (3 to 3), ":3.." (3 to UINT_MAX), ":*" (1 to UINT_MAX). */
bool fault_scan_times(struct scan *in, unsigned *first, unsigned *last);

/* Counts from now on, even if nothing is to fail. */
void fault_watch(struct sim *sim);
/* How often the point was reached; 0 if nobody counts. */
unsigned fault_count(const struct sim *sim, const struct fault_point *point);

/* Have all that were asked for struck, and been answered with their errors? -ESRCH: one has not struck (the sentence says how
 * often its point was reached); -EPROTO: a request was answered with something else. */
int fault_check(const struct sim *sim, struct err *e);
void faults_free(struct sim_faults *faults);    /* NULL allowed */

#endif
