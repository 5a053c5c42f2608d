/* target_flow_text.c - flows as text: what is read from text, and what is written of any attributes, reads as what it was.
 *
 * An input is a byte of flags (below), then a text; or, of attributes, two bytes for the length of the key's or the actions'
 * attributes, these, and those of the mask.
 * SPDX-License-Identifier: Apache-2.0 */
#include <linux/openvswitch.h>
#include <string.h>

#include "base/bytes.h"
#include "dp/act.h"
#include "fuzz/target.h"
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

/* ---- what has no words ----------------------------------------------------------------------- */

/* ovs-dpctl has sentences for what its syntax cannot say; they are not to be read. */
static const char *const sentences[] = { "***", "error: ", "key length ", "opt len " };

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

/* What was written reads, and then is written as it was. What a mask leaves free is not shown without -m, so that what
 * follows from it is not shown either the next time: "flags(+key)" of a tunnel id. */
static void check_fixed(const struct attrs *was, uint8_t flags, unsigned rounds)
{
    g_autofree char *text = format(was, flags), *again = NULL;
    struct attrs now;

    if (!is_all_said(text))
        return;
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

/* As the datapath would take the flow. */
struct meaning {
    struct flow_key key;        /* masked */
    struct flow_mask mask;
};

static GByteArray *nest_of(const GByteArray *list, uint16_t type)
{
    GByteArray *nest = g_byte_array_new();

    attr_put(nest, type, list->data, list->len);
    return nest;
}

static bool understand(const struct attrs *a, struct meaning *as)
{
    g_autoptr(GByteArray) key = NULL, mask = NULL;
    struct flow_key whole;
    struct match m = { .key = &whole, .mask = &as->mask };

    if (MAX(a->list->len, a->mask->len) > UINT16_MAX - ATTR_HDR)
        return false;
    key = nest_of(a->list, OVS_FLOW_ATTR_KEY);
    mask = nest_of(a->mask, OVS_FLOW_ATTR_MASK);
    if (match_parse(&m, (void *)key->data, a->mask->len ? (void *)mask->data : NULL, true, NULL))
        return false;
    key_apply_mask(&as->key, &whole, &as->mask, true);
    return true;
}

/* With -m all that a flow matches stands in its text. */
static void check_meaning(const struct attrs *was, uint8_t flags)
{
    g_autofree char *text = NULL;
    struct meaning before, after;
    struct attrs now;

    if (!understand(was, &before) || !(flags & SHOWS_WILD))
        return;
    text = format(was, flags);
    if (!is_all_said(text))
        return;
    now = read_back(text, flags);
    FUZZ_CHECK(understand(&now, &after), "%s is no flow any more", text);
    FUZZ_CHECK(!memcmp(&before.mask, &after.mask, sizeof(after.mask)), "%s matches by another mask", text);
    FUZZ_CHECK(!memcmp(&before.key, &after.key, sizeof(after.key)), "%s matches another key", text);
    attrs_free(&now);
}

static void check(const struct attrs *was, uint8_t flags)
{
    check_fixed(was, flags, flags & (SHOWS_WILD | IS_ACTIONS) ? 0 : 1);
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

const struct fuzz_target fuzz_flow_text = {
    .name = "flow_text",
    .what = "flows' keys and actions, from text to attributes and back",
    .run = run,
};
