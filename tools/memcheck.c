/* memcheck.c - see memcheck.h. SPDX-License-Identifier: Apache-2.0 */
#include "tools/memcheck.h"

#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tools/launch.h"

#define DONE_VARIABLE "DPSIM_VALGRIND"  /* set: it has been done */

int memcheck_become(char **argv)
{
    g_autofree char *valgrind = g_find_program_in_path("valgrind"), *self = NULL;
    g_auto(GStrv) options = g_strsplit(DPSIM_MEMCHECK, " ", 0);
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
    for (char **option = options; *option; option++)
        g_ptr_array_add(all, *option);
    g_ptr_array_add(all, self);
    while (*argv)
        g_ptr_array_add(all, *argv++);
    g_ptr_array_add(all, NULL);
    (void)setenv(DONE_VARIABLE, "1", 1);
    (void)execv(valgrind, (char **)all->pdata);
    fprintf(stderr, "dpsim: %s: %s\n", valgrind, g_strerror(errno));
    return LAUNCH_NOT_FOUND;
}
