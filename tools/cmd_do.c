/* cmd_do.c - dpsim do: scenario commands for a simulator that is already there.
 * SPDX-License-Identifier: Apache-2.0 */
#include <dlfcn.h>
#include <errno.h>
#include <glib.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "sim/proto.h"
#include "sim/scenario.h"
#include "tools/cmd.h"

#define REPLY_ROOM (256 * 1024)

static int misuse(const char *why)
{
    fprintf(stderr, "dpsim do: %s\nusage: dpsim do [--socket PATH] [COMMAND ARGUMENTS...]\n", why);
    return 2;
}

static int help(void)
{
    GString *text = g_string_new(
        "usage: dpsim do [--socket PATH] [COMMAND ARGUMENTS...]\n"
        "Sends one scenario command, or the lines of the standard input, to the simulator at PATH\n"
        "(default: $DPSIM_SOCKET). The commands:\n\n");

    scenario_help(text);
    fputs(text->str, stdout);
    g_string_free(text, TRUE);
    return 0;
}

/* This program may itself be one that lives in virtual time. Returns what to call with the other 'on'. */
static int outside(int on)
{
    static proto_outside_fn *fn;
    static bool is_known;
    void *symbol;

    if (!is_known) {
        symbol = dlsym(RTLD_DEFAULT, PROTO_OUTSIDE);
        memcpy(&fn, &symbol, sizeof(symbol));
        is_known = true;
    }
    return fn ? fn(on) : 0;
}

static int hello(int fd)
{
    const struct proto_hello hi = { .magic = PROTO_MAGIC, .kind = PROTO_CTL,
                                    .pid = (uint32_t)getpid() };
    struct proto_welcome welcome;

    if (send(fd, &hi, sizeof(hi), MSG_NOSIGNAL) != sizeof(hi))
        return -errno;
    if (recv(fd, &welcome, sizeof(welcome), 0) != sizeof(welcome))
        return -EPROTO;
    return welcome.status;
}

/* A descriptor, or -errno. */
static int connect_to(const char *path)
{
    struct sockaddr_un sun = { .sun_family = AF_UNIX };
    int fd, r, before;

    if (strlen(path) >= sizeof(sun.sun_path))
        return -ENAMETOOLONG;
    memcpy(sun.sun_path, path, strlen(path));
    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    before = outside(1);
    r = connect(fd, (struct sockaddr *)&sun, sizeof(sun)) ? -errno : hello(fd);
    (void)outside(before);
    if (!r)
        return fd;
    close(fd);
    return r;
}

/* Reads the pieces of one reply, which may come later: then others go on meanwhile. Its status, or -EPROTO. */
static int read_reply(int fd, int before, GString *text)
{
    char *room = g_malloc(REPLY_ROOM);
    struct proto_reply reply;
    ssize_t n;

    do {
        n = recv(fd, room, REPLY_ROOM, 0);
        if (n < (ssize_t)sizeof(reply)) {
            reply.status = -EPROTO;
            break;
        }
        memcpy(&reply, room, sizeof(reply));
        if (reply.flags & PROTO_LATER)
            (void)outside(before);
        g_string_append_len(text, room + sizeof(reply), (gssize)n - (gssize)sizeof(reply));
    } while (reply.flags & (PROTO_CUT | PROTO_LATER));
    g_free(room);
    return reply.status;
}

/* The output goes to stdout; of a failed command the last line, its sentence, to stderr. */
static void print(const GString *text, bool is_failed)
{
    const char *end = text->str + text->len;
    const char *last = text->len ? end - 1 : end;

    if (!is_failed) {
        fputs(text->str, stdout);
        return;
    }
    while (last > text->str && last[-1] != '\n')
        last--;
    fwrite(text->str, 1, (size_t)(last - text->str), stdout);
    fprintf(stderr, "dpsim do: %s", last < end ? last : "the simulator has gone\n");
}

static int do_line(int fd, const char *line)
{
    const struct proto_req req = { .op = PROTO_DO };
    GString *text = g_string_new(NULL);
    GByteArray *bytes = g_byte_array_new();
    int r, before;

    g_byte_array_append(bytes, (const guint8 *)&req, sizeof(req));
    g_byte_array_append(bytes, (const guint8 *)line, (guint)strlen(line));
    before = outside(1);
    r = send(fd, bytes->data, bytes->len, MSG_NOSIGNAL) < 0 ? -errno : read_reply(fd, before, text);
    (void)outside(before);
    print(text, r != 0);
    g_byte_array_free(bytes, TRUE);
    g_string_free(text, TRUE);
    return r ? 1 : 0;
}

static int do_input(int fd)
{
    char *line = NULL;
    size_t room = 0;
    int status = 0;

    while (!status && getline(&line, &room, stdin) >= 0) {
        g_strchomp(line);
        status = do_line(fd, line);
    }
    free(line);
    return status;
}

int cmd_do(int argc, char **argv)
{
    const char *path = g_getenv("DPSIM_SOCKET");
    char **args = argv + 1, *line;
    int fd, status;

    (void)argc;
    if (*args && (!strcmp(*args, "--help") || !strcmp(*args, "-h")))
        return help();
    if (*args && !strcmp(*args, "--socket")) {
        if (!(path = args[1]))
            return misuse("--socket needs a path");
        args += 2;
    }
    if (*args && **args == '-')
        return misuse("unknown option");
    if (!path)
        return misuse("no simulator named: neither --socket nor DPSIM_SOCKET is set");
    fd = connect_to(path);
    if (fd < 0) {
        fprintf(stderr, "dpsim do: no simulator answers at %s: %s\n", path, g_strerror(-fd));
        return 1;
    }
    line = g_strjoinv(" ", args);
    status = *args ? do_line(fd, line) : do_input(fd);
    g_free(line);
    close(fd);
    return fflush(stdout) ? 1 : status;
}
