/* policy.h - attribute policies as the kernel's generic layer applies them.
 *
 * Source: catalogue 01, section 1.3 (liberal validation of do-requests): unknown types
 * are skipped, the last of several equal attributes wins, trailing bytes are tolerated.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef NETLINK_POLICY_H
#define NETLINK_POLICY_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum policy_kind {
    POL_ANY,        /* no rule */
    POL_U8,
    POL_U16,
    POL_U32,
    POL_U64,
    POL_S32,
    POL_FLAG,       /* no payload */
    POL_STRING,     /* NUL-terminated, at most 'len' characters before the NUL (0: any number) */
    POL_NESTED,     /* empty, or at least one attribute header */
    POL_BINARY,     /* at most 'len' bytes */
    POL_MIN_LEN,    /* at least 'len' bytes; dumped without a type */
    N_POLICY_KINDS
};

struct form;

struct policy {
    enum policy_kind kind;
    uint32_t len;           /* POL_STRING, POL_BINARY, POL_MIN_LEN */
    bool has_range;         /* 'min' and 'max' apply, besides the type's own range */
    int64_t min, max;
    const char *name;           /* "IFLA_MTU"; NULL: there is no such attribute */
    bool is_needed;             /* in a nest: means little without it (for what is drawn by lot) */
    const struct form *form;    /* how it reads if 'kind' does not say it all, or NULL: form.h */
};

/* A row; one without a kind is of an attribute that only answers have, and has no rule. */
#define ATTR(type, ...) [type] = { .name = #type, __VA_ARGS__ }

/* Checks one attribute against its row. 'base' is the request's nlmsghdr: ext-ack offsets
 * count from it. Returns 0, -EINVAL or -ERANGE with text, offset and policy in 'e'. */
int policy_check(const struct policy *row, const struct nlattr *a, const void *base,
                 struct err *e);

/* Walks 'len' bytes of attributes, checks each of type 1..max_attr against rows[type] and
 * stores it in table[type] (table has max_attr + 1 entries and is cleared first). Leftover
 * bytes are no error: the sentence goes into 'e' as a warning with code 0 and to_client
 * set. Returns 0, -EINVAL or -ERANGE. rows NULL: no checks. */
int policy_parse(const struct policy *rows, uint16_t max_attr, const void *attrs, size_t len,
                 const void *base, const struct nlattr **table, struct err *e);

/* As policy_parse, but strict (NL_VALIDATE_STRICT): unknown types, types without a rule, leftover
 * bytes, over-long integers and a wrong NLA_F_NESTED are errors. */
int policy_parse_strict(const struct policy *rows, uint16_t max_attr, const void *attrs, size_t len,
                        const void *base, const struct nlattr **table, struct err *e);

/* Appends what NLMSGERR_ATTR_POLICY and CTRL_ATTR_POLICY say of a row (MIN_U, MAX_LENGTH,
 * TYPE ...), in the kernel's order. Returns false, and adds nothing, for rows without a type. */
bool policy_put(struct nlmsghdr *msg, const struct policy *row);

#endif
