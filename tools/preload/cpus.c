/* cpus.c - how many CPUs the program sees, when the simulator was told to have so many.
 *
 * The datapath dispatches upcalls by CPU and OVS makes a handler for each one it counts: both
 * must count alike, whatever machine this is.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tools/preload/preload.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

/* 0: those of the machine. */
static unsigned n_cpus(void)
{
    return preload_on() ? ctl_n_cpus() : 0;
}

EXPORT long sysconf(int name)
{
    unsigned n = name == _SC_NPROCESSORS_CONF || name == _SC_NPROCESSORS_ONLN ? n_cpus() : 0;

    if (n)
        return (long)n;
    (void)preload_on();
    return real.sysconf(name);
}

EXPORT int get_nprocs(void)
{
    unsigned n = n_cpus();

    return n ? (int)n : real.get_nprocs();
}

EXPORT int get_nprocs_conf(void)
{
    unsigned n = n_cpus();

    return n ? (int)n : real.get_nprocs_conf();
}

/* CPUs 0..n-1, as a fresh process has them. Returns 0 or an errno. */
static int fill_set(unsigned n, size_t size, cpu_set_t *set)
{
    if (size * 8 < n)
        return EINVAL;
    memset(set, 0, size);
    for (unsigned i = 0; i < n; i++)
        CPU_SET_S(i, size, set);
    return 0;
}

EXPORT int sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set)
{
    unsigned n = n_cpus();
    int rc = real.sched_getaffinity(pid, size, set);

    if (rc < 0 || !n)
        return rc;
    rc = fill_set(n, size, set);
    return rc ? fail(rc) : 0;
}

EXPORT int pthread_getaffinity_np(pthread_t thread, size_t size, cpu_set_t *set)
{
    unsigned n = n_cpus();
    int rc = real.pthread_getaffinity_np(thread, size, set);

    return rc || !n ? rc : fill_set(n, size, set);
}

/* ---- files ----------------------------------------------------------------------------------- */

#define SYS "/sys/devices/system/"

static bool lists_cpus(const char *path)
{
    static const char *const names[] = { "possible", "online", "present" };

    if (strncmp(path, SYS "cpu/", strlen(SYS "cpu/")) != 0)
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (!strcmp(path + strlen(SYS "cpu/"), names[i]))
            return true;
    }
    return false;
}

/* A file that says "0-7", in place of the machine's. */
int cpus_open(const char *path)
{
    unsigned n = lists_cpus(path) ? n_cpus() : 0;
    char text[32];
    int len = n > 1 ? snprintf(text, sizeof(text), "0-%u\n", n - 1)
                    : snprintf(text, sizeof(text), "0\n");

    return n ? files_make(text, (size_t)len) : FILES_NOT_OURS;
}

/* The folders that would tell the machine's CPUs are not there: programs then count otherwise. */
bool cpus_hide_folder(const char *path)
{
    bool tells = !strncmp(path, SYS "node", strlen(SYS "node")) || !strcmp(path, SYS "cpu")
                 || !strcmp(path, SYS "cpu/");

    return tells && n_cpus();
}
