/* test_cpus.c - per-CPU dispatch: a client's request runs on its CPU modulo the simulator's, unless told otherwise.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim_tools.h"

#include <glib/gstdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "sim/client.h"
#include "sim/proto.h"

#define N_CPUS 4u
#define SEND "send p1 ffffffffffff0200000000011234aabb"

/* A lab whose datapath dispatches upcalls by CPU to these sockets, and a client at its door. */
struct door {
    struct sock *by_cpu[N_CPUS];
    struct clients *all;
    char *folder, *path;
    int fd;
};

static void dispatch_by_cpu(struct lab *lab, struct door *door)
{
    uint32_t features = OVS_DP_F_DISPATCH_UPCALL_PER_CPU, pids[N_CPUS];

    for (unsigned i = 0; i < N_CPUS; i++) {
        door->by_cpu[i] = sock_open(lab->ns->net, NETLINK_GENERIC);
        assert_int_equal(sock_bind(door->by_cpu[i], 0), 0);
        pids[i] = door->by_cpu[i]->portid;
    }
    lab_begin(lab, OVS_DATAPATH_FAMILY, OVS_DP_CMD_SET, 0);
    attr_put(lab->request, OVS_DP_ATTR_USER_FEATURES, &features, sizeof(features));
    attr_put(lab->request, OVS_DP_ATTR_PER_CPU_PIDS, pids, sizeof(pids));
    assert_int_equal(lab_call(lab), 0);
}

static void turn(void)
{
    while (g_main_context_iteration(NULL, FALSE))
        continue;
}

/* Connects and returns how many CPUs the welcome tells of. */
static unsigned door_open(struct lab *lab, struct door *door)
{
    struct proto_hello hello = { .magic = PROTO_MAGIC, .kind = PROTO_CTL };
    struct sockaddr_un sun = { .sun_family = AF_UNIX };
    struct proto_welcome welcome;
    struct err e = {0};

    dispatch_by_cpu(lab, door);
    door->folder = g_dir_make_tmp("test-cpus-XXXXXX", NULL);
    door->path = g_build_filename(door->folder, "socket", NULL);
    door->all = clients_new(lab->sim, NULL, door->path, &e);
    assert_non_null(door->all);
    g_strlcpy(sun.sun_path, door->path, sizeof(sun.sun_path));
    door->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(door->fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
    assert_int_equal(send(door->fd, &hello, sizeof(hello), 0), sizeof(hello));
    turn();
    assert_int_equal(recv(door->fd, &welcome, sizeof(welcome), 0), sizeof(welcome));
    assert_int_equal(welcome.status, 0);
    return welcome.n_cpus;
}

static void door_close(struct door *door)
{
    close(door->fd);
    clients_free(door->all);
    for (unsigned i = 0; i < N_CPUS; i++)
        sock_close(door->by_cpu[i]);
    assert_int_equal(g_rmdir(door->folder), 0);
    g_free(door->folder);
    g_free(door->path);
}

/* A frame is sent by a client on CPU 'cpu' (-1: it does not say): who gets the upcall? */
static void miss_on(const struct door *door, int cpu, unsigned want)
{
    struct {
        struct proto_req req;
        char line[sizeof(SEND) - 1];
    } request = { .req = { .op = PROTO_DO, .cpu = (uint16_t)(cpu + 1) } };
    struct proto_reply reply;

    memcpy(request.line, SEND, sizeof(request.line));
    assert_int_equal(send(door->fd, &request, sizeof(request.req) + sizeof(request.line), 0),
                     sizeof(request.req) + sizeof(request.line));
    turn();
    assert_true(recv(door->fd, &reply, sizeof(reply), 0) >= (ssize_t)sizeof(reply));
    assert_int_equal(reply.status, 0);
    g_free(take(door->by_cpu[want]));
    for (unsigned i = 0; i < N_CPUS; i++)
        take_none(door->by_cpu[i]);
}

static void test_by_client(void **state)
{
    struct lab *lab = *state;
    struct door door = { .fd = -1 };

    lab->sim->options.shows_cpus = true;
    assert_int_equal(lab->sim->options.n_cpus, N_CPUS);
    assert_int_equal(door_open(lab, &door), N_CPUS);
    for (int cpu = 0; cpu < 10; cpu++)
        miss_on(&door, cpu, (unsigned)cpu % N_CPUS);
    miss_on(&door, -1, 0);
    lab_do(lab, SEND);                  /* nobody's request */
    g_free(take(door.by_cpu[0]));
    door_close(&door);
}

static void test_on_one(void **state)
{
    struct lab *lab = *state;
    struct door door = { .fd = -1 };

    lab->sim->options.shows_cpus = lab->sim->options.is_on_one_cpu = true;
    assert_int_equal(door_open(lab, &door), N_CPUS);
    miss_on(&door, 3, 0);
    door_close(&door);
}

static void test_not_shown(void **state)
{
    struct lab *lab = *state;
    struct door door = { .fd = -1 };

    assert_int_equal(door_open(lab, &door), 0);
    miss_on(&door, 3, 0);
    door_close(&door);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LAB_TEST(test_by_client),
        LAB_TEST(test_on_one),
        LAB_TEST(test_not_shown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
