/* form.h - how attributes, headers and messages read: what rows say besides the kind of a payload.
 *
 * struct policy has a name and, where its kind does not say it all, a form; families have forms of
 * their headers. decode.c walks them. SPDX-License-Identifier: Apache-2.0 */
#ifndef NETLINK_FORM_H
#define NETLINK_FORM_H

#include "base/wire.h"
#include "netlink/policy.h"

struct decode;
struct draw;
struct nlattr;

/* What a value is besides a number: which comparisons it can take part in. */
enum form_role {
    ROLE_PLAIN,
    ROLE_SEQ,           /* sequence number, chosen by the client */
    ROLE_PORTID,        /* netlink port id, 0: the kernel or none */
    ROLE_IFINDEX,       /* of a device, or of a datapath by its local port */
    ROLE_FAMILY,        /* id of a generic netlink family */
    ROLE_GROUP,         /* id of a multicast group */
    ROLE_CLOCK,         /* a time on the client's clock, or what is left of a time */
    ROLE_COUNT,         /* a counter of packets or bytes */
    ROLE_CHANCE,        /* drawn by lot */
    ROLE_HOST,          /* settings of the machine that have nothing to do with what is asked */
};

struct form_member {
    const char *name;
    const struct wire *wire;
    uint16_t off, size;         /* bytes in the struct */
    enum form_role role;
};

#define FORM_MEMBER(s, m, w, ...)                                                                      \
    { .name = #m, .wire = &w, .off = offsetof(struct s, m), .size = sizeof(((struct s *)NULL)->m), \
      __VA_ARGS__ }

/* One of: a value, a struct, a nest, a hook. None: as the kind says. */
struct form {
    enum form_role role;
    bool is_list;               /* values or structs, as many as there are */
    const struct wire *wire;
    const struct form_member *member;
    uint16_t n_members, size;   /* size of the struct */
    const struct policy *rows;  /* of a nest */
    uint16_t max_attr;
    const struct form *each;    /* of a nest whose types are numbers: of each in it */
    /* Adds the fields of 'a'. 'nest' holds it and its 'nest_len' bytes of neighbours. */
    void (*walk)(struct decode *f, const struct nlattr *a, const void *nest, size_t nest_len);
    /* Appends a payload that makes sense, drawn by lot. NULL: any of that form. */
    void (*generate)(const struct draw *d, GByteArray *out);
};

#define FORM_MEMBERS(a, s) .member = a, .n_members = G_N_ELEMENTS(a), .size = sizeof(s)
#define FORM_ROWS(a)       .rows = a, .max_attr = G_N_ELEMENTS(a) - 1

/* What stands behind nlmsghdr in the messages of one object. */
struct msg_form {
    const char *name;           /* rtnetlink: "LINK" of RTM_NEWLINK */
    const char *const *msg;     /* names by number, NULL: as rtnetlink composes them */
    uint16_t n_msgs;
    struct form header;
    const struct policy *rows;
    uint16_t max_attr;
    const struct form *own;     /* by number, n_msgs of them: rows of messages with others; or NULL */
};

/* rt_form.c: of RTM_* messages; NULL: unknown. */
const struct msg_form *rt_form_of(uint16_t type);
/* An IPv4 or IPv6 address, as long as it is; a link's address; numbers; a name of a device. */
extern const struct form form_ip, form_hw, form_ifindex, form_portid, form_name;
/* NL_POLICY_TYPE_ATTR_*: decode.c. */
extern const struct form form_policy;

#endif
