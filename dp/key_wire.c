/* key_wire.c - wire types that only flow keys have, and the text of flags.
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "dp/key_hooks.h"
#include "dp/key_text.h"

/* ---- flags -------------------------------------------------------------------------------- */

/* "0x" + hexadecimal for what has no name; "0" if there is nothing at all. */
void flags_format(GString *out, const struct flag_names *names, uint32_t flags)
{
    const char *separator = "";

    for (size_t bit = 0; bit < names->n; bit++) {
        if (!(flags >> bit & 1))
            continue;
        g_string_append_printf(out, "%s%s", separator, names->name[bit]);
        flags &= ~(UINT32_C(1) << bit);
        separator = "|";
    }
    if (flags)
        g_string_append_printf(out, "%s%#" PRIx32, separator, flags);
    else if (!*separator)
        g_string_append_c(out, '0');
}

void flags_format_masked(GString *out, const struct flag_names *names, uint32_t flags,
                         uint32_t mask)
{
    if (!mask) {
        g_string_append(out, "0/0");
        return;
    }
    if (mask >> names->n) {                 /* bits that the signed form cannot name */
        g_string_append_printf(out, "%#" PRIx32 "/%#" PRIx32, flags, mask);
        return;
    }
    for (size_t bit = 0; bit < names->n; bit++) {
        if (mask >> bit & 1)
            g_string_append_printf(out, "%c%s", flags >> bit & 1 ? '+' : '-', names->name[bit]);
    }
}

static bool ends_flag(char c)
{
    return !c || strchr("+-|/,) \t", c);
}

/* Takes the name of a flag; 0: there is none. */
static uint32_t scan_flag(struct scan *in, const struct flag_names *names)
{
    for (size_t bit = 0; bit < names->n; bit++) {
        size_t len = strlen(names->name[bit]);

        if (strncmp(in->at, names->name[bit], len) || !ends_flag(in->at[len]))
            continue;
        in->at += len;
        return UINT32_C(1) << bit;
    }
    return 0;
}

/* "+syn-ack": each flag at most once. */
static bool scan_signed(struct scan *in, const struct flag_names *names, uint32_t *flags,
                        uint32_t *mask)
{
    *flags = *mask = 0;
    while (*in->at == '+' || *in->at == '-') {
        bool is_set = *in->at++ == '+';
        uint32_t flag = scan_flag(in, names);

        if (!flag || *mask & flag)
            return false;
        *mask |= flag;
        if (is_set)
            *flags |= flag;
    }
    return true;
}

/* "syn|ack|0x200" */
static bool scan_alternatives(struct scan *in, const struct flag_names *names, uint32_t *flags)
{
    *flags = 0;
    do {
        uint64_t number;

        if (scan_u64(in, UINT32_MAX, &number)) {
            *flags |= (uint32_t)number;
        } else {
            uint32_t flag = scan_flag(in, names);

            if (!flag)
                return false;
            *flags |= flag;
        }
    } while (scan_char(in, '|'));
    return true;
}

bool flags_scan(struct scan *in, const struct flag_names *names, uint32_t *flags, uint32_t *mask)
{
    struct scan start = *in;
    uint64_t number = UINT32_MAX;
    uint32_t bits = 0;
    bool ok;

    if (*in->at == '+' || *in->at == '-') {
        ok = scan_signed(in, names, flags, &bits);
    } else {
        ok = scan_alternatives(in, names, flags) &&
             (!scan_char(in, '/') || scan_u64(in, UINT32_MAX, &number));
        bits = (uint32_t)number;
    }
    if (!ok)
        *in = start;
    else if (mask)
        *mask = bits;
    return ok;
}

/* Puts flags scanned as 32 bits into a member of 'size' bytes; false if they do not fit. */
static bool put_flags(void *mem, size_t size, uint32_t flags)
{
    if (size < sizeof(flags) && flags >> (8 * size))
        return false;
    mem_put(mem, size, flags);
    return true;
}

static bool scan_flags_masked(struct scan *in, const struct flag_names *names, void *mem,
                              void *mask, size_t size)
{
    struct scan start = *in;
    uint32_t flags, bits;

    if (!flags_scan(in, names, &flags, mask ? &bits : NULL))
        return false;
    if (!put_flags(mem, size, flags)) {
        *in = start;
        return false;
    }
    if (mask)
        mem_put(mask, size, bits);
    return true;
}

/* ---- tcp_flags ---------------------------------------------------------------------------- */

#define TCP_FLAGS_ALL 0x0fff        /* the other four bits are the data offset */

static const char *const tcp_names[] = {
    "fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr", "ns", "[200]", "[400]", "[800]",
};
static const struct flag_names tcp_flags = { tcp_names, G_N_ELEMENTS(tcp_names) };

static void print_tcp_flags(GString *out, const void *mem, size_t size)
{
    flags_format(out, &tcp_flags, (uint32_t)mem_get(mem, size));
}

static void print_tcp_flags_masked(GString *out, const void *mem, const void *mask, size_t size)
{
    flags_format_masked(out, &tcp_flags, (uint32_t)mem_get(mem, size),
                        (uint32_t)mem_get(mask, size) & TCP_FLAGS_ALL);
}

static bool scan_tcp_flags(struct scan *in, void *mem, size_t size)
{
    return scan_flags_masked(in, &tcp_flags, mem, NULL, size);
}

static bool scan_tcp_flags_masked(struct scan *in, void *mem, void *mask, size_t size)
{
    return scan_flags_masked(in, &tcp_flags, mem, mask, size);
}

/* ---- ct_state ----------------------------------------------------------------------------- */

static const char *const ct_names[] = {
    "new", "est", "rel", "rpl", "inv", "trk", "snat", "dnat",
};
static const struct flag_names ct_flags = { ct_names, G_N_ELEMENTS(ct_names) };

static void print_ct_state(GString *out, const void *mem, size_t size)
{
    flags_format(out, &ct_flags, (uint32_t)mem_get(mem, size));
}

static void print_ct_state_masked(GString *out, const void *mem, const void *mask, size_t size)
{
    flags_format_masked(out, &ct_flags, (uint32_t)mem_get(mem, size),
                        (uint32_t)mem_get(mask, size));
}

static bool scan_ct_state(struct scan *in, void *mem, size_t size)
{
    return scan_flags_masked(in, &ct_flags, mem, NULL, size);
}

static bool scan_ct_state_masked(struct scan *in, void *mem, void *mask, size_t size)
{
    return scan_flags_masked(in, &ct_flags, mem, mask, size);
}

/* ---- ct_label: the first byte of the attribute is the least significant -------------------- */

static void print_ct_labels(GString *out, const void *mem, size_t size)
{
    const uint8_t *bytes = mem;
    size_t n = size;

    while (n > 1 && !bytes[n - 1])
        n--;
    g_string_append_printf(out, "%#x", bytes[n - 1]);
    while (--n > 0)
        g_string_append_printf(out, "%02x", bytes[n - 1]);
}

static void labels_put_digit(uint8_t *bytes, size_t size, unsigned digit)
{
    for (size_t i = size; i-- > 1;)
        bytes[i] = (uint8_t)(bytes[i] << 4 | bytes[i - 1] >> 4);
    bytes[0] = (uint8_t)((unsigned)bytes[0] << 4 | digit);
}

static bool scan_ct_labels_hex(struct scan *in, uint8_t *bytes, size_t size)
{
    size_t n = 0;

    memset(bytes, 0, size);
    for (; g_ascii_isxdigit(in->at[n]); n++) {
        if (bytes[size - 1] >> 4)
            return false;                   /* one digit too many */
        labels_put_digit(bytes, size, (unsigned)g_ascii_xdigit_value(in->at[n]));
    }
    in->at += n;
    return n > 0;
}

static bool scan_ct_labels(struct scan *in, void *mem, size_t size)
{
    struct scan start = *in;
    uint8_t *bytes = mem;
    uint64_t number;

    if (scan_text(in, "0x")) {
        if (scan_ct_labels_hex(in, bytes, size))
            return true;
        *in = start;
        return false;
    }
    if (!scan_u64(in, UINT64_MAX, &number))
        return false;
    for (size_t i = 0; i < size; i++, number >>= 8)
        bytes[i] = (uint8_t)number;
    return true;
}

/* ---- frag --------------------------------------------------------------------------------- */

static const char *const frag_names[] = {
    [KEY_FRAG_NONE] = "no", [KEY_FRAG_FIRST] = "first", [KEY_FRAG_LATER] = "later",
};

/* What no kernel has is a number, so that it can be read back. */
static void print_frag(GString *out, const void *mem, size_t size)
{
    uint64_t frag = mem_get(mem, size);

    if (frag < G_N_ELEMENTS(frag_names))
        g_string_append(out, frag_names[frag]);
    else
        g_string_append_printf(out, "%#" PRIx64, frag);
}

static bool scan_frag(struct scan *in, void *mem, size_t size)
{
    for (size_t i = 0; i < G_N_ELEMENTS(frag_names); i++) {
        if (scan_word(in, frag_names[i])) {
            mem_put(mem, size, i);
            return true;
        }
    }
    return wire_u8.scan(in, mem, size);
}

const struct wire wire_frag = {
    .name = "frag", .size = 1, .is_num = true, .is_enum = true,
    .print = print_frag, .scan = scan_frag,
};
const struct wire wire_tcp_flags = {
    .name = "tcp_flags", .size = 2, .is_num = true, .is_be = true, .bits = TCP_FLAGS_ALL,
    .print = print_tcp_flags, .scan = scan_tcp_flags,
    .print_masked = print_tcp_flags_masked, .scan_masked = scan_tcp_flags_masked,
};
const struct wire wire_ct_state = {
    .name = "ct_state", .size = 4, .is_num = true,
    .print = print_ct_state, .scan = scan_ct_state,
    .print_masked = print_ct_state_masked, .scan_masked = scan_ct_state_masked,
};
const struct wire wire_ct_labels = {
    .name = "ct_labels", .size = 16, .print = print_ct_labels, .scan = scan_ct_labels,
};
