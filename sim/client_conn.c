/* client_conn.c - one connection: its slot, its socket, the namespace it keeps alive.
 * SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sim/client_int.h"
#include "sim/packet.h"
#include "sim/recorder.h"
#include "sim/vtime.h"

#define SEND_ROOM (1024 * 1024)         /* wished for; the system may allow less */
#define MOST_UNREAD (128 * 1024)

static bool take_slot(struct clients *all, struct conn *c)
{
    uint32_t slot = all->slots->len;

    if (all->free_slots->len) {
        slot = g_array_index(all->free_slots, uint32_t, all->free_slots->len - 1);
        g_array_set_size(all->free_slots, all->free_slots->len - 1);
    } else if (slot < PROTO_SLOTS) {
        g_ptr_array_add(all->slots, NULL);
    } else {
        return false;
    }
    all->slots->pdata[slot] = c;
    atomic_store(&all->page[slot], 0);
    c->id = ++all->generation * PROTO_SLOTS + slot;
    return true;
}

static pid_t peer_of(int fd)
{
    struct ucred who = { 0 };
    socklen_t len = sizeof(who);

    (void)getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len);
    return who.pid;
}

/* Takes over 'fd'; NULL: there are too many. */
struct conn *conn_new(struct clients *all, int fd)
{
    struct conn *c = g_new0(struct conn, 1);
    struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP };

    c->all = all;
    c->fd = fd;
    c->peer = peer_of(fd);
    c->link.data = c;
    if (!take_slot(all, c)) {
        close(fd);
        g_free(c);
        return NULL;
    }
    event.data.u64 = c->id;
    (void)epoll_ctl(all->epoll_fd, EPOLL_CTL_ADD, fd, &event);
    return c;
}

static void leave_ns(struct sim_ns *ns)
{
    if (--ns->n_users || !ns->id || ns->is_named)
        return;
    recorder_event(ns->sim, "netns-del ns=%u", ns->id);
    sim_ns_free(ns);
}

void conn_free(struct conn *c)
{
    uint32_t slot;

    if (!c)
        return;
    slot = PROTO_SLOT(c->id);
    if (c->kind == CONN_TIME)
        vtime_hung_up(c);
    push_forget(c);
    wait_forget(c);
    jobs_forget(c);
    g_ptr_array_remove(c->all->dirty, c);
    record_close(c);
    packet_close(c->packet);
    sock_close(c->sock);
    if (c->ns)
        leave_ns(c->ns);
    c->all->slots->pdata[slot] = NULL;
    g_array_append_val(c->all->free_slots, slot);
    close(c->fd);
    g_free(c);
}

struct conn *conn_find(const struct clients *all, uint64_t id)
{
    uint32_t slot = PROTO_SLOT(id);
    struct conn *c = slot < all->slots->len ? g_ptr_array_index(all->slots, slot) : NULL;

    return c && c->id == id ? c : NULL;
}

bool conn_is_hung_up(const struct conn *c)
{
    char byte;

    return !recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
}

void conn_hold(struct conn *c, struct sim_ns *ns)
{
    c->kind = CONN_HOLD;
    c->ns = ns;
    ns->n_users++;
}

/* The hook of struct sock: inside a request the datagrams go out at its end, all at once. */
static void queued(struct sock *s)
{
    struct conn *c = s->transport;

    if (!c->all->depth) {
        push_queued(c);
    } else if (!c->is_dirty) {
        c->is_dirty = true;
        g_ptr_array_add(c->all->dirty, c);
    }
}

/* The window fits in what the descriptor takes, and one long datagram beside it. */
static void size_window(struct conn *c)
{
    int room = SEND_ROOM;
    socklen_t len = sizeof(room);

    (void)setsockopt(c->fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
    if (getsockopt(c->fd, SOL_SOCKET, SO_SNDBUF, &room, &len))
        room = 2 * MOST_UNREAD;
    c->high = MIN((size_t)room / 2, MOST_UNREAD);
    c->low = c->high / 4;
}

int conn_open_sock(struct conn *c, struct sim_ns *ns, int type, int protocol)
{
    bool is_packet = type & PROTO_PACKET;

    if (!is_packet && protocol != NETLINK_GENERIC && protocol != NETLINK_ROUTE &&
        protocol != NETLINK_NETFILTER)
        return -EPROTONOSUPPORT;
    c->kind = CONN_DATA;
    c->ns = ns;
    ns->n_users++;
    c->sock = sock_open(ns->net, is_packet ? PACKET_QUEUE : protocol);
    if (is_packet)
        c->packet = packet_open(ns, c->sock, type & ~PROTO_PACKET, ntohs((uint16_t)protocol));
    c->sock->transport = c;
    c->sock->readable = queued;
    size_window(c);
    record_open(c, type, protocol);
    return 0;
}
