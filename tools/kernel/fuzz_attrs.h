/* fuzz_attrs.h - values and attributes in the language of recorded cases.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_KERNEL_FUZZ_ATTRS_H
#define TOOLS_KERNEL_FUZZ_ATTRS_H

#include <glib.h>

#include "fuzz/program.h"
#include "tools/kernel/fuzz_rows.h"

/* A list of attributes being printed: of a request, where numbers stand for others, or of an answer. */
struct fuzz_printer {
    GString *out;
    const struct program_numbers *numbers;      /* NULL: a request */
    unsigned depth;
};

/* "KEY{IN_PORT=01000000} ACTIONS": 'len' bytes of attributes by the names of 'nest'. */
void fuzz_put_attrs(struct fuzz_printer *p, const uint8_t *attrs, size_t len, const struct fuzz_nest *nest);

void fuzz_put_hex(GString *out, const uint8_t *bytes, size_t len);
/* Bytes of a request from a multiple of four on: hexadecimal, "+@d0+" where a word stands for another. */
void fuzz_put_request_value(GString *out, const uint8_t *bytes, size_t len);
/* "d0" of a word of a request that stands for a number, or NULL. */
const char *fuzz_stand_in(uint32_t word);
/* "@s0", "@d0" of numbers of an answer; a number that has no name, "?" for an ifindex. */
void fuzz_put_portid(GString *out, uint32_t portid, const struct program_numbers *numbers);
void fuzz_put_ifindex(GString *out, uint32_t ifindex, const struct program_numbers *numbers);

#endif
