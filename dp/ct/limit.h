/* limit.h - how many connections a zone may have (family ovs_ct_limit). Catalogue 09.7.
 *
 * Counted is what was committed while the zone had a limit, as nf_conncount does it: by tuple, so
 * that nobody has to tell when a connection ends. Those that are gone, and TCP ones that are closed,
 * leave the count when it matters.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DP_CT_LIMIT_H
#define DP_CT_LIMIT_H

#include <linux/openvswitch.h>

#include "dp/ct/conn.h"

#define CT_LIMIT_BUCKETS 512            /* of zones: GET of all follows them */

struct ct_zone_limit {
    uint16_t zone;
    uint32_t limit;                     /* 0: none */
};

/* Of a namespace; zeroed: no limits. */
struct ct_limits {
    uint32_t default_limit;             /* of zones that have none of their own; 0: none */
    GArray *bucket[CT_LIMIT_BUCKETS];   /* of struct ct_zone_limit, newest first; NULL: none yet */
    GHashTable *counted;                /* zone -> GArray of its connections, for look-up only */
};

void ct_limits_done(struct ct_limits *l);

/* 'zone' is 0..65535 or OVS_ZONE_LIMIT_DEFAULT_ZONE; others are ignored. */
void ct_limit_set(struct ct_limits *l, int zone, uint32_t limit);
void ct_limit_delete(struct ct_limits *l, int zone);
/* The limit that holds for a zone, 0: none. */
uint32_t ct_limit_of(const struct ct_limits *l, uint16_t zone);
/* Connections that are counted in a zone now. 't' is the namespace's table. */
uint32_t ct_limit_count(struct ct_limits *l, struct ct_table *t, uint16_t zone);

/* May this unconfirmed connection be committed in the zone of its tuple? Counts it: 0. -ENOMEM: one
 * too many, its packet is dropped. */
int ct_limit_admit(struct ct_limits *l, struct ct_conn *c);

#endif
