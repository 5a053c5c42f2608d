/* decode.h - a netlink message field by field: what it says, in words, and which bytes say so.
 *
 * How it works: rows (struct policy, struct form) name attributes and say how they read; one walker goes
 * through them. What no row knows is shown by number, length and bytes. Bytes of others: nothing here trusts them.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef NETLINK_DECODE_H
#define NETLINK_DECODE_H

#include <glib.h>

#include "netlink/family.h"
#include "netlink/form.h"

/* One leaf. Strings belong to struct decode; 'at' points into the datagram. */
struct leaf {
    unsigned msg;               /* of the datagram, from 0 */
    const char *path;           /* "IFLA_LINKINFO/IFLA_INFO_KIND" */
    const char *text;
    const uint8_t *at;
    size_t len;
    enum form_role role;
};

/* One attribute, be it a nest or in one. Nests come before what is in them. */
struct decode_attr {
    unsigned msg;
    const char *path;           /* belongs to struct decode */
    const struct nlattr *at;
};

struct decode {
    const struct netlink *nl;   /* families are looked up here */
    int protocol;               /* NETLINK_* */
    const uint8_t *bytes;       /* the datagram, borrowed */
    size_t len;
    GArray *list;               /* of struct leaf */
    GArray *attrs;              /* of struct decode_attr, in their order */
    GStringChunk *strings;
    GString *path;              /* of the nest under way */
    unsigned msg, n_msgs, depth;
    unsigned n_quiet;           /* > 0: attributes are noted, leaves are not added */
};

/* All fields of one datagram. decode_done() after use. */
void decode_init(struct decode *f, const struct netlink *nl, int protocol, const void *bytes,
                 size_t len);
void decode_done(struct decode *f);
static inline const struct leaf *decode_at(const struct decode *f, guint i)
{
    return &g_array_index(f->list, struct leaf, i);
}

/* "CTRL_CMD_GETFAMILY", "RTM_NEWLINK", "NLMSG_ERROR", of one message. New string. */
char *message_name(const struct netlink *nl, int protocol, const struct nlmsghdr *msg);

/* One line for each field, "  PATH: TEXT", and a heading for each message. */
void decode_print(const struct decode *f, GString *out);

/* ---- comparison: decode_diff.c ----------------------------------------------------------------- */

/* What need not be equal. */
struct decode_rule {
    unsigned ignored;           /* bit set of roles: those fields may differ, or be missing */
    /* Are two fields of one path that are not ignored the same? NULL: if their bytes are. */
    bool (*is_same)(void *ctx, const struct leaf *want, const struct leaf *got);
    void *ctx;
};

/* The first difference; strings are borrowed from the two. */
struct decode_difference {
    unsigned msg;
    const char *path, *want, *got;      /* NULL: this one has no such field */
};

/* False: there is none. 'rule' NULL: all bytes count, those that no field shows as well. */
bool decode_differ(const struct decode *want, const struct decode *got,
                   const struct decode_rule *rule, struct decode_difference *d);

/* Both in one table: a line for each field, with two values where they differ. */
void decode_print_both(GString *out, const struct decode *want, const struct decode *got,
                       const struct decode_rule *rule);

/* ---- for hooks ------------------------------------------------------------------------------- */

/* Notes that an attribute is at the path under way. */
void decode_note(struct decode *f, const struct nlattr *a);
/* Notes those in a nest, by rows, where one leaf says it all. */
void decode_note_nest(struct decode *f, const struct nlattr *nest, const struct form *form);
/* Adds a leaf at the path under way. 'text' is copied. */
void decode_add(struct decode *f, const void *at, size_t len, enum form_role role, const char *text);
void decode_add_hex(struct decode *f, const void *at, size_t len, enum form_role role);
void decode_add_named(struct decode *f, const char *name, const void *at, size_t len,
                      enum form_role role, const char *text);      /* one step down */
void decode_add_wire(struct decode *f, const struct wire *w, const void *at, size_t len,
                     enum form_role role);
/* One step down; returns what decode_leave() takes back. */
size_t decode_enter(struct decode *f, const char *name);
void decode_leave(struct decode *f, size_t mark);
/* The attributes in 'len' bytes, by rows (NULL: all unknown); bytes behind them as "trailing". */
void decode_attrs(struct decode *f, const void *attrs, size_t len, const struct policy *rows,
                  uint16_t max_attr);
/* The members of a struct, as many as 'len' bytes hold. */
void decode_struct(struct decode *f, const struct form *form, const uint8_t *at, size_t len);
void decode_form(struct decode *f, const struct form *form, const struct nlattr *a,
                 const void *nest, size_t nest_len);

#endif
