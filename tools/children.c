/* children.c - see children.h. SPDX-License-Identifier: Apache-2.0 */
#include "tools/children.h"

#include <glib.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
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

static bool is_parent_ours(const GArray *list, pid_t parent)
{
    if (parent == getpid())
        return true;
    for (guint i = 0; i < list->len; i++) {
        const struct process *p = &g_array_index(list, struct process, i);

        if (p->pid == parent)
            return p->is_ours;
    }
    return false;
}

/* Marks children until no more are found: each round reaches one generation. */
static void mark_ours(GArray *list)
{
    bool found;

    do {
        found = false;
        for (guint i = 0; i < list->len; i++) {
            struct process *p = &g_array_index(list, struct process, i);

            if (!p->is_ours && is_parent_ours(list, p->parent))
                p->is_ours = found = true;
        }
    } while (found);
}

void children_signal(int signal)
{
    GArray *list = read_processes();

    mark_ours(list);
    for (guint i = 0; i < list->len; i++) {
        const struct process *p = &g_array_index(list, struct process, i);

        if (p->is_ours)
            (void)kill(p->pid, signal);
    }
    g_array_free(list, TRUE);
}
