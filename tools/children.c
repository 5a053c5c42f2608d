/* children.c - see children.h. SPDX-License-Identifier: Apache-2.0 */
#include "tools/children.h"

#include <glib.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct process {
    pid_t pid, parent;
    bool is_ours;
};

void children_adopt(void)
{
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
}

/* "PID (NAME) STATE PARENT ..."; the name may hold anything, also ')'. */
static bool read_process(const char *pid, struct process *p)
{
    g_autofree char *path = g_strdup_printf("/proc/%s/stat", pid);
    g_autofree char *text = NULL;
    const char *rest;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return false;
    rest = strrchr(text, ')');
    if (!rest || strlen(rest) < 4)
        return false;
    *p = (struct process){ .pid = atoi(pid), .parent = atoi(rest + 4) };
    return true;
}

static GArray *read_processes(void)
{
    GArray *list = g_array_new(FALSE, FALSE, sizeof(struct process));
    GDir *dir = g_dir_open("/proc", 0, NULL);
    const char *name;
    struct process p;

    while (dir && (name = g_dir_read_name(dir))) {
        if (g_ascii_isdigit(*name) && read_process(name, &p))
            g_array_append_val(list, p);
    }
    if (dir)
        g_dir_close(dir);
    return list;
}

static bool is_parent_ours(const GArray *list, pid_t parent, pid_t root)
{
    if (parent == root)
        return true;
    for (guint i = 0; i < list->len; i++) {
        const struct process *p = &g_array_index(list, struct process, i);

        if (p->pid == parent)
            return p->is_ours;
    }
    return false;
}

/* Marks children until no more are found: each round reaches one generation. */
static void mark_ours(GArray *list, pid_t root)
{
    bool found;

    do {
        found = false;
        for (guint i = 0; i < list->len; i++) {
            struct process *p = &g_array_index(list, struct process, i);

            if (!p->is_ours && is_parent_ours(list, p->parent, root))
                p->is_ours = found = true;
        }
    } while (found);
}

void children_signal(int signal)
{
    GArray *list = read_processes();

    mark_ours(list, getpid());
    for (guint i = 0; i < list->len; i++) {
        const struct process *p = &g_array_index(list, struct process, i);

        if (p->is_ours)
            (void)kill(p->pid, signal);
    }
    g_array_free(list, TRUE);
}

static bool is_among(const GArray *pids, pid_t pid)
{
    for (guint i = 0; i < pids->len; i++)
        if (g_array_index(pids, pid_t, i) == pid)
            return true;
    return false;
}

void children_end_others(const GArray *known)
{
    bool found;

    do {        /* what an orphan leaves comes to us when it is gone */
        GArray *list = read_processes();

        found = false;
        for (guint i = 0; i < list->len; i++) {
            const struct process *p = &g_array_index(list, struct process, i);

            if (p->parent != getpid() || is_among(known, p->pid))
                continue;
            (void)kill(p->pid, SIGKILL);
            (void)waitpid(p->pid, NULL, 0);
            found = true;
        }
        g_array_free(list, TRUE);
    } while (found);
}

static char *read_word(pid_t pid, const char *file)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/%s", (int)pid, file);
    char *text = NULL;

    (void)g_file_get_contents(path, &text, NULL, NULL);
    return text ? g_strchomp(text) : g_strdup("?");
}

void children_describe(pid_t pid, GString *out)
{
    GArray *list = read_processes();
    bool is_first = true;

    mark_ours(list, pid);
    for (guint i = 0; i < list->len; i++) {
        const struct process *p = &g_array_index(list, struct process, i);
        g_autofree char *name = p->is_ours ? read_word(p->pid, "comm") : NULL;
        g_autofree char *call = p->is_ours ? read_word(p->pid, "wchan") : NULL;

        if (name)
            g_string_append_printf(out, "%s%s in %s", is_first ? "" : ", ", name, call);
        is_first = is_first && !name;
    }
    g_array_free(list, TRUE);
}
