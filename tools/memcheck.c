/* memcheck.c - see memcheck.h. SPDX-License-Identifier: Apache-2.0 */
#include "tools/memcheck.h"

#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tools/launch.h"

#define DONE_VARIABLE "DPSIM_VALGRIND"  /* set: it has been done */

/* A process that is forked is another dpsim until it becomes a program, whose memory is its own affair. */
static const char *const options[] = {
    "-q", "--error-exitcode=" G_STRINGIFY(MEMCHECK_FOUND),
    "--leak-check=full", "--show-leak-kinds=definite", "--errors-for-leak-kinds=definite",
};

int memcheck_become(char **argv)
{
    g_autofree char *valgrind = g_find_program_in_path("valgrind"), *self = NULL;
    g_autoptr(GPtrArray) all = NULL;

    if (g_getenv(DONE_VARIABLE)) {
        (void)unsetenv(DONE_VARIABLE);
        return -1;
    }
    if (!valgrind) {
        fprintf(stderr, "dpsim %s: --valgrind: there is no valgrind in PATH (Debian's package has the same name)\n", argv[0]);
        return LAUNCH_NOT_FOUND;
    }
    self = g_file_read_link("/proc/self/exe", NULL);
    all = g_ptr_array_new();
    g_ptr_array_add(all, valgrind);
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++)
        g_ptr_array_add(all, (char *)(uintptr_t)options[i]);
    g_ptr_array_add(all, self);
    while (*argv)
        g_ptr_array_add(all, *argv++);
    g_ptr_array_add(all, NULL);
    (void)setenv(DONE_VARIABLE, "1", 1);
    (void)execv(valgrind, (char **)all->pdata);
    fprintf(stderr, "dpsim: %s: %s\n", valgrind, g_strerror(errno));
    return LAUNCH_NOT_FOUND;
}
