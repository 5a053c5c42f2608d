/* vtime_watch.c - see vtime_watch.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/vtime_watch.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>

#define PATIENCE_US (10 * INT64_C(1000000))

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

void vtime_watch_look(struct vtime_watch *w, const struct vtime_page *page)
{
    uint32_t holder = atomic_load(&page->holder);
    const struct vtime_thread *t;

    if (w->has_told || holder == VTIME_NONE || g_get_monotonic_time() - w->since_us < PATIENCE_US)
        return;
    w->has_told = true;
    t = &page->threads[holder];
    {
        g_autofree char *name = read_of(page, t, "comm"), *call = read_of(page, t, "syscall");
        g_autofree char *where = read_of(page, t, "wchan");

        fprintf(stderr, "dpsim: virtual time stands still: %s (process %d, thread %d; pid %d, tid %d) has not "
                "waited for anything for %d s; system call %s, kernel function %s\n", name,
                page->procs[t->proc].vpid, t->vtid, page->procs[t->proc].pid, t->tid,
                (int)(PATIENCE_US / 1000000), call, where);
    }
}
