/* preload.h - what the files of the preload library share.
 *
 * How it works: a program's netlink socket is a real AF_UNIX descriptor (see
 * sim/proto.h), so waiting, duplicating and inheriting it need no help. This library turns
 * what the program does to it into requests to the simulator and takes the header off what
 * it receives. It knows no netlink message. All state lives in the simulator; the table
 * below is only a cache, filled again after exec by looking at a descriptor's name.
 *
 * Rules: every entry point starts with preload_on(), because constructors of other libraries
 * run before ours; no stdio; no allocation in calls that carry data; a program that is not
 * pointed at a simulator sees nothing of this.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_H
#define PRELOAD_H

#include <dirent.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "sim/proto.h"

#define EXPORT __attribute__((visibility("default")))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

struct ifaddrs;

/* The functions behind ours. */
struct real {
    int (*socket)(int, int, int);
    int (*close)(int);
    int (*close_range)(unsigned, unsigned, int);
    int (*dup)(int);
    int (*dup2)(int, int);
    int (*dup3)(int, int, int);
    int (*fcntl)(int, int, ...);
    int (*bind)(int, const struct sockaddr *, socklen_t);
    int (*connect)(int, const struct sockaddr *, socklen_t);
    int (*getsockname)(int, struct sockaddr *, socklen_t *);
    int (*getpeername)(int, struct sockaddr *, socklen_t *);
    int (*getsockopt)(int, int, int, void *, socklen_t *);
    int (*setsockopt)(int, int, int, const void *, socklen_t);
    int (*shutdown)(int, int);
    int (*listen)(int, int);
    ssize_t (*send)(int, const void *, size_t, int);
    ssize_t (*sendto)(int, const void *, size_t, int, const struct sockaddr *, socklen_t);
    ssize_t (*sendmsg)(int, const struct msghdr *, int);
    int (*sendmmsg)(int, struct mmsghdr *, unsigned, int);
    ssize_t (*write)(int, const void *, size_t);
    ssize_t (*writev)(int, const struct iovec *, int);
    ssize_t (*recv)(int, void *, size_t, int);
    ssize_t (*recvfrom)(int, void *, size_t, int, struct sockaddr *, socklen_t *);
    ssize_t (*recvmsg)(int, struct msghdr *, int);
    int (*recvmmsg)(int, struct mmsghdr *, unsigned, int, struct timespec *);
    ssize_t (*read)(int, void *, size_t);
    ssize_t (*readv)(int, const struct iovec *, int);
    int (*ioctl)(int, unsigned long, ...);
    unsigned (*if_nametoindex)(const char *);
    char *(*if_indextoname)(unsigned, char *);
    struct if_nameindex *(*if_nameindex)(void);
    int (*getifaddrs)(struct ifaddrs **);
    int (*unshare)(int);
    long (*sysconf)(int);
    int (*get_nprocs)(void);
    int (*get_nprocs_conf)(void);
    int (*sched_getaffinity)(pid_t, size_t, cpu_set_t *);
    int (*pthread_getaffinity_np)(pthread_t, size_t, cpu_set_t *);
    int (*openat)(int, const char *, int, ...);
    FILE *(*fopen)(const char *, const char *);
    DIR *(*opendir)(const char *);
    struct dirent *(*readdir)(DIR *);
    int (*closedir)(DIR *);
    void (*rewinddir)(DIR *);
    int (*dirfd)(DIR *);
    int (*stat)(const char *, struct stat *);
    int (*lstat)(const char *, struct stat *);
    int (*fstatat)(int, const char *, struct stat *, int);
    int (*statx)(int, const char *, int, unsigned, struct statx *);
    int (*access)(const char *, int);
    int (*faccessat)(int, const char *, int, int);
    ssize_t (*readlink)(const char *, char *, size_t);
    int (*poll)(struct pollfd *, nfds_t, int);
    int (*ppoll)(struct pollfd *, nfds_t, const struct timespec *, const sigset_t *);
    int (*select)(int, fd_set *, fd_set *, fd_set *, struct timeval *);
    int (*pselect)(int, fd_set *, fd_set *, fd_set *, const struct timespec *, const sigset_t *);
    int (*epoll_wait)(int, struct epoll_event *, int, int);
    int (*epoll_pwait)(int, struct epoll_event *, int, int, const sigset_t *);
    int (*epoll_pwait2)(int, struct epoll_event *, int, const struct timespec *, const sigset_t *);
};

extern struct real real;

/* See PROTO_OUTSIDE; NULL: this program does not live in virtual time. Not to be called but by ctl.c. */
extern proto_outside_fn *time_outside;

/* init.c: is this program pointed at a simulator? Sets up 'real' on the first call. */
bool preload_on(void);
const char *preload_socket(void);       /* path of the simulator's socket */
bool preload_in_vfork(void);            /* a vfork child shares our memory, but not our descriptors */
void preload_complain(const char *what, int err);   /* one line on stderr, once a process */

/* fdtab.c: what each descriptor is. */
enum fd_state {
    FD_UNKNOWN,     /* not looked at yet */
    FD_FOREIGN,
    FD_CTL,         /* a connection of ours */
    FD_HOLD,        /* the connection that holds our namespace */
    FD_FIRST_SOCK   /* from here on: the socket's id */
};

struct fd_entry {
    _Atomic uint64_t id;                /* enum fd_state, or the id */
    _Atomic uint16_t type, protocol;
    _Atomic uint32_t max_recv;          /* largest receive buffer used, as the kernel remembers */
};

static inline bool fd_is_packet(const struct fd_entry *entry)
{
    return entry->type & PROTO_PACKET;
}

#define FD_HIGH 900     /* our own descriptors stay out of the program's way, from here on */

struct fd_entry *fd_sock(int fd);       /* entry of a fake socket, or NULL; looks at unknown ones */
uint64_t fd_state(int fd);              /* without looking */
/* None of these changes anything in a vfork child: the table is the parent's. */
void fd_set_state(int fd, uint64_t state);
void fd_set_sock(int fd, uint64_t id, int type, int protocol);
void fd_copy(int from, int to);         /* after a dup of any kind */
bool fd_has_other(uint64_t id);         /* any descriptor of that socket left? */
int fd_next_own(int from);              /* next FD_CTL or FD_HOLD at or after 'from', -1: none */
int fd_raise(int fd, bool cloexec);     /* moves a descriptor of ours to FD_HIGH or above */

/* ctl.c: connections and requests. */
/* Connects, says hello, reads the welcome and names our end. Returns the descriptor or -errno. */
int ctl_connect(struct proto_hello *hello, struct proto_welcome *welcome, bool cloexec);

struct ctl_call {
    struct proto_req req;
    struct proto_reply rep;
    const struct iovec *in;     /* payload to send */
    size_t n_in;
    void *out;                  /* room for the reply's payload */
    size_t out_size;
    size_t out_len;
};

/* One request, one reply. Returns 0 or -errno: the reply's status, or the transport's error. */
int ctl_do(struct ctl_call *call);
/* The same for a request that is only numbers, about a socket. */
int ctl_sock(uint64_t id, enum proto_op op, const uint32_t arg[3], struct proto_reply *rep);
int ctl_page_error(uint64_t id);        /* takes a socket's pending error: errno or 0 */
bool ctl_has_page(void);
bool ctl_asks_to_wait(void);            /* must a call that may wait ask before? */
void ctl_want_page(void);               /* connects this thread, if only for the page */
unsigned ctl_n_cpus(void);              /* that the program shall see; 0: the machine's */

/* packet.c: what is different about an AF_PACKET socket. 0 or an errno, except where told. */
int packet_bind(const struct fd_entry *entry, const struct sockaddr *addr, socklen_t len);
int packet_getsockname(const struct fd_entry *entry, struct sockaddr *addr, socklen_t *len);
bool packet_has_option(int level, int name);
int packet_setsockopt(const struct fd_entry *entry, int level, int name, const void *val,
                      socklen_t len);
int packet_getsockopt(const struct fd_entry *entry, int level, int name, void *val,
                      socklen_t *len);
/* 'rep->value' says how much was sent. */
int packet_send(const struct fd_entry *entry, const struct iovec *iov, size_t n_iov,
                const void *addr, socklen_t addr_len, struct proto_reply *rep);
void packet_give_name(const struct proto_ll *ll, void *addr, socklen_t *len);
void packet_fill_name(const struct proto_ll *ll, void *sockaddr_ll);
void packet_put_auxdata(const struct proto_ll *ll, size_t snaplen, struct msghdr *msg,
                        size_t room);

/* control.c: 'room' is what the program offered, msg->msg_controllen what is used of it so far. */
/* kind->cmsg_len: of the data alone. */
void control_put(struct msghdr *msg, size_t room, const struct cmsghdr *kind, const void *data);
void control_put_netlink(struct msghdr *msg, size_t room, const struct proto_dgram *dgram);
/* Descriptors that came along are not known yet, whatever their numbers were before. */
void control_note_fds(struct msghdr *msg);

/* recv.c: a frame without waiting, 'n' as recv() with MSG_TRUNC; -1 with errno. */
ssize_t recv_frame(struct fd_entry *entry, int fd, void *buf, size_t len, struct proto_ll *ll);

/* wait.c: does a signal end a call that may wait? While no faults are asked for this is a look at the page. */
bool wait_ends_recv(const struct fd_entry *entry, int fd, int flags);
bool wait_ends_poll(const struct pollfd *fds, nfds_t n);
bool wait_is_long(const struct timespec *timeout);      /* NULL: for ever */

/* ring.c: the mapped ring of an AF_PACKET socket. 0 or an errno. */
int ring_set_option(uint64_t id, int name, const void *val, socklen_t len);
int ring_get_option(uint64_t id, int name, void *val, socklen_t *len);
bool ring_has_option(int name);
void ring_close(uint64_t id);

/* files.c: texts in place of files. A descriptor to read 'text' from, -1 with errno. */
int files_make(const void *text, size_t len);
#define FILES_NOT_OURS (-2)     /* of the functions below: the real file is meant */
/* cpus.c and netfiles.c, by what they are about. A descriptor, -1 with errno, or FILES_NOT_OURS. */
int cpus_open(const char *path);
bool cpus_hide_folder(const char *path);
int netfiles_open(const char *path, int flags);

/* netns.c: the namespace of this process. */
uint32_t netns_id(void);
void netns_init(const char *env);       /* value of DPSIM_NETNS or NULL */
void netns_moved(int fd);               /* the holding descriptor is about to be replaced */

/* Sets errno and returns -1. */
int fail(int err);

#endif
