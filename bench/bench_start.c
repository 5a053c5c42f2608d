/* bench_start.c - processes from start to end: what a user waits for a first answer.
 * SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <glib.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/bench.h"

#define START_ROUNDS 21

struct start_bench {
    const char *ours[6], *theirs[3];    /* argv */
};

/* Wall time of a program whose output nobody sees. */
static double run(const char *const *argv)
{
    posix_spawn_file_actions_t files;
    double start = bench_now();
    int status = 0, rc;
    pid_t pid;

    (void)posix_spawn_file_actions_init(&files);
    (void)posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    rc = posix_spawnp(&pid, argv[0], &files, NULL, (char *const *)argv, environ);
    (void)posix_spawn_file_actions_destroy(&files);
    if (rc || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status))
        return bench_fail("%s could not be started or failed", argv[0]);
    return bench_now() - start;
}

static double run_ours(void *ctx)
{
    return run(((const struct start_bench *)ctx)->ours);
}

static double run_theirs(void *ctx)
{
    return run(((const struct start_bench *)ctx)->theirs);
}

static int measure_start(const char *name, const char *reference, struct start_bench *b,
                         const struct bench_options *o)
{
    const struct bench_row row = { name, reference, BENCH_MS, START_ROUNDS, run_ours, run_theirs,
                                   b };
    g_autofree char *program = g_find_program_in_path(b->theirs[0]);

    if (program)
        return bench_measure(&row, o);
    printf("%-25s skipped: there is no %s\n", name, b->theirs[0]);
    return 0;
}

int bench_start(const struct bench_options *o)
{
    g_autofree char *dpsim = bench_beside("dpsim");
    struct start_bench nothing = { { dpsim, "run", "--", "true" }, { "true" } };
    struct start_bench show = { { dpsim, "run", "--", "ovs-dpctl", "show" },
                                { "ovs-dpctl", "--version" } };
    int n_failed = measure_start("run -- true", "true", &nothing, o);

    return n_failed + measure_start("run -- ovs-dpctl show", "ovs-dpctl --version", &show, o);
}
