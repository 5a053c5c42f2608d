/* act_text.c - lists of actions as text: the walkers, and what an action's row or fields describe.
 *
 * The syntax is ovs-dpctl's (OVS 3.1). A hook's format shows the whole action, name included; one
 * that meets a payload it has no words for calls act_raw_format(). A hook's scan starts at the
 * name.
 * SPDX-License-Identifier: Apache-2.0 */
#include "dp/act_text.h"

#include <string.h>

#include "netlink/attr.h"

static const struct act *row_of(uint16_t type)
{
    return type < N_ACTS && act_table[type] && act_table[type]->name ? act_table[type] : NULL;
}

/* ---- format --------------------------------------------------------------------------------- */

void act_raw_format(GString *out, const struct nlattr *a)
{
    g_string_append_printf(out, "action%u", mnl_attr_get_type(a));
    if (!mnl_attr_get_payload_len(a))
        return;
    g_string_append_c(out, '(');
    hex_format(out, mnl_attr_get_payload(a), mnl_attr_get_payload_len(a), ' ');
    g_string_append_c(out, ')');
}

void act_fields_format(GString *out, const char *name, const struct members *m,
                       const struct nlattr *a)
{
    g_string_append(out, name);
    if (!m->n)
        return;
    g_string_append_c(out, '(');
    members_format(out, m, mnl_attr_get_payload(a), NULL, false);
    g_string_append_c(out, ')');
}

static void act_format(GString *out, const struct nlattr *a, const struct key_text *names)
{
    const struct act *row = row_of(mnl_attr_get_type(a));

    if (!row || (row->len >= 0 && mnl_attr_get_payload_len(a) != row->len)) {
        act_raw_format(out, a);
    } else if (row->format) {
        row->format(out, a, names);
    } else if (row->len < 0) {
        act_raw_format(out, a);
    } else {
        struct members m = {row->name, row->field, row->n_fields};

        act_fields_format(out, row->name, &m, a);
    }
}

void acts_format(GString *out, const void *attrs, size_t len, const struct key_text *names)
{
    const struct nlattr *a;
    const char *separator = "";
    struct key_text inner;
    int left;

    if (!len || !text_enter(&inner, names)) {
        g_string_append(out, len ? "***too deep***" : "drop");
        return;
    }
    attr_for_each(a, attrs, len, left) {
        g_string_append(out, separator);
        act_format(out, a, &inner);
        separator = ",";
    }
    text_leftover(out, attrs, len, left);
}

/* ---- scan ----------------------------------------------------------------------------------- */

int act_fields_scan(struct scan *in, uint16_t type, const struct members *m, size_t len,
                    GByteArray *out, struct err *e)
{
    uint8_t payload[ACT_FIELDS_MAX] = {0};

    if (m->n && (text_expect(in, "(", e) || members_scan(in, m, payload, NULL, e) ||
                 text_expect(in, ")", e)))
        return -EINVAL;
    attr_put(out, type, payload, len);
    return 0;
}

static int find_by_name(const char *name)
{
    for (uint16_t type = 0; type < N_ACTS; type++) {
        const struct act *row = row_of(type);

        if (row && !strcmp(row->name, name))
            return type;
    }
    return -1;
}

/* The inside of "action9(00 01)" */
static int raw_scan(struct scan *in, uint16_t type, GByteArray *out, struct err *e)
{
    g_autoptr(GByteArray) payload = g_byte_array_new();
    struct scan start = *in;

    if (scan_char(in, '(') && (hex_scan(in, payload, ' ', e) || text_expect(in, ")", e)))
        return -EINVAL;
    if (payload->len > LIST_MAX)
        return text_error(e, &start, "longer than an attribute can be");
    attr_put(out, type, payload->data, payload->len);
    return 0;
}

static int row_scan(struct scan *in, uint16_t type, GByteArray *out, const struct key_text *names,
                    struct err *e)
{
    const struct act *row = act_table[type];
    struct members m = {row->name, row->field, row->n_fields};
    struct scan start = *in;

    if (row->scan)
        return row->scan(in, out, names, e);
    if (row->len < 0 || row->len > ACT_FIELDS_MAX)
        return text_error(e, &start, "%s cannot be written as text", row->name);
    scan_text(in, row->name);
    return act_fields_scan(in, type, &m, (size_t)row->len, out, e);
}

/* What is no action's name is a port's, or nobody's. */
static int act_scan(struct scan *in, GByteArray *out, const struct key_text *names, struct err *e)
{
    struct scan next = *in;
    char name[32] = "";
    uint16_t raw;
    int type;

    scan_name(&next, name, sizeof(name));
    type = find_by_name(name);
    if (type < 0 && text_raw_type(name, "action", &raw)) {
        *in = next;
        return raw_scan(in, raw, out, e);
    }
    if (type < 0 && *name && *next.at == '(')
        return text_error(e, in, "no action is called \"%s\"", name);
    if (type < 0)
        type = find_by_name("");
    if (type < 0)
        return text_error(e, in, "expected an action");
    return row_scan(in, (uint16_t)type, out, names, e);
}

/* Takes the word for the empty list; "drop(1)" is an action. */
static bool scan_drop(struct scan *in)
{
    struct scan next = *in;

    if (!scan_word(&next, "drop") || *next.at == '(')
        return false;
    *in = next;
    return true;
}

static int list_scan(struct scan *in, GByteArray *out, const struct key_text *names, struct err *e)
{
    scan_blanks(in);
    if (scan_drop(in) || *in->at == ')' || scan_done(in))
        return 0;
    do {
        scan_blanks(in);
        if (act_scan(in, out, names, e))
            return -EINVAL;
    } while (scan_char(in, ','));
    return 0;
}

int acts_scan(struct scan *in, GByteArray *out, const struct key_text *names, struct err *e)
{
    guint len = out->len;
    struct key_text inner;
    int err = text_enter(&inner, names) ? list_scan(in, out, &inner, e)
                                        : text_error(e, in, "too deep");

    if (err)
        g_byte_array_set_size(out, len);
    return err;
}
