/* fuzz_text.c - see fuzz_text.h. SPDX-License-Identifier: Apache-2.0 */
#include "tools/kernel/fuzz_text.h"

#include <linux/openvswitch.h>
#include <string.h>

#include "netlink/attr.h"
#include "netlink/decode.h"
#include "tools/kernel/fuzz_attrs.h"

/* ---- messages of generic netlink ------------------------------------------------------------------------------ */

static const struct family *family_of(const struct netlink *nl, uint16_t type, const struct program_numbers *numbers)
{
    if (type == GENL_ID_CTRL)
        return netlink_family_by_id(nl, type);
    for (unsigned i = 0; i < N_PROGRAM_FAMILIES; i++)
        if (type == (numbers ? numbers->family[i] : PROGRAM_TYPE(i)))
            return netlink_family_by_name(nl, program_family_name[i]);
    return NULL;
}

static bool is_whole(const struct family *family, const struct nlmsghdr *msg)
{
    return family && mnl_nlmsg_get_payload_len(msg) >= sizeof(struct genlmsghdr) + family->hdrsize;
}

static void put_command(GString *out, const struct family *family, uint8_t cmd)
{
    const struct msg_form *form = family->form;
    const char *name = form && cmd < form->n_msgs && form->msg[cmd] ? strstr(form->msg[cmd], "_CMD_") : NULL;

    g_string_append_printf(out, "%s ", family->name);
    if (name)
        g_string_append(out, name + strlen("_CMD_"));
    else
        g_string_append_printf(out, "%u", cmd);
}

static void put_body(struct fuzz_printer *p, const struct family *family, const struct nlmsghdr *msg)
{
    size_t head = sizeof(struct genlmsghdr) + family->hdrsize;
    struct fuzz_nest nest = { .rows = family->policy, .max_attr = family->max_attr };

    if (family->form && family->form->rows)
        nest = (struct fuzz_nest){ .rows = family->form->rows, .max_attr = family->form->max_attr };
    g_string_append(p->out, " [");
    fuzz_put_attrs(p, (const uint8_t *)mnl_nlmsg_get_payload(msg) + head, mnl_nlmsg_get_payload_len(msg) - head, &nest);
    g_string_append_c(p->out, ']');
}

/* ---- requests --------------------------------------------------------------------------------------------------- */

static void put_flags(GString *out, uint16_t flags)
{
    static const struct { uint16_t bit; const char *name; } names[] = {
        {NLM_F_REQUEST, "request"}, {NLM_F_MULTI, "multi"}, {NLM_F_ACK, "ack"}, {NLM_F_ECHO, "echo"},
    };
    const char *gap = "";

    g_string_append(out, " flags=");
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++)
        if (flags & names[i].bit) {
            g_string_append_printf(out, "%s%s", gap, names[i].name);
            flags &= (uint16_t)~names[i].bit;
            gap = ",";
        }
    if (flags || !*gap)
        g_string_append_printf(out, "%s%#x", gap, flags);
}

static void put_request(GString *out, const struct family *family, const struct nlmsghdr *msg)
{
    const struct genlmsghdr *g = mnl_nlmsg_get_payload(msg);
    struct fuzz_printer p = { .out = out };
    uint32_t ifindex;

    put_command(out, family, g->cmd);
    put_flags(out, msg->nlmsg_flags);
    if (g->version != family->version)
        g_string_append_printf(out, " ver=%u", g->version);
    if (g->reserved)
        g_string_append_printf(out, " rsv=%u", g->reserved);
    if (family->hdrsize) {
        memcpy(&ifindex, g + 1, sizeof(ifindex));
        if (fuzz_stand_in(ifindex))
            g_string_append_printf(out, " dp=@%s", fuzz_stand_in(ifindex));
        else
            g_string_append_printf(out, " dp=%d", (int32_t)ifindex);
    }
    put_body(&p, family, msg);
}

/* Is the datagram a row of whole requests, so that lines of the case language say all of it? */
static bool is_row_of_requests(const struct netlink *nl, const uint8_t *bytes, size_t len)
{
    size_t at = 0;

    for (; len - at >= sizeof(struct nlmsghdr);) {
        const struct nlmsghdr *msg = (const void *)(bytes + at);

        if (msg->nlmsg_len < sizeof(*msg) || msg->nlmsg_len > len - at || msg->nlmsg_pid ||
            !is_whole(family_of(nl, msg->nlmsg_type, NULL), msg))
            return false;
        at += attr_align(msg->nlmsg_len);
        if (at > len)
            at = len;
    }
    return at == len && len;
}

static void put_requests(GString *out, const struct netlink *nl, const char *who, const uint8_t *bytes, size_t len)
{
    for (size_t at = 0; at < len;) {
        const struct nlmsghdr *msg = (const void *)(bytes + at);

        at += attr_align(msg->nlmsg_len);
        g_string_append_printf(out, "%s %s ", at < len ? "reqq" : "req", who);
        put_request(out, family_of(nl, msg->nlmsg_type, NULL), msg);
        g_string_append_c(out, '\n');
    }
}

/* A datagram that is no row of requests: its bytes, with "@fam:NAME" for a family. */
static void put_bytes(GString *out, const char *who, const uint8_t *bytes, size_t len)
{
    const struct nlmsghdr *msg = (const void *)bytes;

    g_string_append_printf(out, "send %s ", who);
    if (len >= sizeof(*msg) && msg->nlmsg_type - PROGRAM_TYPE(0) < N_PROGRAM_FAMILIES) {
        fuzz_put_hex(out, bytes, 4);
        g_string_append_printf(out, "+@fam:%s+", program_family_name[msg->nlmsg_type - PROGRAM_TYPE(0)]);
        fuzz_put_hex(out, bytes + 6, 2);
        g_string_append_c(out, '+');
        bytes += 8;
        len -= 8;
    }
    fuzz_put_request_value(out, bytes, len);
    g_string_append_c(out, '\n');
}

void fuzz_text_step(GString *out, const struct netlink *nl, const struct program_step *step)
{
    g_autofree uint8_t *copy = g_memdup2(step->data, step->len);    /* aligned */
    const char *who = fuzz_socks[step->who % N_PROGRAM_SOCKS];

    if (step->kind == PROGRAM_FRAME) {
        g_string_append_printf(out, "inject %s ", fuzz_devices[1 + step->who % PROGRAM_PORTS]);
        fuzz_put_hex(out, step->data, step->len);
        g_string_append_c(out, '\n');
    } else if (step->kind == PROGRAM_TIME) {
        g_string_append(out, "# time moves in dpsim's own runs\n");
    } else if (step->who % N_PROGRAM_SOCKS <= PROGRAM_LISTENER && is_row_of_requests(nl, copy, step->len)) {
        put_requests(out, nl, who, copy, step->len);
    } else {
        put_bytes(out, who, copy, step->len);
    }
}

/* ---- answers ------------------------------------------------------------------------------------------------------ */

static const int protocols[N_PROGRAM_SOCKS] = {NETLINK_GENERIC, NETLINK_GENERIC, NETLINK_ROUTE, NETLINK_NETFILTER};

static void put_seq(GString *line, const struct fuzz_answer *a, const struct nlmsghdr *msg)
{
    g_string_append_printf(line, " f%x #%u/", msg->nlmsg_flags, msg->nlmsg_seq);
    fuzz_put_portid(line, msg->nlmsg_pid, a->numbers);
}

static void put_extack(GString *line, const struct fuzz_answer *a, const uint8_t *attrs, size_t len)
{
    struct fuzz_printer p = { .out = line, .numbers = a->numbers };

    if (!len)
        return;
    g_string_append_c(line, ' ');
    fuzz_put_attrs(&p, attrs, len, &fuzz_extack);
}

/* Where the step has this message, in the form in which it was written; NULL: nowhere. */
static const uint8_t *find_in_step(const struct fuzz_answer *a, const uint8_t *request, size_t len)
{
    g_autofree uint8_t *sent = g_memdup2(a->step->data, a->step->len);

    program_resolve(sent, a->step->len, a->numbers);
    for (size_t at = 0; at + len <= a->step->len; at += 4)
        if (!memcmp(sent + at, request, len))
            return a->step->data + at;
    return NULL;
}

/* Is a message of a step for a family by a number of its own? Which family has it, if any, is each machine's matter. */
static bool is_by_number(const struct fuzz_answer *a, const uint8_t *request)
{
    uint16_t type;

    memcpy(&type, request + offsetof(struct nlmsghdr, nlmsg_type), sizeof(type));
    return protocols[a->who] == NETLINK_GENERIC && type > GENL_ID_CTRL && type <= GENL_MAX_ID;
}

static void put_error(GString *line, const struct fuzz_answer *a, const struct nlmsghdr *msg)
{
    const uint8_t *at = mnl_nlmsg_get_payload(msg);
    size_t len = mnl_nlmsg_get_payload_len(msg), echo = sizeof(struct nlmsghdr);
    const struct nlmsgerr *e = (const void *)at;
    const uint8_t *request;

    if (len < sizeof(*e)) {
        g_string_append(line, "ERROR cut");
        return;
    }
    if (!(msg->nlmsg_flags & NLM_F_CAPPED))
        echo = MIN(e->msg.nlmsg_len, len - sizeof(e->error));
    request = find_in_step(a, at + sizeof(e->error), echo);
    if (e->error)
        g_string_append_printf(line, "ERROR %s", request && is_by_number(a, request) ? "FAMILY?" : err_name(e->error));
    else
        g_string_append(line, "ACK");
    put_seq(line, a, msg);
    if (!request)
        g_string_append_printf(line, " echo=other+%zu", echo);
    len -= sizeof(e->error) + MIN(len - sizeof(e->error), attr_align(echo));
    put_extack(line, a, at + mnl_nlmsg_get_payload_len(msg) - len, len);
}

static void put_done(GString *line, const struct fuzz_answer *a, const struct nlmsghdr *msg)
{
    const uint8_t *at = mnl_nlmsg_get_payload(msg);
    size_t len = mnl_nlmsg_get_payload_len(msg);
    int32_t code = 0;

    memcpy(&code, at, MIN(len, sizeof(code)));
    g_string_append_printf(line, "DONE %s", code ? err_name(code) : "0");
    put_seq(line, a, msg);
    if (len > sizeof(code))
        put_extack(line, a, at + sizeof(code), len - sizeof(code));
}

static void put_generic(GString *line, const struct fuzz_answer *a, const struct family *family, const struct nlmsghdr *msg)
{
    const struct genlmsghdr *g = mnl_nlmsg_get_payload(msg);
    struct fuzz_printer p = { .out = line, .numbers = a->numbers };
    uint32_t ifindex;

    put_command(line, family, g->cmd);
    g_string_append_printf(line, " v%u", g->version);
    put_seq(line, a, msg);
    if (family->hdrsize) {
        g_string_append_c(line, ' ');
        memcpy(&ifindex, g + 1, sizeof(ifindex));
        fuzz_put_ifindex(line, ifindex, a->numbers);
    }
    put_body(&p, family, msg);
}

/* Of rtnetlink and netfilter: field by field, without what the rows know to be anybody's. */
static void put_decoded(GString *line, const struct fuzz_answer *a, const struct nlmsghdr *msg)
{
    const unsigned volatiles = 1u << ROLE_PORTID | 1u << ROLE_IFINDEX | 1u << ROLE_CLOCK | 1u << ROLE_CHANCE | 1u << ROLE_HOST;
    g_autofree char *name = message_name(a->nl, protocols[a->who], msg);
    struct decode d;

    g_string_append(line, name);
    decode_init(&d, a->nl, protocols[a->who], msg, msg->nlmsg_len);
    for (guint i = 0; i < d.list->len; i++) {
        const struct leaf *leaf = decode_at(&d, i);

        if (!(volatiles & 1u << leaf->role) && strcmp(leaf->path, "nlmsg_type"))
            g_string_append_printf(line, " %s=%s", leaf->path, leaf->text);
    }
    decode_done(&d);
}

static void put_answer(GString *line, const struct fuzz_answer *a, const struct nlmsghdr *msg)
{
    const struct family *family = protocols[a->who] == NETLINK_GENERIC ? family_of(a->nl, msg->nlmsg_type, a->numbers) : NULL;

    g_string_printf(line, "%s= %s ", msg->nlmsg_flags & NLM_F_MULTI && msg->nlmsg_type != NLMSG_DONE ? "*" : "", fuzz_socks[a->who]);
    if (msg->nlmsg_type == NLMSG_ERROR)
        put_error(line, a, msg);
    else if (msg->nlmsg_type == NLMSG_DONE)
        put_done(line, a, msg);
    else if (is_whole(family, msg))
        put_generic(line, a, family, msg);
    else
        put_decoded(line, a, msg);
}

void fuzz_text_answer(GPtrArray *lines, const struct fuzz_answer *a, const uint8_t *bytes, size_t len)
{
    size_t at = 0;

    while (len - at >= sizeof(struct nlmsghdr)) {
        const struct nlmsghdr *msg = (const void *)(bytes + at);
        GString *line = g_string_new(NULL);

        if (msg->nlmsg_len < sizeof(*msg) || msg->nlmsg_len > len - at) {
            g_string_free(line, TRUE);
            break;
        }
        put_answer(line, a, msg);
        g_ptr_array_add(lines, g_string_free(line, FALSE));
        at = MIN(len, at + attr_align(msg->nlmsg_len));
    }
    if (at < len) {
        GString *line = g_string_new(NULL);

        g_string_printf(line, "= %s TRAILING ", fuzz_socks[a->who]);
        fuzz_put_hex(line, bytes + at, len - at);
        g_ptr_array_add(lines, g_string_free(line, FALSE));
    }
}
