/* test_clock.c - virtual time: events run in order, and nothing but them moves it.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "sim/clock.h"

struct story {
    struct clock clock;
    GString *text;              /* what ran: a letter and the time */
    uint64_t own_ns;            /* when somebody outside wants to go on */
};

struct event {
    struct story *story;
    char letter;
};

static void note(void *ctx)
{
    struct event *ev = ctx;

    g_string_append_printf(ev->story->text, "%c%u ", ev->letter,
                           (unsigned)ev->story->clock.now_ns);
}

static int setup(void **state)
{
    struct story *s = g_new0(struct story, 1);

    clock_init(&s->clock, 100);
    s->text = g_string_new(NULL);
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    struct story *s = *state;

    clock_done(&s->clock);
    g_string_free(s->text, TRUE);
    g_free(s);
    return 0;
}

static void events_run_by_time_then_by_age(void **state)
{
    struct story *s = *state;
    struct event a = { s, 'a' }, b = { s, 'b' }, c = { s, 'c' }, d = { s, 'd' };

    clock_add(&s->clock, 130, note, &a);
    clock_add(&s->clock, 120, note, &b);
    clock_add(&s->clock, 130, note, &c);
    clock_add(&s->clock, 50, note, &d);         /* the past is now */
    clock_advance(&s->clock, 129);
    assert_string_equal(s->text->str, "d100 b120 ");
    assert_int_equal(s->clock.now_ns, 129);
    clock_advance(&s->clock, 130);
    assert_string_equal(s->text->str, "d100 b120 a130 c130 ");
}

static void time_does_not_go_back(void **state)
{
    struct story *s = *state;

    clock_advance(&s->clock, 10);
    assert_int_equal(s->clock.now_ns, 100);
}

static void a_cancelled_event_does_not_run(void **state)
{
    struct story *s = *state;
    struct event a = { s, 'a' }, b = { s, 'b' };
    uint64_t id = clock_add(&s->clock, 110, note, &a), at;

    clock_add(&s->clock, 120, note, &b);
    clock_cancel(&s->clock, id);
    clock_cancel(&s->clock, id);
    clock_cancel(&s->clock, 9999);
    assert_true(clock_next(&s->clock, &at));
    assert_int_equal(at, 120);
    clock_advance(&s->clock, 200);
    assert_string_equal(s->text->str, "b120 ");
    assert_false(clock_next(&s->clock, &at));
}

static void add_two(void *ctx)
{
    struct event *ev = ctx;
    struct clock *c = &ev->story->clock;

    note(ev);
    clock_add(c, c->now_ns, note, ev);
    clock_add(c, c->now_ns + 1000, note, ev);
}

static void an_event_may_add_events(void **state)
{
    struct story *s = *state;
    struct event a = { s, 'a' }, b = { s, 'b' };

    clock_add(&s->clock, 110, add_two, &a);
    clock_add(&s->clock, 110, note, &b);
    clock_advance(&s->clock, 500);
    assert_string_equal(s->text->str, "a110 b110 a110 ");
    assert_int_equal(s->clock.now_ns, 500);
}

/* Walks in steps of 10 as long as it may, then by an event. */
static void walk(void *ctx)
{
    struct event *ev = ctx;
    struct clock *c = &ev->story->clock;

    do
        note(ev);
    while (clock_step(c, c->now_ns + 10));
    clock_add(c, c->now_ns + 10, walk, ev);
}

static void a_step_needs_no_event_until_another_is_due(void **state)
{
    struct story *s = *state;
    struct event a = { s, 'a' }, b = { s, 'b' };

    clock_add(&s->clock, 100, walk, &a);
    clock_add(&s->clock, 120, note, &b);
    clock_advance(&s->clock, 135);
    /* At 120 the older event comes first, at 135 the advance ends. */
    assert_string_equal(s->text->str, "a100 a110 b120 a120 a130 ");
    assert_int_equal(s->clock.now_ns, 135);
    clock_advance(&s->clock, 140);
    assert_string_equal(s->text->str, "a100 a110 b120 a120 a130 a140 ");
}

static void stop(void *ctx)
{
    note(ctx);
    clock_stop(&((struct event *)ctx)->story->clock);
}

static void a_stop_ends_an_advance_without_end(void **state)
{
    struct story *s = *state;
    struct event a = { s, 'a' }, b = { s, 'b' };

    clock_add(&s->clock, 110, stop, &a);
    clock_add(&s->clock, 111, note, &b);
    clock_advance(&s->clock, UINT64_MAX);
    assert_string_equal(s->text->str, "a110 ");
    assert_int_equal(s->clock.now_ns, 110);
}

/* Somebody outside who answers each event at the same time, and has a time of its own. */
static void settle(void *ctx)
{
    struct story *s = ctx;

    g_string_append_printf(s->text, "s%u ", (unsigned)s->clock.now_ns);
    if (s->own_ns <= s->clock.now_ns)
        s->own_ns = UINT64_MAX;
    clock_advance(&s->clock, s->clock.now_ns);  /* as a request does */
}

static uint64_t next(void *ctx)
{
    return ((struct story *)ctx)->own_ns;
}

static void moved(void *ctx)
{
    struct story *s = ctx;

    g_string_append_printf(s->text, "m%u ", (unsigned)s->clock.now_ns);
}

static void those_outside_live_between_the_events(void **state)
{
    struct story *s = *state;
    struct clock_outside outside = { s, settle, next, moved };
    struct event a = { s, 'a' }, b = { s, 'b' };

    s->clock.outside = &outside;
    s->own_ns = 115;
    clock_add(&s->clock, 110, note, &a);
    clock_add(&s->clock, 110, note, &b);
    clock_advance(&s->clock, 120);
    assert_string_equal(s->text->str, "s100 m110 a110 s110 b110 s110 m115 s115 m120 s120 ");
}

static void nobody_waits_for_background_events(void **state)
{
    struct story *s = *state;
    struct event a = { s, 'a' }, b = { s, 'b' };

    clock_add_background(&s->clock, 110, note, &a);
    assert_true(clock_next_awaited(&s->clock) == UINT64_MAX);
    clock_add(&s->clock, 120, note, &b);
    assert_int_equal(clock_next_awaited(&s->clock), 120);
    clock_advance(&s->clock, 130);
    assert_string_equal(s->text->str, "a110 b120 ");
}

/* Adds the story's last event of this time and an ordinary one, until the third. */
static void cause(void *ctx)
{
    static struct event last, next;
    struct event *ev = ctx;

    note(ctx);
    if (ev->letter == 'c')
        return;
    last = (struct event){ ev->story, 'z' };
    next = (struct event){ ev->story, (char)(ev->letter + 1) };
    clock_add_last(&ev->story->clock, ev->story->clock.now_ns, note, &last);
    clock_add(&ev->story->clock, ev->story->clock.now_ns, cause, &next);
}

static void settle_and_cause(void *ctx)
{
    struct story *s = ctx;
    struct event first = { s, 'a' };

    if (!s->text->len)
        cause(&first);
    clock_advance(&s->clock, s->clock.now_ns);
    g_string_append(s->text, "s ");
}

static void a_last_event_waits_for_all_of_its_time(void **state)
{
    struct story *s = *state;
    struct clock_outside outside = { s, settle_and_cause, next, moved };
    struct event a = { s, 'a' };

    clock_add(&s->clock, 110, cause, &a);
    clock_advance(&s->clock, 120);
    assert_string_equal(s->text->str, "a110 b110 c110 z110 z110 ");
    g_string_truncate(s->text, 0);
    s->own_ns = UINT64_MAX;
    s->clock.outside = &outside;
    clock_advance(&s->clock, 120);
    assert_string_equal(s->text->str, "a120 b120 c120 s z120 s z120 s ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(events_run_by_time_then_by_age, setup, teardown),
        cmocka_unit_test_setup_teardown(time_does_not_go_back, setup, teardown),
        cmocka_unit_test_setup_teardown(a_cancelled_event_does_not_run, setup, teardown),
        cmocka_unit_test_setup_teardown(an_event_may_add_events, setup, teardown),
        cmocka_unit_test_setup_teardown(a_step_needs_no_event_until_another_is_due, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_stop_ends_an_advance_without_end, setup, teardown),
        cmocka_unit_test_setup_teardown(those_outside_live_between_the_events, setup, teardown),
        cmocka_unit_test_setup_teardown(nobody_waits_for_background_events, setup, teardown),
        cmocka_unit_test_setup_teardown(a_last_event_waits_for_all_of_its_time, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
