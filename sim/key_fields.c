/* key_fields.c - see key_fields.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/key_fields.h"

#include <stdbool.h>
#include <string.h>

static void field_free(gpointer data)
{
    struct named_value *f = data;

    g_free(f->name);
    g_free(f->value);
    g_free(f);
}

GPtrArray *key_fields_new(void)
{
    return g_ptr_array_new_with_free_func(field_free);
}

void key_fields_add(GPtrArray *fields, const char *name, const char *value)
{
    struct named_value *f = g_new(struct named_value, 1);

    *f = (struct named_value){ g_strdup(name), g_strdup(value) };
    g_ptr_array_add(fields, f);
}

/* The end of the part that begins at 'at': the comma behind it or the end, not in parentheses. */
static const char *part_end(const char *at)
{
    unsigned depth = 0;

    for (; *at && (depth || *at != ','); at++)
        depth += *at == '(' ? 1u : *at == ')' ? -1u : 0u;
    return at;
}

static void take_apart(GPtrArray *fields, const char *text, const char *prefix);

/* "NAME=VALUE", "NAME(VALUE)", "NAME(PARTS)" or "NAME". */
static void take_part(GPtrArray *fields, const char *part, const char *prefix)
{
    size_t len = strcspn(part, "=(");
    g_autofree char *name = g_strdup_printf("%s%s%.*s", prefix, *prefix ? "." : "", (int)len, part);
    g_autofree char *inner = g_strdup(part[len] ? part + len + 1 : "");
    bool is_nested = part[len] == '(';

    if (is_nested && *inner)
        inner[strlen(inner) - 1] = '\0';
    if (is_nested && strpbrk(inner, "=("))
        take_apart(fields, inner, name);
    else
        key_fields_add(fields, name, inner);
}

static void take_apart(GPtrArray *fields, const char *text, const char *prefix)
{
    for (const char *at = text, *end; *at; at = *end ? end + 1 : end) {
        g_autofree char *part = NULL;

        end = part_end(at);
        part = g_strndup(at, (gsize)(end - at));
        take_part(fields, part, prefix);
    }
}

void key_fields_take_apart(GPtrArray *fields, const char *text)
{
    take_apart(fields, text, "");
}

const char *key_fields_value(const GPtrArray *fields, const char *name)
{
    for (guint i = 0; fields && i < fields->len; i++) {
        const struct named_value *f = g_ptr_array_index(fields, i);

        if (!strcmp(f->name, name))
            return f->value;
    }
    return NULL;
}
