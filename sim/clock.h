/* clock.h - virtual time and ordered events.
 *
 * Time moves only when an event is run or clock_advance() is called. Events at the same time
 * run in the order they were added.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_CLOCK_H
#define SIM_CLOCK_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef void clock_event_fn(void *ctx);

/* Who lives between the events, with processes of their own: clients. Nothing in here moves time. */
struct clock_outside {
    void *ctx;
    /* Returns when nothing more happens at this time; may add events. Called after each event, before
     * time moves on and at the end of a clock_advance(). */
    void (*settle)(void *ctx);
    /* When one of them wants to go on, UINT64_MAX: none does. After settle() always later than now. */
    uint64_t (*next)(void *ctx);
    /* Time is now c->now_ns; what is due at this time runs afterwards. */
    void (*moved)(void *ctx);
};

struct clock {
    uint64_t now_ns;
    uint64_t next_id;
    GSequence *events;
    uint64_t next_ns;       /* time of the first event, UINT64_MAX: there is none */
    uint64_t limit_ns;      /* where the clock_advance() under way will end */
    /* A count that an event passes on to the events it adds for the same time, so that a chain of
     * causes without delay can be told from coincidence. 0 outside such a chain. */
    unsigned depth;
    uint64_t n_left;        /* events that may still run: behind the last of them time stands still */
    const struct clock_outside *outside;        /* NULL: nobody */
    bool is_settling;       /* in outside->settle() or ->moved(): clock_advance() then only runs, at this time, */
    uint64_t first_of_settling;                 /* the events added since, from this one on */
};

void clock_init(struct clock *c, uint64_t start_ns);
void clock_done(struct clock *c);               /* drops what has not run */

/* Runs fn(ctx) at 'at_ns' (not before now). Returns an id for clock_cancel(). */
uint64_t clock_add(struct clock *c, uint64_t at_ns, clock_event_fn *fn, void *ctx);
/* The same for an event that nobody waits for: it does not count in clock_next_awaited(). */
uint64_t clock_add_background(struct clock *c, uint64_t at_ns, clock_event_fn *fn, void *ctx);
/* The same for an event that comes behind all others of its time, also those still to be added, and when those
 * outside have come to rest. */
uint64_t clock_add_last(struct clock *c, uint64_t at_ns, clock_event_fn *fn, void *ctx);
void clock_cancel(struct clock *c, uint64_t id);

/* 'ns' from now; UINT64_MAX if time ends before, 584 years after its start. */
static inline uint64_t clock_after(const struct clock *c, uint64_t ns)
{
    return ns > UINT64_MAX - c->now_ns ? UINT64_MAX : c->now_ns + ns;
}

/* Time of the next event; false: there is none. */
bool clock_next(const struct clock *c, uint64_t *at_ns);
/* Time of the next event, or of those outside, that somebody waits for; UINT64_MAX: there is none. */
uint64_t clock_next_awaited(const struct clock *c);
/* Moves time to 'until_ns', running every event due on the way. */
void clock_advance(struct clock *c, uint64_t until_ns);
/* Runs fn(ctx) as if somebody outside did it: nothing that it causes moves time or lets those outside go on meanwhile. */
void clock_do_outside(struct clock *c, clock_event_fn *fn, void *ctx);
/* For a running event: the clock_advance() under way ends now. */
void clock_stop(struct clock *c);
/* For a running event that continues at 'at_ns': moves time there without an event if nothing
 * else is due until then and nobody is outside. False: it must clock_add() its continuation. */
bool clock_step(struct clock *c, uint64_t at_ns);

#endif
