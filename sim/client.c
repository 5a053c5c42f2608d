/* client.c - see client.h: listening, welcoming, and the events of all connections.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <glib-unix.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mark.h"
#include "sim/client_int.h"
#include "sim/recorder.h"
#include "sim/vtime.h"

#define BUF_SIZE   (1024 * 1024)
#define PAGE_SIZE  (PROTO_SLOTS * sizeof(int32_t))
#define BACKLOG    1024
#define N_EVENTS   64
#define MOST_GUESSES 16
#define LISTEN_ID  0        /* no connection has this id */

/* ---- hello and welcome ----------------------------------------------------------------------- */

void conn_welcome(const struct conn *c, const struct proto_welcome *w, int fd)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec iov = { (void *)(uintptr_t)w, sizeof(*w) };
    struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
    struct cmsghdr *head;

    memset(&control, 0, sizeof(control));
    if (fd >= 0) {
        msg.msg_control = &control;
        msg.msg_controllen = sizeof(control);
        head = CMSG_FIRSTHDR(&msg);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(head), &fd, sizeof(int));
    }
    (void)sendmsg(c->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Makes of a connection what its hello asks for. */
static int settle(struct conn *c, const struct proto_hello *h, struct proto_welcome *w)
{
    struct sim *sim = c->all->sim;
    struct sim_ns *ns;

    if (h->kind == PROTO_HOLD && h->ns == PROTO_NS_NEW) {
        ns = sim_ns_new(sim);
        recorder_event(sim, "netns-add ns=%u", ns->id);
    } else {
        ns = sim_ns_by_id(sim, h->ns);
    }
    if (!ns)
        return -ENONET;
    w->ns = ns->id;
    c->pid = h->pid;
    switch (h->kind) {
    case PROTO_CTL:
        c->kind = CONN_CTL;
        return 0;
    case PROTO_HOLD:
        conn_hold(c, ns);
        return 0;
    case PROTO_DATA:
        w->sock = c->id;
        return conn_open_sock(c, ns, h->type, h->protocol);
    case PROTO_TIME:
        return -EOPNOTSUPP;     /* these clients live on the machine's clock */
    default:
        return -EINVAL;
    }
}

static void welcome(struct conn *c, const void *bytes, size_t len)
{
    const struct sim_options *o = &c->all->sim->options;
    struct proto_welcome w = { .sim = c->all->cookie, .n_cpus = o->shows_cpus ? o->n_cpus : 0,
                               .flags = c->all->vtime ? PROTO_VIRTUAL : 0 };
    struct proto_hello h;

    if (len != sizeof(h)) {
        conn_free(c);
        return;
    }
    memcpy(&h, bytes, sizeof(h));
    if (h.magic == PROTO_MAGIC && h.kind == PROTO_TIME && c->all->vtime) {
        vtime_hello(c, &h);
        return;
    }
    w.status = h.magic == PROTO_MAGIC ? settle(c, &h, &w) : -EPROTO;
    conn_welcome(c, &w, h.flags & PROTO_WANT_PAGE ? c->all->page_fd : -1);
    if (w.status)
        conn_free(c);
}

/* ---- events ---------------------------------------------------------------------------------- */

/* Returns false if there was nothing to read. */
static bool conn_readable(struct conn *c)
{
    ssize_t n;

    mark_undefined(c->all->buf, BUF_SIZE);
    n = recv(c->fd, c->all->buf, BUF_SIZE, MSG_DONTWAIT | MSG_TRUNC);
    if (n >= 0 && n < BUF_SIZE)         /* what is behind is of an earlier message */
        mark_inaccessible(c->all->buf + n, (size_t)(BUF_SIZE - n));
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    c->all->last_id = c->id;
    if (n <= 0 || n > BUF_SIZE)
        conn_free(c);
    else if (c->kind == CONN_NEW)
        welcome(c, c->all->buf, (size_t)n);
    else if (c->kind != CONN_TIME)      /* there it is enough to have been woken */
        request_handle(c, c->all->buf, (size_t)n);
    return true;
}

static void accept_all(struct clients *all)
{
    int fd;

    while ((fd = accept4(all->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
        struct conn *c = conn_new(all, fd);

        if (c)
            (void)conn_readable(c);     /* the hello is usually there already */
    }
}

/* How many there were. */
static int handle_events(struct clients *all)
{
    struct epoll_event events[N_EVENTS];
    int n = epoll_wait(all->epoll_fd, events, N_EVENTS, 0);
    bool is_called = false;

    for (int i = 0; i < n; i++) {
        /* Looked up again: an earlier event may have ended it. */
        struct conn *c = conn_find(all, events[i].data.u64);

        if (c)
            (void)conn_readable(c);
        is_called |= events[i].data.u64 == LISTEN_ID;
    }
    if (is_called)              /* behind the ends of whoever was there before */
        accept_all(all);
    return n;
}

/* The one who spoke last is tried first, but not for ever: the others are waiting. */
static bool guess(struct clients *all)
{
    struct conn *c = conn_find(all, all->last_id);
    int tries = all->last_is_elsewhere ? PROTO_SPINS : 1;

    if (c && all->n_guessed++ < MOST_GUESSES) {
        while (tries--) {
            if (conn_readable(c))
                return true;
        }
    }
    all->n_guessed = 0;
    return false;
}

/* What has come. False: nothing has. */
static bool serve(struct clients *all)
{
    bool is_served = guess(all) || handle_events(all) > 0;

    all->n_served += is_served;
    return is_served;
}

static gboolean on_event(gint fd, GIOCondition condition, gpointer user)
{
    (void)fd;
    (void)condition;
    (void)serve(user);
    return G_SOURCE_CONTINUE;
}

/* ---- the work between two looks at the clients ----------------------------------------------- */

/* Reading gives room back late only while there is plenty of it: see client_push.c. */
#define NOTE_SHARE 16

void clients_begin(struct clients *all)
{
    if (all->depth++)
        return;
    all->clock_ns = 0;
    for (GList *l = all->unread.head, *next; l; l = next) {
        struct conn *c = l->data;

        next = l->next;
        if (c->sock->congested || c->sock->rx_charge > c->sock->rcvbuf / NOTE_SHARE
            || !push_is_light(c)) {
            push_note_read(c, 0);
            if (!c->pushed.head && c->sock->rx.head)    /* nothing unread makes the client ask for the rest */
                c->sock->readable(c->sock);
        }
    }
}

void clients_end(struct clients *all)
{
    if (--all->depth)
        return;
    for (guint i = 0; i < all->dirty->len; i++) {
        struct conn *c = g_ptr_array_index(all->dirty, i);

        c->is_dirty = false;
        push_queued(c);
    }
    g_ptr_array_set_size(all->dirty, 0);
}

/* ---- the loop of a simulation whose clients live between its events ---------------------------- */

static gboolean wake_up(gpointer unused)
{
    (void)unused;
    return G_SOURCE_CONTINUE;
}

bool clients_serve(struct clients *all, int timeout_ms)
{
    GMainContext *context = g_source_get_context(all->source);
    uint64_t n_before = all->n_served;

    if (timeout_ms > 0) {
        int64_t now = g_get_monotonic_time();

        g_source_set_ready_time(all->alarm, now + timeout_ms * INT64_C(1000));
    }
    (void)g_main_context_iteration(context, timeout_ms != 0);
    g_source_set_ready_time(all->alarm, -1);
    return all->n_served > n_before;
}

/* ---- life ------------------------------------------------------------------------------------ */

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

/* Is the path taken by somebody who no longer lives? Then removes it. */
static int clear_stale(const struct sockaddr_un *sun, struct err *e)
{
    struct stat st;
    int rc, fd;

    if (lstat(sun->sun_path, &st) || !S_ISSOCK(st.st_mode))
        return err_set(e, EEXIST, "%s exists and is not a socket", sun->sun_path);
    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    rc = connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) ? -errno : 0;
    close(fd);
    if (rc != -ECONNREFUSED)
        return err_set(e, EADDRINUSE, "%s: somebody is already serving there", sun->sun_path);
    if (unlink(sun->sun_path))
        return err_set(e, errno, "%s: cannot replace the stale socket: %s", sun->sun_path,
                       g_strerror(errno));
    return 0;
}

static int bind_path(int fd, const struct sockaddr_un *sun, struct err *e)
{
    int rc;

    if (!bind(fd, (const struct sockaddr *)sun, sizeof(*sun)))
        return 0;
    if (errno != EADDRINUSE)
        return err_set(e, errno, "%s: cannot make the socket: %s", sun->sun_path,
                       g_strerror(errno));
    rc = clear_stale(sun, e);
    if (rc)
        return rc;
    if (bind(fd, (const struct sockaddr *)sun, sizeof(*sun)))
        return err_set(e, errno, "%s: cannot make the socket: %s", sun->sun_path,
                       g_strerror(errno));
    return 0;
}

static int start_listening(struct clients *all, const char *path, struct err *e)
{
    struct epoll_event event = { .events = EPOLLIN, .data.u64 = LISTEN_ID };
    socklen_t len = sizeof(all->cookie);
    struct sockaddr_un sun;
    int rc = fill_address(&sun, path, e);

    if (rc)
        return rc;
    all->listen_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (all->listen_fd < 0)
        return err_set(e, errno, "cannot make a socket: %s", g_strerror(errno));
    rc = bind_path(all->listen_fd, &sun, e);
    if (rc)
        return rc;
    all->path = g_strdup(path);
    if (listen(all->listen_fd, BACKLOG)
        || epoll_ctl(all->epoll_fd, EPOLL_CTL_ADD, all->listen_fd, &event))
        return err_set(e, errno, "%s: cannot listen: %s", path, g_strerror(errno));
    if (getsockopt(all->listen_fd, SOL_SOCKET, SO_COOKIE, &all->cookie, &len))
        all->cookie = (uint64_t)getpid();
    return 0;
}

static int make_page(struct clients *all, struct err *e)
{
    void *at;

    all->page_fd = memfd_create("dpsim-errors", MFD_CLOEXEC);
    if (all->page_fd < 0 || ftruncate(all->page_fd, PAGE_SIZE))
        return err_set(e, errno, "cannot make the page of errors: %s", g_strerror(errno));
    at = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, all->page_fd, 0);
    if (at == MAP_FAILED)
        return err_set(e, errno, "cannot map the page of errors: %s", g_strerror(errno));
    all->page = at;
    return 0;
}

bool clients_serve_alone(struct clients *all, int timeout_ms)
{
    struct pollfd p = { .fd = all->epoll_fd, .events = POLLIN };

    return (!timeout_ms || poll(&p, 1, timeout_ms) > 0) && serve(all);
}

static void serve_from(struct clients *all, GMainContext *context)
{
    all->source = g_unix_fd_source_new(all->epoll_fd, G_IO_IN);
    g_source_set_callback(all->source, G_SOURCE_FUNC(on_event), all, NULL);
    /* Nothing here runs the loop again; GLib, not told so, would take the descriptor out of its
     * poll for each event and wake itself up twice. */
    g_source_set_can_recurse(all->source, TRUE);
    g_source_attach(all->source, context);
    all->alarm = g_timeout_source_new(G_MAXUINT);
    g_source_set_callback(all->alarm, wake_up, NULL, NULL);
    g_source_set_ready_time(all->alarm, -1);
    g_source_attach(all->alarm, context);
}

static void drop_source(GSource *source)
{
    if (!source)
        return;
    g_source_destroy(source);
    g_source_unref(source);
}

/* By its sockets; one that has none as yet is where programs start. */
static struct sim_ns *ns_of_pid(struct sim *sim, uint32_t pid)
{
    const struct clients *all = sim->clients;
    struct sim_ns *found = NULL;

    for (guint i = 0; i < all->slots->len; i++) {
        const struct conn *c = g_ptr_array_index(all->slots, i);

        if (c && c->pid == pid && c->ns)
            return c->ns;
        if (c && c->pid == pid)
            found = sim_root_ns(all->sim);
    }
    return found;
}

/* The clock that who asks compares OVS_FLOW_ATTR_USED with: another process's on this machine, unless it is
 * known better. It stands still within a request, so that a recording of that needs one line to be repeated. */
static uint64_t client_clock(void *ctx)
{
    struct sim *sim = ctx;
    struct clients *all = sim->clients;
    const struct conn *c = conn_find(all, all->last_id);

    if (!all->depth || !all->clock_ns) {
        all->clock_ns = c && all->clock_of ? all->clock_of(all->clock_ctx, c->peer)
                                           : (uint64_t)g_get_monotonic_time() * 1000;
        recorder_event(sim, "clock ns=%" G_GUINT64_FORMAT, all->clock_ns);
    }
    return all->clock_ns;
}

struct clients *clients_new(struct sim *sim, GMainContext *context, const char *path,
                            struct err *e)
{
    struct clients *all = g_new0(struct clients, 1);

    all->sim = sim;
    sim->env.client_now = client_clock;
    sim->ns_of_pid = ns_of_pid;
    sim->clients = all;
    record_begin(sim);
    all->listen_fd = all->page_fd = -1;
    all->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    all->slots = g_ptr_array_new();
    all->free_slots = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    all->dirty = g_ptr_array_new();
    all->waiters = g_ptr_array_new();
    all->buf = g_malloc(BUF_SIZE);
    if (make_page(all, e) || start_listening(all, path, e)) {
        clients_free(all);
        return NULL;
    }
    serve_from(all, context);
    return all;
}

static void close_fd(int fd)
{
    if (fd >= 0)
        close(fd);
}

void clients_free(struct clients *all)
{
    if (!all)
        return;
    all->sim->ns_of_pid = NULL;
    all->sim->env.client_now = all->sim->env.now;
    drop_source(all->source);
    drop_source(all->alarm);
    for (guint i = 0; i < all->slots->len; i++)
        conn_free(g_ptr_array_index(all->slots, i));
    if (all->path)
        (void)unlink(all->path);
    if (all->page)
        munmap((void *)all->page, PAGE_SIZE);
    close_fd(all->listen_fd);
    close_fd(all->epoll_fd);
    close_fd(all->page_fd);
    g_ptr_array_free(all->slots, TRUE);
    g_array_free(all->free_slots, TRUE);
    g_ptr_array_free(all->dirty, TRUE);
    g_ptr_array_free(all->waiters, TRUE);
    jobs_free(all);
    g_free(all->buf);
    g_free(all->path);
    g_free(all);
}
