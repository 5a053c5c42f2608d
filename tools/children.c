/* children.c - see children.h. SPDX-License-Identifier: Apache-2.0 */
#include "tools/children.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/kin.h"
#include "sim/procfs.h"

void children_adopt(void)
{
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
}

/* Calls 'fn' for each living descendant of 'root'. */
static void each_descendant(pid_t root, kin_fn *fn, void *ctx)
{
    struct kin *kin = kin_new(root);

    while (kin && !kin_look(kin, fn, ctx))
        ;
    kin_free(kin);
}

static void send_signal(void *signal, pid_t pid)
{
    (void)kill(pid, *(int *)signal);
}

void children_signal(int signal)
{
    each_descendant(getpid(), send_signal, &signal);
}

/* ---- orphans --------------------------------------------------------------------------------- */

struct ending {
    const GArray *known;
    bool found;
};

static bool is_among(const GArray *pids, pid_t pid)
{
    for (guint i = 0; i < pids->len; i++)
        if (g_array_index(pids, pid_t, i) == pid)
            return true;
    return false;
}

static void end_other(void *ctx, pid_t pid)
{
    struct ending *ending = ctx;
    struct procfs_stat stat;

    if (!procfs_stat(pid, &stat) || stat.parent != getpid() || is_among(ending->known, pid))
        return;
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
    ending->found = true;
}

void children_end_others(const GArray *known)
{
    struct ending ending = { .known = known };

    do {        /* what an orphan leaves comes to us when it is gone */
        ending.found = false;
        each_descendant(getpid(), end_other, &ending);
    } while (ending.found);
}

/* ---- what they do ---------------------------------------------------------------------------- */

static char *read_word(pid_t pid, const char *file)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/%s", (int)pid, file);
    char *text = NULL;

    (void)g_file_get_contents(path, &text, NULL, NULL);
    return text ? g_strchomp(text) : g_strdup("?");
}

static void describe(void *ctx, pid_t pid)
{
    g_autofree char *name = read_word(pid, "comm");
    g_autofree char *call = read_word(pid, "wchan");
    GString *out = ctx;

    g_string_append_printf(out, "%s%s %s%s", out->len ? ", " : "", name,
                           strcmp(call, "0") ? "in " : "running", strcmp(call, "0") ? call : "");
}

void children_describe(pid_t pid, GString *out)
{
    GString *text = g_string_new(NULL);

    each_descendant(pid, describe, text);
    g_string_append(out, text->str);
    g_string_free(text, TRUE);
}
