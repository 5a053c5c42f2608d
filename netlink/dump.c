/* dump.c - running dumps: a datagram now, the next ones as the client reads.
 *
 * Rules: catalogue 01, section 1.6. The datagram's size follows the largest buffer that the
 * client has received with; a dump goes on while at most half of the queue is in use.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "netlink/attr.h"
#include "netlink/reply.h"
#include "netlink/server.h"

#define ROOM_LEAST (4096 - 320)         /* of a page, less the kernel's trailer */

/* A dump counts against what the socket shares with others from its start to its end. */
static int share_dump(const struct dump *d, struct err *e)
{
    struct sock_share *share = d->req.sock->share;

    if (!share)
        return 0;
    if (share->n_dumps >= share->most_dumps) {
        share->n_no_dump++;
        return err_set(e, ENOBUFS, "%u dumps are under way on sockets of this client, which may have %u", share->n_dumps,
                       share->most_dumps);
    }
    share->n_dumps++;
    share->charge += d->req.msg->nlmsg_len;
    return 0;
}

static void unshare_dump(const struct dump *d)
{
    struct sock_share *share = d->req.sock->share;

    if (!share)
        return;
    share->n_dumps--;
    share->charge -= d->req.msg->nlmsg_len;
}

static void dump_free(struct dump *d)
{
    g_free((void *)(uintptr_t)d->req.msg);
    g_free(d);
}

static struct dump *dump_new(const struct req *req, const struct genl_op *op)
{
    struct dump *d = g_new0(struct dump, 1);

    req_init(&d->req, req->sock, req->family, g_memdup2(req->msg, req->msg->nlmsg_len));
    d->op = op;
    d->result = 1;
    return d;
}

static int dump_begin(struct dump *d, struct err *e)
{
    uint16_t max_attr;
    const struct policy *rows = op_policy(d->req.family, d->op, &max_attr);
    int rc = d->op->strict_dump ? req_parse(&d->req, rows, max_attr, true, e)
                                : req_parse(&d->req, NULL, max_attr, false, NULL);

    if (!rc && d->op->dump_begin)
        rc = d->op->dump_begin(d, e);
    return rc;
}

void dump_abort(struct sock *s)
{
    struct dump *d = s->dump;

    s->dump = NULL;
    if (d->op->dump_done)
        d->op->dump_done(d);
    unshare_dump(d);
    dump_free(d);
}

static void *reserve(struct dump *d, size_t len)
{
    uint8_t *p = d->out + d->out_len;

    if (attr_align(len) > d->out_size - d->out_len)
        return NULL;
    memset(p, 0, attr_align(len));
    d->out_len += attr_align(len);
    return p;
}

struct nlmsghdr *dump_msg(struct dump *d, uint8_t cmd, const void *user_hdr)
{
    struct nlmsghdr *msg = reply_new(&d->req, cmd, user_hdr);

    msg->nlmsg_flags = NLM_F_MULTI;
    return msg;
}

bool dump_commit(struct dump *d, const struct nlmsghdr *msg)
{
    void *p = reserve(d, msg->nlmsg_len);

    if (p)
        memcpy(p, msg, msg->nlmsg_len);
    return p;
}

bool dump_is_empty(const struct dump *d)
{
    return !d->out_len;
}

/* Appends DONE with the handler's result. Returns false if it does not fit. */
static bool put_done(struct dump *d, const struct err *e)
{
    struct nlmsghdr *msg = scratch_begin(d->req.sock->ns->nl);

    msg->nlmsg_type = NLMSG_DONE;
    msg->nlmsg_flags = NLM_F_MULTI | d->flags;
    msg->nlmsg_seq = d->req.msg->nlmsg_seq;
    msg->nlmsg_pid = d->req.sock->portid;
    memcpy(mnl_nlmsg_put_extra_header(msg, sizeof(d->result)), &d->result, sizeof(d->result));
    if (d->req.sock->ext_ack && e->to_client) {
        msg->nlmsg_flags |= NLM_F_ACK_TLVS;
        mnl_attr_put_strz(msg, NLMSGERR_ATTR_MSG, e->text);
    }
    return dump_commit(d, msg);
}

/* Fills d->out by the handler. Returns whether the dump is over, DONE included. The kernel's
 * handlers return how much they wrote, so that the end shows only when they are asked once
 * more: DONE does not share a datagram with the last objects. */
static bool fill(struct dump *d)
{
    struct err e = {0};

    if (d->result > 0) {
        d->result = d->op->dump(d, &e);
        if (d->result < 0)
            netlink_refuse(d->req.sock, d->req.msg, d->result, &e);
        if (d->result > 0 && dump_is_empty(d))
            d->result = 0;              /* an object too large for any datagram ends it */
        if (d->result >= 0 && !dump_is_empty(d))
            return false;
    }
    return d->result <= 0 && put_done(d, &e);
}

/* The room is charged whole, used or not. Like any datagram, one always fits an empty queue. */
static int fill_and_queue(struct sock *s)
{
    struct dump *d = s->dump;
    size_t room = MAX(ROOM_LEAST, s->max_recv), charge = sock_truesize(room), len;
    bool over;
    g_autofree uint8_t *out = g_malloc(room);

    if (!sock_has_room(s, charge, s->rcvbuf - 1))
        return -ENOBUFS;
    d->out = out;
    d->out_size = room;
    d->out_len = 0;
    over = fill(d);
    if (d->is_interrupted)
        ((struct nlmsghdr *)(void *)out)->nlmsg_flags |= NLM_F_DUMP_INTR;
    d->is_interrupted = false;
    len = d->out_len;
    d->out = NULL;
    if (over)
        dump_abort(s);          /* before a reader can ask for more */
    sock_push(s, out, len, charge, 0);
    return 0;
}

int dump_start(struct req *req, const struct genl_op *op, struct err *e)
{
    struct sock *s = req->sock;
    struct dump *d;
    int rc;

    if (s->dump)
        return err_set(e, EBUSY, "a dump is running on this socket");
    if (s->protocol == NETLINK_GENERIC && (rc = netlink_refuses(s->ns->nl, NETLINK_FAULT_DUMP_INFO, e)))
        return rc;
    d = dump_new(req, op);
    rc = share_dump(d, e);
    if (!rc && (rc = dump_begin(d, e)))
        unshare_dump(d);
    if (rc) {
        dump_free(d);
        return rc;
    }
    s->dump = d;
    rc = netlink_refuses(s->ns->nl, NETLINK_FAULT_DUMP_FIRST, e);
    return rc ? rc : fill_and_queue(s);
}

void dump_continue(struct sock *s)
{
    int rc;

    if (!s->dump || s->rx_charge > s->rcvbuf / 2)
        return;
    s->dump->is_interrupted = s->dump->op->tells_changes && netlink_fails(s->ns->nl, NETLINK_FAULT_DUMP_CHANGED);
    rc = netlink_fails(s->ns->nl, NETLINK_FAULT_DUMP_NEXT) ? -ENOBUFS : fill_and_queue(s);
    if (rc)
        sock_set_error(s, -rc);
}
