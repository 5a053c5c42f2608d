/* netns.c - the simulated network namespace that this process is in.
 *
 * A descriptor that survives fork and exec holds the namespace; the environment says to the
 * next program which one it is.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tools/preload/preload.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

static _Atomic uint32_t current;
static _Atomic int holder = -1;

uint32_t netns_id(void)
{
    return current;
}

/* Opens a holding descriptor for 'ns' (PROTO_NS_NEW: a new one). Returns it or -errno. */
static int hold(uint32_t ns, uint32_t *id)
{
    struct proto_hello hello = { .kind = PROTO_HOLD, .ns = ns };
    struct proto_welcome welcome;
    int fd = ctl_connect(&hello, &welcome, false);

    if (fd < 0)
        return fd;
    *id = welcome.ns;
    fd = fd_raise(fd, false);
    fd_set_state(fd, FD_HOLD);
    return fd;
}

static bool is_holder(int fd)
{
    struct sockaddr_un sun;
    socklen_t len = sizeof(sun);

    memset(&sun, 0, sizeof(sun));
    return !real.getsockname(fd, (struct sockaddr *)&sun, &len) && sun.sun_family == AF_UNIX
           && len < sizeof(sun) && !sun.sun_path[0] && strstr(sun.sun_path + 1, PROTO_NAME_HOLD);
}

/* "NS:FD", as written by tell_children(). */
void netns_init(const char *env)
{
    char *end;
    uint32_t id;
    int fd;

    if (!env)
        return;
    current = (uint32_t)strtoul(env, &end, 10);
    fd = *end == ':' ? (int)strtol(end + 1, NULL, 10) : -1;
    if (!is_holder(fd))         /* somebody closed it before exec */
        fd = hold(current, &id);
    holder = fd;
    fd_set_state(fd, FD_HOLD);
}

static void tell_children(void)
{
    char text[32];

    (void)snprintf(text, sizeof(text), "%u:%d", current, holder);
    (void)setenv("DPSIM_NETNS", text, 1);
}

/* Moves the holding descriptor away: the program wants its number. */
void netns_moved(int fd)
{
    if (fd != holder)
        return;
    holder = real.fcntl(fd, F_DUPFD, fd + 1);
    fd_set_state(fd, FD_UNKNOWN);
    if (holder >= 0)
        fd_set_state(holder, FD_HOLD);
    tell_children();
}

static void enter(int fd, uint32_t id)
{
    int old = atomic_exchange(&holder, fd);

    current = id;
    if (old >= 0) {
        fd_set_state(old, FD_UNKNOWN);
        real.close(old);
    }
    tell_children();
}

EXPORT int unshare(int flags)
{
    uint32_t id;
    int fd;

    if (!preload_on() || !(flags & CLONE_NEWNET))
        return real.unshare(flags);
    fd = hold(PROTO_NS_NEW, &id);
    if (fd < 0)
        return fail(-fd);
    if ((flags & ~CLONE_NEWNET) && real.unshare(flags & ~CLONE_NEWNET) < 0) {
        int saved = errno;

        fd_set_state(fd, FD_UNKNOWN);
        real.close(fd);
        return fail(saved);
    }
    enter(fd, id);
    return 0;
}
