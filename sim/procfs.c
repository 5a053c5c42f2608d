/* procfs.c - see procfs.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/procfs.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define PF_EXITING 0x4u
#define UNIX_FLAG_LISTENS 0x10000u      /* __SO_ACCEPTCON */

/* "PID (NAME) STATE PARENT GROUP SESSION TTY TTY-GROUP FLAGS ..."; the name may hold anything, also ')'. */
bool procfs_parse_stat(const char *text, struct procfs_stat *out)
{
    const char *name = strchr(text, '('), *end = strrchr(text, ')');
    char *rest, *flags;

    if (!name || !end || end < name || end[1] != ' ' || !g_ascii_isalpha(end[2]))
        return false;
    *out = (struct procfs_stat){ .state = end[2], .parent = (pid_t)strtol(end + 3, &rest, 10) };
    memcpy(out->name, name + 1, MIN((size_t)(end - name - 1), sizeof(out->name) - 1));
    if (rest == end + 3)
        return false;
    flags = rest;
    for (int i = 0; i < 4; i++)
        (void)strtol(flags, &flags, 10);
    out->is_ending = strtoul(flags, NULL, 10) & PF_EXITING;
    return true;
}

bool procfs_parse_schedstat(const char *text, uint64_t *n_runs)
{
    const char *at = text;

    for (int i = 0; i < 3; i++) {       /* time on CPUs, time waiting for them, times put on them */
        char *end;

        *n_runs = g_ascii_strtoull(at, &end, 10);
        if (end == at)
            return false;
        at = end;
    }
    return true;
}

/* "SLOT: REFERENCES PROTOCOL FLAGS TYPE STATE INODE[ PATH]", hexadecimal but for the inode. */
bool procfs_parse_unix(const char *line, struct procfs_unix *out)
{
    const char *at = strchr(line, ':');
    uint64_t field[6];

    if (!at)
        return false;
    at++;
    for (size_t i = 0; i < G_N_ELEMENTS(field); i++) {
        char *end;

        field[i] = g_ascii_strtoull(at, &end, i < 5 ? 16 : 10);
        if (end == at)
            return false;
        at = end;
    }
    *out = (struct procfs_unix){ field[5], field[2] & UNIX_FLAG_LISTENS, at + (*at == ' ') };
    return true;
}

static char *read_file(pid_t pid, pid_t tid, const char *name)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/task/%d/%s", pid, tid, name);
    char *text = NULL;

    (void)g_file_get_contents(path, &text, NULL, NULL);
    return text;
}

static bool stat_of(pid_t pid, pid_t tid, struct procfs_stat *out)
{
    g_autofree char *text = read_file(pid, tid, "stat");

    return text && procfs_parse_stat(text, out);
}

bool procfs_stat(pid_t pid, struct procfs_stat *out)
{
    return stat_of(pid, pid, out);
}

static bool is_alive(pid_t pid)
{
    struct procfs_stat stat;

    return procfs_stat(pid, &stat) && stat.state != 'Z' && stat.state != 'X';
}

bool procfs_has_ended(pid_t pid, int pidfd, int timeout_ms)
{
    struct pollfd p = { .fd = pidfd, .events = POLLIN };

    if (pidfd >= 0)
        return poll(&p, 1, timeout_ms) > 0;
    for (; is_alive(pid); timeout_ms -= timeout_ms > 0) {
        if (!timeout_ms)
            return false;
        (void)poll(NULL, 0, 1);
    }
    return true;
}

void procfs_describe(GString *out, pid_t pid, pid_t tid)
{
    g_autofree char *call = read_file(pid, tid, "syscall");
    struct procfs_stat process = { .name = "?" }, thread = { .name = "?", .state = '?' };

    (void)procfs_stat(pid, &process);
    (void)stat_of(pid, tid, &thread);
    g_string_append_printf(out, "%s (pid %d), thread %d %s, state %c", process.name, pid, tid,
                           thread.name, thread.state);
    if (call && g_ascii_isdigit(*call))
        g_string_append_printf(out, ", system call %d", atoi(call));
}
