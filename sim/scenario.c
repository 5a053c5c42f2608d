/* scenario.c - see scenario.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/scenario.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sim/recorder.h"
#include "sim/scenario_int.h"
#include "sim/trace.h"
#include "sim/upcall_watch.h"

struct scenario *scenario_get(struct sim *sim)
{
    struct scenario *scn = sim->scenario;

    if (scn)
        return scn;
    scn = g_new0(struct scenario, 1);
    scn->sim = sim;
    scn->ns = sim_root_ns(sim);
    local_init(&scn->nl, scn->ns);
    scn->recordings = g_ptr_array_new();
    scn->injections = g_ptr_array_new();
    sim->scenario = scn;
    recorder_event(sim, "do");          /* its socket takes a port id */
    return scn;
}

void scenario_free(struct scenario *scn)
{
    if (!scn)
        return;
    scn_injections_end(scn);
    (void)scn_recordings_close(scn, NULL);
    g_ptr_array_free(scn->injections, TRUE);
    g_ptr_array_free(scn->recordings, TRUE);
    upcall_watch_free(scn->upcalls);
    local_done(&scn->nl);
    g_free(scn->in_folder);
    g_free(scn->out_folder);
    scn->sim->scenario = NULL;
    g_free(scn);
}

int scenario_finish(struct sim *sim, struct err *e)
{
    struct scenario *scn = scenario_get(sim);
    struct err own = { 0 };
    int r;

    scn_injections_end(scn);
    r = scn_recordings_close(scn, &own);
    if (trace_close(sim, r ? NULL : &own) && !r)
        r = -own.code;
    if (recorder_close(sim, r ? NULL : &own) && !r)
        r = -own.code;
    if (r && e)
        *e = own;
    return r;
}

void scenario_set_output(struct sim *sim, const char *folder)
{
    struct scenario *scn = scenario_get(sim);

    g_free(scn->out_folder);
    scn->out_folder = g_strdup(folder);
}

void scenario_watch(struct sim *sim, void (*at)(void *ctx, const char *where), void *ctx)
{
    struct scenario *scn = scenario_get(sim);

    scn->at = at;
    scn->at_ctx = ctx;
}

char *scn_folder_path(const char *folder, const char *name)
{
    if (!folder || g_path_is_absolute(name))
        return g_strdup(name);
    return g_build_filename(folder, name, NULL);
}

void scenario_set_files(struct sim *sim, const struct scenario_files *files)
{
    scenario_get(sim)->files = files;
}

static char *refuse_file(void *ctx, const char *name, bool is_written, struct err *e)
{
    (void)ctx;
    (void)err_set(e, EPERM, "%s: no file may be %s here", name, is_written ? "written" : "read");
    return NULL;
}

const struct scenario_files scenario_no_files = { .path = refuse_file };

char *scn_path(const struct scenario *scn, const char *name, bool is_written, struct err *e)
{
    const char *folder = is_written ? scn->out_folder : scn->in_folder;

    if (scn->files)
        return scn->files->path(scn->files->ctx, name, is_written, e);
    return scn_folder_path(folder, name);
}

/* ---- one line -------------------------------------------------------------------------------- */

/* Behind the quote that ends what the one at 'at' begins; without one it is an ordinary character. */
static char *skip_quoted(char *at)
{
    char *end = *at == '\'' || *at == '"' ? strchr(at + 1, *at) : NULL;

    return end ? end + 1 : at + 1;
}

/* Ends the line at a comment: a '#' at its start or behind a blank, not in quotes. */
static void cut_comment(char *line)
{
    for (char *c = line; *c; c = skip_quoted(c)) {
        if (*c == '#' && (c == line || c[-1] == ' ' || c[-1] == '\t')) {
            *c = '\0';
            return;
        }
    }
}

/* Takes "!ENAME" or "!STATUS" off the end of a command; NULL: there is none. */
static char *cut_expected(char *command)
{
    char *mark;

    g_strchomp(command);
    mark = strrchr(command, '!');
    if (!mark || mark == command || (mark[-1] != ' ' && mark[-1] != '\t') ||
        (mark[1] != 'E' && !g_ascii_isdigit(mark[1])) || strpbrk(mark, " \t"))
        return NULL;
    *mark = '\0';
    return mark + 1;
}

static void add_usage(const struct scn_command *cmd, struct err *e)
{
    size_t len = strlen(e->text);

    g_snprintf(e->text + len, (gulong)(sizeof(e->text) - len), " (usage: %s%s%s)", cmd->name,
               *cmd->usage ? " " : "", cmd->usage);
}

/* The flight recorder's word for a command; NULL: it leaves all as it was. */
static const char *const recorded_as[SCN_MOVES_TIME + 1] = {
    [SCN_BUILDS] = "do",   [SCN_FEEDS] = "do",
    [SCN_INJECTS] = "did", [SCN_MOVES_TIME] = "did",
};

static int run_command(struct scenario *scn, struct scan *in, const char *expected, GString *out,
                       struct err *e)
{
    const struct scn_command *cmd;
    const char *text, *word;
    char name[32];
    uint64_t wait;
    int r;

    if (scan_char(in, '+')) {
        if ((r = scn_duration(in, &wait, e)))
            return r;
        if ((r = scn_move_on(scn, wait, e)))
            return r;
        scan_blanks(in);
    }
    if (scan_done(in))
        return 0;
    text = in->at;
    trace_line(scn->sim, "> %s%s%s", text, expected ? "!" : "", expected ? expected : "");
    if (!scan_token(in, name, sizeof(name)))
        return err_set(e, EINVAL, "%.40s... is no command; help lists them", in->at);
    if (!(cmd = scn_command_find(name)))
        return err_set(e, EINVAL, "%s is no command; help lists them", name);
    scn->is_refused = false;
    scn->exit_status = -1;
    word = recorded_as[cmd->effect];
    if (word)
        recorder_event(scn->sim, "%s %s%s%s", word, text, expected ? "!" : "", expected ? expected : "");
    r = cmd->run(scn, in, out, e);
    if (r && word)
        recorder_event(scn->sim, "failed %s %s", err_name(r), e->text);
    if (r == -EINVAL && !scn->is_refused)
        add_usage(cmd, e);
    return r ? err_prefix(e, "%s", cmd->name) : 0;
}

/* The same when "!STATUS" was given. */
static int check_status(const struct scenario *scn, const char *expected, int r, struct err *e)
{
    if (scn->exit_status < 0)
        return r ? r : err_set(e, EPROTO, "exit status %s was expected, but no program has run", expected);
    if (g_ascii_strtoull(expected, NULL, 10) == (guint64)scn->exit_status)
        return 0;
    return err_set(e, EPROTO, "exit status %s was expected, it is %d", expected, scn->exit_status);
}

/* What the command's result means when "!ENAME" was given. */
static int check_expected(const struct scenario *scn, const char *expected, int r, struct err *e)
{
    char got[256];

    if (r && !scn->is_refused)
        return r;
    if (!r)
        return err_set(e, EPROTO, "%s was expected, but the command succeeded", expected);
    if (!strcmp(err_name(r), expected))
        return 0;
    g_strlcpy(got, e->text, sizeof(got));
    return err_set(e, EPROTO, "%s was expected, the answer is %s: %.150s", expected, err_name(r),
                   got);
}

/* A command in 'line' from offset 'at': the text before it stays for the columns of errors. */
static int do_command(struct scenario *scn, char *line, size_t at, GString *out, struct err *e)
{
    const char *expected = cut_expected(line + at);
    struct err own = { 0 };
    struct scan in;
    int r;

    scan_init(&in, line);
    in.at = line + at;
    scan_blanks(&in);
    r = run_command(scn, &in, expected, out, &own);
    if (!r)
        r = scn_failure(scn, &own);
    if (expected && g_ascii_isdigit(*expected))
        r = check_status(scn, expected, r, &own);
    else if (expected)
        r = check_expected(scn, expected, r, &own);
    else if (r && scn->is_refused)
        (void)err_prefix(&own, "%s", err_name(r));
    /* What the command made due now, such as the answer to an upcall, belongs to it. */
    clock_advance(&scn->sim->clock, scn->sim->clock.now_ns);
    if (!r && !scn->sim->clock.n_left)
        r = err_set(&own, ETIME, "the last event has happened that was allowed to");
    if (r && e)
        *e = own;
    return r;
}

static size_t command_end(char *line, size_t at)
{
    char *c = line + at;

    while (*c && *c != ';')
        c = skip_quoted(c);
    return (size_t)(c - line);
}

int scenario_do(struct sim *sim, const char *line, GString *out, struct err *e)
{
    struct scenario *scn = scenario_get(sim);
    char *copy = g_strdup(line);
    size_t len, at = 0, end;
    int r = 0;

    cut_comment(copy);
    len = strlen(copy);
    for (; !r && at < len; at = end + 1) {
        end = command_end(copy, at);
        copy[end] = '\0';
        r = do_command(scn, copy, at, out, e);
    }
    g_free(copy);
    return r;
}

/* Is it one that a "+TIME" stands before, or whose row says so? */
static bool command_needs_rest(const char *command)
{
    const struct scn_command *cmd;
    char name[32];
    struct scan in;

    scan_init(&in, command);
    scan_blanks(&in);
    if (scan_char(&in, '+'))
        return true;
    cmd = scan_token(&in, name, sizeof(name)) ? scn_command_find(name) : NULL;
    return cmd && cmd->effect != SCN_LOOKS;
}

bool scenario_needs_rest(const char *line)
{
    g_autofree char *copy = g_strdup(line);
    g_auto(GStrv) commands = NULL;
    bool found = false;

    cut_comment(copy);
    commands = g_strsplit(copy, ";", -1);
    for (char **command = commands; *command && !found; command++)
        found = command_needs_rest(*command);
    return found;
}

int scenario_try(struct sim *sim, const char *line, GString *out, struct err *e)
{
    struct trace *trace = sim->trace;
    dp_trace_fn *step = sim->env.trace;
    int r;

    sim->trace = NULL;
    sim->env.trace = NULL;
    r = scenario_do(sim, line, out, e);
    sim->trace = trace;
    sim->env.trace = step;
    return r;
}

/* ---- a file ---------------------------------------------------------------------------------- */

static void print(struct sim *sim, GString *out)
{
    if (sim->trace)
        trace_text(sim, out->str);
    else
        fputs(out->str, stdout);
    g_string_truncate(out, 0);
}

static void tell_where(const struct scenario *scn, const char *path, unsigned n, const char *line)
{
    g_autofree char *where = scn->at ? g_strdup_printf("%s:%u: %s", path, n, line) : NULL;

    if (where)
        scn->at(scn->at_ctx, where);
}

static int run_lines(struct scenario *scn, const char *path, char **lines, struct err *e)
{
    GString *out = g_string_new(NULL);
    int r = 0;

    for (unsigned n = 0; !r && lines[n]; n++) {
        g_strchomp(lines[n]);
        tell_where(scn, path, n + 1, lines[n]);
        r = scenario_do(scn->sim, lines[n], out, e);
        if (r)
            (void)err_prefix(e, "%s:%u", path, n + 1);
        print(scn->sim, out);
    }
    if (!r)
        tell_where(scn, path, g_strv_length(lines), "(what is still scheduled)");
    if (!r && (r = scn_run_injections(scn, e)))
        (void)err_prefix(e, "%s", path);
    g_string_free(out, TRUE);
    return r;
}

int scenario_run_lines(struct sim *sim, const char *path, char **lines, struct err *e)
{
    struct scenario *scn = scenario_get(sim);
    struct err own = { 0 };
    int r;

    g_free(scn->in_folder);
    scn->in_folder = g_path_get_dirname(path);
    r = run_lines(scn, path, lines, &own);
    if (!r)
        r = scn_recordings_check(scn, &own);
    if (r && e)
        *e = own;
    g_clear_pointer(&scn->in_folder, g_free);
    return r;
}

int scenario_run_file(struct sim *sim, const char *path, struct err *e)
{
    char *text, **lines;
    int r;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return err_set(e, errno ? errno : EIO, "%s: cannot be read: %s", path, strerror(errno));
    lines = g_strsplit(text, "\n", -1);
    r = scenario_run_lines(sim, path, lines, e);
    g_strfreev(lines);
    g_free(text);
    return r;
}
