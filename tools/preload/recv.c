/* recv.c - receiving: takes the header off, and asks for what the simulator has kept back.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tools/preload/preload.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static size_t iov_total(const struct iovec *iov, size_t n)
{
    size_t total = 0;

    for (size_t i = 0; i < n; i++)
        total += iov[i].iov_len;
    return total;
}

static uint32_t buffer_len(const struct msghdr *msg)
{
    size_t total = iov_total(msg->msg_iov, msg->msg_iovlen);

    return total < UINT32_MAX ? (uint32_t)total : UINT32_MAX;
}

/* What comes before the bytes; 'll' only for AF_PACKET. */
struct head {
    struct proto_dgram dgram;
    struct proto_ll ll;
};

static size_t head_len(const struct fd_entry *entry)
{
    return fd_is_packet(entry) ? sizeof(struct head) : sizeof(struct proto_dgram);
}

static uint32_t mask_of(uint32_t group)
{
    return group && group <= 32 ? UINT32_C(1) << (group - 1) : 0;
}

static void set_name(const struct fd_entry *entry, struct msghdr *msg, const struct head *head)
{
    struct sockaddr_nl nl = { .nl_family = AF_NETLINK, .nl_pid = head->dgram.src_portid,
                              .nl_groups = mask_of(head->dgram.group) };

    if (!msg->msg_name)
        return;
    if (fd_is_packet(entry)) {
        packet_give_name(&head->ll, msg->msg_name, &msg->msg_namelen);
        return;
    }
    memcpy(msg->msg_name, &nl, msg->msg_namelen < sizeof(nl) ? msg->msg_namelen : sizeof(nl));
    msg->msg_namelen = sizeof(nl);
}

/* One native receive with the header in front. Returns what recvmsg returned. */
static ssize_t recv_raw(int fd, struct msghdr *msg, struct head *head, size_t len, int flags)
{
    struct iovec iov[UIO_MAXIOV];
    struct msghdr with_head = *msg;
    ssize_t n;

    if (msg->msg_iovlen >= UIO_MAXIOV)
        return fail(EMSGSIZE);
    iov[0] = (struct iovec){ head, len };
    if (msg->msg_iovlen)
        memcpy(&iov[1], msg->msg_iov, msg->msg_iovlen * sizeof(*iov));
    with_head.msg_name = NULL;
    with_head.msg_namelen = 0;
    with_head.msg_iov = iov;
    with_head.msg_iovlen = msg->msg_iovlen + 1;
    n = real.recvmsg(fd, &with_head, flags);
    if (n < 0)
        return n;
    msg->msg_flags = with_head.msg_flags & ~MSG_EOR;    /* a mark of SEQPACKET, not of netlink */
    msg->msg_controllen = with_head.msg_controllen;
    return n;
}

/* A mark of a pending error has arrived, perhaps only peeked at. It counts unless an earlier
 * receive found the error in the page. */
static int take_mark(int fd, uint64_t id, const struct proto_dgram *head, int flags)
{
    struct proto_dgram gone;

    if (flags & MSG_PEEK)
        (void)real.recv(fd, &gone, sizeof(gone), MSG_DONTWAIT);
    return ctl_has_page() ? ctl_page_error(id) : head->error;
}

/* Makes the simulator queue what follows a datagram before the program can look for it: a dump
 * must not seem to be over. */
static void pull(struct fd_entry *entry)
{
    struct ctl_call call = { .req = { .op = PROTO_PULL, .sock = entry->id,
                                      .max_recv = entry->max_recv } };

    (void)ctl_do(&call);
}

static void after_recv(struct fd_entry *entry, const struct msghdr *msg,
                       const struct proto_dgram *head, int flags)
{
    uint32_t len = buffer_len(msg);

    if (len > entry->max_recv)
        entry->max_recv = len;
    if ((head->flags & PROTO_MORE) && !(flags & MSG_PEEK))
        pull(entry);
}

/* Receives until there is a datagram or an error that is not a stale mark. */
static ssize_t recv_head(struct fd_entry *entry, int fd, struct msghdr *msg, struct head *head,
                         int flags)
{
    size_t len = head_len(entry);
    ssize_t n;
    int err;

    if (wait_ends_recv(entry, fd, flags))
        return fail(EINTR);
    for (;;) {
        err = ctl_page_error(entry->id);
        if (err)
            return fail(err);
        n = recv_raw(fd, msg, head, len, flags);
        if (n < 0)
            return n;
        if (n < (ssize_t)sizeof(head->dgram)) {
            preload_complain("lost the simulator at", ECONNRESET);
            return fail(ENOTCONN);
        }
        if (!head->dgram.error)
            return n < (ssize_t)len ? fail(EBADMSG) : n - (ssize_t)len;
        err = take_mark(fd, entry->id, &head->dgram, flags);
        if (err)
            return fail(err);
    }
}

static ssize_t recv_one(struct fd_entry *entry, int fd, struct msghdr *msg, int flags)
{
    size_t control_room = msg->msg_controllen;
    struct head head;
    ssize_t n = recv_head(entry, fd, msg, &head, flags);

    if (n < 0)
        return n;
    set_name(entry, msg, &head);
    if (!fd_is_packet(entry))
        control_put_netlink(msg, control_room, &head.dgram);
    else if (head.ll.has_auxdata)
        packet_put_auxdata(&head.ll, (size_t)n, msg, control_room);
    after_recv(entry, msg, &head.dgram, flags);
    return n;
}

ssize_t recv_frame(struct fd_entry *entry, int fd, void *buf, size_t len, struct proto_ll *ll)
{
    struct iovec iov = { buf, len };
    struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
    struct head head;
    ssize_t n = recv_head(entry, fd, &msg, &head, MSG_DONTWAIT | MSG_TRUNC);

    if (n < 0)
        return n;
    *ll = head.ll;
    after_recv(entry, &msg, &head.dgram, 0);
    return n;
}

EXPORT ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
    struct fd_entry *entry = preload_on() ? fd_sock(fd) : NULL;
    ssize_t n;

    if (entry)
        return recv_one(entry, fd, msg, flags);
    n = real.recvmsg(fd, msg, flags);
    if (n >= 0 && msg->msg_controllen && preload_on())
        control_note_fds(msg);
    return n;
}

static ssize_t recv_buf(struct fd_entry *entry, int fd, void *buf, size_t len, int flags)
{
    struct iovec iov = { buf, len };
    struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

    return recv_one(entry, fd, &msg, flags);
}

EXPORT ssize_t recv(int fd, void *buf, size_t len, int flags)
{
    struct fd_entry *entry = preload_on() ? fd_sock(fd) : NULL;

    return entry ? recv_buf(entry, fd, buf, len, flags) : real.recv(fd, buf, len, flags);
}

EXPORT ssize_t recvfrom(int fd, void *buf, size_t len, int flags, struct sockaddr *addr,
                        socklen_t *addr_len)
{
    struct fd_entry *entry = preload_on() ? fd_sock(fd) : NULL;
    struct iovec iov = { buf, len };
    struct msghdr msg = { .msg_name = addr, .msg_namelen = addr && addr_len ? *addr_len : 0,
                          .msg_iov = &iov, .msg_iovlen = 1 };
    ssize_t n;

    if (!entry)
        return real.recvfrom(fd, buf, len, flags, addr, addr_len);
    n = recv_one(entry, fd, &msg, flags);
    if (n >= 0 && addr && addr_len)
        *addr_len = msg.msg_namelen;
    return n;
}

EXPORT ssize_t read(int fd, void *buf, size_t len)
{
    struct fd_entry *entry = preload_on() ? fd_sock(fd) : NULL;

    if (!entry)
        return real.read(fd, buf, len);
    return len ? recv_buf(entry, fd, buf, len, 0) : 0;      /* read(2) of nothing takes nothing */
}

EXPORT ssize_t readv(int fd, const struct iovec *iov, int n_iov)
{
    struct fd_entry *entry = preload_on() ? fd_sock(fd) : NULL;
    struct msghdr msg = { .msg_iov = (struct iovec *)(uintptr_t)iov };

    if (!entry)
        return real.readv(fd, iov, n_iov);
    if (n_iov < 0 || n_iov > UIO_MAXIOV)
        return fail(EINVAL);
    msg.msg_iovlen = (size_t)n_iov;
    return iov_total(iov, msg.msg_iovlen) ? recv_one(entry, fd, &msg, 0) : 0;
}

static bool is_past(const struct timespec *deadline)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec > deadline->tv_sec
           || (now.tv_sec == deadline->tv_sec && now.tv_nsec >= deadline->tv_nsec);
}

static void deadline_in(struct timespec *deadline, const struct timespec *timeout)
{
    (void)clock_gettime(CLOCK_MONOTONIC, deadline);
    deadline->tv_sec += timeout->tv_sec;
    deadline->tv_nsec += timeout->tv_nsec;
    if (deadline->tv_nsec >= 1000000000) {
        deadline->tv_nsec -= 1000000000;
        deadline->tv_sec++;
    }
}

static int recv_many_foreign(int fd, struct mmsghdr *vec, unsigned n_vec, int flags,
                             struct timespec *timeout)
{
    int got = real.recvmmsg(fd, vec, n_vec, flags, timeout);

    for (int i = 0; i < got && preload_on(); i++)
        control_note_fds(&vec[i].msg_hdr);
    return got;
}

/* Like the kernel, looks at the clock only after a datagram. */
EXPORT int recvmmsg(int fd, struct mmsghdr *vec, unsigned n_vec, int flags,
                    struct timespec *timeout)
{
    struct fd_entry *entry = preload_on() ? fd_sock(fd) : NULL;
    struct timespec deadline;
    unsigned got = 0;

    if (!entry)
        return recv_many_foreign(fd, vec, n_vec, flags, timeout);
    if (timeout)
        deadline_in(&deadline, timeout);
    while (got < n_vec) {
        int how = flags & ~MSG_WAITFORONE;
        ssize_t n;

        if (got && (flags & MSG_WAITFORONE))
            how |= MSG_DONTWAIT;
        n = recv_one(entry, fd, &vec[got].msg_hdr, how);
        if (n < 0)
            break;
        vec[got++].msg_len = (unsigned)n;
        if (timeout && is_past(&deadline))
            break;
    }
    return got || !n_vec ? (int)got : -1;
}

/* What fortified programs call for buffers of known size. */
EXPORT ssize_t __recv_chk(int fd, void *buf, size_t len, size_t room, int flags);
EXPORT ssize_t __recvfrom_chk(int fd, void *buf, size_t len, size_t room, int flags,
                              struct sockaddr *addr, socklen_t *addr_len);
EXPORT ssize_t __read_chk(int fd, void *buf, size_t len, size_t room);
extern void __chk_fail(void) __attribute__((noreturn));

ssize_t __recv_chk(int fd, void *buf, size_t len, size_t room, int flags)
{
    if (len > room)
        __chk_fail();
    return recv(fd, buf, len, flags);
}

ssize_t __recvfrom_chk(int fd, void *buf, size_t len, size_t room, int flags,
                       struct sockaddr *addr, socklen_t *addr_len)
{
    if (len > room)
        __chk_fail();
    return recvfrom(fd, buf, len, flags, addr, addr_len);
}

ssize_t __read_chk(int fd, void *buf, size_t len, size_t room)
{
    if (len > room)
        __chk_fail();
    return read(fd, buf, len);
}
