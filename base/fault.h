/* fault.h - places where the kernel can fail, each with a name, and the hook that decides whether it does.
 *
 * netlink/fault.h and dp/fault.h have the rows; sim/fault.h counts and fails them.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include <stdbool.h>

/* What becomes of it. */
enum fault_effect {
    FAULT_REFUSES,          /* the request is answered with 'error' */
    FAULT_ENDS_DUMP,        /* the dump's DONE says 'error' */
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
    const char *what;       /* what fails */
    const char *then;       /* what the kernel does then */
};

struct fault_hook {
    bool (*strikes)(void *ctx, const struct fault_point *point);
    void *ctx;
};

/* Does this call fail? 'hook' NULL: nothing does. */
static inline bool fault_strikes(const struct fault_hook *hook, const struct fault_point *point)
{
    return hook && hook->strikes(hook->ctx, point);
}

#endif
