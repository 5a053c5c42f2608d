/* cable.c - see cable.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/cable.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/if_ether.h>
#include <string.h>

#include "sim/chance.h"
#include "sim/trace.h"

#define TAG_LEN 4u

struct cable {
    struct sim *sim;
    struct device *end[2];
    struct cable_options o;
    GQueue flights[2];          /* of struct flight, by the end they left */
    uint64_t n_carried[2], n_lost[2], n_dropped[2];
};

struct flight {
    struct cable *cable;
    unsigned from;              /* index of the end that it left */
    uint64_t event;
    size_t len;
    uint8_t frame[];
};

static int check_end(const struct device *d, struct err *e)
{
    if (d->dev.kind != NETDEV_VIRTUAL)
        return err_set(e, EINVAL, "device %s has no wire", d->dev.name);
    if (d->cable)
        return err_set(e, EBUSY, "device %s has a link already", d->dev.name);
    return 0;
}

int cable_join(struct device *a, struct device *b, const struct cable_options *o, struct err *e)
{
    struct cable *cable;
    int r;

    if ((r = check_end(a, e)) || (r = check_end(b, e)))
        return r;
    if (a == b)
        return err_set(e, EINVAL, "device %s cannot be linked with itself", a->dev.name);
    cable = g_new0(struct cable, 1);
    *cable = (struct cable){ .sim = a->ns->sim, .end = { a, b }, .o = *o };
    a->cable = b->cable = cable;
    return 0;
}

void cable_cut(struct device *d)
{
    struct cable *cable = d->cable;
    struct flight *f;

    if (!cable)
        return;
    for (unsigned i = 0; i < 2; i++) {
        while ((f = g_queue_pop_head(&cable->flights[i]))) {
            clock_cancel(&cable->sim->clock, f->event);
            g_free(f);
        }
        cable->end[i]->cable = NULL;
    }
    g_free(cable);
}

static void drop(struct cable *cable, unsigned from, const char *why, size_t len)
{
    cable->n_dropped[from]++;
    trace_line(cable->sim, "link %s > %s: dropped len %zu: %s", cable->end[from]->dev.name,
               cable->end[!from]->dev.name, len, why);
}

/* The kernel's is_skb_forwardable(): room for a tag is always granted. */
static const char *refusal(const struct device *to, size_t len)
{
    if (!to->dev.is_up)
        return "the far end is down";
    if (len > to->dev.mtu + ETH_HLEN + TAG_LEN)
        return "longer than the far end's MTU";
    return NULL;
}

static void arrive(void *ctx)
{
    struct flight *f = ctx;
    struct cable *cable = f->cable;
    struct device *to = cable->end[!f->from];
    const char *why = refusal(to, f->len);

    g_queue_remove(&cable->flights[f->from], f);
    if (why) {
        drop(cable, f->from, why, f->len);
    } else {
        cable->n_carried[f->from]++;
        chance_receive(to, f->frame, f->len);       /* may end the link */
    }
    g_free(f);
}

static void depart(struct cable *cable, unsigned from, const void *frame, size_t len)
{
    struct clock *clock = &cable->sim->clock;
    struct flight *f = g_malloc(sizeof(*f) + len);

    *f = (struct flight){ .cable = cable, .from = from, .len = len };
    memcpy(f->frame, frame, len);
    g_queue_push_tail(&cable->flights[from], f);
    clock->depth++;             /* for what follows at the same time */
    f->event = clock_add(clock, clock->now_ns + cable->o.delay_ns, arrive, f);
    clock->depth--;
}

void cable_carry(struct device *from, const void *frame, size_t len)
{
    struct cable *cable = from->cable;
    unsigned end;

    if (!cable)
        return;
    end = cable->end[1] == from;
    if (cable->o.loss && rng_is_within(&cable->sim->rng, cable->o.loss)) {
        cable->n_lost[end]++;
        trace_line(cable->sim, "link %s > %s: lost len %zu", from->dev.name,
                   cable->end[!end]->dev.name, len);
    } else if (!cable->o.delay_ns && cable->sim->clock.depth >= CABLE_HOPS) {
        drop(cable, end, "recursion limit", len);
    } else if (cable->flights[end].length >= CABLE_ROOM) {
        drop(cable, end, "queue full", len);
    } else {
        depart(cable, end, frame, len);
    }
}

static void print(GString *out, const struct cable *cable)
{
    for (unsigned i = 0; i < 2; i++)
        g_string_append_printf(out, "link %s > %s: %" PRIu64 " carried, %" PRIu64 " lost, %" PRIu64
                               " dropped, %u under way\n", cable->end[i]->dev.name,
                               cable->end[!i]->dev.name, cable->n_carried[i], cable->n_lost[i],
                               cable->n_dropped[i], cable->flights[i].length);
}

void cable_summary(GString *out, const struct sim_ns *ns)
{
    for (guint i = 0; i < ns->devices->len; i++) {
        const struct device *d = g_ptr_array_index(ns->devices, i);

        if (d->cable && d->cable->end[0] == d)
            print(out, d->cable);
    }
}
