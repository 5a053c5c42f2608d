/* link.c - see link.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/link.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/if_ether.h>
#include <string.h>

#include "sim/trace.h"

#define TAG_LEN 4u

struct link {
    struct sim *sim;
    struct device *end[2];
    struct link_options o;
    GQueue flights[2];          /* of struct flight, by the end they left */
    uint64_t n_carried[2], n_lost[2], n_dropped[2];
};

struct flight {
    struct link *link;
    unsigned from;              /* index of the end that it left */
    uint64_t event;
    size_t len;
    uint8_t frame[];
};

static int check_end(const struct device *d, struct err *e)
{
    if (d->dev.kind != NETDEV_VIRTUAL)
        return err_set(e, EINVAL, "device %s has no wire", d->dev.name);
    if (d->link)
        return err_set(e, EBUSY, "device %s has a link already", d->dev.name);
    return 0;
}

int link_join(struct device *a, struct device *b, const struct link_options *o, struct err *e)
{
    struct link *link;
    int r;

    if ((r = check_end(a, e)) || (r = check_end(b, e)))
        return r;
    if (a == b)
        return err_set(e, EINVAL, "device %s cannot be linked with itself", a->dev.name);
    link = g_new0(struct link, 1);
    *link = (struct link){ .sim = a->ns->sim, .end = { a, b }, .o = *o };
    a->link = b->link = link;
    return 0;
}

void link_cut(struct device *d)
{
    struct link *link = d->link;
    struct flight *f;

    if (!link)
        return;
    for (unsigned i = 0; i < 2; i++) {
        while ((f = g_queue_pop_head(&link->flights[i]))) {
            clock_cancel(&link->sim->clock, f->event);
            g_free(f);
        }
        link->end[i]->link = NULL;
    }
    g_free(link);
}

static void drop(struct link *link, unsigned from, const char *why, size_t len)
{
    link->n_dropped[from]++;
    trace_line(link->sim, "link %s > %s: dropped len %zu: %s", link->end[from]->dev.name,
               link->end[!from]->dev.name, len, why);
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
    struct link *link = f->link;
    struct device *to = link->end[!f->from];
    const char *why = refusal(to, f->len);

    g_queue_remove(&link->flights[f->from], f);
    if (why) {
        drop(link, f->from, why, f->len);
    } else {
        link->n_carried[f->from]++;
        device_receive(to, f->frame, f->len);       /* may end the link */
    }
    g_free(f);
}

static void depart(struct link *link, unsigned from, const void *frame, size_t len)
{
    struct clock *clock = &link->sim->clock;
    struct flight *f = g_malloc(sizeof(*f) + len);

    *f = (struct flight){ .link = link, .from = from, .len = len };
    memcpy(f->frame, frame, len);
    g_queue_push_tail(&link->flights[from], f);
    clock->depth++;             /* for what follows at the same time */
    f->event = clock_add(clock, clock->now_ns + link->o.delay_ns, arrive, f);
    clock->depth--;
}

void link_carry(struct device *from, const void *frame, size_t len)
{
    struct link *link = from->link;
    unsigned end;

    if (!link)
        return;
    end = link->end[1] == from;
    if (link->o.loss && rng_u32(&link->sim->rng) <= link->o.loss) {
        link->n_lost[end]++;
        trace_line(link->sim, "link %s > %s: lost len %zu", from->dev.name,
                   link->end[!end]->dev.name, len);
    } else if (!link->o.delay_ns && link->sim->clock.depth >= LINK_HOPS) {
        drop(link, end, "recursion limit", len);
    } else if (link->flights[end].length >= LINK_ROOM) {
        drop(link, end, "queue full", len);
    } else {
        depart(link, end, frame, len);
    }
}

static void print(GString *out, const struct link *link)
{
    for (unsigned i = 0; i < 2; i++)
        g_string_append_printf(out, "link %s > %s: %" PRIu64 " carried, %" PRIu64 " lost, %" PRIu64
                               " dropped, %u under way\n", link->end[i]->dev.name,
                               link->end[!i]->dev.name, link->n_carried[i], link->n_lost[i],
                               link->n_dropped[i], link->flights[i].length);
}

void link_summary(GString *out, const struct sim_ns *ns)
{
    for (guint i = 0; i < ns->devices->len; i++) {
        const struct device *d = g_ptr_array_index(ns->devices, i);

        if (d->link && d->link->end[0] == d)
            print(out, d->link);
    }
}
