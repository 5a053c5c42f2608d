/* fdtab.c - a cache of what each descriptor is; the truth is the descriptor's own name.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tools/preload/preload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#define FD_MAX 65536    /* descriptors above are never fake */

static struct fd_entry table[FD_MAX];
static _Atomic int top;                 /* no entry of ours is above */

static bool in_table(int fd)
{
    return fd >= 0 && fd < FD_MAX;
}

static void raise_top(int fd)
{
    int seen = top;

    while (seen < fd && !atomic_compare_exchange_weak(&top, &seen, fd))
        ;
}

uint64_t fd_state(int fd)
{
    if (!in_table(fd))
        return FD_FOREIGN;
    return atomic_load_explicit(&table[fd].id, memory_order_acquire);
}

void fd_set_state(int fd, uint64_t state)
{
    if (!in_table(fd) || preload_in_vfork())
        return;
    if (state > FD_FOREIGN)
        raise_top(fd);
    atomic_store_explicit(&table[fd].id, state, memory_order_release);
}

void fd_set_sock(int fd, uint64_t id, int type, int protocol)
{
    if (!in_table(fd) || preload_in_vfork())
        return;
    table[fd].type = (uint16_t)type;
    table[fd].protocol = (uint16_t)protocol;
    table[fd].max_recv = 0;
    fd_set_state(fd, id);
}

void fd_copy(int from, int to)
{
    if (!in_table(to))
        return;
    if (fd_state(from) < FD_FIRST_SOCK) {
        fd_set_state(to, fd_state(from) == FD_FOREIGN ? FD_FOREIGN : FD_UNKNOWN);
        return;
    }
    fd_set_sock(to, fd_state(from), table[from].type, table[from].protocol);
    table[to].max_recv = table[from].max_recv;
}

bool fd_has_other(uint64_t id)
{
    for (int fd = 0; fd <= top; fd++) {
        if (fd_state(fd) == id)
            return true;
    }
    return false;
}

int fd_next_own(int from)
{
    for (int fd = from < 0 ? 0 : from; fd <= top; fd++) {
        if (fd_state(fd) == FD_CTL || fd_state(fd) == FD_HOLD)
            return fd;
    }
    return -1;
}

int fd_raise(int fd, bool cloexec)
{
    static const int floors[] = { FD_HIGH, 200, 20 };   /* a low RLIMIT_NOFILE refuses the first */

    for (size_t i = 0; i < ARRAY_SIZE(floors); i++) {
        int high = real.fcntl(fd, cloexec ? F_DUPFD_CLOEXEC : F_DUPFD, floors[i]);

        if (high >= 0) {
            real.close(fd);
            return high;
        }
    }
    return fd;
}

/* ".../sock/ID/TYPE/PROTOCOL" */
static void parse_sock_name(int fd, const char *text)
{
    char *end;
    uint64_t id = strtoull(text, &end, 16);
    unsigned long type = *end ? strtoul(end + 1, &end, 16) : 0;
    unsigned long protocol = *end ? strtoul(end + 1, &end, 16) : 0;

    if (id >= FD_FIRST_SOCK && !*end) {
        fd_set_sock(fd, id, (int)type, (int)protocol);
        ctl_want_page();
    }
}

/* Looks at a descriptor that came from another process or an earlier program. */
static void look(int fd)
{
    struct sockaddr_un sun;
    socklen_t len = sizeof(sun);
    int saved = errno;
    const char *kind;
    int rc;

    memset(&sun, 0, sizeof(sun));
    table[fd].id = FD_FOREIGN;
    rc = real.getsockname(fd, (struct sockaddr *)&sun, &len);
    if (!rc && sun.sun_family == AF_UNIX && len < sizeof(sun) && !sun.sun_path[0]
        && !strncmp(sun.sun_path + 1, PROTO_NAME_PREFIX, strlen(PROTO_NAME_PREFIX))) {
        kind = strstr(sun.sun_path + 1, PROTO_NAME_SOCK);
        if (kind)
            parse_sock_name(fd, kind + strlen(PROTO_NAME_SOCK));
    } else if (rc && errno == EBADF) {
        table[fd].id = FD_UNKNOWN;      /* nothing there yet */
    }
    errno = saved;
}

struct fd_entry *fd_sock(int fd)
{
    if (!in_table(fd))
        return NULL;
    if (fd_state(fd) == FD_UNKNOWN && !preload_in_vfork())
        look(fd);
    return fd_state(fd) >= FD_FIRST_SOCK ? &table[fd] : NULL;
}
