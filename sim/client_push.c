/* client_push.c - from a socket's queue to the client's descriptor, and what has been read of it.
 *
 * How it works: the descriptor is a window on the queue. While little is unread, datagrams
 * are handed on as they come. From conn->low unread bytes on, one of them carries PROTO_MORE:
 * having received it, the preload library asks (PROTO_PULL) and gets the next ones before its
 * recv returns, as the kernel continues a dump inside recv. At conn->high nothing more is
 * handed on. So one of these holds whenever something is kept back: a datagram with
 * PROTO_MORE is unread, or a PULL is on its way.
 *
 * The client's reads are seen in the unread bytes of the descriptor (SIOCOUTQ), which fall in
 * the order of the datagrams. A datagram counts against SO_RCVBUF until then.
 *
 * A pending error overtakes the datagrams: it is put in the page that clients look at before
 * each receive. A datagram with nothing but the error wakes a waiting poll; whoever reads it
 * after the error has been taken skips it.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "sim/client_int.h"
#include "sim/vtime.h"

static size_t unread_bytes(const struct conn *c)
{
    int n = 0;

    if (ioctl(c->fd, SIOCOUTQ, &n) || n < 0)
        return 0;
    return (size_t)n;
}

static struct pushed *drop_oldest(struct conn *c, size_t *charge)
{
    struct pushed *p = g_queue_pop_head(&c->pushed);

    *charge += p->charge;
    c->weight -= p->weight;
    c->n_more -= p->has_more;
    c->n_inexact -= !p->is_exact;
    g_slice_free(struct pushed, p);
    return g_queue_peek_head(&c->pushed);
}

/* Weights are never above the truth, so nothing counts as read too early. Returns the unread bytes. */
static size_t look_what_is_read(struct conn *c)
{
    struct pushed *p = g_queue_peek_head(&c->pushed);
    size_t unread = p ? unread_bytes(c) : 0;
    bool was_listed = p;

    while (p && (!unread || c->weight - p->weight >= unread))
        p = drop_oldest(c, &c->read_charge);
    if (was_listed && !p)
        g_queue_unlink(&c->all->unread, &c->link);
    return unread;
}

size_t push_read_since(struct sock *s)
{
    struct conn *c = s->transport;
    size_t charge;

    (void)look_what_is_read(c);
    charge = c->read_charge;
    c->read_charge = 0;
    return charge;
}

void push_note_read(struct conn *c, size_t buffer_len)
{
    sock_read_done(c->sock, push_read_since(c->sock), buffer_len);
}

/* The client has read a datagram with PROTO_MORE. Weights below the truth, and marks of errors, which have none, may
 * not show it; so none is thought to be unread, and one of the next will have it again. */
void push_pull(struct conn *c, size_t buffer_len)
{
    push_note_read(c, buffer_len);
    for (GList *l = c->n_more ? c->pushed.head : NULL; l; l = l->next)
        ((struct pushed *)l->data)->has_more = false;
    c->n_more = 0;
    push_queued(c);
}

void push_forget(struct conn *c)
{
    size_t charge = 0;

    if (c->pushed.head)
        g_queue_unlink(&c->all->unread, &c->link);
    while (c->pushed.head)
        (void)drop_oldest(c, &charge);
    g_free(c->held);
    c->held = NULL;
    if (c->is_kept_back)
        g_queue_unlink(&c->all->kept_back, &c->kept_link);
    c->is_kept_back = false;
}

static void remember(struct conn *c, struct pushed p)
{
    struct pushed *copy = g_slice_new(struct pushed);

    *copy = p;
    if (!c->pushed.head)
        g_queue_push_tail_link(&c->all->unread, &c->link);
    g_queue_push_tail(&c->pushed, copy);
    c->weight += p.weight;
    c->n_more += p.has_more;
    c->n_inexact += !p.is_exact;
}

static ssize_t hand_on(struct conn *c, const struct proto_dgram *head, const void *data,
                       size_t len)
{
    struct iovec iov[] = {
        { (void *)(uintptr_t)head, sizeof(*head) },
        { (void *)(uintptr_t)data, len },
    };
    struct msghdr msg = { .msg_iov = iov, .msg_iovlen = G_N_ELEMENTS(iov) };

    vtime_tells(c);
    return sendmsg(c->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void push_error(struct conn *c)
{
    struct proto_dgram head = { .error = c->sock->error };

    if (!c->sock->error)
        return;
    atomic_store(&c->all->page[PROTO_SLOT(c->id)], c->sock->error);
    c->sock->error = 0;
    sock_error_taken(c->sock);
    (void)hand_on(c, &head, NULL, 0);
}

/* Must the client ask after this one? A running dump goes on only when it does; so does a
 * queue that the window will soon cut off. The guess of the weight is on the safe side. */
static bool needs_more(const struct conn *c, const struct dgram *d, size_t unread)
{
    bool fills_window = unread + 2 * d->len + 2048 >= c->low;

    if (!c->sock->rx.head)
        return c->sock->dump || (fills_window && !c->n_more);
    return fills_window && !c->n_more;
}

/* The weight of a datagram that has just been handed on: what the unread bytes have grown by.
 * A reader at work makes that less; with nothing unread before it is exact, and the kernel
 * gives the same length the same weight ever after. */
static void weigh(struct conn *c, struct pushed *p, size_t len, size_t before)
{
    size_t after = unread_bytes(c), grown = after > before ? after - before : 0;

    p->weight = (uint32_t)MAX(grown, len);
    p->is_exact = !before && after;
    if (p->is_exact && len < N_WEIGHTS)
        c->all->weights[len] = p->weight;
}

static uint32_t flags_of(const struct sock *s)
{
    return (s->pktinfo ? PROTO_PKTINFO : 0) | (s->passcred ? PROTO_CREDS : 0);
}

/* Returns false when the descriptor has no room for it now. 'unread' is not below the truth. */
static bool push_one(struct conn *c, const struct dgram *d, size_t *unread)
{
    struct proto_dgram head = { .src_portid = d->src_portid, .group = d->group };
    size_t len = sizeof(head) + d->len, before = 0;
    struct pushed p = { .charge = (uint32_t)d->charge, .has_more = needs_more(c, d, *unread) };

    p.weight = len < N_WEIGHTS ? c->all->weights[len] : 0;
    p.is_exact = p.weight;
    if (!p.is_exact)
        before = unread_bytes(c);
    head.flags = flags_of(c->sock) | (p.has_more ? PROTO_MORE : 0);
    if (hand_on(c, &head, d->data, d->len) < 0) {
        if (errno == EAGAIN || errno == EINTR || errno == ENOBUFS)
            return false;
        if (errno != EMSGSIZE) {    /* it does not want to hear any more */
            c->is_broken = true;
            conn_hang_up(c);
            return false;
        }
        c->sock->error = ENOBUFS;   /* longer than the system lets us send: lost, and said so */
        sock_read_done(c->sock, d->charge, 0);
        return true;
    }
    if (!p.is_exact)
        weigh(c, &p, len, before);
    *unread = p.is_exact ? *unread + p.weight : unread_bytes(c);
    remember(c, p);
    return true;
}

/* While little is underway at most, nobody has to look how much of it is unread. */
static bool is_light(const struct conn *c)
{
    return c->weight < c->low / 2 && !c->n_inexact;
}

static void push_window(struct conn *c)
{
    size_t unread = is_light(c) ? c->weight : look_what_is_read(c);

    while (unread < c->high && (c->held || c->sock->rx.head)) {
        struct dgram *d = c->held ? c->held : sock_take(c->sock);

        c->held = NULL;
        if (!push_one(c, d, &unread)) {
            c->held = d;
            return;
        }
        g_free(d);
    }
}

static void note_kept_back(struct conn *c)
{
    bool is_kept_back = !c->is_broken && (c->held || c->sock->rx.head);

    if (is_kept_back == c->is_kept_back)
        return;
    c->is_kept_back = is_kept_back;
    if (is_kept_back)
        g_queue_push_tail_link(&c->all->kept_back, &c->kept_link);
    else
        g_queue_unlink(&c->all->kept_back, &c->kept_link);
}

void push_queued(struct conn *c)
{
    if (!c->is_broken) {
        push_error(c);
        push_window(c);
        push_error(c);
    }
    note_kept_back(c);
}
