/* cpus.c - how many CPUs the program sees, when the simulator was told to have so many.
 *
 * The datapath dispatches upcalls by CPU and OVS makes a handler for each one it counts: both
 * must count alike, whatever machine this is.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tools/preload/preload.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
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

/* A file that says "0-7". */
static int open_list(unsigned n)
{
    char text[32];
    int fd = memfd_create("dpsim-cpus", MFD_CLOEXEC);
    int len = n > 1 ? snprintf(text, sizeof(text), "0-%u\n", n - 1)
                    : snprintf(text, sizeof(text), "0\n");

    if (fd < 0)
        return -1;
    fd_set_state(fd, FD_FOREIGN);
    if (real.write(fd, text, (size_t)len) != len || lseek(fd, 0, SEEK_SET)) {
        real.close(fd);
        return fail(EIO);
    }
    return fd;
}

/* The file in place of 'path', -1: the real one is meant. */
static int stand_in(const char *path)
{
    unsigned n = path && path[0] == '/' && lists_cpus(path) ? n_cpus() : 0;

    return n ? open_list(n) : -1;
}

static int open_path(int dir, const char *path, int flags, mode_t mode)
{
    int fd = stand_in(path);

    if (fd >= 0)
        return fd;
    (void)preload_on();
    return real.openat(dir, path, flags, mode);
}

/* The mode is there only if a file may be made. */
#define MODE(mode, last)                                                                         \
    do {                                                                                         \
        va_list args;                                                                            \
                                                                                                 \
        va_start(args, last);                                                                    \
        mode = __OPEN_NEEDS_MODE(last) ? va_arg(args, mode_t) : 0;                               \
        va_end(args);                                                                            \
    } while (0)

EXPORT int open(const char *path, int flags, ...)
{
    mode_t mode;

    MODE(mode, flags);
    return open_path(AT_FDCWD, path, flags, mode);
}

EXPORT int openat(int dir, const char *path, int flags, ...)
{
    mode_t mode;

    MODE(mode, flags);
    return open_path(dir, path, flags, mode);
}

EXPORT __typeof__(open) open64 __attribute__((alias("open")));
EXPORT __typeof__(openat) openat64 __attribute__((alias("openat")));

/* What fortified programs call without a mode. */
EXPORT int __open_2(const char *path, int flags);
EXPORT int __open64_2(const char *path, int flags);

int __open_2(const char *path, int flags)
{
    return open_path(AT_FDCWD, path, flags, 0);
}

int __open64_2(const char *path, int flags)
{
    return open_path(AT_FDCWD, path, flags, 0);
}

EXPORT FILE *fopen(const char *path, const char *mode)
{
    int fd = stand_in(path);

    if (fd >= 0)
        return fdopen(fd, "re");
    (void)preload_on();
    return real.fopen(path, mode);
}

EXPORT __typeof__(fopen) fopen64 __attribute__((alias("fopen")));

/* The folders that would tell the machine's CPUs are not there: programs then count otherwise. */
EXPORT DIR *opendir(const char *path)
{
    bool tells = !strncmp(path, SYS "node", strlen(SYS "node")) || !strcmp(path, SYS "cpu")
                 || !strcmp(path, SYS "cpu/");

    if (tells && n_cpus()) {
        errno = ENOENT;
        return NULL;
    }
    (void)preload_on();
    return real.opendir(path);
}
