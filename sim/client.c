/* client.c - see client.h: listening, welcoming, and the events of all connections.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mark.h"
#include "sim/client_int.h"
#include "sim/recorder.h"
#include "sim/vtime.h"

#define BUF_SIZE   (1024 * 1024)
#define N_EVENTS   256
#define MOST_GUESSES 16
#define MOST_LOOKS   16

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
    struct sim_ns *ns = sim_ns_by_id(c->all->sim, h->ns);

    if (h->kind == PROTO_HOLD && h->ns == PROTO_NS_NEW && !(ns = conn_new_ns(c)))
        return -limit_rows[LIMIT_NAMESPACES].error;
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
    if (h.magic == PROTO_MAGIC && h.kind == PROTO_TIME && c->all->vtime && !c->refusal) {
        vtime_hello(c, &h);
        return;
    }
    w.status = c->refusal ? c->refusal : h.magic == PROTO_MAGIC ? settle(c, &h, &w) : -EPROTO;
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

bool conn_serve(struct conn *c)
{
    struct peer *p = peer_get(c->all, c->owner->pid);
    int64_t since = g_get_monotonic_time();
    bool is_served = conn_readable(c);

    peer_note_time(p, g_get_monotonic_time() - since);
    peer_put(p);
    return is_served;
}

/* One that has no answer yet may only read it or go. */
static void on_unanswered(struct conn *c, uint32_t events)
{
    if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        conn_free(c);
    else if (events & EPOLLOUT)
        answers_go_on(c);
}

static bool has_hung_up(uint32_t events)
{
    return events & (EPOLLRDHUP | EPOLLHUP);
}

/* Is it somebody whose doings others wait for? */
static bool is_awaited(struct conn *c, uint32_t events)
{
    return has_hung_up(events) || conn_is_inside(c);
}

/* An end waits for no turn: whoever comes next finds nothing of those who have gone. */
static void serve_event(struct conn *c, uint32_t events)
{
    bool is_unanswered = conn_has_no_answer(c);

    if (!is_unanswered && !has_hung_up(events) && !peer_may_go_on(c->owner))
        return;
    c->all->n_awaited += is_awaited(c, events);
    if (is_unanswered)
        on_unanswered(c, events);
    else
        (void)conn_serve(c);
}

/* How many there were. */
static int handle_events(struct clients *all)
{
    struct epoll_event events[N_EVENTS];
    int n = epoll_wait(all->epoll_fd, events, N_EVENTS, 0);
    bool is_called = false;

    all->turn++;
    for (int i = 0; i < n; i++) {
        /* Looked up again: an earlier event may have ended it. */
        struct conn *c = conn_find(all, events[i].data.u64);

        if (c)
            serve_event(c, events[i].events);
        is_called |= events[i].data.u64 == LISTEN_ID;
    }
    if (all->waiters->len)      /* perhaps for an end, which is no request */
        (void)clients_retry(all);
    if (is_called)              /* behind the ends of whoever was there before */
        listen_accept(all);
    return n;
}

/* Somebody's end is no request, and may be waited for. */
static bool serve_one(struct clients *all, struct conn *c)
{
    uint64_t id = c->id;
    bool is_served = conn_serve(c);

    if (is_served && all->waiters->len && !conn_find(all, id))
        (void)clients_retry(all);
    return is_served;
}

/* The one who spoke last is tried first, but not for ever: the others are waiting. */
static bool guess(struct clients *all)
{
    struct conn *c = conn_find(all, all->last_id);
    int tries = all->last_is_elsewhere ? PROTO_SPINS : 1;

    if (c && !conn_has_no_answer(c) && all->n_guessed++ < MOST_GUESSES && peer_may_go_on(c->owner)) {
        while (tries--) {
            if (serve_one(all, c))
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

/* What the window of a client had no room for goes on when the client asks for it; a few are looked after in each
 * request, should one not have asked. */
static void look_after(struct clients *all)
{
    for (guint n = MIN(all->kept_back.length, MOST_LOOKS); n--;) {
        GList *link = g_queue_pop_head_link(&all->kept_back);
        struct conn *c = link->data;

        g_queue_push_tail_link(&all->kept_back, link);
        push_note_read(c, 0);
        if (!c->pushed.head && c->sock->rx.head)    /* nothing unread makes the client ask for the rest */
            c->sock->readable(c->sock);
    }
}

void clients_begin(struct clients *all)
{
    if (all->depth++)
        return;
    all->clock_ns = 0;
    look_after(all);
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

static int make_page(struct clients *all, struct err *e)
{
    void *at;

    all->page_fd = memfd_create("dpsim-errors", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (all->page_fd < 0 || ftruncate(all->page_fd, PROTO_PAGE_SIZE))
        return err_set(e, errno, "cannot make the page of errors: %s", g_strerror(errno));
    at = mmap(NULL, PROTO_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, all->page_fd, 0);
    if (at == MAP_FAILED)
        return err_set(e, errno, "cannot map the page of errors: %s", g_strerror(errno));
    all->page = at;
    all->page[PROTO_ASKS] = all->sim->faults != NULL;
    /* From here on only this mapping can write, and nobody can make it shorter. */
    if (fcntl(all->page_fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL))
        return err_set(e, errno, "cannot seal the page of errors: %s", g_strerror(errno));
    return 0;
}

void clients_watch_waits(struct clients *all)
{
    atomic_store(&all->page[PROTO_ASKS], 1);
}

bool clients_serve_alone(struct clients *all, int timeout_ms)
{
    struct pollfd p = { .fd = all->epoll_fd, .events = POLLIN };

    return (!timeout_ms || poll(&p, 1, timeout_ms) > 0) && serve(all);
}

bool clients_serve_awaited(struct clients *all)
{
    uint64_t n_before = all->n_awaited;

    (void)handle_events(all);
    return all->n_awaited > n_before;
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
    all->peers = g_hash_table_new(NULL, NULL);
    all->left = g_string_new(NULL);
    all->waiters = g_ptr_array_new();
    all->buf = g_malloc(BUF_SIZE);
    if (make_page(all, e) || listen_start(all, path, e)) {
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
    all->sim->clients = NULL;
    all->sim->env.client_now = all->sim->env.now;
    drop_source(all->source);
    drop_source(all->alarm);
    for (guint i = 0; i < all->slots->len; i++)
        conn_free(g_ptr_array_index(all->slots, i));
    listen_stop(all);
    if (all->page)
        munmap((void *)all->page, PROTO_PAGE_SIZE);
    close_fd(all->epoll_fd);
    close_fd(all->page_fd);
    g_ptr_array_free(all->slots, TRUE);
    g_array_free(all->free_slots, TRUE);
    g_ptr_array_free(all->dirty, TRUE);
    g_ptr_array_free(all->waiters, TRUE);
    jobs_free(all);
    g_hash_table_unref(all->peers);
    g_string_free(all->left, TRUE);
    g_free(all->buf);
    g_free(all->path);
    g_free(all);
}
