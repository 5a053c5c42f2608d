/* shrink.c - see shrink.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/replay/shrink.h"

#include <linux/netlink.h>
#include <string.h>

#include "sim/replay/player.h"

struct cut {
    const struct tape *tape;
    guint *unit;                /* of each record: the record it goes with, an input */
    bool *keeps;                /* by record */
    GPtrArray *units;           /* of GArray of guint: records that go together, in the pass under way */
    shrink_fails_fn *fails;
    shrink_progress_fn *progress;
    void *ctx;
    unsigned n_runs;
};

/* ---- what goes together ------------------------------------------------------------------------- */

static const struct tape_record *record_at(const struct cut *c, guint i)
{
    return c->tape->records->pdata[i];
}

/* Lines that only say what an input before them has asked or led to. */
static bool is_remark(const struct tape_record *r)
{
    return tape_event(r, "clock") || tape_event(r, "pid") || tape_event(r, "failed");
}

/* The request that an answer is to, or the last input before it. */
static guint cause_of(const struct cut *c, guint i, guint last)
{
    const struct tape_record *r = record_at(c, i);

    for (guint k = i; r->kind == TAPE_ANSWER && k > 0; k--) {
        const struct tape_record *request = record_at(c, k - 1);

        if (request->kind == TAPE_REQUEST && request->protocol == r->protocol && request->sock == r->sock &&
            tape_seq(request) == tape_seq(r))
            return k - 1;
    }
    return last;
}

static void find_units(struct cut *c)
{
    guint last = 0;

    for (guint i = 0; i < c->tape->records->len; i++) {
        const struct tape_record *r = record_at(c, i);

        if (!player_is_output(r) && !is_remark(r))
            last = i;
        c->unit[i] = last == i ? i : cause_of(c, i, last);
    }
}

/* The options of the simulation and the end belong to every part. */
static bool is_fixed(const struct tape_record *r)
{
    return tape_event(r, "world") || tape_event(r, "end");
}

static GArray *group(struct cut *c, GHashTable *by_key, guint key)
{
    GArray *g = g_hash_table_lookup(by_key, GUINT_TO_POINTER(key));

    if (!g) {
        g = g_array_new(FALSE, FALSE, sizeof(guint));
        g_hash_table_insert(by_key, GUINT_TO_POINTER(key), g);
        g_ptr_array_add(c->units, g);
    }
    return g;
}

/* News that a socket gets goes with that socket, whoever made it. */
static guint sock_of(const struct cut *c, guint i)
{
    return record_at(c, i)->sock ? record_at(c, i)->sock : record_at(c, c->unit[i])->sock;
}

/* What is left, by socket (what has none is left out) or by input, in the order of the first record. */
static void group_records(struct cut *c, bool by_sock)
{
    GHashTable *by_key = g_hash_table_new(NULL, NULL);

    g_ptr_array_set_size(c->units, 0);
    for (guint i = 0; i < c->tape->records->len; i++) {
        guint key = !by_sock ? c->unit[i] + 1 : sock_of(c, i);

        if (c->keeps[i] && key && !is_fixed(record_at(c, i)))
            g_array_append_val(group(c, by_key, key), i);
    }
    g_hash_table_unref(by_key);
}

/* ---- delta debugging ---------------------------------------------------------------------------- */

static guint n_left(const struct cut *c)
{
    guint n = 0;

    for (guint i = 0; i < c->tape->records->len; i++)
        n += c->keeps[i];
    return n;
}

static void set_range(struct cut *c, guint from, guint to, bool keeps)
{
    for (guint u = from; u < to; u++) {
        const GArray *records = c->units->pdata[u];

        for (guint i = 0; i < records->len; i++)
            c->keeps[g_array_index(records, guint, i)] = keeps;
    }
}

/* Is it still failing without these? Then they are gone. */
static bool cut_range(struct cut *c, guint from, guint to)
{
    struct tape *part;
    bool fails;

    set_range(c, from, to, false);
    part = tape_part(c->tape, c->keeps);
    fails = part->records->len && c->fails(c->ctx, part);
    tape_free(part);
    c->n_runs++;
    if (!fails)
        set_range(c, from, to, true);
    else
        g_ptr_array_remove_range(c->units, from, to - from);
    if (c->progress)
        c->progress(c->ctx, n_left(c), c->tape->records->len, c->n_runs);
    return fails;
}

/* Ranges of this many units, the last first: what is late depends on what was before. */
static bool cut_ranges(struct cut *c, guint size)
{
    bool has_cut = false;

    for (guint to = c->units->len; to > 0;) {
        guint from = to > size ? to - size : 0;

        has_cut |= cut_range(c, from, to);
        to = from;
    }
    return has_cut;
}

static void pass(struct cut *c, bool by_sock)
{
    guint size;

    group_records(c, by_sock);
    for (size = MAX(c->units->len / 2, 1); size > 1; size /= 2)
        (void)cut_ranges(c, size);
    while (c->units->len && cut_ranges(c, 1))
        ;
}

static void group_free(void *data)
{
    g_array_unref(data);
}

/* The port id that the simulation gave to a socket which asked for any, 0: nothing shows it. */
static unsigned given_portid(const struct tape *t, unsigned sock)
{
    for (guint i = 0; i < t->records->len; i++) {
        const struct tape_record *r = t->records->pdata[i];

        if (r->kind != TAPE_EVENT && r->sock == sock)
            return (unsigned)tape_number(r->text, "port", 0);
    }
    return 0;
}

/* Sockets that go must not change what others get. */
static void fix_portids(struct tape *t)
{
    for (guint i = 0; i < t->records->len; i++) {
        struct tape_record *r = t->records->pdata[i];
        const char *args = tape_event(r, "connect") ? tape_event(r, "connect") : tape_event(r, "bind");
        unsigned portid = args ? given_portid(t, r->sock) : 0;
        char *text;

        if (!portid || tape_number(args, "port", 0))
            continue;
        text = g_strdup_printf("bind sock=%u port=%u groups=%#x", r->sock, portid,
                               (unsigned)tape_number(args, "groups", 0));
        g_free(r->text);
        r->text = text;
    }
}

struct tape *shrink(struct tape *t, shrink_fails_fn *fails, shrink_progress_fn *progress, void *ctx)
{
    struct cut c = { .tape = t, .fails = fails, .progress = progress, .ctx = ctx };
    struct tape *part;
    guint n;

    c.unit = g_new0(guint, t->records->len);
    c.keeps = g_new(bool, t->records->len);
    memset(c.keeps, true, t->records->len * sizeof(bool));
    c.units = g_ptr_array_new_with_free_func(group_free);
    fix_portids(t);
    find_units(&c);
    do {
        n = n_left(&c);
        pass(&c, true);
        pass(&c, false);
    } while (n_left(&c) < n);
    part = tape_part(t, c.keeps);
    g_ptr_array_unref(c.units);
    g_free(c.keeps);
    g_free(c.unit);
    return part;
}

/* ---- failing as a replay ------------------------------------------------------------------------ */

static const struct replay_difference *first_of(const struct replay_result *result)
{
    return result->differences->len ? result->differences->pdata[0] : NULL;
}

void shrink_target_of(const struct tape *t, struct shrink_target *target)
{
    g_autofree bool *all = g_new(bool, t->records->len);
    const struct replay_difference *d;
    struct replay_result result = { 0 };
    struct tape *copy;

    memset(all, true, t->records->len * sizeof(bool));
    copy = tape_part(t, all);
    replay_client(copy, false, &result);
    d = first_of(&result);
    target->message = d ? g_strdup(d->message) : NULL;
    target->path = d ? g_strdup(d->path) : NULL;
    replay_result_done(&result);
    tape_free(copy);
}

void shrink_target_done(struct shrink_target *target)
{
    g_free(target->message);
    g_free(target->path);
}

bool shrink_is_target(struct tape *part, const struct shrink_target *target)
{
    struct replay_result result = { 0 };
    const struct replay_difference *d;
    bool is_same;

    replay_client(part, false, &result);
    d = first_of(&result);
    is_same = d && !strcmp(d->message, target->message) && !strcmp(d->path, target->path);
    replay_result_done(&result);
    return is_same;
}
