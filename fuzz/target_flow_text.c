/* target_flow_text.c - flows as text: what is read from text, and what is written of any attributes, reads as what it was.
 *
 * An input is a byte of flags (below), then a text; or, of attributes, two bytes for the length of the key's or the actions'
 * attributes, these, and those of the mask.
 * SPDX-License-Identifier: Apache-2.0 */
#include <linux/openvswitch.h>
#include <string.h>

#include "base/bytes.h"
#include "dp/act.h"
#include "fuzz/grammar.h"
#include "fuzz/key_tools.h"
#include "netlink/attr.h"

enum {
    IS_ACTIONS = 1,             /* not a key */
    IS_ATTRS = 2,               /* not text */
    SHOWS_WILD = 4,             /* dump-flows -m */
    HAS_NAMES = 8,              /* ports have names: "p1" ... */
    HAS_NO_MASK = 16,           /* a key alone, as get-flow takes it */
};
#define MOST_NAMED 9u           /* ports 1 to 9 */

/* A flow's part as attributes. */
struct attrs {
    GByteArray *list, *mask;    /* mask: empty for actions and keys alone */
};

static struct attrs attrs_new(void)
{
    return (struct attrs){ g_byte_array_new(), g_byte_array_new() };
}

static void attrs_free(struct attrs *a)
{
    g_byte_array_unref(a->list);
    g_byte_array_unref(a->mask);
}

/* ---- ports ----------------------------------------------------------------------------------- */

static const char *const port_names[MOST_NAMED + 1] = { "br0", "p1", "p2", "p3", "eth0.10", "veth-a", "6", "tap7", "gre_sys", "0x9" };

static const char *port_name(void *ctx, uint32_t port)
{
    (void)ctx;
    return port < G_N_ELEMENTS(port_names) ? port_names[port] : NULL;
}

static bool port_number(void *ctx, const char *name, uint32_t *port)
{
    (void)ctx;
    for (uint32_t i = 0; i < G_N_ELEMENTS(port_names); i++) {
        if (!strcmp(port_names[i], name)) {
            *port = i;
            return true;
        }
    }
    return false;
}

static struct key_text names_of(uint8_t flags)
{
    struct key_text names = { .shows_wild = flags & SHOWS_WILD };

    if (flags & HAS_NAMES) {
        names.port_name = port_name;
        names.port_number = port_number;
    }
    return names;
}

/* ---- both ways ------------------------------------------------------------------------------- */

static char *format(const struct attrs *a, uint8_t flags)
{
    struct key_text names = names_of(flags);
    GString *out = g_string_new(NULL);

    if (flags & IS_ACTIONS)
        acts_format(out, a->list->data, a->list->len, &names);
    else
        key_format(out, a->list->data, a->list->len, a->mask->data, a->mask->len, &names);
    return g_string_free(out, FALSE);
}

/* 0, or -EINVAL; then nothing has been appended and the sentence names the column. */
static int scan(struct scan *in, struct attrs *a, uint8_t flags, struct err *e)
{
    struct key_text names = names_of(flags);
    int r = flags & IS_ACTIONS ? acts_scan(in, a->list, &names, e)
                               : key_scan(in, a->list, flags & HAS_NO_MASK ? NULL : a->mask, &names, e);

    FUZZ_CHECK(!r || g_str_has_prefix(e->text, "column "), "a text is refused without a column: %s", e->text);
    FUZZ_CHECK(!r || (!a->list->len && !a->mask->len), "attributes of a text that is refused");
    return r;
}

/* Attributes one behind the other, padded by zeros, to the end. */
static void check_form(const GByteArray *list)
{
    const struct nlattr *a;
    int left;

    attr_for_each(a, list->data, list->len, left) {
        size_t pad = attr_align(a->nla_len) - a->nla_len;

        FUZZ_CHECK(bytes_are((const uint8_t *)a + a->nla_len, pad, 0), "an attribute of type %u has other padding than zeros",
                   a->nla_type);
    }
    FUZZ_CHECK(!left, "%d bytes behind the last attribute", left);
}

/* Is there a type twice, here or in a nest? A mask goes with the first of them. */
static bool has_twins(const void *attrs, size_t len)
{
    const struct nlattr *a;
    int left;

    attr_for_each(a, attrs, len, left) {
        uint16_t type = mnl_attr_get_type(a);

        if (attr_find(attrs, len, type) != a)
            return true;
        if (type < N_KEY_ATTRS && key_attrs[type].len == KEY_LEN_NESTED
            && has_twins(mnl_attr_get_payload(a), mnl_attr_get_payload_len(a)))
            return true;
    }
    return false;
}

/* ---- what has no words ----------------------------------------------------------------------- */

/* ovs-dpctl has sentences for what its syntax cannot say; they are not to be read. Nor is the last one, which no kernel dumps. */
static const char *const sentences[] = { "***", "error: ", "key length ", "opt len ", "range error", "commit,force_commit" };

static bool is_all_said(const char *text)
{
    for (size_t i = 0; i < G_N_ELEMENTS(sentences); i++)
        if (strstr(text, sentences[i]))
            return false;
    return true;
}

/* What 'text' says, as attributes. It must be readable, all of it. */
static struct attrs read_back(const char *text, uint8_t flags)
{
    struct attrs a = attrs_new();
    struct err e = { 0 };
    struct scan in;

    scan_init(&in, text);
    FUZZ_CHECK(!scan(&in, &a, flags, &e), "%s is refused: %s", text, e.text);
    FUZZ_CHECK(scan_done(&in), "%s is read up to column %zu", text, scan_column(&in));
    check_form(a.list);
    check_form(a.mask);
    return a;
}

/* What was written reads, and then, after one more round, is written as it was: what a mask leaves free is not shown
 * without -m, nor the next time what follows from it, "flags(+key)" of a tunnel id; a context that NSH lacks becomes zeros. */
static void check_fixed(const struct attrs *was, uint8_t flags, unsigned rounds)
{
    g_autofree char *text = format(was, flags), *again = NULL;
    struct attrs now;

    if (!is_all_said(text) || (!(flags & IS_ACTIONS) && has_twins(was->list->data, was->list->len)))
        return;
    if (was->mask->len && !(flags & SHOWS_WILD) && strstr(text, "geneve("))
        return;                         /* a length that is not matched is not shown, but what it is the length of */
    if (flags & IS_ATTRS && (strstr(text, "timeout=") || strstr(text, "helper=")))
        return;                         /* in attributes such a name may hold anything, also what ends it in text */
    if (!was->mask->len)
        flags |= HAS_NO_MASK;
    now = read_back(text, flags);
    if (rounds) {
        check_fixed(&now, flags, rounds - 1);
    } else {
        again = format(&now, flags);
        FUZZ_CHECK(!strcmp(text, again), "%s is read as %s", text, again);
    }
    attrs_free(&now);
}

/* ---- what it means --------------------------------------------------------------------------- */

#define LABEL_BITS 0xfffffu     /* those that packets can have, and text shows */
#define TCP_FLAGS_BITS 0xfffu

/* As the datapath would take the flow. */
struct meaning {
    struct flow_key key, masked;
    struct flow_mask mask;
};

static GByteArray *nest_of(const GByteArray *list, uint16_t type)
{
    GByteArray *nest = g_byte_array_new();

    attr_put(nest, type, list->data, list->len);
    return nest;
}

static bool understand(const struct attrs *a, struct meaning *as, struct err *e)
{
    g_autoptr(GByteArray) key = NULL, mask = NULL;
    struct match m = { .key = &as->key, .mask = &as->mask };

    if (MAX(a->list->len, a->mask->len) > UINT16_MAX - ATTR_HDR)
        return false;
    key = nest_of(a->list, OVS_FLOW_ATTR_KEY);
    mask = nest_of(a->mask, OVS_FLOW_ATTR_MASK);
    if (match_parse(&m, (void *)key->data, a->mask->len ? (void *)mask->data : NULL, true, e))
        return false;
    as->mask.key.ip6_label &= LABEL_BITS;
    as->mask.key.tcp_flags &= TCP_FLAGS_BITS;
    key_apply_mask(&as->masked, &as->key, &as->mask, true);
    return true;
}

/* Has every bit that can be matched its words with -m? NSH's text is the same without; what a tunnel lacks has none, nor have all bits of options. */
static bool is_exact(const char *text)
{
    static const char *const vague[] = { "nsh(", "tunnel(" };

    for (size_t i = 0; i < G_N_ELEMENTS(vague); i++)
        if (strstr(text, vague[i]))
            return false;
    return true;
}

/* Of an attribute and its twin in another list, or NULL. */
typedef bool pair_fn(const struct nlattr *a, const struct nlattr *twin);

/* Is there such a pair on some level? The twins' lists are 'others'. */
static bool has_pair(const void *attrs, size_t len, const void *others, size_t others_len, pair_fn *is_it)
{
    const struct nlattr *a, *twin;
    int left;

    attr_for_each(a, attrs, len, left) {
        twin = attr_find(others, others_len, mnl_attr_get_type(a));
        if (is_it(a, twin))
            return true;
        if (twin && mnl_attr_get_type(a) == OVS_KEY_ATTR_ENCAP
            && has_pair(mnl_attr_get_payload(a), mnl_attr_get_payload_len(a), mnl_attr_get_payload(twin), mnl_attr_get_payload_len(twin), is_it))
            return true;
    }
    return false;
}

/* A mask of what the key lacks has no words either, but that of the EtherType of 802.2. */
static bool is_alone(const struct nlattr *mask, const struct nlattr *key)
{
    return !key && mnl_attr_get_type(mask) != OVS_KEY_ATTR_ETHERTYPE;
}

/* A tag that a level of the mask leaves free has none: it is read as matched, as the kernel asks, which takes the mask of another level for such a one. */
static bool is_free_tag(const struct nlattr *key, const struct nlattr *mask)
{
    return mnl_attr_get_type(key) == OVS_KEY_ATTR_VLAN && (!mask || !(be16_get(mnl_attr_get_payload(mask)) & KEY_TCI_PRESENT));
}

static void check_meaning(const struct attrs *was, uint8_t flags)
{
    g_autofree char *text = NULL;
    struct meaning before, after;
    struct err e = { 0 };
    struct attrs now;

    if (!(flags & SHOWS_WILD) || has_twins(was->mask->data, was->mask->len)    /* of two that are shown as the first, the kernel skips zeros */
        || has_pair(was->mask->data, was->mask->len, was->list->data, was->list->len, is_alone) || !understand(was, &before, NULL))
        return;
    if (before.key.ip_frag && !before.mask.key.ip_frag)
        return;                         /* -m leaves it out: the key is another one, with what it must have */
    if (was->mask->len && has_pair(was->list->data, was->list->len, was->mask->data, was->mask->len, is_free_tag))
        return;
    if ((before.key.vlan.tci && before.mask.key.vlan.tpid != UINT16_MAX)
        || (before.key.cvlan.tci && before.mask.key.cvlan.tpid != UINT16_MAX))
        return;                         /* -m shows what is in a tag that is left free, which a mask may not have */
    text = format(was, flags);
    if (!is_all_said(text) || !is_exact(text))
        return;
    now = read_back(text, was->mask->len ? flags : flags | HAS_NO_MASK);
    FUZZ_CHECK(understand(&now, &after, &e), "%s is no flow any more: %s", text, e.text);
    if (!before.key.tun_proto) {        /* what is matched of a tunnel that is not there has no words */
        memcpy(&after.mask.key, &before.mask.key, offsetof(struct flow_key, priority));
        after.mask.key.tun_proto = before.mask.key.tun_proto;
    }
    key_check_same(&after.mask.key, &before.mask.key, "%s matches by another mask", text);
    key_check_same(&after.masked, &before.masked, "%s matches another key", text);
    attrs_free(&now);
}

static void check(const struct attrs *was, uint8_t flags)
{
    check_fixed(was, flags, 1);
    if (!(flags & IS_ACTIONS))
        check_meaning(was, flags);
}

/* ---- row ------------------------------------------------------------------------------------- */

static void run_text(const char *text, uint8_t flags)
{
    struct attrs a = attrs_new();
    struct err e = { 0 };
    struct scan in;

    scan_init(&in, text);
    if (!scan(&in, &a, flags, &e)) {
        check_form(a.list);
        check_form(a.mask);
        check(&a, flags);
    }
    attrs_free(&a);
}

static void run_attrs(const uint8_t *data, size_t len, uint8_t flags)
{
    struct attrs a = attrs_new();
    size_t most = len < 2 ? 0 : len - 2, n = len < 2 ? 0 : MIN(be16_get(data), most);

    if (n)
        g_byte_array_append(a.list, data + 2, (guint)n);
    if (n < most && !(flags & (IS_ACTIONS | HAS_NO_MASK)))
        g_byte_array_append(a.mask, data + 2 + n, (guint)(most - n));
    check(&a, flags);
    attrs_free(&a);
}

static void run(const uint8_t *data, size_t len)
{
    uint8_t flags = len ? *data : 0;
    g_autofree char *text = len ? g_strndup((const char *)data + 1, len - 1) : NULL;

    if (!len || len > UINT16_MAX)
        return;
    if (flags & IS_ATTRS)
        run_attrs(data + 1, len - 1, flags);
    else
        run_text(text, flags);
}

/* ---- by lot ---------------------------------------------------------------------------------- */

static void put_attrs(GByteArray *out, const struct attrs *a)
{
    uint8_t len[2];

    be16_put(len, (uint16_t)a->list->len);
    g_byte_array_append(out, len, sizeof(len));
    g_byte_array_append(out, a->list->data, a->list->len);
    g_byte_array_append(out, a->mask->data, a->mask->len);
}

static void put_text(GByteArray *out, const struct attrs *a, uint8_t flags)
{
    g_autofree char *text = format(a, flags);

    g_byte_array_append(out, (const uint8_t *)text, (guint)strlen(text));
}

/* Attributes of a flow that the datapath would take, or their text. */
static void generate(struct rng *r, GByteArray *out)
{
    uint8_t flags = (uint8_t)(rng_u32(r) & (IS_ACTIONS | IS_ATTRS | SHOWS_WILD | HAS_NAMES));
    struct attrs a = attrs_new();
    struct flow_key key, bits;

    grammar_key(r, &key);
    grammar_mask(r, &key, &bits);
    if (flags & IS_ACTIONS)
        grammar_actions(r, &key, a.list);
    else
        grammar_key_attrs(r, &key, &bits, a.list, a.mask);
    g_byte_array_append(out, &flags, 1);
    if (flags & IS_ATTRS)
        put_attrs(out, &a);
    else
        put_text(out, &a, flags);
    attrs_free(&a);
}

const struct fuzz_target fuzz_flow_text = {
    .name = "flow_text",
    .what = "flows' keys and actions, from text to attributes and back",
    .run = run,
    .generate = generate,
};
