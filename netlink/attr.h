/* attr.h - attribute lists that are kept (stored actions, remembered keys), outside a message.
 *
 * Reading is libmnl's (mnl_attr_get_* ...); this adds a loop and a growable list to write to.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef NETLINK_ATTR_H
#define NETLINK_ATTR_H

#include <glib.h>
#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ATTR_HDR sizeof(struct nlattr)

/* Rounded up to netlink's 4 bytes; MNL_ALIGN is signed and warns. */
static inline size_t attr_align(size_t len)
{
    return (len + 3) & ~(size_t)3;
}

/* Do 'left' bytes begin with a whole attribute? */
static inline bool attr_ok(const struct nlattr *a, int left)
{
    return left >= (int)ATTR_HDR && a->nla_len >= ATTR_HDR && (int)a->nla_len <= left;
}

/* Walks 'len' bytes of attributes at 'attrs'; 'left' (int) is what remains, > 0 at the end if
 * there are trailing bytes. libmnl's own macros convert silently and cannot tell. */
#define attr_for_each(a, attrs, len, left)                                                        \
    for (left = (int)(len), a = (const struct nlattr *)(attrs); attr_ok(a, left);                 \
         left -= (int)attr_align(a->nla_len),                                                     \
        a = (const struct nlattr *)((const uint8_t *)a + attr_align(a->nla_len)))
#define attr_for_each_nested(a, nest, left)                                                       \
    attr_for_each(a, mnl_attr_get_payload(nest), mnl_attr_get_payload_len(nest), left)

/* Appends one attribute with zeroed padding. Returns its offset in 'list'. */
size_t attr_put(GByteArray *list, uint16_t type, const void *data, size_t len);
/* Opens a nest: returns its offset, for attr_nest_end(), which sets its length. */
size_t attr_nest_begin(GByteArray *list, uint16_t type);
void attr_nest_end(GByteArray *list, size_t nest);

/* Opens a nest in a message, without NLA_F_NESTED (which mnl_attr_nest_start() sets, and the
 * families here do not). Close it with mnl_attr_nest_end(). */
static inline struct nlattr *msg_nest_begin(struct nlmsghdr *msg, uint16_t type)
{
    struct nlattr *nest = mnl_attr_nest_start(msg, type);

    nest->nla_type = type;
    return nest;
}

/* Appends an attribute to a message, and returns its 'len' bytes to be filled in: 0, as all that is behind a message
 * under construction. */
static inline void *msg_attr_new(struct nlmsghdr *msg, uint16_t type, size_t len)
{
    uint32_t at = (uint32_t)attr_align(msg->nlmsg_len);
    struct nlattr *a = (struct nlattr *)((uint8_t *)msg + at);

    a->nla_type = type;
    a->nla_len = (uint16_t)(ATTR_HDR + len);
    msg->nlmsg_len = (uint32_t)(at + attr_align(a->nla_len));
    return a + 1;
}

/* First attribute of 'type' among 'len' bytes of attributes, or NULL. */
const struct nlattr *attr_find(const void *attrs, size_t len, uint16_t type);

/* Is every one of 'len' bytes 'byte'? */
bool bytes_are(const void *bytes, size_t len, uint8_t byte);

#endif
