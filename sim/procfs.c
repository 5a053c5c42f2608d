/* procfs.c - see procfs.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/procfs.h"

#include <stdlib.h>
#include <string.h>

#define UNIX_FLAG_LISTENS 0x10000u      /* __SO_ACCEPTCON */

/* What stands behind "NAME:" at a line's beginning, without blanks before it. */
static const char *value_of(const char *text, const char *name)
{
    size_t len = strlen(name);

    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (!strncmp(line, name, len) && line[len] == ':')
            return line + len + 1 + strspn(line + len + 1, "\t ");
    }
    return NULL;
}

static uint64_t number_of(const char *text, const char *name)
{
    const char *value = value_of(text, name);

    return value ? g_ascii_strtoull(value, NULL, 10) : 0;
}

bool procfs_parse_status(const char *text, struct procfs_status *out)
{
    const char *name = value_of(text, "Name"), *state = value_of(text, "State");

    if (!name || !state || !g_ascii_isalpha(*state)
        || !value_of(text, "voluntary_ctxt_switches"))
        return false;
    *out = (struct procfs_status){
        .state = *state,
        .parent = (pid_t)number_of(text, "PPid"),
        .n_switches = number_of(text, "voluntary_ctxt_switches")
                      + number_of(text, "nonvoluntary_ctxt_switches"),
    };
    memcpy(out->name, name, MIN(strcspn(name, "\n"), sizeof(out->name) - 1));
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

static bool status_of(pid_t pid, pid_t tid, struct procfs_status *out)
{
    g_autofree char *text = read_file(pid, tid, "status");

    return text && procfs_parse_status(text, out);
}

bool procfs_status(pid_t pid, struct procfs_status *out)
{
    return status_of(pid, pid, out);
}

void procfs_describe(GString *out, pid_t pid, pid_t tid)
{
    g_autofree char *call = read_file(pid, tid, "syscall");
    struct procfs_status process = { .name = "?" }, thread = { .name = "?", .state = '?' };

    (void)procfs_status(pid, &process);
    (void)status_of(pid, tid, &thread);
    g_string_append_printf(out, "%s (pid %d), thread %d %s, state %c", process.name, pid, tid,
                           thread.name, thread.state);
    if (call && g_ascii_isdigit(*call))
        g_string_append_printf(out, ", system call %d", atoi(call));
}
