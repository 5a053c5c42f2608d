/* meter.c - see meter.h. SPDX-License-Identifier: Apache-2.0 */
#include "dp/meter.h"

#include <errno.h>
#include <glib.h>
#include <linux/openvswitch.h>
#include <string.h>

#define MIN_SLOTS 1024u

/* ---- slots --------------------------------------------------------------------------------------- */

void meter_table_init(struct meter_table *t)
{
    *t = (struct meter_table){.slot = g_new0(struct meter *, MIN_SLOTS), .n_slots = MIN_SLOTS};
}

void meter_table_done(struct meter_table *t)
{
    for (uint32_t i = 0; i < t->n_slots; i++)
        g_free(t->slot[i]);
    g_free(t->slot);
}

struct meter *meter_find(const struct meter_table *t, uint32_t id)
{
    struct meter *m = t->slot[id % t->n_slots];

    return m && m->id == id ? m : NULL;
}

/* Meters keep their slot's index, so that one with a folded id can no longer be found. */
static void resize(struct meter_table *t, uint32_t n_slots)
{
    struct meter **slot = g_new0(struct meter *, n_slots);

    memcpy(slot, t->slot, MIN(n_slots, t->n_slots) * sizeof(*slot));
    g_free(t->slot);
    t->slot = slot;
    t->n_slots = n_slots;
}

bool meter_table_grows(const struct meter_table *t)
{
    return t->n_meters + 1 >= t->n_slots;
}

int meter_insert(struct meter_table *t, struct meter **m, struct err *e)
{
    uint32_t id = (*m)->id;

    if (t->n_meters + 1 >= METER_MAX)
        return err_set(e, EFBIG, "there are %u meters already", t->n_meters);
    if (t->slot[id % t->n_slots])
        return err_set(e, EBUSY, "meter %u: its slot is taken by meter %u", id,
                       t->slot[id % t->n_slots]->id);
    t->slot[id % t->n_slots] = g_steal_pointer(m);
    if (meter_table_grows(t))
        resize(t, 2 * t->n_slots);
    t->n_meters++;
    return 0;
}

static void shrink(struct meter_table *t)
{
    uint32_t half = t->n_slots / 2;

    if (t->n_slots <= MIN_SLOTS || t->n_meters > t->n_slots / 4)
        return;
    for (uint32_t i = half; i < t->n_slots; i++) {
        if (t->slot[i])
            return;
    }
    resize(t, half);
}

struct meter *meter_remove(struct meter_table *t, uint32_t id)
{
    struct meter *m = meter_find(t, id);

    if (!m)
        return NULL;
    t->slot[id % t->n_slots] = NULL;
    t->n_meters--;
    shrink(t);
    return m;
}

/* ---- rate ---------------------------------------------------------------------------------------- */

static uint64_t bucket_size(const struct meter *m)
{
    return (uint64_t)m->band.burst * 1000;
}

void meter_start(struct meter *m, uint64_t now_ms)
{
    m->used_ms = now_ms;
    if (!m->has_band)
        return;
    m->band.bucket = bucket_size(m);
    m->max_delta_ms = (uint32_t)(bucket_size(m) / m->band.rate);
}

static void count(struct meter_stats *s, uint32_t len)
{
    s->n_packets++;
    s->n_bytes += len;
}

bool meter_exceeds(struct meter *m, uint32_t len, uint64_t now_ms)
{
    uint32_t delta = (uint32_t)MIN(now_ms - m->used_ms, m->max_delta_ms);
    uint64_t cost = m->is_kbps ? (uint64_t)len * 8 : 1000;

    m->used_ms = now_ms;
    count(&m->stats, len);
    if (!m->has_band)
        return false;
    /* The kernel multiplies 32 bits: a huge refill wraps. */
    m->band.bucket = MIN(m->band.bucket + (uint32_t)(delta * m->band.rate), bucket_size(m));
    if (m->band.bucket >= cost) {
        m->band.bucket -= cost;
        return false;
    }
    count(&m->band.stats, len);
    return m->band.type == OVS_METER_BAND_TYPE_DROP;
}
