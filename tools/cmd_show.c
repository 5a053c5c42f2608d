/* cmd_show.c - dpsim show: the frames of capture files, one line each, in the words of a flow key.
 * SPDX-License-Identifier: Apache-2.0 */
#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/diff.h"
#include "sim/pcap_in.h"
#include "tools/cmd.h"

#define NS_PER_S 1000000000

static int show_file(const char *path)
{
    struct err e = {0};
    struct pcap_in *in = pcap_in_open(path, &e);
    struct pcap_in_frame frame;
    int more = in ? 1 : -1;

    for (unsigned n = 1; more > 0 && (more = pcap_in_next(in, &frame, &e)) > 0; n++) {
        GString *line = g_string_new(NULL);

        g_string_printf(line, "%5u %" PRId64 ".%09" PRId64 " len %4zu ", n,
                        frame.time_ns / NS_PER_S, frame.time_ns % NS_PER_S, frame.len);
        diff_print_frame(line, frame.data, frame.len);
        puts(line->str);
        g_string_free(line, TRUE);
    }
    pcap_in_close(in);
    if (more < 0)
        fprintf(stderr, "dpsim show: %s\n", e.text);
    return more < 0;
}

int cmd_show(int argc, char **argv)
{
    int status = 0;

    if (argc < 2 || !strcmp(argv[1], "--help")) {
        fprintf(argc < 2 ? stderr : stdout, "usage: dpsim show FILE.pcap...\n"
                                            "Prints the frames of capture files: number, time, length, key.\n");
        return argc < 2 ? 2 : 0;
    }
    for (int i = 1; i < argc; i++)
        status |= show_file(argv[i]);
    return status;
}
