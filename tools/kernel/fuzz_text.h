/* fuzz_text.h - requests and answers of fuzz programs in the language of recorded cases. docs/kernel-run.md
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_KERNEL_FUZZ_TEXT_H
#define TOOLS_KERNEL_FUZZ_TEXT_H

#include <glib.h>

#include "fuzz/program.h"
#include "netlink/family.h"

/* Names of the sockets, "s0", and of the devices, "d0". */
extern const char *const fuzz_socks[N_PROGRAM_SOCKS];
extern const char *const fuzz_devices[PROGRAM_PORTS + 1];

/* Appends a step as a line: "req s0 ovs_flow NEW ...", "send s0 HEX", "inject p1 HEX", "sleep MS". */
void fuzz_text_step(GString *out, const struct netlink *nl, const struct program_step *step);

/* One side's answers. */
struct fuzz_answer {
    const struct netlink *nl;
    const struct program_numbers *numbers;      /* of that side */
    const struct program_step *step;            /* that is answered */
    enum program_who who;
};

/* Appends one line without its end for each message of the datagram to 'lines' (char *). What two runs may differ in has a name
 * in place of a value: @d0, @s0, TIME, CHANCE. Parts of dumps begin with '*', which is to be taken away after sorting. */
void fuzz_text_answer(GPtrArray *lines, const struct fuzz_answer *a, const uint8_t *bytes, size_t len);

#endif
