/* oracle.h - what must hold of every program, beyond not crashing.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FUZZ_ORACLE_H
#define FUZZ_ORACLE_H

#include <stdio.h>

#include "fuzz/world.h"

/* Runs a program in the world and asks everything below of it; what costs much, of inputs whose hash says so. */
void oracle_run(const uint8_t *program, size_t len);
/* Figures of all of them so far. */
void oracle_report(FILE *out);

/* Packets born = packets accounted for; no packet is left that nobody holds. */
void oracle_accounts(const struct world *w);
/* The flow that the table finds for a frame on that port is the one found by comparing all flows, member by member; what the
 * caches find, too. */
void oracle_lookup(const struct world *w, const struct vport *v, const uint8_t *frame, size_t len);
/* Flows that are dumped, deleted and put as dumped are dumped again with the same bytes, but for statistics. */
void oracle_fixed_point(struct world *w);

/* ---- checksums ------------------------------------------------------------------------------------------ */

/* Of the frame's IPv4 header, and of TCP, UDP, ICMP or ICMPv6 in a whole datagram behind an IP header without extensions. */
struct oracle_sums oracle_sums_of(const uint8_t *frame, size_t len);
/* What was right stays right, what was wrong stays wrong. */
void oracle_sums(const struct oracle_sums *in, const struct oracle_sums *out);

#endif
