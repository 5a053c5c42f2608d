/* pcap_in.h - reads frames from a pcap or pcapng file, one at a time.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_PCAP_IN_H
#define SIM_PCAP_IN_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

struct pcap_in;

struct pcap_in_frame {
    const uint8_t *data;        /* borrowed until the next call */
    size_t len;
    int64_t time_ns;            /* stamp of the file, nanoseconds */
};

/* NULL with 'e': cannot be read, is no capture file, or holds no Ethernet frames. */
struct pcap_in *pcap_in_open(const char *path, struct err *e);
/* The same of an open file, which it closes, also when it fails; errors call it 'name'. */
struct pcap_in *pcap_in_read(FILE *file, const char *name, struct err *e);
void pcap_in_close(struct pcap_in *in);         /* NULL allowed */

/* 1: a frame, 0: the end, -EBADMSG: the file is damaged from here on (packets before the damage
 * were handed out); 'e' names file, packet and rule. */
int pcap_in_next(struct pcap_in *in, struct pcap_in_frame *frame, struct err *e);

#endif
