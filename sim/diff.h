/* diff.h - differences between two files of recordings, in words a person reads.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_DIFF_H
#define SIM_DIFF_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/pcap_in.h"

/* Appends the headers of a frame as a flow key: "eth(src=...),eth_type(0x0800),ipv4(...)". */
void diff_print_frame(GString *out, const uint8_t *frame, size_t len);

/* Two files, and what each is called ("expected", "got"). */
struct diff_files {
    const char *a, *b;
    const char *a_name, *b_name;
};

/* Where recordings begin to differ. */
struct diff_spot {
    char file[256];             /* "" if it is no capture */
    uint64_t packet;            /* counted from 1; 0: no packet differs */
    uint64_t time_ns;           /* ... of the first file, or of the second if it has it alone */
    bool is_only_a;             /* ... is one that the second file has not, or not from there on */
};

/* Appends how two files differ that are known to: packets of captures (*.pcap), lines of text, or
 * bytes. 'spot' is filled in if it is a capture, and not filled in yet. */
void diff_files(GString *out, const struct diff_files *files, const char *name,
                struct diff_spot *spot);

/* Appends two packets (NULL: there is none) side by side, a field on a line, '|' where they differ. */
void diff_packets(GString *out, const struct diff_files *names, const struct pcap_in_frame *a,
                  const struct pcap_in_frame *b);

#endif
