/* cmd_explain.c - dpsim explain: runs a test and tells what has become of its packets.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>

#include "sim/explain.h"
#include "sim/folder.h"
#include "sim/golden.h"
#include "tools/children.h"
#include "tools/cmd.h"
#include "tools/options.h"
#include "tools/test_programs.h"

/* Runs the test in 'folder' and reads its trace, also if it failed. NULL: there is none. */
static char *run(const struct options *o, const char *folder, struct err *e)
{
    g_autofree char *output = g_build_filename(folder, TEST_OUTPUT, NULL);
    g_autofree char *path = g_build_filename(output, GOLDEN_TRACE, NULL);
    const struct sim_options sim = options_sim(o);
    struct test_programs *programs = test_programs_new(o->program[0], folder, options_test_time(o));
    const struct golden_run golden = { .test = o->program[0], .output = output, .sim = &sim,
                                       .faults = o->faults,
                                       .programs = test_programs_ops(programs), .tells_all = true };
    char *trace = NULL;

    children_adopt();
    if (g_mkdir(output, 0777))
        (void)err_set(e, errno, "%s: cannot be made: %s", output, g_strerror(errno));
    else
        (void)golden_run(&golden, e);
    test_programs_free(programs);
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
    struct err e = { 0 };
    g_autofree char *folder = test_programs_folder(&e);
    g_autofree char *trace = folder ? run(o, folder, &e) : NULL;
    int status = trace ? tell(trace, q) : 1;

    if (e.code)
        fprintf(stderr, "dpsim explain: %s\n", e.text);
    if (folder)
        folder_remove(folder);
    return status || e.code;
}

int cmd_explain(int argc, char **argv)
{
    struct explain_query q = { 0 };
    struct err e = { 0 };
    struct options o;
    int status = options_read(argc, argv, OPTION_PLACES | OPTION_SEED | OPTION_CPUS | OPTION_CHANCE
                              | OPTION_TIME | OPTION_FAULT, &o);

    if (status >= 0)
        return status;
    if (o.program[1] && (o.program[2] || explain_parse(o.program[1], &q, &e))) {
        fprintf(stderr, "dpsim explain: %s\nusage: dpsim explain [OPTIONS...] TEST|SCENARIO.scn "
                        "[NUMBER|DEVICE:NUMBER|FILE.pcap:NUMBER]\n", e.code ? e.text : "too many arguments");
        return 2;
    }
    return explain(&o, &q);
}
