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
#define MOST_TURNED_AWAY 32             /* who have not said hello yet */

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

static struct ucred peer_of(int fd)
{
    struct ucred who = { .uid = (uid_t)-1 };
    socklen_t len = sizeof(who);

    (void)getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len);
    return who;
}

/* 0 or -errno: may it come in? */
static int admit(struct conn *c, uid_t user)
{
    int rc;

    if (user && user != geteuid()) {
        c->all->n_strangers++;
        c->all->stranger = user;
        return -EACCES;
    }
    rc = peer_check_descriptors(c->owner);
    return rc ? rc : peer_take(c->owner, LIMIT_CONNECTIONS);
}

static void count_out(struct conn *c)
{
    if (c->refusal)
        c->all->n_turned_away--;
    else
        peer_give(c->owner, c->counted);
    if (c->owns_ns)
        peer_give(c->owner, LIMIT_NAMESPACES);
}

/* Its end may make room for another. */
static void drop(struct conn *c)
{
    count_out(c);
    peer_put(c->owner);
    close(c->fd);
    listen_again(c->all);
    g_free(c);
}

/* Takes over 'fd'; NULL: there are too many. */
struct conn *conn_new(struct clients *all, int fd)
{
    struct conn *c = g_new0(struct conn, 1);
    struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP };
    struct ucred who = peer_of(fd);

    c->all = all;
    c->fd = fd;
    c->peer = who.pid;
    c->owner = peer_get(all, who.pid);
    c->link.data = c->kept_link.data = c;
    c->counted = LIMIT_CONNECTIONS;
    c->refusal = admit(c, who.uid);
    all->n_turned_away += c->refusal != 0;
    /* One that is refused is told so in answer to its hello, unless too many do not say any. */
    if (all->n_turned_away > MOST_TURNED_AWAY || !take_slot(all, c)) {
        drop(c);
        return NULL;
    }
    event.data.u64 = c->id;
    c->events = event.events;
    (void)epoll_ctl(all->epoll_fd, EPOLL_CTL_ADD, fd, &event);
    return c;
}

bool conn_is_inside(struct conn *c)
{
    c->is_inside = c->is_inside || !c->all->vtime || vtime_has(c->all->vtime, c->peer);
    return c->is_inside;
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
    answers_forget(c);
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
    drop(c);
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

struct sim_ns *conn_new_ns(struct conn *c)
{
    struct sim_ns *ns;

    if (peer_take(c->owner, LIMIT_NAMESPACES))
        return NULL;
    c->owns_ns = true;
    ns = sim_ns_new(c->all->sim);
    recorder_event(c->all->sim, "netns-add ns=%u", ns->id);
    return ns;
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

struct conn *conn_of_sock(const struct sock *s)
{
    return s->readable == queued ? s->transport : NULL;
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
    int rc;

    if (!is_packet && protocol != NETLINK_GENERIC && protocol != NETLINK_ROUTE &&
        protocol != NETLINK_NETFILTER)
        return -EPROTONOSUPPORT;
    rc = peer_take(c->owner, LIMIT_SOCKETS);
    if (rc)
        return rc;
    peer_give(c->owner, c->counted);
    c->counted = LIMIT_SOCKETS;
    c->kind = CONN_DATA;
    c->ns = ns;
    ns->n_users++;
    c->sock = sock_open(ns->net, is_packet ? PACKET_QUEUE : protocol);
    if (is_packet)
        c->packet = packet_open(ns, c->sock, type & ~PROTO_PACKET, ntohs((uint16_t)protocol));
    c->sock->transport = c;
    c->sock->readable = queued;
    c->sock->read_since = push_read_since;
    sock_set_share(c->sock, &c->owner->share);
    size_window(c);
    record_open(c, type, protocol);
    return 0;
}
