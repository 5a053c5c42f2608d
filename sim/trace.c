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
    unsigned depth;             /* packets whose way is under way, one within the other */
    bool is_whole;              /* trace_mute() is not listened to */
};

/* "0.000123000 ", and as many blanks as packets are under way. */
static void put_head(const struct sim *sim)
{
    uint64_t ns = sim->clock.now_ns - SIM_START_NS;

    fprintf(sim->trace->file, "%" PRIu64 ".%09" PRIu64 " %*s", ns / 1000000000, ns % 1000000000,
            (int)sim->trace->depth * 2, "");
}

static void on_step(void *ctx, enum dp_trace_what what, const char *func, const char *text)
{
    struct sim *sim = ctx;
    struct trace *t = sim->trace;

    if (what == DP_TRACE_END) {
        t->depth -= t->depth > 0;
        return;
    }
    put_head(sim);
    fprintf(t->file, "%s%s%s\n", func, *text ? " " : "", text);
    t->depth += what == DP_TRACE_BEGIN;
}

void trace_mute(struct sim *sim, bool is_muted)
{
    struct trace *t = sim->trace;

    sim->env.trace = t && (!is_muted || t->is_whole) ? on_step : NULL;
}

bool trace_is_muted(const struct sim *sim)
{
    return !sim->env.trace;
}

void trace_tell_all(struct sim *sim)
{
    sim->trace->is_whole = true;
    sim->env.traces_misses = true;
    trace_mute(sim, false);
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
    put_head(sim);
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
