/* timeout.h - timeout policies: a protocol's timeouts under a name, chosen by ct(timeout=).
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DP_CT_TIMEOUT_H
#define DP_CT_TIMEOUT_H

#include "dp/ct/proto.h"

#define CT_TIMEOUT_NAME_MAX 32          /* with its NUL */

struct ct_timeout {
    char name[CT_TIMEOUT_NAME_MAX];
    uint16_t l3_number;                 /* CTA_TIMEOUT_L3PROTO as given: AF_* */
    const struct ct_proto *proto;
    uint32_t use;                       /* references: the table's own, flows */
    uint32_t seconds[16];               /* as many as the row has */
};

/* A new policy; the table owns it. The name is free. */
struct ct_timeout *ct_timeout_new(struct ct_table *t, const char *name, uint16_t l3_number,
                                  const struct ct_proto *proto);
/* 0, or -EBUSY: flows refer to it. Connections go on with the defaults. */
int ct_timeout_delete(struct ct_table *t, struct ct_timeout *p);
/* By name only; borrowed. NULL: none. */
struct ct_timeout *ct_timeout_by_name(const struct ct_table *t, const char *name);

/* By name, for a flow of this kind of packet; a reference for the caller. NULL: none that fits. */
struct ct_timeout *ct_timeout_find(struct ct_table *t, const char *name, uint8_t l3, uint8_t l4);
void ct_timeout_put(struct ct_timeout *p);      /* NULL allowed */

/* Drops the table's references. */
void ct_timeouts_done(struct ct_table *t);

#endif
