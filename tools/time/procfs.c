/* procfs.c - files that tell how the machine is doing, an idle one on virtual time, and whom it knows: nobody else.
 * SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "tools/time/machine.h"

#define TEXT_LEN 256

struct text {
    char text[TEXT_LEN];
    size_t len;
};

static void put(struct text *t, const char *word)
{
    size_t len = strlen(word);

    memcpy(t->text + t->len, word, len);
    t->len += len;
}

/* In decimal, with zeros in front up to so many digits. */
static void put_number(struct text *t, uint64_t n, int digits)
{
    char number[21] = "";
    char *to = number + sizeof(number) - 1;

    for (; n || digits > 0; n /= 10, digits--)
        *--to = (char)('0' + n % 10);
    put(t, to);
}

static void put_uptime(struct text *t)
{
    put_number(t, time_now() / NS_PER_S, 1);
    put(t, ".");
    put_number(t, time_now() % NS_PER_S / (NS_PER_S / 100), 2);
    put(t, " 0.00\n");
}

static void put_load(struct text *t)
{
    put(t, "0.00 0.00 0.00 1/1 ");
    put_number(t, (uint64_t)time_vpid(), 1);
    put(t, "\n");
}

static void put_stat(struct text *t)
{
    put(t, "cpu  0 0 0 0 0 0 0 0 0 0\n");
    for (unsigned i = 0; i < page->n_cpus && t->len < TEXT_LEN - 100; i++) {
        put(t, "cpu");
        put_number(t, i, 1);
        put(t, " 0 0 0 0 0 0 0 0 0 0\n");
    }
    put(t, "ctxt 0\nbtime ");
    put_number(t, VTIME_EPOCH_NS / NS_PER_S, 1);
    put(t, "\nprocesses 1\nprocs_running 1\n");
}

static void put_kb(struct text *t, const char *name, uint64_t bytes)
{
    put(t, name);
    put_number(t, bytes / 1024, 1);
    put(t, " kB\n");
}

static void put_memory(struct text *t)
{
    put_kb(t, "MemTotal:       ", MACHINE_RAM_BYTES);
    put_kb(t, "MemFree:        ", MACHINE_FREE_BYTES);
    put_kb(t, "MemAvailable:   ", MACHINE_FREE_BYTES);
    put_kb(t, "Buffers:        ", 0);
    put_kb(t, "Cached:         ", 0);
    put_kb(t, "SwapTotal:      ", 0);
    put_kb(t, "SwapFree:       ", 0);
}

static void put_hosts(struct text *t)
{
    put(t, "127.0.0.1 localhost\n::1 localhost\n");
}

/* What is read of it stays in a program's memory and moves what comes behind; and there is no name server here. */
static void put_nothing(struct text *t)
{
    (void)t;
}

/* clang-format off */
static const struct file {
    const char *path;
    void (*put)(struct text *t);
} files[] = {
    { "/proc/uptime",    put_uptime },
    { "/proc/loadavg",   put_load },
    { "/proc/stat",      put_stat },
    { "/proc/meminfo",   put_memory },
    { "/etc/hosts",      put_hosts },
    { "/etc/resolv.conf", put_nothing },
};
/* clang-format on */

static long make(const struct file *file, long flags)
{
    struct text t = { .len = 0 };
    long fd = RAW(SYS_memfd_create, file->path, flags & O_CLOEXEC ? MFD_CLOEXEC : 0);

    if (fd < 0)
        return fd;
    file->put(&t);
    (void)RAW(SYS_write, fd, t.text, t.len);
    (void)RAW(SYS_lseek, fd, 0, SEEK_SET);
    return fd;
}

long machine_open(const char *path, long flags)
{
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        if (!strcmp(path, files[i].path))
            return make(&files[i], flags);
    }
    return MACHINE_NOT_OURS;
}
