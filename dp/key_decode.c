/* key_decode.c - keys, actions and frames field by field: hooks of the families' forms.
 *
 * A key attribute that its row describes by members has a field for each of them; others, and actions, are
 * one field each, in ovs-dpctl's words. SPDX-License-Identifier: Apache-2.0 */
#include "dp/key_decode.h"

#include <linux/openvswitch.h>

#include "dp/act.h"
#include "dp/key_text.h"
#include "netlink/attr.h"

#define KEY_DEPTH 8             /* ENCAP in ENCAP: input decides how deep we recurse */
#define ACT_DEPTH 24            /* steps of a path: clone() in clone() */

/* ---- keys and masks ------------------------------------------------------------------------------ */

static void add_key_list(struct decode *f, const void *attrs, size_t len);

static void add_key_members(struct decode *f, const struct key_attr *row, const uint8_t *at)
{
    for (unsigned i = 0; i < row->n_fields; i++) {
        const struct key_field *m = &row->field[i];
        size_t mark = *m->name ? decode_enter(f, m->name) : 0;
        GString *text = g_string_new(NULL);

        field_format(text, m, at, NULL);
        decode_add(f, at + m->wire_off, m->wire_size, ROLE_PLAIN, text->str);
        g_string_free(text, TRUE);
        if (*m->name)
            decode_leave(f, mark);
    }
}

static void add_key_text(struct decode *f, const struct nlattr *a)
{
    GString *text = g_string_new(NULL);

    key_attr_format(text, a, NULL, NULL);
    decode_add(f, mnl_attr_get_payload(a), mnl_attr_get_payload_len(a), ROLE_PLAIN, text->str);
    g_string_free(text, TRUE);
}

static void add_key_attr(struct decode *f, const struct nlattr *a)
{
    uint16_t type = mnl_attr_get_type(a);
    const struct key_attr *row = type < N_KEY_ATTRS && key_attrs[type].uapi ? &key_attrs[type] : NULL;
    g_autofree char *number = row ? NULL : g_strdup_printf("attribute %u", type);
    size_t len = mnl_attr_get_payload_len(a), mark = decode_enter(f, row ? row->uapi : number);

    decode_note(f, a);
    if (type == OVS_KEY_ATTR_ENCAP && f->depth < KEY_DEPTH)
        add_key_list(f, mnl_attr_get_payload(a), len);
    else if (row && row->n_fields && len == (size_t)row->len)
        add_key_members(f, row, mnl_attr_get_payload(a));
    else if (row)
        add_key_text(f, a);
    else
        decode_add_hex(f, mnl_attr_get_payload(a), len, ROLE_PLAIN);
    if (row && key_nest_forms[type])
        decode_note_nest(f, a, key_nest_forms[type]);
    decode_leave(f, mark);
}

static void add_trailing(struct decode *f, const void *list, size_t len, int left)
{
    size_t mark;

    if (left <= 0)
        return;
    mark = decode_enter(f, "trailing");
    decode_add_hex(f, (const uint8_t *)list + len - (size_t)left, (size_t)left, ROLE_PLAIN);
    decode_leave(f, mark);
}

static void add_key_list(struct decode *f, const void *attrs, size_t len)
{
    const struct nlattr *a;
    int left;

    if (!len)
        decode_add(f, attrs, 0, ROLE_PLAIN, "empty");
    attr_for_each(a, attrs, len, left)
        add_key_attr(f, a);
    add_trailing(f, attrs, len, left);
}

static void walk_key(struct decode *f, const struct nlattr *a, const void *nest, size_t nest_len)
{
    (void)nest;
    (void)nest_len;
    add_key_list(f, mnl_attr_get_payload(a), mnl_attr_get_payload_len(a));
}

const struct form key_form = { .walk = walk_key };

/* ---- actions ------------------------------------------------------------------------------------- */

/* "0 OVS_ACTION_ATTR_OUTPUT": actions of one kind may come more than once. */
static char *act_name(unsigned i, uint16_t type)
{
    const struct act *row = type < N_ACTS ? act_table[type] : NULL;

    return row && row->uapi ? g_strdup_printf("%u %s", i, row->uapi)
                            : g_strdup_printf("%u attribute %u", i, type);
}

static void add_act(struct decode *f, const struct nlattr *a)
{
    uint16_t type = mnl_attr_get_type(a);
    GString *text = g_string_new(NULL);

    decode_note(f, a);
    acts_format(text, a, a->nla_len, NULL);
    decode_add(f, mnl_attr_get_payload(a), mnl_attr_get_payload_len(a), ROLE_PLAIN, text->str);
    g_string_free(text, TRUE);
    if (f->depth < ACT_DEPTH && type < N_ACTS && act_nest_forms[type])
        decode_note_nest(f, a, act_nest_forms[type]);
}

static void walk_acts(struct decode *f, const struct nlattr *list, const void *nest, size_t nest_len)
{
    size_t len = mnl_attr_get_payload_len(list);
    const struct nlattr *a;
    unsigned i = 0;
    int left;

    (void)nest;
    (void)nest_len;
    if (!len)
        decode_add(f, mnl_attr_get_payload(list), 0, ROLE_PLAIN, "drop");
    attr_for_each_nested(a, list, left) {
        g_autofree char *name = act_name(i++, mnl_attr_get_type(a));
        size_t mark = decode_enter(f, name);

        add_act(f, a);
        decode_leave(f, mark);
    }
    add_trailing(f, mnl_attr_get_payload(list), len, left);
}

const struct form acts_form = { .walk = walk_acts };

/* ---- what several families have ------------------------------------------------------------------- */

const struct form_member ovs_header_members[1] = {
    FORM_MEMBER(ovs_header, dp_ifindex, wire_s32, .role = ROLE_IFINDEX),
};
static const struct form_member stats_members[] = {
    FORM_MEMBER(ovs_flow_stats, n_packets, wire_u64, .role = ROLE_COUNT),
    FORM_MEMBER(ovs_flow_stats, n_bytes, wire_u64, .role = ROLE_COUNT),
};

const struct form flow_stats_form = { FORM_MEMBERS(stats_members, struct ovs_flow_stats) };
const struct form portids_form = { .role = ROLE_PORTID, .wire = &wire_u32, .is_list = true };
const struct form clock_form = { .role = ROLE_CLOCK, .wire = &wire_u64 };
