/* test_hostile.c - the simulator's socket and what clients must not do to it, in process: seeded nonsense, answers
 * that nobody reads, descriptors that run out.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim_tools.h"

#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/rng.h"
#include "sim/client_int.h"

#define N_PROGRAMS 300
#define N_STEPS    60
#define N_ENDS     8

struct door {
    char *folder, *path;
    struct sim *sim;
    struct clients *all;
    struct rng rng;
    int ends[N_ENDS];           /* of clients; 0: none */
    uint64_t sock;              /* the last one opened */
};

static int door_open(void **state)
{
    struct door *d = g_new0(struct door, 1);
    struct err e = { 0 };

    d->folder = g_dir_make_tmp("test-hostile-XXXXXX", NULL);
    d->path = g_build_filename(d->folder, "socket", NULL);
    d->sim = sim_new(NULL);
    sim_do(d->sim, "dp br0; port br0 p1");
    d->all = clients_new(d->sim, NULL, d->path, &e);
    assert_non_null(d->all);
    *state = d;
    return 0;
}

static int door_close(void **state)
{
    struct door *d = *state;

    clients_free(d->all);
    sim_free(d->sim);
    assert_int_equal(rmdir(d->folder), 0);
    g_free(d->path);
    g_free(d->folder);
    g_free(d);
    return 0;
}

static unsigned turn(void)
{
    unsigned n = 0;

    while (g_main_context_iteration(NULL, FALSE))
        n++;
    return n;
}

static int dial(struct door *d)
{
    int pair[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
    assert_non_null(conn_new(d->all, pair[1]));
    return pair[0];
}

static int dial_kind(struct door *d, uint16_t kind)
{
    struct proto_hello h = { .magic = PROTO_MAGIC, .kind = kind, .type = SOCK_RAW, .protocol = NETLINK_GENERIC };
    struct proto_welcome w;
    int fd = dial(d);

    assert_int_equal(send(fd, &h, sizeof(h), 0), sizeof(h));
    turn();
    assert_int_equal(recv(fd, &w, sizeof(w), 0), sizeof(w));
    assert_int_equal(w.status, 0);
    if (kind == PROTO_DATA)
        d->sock = w.sock;
    return fd;
}

/* ---- nonsense ---------------------------------------------------------------------------------- */

static void draw_bytes(struct door *d, uint8_t *to, size_t len)
{
    for (size_t i = 0; i < len; i++)
        to[i] = (uint8_t)rng_u64(&d->rng);
}

static uint32_t draw(struct door *d, uint32_t n)
{
    return (uint32_t)(rng_u64(&d->rng) % n);
}

static void step_hello(struct door *d, int fd)
{
    static const int32_t protocols[] = { NETLINK_GENERIC, NETLINK_ROUTE, NETLINK_NETFILTER, 3, -1, 1000 };
    struct proto_hello h = { .magic = PROTO_MAGIC, .kind = (uint16_t)draw(d, 5), .flags = (uint16_t)draw(d, 2),
                             .ns = draw(d, 4) ? 0 : PROTO_NS_NEW, .pid = draw(d, 1000) };

    h.type = (int32_t)(draw(d, 4) ? SOCK_RAW : SOCK_RAW | PROTO_PACKET);
    h.protocol = protocols[draw(d, G_N_ELEMENTS(protocols))];
    if (!draw(d, 10))
        draw_bytes(d, (uint8_t *)&h, sizeof(h));
    (void)send(fd, &h, draw(d, 10) ? sizeof(h) : draw(d, sizeof(h)), MSG_NOSIGNAL);
}

/* Options, numbers and lengths that mean something, and such as do not. */
static void step_request(struct door *d, int fd)
{
    static const uint32_t levels[] = { SOL_SOCKET, SOL_NETLINK, 263 };
    uint8_t bytes[sizeof(struct proto_req) + 300];
    struct proto_req req = { .op = (uint16_t)draw(d, N_PROTO_OPS + 1), .ns = draw(d, 3), .max_recv = draw(d, 1 << 20),
                             .cpu = (uint16_t)draw(d, 3), .sock = d->sock + (draw(d, 5) ? 0 : draw(d, 9)) };
    size_t len = draw(d, 300);
    struct nlmsghdr msg = { .nlmsg_len = (uint32_t)len, .nlmsg_type = (uint16_t)(16 + draw(d, 20)),
                            .nlmsg_flags = (uint16_t)draw(d, 0x400) };

    req.arg[0] = draw(d, 2) ? levels[draw(d, G_N_ELEMENTS(levels))] : 0x8900 + draw(d, 0x60);
    req.arg[1] = draw(d, 60);
    req.arg[2] = (uint32_t)rng_u64(&d->rng) >> draw(d, 32);
    draw_bytes(d, bytes, sizeof(bytes));
    memcpy(bytes, &req, sizeof(req));
    if (draw(d, 2))
        memcpy(bytes + sizeof(req), &msg, sizeof(msg));
    (void)send(fd, bytes, draw(d, 20) ? sizeof(req) + len : draw(d, sizeof(req)), MSG_NOSIGNAL);
}

static void step_read(struct door *d, int fd)
{
    uint8_t bytes[4096];

    for (uint32_t n = draw(d, 20); n--;)
        (void)recv(fd, bytes, sizeof(bytes), draw(d, 3) ? 0 : MSG_PEEK);
}

static void step_raw(struct door *d, int fd)
{
    uint8_t bytes[100];

    draw_bytes(d, bytes, sizeof(bytes));
    (void)send(fd, bytes, draw(d, sizeof(bytes)), MSG_NOSIGNAL);
}

static void step_shutdown(struct door *d, int fd)
{
    if (!draw(d, 4))
        (void)shutdown(fd, (int)draw(d, 3));
}

static void step(struct door *d)
{
    static void (*const steps[])(struct door *, int) = { step_hello, step_request, step_request, step_request,
                                                         step_read, step_raw, step_shutdown };
    int *end = &d->ends[draw(d, N_ENDS)];

    if (!*end) {
        *end = draw(d, 3) ? dial_kind(d, (uint16_t)draw(d, 3)) : dial(d);
    } else if (!draw(d, 12)) {
        close(*end);
        *end = 0;
    } else {
        steps[draw(d, G_N_ELEMENTS(steps))](d, *end);
    }
    if (draw(d, 3))
        turn();
}

/* Nothing is left of anybody. */
static void check_empty(const struct door *d)
{
    uint64_t used[N_LIMITS] = { 0 };

    (void)clients_count(d->all, used);
    for (unsigned i = 0; i < N_LIMITS; i++)
        assert_int_equal(used[i], 0);
    assert_int_equal(d->all->slots->len, d->all->free_slots->len);
    assert_int_equal(g_hash_table_size(d->all->peers), 0);
    assert_int_equal(d->all->unread.length + d->all->kept_back.length + d->all->n_turned_away, 0);
    assert_int_equal(d->all->waiters->len + d->all->dirty->len, 0);
    assert_int_equal(d->sim->namespaces->len, 1);
}

static void test_nonsense(void **state)
{
    struct door *d = *state;

    for (unsigned seed = 1; seed <= N_PROGRAMS; seed++) {
        rng_init(&d->rng, seed);
        for (unsigned i = 0; i < N_STEPS; i++)
            step(d);
        for (unsigned i = 0; i < N_ENDS; i++) {
            if (d->ends[i])
                close(d->ends[i]);
            d->ends[i] = 0;
        }
        turn();
        check_empty(d);
    }
}

/* An AF_PACKET socket has no groups; what counts members of such is not written to. */
static void test_packet_sockets_have_no_groups(void **state)
{
    struct door *d = *state;
    const struct proto_hello h = { .magic = PROTO_MAGIC, .kind = PROTO_DATA, .type = SOCK_RAW | PROTO_PACKET };
    struct {
        struct proto_req req;
        int group;
    } join = { .req = { .op = PROTO_SETOPT, .arg = { SOL_NETLINK, NETLINK_ADD_MEMBERSHIP } }, .group = 1 };
    struct proto_welcome w;
    struct proto_reply rep;
    int fd = dial(d), ctl = dial_kind(d, PROTO_CTL);

    assert_int_equal(send(fd, &h, sizeof(h), 0), sizeof(h));
    turn();
    assert_int_equal(recv(fd, &w, sizeof(w), 0), sizeof(w));
    join.req.sock = w.sock;
    assert_int_equal(send(ctl, &join, sizeof(join), 0), sizeof(join));
    turn();
    assert_int_equal(recv(ctl, &rep, sizeof(rep), 0), sizeof(rep));
    assert_int_equal(rep.status, -ENOPROTOOPT);
    close(fd);
    close(ctl);
    turn();
    check_empty(d);
}

/* ---- answers that are not read ------------------------------------------------------------------- */

/* Requests wait in the client's own socket; then all are answered, in order. */
static void test_unread_answers(void **state)
{
    struct door *d = *state;
    struct proto_req req = { .op = PROTO_NAME };
    struct proto_reply rep;
    int ctl = dial_kind(d, PROTO_CTL);
    unsigned n_asked = 0, n_answered = 0;
    const struct conn *c = conn_find(d->all, d->all->last_id);

    do {
        while (send(ctl, &req, sizeof(req), MSG_NOSIGNAL) == (ssize_t)sizeof(req))
            n_asked++;
        assert_int_equal(errno, EAGAIN);
    } while (turn());
    assert_in_range(c->answers.length, 1, 1);
    while (n_answered < n_asked) {
        while (recv(ctl, &rep, sizeof(rep), 0) == (ssize_t)sizeof(rep)) {
            assert_int_equal(rep.status, -ENOTCONN);
            n_answered++;
        }
        turn();
    }
    assert_int_equal(c->answers.length, 0);
    close(ctl);
    turn();
    check_empty(d);
}

/* A long answer stops in the middle of its pieces; the client goes. */
static void test_dies_before_the_answer(void **state)
{
    struct door *d = *state;
    struct proto_req req = { .op = PROTO_IFADDRS };
    int ctl = dial_kind(d, PROTO_CTL);

    for (unsigned i = 0; i < 500; i++) {
        g_autofree char *line = g_strdup_printf("device d%u", i);

        sim_do(d->sim, line);
    }
    for (unsigned i = 0; i < 20; i++)
        assert_int_equal(send(ctl, &req, sizeof(req), 0), sizeof(req));
    turn();
    assert_true(conn_find(d->all, d->all->last_id)->answers.length);
    close(ctl);
    turn();
    check_empty(d);
}

/* ---- answers that come later ----------------------------------------------------------------------- */

struct leaver {
    struct door *door;
    int fd;
};

static void serve_all(void *ctx)
{
    const struct leaver *l = ctx;

    while (clients_serve_alone(l->door->all, 0))
        ;
}

static uint64_t never(void *ctx)
{
    (void)ctx;
    return UINT64_MAX;
}

static void leave(void *ctx)
{
    const struct leaver *l = ctx;

    close(l->fd);
}

/* It goes when its time is over: its command is tried for the last time, which must not find out about its end. */
static void test_goes_at_its_deadline(void **state)
{
    struct door *d = *state;
    const char line[] = "wait 1s expect p1 packets=1";
    struct proto_req req = { .op = PROTO_DO };
    struct iovec iov[] = { { &req, sizeof(req) }, { (void *)(uintptr_t)line, sizeof(line) - 1 } };
    struct leaver l = { d, dial_kind(d, PROTO_CTL) };
    const struct clock_outside outside = { .ctx = &l, .settle = serve_all, .next = never, .moved = leave };

    d->all->shares_clock = true;
    assert_int_equal(writev(l.fd, iov, 2), sizeof(req) + sizeof(line) - 1);
    turn();
    assert_int_equal(d->all->waiters->len, 1);
    d->sim->clock.outside = &outside;
    clock_advance(&d->sim->clock, d->sim->clock.now_ns + UINT64_C(1000000000));
    d->sim->clock.outside = NULL;
    assert_int_equal(d->all->waiters->len, 0);
    turn();
    check_empty(d);
}

/* ---- turns --------------------------------------------------------------------------------------- */

static void test_turns(void **state)
{
    struct door *d = *state;
    struct peer *hog = peer_get(d->all, 1), *other = peer_get(d->all, 2);

    d->all->turn++;
    assert_true(peer_may_go_on(hog));
    peer_note_time(hog, 150);
    assert_true(peer_may_go_on(hog));
    peer_note_time(hog, 50);
    assert_false(peer_may_go_on(hog));
    assert_true(peer_may_go_on(other));
    d->all->turn++;
    assert_true(peer_may_go_on(hog));
    peer_note_time(hog, 1);
    assert_true(peer_may_go_on(hog));
    peer_put(hog);
    peer_put(other);
}

/* ---- descriptors run out --------------------------------------------------------------------------- */

/* accept() fails: the loop does not spin, and he who waits is let in when there is a descriptor again. */
static void test_no_descriptor(void **state)
{
    struct door *d = *state;
    const struct proto_hello h = { .magic = PROTO_MAGIC, .kind = PROTO_CTL };
    struct sockaddr_un sun = { .sun_family = AF_UNIX };
    struct rlimit all, none;
    struct proto_welcome w;
    int next, fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    g_strlcpy(sun.sun_path, d->path, sizeof(sun.sun_path));
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &all), 0);
    next = dup(fd);
    close(next);
    none = (struct rlimit){ .rlim_cur = (rlim_t)next, .rlim_max = all.rlim_max };
    assert_int_equal(connect(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
    assert_int_equal(send(fd, &h, sizeof(h), 0), sizeof(h));
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    assert_in_range(turn(), 1, 10);
    assert_non_null(d->all->deaf);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &all), 0);
    while (recv(fd, &w, sizeof(w), 0) < 0)      /* its time, a tenth of a second, is an event */
        (void)g_main_context_iteration(NULL, TRUE);
    assert_int_equal(w.status, 0);
    assert_null(d->all->deaf);
    close(fd);
    turn();
    check_empty(d);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, door_open, door_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nonsense), TEST(packet_sockets_have_no_groups), TEST(unread_answers), TEST(dies_before_the_answer),
        TEST(goes_at_its_deadline), TEST(turns), TEST(no_descriptor),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
