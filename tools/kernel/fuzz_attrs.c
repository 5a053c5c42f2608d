/* fuzz_attrs.c - see fuzz_attrs.h. SPDX-License-Identifier: Apache-2.0 */
#include "tools/kernel/fuzz_attrs.h"

#include <string.h>

#include "netlink/attr.h"
#include "tools/kernel/fuzz_text.h"

#define MAX_DEPTH 24            /* of nests: input decides how deep we recurse */

const char *const fuzz_socks[N_PROGRAM_SOCKS] = {"s0", "u0", "r0", "n0"};
const char *const fuzz_devices[PROGRAM_PORTS + 1] = {"d0", "p1", "p2", "p3"};

/* ---- values ------------------------------------------------------------------------------------------------ */

void fuzz_put_hex(GString *out, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        g_string_append_printf(out, "%02x", bytes[i]);
}

static const char *name_in(uint32_t word, const uint32_t *numbers, unsigned n, const char *const *names)
{
    for (unsigned i = 0; i < n; i++)
        if (word && word == numbers[i])
            return names[i];
    return NULL;
}

/* "@d0" of a word that stands for a number, or NULL. */
const char *fuzz_stand_in(uint32_t word)
{
    if (word - PROGRAM_IFINDEX(0) <= PROGRAM_PORTS)
        return fuzz_devices[word - PROGRAM_IFINDEX(0)];
    if (word - PROGRAM_PORTID(0) < N_PROGRAM_SOCKS)
        return fuzz_socks[word - PROGRAM_PORTID(0)];
    return NULL;
}

/* Bytes of a request from a multiple of four on: hexadecimal, "+@d0+" where a word stands for another. */
void fuzz_put_request_value(GString *out, const uint8_t *bytes, size_t len)
{
    bool is_joined = false;

    for (size_t at = 0; at < len; at += sizeof(uint32_t)) {
        size_t n = MIN(sizeof(uint32_t), len - at);
        uint32_t word = 0;
        const char *name;

        memcpy(&word, bytes + at, n);
        name = n == sizeof(word) ? fuzz_stand_in(word) : NULL;
        if (at && (name || is_joined))
            g_string_append_c(out, '+');
        is_joined = name;
        if (name)
            g_string_append_printf(out, "@%s", name);
        else
            fuzz_put_hex(out, bytes + at, n);
    }
}

void fuzz_put_portid(GString *out, uint32_t portid, const struct program_numbers *numbers)
{
    const char *name = name_in(portid, numbers->portid, N_PROGRAM_SOCKS, fuzz_socks);

    if (name)
        g_string_append_printf(out, "@%s", name);
    else
        g_string_append_printf(out, "%u", portid);
}

void fuzz_put_ifindex(GString *out, uint32_t ifindex, const struct program_numbers *numbers)
{
    const char *name = name_in(ifindex, numbers->ifindex, PROGRAM_PORTS + 1, fuzz_devices);

    if (name)
        g_string_append_printf(out, "@%s", name);
    else
        g_string_append(out, ifindex ? "?" : "0");
}

static void put_words(GString *out, const uint8_t *bytes, size_t len, const struct program_numbers *numbers,
                      void (*put)(GString *, uint32_t, const struct program_numbers *))
{
    for (size_t at = 0; at < len; at += sizeof(uint32_t)) {
        uint32_t word;

        memcpy(&word, bytes + at, sizeof(word));
        if (at)
            g_string_append_c(out, '+');
        put(out, word, numbers);
    }
}

/* Bytes that may be anything: port ids are in them as they are. */
static void put_no_list(const struct fuzz_printer *p, const uint8_t *bytes, size_t len)
{
    for (size_t at = 0; at < len; at += sizeof(uint32_t)) {
        size_t n = MIN(sizeof(uint32_t), len - at);
        uint32_t word = 0;

        memcpy(&word, bytes + at, n);
        if (n == sizeof(word) && name_in(word, p->numbers->portid, N_PROGRAM_SOCKS, fuzz_socks))
            fuzz_put_portid(p->out, word, p->numbers);
        else
            fuzz_put_hex(p->out, bytes + at, n);
    }
}

static bool put_by_role(const struct fuzz_printer *p, enum form_role role, const uint8_t *bytes, size_t len)
{
    if (role == ROLE_CLOCK || role == ROLE_CHANCE || role == ROLE_HOST)
        g_string_append(p->out, bytes_are(bytes, len, 0) ? "0" : role == ROLE_CLOCK ? "TIME" : "CHANCE");
    else if (role == ROLE_PORTID && len % sizeof(uint32_t) == 0)
        put_words(p->out, bytes, len, p->numbers, fuzz_put_portid);
    else if (role == ROLE_PORTID)
        put_no_list(p, bytes, len);
    else if (role == ROLE_IFINDEX && len == sizeof(uint32_t))
        put_words(p->out, bytes, len, p->numbers, fuzz_put_ifindex);
    else
        return false;
    return true;
}

static bool put_string(GString *out, const uint8_t *bytes, size_t len)
{
    if (!len || bytes[len - 1] || memchr(bytes, 0, len - 1))
        return false;
    for (size_t i = 0; i + 1 < len; i++)
        if (!g_ascii_isgraph(bytes[i]) && bytes[i] != ' ')
            return false;
    g_string_append_printf(out, "s(%s)", (const char *)bytes);
    return true;
}

static void put_value(const struct fuzz_printer *p, const struct policy *row, const uint8_t *bytes, size_t len)
{
    enum form_role role = row && row->form ? row->form->role : ROLE_PLAIN;

    if (row && row->kind == POL_STRING && put_string(p->out, bytes, len))
        return;
    if (!p->numbers)
        fuzz_put_request_value(p->out, bytes, len);
    else if (!put_by_role(p, role, bytes, len))
        fuzz_put_hex(p->out, bytes, len);
}

/* ---- attributes -------------------------------------------------------------------------------------------- */

static bool is_attr_list(const uint8_t *attrs, size_t len)
{
    const struct nlattr *a;
    int left;

    attr_for_each(a, attrs, len, left)
        ;
    return left <= 0;
}

/* "KEY" of OVS_FLOW_ATTR_KEY; a number where there is no name. */
static void put_name(GString *out, const struct policy *row, const struct nlattr *a)
{
    const char *name = row && row->name ? strstr(row->name, "ATTR_") : NULL;

    if (name)
        g_string_append(out, name + strlen("ATTR_"));
    else
        g_string_append_printf(out, "%u", mnl_attr_get_type(a));
    if (a->nla_type & ~NLA_TYPE_MASK)
        g_string_append_printf(out, "^%x", a->nla_type & ~NLA_TYPE_MASK);
}

static void put_attr(struct fuzz_printer *p, const struct policy *row, const struct nlattr *a)
{
    const struct policy each = { .form = row && row->form ? row->form->each : NULL };
    struct fuzz_nest nest = fuzz_nest_of(row);
    const uint8_t *bytes = mnl_attr_get_payload(a);
    size_t len = mnl_attr_get_payload_len(a);

    put_name(p->out, row, a);
    if (!len)
        return;
    if ((nest.rows || nest.each) && p->depth < MAX_DEPTH && is_attr_list(bytes, len)) {
        if (nest.each)
            nest = (struct fuzz_nest){ .rows = &each };     /* one row for every number */
        g_string_append_c(p->out, '{');
        p->depth++;
        fuzz_put_attrs(p, bytes, len, &nest);
        p->depth--;
        g_string_append_c(p->out, '}');
        return;
    }
    g_string_append_c(p->out, '=');
    if (p->numbers && (nest.rows || nest.each))
        put_no_list(p, bytes, len);
    else
        put_value(p, row, bytes, len);
}

static const struct policy *row_of(const struct fuzz_nest *nest, const struct nlattr *a)
{
    uint16_t type = mnl_attr_get_type(a);

    if (nest->rows && !nest->max_attr && !nest->rows->name)
        return nest->rows;
    return nest->rows && type <= nest->max_attr ? &nest->rows[type] : NULL;
}

static void put_raw(struct fuzz_printer *p, const void *bytes, size_t len)
{
    g_string_append(p->out, "raw(");
    if (p->numbers)
        fuzz_put_hex(p->out, bytes, len);
    else
        fuzz_put_request_value(p->out, bytes, len);
    g_string_append_c(p->out, ')');
}

/* What no name says is there byte by byte: padding that is not zero, what follows the last attribute. */
void fuzz_put_attrs(struct fuzz_printer *p, const uint8_t *attrs, size_t len, const struct fuzz_nest *nest)
{
    const struct nlattr *a;
    const char *gap = "";
    int left;

    attr_for_each(a, attrs, len, left) {
        size_t room = MIN((size_t)left, attr_align(a->nla_len)), padding = room - a->nla_len;

        g_string_append(p->out, gap);
        gap = " ";
        put_attr(p, row_of(nest, a), a);
        if (room < attr_align(a->nla_len)) {
            g_string_append_c(p->out, '~');
        } else if (!bytes_are((const uint8_t *)a + a->nla_len, padding, 0)) {
            g_string_append(p->out, "~ ");
            put_raw(p, (const uint8_t *)a + a->nla_len, padding);
        }
    }
    if (left > 0) {
        g_string_append(p->out, gap);
        put_raw(p, attrs + len - (size_t)left, (size_t)left);
    }
}
