/* scenario_program.c - scenario commands that start real programs, or wait for them.
 *
 * Who starts and ends them comes from above: scenario_set_programs(). What a program prints is part of the
 * recording, with the folders of this run in it called by the names that the programs know them by.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sim/scenario_int.h"

#define OUT_MODE 0666
#define WAIT_NS (30 * UINT64_C(1000000000))

void scenario_set_programs(struct sim *sim, const struct scenario_programs *programs)
{
    scenario_get(sim)->programs = programs;
}

/* ---- folders of this run --------------------------------------------------------------------- */

static char *replace(const char *text, const char *from, const char *to)
{
    g_auto(GStrv) parts = g_strsplit(text, from, -1);

    return g_strjoinv(to, parts);
}

/* "$NAME" becomes a folder, or the other way round. New string. */
static char *translate(const struct scenario_programs *programs, const char *text, bool to_names)
{
    char *now = g_strdup(text);

    for (const struct scenario_place *p = programs->places; p->name; p++) {
        g_autofree char *before = now;
        g_autofree char *name = g_strconcat("$", p->name, NULL);

        now = to_names ? replace(before, p->path, name) : replace(before, name, p->path);
    }
    return now;
}

char *scenario_name_places(const struct scenario_programs *programs, const char *text)
{
    return translate(programs, text, true);
}

/* ---- arguments ------------------------------------------------------------------------------- */

/* Takes the rest of the line as a shell would take words and quotes. */
static int take_program(struct scenario *scn, struct scan *args, char ***argv, struct err *e)
{
    GError *error = NULL;

    if (!scn->programs)
        return err_set(e, EOPNOTSUPP, "programs can only be started by dpsim test");
    scan_blanks(args);
    if (scan_done(args))
        return err_set(e, EINVAL, "column %zu: the program is missing", scan_column(args));
    if (!g_shell_parse_argv(args->at, NULL, argv, &error)) {
        (void)err_set(e, EINVAL, "column %zu: %s", scan_column(args), error->message);
        g_error_free(error);
        return -EINVAL;
    }
    for (char **arg = *argv; *arg; arg++) {
        g_autofree char *before = *arg;

        *arg = translate(scn->programs, before, false);
    }
    return 0;
}

/* Takes ">FILE", a file of the output folder; NULL: it is not there. */
static char *take_file(const struct scenario *scn, struct scan *args)
{
    char name[PATH_MAX];

    scan_blanks(args);
    if (!scan_char(args, '>'))
        return NULL;
    scan_blanks(args);
    return scan_token(args, name, sizeof(name)) ? scn_folder_path(scn->out_folder, name) : g_strdup("");
}

static int open_file(const char *path, struct err *e)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, OUT_MODE);

    return fd >= 0 ? fd : err_set(e, errno, "%s: cannot be written: %s", path, g_strerror(errno));
}

/* ---- start ----------------------------------------------------------------------------------- */

/* "NAME.out" in the output folder, "NAME.2.out" if that is there. */
static char *choose_file(const struct scenario *scn, const char *program)
{
    g_autofree char *name = g_path_get_basename(program);
    g_autofree char *first = g_strconcat(name, ".out", NULL);
    char *path = scn_folder_path(scn->out_folder, first);

    for (unsigned n = 2; g_file_test(path, G_FILE_TEST_EXISTS); n++) {
        g_autofree char *next = g_strdup_printf("%s.%u.out", name, n);

        g_free(path);
        path = scn_folder_path(scn->out_folder, next);
    }
    return path;
}

int scn_start(struct scenario *scn, struct scan *args, GString *out, struct err *e)
{
    g_autofree char *file = take_file(scn, args);
    g_auto(GStrv) argv = NULL;
    int fd, r = take_program(scn, args, &argv, e);

    (void)out;
    if (r)
        return r;
    file = file ? file : choose_file(scn, argv[0]);
    if ((fd = open_file(file, e)) < 0)
        return fd;
    r = scn->programs->start(scn->programs->ctx, scn->sim, argv, fd, e);
    close(fd);
    return r;
}

/* ---- exec ------------------------------------------------------------------------------------ */

/* What has been written to a memory file. */
static void take_output(const struct scenario *scn, int fd, GString *out)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree char *named = NULL;
    char buf[4096];
    off_t at = 0;
    ssize_t n;

    while ((n = pread(fd, buf, sizeof(buf), at)) > 0) {
        g_string_append_len(text, buf, n);
        at += n;
    }
    named = translate(scn->programs, text->str, true);
    g_string_append(out, named);
    if (*named && !g_str_has_suffix(named, "\n"))
        g_string_append_c(out, '\n');
}

int scn_exec(struct scenario *scn, struct scan *args, GString *out, struct err *e)
{
    g_autofree char *file = take_file(scn, args);
    g_auto(GStrv) argv = NULL;
    int fd, status = 0, r = take_program(scn, args, &argv, e);

    if (r)
        return r;
    fd = file ? open_file(file, e) : memfd_create("dpsim-exec", MFD_CLOEXEC);
    if (fd < 0)
        return file ? fd : err_set(e, errno, "no memory file: %s", g_strerror(errno));
    r = scn->programs->exec(scn->programs->ctx, scn->sim, argv, fd, &status, e);
    if (!r && !file)
        take_output(scn, fd, out);
    close(fd);
    scn->exit_status = r ? -1 : status;
    if (!r && status)
        r = err_set(e, EPROTO, "%s ended with exit status %d", argv[0], status);
    return r;
}

/* ---- wait ------------------------------------------------------------------------------------ */

/* False: nothing more happens until 'deadline_ns'. */
static bool go_on(struct scenario *scn, uint64_t deadline_ns)
{
    struct clock *clock = &scn->sim->clock;
    const struct scenario_programs *programs = scn->programs;
    uint64_t at_ns;

    if (clock->now_ns >= deadline_ns)
        return false;
    if (programs && programs->go_on(programs->ctx))
        return true;
    at_ns = clock_next_awaited(clock);
    if (at_ns > deadline_ns)
        return false;
    clock_advance(clock, at_ns);
    return clock->n_left && clock->now_ns >= at_ns;     /* in a client's request it does not move */
}

/* In a file; what "dpsim do" waits for is client_wait.c's. */
int scn_wait(struct scenario *scn, struct scan *args, GString *out, struct err *e)
{
    uint64_t wait_ns = WAIT_NS, deadline_ns;
    GString *text = g_string_new(NULL);
    int r;

    scan_blanks(args);
    (void)scan_duration(args, &wait_ns);
    scan_blanks(args);
    if (scan_done(args)) {
        g_string_free(text, TRUE);
        return err_set(e, EINVAL, "column %zu: the command is missing", scan_column(args));
    }
    deadline_ns = clock_after(&scn->sim->clock, wait_ns);
    do {
        g_string_truncate(text, 0);
        r = scenario_try(scn->sim, args->at, text, e);
    } while (r && r != -EINVAL && go_on(scn, deadline_ns));
    g_string_append(out, text->str);
    g_string_free(text, TRUE);
    return r;
}
