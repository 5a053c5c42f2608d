/* wire.h - the wire types: how a value lies in a message, in memory and in text. One row each.
 *
 * Numbers are host order in memory and may be narrower there than on the wire (the
 * kernel keeps an ARP opcode in one byte); addresses and opaque bytes are the same in
 * both. 'is_num' tells the two kinds apart.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_WIRE_H
#define BASE_WIRE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/scan.h"

/* Prints a value, or takes one from text, in memory form ('size' bytes). scan returns
 * false if the text is not such a value. */
struct wire {
    const char *name;       /* as in docs/attributes.md: "be16", "ip4", ... */
    uint8_t size;           /* bytes on the wire; 0: as many as the field says */
    bool is_num;            /* host-order integer in memory */
    bool is_be;             /* number is big-endian on the wire */
    bool is_enum;           /* number of a name: a mask that is not all ones has no text */
    uint32_t bits;          /* of a number, the ones that text shows and masks; 0: all */
    void (*print)(GString *out, const void *mem, size_t size);
    bool (*scan)(struct scan *in, void *mem, size_t size);
    /* A value under a mask that is neither all zeros nor all ones. NULL: print(value),
     * '/', print(mask), and the same back. scan_masked reads unmasked text too (mask: ones). */
    void (*print_masked)(GString *out, const void *mem, const void *mask, size_t size);
    bool (*scan_masked)(struct scan *in, void *mem, void *mask, size_t size);
};

/* Decimal text unless the name ends in x (0x...). */
extern const struct wire wire_u8, wire_u8x, wire_u16, wire_u16x, wire_u32, wire_u32x, wire_u64,
    wire_u64x, wire_s32, wire_be16, wire_be16x, wire_be32, wire_be32x, wire_be64, wire_be64x;
/* Addresses in their usual text; bytes: hexadecimal, as many as the field holds. */
extern const struct wire wire_mac, wire_ip4, wire_ip6, wire_bytes;

/* A number of 'size' (1, 2, 4, 8) bytes in memory, host order. */
uint64_t mem_get(const void *mem, size_t size);
void mem_put(void *mem, size_t size, uint64_t value);

/* Copies a value from its wire form to 'mem' (numbers are converted; a narrower
 * memory form keeps the low bytes) and back (a wider wire form is zero-extended). */
void wire_load(const struct wire *w, void *mem, size_t mem_size, const void *wire);
void wire_store(const struct wire *w, void *wire, const void *mem, size_t mem_size);

#endif
