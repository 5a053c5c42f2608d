/* cmd_run.c - dpsim run: a simulator, a program that sees it, and the end of both.
 *
 * How it works: everything happens in one main loop. SIGCHLD comes through a descriptor;
 * orphans of the program become our children and are reaped at once. When the program has
 * ended, what it left behind gets SIGTERM, and SIGKILL if that does not help; the simulator
 * answers until the last is gone.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/client.h"
#include "sim/fault.h"
#include "sim/recorder.h"
#include "sim/scenario.h"
#include "sim/summary.h"
#include "sim/timing.h"
#include "tools/children.h"
#include "tools/cmd.h"
#include "tools/launch.h"
#include "tools/options.h"
#include "tools/program.h"
#include "tools/run.h"

#define GRACE_MS      2000      /* between SIGTERM and SIGKILL */
#define KILL_AGAIN_MS 100

struct run {
    const struct options *o;
    const struct run_setup *setup;      /* NULL: nothing to add */
    struct sim *sim;
    struct clients *clients;
    struct timing *timing;
    char *folder, *path;        /* of our own socket; folder NULL: --socket was given */
    sigset_t old_mask;
    int signal_fd;
    pid_t program;
    int status;                 /* what to exit with */
    bool program_ended, all_ended;
};

/* ---- the simulator --------------------------------------------------------------------------- */

static int choose_path(struct run *r, struct err *e)
{
    const char *const bases[] = { g_getenv("XDG_RUNTIME_DIR"), "/tmp" };

    if (r->o->socket) {
        r->path = g_strdup(r->o->socket);
        return 0;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(bases) && !r->folder; i++) {
        char *name = bases[i] ? g_build_filename(bases[i], "dpsim-XXXXXX", NULL) : NULL;

        r->folder = name ? g_mkdtemp_full(name, 0700) : NULL;
        if (!r->folder)
            g_free(name);
    }
    if (!r->folder)
        return err_set(e, errno, "cannot make a folder for the socket in /tmp: %s",
                       g_strerror(errno));
    r->path = g_build_filename(r->folder, "socket", NULL);
    return 0;
}

static int set_upcall(struct run *r, struct err *e)
{
    g_autofree char *line = NULL;
    GString *out;
    int rc;

    if (!r->o->upcall || !strcmp(r->o->upcall, "none"))
        return 0;
    line = g_strdup_printf("upcall %s", r->o->upcall);
    out = g_string_new(NULL);
    rc = scenario_do(r->sim, line, out, e);
    g_string_free(out, TRUE);
    return rc;
}

static int start_simulator(struct run *r, struct err *e)
{
    struct sim_options options = r->setup ? r->setup->sim : options_sim(r->o);
    int rc = choose_path(r, e);

    if (rc)
        return rc;
    r->sim = sim_new(&options);
    if (r->o->record && (rc = recorder_open(r->sim, r->o->record, e)))
        return rc;
    if ((rc = fault_add_all(r->sim, r->o->faults, e)))
        return rc;
    r->clients = clients_new(r->sim, NULL, r->path, e);
    if (!r->clients)
        return -e->code;
    rc = set_upcall(r, e);
    if (!rc)
        rc = (r->timing = timing_new(r->sim, r->clients, r->o->time, e)) ? 0 : -e->code;
    if (!rc && r->o->scenario)
        rc = scenario_run_file(r->sim, r->o->scenario, e);
    if (!rc && r->setup)
        r->setup->start(r->sim, r->setup->ctx);
    return rc;
}

/* A recording that could not be written is a failure, told once. */
static void end_simulator(struct run *r, bool is_told)
{
    GString *refusals = g_string_new(NULL);
    struct err e = { 0 };

    if (r->sim && r->setup && r->setup->end)
        r->setup->end(r->setup->ctx);
    timing_free(r->timing);
    clients_describe(r->clients, false, refusals);
    clients_free(r->clients);
    if (r->sim && scenario_finish(r->sim, &e) && !is_told) {
        fprintf(stderr, "dpsim run: %s\n", e.text);
        r->status = r->status ? r->status : 1;
    }
    if (r->sim && !is_told && fault_check(r->sim, &e))
        fprintf(stderr, "dpsim run: %s\n", e.text);
    if (r->sim && r->o->has_summary) {
        g_autofree char *text = sim_summary(r->sim);

        fprintf(stderr, "%s%s", text, refusals->str);
    }
    g_string_free(refusals, TRUE);
    sim_free(r->sim);
    if (r->folder)
        (void)g_rmdir(r->folder);
    g_free(r->folder);
    g_free(r->path);
}

/* ---- the program and its children ------------------------------------------------------------ */

static void reap(struct run *r)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid != r->program)
            continue;
        r->program_ended = true;
        r->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }
    if (pid < 0 && errno == ECHILD)
        r->all_ended = true;
}

static gboolean kill_rest(gpointer user)
{
    (void)user;
    children_signal(SIGKILL);
    (void)g_timeout_add(KILL_AGAIN_MS, kill_rest, NULL);
    return G_SOURCE_REMOVE;
}

static void end_rest(void)
{
    children_signal(SIGTERM);
    (void)g_timeout_add(GRACE_MS, kill_rest, NULL);
}

static void on_child(struct run *r)
{
    bool had_ended = r->program_ended;

    reap(r);
    if (r->program_ended && !had_ended && !r->all_ended && !r->o->is_kept)
        end_rest();
}

/* What a terminal sends goes to the whole foreground group; what is sent to us alone is meant
 * for the program. */
static gboolean on_signal(gint fd, GIOCondition condition, gpointer user)
{
    struct run *r = user;
    struct signalfd_siginfo info;

    (void)condition;
    while (read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo == SIGCHLD)
            on_child(r);
        else if (info.ssi_code <= 0 && !r->program_ended)
            (void)kill(r->program, (int)info.ssi_signo);
        else if (r->o->is_kept && !r->all_ended)
            end_rest();         /* whoever sent it, it is time to go */
    }
    return G_SOURCE_CONTINUE;
}

static int watch_signals(struct run *r, struct err *e)
{
    sigset_t mask;

    sigemptyset(&mask);
    sigaddset(&mask, SIGCHLD);
    sigaddset(&mask, SIGINT);
    sigaddset(&mask, SIGTERM);
    sigaddset(&mask, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &mask, &r->old_mask);
    r->signal_fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
    if (r->signal_fd < 0)
        return err_set(e, errno, "cannot watch for signals: %s", g_strerror(errno));
    (void)g_unix_fd_add(r->signal_fd, G_IO_IN, on_signal, r);
    return 0;
}

static int run_program(struct run *r, struct err *e)
{
    char **env = launch_environ(r->path, timing_levels[r->o->time].shares_clock, e);
    int rc;

    if (!env)
        return -e->code;
    children_adopt();
    rc = watch_signals(r, e);
    if (!rc) {
        rc = launch_spawn(r->o->program, env, &r->old_mask, NULL, &r->program, e);
        r->status = LAUNCH_NOT_FOUND;
    }
    g_strfreev(env);
    while (!rc && !r->all_ended)
        timing_go_on(r->timing);
    return rc;
}

int run_start(const struct options *o, const struct run_setup *setup)
{
    struct err e = { 0 };
    struct run r = { .o = o, .setup = setup, .status = 1 };
    int rc;

    if (!o->may_be_static && program_check(o->program[0], &e)) {
        fprintf(stderr, "dpsim run: %s\n", e.text);
        return LAUNCH_REFUSED;
    }
    rc = start_simulator(&r, &e);
    if (!rc)
        rc = run_program(&r, &e);
    if (rc)
        fprintf(stderr, "dpsim run: %s\n", e.text);
    end_simulator(&r, rc != 0);
    return r.status;
}

int cmd_run(int argc, char **argv)
{
    struct options o;
    int rc = options_read(argc, argv, OPTION_SOCKET | OPTION_SCENARIO | OPTION_UPCALL | OPTION_FAULT
                          | OPTION_SEED | OPTION_CPUS | OPTION_DETERMINISTIC | OPTION_KEEP
                          | OPTION_SUMMARY | OPTION_STATIC | OPTION_VALGRIND | OPTION_WITHOUT | OPTION_TIME
                          | OPTION_CHANCE | OPTION_RECORD | OPTION_LIMIT | OPTION_PROGRAM, &o);

    return rc >= 0 ? rc : run_start(&o, NULL);
}
