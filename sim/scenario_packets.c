/* scenario_packets.c - scenario commands that feed, record and count frames.
 *
 * How it works: an injection is one event of the clock that hands over its frame and reads the next
 * one. As long as nothing else is due before that, it goes on without a new event.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "sim/chance.h"
#include "sim/pcap_in.h"
#include "sim/scenario_int.h"

struct recording {
    char *path;
    struct pcap_out *out;
};

struct injection {
    struct scenario *scn;
    const struct sim_ns *ns;
    int ifindex;
    struct pcap_in *in;
    struct pcap_in_frame frame;     /* the next one */
    uint64_t event;
    uint64_t start_ns;              /* virtual time of the first frame */
    int64_t first_ns;               /* its stamp in the file */
    uint64_t n_left;                /* frames that may still be handed over */
};

/* ---- inject ---------------------------------------------------------------------------------- */

static void injection_end(struct injection *inj)
{
    struct scenario *scn = inj->scn;

    clock_cancel(&scn->sim->clock, inj->event);
    pcap_in_close(inj->in);
    g_ptr_array_remove(scn->injections, inj);
    g_free(inj);
    if (scn->is_running && !scn->injections->len)
        clock_stop(&scn->sim->clock);
}

/* Stamps may step back in a file; virtual time does not. */
static uint64_t frame_time(const struct injection *inj)
{
    int64_t distance = inj->frame.time_ns - inj->first_ns;
    uint64_t at = distance > 0 ? inj->start_ns + (uint64_t)distance : inj->start_ns;

    return MAX(at, inj->scn->sim->clock.now_ns);
}

static int next_frame(struct injection *inj, struct err *e)
{
    if (!inj->n_left)
        return 0;
    inj->n_left--;
    return pcap_in_next(inj->in, &inj->frame, e);
}

static void feed(struct device *d, const void *frame, size_t len)
{
    struct sim *sim = d->ns->sim;

    sim->is_fed = true;
    chance_receive(d, frame, len);
    sim->is_fed = false;
}

static void inject_frames(void *ctx)
{
    struct injection *inj = ctx;
    struct scenario *scn = inj->scn;
    struct device *d = device_by_index(inj->ns, inj->ifindex);
    struct err e = { 0 };
    int r = 0;

    if (!d)
        r = err_set(&e, ENODEV, "inject: the device has gone before the last frame");
    while (d) {
        feed(d, inj->frame.data, inj->frame.len);
        r = next_frame(inj, &e);
        if (r <= 0 || !clock_step(&scn->sim->clock, frame_time(inj)))
            break;
    }
    if (r > 0) {
        inj->event = clock_add(&scn->sim->clock, frame_time(inj), inject_frames, inj);
        return;
    }
    if (r < 0 && !scn->failed.code)
        scn->failed = e;
    injection_end(inj);
}

static int skip_frames(struct injection *inj, uint64_t n, struct err *e)
{
    int r = 1;

    while (r > 0 && n--)
        r = pcap_in_next(inj->in, &inj->frame, e);
    return r;
}

/* Feeds from frame 'first' on, counted from 1, 'count' of them. */
static int injection_start(struct scenario *scn, const struct device *d, const char *path,
                           const struct scn_number part[2], struct err *e)
{
    struct injection *inj = g_new0(struct injection, 1);
    int r;

    *inj = (struct injection){ .scn = scn, .ns = d->ns, .ifindex = d->dev.ifindex,
                               .n_left = part[1].value };
    g_ptr_array_add(scn->injections, inj);
    inj->in = pcap_in_open(path, e);
    r = inj->in ? skip_frames(inj, part[0].value - 1, e) : -e->code;
    if (r > 0)
        r = next_frame(inj, e);
    if (r <= 0) {
        injection_end(inj);
        return r;
    }
    inj->start_ns = scn->sim->clock.now_ns;
    inj->first_ns = inj->frame.time_ns;
    inj->event = clock_add(&scn->sim->clock, inj->start_ns, inject_frames, inj);
    return 0;
}

int scn_inject(struct scenario *scn, struct scan *args, GString *out, struct err *e)
{
    struct scn_number part[] = {
        { .name = "first", .max = UINT64_MAX, .value = 1 },
        { .name = "count", .max = UINT64_MAX, .value = UINT64_MAX },
    };
    struct device *d = NULL;
    char name[PATH_MAX], *path;
    int r;

    (void)out;
    if ((r = scn_device(scn, args, &d, e)) ||
        (r = scn_word(args, "a pcap file", name, sizeof(name), e)) ||
        (r = scn_numbers(args, part, G_N_ELEMENTS(part), e)) || (r = scn_end(args, e)))
        return r;
    if (!part[0].value)
        return err_set(e, EINVAL, "inject: frames are counted from first=1");
    path = scn_path(scn, name, false, e);
    r = path ? injection_start(scn, d, path, part, e) : -e->code;
    g_free(path);
    return r;
}

void scn_injections_end(struct scenario *scn)
{
    while (scn->injections->len)
        injection_end(g_ptr_array_index(scn->injections, 0));
}

int scn_failure(struct scenario *scn, struct err *e)
{
    struct err failed = scn->failed;

    scn->failed.code = 0;
    if (failed.code && e)
        *e = failed;
    return -failed.code;
}

int scn_run_injections(struct scenario *scn, struct err *e)
{
    if (scn->injections->len) {
        scn->is_running = true;
        clock_advance(&scn->sim->clock, UINT64_MAX);
        scn->is_running = false;
    }
    return scn_failure(scn, e);
}

int scn_run(struct scenario *scn, struct scan *args, GString *out, struct err *e)
{
    int r = scn_end(args, e);

    (void)out;
    return r ? r : scn_run_injections(scn, e);
}

int scn_send(struct scenario *scn, struct scan *args, GString *out, struct err *e)
{
    GByteArray *frame = g_byte_array_new();
    struct device *d = NULL;
    int r;

    (void)out;
    if (!(r = scn_device(scn, args, &d, e)) && !(r = scn_hex(args, frame, e)) &&
        !(r = scn_end(args, e)))
        chance_receive(d, frame->data, frame->len);
    g_byte_array_free(frame, TRUE);
    return r;
}

/* ---- record ---------------------------------------------------------------------------------- */

static struct pcap_out *recording_open(struct scenario *scn, const char *path, struct err *e)
{
    struct recording *rec;
    struct pcap_out *out;

    for (guint i = 0; i < scn->recordings->len; i++) {
        rec = g_ptr_array_index(scn->recordings, i);
        if (!strcmp(rec->path, path))
            return rec->out;
    }
    out = pcap_out_open(path, e);
    if (!out)
        return NULL;
    rec = g_new(struct recording, 1);
    *rec = (struct recording){ g_strdup(path), out };
    g_ptr_array_add(scn->recordings, rec);
    return out;
}

int scn_record(struct scenario *scn, struct scan *args, GString *out, struct err *e)
{
    struct device *d = NULL;
    struct pcap_out *file;
    char name[PATH_MAX], *path;
    int r;

    (void)out;
    if ((r = scn_device(scn, args, &d, e)) ||
        (r = scn_word(args, "a pcap file", name, sizeof(name), e)) || (r = scn_end(args, e)))
        return r;
    path = scn_path(scn, name, true, e);
    file = path ? recording_open(scn, path, e) : NULL;
    g_free(path);
    if (!file)
        return -e->code;
    d->out = file;
    return 0;
}

int scn_recordings_check(const struct scenario *scn, struct err *e)
{
    int r = 0;

    for (guint i = 0; !r && i < scn->recordings->len; i++)
        r = pcap_out_check(((struct recording *)g_ptr_array_index(scn->recordings, i))->out, e);
    return r;
}

/* Devices point to recordings that are about to end. */
static void forget_recordings(struct sim *sim)
{
    for (guint i = 0; i < sim->namespaces->len; i++) {
        const struct sim_ns *ns = g_ptr_array_index(sim->namespaces, i);

        for (guint j = 0; j < ns->devices->len; j++)
            ((struct device *)g_ptr_array_index(ns->devices, j))->out = NULL;
    }
}

int scn_recordings_close(struct scenario *scn, struct err *e)
{
    struct err own, first = { 0 };

    forget_recordings(scn->sim);
    for (guint i = 0; i < scn->recordings->len; i++) {
        struct recording *rec = g_ptr_array_index(scn->recordings, i);

        if (pcap_out_close(rec->out, &own) && !first.code)
            first = own;
        g_free(rec->path);
        g_free(rec);
    }
    g_ptr_array_set_size(scn->recordings, 0);
    if (first.code && e)
        *e = first;
    return -first.code;
}

/* ---- expect ---------------------------------------------------------------------------------- */

int scn_expect(struct scenario *scn, struct scan *args, GString *out, struct err *e)
{
    struct scn_number want[] = {
        { .name = "packets", .max = UINT64_MAX },
        { .name = "bytes", .max = UINT64_MAX },
    };
    struct device *d = NULL;
    int r;

    (void)out;
    if ((r = scn_device(scn, args, &d, e)) ||
        (r = scn_numbers(args, want, G_N_ELEMENTS(want), e)) || (r = scn_end(args, e)))
        return r;
    return scn_compare(want, (const uint64_t[]){ d->n_tx, d->tx_bytes }, G_N_ELEMENTS(want),
                       d->dev.name, e);
}
