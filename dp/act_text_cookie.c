/* act_text_cookie.c - text of the user data that ovs-vswitchd gives to userspace().
 *
 * How it works: OVS 3.1 puts one of five records of 48 bytes there, in the layout of its own
 * processor, and ovs-dpctl shows their members by name. A row describes a record, a field a
 * number in it. Other data is hexadecimal. The text leaves out where the record comes from (port
 * and bridge), so a record read back has none, as with ovs-dpctl.
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "dp/act_text.h"

#define COOKIE_LEN 48
#define IN_PORT_OFF 4               /* OpenFlow port, 32 bits */
#define IN_PORT_NONE 0xffffu
#define DIRECTION_OFF 44            /* of flow_sample, 32 bits */

enum how { AS_DEC, AS_HEX, AS_BOOL, AS_PORT, AS_REASONS };

/* Bits of a number. */
struct cookie_field {
    const char *name;
    uint8_t off, size;
    enum how how;
    uint8_t shift, width;           /* width 0: all bits */
    bool is_be;
};

struct cookie {
    uint16_t type;
    const char *name;
    struct cookie_field field[7];   /* ends with size 0 */
    bool has_direction;
};

/* clang-format off */
#define NUMBER(n, o, s, h, ...) { .name = n, .off = o, .size = s, .how = h, __VA_ARGS__ }

static const struct cookie cookies[] = {
    { .type = 1, .name = "sFlow", .field = {
        NUMBER("vid=",    24, 2, AS_DEC, .width = 12, .is_be = true),
        NUMBER("pcp=",    24, 2, AS_DEC, .shift = 13, .width = 3, .is_be = true),
        NUMBER("output=", 28, 4, AS_DEC) } },
    { .type = 2, .name = "slow_path", .field = {
        NUMBER("", 28, 4, AS_REASONS) } },
    { .type = 3, .name = "flow_sample", .has_direction = true, .field = {
        NUMBER("probability=",      24, 2, AS_DEC),
        NUMBER("collector_set_id=", 28, 4, AS_DEC),
        NUMBER("obs_domain_id=",    32, 4, AS_DEC),
        NUMBER("obs_point_id=",     36, 4, AS_DEC),
        NUMBER("output_port=",      40, 4, AS_PORT) } },
    { .type = 4, .name = "ipfix", .field = {
        NUMBER("output_port=", 24, 4, AS_PORT) } },
    { .type = 5, .name = "controller", .field = {
        NUMBER("reason=",        26, 2, AS_DEC),
        NUMBER("dont_send=",     24, 1, AS_BOOL),
        NUMBER("continuation=",  25, 1, AS_BOOL),
        NUMBER("recirc_id=",     28, 4, AS_DEC),
        NUMBER("rule_cookie=",   32, 8, AS_HEX, .is_be = true),
        NUMBER("controller_id=", 40, 2, AS_DEC),
        NUMBER("max_len=",       42, 2, AS_DEC) } },
};
/* clang-format on */

#define SFLOW 1
#define TCI_OFF 24
#define TCI_PRESENT 0x10            /* in the tag's first byte */

static const char *const directions[] = {NULL, "ingress", "egress"};

static const char *const reason_names[] = {
    "cfm", "bfd", "lacp", "stp", "lldp", "action", "match",
};
static const struct flag_names reasons = {reason_names, G_N_ELEMENTS(reason_names)};

/* ---- numbers -------------------------------------------------------------------------------- */

static uint64_t all_bits(const struct cookie_field *f)
{
    unsigned width = f->width ? f->width : 8u * f->size;

    return UINT64_MAX >> (64 - width);
}

/* A big-endian number is turned around byte by byte. */
static void copy_number(uint8_t *to, const uint8_t *from, const struct cookie_field *f)
{
    for (size_t i = 0; i < f->size; i++)
        to[i] = from[f->is_be && G_BYTE_ORDER == G_LITTLE_ENDIAN ? f->size - 1u - i : i];
}

static uint64_t field_get(const struct cookie_field *f, const uint8_t *cookie)
{
    uint8_t mem[8];

    copy_number(mem, cookie + f->off, f);
    return mem_get(mem, f->size) >> f->shift & all_bits(f);
}

/* The bits were zero before. */
static void field_put(const struct cookie_field *f, uint8_t *cookie, uint64_t value)
{
    uint8_t mem[8];

    copy_number(mem, cookie + f->off, f);
    mem_put(mem, f->size, mem_get(mem, f->size) | value << f->shift);
    copy_number(cookie + f->off, mem, f);
}

/* ---- format --------------------------------------------------------------------------------- */

static void reasons_format(GString *out, uint32_t value)
{
    g_autoptr(GString) text = g_string_new(NULL);

    flags_format(text, &reasons, value);
    g_strdelimit(text->str, "|", ',');
    g_string_append(out, text->str);
}

static void value_format(GString *out, const struct cookie_field *f, uint64_t value,
                          const struct key_text *names)
{
    switch (f->how) {
    case AS_DEC:
        g_string_append_printf(out, "%" PRIu64, value);
        break;
    case AS_HEX:
        g_string_append_printf(out, "%#" PRIx64, value);
        break;
    case AS_BOOL:
        g_string_append_c(out, value ? '1' : '0');
        break;
    case AS_PORT:
        port_format(out, (uint32_t)value, names);
        break;
    case AS_REASONS:
        reasons_format(out, (uint32_t)value);
        break;
    }
}

static const struct cookie *cookie_of(const uint8_t *data, size_t len)
{
    uint64_t type = len == COOKIE_LEN ? mem_get(data, sizeof(uint16_t)) : 0;

    for (size_t i = 0; i < G_N_ELEMENTS(cookies); i++) {
        if (cookies[i].type == type)
            return &cookies[i];
    }
    return NULL;
}

static void direction_format(GString *out, const uint8_t *cookie)
{
    uint64_t direction = mem_get(cookie + DIRECTION_OFF, sizeof(uint32_t));

    if (direction && direction < G_N_ELEMENTS(directions))
        g_string_append_printf(out, ",%s", directions[direction]);
}

void userdata_format(GString *out, const uint8_t *data, size_t len, const struct key_text *names)
{
    const struct cookie *c = cookie_of(data, len);
    const char *separator = "";

    g_string_append_printf(out, "%s(", c ? c->name : "userdata");
    if (!c)
        hex_format(out, data, len, 0);
    for (size_t i = 0; c && i < G_N_ELEMENTS(c->field) && c->field[i].size; i++) {
        g_string_append_printf(out, "%s%s", separator, c->field[i].name);
        value_format(out, &c->field[i], field_get(&c->field[i], data), names);
        separator = ",";
    }
    if (c && c->has_direction)
        direction_format(out, data);
    g_string_append_c(out, ')');
}

/* ---- scan ----------------------------------------------------------------------------------- */

/* "cfm,bfd" or a number. */
static int reasons_scan(struct scan *in, uint64_t *value, struct err *e)
{
    *value = 0;
    do {
        uint32_t flag;

        if (!flags_scan(in, &reasons, &flag, NULL))
            return text_error(e, in, "expected a reason such as cfm, or a number");
        *value |= flag;
    } while (scan_char(in, ','));
    return 0;
}

static int value_scan(struct scan *in, const struct cookie_field *f, uint64_t *value,
                       const struct key_text *names, struct err *e)
{
    uint32_t port;

    if (f->how == AS_REASONS)
        return reasons_scan(in, value, e);
    if (f->how == AS_PORT) {
        if (port_scan(in, &port, names, e))
            return -EINVAL;
        *value = port;
        return 0;
    }
    if (!scan_u64(in, all_bits(f), value))
        return text_error(e, in, "expected a number of at most %" PRIu64, all_bits(f));
    return 0;
}

static void direction_scan(struct scan *in, uint8_t *cookie)
{
    for (uint32_t i = 1; i < G_N_ELEMENTS(directions); i++) {
        struct scan next = *in;

        if (!scan_char(&next, ',') || !scan_word(&next, directions[i]))
            continue;
        *in = next;
        mem_put(cookie + DIRECTION_OFF, sizeof(i), i);
    }
}

static int fields_scan(struct scan *in, const struct cookie *c, uint8_t *cookie,
                       const struct key_text *names, struct err *e)
{
    for (size_t i = 0; i < G_N_ELEMENTS(c->field) && c->field[i].size; i++) {
        uint64_t value;

        if ((i && text_expect(in, ",", e)) || text_expect(in, c->field[i].name, e) ||
            value_scan(in, &c->field[i], &value, names, e))
            return -EINVAL;
        field_put(&c->field[i], cookie, value);
    }
    if (c->has_direction)
        direction_scan(in, cookie);
    return text_expect(in, ")", e);
}

static int cookie_scan(struct scan *in, const struct cookie *c, GByteArray *out,
                       const struct key_text *names, struct err *e)
{
    uint8_t cookie[COOKIE_LEN] = {0};

    mem_put(cookie, sizeof(uint16_t), c->type);
    mem_put(cookie + IN_PORT_OFF, sizeof(uint32_t), IN_PORT_NONE);
    if (fields_scan(in, c, cookie, names, e))
        return -EINVAL;
    if (c->type == SFLOW && (cookie[TCI_OFF] || cookie[TCI_OFF + 1]))
        cookie[TCI_OFF] |= TCI_PRESENT;
    g_byte_array_append(out, cookie, sizeof(cookie));
    return 0;
}

int userdata_scan(struct scan *in, GByteArray *out, const struct key_text *names, struct err *e)
{
    if (scan_text(in, "userdata("))
        return hex_scan(in, out, 0, e) ? -EINVAL : text_expect(in, ")", e);
    for (size_t i = 0; i < G_N_ELEMENTS(cookies); i++) {
        if (scan_word(in, cookies[i].name))
            return text_expect(in, "(", e) ? -EINVAL
                                           : cookie_scan(in, &cookies[i], out, names, e);
    }
    return text_error(e, in, "expected userdata(...) or another part of userspace");
}
