/* wire.c - the rows of wire.h. SPDX-License-Identifier: Apache-2.0 */
#include "base/wire.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

/* ---- numbers in memory and on the wire ---------------------------------------------------- */

/* Each value passes here: no copies of a length known only at run time. */
static inline uint64_t load(const void *mem, size_t size)
{
    union {
        uint16_t u16;
        uint32_t u32;
        uint64_t u64;
    } v;

    switch (size) {
    case 1:
        return *(const uint8_t *)mem;
    case 2:
        memcpy(&v.u16, mem, 2);
        return v.u16;
    case 4:
        memcpy(&v.u32, mem, 4);
        return v.u32;
    }
    g_assert(size == 8);
    memcpy(&v.u64, mem, 8);
    return v.u64;
}

static inline void store(void *mem, size_t size, uint64_t value)
{
    uint16_t u16 = (uint16_t)value;
    uint32_t u32 = (uint32_t)value;

    switch (size) {
    case 1:
        *(uint8_t *)mem = (uint8_t)value;
        return;
    case 2:
        memcpy(mem, &u16, 2);
        return;
    case 4:
        memcpy(mem, &u32, 4);
        return;
    }
    g_assert(size == 8);
    memcpy(mem, &value, 8);
}

uint64_t mem_get(const void *mem, size_t size)
{
    return load(mem, size);
}

void mem_put(void *mem, size_t size, uint64_t value)
{
    store(mem, size, value);
}

/* The other byte order of the low 'size' bytes, or the same where the machine is big-endian. */
static inline uint64_t be_swap(uint64_t value, size_t size)
{
    if (G_BYTE_ORDER == G_BIG_ENDIAN)
        return value;
    return GUINT64_SWAP_LE_BE(value) >> (64 - 8 * size);
}

static size_t wire_size(const struct wire *w, size_t mem_size)
{
    return w->size ? w->size : mem_size;
}

void wire_load(const struct wire *w, void *mem, size_t mem_size, const void *wire)
{
    size_t size = wire_size(w, mem_size);

    if (!w->is_num)
        memcpy(mem, wire, MIN(size, mem_size));
    else
        store(mem, mem_size, w->is_be ? be_swap(load(wire, size), size) : load(wire, size));
}

void wire_store(const struct wire *w, void *wire, const void *mem, size_t mem_size)
{
    size_t size = wire_size(w, mem_size);

    if (!w->is_num)
        memcpy(wire, mem, MIN(size, mem_size));
    else
        store(wire, size, w->is_be ? be_swap(load(mem, mem_size), size) : load(mem, mem_size));
}

/* ---- text --------------------------------------------------------------------------------- */

static void print_dec(GString *out, const void *mem, size_t size)
{
    g_string_append_printf(out, "%" PRIu64, mem_get(mem, size));
}

static void print_signed(GString *out, const void *mem, size_t size)
{
    int32_t value;

    g_assert(size == sizeof(value));
    memcpy(&value, mem, sizeof(value));
    g_string_append_printf(out, "%" PRId32, value);
}

/* Zero is "0", as printf's %#x has it. */
static void print_hex(GString *out, const void *mem, size_t size)
{
    g_string_append_printf(out, "%#" PRIx64, mem_get(mem, size));
}

/* EtherTypes always have four digits. */
static void print_hex4(GString *out, const void *mem, size_t size)
{
    g_string_append_printf(out, "0x%04" PRIx64, mem_get(mem, size));
}

static void print_dec_masked(GString *out, const void *mem, const void *mask, size_t size)
{
    print_dec(out, mem, size);
    g_string_append_c(out, '/');
    print_hex(out, mask, size);
}

static bool scan_num(struct scan *in, void *mem, size_t size)
{
    uint64_t value;

    if (!scan_u64(in, UINT64_MAX >> (64 - 8 * size), &value))
        return false;
    mem_put(mem, size, value);
    return true;
}

static bool scan_signed(struct scan *in, void *mem, size_t size)
{
    struct scan try = *in;
    bool is_negative = scan_char(&try, '-');
    uint64_t value;

    if (!scan_u64(&try, is_negative ? UINT64_C(1) << 31 : INT32_MAX, &value))
        return false;
    mem_put(mem, size, is_negative ? -value : value);
    *in = try;
    return true;
}

/* Takes 1 to 'max' hexadecimal digits. */
static bool scan_hex_digits(struct scan *in, size_t max, uint8_t *value)
{
    unsigned v = 0;
    size_t n = 0;

    for (; n < max && g_ascii_isxdigit(in->at[n]); n++)
        v = v << 4 | (unsigned)g_ascii_xdigit_value(in->at[n]);
    if (!n || v > UINT8_MAX)
        return false;
    in->at += n;
    *value = (uint8_t)v;
    return true;
}

static void print_mac(GString *out, const void *mem, size_t size)
{
    const uint8_t *p = mem;

    for (size_t i = 0; i < size; i++)
        g_string_append_printf(out, i ? ":%02x" : "%02x", p[i]);
}

static bool scan_mac(struct scan *in, void *mem, size_t size)
{
    struct scan try = *in;
    uint8_t mac[6];

    for (size_t i = 0; i < sizeof(mac); i++) {
        if ((i && !scan_char(&try, ':')) || !scan_hex_digits(&try, 2, &mac[i]))
            return false;
    }
    memcpy(mem, mac, MIN(size, sizeof(mac)));
    *in = try;
    return true;
}

static void print_ip(GString *out, int family, const void *mem)
{
    char text[INET6_ADDRSTRLEN];

    g_string_append(out, inet_ntop(family, mem, text, sizeof(text)));
}

/* Takes the longest run of characters an address can have, if it is one. */
static bool scan_ip(struct scan *in, int family, const char *chars, void *mem)
{
    size_t len = strspn(in->at, chars);
    char text[INET6_ADDRSTRLEN];

    if (!len || len >= sizeof(text))
        return false;
    memcpy(text, in->at, len);
    text[len] = '\0';
    if (inet_pton(family, text, mem) != 1)
        return false;
    in->at += len;
    return true;
}

static void print_ip4(GString *out, const void *mem, size_t size)
{
    (void)size;
    print_ip(out, AF_INET, mem);
}

static bool scan_ip4(struct scan *in, void *mem, size_t size)
{
    (void)size;
    return scan_ip(in, AF_INET, "0123456789.", mem);
}

static void print_ip6(GString *out, const void *mem, size_t size)
{
    (void)size;
    print_ip(out, AF_INET6, mem);
}

static bool scan_ip6(struct scan *in, void *mem, size_t size)
{
    (void)size;
    return scan_ip(in, AF_INET6, "0123456789abcdefABCDEF:.", mem);
}

static void print_bytes(GString *out, const void *mem, size_t size)
{
    const uint8_t *p = mem;

    for (size_t i = 0; i < size; i++)
        g_string_append_printf(out, "%02x", p[i]);
}

static bool scan_bytes(struct scan *in, void *mem, size_t size)
{
    const char *at = in->at;

    for (size_t i = 0; i < 2 * size; i++) {     /* none is written if one is missing */
        if (!g_ascii_isxdigit(at[i]))
            return false;
    }
    for (size_t i = 0; i < size; i++)
        scan_hex_digits(in, 2, (uint8_t *)mem + i);
    return true;
}

/* ---- rows --------------------------------------------------------------------------------- */

/* clang-format off */
#define NUM(text, bytes, be)                                                                      \
    { .name = text, .size = bytes, .is_num = true, .is_be = be,                                   \
      .print = print_dec, .scan = scan_num, .print_masked = print_dec_masked }
#define HEX(text, bytes, be, printer)                                                             \
    { .name = text, .size = bytes, .is_num = true, .is_be = be, .print = printer, .scan = scan_num }

const struct wire wire_u8    = NUM("u8", 1, false);
const struct wire wire_u16   = NUM("u16", 2, false);
const struct wire wire_u32   = NUM("u32", 4, false);
const struct wire wire_u64   = NUM("u64", 8, false);
const struct wire wire_s32   = { .name = "s32", .size = 4, .is_num = true, .print = print_signed,
                                 .scan = scan_signed };
const struct wire wire_be16  = NUM("be16", 2, true);
const struct wire wire_be32  = NUM("be32", 4, true);
const struct wire wire_be64  = NUM("be64", 8, true);
const struct wire wire_u8x   = HEX("u8x", 1, false, print_hex);
const struct wire wire_u16x  = HEX("u16x", 2, false, print_hex);
const struct wire wire_u32x  = HEX("u32x", 4, false, print_hex);
const struct wire wire_u64x  = HEX("u64x", 8, false, print_hex);
const struct wire wire_be16x = HEX("be16x", 2, true, print_hex4);
const struct wire wire_be32x = HEX("be32x", 4, true, print_hex);
const struct wire wire_be64x = HEX("be64x", 8, true, print_hex);
const struct wire wire_mac   = { .name = "mac", .size = 6, .print = print_mac, .scan = scan_mac };
const struct wire wire_ip4   = { .name = "ip4", .size = 4, .print = print_ip4, .scan = scan_ip4 };
const struct wire wire_ip6   = { .name = "ip6", .size = 16, .print = print_ip6, .scan = scan_ip6 };
const struct wire wire_bytes = { .name = "bytes", .print = print_bytes, .scan = scan_bytes };
/* clang-format on */
