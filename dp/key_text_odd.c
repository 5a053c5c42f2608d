/* key_text_odd.c - text of ports, VLAN tags, what is inside them, and MPLS entries.
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <linux/openvswitch.h>
#include <string.h>

#include "base/bytes.h"
#include "dp/key_hooks.h"
#include "dp/key_text.h"
#include "netlink/attr.h"

/* clang-format off */
const struct key_field tag_fields[N_TAG_FIELDS] = {
    [TAG_TPID] = UNPACKED(tag_text, "tpid", wire_u16x, tpid, 0),
    [TAG_VID]  = UNPACKED(tag_text, "vid",  wire_u16,  vid, 0xfff),
    [TAG_PCP]  = UNPACKED(tag_text, "pcp",  wire_u8,   pcp, 7),
    [TAG_CFI]  = UNPACKED(tag_text, "cfi",  wire_u8,   cfi, 1),
    [TAG_TCI]  = UNPACKED(tag_text, "tci",  wire_u16x, tci, 0),
};
const struct key_field lse_fields[N_LSE_ACT_FIELDS] = {
    [LSE_LABEL]     = UNPACKED(lse_text, "label",     wire_u32,  label, 0xfffff),
    [LSE_TC]        = UNPACKED(lse_text, "tc",        wire_u8,   tc, 7),
    [LSE_TTL]       = UNPACKED(lse_text, "ttl",       wire_u8,   ttl, 0xff),
    [LSE_BOS]       = UNPACKED(lse_text, "bos",       wire_u8,   bos, 1),
    [LSE_ETH_TYPE]  = UNPACKED(lse_text, "eth_type",  wire_u16x, eth_type, 0),
    [LSE_TUN_FLAGS] = UNPACKED(lse_text, "tun_flags", wire_u16x, tun_flags, 0),
};
/* clang-format on */

/* ---- in_port ------------------------------------------------------------------------------- */

void key_port_format(GString *out, const struct nlattr *a, const struct nlattr *mask,
                     const struct key_text *names)
{
    uint32_t bits = mask ? mnl_attr_get_u32(mask) : UINT32_MAX;

    if (bits == UINT32_MAX)
        port_format(out, mnl_attr_get_u32(a), names);
    else
        g_string_append_printf(out, "%" PRIu32 "/%#" PRIx32, mnl_attr_get_u32(a), bits);
}

int key_port_scan(struct scan *in, GByteArray *key, GByteArray *mask,
                  const struct key_text *names, struct err *e)
{
    uint32_t port = 0;
    uint64_t bits = UINT32_MAX;

    if (*in->at == ')')
        bits = 0;
    else if (port_scan(in, &port, names, e))
        return -EINVAL;
    else if (mask && scan_char(in, '/') && !scan_u64(in, UINT32_MAX, &bits))
        return text_error(e, in, "expected the port's mask");
    g_byte_array_append(key, (const uint8_t *)&port, sizeof(port));
    if (mask)
        g_byte_array_append(mask, (const uint8_t *)&(uint32_t){(uint32_t)bits}, sizeof(port));
    return 0;
}

/* ---- ct_state ------------------------------------------------------------------------------ */

void key_ct_state_format(GString *out, const struct nlattr *a, const struct nlattr *mask,
                         const struct key_text *names)
{
    struct key_field f = key_attrs[OVS_KEY_ATTR_CT_STATE].field[0];

    if (text_shows_wild(names))
        f.wire = &wire_u32x;
    field_format(out, &f, mnl_attr_get_payload(a), mask ? mnl_attr_get_payload(mask) : NULL);
}

/* ---- vlan ---------------------------------------------------------------------------------- */

struct tag_text tag_unpack(uint16_t tci)
{
    return (struct tag_text){
        .vid = tci & 0xfff, .pcp = (uint8_t)(tci >> 13), .cfi = tci >> 12 & 1};
}

uint16_t tag_pack(const struct tag_text *t)
{
    return (uint16_t)(t->vid | t->pcp << 13 | t->cfi << 12 | t->tci);
}

bool tag_has_tci(const struct scan *in)
{
    return memmem(in->at, strcspn(in->at, ")"), "tci=", 4) != NULL;
}

/* One of vid and pcp and a comma; a mask of zero has its 0x here. */
static void tag_part_format(GString *out, const struct key_field *f, const struct tag_text *tag,
                            const struct tag_text *bits)
{
    field_format(out, f, tag, NULL);
    if (!field_is_exact(f, bits))
        g_string_append_printf(out, "/0x%" PRIx64,
                               mem_get((const uint8_t *)bits + f->wire_off, f->wire_size));
    g_string_append_c(out, ',');
}

/* Both are shown even if they are wild, once the value is not zero. */
void tag_format(GString *out, uint16_t tci, uint16_t mask, bool shows_wild)
{
    struct tag_text tag = tag_unpack(tci), bits = tag_unpack(mask);
    size_t start = out->len;

    for (const struct key_field *f = tag_fields + TAG_VID; f <= tag_fields + TAG_PCP; f++) {
        if (!shows_wild && field_is_wild(f, &tag) && field_is_wild(f, &bits))
            continue;
        g_string_append_printf(out, "%s=", f->name);
        tag_part_format(out, f, &tag, &bits);
    }
    if (!tag.cfi)
        g_string_append(out, "cfi=0");
    else if (out->len > start)
        g_string_truncate(out, out->len - 1);
}

void key_vlan_format(GString *out, const struct nlattr *a, const struct nlattr *mask,
                     const struct key_text *names)
{
    tag_format(out, be16_get(mnl_attr_get_payload(a)),
               mask ? be16_get(mnl_attr_get_payload(mask)) : UINT16_MAX, text_shows_wild(names));
}

static void append_be16(GByteArray *out, uint16_t value)
{
    uint16_t wire = htons(value);

    g_byte_array_append(out, (const uint8_t *)&wire, sizeof(wire));
}

/* The bit "there is a tag" is set, and matched, unless the text says otherwise. */
int key_vlan_scan(struct scan *in, GByteArray *key, GByteArray *mask,
                  const struct key_text *names, struct err *e)
{
    static const struct members members = {"vlan", tag_fields + TAG_VID, N_TAG_FIELDS - TAG_VID};
    bool has_tci = tag_has_tci(in);
    struct tag_text tag = {.cfi = !has_tci}, bits = {.cfi = !has_tci};
    struct scan start = *in;

    (void)names;
    if (members_scan(in, &members, &tag, mask ? &bits : NULL, e) ||
        members_fit(&start, &members, &tag, e))
        return -EINVAL;
    append_be16(key, tag_pack(&tag));
    if (mask)
        append_be16(mask, tag_pack(&bits));
    return 0;
}

/* ---- encap --------------------------------------------------------------------------------- */

void key_encap_format(GString *out, const struct nlattr *a, const struct nlattr *mask,
                      const struct key_text *names)
{
    struct key_text inner;

    if (!text_enter(&inner, names))
        g_string_append(out, "***too deep***");
    else
        key_format(out, mnl_attr_get_payload(a), mnl_attr_get_payload_len(a),
                   mask ? mnl_attr_get_payload(mask) : NULL,
                   mask ? mnl_attr_get_payload_len(mask) : 0, &inner);
}

int key_encap_scan(struct scan *in, GByteArray *key, GByteArray *mask,
                   const struct key_text *names, struct err *e)
{
    struct key_text inner;

    if (!text_enter(&inner, names))
        return text_error(e, in, "too deep");
    scan_blanks(in);
    while (*in->at && *in->at != ')') {
        scan_char(in, ',');     /* may be missing, or come first: see key_format() */
        scan_blanks(in);
        if (key_attr_scan(in, key, mask, &inner, e))
            return -EINVAL;
    }
    return 0;
}

/* ---- mpls ---------------------------------------------------------------------------------- */

struct lse_text lse_unpack(uint32_t lse)
{
    return (struct lse_text){.label = lse >> 12,
                             .tc = lse >> 9 & 7,
                             .bos = lse >> 8 & 1,
                             .ttl = (uint8_t)lse};
}

uint32_t lse_pack(const struct lse_text *l)
{
    return l->label << 12 | (l->tc & 7u) << 9 | (l->bos & 1u) << 8 | l->ttl;
}

void lse_format(GString *out, uint32_t lse)
{
    struct lse_text l = lse_unpack(lse);

    g_string_append_printf(out, "label=%" PRIu32 ",tc=%d,ttl=%d,bos=%d", l.label, l.tc, l.ttl,
                           l.bos);
}

/* ovs-dpctl shows every member once a bit of any entry is wild. */
static void lse_format_masked(GString *out, uint32_t lse, uint32_t mask)
{
    struct lse_text l = lse_unpack(lse), m = lse_unpack(mask);

    g_string_append_printf(out,
                           "label=%" PRIu32 "/0x%" PRIx32 ",tc=%d/%x,ttl=%d/0x%x,bos=%d/%x",
                           l.label, m.label, l.tc, m.tc, l.ttl, m.ttl, l.bos, m.bos);
}

void key_mpls_format(GString *out, const struct nlattr *a, const struct nlattr *mask,
                     const struct key_text *names)
{
    const uint8_t *entry = mnl_attr_get_payload(a);
    const uint8_t *bits = mask && !key_attr_is_exact(mask) ? mnl_attr_get_payload(mask) : NULL;
    size_t len = mnl_attr_get_payload_len(a);

    (void)names;
    if (!len || len % 4) { /* ovs-dpctl forgets one parenthesis in both */
        g_string_append_printf(out, "(bad key length %zu", len);
        return;
    }
    if (bits && mnl_attr_get_payload_len(mask) != len) {
        g_string_append_printf(out, "(key length %zu != mask length %u", len,
                               mnl_attr_get_payload_len(mask));
        return;
    }
    for (size_t i = 0; i < len; i += 4) {
        if (i)
            g_string_append_c(out, ',');
        if (bits)
            lse_format_masked(out, be32_get(entry + i), be32_get(bits + i));
        else
            lse_format(out, be32_get(entry + i));
    }
}

static void append_lse(GByteArray *out, const struct lse_text *l)
{
    uint32_t wire = htonl(lse_pack(l));

    g_byte_array_append(out, (const uint8_t *)&wire, sizeof(wire));
}

/* Takes the members of one entry, up to the first that is given again. */
static int entry_scan(struct scan *in, const struct members *m, struct lse_text *lse,
                      struct lse_text *bits, struct err *e)
{
    unsigned seen = 0;
    int i;

    do {
        struct scan start = *in;

        scan_blanks(in);
        i = member_find(in, m, e);
        if (i < 0)
            return i;
        if (seen >> i & 1) {
            *in = start;
            return 0;
        }
        seen |= 1u << i;
        if (field_scan(in, &m->field[i], lse, bits, e))
            return -EINVAL;
    } while (scan_char(in, ','));
    return 0;
}

int key_mpls_scan(struct scan *in, GByteArray *key, GByteArray *mask,
                  const struct key_text *names, struct err *e)
{
    static const struct members members = {"mpls", lse_fields, N_LSE_FIELDS};

    (void)names;
    do {
        struct lse_text lse = {0}, bits = {0};
        struct scan start = *in;

        if (*in->at != ')' && entry_scan(in, &members, &lse, mask ? &bits : NULL, e))
            return -EINVAL;
        if (members_fit(&start, &members, &lse, e))
            return -EINVAL;
        append_lse(key, &lse);
        if (mask)
            append_lse(mask, &bits);
    } while (*in->at && *in->at != ')' && key->len <= UINT16_MAX);
    return 0;
}
