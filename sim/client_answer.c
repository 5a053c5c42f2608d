/* client_answer.c - answers on their way to clients, who may be slow to read them.
 *
 * How it works: what the descriptor has no room for is kept, and until it has gone nothing more is taken from that
 * client: one that does not read has at most an answer here, and nobody waits for it. One who waits for something that is
 * to happen says nothing meanwhile, either.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "sim/client_int.h"
#include "sim/vtime.h"

#define PIECE (64 * 1024)

struct answer {
    struct proto_reply rep;
    uint8_t *bytes;             /* the payload */
    size_t len, sent;
    bool is_over;
};

/* The events that an unanswered client may have: its end, and room for more. */
static void listen_to(struct conn *c)
{
    uint32_t in = conn_has_no_answer(c) ? 0 : EPOLLIN;
    struct epoll_event event = { .events = EPOLLRDHUP | in | (c->answers.head ? EPOLLOUT : 0), .data.u64 = c->id };

    if (event.events == c->events)
        return;
    c->events = event.events;
    (void)epoll_ctl(c->all->epoll_fd, EPOLL_CTL_MOD, c->fd, &event);
}

bool conn_has_no_answer(const struct conn *c)
{
    return c->is_later || c->answers.head;
}

/* It ends when the main loop sees that; nobody who holds it now need mind. */
void conn_hang_up(const struct conn *c)
{
    (void)shutdown(c->fd, SHUT_RDWR);
}

/* As many pieces as there is room for. False: there is none now. */
static bool send_pieces(const struct conn *c, struct answer *a)
{
    while (!a->is_over) {
        size_t piece = MIN(a->len - a->sent, PIECE);
        struct iovec iov[] = { { &a->rep, sizeof(a->rep) }, { a->bytes + a->sent, piece } };
        struct msghdr msg = { .msg_iov = iov, .msg_iovlen = piece ? 2 : 1 };
        bool is_last = a->sent + piece == a->len;
        ssize_t n;

        a->rep.flags = (uint16_t)((a->rep.flags & ~PROTO_CUT) | (is_last ? 0 : PROTO_CUT));
        do
            n = sendmsg(c->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
        while (n < 0 && errno == EINTR);
        if (n < 0 && (errno == EAGAIN || errno == ENOBUFS))
            return false;
        if (n < 0)
            conn_hang_up(c);
        a->sent += piece;
        a->is_over = is_last || n < 0;
    }
    return true;
}

static void keep(struct conn *c, const struct answer *a)
{
    struct answer *copy = g_new(struct answer, 1);

    *copy = *a;
    copy->bytes = g_memdup2(a->bytes + a->sent, a->len - a->sent);
    copy->len -= a->sent;
    copy->sent = 0;
    g_queue_push_tail(&c->answers, copy);
}

static void answer_free(struct answer *a)
{
    g_free(a->bytes);
    g_free(a);
}

void answer_send(struct conn *c, const struct proto_reply *rep, const void *bytes, size_t len)
{
    struct answer a = { .rep = *rep, .bytes = (uint8_t *)(uintptr_t)bytes, .len = len };

    vtime_tells(c);
    c->is_later = rep->flags & PROTO_LATER;
    if (c->answers.head || !send_pieces(c, &a))
        keep(c, &a);
    listen_to(c);
}

void answer_later(struct conn *c)
{
    c->is_later = true;
    listen_to(c);
}

void answers_go_on(struct conn *c)
{
    struct answer *a;

    while ((a = g_queue_peek_head(&c->answers)) && send_pieces(c, a))
        answer_free(g_queue_pop_head(&c->answers));
    listen_to(c);
}

void answers_forget(struct conn *c)
{
    g_queue_clear_full(&c->answers, (GDestroyNotify)answer_free);
}
