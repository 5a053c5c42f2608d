/* client_request.c - requests of clients: one row for each operation of sim/proto.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>

#include "netlink/fault.h"
#include "sim/client_int.h"
#include "sim/vtime.h"
#include "sim/device.h"
#include "sim/packet.h"
#include "sim/recorder.h"
#include "sim/scenario.h"

struct request {
    struct clients *all;
    struct conn *from;
    bool is_later;              /* the answer comes when what it waits for has come; perhaps it has come by now */
    struct conn *target;        /* the socket it is about, if the row wants one */
    struct sim_ns *ns;          /* the namespace it is about, if the row wants one */
    struct proto_req req;
    const uint8_t *payload;
    size_t len;
    struct proto_reply rep;
    GByteArray *out;            /* payload of the reply, NULL: none */
};

static GByteArray *out_of(struct request *r)
{
    if (!r->out)
        r->out = g_byte_array_new();
    return r->out;
}

static int do_send(struct request *r)
{
    struct sock *s = r->target->sock;
    long n;

    if (!s->dump) {
        record_recv(r->target, r->req.max_recv);
        sock_read_done(s, 0, r->req.max_recv);
    }
    if (!s->portid)
        (void)sock_bind(s, 0);
    record_send(r->target, r->payload, r->len);
    n = sock_send(s, r->payload, r->len);
    if (n < 0)
        return (int)n;
    r->rep.value = (uint32_t)n;
    return 0;
}

static int do_pull(struct request *r)
{
    record_recv(r->target, r->req.max_recv);
    push_pull(r->target, r->req.max_recv);
    return 0;
}

/* ---- AF_PACKET ------------------------------------------------------------------------------- */

static int packet_do_send(struct request *r)
{
    long n;

    record_send(r->target, r->payload, r->len);
    n = packet_send(r->target->packet, r->payload, r->len);
    if (n < 0)
        return (int)n;
    r->rep.value = (uint32_t)n;
    return 0;
}

static int packet_do_bind(struct request *r)
{
    record_bind(r->target, r->req.arg);
    return packet_bind(r->target->packet, (int)r->req.arg[0], (uint16_t)r->req.arg[1]);
}

static int packet_do_name(struct request *r)
{
    struct proto_ll name;

    packet_name(r->target->packet, &name);
    g_byte_array_append(out_of(r), (const guint8 *)&name, sizeof(name));
    return 0;
}

static int packet_do_setopt(struct request *r)
{
    record_setopt(r->target, &r->req, r->payload, r->len);
    return packet_set_option(r->target->packet, (int)r->req.arg[0], (int)r->req.arg[1], r->payload,
                             r->len);
}

static int packet_do_getopt(struct request *r)
{
    return packet_get_option(r->target->packet, (int)r->req.arg[0], (int)r->req.arg[1], out_of(r));
}

static int packet_unable(struct request *r)
{
    (void)r;
    return -EOPNOTSUPP;
}

/* ---- netlink --------------------------------------------------------------------------------- */

static int do_close(struct request *r)
{
    if (conn_is_hung_up(r->target))
        conn_free(r->target);
    return 0;
}

static int do_bind(struct request *r)
{
    record_bind(r->target, r->req.arg);
    return sock_bind_address(r->target->sock, r->req.arg[0], r->req.arg[1]);
}

static int do_connect(struct request *r)
{
    record_connect(r->target);
    return r->target->sock->portid ? 0 : sock_bind(r->target->sock, 0);
}

static int do_error(struct request *r)
{
    r->rep.value = (uint32_t)atomic_exchange(&r->all->page[PROTO_SLOT(r->target->id)], 0);
    return 0;
}

static int do_wait(struct request *r)
{
    static const enum netlink_fault points[N_PROTO_WAITS] = {
        [PROTO_WAIT_RECV] = NETLINK_FAULT_RECV_INTR,
        [PROTO_WAIT_POLL] = NETLINK_FAULT_POLL_INTR,
    };

    if (r->req.arg[0] >= N_PROTO_WAITS)
        return -EINVAL;
    return netlink_refuses(r->all->sim->nl, points[r->req.arg[0]], NULL);
}

static uint32_t group_mask(const struct sock *s, uint32_t first)
{
    uint32_t mask = 0;

    for (uint32_t i = 0; i < 32; i++)
        mask |= (uint32_t)sock_in_group(s, first + i) << i;
    return mask;
}

static int do_name(struct request *r)
{
    r->rep.value = r->target->sock->portid;
    r->rep.value2 = group_mask(r->target->sock, 1);
    return 0;
}

static int do_setopt(struct request *r)
{
    record_setopt(r->target, &r->req, NULL, 0);
    return sock_set_option(r->target->sock, (int)r->req.arg[0], (int)r->req.arg[1],
                           (int)r->req.arg[2]);
}

static int do_getopt(struct request *r)
{
    int value = 0;
    int rc = sock_get_option(r->target->sock, (int)r->req.arg[0], (int)r->req.arg[1], &value);

    r->rep.value = (uint32_t)value;
    return rc;
}

/* The kernel has no room for groups before the first is joined, then for all that there are. */
static uint32_t n_groups(const struct sock *s)
{
    uint32_t n = s->protocol == NETLINK_ROUTE ? RTNLGRP_MAX : 32;

    while (s->protocol == NETLINK_GENERIC && netlink_has_group(s->ns->nl, n + 1))
        n++;
    return s->has_joined ? n : 0;
}

static int do_groups(struct request *r)
{
    const struct sock *s = r->target->sock;

    for (uint32_t group = 1; group <= n_groups(s); group += 32) {
        uint32_t mask = group_mask(s, group);

        g_byte_array_append(out_of(r), (const guint8 *)&mask, sizeof(mask));
    }
    return 0;
}

static int do_ioctl(struct request *r)
{
    struct proto_if io;
    int rc;

    if (r->len != sizeof(io))
        return -EINVAL;
    memcpy(&io, r->payload, sizeof(io));
    io.name[sizeof(io.name) - 1] = '\0';
    if (client_ioctl_changes(r->req.arg[0]))
        recorder_data(r->all->sim, &io, sizeof(io), "ioctl ns=%u cmd=0x%04x", r->ns->id, r->req.arg[0]);
    rc = client_ioctl(r->ns, r->req.arg[0], &io);
    g_byte_array_append(out_of(r), (const guint8 *)&io, sizeof(io));
    return rc;
}

static int do_iflist(struct request *r)
{
    client_if_list(r->ns, out_of(r));
    return 0;
}

static int do_ifaddrs(struct request *r)
{
    client_if_addrs(r->ns, out_of(r));
    return 0;
}

static int do_ethtool(struct request *r)
{
    char name[sizeof(((struct proto_if *)0)->name)];
    const struct device *d;

    if (r->len < sizeof(name))
        return -EINVAL;
    memcpy(name, r->payload, sizeof(name));
    name[sizeof(name) - 1] = '\0';
    d = device_by_name(r->ns, name);
    return d ? client_ethtool(d, r->payload + sizeof(name), r->len - sizeof(name), out_of(r))
             : -ENODEV;
}

static int do_file(struct request *r)
{
    g_autofree char *path = g_strndup((const char *)r->payload, r->len);
    GString *text = g_string_new(NULL);
    int rc = client_file(r->ns, path, text);

    r->rep.value = (uint32_t)MAX(rc, 0);
    if (rc >= 0)
        g_byte_array_append(out_of(r), (const guint8 *)text->str, (guint)text->len);
    g_string_free(text, TRUE);
    return MIN(rc, 0);
}

/* The sentence of a failure is the last line of the output. */
static int do_line(struct request *r)
{
    g_autofree char *line = g_strndup((const char *)r->payload, r->len);
    GString *text = g_string_new(NULL);
    struct err e = { 0 };
    int rc = 0;

    r->is_later = job_line(r->from, line) || wait_line(r->from, line, text, &rc);
    if (!r->is_later && rc > 0) {
        rc = scenario_do(r->all->sim, line, text, &e);
        if (rc)
            g_string_append_printf(text, "%s\n", e.text);
    }
    g_byte_array_append(out_of(r), (const guint8 *)text->str, (guint)text->len);
    g_string_free(text, TRUE);
    return rc;
}

/* clang-format off */
static const struct op {
    int (*run)(struct request *r);
    bool on_sock, on_ns;        /* needs 'target', 'ns' */
    int (*packet)(struct request *r);   /* 'target' is an AF_PACKET socket; NULL: no difference */
} ops[N_PROTO_OPS] = {
    [PROTO_SEND]    = { do_send,    .on_sock = true, .packet = packet_do_send },
    [PROTO_PULL]    = { do_pull,    .on_sock = true },
    [PROTO_CLOSE]   = { do_close,   .on_sock = true },
    [PROTO_BIND]    = { do_bind,    .on_sock = true, .packet = packet_do_bind },
    [PROTO_CONNECT] = { do_connect, .on_sock = true, .packet = packet_unable },
    [PROTO_NAME]    = { do_name,    .on_sock = true, .packet = packet_do_name },
    [PROTO_SETOPT]  = { do_setopt,  .on_sock = true, .packet = packet_do_setopt },
    [PROTO_GETOPT]  = { do_getopt,  .on_sock = true, .packet = packet_do_getopt },
    [PROTO_ERROR]   = { do_error,   .on_sock = true },
    [PROTO_WAIT]    = { do_wait,    .on_sock = true },
    [PROTO_GROUPS]  = { do_groups,  .on_sock = true },
    [PROTO_IOCTL]   = { do_ioctl,   .on_ns = true },
    [PROTO_IFLIST]  = { do_iflist,  .on_ns = true },
    [PROTO_IFADDRS] = { do_ifaddrs, .on_ns = true },
    [PROTO_ETHTOOL] = { do_ethtool, .on_ns = true },
    [PROTO_FILE]    = { do_file,    .on_ns = true },
    [PROTO_DO]      = { .run = do_line },
};
/* clang-format on */

static int run(struct request *r)
{
    const struct op *op = r->req.op < N_PROTO_OPS ? &ops[r->req.op] : NULL;

    if (!op)
        return -EPROTO;
    if (op->on_sock) {
        r->target = conn_find(r->all, r->req.sock);
        if (!r->target || !r->target->sock)
            return -ENOTCONN;
    }
    if (op->on_ns) {
        r->ns = sim_ns_by_id(r->all->sim, r->req.ns);
        if (!r->ns)
            return -ENONET;
    }
    return op->packet && r->target->packet ? op->packet(r) : op->run(r);
}

/* A client in virtual time must know whether to keep the token until the answer comes. */
static void tell_to_wait(struct conn *c)
{
    const struct proto_reply rep = { .flags = PROTO_LATER };

    if (c->all->vtime)
        answer_send(c, &rep, NULL, 0);
}

/* A program that escaped the preload library (a static one, after exec) writes its requests to
 * the descriptor itself: they are taken, though it reads our headers. */
static void raw_send(struct conn *c, const void *bytes, size_t len)
{
    if (c->packet)              /* and for these our header tells where to */
        return;
    clients_begin(c->all);
    record_send(c, bytes, len);
    (void)sock_send(c->sock, bytes, len);
    sim_settle(c->all->sim);
    clients_end(c->all);
}

/* Which of our CPUs does the client run on? 'told' is one more than its own, 0: not told. */
static unsigned cpu_of(const struct sim *sim, unsigned told)
{
    const struct sim_options *o = &sim->options;

    return told && o->shows_cpus && !o->is_on_one_cpu ? (told - 1) % o->n_cpus : 0;
}

void request_handle(struct conn *c, const void *bytes, size_t len)
{
    struct request r = { .all = c->all, .from = c };
    struct sim *sim = c->all->sim;

    if (c->kind == CONN_DATA) {
        raw_send(c, bytes, len);
        return;
    }
    if (c->kind != CONN_CTL || len < sizeof(r.req)) {
        conn_free(c);
        return;
    }
    memcpy(&r.req, bytes, sizeof(r.req));
    r.payload = (const uint8_t *)bytes + sizeof(r.req);
    r.len = len - sizeof(r.req);
    r.rep.cpu = (uint16_t)(sched_getcpu() + 1);
    c->all->last_is_elsewhere = r.req.cpu && r.rep.cpu && r.req.cpu != r.rep.cpu;
    clients_begin(c->all);
    sim->cpu = cpu_of(sim, r.req.cpu);
    r.rep.status = run(&r);
    sim_settle(sim);            /* what it made due now belongs to it */
    sim->cpu = 0;
    clients_end(r.all);
    if (r.is_later)
        answer_later(c);
    (void)clients_retry(r.all);     /* before the answer: afterwards the client may be at something else */
    if (!r.is_later)
        answer_send(c, &r.rep, r.out ? r.out->data : NULL, r.out ? r.out->len : 0);
    else if (c->is_later)
        tell_to_wait(c);
    if (r.out)
        g_byte_array_free(r.out, TRUE);
}
