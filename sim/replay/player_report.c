/* player_report.c - what differs from the recording, in words. SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "sim/diff.h"
#include "sim/key_fields.h"
#include "sim/replay/player.h"

#define NS_PER_S 1000000000u

static const char *or_none(const char *text)
{
    return text ? text : "(not there)";
}

static void put_place(GString *out, const struct player *p, const struct tape_record *r)
{
    g_string_append_printf(out, "%s: record %" PRIu64 " (%" PRIu64 ".%09" PRIu64 " s)", p->tape->path,
                           r->number, r->time_ns / NS_PER_S, r->time_ns % NS_PER_S);
}

/* Takes 'text'. */
static void add(struct player *p, const struct tape_record *r, const char *message, const char *path,
                GString *text)
{
    struct replay_difference *d = g_new0(struct replay_difference, 1);

    d->number = r ? r->number : 0;
    d->message = g_strdup(message);
    d->path = g_strdup(path);
    d->text = g_string_free(text, FALSE);
    g_ptr_array_add(p->result->differences, d);
    p->is_over = !p->is_all;
}

void report_text(struct player *p, const struct tape_record *r, const char *message, const char *path,
                 const char *text)
{
    GString *out = g_string_new(NULL);

    if (!r)
        r = p->cause;
    put_place(out, p, r);
    g_string_append_printf(out, ": %s\n  %s: %s\n", message, path, text);
    add(p, r, message, path, out);
}

/* ---- messages ---------------------------------------------------------------------------------- */

static const struct nlmsghdr *first_message(const void *data, size_t len)
{
    const struct nlmsghdr *msg = data;

    return len >= sizeof(*msg) && msg->nlmsg_len >= sizeof(*msg) && msg->nlmsg_len <= len ? msg : NULL;
}

static char *name_of(const struct player *p, int protocol, const void *data, size_t len)
{
    const struct nlmsghdr *msg = first_message(data, len);

    return msg ? message_name(p->sim->nl, protocol, msg) : g_strdup("damaged message");
}

/* The request that a datagram answers: of the socket's own, the last with its sequence number. */
static const struct tape_record *request_of(const struct player_sock *ps, const void *data, size_t len)
{
    const struct nlmsghdr *msg = first_message(data, len);

    for (guint i = ps->requests->len; msg && i > 0; i--) {
        const struct tape_record *r = ps->requests->pdata[i - 1];
        const struct nlmsghdr *sent = first_message(r->data, r->len);

        if (sent && sent->nlmsg_seq == msg->nlmsg_seq)
            return r;
    }
    return NULL;
}

void report_request(struct player *p, const struct tape_record *r, const struct decode *want,
                    const struct decode *got, const struct decode_difference *d)
{
    g_autofree char *name = name_of(p, want->protocol, want->bytes, want->len);
    GString *out = g_string_new(NULL);

    put_place(out, p, r);
    g_string_append_printf(out, ": %s from socket %u\n  field %s\n    recorded: %s\n    now:      %s\n", name,
                           r->sock, d->path, or_none(d->want), or_none(d->got));
    g_string_append(out, "both requests, recorded | now:\n");
    decode_print_both(out, want, got, p->rules);
    add(p, r, name, d->path, out);
}

static void put_request(GString *out, const struct player *p, const struct tape_record *r)
{
    struct decode f;

    if (!r)
        return;
    decode_init(&f, p->sim->nl, r->protocol, r->data, r->len);
    g_string_append_printf(out, "the request, record %" PRIu64 ":\n", r->number);
    decode_print(&f, out);
    decode_done(&f);
}

static void put_message(GString *out, const struct player *p, const struct player_sock *ps,
                        const struct tape_record *want, const void *data, size_t len)
{
    int protocol = want ? want->protocol : ps->sock->protocol;
    g_autofree char *name = name_of(p, protocol, data, len);
    const struct tape_record *request = request_of(ps, data, len);

    put_place(out, p, want ? want : p->cause);
    g_string_append_printf(out, ": %s to socket %u", name, ps->number);
    if (ps->sock)
        g_string_append_printf(out, " (port id %u)", ps->sock->portid);
    if (request) {
        g_autofree char *asked = name_of(p, protocol, request->data, request->len);

        g_string_append_printf(out, ", answer to %s of record %" PRIu64, asked, request->number);
    }
    g_string_append_c(out, '\n');
}

/* Only one of the two is there. */
static void report_alone(struct player *p, struct player_sock *ps, const struct tape_record *want,
                         const struct dgram *got)
{
    const void *data = want ? want->data : got->data;
    size_t len = want ? want->len : got->len;
    int protocol = want ? want->protocol : ps->sock->protocol;
    g_autofree char *name = name_of(p, protocol, data, len);
    const char *path = want ? "missing" : "not recorded";
    GString *out = g_string_new(NULL);
    struct decode f;

    put_message(out, p, ps, want, data, len);
    g_string_append_printf(out, "  is %s\n", want ? "recorded, but does not come now" : "not recorded, but comes now");
    put_request(out, p, request_of(ps, data, len));
    g_string_append(out, "the message:\n");
    decode_init(&f, p->sim->nl, protocol, data, len);
    decode_print(&f, out);
    decode_done(&f);
    add(p, want ? want : p->cause, name, path, out);
}

struct both {
    struct decode want, got;
    struct decode_difference d;
};

static void report_difference(struct player *p, struct player_sock *ps, struct tape_record *want,
                              const struct both *b)
{
    g_autofree char *name = name_of(p, want->protocol, want->data, want->len);
    GString *out = g_string_new(NULL);

    put_message(out, p, ps, want, want->data, want->len);
    g_string_append_printf(out, "  field %s\n    recorded: %s\n    now:      %s\n", b->d.path,
                           or_none(b->d.want), or_none(b->d.got));
    put_request(out, p, request_of(ps, want->data, want->len));
    g_string_append(out, "both messages, recorded | now:\n");
    decode_print_both(out, &b->want, &b->got, p->rules);
    add(p, want, name, b->d.path, out);
}

static bool is_late(const struct player *p, const struct tape_record *want)
{
    return !p->ignores_time && SIM_START_NS + want->time_ns != p->sim->clock.now_ns;
}

static void compare(struct player *p, struct player_sock *ps, struct tape_record *want,
                    const struct dgram *got)
{
    g_autofree char *then = g_strdup_printf("%" PRIu64 " ns", want->time_ns);
    g_autofree char *now = g_strdup_printf("%" PRIu64 " ns", p->sim->clock.now_ns - SIM_START_NS);
    struct both b;
    bool differs;

    decode_init(&b.want, p->sim->nl, want->protocol, want->data, want->len);
    decode_init(&b.got, p->sim->nl, want->protocol, got->data, got->len);
    differs = decode_differ(&b.want, &b.got, p->rules, &b.d);
    if (!differs && is_late(p, want)) {
        b.d = (struct decode_difference){ .path = "time", .want = then, .got = now };
        differs = true;
    }
    if (differs)
        report_difference(p, ps, want, &b);
    decode_done(&b.want);
    decode_done(&b.got);
}

void report_message(struct player *p, struct player_sock *ps, struct tape_record *want,
                    const struct dgram *got)
{
    if (p->is_over)
        return;
    if (want)
        want->is_done = true;
    p->result->n_answers += want && got;
    if (!want || !got)
        report_alone(p, ps, want, got);
    else if (p->rules || want->len != got->len || memcmp(want->data, got->data, got->len) ||
             is_late(p, want))
        compare(p, ps, want, got);
}

/* ---- frames ------------------------------------------------------------------------------------ */

static GPtrArray *fields_of(const void *frame, size_t len)
{
    GPtrArray *fields = key_fields_new();
    GString *text = g_string_new(NULL);

    diff_print_frame(text, frame, len);
    key_fields_take_apart(fields, text->str);
    g_string_free(text, TRUE);
    return fields;
}

/* The first field of the headers that differs, "bytes": none does. New string. */
static char *frame_field(const struct tape_record *want, const void *frame, size_t len)
{
    GPtrArray *a = fields_of(want->data, want->len), *b = fields_of(frame, len);
    char *name = NULL;

    for (guint i = 0; !name && i < a->len; i++) {
        const struct named_value *f = g_ptr_array_index(a, i);

        if (g_strcmp0(key_fields_value(b, f->name), f->value))
            name = g_strdup(f->name);
    }
    g_ptr_array_free(a, TRUE);
    g_ptr_array_free(b, TRUE);
    return name ? name : g_strdup("bytes");
}

/* How two frames differ, NULL: not at all. New string. */
static char *frame_difference(const struct player *p, const struct tape_record *want, const void *frame,
                              size_t len)
{
    if (!want || !frame)
        return g_strdup(want ? "missing" : "not recorded");
    if (want->len != len || memcmp(want->data, frame, len))
        return frame_field(want, frame, len);
    return is_late(p, want) ? g_strdup("time") : NULL;
}

void report_frame(struct player *p, const char *device, struct tape_record *want,
                  const void *frame, size_t len, const char *way)
{
    static const struct diff_files names = { .a_name = "recorded", .b_name = "now" };
    const struct tape_record *r = want ? want : p->cause;
    struct pcap_in_frame a = { 0 }, b = { frame, len, (int64_t)(p->sim->clock.now_ns - SIM_START_NS) };
    g_autofree char *message = g_strdup_printf("frame %s %s", way, device), *path = NULL;
    GString *out;

    if (p->is_over)
        return;
    if (want) {
        want->is_done = true;
        a = (struct pcap_in_frame){ want->data, want->len, (int64_t)want->time_ns };
    }
    p->result->n_frames_out += want && frame && !strcmp(way, "out");
    path = frame_difference(p, want, frame, len);
    if (!path)
        return;
    out = g_string_new(NULL);
    put_place(out, p, r);
    g_string_append_printf(out, ": %s\n  field %s\n", message, path);
    diff_packets(out, &names, want ? &a : NULL, frame ? &b : NULL);
    add(p, r, message, path, out);
}
