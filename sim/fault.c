/* fault.c - see fault.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/fault.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/scan.h"
#include "dp/fault.h"
#include "netlink/fault.h"
#include "sim/client.h"
#include "sim/recorder.h"
#include "sim/reply_fault.h"
#include "sim/sim.h"
#include "sim/trace.h"

#define REPLY "reply:"
#define NAME_ROOM 64

const char *const fault_effects[N_FAULT_EFFECTS] = {
    [FAULT_REFUSES] = "the request is refused",
    [FAULT_FAILS_CALL] = "the system call fails",
    [FAULT_SOCKET] = "an error is pending at the socket",
    [FAULT_DROPS] = "the packet is dropped",
    [FAULT_LOSES_COPY] = "a copy of the packet is dropped",
    [FAULT_LOSES_MESSAGE] = "a message is lost",
    [FAULT_GOES_ON] = "it goes on without",
};

/* ---- the points ------------------------------------------------------------------------------ */

static const struct {
    const struct fault_point *points;
    size_t n;
} layers[] = {
    { netlink_fault_points, N_NETLINK_FAULTS },
    { dp_fault_points, N_DP_FAULTS },
};

size_t fault_n_points(void)
{
    size_t n = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(layers); i++)
        n += layers[i].n;
    return n;
}

const struct fault_point *fault_point_at(size_t i)
{
    size_t layer = 0;

    for (; i >= layers[layer].n; layer++)
        i -= layers[layer].n;
    return &layers[layer].points[i];
}

/* ---- counting and striking ------------------------------------------------------------------- */

/* One that was asked for. */
struct wish {
    const struct fault_point *point;
    unsigned first, last;       /* which times */
    bool has_struck;
};

struct sim_faults {
    struct sim *sim;
    struct fault_hook hook;
    GHashTable *counts;         /* struct fault_point * -> how often it was reached; for look-up only */
    GArray *wishes;             /* of struct wish */
    unsigned n_requests;        /* under way in each other */
    const struct fault_point *owed;     /* whose error the request under way must be answered with, NULL: none */
    unsigned owed_by;           /* ... n_requests when it struck */
    struct err wrong;           /* the first request that was answered with another one; code 0: none */
};

static bool on_reached(void *ctx, const struct fault_point *point)
{
    struct sim_faults *f = ctx;
    unsigned n = GPOINTER_TO_UINT(g_hash_table_lookup(f->counts, point)) + 1;
    bool strikes = false;

    g_hash_table_insert(f->counts, (gpointer)(uintptr_t)point, GUINT_TO_POINTER(n));
    for (guint i = 0; i < f->wishes->len; i++) {
        struct wish *w = &g_array_index(f->wishes, struct wish, i);

        if (w->point == point && n >= w->first && n <= w->last)
            strikes = w->has_struck = true;
    }
    if (!strikes)
        return false;
    trace_line(f->sim, "fault %s", point->name);
    if (point->effect == FAULT_REFUSES && f->n_requests) {
        f->owed = point;
        f->owed_by = f->n_requests;
    }
    return true;
}

static void on_request(void *ctx, bool is_over, int rc)
{
    struct sim_faults *f = ctx;

    if (!is_over) {
        f->n_requests++;
        return;
    }
    if (f->owed && f->owed_by == f->n_requests) {
        if (rc != -f->owed->error && !f->wrong.code)
            (void)err_set(&f->wrong, EPROTO, "fault %s was answered with %s", f->owed->name,
                          rc < 0 ? err_name(rc) : "success");
        f->owed = NULL;
    }
    f->n_requests--;
}

void fault_watch(struct sim *sim)
{
    struct sim_faults *f = sim->faults;

    if (f)
        return;
    f = sim->faults = g_new0(struct sim_faults, 1);
    f->sim = sim;
    f->hook = (struct fault_hook){ on_reached, on_request, f };
    f->counts = g_hash_table_new(NULL, NULL);
    f->wishes = g_array_new(FALSE, FALSE, sizeof(struct wish));
    sim->env.fault = &f->hook;
    netlink_set_fault(sim->nl, &f->hook);
    if (sim->clients)
        clients_watch_waits(sim->clients);
}

unsigned fault_count(const struct sim *sim, const struct fault_point *point)
{
    return sim->faults ? GPOINTER_TO_UINT(g_hash_table_lookup(sim->faults->counts, point)) : 0;
}

void faults_free(struct sim_faults *faults)
{
    if (!faults)
        return;
    g_hash_table_destroy(faults->counts);
    g_array_free(faults->wishes, TRUE);
    g_free(faults);
}

/* ---- what is asked for ----------------------------------------------------------------------- */

/* How many letters must be put in, taken out or changed to get from one name to the other. */
static size_t distance(const char *a, const char *b)
{
    size_t row[NAME_ROOM + 1], n = strlen(b);

    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t corner = row[0];

        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t changed = corner + (a[i - 1] != b[j - 1]);

            corner = row[j];
            row[j] = MIN(changed, MIN(row[j], row[j - 1]) + 1);
        }
    }
    return row[n];
}

static int no_such(const char *name, struct err *e)
{
    const struct fault_point *best = NULL, *second = NULL;

    for (size_t i = 0; i < fault_n_points(); i++) {
        const struct fault_point *p = fault_point_at(i);

        if (!best || distance(name, p->name) < distance(name, best->name)) {
            second = best;
            best = p;
        } else if (!second || distance(name, p->name) < distance(name, second->name)) {
            second = p;
        }
    }
    return err_set(e, ENOENT, "there is no fault %s; the nearest are %s and %s", name, best->name,
                   second->name);
}

static const struct fault_point *find(const char *name)
{
    for (size_t i = 0; i < fault_n_points(); i++) {
        if (!strcmp(fault_point_at(i)->name, name))
            return fault_point_at(i);
    }
    return NULL;
}

bool fault_scan_times(struct scan *in, unsigned *first, unsigned *last)
{
    uint64_t n = 1;

    *first = 1;
    if (!scan_char(in, ':')) {
        *last = 1;
        return scan_done(in);
    }
    *last = UINT_MAX;
    if (scan_char(in, '*'))
        return scan_done(in);
    if (!scan_u64(in, UINT_MAX, &n) || !n)
        return false;
    *first = (unsigned)n;
    if (!scan_text(in, ".."))
        *last = *first;
    return scan_done(in);
}

int fault_add(struct sim *sim, const char *text, struct err *e)
{
    char name[NAME_ROOM];
    struct wish w = { 0 };
    unsigned n;
    struct scan in;

    if (g_str_has_prefix(text, REPLY))
        return reply_fault_add(sim, text + strlen(REPLY), e);
    scan_init(&in, text);
    if (!scan_name(&in, name, sizeof(name)))
        return err_set(e, EINVAL, "\"%s\" is not a fault's name", text);
    w.point = find(name);
    if (!w.point)
        return no_such(name, e);
    if (!fault_scan_times(&in, &w.first, &w.last))
        return err_set(e, EINVAL, "fault %s: what follows %s is not :N, :N.. or :*, N from 1", text, name);
    fault_watch(sim);
    n = fault_count(sim, w.point);
    w.first += n;
    w.last = MIN(w.last, UINT_MAX - n) + n;
    g_array_append_val(sim->faults->wishes, w);
    return 0;
}

int fault_add_all(struct sim *sim, const char *const *texts, struct err *e)
{
    int r = 0;

    for (; !r && texts && *texts; texts++) {
        recorder_event(sim, "fault %s", *texts);
        r = fault_add(sim, *texts, e);
    }
    return r;
}

int fault_check_first(const struct sim *sim, unsigned n, struct err *e)
{
    if (sim->faults && sim->faults->wrong.code) {
        *e = sim->faults->wrong;
        return -e->code;
    }
    for (guint i = 0; sim->faults && i < MIN(n, sim->faults->wishes->len); i++) {
        const struct wish *w = &g_array_index(sim->faults->wishes, struct wish, i);

        if (!w->has_struck)
            return err_set(e, ESRCH, "fault %s has not struck: its point was reached %u times, not %u",
                           w->point->name, fault_count(sim, w->point), w->first);
    }
    return 0;
}

int fault_check(const struct sim *sim, struct err *e)
{
    int r = fault_check_first(sim, UINT_MAX, e);

    return r ? r : reply_fault_check(sim, e);
}
