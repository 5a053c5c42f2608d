/* trace.c - see trace.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/trace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TRACE_BUFFER (256 * 1024)

struct trace {
    FILE *file;
    char *path;
};

static void put_time(struct sim *sim)
{
    uint64_t ns = sim->clock.now_ns - SIM_START_NS;

    fprintf(sim->trace->file, "%" PRIu64 ".%09" PRIu64 " ", ns / 1000000000, ns % 1000000000);
}

/* Where a frame enters; everything else follows from it. */
static bool is_entry(const char *func)
{
    return !strcmp(func, "ovs_vport_receive") || !strcmp(func, "ovs_packet_cmd_execute");
}

static void on_step(void *ctx, const char *func, const char *text)
{
    struct sim *sim = ctx;

    put_time(sim);
    fprintf(sim->trace->file, "%s%s%s%s\n", is_entry(func) ? "" : "  ", func, *text ? " " : "",
            text);
}

void trace_mute(struct sim *sim, bool is_muted)
{
    sim->env.trace = sim->trace && !is_muted ? on_step : NULL;
}

int trace_open(struct sim *sim, const char *path, struct err *e)
{
    bool is_stdout = strcmp(path, "-") == 0;
    FILE *file = is_stdout ? stdout : fopen(path, "we");
    struct trace *t;

    if (!file)
        return err_set(e, errno, "%s: cannot be written: %s", path, strerror(errno));
    (void)trace_close(sim, NULL);
    if (!is_stdout)
        setvbuf(file, NULL, _IOFBF, TRACE_BUFFER);
    t = g_new0(struct trace, 1);
    t->file = file;
    t->path = g_strdup(is_stdout ? "standard output" : path);
    sim->trace = t;
    trace_mute(sim, false);
    return 0;
}

int trace_close(struct sim *sim, struct err *e)
{
    struct trace *t = sim->trace;
    bool is_bad;
    int r = 0;

    if (!t)
        return 0;
    sim->trace = NULL;
    sim->env.trace = NULL;
    is_bad = ferror(t->file) != 0;
    errno = EIO;
    if ((t->file == stdout ? fflush(t->file) : fclose(t->file)) || is_bad)
        r = err_set(e, errno, "%s: the trace could not be written: %s", t->path, strerror(errno));
    g_free(t->path);
    g_free(t);
    return r;
}

void trace_line(struct sim *sim, const char *fmt, ...)
{
    va_list ap;

    if (!sim->trace)
        return;
    put_time(sim);
    va_start(ap, fmt);
    vfprintf(sim->trace->file, fmt, ap);
    va_end(ap);
    fputc('\n', sim->trace->file);
}

void trace_text(struct sim *sim, const char *text)
{
    if (sim->trace)
        fputs(text, sim->trace->file);
}
