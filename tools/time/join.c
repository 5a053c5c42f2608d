/* join.c - this process's connection to the simulator: it brings the page, and its end is the process's end,
 * or another program's beginning. SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "sim/proto.h"
#include "tools/time/core.h"
#include "tools/time/join.h"

#define FIRST_FD 960            /* out of the program's way, and of the preload library's */

static struct sockaddr_un simulator;
static int join_fd = -1;

bool join_is_wanted(char **environ)
{
    static const char name[] = "DPSIM_SOCKET=";

    for (; environ && *environ; environ++) {
        size_t len = strlen(*environ);

        if (strncmp(*environ, name, sizeof(name) - 1) || len >= sizeof(name) + sizeof(simulator.sun_path) - 1)
            continue;
        simulator.sun_family = AF_UNIX;
        memcpy(simulator.sun_path, *environ + sizeof(name) - 1, len - (sizeof(name) - 1) + 1);
        return simulator.sun_path[0];
    }
    return false;
}

static long map_page(int fd)
{
    long at = RAW(SYS_mmap, NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    if (at < 0 && at > -4096)
        return at;
    page = (struct vtime_page *)at;
    return 0;
}

/* Reads the welcome and, where the page is not known yet, its descriptor. */
static long read_welcome(int fd, struct proto_welcome *welcome)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec iov = { welcome, sizeof(*welcome) };
    struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
                          .msg_controllen = sizeof(control) };
    long n;
    int page_fd;

    do
        n = RAW(SYS_recvmsg, fd, &msg, MSG_CMSG_CLOEXEC);
    while (n == -EINTR);
    if (n != (long)sizeof(*welcome))
        return n < 0 ? n : -ECONNREFUSED;
    if (welcome->status || msg.msg_controllen < sizeof(control))
        return welcome->status ? welcome->status : -EPROTO;
    memcpy(&page_fd, CMSG_DATA(&control.align), sizeof(page_fd));
    n = page ? 0 : map_page(page_fd);
    (void)RAW(SYS_close, page_fd);
    return n;
}

static long say_hello(int fd, uint32_t proc, bool *holds)
{
    const struct proto_hello hello = { .magic = PROTO_MAGIC, .kind = PROTO_TIME, .type = (int32_t)proc,
                                       .flags = PROTO_WANT_PAGE, .pid = (uint32_t)RAW(SYS_getpid) };
    struct proto_welcome welcome;
    long r = RAW(SYS_connect, fd, &simulator, sizeof(simulator));

    if (!r)
        r = RAW(SYS_sendto, fd, &hello, sizeof(hello), MSG_NOSIGNAL);
    if (r >= 0)
        r = read_welcome(fd, &welcome);
    if (r)
        return r;
    my_proc = (uint32_t)welcome.sock;
    my_thread = welcome.ns;
    *holds = welcome.flags & PROTO_HOLDS;
    return 0;
}

long join(uint32_t proc, bool *holds)
{
    long r, high, fd = RAW(SYS_socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return fd;
    high = RAW(SYS_fcntl, fd, F_DUPFD_CLOEXEC, FIRST_FD);
    if (high >= 0) {
        (void)RAW(SYS_close, fd);
        fd = high;
    }
    r = say_hello((int)fd, proc, holds);
    if (r) {
        (void)RAW(SYS_close, fd);
        return r;
    }
    join_fd = (int)fd;
    fd_set_flags(join_fd, FD_OWN);
    return 0;
}

void join_forget(void)
{
    (void)RAW(SYS_close, join_fd);
    fd_set_flags(join_fd, 0);
    join_fd = -1;
}

void join_tell(void)
{
    static const char byte = 0;

    (void)RAW(SYS_sendto, join_fd, &byte, sizeof(byte), MSG_NOSIGNAL | MSG_DONTWAIT);
}

bool join_is_lost(void)
{
    struct pollfd p = { .fd = join_fd };

    return RAW(SYS_poll, &p, 1, 0) > 0;
}
