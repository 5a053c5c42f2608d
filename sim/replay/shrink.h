/* shrink.h - a failing recording is cut to the records without which it would not fail: delta debugging.
 *
 * What is cut is an input with all that follows from it: a request with its answers, a frame with the upcalls and
 * frames that it has caused, a line. First whole sockets go, then ranges of time, then single inputs.
 * The same recording is always cut to the same one. SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_REPLAY_SHRINK_H
#define SIM_REPLAY_SHRINK_H

#include "sim/replay/tape.h"

/* Does this part of the recording still fail? */
typedef bool shrink_fails_fn(void *ctx, struct tape *part);
/* Is told after each run: records left, of how many, runs so far. */
typedef void shrink_progress_fn(void *ctx, guint n_left, guint n_all, unsigned n_runs);

/* 't' itself fails; its sockets get the port ids that they have, so that they do not depend on each other.
 * Returns a new tape. 'progress' may be NULL. */
struct tape *shrink(struct tape *t, shrink_fails_fn *fails, shrink_progress_fn *progress, void *ctx);

/* The first difference of a replay: what a part must show to fail as the whole does. */
struct shrink_target {
    char *message, *path;       /* NULL: there is none */
};

void shrink_target_of(const struct tape *t, struct shrink_target *target);
void shrink_target_done(struct shrink_target *target);
bool shrink_is_target(struct tape *part, const struct shrink_target *target);

#endif
