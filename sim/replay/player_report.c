/* player_report.c - what differs from the recording, in words. SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "sim/diff.h"
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

static void put_request(GString *out, const struct player *p, const struct tape_record *r)
{
    struct fields f;

    if (!r)
        return;
    fields_init(&f, p->sim->nl, r->protocol, r->data, r->len);
    g_string_append_printf(out, "the request, record %" PRIu64 ":\n", r->number);
    fields_print(&f, out);
    fields_done(&f);
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
    struct fields f;

    put_message(out, p, ps, want, data, len);
    g_string_append_printf(out, "  is %s\n", want ? "recorded, but does not come now" : "not recorded, but comes now");
    put_request(out, p, request_of(ps, data, len));
    g_string_append(out, "the message:\n");
    fields_init(&f, p->sim->nl, protocol, data, len);
    fields_print(&f, out);
    fields_done(&f);
    add(p, want ? want : p->cause, name, path, out);
}

struct both {
    struct fields want, got;
    struct fields_difference d;
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
    fields_print_both(out, &b->want, &b->got, p->rules);
    add(p, want, name, b->d.path, out);
}

static bool is_late(struct player *p, const struct tape_record *want)
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

    fields_init(&b.want, p->sim->nl, want->protocol, want->data, want->len);
    fields_init(&b.got, p->sim->nl, want->protocol, got->data, got->len);
    differs = fields_differ(&b.want, &b.got, p->rules, &b.d);
    if (!differs && is_late(p, want)) {
        b.d = (struct fields_difference){ .path = "time", .want = then, .got = now };
        differs = true;
    }
    if (differs)
        report_difference(p, ps, want, &b);
    fields_done(&b.want);
    fields_done(&b.got);
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

static void put_frame(GString *out, const char *what, uint64_t time_ns, const void *frame, size_t len)
{
    g_string_append_printf(out, "    %s %" PRIu64 ".%09" PRIu64 " s len %zu ", what, time_ns / NS_PER_S,
                           time_ns % NS_PER_S, len);
    diff_print_frame(out, frame, len);
    g_string_append_c(out, '\n');
}

static const char *frame_difference(const struct player *p, const struct tape_record *want,
                                    const uint8_t *frame, size_t len, GString *text)
{
    size_t at = 0;

    if (!want || !frame)
        return want ? "missing" : "not recorded";
    while (at < want->len && at < len && want->data[at] == frame[at])
        at++;
    if (at < want->len && at < len)
        g_string_printf(text, "byte %zu: %02x recorded, %02x now", at, want->data[at], frame[at]);
    else if (want->len != len)
        g_string_printf(text, "%zu bytes recorded, %zu now", want->len, len);
    else
        return SIM_START_NS + want->time_ns != p->sim->clock.now_ns ? "time" : NULL;
    return "bytes";
}

void report_frame(struct player *p, const char *device, struct tape_record *want,
                  const void *frame, size_t len, const char *way)
{
    g_autoptr(GString) bytes = g_string_new(NULL);
    g_autofree char *message = g_strdup_printf("frame %s %s", way, device);
    const char *path;
    GString *out;

    if (p->is_over)
        return;
    if (want)
        want->is_done = true;
    p->result->n_frames_out += want && frame && !strcmp(way, "out");
    path = frame_difference(p, want, frame, len, bytes);
    if (!path)
        return;
    out = g_string_new(NULL);
    put_place(out, p, want ? want : p->cause);
    g_string_append_printf(out, ": %s\n  %s%s%s\n", message, path, *bytes->str ? ": " : "", bytes->str);
    if (want)
        put_frame(out, "recorded", want->time_ns, want->data, want->len);
    if (frame)
        put_frame(out, "now     ", p->sim->clock.now_ns - SIM_START_NS, frame, len);
    add(p, want ? want : p->cause, message, path, out);
}
