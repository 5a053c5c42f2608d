/* toys.h - a made-up generic netlink family, and what the tests of netlink/ do with it.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_TOYS_H
#define TESTS_TOYS_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "netlink/attr.h"
#include "netlink/reply.h"

enum { TOY_NEW = 1, TOY_GET = 3, TOY_SET = 4 };
enum { TOY_ID = 1, TOY_NAME, TOY_FLAG, TOY_NEST, TOY_KEY, TOY_ANY, TOY_SIZE, TOY_INDEX };
#define TOY_MAX TOY_INDEX

static const struct policy toy_policy[TOY_MAX + 1] = {
    [TOY_ID] = {.kind = POL_U32},
    [TOY_NAME] = {.kind = POL_STRING, .len = 15},
    [TOY_FLAG] = {.kind = POL_FLAG},
    [TOY_NEST] = {.kind = POL_NESTED},
    [TOY_KEY] = {.kind = POL_MIN_LEN, .len = 2},
    [TOY_SIZE] = {.kind = POL_U32, .has_range = true, .min = 0, .max = 4096},
    [TOY_INDEX] = {.kind = POL_S32, .has_range = true, .min = 0, .max = INT32_MAX},
};

/* The toys' world: what the handlers do next. */
struct toys {
    int result;                 /* of TOY_SET */
    unsigned n_objects;         /* in a dump */
    size_t object_len;          /* bytes of one's TOY_ANY */
    int dump_result;            /* in place of 0 at the end */
    unsigned n_done;            /* calls of dump_done */
    uint32_t seen_id;           /* TOY_ID of the last request */
};

static inline struct toys *toys_of(const struct req *req)
{
    return netlink_user(req->sock->ns->nl);
}

static int toy_new(struct req *req, struct err *e)
{
    struct nlmsghdr *msg = reply_new(req, TOY_NEW, req->user_hdr);

    (void)e;
    mnl_attr_put_u32(msg, TOY_ID, 7);
    notify(req, msg);
    return 0;
}

static int toy_get(struct req *req, struct err *e)
{
    struct nlmsghdr *msg = reply_new(req, TOY_GET, req->user_hdr);

    (void)e;
    if (req->attr[TOY_ID])
        toys_of(req)->seen_id = mnl_attr_get_u32(req->attr[TOY_ID]);
    mnl_attr_put_u32(msg, TOY_ID, toys_of(req)->seen_id);
    return reply_send(req, msg);
}

static int toy_set(struct req *req, struct err *e)
{
    int result = toys_of(req)->result;

    return result ? err_set(e, -result, "the toy is broken") : 0;
}

static int toy_dump(struct dump *d, struct err *e)
{
    static const uint8_t bytes[60000];
    const struct toys *toys = toys_of(&d->req);

    (void)e;
    for (; d->pos < toys->n_objects; d->pos++) {
        struct nlmsghdr *msg = dump_msg(d, TOY_GET, d->req.user_hdr);

        mnl_attr_put_u32(msg, TOY_ID, (uint32_t)d->pos);
        mnl_attr_put(msg, TOY_ANY, toys->object_len, bytes);
        if (!dump_commit(d, msg))
            return 1;
    }
    return toys->dump_result;
}

static void toy_dump_done(struct dump *d)
{
    toys_of(&d->req)->n_done++;
}

static const struct genl_op toy_ops[] = {
    {.cmd = TOY_NEW, .flags = GENL_UNS_ADMIN_PERM, .doit = toy_new},
    {.cmd = TOY_GET, .doit = toy_get, .dump = toy_dump, .dump_done = toy_dump_done},
    {.cmd = TOY_SET, .flags = GENL_UNS_ADMIN_PERM, .doit = toy_set},
};

static const struct family toy_family = {
    .name = "toys",
    .version = 3,
    .hdrsize = 4,
    .max_attr = TOY_MAX,
    .policy = toy_policy,
    .op = toy_ops,
    .n_ops = 3,
    .group = "toys",
    .n_legacy_cmds = TOY_SET + 1,
};

/* Everything a test needs, and a datagram under construction. */
struct toybox {
    struct netlink *nl;
    struct netns *ns;
    struct sock *s;
    struct toys toys;
    struct nlmsghdr *msg;       /* last message of 'bytes' */
    size_t len;
    uint32_t seq;
    uint32_t bytes[4096];
};

static inline int toybox_open(void **state)
{
    struct toybox *box = g_new0(struct toybox, 1);

    box->nl = netlink_new();
    netlink_add_family(box->nl, &toy_family);
    netlink_set_user(box->nl, &box->toys);
    box->ns = netns_new(box->nl, NULL);
    box->s = sock_open(box->ns, NETLINK_GENERIC);
    assert_int_equal(sock_bind(box->s, 77), 0);
    assert_int_equal(sock_set_option(box->s, SOL_NETLINK, NETLINK_EXT_ACK, 1), 0);
    *state = box;
    return 0;
}

static inline int toybox_close(void **state)
{
    struct toybox *box = *state;

    netns_free(box->ns);
    netlink_free(box->nl);
    g_free(box);
    return 0;
}

#define TOY_TEST(name) cmocka_unit_test_setup_teardown(name, toybox_open, toybox_close)

/* Appends a request; attributes are put to box->msg and counted by toy_send(). */
static inline void toy_end(struct toybox *box)
{
    if (box->msg)
        box->len += attr_align(box->msg->nlmsg_len);
    box->msg = NULL;
}

static inline struct nlmsghdr *toy_request(struct toybox *box, uint16_t type, uint8_t cmd,
                                           uint16_t flags)
{
    struct genlmsghdr *genl;

    toy_end(box);
    box->msg = mnl_nlmsg_put_header((uint8_t *)box->bytes + box->len);
    box->msg->nlmsg_type = type;
    box->msg->nlmsg_flags = flags;
    box->msg->nlmsg_seq = ++box->seq;
    box->msg->nlmsg_pid = 77;
    genl = mnl_nlmsg_put_extra_header(box->msg, sizeof(*genl));
    genl->cmd = cmd;
    if (type != GENL_ID_CTRL)
        *(uint32_t *)mnl_nlmsg_put_extra_header(box->msg, 4) = 0x11223344;
    return box->msg;
}

static inline void toy_send(struct toybox *box)
{
    size_t len;

    toy_end(box);
    len = box->len;
    box->len = 0;
    assert_int_equal(sock_send(box->s, box->bytes, len), len);
}

/* The next datagram; freed by the caller. */
static inline struct dgram *toy_recv(struct sock *s)
{
    int error;
    struct dgram *d = sock_recv(s, &error);

    assert_int_equal(error, 0);
    assert_non_null(d);
    return d;
}

static inline void toy_recv_none(struct sock *s)
{
    int error;

    assert_null(sock_recv(s, &error));
    assert_int_equal(error, 0);
}

static inline const struct nlmsghdr *toy_msg(const struct dgram *d)
{
    return (const void *)d->data;
}

/* Takes an ACK or error and checks it; TLVs are compared with 'tlvs' if not NULL. */
static inline void toy_expect(struct toybox *box, int error, uint16_t flags, uint32_t seq,
                              const void *tlvs, size_t tlvs_len)
{
    struct dgram *d = toy_recv(box->s);
    const struct nlmsghdr *msg = toy_msg(d);
    const struct nlmsgerr *ack = mnl_nlmsg_get_payload(msg);
    size_t copied = flags & NLM_F_CAPPED ? 16 : attr_align(ack->msg.nlmsg_len);

    assert_int_equal(msg->nlmsg_type, NLMSG_ERROR);
    assert_int_equal(ack->error, error);
    assert_int_equal(msg->nlmsg_flags, flags);
    assert_int_equal(msg->nlmsg_seq, seq);
    assert_int_equal(msg->nlmsg_pid, 77);
    assert_int_equal(msg->nlmsg_len, d->len);
    assert_int_equal(d->len, 20 + copied + tlvs_len);
    if (tlvs_len)
        assert_memory_equal(d->data + 20 + copied, tlvs, tlvs_len);
    g_free(d);
}

#define TOY_LEFTOVER "bytes leftover after parsing attributes"

/* A NLMSGERR_ATTR_MSG as bytes of a list. */
static inline GByteArray *toy_tlvs(const char *text)
{
    GByteArray *list = g_byte_array_new();

    attr_put(list, NLMSGERR_ATTR_MSG, text, strlen(text) + 1);
    return list;
}

#endif
