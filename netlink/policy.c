/* policy.c - see policy.h. SPDX-License-Identifier: Apache-2.0
 *
 * One row a kind says how long a payload must be and what is told of it; the walkers below
 * know no kind. */
#include "netlink/policy.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

#include "netlink/attr.h"

struct kind {
    uint32_t nl_type;           /* NL_ATTR_TYPE_*, 0: not described to clients */
    uint8_t int_size;           /* bytes of an integer, 0: it is none */
    int64_t min;                /* of an integer; negative: signed */
    uint64_t max;
    /* Is a payload right? 0 or the errno. */
    int (*check)(const struct policy *row, const uint8_t *data, size_t len);
};

static int check_int(const struct policy *row, const uint8_t *data, size_t len);

static int check_any(const struct policy *row, const uint8_t *data, size_t len)
{
    (void)row, (void)data, (void)len;
    return 0;
}

static int check_flag(const struct policy *row, const uint8_t *data, size_t len)
{
    (void)row, (void)data;
    return len ? ERANGE : 0;
}

/* A NUL must come within the longest legal string (EINVAL); a NUL there but more bytes
 * behind it than fit is the other complaint (ERANGE). Catalogue 01, section 1.3. */
static int check_string(const struct policy *row, const uint8_t *data, size_t len)
{
    size_t looked_at = row->len ? MIN(len, row->len + 1) : len;

    if (!looked_at || !memchr(data, 0, looked_at))
        return EINVAL;
    if (!data[len - 1])
        len--;
    return row->len && len > row->len ? ERANGE : 0;
}

static int check_nested(const struct policy *row, const uint8_t *data, size_t len)
{
    (void)row, (void)data;
    return len && len < sizeof(struct nlattr) ? ERANGE : 0;
}

static int check_max_len(const struct policy *row, const uint8_t *data, size_t len)
{
    (void)data;
    return len > row->len ? ERANGE : 0;
}

static int check_min_len(const struct policy *row, const uint8_t *data, size_t len)
{
    (void)data;
    return len < row->len ? ERANGE : 0;
}

/* clang-format off */
static const struct kind kinds[N_POLICY_KINDS] = {
    [POL_ANY]     = { 0,                       0, 0,         0,          check_any },
    [POL_U8]      = { NL_ATTR_TYPE_U8,         1, 0,         UINT8_MAX,  check_int },
    [POL_U16]     = { NL_ATTR_TYPE_U16,        2, 0,         UINT16_MAX, check_int },
    [POL_U32]     = { NL_ATTR_TYPE_U32,        4, 0,         UINT32_MAX, check_int },
    [POL_U64]     = { NL_ATTR_TYPE_U64,        8, 0,         UINT64_MAX, check_int },
    [POL_S32]     = { NL_ATTR_TYPE_S32,        4, INT32_MIN, INT32_MAX,  check_int },
    [POL_FLAG]    = { NL_ATTR_TYPE_FLAG,       0, 0,         0,          check_flag },
    [POL_STRING]  = { NL_ATTR_TYPE_NUL_STRING, 0, 0,         0,          check_string },
    [POL_NESTED]  = { NL_ATTR_TYPE_NESTED,     0, 0,         0,          check_nested },
    [POL_BINARY]  = { NL_ATTR_TYPE_BINARY,     0, 0,         0,          check_max_len },
    [POL_MIN_LEN] = { 0,                       0, 0,         0,          check_min_len },
};
/* clang-format on */

/* Longer than its type is tolerated: the first bytes count. */
static int check_int(const struct policy *row, const uint8_t *data, size_t len)
{
    (void)data;
    return len < kinds[row->kind].int_size ? ERANGE : 0;
}

static int fail(struct err *e, int code, const char *text, const struct nlattr *a, const void *base,
                const struct policy *row)
{
    int rc = err_set(e, code, "%s", text);

    if (e) {
        e->to_client = true;
        e->has_offset = true;
        e->offset = (uint32_t)((const uint8_t *)a - (const uint8_t *)base);
        e->policy = row;
    }
    return rc;
}

static bool in_range(const struct policy *row, const uint8_t *data)
{
    const struct kind *kind = &kinds[row->kind];
    uint64_t value = 0;
    int64_t as_signed;

    memcpy(&value, data, kind->int_size);
    if (kind->min >= 0)
        return value >= (uint64_t)row->min && value <= (uint64_t)row->max;
    as_signed = (int32_t)(uint32_t)value;
    return as_signed >= row->min && as_signed <= row->max;
}

int policy_check(const struct policy *row, const struct nlattr *a, const void *base, struct err *e)
{
    const uint8_t *data = mnl_attr_get_payload(a);
    int code = kinds[row->kind].check(row, data, mnl_attr_get_payload_len(a));

    if (code)
        return fail(e, code, "Attribute failed policy validation", a, base, row);
    if (row->has_range && kinds[row->kind].int_size && !in_range(row, data))
        return fail(e, ERANGE, "integer out of range", a, base, row);
    return 0;
}

static int check_strict(const struct policy *row, const struct nlattr *a, const void *base,
                        struct err *e)
{
    const struct kind *kind = &kinds[row->kind];
    bool flagged = a->nla_type & NLA_F_NESTED;

    if (kind->int_size && mnl_attr_get_payload_len(a) != kind->int_size)
        return fail(e, EINVAL, "invalid attribute length", a, base, row);
    if (row->kind == POL_NESTED && !flagged)
        return fail(e, EINVAL, "NLA_F_NESTED is missing", a, base, row);
    if (row->kind != POL_NESTED && kind->nl_type && flagged)
        return fail(e, EINVAL, "NLA_F_NESTED not expected", a, base, row);
    if (!kind->nl_type)
        return fail(e, EINVAL, "Unsupported attribute", a, base, NULL);
    return policy_check(row, a, base, e);
}

static int leftover(bool strict, struct err *e)
{
    int rc = err_set(e, strict ? EINVAL : 0, "bytes leftover after parsing attributes");

    if (e)
        e->to_client = true;
    return rc;
}

struct parse {
    const struct policy *rows;
    uint16_t max_attr;
    bool strict;
    const void *base;
    const struct nlattr **table;
};

static int parse_one(const struct parse *p, const struct nlattr *a, struct err *e)
{
    uint16_t type = mnl_attr_get_type(a);
    int rc = 0;

    if (!type || type > p->max_attr)
        return p->strict ? fail(e, EINVAL, "Unknown attribute type", a, p->base, NULL) : 0;
    if (p->rows && p->strict)
        rc = check_strict(&p->rows[type], a, p->base, e);
    else if (p->rows)
        rc = policy_check(&p->rows[type], a, p->base, e);
    if (!rc)
        p->table[type] = a;
    return rc;
}

static int parse(const struct parse *p, const void *attrs, size_t len, struct err *e)
{
    const struct nlattr *a;
    int rc, left;

    memset(p->table, 0, (p->max_attr + 1u) * sizeof(*p->table));
    attr_for_each(a, attrs, len, left) {
        rc = parse_one(p, a, e);
        if (rc)
            return rc;
    }
    return left > 0 ? leftover(p->strict, e) : 0;
}

int policy_parse(const struct policy *rows, uint16_t max_attr, const void *attrs, size_t len,
                 const void *base, const struct nlattr **table, struct err *e)
{
    return parse(&(struct parse){rows, max_attr, false, base, table}, attrs, len, e);
}

int policy_parse_strict(const struct policy *rows, uint16_t max_attr, const void *attrs, size_t len,
                        const void *base, const struct nlattr **table, struct err *e)
{
    return parse(&(struct parse){rows, max_attr, true, base, table}, attrs, len, e);
}

static void put_range(struct nlmsghdr *msg, const struct policy *row, const struct kind *kind)
{
    bool is_signed = kind->min < 0;
    uint64_t min = (uint64_t)(row->has_range ? row->min : kind->min);
    uint64_t max = row->has_range ? (uint64_t)row->max : kind->max;

    mnl_attr_put_u64(msg, is_signed ? NL_POLICY_TYPE_ATTR_MIN_VALUE_S
                                    : NL_POLICY_TYPE_ATTR_MIN_VALUE_U, min);
    mnl_attr_put_u64(msg, is_signed ? NL_POLICY_TYPE_ATTR_MAX_VALUE_S
                                    : NL_POLICY_TYPE_ATTR_MAX_VALUE_U, max);
}

bool policy_put(struct nlmsghdr *msg, const struct policy *row)
{
    const struct kind *kind = &kinds[row->kind];

    if (!kind->nl_type)
        return false;
    if (kind->int_size)
        put_range(msg, row, kind);
    else if (row->len)
        mnl_attr_put_u32(msg, NL_POLICY_TYPE_ATTR_MAX_LENGTH, row->len);
    mnl_attr_put_u32(msg, NL_POLICY_TYPE_ATTR_TYPE, kind->nl_type);
    return true;
}
