/* client_record.c - what clients do, as the flight recorder has it: see recorder.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <sys/socket.h>

#include "sim/client_int.h"
#include "sim/packet.h"
#include "sim/recorder.h"

#define TYPE_MASK 0xf           /* of socket(): without SOCK_CLOEXEC and SOCK_NONBLOCK */

static struct sim *sim_of(const struct conn *c)
{
    return c->all->sim;
}

/* ---- requests -------------------------------------------------------------------------------- */

void record_open(struct conn *c, int type, int protocol)
{
    struct sim *sim = sim_of(c);

    if (!sim->recorder)
        return;
    c->number = recorder_next_sock(sim);
    recorder_event(sim, c->packet ? "open sock=%u family=packet protocol=0x%04x type=%d ns=%u process=%u"
                                  : "open sock=%u protocol=%d type=%d ns=%u process=%u",
                   c->number, c->packet ? ntohs((uint16_t)protocol) : protocol, type & TYPE_MASK,
                   c->ns->id, recorder_process(sim, c->pid));
}

void record_close(const struct conn *c)
{
    if (c->number)
        recorder_close_sock(sim_of(c), c->number);
}

void record_recv(struct conn *c, uint32_t buffer_len)
{
    if (!c->number || c->packet || buffer_len <= c->recorded_recv)
        return;
    c->recorded_recv = buffer_len;
    recorder_event(sim_of(c), "recv sock=%u len=%u", c->number, buffer_len);
}

void record_send(struct conn *c, const void *bytes, size_t len)
{
    struct sim *sim = sim_of(c);
    char comment[64], cpu[16] = "";

    if (!c->number)
        return;
    if (c->packet) {
        recorder_data(sim, bytes, len, "frame sock=%u", c->number);
        return;
    }
    if (sim->cpu)
        g_snprintf(cpu, sizeof(cpu), " cpu=%u", sim->cpu);
    g_snprintf(comment, sizeof(comment), "port=%u sock=%u%s", c->sock->portid, c->number, cpu);
    recorder_netlink(sim, PCAPNG_IN, c->sock->protocol, bytes, len, comment);
}

void record_bind(const struct conn *c, const uint32_t arg[2])
{
    if (c->number)
        recorder_event(sim_of(c), c->packet ? "bind sock=%u ifindex=%u protocol=0x%04x"
                                            : "bind sock=%u port=%u groups=0x%x",
                       c->number, arg[0], arg[1]);
}

void record_connect(const struct conn *c)
{
    if (c->number)
        recorder_event(sim_of(c), "connect sock=%u", c->number);
}

void record_setopt(const struct conn *c, const struct proto_req *req, const void *value, size_t len)
{
    bool is_filter = c->packet && req->arg[0] == SOL_SOCKET;

    if (!c->number || is_filter)
        return;
    if (c->packet)
        recorder_data(sim_of(c), value, len, "setopt sock=%u level=%u name=%u", c->number,
                      req->arg[0], req->arg[1]);
    else
        recorder_event(sim_of(c), "setopt sock=%u level=%u name=%u value=%d", c->number,
                       req->arg[0], req->arg[1], (int)req->arg[2]);
}

/* ---- the sockets' queues ----------------------------------------------------------------------- */

/* The connection of a client's netlink socket, NULL: it is something else. */
static const struct conn *client_of(const struct sock *s)
{
    const struct conn *c = conn_of_sock(s);

    return c && c->number && !c->packet ? c : NULL;
}

static void on_queued(void *user, const struct sock *s, const struct dgram *d)
{
    const struct conn *c = client_of(s);
    char comment[64], group[24] = "";

    if (!c)
        return;
    if (d->group)
        g_snprintf(group, sizeof(group), " group=%u", d->group);
    g_snprintf(comment, sizeof(comment), "port=%u sock=%u%s", s->portid, c->number, group);
    recorder_netlink(user, PCAPNG_OUT, s->protocol, d->data, d->len, comment);
}

static void on_lost(void *user, const struct sock *s, size_t len, uint32_t group)
{
    const struct conn *c = client_of(s);

    if (c)
        recorder_event(user, "lost sock=%u group=%u len=%zu", c->number, group, len);
}

static void on_error(void *user, const struct sock *s, int error)
{
    const struct conn *c = client_of(s);

    if (c)
        recorder_event(user, "error sock=%u errno=%s", c->number, err_name(error));
}

void record_begin(struct sim *sim)
{
    const struct netlink_tap tap = { sim, on_queued, on_lost, on_error };

    if (sim->recorder)
        netlink_set_tap(sim->nl, &tap);
}
