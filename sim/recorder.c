/* recorder.c - see recorder.h: the file, and what devices and the simulation itself put in it. What clients do
 * is in client_record.c. SPDX-License-Identifier: Apache-2.0 */
#include "sim/recorder.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>

#include "base/bytes.h"
#include "base/wire.h"
#include "sim/device.h"

/* The header of LINKTYPE_NETLINK, with PACKET_USER and PACKET_KERNEL as nlmon tells them. */
enum { COOKED_LEN = 16, HW_NETLINK = 824, TO_USER = 6, TO_KERNEL = 7 };

struct recorder {
    struct pcapng_out *out;     /* NULL: 'frame' is told instead */
    recorder_frame_fn *frame;
    void *frame_ctx;
    unsigned netlink;           /* interface */
    unsigned n_socks;
    GArray *processes;          /* of uint32_t: their pids */
    GArray *closed;             /* of unsigned: sockets, not told yet */
    uint64_t closed_ns;         /* when */
    GString *line;
};

static uint64_t now(const struct sim *sim)
{
    return sim->clock.now_ns - SIM_START_NS;
}

/* ---- events ---------------------------------------------------------------------------------- */

static int by_number(const void *a, const void *b)
{
    const unsigned *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

/* Where the next block goes: behind the sockets that ended before it. */
static struct pcapng_out *out_of(struct sim *sim)
{
    struct recorder *r = sim->recorder;
    char text[32];

    if (!r->closed->len)
        return r->out;
    g_array_sort(r->closed, by_number);
    for (guint i = 0; i < r->closed->len; i++) {
        g_snprintf(text, sizeof(text), "close sock=%u", g_array_index(r->closed, unsigned, i));
        pcapng_out_event(r->out, r->closed_ns, text);
    }
    g_array_set_size(r->closed, 0);
    return r->out;
}

void recorder_close_sock(struct sim *sim, unsigned number)
{
    struct recorder *r = sim->recorder;

    if (r->closed_ns != now(sim))
        (void)out_of(sim);
    r->closed_ns = now(sim);
    g_array_append_val(r->closed, number);
}

/* 'bytes' NULL: the line is all. */
static void __attribute__((format(printf, 4, 0)))
put_event(struct sim *sim, const void *bytes, size_t len, const char *fmt, va_list ap)
{
    struct recorder *r = sim->recorder;

    if (!r || !r->out)
        return;
    g_string_vprintf(r->line, fmt, ap);
    if (bytes) {
        g_string_append(r->line, " data=");
        wire_bytes.print(r->line, bytes, len);
    }
    pcapng_out_event(out_of(sim), now(sim), r->line->str);
}

void recorder_event(struct sim *sim, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    put_event(sim, NULL, 0, fmt, ap);
    va_end(ap);
}

void recorder_data(struct sim *sim, const void *bytes, size_t len, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    put_event(sim, bytes, len, fmt, ap);
    va_end(ap);
}

unsigned recorder_process(struct sim *sim, uint32_t pid)
{
    GArray *pids = sim->recorder->processes;
    guint i = 0;

    while (i < pids->len && g_array_index(pids, uint32_t, i) != pid)
        i++;
    if (i == pids->len)
        g_array_append_val(pids, pid);
    return i + 1;
}

unsigned recorder_next_sock(struct sim *sim)
{
    return ++sim->recorder->n_socks;
}

/* ---- packets --------------------------------------------------------------------------------- */

static char *name_of(const struct device *d)
{
    return d->ns->id ? g_strdup_printf("%s@netns %u", d->dev.name, d->ns->id)
                     : g_strdup(d->dev.name);
}

static unsigned interface_of(struct recorder *r, struct device *d)
{
    g_autofree char *name = NULL;

    if (d->capture)
        return d->capture;
    name = name_of(d);
    d->capture = pcapng_out_interface(r->out, name, PCAPNG_ETHERNET);
    return d->capture;
}

void recorder_frame(struct device *d, enum pcapng_direction direction, const void *frame, size_t len)
{
    struct sim *sim = d->ns->sim;
    struct recorder *r = sim->recorder;
    struct pcapng_packet p = { .direction = direction, .time_ns = now(sim), .data = frame,
                               .len = len, .comment = sim->is_fed ? "fed" : NULL };

    sim->is_fed = false;        /* what follows from it is not */
    if (r->frame) {
        g_autofree char *name = name_of(d);

        r->frame(r->frame_ctx, name, direction == PCAPNG_IN, frame, len);
        return;
    }
    p.interface = interface_of(r, d);
    pcapng_out_packet(out_of(sim), &p);
}

void recorder_netlink(struct sim *sim, enum pcapng_direction direction, int protocol,
                      const void *bytes, size_t len, const char *comment)
{
    uint8_t cooked[COOKED_LEN] = { 0 };
    struct pcapng_packet p = { .interface = sim->recorder->netlink, .direction = direction,
                               .time_ns = now(sim), .head = cooked, .head_len = sizeof(cooked),
                               .data = bytes, .len = len, .comment = comment };

    be16_put(cooked, direction == PCAPNG_IN ? TO_KERNEL : TO_USER);
    be16_put(cooked + 2, HW_NETLINK);
    be16_put(cooked + 14, (uint16_t)protocol);
    pcapng_out_packet(out_of(sim), &p);
}

/* ---- life ------------------------------------------------------------------------------------ */

static void put_world(struct sim *sim)
{
    const struct sim_options *o = &sim->options;
    const struct chance_options *c = &o->chance;

    recorder_event(sim, "world seed=%" PRIu64 " cpus=%u shows_cpus=%d one_cpu=%d no_features=0x%x"
                   " upcall_order=%d min_delay=%" PRIu64 " max_delay=%" PRIu64 " loss=%u rx=%d rx_cpu=%u",
                   o->seed, o->n_cpus, o->shows_cpus, o->is_on_one_cpu, o->no_features, (int)c->order,
                   c->min_delay_ns, c->max_delay_ns, c->loss, (int)c->rx, c->rx_cpu);
}

static struct recorder *recorder_new(void)
{
    struct recorder *r = g_new0(struct recorder, 1);

    r->line = g_string_new(NULL);
    r->processes = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    r->closed = g_array_new(FALSE, FALSE, sizeof(unsigned));
    return r;
}

int recorder_open(struct sim *sim, const char *path, struct err *e)
{
    struct pcapng_out *out;

    if (sim->recorder)
        return err_set(e, EBUSY, "%s: the simulation is being recorded already", path);
    out = pcapng_out_open(path, e);
    if (!out)
        return -e->code;
    sim->recorder = recorder_new();
    sim->recorder->out = out;
    sim->recorder->netlink = pcapng_out_interface(out, "netlink", PCAPNG_NETLINK);
    put_world(sim);
    if (sim->scenario)
        recorder_event(sim, "do");      /* as scenario_get() would have said */
    return 0;
}

void recorder_listen(struct sim *sim, recorder_frame_fn *frame, void *ctx)
{
    sim->recorder = recorder_new();
    sim->recorder->frame = frame;
    sim->recorder->frame_ctx = ctx;
}

int recorder_close(struct sim *sim, struct err *e)
{
    struct recorder *r = sim->recorder;
    int rc;

    if (!r)
        return 0;
    recorder_event(sim, "end");
    rc = r->out ? pcapng_out_close(r->out, e) : 0;
    g_array_unref(r->processes);
    g_array_unref(r->closed);
    g_string_free(r->line, TRUE);
    g_free(r);
    sim->recorder = NULL;
    return rc;
}
