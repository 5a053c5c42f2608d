/* pcap_out.h - records frames: a pcap file with nanosecond stamps, Ethernet.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_PCAP_OUT_H
#define SIM_PCAP_OUT_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct pcap_out;

/* NULL with 'e' if the file cannot be created. */
struct pcap_out *pcap_out_open(const char *path, struct err *e);

/* Appends a frame at 'time_ns' (since the start of the simulation). A failed write, or a frame that the format cannot hold (its
 * length, or 136 years of time), is kept and told by check and close. */
void pcap_out_put(struct pcap_out *out, uint64_t time_ns, const void *frame, size_t len);

/* The last part of its path, and how many frames it has. */
const char *pcap_out_name(const struct pcap_out *out);
uint64_t pcap_out_count(const struct pcap_out *out);

/* Writes out what is buffered. 0, or -errno of the first failure. */
int pcap_out_check(struct pcap_out *out, struct err *e);
/* The same, then frees it. NULL allowed. */
int pcap_out_close(struct pcap_out *out, struct err *e);

#endif
