/* tap_tools.h - AF_PACKET sockets for tests in process: what frames a device has seen.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_TAP_TOOLS_H
#define TESTS_TAP_TOOLS_H

#include "tests/sim_tools.h"

#include "sim/packet.h"

/* One socket and its queue. */
struct tap {
    struct sock *queue;
    struct packet_sock *ps;
};

static inline struct tap tap_open(const struct lab *lab, const char *dev, int type, uint16_t protocol)
{
    struct tap t = { .queue = sock_open(lab->ns->net, PACKET_QUEUE) };

    t.ps = packet_open(lab->ns, t.queue, type, protocol);
    if (dev)
        assert_int_equal(
            packet_bind(t.ps, device_by_name(lab->ns, dev)->dev.ifindex, 0), 0);
    return t;
}

static inline void tap_close(struct tap *t)
{
    packet_close(t->ps);
    sock_close(t->queue);
}

/* The next frame as text, NULL: there is none. The caller frees it. */
static inline char *tap_next(const struct tap *t)
{
    int error;
    struct dgram *d = sock_recv(t->queue, &error);
    GString *hex;

    if (!d)
        return NULL;
    hex = g_string_new(NULL);
    for (size_t i = sizeof(struct proto_ll); i < d->len; i++)
        g_string_append_printf(hex, "%02x", d->data[i]);
    g_free(d);
    return g_string_free(hex, FALSE);
}

#endif
