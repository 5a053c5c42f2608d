/* proto.h - the words spoken between the preload library (or a tool) and the simulator.
 *
 * One listening AF_UNIX SOCK_SEQPACKET socket. Every connection starts with a proto_hello from
 * the client and a proto_welcome from the simulator and then is one of four things:
 *
 *   CTL   requests (proto_req + payload), each answered by one proto_reply + payload. One for
 *         each thread; the simulator has finished the work when it answers.
 *   DATA  a netlink socket as the program sees it: the simulator sends proto_dgram + payload,
 *         the program's poll and recv work on it natively. Its end is the socket's end.
 *   HOLD  nothing is said: while it is open the network namespace lives.
 *   TIME  a process under virtual time: see sim/vtime_page.h. Whatever it says means that it has handed the
 *         simulator the token. Its end is the process's end, or the end of its program by exec.
 *
 * Plain C with fixed-size members: the preload library uses neither GLib nor this project's
 * other layers. Both ends are the same machine, so numbers are in host order.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_PROTO_H
#define SIM_PROTO_H

#include <stdint.h>

#define PROTO_MAGIC   0x64707305u       /* "dps" and the version of these structs */
#define PROTO_NS_NEW  0xffffffffu       /* HOLD: make a namespace */

/* The client's end of a DATA or HOLD connection is bound to an abstract name, by which a process
 * that inherited the descriptor recognises it: "dpsim/SIM/sock/ID/TYPE/PROTOCOL" and
 * "dpsim/SIM/hold/NS", numbers in hexadecimal. SIM tells simulators apart. */
#define PROTO_NAME_PREFIX "dpsim/"
#define PROTO_NAME_SOCK   "/sock/"
#define PROTO_NAME_HOLD   "/hold/"

/* A socket's pending error, by slot, in a page that all clients can read and the simulator writes: a receive looks there
 * first, so that ENOBUFS comes before the data queued ahead of it, and takes it by PROTO_ERROR. */
#define PROTO_SLOTS 65536u
#define PROTO_SLOT(sock) ((uint32_t)(sock) % PROTO_SLOTS)
/* One word behind the slots: not 0 if calls that may wait for a socket are to ask before (PROTO_WAIT). */
#define PROTO_ASKS       PROTO_SLOTS
#define PROTO_PAGE_SIZE  ((PROTO_SLOTS + 1) * sizeof(int32_t))

enum proto_kind {
    PROTO_CTL,
    PROTO_DATA,
    PROTO_HOLD,
    PROTO_TIME,
};

#define PROTO_PACKET 0x100      /* added to proto_hello.type: the socket is AF_PACKET */

#define PROTO_WANT_PAGE 0x1u            /* proto_hello.flags: send the page's descriptor along */

struct proto_hello {
    uint32_t magic;
    uint16_t kind;
    uint16_t flags;
    int32_t type, protocol;             /* DATA: as given to socket(); type: see PROTO_PACKET */
    uint32_t ns;
    uint32_t pid;                       /* of the client, for messages only */
};

/* proto_welcome.flags */
#define PROTO_VIRTUAL 0x1u              /* clients live in virtual time */
#define PROTO_HOLDS   0x2u              /* TIME: the token is the process's, as it was the program's before it */

struct proto_welcome {
    int32_t status;                     /* 0 or -errno */
    uint32_t ns;
    uint64_t sock;                      /* DATA: id in requests; never 0, never used again */
    uint64_t sim;
    uint32_t n_cpus;                    /* the program shall see so many, 0: those there are */
    uint32_t flags;
};

enum {                                  /* proto_dgram.flags */
    PROTO_MORE = 0x1,                   /* PULL after reading this one */
    PROTO_PKTINFO = 0x2,                /* control messages that the program has asked for */
    PROTO_CREDS = 0x4,
};

struct proto_dgram {
    uint32_t src_portid;                /* nl_pid of the sender */
    uint32_t group;                     /* multicast group, 0: sent to this socket alone */
    uint32_t flags;
    int32_t error;                      /* no payload: a pending error was set (see the page) */
};

/* What stands before every frame of an AF_PACKET socket, in both directions. Sent: where to;
 * ifindex and protocol 0 for what the socket is bound to. */
struct proto_ll {
    uint64_t time_ns;                   /* virtual, since the start */
    int32_t ifindex;
    uint32_t status;                    /* TP_STATUS_VLAN_* */
    uint32_t len;                       /* before a filter cut it */
    uint16_t protocol, hw_type;
    uint16_t vlan_tci, vlan_tpid;
    uint16_t net;                       /* offset of the network header */
    uint8_t pkttype, mac_len;
    uint8_t mac[8];                     /* the sender's; sent by SOCK_DGRAM: the receiver's */
    uint8_t has_auxdata, unused[7];
};

/* An AF_PACKET socket takes the same requests with other arguments: SEND payload: proto_ll, the
 * frame. BIND arg: ifindex, protocol. NAME -> payload: proto_ll. SETOPT payload: the value's
 * bytes. GETOPT -> payload: likewise. */
enum proto_op {
    PROTO_SEND,         /* payload: the datagram; max_recv -> value: bytes sent */
    PROTO_PULL,         /* max_recv: buffer of the receive just done */
    PROTO_CLOSE,        /* has the last descriptor of the socket been closed? Then it ends now */
    PROTO_BIND,         /* arg: nl_pid, nl_groups */
    PROTO_CONNECT,      /* binds if it is not bound yet */
    PROTO_NAME,         /* -> value: nl_pid, value2: nl_groups */
    PROTO_SETOPT,       /* arg: level, name, value */
    PROTO_GETOPT,       /* arg: level, name -> value */
    PROTO_ERROR,        /* takes the pending error -> value: errno, 0: there is none (any more) */
    PROTO_WAIT,         /* arg: enum proto_wait; -EINTR: a signal comes before what is waited for */
    PROTO_GROUPS,       /* -> payload: uint32_t[] bit mask of memberships */
    PROTO_IOCTL,        /* arg: command; payload: proto_if -> payload: proto_if */
    PROTO_IFLIST,       /* -> payload: proto_if[] of all devices */
    PROTO_IFADDRS,      /* -> payload: proto_addr[]: the links, then all their addresses */
    PROTO_ETHTOOL,      /* payload: char[16], the struct as far as it is read -> payload: as written */
    PROTO_FILE,         /* payload: path -> value: PROTO_FILE_*, payload: what is in it */
    PROTO_DO,           /* payload: one scenario line -> payload: its output; see PROTO_CUT */
    N_PROTO_OPS
};

/* A file's text, or a directory: a name in each line, with "/" behind those of directories. */
enum { PROTO_FILE_TEXT, PROTO_FILE_DIR };

enum proto_wait { PROTO_WAIT_RECV, PROTO_WAIT_POLL, N_PROTO_WAITS };

struct proto_req {
    uint16_t op;
    uint16_t cpu;                       /* that the client runs on, plus 1; 0: not said */
    uint32_t ns;
    uint64_t sock;
    uint32_t max_recv;
    uint32_t arg[3];
};

/* proto_reply.flags */
#define PROTO_CUT   0x1u    /* another reply carries on the payload */
#define PROTO_LATER 0x2u    /* no answer yet: it comes when what is asked for has happened, which takes clients */

struct proto_reply {
    int32_t status;                     /* 0 or -errno */
    uint32_t value, value2;
    uint16_t flags;
    uint16_t cpu;                       /* that the simulator runs on, plus 1; 0: not said */
};

/* In virtual time whoever speaks with the simulator calls this function of the time library, to be found by its
 * name, with 1 before and with what it has returned after: see there. An answer that comes later (PROTO_LATER)
 * is waited for like anything else. */
#define PROTO_OUTSIDE "dpsim_time_outside"
typedef int proto_outside_fn(int on);

/* Waking a process that sleeps on another CPU takes many times what a request does (measured:
 * 10,000 "ovs-dpctl add-flows" in 2.3 s instead of 0.3 s). So whoever waits for a peer on another
 * CPU first looks this often without sleeping, some 50 us in all. */
#define PROTO_SPINS 150

/* One interface request or answer, marshalled field by field: what a member holds depends on
 * the command. */
struct proto_if {
    char name[16];
    int32_t ifindex;
    uint32_t value;                     /* flags, MTU, queue length, family of an address that is set */
    uint32_t ipv4;                      /* address as in sin_addr */
    uint16_t hw_type;                   /* ARPHRD_* */
    uint8_t mac[6];
    char text[32];                      /* a new name */
};

/* One entry of getifaddrs(). */
struct proto_addr {
    char name[16];                      /* of the device, or an IPv4 address's label */
    int32_t ifindex;
    uint32_t flags;                     /* IFF_* */
    uint16_t family;                    /* AF_PACKET: the link; AF_INET, AF_INET6 */
    uint16_t hw_type;                   /* AF_PACKET: ARPHRD_* */
    uint8_t len;                        /* bytes of a link address, bits of a prefix */
    uint8_t has_broadcast;
    uint8_t addr[16], broadcast[16];
    uint32_t stats[8];                  /* AF_PACKET: the first of struct rtnl_link_stats */
};

#endif
