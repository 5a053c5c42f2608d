/* cmd_replay.c - dpsim replay: plays a recording against the datapath of today, or to a program.
 * SPDX-License-Identifier: Apache-2.0 */
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "sim/replay/replay.h"
#include "tools/cmd.h"

static const char usage[] =
    "usage: dpsim replay --client FILE.pcapng [--all]\n"
    "Plays what the recorded clients did, and frames that came from outside, against the datapath of today and\n"
    "compares its answers, upcalls, notifications and frames with the recorded ones. FILE is of --record, or a\n"
    "capture of a real kernel's nlmon device. Exit status 1: something differs; the first difference is shown,\n"
    "with --all each of them.\n";

static int misuse(const char *why, const char *what)
{
    fprintf(stderr, "dpsim replay: %s%s\n%s", why, what, usage);
    return 2;
}

static void print(const struct replay_result *result, const char *path)
{
    for (guint i = 0; i < result->differences->len; i++)
        printf("%s%s", i ? "\n" : "",
               ((const struct replay_difference *)result->differences->pdata[i])->text);
    fputs(result->remarks->str, stdout);
    printf("%s: %u requests, %u messages compared, %u frames fed, %u frames compared: ", path,
           result->n_requests, result->n_answers, result->n_frames_in, result->n_frames_out);
    if (result->differences->len)
        printf("%u difference%s\n", result->differences->len, result->differences->len > 1 ? "s" : "");
    else
        printf("no difference\n");
}

static int play_client(const char *path, bool all)
{
    struct replay_result result = { 0 };
    struct err e = { 0 };
    struct tape *t = tape_read(path, &e);
    int status = 1;

    if (t) {
        replay_client(t, all, &result);
        print(&result, path);
        status = result.differences->len > 0;
    } else {
        fprintf(stderr, "dpsim replay: %s\n", e.text);
    }
    replay_result_done(&result);
    tape_free(t);
    return fflush(stdout) ? 1 : status;
}

int cmd_replay(int argc, char **argv)
{
    const char *client = NULL;
    bool all = false;

    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--help")) {
            fputs(usage, stdout);
            return 0;
        }
        if (!strcmp(argv[i], "--all"))
            all = true;
        else if (!strcmp(argv[i], "--client") && i + 1 < argc)
            client = argv[++i];
        else
            return misuse("unknown option ", argv[i]);
    }
    return client ? play_client(client, all) : misuse("no recording given", "");
}
