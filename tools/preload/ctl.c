/* ctl.c - connections to the simulator, and requests on the one each thread has.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tools/preload/preload.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/un.h>
#include <unistd.h>

#define SEND_ROOM (1024 * 1024)         /* a request and its datagram; the system may allow less */

/* 'busy' is set between request and reply: a signal handler that comes in between must not
 * read the reply, so it makes a connection of its own. */
static __thread struct {
    int fd;             /* 0: none */
    bool busy;
    uint16_t peer_cpu;  /* where the last reply came from, as proto_reply.cpu */
} mine;

static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static _Atomic(const _Atomic int32_t *) page;
static _Atomic int n_cpus = -1;         /* -1: not told yet */

/* From here to leave() calls are made natively: the simulator answers while this thread keeps the token. */
static int enter(void)
{
    return time_outside ? time_outside(1) : 0;
}

static void leave(int before)
{
    if (time_outside)
        (void)time_outside(before);
}

static void thread_ends(void *arg)
{
    int fd = mine.fd;

    (void)arg;
    if (fd && fd_state(fd) == FD_CTL) {
        fd_set_state(fd, FD_UNKNOWN);
        real.close(fd);
    }
    mine.fd = 0;
}

static void make_key(void)
{
    (void)pthread_key_create(&key, thread_ends);
}

static void map_page(int fd)
{
    void *at = mmap(NULL, PROTO_PAGE_SIZE, PROT_READ, MAP_SHARED, fd, 0);

    if (at != MAP_FAILED)
        page = at;      /* two threads at once: one mapping too many, of the same page */
}

/* Reads the welcome, and the page's descriptor that may come along. */
static int read_welcome(int fd, struct proto_welcome *welcome)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec iov = { welcome, sizeof(*welcome) };
    struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
                          .msg_control = &control, .msg_controllen = sizeof(control) };
    struct cmsghdr *c;
    ssize_t n;

    do
        n = real.recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n != (ssize_t)sizeof(*welcome))
        return n < 0 ? -errno : -ECONNREFUSED;
    n_cpus = (int)welcome->n_cpus;
    c = CMSG_FIRSTHDR(&msg);
    if (c && c->cmsg_type == SCM_RIGHTS) {
        int page_fd;

        memcpy(&page_fd, CMSG_DATA(c), sizeof(page_fd));
        map_page(page_fd);
        real.close(page_fd);
    }
    return welcome->status;
}

static char *put_text(char *at, const char *text)
{
    size_t len = strlen(text);

    memcpy(at, text, len + 1);
    return at + len;
}

static char *put_hex(char *at, uint64_t value)
{
    int shift = 60;

    while (shift && !(value >> shift))
        shift -= 4;
    for (; shift >= 0; shift -= 4)
        *at++ = "0123456789abcdef"[(value >> shift) & 15];
    *at = '\0';
    return at;
}

/* Gives our end the name that tells another process what it is. Nothing depends on it in this
 * process, so a failure is left alone. */
static void name_end(int fd, const struct proto_hello *hello, const struct proto_welcome *welcome)
{
    struct sockaddr_un sun = { .sun_family = AF_UNIX };
    char *at = put_text(sun.sun_path + 1, PROTO_NAME_PREFIX);

    at = put_hex(at, welcome->sim);
    if (hello->kind == PROTO_HOLD) {
        at = put_hex(put_text(at, PROTO_NAME_HOLD), welcome->ns);
        /* Several processes may hold one namespace, and names are unique. */
        at = put_hex(put_text(at, "/"), hello->pid);
    } else {
        at = put_hex(put_text(at, PROTO_NAME_SOCK), welcome->sock);
        at = put_hex(put_text(at, "/"), (uint32_t)hello->type);
        at = put_hex(put_text(at, "/"), (uint32_t)hello->protocol);
    }
    (void)real.bind(fd, (struct sockaddr *)&sun, (socklen_t)(at - (char *)&sun));
}

static int say_hello(int fd, struct proto_hello *hello, struct proto_welcome *welcome)
{
    struct sockaddr_un sun = { .sun_family = AF_UNIX };
    int rc, room = SEND_ROOM;

    memcpy(sun.sun_path, preload_socket(), strlen(preload_socket()) + 1);
    do
        rc = real.connect(fd, (struct sockaddr *)&sun, sizeof(sun));
    while (rc < 0 && errno == EINTR);
    if (rc < 0)
        return -errno;
    if (hello->kind == PROTO_CTL)
        (void)real.setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
    hello->magic = PROTO_MAGIC;
    if (!page)
        hello->flags |= PROTO_WANT_PAGE;
    /* One that is turned away may have its answer already. */
    if (real.send(fd, hello, sizeof(*hello), MSG_NOSIGNAL) < 0 && errno != EPIPE)
        return -errno;
    rc = read_welcome(fd, welcome);
    if (!rc && hello->kind != PROTO_CTL)
        name_end(fd, hello, welcome);
    return rc;
}

int ctl_connect(struct proto_hello *hello, struct proto_welcome *welcome, bool cloexec)
{
    int rc, before, fd = real.socket(AF_UNIX, SOCK_SEQPACKET | (cloexec ? SOCK_CLOEXEC : 0), 0);

    if (fd < 0)
        return -errno;
    fd_set_state(fd, FD_FOREIGN);
    hello->pid = (uint32_t)getpid();        /* as the program sees it */
    before = enter();
    rc = say_hello(fd, hello, welcome);
    leave(before);
    if (!rc)
        return fd;
    real.close(fd);
    if (rc == -ENOENT || rc == -ECONNRESET || rc == -EPIPE)
        rc = -ECONNREFUSED;
    if (rc == -ECONNREFUSED || rc == -EACCES)
        preload_complain("no simulator answers at", -rc);
    return rc;
}

/* A connection for requests, with a high number. */
static int open_ctl(void)
{
    struct proto_hello hello = { .kind = PROTO_CTL, .ns = netns_id() };
    struct proto_welcome welcome;
    int fd = ctl_connect(&hello, &welcome, true);

    if (fd < 0)
        return fd;
    fd = fd_raise(fd, true);
    fd_set_state(fd, FD_CTL);
    return fd;
}

static void drop_ctl(int fd)
{
    if (fd_state(fd) == FD_CTL) {
        fd_set_state(fd, FD_UNKNOWN);
        real.close(fd);
    }
}

static bool has_own_ctl(void)
{
    return mine.fd && fd_state(mine.fd) == FD_CTL;
}

/* This thread's connection; the table forgets it when the program has closed it or forked. */
static int own_ctl(void)
{
    int fd;

    if (has_own_ctl())
        return mine.fd;
    fd = open_ctl();
    if (fd < 0)
        return fd;
    mine.fd = fd;
    (void)pthread_once(&key_once, make_key);
    (void)pthread_setspecific(key, &mine);
    return fd;
}

static int send_request(int fd, struct ctl_call *call)
{
    struct iovec iov[UIO_MAXIOV];
    struct msghdr msg = { .msg_iov = iov, .msg_iovlen = call->n_in + 1 };
    ssize_t n;

    if (call->n_in >= UIO_MAXIOV)
        return -EMSGSIZE;
    iov[0] = (struct iovec){ &call->req, sizeof(call->req) };
    if (call->n_in)
        memcpy(&iov[1], call->in, call->n_in * sizeof(*iov));
    do
        n = real.sendmsg(fd, &msg, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : 0;
}

/* Without sleeping at first, if the simulator runs on another CPU: see PROTO_SPINS. */
static ssize_t wait_reply(int fd, struct msghdr *msg, const struct ctl_call *call)
{
    bool is_elsewhere = mine.peer_cpu && call->req.cpu && mine.peer_cpu != call->req.cpu;
    int spins = is_elsewhere && !time_outside ? PROTO_SPINS : 0;
    ssize_t n;

    while (spins--) {
        n = real.recvmsg(fd, msg, MSG_DONTWAIT);
        if (n >= 0 || (errno != EAGAIN && errno != EINTR))
            return n;
    }
    do
        n = real.recvmsg(fd, msg, 0);
    while (n < 0 && errno == EINTR);
    return n;
}

/* A long payload comes in pieces; what is too long for the caller's room is lost. */
static int read_reply(int fd, struct ctl_call *call)
{
    call->out_len = 0;
    do {
        size_t left = call->out_size - call->out_len;
        struct iovec iov[] = { { &call->rep, sizeof(call->rep) },
                               { (char *)call->out + call->out_len, left } };
        struct msghdr msg = { .msg_iov = iov, .msg_iovlen = left ? 2 : 1 };
        ssize_t n = wait_reply(fd, &msg, call);

        if (n < (ssize_t)sizeof(call->rep))
            return n < 0 ? -errno : -ECONNRESET;
        mine.peer_cpu = call->rep.cpu;
        call->out_len += (size_t)n - sizeof(call->rep);
    } while (call->rep.flags & PROTO_CUT);
    return 0;
}

/* Has the connection, not the request, gone wrong? */
static bool is_lost(int rc)
{
    return rc == -EBADF || rc == -ENOTSOCK || rc == -EPIPE || rc == -ECONNRESET
           || rc == -ENOTCONN || rc == -ECONNREFUSED;
}

static int try_call(int fd, struct ctl_call *call)
{
    int before = enter(), rc = send_request(fd, call);

    if (!rc)
        rc = read_reply(fd, call);
    leave(before);
    return rc;
}

/* A vfork child shares our memory but not its new descriptors. */
static bool cannot_keep(void)
{
    return !has_own_ctl() && preload_in_vfork();
}

/* In a signal handler, while this thread's connection waits for a reply, or when a connection
 * could not be kept. */
static int call_aside(struct ctl_call *call)
{
    int rc, fd = open_ctl();

    if (fd < 0)
        return fd;
    rc = try_call(fd, call);
    fd_set_state(fd, FD_UNKNOWN);
    real.close(fd);
    return rc;
}

static int call_on_own(struct ctl_call *call)
{
    int rc = 0;

    /* Twice: the first connection may have been closed under us. */
    for (int i = 0; i < 2; i++) {
        int fd = own_ctl();

        if (fd < 0)
            return fd;
        mine.busy = true;
        rc = try_call(fd, call);
        mine.busy = false;
        if (!is_lost(rc))
            return rc;
        drop_ctl(fd);
    }
    preload_complain("lost the simulator at", -rc);
    return -ECONNREFUSED;
}

int ctl_do(struct ctl_call *call)
{
    int rc, saved = errno;

    call->req.ns = netns_id();
    call->req.cpu = (uint16_t)(sched_getcpu() + 1);
    rc = mine.busy || cannot_keep() ? call_aside(call) : call_on_own(call);
    errno = saved;
    return rc ? rc : call->rep.status;
}

int ctl_sock(uint64_t id, enum proto_op op, const uint32_t arg[3], struct proto_reply *rep)
{
    struct ctl_call call = { .req = { .op = (uint16_t)op, .sock = id } };
    int rc;

    if (arg)
        memcpy(call.req.arg, arg, sizeof(call.req.arg));
    rc = ctl_do(&call);
    if (rep)
        *rep = call.rep;
    return rc;
}

int ctl_page_error(uint64_t id)
{
    const _Atomic int32_t *errors = page;
    struct proto_reply rep;

    if (!errors || !atomic_load_explicit(&errors[PROTO_SLOT(id)], memory_order_acquire))
        return 0;
    return ctl_sock(id, PROTO_ERROR, NULL, &rep) ? 0 : (int)rep.value;
}

bool ctl_asks_to_wait(void)
{
    const _Atomic int32_t *words = page;

    return words && atomic_load_explicit(&words[PROTO_ASKS], memory_order_relaxed);
}

bool ctl_has_page(void)
{
    return page != NULL;
}

unsigned ctl_n_cpus(void)
{
    int saved = errno;

    if (n_cpus < 0)
        (void)own_ctl();
    errno = saved;
    return n_cpus > 0 ? (unsigned)n_cpus : 0;
}

void ctl_want_page(void)
{
    if (!page)
        (void)own_ctl();
}
