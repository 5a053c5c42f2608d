/* paths.c - /proc/PID, as clients number processes, is the kernel's /proc under the machine's number.
 * What the files in it tell is the machine's.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "tools/time/core.h"
#include "tools/time/paths.h"

#define MOST_DIGITS 9

/* Moves both on over 'word'. False: 'from' has another one. */
static bool copy_word(const char **from, char **to, const char *word)
{
    size_t len = strlen(word);

    if (strncmp(*from, word, len) != 0)
        return false;
    memcpy(*to, word, len);
    *from += len;
    *to += len;
    return true;
}

static char *put_number(char *to, int n)
{
    char digits[12];
    int len = 0;

    for (; n > 0; n /= 10)
        digits[len++] = (char)('0' + n % 10);
    while (len)
        *to++ = digits[--len];
    return to;
}

/* The number of a process becomes the machine's. */
static bool copy_pid(const char **from, char **to)
{
    int pid = 0, len = 0;

    for (; len < MOST_DIGITS && (*from)[len] >= '0' && (*from)[len] <= '9'; len++)
        pid = pid * 10 + (*from)[len] - '0';
    if (!pid || ((*from)[len] && (*from)[len] != '/'))
        return false;
    *from += len;
    *to = put_number(*to, pid_real(pid));
    return true;
}

const char *path_real(const char *path, char room[PATH_ROOM])
{
    const char *from = path;
    char *to = room;

    if (!path || !copy_word(&from, &to, "/proc/"))
        return path;
    if (!copy_pid(&from, &to) && !copy_word(&from, &to, "self"))
        return path;
    if (copy_word(&from, &to, "/task/"))
        (void)copy_pid(&from, &to);
    if (strlen(from) >= (size_t)(room + PATH_ROOM - to))
        return path;
    strcpy(to, from);
    return room;
}

static long with_path(struct call *c, int at)
{
    struct call real = *c;
    char room[PATH_ROOM];

    real.arg[at] = (long)path_real((const char *)c->arg[at], room);
    return call_native(&real);
}

long call_path(struct call *c)
{
    return with_path(c, 0);
}

long call_path_at(struct call *c)
{
    return with_path(c, 1);
}

/* 'path', the room for the answer and its size stand one after the other. */
static long read_link(struct call *c, int at)
{
    char number[12], *end;
    const char *path = (const char *)c->arg[at];

    if (!path || strcmp(path, "/proc/self") != 0 || c->arg[at + 2] <= 0)
        return with_path(c, at);
    end = put_number(number, time_vpid());
    if (end - number > c->arg[at + 2])
        end = number + c->arg[at + 2];
    memcpy((char *)c->arg[at + 1], number, (size_t)(end - number));
    return end - number;
}

long call_readlink(struct call *c)
{
    return read_link(c, 0);
}

long call_readlinkat(struct call *c)
{
    return read_link(c, 1);
}
