/* player.c - see replay.h: plays the inputs of a recording, takes in what the simulation does.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "sim/chance.h"
#include "sim/recorder.h"
#include "sim/replay/nlmon.h"
#include "sim/replay/player.h"

static uint64_t time_of(const struct tape_record *r)
{
    return SIM_START_NS + r->time_ns;
}

static struct tape_record *record_at(const struct player *p, guint i)
{
    return i < p->tape->records->len ? p->tape->records->pdata[i] : NULL;
}

/* ---- what the simulation does ------------------------------------------------------------------ */

struct player_sock *player_sock_of(struct player *p, unsigned number)
{
    struct player_sock *ps = g_tree_lookup(p->socks, GUINT_TO_POINTER(number));

    if (ps)
        return ps;
    ps = g_new0(struct player_sock, 1);
    ps->p = p;
    ps->number = number;
    ps->requests = g_ptr_array_new();
    g_tree_insert(p->socks, GUINT_TO_POINTER(number), ps);
    return ps;
}

/* Whether the next datagram finds room is known from the recording. */
void player_arm(struct player_sock *ps)
{
    const struct tape_record *next = g_queue_peek_head(&ps->expected);
    struct sock *s = ps->sock;

    if (!s || ps->packet)
        return;
    s->rx_charge = next && tape_event(next, "lost") ? s->rcvbuf : 0;
    s->congested = false;
}

static struct player_sock *mine(const struct sock *s)
{
    struct player_sock *ps = player_of_sock(s);

    return ps && !ps->packet ? ps : NULL;
}

/* The next expected answer to the same request; of the same type, if there is one. */
static GList *find_expected(struct player_sock *ps, const struct nlmsghdr *got)
{
    GList *found = NULL;

    for (GList *l = ps->expected.head; l; l = l->next) {
        const struct tape_record *r = l->data;
        const struct nlmsghdr *want = (const void *)r->data;

        if (r->kind != TAPE_ANSWER || want->nlmsg_seq != got->nlmsg_seq)
            continue;
        if (want->nlmsg_type == got->nlmsg_type)
            return l;
        found = found ? found : l;
    }
    return found;
}

/* What is missing, or comes without being recorded, must not shift the rest. */
static struct tape_record *take_expected(struct player_sock *ps, const struct dgram *d)
{
    GList *l = find_expected(ps, (const void *)d->data);

    while (l && ps->expected.head != l)
        report_message(ps->p, ps, g_queue_pop_head(&ps->expected), NULL);
    return l ? g_queue_pop_head(&ps->expected) : NULL;
}

static void on_queued(void *user, const struct sock *s, const struct dgram *d)
{
    struct player_sock *ps = mine(s);

    (void)user;
    if (ps)
        report_message(ps->p, ps, take_expected(ps, d), d);
}

/* An event's line that the simulation now says, too. */
static void on_line(struct player_sock *ps, const char *line)
{
    struct tape_record *r = g_queue_peek_head(&ps->expected);
    struct player *p = ps->p;

    if (r && r->kind == TAPE_EVENT && !strcmp(r->text, line)) {
        g_queue_pop_head(&ps->expected);
        r->is_done = true;
    } else {
        report_text(p, r, line, "not recorded", "a datagram finds no room in the socket's queue");
    }
}

static void on_lost(void *user, const struct sock *s, size_t len, uint32_t group)
{
    struct player_sock *ps = mine(s);
    g_autofree char *line = NULL;
    const struct tape_record *next;

    (void)user;
    if (!ps)
        return;
    line = g_strdup_printf("lost sock=%u group=%u len=%zu", ps->number, group, len);
    on_line(ps, line);
    /* An error comes with it only if the recording has one next. */
    next = g_queue_peek_head(&ps->expected);
    ps->sock->congested = !next || !tape_event(next, "error");
    g_ptr_array_add(ps->p->full, ps);
}

static void on_error(void *user, const struct sock *s, int error)
{
    struct player_sock *ps = mine(s);
    g_autofree char *line = NULL;

    (void)user;
    if (!ps)
        return;
    line = g_strdup_printf("error sock=%u errno=%s", ps->number, err_name(error));
    on_line(ps, line);
}

static GQueue *frames_of(struct player *p, const char *way, const char *device)
{
    g_autofree char *key = g_strdup_printf("%s %s", way, device);
    GQueue *q = g_hash_table_lookup(p->frames, key);

    if (!q) {
        q = g_queue_new();
        g_hash_table_insert(p->frames, g_strdup(key), q);
    }
    return q;
}

static void on_frame(void *user, const char *device, bool is_in, const void *frame, size_t len)
{
    struct player *p = user;
    const char *way = is_in ? "in" : "out";

    /* The one that is being fed is an input. */
    if (is_in && p->is_feeding) {
        p->is_feeding = false;
        return;
    }
    if (p->tape->has_events)
        report_frame(p, device, g_queue_pop_head(frames_of(p, way, device)), frame, len, way);
}

/* ---- inputs ------------------------------------------------------------------------------------ */

void player_settle(struct player *p)
{
    sim_settle(p->sim);
    p->sim->cpu = 0;
}

static void play_request(struct player *p, struct tape_record *r)
{
    struct player_sock *ps = player_sock_of(p, r->sock);

    if (!ps->sock) {
        report_text(p, r, "request", "missing", "the socket is not open");
        return;
    }
    p->result->n_requests++;
    g_ptr_array_add(ps->requests, r);
    p->sim->cpu = (unsigned)tape_number(r->text, "cpu", 0);
    (void)sock_send(ps->sock, r->data, r->len);
    player_settle(p);
}

static void play_frame(struct player *p, struct tape_record *r)
{
    struct device *d = player_device(p, r->device);

    p->result->n_frames_in++;
    if (!d) {
        report_text(p, r, "frame", "missing", "there is no such device now");
        return;
    }
    p->is_feeding = true;
    chance_receive(d, r->data, r->len);
    p->is_feeding = false;
}

static void play(struct player *p, struct tape_record *r)
{
    struct err e = { 0 };

    p->is_playing = true;
    p->cause = r;
    r->is_done = true;
    if (r->kind == TAPE_REQUEST)
        play_request(p, r);
    else if (r->kind == TAPE_FRAME_IN)
        play_frame(p, r);
    else if (player_event(p, r, &e))
        report_text(p, r, r->text, "result", e.text);
    p->is_playing = false;
}

/* An answer that is not there yet may be the rest of a dump, which goes on as the client reads. */
static bool read_on(struct player *p, const struct tape_record *r)
{
    struct player_sock *ps = r->sock ? player_sock_of(p, r->sock) : NULL;

    if (r->kind != TAPE_ANSWER || !ps || !ps->sock || !ps->sock->dump)
        return false;
    sock_read_done(ps->sock, 1, 0);
    return r->is_done;
}

/* Frames that come from outside come as an event, as they did then. */
static bool is_fed(const struct tape_record *r)
{
    return r->kind == TAPE_FRAME_IN && !strcmp(r->text, "fed");
}

/* Its event comes; if an output before it is still to come, settle() plays it after that. */
static void run_due(void *ctx)
{
    struct player *p = ctx;
    struct tape_record *r = p->due;

    p->due = NULL;
    if (record_at(p, p->at) == r) {
        p->at++;
        play(p, r);
    }
}

static void schedule(struct player *p, struct tape_record *r)
{
    if (p->due)
        return;
    p->due = r;
    clock_add(&p->sim->clock, time_of(r), run_due, p);
}

/* Plays what is to be played now, up to an output that is still to come. */
static void settle(void *ctx)
{
    struct player *p = ctx;
    struct tape_record *r;

    for (guint i = 0; !p->is_playing && i < p->full->len; i++)
        player_arm(p->full->pdata[i]);
    if (!p->is_playing)
        g_ptr_array_set_size(p->full, 0);
    while (!p->is_playing && !p->is_over && (r = record_at(p, p->at))) {
        if (r->is_done) {
            p->at++;
        } else if (r == p->due) {
            return;
        } else if (time_of(r) > p->sim->clock.now_ns) {
            if (is_fed(r))
                schedule(p, r);
            return;
        } else if (!player_is_output(r)) {
            p->at++;
            play(p, r);
        } else if (!read_on(p, r)) {
            return;
        }
    }
}

static uint64_t next(void *ctx)
{
    const struct player *p = ctx;
    const struct tape_record *r = record_at(p, p->at);
    bool is_input = r && !player_is_output(r) && !is_fed(r);

    return is_input && time_of(r) > p->sim->clock.now_ns ? time_of(r) : UINT64_MAX;
}

/* ---- the whole --------------------------------------------------------------------------------- */

/* What has not come by its time does not come. */
static void give_up(struct player *p, struct tape_record *r)
{
    if (r->kind == TAPE_ANSWER || r->kind == TAPE_EVENT) {
        struct player_sock *ps = player_sock_of(p, r->sock);

        g_queue_remove(&ps->expected, r);
        report_message(p, ps, r, NULL);
    } else {
        const char *way = r->kind == TAPE_FRAME_IN ? "in" : "out";

        g_queue_remove(frames_of(p, way, r->device), r);
        report_frame(p, r->device, r, NULL, 0, way);
    }
}

static void play_all(struct player *p)
{
    struct tape_record *r;
    guint before;

    while (!p->is_over && p->sim->clock.n_left && (r = record_at(p, p->at))) {
        before = p->at;
        clock_advance(&p->sim->clock, MAX(time_of(r), p->sim->clock.now_ns));
        if (!p->is_over && p->sim->clock.n_left && p->at == before && !r->is_done)
            give_up(p, r);
    }
}

/* Who is to get what, in order. */
static void expect_all(struct player *p)
{
    for (guint i = 0; i < p->tape->records->len; i++) {
        struct tape_record *r = p->tape->records->pdata[i];

        r->is_done = false;
        if (!player_is_output(r))
            continue;
        if (r->kind == TAPE_FRAME_IN || r->kind == TAPE_FRAME_OUT)
            g_queue_push_tail(frames_of(p, r->kind == TAPE_FRAME_IN ? "in" : "out", r->device), r);
        else
            g_queue_push_tail(&player_sock_of(p, r->sock)->expected, r);
    }
}

static void sock_free(void *data)
{
    struct player_sock *ps = data;

    packet_close(ps->packet);
    sock_close(ps->sock);
    g_queue_clear(&ps->expected);
    g_ptr_array_unref(ps->requests);
    g_free(ps);
}

static void queue_free(void *data)
{
    g_queue_free(data);
}

static uint64_t client_now(void *ctx)
{
    struct sim *sim = ctx;
    struct player *p = sim->player;

    for (guint i = p->at; record_at(p, i); i++) {
        struct tape_record *r = record_at(p, i);
        const char *args = tape_event(r, "clock");

        if (args && !r->is_done) {
            r->is_done = true;
            p->client_ns = (uint64_t)tape_number(args, "ns", 0);
            break;
        }
        if (!player_is_output(r))
            break;
    }
    return p->client_ns ? p->client_ns : sim->clock.now_ns;
}

static struct sim_ns *ns_of_pid(struct sim *sim, uint32_t pid)
{
    struct player *p = sim->player;

    for (guint i = p->at; record_at(p, i); i++) {
        const char *args = tape_event(record_at(p, i), "pid");

        if (args && tape_number(args, "pid", -1) == pid)
            return sim_ns_by_id(sim, (unsigned)tape_number(args, "ns", -1));
    }
    return NULL;
}

static void start(struct player *p)
{
    const struct netlink_tap tap = { p, on_queued, on_lost, on_error };
    struct sim_options options = { .most_events = p->tape->most_events };

    player_options(p->tape, &options);
    p->sim = sim_new(&options);
    p->sim->player = p;
    p->sim->env.client_now = client_now;
    p->sim->ns_of_pid = ns_of_pid;
    p->outside = (struct clock_outside){ .ctx = p, .settle = settle, .next = next, .moved = settle };
    p->sim->clock.outside = &p->outside;
    netlink_set_tap(p->sim->nl, &tap);
    recorder_listen(p->sim, on_frame, p);
}

void replay_client(struct tape *t, bool all, struct replay_result *result)
{
    struct player p = { .tape = t, .is_all = all, .result = result };

    result->differences = g_ptr_array_new();
    result->remarks = g_string_new(NULL);
    p.socks = g_tree_new_full(tape_sock_order, NULL, NULL, sock_free);
    p.full = g_ptr_array_new();
    p.frames = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, queue_free);
    start(&p);
    if (!t->has_events)
        nlmon_prepare(&p, false);
    else if (!t->is_whole)
        g_string_append(result->remarks, "the recording has no end: it was cut off\n");
    expect_all(&p);
    play_all(&p);
    if (!p.sim->clock.n_left)
        g_string_append(result->remarks, "the last event has happened that was allowed to: the rest was not played\n");
    p.sim->clock.outside = NULL;
    netlink_set_tap(p.sim->nl, NULL);
    g_tree_unref(p.socks);
    g_ptr_array_unref(p.full);
    g_hash_table_unref(p.frames);
    sim_free(p.sim);
}

static void difference_free(void *data)
{
    struct replay_difference *d = data;

    g_free(d->message);
    g_free(d->path);
    g_free(d->text);
    g_free(d);
}

void replay_result_done(struct replay_result *result)
{
    for (guint i = 0; result->differences && i < result->differences->len; i++)
        difference_free(result->differences->pdata[i]);
    g_clear_pointer(&result->differences, g_ptr_array_unref);
    if (result->remarks)
        g_string_free(result->remarks, TRUE);
    result->remarks = NULL;
}
