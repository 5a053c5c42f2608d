/* key_text.c - flow keys as text: the walkers over the rows of key_attrs.c.
 *
 * The syntax is ovs-dpctl's (OVS 3.1). What a row cannot describe (an unknown type, a wrong
 * length) is shown as "key7(0a 00)", so that every list of attributes can be read back.
 * SPDX-License-Identifier: Apache-2.0 */
#include "dp/key_text.h"

#include <linux/openvswitch.h>
#include <string.h>

#include "netlink/attr.h"

/* ---- one attribute ------------------------------------------------------------------------- */

static const struct key_attr *row_of(uint16_t type)
{
    return type < N_KEY_ATTRS && key_attrs[type].name ? &key_attrs[type] : NULL;
}

static struct members row_members(const struct key_attr *row)
{
    return (struct members){ row->name, row->field, row->n_fields};
}

/* Can the row's text say what is in these payloads? */
static bool row_fits(const struct key_attr *row, const struct nlattr *a, const struct nlattr *mask)
{
    uint16_t len = mnl_attr_get_payload_len(a);
    uint16_t mask_len = mask ? mnl_attr_get_payload_len(mask) : 0;

    if (!row || (row->flags & KEY_TEXT_BYTES && mask) || (row->len >= 0 && len != row->len))
        return false;
    return row->len < 0 || !mask || mask_len == len;
}

void key_raw_format(GString *out, const struct nlattr *a, const struct nlattr *mask)
{
    g_string_append_printf(out, "key%u(", mnl_attr_get_type(a));
    hex_format(out, mnl_attr_get_payload(a), mnl_attr_get_payload_len(a), ' ');
    if (mask) {
        g_string_append_c(out, '/');
        hex_format(out, mnl_attr_get_payload(mask), mnl_attr_get_payload_len(mask), ' ');
    }
    g_string_append_c(out, ')');
}

/* ovs-dpctl cannot tell what the mask of an attribute without a name means. */
static bool is_wild(const struct nlattr *mask)
{
    const struct key_attr *row = row_of(mnl_attr_get_type(mask));
    const void *bits = mnl_attr_get_payload(mask);

    if (!row || row->flags & KEY_TEXT_BYTES)
        return false;
    if (!row->n_fields || mnl_attr_get_payload_len(mask) != row->len)
        return bytes_are(bits, mnl_attr_get_payload_len(mask), 0);
    for (size_t i = 0; i < row->n_fields; i++) {
        if (!field_is_blank(&row->field[i], bits))
            return false;
    }
    return true;
}

const struct nlattr *blank_mask(GByteArray *room, const struct nlattr *a)
{
    size_t len = mnl_attr_get_payload_len(a);

    g_byte_array_set_size(room, 0);
    attr_put(room, mnl_attr_get_type(a), NULL, 0);
    g_byte_array_set_size(room, (guint)(sizeof(*a) + len));
    memset(room->data + sizeof(*a), 0, len);
    ((struct nlattr *)room->data)->nla_len = a->nla_len;
    return (const struct nlattr *)room->data;
}

void key_attr_format(GString *out, const struct nlattr *a, const struct nlattr *mask,
                     const struct key_text *names)
{
    const struct key_attr *row = row_of(mnl_attr_get_type(a));

    if (!row_fits(row, a, mask)) {
        key_raw_format(out, a, mask);
        return;
    }
    g_string_append_printf(out, "%s(", row->name);
    if (row->format) {
        row->format(out, a, mask, names);
    } else {
        struct members m = row_members(row);

        members_format(out, &m, mnl_attr_get_payload(a), mask ? mnl_attr_get_payload(mask) : NULL,
                       text_shows_wild(names) || row->flags & KEY_TEXT_WILD);
    }
    g_string_append_c(out, ')');
}

bool key_attr_is_exact(const struct nlattr *a)
{
    const struct key_attr *row = row_of(mnl_attr_get_type(a));
    const void *mask = mnl_attr_get_payload(a);

    if (!row || !row->n_fields)
        return bytes_are(mask, mnl_attr_get_payload_len(a), 0xff);
    for (size_t i = 0; i < row->n_fields; i++) {
        if (!field_is_exact(&row->field[i], mask))
            return false;
    }
    return true;
}

static int type_by_name(const char *name)
{
    for (uint16_t type = 0; type < N_KEY_ATTRS; type++) {
        if (key_attrs[type].name && !strcmp(key_attrs[type].name, name))
            return type;
    }
    return -1;
}

int key_raw_scan(struct scan *in, GByteArray *value, GByteArray *mask, struct err *e)
{
    int err = hex_scan(in, value, ' ', e);

    if (err || !mask)
        return err;
    if (scan_char(in, '/'))
        return hex_scan(in, mask, ' ', e);
    g_byte_array_set_size(mask, value->len);
    if (mask->len)
        memset(mask->data, 0xff, mask->len);
    return 0;
}

static void zero_fill(GByteArray *bytes, guint len)
{
    g_byte_array_set_size(bytes, len);
    memset(bytes->data, 0, len);
}

static int row_scan(struct scan *in, const struct key_attr *row, GByteArray *value,
                    GByteArray *mask, struct err *e)
{
    struct members m = row_members(row);

    zero_fill(value, (guint)row->len);
    if (mask)
        zero_fill(mask, (guint)row->len);
    return members_scan(in, &m, value->data, mask ? mask->data : NULL, e);
}

static int payload_scan(struct scan *in, const struct key_attr *row, GByteArray *value,
                        GByteArray *mask, const struct key_text *names, struct err *e)
{
    if (!row)
        return key_raw_scan(in, value, mask, e);
    if (row->scan)
        return row->scan(in, value, mask, names, e);
    return row_scan(in, row, value, mask, e);
}

/* Takes "ipv4(" or "key7(". *row NULL: the payload is hexadecimal. */
static int head_scan(struct scan *in, uint16_t *type, const struct key_attr **row, struct err *e)
{
    struct scan start = *in;
    char name[32];
    int found;

    if (!scan_name(in, name, sizeof(name)) || !scan_char(in, '('))
        return text_error(e, &start, "expected a key attribute, such as \"in_port(1)\"");
    found = type_by_name(name);
    *row = found >= 0 ? &key_attrs[found] : NULL;
    *type = (uint16_t)found;
    if (found >= 0 || text_raw_type(name, "key", type))
        return 0;
    return text_error(e, &start, "no key attribute is called \"%s\"", name);
}

int key_attr_scan(struct scan *in, GByteArray *key, GByteArray *mask, const struct key_text *names,
                  struct err *e)
{
    g_autoptr(GByteArray) value = g_byte_array_new();
    g_autoptr(GByteArray) bits = g_byte_array_new();
    struct scan start = *in;
    const struct key_attr *row;
    uint16_t type;

    if (head_scan(in, &type, &row, e) ||
        payload_scan(in, row, value, mask ? bits : NULL, names, e) || text_expect(in, ")", e))
        return -EINVAL;
    if (MAX(value->len, bits->len) > UINT16_MAX - sizeof(struct nlattr))
        return text_error(e, &start, "longer than an attribute can be");
    if (!mask || !row || !(row->flags & KEY_TEXT_NO_ZERO) || !bytes_are(value->data, value->len, 0))
        attr_put(key, type, value->data, value->len);
    if (mask)
        attr_put(mask, type, bits->data, bits->len);
    return 0;
}

/* ---- a list of them ------------------------------------------------------------------------ */

/* How is an attribute shown that the mask leaves free? As any other if all are wanted, and so are
 * nests, which say what kind of packet it is; the Ethernet header without its members, as it cannot
 * be left free that there is one (catalogue 04, section 4.8). */
enum wild_text { WILD_AS_ANY, WILD_EMPTY, WILD_NOT };

static enum wild_text wild_text(uint16_t type, const struct key_text *names)
{
    const struct key_attr *row = row_of(type);

    if (text_shows_wild(names) || (row && row->len == KEY_LEN_NESTED))
        return WILD_AS_ANY;
    return row && row->flags & KEY_TEXT_EMPTY ? WILD_EMPTY : WILD_NOT;
}

/* The mask of an 802.2 flow can have an EtherType that the key has not. */
static void format_mask_only(GString *out, const struct nlattr *mask, const void *key,
                             size_t key_len)
{
    const struct key_attr *row = row_of(mnl_attr_get_type(mask));

    if (!row || !(row->flags & KEY_TEXT_NO_ZERO) || mnl_attr_get_payload_len(mask) != row->len ||
        attr_find(key, key_len, mnl_attr_get_type(mask)))
        return;
    g_string_append_printf(out, ",%s(0/", row->name);
    field_format(out, row->field, mnl_attr_get_payload(mask), NULL);
    g_string_append_c(out, ')');
}

void key_format(GString *out, const void *key, size_t key_len, const void *mask, size_t mask_len,
                const struct key_text *names)
{
    g_autoptr(GByteArray) room = g_byte_array_new();
    const struct nlattr *a;
    const char *separator = "";
    int left;

    attr_for_each(a, key, key_len, left) {
        uint16_t type = mnl_attr_get_type(a);
        const struct nlattr *m = mask_len ? attr_find(mask, mask_len, type) : NULL;
        bool is_left_free = m ? is_wild(m) : mask_len > 0;
        enum wild_text wild = is_left_free ? wild_text(type, names) : WILD_AS_ANY;

        if (wild == WILD_NOT)
            continue;
        g_string_append(out, separator);
        key_attr_format(out, a, mask_len && !m ? blank_mask(room, a) : m, names);
        if (wild != WILD_EMPTY) /* ovs-dpctl forgets the comma behind one that comes first */
            separator = ",";
    }
    text_leftover(out, key, key_len, left);
    attr_for_each(a, mask, mask_len, left)
        format_mask_only(out, a, key, key_len);
}

/* ovs-dpctl prints a flow's id before its key, and reads over it. */
static void skip_ufid(struct scan *in)
{
    if (!scan_text(in, "ufid:"))
        return;
    while (g_ascii_isxdigit(*in->at) || *in->at == '-')
        in->at++;
    scan_char(in, ',');
    scan_blanks(in);
}

/* Takes a comma if an attribute follows ("in_port(1), packets:0" ends before it). It may be
 * missing, see key_format(). */
static bool scan_next(struct scan *in)
{
    struct scan next = *in;
    size_t len;

    if (scan_char(&next, ','))
        scan_blanks(&next);
    len = strcspn(next.at, "(), \t:");
    if (!len || next.at[len] != '(')
        return false;
    *in = next;
    return true;
}

int key_scan(struct scan *in, GByteArray *key, GByteArray *mask, const struct key_text *names,
             struct err *e)
{
    guint key_len = key->len, mask_len = mask ? mask->len : 0;

    scan_blanks(in);
    skip_ufid(in);
    scan_char(in, ',');         /* a mask without a key comes with its comma, see format_mask_only() */
    if (scan_done(in))
        return 0;
    do {
        if (key_attr_scan(in, key, mask, names, e)) {
            g_byte_array_set_size(key, key_len);
            if (mask)
                g_byte_array_set_size(mask, mask_len);
            return -EINVAL;
        }
    } while (scan_next(in));
    return 0;
}
