/* files.c - opening files, some of which tell what the simulator has in place of the machine.
 *
 * Such a file is a memory file with the text in it. What a read of the kernel's would refuse, its
 * open refuses here.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tools/preload/preload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <unistd.h>

int files_make(const void *text, size_t len)
{
    int fd = memfd_create("dpsim-file", MFD_CLOEXEC);

    if (fd < 0)
        return -1;
    fd_set_state(fd, FD_FOREIGN);
    if (real.write(fd, text, len) != (ssize_t)len || lseek(fd, 0, SEEK_SET)) {
        real.close(fd);
        return fail(EIO);
    }
    return fd;
}

static int stand_in(const char *path, int flags)
{
    int fd;

    if (!path || path[0] != '/' || !preload_on())
        return FILES_NOT_OURS;
    fd = cpus_open(path);
    return fd != FILES_NOT_OURS ? fd : netfiles_open(path, flags);
}

static int open_path(int dir, const char *path, int flags, mode_t mode)
{
    int fd = stand_in(path, flags);

    if (fd != FILES_NOT_OURS)
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
EXPORT int __openat_2(int dir, const char *path, int flags);
EXPORT int __openat64_2(int dir, const char *path, int flags);

int __open_2(const char *path, int flags)
{
    return open_path(AT_FDCWD, path, flags, 0);
}

int __open64_2(const char *path, int flags)
{
    return open_path(AT_FDCWD, path, flags, 0);
}

int __openat_2(int dir, const char *path, int flags)
{
    return open_path(dir, path, flags, 0);
}

int __openat64_2(int dir, const char *path, int flags)
{
    return open_path(dir, path, flags, 0);
}

EXPORT FILE *fopen(const char *path, const char *mode)
{
    int fd = stand_in(path, mode && mode[0] == 'r' && mode[1] != '+' ? O_RDONLY : O_RDWR);

    if (fd >= 0)
        return fdopen(fd, "re");
    if (fd != FILES_NOT_OURS)
        return NULL;
    (void)preload_on();
    return real.fopen(path, mode);
}

EXPORT __typeof__(fopen) fopen64 __attribute__((alias("fopen")));
