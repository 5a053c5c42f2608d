/* vtime_watch.c - see vtime_watch.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/vtime_watch.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>

#define PATIENCE_S 10.0
#define PATIENCE_VARIABLE "DPSIM_WATCHDOG"      /* seconds, instead */

static double patience_s(void)
{
    const char *text = g_getenv(PATIENCE_VARIABLE);
    double s = text ? g_ascii_strtod(text, NULL) : 0;

    return s > 0 ? s : PATIENCE_S;
}

void vtime_watch_begin(struct vtime_watch *w)
{
    *w = (struct vtime_watch){ .since_us = g_get_monotonic_time() };
}

/* A file of a thread in /proc, without its line end; "?" if it cannot be read. */
static char *read_of(const struct vtime_page *page, const struct vtime_thread *t, const char *name)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/task/%d/%s", page->procs[t->proc].pid, t->tid, name);
    char *text = NULL;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return g_strdup("?");
    return g_strchomp(text);
}

static void tell(const struct vtime_page *page, const struct vtime_thread *t)
{
    const struct vtime_proc *p = &page->procs[t->proc];
    g_autofree char *name = read_of(page, t, "comm"), *call = read_of(page, t, "syscall");
    g_autofree char *where = read_of(page, t, "wchan");

    fprintf(stderr, "dpsim: virtual time stands still: %s, process %d, thread %d (here pid %d, tid %d), has not "
            "waited for anything for %g s; system call %s, kernel function %s\n", name, p->vpid, t->vtid, p->pid,
            t->tid, patience_s(), call, where);
}

void vtime_watch_look(struct vtime_watch *w, const struct vtime_page *page)
{
    uint32_t holder = atomic_load(&page->holder);

    if (w->has_told || holder == VTIME_NONE
        || (double)(g_get_monotonic_time() - w->since_us) < patience_s() * 1e6)
        return;
    w->has_told = true;
    tell(page, &page->threads[holder]);
}
