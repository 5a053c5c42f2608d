/* socket.c - see socket.h: options, groups, the bounded receive queue.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>

#include "netlink/dispatch.h"
#include "netlink/reply.h"
#include "netlink/server.h"

#define RCVBUF_DEFAULT 212992           /* net.core.rmem_default and rmem_max */
#define RCVBUF_MIN     2304
#define RECV_MOST      (32768 - 320)    /* longer client buffers bring no longer dump datagrams */
#define SEND_MOST      (212992 - 32)    /* of the default SO_SNDBUF */
#define SHARED_INFO    320              /* what the kernel keeps behind a packet's bytes */
#define PACKET_HEAD    256              /* and apart from them */

struct sock *sock_open(struct netns *ns, int protocol)
{
    struct sock *s = g_new0(struct sock, 1);

    s->ns = ns;
    s->protocol = protocol;
    s->rcvbuf = RCVBUF_DEFAULT;
    s->number = ns->n_opened++;
    s->link.data = s->listening.data = s;
    g_queue_push_tail_link(&ns->socks, &s->link);
    return s;
}

void sock_set_share(struct sock *s, struct sock_share *share)
{
    s->share = share;
}

static void give_back(struct sock *s, size_t charge)
{
    charge = MIN(charge, s->rx_charge);
    s->rx_charge -= charge;
    if (s->share)
        s->share->charge -= charge;
}

void sock_close(struct sock *s)
{
    if (!s)
        return;
    if (s->dump)
        dump_abort(s);
    for (uint32_t group = 1; s->n_groups && group < 64 * SOCK_GROUP_WORDS; group++)
        (void)sock_leave(s, group);
    netns_unbind(s);
    give_back(s, s->rx_charge);
    g_queue_unlink(&s->ns->socks, &s->link);
    g_queue_clear_full(&s->rx, g_free);
    g_free(s);
}

/* --- groups and options -------------------------------------------------------------------- */

static uint64_t group_bit(uint32_t group)
{
    return UINT64_C(1) << (group % 64);
}

/* Listeners are told in the order in which they were opened. */
static void listen_in_order(struct sock *s)
{
    GQueue *all = &s->ns->listeners;
    GList *before = all->tail;

    while (before && ((struct sock *)before->data)->number > s->number)
        before = before->prev;
    g_queue_insert_after_link(all, before, &s->listening);
}

static void count_group(struct sock *s, bool on)
{
    s->ns->n_memberships[s->protocol] += on ? 1 : UINT_MAX;
    s->n_groups += on ? 1 : UINT_MAX;
    if (on && s->n_groups == 1)
        listen_in_order(s);
    else if (!s->n_groups)
        g_queue_unlink(&s->ns->listeners, &s->listening);
}

static int set_member(struct sock *s, uint32_t group, bool on)
{
    uint64_t *word = &s->groups[group / 64 % SOCK_GROUP_WORDS];

    if (!group || group >= 64 * SOCK_GROUP_WORDS || s->protocol < 0)
        return -EINVAL;
    if (s->protocol == NETLINK_GENERIC && !netlink_has_group(s->ns->nl, group))
        return -EINVAL;
    s->has_joined |= on;
    if (on == sock_in_group(s, group))
        return 0;
    *word ^= group_bit(group);
    count_group(s, on);
    return 0;
}

int sock_join(struct sock *s, uint32_t group)
{
    return set_member(s, group, true);
}

int sock_leave(struct sock *s, uint32_t group)
{
    return set_member(s, group, false);
}

bool sock_in_group(const struct sock *s, uint32_t group)
{
    return group < 64 * SOCK_GROUP_WORDS && s->groups[group / 64] & group_bit(group);
}

/* An empty mask is a change only for a member. */
static void set_groups(struct sock *s, uint32_t mask)
{
    for (uint32_t group = 1; group <= 32; group++) {
        if (mask >> (group - 1) & 1)
            (void)sock_join(s, group);
        else if (sock_in_group(s, group))
            (void)sock_leave(s, group);
    }
}

int sock_bind_address(struct sock *s, uint32_t portid, uint32_t groups)
{
    int rc;

    /* Catalogue 01, section 1.7. */
    if (groups && !s->has_joined && netlink_fails(s->ns->nl, NETLINK_FAULT_GROUPS_ALLOC))
        return -ENOMEM;
    if (s->portid)
        rc = s->portid == portid ? 0 : -EINVAL;
    else
        rc = sock_bind(s, portid);
    if (!rc)
        set_groups(s, groups);
    return rc;
}

static int set_rcvbuf(struct sock *s, int64_t value)
{
    s->rcvbuf = (size_t)MAX(2 * value, RCVBUF_MIN);
    return 0;
}

/* A negative SO_RCVBUF is a huge unsigned one to the kernel. */
static int put_rcvbuf(struct sock *s, int value)
{
    return set_rcvbuf(s, MIN((uint32_t)value, RCVBUF_DEFAULT));
}

static int put_rcvbuf_force(struct sock *s, int value)
{
    return set_rcvbuf(s, CLAMP(value, 0, INT32_MAX / 2));
}

static int put_join(struct sock *s, int value)
{
    if (!s->has_joined && netlink_fails(s->ns->nl, NETLINK_FAULT_GROUPS_ALLOC))
        return -ENOMEM;
    return sock_join(s, (uint32_t)value);
}

static int put_leave(struct sock *s, int value)
{
    return sock_leave(s, (uint32_t)value);
}

static int put_no_enobufs(struct sock *s, int value)
{
    s->no_enobufs = value;
    if (value)
        s->congested = false;
    return 0;
}

static int get_rcvbuf(const struct sock *s)
{
    return (int)s->rcvbuf;
}

/* The first 32 groups, as in sockaddr_nl. */
static int get_groups(const struct sock *s)
{
    return (int)(uint32_t)(s->groups[0] >> 1);
}

/* One row an option: a flag of the socket, or functions. */
struct option {
    int level, name;
    size_t flag;                        /* offset of a bool, 0: none */
    bool write_only;
    int (*set)(struct sock *s, int value);
    int (*get)(const struct sock *s);
};

#define FLAG(member) offsetof(struct sock, member)

/* clang-format off */
static const struct option options[] = {
    { SOL_SOCKET,  SO_RCVBUF,                0,                     false, put_rcvbuf,       get_rcvbuf },
    { SOL_SOCKET,  SO_RCVBUFFORCE,           0,                     true,  put_rcvbuf_force, NULL },
    { SOL_SOCKET,  SO_PASSCRED,              FLAG(passcred),        false, NULL,             NULL },
    { SOL_NETLINK, NETLINK_ADD_MEMBERSHIP,   0,                     true,  put_join,         NULL },
    { SOL_NETLINK, NETLINK_DROP_MEMBERSHIP,  0,                     true,  put_leave,        NULL },
    { SOL_NETLINK, NETLINK_LIST_MEMBERSHIPS, 0,                     false, NULL,             get_groups },
    { SOL_NETLINK, NETLINK_PKTINFO,          FLAG(pktinfo),         false, NULL,             NULL },
    { SOL_NETLINK, NETLINK_BROADCAST_ERROR,  FLAG(broadcast_error), false, NULL,             NULL },
    { SOL_NETLINK, NETLINK_NO_ENOBUFS,       FLAG(no_enobufs),      false, put_no_enobufs,   NULL },
    /* Linux 6.1 cannot read this one back (catalogue 01, section 1.11). */
    { SOL_NETLINK, NETLINK_LISTEN_ALL_NSID,  FLAG(all_nsid),        true,  NULL,             NULL },
    { SOL_NETLINK, NETLINK_CAP_ACK,          FLAG(cap_ack),         false, NULL,             NULL },
    { SOL_NETLINK, NETLINK_EXT_ACK,          FLAG(ext_ack),         false, NULL,             NULL },
    { SOL_NETLINK, NETLINK_GET_STRICT_CHK,   FLAG(strict_chk),      false, NULL,             NULL },
};
/* clang-format on */

static const struct option *find_option(int level, int name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++)
        if (options[i].level == level && options[i].name == name)
            return &options[i];
    return NULL;
}

int sock_set_option(struct sock *s, int level, int name, int value)
{
    const struct option *o = find_option(level, name);

    if (!o || (!o->set && !o->flag))
        return -ENOPROTOOPT;
    if (o->set)
        return o->set(s, value);
    *(bool *)((char *)s + o->flag) = value;
    return 0;
}

int sock_get_option(const struct sock *s, int level, int name, int *value)
{
    const struct option *o = find_option(level, name);

    if (!o || o->write_only)
        return -ENOPROTOOPT;
    *value = o->get ? o->get(s) : *(const bool *)((const char *)s + o->flag);
    return 0;
}

/* --- the receive queue --------------------------------------------------------------------- */

/* The bytes and their trailer, rounded to cache lines, lie in one power-of-two block. */
size_t sock_truesize(size_t room)
{
    size_t need = ((room + 63) & ~(size_t)63) + SHARED_INFO, block = 512;

    while (block < need)
        block *= 2;
    return block + PACKET_HEAD;
}

/* A message that leaves over half of its room unused is moved to a smaller block first. */
static size_t charge_of(size_t len, size_t room)
{
    size_t full = sock_truesize(MAX(len, room));
    size_t unused = full - PACKET_HEAD - SHARED_INFO - len;

    return 2 * unused < full ? full : sock_truesize(len);
}

static void tell(struct sock *s)
{
    if (s->readable)
        s->readable(s);
}

void sock_set_error(struct sock *s, int error)
{
    const struct netlink *nl = s->ns->nl;

    s->error = error;
    if (nl->has_tap)
        nl->tap.error(nl->tap.user, s, error);
    tell(s);
}

struct dgram *dgram_new(const void *bytes, size_t len, size_t charge, uint32_t group)
{
    struct dgram *d = g_malloc(sizeof(*d) + len);

    *d = (struct dgram){ .group = group, .charge = charge, .len = len };
    memcpy(d->data, bytes, len);
    return d;
}

static void take_charge(struct sock *s, size_t charge)
{
    s->rx_charge += charge;
    if (s->share)
        s->share->charge += charge;
}

void sock_deliver(struct sock *s, struct dgram *d)
{
    const struct netlink *nl = s->ns->nl;

    take_charge(s, d->charge);
    g_queue_push_tail(&s->rx, d);
    if (nl->has_tap)
        nl->tap.queued(nl->tap.user, s, d);
    tell(s);
}

void sock_discard(struct sock *s, struct dgram *d)
{
    take_charge(s, d->charge);
    sock_read_done(s, d->charge, 0);
    g_free(d);
}

void sock_push(struct sock *s, const void *bytes, size_t len, size_t charge, uint32_t group)
{
    const struct netlink *nl = s->ns->nl;
    struct dgram *d = dgram_new(bytes, len, charge, group);

    if (nl->carry && !s->is_inside)
        nl->carry(nl->carry_user, s, d);
    else
        sock_deliver(s, d);
}

int sock_overrun(struct sock *s, size_t len, uint32_t group)
{
    const struct netlink *nl = s->ns->nl;

    s->n_drops++;
    if (nl->has_tap)
        nl->tap.lost(nl->tap.user, s, len, group);
    if (!s->no_enobufs && !s->congested) {
        s->congested = true;
        sock_set_error(s, ENOBUFS);
    }
    return -EAGAIN;
}

static bool share_has_room(const struct sock *s, size_t charge)
{
    const struct sock_share *share = s->share;

    return !share || (charge <= share->most_charge && share->charge <= share->most_charge - charge);
}

static bool has_room(const struct sock *s, size_t charge, size_t rcvbuf)
{
    return (!s->rx_charge || s->rx_charge + charge <= rcvbuf) && share_has_room(s, charge);
}

/* Dumps do not go on here: what is to be queued may be in the room that their messages are made in. */
static void look_what_is_read(struct sock *s)
{
    size_t charge = s->read_since ? s->read_since(s) : 0;

    give_back(s, charge);
    s->owes_dump |= charge > 0;
    if (!s->rx_charge)
        s->congested = false;
}

bool sock_has_room(struct sock *s, size_t charge, size_t rcvbuf)
{
    if (has_room(s, charge, rcvbuf) && !s->congested)
        return true;
    look_what_is_read(s);
    if (!share_has_room(s, charge))
        s->share->n_lost++;
    return has_room(s, charge, rcvbuf);
}

int sock_queue(struct sock *s, const void *bytes, size_t len, size_t room, uint32_t group)
{
    size_t charge = charge_of(len, room);

    if (!sock_has_room(s, charge, s->rcvbuf) || s->congested || netlink_fails(s->ns->nl, NETLINK_FAULT_RCVBUF_FULL))
        return sock_overrun(s, len, group);
    sock_push(s, bytes, len, charge, group);
    return 0;
}

int sock_lose(struct sock *s, size_t len)
{
    bool was_congested = s->congested;
    int r = sock_overrun(s, len, 0);

    s->congested = was_congested;
    return r;
}

struct dgram *sock_take(struct sock *s)
{
    return g_queue_pop_head(&s->rx);
}

void sock_read_done(struct sock *s, size_t charge, size_t buffer_len)
{
    give_back(s, charge);
    s->max_recv = MAX(s->max_recv, MIN(buffer_len, RECV_MOST));
    if (charge || s->owes_dump) {       /* neither: only the buffer's size is told */
        s->owes_dump = false;
        dump_continue(s);
    }
    if (!s->rx_charge)
        s->congested = false;
}

void sock_error_taken(struct sock *s)
{
    if (!s->rx_charge)
        s->congested = false;
}

struct dgram *sock_recv(struct sock *s, int *error)
{
    struct dgram *d;

    *error = s->error;
    s->error = 0;
    if (*error) {
        sock_error_taken(s);
        return NULL;
    }
    d = sock_take(s);
    if (d)
        sock_read_done(s, d->charge, 0);
    return d;
}

bool sock_has_more(const struct sock *s)
{
    return s->rx.head || s->dump;
}

long sock_send(struct sock *s, const void *bytes, size_t len)
{
    int rc = s->portid ? 0 : sock_bind(s, 0);

    if (rc)
        return rc;
    if (!len)
        return -ENODATA;
    if (len > SEND_MOST)
        return -EMSGSIZE;
    if (netlink_fails(s->ns->nl, NETLINK_FAULT_SEND_ALLOC))
        return -ENOBUFS;
    if (!netlink_protocol(s->ns->nl, s->protocol))
        return -ECONNREFUSED;           /* nobody listens there */
    dispatch(s, bytes, len, netlink_protocol(s->ns->nl, s->protocol));
    return (long)len;
}
