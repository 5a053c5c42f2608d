/* cmd_explain.c - dpsim explain: runs a test and tells what has become of its packets.
 * SPDX-License-Identifier: Apache-2.0 */
#include <glib.h>
#include <stdio.h>

#include "sim/explain.h"
#include "sim/folder.h"
#include "sim/golden.h"
#include "tools/cmd.h"
#include "tools/options.h"

/* Runs the test and reads its trace, also if it failed. NULL: there is none. */
static char *run(const struct options *o, const char *output, struct err *e)
{
    const struct sim_options sim = options_sim(o);
    const struct golden_run golden = { .test = o->program[0], .output = output, .sim = &sim,
                                       .tells_all = true };
    g_autofree char *path = g_build_filename(output, GOLDEN_TRACE, NULL);
    char *trace = NULL;

    (void)golden_run(&golden, e);
    (void)g_file_get_contents(path, &trace, NULL, NULL);
    return trace;
}

static int tell(const char *trace, const struct explain_query *q)
{
    GString *out = g_string_new(NULL);
    unsigned n = explain_trace(trace, q, out);

    fputs(out->str, stdout);
    if (!n && (q->name || q->number))
        fprintf(stderr, "dpsim explain: the datapath has met no such packet\n");
    g_string_free(out, TRUE);
    return fflush(stdout) || (!n && (q->name || q->number));
}

static int explain(const struct options *o, const struct explain_query *q)
{
    GError *error = NULL;
    g_autofree char *output = g_dir_make_tmp("dpsim-explain-XXXXXX", &error);
    g_autofree char *trace = NULL;
    struct err e = { 0 };
    int status = 1;

    if (!output) {
        fprintf(stderr, "dpsim explain: no temporary folder: %s\n", error->message);
        g_error_free(error);
        return 1;
    }
    trace = run(o, output, &e);
    if (trace)
        status = tell(trace, q);
    if (e.code)
        fprintf(stderr, "dpsim explain: %s\n", e.text);
    folder_remove(output);
    return status || e.code;
}

int cmd_explain(int argc, char **argv)
{
    struct explain_query q = { 0 };
    struct err e = { 0 };
    struct options o;
    int status = options_read(argc, argv, OPTION_PLACES | OPTION_SEED | OPTION_CPUS | OPTION_CHANCE, &o);

    if (status >= 0)
        return status;
    if (o.program[1] && (o.program[2] || explain_parse(o.program[1], &q, &e))) {
        fprintf(stderr, "dpsim explain: %s\nusage: dpsim explain [OPTIONS...] TEST|SCENARIO.scn "
                        "[NUMBER|DEVICE:NUMBER|FILE.pcap:NUMBER]\n", e.code ? e.text : "too many arguments");
        return 2;
    }
    return explain(&o, &q);
}
