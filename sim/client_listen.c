/* client_listen.c - the listening socket: who may come in, and what happens when there are too many.
 *
 * The socket is its user's: nobody else may open its file, and who has connected is asked for, too (SO_PEERCRED).
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "sim/client_int.h"
#include "sim/descriptors.h"

#ifndef SO_PASSRIGHTS           /* Linux 6.16 */
#define SO_PASSRIGHTS 83
#endif

#define BACKLOG      1024
#define MOST_ACCEPTS 64         /* before others are served again */
#define DEAF_MS      100        /* until it is tried again, if nobody has gone before */
#define PRIVATE      0600

/* ---- the file -------------------------------------------------------------------------------- */

static int fill_address(struct sockaddr_un *sun, const char *path, struct err *e)
{
    *sun = (struct sockaddr_un){ .sun_family = AF_UNIX };
    if (!*path)
        return err_set(e, EINVAL, "the socket's path is empty");
    if (g_strlcpy(sun->sun_path, path, sizeof(sun->sun_path)) >= sizeof(sun->sun_path))
        return err_set(e, ENAMETOOLONG, "a socket's path has at most %zu characters: %s",
                       sizeof(sun->sun_path) - 1, path);
    return 0;
}

static int refuse_path(const struct sockaddr_un *sun, const char *what, struct err *e)
{
    int code = errno;

    return err_set(e, code, "%s: cannot %s: %s", sun->sun_path, what, g_strerror(code));
}

/* Is the path taken by somebody who no longer lives? Then removes it. */
static int clear_stale(const struct sockaddr_un *sun, struct err *e)
{
    struct stat st;
    int rc, fd;

    if (lstat(sun->sun_path, &st) || !S_ISSOCK(st.st_mode))
        return err_set(e, EEXIST, "%s exists and is not a socket", sun->sun_path);
    if (st.st_uid != geteuid() && geteuid())
        return err_set(e, EPERM, "%s is a socket of user %u's", sun->sun_path, (unsigned)st.st_uid);
    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    rc = connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) ? -errno : 0;
    close(fd);
    if (rc != -ECONNREFUSED)
        return err_set(e, EADDRINUSE, "%s: somebody is already serving there", sun->sun_path);
    return unlink(sun->sun_path) ? refuse_path(sun, "replace the stale socket", e) : 0;
}

static int bind_path(int fd, const struct sockaddr_un *sun, struct err *e)
{
    int rc;

    if (!bind(fd, (const struct sockaddr *)sun, sizeof(*sun)))
        return 0;
    if (errno != EADDRINUSE)
        return refuse_path(sun, "make the socket", e);
    rc = clear_stale(sun, e);
    if (!rc && bind(fd, (const struct sockaddr *)sun, sizeof(*sun)))
        rc = refuse_path(sun, "make the socket", e);
    return rc;
}

static int hear(const struct clients *all)
{
    struct epoll_event event = { .events = EPOLLIN, .data.u64 = LISTEN_ID };

    return epoll_ctl(all->epoll_fd, EPOLL_CTL_ADD, all->listen_fd, &event);
}

/* The mode of a socket that has no name yet becomes its file's. Descriptors that somebody sends along would be closed
 * by this process, which may take as long as he likes: where the kernel can, it refuses them. */
int listen_start(struct clients *all, const char *path, struct err *e)
{
    socklen_t len = sizeof(all->cookie);
    struct sockaddr_un sun;
    int no = 0, rc = fill_address(&sun, path, e);

    if (rc)
        return rc;
    descriptors_take_all();
    all->listen_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (all->listen_fd < 0 || fchmod(all->listen_fd, PRIVATE))
        return err_set(e, errno, "cannot make a socket: %s", g_strerror(errno));
    (void)setsockopt(all->listen_fd, SOL_SOCKET, SO_PASSRIGHTS, &no, sizeof(no));
    rc = bind_path(all->listen_fd, &sun, e);
    if (rc)
        return rc;
    all->path = g_strdup(path);
    if (lstat(path, &all->file))
        return refuse_path(&sun, "find the socket again", e);
    if (listen(all->listen_fd, BACKLOG) || hear(all))
        return refuse_path(&sun, "listen", e);
    if (getsockopt(all->listen_fd, SOL_SOCKET, SO_COOKIE, &all->cookie, &len))
        all->cookie = (uint64_t)getpid();
    return 0;
}

/* Somebody may have put his own there. */
static void remove_file(const struct clients *all)
{
    struct stat st;

    if (all->path && !lstat(all->path, &st) && st.st_dev == all->file.st_dev && st.st_ino == all->file.st_ino)
        (void)unlink(all->path);
}

void listen_stop(struct clients *all)
{
    listen_again(all);
    remove_file(all);
    if (all->listen_fd >= 0)
        close(all->listen_fd);
}

/* ---- too many -------------------------------------------------------------------------------- */

static gboolean try_again(gpointer user)
{
    listen_again(user);
    return G_SOURCE_REMOVE;
}

/* Who calls stays in the queue and would be told of for ever. */
static void be_deaf(struct clients *all)
{
    (void)epoll_ctl(all->epoll_fd, EPOLL_CTL_DEL, all->listen_fd, NULL);
    all->deaf = g_timeout_source_new(DEAF_MS);
    g_source_set_callback(all->deaf, try_again, all, NULL);
    g_source_attach(all->deaf, g_source_get_context(all->source));
}

void listen_again(struct clients *all)
{
    if (!all->deaf)
        return;
    g_source_destroy(all->deaf);
    g_clear_pointer(&all->deaf, g_source_unref);
    (void)hear(all);
}

static bool is_shortage(int code)
{
    return code == EMFILE || code == ENFILE || code == ENOBUFS || code == ENOMEM;
}

void listen_accept(struct clients *all)
{
    for (int i = 0; i < MOST_ACCEPTS; i++) {
        int fd = accept4(all->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        struct conn *c;

        if (fd < 0 && is_shortage(errno))
            be_deaf(all);
        if (fd < 0)
            return;
        c = conn_new(all, fd);
        if (c)
            conn_serve(c);      /* the hello is usually there already */
    }
}
