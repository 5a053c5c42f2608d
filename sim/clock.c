/* clock.c - see clock.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/clock.h"

struct event {
    uint64_t at_ns, id;
    clock_event_fn *fn;
    void *ctx;
    unsigned depth;
};

static int event_cmp(const void *a, const void *b, void *unused)
{
    const struct event *x = a, *y = b;

    (void)unused;
    if (x->at_ns != y->at_ns)
        return x->at_ns < y->at_ns ? -1 : 1;
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
    };
}

void clock_done(struct clock *c)
{
    if (c->events)
        g_sequence_free(c->events);
    c->events = NULL;
}

uint64_t clock_add(struct clock *c, uint64_t at_ns, clock_event_fn *fn, void *ctx)
{
    struct event *ev = g_new(struct event, 1);

    *ev = (struct event){ MAX(at_ns, c->now_ns), c->next_id++, fn, ctx, 0 };
    if (ev->at_ns == c->now_ns)
        ev->depth = c->depth;
    g_sequence_insert_sorted(c->events, ev, event_cmp, NULL);
    c->next_ns = MIN(c->next_ns, ev->at_ns);
    return ev->id;
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

static void run_first(struct clock *c)
{
    GSequenceIter *first = g_sequence_get_begin_iter(c->events);
    struct event ev = *(const struct event *)g_sequence_get(first);
    unsigned outer_depth = c->depth;

    g_sequence_remove(first);
    note_next(c);
    c->now_ns = MAX(c->now_ns, ev.at_ns);
    c->depth = ev.depth;
    ev.fn(ev.ctx);
    c->depth = outer_depth;
}

void clock_advance(struct clock *c, uint64_t until_ns)
{
    uint64_t outer_limit = c->limit_ns;

    c->limit_ns = MAX(until_ns, c->now_ns);
    while (!g_sequence_is_empty(c->events) && c->next_ns <= c->limit_ns)
        run_first(c);
    c->now_ns = MAX(c->now_ns, c->limit_ns);
    c->limit_ns = MAX(outer_limit, c->now_ns);
}

void clock_stop(struct clock *c)
{
    c->limit_ns = c->now_ns;
}

bool clock_step(struct clock *c, uint64_t at_ns)
{
    if (at_ns > c->limit_ns || c->next_ns <= at_ns)
        return false;
    c->now_ns = MAX(c->now_ns, at_ns);
    return true;
}
