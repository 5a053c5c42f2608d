/* wire.c - see wire.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/wire.h"

#include <string.h>

#include "sim/device.h"

#define MOST_AT_ONCE 4096       /* frames at one virtual time */

/* Names the receiver: it may be gone when the frame arrives. */
struct in_flight {
    unsigned ns;
    int ifindex;
    size_t len;
    uint8_t frame[];
};

static void arrive(void *ctx)
{
    struct sim *sim = ctx;
    struct in_flight *f = g_queue_pop_head(&sim->on_wire);
    const struct sim_ns *ns = sim_ns_by_id(sim, f->ns);
    struct device *d = ns ? device_by_index(ns, f->ifindex) : NULL;

    if (d)
        device_receive(d, f->frame, f->len);
    g_free(f);
}

static bool is_burst_over(struct sim *sim)
{
    if (sim->wire_ns != sim->clock.now_ns)
        sim->n_wire_burst = 0;
    sim->wire_ns = sim->clock.now_ns;
    return sim->n_wire_burst++ >= MOST_AT_ONCE;
}

void wire_send(struct device *to, const void *frame, size_t len)
{
    struct sim *sim = to->ns->sim;
    struct in_flight *f;

    if (is_burst_over(sim)) {
        to->dev.stats.rx_dropped++;
        return;
    }
    f = g_malloc(sizeof(*f) + len);
    *f = (struct in_flight){ .ns = to->ns->id, .ifindex = to->dev.ifindex, .len = len };
    memcpy(f->frame, frame, len);
    g_queue_push_tail(&sim->on_wire, f);
    clock_add(&sim->clock, sim->clock.now_ns, arrive, sim);
}
