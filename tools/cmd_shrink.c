/* cmd_shrink.c - dpsim shrink: cuts a failing recording to a minimal one. SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "sim/replay/shrink.h"
#include "tools/cmd.h"

static const char usage[] =
    "usage: dpsim shrink FILE.pcapng [-o OUT.pcapng] [-- COMMAND ARGS...]\n"
    "Leaves out of a recording what it does not need to fail, and writes the rest (default: FILE-min.pcapng). It\n"
    "fails if 'dpsim replay --client' says a difference in the same field of the same kind of message first; or, if\n"
    "there is a COMMAND, if that, with a file's name behind its arguments, does not end with exit status 0.\n";

struct shrinking {
    char **command;             /* NULL: replay */
    char *file;                 /* for it */
    struct shrink_target target;
    guint n_told;               /* records left when progress was told last */
    struct err e;               /* why it cannot go on */
};

static int misuse(const char *why, const char *what)
{
    fprintf(stderr, "dpsim shrink: %s%s\n%s", why, what, usage);
    return 2;
}

/* The command's own words are not asked for; only how it ends. */
static bool command_fails(struct shrinking *s, const struct tape *part)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    GError *error = NULL;
    int status = 0;

    if (s->e.code || tape_write(part, s->file, &s->e))
        return false;
    for (char **arg = s->command; *arg; arg++)
        g_ptr_array_add(argv, *arg);
    g_ptr_array_add(argv, s->file);
    g_ptr_array_add(argv, NULL);
    if (!g_spawn_sync(NULL, (char **)argv->pdata, NULL,
                      G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, NULL,
                      NULL, NULL, NULL, &status, &error)) {
        err_set(&s->e, EIO, "%s", error->message);
        g_clear_error(&error);
    }
    return status != 0;
}

static bool fails(void *ctx, struct tape *part)
{
    struct shrinking *s = ctx;

    return s->command ? command_fails(s, part) : shrink_is_target(part, &s->target);
}

static void progress(void *ctx, guint n_left, guint n_all, unsigned n_runs)
{
    struct shrinking *s = ctx;

    if (n_left == s->n_told)
        return;
    s->n_told = n_left;
    fprintf(stderr, "dpsim shrink: %u of %u records left after %u runs\n", n_left, n_all, n_runs);
}

/* Does the whole fail? 0, or -errno with the reason why there is nothing to do. */
static int check_whole(struct shrinking *s, const struct tape *t, struct err *e)
{
    int fd;

    if (!s->command) {
        shrink_target_of(t, &s->target);
        return s->target.message ? 0
                                 : err_set(e, EINVAL, "%s: 'dpsim replay --client' finds no difference", t->path);
    }
    fd = g_file_open_tmp("dpsim-shrink-XXXXXX", &s->file, NULL);
    if (fd < 0)
        return err_set(e, EIO, "no temporary file: %s", g_strerror(errno));
    g_close(fd, NULL);
    if (!command_fails(s, t))
        return s->e.code ? err_set(e, s->e.code, "%s", s->e.text)
                         : err_set(e, EINVAL, "%s: %s succeeds with it", t->path, s->command[0]);
    return 0;
}

static int run(struct shrinking *s, const char *in, const char *out, struct err *e)
{
    struct tape *t = tape_read(in, e), *least;
    int rc = t ? check_whole(s, t, e) : -e->code;

    if (!rc) {
        least = shrink(t, fails, progress, s);
        rc = s->e.code ? err_set(e, s->e.code, "%s", s->e.text) : tape_write(least, out, e);
        if (!rc)
            printf("%s: %u of %u records\n", out, least->records->len, t->records->len);
        tape_free(least);
    }
    tape_free(t);
    if (s->file)
        (void)g_remove(s->file);
    g_free(s->file);
    shrink_target_done(&s->target);
    return rc;
}

static char *default_out(const char *in)
{
    size_t len = strlen(in);

    if (g_str_has_suffix(in, ".pcapng"))
        len -= strlen(".pcapng");
    return g_strdup_printf("%.*s-min.pcapng", (int)len, in);
}

int cmd_shrink(int argc, char **argv)
{
    struct shrinking s = { 0 };
    struct err e = { 0 };
    const char *in = NULL, *out = NULL;
    g_autofree char *name = NULL;

    (void)argc;
    for (char **arg = argv + 1; *arg && !s.command; arg++) {
        if (!strcmp(*arg, "--help")) {
            fputs(usage, stdout);
            return 0;
        }
        if (!strcmp(*arg, "--"))
            s.command = arg + 1;
        else if (!strcmp(*arg, "-o") && arg[1])
            out = *++arg;
        else if (**arg == '-' || in)
            return misuse("cannot use ", *arg);
        else
            in = *arg;
    }
    if (!in)
        return misuse("no recording given", "");
    if (s.command && !*s.command)
        return misuse("no command given", "");
    name = out ? g_strdup(out) : default_out(in);
    if (!run(&s, in, name, &e))
        return fflush(stdout) ? 1 : 0;
    fprintf(stderr, "dpsim shrink: %s\n", e.text);
    return 1;
}
