/* timing.c - see timing.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/timing.h"

#include <errno.h>
#include <string.h>

#include "sim/client_int.h"
#include "sim/lockstep.h"
#include "sim/vtime.h"

struct timing {
    struct sim *sim;
    struct clients *all;
    const struct timing_level *level;
    struct clock_outside inner;         /* the level's */
    struct clock_outside outside;       /* the clock's: ours, around it */
    bool is_busy;                       /* there is something to do before anybody is waited for */
};

/* clang-format off */
const struct timing_level timing_levels[N_TIME_LEVELS] = {
    [TIME_REAL]     = { .name = "real" },
    [TIME_LOCKSTEP] = { .name = "lockstep", .start = lockstep_start, .stop = lockstep_stop },
    [TIME_VIRTUAL]  = { .name = "virtual", .moves_by_itself = true, .shares_clock = true,
                        .start = vtime_start, .stop = vtime_stop,
                        .started = vtime_started, .told = vtime_told },
};
/* clang-format on */

int timing_level_by_name(const char *name, enum time_level *level)
{
    for (unsigned i = 0; i < N_TIME_LEVELS; i++) {
        if (!strcmp(timing_levels[i].name, name)) {
            *level = i;
            return 0;
        }
    }
    return -EINVAL;
}

/* ---- between the events ---------------------------------------------------------------------- */

/* What clients have read counts as read. */
static void note_read(struct timing *t)
{
    clients_begin(t->all);
    clients_end(t->all);
}

/* "dpsim do wait" lets a client go on that then changes something that another one waits for. */
static void settle(void *ctx)
{
    struct timing *t = ctx;

    note_read(t);
    do
        t->inner.settle(t->inner.ctx);
    while (clients_retry(t->all));
    note_read(t);
}

static uint64_t next(void *ctx)
{
    const struct timing *t = ctx;

    return t->inner.next ? t->inner.next(t->inner.ctx) : UINT64_MAX;
}

static void moved(void *ctx)
{
    struct timing *t = ctx;

    if (t->inner.moved)
        t->inner.moved(t->inner.ctx);
}

/* ---- the main loop --------------------------------------------------------------------------- */

/* Goes to the next time that somebody waits for. False: nobody does, or only commands move time. */
static bool move_on(struct timing *t)
{
    struct clock *clock = &t->sim->clock;
    uint64_t at_ns;

    if (!t->level->start)
        return false;
    clock_advance(clock, clock->now_ns);
    if (!t->level->moves_by_itself || !g_queue_is_empty(&t->all->jobs))
        return false;
    at_ns = clock_next_awaited(clock);
    if (at_ns != UINT64_MAX)
        clock_advance(clock, at_ns);
    return at_ns != UINT64_MAX;
}

static void serve(void *ctx)
{
    struct timing *t = ctx;

    (void)clients_serve(t->all, t->is_busy ? 0 : -1);
}

/* Waits first: what ends the main loop may come while clients settle. */
void timing_go_on(struct timing *t)
{
    clock_do_outside(&t->sim->clock, serve, t);
    t->is_busy = clients_run_job(t->all);
    t->is_busy |= move_on(t);
    t->is_busy |= !g_queue_is_empty(&t->all->jobs);
}

void timing_started(struct timing *t, pid_t pid)
{
    if (t->level->started)
        t->level->started(t->inner.ctx, pid);
}

void timing_told(struct timing *t)
{
    if (t->level->told)
        t->level->told(t->inner.ctx);
}

/* ---- life ------------------------------------------------------------------------------------ */

static int start_level(struct timing *t, struct err *e)
{
    int r;

    if (!t->level->start)
        return 0;
    r = t->level->start(t->sim, t->all, &t->inner, e);
    if (r)
        return r;
    t->outside = (struct clock_outside){ .ctx = t, .settle = settle, .next = next, .moved = moved };
    t->sim->clock.outside = &t->outside;
    t->all->shares_clock = t->level->shares_clock;
    if (t->level->shares_clock)
        t->sim->env.client_now = t->sim->env.now;
    return 0;
}

struct timing *timing_new(struct sim *sim, struct clients *all, enum time_level level,
                          struct err *e)
{
    struct timing *t = g_new0(struct timing, 1);

    *t = (struct timing){ .sim = sim, .all = all, .level = &timing_levels[level] };
    if (!start_level(t, e))
        return t;
    g_free(t);
    return NULL;
}

void timing_free(struct timing *t)
{
    if (!t)
        return;
    if (t->sim->clock.outside) {
        t->sim->clock.outside = NULL;
        t->level->stop(t->inner.ctx);
    }
    g_free(t);
}
