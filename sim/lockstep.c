/* lockstep.c - see lockstep.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/lockstep.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>

#include "sim/client_int.h"
#include "sim/procfs.h"
#include "sim/quiet.h"
#include "sim/warp.h"

#define SPIN_US   100
#define LEAST_US  20                    /* between two looks */
#define MOST_US   50000
#define WATCH_US  (10 * INT64_C(1000000))

struct lockstep {
    struct sim *sim;
    struct clients *all;
    struct quiet *quiet;
    struct warp *warp;
    int64_t since_us;           /* when they were last heard of */
    int64_t watched_us;         /* since when somebody waits for its end, too */
    bool has_told;              /* what it waits for */
};

/* ---- who is there ---------------------------------------------------------------------------- */

static void meet(struct lockstep *l, struct conn *c)
{
    struct procfs_stat stat;

    c->is_met = true;
    if (procfs_stat(c->peer, &stat)) {
        quiet_add(l->quiet, c->peer);
        if (c->kind == CONN_DATA)
            warp_meet(l->warp, c->peer);
    } else if (!c->peer || !kill(c->peer, 0) || errno == EPERM) {
        fprintf(stderr, "dpsim: /proc does not show a client (pid %d): it is not waited for\n", c->peer);
    }
}

static void meet_new(struct lockstep *l)
{
    for (guint i = 0; i < l->all->slots->len; i++) {
        struct conn *c = g_ptr_array_index(l->all->slots, i);

        if (c && !c->is_met && c->kind != CONN_NEW)
            meet(l, c);
    }
}

/* ---- what has not been read ------------------------------------------------------------------ */

/* The next one, behind '*at', that has unread bytes and a reader who may read them. */
static struct conn *next_unread(struct lockstep *l, GList **at)
{
    while (*at) {
        struct conn *c = (*at)->data;

        *at = (*at)->next;
        push_note_read(c, 0);
        if (c->pushed.head && !c->is_left_unread && !quiet_is_stopped(l->quiet, c->peer))
            return c;
    }
    return NULL;
}

static bool all_is_read(struct lockstep *l)
{
    GList *at = l->all->unread.head;

    return !next_unread(l, &at);
}

static void leave_unread(struct lockstep *l)
{
    GList *at = l->all->unread.head;
    struct procfs_stat stat = { .name = "?" };
    struct conn *c;

    while ((c = next_unread(l, &at))) {
        (void)procfs_stat(c->peer, &stat);
        fprintf(stderr, "dpsim: lockstep: %s (pid %d) sleeps and does not read one of its sockets: it is no "
                "longer waited for to do that\n", stat.name, c->peer);
        c->is_left_unread = true;
    }
}

/* ---- waiting --------------------------------------------------------------------------------- */

/* They sleep, and what they should have done they will not do any more. */
static void give_up(struct lockstep *l)
{
    leave_unread(l);
    warp_give_up(l->warp);
}

static void tell_who_is_busy(struct lockstep *l)
{
    GString *text = g_string_new(NULL);

    quiet_describe(l->quiet, text);
    if (text->len)
        fprintf(stderr, "dpsim: lockstep: waiting since 10 s for %s\n", text->str);
    l->has_told = text->len;
    g_string_free(text, TRUE);
}

/* Nobody minds how long it takes if no time is to move. */
static void watch(struct lockstep *l, bool is_quiet)
{
    int64_t now = g_get_monotonic_time();

    if (g_queue_is_empty(&l->all->jobs))
        l->watched_us = now;
    else if (now - l->watched_us >= WATCH_US && is_quiet)
        give_up(l);
    else if (now - l->watched_us >= WATCH_US && !l->has_told)
        tell_who_is_busy(l);
}

/* They need a while to fall asleep after the last answer. Whoever shares a CPU with them must leave it to them then, and a
 * call wakes this process at once: so it looks again immediately only for a short time. */
static void be_patient(const struct lockstep *l)
{
    struct pollfd fd = { .fd = l->all->epoll_fd, .events = POLLIN };
    int64_t us = g_get_monotonic_time() - l->since_us;
    struct timespec wait = { .tv_nsec = 1000 * CLAMP(us / 4, LEAST_US, MOST_US) };

    if (us >= SPIN_US)
        (void)ppoll(&fd, 1, &wait, NULL);
}

/* Serves them until they rest. The simulator counts as one of them: who sleeps because we have not answered does
 * not rest, so what has come in by the last look is served before it counts. */
static void rest(struct lockstep *l)
{
    bool is_quiet, is_over = false;

    l->since_us = l->watched_us = g_get_monotonic_time();
    l->has_told = false;
    for (;;) {
        if (!is_over)
            be_patient(l);
        if (clients_serve(l->all, 0) || warp_listen(l->warp))
            l->since_us = g_get_monotonic_time();
        else if (is_over)
            return;
        meet_new(l);
        is_quiet = quiet_look(l->quiet);
        is_over = is_quiet && all_is_read(l) && !warp_is_awaited(l->warp);
        watch(l, is_quiet);
    }
}

/* ---- between the clock's events -------------------------------------------------------------- */

static void settle(void *ctx)
{
    struct lockstep *l = ctx;

    do
        rest(l);
    while (warp_stop(l->warp) || warp_move(l->warp));
}

static uint64_t next(void *ctx)
{
    (void)ctx;
    return UINT64_MAX;
}

static void moved(void *ctx)
{
    struct lockstep *l = ctx;

    if (warp_move(l->warp))
        rest(l);
}

/* ---- life ------------------------------------------------------------------------------------ */

static uint64_t clock_of(void *ctx, pid_t pid)
{
    return warp_clock_of(((struct lockstep *)ctx)->warp, pid);
}

int lockstep_start(struct sim *sim, struct clients *all, struct clock_outside *outside, struct err *e)
{
    struct quiet *quiet = quiet_new(e);
    struct lockstep *l;

    if (!quiet)
        return err_prefix(e, "no lockstep");
    l = g_new0(struct lockstep, 1);
    *l = (struct lockstep){ .sim = sim, .all = all, .quiet = quiet, .warp = warp_new(&sim->clock, quiet) };
    *outside = (struct clock_outside){ .ctx = l, .settle = settle, .next = next, .moved = moved };
    all->clock_of = clock_of;
    all->clock_ctx = l;
    return 0;
}

void lockstep_stop(void *ctx)
{
    struct lockstep *l = ctx;

    l->all->clock_of = NULL;
    quiet_free(l->quiet);
    warp_free(l->warp);
    g_free(l);
}
