/* init.c - finds the real functions and whether this program is pointed at a simulator.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tools/preload/preload.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#define REAL(name) { #name, &real.name }

struct real real;
proto_outside_fn *time_outside;

static const struct {
    const char *name;
    void *slot;
} reals[] = {
    REAL(socket), REAL(close), REAL(close_range), REAL(dup), REAL(dup2), REAL(dup3), REAL(fcntl),
    REAL(bind), REAL(connect), REAL(getsockname), REAL(getpeername), REAL(getsockopt),
    REAL(setsockopt), REAL(shutdown), REAL(listen), REAL(send), REAL(sendto), REAL(sendmsg), REAL(sendmmsg),
    REAL(write), REAL(writev), REAL(recv), REAL(recvfrom), REAL(recvmsg), REAL(recvmmsg),
    REAL(read), REAL(readv), REAL(ioctl), REAL(if_nametoindex), REAL(if_indextoname),
    REAL(if_nameindex), REAL(getifaddrs), REAL(unshare), REAL(poll), REAL(ppoll), REAL(select), REAL(pselect),
    REAL(epoll_wait), REAL(epoll_pwait), REAL(epoll_pwait2),
    REAL(sysconf), REAL(get_nprocs), REAL(get_nprocs_conf), REAL(sched_getaffinity),
    REAL(pthread_getaffinity_np), REAL(openat), REAL(fopen), REAL(opendir),
    REAL(readdir), REAL(closedir), REAL(rewinddir), REAL(dirfd), REAL(stat), REAL(lstat),
    REAL(fstatat), REAL(statx), REAL(access), REAL(faccessat), REAL(readlink),
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Atomic int state;               /* 0: not set up, 1: off, 2: on */
static char socket_path[sizeof(((struct sockaddr_un *)0)->sun_path)];
static pid_t own_pid;
static atomic_bool complained;

/* Connections of the parent's threads are the parent's: a reply read here would be lost there. */
static void in_child(void)
{
    own_pid = getpid();
    for (int fd = fd_next_own(0); fd >= 0; fd = fd_next_own(fd + 1)) {
        if (fd_state(fd) == FD_CTL) {
            fd_set_state(fd, FD_UNKNOWN);
            real.close(fd);
        }
    }
}

static void find_reals(void)
{
    void *outside = dlsym(RTLD_DEFAULT, PROTO_OUTSIDE);

    memcpy(&time_outside, &outside, sizeof(outside));
    for (size_t i = 0; i < ARRAY_SIZE(reals); i++) {
        void *symbol = dlsym(RTLD_NEXT, reals[i].name);

        memcpy(reals[i].slot, &symbol, sizeof(symbol));
    }
}

static void set_up(void)
{
    const char *path = getenv("DPSIM_SOCKET");

    find_reals();
    if (!path || !path[0] || strlen(path) >= sizeof(socket_path)) {
        state = 1;
        return;
    }
    memcpy(socket_path, path, strlen(path) + 1);
    own_pid = getpid();
    pthread_atfork(NULL, NULL, in_child);
    state = 2;
    netns_init(getenv("DPSIM_NETNS"));
}

bool preload_on(void)
{
    int known = atomic_load_explicit(&state, memory_order_acquire);

    if (known)
        return known == 2;
    if (!environ) {     /* a sanitizer's own start, before libc's: decided later */
        if (!real.socket)
            find_reals();
        return false;
    }
    pthread_once(&once, set_up);
    return state == 2;
}

const char *preload_socket(void)
{
    return socket_path;
}

bool preload_in_vfork(void)
{
    return getpid() != own_pid;
}

void preload_complain(const char *what, int err)
{
    const char *parts[] = { "dpsim: ", what, " ", socket_path, ": ", strerrordesc_np(err), "\n" };
    struct iovec iov[ARRAY_SIZE(parts)];

    if (atomic_exchange(&complained, true))
        return;
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        const char *part = parts[i] ? parts[i] : "unknown error";

        iov[i] = (struct iovec){ (void *)(uintptr_t)part, strlen(part) };
    }
    (void)!real.writev(STDERR_FILENO, iov, ARRAY_SIZE(parts));
}

int fail(int err)
{
    errno = err;
    return -1;
}
