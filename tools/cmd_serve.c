/* cmd_serve.c - dpsim serve: a simulator in the foreground until it is interrupted.
 * SPDX-License-Identifier: Apache-2.0 */
#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>

#include "sim/client.h"
#include "tools/cmd.h"
#include "tools/options.h"

static gboolean stop(gpointer user)
{
    g_main_loop_quit(user);
    return G_SOURCE_CONTINUE;
}

static void serve(const char *path)
{
    GMainLoop *loop = g_main_loop_new(NULL, FALSE);
    guint sources[] = {
        g_unix_signal_add(SIGINT, stop, loop),
        g_unix_signal_add(SIGTERM, stop, loop),
    };

    printf("dpsim: serving on %s\n", path);
    (void)fflush(stdout);
    g_main_loop_run(loop);
    for (size_t i = 0; i < G_N_ELEMENTS(sources); i++)
        g_source_remove(sources[i]);
    g_main_loop_unref(loop);
}

int cmd_serve(int argc, char **argv)
{
    struct sim_options options;
    struct err e = { 0 };
    struct clients *all;
    struct options o;
    struct sim *sim;
    int rc = options_read(argc, argv, OPTION_SOCKET | OPTION_SEED | OPTION_CPUS
                          | OPTION_DETERMINISTIC | OPTION_WITHOUT | OPTION_CHANCE, &o);

    if (rc >= 0)
        return rc;
    if (!o.socket) {
        fprintf(stderr, "dpsim serve: --socket PATH is missing\n");
        return 2;
    }
    options = options_sim(&o);
    sim = sim_new(&options);
    all = clients_new(sim, NULL, o.socket, &e);
    if (all)
        serve(o.socket);
    else
        fprintf(stderr, "dpsim serve: %s\n", e.text);
    clients_free(all);
    sim_free(sim);
    return all ? 0 : 1;
}
