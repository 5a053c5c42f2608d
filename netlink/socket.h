/* socket.h - a fake netlink socket: port id, groups, bounded receive queue, running dump.
 *
 * The simulator's side of a client's socket. Requests come in by sock_send() and are fully
 * processed, replies queued, before it returns (catalogue 01, section 1.7; a client that
 * reads without waiting relies on it). There is no I/O here: a transport calls these
 * functions and is told by 'readable' that something was queued.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef NETLINK_SOCKET_H
#define NETLINK_SOCKET_H

#include <glib.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct netlink;
struct dump;
struct sock;

/* A network namespace as netlink sees it: port ids and group members are per namespace. */
/* The number by which a namespace knows another, or itself. */
struct nsid_row {
    struct netns *peer;
    int id;
};

struct netns {
    struct netlink *nl;
    GHashTable *by_portid;      /* (protocol, portid) -> struct sock; for look-up only */
    GQueue socks;               /* of struct sock, in opening order, by their 'link' */
    GQueue listeners;           /* those of them that are in a group, in the same order, by 'listening' */
    uint64_t n_opened;
    uint32_t low_portid[MAX_LINKS];     /* by NETLINK_*: from SOCK_FIRST_PORTID up to below this all are taken */
    void *user;                 /* the upper layer's namespace, borrowed */
    void *owner;                /* the uppermost layer's, borrowed */
    GArray *ids;                /* of struct nsid_row, by id: rt_nsid.c; NULL: none */
    unsigned n_memberships[MAX_LINKS];  /* by NETLINK_*: groups that all its sockets are members of */
};

/* One queued datagram. */
struct dgram {
    uint32_t src_portid;        /* nl_pid of the sender: 0, the kernel */
    uint32_t group;             /* multicast group, 0: unicast */
    size_t charge;              /* bytes it counts against SO_RCVBUF */
    size_t len;
    uint8_t data[];
};

/* Who watches the queues of all sockets. */
struct netlink_tap {
    void *user;
    void (*queued)(void *user, const struct sock *s, const struct dgram *d);
    void (*lost)(void *user, const struct sock *s, size_t len, uint32_t group);
    void (*error)(void *user, const struct sock *s, int error);    /* is pending now */
};

/* Copied. One at a time; NULL: nobody. */
void netlink_set_tap(struct netlink *nl, const struct netlink_tap *tap);

/* Hands datagrams to their sockets in place of netlink: takes ownership of 'd', and ends with sock_deliver() or sock_discard(), now or
 * later, of as many as it likes. NULL: netlink does. */
typedef void netlink_carry_fn(void *user, struct sock *s, struct dgram *d);
void netlink_set_carrier(struct netlink *nl, netlink_carry_fn *carry, void *user);
struct dgram *dgram_new(const void *bytes, size_t len, size_t charge, uint32_t group);
void sock_deliver(struct sock *s, struct dgram *d);     /* to the end of its queue, whatever its bound */
/* Loses it as if the client had read it: a running dump goes on. */
void sock_discard(struct sock *s, struct dgram *d);

#define SOCK_FIRST_PORTID 1001u     /* as a process id might look; small ones are used in tests */
#define SOCK_GROUP_WORDS 4      /* groups 1..255 */

/* What several sockets may use together, say those of one process: a bound that the kernel has in its memory alone. */
struct sock_share {
    size_t charge, most_charge; /* of all that is queued, bytes as against SO_RCVBUF, and of dumps' requests */
    unsigned n_dumps, most_dumps;
    uint64_t n_lost;            /* datagrams that it had no room for */
    uint64_t n_no_dump;         /* dumps that were one too many */
};

struct sock {
    struct netns *ns;
    GList link, listening;
    uint64_t number;            /* in opening order */
    int protocol;               /* NETLINK_GENERIC ... */
    uint32_t portid;            /* 0 until bound */
    uint64_t groups[SOCK_GROUP_WORDS];
    unsigned n_groups;          /* that it is in */
    bool has_joined;            /* any group, ever */
    bool is_inside;             /* who reads is no client: nothing is carried */
    bool cap_ack, ext_ack, strict_chk, no_enobufs;
    bool pktinfo, passcred, broadcast_error, all_nsid;  /* kept for getsockopt and the transport */
    size_t rcvbuf;              /* bytes, as SO_RCVBUF reads back */
    size_t max_recv;            /* largest receive buffer the client has used, bytes */
    GQueue rx;                  /* of struct dgram, not yet taken */
    size_t rx_charge;           /* of all datagrams not yet read, taken or not */
    int error;                  /* pending errno (ENOBUFS), 0: none */
    bool congested;             /* no more is queued until the client has read all */
    uint64_t n_drops;           /* datagrams lost to the bound */
    struct dump *dump;          /* running dump or NULL */
    bool owes_dump;             /* something was read without its having gone on */
    struct sock_share *share;   /* borrowed; NULL: no bound but its own */
    void (*readable)(struct sock *s);   /* transport's hook after queueing, or NULL */
    /* Its hook before anything is refused for lack of room, or NULL: the charge of what has been read and not
     * been told by sock_read_done(). */
    size_t (*read_since)(struct sock *s);
    void *transport;
};

struct netns *netns_new(struct netlink *nl, void *user);
void netns_free(struct netns *ns);      /* closes what is still open; NULL allowed */

/* The socket with this port id, or NULL. */
struct sock *netns_find(struct netns *ns, int protocol, uint32_t portid);

/* A new unbound socket. It belongs to the caller until sock_close(). */
struct sock *sock_open(struct netns *ns, int protocol);
void sock_close(struct sock *s);        /* NULL allowed */

/* Binds to 'portid', 0: the lowest free number from SOCK_FIRST_PORTID (the kernel would take
 * the process id, which no output of ours may show). Returns 0, -EADDRINUSE, -EINVAL (already bound to another). */
int sock_bind(struct sock *s, uint32_t portid);

/* As bind() with a struct sockaddr_nl: 'groups' are the first 32, those of the mask and no others; groups
 * that do not exist have no effect. Of a bound socket 'portid' must be the one it has. */
int sock_bind_address(struct sock *s, uint32_t portid, uint32_t groups);

/* Group ids from 1. Returns 0 or -EINVAL for a group no family has. */
int sock_join(struct sock *s, uint32_t group);
int sock_leave(struct sock *s, uint32_t group);
bool sock_in_group(const struct sock *s, uint32_t group);

/* SOL_NETLINK, SO_PASSCRED and SO_RCVBUF/SO_RCVBUFFORCE options (SO_RCVBUF: value is doubled, at least
 * 2304). Returns 0, -ENOPROTOOPT or -EINVAL. get writes the value and returns 0 or -errno. */
int sock_set_option(struct sock *s, int level, int name, int value);
int sock_get_option(const struct sock *s, int level, int name, int *value);

/* One datagram of requests from the client; autobinds. Returns len or -errno of the send
 * itself (errors of a request are replies). */
long sock_send(struct sock *s, const void *bytes, size_t len);

/* In-process receiving: the next datagram (the caller frees it with g_free), or NULL when
 * the queue is empty. A pending error comes first: NULL with *error set (and cleared in the
 * socket), otherwise *error is 0. Continues a running dump. */
struct dgram *sock_recv(struct sock *s, int *error);

/* Receiving in two steps, for a transport that hands datagrams on before they are read:
 * take pops one (NULL: empty) and keeps its charge; read_done gives 'charge' back, notes the
 * client's buffer size (0: unknown) and continues a running dump. */
struct dgram *sock_take(struct sock *s);
void sock_read_done(struct sock *s, size_t charge, size_t buffer_len);
/* The client has taken the pending error; with nothing to read, more may be queued again. */
void sock_error_taken(struct sock *s);
bool sock_has_more(const struct sock *s);       /* something queued, or a dump running */

/* The socket's queue counts against 'share' from now on, which is before anything is queued. */
void sock_set_share(struct sock *s, struct sock_share *share);

/* Queues a copy of 'len' bytes. 'room' is how much was allocated for it (at least len): it
 * decides the charge. Returns 0, or -EAGAIN when the bound is reached: counted, and ENOBUFS
 * pending once until the client has read all. One datagram is always accepted by an empty
 * queue (catalogue 01, section 1.7), if the share has room for it. */
int sock_queue(struct sock *s, const void *bytes, size_t len, size_t room, uint32_t group);
/* Loses a datagram to this socket alone as if the bound had been reached for it alone: the next one is queued, without the
 * client having read. Returns -EAGAIN. */
int sock_lose(struct sock *s, size_t len);

#endif
