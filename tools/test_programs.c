/* test_programs.c - see test_programs.h.
 *
 * How it works: with the first program the simulation gets its socket and its level of time. Waiting for a program
 * is a loop: everything that happens at this time happens, then the program is looked at, then time
 * goes on; so when it is found to have ended does not depend on the machine.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tools/test_programs.h"

#include <errno.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/folder.h"
#include "tools/children.h"
#include "tools/launch.h"
#include "tools/program.h"

#define SIGNALED 128            /* added to a signal's number, as a shell does */

enum { PLACE_TMP, PLACE_OUT, PLACE_DIR, N_PLACES };

static const struct scenario_place places[N_PLACES] = {     /* in the run's folder */
    [PLACE_TMP] = { "DPSIM_TEST_TMP", "tmp" },
    [PLACE_OUT] = { "DPSIM_TEST_OUT", TEST_OUTPUT },
    [PLACE_DIR] = { "DPSIM_TEST_DIR", "dir" },
};

struct program {
    char *name;
    pid_t pid;
    bool has_ended;
    int status;
};

struct test_programs {
    struct scenario_programs ops;
    struct scenario_place places[N_PLACES + 2];         /* DPSIM_TEST_DIR twice: the way to the test, and the test */
    char *path[N_PLACES + 1];
    enum time_level level;
    struct clients *clients;    /* NULL: no program has been started */
    struct timing *timing;
    struct sim *sim;
    char **env;
    sigset_t old_mask;
    int signal_fd;
    guint signal_source;
    GPtrArray *started;         /* of struct program */
    uint64_t limit_ns;          /* for a program that is waited for; 0: none */
};

/* ---- environment ----------------------------------------------------------------------------- */

/* What is passed on of our own: where programs are, and what launch_environ() and sanitizers need. */
static bool is_passed_on(const char *name)
{
    static const char *const names[] = { "PATH", "LD_PRELOAD", "LD_LIBRARY_PATH", "ASAN_OPTIONS",
                                         "LSAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS" };

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (!strcmp(names[i], name))
            return true;
    return g_str_has_prefix(name, "DPSIM_");
}

static char **make_environ(const struct test_programs *p, const char *socket, struct err *e)
{
    static const char *const scratch[] = { "HOME", "TMPDIR", "OVS_RUNDIR", "OVS_DBDIR", "OVS_LOGDIR",
                                           "OVS_SYSCONFDIR" };
    g_auto(GStrv) all = launch_environ(socket, timing_levels[p->level].shares_clock, e);
    g_autofree char *path = NULL;
    char **env = g_environ_setenv(g_new0(char *, 1), "PATH", "/usr/bin:/bin", TRUE);

    for (char **v = all; v && *v; v++) {
        g_autofree char *name = g_strndup(*v, strcspn(*v, "="));

        if (is_passed_on(name))
            env = g_environ_setenv(env, name, g_environ_getenv(all, name), TRUE);
    }
    path = g_strdup_printf("%s:/usr/sbin:/sbin", g_environ_getenv(env, "PATH"));  /* daemons are there */
    env = g_environ_setenv(env, "PATH", path, TRUE);
    env = g_environ_setenv(env, "LC_ALL", "C", TRUE);
    env = g_environ_setenv(env, "TZ", "UTC0", TRUE);
    for (size_t i = 0; i < G_N_ELEMENTS(scratch); i++)
        env = g_environ_setenv(env, scratch[i], p->path[PLACE_TMP], TRUE);
    for (size_t i = 0; i < N_PLACES; i++)
        env = g_environ_setenv(env, p->places[i].name, p->places[i].path, TRUE);
    if (all)
        return env;
    g_strfreev(env);
    return NULL;
}

/* ---- ends of processes ----------------------------------------------------------------------- */

static void note_end(struct test_programs *p, pid_t pid, int status)
{
    for (guint i = 0; i < p->started->len; i++) {
        struct program *prog = g_ptr_array_index(p->started, i);

        if (prog->pid != pid || prog->has_ended)
            continue;
        prog->has_ended = true;
        prog->status = WIFSIGNALED(status) ? SIGNALED + WTERMSIG(status) : WEXITSTATUS(status);
    }
}

/* Takes all that have ended, orphans of our programs, too. False: there are no processes left. */
static bool reap(struct test_programs *p)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        note_end(p, pid, status);
    return pid == 0;
}

/* It only has to wake the main loop up. */
static gboolean on_signal(gint fd, GIOCondition condition, gpointer user)
{
    struct signalfd_siginfo info;

    (void)condition;
    (void)user;
    (void)!read(fd, &info, sizeof(info));
    return G_SOURCE_CONTINUE;
}

static void watch_children(struct test_programs *p)
{
    sigset_t mask;

    sigemptyset(&mask);
    sigaddset(&mask, SIGCHLD);
    (void)sigprocmask(SIG_BLOCK, &mask, &p->old_mask);
    p->signal_fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
    p->signal_source = g_unix_fd_add(p->signal_fd, G_IO_IN, on_signal, p);
}

/* Everything that happens at this time happens. */
static void settle(struct test_programs *p)
{
    clock_advance(&p->sim->clock, p->sim->clock.now_ns);
}

struct patience {
    struct test_programs *programs;
    const struct program *with;
};

static void end_patience(void *ctx)
{
    const struct patience *p = ctx;

    (void)kill(p->with->pid, SIGKILL);
    timing_told(p->programs->timing);
}

static void wait_for(struct test_programs *p, const struct program *prog)
{
    struct patience patience = { p, prog };
    struct clock *clock = &p->sim->clock;
    /* An event: time goes there also if nobody waits for any. */
    uint64_t event = p->limit_ns ? clock_add(clock, clock->now_ns + p->limit_ns, end_patience, &patience) : 0;

    for (;;) {
        settle(p);
        (void)reap(p);
        if (prog->has_ended)
            break;
        timing_go_on(p->timing);
    }
    if (p->limit_ns)
        clock_cancel(clock, event);
}

/* ---- starting -------------------------------------------------------------------------------- */

static int begin(struct test_programs *p, struct sim *sim, struct err *e)
{
    g_autofree char *socket = g_build_filename(p->path[PLACE_TMP], "dpsim", NULL);

    if (p->clients)
        return 0;
    if (g_mkdir(p->path[PLACE_TMP], 0777) || symlink(p->path[N_PLACES], p->path[PLACE_DIR]))
        return err_set(e, errno, "%s: cannot be filled: %s", p->path[PLACE_TMP], g_strerror(errno));
    p->sim = sim;
    p->clients = clients_new(sim, NULL, socket, e);
    if (!p->clients)
        return -e->code;
    p->timing = timing_new(sim, p->clients, p->level, e);
    if (!p->timing)
        return -e->code;
    p->env = make_environ(p, socket, e);
    if (!p->env)
        return -e->code;
    (void)g_setenv("PATH", g_environ_getenv(p->env, "PATH"), TRUE);     /* programs are looked up in ours */
    watch_children(p);
    return 0;
}

static struct program *spawn(struct test_programs *p, struct sim *sim, char **argv, int fd, struct err *e)
{
    const struct launch_place place = { p->path[PLACE_OUT], fd };
    struct program *prog;
    pid_t pid;

    if (begin(p, sim, e) || program_check(argv[0], e) ||
        launch_spawn(argv, p->env, &p->old_mask, &place, &pid, e))
        return NULL;
    prog = g_new0(struct program, 1);
    prog->name = g_path_get_basename(argv[0]);
    prog->pid = pid;
    g_ptr_array_add(p->started, prog);
    timing_started(p->timing, pid);
    return prog;
}

static int start(void *ctx, struct sim *sim, char **argv, int fd, struct err *e)
{
    struct test_programs *p = ctx;

    if (!spawn(p, sim, argv, fd, e))
        return -e->code;
    settle(p);
    return 0;
}

static void program_free(gpointer data)
{
    struct program *prog = data;

    g_free(prog->name);
    g_free(prog);
}

static int exec(void *ctx, struct sim *sim, char **argv, int fd, int *status, struct err *e)
{
    struct test_programs *p = ctx;
    struct program *prog = spawn(p, sim, argv, fd, e);

    if (!prog)
        return -e->code;
    wait_for(p, prog);
    *status = prog->status;
    g_ptr_array_remove(p->started, prog);
    return 0;
}

static bool go_on(void *ctx)
{
    struct test_programs *p = ctx;

    if (p->timing)
        timing_go_on(p->timing);
    return p->timing != NULL;
}

/* ---- ending ---------------------------------------------------------------------------------- */

/* One that has ended by itself, or in another way than SIGTERM's. */
static int check_end(const struct program *prog, bool was_asked, struct err *e)
{
    if (!prog->status || (was_asked && prog->status == SIGNALED + SIGTERM))
        return 0;
    return err_set(e, EPROTO, "%s ended %swith exit status %d", prog->name,
                   was_asked ? "" : "before the scenario, ", prog->status);
}

void test_programs_limit(struct test_programs *p, uint64_t limit_ns)
{
    p->limit_ns = limit_ns;
}

/* Daemons, which nobody has started but they themselves. */
static void end_daemons(struct test_programs *p)
{
    settle(p);
    if (!reap(p))
        return;
    children_signal(SIGTERM);
    timing_told(p->timing);
    for (;;) {
        settle(p);
        if (!reap(p))
            return;
        timing_go_on(p->timing);
    }
}

/* The text that programs have written calls the folders of this run by their names. */
static void name_places(const struct test_programs *p)
{
    GPtrArray *files = folder_files(p->path[PLACE_OUT]);

    for (guint i = 0; i < files->len; i++) {
        g_autofree char *path = g_build_filename(p->path[PLACE_OUT], g_ptr_array_index(files, i), NULL);
        g_autofree char *text = NULL;
        g_autofree char *named = NULL;
        gsize len;

        if (!g_str_has_suffix(path, ".pcap") && g_file_get_contents(path, &text, &len, NULL) &&
            !memchr(text, '\0', len))
            named = scenario_name_places(&p->ops, text);
        if (named && strcmp(named, text))
            (void)g_file_set_contents(path, named, -1, NULL);
    }
    g_ptr_array_free(files, TRUE);
}

static int end(void *ctx, struct err *e)
{
    struct test_programs *p = ctx;
    struct err first = { 0 }, own;

    if (p->timing) {
        settle(p);
        (void)reap(p);
    }
    for (guint i = p->started->len; i-- > 0;) {
        const struct program *prog = g_ptr_array_index(p->started, i);
        bool was_asked = !prog->has_ended;

        if (was_asked) {
            (void)kill(prog->pid, SIGTERM);
            timing_told(p->timing);
            wait_for(p, prog);
        }
        if (check_end(prog, was_asked, &own) && !first.code)
            first = own;
    }
    if (p->timing)
        end_daemons(p);
    timing_free(p->timing);
    clients_free(p->clients);
    p->timing = NULL;
    p->clients = NULL;
    if (first.code)
        *e = first;
    return -first.code;
}

/* ---- life ------------------------------------------------------------------------------------ */

char *test_programs_folder(struct err *e)
{
    char *path = g_mkdtemp(g_strdup("/tmp/dpsim-test-XXXXXX"));     /* not in TMPDIR: its length varies */

    if (!path)
        (void)err_set(e, errno, "no temporary folder in /tmp: %s", g_strerror(errno));
    return path;
}

struct test_programs *test_programs_new(const char *test, const char *folder, enum time_level level)
{
    struct test_programs *p = g_new0(struct test_programs, 1);

    for (size_t i = 0; i < N_PLACES; i++) {
        p->path[i] = g_build_filename(folder, places[i].path, NULL);
        p->places[i] = (struct scenario_place){ places[i].name, p->path[i] };
    }
    p->path[N_PLACES] = g_canonicalize_filename(test, NULL);
    p->places[N_PLACES] = (struct scenario_place){ places[PLACE_DIR].name, p->path[N_PLACES] };
    p->ops = (struct scenario_programs){ p, p->places, start, exec, go_on, end };
    p->level = level;
    p->signal_fd = -1;
    p->started = g_ptr_array_new_with_free_func(program_free);
    return p;
}

const struct scenario_programs *test_programs_ops(const struct test_programs *p)
{
    return &p->ops;
}

void test_programs_free(struct test_programs *p)
{
    if (p->sim)
        name_places(p);
    if (p->signal_source)
        g_source_remove(p->signal_source);
    if (p->signal_fd >= 0)
        close(p->signal_fd);
    for (size_t i = 0; i < G_N_ELEMENTS(p->path); i++)
        g_free(p->path[i]);
    g_strfreev(p->env);
    g_ptr_array_free(p->started, TRUE);
    g_free(p);
}
