/* decode.c - see decode.h. SPDX-License-Identifier: Apache-2.0 */
#include "netlink/decode.h"

#include <string.h>

#include "netlink/attr.h"

#define MAX_DEPTH 32            /* of nests; input decides how deep we recurse */
#define SHOWN_TEXT 256          /* a string may be as long as an attribute */

/* ---- leaves ------------------------------------------------------------------------------------ */

size_t decode_enter(struct decode *f, const char *name)
{
    size_t mark = f->path->len;

    f->depth++;
    if (mark)
        g_string_append_c(f->path, '/');
    g_string_append(f->path, name);
    return mark;
}

void decode_leave(struct decode *f, size_t mark)
{
    f->depth--;
    g_string_truncate(f->path, mark);
}

void decode_note(struct decode *f, const struct nlattr *a)
{
    struct decode_attr noted = { f->msg, g_string_chunk_insert_const(f->strings, f->path->str), a };

    g_array_append_val(f->attrs, noted);
}

void decode_add(struct decode *f, const void *at, size_t len, enum form_role role, const char *text)
{
    struct leaf leaf = {
        .msg = f->msg,
        .path = g_string_chunk_insert_const(f->strings, f->path->str),
        .text = g_string_chunk_insert_const(f->strings, text),
        .at = at,
        .len = len,
        .role = role,
    };

    if (!f->n_quiet)
        g_array_append_val(f->list, leaf);
}

void decode_add_named(struct decode *f, const char *name, const void *at, size_t len,
                      enum form_role role, const char *text)
{
    size_t mark = decode_enter(f, name);

    decode_add(f, at, len, role, text);
    decode_leave(f, mark);
}

void decode_add_hex(struct decode *f, const void *at, size_t len, enum form_role role)
{
    GString *text = g_string_new(NULL);

    g_string_append_printf(text, "%zu bytes", len);
    for (size_t i = 0; i < len; i++)
        g_string_append_printf(text, i % 4 ? "%02x" : " %02x", ((const uint8_t *)at)[i]);
    decode_add(f, at, len, role, text->str);
    g_string_free(text, TRUE);
}

void decode_add_wire(struct decode *f, const struct wire *w, const void *at, size_t len,
                     enum form_role role)
{
    GString *text = g_string_new(NULL);
    uint8_t mem[16] = { 0 };

    if (len != w->size || len > sizeof(mem)) {
        decode_add_hex(f, at, len, role);
    } else {
        wire_load(w, mem, len, at);
        w->print(text, mem, len);
        decode_add(f, at, len, role, text->str);
    }
    g_string_free(text, TRUE);
}

static void add_string(struct decode *f, const uint8_t *at, size_t len, enum form_role role)
{
    size_t n = len && !at[len - 1] ? len - 1 : len;
    char *quoted;

    if (!len || memchr(at, 0, n) || n > SHOWN_TEXT || !g_utf8_validate((const char *)at, (gssize)n, NULL)) {
        decode_add_hex(f, at, len, role);
        return;
    }
    quoted = g_strdup_printf("\"%.*s\"%s", (int)n, (const char *)at, n == len ? " without NUL" : "");
    decode_add(f, at, len, role, quoted);
    g_free(quoted);
}

/* ---- forms ------------------------------------------------------------------------------------- */

static void add_members(struct decode *f, const struct form *form, const uint8_t *at)
{
    for (uint16_t i = 0; i < form->n_members; i++) {
        const struct form_member *m = &form->member[i];
        size_t mark = decode_enter(f, m->name);

        decode_add_wire(f, m->wire, at + m->off, m->size, m->role);
        decode_leave(f, mark);
    }
}

static void add_number(struct decode *f, size_t i, const struct form *form, const uint8_t *at,
                       size_t len)
{
    g_autofree char *name = g_strdup_printf("%zu", i);
    size_t mark = decode_enter(f, name);

    if (form->member)
        add_members(f, form, at);
    else
        decode_add_wire(f, form->wire, at, len, form->role);
    decode_leave(f, mark);
}

/* Values or structs one behind the other; what is left over is no whole one. */
static void add_list(struct decode *f, const struct form *form, const uint8_t *at, size_t len)
{
    size_t step = form->member ? form->size : form->wire->size, i = 0;

    for (; (i + 1) * step <= len; i++)
        add_number(f, i, form, at + i * step, step);
    if (i * step < len || !len)
        decode_add_hex(f, at + i * step, len - i * step, ROLE_PLAIN);
}

/* A nest whose types are numbers of what is in it. */
static void add_each(struct decode *f, const struct form *form, const struct nlattr *nest)
{
    const struct nlattr *a;
    int left;

    attr_for_each_nested(a, nest, left) {
        g_autofree char *name = g_strdup_printf("%u", mnl_attr_get_type(a));
        size_t mark = decode_enter(f, name);

        decode_note(f, a);
        decode_form(f, form->each, a, mnl_attr_get_payload(nest), mnl_attr_get_payload_len(nest));
        decode_leave(f, mark);
    }
}

/* A struct of another length than ours is of another kernel: as many members as it has. */
void decode_struct(struct decode *f, const struct form *form, const uint8_t *at, size_t len)
{
    struct form have = *form;

    while (have.n_members && form->member[have.n_members - 1].off +
                                     (size_t)form->member[have.n_members - 1].size > len)
        have.n_members--;
    add_members(f, &have, at);
    if (len > form->size || have.n_members < form->n_members)
        decode_add_named(f, "trailing", at, len, ROLE_PLAIN, "of another length");
}

void decode_form(struct decode *f, const struct form *form, const struct nlattr *a,
                 const void *nest, size_t nest_len)
{
    const uint8_t *at = mnl_attr_get_payload(a);
    size_t len = mnl_attr_get_payload_len(a);

    if (form->walk)
        form->walk(f, a, nest, nest_len);
    else if (form->each)
        add_each(f, form, a);
    else if (form->rows)
        decode_attrs(f, at, len, form->rows, form->max_attr);
    else if (form->is_list)
        add_list(f, form, at, len);
    else if (form->member)
        decode_struct(f, form, at, len);
    else
        decode_add_wire(f, form->wire, at, len, form->role);
}

void decode_note_nest(struct decode *f, const struct nlattr *nest, const struct form *form)
{
    f->n_quiet++;
    decode_form(f, form, nest, mnl_attr_get_payload(nest), mnl_attr_get_payload_len(nest));
    f->n_quiet--;
}

/* ---- attributes -------------------------------------------------------------------------------- */

/* How the kinds read; what has none of these is shown byte by byte. */
static const struct wire *const kind_wires[N_POLICY_KINDS] = {
    [POL_U8] = &wire_u8,   [POL_U16] = &wire_u16, [POL_U32] = &wire_u32,
    [POL_U64] = &wire_u64, [POL_S32] = &wire_s32,
};

static void add_by_kind(struct decode *f, const struct policy *row, const struct nlattr *a)
{
    enum form_role role = row->form ? row->form->role : ROLE_PLAIN;
    const void *at = mnl_attr_get_payload(a);
    size_t len = mnl_attr_get_payload_len(a);

    if (kind_wires[row->kind])
        decode_add_wire(f, kind_wires[row->kind], at, len, role);
    else if (row->kind == POL_STRING)
        add_string(f, at, len, role);
    else if (row->kind == POL_NESTED)
        decode_attrs(f, at, len, NULL, 0);
    else if (row->kind == POL_FLAG && !len)
        decode_add(f, a, sizeof(*a), role, "yes");
    else
        decode_add_hex(f, at, len, role);
}

static bool has_form(const struct policy *row)
{
    const struct form *form = row->form;

    return form && (form->walk || form->each || form->rows || form->member || form->wire);
}

static void add_attr(struct decode *f, const struct policy *row, const struct nlattr *a,
                     const void *nest, size_t nest_len)
{
    bool is_known = row && row->name;
    g_autofree char *number =
        is_known ? NULL : g_strdup_printf("attribute %u", mnl_attr_get_type(a));
    size_t mark = decode_enter(f, is_known ? row->name : number);

    decode_note(f, a);
    if (!is_known || f->depth > MAX_DEPTH)
        decode_add_hex(f, mnl_attr_get_payload(a), mnl_attr_get_payload_len(a), ROLE_PLAIN);
    else if (has_form(row))
        decode_form(f, row->form, a, nest, nest_len);
    else
        add_by_kind(f, row, a);
    decode_leave(f, mark);
}

void decode_attrs(struct decode *f, const void *attrs, size_t len, const struct policy *rows,
                  uint16_t max_attr)
{
    const struct nlattr *a;
    int left;

    if (!len)
        decode_add(f, attrs, 0, ROLE_PLAIN, "empty");
    attr_for_each(a, attrs, len, left) {
        uint16_t type = mnl_attr_get_type(a);

        add_attr(f, rows && type <= max_attr ? &rows[type] : NULL, a, attrs, len);
    }
    if (left > 0) {
        size_t mark = decode_enter(f, "trailing");

        decode_add_hex(f, (const uint8_t *)attrs + len - (size_t)left, (size_t)left, ROLE_PLAIN);
        decode_leave(f, mark);
    }
}
