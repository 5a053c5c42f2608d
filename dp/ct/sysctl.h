/* sysctl.h - the variables of /proc/sys/net/netfilter/nf_conntrack_* that a namespace has: one row each, and one for
 * every timeout that a protocol's row names. Left out: log_invalid (nothing is logged), buckets (the
 * table grows by itself), dccp_loose (6.1 picks up no DCCP connection anyway), and those of fragments.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DP_CT_SYSCTL_H
#define DP_CT_SYSCTL_H

#include "base/err.h"
#include "dp/ct/conn.h"

/* Sets every variable that is no timeout to what a fresh kernel has. */
void ct_sysctl_init(struct ct_table *t);

/* 'name' is a file's: "nf_conntrack_tcp_loose". 0, or -ENOENT: there is none. */
int ct_sysctl_get(struct ct_table *t, const char *name, uint32_t *value, struct err *e);
/* 0, -ENOENT, -EACCES (it only tells), -EINVAL (out of range). */
int ct_sysctl_set(struct ct_table *t, const char *name, uint64_t value, struct err *e);

/* Calls 'fn' for each variable, without any order. */
void ct_sysctl_each(struct ct_table *t, void (*fn)(void *ctx, const char *name, uint32_t value),
                    void *ctx);

#endif
