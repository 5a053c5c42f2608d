/* player_events.c - lines of a recording: a row for each word of sim/recorder.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "sim/client_int.h"
#include "sim/device.h"
#include "sim/fault.h"
#include "sim/replay/player.h"
#include "sim/scenario.h"

#define NUMBER(name) tape_number(args, name, 0)

/* ---- the world --------------------------------------------------------------------------------- */

void player_options(const struct tape *t, struct sim_options *o)
{
    const char *args = tape_event(t->records->pdata[0], "world");

    if (!args)
        return;
    o->seed = (uint64_t)NUMBER("seed");
    o->n_cpus = (unsigned)NUMBER("cpus");
    o->shows_cpus = NUMBER("shows_cpus");
    o->is_on_one_cpu = NUMBER("one_cpu");
    o->no_features = (uint32_t)NUMBER("no_features");
    o->chance.order = (enum chance_order)NUMBER("upcall_order");
    o->chance.min_delay_ns = (uint64_t)NUMBER("min_delay");
    o->chance.max_delay_ns = (uint64_t)NUMBER("max_delay");
    o->chance.loss = (uint32_t)NUMBER("loss");
    o->chance.rx = (enum chance_rx)NUMBER("rx");
    o->chance.rx_cpu = (unsigned)NUMBER("rx_cpu");
}

static int no_ns(const char *args, struct err *e)
{
    return err_set(e, ENONET, "there is no namespace %" G_GINT64_FORMAT " now", NUMBER("ns"));
}

static struct sim_ns *ns_of(const struct player *p, const char *args)
{
    return sim_ns_by_id(p->sim, (unsigned)NUMBER("ns"));
}

struct device *player_device(struct player *p, const char *name)
{
    const char *mark = strstr(name, "@netns ");
    g_autofree char *plain = mark ? g_strndup(name, (gsize)(mark - name)) : g_strdup(name);
    unsigned id = mark ? (unsigned)g_ascii_strtoull(mark + strlen("@netns "), NULL, 10) : 0;
    struct sim_ns *ns = sim_ns_by_id(p->sim, id);

    return ns ? device_by_name(ns, plain) : NULL;
}

static int netns_add(struct player *p, const char *args, struct err *e)
{
    const struct sim_ns *ns = sim_ns_new(p->sim);

    if (ns->id == (unsigned)NUMBER("ns"))
        return 0;
    return err_set(e, EPROTO, "the new namespace has number %u now", ns->id);
}

static int netns_del(struct player *p, const char *args, struct err *e)
{
    struct sim_ns *ns = ns_of(p, args);

    if (!ns)
        return no_ns(args, e);
    if (ns == sim_root_ns(p->sim))
        return err_set(e, EBUSY, "the first namespace does not end");
    sim_ns_free(ns);
    return 0;
}

/* Of a capture (nlmon.c): the number of the next device. */
static int next_ifindex(struct player *p, const char *args, struct err *e)
{
    (void)e;
    sim_root_ns(p->sim)->next_ifindex = (int)NUMBER("next");
    return 0;
}

static int do_ioctl(struct player *p, const char *args, struct err *e)
{
    GByteArray *bytes = tape_bytes(args, "data");
    struct sim_ns *ns = ns_of(p, args);
    struct proto_if io;
    int rc = 0;

    if (!ns)
        rc = no_ns(args, e);
    else if (!bytes || bytes->len != sizeof(io))
        rc = err_set(e, EINVAL, "an ioctl's data are of another length");
    else {
        memcpy(&io, bytes->data, sizeof(io));
        (void)client_ioctl(ns, (uint32_t)NUMBER("cmd"), &io);
        player_settle(p);
    }
    if (bytes)
        g_byte_array_unref(bytes);
    return rc;
}

/* Whether a command has failed stands in the next line; one with "!ENAME" succeeds if it fails so. */
static int ask_fault(struct player *p, const char *args, struct err *e)
{
    return fault_add(p->sim, args + strspn(args, " "), e);
}

static int do_line(struct player *p, const char *args, struct err *e)
{
    const struct tape_record *next =
        p->at < p->tape->records->len ? p->tape->records->pdata[p->at] : NULL;
    const char *failed = next ? tape_event(next, "failed") : NULL;
    GString *out = g_string_new(NULL);
    struct err own = { 0 };
    int rc;

    scenario_set_files(p->sim, &scenario_no_files);     /* a recording is anybody's: it reads and writes none */
    rc = scenario_do(p->sim, args, out, &own);
    g_string_free(out, TRUE);
    player_settle(p);
    if (!rc == !failed || (!rc && strstr(args, " !")))
        return 0;
    return rc ? err_set(e, -rc, "fails now: %s", own.text)
              : err_set(e, EPROTO, "succeeds now; recorded: failed %s", failed);
}

static int note_clock(struct player *p, const char *args, struct err *e)
{
    (void)e;
    p->client_ns = (uint64_t)NUMBER("ns");
    return 0;
}

static int pass(struct player *p, const char *args, struct err *e)
{
    (void)p;
    (void)args;
    (void)e;
    return 0;
}

/* ---- sockets ----------------------------------------------------------------------------------- */

static void drop_all(struct sock *s)
{
    struct dgram *d;

    while ((d = sock_take(s)))
        g_free(d);
}

/* The hook of struct sock. What came was looked at on its way (player.c); nobody keeps it. */
static void queued(struct sock *s)
{
    struct player_sock *ps = s->transport;

    drop_all(s);
    if (ps->packet)
        s->rx_charge = 0;
    else
        player_arm(ps);
}

struct player_sock *player_of_sock(const struct sock *s)
{
    return s->readable == queued ? s->transport : NULL;
}

static int open_sock(struct player *p, const char *args, struct err *e)
{
    struct player_sock *ps = player_sock_of(p, (unsigned)NUMBER("sock"));
    bool is_packet = strstr(args, "family=packet");
    struct sim_ns *ns = ns_of(p, args);
    int64_t protocol = NUMBER("protocol");

    if (!ns)
        return no_ns(args, e);
    if (!is_packet && (protocol < 0 || protocol >= MAX_LINKS))
        return err_set(e, EPROTONOSUPPORT, "protocol %" PRId64 ": netlink has %d", protocol, MAX_LINKS);
    ps->sock = sock_open(ns->net, is_packet ? PACKET_QUEUE : (int)protocol);
    if (is_packet)
        ps->packet = packet_open(ns, ps->sock, (int)NUMBER("type"), (uint16_t)protocol);
    ps->sock->transport = ps;
    ps->sock->readable = queued;
    player_arm(ps);
    return 0;
}

/* The open socket that a line is about. */
static struct player_sock *sock_of(struct player *p, const char *args, struct err *e)
{
    struct player_sock *ps = player_sock_of(p, (unsigned)NUMBER("sock"));

    if (ps->sock)
        return ps;
    err_set(e, ENOTCONN, "the socket is not open");
    return NULL;
}

static int bind_sock(struct player *p, const char *args, struct err *e)
{
    struct player_sock *ps = sock_of(p, args, e);

    if (!ps)
        return -e->code;
    if (ps->packet)
        (void)packet_bind(ps->packet, (int)NUMBER("ifindex"), (uint16_t)NUMBER("protocol"));
    else
        (void)sock_bind_address(ps->sock, (uint32_t)NUMBER("port"), (uint32_t)NUMBER("groups"));
    return 0;
}

static int connect_sock(struct player *p, const char *args, struct err *e)
{
    struct player_sock *ps = sock_of(p, args, e);

    if (!ps)
        return -e->code;
    return ps->sock->portid ? 0 : sock_bind(ps->sock, 0);
}

static int set_option(struct player *p, const char *args, struct err *e)
{
    struct player_sock *ps = sock_of(p, args, e);
    GByteArray *bytes;

    if (!ps)
        return -e->code;
    bytes = tape_bytes(args, "data");
    if (ps->packet && bytes)
        (void)packet_set_option(ps->packet, (int)NUMBER("level"), (int)NUMBER("name"), bytes->data,
                                bytes->len);
    else if (!ps->packet)
        (void)sock_set_option(ps->sock, (int)NUMBER("level"), (int)NUMBER("name"), (int)NUMBER("value"));
    if (bytes)
        g_byte_array_unref(bytes);
    return 0;
}

static int note_buffer(struct player *p, const char *args, struct err *e)
{
    struct player_sock *ps = sock_of(p, args, e);

    if (!ps)
        return -e->code;
    sock_read_done(ps->sock, 0, (size_t)NUMBER("len"));
    return 0;
}

static int send_frame(struct player *p, const char *args, struct err *e)
{
    struct player_sock *ps = sock_of(p, args, e);
    GByteArray *bytes;

    if (!ps || !ps->packet)
        return err_set(e, ENOTCONN, "the packet socket is not open");
    bytes = tape_bytes(args, "data");
    if (!bytes)
        return err_set(e, EINVAL, "a frame without data");
    (void)packet_send(ps->packet, bytes->data, bytes->len);
    g_byte_array_unref(bytes);
    player_settle(p);
    return 0;
}

static int close_sock(struct player *p, const char *args, struct err *e)
{
    struct player_sock *ps = sock_of(p, args, e);

    if (!ps)
        return -e->code;
    packet_close(ps->packet);
    sock_close(ps->sock);
    ps->packet = NULL;
    ps->sock = NULL;
    return 0;
}

/* ---- rows -------------------------------------------------------------------------------------- */

/* clang-format off */
static const struct row {
    const char *word;
    int (*run)(struct player *p, const char *args, struct err *e);
    bool is_output;             /* the simulation is to say it by itself */
} rows[] = {
    { "world",     pass },
    { "open",      open_sock },
    { "bind",      bind_sock },
    { "connect",   connect_sock },
    { "setopt",    set_option },
    { "recv",      note_buffer },
    { "frame",     send_frame },
    { "close",     close_sock },
    { "lost",      NULL, .is_output = true },
    { "error",     NULL, .is_output = true },
    { "netns-add", netns_add },
    { "netns-del", netns_del },
    { "ioctl",     do_ioctl },
    { "ifindex",   next_ifindex },
    { "do",        do_line },
    { "fault",     ask_fault },
    { "did",       pass },
    { "failed",    pass },
    { "clock",     note_clock },
    { "pid",       pass },
    { "end",       pass },
};
/* clang-format on */

static const struct row *row_of(const struct tape_record *r)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (tape_event(r, rows[i].word))
            return &rows[i];
    return NULL;
}

bool player_is_output(const struct tape_record *r)
{
    const struct row *row = r->kind == TAPE_EVENT ? row_of(r) : NULL;

    if (r->kind == TAPE_FRAME_IN)
        return strcmp(r->text, "fed") != 0;
    return r->kind == TAPE_ANSWER || r->kind == TAPE_FRAME_OUT || (row && row->is_output);
}

int player_event(struct player *p, struct tape_record *r, struct err *e)
{
    const struct row *row = row_of(r);

    if (!row)
        return err_set(e, EINVAL, "a line that this version does not know");
    return row->run(p, tape_event(r, row->word), e);
}
