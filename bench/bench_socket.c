/* bench_socket.c - flow requests from another process, beside a bare exchange of datagrams.
 *
 * Ours: this program once more, as a client under "dpsim run", with a raw netlink socket: one
 * sendto() and one recv() of the ACK for each flow. The reference: two processes that pass datagrams
 * of the same sizes through an AF_UNIX SEQPACKET pair. All of them share one CPU, where
 * wake-ups cost the same in every round.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/bench.h"
#include "bench/client.h"
#include "bench/world.h"

#define N_REQUESTS 20000u
#define WHAT "AF_UNIX SEQPACKET, same sizes, two processes"

struct socket_bench {
    unsigned n;
    size_t request_len, answer_len;
    char *dpsim, *self, *scenario;
};

/* ---- ours -------------------------------------------------------------------------------------- */

static double put(void *ctx)
{
    const struct socket_bench *b = ctx;
    g_autofree char *n = g_strdup_printf("%u", b->n), *text = NULL;
    const char *const argv[] = { b->dpsim, "run", "--scenario", b->scenario, "--", b->self,
                                 "--client", n, NULL };
    int status = 0;
    double seconds;

    if (!g_spawn_sync(NULL, (char **)argv, NULL, 0, NULL, NULL, &text, NULL, &status, NULL) ||
        status)
        return bench_fail("%s run could not be started or failed", b->dpsim);
    seconds = g_ascii_strtod(text, NULL);
    return seconds > 0 ? seconds : bench_fail("the client said \"%s\"", text);
}

/* ---- the reference ----------------------------------------------------------------------------- */

static void echo(int fd, const struct socket_bench *b)
{
    char buf[CLIENT_BUFFER] = { 0 };

    while (recv(fd, buf, sizeof(buf), 0) > 0)
        if (send(fd, buf, b->answer_len, 0) < 0)
            break;
    _exit(0);
}

static bool exchange_all(int fd, const struct socket_bench *b)
{
    char buf[CLIENT_BUFFER] = { 0 };

    for (unsigned i = 0; i < b->n; i++)
        if (send(fd, buf, b->request_len, 0) < 0 || recv(fd, buf, sizeof(buf), 0) <= 0)
            return false;
    return true;
}

static double exchange(void *ctx)
{
    const struct socket_bench *b = ctx;
    double start, seconds;
    int pair[2];
    pid_t pid;
    bool done;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair))
        return bench_fail("socketpair: %s", g_strerror(errno));
    pid = fork();
    if (!pid) {
        (void)close(pair[0]);
        echo(pair[1], b);
    }
    (void)close(pair[1]);
    start = bench_now();
    done = pid > 0 && exchange_all(pair[0], b);
    seconds = (bench_now() - start) / b->n;
    (void)close(pair[0]);
    if (pid > 0)
        (void)waitpid(pid, NULL, 0);
    return done ? seconds : bench_fail("the exchange of datagrams failed");
}

/* ---- row --------------------------------------------------------------------------------------- */

static char *make_scenario(void)
{
    static const char text[] = "dp br0; port br0 p1; port br0 p2\n";
    char *path = NULL;
    int fd = g_file_open_tmp("dpsim-bench-XXXXXX", &path, NULL);

    if (fd < 0)
        return NULL;
    if (write(fd, text, sizeof(text) - 1) != (ssize_t)sizeof(text) - 1)
        (void)bench_fail("%s: %s", path, g_strerror(errno));
    (void)close(fd);
    return path;
}

/* This process and all it starts from now on. */
static void use_one_cpu(cpu_set_t *before)
{
    cpu_set_t one;
    unsigned cpu = 0;

    CPU_ZERO(before);
    (void)sched_getaffinity(0, sizeof(*before), before);
    while (cpu < CPU_SETSIZE - 1 && !CPU_ISSET(cpu, before))
        cpu++;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    (void)sched_setaffinity(0, sizeof(one), &one);
}

int bench_socket(const struct bench_options *o)
{
    g_autofree char *dpsim = bench_beside("dpsim"), *self = bench_beside("dpsim-bench");
    g_autofree char *scenario = make_scenario();
    struct socket_bench b = { .n = o->is_quick ? 200 : N_REQUESTS, .dpsim = dpsim, .self = self,
                              .request_len = client_request_len(),
                              .answer_len = ACK_LEN, .scenario = scenario };
    const struct bench_row row = { "flow_put, socket", WHAT, BENCH_RATE, BENCH_ROUNDS, put,
                                   exchange, &b };
    cpu_set_t before;
    int n_failed;

    if (!scenario)
        return 1;
    use_one_cpu(&before);
    n_failed = bench_measure(&row, o);
    (void)sched_setaffinity(0, sizeof(before), &before);
    (void)g_unlink(scenario);
    return n_failed;
}
