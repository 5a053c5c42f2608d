/* key_text_tunopt.c - text of tunnel options: vxlan(gbp(...)), erspan(...), geneve({...}{...}).
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <linux/openvswitch.h>
#include <string.h>

#include "base/bytes.h"
#include "dp/key_text.h"
#include "netlink/attr.h"

/* Has the mask (NULL: exact) the same shape? */
static bool mask_fits(const struct nlattr *a, const struct nlattr *mask)
{
    return !mask || mnl_attr_get_payload_len(a) == mnl_attr_get_payload_len(mask);
}

/* clang-format off */
#define N_ERSPAN_V1 2               /* fields of version 1; the rest are version 2's */

struct vxlan_text {
    uint16_t id;
    uint8_t flags;
};
static const struct key_field gbp_fields[] = {
    UNPACKED(vxlan_text, "id",    wire_u16, id, 0),
    UNPACKED(vxlan_text, "flags", wire_u8x, flags, 0),
};

struct erspan_text {
    uint8_t ver, dir, hwid;
    uint32_t idx;
};
static const struct key_field erspan_fields[] = {
    UNPACKED(erspan_text, "ver",  wire_u8,   ver, 0),
    UNPACKED(erspan_text, "idx",  wire_u32x, idx, 0),
    /* Without key_size: ovs-dpctl takes these for whole bytes, whose upper bits are wild. */
    { "dir",  &wire_u8,  offsetof(struct erspan_text, dir),  1, .max = 1 },
    { "hwid", &wire_u8x, offsetof(struct erspan_text, hwid), 1, .max = 0x3f },
};

struct geneve_text {
    uint16_t class;
    uint8_t type, len;
};
static const struct key_field geneve_fields[] = {
    UNPACKED(geneve_text, "class", wire_u16x, class, 0),
    UNPACKED(geneve_text, "type",  wire_u8x,  type, 0),
    UNPACKED(geneve_text, "len",   wire_u8,   len, 124),
};
/* clang-format on */

/* VXLAN: gbp(id=1,flags=0x0). */
static struct vxlan_text vxlan_unpack(const struct nlattr *gbp)
{
    uint32_t bits = mnl_attr_get_u32(gbp);

    return (struct vxlan_text){.id = (uint16_t)bits, .flags = (uint8_t)(bits >> 16)};
}

static const struct nlattr *find_gbp(const struct nlattr *opts)
{
    const struct nlattr *gbp =
        attr_find(mnl_attr_get_payload(opts), mnl_attr_get_payload_len(opts), OVS_VXLAN_EXT_GBP);

    return gbp && mnl_attr_get_payload_len(gbp) == sizeof(uint32_t) ? gbp : NULL;
}

static void vxlan_format(GString *out, const struct nlattr *a, const struct nlattr *mask,
                         bool shows_wild)
{
    static const struct members members = {"gbp", gbp_fields, G_N_ELEMENTS(gbp_fields)};
    const struct nlattr *gbp = find_gbp(a), *gbp_mask = mask ? find_gbp(mask) : NULL;
    struct vxlan_text t, bits = {0};

    if (!gbp)
        return;
    t = vxlan_unpack(gbp);
    if (gbp_mask)
        bits = vxlan_unpack(gbp_mask);
    g_string_append(out, "gbp(");
    members_format(out, &members, &t, mask ? &bits : NULL, shows_wild);
    g_string_append_c(out, ')');
}

static void vxlan_append(GByteArray *out, const struct vxlan_text *t)
{
    uint32_t gbp = t->id | (uint32_t)t->flags << 16;

    attr_put(out, OVS_VXLAN_EXT_GBP, &gbp, sizeof(gbp));
}

static int vxlan_scan(struct scan *in, GByteArray *key, GByteArray *mask, struct err *e)
{
    static const struct members members = {"gbp", gbp_fields, G_N_ELEMENTS(gbp_fields)};
    struct vxlan_text t = {0}, bits = {0};

    if (*in->at == ')')
        return 0;
    if (text_expect(in, "gbp(", e) || members_scan(in, &members, &t, mask ? &bits : NULL, e) ||
        text_expect(in, ")", e))
        return -EINVAL;
    vxlan_append(key, &t);
    if (mask)
        vxlan_append(mask, &bits);
    return 0;
}

/* ERSPAN's metadata is 12 bytes: the version in host order, then version 1's index in network
 * order, or version 2's timestamp, group tag and two bytes of bits. */
#define ERSPAN_LEN 12

static struct erspan_text erspan_unpack(const uint8_t *p)
{
    struct erspan_text t = {.ver = (uint8_t)mem_get(p, 4), .idx = be32_get(p + 4)};

    t.dir = p[11] >> 3 & 1;
    t.hwid = p[11] >> 4;            /* ovs-dpctl shows these bits, and reads two more (p[10]) */
    return t;
}

static void erspan_append(GByteArray *out, const struct erspan_text *t, uint32_t version,
                          bool is_v2)
{
    uint8_t p[ERSPAN_LEN] = {0};

    mem_put(p, 4, version);
    if (is_v2) {
        p[10] = t->hwid >> 4;
        p[11] = (uint8_t)(t->hwid << 4 | t->dir << 3);
    } else {
        be32_put(p + 4, t->idx);
    }
    g_byte_array_append(out, p, sizeof(p));
}

/* Shown even if it is wild, its mask even if it is exact. */
static void index_format(GString *out, const struct erspan_text *t, const struct erspan_text *bits)
{
    g_string_append_printf(out, "idx=%#" PRIx32, t->idx);
    if (bits)
        g_string_append_printf(out, "/%#" PRIx32, bits->idx);
}

static void erspan_format(GString *out, const struct nlattr *a, const struct nlattr *mask,
                          bool shows_wild)
{
    static const struct members version = {"erspan", erspan_fields, 1};
    static const struct members v2 = {"erspan", erspan_fields + N_ERSPAN_V1, 2};
    struct erspan_text t, bits = {0};
    size_t start = out->len;

    if (mnl_attr_get_payload_len(a) != ERSPAN_LEN || !mask_fits(a, mask))
        return;
    t = erspan_unpack(mnl_attr_get_payload(a));
    if (mask)
        bits = erspan_unpack(mnl_attr_get_payload(mask));
    members_format(out, &version, &t, mask ? &bits : NULL, shows_wild);
    if (out->len > start)
        g_string_append_c(out, ',');
    if (t.ver == 1)
        index_format(out, &t, mask ? &bits : NULL);
    else if (t.ver == 2)
        members_format(out, &v2, &t, mask ? &bits : NULL, shows_wild);
    if (out->str[out->len - 1] == ',')
        g_string_truncate(out, out->len - 1);
}

static int erspan_scan(struct scan *in, GByteArray *key, GByteArray *mask, struct err *e)
{
    static const struct members members = {"erspan", erspan_fields, G_N_ELEMENTS(erspan_fields)};
    struct erspan_text t = {0}, bits = {0};
    struct scan start = *in;

    if (members_scan(in, &members, &t, mask ? &bits : NULL, e) ||
        members_fit(&start, &members, &t, e))
        return -EINVAL;
    erspan_append(key, &t, t.ver, t.ver == 2);
    if (mask) /* the text has the low byte of the version's mask */
        erspan_append(mask, &bits, bits.ver == UINT8_MAX ? UINT32_MAX : bits.ver, t.ver == 2);
    return 0;
}

/* Geneve: {class=0x102,type=0x80,len=4,0xa}{...}; the header is class, type, length in words. */
#define GENEVE_HDR 4

static struct geneve_text geneve_unpack(const uint8_t *p)
{
    return (struct geneve_text){
        .class = be16_get(p), .type = p[2], .len = (uint8_t)((p[3] & 0x1f) * 4)};
}

/* One option and its mask (NULL: exact); the mask of the length is 5 bits. */
static void option_format(GString *out, const uint8_t *p, const uint8_t *mask, bool shows_wild)
{
    static const struct members members = {"geneve", geneve_fields, G_N_ELEMENTS(geneve_fields)};
    struct geneve_text t = geneve_unpack(p), bits = {0};
    size_t start = out->len + 1;

    if (mask) {
        bits = geneve_unpack(mask);
        bits.len = (mask[3] & 0x1f) == 0x1f ? UINT8_MAX : mask[3] & 0x1f;
    }
    g_string_append_c(out, '{');
    members_format(out, &members, &t, mask ? &bits : NULL, shows_wild);
    if (t.len && (shows_wild || !mask || !bytes_are(mask + GENEVE_HDR, t.len, 0))) {
        if (out->len > start)
            g_string_append_c(out, ',');
        number_format(out, p + GENEVE_HDR, t.len);
        if (mask && !bytes_are(mask + GENEVE_HDR, t.len, 0xff)) {
            g_string_append_c(out, '/');
            number_format(out, mask + GENEVE_HDR, t.len);
        }
    }
    g_string_append_c(out, '}');
}

static void geneve_format(GString *out, const struct nlattr *a, const struct nlattr *mask,
                          bool shows_wild)
{
    const uint8_t *p = mnl_attr_get_payload(a);
    const uint8_t *bits = mask ? mnl_attr_get_payload(mask) : NULL;
    size_t left = mnl_attr_get_payload_len(a);

    if (!mask_fits(a, mask))
        return;
    while (left >= GENEVE_HDR && left - GENEVE_HDR >= geneve_unpack(p).len) {
        size_t len = (size_t)GENEVE_HDR + geneve_unpack(p).len;

        option_format(out, p, bits, shows_wild);
        p += len;
        bits = bits ? bits + len : NULL;
        left -= len;
    }
    if (left >= GENEVE_HDR)
        g_string_append_printf(out, "opt len %d greater than remaining %zu",
                               GENEVE_HDR + geneve_unpack(p).len, left);
    else if (left)
        g_string_append_printf(out, "opt len %zu less than minimum %d", left, GENEVE_HDR);
}

struct option {
    struct geneve_text t, bits;
    uint8_t data[124], mask[124];
};

static int option_data_scan(struct scan *in, struct option *o, bool has_mask, struct err *e)
{
    if (number_scan(in, o->data, o->t.len, e))
        return -EINVAL;
    memset(o->mask, 0xff, o->t.len);
    return has_mask && scan_char(in, '/') ? number_scan(in, o->mask, o->t.len, e) : 0;
}

/* Takes the members of one option, then its data, if any. */
static int option_scan(struct scan *in, struct option *o, bool has_mask, struct err *e)
{
    static const struct members members = {"geneve", geneve_fields, G_N_ELEMENTS(geneve_fields)};
    struct scan start = *in;

    do {
        int i;

        if (*in->at == '}')
            break;
        if (g_ascii_isdigit(*in->at))
            return option_data_scan(in, o, has_mask, e);
        i = member_find(in, &members, e);
        if (i < 0 || field_scan(in, &members.field[i], &o->t, has_mask ? &o->bits : NULL, e) ||
            members_fit(&start, &members, &o->t, e))
            return -EINVAL;
        if (o->t.len % 4)
            return text_error(e, &start, "an option's len is a multiple of 4");
    } while (scan_char(in, ','));
    return 0;
}

static void option_append(GByteArray *out, const struct geneve_text *t, uint8_t words,
                          const uint8_t *data, size_t len)
{
    uint8_t head[GENEVE_HDR] = {0, 0, t->type, words};

    be16_put(head, t->class);
    g_byte_array_append(out, head, sizeof(head));
    g_byte_array_append(out, data, (guint)len);
}

static int geneve_scan(struct scan *in, GByteArray *key, GByteArray *mask, struct err *e)
{
    while (scan_char(in, '{')) {
        struct option o = {0};

        if (option_scan(in, &o, mask != NULL, e) || text_expect(in, "}", e))
            return -EINVAL;
        if (key->len > UINT16_MAX)
            return text_error(e, in, "longer than an attribute can be");
        option_append(key, &o.t, o.t.len / 4, o.data, o.t.len);
        if (mask)
            option_append(mask, &o.bits, o.bits.len & 0x1f, o.mask, o.t.len);
        scan_char(in, ',');
    }
    return 0;
}

/* clang-format off */
const struct tun_block tun_blocks[N_TUN_BLOCKS] = {
    { OVS_TUNNEL_KEY_ATTR_GENEVE_OPTS, "geneve", geneve_format, geneve_scan },
    { OVS_TUNNEL_KEY_ATTR_VXLAN_OPTS,  "vxlan",  vxlan_format,  vxlan_scan },
    { OVS_TUNNEL_KEY_ATTR_ERSPAN_OPTS, "erspan", erspan_format, erspan_scan },
};
/* clang-format on */
