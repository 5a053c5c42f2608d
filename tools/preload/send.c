/* send.c - sending: one request, answered when the simulator has queued every reply.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tools/preload/preload.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

/* The kernel is the only one to talk to. */
static int check_dest(const void *addr, socklen_t len)
{
    struct sockaddr_nl nl;

    if (!addr || !len)
        return 0;
    if (len < sizeof(nl))
        return EINVAL;
    memcpy(&nl, addr, sizeof(nl));
    if (nl.nl_family != AF_NETLINK)
        return EINVAL;
    return nl.nl_pid ? ECONNREFUSED : 0;
}

static ssize_t send_iov(struct fd_entry *entry, const struct iovec *iov, size_t n_iov,
                        const void *addr, socklen_t addr_len)
{
    struct ctl_call call = {
        .req = { .op = PROTO_SEND, .sock = entry->id, .max_recv = entry->max_recv },
        .in = iov,
        .n_in = n_iov,
    };
    int rc;

    if (fd_is_packet(entry)) {
        rc = packet_send(entry, iov, n_iov, addr, addr_len, &call.rep);
        return rc ? fail(rc) : (ssize_t)call.rep.value;
    }
    rc = check_dest(addr, addr_len);
    if (rc)
        return fail(rc);
    rc = ctl_do(&call);
    return rc ? fail(-rc) : (ssize_t)call.rep.value;
}

static ssize_t send_buf(struct fd_entry *entry, const void *buf, size_t len, const void *addr,
                        socklen_t addr_len)
{
    struct iovec iov = { (void *)(uintptr_t)buf, len };

    return send_iov(entry, &iov, 1, addr, addr_len);
}

EXPORT ssize_t send(int fd, const void *buf, size_t len, int flags)
{
    struct fd_entry *entry = preload_on() ? fd_sock(fd) : NULL;

    return entry ? send_buf(entry, buf, len, NULL, 0) : real.send(fd, buf, len, flags);
}

EXPORT ssize_t sendto(int fd, const void *buf, size_t len, int flags, const struct sockaddr *addr,
                      socklen_t addr_len)
{
    struct fd_entry *entry = preload_on() ? fd_sock(fd) : NULL;

    if (!entry)
        return real.sendto(fd, buf, len, flags, addr, addr_len);
    return send_buf(entry, buf, len, addr, addr_len);
}

EXPORT ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
    struct fd_entry *entry = preload_on() ? fd_sock(fd) : NULL;

    if (!entry)
        return real.sendmsg(fd, msg, flags);
    return send_iov(entry, msg->msg_iov, msg->msg_iovlen, msg->msg_name, msg->msg_namelen);
}

EXPORT int sendmmsg(int fd, struct mmsghdr *vec, unsigned n_vec, int flags)
{
    struct fd_entry *entry = preload_on() ? fd_sock(fd) : NULL;
    unsigned sent;

    if (!entry)
        return real.sendmmsg(fd, vec, n_vec, flags);
    for (sent = 0; sent < n_vec; sent++) {
        const struct msghdr *msg = &vec[sent].msg_hdr;
        ssize_t n = send_iov(entry, msg->msg_iov, msg->msg_iovlen, msg->msg_name, msg->msg_namelen);

        if (n < 0)
            break;
        vec[sent].msg_len = (unsigned)n;
    }
    return sent || !n_vec ? (int)sent : -1;
}

EXPORT ssize_t write(int fd, const void *buf, size_t len)
{
    struct fd_entry *entry = preload_on() ? fd_sock(fd) : NULL;

    return entry ? send_buf(entry, buf, len, NULL, 0) : real.write(fd, buf, len);
}

EXPORT ssize_t writev(int fd, const struct iovec *iov, int n_iov)
{
    struct fd_entry *entry = preload_on() ? fd_sock(fd) : NULL;

    if (!entry)
        return real.writev(fd, iov, n_iov);
    if (n_iov < 0 || n_iov > UIO_MAXIOV)
        return fail(EINVAL);
    return send_iov(entry, iov, (size_t)n_iov, NULL, 0);
}
