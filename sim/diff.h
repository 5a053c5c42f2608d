/* diff.h - differences between an expected and an actual file, in words a person reads.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_DIFF_H
#define SIM_DIFF_H

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

/* Appends the headers of a frame as a flow key: "eth(src=...),eth_type(0x0800),ipv4(...)". */
void diff_print_frame(GString *out, const uint8_t *frame, size_t len);

/* Compare two files that are known to differ, packet by packet or line by line; the first
 * few differences are appended to 'out'. */
void diff_pcaps(GString *out, const char *expected, const char *actual);
void diff_texts(GString *out, const char *expected, const char *actual);

#endif
