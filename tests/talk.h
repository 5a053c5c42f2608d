/* talk.h - for tests of netlink protocols other than generic: a client, requests byte by byte, answers.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_TALK_H
#define TESTS_TALK_H

#include "tests/sim_tools.h"

/* A client of one protocol: a request under construction, its answers. */
struct talk {
    struct sim *sim;
    struct sim_ns *ns;
    struct sock *sock;
    GByteArray *request;
    GPtrArray *answers;         /* of struct nlmsghdr: all but ACK, error, DONE */
    bool is_done;               /* a dump ended */
    char text[128];             /* of the extended ACK */
};

static inline int talk_open(void **state, int protocol)
{
    struct talk *t = g_new0(struct talk, 1);

    t->sim = sim_new(NULL);
    t->ns = sim_root_ns(t->sim);
    t->sock = sock_open(t->ns->net, protocol);
    assert_int_equal(sock_set_option(t->sock, SOL_NETLINK, NETLINK_EXT_ACK, 1), 0);
    t->request = g_byte_array_new();
    t->answers = g_ptr_array_new_with_free_func(g_free);
    *state = t;
    return 0;
}

static inline int talk_close(void **state)
{
    struct talk *t = *state;

    sock_close(t->sock);
    sim_free(t->sim);
    g_byte_array_unref(t->request);
    g_ptr_array_unref(t->answers);
    g_free(t);
    return 0;
}

static inline void begin(struct talk *t, uint16_t type, uint16_t flags, const void *header, size_t len)
{
    const struct nlmsghdr msg = { .nlmsg_type = type, .nlmsg_seq = 7,
                                  .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags) };

    g_byte_array_set_size(t->request, 0);
    g_byte_array_append(t->request, (const uint8_t *)&msg, sizeof(msg));
    g_byte_array_append(t->request, header, (guint)len);
}

static inline void read_text(struct talk *t, const struct nlmsghdr *msg, size_t at)
{
    const struct nlattr *a =
        msg->nlmsg_flags & NLM_F_ACK_TLVS
            ? attr_find((const uint8_t *)msg + at, msg->nlmsg_len - at, NLMSGERR_ATTR_MSG) : NULL;

    g_strlcpy(t->text, a ? mnl_attr_get_str(a) : "", sizeof(t->text));
}

static inline int read_ack(struct talk *t, const struct nlmsghdr *msg)
{
    const struct nlmsgerr *ack = mnl_nlmsg_get_payload(msg);
    size_t at = sizeof(*msg) + sizeof(*ack);

    if (!(msg->nlmsg_flags & NLM_F_CAPPED))
        at += attr_align(ack->msg.nlmsg_len) - sizeof(ack->msg);
    read_text(t, msg, at);
    return ack->error;
}

static inline int read_done(struct talk *t, const struct nlmsghdr *msg)
{
    int error;

    memcpy(&error, mnl_nlmsg_get_payload(msg), sizeof(error));
    read_text(t, msg, sizeof(*msg) + sizeof(error));
    t->is_done = true;
    return error;
}

static inline int receive(struct talk *t)
{
    int error, rc = 0, left;
    struct dgram *d;

    g_ptr_array_set_size(t->answers, 0);
    t->is_done = false;
    while ((d = sock_recv(t->sock, &error))) {
        left = (int)d->len;
        for (const struct nlmsghdr *msg = dgram_msg(d); mnl_nlmsg_ok(msg, left);
             msg = mnl_nlmsg_next(msg, &left)) {
            if (msg->nlmsg_type == NLMSG_ERROR)
                rc = read_ack(t, msg);
            else if (msg->nlmsg_type == NLMSG_DONE)
                rc = read_done(t, msg);
            else
                lab_keep(t->answers, msg);
        }
        g_free(d);
    }
    return rc;
}

static inline int call(struct talk *t)
{
    uint32_t len = t->request->len;

    memcpy(t->request->data, &len, sizeof(len));
    assert_int_equal(sock_send(t->sock, t->request->data, len), len);
    return receive(t);
}

static inline const struct nlmsghdr *answer(const struct talk *t, guint i)
{
    assert_in_range(i, 0, t->answers->len - 1);
    return t->answers->pdata[i];
}

#endif
