/* grammar.c - the fuzz grammar that follows from the tables: a dictionary for libFuzzer or AFL.
 *
 * For each key attribute and action: its header with the legal length, and one byte more and
 * less; for each member with a limit: the limit and the value above it; for each condition: the
 * types and protocols that it names. Attributes put together from these agree with themselves.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tools/docs/docs.h"

#include <arpa/inet.h>
#include <glib.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>

#include "dp/act.h"
#include "dp/key.h"

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

int print_grammar(void)
{
    printf("# Printed by dpsim-docs from the tables; do not edit.\n");
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
    return 0;
}
