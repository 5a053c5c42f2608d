/* fault.h - places where the kernel can fail, each with a name, and the hook that decides whether it does.
 *
 * netlink/fault.h and dp/fault.h have the rows; sim/fault.h counts and fails them.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include <stdbool.h>

#include "base/err.h"

/* What becomes of it. */
enum fault_effect {
    FAULT_REFUSES,          /* the request is answered with 'error' */
    FAULT_FAILS_CALL,       /* the client's system call returns 'error' */
    FAULT_SOCKET,           /* 'error' is pending at a socket */
    FAULT_DROPS,            /* the packet is dropped and counted; an execute request says 'error' */
    FAULT_LOSES_COPY,       /* one copy of the packet is dropped, the packet goes on */
    FAULT_LOSES_MESSAGE,    /* a message does not arrive; nobody is refused anything */
    FAULT_GOES_ON,          /* somebody does without: slower, later or less */
    N_FAULT_EFFECTS
};

struct fault_point {
    const char *name;
    enum fault_effect effect;
    int error;              /* positive errno that a client sees; 0: none */
    const char *where;      /* the kernel's function */
    const char *what;       /* what it does not get */
    const char *then;       /* what it does then */
};

struct fault_hook {
    bool (*strikes)(void *ctx, const struct fault_point *point);
    /* A request begins, or is over with result 'rc' (1: nothing more is said). They nest. NULL: nobody wants to know. */
    void (*request)(void *ctx, bool is_over, int rc);
    void *ctx;
};

/* Fills 'e' with the point's error and a sentence that names it; returns -error. */
int fault_set(const struct fault_point *point, struct err *e);

/* Does this call fail? 'hook' NULL: nothing does. */
static inline bool fault_strikes(const struct fault_hook *hook, const struct fault_point *point)
{
    return hook && hook->strikes(hook->ctx, point);
}

#endif
