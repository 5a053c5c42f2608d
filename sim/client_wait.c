/* client_wait.c - "wait COMMAND": the answer comes when the command succeeds, so that a test need
 * neither sleep nor try again.
 *
 * What has not succeeded is tried again after each request of anybody, and when everybody has come to
 * rest, with the trace off. The deadline, on the clients' clock, is only ever a failure.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/scan.h"
#include "sim/client_int.h"
#include "sim/scenario.h"

#define DEADLINE_NS (30 * UINT64_C(1000000000))

struct waiter {
    struct conn *conn;
    char *command;
    GSource *deadline;          /* in real time, NULL: */
    uint64_t event;             /* in virtual time */
};

/* Without a line in the trace: how often it is tried depends on who else is there. */
static int try_quietly(struct sim *sim, const char *command, GString *text)
{
    struct err e = { 0 };
    int r = scenario_try(sim, command, text, &e);

    if (r)
        g_string_append_printf(text, "%s\n", e.text);
    return r;
}

static void waiter_free(struct waiter *w)
{
    if (w->deadline) {
        g_source_destroy(w->deadline);
        g_source_unref(w->deadline);
    } else {
        clock_cancel(&w->conn->all->sim->clock, w->event);
    }
    peer_give(w->conn->owner, LIMIT_WAITS);
    g_free(w->command);
    g_free(w);
}

static void answer(struct waiter *w, int status, const GString *text)
{
    struct proto_reply rep = { .status = status };

    answer_send(w->conn, &rep, text->str, text->len);
    g_ptr_array_remove(w->conn->all->waiters, w);
    waiter_free(w);
}

static void try_last(void *user)
{
    struct waiter *w = user;
    GString *text = g_string_new(NULL);
    int r = try_quietly(w->conn->all->sim, w->command, text);

    answer(w, r ? -ETIMEDOUT : 0, text);
    g_string_free(text, TRUE);
}

/* Its client may have gone, and is not to be found out about while its command is tried. */
static void too_late(void *user)
{
    const struct waiter *w = user;

    clock_do_outside(&w->conn->all->sim->clock, try_last, user);
}

static gboolean on_deadline(gpointer user)
{
    too_late(user);
    return G_SOURCE_CONTINUE;
}

bool clients_retry(struct clients *all)
{
    guint n_before = all->waiters->len;

    for (guint i = all->waiters->len; i-- > 0;) {
        struct waiter *w = g_ptr_array_index(all->waiters, i);
        GString *text = g_string_new(NULL);

        if (!try_quietly(all->sim, w->command, text))
            answer(w, 0, text);
        g_string_free(text, TRUE);
    }
    return all->waiters->len < n_before;
}

void wait_forget(struct conn *c)
{
    GPtrArray *waiters = c->all->waiters;

    for (guint i = waiters->len; i-- > 0;) {
        struct waiter *w = g_ptr_array_index(waiters, i);

        if (w->conn == c) {
            g_ptr_array_remove_index(waiters, i);
            waiter_free(w);
        }
    }
}

static void begin(struct conn *c, const char *command, uint64_t deadline_ns)
{
    struct clock *clock = &c->all->sim->clock;
    struct waiter *w = g_new(struct waiter, 1);

    *w = (struct waiter){ .conn = c, .command = g_strdup(command) };
    if (c->all->shares_clock) {
        w->event = clock_add(clock, clock_after(clock, deadline_ns), too_late, w);
    } else {
        w->deadline = g_timeout_source_new((guint)MIN(deadline_ns / 1000000, G_MAXUINT));
        g_source_set_callback(w->deadline, on_deadline, w, NULL);
        g_source_attach(w->deadline, g_source_get_context(c->all->source));
    }
    g_ptr_array_add(c->all->waiters, w);
}

bool wait_line(struct conn *c, const char *line, GString *text, int *status)
{
    uint64_t deadline_ns = DEADLINE_NS;
    struct scan in;

    scan_init(&in, line);
    scan_blanks(&in);
    *status = 1;
    if (!scan_word(&in, "wait"))
        return false;
    scan_blanks(&in);
    (void)scan_duration(&in, &deadline_ns);
    *status = try_quietly(c->all->sim, in.at, text);
    if (!*status || *status == -EINVAL)
        return false;
    if (peer_take(c->owner, LIMIT_WAITS)) {
        *status = -limit_rows[LIMIT_WAITS].error;
        g_string_append(text, "too many of this program's commands are waiting\n");
        return false;
    }
    begin(c, in.at, deadline_ns);
    return true;
}
