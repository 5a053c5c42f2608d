/* key_text_member.c - what all writers and readers of key and action text share: errors, ports,
 * hexadecimal, and members "name=value/mask" described by rows.
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "dp/key_text.h"
#include "netlink/attr.h"

#define TYPE_MAX 0x3fffu            /* an attribute type without its two flag bits */
#define VALUE_MAX 256               /* bytes of a field's value, at least the largest wire_size */

/* ---- for all readers ----------------------------------------------------------------------- */

int text_error(struct err *e, const struct scan *at, const char *fmt, ...)
{
    char what[sizeof(((struct err *)NULL)->text)];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(what, sizeof(what), fmt, ap);
    va_end(ap);
    return err_set(e, EINVAL, "column %zu: %s", scan_column(at), what);
}

int text_expect(struct scan *in, const char *what, struct err *e)
{
    return scan_text(in, what) ? 0 : text_error(e, in, "expected \"%s\"", what);
}

bool text_enter(struct key_text *inner, const struct key_text *names)
{
    *inner = names ? *names : (struct key_text){0};
    return ++inner->depth <= TEXT_MAX_DEPTH;
}

void hex_format(GString *out, const void *bytes, size_t len, char separator)
{
    const uint8_t *p = bytes;

    for (size_t i = 0; i < len; i++) {
        if (i && separator)
            g_string_append_c(out, separator);
        g_string_append_printf(out, "%02x", p[i]);
    }
}

int hex_scan(struct scan *in, GByteArray *out, char separator, struct err *e)
{
    uint8_t byte;

    while (g_ascii_isxdigit(*in->at)) {
        if (!wire_bytes.scan(in, &byte, 1))
            return text_error(e, in, "expected two hexadecimal digits");
        g_byte_array_append(out, &byte, 1);
        if (separator && !scan_char(in, separator))
            break;
    }
    return 0;
}

void number_format(GString *out, const uint8_t *bytes, size_t len)
{
    size_t zeros = 0;

    if (bytes_are(bytes, len, 0)) {
        g_string_append_c(out, '0');
        return;
    }
    while (!bytes[zeros])
        zeros++;
    g_string_append_printf(out, "0x%x", bytes[zeros]);
    hex_format(out, bytes + zeros + 1, len - zeros - 1, 0);
}

int number_scan(struct scan *in, uint8_t *bytes, size_t len, struct err *e)
{
    struct scan start = *in;
    size_t n;

    if (!scan_text(in, "0x") && *in->at != '0')
        return text_error(e, in, "expected 0 or 0x and hexadecimal digits");
    while (*in->at == '0')
        in->at++;
    n = strspn(in->at, "0123456789abcdefABCDEF");
    if (n > 2 * len)
        return text_error(e, &start, "longer than %zu bytes", len);
    memset(bytes, 0, len);
    for (size_t i = 0; i < n; i++) {
        unsigned digit = (unsigned)g_ascii_xdigit_value(in->at[n - 1 - i]);

        bytes[len - 1 - i / 2] |= (uint8_t)(i % 2 ? digit << 4 : digit);
    }
    in->at += n;
    return 0;
}

bool text_raw_type(const char *name, const char *what, uint16_t *type)
{
    struct scan s;
    uint64_t number;

    scan_init(&s, name);
    if (!scan_text(&s, what) || !scan_u64(&s, TYPE_MAX, &number) || *s.at)
        return false;
    *type = (uint16_t)number;
    return true;
}

void text_leftover(GString *out, const void *attrs, size_t len, int left)
{
    if (left <= 0)
        return;
    g_string_append_printf(out, ",***%d leftover bytes*** (", left);
    hex_format(out, (const uint8_t *)attrs + len - (size_t)left, (size_t)left, 0);
    g_string_append_c(out, ')');
}

void port_format(GString *out, uint32_t port, const struct key_text *names)
{
    const char *name = names && names->port_name ? names->port_name(names->ctx, port) : NULL;

    if (name)
        g_string_append(out, name);
    else
        g_string_append_printf(out, "%" PRIu32, port);
}

int port_scan(struct scan *in, uint32_t *port, const struct key_text *names, struct err *e)
{
    struct scan start = *in;
    size_t len = strcspn(in->at, ",/() \t");
    char name[32];
    uint64_t number;

    if (scan_u64(in, UINT32_MAX, &number) && in->at == start.at + len) {
        *port = (uint32_t)number;
        return 0;
    }
    *in = start;
    if (!len || len >= sizeof(name))
        return text_error(e, in, "expected a port");
    memcpy(name, in->at, len);
    name[len] = '\0';
    if (!names || !names->port_number || !names->port_number(names->ctx, name, port))
        return text_error(e, in, "no port is called \"%s\"", name);
    in->at += len;
    return 0;
}

/* ---- members ------------------------------------------------------------------------------- */

/* The bits of a numeric member that exist: fewer than its size holds only where the key keeps the
 * member whole, as IPv6's label (an ARP opcode's high byte can be asked for, and is lost). */
static uint64_t field_bits(const struct key_field *f)
{
    bool is_bits = f->max && !(f->max & (f->max + 1)) && f->key_size == f->wire_size;

    if (f->wire->bits)
        return f->wire->bits;
    return is_bits ? f->max : UINT64_MAX >> (64 - 8 * f->wire_size);
}

/* The mask of a number. */
static uint64_t field_mask(const struct key_field *f, const void *mask)
{
    uint64_t bits;

    wire_load(f->wire, &bits, sizeof(bits), (const uint8_t *)mask + f->wire_off);
    return bits;
}

bool field_is_wild(const struct key_field *f, const void *mask)
{
    return mask && bytes_are((const uint8_t *)mask + f->wire_off, f->wire_size, 0);
}

bool field_is_blank(const struct key_field *f, const void *mask)
{
    if (!mask || !f->wire->is_num)
        return field_is_wild(f, mask);
    return !(field_mask(f, mask) & field_bits(f));
}

bool field_is_exact(const struct key_field *f, const void *mask)
{
    if (!mask)
        return true;
    if (!f->wire->is_num)
        return bytes_are((const uint8_t *)mask + f->wire_off, f->wire_size, 0xff);
    return !(~field_mask(f, mask) & field_bits(f));
}

void field_format(GString *out, const struct key_field *f, const void *value, const void *mask)
{
    const struct wire *w = f->wire;
    uint64_t mem[VALUE_MAX / 8], bits[VALUE_MAX / 8];

    wire_load(w, mem, f->wire_size, (const uint8_t *)value + f->wire_off);
    if (field_is_exact(f, mask)) {
        w->print(out, mem, f->wire_size);
        return;
    }
    wire_load(w, bits, f->wire_size, (const uint8_t *)mask + f->wire_off);
    if (w->print_masked) {
        w->print_masked(out, mem, bits, f->wire_size);
        return;
    }
    w->print(out, mem, f->wire_size);
    g_string_append_c(out, '/');
    w->print(out, bits, f->wire_size);
}

/* "name=value". ovs-dpctl has a sentence instead of a mask that makes no sense, and loses the
 * value. */
static void member_format(GString *out, const struct key_field *f, const void *value,
                          const void *mask)
{
    if (f->wire->is_enum && !field_is_exact(f, mask)) {
        g_string_append_printf(out, "error: partial mask not supported for %s (%#" PRIx64 ")",
                               f->name, field_mask(f, mask));
        return;
    }
    g_string_append_printf(out, "%s%s", f->name, *f->name ? "=" : "");
    field_format(out, f, value, mask);
}

void members_format(GString *out, const struct members *m, const void *value, const void *mask,
                    bool shows_wild)
{
    const char *separator = "";

    for (const struct key_field *f = m->field; f < m->field + m->n; f++) {
        if (field_is_wild(f, mask) && (!shows_wild || f->wire->is_enum))
            continue;
        g_string_append(out, separator);
        member_format(out, f, value, mask);
        separator = ",";
    }
}

int member_find(struct scan *in, const struct members *m, struct err *e)
{
    struct scan start = *in;
    char name[32];

    if (!scan_name(in, name, sizeof(name)))
        return text_error(e, &start, "expected a member of %s", m->what);
    for (size_t i = 0; i < m->n; i++) {
        if (!strcmp(m->field[i].name, name)) {
            int err = text_expect(in, "=", e);

            return err ? err : (int)i;
        }
    }
    return text_error(e, &start, "%s has no member \"%s\"", m->what, name);
}

/* Takes "value/mask" in memory form. */
static bool scan_masked(struct scan *in, const struct key_field *f, void *mem, void *bits)
{
    if (f->wire->scan_masked)
        return f->wire->scan_masked(in, mem, bits, f->wire_size);
    if (!f->wire->scan(in, mem, f->wire_size))
        return false;
    if (scan_char(in, '/'))
        return f->wire->scan(in, bits, f->wire_size);
    if (f->wire->is_num)
        mem_put(bits, f->wire_size, field_bits(f));
    else
        memset(bits, 0xff, f->wire_size);
    return true;
}

int field_scan(struct scan *in, const struct key_field *f, void *value, void *mask, struct err *e)
{
    uint64_t mem[VALUE_MAX / 8], bits[VALUE_MAX / 8];
    bool ok = mask ? scan_masked(in, f, mem, bits) : f->wire->scan(in, mem, f->wire_size);

    if (!ok)
        return text_error(e, in, "expected a value of type %s", f->wire->name);
    wire_store(f->wire, (uint8_t *)value + f->wire_off, mem, f->wire_size);
    if (mask)
        wire_store(f->wire, (uint8_t *)mask + f->wire_off, bits, f->wire_size);
    return 0;
}

int members_scan(struct scan *in, const struct members *m, void *value, void *mask, struct err *e)
{
    uint32_t seen = 0;

    if (*in->at == ')')
        return 0;
    if (m->n == 1 && !*m->field->name)
        return field_scan(in, m->field, value, mask, e);
    do {
        struct scan start;
        int i;

        scan_blanks(in);
        start = *in;
        i = member_find(in, m, e);
        if (i < 0)
            return i;
        if (seen >> i & 1)
            return text_error(e, &start, "%s is given twice", m->field[i].name);
        seen |= UINT32_C(1) << i;
        if (field_scan(in, &m->field[i], value, mask, e))
            return -EINVAL;
    } while (scan_char(in, ','));
    return 0;
}

int members_fit(const struct scan *at, const struct members *m, const void *value, struct err *e)
{
    for (const struct key_field *f = m->field; f < m->field + m->n; f++) {
        uint64_t number;

        if (!f->max)
            continue;
        wire_load(f->wire, &number, sizeof(number), (const uint8_t *)value + f->wire_off);
        if (number > f->max)
            return text_error(e, at, "%s of %s is above %" PRIu32, f->name, m->what, f->max);
    }
    return 0;
}
