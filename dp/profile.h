/* profile.h - which kernel is emulated. Rows say since and until when they exist; a later kernel is
 * another profile, not another branch.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DP_PROFILE_H
#define DP_PROFILE_H

#include <stdbool.h>
#include <stdint.h>

#define KVER(major, minor) ((major)*1000u + (minor))

struct profile {
    const char *name, *release;     /* the latter as uname tells it */
    uint16_t kernel;                /* KVER */
};

/* Debian 12's 6.1.192. */
extern const struct profile profile_6_1;

/* Does a row with these versions exist? 0: always, never ended. */
static inline bool profile_has(const struct profile *p, uint16_t since, uint16_t until)
{
    return p->kernel >= since && (!until || p->kernel < until);
}

#endif
