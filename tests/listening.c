/* listening.c - a library to preload: says when a program begins to wait for what a netlink group is sent.
 *
 * Programs such as "ip monitor" do not say when they listen, so a test would have to try until they
 * have seen something. With this one, a line goes to the file or FIFO that LISTENING names, once: before the first receive
 * of a socket with groups that finds nothing there yet.
 * SPDX-License-Identifier: Apache-2.0 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static bool waits_for_groups(int fd)
{
    struct sockaddr_nl name = { 0 };
    socklen_t len = sizeof(name);
    struct pollfd in = { .fd = fd, .events = POLLIN };

    return !getsockname(fd, (struct sockaddr *)&name, &len) && name.nl_family == AF_NETLINK &&
           name.nl_groups && !poll(&in, 1, 0);
}

static void tell_once(int fd)
{
    static bool is_told;
    const char *path = getenv("LISTENING");
    int kept = errno, out;

    if (!path || is_told || !waits_for_groups(fd))
        return;
    is_told = true;
    out = open(path, O_WRONLY | O_CLOEXEC);
    if (out < 0 || write(out, "listening\n", 10) != 10)
        abort();
    close(out);
    errno = kept;
}

/* The next library's function of this name: dpsim's, if that is there, or libc's. */
#define NEXT(function) ((typeof(&(function)))dlsym(RTLD_NEXT, #function))

ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
    tell_once(fd);
    return NEXT(recvmsg)(fd, msg, flags);
}

ssize_t recvfrom(int fd, void *restrict buf, size_t len, int flags, struct sockaddr *restrict from,
                 socklen_t *restrict from_len)
{
    tell_once(fd);
    return NEXT(recvfrom)(fd, buf, len, flags, from, from_len);
}

ssize_t recv(int fd, void *buf, size_t len, int flags)
{
    tell_once(fd);
    return NEXT(recv)(fd, buf, len, flags);
}
