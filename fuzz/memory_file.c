/* memory_file.c - see memory_file.h. SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/memory_file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz/target.h"

struct memory_file {
    int fd;
    char *path;
};

struct memory_file *memory_file_new(const char *name)
{
    struct memory_file *f = g_new0(struct memory_file, 1);

    f->fd = memfd_create(name, MFD_CLOEXEC);
    FUZZ_CHECK(f->fd >= 0, "no memory file");
    f->path = g_strdup_printf("/proc/self/fd/%d", f->fd);
    return f;
}

const char *memory_file_path(const struct memory_file *f)
{
    return f->path;
}

GBytes *memory_file_bytes(const struct memory_file *f)
{
    struct stat st = { 0 };
    uint8_t *data;

    FUZZ_CHECK(!fstat(f->fd, &st), "a memory file without a size");
    data = malloc((size_t)st.st_size);
    FUZZ_CHECK(pread(f->fd, data, (size_t)st.st_size, 0) == st.st_size, "a memory file cannot be read");
    return g_bytes_new_with_free_func(data, (gsize)st.st_size, free, data);
}

GBytes *exact_bytes(const void *data, size_t len)
{
    void *copy = malloc(len);

    if (len)
        memcpy(copy, data, len);
    return g_bytes_new_with_free_func(copy, len, free, copy);
}
