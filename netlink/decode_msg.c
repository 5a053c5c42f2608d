/* decode_msg.c - whole messages field by field: headers, errors, and which form the rest has.
 * SPDX-License-Identifier: Apache-2.0 */
#include <linux/rtnetlink.h>
#include <string.h>

#include "netlink/attr.h"
#include "netlink/decode.h"
#include "netlink/nf.h"
#include "netlink/server.h"

#define MAX_DEPTH 32            /* requests in errors */

static const struct form_member nlmsghdr_members[] = {
    FORM_MEMBER(nlmsghdr, nlmsg_flags, wire_u16x),
    FORM_MEMBER(nlmsghdr, nlmsg_seq, wire_u32, .role = ROLE_SEQ),
    FORM_MEMBER(nlmsghdr, nlmsg_pid, wire_u32, .role = ROLE_PORTID),
};
static const struct form nlmsghdr_form = { FORM_MEMBERS(nlmsghdr_members, struct nlmsghdr) };

static const struct form_member genlmsghdr_members[] = {
    FORM_MEMBER(genlmsghdr, cmd, wire_u8),
    FORM_MEMBER(genlmsghdr, version, wire_u8),
};
static const struct form genlmsghdr_form = { FORM_MEMBERS(genlmsghdr_members, struct genlmsghdr) };

static const struct policy type_rows[] = {
    ATTR(NL_POLICY_TYPE_ATTR_TYPE, .kind = POL_U32),
    ATTR(NL_POLICY_TYPE_ATTR_MIN_VALUE_S, .kind = POL_U64),
    ATTR(NL_POLICY_TYPE_ATTR_MAX_VALUE_S, .kind = POL_U64),
    ATTR(NL_POLICY_TYPE_ATTR_MIN_VALUE_U, .kind = POL_U64),
    ATTR(NL_POLICY_TYPE_ATTR_MAX_VALUE_U, .kind = POL_U64),
    ATTR(NL_POLICY_TYPE_ATTR_MIN_LENGTH, .kind = POL_U32),
    ATTR(NL_POLICY_TYPE_ATTR_MAX_LENGTH, .kind = POL_U32),
    ATTR(NL_POLICY_TYPE_ATTR_POLICY_IDX, .kind = POL_U32),
    ATTR(NL_POLICY_TYPE_ATTR_POLICY_MAXTYPE, .kind = POL_U32),
    ATTR(NL_POLICY_TYPE_ATTR_BITFIELD32_MASK, .kind = POL_U32),
    ATTR(NL_POLICY_TYPE_ATTR_PAD),
    ATTR(NL_POLICY_TYPE_ATTR_MASK, .kind = POL_U64),
};
const struct form form_policy = { FORM_ROWS(type_rows) };

static const struct policy extack_rows[] = {
    ATTR(NLMSGERR_ATTR_MSG, .kind = POL_STRING),
    ATTR(NLMSGERR_ATTR_OFFS, .kind = POL_U32),
    ATTR(NLMSGERR_ATTR_COOKIE),
    ATTR(NLMSGERR_ATTR_POLICY, .form = &form_policy),
};

/* What stands behind nlmsghdr: a struct, or the beginning of one; the attributes behind it. */
static void add_body(struct decode *f, const struct form *header, const uint8_t *at, size_t len,
                     const struct msg_form *form)
{
    size_t size = MIN(attr_align(header->size), len);

    if (header->size)
        decode_struct(f, header, at, MIN(size, header->size));
    if (len > size)
        decode_attrs(f, at + size, len - size, form->rows, form->max_attr);
}

static struct msg_form form_of_family(const struct family *family)
{
    struct msg_form form = { .rows = family->policy, .max_attr = family->max_attr };

    if (family->form)
        form = *family->form;
    form.max_attr = form.rows ? form.max_attr : 0;
    return form;
}

static void add_generic(struct decode *f, const struct nlmsghdr *msg)
{
    const struct family *family = netlink_family_by_id(f->nl, msg->nlmsg_type);
    struct msg_form form = { 0 };
    const uint8_t *at = mnl_nlmsg_get_payload(msg);
    size_t len = mnl_nlmsg_get_payload_len(msg), head = MIN(len, sizeof(struct genlmsghdr));

    decode_struct(f, &genlmsghdr_form, at, head);
    if (family)
        form = form_of_family(family);
    if (len > head)
        add_body(f, &form.header, at + head, len - head, &form);
}

static const struct msg_form *form_by_type(const struct decode *f, uint16_t type)
{
    const struct nf_subsys *s;

    if (f->protocol == NETLINK_ROUTE)
        return rt_form_of(type);
    if (f->protocol != NETLINK_NETFILTER || NFNL_SUBSYS_ID(type) >= NFNL_SUBSYS_COUNT)
        return NULL;
    s = f->nl->nf_subsys[NFNL_SUBSYS_ID(type)];
    return s ? s->form : NULL;
}

static void add_other(struct decode *f, const struct nlmsghdr *msg)
{
    const struct msg_form *form = form_by_type(f, msg->nlmsg_type);
    unsigned number = NFNL_MSG_TYPE(msg->nlmsg_type);
    const uint8_t *at = mnl_nlmsg_get_payload(msg);
    size_t len = mnl_nlmsg_get_payload_len(msg);
    struct msg_form own;

    if (form && form->own && number < form->n_msgs && form->own[number].rows) {
        own = *form;
        own.rows = form->own[number].rows;
        own.max_attr = form->own[number].max_attr;
        form = &own;
    }
    if (form)
        add_body(f, &form->header, at, len, form);
    else if (len)
        decode_add_named(f, "payload", at, len, ROLE_PLAIN, "of an unknown kind");
}

static void add_message(struct decode *f, const struct nlmsghdr *msg);

static void add_code(struct decode *f, const uint8_t *at)
{
    g_autofree char *text = NULL;
    int32_t code;

    memcpy(&code, at, sizeof(code));
    text = code ? g_strdup_printf("%d (%s)", code, err_name(code)) : g_strdup("0");
    decode_add_named(f, "error", at, sizeof(code), ROLE_PLAIN, text);
}

/* The request that an error is about: all of it, or its header. */
static size_t add_cause(struct decode *f, const struct nlmsghdr *msg, const uint8_t *at, size_t len)
{
    bool is_capped = msg->nlmsg_flags & NLM_F_CAPPED;
    const struct nlmsghdr *cause = (const void *)at;
    size_t mark;

    if (len < sizeof(*cause) || cause->nlmsg_len < sizeof(*cause) ||
        (!is_capped && cause->nlmsg_len > len))
        return 0;
    mark = decode_enter(f, "request");
    if (is_capped)
        decode_struct(f, &nlmsghdr_form, at, sizeof(*cause));
    else
        add_message(f, cause);
    decode_leave(f, mark);
    return is_capped ? sizeof(*cause) : MIN(len, attr_align(cause->nlmsg_len));
}

/* NLMSG_ERROR and NLMSG_DONE. */
static void add_end(struct decode *f, const struct nlmsghdr *msg)
{
    const uint8_t *at = mnl_nlmsg_get_payload(msg);
    size_t len = mnl_nlmsg_get_payload_len(msg), used = sizeof(int32_t);

    if (len < used)
        return;
    add_code(f, at);
    if (msg->nlmsg_type == NLMSG_ERROR)
        used += add_cause(f, msg, at + used, len - used);
    if (len > used)
        decode_attrs(f, at + used, len - used, extack_rows, G_N_ELEMENTS(extack_rows) - 1);
}

static void add_message(struct decode *f, const struct nlmsghdr *msg)
{
    g_autofree char *name = message_name(f->nl, f->protocol, msg);
    bool is_generic = f->protocol == NETLINK_GENERIC;

    decode_add_named(f, "nlmsg_type", &msg->nlmsg_type, sizeof(msg->nlmsg_type),
              is_generic && msg->nlmsg_type >= NLMSG_MIN_TYPE ? ROLE_FAMILY : ROLE_PLAIN, name);
    decode_struct(f, &nlmsghdr_form, (const uint8_t *)msg, sizeof(*msg));
    if (f->depth > MAX_DEPTH)
        return;
    if (msg->nlmsg_type == NLMSG_ERROR || msg->nlmsg_type == NLMSG_DONE)
        add_end(f, msg);
    else if (msg->nlmsg_type >= NLMSG_MIN_TYPE)
        (is_generic ? add_generic : add_other)(f, msg);
}

void decode_init(struct decode *f, const struct netlink *nl, int protocol, const void *bytes,
                 size_t len)
{
    size_t at = 0;

    *f = (struct decode){ .nl = nl, .protocol = protocol, .bytes = bytes, .len = len };
    f->path = g_string_new(NULL);
    f->list = g_array_new(FALSE, FALSE, sizeof(struct leaf));
    f->attrs = g_array_new(FALSE, FALSE, sizeof(struct decode_attr));
    f->strings = g_string_chunk_new(1024);
    while (len - at >= sizeof(struct nlmsghdr)) {
        const struct nlmsghdr *msg = (const void *)((const uint8_t *)bytes + at);

        if (msg->nlmsg_len < sizeof(*msg) || msg->nlmsg_len > len - at)
            break;
        f->msg = f->n_msgs++;
        add_message(f, msg);
        at = MIN(len, at + attr_align(msg->nlmsg_len));
    }
    if (at < len) {
        (void)decode_enter(f, "trailing");
        decode_add_hex(f, (const uint8_t *)bytes + at, len - at, ROLE_PLAIN);
    }
}

void decode_done(struct decode *f)
{
    g_array_unref(f->list);
    g_array_unref(f->attrs);
    g_string_chunk_free(f->strings);
    g_string_free(f->path, TRUE);
}

/* ---- text -------------------------------------------------------------------------------------- */

static const char *const control_names[] = {
    [NLMSG_NOOP] = "NLMSG_NOOP",
    [NLMSG_ERROR] = "NLMSG_ERROR",
    [NLMSG_DONE] = "NLMSG_DONE",
    [NLMSG_OVERRUN] = "NLMSG_OVERRUN",
};

static char *generic_name(const struct netlink *nl, const struct nlmsghdr *msg)
{
    const struct family *family = netlink_family_by_id(nl, msg->nlmsg_type);
    const struct genlmsghdr *g = mnl_nlmsg_get_payload(msg);
    const struct msg_form *form = family ? family->form : NULL;
    uint8_t cmd = mnl_nlmsg_get_payload_len(msg) ? g->cmd : 0;

    if (form && cmd < form->n_msgs && form->msg[cmd])
        return g_strdup(form->msg[cmd]);
    if (family)
        return g_strdup_printf("command %u of %s", cmd, family->name);
    return g_strdup_printf("command %u of family %u", cmd, msg->nlmsg_type);
}

char *message_name(const struct netlink *nl, int protocol, const struct nlmsghdr *msg)
{
    static const char *const verbs[] = { "NEW", "DEL", "GET", "SET" };
    const struct decode at = { .nl = nl, .protocol = protocol };
    const struct msg_form *form;
    uint16_t type = msg->nlmsg_type;

    if (type < G_N_ELEMENTS(control_names) && control_names[type])
        return g_strdup(control_names[type]);
    if (protocol == NETLINK_GENERIC && type >= NLMSG_MIN_TYPE)
        return generic_name(nl, msg);
    form = form_by_type(&at, type);
    if (form && protocol == NETLINK_ROUTE)
        return g_strdup_printf("RTM_%s%s", verbs[type & 3], form->name);
    if (form && NFNL_MSG_TYPE(type) < form->n_msgs && form->msg[NFNL_MSG_TYPE(type)])
        return g_strdup(form->msg[NFNL_MSG_TYPE(type)]);
    return g_strdup_printf("message type %u of protocol %d", type, protocol);
}

void decode_print(const struct decode *f, GString *out)
{
    for (guint i = 0; i < f->list->len; i++) {
        const struct leaf *leaf = decode_at(f, i);

        if (f->n_msgs > 1 && (!i || leaf[-1].msg != leaf->msg))
            g_string_append_printf(out, "  message %u\n", leaf->msg + 1);
        g_string_append_printf(out, "  %s: %s\n", leaf->path, leaf->text);
    }
}
