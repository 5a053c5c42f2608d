/* entropy.c - random bytes that a run can repeat: a stream for each process, by the run's seed and its
 * number. How far it has got stands in the page, so that the next program of the process goes on there.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "tools/time/core.h"

#ifndef GRND_INSECURE
#define GRND_INSECURE 4
#endif

#define MOST_BYTES 33554431     /* the kernel gives no more at once */
#define MOST_INHERITED 64       /* descriptors that are looked at */
#define STEP UINT64_C(0x9e3779b97f4a7c15)       /* splitmix64's, of 2^64 and the golden ratio */

static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static uint64_t next_word(void)
{
    uint64_t stream = mix(page->seed + STEP * (uint64_t)time_vpid());

    return mix(stream + STEP * ++my_process()->n_random);
}

void entropy_read(void *buf, size_t len)
{
    char *to = buf;

    while (len) {
        uint64_t word = next_word();
        size_t n = len < sizeof(word) ? len : sizeof(word);

        memcpy(to, &word, n);
        to += n;
        len -= n;
    }
}

bool entropy_is_path(const char *path)
{
    return !strcmp(path, "/dev/urandom") || !strcmp(path, "/dev/random");
}

long call_getrandom(struct call *c)
{
    size_t len = (size_t)c->arg[1] < MOST_BYTES ? (size_t)c->arg[1] : MOST_BYTES;
    unsigned flags = (unsigned)c->arg[2];

    if (flags & ~(unsigned)(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE)
        || (flags & (GRND_RANDOM | GRND_INSECURE)) == (GRND_RANDOM | GRND_INSECURE))
        return -EINVAL;
    entropy_read((void *)c->arg[0], len);
    return (long)len;
}

/* Shells open it for the programs that they become. */
static void find_inherited(void)
{
    struct stat st;

    for (int fd = 0; fd < MOST_INHERITED; fd++) {
        if (!RAW(SYS_fstat, fd, &st) && S_ISCHR(st.st_mode)
            && (st.st_rdev == makedev(1, 8) || st.st_rdev == makedev(1, 9)))
            fd_set_flags(fd, FD_RANDOM);
    }
}

void entropy_start(void)
{
    void *random = (void *)getauxval(AT_RANDOM);        /* libc has taken what it needs */

    if (random)
        entropy_read(random, 16);
    find_inherited();
}
