/* fields.h - a netlink message field by field: what it says, in words, and which bytes say so.
 *
 * How it works: rows (struct policy, struct form) name attributes and say how they read; one walker goes
 * through them. What no row knows is shown by number, length and bytes. Bytes of others: nothing here trusts them.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef NETLINK_FIELDS_H
#define NETLINK_FIELDS_H

#include <glib.h>

#include "netlink/family.h"
#include "netlink/form.h"

/* One leaf. Strings belong to struct fields; 'at' points into the datagram. */
struct field {
    unsigned msg;               /* of the datagram, from 0 */
    const char *path;           /* "IFLA_LINKINFO/IFLA_INFO_KIND" */
    const char *text;
    const uint8_t *at;
    size_t len;
    enum form_role role;
};

struct fields {
    const struct netlink *nl;   /* families are looked up here */
    int protocol;               /* NETLINK_* */
    const uint8_t *bytes;       /* the datagram, borrowed */
    size_t len;
    GArray *list;               /* of struct field */
    GStringChunk *strings;
    GString *path;              /* of the nest under way */
    unsigned msg, n_msgs, depth;
};

/* All fields of one datagram. fields_done() after use. */
void fields_init(struct fields *f, const struct netlink *nl, int protocol, const void *bytes,
                 size_t len);
void fields_done(struct fields *f);
static inline const struct field *fields_at(const struct fields *f, guint i)
{
    return &g_array_index(f->list, struct field, i);
}

/* "CTRL_CMD_GETFAMILY", "RTM_NEWLINK", "NLMSG_ERROR", of one message. New string. */
char *message_name(const struct netlink *nl, int protocol, const struct nlmsghdr *msg);

/* One line for each field, "  PATH: TEXT", and a heading for each message. */
void fields_print(const struct fields *f, GString *out);

/* ---- comparison: fields_diff.c ----------------------------------------------------------------- */

/* What need not be equal. */
struct fields_rule {
    unsigned ignored;           /* bit set of roles: those fields may differ, or be missing */
    /* Are two fields of one path that are not ignored the same? NULL: if their bytes are. */
    bool (*is_same)(void *ctx, const struct field *want, const struct field *got);
    void *ctx;
};

/* The first difference; strings are borrowed from the two. */
struct fields_difference {
    unsigned msg;
    const char *path, *want, *got;      /* NULL: this one has no such field */
};

/* False: there is none. 'rule' NULL: all bytes count, those that no field shows as well. */
bool fields_differ(const struct fields *want, const struct fields *got,
                   const struct fields_rule *rule, struct fields_difference *d);

/* Both in one table: a line for each field, with two values where they differ. */
void fields_print_both(GString *out, const struct fields *want, const struct fields *got,
                       const struct fields_rule *rule);

/* ---- for hooks ------------------------------------------------------------------------------- */

/* Adds a leaf at the path under way. 'text' is copied. */
void fields_add(struct fields *f, const void *at, size_t len, enum form_role role, const char *text);
void fields_add_hex(struct fields *f, const void *at, size_t len, enum form_role role);
void fields_add_named(struct fields *f, const char *name, const void *at, size_t len,
                      enum form_role role, const char *text);      /* one step down */
void fields_add_wire(struct fields *f, const struct wire *w, const void *at, size_t len,
                     enum form_role role);
/* One step down; returns what fields_leave() takes back. */
size_t fields_enter(struct fields *f, const char *name);
void fields_leave(struct fields *f, size_t mark);
/* The attributes in 'len' bytes, by rows (NULL: all unknown); bytes behind them as "trailing". */
void fields_attrs(struct fields *f, const void *attrs, size_t len, const struct policy *rows,
                  uint16_t max_attr);
/* The members of a struct, as many as 'len' bytes hold. */
void fields_struct(struct fields *f, const struct form *form, const uint8_t *at, size_t len);
void fields_form(struct fields *f, const struct form *form, const struct nlattr *a,
                 const void *nest, size_t nest_len);

#endif
