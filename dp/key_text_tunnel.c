/* key_text_tunnel.c - text of the TUNNEL key attribute: plain members, options and flags.
 *
 * How it works: tun_plain has a row for each member that is one value, tun_blocks
 * (key_text_tunopt.c) one for each kind of option, and flag_types lists the attributes whose
 * presence is a flag.
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <linux/openvswitch.h>
#include <string.h>

#include "dp/key_hooks.h"
#include "dp/key_text.h"
#include "netlink/attr.h"

#define PLAIN_MAX 16                /* bytes of the longest plain member */

/* ---- plain members ------------------------------------------------------------------------- */

/* A tunnel id of zero is "0x0" in ovs-dpctl. */
static void print_tun_id(GString *out, const void *mem, size_t size)
{
    g_string_append_printf(out, "0x%" PRIx64, mem_get(mem, size));
}

static void print_tun_id_masked(GString *out, const void *mem, const void *mask, size_t size)
{
    print_tun_id(out, mem, size);
    g_string_append_c(out, '/');
    wire_be64x.print(out, mask, size);
}

static bool scan_tun_id(struct scan *in, void *mem, size_t size)
{
    return wire_be64x.scan(in, mem, size);
}

/* clang-format off */
static const struct wire wire_tun_id = {
    .name = "be64", .size = 8, .is_num = true, .is_be = true,
    .print = print_tun_id, .scan = scan_tun_id, .print_masked = print_tun_id_masked,
};

#define PLAIN(t, n, w, size)                                                                      \
    [OVS_TUNNEL_KEY_ATTR_##t] = { .name = n, .wire = &w, .wire_size = size, .key_size = size }
static const struct key_field tun_plain[] = {       /* by attribute type */
    PLAIN(ID,       "tun_id",   wire_tun_id, 8),
    PLAIN(IPV4_SRC, "src",      wire_ip4,    4),
    PLAIN(IPV4_DST, "dst",      wire_ip4,    4),
    PLAIN(IPV6_SRC, "ipv6_src", wire_ip6,   16),
    PLAIN(IPV6_DST, "ipv6_dst", wire_ip6,   16),
    PLAIN(TOS,      "tos",      wire_u8x,    1),
    PLAIN(TTL,      "ttl",      wire_u8,     1),
    PLAIN(TP_SRC,   "tp_src",   wire_be16,   2),
    PLAIN(TP_DST,   "tp_dst",   wire_be16,   2),
};
/* clang-format on */

/* ---- flags: bit i is the presence of attribute flag_types[i] -------------------------------- */

static const char *const flag_text[] = {"oam", "df", "csum", "key"};
static const struct flag_names tun_flags = {flag_text, G_N_ELEMENTS(flag_text)};
static const uint16_t flag_types[] = {
    OVS_TUNNEL_KEY_ATTR_OAM,
    OVS_TUNNEL_KEY_ATTR_DONT_FRAGMENT,
    OVS_TUNNEL_KEY_ATTR_CSUM,
    OVS_TUNNEL_KEY_ATTR_ID,
};
#define TUN_FLAG_KEY 0x8u           /* follows from the id */
#define TUN_FLAGS_ALL 0xfu

static uint32_t flag_of(uint16_t type)
{
    for (size_t i = 0; i < G_N_ELEMENTS(flag_types); i++) {
        if (flag_types[i] == type)
            return UINT32_C(1) << i;
    }
    return 0;
}

static uint32_t nest_flags(const struct nlattr *nest)
{
    const struct nlattr *a;
    uint32_t flags = 0;
    int left;

    attr_for_each_nested(a, nest, left)
        flags |= flag_of(mnl_attr_get_type(a));
    return flags;
}

/* Its id's flag counts as matched if the key has it, whatever the mask says of the id. */
static void nest_flags_format(GString *out, const struct nlattr *a, const struct nlattr *mask,
                              bool shows_wild)
{
    uint32_t bits = TUN_FLAGS_ALL;

    if (mask)
        bits = (nest_flags(mask) & ~TUN_FLAG_KEY) | (nest_flags(a) & TUN_FLAG_KEY);
    if (!bits && !shows_wild)
        return;
    g_string_append(out, "flags(");
    if (bits == TUN_FLAGS_ALL)
        flags_format(out, &tun_flags, nest_flags(a));
    else
        flags_format_masked(out, &tun_flags, nest_flags(a), bits);
    g_string_append(out, "),");
}

static void append_flags(GByteArray *out, uint32_t flags)
{
    for (size_t i = 0; i < G_N_ELEMENTS(flag_types); i++) {
        if (flags & ~TUN_FLAG_KEY & UINT32_C(1) << i)
            attr_put(out, flag_types[i], NULL, 0);
    }
}

static int nest_flags_scan(struct scan *in, GByteArray *key, GByteArray *mask, struct err *e)
{
    struct scan start = *in;
    uint32_t flags, bits = 0;

    if (!flags_scan(in, &tun_flags, &flags, mask ? &bits : NULL))
        return text_error(e, in, "expected flags of a tunnel");
    if (flags & ~TUN_FLAGS_ALL)
        return text_error(e, &start, "a tunnel has no flags %#" PRIx32, flags & ~TUN_FLAGS_ALL);
    append_flags(key, flags);
    if (mask)
        append_flags(mask, bits);
    return text_expect(in, ")", e);
}

/* ---- format --------------------------------------------------------------------------------- */

static const struct key_field *plain_of(const struct nlattr *a, const struct nlattr *mask)
{
    uint16_t type = mnl_attr_get_type(a), len = mnl_attr_get_payload_len(a);
    const struct key_field *f = type < G_N_ELEMENTS(tun_plain) ? &tun_plain[type] : NULL;

    if (!f || !f->name || f->wire_size != len || (mask && mnl_attr_get_payload_len(mask) != len))
        return NULL;
    return f;
}

static const struct tun_block *block_of(uint16_t type)
{
    for (size_t i = 0; i < N_TUN_BLOCKS; i++) {
        if (tun_blocks[i].type == type)
            return &tun_blocks[i];
    }
    return NULL;
}

static void plain_format(GString *out, const struct key_field *f, const struct nlattr *a,
                         const struct nlattr *mask, bool shows_wild)
{
    const void *bits = mask ? mnl_attr_get_payload(mask) : NULL;

    if (field_is_wild(f, bits) && !shows_wild)
        return;
    g_string_append_printf(out, "%s=", f->name);
    field_format(out, f, mnl_attr_get_payload(a), bits);
    g_string_append_c(out, ',');
}

/* One part and a comma; 'mask' as in key_attr_format(). Options are shown even if wild. */
static void part_format(GString *out, const struct nlattr *a, const struct nlattr *mask,
                        bool shows_wild)
{
    const struct key_field *f = plain_of(a, mask);
    const struct tun_block *block = block_of(mnl_attr_get_type(a));

    if (f) {
        plain_format(out, f, a, mask, shows_wild);
    } else if (block) {
        g_string_append_printf(out, "%s(", block->name);
        block->format(out, a, mask, shows_wild);
        g_string_append(out, "),");
    } else {
        bool is_exact = mask && bytes_are(mnl_attr_get_payload(mask), mnl_attr_get_payload_len(mask), 0xff);

        key_raw_format(out, a, is_exact ? NULL : mask);
        g_string_append_c(out, ',');
    }
}

void key_tunnel_format(GString *out, const struct nlattr *a, const struct nlattr *mask,
                       const struct key_text *names)
{
    g_autoptr(GByteArray) room = g_byte_array_new();
    const struct nlattr *part, *bits = NULL;
    size_t start = out->len;
    int left;

    attr_for_each_nested(part, a, left) {
        uint16_t type = mnl_attr_get_type(part);

        if (flag_of(type) & ~TUN_FLAG_KEY)
            continue;
        if (mask)
            bits = attr_find(mnl_attr_get_payload(mask), mnl_attr_get_payload_len(mask), type);
        part_format(out, part, mask && !bits ? blank_mask(room, part) : bits,
                    text_shows_wild(names));
    }
    nest_flags_format(out, a, mask, text_shows_wild(names));
    if (out->len > start)
        g_string_truncate(out, out->len - 1);
}

/* ---- scan ----------------------------------------------------------------------------------- */

static int plain_scan(struct scan *in, uint16_t type, GByteArray *key, GByteArray *mask,
                      struct err *e)
{
    const struct key_field *f = &tun_plain[type];
    uint8_t value[PLAIN_MAX], bits[PLAIN_MAX];

    if (field_scan(in, f, value, mask ? bits : NULL, e))
        return -EINVAL;
    attr_put(key, type, value, f->wire_size);
    if (mask)
        attr_put(mask, type, bits, f->wire_size);
    return 0;
}

static int block_scan(struct scan *in, const struct tun_block *block, GByteArray *key,
                      GByteArray *mask, struct err *e)
{
    g_autoptr(GByteArray) value = g_byte_array_new();
    g_autoptr(GByteArray) bits = g_byte_array_new();

    if (block->scan(in, value, mask ? bits : NULL, e))
        return -EINVAL;
    attr_put(key, block->type, value->data, value->len);
    if (mask)
        attr_put(mask, block->type, bits->data, bits->len);
    return text_expect(in, ")", e);
}

static int part_scan(struct scan *in, GByteArray *key, GByteArray *mask, struct err *e)
{
    struct tun_block raw = { .scan = key_raw_scan };
    struct scan start = *in;
    char name[16];

    if (!scan_name(in, name, sizeof(name)))
        return text_error(e, in, "expected a member of tunnel");
    for (uint16_t type = 0; type < G_N_ELEMENTS(tun_plain); type++) {
        if (tun_plain[type].name && !strcmp(name, tun_plain[type].name))
            return text_expect(in, "=", e) ? -EINVAL : plain_scan(in, type, key, mask, e);
    }
    for (size_t i = 0; i < N_TUN_BLOCKS; i++) {
        if (!strcmp(name, tun_blocks[i].name))
            return text_expect(in, "(", e) ? -EINVAL : block_scan(in, &tun_blocks[i], key, mask, e);
    }
    if (!strcmp(name, "flags"))
        return text_expect(in, "(", e) ? -EINVAL : nest_flags_scan(in, key, mask, e);
    if (text_raw_type(name, "key", &raw.type))
        return text_expect(in, "(", e) ? -EINVAL : block_scan(in, &raw, key, mask, e);
    return text_error(e, &start, "tunnel has no member \"%s\"", name);
}

int key_tunnel_scan(struct scan *in, GByteArray *key, GByteArray *mask,
                    const struct key_text *names, struct err *e)
{
    (void)names;
    if (*in->at == ')')
        return 0;
    do {
        scan_blanks(in);
        if (part_scan(in, key, mask, e))
            return -EINVAL;
    } while (scan_char(in, ','));
    return 0;
}
