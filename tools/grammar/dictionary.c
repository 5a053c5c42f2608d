/* dictionary.c - the dictionary that follows from the tables, as libFuzzer and AFL++ take it.
 *
 * For each key attribute and action: its header with the legal length, and one byte more and
 * less; for each member with a limit: the limit and the value above it; for each condition: the
 * types and protocols that it names. Attributes put together from these agree with themselves.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tools/grammar/dictionary.h"

#include <arpa/inet.h>
#include <glib.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "dp/act.h"
#include "dp/datapath.h"
#include "fuzz/grammar.h"
#include "netlink/family.h"
#include "netlink/form.h"
#include "netlink/rt.h"

static void put_entry(const char *prefix, const char *name, const char *what, const void *bytes,
                      size_t len)
{
    const uint8_t *b = bytes;

    printf("%s_%s%s=\"", prefix, name, what);
    for (size_t i = 0; i < len; i++)
        printf("\\x%02x", b[i]);
    printf("\"\n");
}

/* Attribute headers that a length check tells apart. */
static void put_headers(const char *prefix, const char *name, unsigned type, int len)
{
    static const struct {
        const char *what;
        int more;
    } forms[] = {{"", 0}, {"_long", 1}, {"_short", -1}};

    for (size_t i = 0; i < G_N_ELEMENTS(forms); i++) {
        int payload = MAX(len, 0) + forms[i].more;
        struct nlattr a = {.nla_len = (uint16_t)((int)sizeof(a) + payload),
                           .nla_type = (uint16_t)type};

        if (len >= 0 || !forms[i].more)
            put_entry(prefix, name, forms[i].what, &a, sizeof(a));
    }
}

static void put_limits(const struct key_attr *row)
{
    for (unsigned i = 0; i < row->n_fields; i++) {
        const struct key_field *f = &row->field[i];
        g_autofree char *max = g_strdup_printf("_%s_max", f->name);
        g_autofree char *above = g_strdup_printf("_%s_above", f->name);
        uint32_t value = f->max;
        uint8_t wire[16];

        if (!f->max)
            continue;
        wire_store(f->wire, wire, &value, sizeof(value));
        put_entry("key", row->name, max, wire, f->wire_size);
        value++;
        wire_store(f->wire, wire, &value, sizeof(value));
        put_entry("key", row->name, above, wire, f->wire_size);
    }
}

static void put_conditions(const struct key_attr *row)
{
    for (size_t i = 0; i < G_N_ELEMENTS(row->when.eth_type); i++) {
        g_autofree char *what = g_strdup_printf("_eth_type%zu", i);
        uint16_t wire = htons(row->when.eth_type[i]);

        if (wire)
            put_entry("when", row->name, what, &wire, sizeof(wire));
    }
    if (row->when.ip_proto)
        put_entry("when", row->name, "_proto", &row->when.ip_proto, 1);
    for (size_t i = 0; i < G_N_ELEMENTS(row->when.icmp_type); i++) {
        g_autofree char *what = g_strdup_printf("_type%zu", i);

        if (row->when.icmp_type[i])
            put_entry("when", row->name, what, &row->when.icmp_type[i], 1);
    }
}

static void put_flow(void)
{
    for (unsigned type = 0; type < N_KEY_ATTRS; type++) {
        const struct key_attr *row = &key_attrs[type];

        if (!row->uapi)
            continue;
        put_headers("key", row->name, type, row->len);
        put_limits(row);
        put_conditions(row);
    }
    for (unsigned type = 0; type < ACT_SET_TO_MASKED; type++) {
        const struct act *row = act_table[type];

        if (row)
            put_headers("act", row->uapi + strlen("OVS_ACTION_ATTR_"), type, row->len);
    }
}

/* ---- policies -------------------------------------------------------------------------------------- */

/* Payload bytes that a row takes; -1: it does not say. */
static int len_of(const struct policy *row)
{
    static const int8_t lens[N_POLICY_KINDS] = {
        [POL_ANY] = -1, [POL_U8] = 1, [POL_U16] = 2, [POL_U32] = 4, [POL_U64] = 8, [POL_S32] = 4,
        [POL_FLAG] = 0, [POL_STRING] = -1, [POL_NESTED] = -1, [POL_BINARY] = -1, [POL_MIN_LEN] = -1,
    };

    return row->kind == POL_MIN_LEN ? (int)row->len : lens[row->kind];
}

/* The rows of a message or nest, and those of the nests in it. */
static void put_rows(const char *prefix, const struct policy *rows, uint16_t max_attr)
{
    for (uint16_t type = 1; type <= max_attr; type++) {
        const struct policy *row = &rows[type];
        const struct form *form = row->form && row->form->each ? row->form->each : row->form;

        if (!row->name)
            continue;
        put_headers(prefix, row->name, type, len_of(row));
        if (form && form->rows)
            put_rows(prefix, form->rows, form->max_attr);
    }
}

static void put_family(const struct family *f)
{
    put_rows(f->name, f->policy, f->max_attr);
    if (f == &dp_flow_family)
        put_flow();
}

static void put_route(void)
{
    for (uint16_t type = RTM_BASE; type <= RTM_MAX; type = (uint16_t)(type + 4)) {
        const struct msg_form *form = rt_form_of(type);

        if (form && rt_op_of(type))
            put_rows(form->name, form->rows, form->max_attr);
    }
}

/* ---- all ------------------------------------------------------------------------------------------- */

#define ROUTE "route"

static bool is_wanted(const char *name, const char *wanted)
{
    return !wanted || !strcmp(name, wanted);
}

bool dictionary_print(const char *wanted)
{
    bool is_known = is_wanted(ROUTE, wanted);

    for (int i = 0; i < N_PROGRAM_FAMILIES; i++)
        is_known |= is_wanted(program_family_name[i], wanted);
    if (!is_known)
        return false;
    printf("# Printed by fuzz-grammar from the tables; do not edit.\n");
    for (int i = 0; i < N_PROGRAM_FAMILIES; i++) {
        if (is_wanted(program_family_name[i], wanted))
            put_family(grammar_family((enum program_family)i));
    }
    if (is_wanted(ROUTE, wanted))
        put_route();
    return true;
}
