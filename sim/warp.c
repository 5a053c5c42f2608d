/* warp.c - see warp.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/warp.h"

#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "sim/procfs.h"
#include "sim/unixctl.h"

#define NS_PER_MS UINT64_C(1000000)
#define STEP_MS   10            /* see warp.h */
#define MOST_STOPS 20           /* tries to have the answer in the same millisecond */
#define MOST_REPLY 65536

struct daemon {
    pid_t pid;
    int fd;
    enum { RUNS, STOPPED, REFUSES } state;
    unsigned n_stops;
    unsigned n_awaited;         /* answers */
    uint64_t stopped_ns;        /* the machine's clock when it was told to stop */
    uint64_t virtual_ns;        /* virtual time then */
    uint64_t warped_ms;         /* since */
    GString *input;             /* of answers that are not all there yet */
};

struct warp {
    const struct clock *clock;
    const struct quiet *quiet;
    GPtrArray *daemons;
};

static uint64_t machine_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 * NS_PER_MS + (uint64_t)t.tv_nsec;
}

/* ---- finding the control socket -------------------------------------------------------------- */

/* Control sockets of the process's network namespace: paths by inode. */
static GHashTable *control_sockets(pid_t pid)
{
    GHashTable *found = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    g_autofree char *name = g_strdup_printf("/proc/%d/net/unix", pid);
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;
    struct procfs_unix s;

    if (!g_file_get_contents(name, &text, NULL, NULL))
        return found;
    lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        if (procfs_parse_unix(*line, &s) && s.is_listening && g_str_has_suffix(s.path, ".ctl"))
            g_hash_table_insert(found, g_memdup2(&s.inode, sizeof(s.inode)), g_strdup(s.path));
    }
    return found;
}

/* The path of the one that is among the process's descriptors, NULL: none is. */
static char *find_control(pid_t pid)
{
    GHashTable *sockets = control_sockets(pid);
    g_autofree char *folder = g_strdup_printf("/proc/%d/fd", pid);
    GDir *dir = g_hash_table_size(sockets) ? g_dir_open(folder, 0, NULL) : NULL;
    const char *fd, *path = NULL;
    char *copy;

    while (dir && !path && (fd = g_dir_read_name(dir))) {
        g_autofree char *link = g_build_filename(folder, fd, NULL);
        g_autofree char *target = g_file_read_link(link, NULL);
        uint64_t inode = target && g_str_has_prefix(target, "socket:[") ? strtoull(target + 8, NULL, 10) : 0;

        path = inode ? g_hash_table_lookup(sockets, &inode) : NULL;
    }
    if (dir)
        g_dir_close(dir);
    copy = path && *path != '/' ? g_strdup_printf("/proc/%d/cwd/%s", pid, path) : g_strdup(path);
    g_hash_table_destroy(sockets);
    return copy;
}

/* A descriptor, or -errno. */
static int connect_to(const char *path)
{
    struct sockaddr_un sun = { .sun_family = AF_UNIX };
    int fd, rc;

    if (g_strlcpy(sun.sun_path, path, sizeof(sun.sun_path)) >= sizeof(sun.sun_path))
        return -ENAMETOOLONG;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    rc = connect(fd, (struct sockaddr *)&sun, sizeof(sun)) ? -errno : fd;
    if (rc < 0)
        close(fd);
    return rc;
}

/* ---- daemons --------------------------------------------------------------------------------- */

static void daemon_free(gpointer daemon)
{
    struct daemon *d = daemon;

    close(d->fd);
    g_string_free(d->input, TRUE);
    g_free(d);
}

static struct daemon *find(const struct warp *w, pid_t pid)
{
    for (guint i = 0; i < w->daemons->len; i++) {
        struct daemon *d = g_ptr_array_index(w->daemons, i);

        if (d->pid == pid)
            return d;
    }
    return NULL;
}

static void complain(pid_t pid, const char *why)
{
    struct procfs_stat stat = { .name = "?" };

    (void)procfs_stat(pid, &stat);
    fprintf(stderr, "dpsim: %s (pid %d) keeps the machine's time: %s\n", stat.name, pid, why);
}

void warp_meet(struct warp *w, pid_t pid)
{
    g_autofree char *path = find(w, pid) ? NULL : find_control(pid);
    struct daemon *d;
    int fd;

    if (!path)
        return;
    fd = connect_to(path);
    if (fd < 0) {
        g_autofree char *why = g_strdup_printf("%s: %s", path, g_strerror(-fd));

        complain(pid, why);
        return;
    }
    d = g_new0(struct daemon, 1);
    *d = (struct daemon){ .pid = pid, .fd = fd, .input = g_string_new(NULL) };
    g_ptr_array_add(w->daemons, d);
}

/* A daemon that has gone is noticed when it is listened to. */
static void tell(struct daemon *d, const char *method, const char *argument)
{
    g_autofree char *text = unixctl_request(method, argument);

    d->n_awaited++;
    (void)send(d->fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* ---- commands -------------------------------------------------------------------------------- */

static bool wants_stop(const struct warp *w)
{
    for (guint i = 0; i < w->daemons->len; i++) {
        if (((const struct daemon *)g_ptr_array_index(w->daemons, i))->state == RUNS)
            return true;
    }
    return false;
}

static void await_millisecond(void)
{
    uint64_t at = (machine_ns() / NS_PER_MS + 1) * NS_PER_MS;
    struct timespec until = { (time_t)(at / (1000 * NS_PER_MS)), (long)(at % (1000 * NS_PER_MS)) };

    (void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

bool warp_stop(struct warp *w)
{
    if (!wants_stop(w))
        return false;
    await_millisecond();
    for (guint i = 0; i < w->daemons->len; i++) {
        struct daemon *d = g_ptr_array_index(w->daemons, i);

        if (d->state != RUNS)
            continue;
        d->state = STOPPED;
        d->n_stops++;
        d->stopped_ns = machine_ns() / NS_PER_MS * NS_PER_MS;
        d->virtual_ns = w->clock->now_ns;
        tell(d, "time/stop", NULL);
    }
    return true;
}

static bool move(struct daemon *d, uint64_t now_ns, uint64_t step_ms)
{
    uint64_t due_ms = (now_ns - d->virtual_ns) / NS_PER_MS;
    char text[24];

    if (d->state != STOPPED || due_ms < d->warped_ms + step_ms)
        return false;
    g_snprintf(text, sizeof(text), "%" G_GUINT64_FORMAT, due_ms - d->warped_ms);
    d->warped_ms = due_ms;
    tell(d, "time/warp", text);
    return true;
}

bool warp_move(struct warp *w)
{
    bool is_end = w->clock->now_ns == w->clock->limit_ns, has_moved = false;

    for (guint i = 0; i < w->daemons->len; i++)
        has_moved |= move(g_ptr_array_index(w->daemons, i), w->clock->now_ns, is_end ? 1 : STEP_MS);
    return has_moved;
}

/* ---- answers --------------------------------------------------------------------------------- */

static void refused(struct daemon *d, char *text)
{
    bool is_unknown = strstr(text, "not a valid command");

    complain(d->pid, is_unknown ? "it was not started with --enable-dummy" : g_strchomp(text));
    d->state = REFUSES;
}

static void answered(struct daemon *d, struct unixctl_reply *reply)
{
    bool is_late = machine_ns() / NS_PER_MS != d->stopped_ns / NS_PER_MS;

    d->n_awaited -= d->n_awaited > 0;
    if (reply->is_error && d->state != REFUSES)
        refused(d, reply->text);
    else if (!d->warped_ms && is_late && d->n_stops < MOST_STOPS)
        d->state = RUNS;
}

/* False: it has ended, or hung up. '*is_new' becomes true if it has said something. */
static bool daemon_listen(struct daemon *d, bool *is_new)
{
    struct unixctl_reply reply;
    char bytes[512];
    ssize_t n = recv(d->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
    long len;

    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    if (!n)
        return false;
    *is_new = true;
    g_string_append_len(d->input, bytes, n);
    while ((len = unixctl_parse(d->input->str, d->input->len, &reply)) > 0) {
        answered(d, &reply);
        g_string_erase(d->input, 0, len);
    }
    return !len && d->input->len < MOST_REPLY;
}

bool warp_listen(struct warp *w)
{
    bool is_new = false;

    for (guint i = 0; i < w->daemons->len;) {
        if (daemon_listen(g_ptr_array_index(w->daemons, i), &is_new)) {
            i++;
        } else {
            g_ptr_array_remove_index(w->daemons, i);
            is_new = true;
        }
    }
    return is_new;
}

static bool is_awaited(const struct warp *w, const struct daemon *d)
{
    return d->n_awaited && !quiet_is_stopped(w->quiet, d->pid);
}

bool warp_is_awaited(const struct warp *w)
{
    for (guint i = 0; i < w->daemons->len; i++) {
        if (is_awaited(w, g_ptr_array_index(w->daemons, i)))
            return true;
    }
    return false;
}

void warp_give_up(struct warp *w)
{
    for (guint i = w->daemons->len; i-- > 0;) {
        const struct daemon *d = g_ptr_array_index(w->daemons, i);

        if (!is_awaited(w, d))
            continue;
        complain(d->pid, "it does not answer at its control socket");
        g_ptr_array_remove_index(w->daemons, i);
    }
}

uint64_t warp_clock_of(const struct warp *w, pid_t pid)
{
    const struct daemon *d = find(w, pid);

    if (!d || d->state != STOPPED)
        return machine_ns();
    return d->stopped_ns + d->warped_ms * NS_PER_MS;
}

/* ---- life ------------------------------------------------------------------------------------ */

struct warp *warp_new(const struct clock *clock, const struct quiet *quiet)
{
    struct warp *w = g_new0(struct warp, 1);

    *w = (struct warp){ clock, quiet, g_ptr_array_new_with_free_func(daemon_free) };
    return w;
}

void warp_free(struct warp *w)
{
    if (!w)
        return;
    g_ptr_array_free(w->daemons, TRUE);
    g_free(w);
}
