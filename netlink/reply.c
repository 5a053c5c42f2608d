/* reply.c - see reply.h: building and delivering messages, ACKs and errors.
 * SPDX-License-Identifier: Apache-2.0 */
#include "netlink/reply.h"

#include <errno.h>
#include <string.h>

#include "netlink/attr.h"
#include "netlink/server.h"

static struct nlmsghdr *begin(uint8_t *room, size_t len)
{
    const struct nlmsghdr *last = (const void *)room;

    memset(room, 0, MIN(attr_align(last->nlmsg_len), len));
    return mnl_nlmsg_put_header(room);
}

struct nlmsghdr *scratch_begin(struct netlink *nl)
{
    return begin(nl->scratch, MSG_ROOM);
}

struct nlmsghdr *event_begin(struct netlink *nl)
{
    return begin(nl->event, EVENT_ROOM);
}

void msg_cut(struct nlmsghdr *msg, size_t len)
{
    memset((uint8_t *)msg + len, 0, msg->nlmsg_len - len);
    msg->nlmsg_len = (uint32_t)len;
}

struct nlmsghdr *msg_new(struct netlink *nl, const struct family *f, uint8_t cmd,
                         const void *user_hdr)
{
    struct nlmsghdr *msg = scratch_begin(nl);
    struct genlmsghdr *genl = mnl_nlmsg_put_extra_header(msg, sizeof(*genl));

    msg->nlmsg_type = netlink_family_id(nl, f);
    genl->cmd = cmd;
    genl->version = f->version;
    if (f->hdrsize)
        memcpy(mnl_nlmsg_put_extra_header(msg, f->hdrsize), user_hdr, f->hdrsize);
    return msg;
}

struct nlmsghdr *reply_new(struct req *req, uint8_t cmd, const void *user_hdr)
{
    struct nlmsghdr *msg = msg_new(req->sock->ns->nl, req->family, cmd, user_hdr);

    msg->nlmsg_seq = req->msg->nlmsg_seq;
    msg->nlmsg_pid = req->sock->portid;
    return msg;
}

int reply_send(struct req *req, const struct nlmsghdr *msg)
{
    return sock_queue(req->sock, msg, msg->nlmsg_len, msg->nlmsg_len, 0);
}

static bool is_member(const struct sock *s, int protocol, uint32_t group)
{
    return s->protocol == protocol && sock_in_group(s, group);
}

/* A full queue is the listener's misfortune, not the sender's (catalogue 01, section 1.7). */
void deliver(struct netns *ns, int protocol, uint32_t group, const struct nlmsghdr *msg,
             const struct sock *except)
{
    /* The first member gets the message itself, unless its sender gets it, too. */
    bool is_shared = except, has_failed = false;

    if (!ns->n_memberships[protocol])
        return;
    for (GList *l = ns->listeners.head; group && l; l = l->next) {
        struct sock *s = l->data;

        if (s == except || !is_member(s, protocol, group))
            continue;
        has_failed = has_failed || (is_shared && netlink_fails(ns->nl, NETLINK_FAULT_MULTICAST_CLONE));
        if (has_failed)
            (void)sock_overrun(s, msg->nlmsg_len, group);
        else
            (void)sock_queue(s, msg, msg->nlmsg_len, msg->nlmsg_len, group);
        is_shared = true;
    }
}

void deliver_error(struct netns *ns, int protocol, uint32_t group, int error)
{
    for (GList *l = ns->listeners.head; group && l; l = l->next) {
        struct sock *s = l->data;

        if (is_member(s, protocol, group) && !(error == ENOBUFS && s->no_enobufs))
            sock_set_error(s, error);
    }
}

void send_event(struct netns *ns, int protocol, uint32_t group, const struct nlmsghdr *msg,
                struct req *cause)
{
    bool echo = cause && cause->msg->nlmsg_flags & NLM_F_ECHO;

    deliver(ns, protocol, group, msg, echo ? cause->sock : NULL);
    if (echo)
        (void)reply_send(cause, msg);
}

void multicast(struct netns *ns, const struct family *f, const struct nlmsghdr *msg)
{
    deliver(ns, NETLINK_GENERIC, netlink_group_id(ns->nl, f), msg, NULL);
}

void multicast_error(struct netns *ns, const struct family *f, int error)
{
    deliver_error(ns, NETLINK_GENERIC, netlink_group_id(ns->nl, f), error);
}

void notify(struct req *req, const struct nlmsghdr *msg)
{
    struct netns *ns = req->sock->ns;

    send_event(ns, NETLINK_GENERIC, netlink_group_id(ns->nl, req->family), msg, req);
}

static bool has_member(const struct netns *ns, uint32_t group)
{
    for (const GList *l = ns->listeners.head; l; l = l->next)
        if (is_member(l->data, NETLINK_GENERIC, group))
            return true;
    return false;
}

bool notify_wanted(const struct req *req)
{
    const struct netlink *nl = req->sock->ns->nl;
    uint32_t group = netlink_group_id(nl, req->family);

    if (req->msg->nlmsg_flags & NLM_F_ECHO)
        return true;
    for (guint i = 0; group && i < nl->namespaces->len; i++)
        if (has_member(g_ptr_array_index(nl->namespaces, i), group))
            return true;
    return false;
}

int unicast(struct netns *ns, uint32_t portid, const struct nlmsghdr *msg, size_t room)
{
    struct sock *s = netns_find(ns, NETLINK_GENERIC, portid);

    return s ? sock_queue(s, msg, msg->nlmsg_len, room, 0) : -ECONNREFUSED;
}

/* The flag on a nest is set here and only here: other nests of the kernel go without. */
static void put_policy(struct nlmsghdr *ack, const struct policy *row)
{
    uint32_t before = ack->nlmsg_len;
    struct nlattr *nest = mnl_attr_nest_start(ack, NLMSGERR_ATTR_POLICY);

    if (policy_put(ack, row))
        mnl_attr_nest_end(ack, nest);
    else
        msg_cut(ack, before);
}

/* A success may carry a warning, but says nothing of attributes. */
static void put_extack(struct nlmsghdr *ack, int error, const struct err *e)
{
    uint32_t before = ack->nlmsg_len;

    if (e->to_client)
        mnl_attr_put_strz(ack, NLMSGERR_ATTR_MSG, e->text);
    if (error && e->has_offset)
        mnl_attr_put_u32(ack, NLMSGERR_ATTR_OFFS, e->offset);
    if (error && e->policy)
        put_policy(ack, e->policy);
    if (ack->nlmsg_len > before)
        ack->nlmsg_flags |= NLM_F_ACK_TLVS;
}

/* Layout: catalogue 01, section 1.5. */
void reply_error(struct sock *s, const struct nlmsghdr *msg, int error, const struct err *e)
{
    bool whole = error && !s->cap_ack;
    size_t copied = whole ? msg->nlmsg_len : sizeof(*msg);
    struct nlmsghdr *ack;
    uint8_t *p;

    if (netlink_fails(s->ns->nl, NETLINK_FAULT_ACK_ALLOC)) {
        sock_set_error(s, ENOBUFS);
        return;
    }
    ack = scratch_begin(s->ns->nl);
    p = mnl_nlmsg_put_extra_header(ack, sizeof(error) + copied);
    ack->nlmsg_type = NLMSG_ERROR;
    ack->nlmsg_flags = whole ? 0 : NLM_F_CAPPED;
    ack->nlmsg_seq = msg->nlmsg_seq;
    ack->nlmsg_pid = s->portid;
    memcpy(p, &error, sizeof(error));
    memcpy(p + sizeof(error), msg, copied);
    if (s->ext_ack && e)
        put_extack(ack, error, e);
    (void)sock_queue(s, ack, ack->nlmsg_len, ack->nlmsg_len, 0);
}
