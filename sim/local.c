/* local.c - see local.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/local.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/openvswitch.h>
#include <string.h>

#define HEADERS (NLMSG_HDRLEN + GENL_HDRLEN + sizeof(struct ovs_header))

void local_init(struct local *l, struct sim_ns *ns)
{
    *l = (struct local){ .ns = ns, .sock = sock_open(ns->net, NETLINK_GENERIC) };
    l->sock->is_inside = true;
    (void)sock_set_option(l->sock, SOL_NETLINK, NETLINK_EXT_ACK, 1);
    (void)sock_bind(l->sock, 0);        /* 0 asks for a free number: cannot fail */
}

void local_done(struct local *l)
{
    sock_close(l->sock);
    l->sock = NULL;
}

size_t local_begin(struct local *l, GByteArray *out, const char *family, uint8_t cmd,
                   uint16_t flags, int dp_ifindex)
{
    const struct family *f = netlink_family_by_name(l->ns->sim->nl, family);
    struct {
        struct nlmsghdr msg;
        struct genlmsghdr genl;
        struct ovs_header ovs;
    } h = {
        .msg = { .nlmsg_type = f ? netlink_family_id(l->ns->sim->nl, f) : 0,
                 .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags),
                 .nlmsg_seq = ++l->seq, .nlmsg_pid = l->sock->portid },
        .genl = { .cmd = cmd, .version = f ? f->version : 0 },
        .ovs = { .dp_ifindex = dp_ifindex },
    };
    size_t at = out->len;

    g_byte_array_append(out, (const guint8 *)&h, HEADERS);
    return at;
}

void local_end(GByteArray *out, size_t msg)
{
    uint32_t len = (uint32_t)(out->len - msg);

    memcpy(out->data + msg, &len, sizeof(len));
}

void local_put_nest(GByteArray *out, uint16_t type, const GByteArray *attrs)
{
    attr_put(out, type, attrs->data, attrs->len);
}

/* The errno of an error answer with the simulator's own sentence about it. */
static int refused(const struct local *l, int error, struct err *e)
{
    const struct err *why = &l->ns->sim->refusal;
    bool is_told = why->code == -error && why->text[0];

    return err_set(e, -error, "%s", is_told ? why->text : strerror(-error));
}

static int read_error(const struct local *l, const struct nlmsghdr *msg, struct err *e)
{
    const struct nlmsgerr *answer = mnl_nlmsg_get_payload(msg);

    return answer->error ? refused(l, answer->error, e) : 0;
}

struct answers {
    const struct local *l;
    local_answer_fn *fn;
    void *ctx;
    struct err first;           /* code 0: no error so far */
};

static void read_answer(struct answers *a, const struct nlmsghdr *msg)
{
    struct err e = { 0 };
    int value = 0;

    if (msg->nlmsg_type == NLMSG_ERROR)
        (void)read_error(a->l, msg, &e);
    else if (msg->nlmsg_type == NLMSG_DONE)
        memcpy(&value, mnl_nlmsg_get_payload(msg), sizeof(value));
    else if (a->fn)
        a->fn(a->ctx, msg);
    if (value)
        (void)refused(a->l, value, &e);
    if (e.code && !a->first.code)
        a->first = e;
}

int local_call(struct local *l, const GByteArray *datagram, local_answer_fn *fn, void *ctx,
               struct err *e)
{
    struct answers answers = { .l = l, .fn = fn, .ctx = ctx };
    long sent = sock_send(l->sock, datagram->data, datagram->len);
    int error = 0, left;
    struct dgram *d;

    if (sent < 0)
        return err_set(e, (int)-sent, "the request could not be sent");
    while ((d = sock_recv(l->sock, &error)) || error) {
        if (error)
            err_set(&answers.first, error, "answers were lost");
        left = d ? (int)d->len : 0;
        for (const struct nlmsghdr *msg = d ? (const void *)d->data : NULL;
             msg && mnl_nlmsg_ok(msg, left); msg = mnl_nlmsg_next(msg, &left))
            read_answer(&answers, msg);
        g_free(d);
    }
    if (answers.first.code && e)
        *e = answers.first;
    return -answers.first.code;
}

const struct nlattr *local_attr(const struct nlmsghdr *msg, uint16_t type)
{
    if (msg->nlmsg_len < HEADERS)
        return NULL;
    return attr_find((const uint8_t *)msg + HEADERS, msg->nlmsg_len - HEADERS, type);
}

int local_dp_ifindex(const struct nlmsghdr *msg)
{
    const struct ovs_header *h = mnl_nlmsg_get_payload_offset(msg, GENL_HDRLEN);

    return msg->nlmsg_len < HEADERS ? 0 : h->dp_ifindex;
}

uint32_t local_u32(const struct nlmsghdr *msg, uint16_t type, uint32_t otherwise)
{
    const struct nlattr *a = local_attr(msg, type);
    uint32_t value = otherwise;

    if (a && mnl_attr_get_payload_len(a) >= sizeof(value))
        memcpy(&value, mnl_attr_get_payload(a), sizeof(value));
    return value;
}
