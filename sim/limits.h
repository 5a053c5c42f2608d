/* limits.h - what one client may use of a simulator: the rows, and values in their place.
 *
 * A client is a process, as SO_PEERCRED names it; what it passes on to others still counts as its own.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_LIMITS_H
#define SIM_LIMITS_H

#include <stdint.h>

#include "base/err.h"

enum limit {
    LIMIT_SOCKETS,
    LIMIT_CONNECTIONS,
    LIMIT_DESCRIPTORS,
    LIMIT_NAMESPACES,
    LIMIT_QUEUED,
    LIMIT_DUMPS,
    LIMIT_WAITS,
    LIMIT_TURN,
    N_LIMITS
};

struct limit_row {
    const char *name;
    uint64_t most;              /* unless told otherwise */
    int error;                  /* errno of what is refused, 0: nothing is, it has to wait */
    const char *what;           /* is limited */
    const char *refused;        /* what the client sees */
};

extern const struct limit_row limit_rows[N_LIMITS];

/* Values in place of the rows', 0: the row's. */
struct limits {
    uint64_t most[N_LIMITS];
};

uint64_t limits_most(const struct limits *l, enum limit limit);

/* "NAME=N", N from 1. -EINVAL with a sentence. */
int limits_scan(struct limits *l, const char *text, struct err *e);

#endif
