/* meter.h - meters of a datapath: token buckets by id, in the kernel's slots. Catalogue 10.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DP_METER_H
#define DP_METER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define METER_MAX 200000u           /* MAX_METERS; one less can be used */
#define METER_MAX_BANDS 1u

struct meter_stats {
    uint64_t n_packets, n_bytes;
};

struct meter {
    uint32_t id;
    bool is_kbps;                   /* rate in kilobit/s, else in packets/s */
    bool keeps_stats;               /* set without CLEAR */
    bool has_band;
    uint32_t max_delta_ms;          /* a longer pause refills no more than this */
    uint64_t used_ms;
    struct meter_stats stats;
    struct {
        uint32_t type, rate, burst;
        uint64_t bucket;            /* thousandths of a packet, or bits */
        struct meter_stats stats;
    } band;
};

struct meter_table {
    struct meter **slot;
    uint32_t n_slots, n_meters;
};

void meter_table_init(struct meter_table *t);
void meter_table_done(struct meter_table *t);       /* frees every meter */

struct meter *meter_find(const struct meter_table *t, uint32_t id);     /* NULL: none */
/* Takes *m. 0; -EFBIG: too many; -EBUSY: its slot is taken; then *m stays the caller's. */
bool meter_table_grows(const struct meter_table *t);     /* with one more meter */
int meter_insert(struct meter_table *t, struct meter **m, struct err *e);
struct meter *meter_remove(struct meter_table *t, uint32_t id);     /* the caller's; NULL: none */

/* A full bucket from now on. */
void meter_start(struct meter *m, uint64_t now_ms);
/* Counts a packet of 'len' bytes. True: it exceeds the rate and is to be dropped. */
bool meter_exceeds(struct meter *m, uint32_t len, uint64_t now_ms);

#endif
