/* clock.c - see clock.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/clock.h"

struct event {
    uint64_t at_ns, id;
    clock_event_fn *fn;
    void *ctx;
    unsigned depth;
    bool is_background, is_last;
};

static int event_cmp(const void *a, const void *b, void *unused)
{
    const struct event *x = a, *y = b;

    (void)unused;
    if (x->at_ns != y->at_ns)
        return x->at_ns < y->at_ns ? -1 : 1;
    if (x->is_last != y->is_last)
        return x->is_last ? 1 : -1;
    return x->id < y->id ? -1 : x->id > y->id;
}

static void note_next(struct clock *c)
{
    GSequenceIter *first = g_sequence_get_begin_iter(c->events);
    const struct event *ev = g_sequence_iter_is_end(first) ? NULL : g_sequence_get(first);

    c->next_ns = ev ? ev->at_ns : UINT64_MAX;
}

void clock_init(struct clock *c, uint64_t start_ns)
{
    *c = (struct clock){
        .now_ns = start_ns,
        .next_id = 1,
        .events = g_sequence_new(g_free),
        .next_ns = UINT64_MAX,
        .limit_ns = start_ns,
        .n_left = UINT64_MAX,
    };
}

void clock_done(struct clock *c)
{
    if (c->events)
        g_sequence_free(c->events);
    c->events = NULL;
}

static uint64_t add(struct clock *c, const struct event *what)
{
    struct event *ev = g_memdup2(what, sizeof(*what));

    ev->at_ns = MAX(ev->at_ns, c->now_ns);
    ev->id = c->next_id++;
    if (ev->at_ns == c->now_ns)
        ev->depth = c->depth;
    g_sequence_insert_sorted(c->events, ev, event_cmp, NULL);
    c->next_ns = MIN(c->next_ns, ev->at_ns);
    return ev->id;
}

uint64_t clock_add(struct clock *c, uint64_t at_ns, clock_event_fn *fn, void *ctx)
{
    return add(c, &(struct event){ .at_ns = at_ns, .fn = fn, .ctx = ctx });
}

uint64_t clock_add_background(struct clock *c, uint64_t at_ns, clock_event_fn *fn, void *ctx)
{
    return add(c, &(struct event){ .at_ns = at_ns, .fn = fn, .ctx = ctx, .is_background = true });
}

uint64_t clock_add_last(struct clock *c, uint64_t at_ns, clock_event_fn *fn, void *ctx)
{
    return add(c, &(struct event){ .at_ns = at_ns, .fn = fn, .ctx = ctx, .is_last = true });
}

void clock_cancel(struct clock *c, uint64_t id)
{
    GSequenceIter *at = g_sequence_get_begin_iter(c->events);

    for (; !g_sequence_iter_is_end(at); at = g_sequence_iter_next(at)) {
        const struct event *ev = g_sequence_get(at);

        if (ev->id == id) {
            g_sequence_remove(at);
            note_next(c);
            return;
        }
    }
}

bool clock_next(const struct clock *c, uint64_t *at_ns)
{
    if (g_sequence_is_empty(c->events))
        return false;
    *at_ns = c->next_ns;
    return true;
}

static uint64_t next_outside(const struct clock *c)
{
    return c->outside ? c->outside->next(c->outside->ctx) : UINT64_MAX;
}

uint64_t clock_next_awaited(const struct clock *c)
{
    GSequenceIter *at = g_sequence_get_begin_iter(c->events);
    uint64_t outside = next_outside(c);

    for (; !g_sequence_iter_is_end(at); at = g_sequence_iter_next(at)) {
        const struct event *ev = g_sequence_get(at);

        if (!ev->is_background)
            return MIN(outside, ev->at_ns);
    }
    return outside;
}

/* ---- time moves ------------------------------------------------------------------------------ */

void clock_do_outside(struct clock *c, clock_event_fn *fn, void *ctx)
{
    bool is_first = c->outside && !c->is_settling;

    if (is_first) {
        c->is_settling = true;
        c->first_of_settling = c->next_id;
    }
    fn(ctx);
    if (is_first)
        c->is_settling = false;
}

static void call_outside(struct clock *c, clock_event_fn *fn)
{
    if (!c->is_settling)
        clock_do_outside(c, fn, c->outside->ctx);
}

static void settle(struct clock *c)
{
    if (c->outside)
        call_outside(c, c->outside->settle);
}

static void move_to(struct clock *c, uint64_t at_ns)
{
    if (at_ns <= c->now_ns)
        return;
    c->now_ns = at_ns;
    if (c->outside)
        call_outside(c, c->outside->moved);
}

static void run_event(struct clock *c, GSequenceIter *at)
{
    struct event ev = *(const struct event *)g_sequence_get(at);
    unsigned outer_depth = c->depth;

    g_sequence_remove(at);
    note_next(c);
    c->n_left--;
    c->depth = ev.depth;
    ev.fn(ev.ctx);
    c->depth = outer_depth;
}

/* Runs one event of this time that those outside have caused: what was due before waits until they have
 * come to rest. */
static bool run_caused(struct clock *c)
{
    GSequenceIter *at = g_sequence_get_begin_iter(c->events);

    for (; !g_sequence_iter_is_end(at); at = g_sequence_iter_next(at)) {
        const struct event *ev = g_sequence_get(at);

        if (ev->at_ns > c->now_ns || ev->is_last)
            return false;
        if (ev->id < c->first_of_settling)
            continue;
        run_event(c, at);
        return true;
    }
    return false;
}

void clock_advance(struct clock *c, uint64_t until_ns)
{
    uint64_t outer_limit = c->limit_ns, next;

    if (c->is_settling) {
        while (c->n_left && run_caused(c))
            ;
        return;
    }
    c->limit_ns = MAX(until_ns, c->now_ns);
    while (c->n_left) {
        settle(c);
        next = MIN(c->next_ns, next_outside(c));
        if (next <= c->limit_ns && next != UINT64_MAX) {
            move_to(c, next);
            if (c->next_ns <= c->now_ns)        /* otherwise it is the time of those outside */
                run_event(c, g_sequence_get_begin_iter(c->events));
        } else if (c->now_ns < c->limit_ns) {
            move_to(c, c->limit_ns);
        } else {
            break;
        }
    }
    c->limit_ns = MAX(outer_limit, c->now_ns);
}

void clock_stop(struct clock *c)
{
    c->limit_ns = c->now_ns;
}

bool clock_step(struct clock *c, uint64_t at_ns)
{
    if (c->outside || !c->n_left || at_ns > c->limit_ns || c->next_ns <= at_ns)
        return false;
    c->n_left--;
    c->now_ns = MAX(c->now_ns, at_ns);
    return true;
}
