/* nat_int.h - what the files of NAT share. SPDX-License-Identifier: Apache-2.0 */
#ifndef DP_CT_NAT_INT_H
#define DP_CT_NAT_INT_H

#include "dp/ct/nat.h"

/* get_unique_tuple: what connection 'c', whose packets look like 'from' so far, shall look like after manipulation
 * of one end: as 'range' says and, where it leaves a choice, so that no other connection's answers are
 * taken for its own (nat_unique.c). */
struct ct_tuple ct_nat_unique(const struct ct_conn *c, const struct ct_tuple *from,
                              const struct ct_nat_range *range, enum ct_manip manip);

/* Connections by their original source, so that one source stays behind one address (nat_source.c). */
void ct_nat_source_add(struct ct_conn *c);
/* The connection of the same source and zone that is next older than 'prev' (NULL: the youngest), or NULL. */
const struct ct_conn *ct_nat_source_next(const struct ct_table *t, const struct ct_tuple *source,
                                         const struct ct_conn *prev);

#endif
