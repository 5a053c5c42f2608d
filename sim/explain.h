/* explain.h - a trace arranged by packets: what has become of each, in words.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_EXPLAIN_H
#define SIM_EXPLAIN_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* Which packets. All members 0: all of them. */
struct explain_query {
    const char *name;           /* a device (what it received) or a pcap (what was recorded); NULL: any */
    uint64_t number;            /* of the packet there, or of all that came; from 1, 0: any */
    bool has_time;
    uint64_t time_ns;           /* when it came, since the start of the simulation */
};

/* "3", "p1:3", "p2.pcap:3". 'text' must live as long as the query. 0 or -EINVAL. */
int explain_parse(char *text, struct explain_query *q, struct err *e);

/* Appends the ways of these packets through the datapath; returns how many packets that are. */
unsigned explain_trace(const char *trace, const struct explain_query *q, GString *out);

#endif
