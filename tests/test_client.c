/* test_client.c - a real program at the simulator's socket: client_probe.c's cases, one by one.
 *
 * How it works: this binary starts itself again, with the preload library, as the probe; the
 * simulator runs here meanwhile. A made-up family answers with long, many or too many messages.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <glib/gstdio.h>
#include <libmnl/libmnl.h>
#include <spawn.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "netlink/reply.h"
#include "sim/client.h"
#include "sim/proto.h"
#include "sim/scenario.h"
#include "sim/sim.h"

#define main client_probe_main
#include "tests/client_probe.c"
#undef main

/* ---- the family "dpsim_probe" ---------------------------------------------------------------- */

struct probe_header {
    uint32_t a, b;
};

static const uint8_t zeros[65536];

static struct probe_header header_of(const struct req *req)
{
    struct probe_header h;

    memcpy(&h, req->user_hdr, sizeof(h));
    return h;
}

/* 'b' attributes of 'a' bytes in one message. */
static int reply_long(struct req *req, struct err *e)
{
    struct probe_header h = header_of(req);
    struct nlmsghdr *msg = reply_new(req, PROBE_REPLY, req->user_hdr);

    if (h.a > 60000 || h.b > 4)
        return err_set(e, EINVAL, "too long");
    for (uint32_t i = 0; i < h.b; i++)
        mnl_attr_put(msg, 1, h.a, zeros);
    return reply_send(req, msg);
}

/* 'a' messages with an attribute of 'b' bytes. */
static int dump_many(struct dump *d, struct err *e)
{
    struct probe_header h = header_of(&d->req);

    (void)e;
    for (; d->pos < h.a; d->pos++) {
        struct nlmsghdr *msg = dump_msg(d, PROBE_DUMP, d->req.user_hdr);

        mnl_attr_put(msg, 1, h.b, zeros);
        if (!dump_commit(d, msg))
            return 1;
    }
    return 0;
}

/* 'a' numbered datagrams with an attribute of 'b' bytes; what does not fit is lost. */
static int reply_often(struct req *req, struct err *e)
{
    struct probe_header h = header_of(req);

    if (h.b > sizeof(zeros))
        return err_set(e, EINVAL, "too long");
    for (uint32_t i = 0; i < h.a; i++) {
        struct probe_header out = { i, 0 };
        struct nlmsghdr *msg = reply_new(req, PROBE_FLOOD, &out);

        mnl_attr_put(msg, 1, h.b, zeros);
        (void)reply_send(req, msg);
    }
    return 0;
}

static const struct genl_op probe_ops[] = {
    { .cmd = PROBE_REPLY, .doit = reply_long },
    { .cmd = PROBE_DUMP, .dump = dump_many },
    { .cmd = PROBE_FLOOD, .doit = reply_often },
};

static const struct family probe_family = {
    .name = "dpsim_probe", .version = 1, .hdrsize = sizeof(struct probe_header),
    .max_attr = 1, .op = probe_ops, .n_ops = G_N_ELEMENTS(probe_ops), .n_legacy_cmds = 3,
};

/* ---- running a case -------------------------------------------------------------------------- */

struct place {
    char *folder, *path, *library;
    struct sim *sim;
    struct clients *all;
};

/* The library is in ../lib of the folder this binary is in, unless DPSIM_PRELOAD names it. */
static char *find_library(void)
{
    g_autofree char *binary = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = g_path_get_dirname(binary);

    if (g_getenv("DPSIM_PRELOAD"))
        return g_strdup(g_getenv("DPSIM_PRELOAD"));
    return g_build_filename(folder, "..", "lib", "libdpsim-preload.so", NULL);
}

static int set_up(void **state)
{
    struct place *p = g_new0(struct place, 1);
    struct err e = { 0 };

    p->library = find_library();
    p->folder = g_dir_make_tmp("test-client-XXXXXX", NULL);
    p->path = g_build_filename(p->folder, "socket", NULL);
    p->sim = sim_new(NULL);
    netlink_add_family(p->sim->nl, &probe_family);
    p->all = clients_new(p->sim, NULL, p->path, &e);
    if (!p->all)
        print_error("%s\n", e.text);
    *state = p;
    return p->all ? 0 : -1;
}

static int tear_down(void **state)
{
    struct place *p = *state;

    clients_free(p->all);
    sim_free(p->sim);
    assert_int_equal(g_rmdir(p->folder), 0);    /* the socket has gone by itself */
    g_free(p->path);
    g_free(p->folder);
    g_free(p->library);
    g_free(p);
    return 0;
}

static void ended(GPid pid, gint status, gpointer user)
{
    (void)pid;
    *(int *)user = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static char **probe_environ(const struct place *p)
{
    g_autofree char *id =
        g_strdup_printf("%u", netlink_family_id(p->sim->nl, &probe_family));
    char **env = g_get_environ();

    env = g_environ_setenv(env, "LD_PRELOAD", p->library, TRUE);
    env = g_environ_setenv(env, "DPSIM_SOCKET", p->path, TRUE);
    env = g_environ_setenv(env, "PROBE_ID", id, TRUE);
    /* A sanitizer of this build wants to be the first library, and cannot count leaks here. */
    return g_environ_setenv(env, "ASAN_OPTIONS", "verify_asan_link_order=0:detect_leaks=0", TRUE);
}

static int run_probe(const struct place *p, const char *name)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);   /* valgrind wants a name */
    char *argv[] = { self, (char *)(uintptr_t)name, NULL };
    char **env = probe_environ(p);
    int status = -1;
    pid_t pid;

    assert_int_equal(posix_spawn(&pid, self, NULL, NULL, argv, env), 0);
    g_strfreev(env);
    (void)g_child_watch_add(pid, ended, &status);
    while (status < 0)
        (void)g_main_context_iteration(NULL, TRUE);
    return status;
}

#define PROBE(name)                                                                              \
    static void test_##name(void **state)                                                        \
    {                                                                                            \
        assert_int_equal(run_probe(*state, #name), 0);                                           \
    }
#define TEST(name) cmocka_unit_test(test_##name)

PROBE(names)
PROBE(no_peer)
PROBE(memberships)
PROBE(control)
PROBE(addresses)
PROBE(port_ids)
PROBE(peek_trunc)
PROBE(duplicates)
PROBE(not_blocking)
PROBE(selects)
PROBE(forks)
PROBE(execs)
PROBE(vforks)
PROBE(spawns)
PROBE(threads)
PROBE(forks_among_threads)
PROBE(polls)
PROBE(many_at_once)
PROBE(timeouts)
PROBE(as_files)
PROBE(passed)
PROBE(closes)
PROBE(closes_at_exec)
PROBE(interfaces)
PROBE(dumps)
PROBE(namespaces)
PROBE(probe_big)
PROBE(probe_dump)
PROBE(probe_window)
PROBE(probe_overrun)

/* ---- the socket file ------------------------------------------------------------------------- */

static void test_path_in_use(void **state)
{
    const struct place *p = *state;
    struct err e = { 0 };

    assert_null(clients_new(p->sim, NULL, p->path, &e));
    assert_int_equal(e.code, EADDRINUSE);
}

static void test_path_stale(void **state)
{
    const struct place *p = *state;
    g_autofree char *path = g_build_filename(p->folder, "stale", NULL);
    struct sockaddr_un sun = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    struct err e = { 0 };
    struct clients *all;

    g_strlcpy(sun.sun_path, path, sizeof(sun.sun_path));
    assert_int_equal(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
    close(fd);
    all = clients_new(p->sim, NULL, path, &e);
    assert_non_null(all);
    clients_free(all);
}

static void test_path_is_file(void **state)
{
    const struct place *p = *state;
    g_autofree char *path = g_build_filename(p->folder, "file", NULL);
    struct err e = { 0 };

    assert_true(g_file_set_contents(path, "x", 1, NULL));
    assert_null(clients_new(p->sim, NULL, path, &e));
    assert_int_equal(e.code, EEXIST);
    assert_int_equal(g_unlink(path), 0);
}

static void turn(void)
{
    while (g_main_context_iteration(NULL, FALSE))
        continue;
}

/* A program that is in a namespace for a moment. */
static void visit(const struct place *p, uint32_t ns)
{
    struct proto_hello hello = { .magic = PROTO_MAGIC, .kind = PROTO_HOLD, .ns = ns };
    struct sockaddr_un sun = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

    g_strlcpy(sun.sun_path, p->path, sizeof(sun.sun_path));
    assert_int_equal(connect(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
    assert_int_equal(send(fd, &hello, sizeof(hello), 0), sizeof(hello));
    turn();
    close(fd);
    turn();
}

/* A namespace ends with the last program in it, but not one that a scenario knows. */
static void test_namespaces_stay(void **state)
{
    const struct place *p = *state;
    struct sim_ns *own = sim_ns_new(p->sim);
    g_autofree char *enter = g_strdup_printf("netns %u", own->id + 1);
    uint32_t id = own->id;
    GString *out = g_string_new(NULL);

    assert_int_equal(scenario_do(p->sim, enter, out, NULL), 0);
    visit(p, id);
    visit(p, id + 1);
    assert_null(sim_ns_by_id(p->sim, id));
    assert_non_null(sim_ns_by_id(p->sim, id + 1));
    assert_int_equal(scenario_do(p->sim, "device d0; netns 0", out, NULL), 0);
    g_string_free(out, TRUE);
}

/* Bytes that are no hello, no request, or about nothing: the connection ends or is told so. */
static void test_nonsense(void **state)
{
    const struct place *p = *state;
    struct sockaddr_un sun = { .sun_family = AF_UNIX };
    uint8_t bytes[200];

    g_strlcpy(sun.sun_path, p->path, sizeof(sun.sun_path));
    for (unsigned i = 0; i < 300; i++) {
        int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
        struct proto_hello h = { .magic = PROTO_MAGIC, .kind = (uint16_t)(i % 5), .ns = i % 3,
                                 .type = SOCK_RAW, .protocol = i % 7 ? NETLINK_GENERIC : 3 };

        assert_int_equal(connect(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
        if (i % 11)
            (void)send(fd, &h, sizeof(h), MSG_NOSIGNAL);
        memset(bytes, (int)i, sizeof(bytes));
        bytes[0] = (uint8_t)(i % 16);
        memset(bytes + 1, 0, 3);
        (void)send(fd, bytes, i % sizeof(bytes), MSG_NOSIGNAL);
        turn();
        close(fd);
    }
    turn();
    assert_int_equal(run_probe(p, "names"), 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(names), TEST(no_peer), TEST(memberships), TEST(control), TEST(addresses),
        TEST(port_ids), TEST(peek_trunc), TEST(duplicates), TEST(not_blocking), TEST(selects),
        TEST(forks), TEST(execs), TEST(vforks), TEST(spawns), TEST(threads),
        TEST(forks_among_threads), TEST(polls), TEST(many_at_once), TEST(timeouts), TEST(as_files),
        TEST(passed), TEST(closes), TEST(closes_at_exec), TEST(interfaces), TEST(dumps),
        TEST(namespaces), TEST(probe_big), TEST(probe_dump), TEST(probe_window),
        TEST(probe_overrun), TEST(path_in_use), TEST(path_stale), TEST(path_is_file),
        TEST(namespaces_stay), TEST(nonsense),
    };

    if (argc > 1)
        return client_probe_main(argc, argv);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
