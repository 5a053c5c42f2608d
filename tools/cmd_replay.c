/* cmd_replay.c - dpsim replay: plays recorded clients to the datapath, or a recorded kernel to a program.
 * SPDX-License-Identifier: Apache-2.0 */
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "sim/replay/kernel.h"
#include "tools/cmd.h"
#include "tools/run.h"

static const char usage[] =
    "usage: dpsim replay --client FILE.pcapng [--all]\n"
    "       dpsim replay --datapath FILE.pcapng [--all] -- PROGRAM ARGS...\n"
    "--client plays what recorded clients did, and frames that came from outside, against the datapath of today and\n"
    "compares its answers, upcalls, notifications and frames with the recorded ones. --datapath answers PROGRAM as the\n"
    "recorded kernel did and compares its requests with the recorded ones. FILE is of --record, or a capture of a real\n"
    "kernel's nlmon device. Exit status 1: something differs; the first difference is shown, with --all each of them.\n"
    "PROGRAM's exit status otherwise.\n";

struct replay_args {
    const char *client, *datapath;
    bool all;
    char **program;
};

static int misuse(const char *why, const char *what)
{
    fprintf(stderr, "dpsim replay: %s%s\n%s", why, what, usage);
    return 2;
}

static void print(FILE *out, const struct replay_result *result, const char *path, bool all)
{
    guint n = all ? result->differences->len : MIN(result->differences->len, 1);

    for (guint i = 0; i < n; i++)
        fprintf(out, "%s%s", i ? "\n" : "",
                ((const struct replay_difference *)result->differences->pdata[i])->text);
    fputs(result->remarks->str, out);
    fprintf(out, "%s: %u requests, %u messages", path, result->n_requests, result->n_answers);
    if (result->n_frames_in || result->n_frames_out)
        fprintf(out, ", %u frames fed, %u frames compared", result->n_frames_in, result->n_frames_out);
    if (result->differences->len)
        fprintf(out, ": %u difference%s\n", result->differences->len, result->differences->len > 1 ? "s" : "");
    else
        fprintf(out, ": no difference\n");
}

static int play_client(const struct replay_args *args, struct tape *t)
{
    struct replay_result result = { 0 };
    int status;

    replay_client(t, args->all, &result);
    print(stdout, &result, args->client, true);
    status = result.differences->len > 0;
    replay_result_done(&result);
    return fflush(stdout) ? 1 : status;
}

/* ---- a recorded kernel -------------------------------------------------------------------------- */

struct kernel_run {
    struct tape *tape;
    struct kernel *kernel;      /* NULL: did not start */
    struct replay_result result;
};

static void start(struct sim *sim, void *ctx)
{
    struct kernel_run *k = ctx;

    k->kernel = kernel_start(sim, k->tape);
}

static void end(void *ctx)
{
    struct kernel_run *k = ctx;

    if (k->kernel)
        kernel_end(k->kernel, &k->result);
}

/* What the program prints is its own: ours goes to standard error. */
static int play_kernel(const struct replay_args *args, struct tape *t)
{
    struct kernel_run k = { .tape = t };
    const struct options o = { .program = args->program };
    struct run_setup setup = { .start = start, .end = end, .ctx = &k };
    int status;

    kernel_options(t, &setup.sim);
    status = run_start(&o, &setup);
    if (!k.kernel)
        return status;
    print(stderr, &k.result, args->datapath, args->all);
    status = k.result.differences->len ? 1 : status;
    replay_result_done(&k.result);
    return status;
}

/* ---- the command -------------------------------------------------------------------------------- */

/* 0 or the exit status. */
static int read_args(char **argv, struct replay_args *args)
{
    for (char **arg = argv + 1; *arg; arg++) {
        const char **file = !strcmp(*arg, "--client") ? &args->client
                            : !strcmp(*arg, "--datapath") ? &args->datapath : NULL;

        if (!strcmp(*arg, "--")) {
            args->program = arg + 1;
            break;
        }
        if (file && !arg[1])
            return misuse("a file is missing after ", *arg);
        if (file)
            *file = *++arg;
        else if (!strcmp(*arg, "--all"))
            args->all = true;
        else
            return misuse("unknown option ", *arg);
    }
    if (!args->client == !args->datapath)
        return misuse("one of --client and --datapath is to be given", "");
    if (args->datapath && (!args->program || !*args->program))
        return misuse("no program given", "");
    return args->client && args->program ? misuse("--client plays by itself, without a program", "") : 0;
}

int cmd_replay(int argc, char **argv)
{
    struct replay_args args = { 0 };
    struct err e = { 0 };
    struct tape *t;
    int status;

    if (argc > 1 && !strcmp(argv[1], "--help")) {
        fputs(usage, stdout);
        return 0;
    }
    status = read_args(argv, &args);
    if (status)
        return status;
    t = tape_read(args.client ? args.client : args.datapath, &e);
    if (!t) {
        fprintf(stderr, "dpsim replay: %s\n", e.text);
        return 1;
    }
    status = (args.client ? play_client : play_kernel)(&args, t);
    tape_free(t);
    return status;
}
