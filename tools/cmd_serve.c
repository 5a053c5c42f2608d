/* cmd_serve.c - dpsim serve: a simulator in the foreground until it is interrupted.
 * SPDX-License-Identifier: Apache-2.0 */
#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>

#include "sim/client.h"
#include "sim/fault.h"
#include "sim/recorder.h"
#include "sim/scenario.h"
#include "sim/timing.h"
#include "tools/cmd.h"
#include "tools/options.h"

static gboolean stop(gpointer user)
{
    *(bool *)user = true;
    return G_SOURCE_CONTINUE;
}

/* What is of interest after everything: who wanted too much. */
static void tell_refusals(const struct clients *all)
{
    GString *text = g_string_new(NULL);

    clients_describe(all, false, text);
    fputs(text->str, stderr);
    g_string_free(text, TRUE);
}

static void serve(const char *path, struct timing *timing)
{
    bool is_over = false;
    guint sources[] = {
        g_unix_signal_add(SIGINT, stop, &is_over),
        g_unix_signal_add(SIGTERM, stop, &is_over),
    };

    printf("dpsim: serving on %s\n", path);
    (void)fflush(stdout);
    while (!is_over)
        timing_go_on(timing);
    for (size_t i = 0; i < G_N_ELEMENTS(sources); i++)
        g_source_remove(sources[i]);
}

int cmd_serve(int argc, char **argv)
{
    struct sim_options options;
    struct err e = { 0 };
    struct clients *all = NULL;
    struct timing *timing = NULL;
    struct options o;
    struct sim *sim;
    int rc = options_read(argc, argv, OPTION_SOCKET | OPTION_SEED | OPTION_VALGRIND | OPTION_CPUS
                          | OPTION_DETERMINISTIC | OPTION_WITHOUT | OPTION_TIME
                          | OPTION_CHANCE | OPTION_RECORD | OPTION_FAULT | OPTION_LIMIT, &o);

    if (rc >= 0)
        return rc;
    if (!o.socket) {
        fprintf(stderr, "dpsim serve: --socket PATH is missing\n");
        return 2;
    }
    options = options_sim(&o);
    sim = sim_new(&options);
    if ((!o.record || !recorder_open(sim, o.record, &e)) && !fault_add_all(sim, o.faults, &e))
        all = clients_new(sim, NULL, o.socket, &e);
    if (all)
        timing = timing_new(sim, all, o.time, &e);
    if (timing)
        serve(o.socket, timing);
    else
        fprintf(stderr, "dpsim serve: %s\n", e.text);
    timing_free(timing);
    tell_refusals(all);
    clients_free(all);
    if (timing && scenario_finish(sim, &e))
        fprintf(stderr, "dpsim serve: %s\n", e.text);
    if (timing && fault_check(sim, &e))
        fprintf(stderr, "dpsim serve: %s\n", e.text);
    sim_free(sim);
    return e.code ? 1 : 0;
}
