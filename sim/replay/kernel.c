/* kernel.c - see kernel.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/replay/kernel.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "netlink/attr.h"
#include "netlink/dispatch.h"
#include "netlink/reply.h"
#include "sim/client_int.h"
#include "sim/replay/nlmon.h"
#include "sim/replay/player.h"

/* One recorded request. */
struct ask {
    struct tape_record *record;
    guint index;                /* of the record */
    const struct nlmsghdr *msg;
    bool is_done;
};

/* A recorded socket, and who takes its part. */
struct part {
    GArray *asks;               /* of struct ask */
    guint next;                 /* first that is not done */
    int protocol;
    uint32_t portid, live_portid;
    struct sock *live;          /* NULL: nobody yet */
    GQueue pending;             /* of struct tape_record: to be sent once somebody does */
};

struct kernel {
    struct player p;            /* for events, reports, captures of nlmon */
    struct replay_result result;
    GTree *parts;               /* of struct part, by socket number */
    protocol_fn *run[MAX_LINKS];        /* who would answer without us */
};

static const int protocols[] = { NETLINK_GENERIC, NETLINK_ROUTE, NETLINK_NETFILTER };

/* ---- the recording ------------------------------------------------------------------------------ */

static void part_free(void *data)
{
    struct part *part = data;

    g_array_unref(part->asks);
    g_queue_clear(&part->pending);
    g_free(part);
}

static struct part *recorded_part(const struct kernel *k, const struct tape_record *r)
{
    return g_tree_lookup(k->parts, GUINT_TO_POINTER(r->sock));
}

static struct part *part_of(struct kernel *k, const struct tape_record *r)
{
    struct part *part = recorded_part(k, r);

    if (part)
        return part;
    part = g_new0(struct part, 1);
    part->asks = g_array_new(FALSE, FALSE, sizeof(struct ask));
    part->protocol = r->protocol;
    part->portid = (uint32_t)tape_number(r->text, "port", 0);
    g_tree_insert(k->parts, GUINT_TO_POINTER(r->sock), part);
    return part;
}

/* A datagram's requests, as netlink/dispatch.c takes them apart. */
static void take_requests(struct kernel *k, guint index)
{
    struct tape_record *r = k->p.tape->records->pdata[index];
    struct part *part = part_of(k, r);
    size_t at = 0;

    while (r->len - at >= sizeof(struct nlmsghdr)) {
        struct ask ask = { .record = r, .index = index, .msg = (const void *)(r->data + at) };

        if (ask.msg->nlmsg_len < sizeof(*ask.msg) || ask.msg->nlmsg_len > r->len - at)
            break;
        if (ask.msg->nlmsg_flags & NLM_F_REQUEST && ask.msg->nlmsg_type >= NLMSG_MIN_TYPE)
            g_array_append_val(part->asks, ask);
        at = MIN(r->len, at + attr_align(ask.msg->nlmsg_len));
    }
}

static struct ask *next_ask(const struct part *part)
{
    return part->next < part->asks->len ? &g_array_index(part->asks, struct ask, part->next) : NULL;
}

/* ---- comparison --------------------------------------------------------------------------------- */

/* Port ids belong together once a socket has shown that they do. */
static bool is_same(void *ctx, const struct leaf *want, const struct leaf *got)
{
    const struct kernel *k = ctx;
    uint32_t recorded = 0, live = 0;

    if (want->role != ROLE_PORTID || want->len != sizeof(recorded) || got->len != sizeof(live))
        return want->len == got->len && !memcmp(want->at, got->at, want->len);
    memcpy(&recorded, want->at, sizeof(recorded));
    memcpy(&live, got->at, sizeof(live));
    for (GTreeNode *n = g_tree_node_first(k->parts); n; n = g_tree_node_next(n)) {
        const struct part *part = g_tree_node_value(n);

        if (part->live && part->portid == recorded)
            return part->live_portid == live || !strcmp(want->path, "nlmsg_pid");
    }
    return !recorded == !live || !strcmp(want->path, "nlmsg_pid");
}

static bool differ(struct kernel *k, const struct ask *ask, const struct nlmsghdr *msg, int protocol,
                   bool reports)
{
    struct decode_difference d;
    struct decode want, got;
    bool differs;

    decode_init(&want, k->p.sim->nl, protocol, ask->msg, ask->msg->nlmsg_len);
    decode_init(&got, k->p.sim->nl, protocol, msg, msg->nlmsg_len);
    differs = decode_differ(&want, &got, &k->p.rule, &d);
    if (differs && reports)
        report_request(&k->p, ask->record, &want, &got, &d);
    decode_done(&want);
    decode_done(&got);
    return differs;
}

/* ---- whose part --------------------------------------------------------------------------------- */

/* Is its player still there? A closed socket's memory is not looked at. */
static bool is_open(const struct kernel *k, const struct part *part)
{
    const GPtrArray *all = k->p.sim->namespaces;

    for (guint i = 0; part->live && i < all->len; i++) {
        const struct sim_ns *ns = all->pdata[i];

        if (g_list_find(ns->net->socks.head, part->live))
            return true;
    }
    return false;
}

static struct part *part_of_live(const struct kernel *k, const struct sock *s)
{
    for (GTreeNode *n = g_tree_node_first(k->parts); n; n = g_tree_node_next(n)) {
        struct part *part = g_tree_node_value(n);

        if (part->live == s && part->live_portid == s->portid && part->protocol == s->protocol)
            return part;
    }
    return NULL;
}

/* A part that nobody plays (any more: a capture of nlmon shows sockets with one port id as one); 'msg' not
 * NULL: that begins with it. */
static struct part *free_part(struct kernel *k, const struct sock *s, const struct nlmsghdr *msg)
{
    for (GTreeNode *n = g_tree_node_first(k->parts); n; n = g_tree_node_next(n)) {
        struct part *part = g_tree_node_value(n);

        if (!is_open(k, part) && part->protocol == s->protocol && next_ask(part) &&
            (!msg || !differ(k, next_ask(part), msg, s->protocol, false)))
            return part;
    }
    return NULL;
}

static struct part *take_part(struct kernel *k, struct sock *s, const struct nlmsghdr *msg)
{
    struct part *part = part_of_live(k, s), *other;

    if (part && next_ask(part) && !differ(k, next_ask(part), msg, s->protocol, false))
        return part;
    /* A closed socket's number and address may have been given out again. */
    other = free_part(k, s, msg);
    if (!other && (!part || !next_ask(part)))
        other = free_part(k, s, NULL);
    if (!other)
        return part;
    if (part)
        part->live = NULL;
    other->live = s;
    other->live_portid = s->portid;
    return other;
}

/* ---- answers ------------------------------------------------------------------------------------ */

static uint32_t live_portid(const struct kernel *k, uint32_t recorded)
{
    for (GTreeNode *n = g_tree_node_first(k->parts); recorded && n; n = g_tree_node_next(n)) {
        const struct part *part = g_tree_node_value(n);

        if (part->live && part->portid == recorded)
            return part->live_portid;
    }
    return recorded;
}

/* Recorded numbers become the program's. */
static void translate(const struct kernel *k, int protocol, uint8_t *data, size_t len, uint32_t seq,
                      uint32_t live_seq)
{
    struct decode f;

    decode_init(&f, k->p.sim->nl, protocol, data, len);
    for (guint i = 0; i < f.list->len; i++) {
        const struct leaf *leaf = decode_at(&f, i);
        uint32_t value;

        if (leaf->len != sizeof(value) || (leaf->role != ROLE_SEQ && leaf->role != ROLE_PORTID))
            continue;
        memcpy(&value, leaf->at, sizeof(value));
        if (leaf->role == ROLE_PORTID)
            value = live_portid(k, value);
        else if (value == seq)
            value = live_seq;
        memcpy(data + (leaf->at - data), &value, sizeof(value));
    }
    decode_done(&f);
}

static void send_record(struct kernel *k, struct sock *s, struct tape_record *r, uint32_t live_seq)
{
    g_autofree uint8_t *copy = g_memdup2(r->data, r->len);

    r->is_done = true;
    k->result.n_answers++;
    translate(k, r->protocol, copy, r->len, tape_seq(r), live_seq);
    s->rx_charge = 0;           /* what was recorded as received has found room */
    s->congested = false;
    (void)sock_queue(s, copy, r->len, r->len, (uint32_t)tape_number(r->text, "group", 0));
}

/* All that was answered to 'ask', a dump's datagrams as well. */
static void send_answers(struct kernel *k, struct sock *s, const struct ask *ask, uint32_t live_seq)
{
    const GPtrArray *records = k->p.tape->records;

    for (guint i = ask->index + 1; i < records->len; i++) {
        struct tape_record *r = records->pdata[i];

        if (r->sock != ask->record->sock || r->is_done)
            continue;
        if (r->kind == TAPE_REQUEST && tape_seq(r) == ask->msg->nlmsg_seq)
            return;
        if (r->kind == TAPE_ANSWER && tape_seq(r) == ask->msg->nlmsg_seq)
            send_record(k, s, r, live_seq);
    }
}

static void refuse(const struct kernel *k, struct sock *s, const struct nlmsghdr *msg)
{
    g_autofree char *name = message_name(k->p.sim->nl, s->protocol, msg);
    struct err e = { 0 };

    err_set(&e, EPROTO, "the recording has no answer to this %s", name);
    e.to_client = true;
    reply_error(s, msg, -EPROTO, &e);
}

/* ---- what comes by itself ----------------------------------------------------------------------- */

static void pass(struct kernel *k, struct tape_record *r)
{
    struct part *part = recorded_part(k, r);
    struct err e = { 0 };

    r->is_done = true;
    if (r->kind == TAPE_EVENT && (tape_event(r, "do") || tape_event(r, "ifindex")))
        (void)player_event(&k->p, r, &e);       /* the world of ioctls; netlink tells what is wrong */
    else if (r->kind == TAPE_ANSWER && part && is_open(k, part))
        send_record(k, part->live, r, tape_seq(r));
    else if (r->kind == TAPE_ANSWER && part && next_ask(part))
        g_queue_push_tail(&part->pending, r);
}

/* Is this request still to come? */
static bool is_awaited(const struct kernel *k, const struct tape_record *r)
{
    const struct part *part = recorded_part(k, r);

    for (guint i = part->next; i < part->asks->len; i++)
        if (g_array_index(part->asks, struct ask, i).record == r)
            return true;
    return false;
}

static void sweep(struct kernel *k)
{
    const GPtrArray *records = k->p.tape->records;

    while (k->p.at < records->len) {
        struct tape_record *r = records->pdata[k->p.at];

        if (r->kind == TAPE_REQUEST && is_awaited(k, r))
            return;
        k->p.at++;
        if (!r->is_done)
            pass(k, r);
    }
}

static void send_pending(struct kernel *k, struct part *part)
{
    struct tape_record *r;

    while ((r = g_queue_pop_head(&part->pending)))
        send_record(k, part->live, r, tape_seq(r));
}

/* ---- requests ----------------------------------------------------------------------------------- */

/* What the simulation itself would have said. */
static void drop_all(struct sim_ns *ns)
{
    for (GList *l = ns->net->socks.head; l; l = l->next) {
        struct sock *s = l->data;
        struct dgram *d;

        if (s->protocol < 0 || !conn_of_sock(s))
            continue;
        do {
            while ((d = sock_take(s)))
                g_free(d);
            s->rx_charge = 0;
            if (s->dump)
                sock_read_done(s, 1, 0);
        } while (s->rx.head || s->dump);
        s->error = 0;
    }
}

/* Recorded requests up to the one that this is are passed over, if it is one. */
static struct ask *find_ask(struct kernel *k, struct part *part, const struct sock *s, const struct nlmsghdr *msg)
{
    struct ask *first = next_ask(part), *ask = first;

    for (guint i = part->next; i < part->asks->len; i++) {
        ask = &g_array_index(part->asks, struct ask, i);
        if (differ(k, ask, msg, s->protocol, false))
            continue;
        if (ask != first)
            (void)differ(k, first, msg, s->protocol, true);
        part->next = i + 1;
        return ask;
    }
    (void)differ(k, first, msg, s->protocol, true);
    part->next++;
    return first->msg->nlmsg_type == msg->nlmsg_type ? first : NULL;
}

static void answer(struct kernel *k, struct sock *s, const struct nlmsghdr *msg)
{
    struct part *part = take_part(k, s, msg);
    struct ask *ask;

    k->result.n_requests++;
    if (!part || !next_ask(part)) {
        g_autofree char *name = message_name(k->p.sim->nl, s->protocol, msg);

        k->p.cause = k->p.tape->records->pdata[k->p.tape->records->len - 1];
        report_text(&k->p, NULL, name, "not recorded", "a request that no recorded socket sends, or not any more");
        refuse(k, s, msg);
        return;
    }
    ask = find_ask(k, part, s, msg);
    send_pending(k, part);
    if (ask)
        send_answers(k, s, ask, msg->nlmsg_seq);
    else
        refuse(k, s, msg);
    sweep(k);
}

static int on_request(struct sock *s, const struct nlmsghdr *msg, struct err *e)
{
    struct sim_ns *ns = s->ns->owner;
    struct kernel *k = ns->sim->kernel;
    struct err own = { 0 };

    (void)e;
    if (!conn_of_sock(s))       /* the simulation's own */
        return k->run[s->protocol](s, msg, e);
    (void)k->run[s->protocol](s, msg, &own);
    drop_all(ns);
    answer(k, s, msg);
    return NO_ACK;
}

/* ---- life --------------------------------------------------------------------------------------- */

void kernel_options(const struct tape *t, struct sim_options *o)
{
    player_options(t, o);
}

struct kernel *kernel_start(struct sim *sim, struct tape *t)
{
    struct kernel *k = g_new0(struct kernel, 1);

    k->result.differences = g_ptr_array_new();
    k->result.remarks = g_string_new(NULL);
    k->parts = g_tree_new_full(tape_sock_order, NULL, NULL, part_free);
    k->p = (struct player){ .tape = t, .sim = sim, .is_all = true, .result = &k->result };
    sim->kernel = k;
    if (!t->has_events)
        nlmon_prepare(&k->p, true);
    k->p.rule = (struct decode_rule){ .ignored = 1u << ROLE_SEQ, .is_same = is_same, .ctx = k };
    k->p.rules = &k->p.rule;
    for (guint i = 0; i < t->records->len; i++) {
        struct tape_record *r = t->records->pdata[i];

        r->is_done = false;
        if (r->kind == TAPE_REQUEST)
            take_requests(k, i);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(protocols); i++) {
        k->run[protocols[i]] = netlink_protocol(sim->nl, protocols[i]);
        netlink_set_protocol(sim->nl, protocols[i], on_request);
    }
    sweep(k);
    return k;
}

static void tell_rest(struct kernel *k)
{
    unsigned left = 0;

    for (GTreeNode *n = g_tree_node_first(k->parts); n; n = g_tree_node_next(n)) {
        const struct part *part = g_tree_node_value(n);

        left += part->asks->len - part->next;
    }
    if (left)
        g_string_append_printf(k->result.remarks, "%u recorded requests did not come\n", left);
}

void kernel_end(struct kernel *k, struct replay_result *result)
{
    tell_rest(k);
    for (size_t i = 0; i < G_N_ELEMENTS(protocols); i++)
        netlink_set_protocol(k->p.sim->nl, protocols[i], k->run[protocols[i]]);
    k->p.sim->kernel = NULL;
    *result = k->result;
    g_tree_unref(k->parts);
    g_free(k);
}
