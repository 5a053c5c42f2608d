/* timing.h - the three levels of time that clients with processes of their own can live in.
 *
 *   real      clients live on the machine's clock; virtual time moves by commands only.
 *   lockstep  virtual time moves by commands only, and waits after each event until every client is quiescent.
 *   virtual   clients live on the simulator's clock and run one thread at a time; time moves, by itself,
 *             when all of them wait.
 *
 * Each of the latter two is a row: a clock_outside and how it comes and goes.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_TIMING_H
#define SIM_TIMING_H

#include <sys/types.h>

#include "sim/client.h"

enum time_level { TIME_REAL, TIME_LOCKSTEP, TIME_VIRTUAL, N_TIME_LEVELS };

struct timing;

struct timing_level {
    const char *name;           /* as --time names it */
    bool moves_by_itself;       /* time goes on to what somebody waits for */
    bool shares_clock;          /* clients see virtual time */
    /* Fills in ctx and functions of 'outside'. NULL: no such clients. -EOPNOTSUPP: this machine cannot. */
    int (*start)(struct sim *sim, struct clients *all, struct clock_outside *outside, struct err *e);
    void (*stop)(void *ctx);
    /* timing_started() and timing_told(). NULL: nothing to do. */
    void (*started)(void *ctx, pid_t pid);
    void (*told)(void *ctx);
};

extern const struct timing_level timing_levels[N_TIME_LEVELS];

/* 0 or -EINVAL. */
int timing_level_by_name(const char *name, enum time_level *level);

/* From now on 'all' of 'sim' live at this level, until timing_free(). NULL with 'e'. */
struct timing *timing_new(struct sim *sim, struct clients *all, enum time_level level,
                          struct err *e);
void timing_free(struct timing *t);     /* before clients_free(); NULL allowed */

/* This process has started a program: returns when it takes part, or has ended. */
void timing_started(struct timing *t, pid_t pid);
/* This process has sent clients something that is no message: a signal. */
void timing_told(struct timing *t);

/* One step of the main loop: with nothing else to do waits for clients or whatever else the main context has; then runs
 * what "dpsim do" has asked for, lets clients go on, moves time if it moves by itself. */
void timing_go_on(struct timing *t);

#endif
