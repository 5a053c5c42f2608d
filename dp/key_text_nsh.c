/* key_text_nsh.c - text of the NSH key attribute: a nest of a base header and four context words.
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <linux/openvswitch.h>
#include <string.h>

#include "base/bytes.h"
#include "dp/key_hooks.h"
#include "dp/key_text.h"
#include "netlink/attr.h"

#define MDTYPE_1 1                  /* the type with fixed context */

struct nsh_text {
    uint8_t flags, ttl, mdtype, np, si;
    uint32_t spi, c[4];
};

/* ovs-dpctl writes these masks with all their digits, and a zero word as 0x0. */
static void print_u8_masked(GString *out, const void *mem, const void *mask, size_t size)
{
    g_string_append_printf(out, "0x%02" PRIx64 "/0x%02" PRIx64, mem_get(mem, size),
                           mem_get(mask, size));
}

static void print_u8(GString *out, const void *mem, size_t size)
{
    wire_u8.print(out, mem, size);
}

static bool scan_number(struct scan *in, void *mem, size_t size)
{
    return wire_u32.scan(in, mem, size);
}

static void print_word(GString *out, const void *mem, size_t size)
{
    g_string_append_printf(out, "0x%" PRIx64, mem_get(mem, size));
}

static void print_word_masked(GString *out, const void *mem, const void *mask, size_t size)
{
    print_word(out, mem, size);
    g_string_append_printf(out, "/0x%08" PRIx64, mem_get(mask, size));
}

/* clang-format off */
static const struct wire nsh_u8 = {
    .name = "u8", .size = 1, .is_num = true,
    .print = print_u8, .scan = scan_number, .print_masked = print_u8_masked,
};
static const struct wire nsh_word = {
    .name = "u32", .size = 4, .is_num = true,
    .print = print_word, .scan = scan_number, .print_masked = print_word_masked,
};

static const struct key_field nsh_fields[] = {
    UNPACKED(nsh_text, "flags",  nsh_u8,   flags, 0),
    UNPACKED(nsh_text, "ttl",    nsh_u8,   ttl, 0),
    UNPACKED(nsh_text, "mdtype", nsh_u8,   mdtype, 0),
    UNPACKED(nsh_text, "np",     nsh_u8,   np, 0),
    UNPACKED(nsh_text, "spi",    nsh_word, spi, 0xffffff),
    UNPACKED(nsh_text, "si",     nsh_u8,   si, 0),
    UNPACKED(nsh_text, "c1",     nsh_word, c[0], 0),
    UNPACKED(nsh_text, "c2",     nsh_word, c[1], 0),
    UNPACKED(nsh_text, "c3",     nsh_word, c[2], 0),
    UNPACKED(nsh_text, "c4",     nsh_word, c[3], 0),
};
#define N_BASE_FIELDS 6             /* the rest is context */
/* clang-format on */

/* The payload of a part of the nest, if it is 'len' bytes. */
static const uint8_t *nsh_part(const struct nlattr *nest, uint16_t type, size_t len)
{
    const struct nlattr *a =
        attr_find(mnl_attr_get_payload(nest), mnl_attr_get_payload_len(nest), type);

    return a && mnl_attr_get_payload_len(a) == len ? mnl_attr_get_payload(a) : NULL;
}

static const uint8_t *nsh_base(const struct nlattr *nest)
{
    return nsh_part(nest, OVS_NSH_KEY_ATTR_BASE, sizeof(struct ovs_nsh_key_base));
}

static const uint8_t *nsh_md1(const struct nlattr *nest)
{
    return nsh_part(nest, OVS_NSH_KEY_ATTR_MD1, sizeof(struct ovs_nsh_key_md1));
}

/* What the nest has not stays. */
static void nsh_unpack(struct nsh_text *t, const struct nlattr *nest)
{
    const uint8_t *base = nsh_base(nest), *md1 = nsh_md1(nest);

    if (base) {
        t->flags = base[0];
        t->ttl = base[1];
        t->mdtype = base[2];
        t->np = base[3];
        t->spi = be32_get(base + 4) >> 8;
        t->si = base[7];
    }
    for (size_t i = 0; md1 && i < G_N_ELEMENTS(t->c); i++)
        t->c[i] = be32_get(md1 + 4 * i);
}

void key_nsh_format(GString *out, const struct nlattr *a, const struct nlattr *mask,
                    const struct key_text *names)
{
    struct members members = {"nsh", nsh_fields, G_N_ELEMENTS(nsh_fields)};
    struct nsh_text t = {0}, bits;

    (void)names;
    memset(&bits, 0xff, sizeof(bits));
    nsh_unpack(&t, a);
    if (mask)
        nsh_unpack(&bits, mask);
    if (!nsh_md1(a)) /* ovs-dpctl takes a context that is not there for zeros, matched exactly */
        memset(bits.c, 0xff, sizeof(bits.c));
    if (!mask && t.mdtype != MDTYPE_1)
        members.n = N_BASE_FIELDS;
    members_format(out, &members, &t, mask ? &bits : NULL, false);
}

static void nsh_append(GByteArray *out, const struct nsh_text *t, bool has_context)
{
    uint8_t base[sizeof(struct ovs_nsh_key_base)] = {t->flags, t->ttl, t->mdtype, t->np};
    uint8_t context[sizeof(struct ovs_nsh_key_md1)];

    be32_put(base + 4, t->spi << 8 | t->si);
    attr_put(out, OVS_NSH_KEY_ATTR_BASE, base, sizeof(base));
    if (!has_context)
        return;
    for (size_t i = 0; i < G_N_ELEMENTS(t->c); i++)
        be32_put(context + 4 * i, t->c[i]);
    attr_put(out, OVS_NSH_KEY_ATTR_MD1, context, sizeof(context));
}

/* Is a context matched? A type that is left free is not in the text, but the context needs it. */
static bool says_context(const struct nsh_text *t, const struct nsh_text *bits)
{
    bool is_made_up = bytes_are(t->c, sizeof(t->c), 0) && bytes_are(bits->c, sizeof(t->c), 0xff);

    return !is_made_up && !bytes_are(bits->c, sizeof(bits->c), 0);
}

int key_nsh_scan(struct scan *in, GByteArray *key, GByteArray *mask,
                 const struct key_text *names, struct err *e)
{
    static const struct members members = {"nsh", nsh_fields, G_N_ELEMENTS(nsh_fields)};
    struct nsh_text t = {0}, bits = {0};
    struct scan start = *in;

    (void)names;
    if (members_scan(in, &members, &t, mask ? &bits : NULL, e) ||
        members_fit(&start, &members, &t, e))
        return -EINVAL;
    if (mask && !bits.mdtype && says_context(&t, &bits))
        t.mdtype = MDTYPE_1;
    nsh_append(key, &t, t.mdtype == MDTYPE_1);
    if (mask)
        nsh_append(mask, &bits, !bytes_are(bits.c, sizeof(bits.c), 0));
    return 0;
}
