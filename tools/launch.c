/* launch.c - see launch.h. SPDX-License-Identifier: Apache-2.0 */
#include "tools/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <linux/close_range.h>
#include <stdio.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "sim/descriptors.h"
#include "sim/proto.h"
#include "tools/guard.h"
#include "tools/outside.h"

#define LIBRARY      "libdpsim-preload.so"
#define TIME_LIBRARY "libdpsim-time.so"         /* in the same folder */
#define TIME_VARIABLE "DPSIM_TIME"              /* set: the program lives in virtual time */
#define STACK_BYTES  (8U << 20)                 /* the usual limit */

/* Places beside the binary: a build tree's or an installation's, and a copy in one folder. */
static char *find_beside_binary(void)
{
    static const char *const places[] = { "../lib", ".", "../lib64" };
    g_autofree char *binary = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = binary ? g_path_get_dirname(binary) : NULL;

    for (size_t i = 0; folder && i < G_N_ELEMENTS(places); i++) {
        g_autofree char *path = g_build_filename(folder, places[i], LIBRARY, NULL);

        if (!access(path, R_OK))
            return g_canonicalize_filename(path, NULL);
    }
    return NULL;
}

/* A path that the user names must be right; it becomes absolute, for programs that chdir. */
static char *find_library(struct err *e)
{
    const char *named = g_getenv("DPSIM_PRELOAD");
    char *found = NULL;

    if (named && *named) {
        if (!access(named, R_OK))
            return g_canonicalize_filename(named, NULL);
        (void)err_set(e, errno, "DPSIM_PRELOAD is %s: %s", named, g_strerror(errno));
        return NULL;
    }
    found = find_beside_binary();
    if (!found && !access(DPSIM_LIBDIR "/" LIBRARY, R_OK))
        found = g_strdup(DPSIM_LIBDIR "/" LIBRARY);
    if (!found)
        (void)err_set(e, ENOENT, "%s is neither beside dpsim, in ../lib, nor in %s; "
                      "DPSIM_PRELOAD can name it", LIBRARY, DPSIM_LIBDIR);
    return found;
}

/* Puts 'value' before what else a variable lists. */
static char **put_first(char **env, const char *name, const char *value)
{
    const char *others = g_environ_getenv(env, name);
    g_autofree char *list = others && *others ? g_strconcat(value, ":", others, NULL)
                                              : g_strdup(value);

    return g_environ_setenv(env, name, list, TRUE);
}

/* Both libraries, as LD_PRELOAD lists them: the first one's clocks are libc's for the second. */
static char *add_time_library(const char *library, struct err *e)
{
    g_autofree char *folder = g_path_get_dirname(library);
    g_autofree char *time = g_build_filename(folder, TIME_LIBRARY, NULL);

    if (!access(time, R_OK))
        return g_strconcat(time, ":", library, NULL);
    (void)err_set(e, ENOENT, "virtual time needs %s beside %s", TIME_LIBRARY, library);
    return NULL;
}

char **launch_environ(const char *socket, bool is_virtual, struct err *e)
{
    g_autofree char *library = find_library(e);
    g_autofree char *absolute = g_canonicalize_filename(socket, NULL);
    char **env;

    if (library && is_virtual) {
        char *both = add_time_library(library, e);

        g_free(library);
        library = both;
    }
    if (!library)
        return NULL;
    env = put_first(g_get_environ(), "LD_PRELOAD", library);
    env = is_virtual ? g_environ_setenv(env, TIME_VARIABLE, "virtual", TRUE)
                     : g_environ_unsetenv(env, TIME_VARIABLE);
    /* A program's AddressSanitizer wants to be the first library; ours comes before it and uses it. */
    env = put_first(env, "ASAN_OPTIONS", "verify_asan_link_order=0");
    env = g_environ_setenv(env, "DPSIM_SOCKET", absolute, TRUE);
    return g_environ_unsetenv(env, "DPSIM_NETNS");
}

/* Is its time virtual? -errno: it is no simulator. */
static int ask_time(int fd)
{
    const struct proto_hello hello = { .magic = PROTO_MAGIC, .kind = PROTO_CTL, .pid = (uint32_t)getpid() };
    struct proto_welcome welcome;

    if (send(fd, &hello, sizeof(hello), MSG_NOSIGNAL) < 0)
        return -errno;
    if (recv(fd, &welcome, sizeof(welcome), 0) != (ssize_t)sizeof(welcome))
        return -EPROTO;
    return welcome.status ? welcome.status : !!(welcome.flags & PROTO_VIRTUAL);
}

int launch_check(const char *socket_path, bool *is_virtual, struct err *e)
{
    struct sockaddr_un sun = { .sun_family = AF_UNIX };
    int fd, rc, before, time = 0;

    if (g_strlcpy(sun.sun_path, socket_path, sizeof(sun.sun_path)) >= sizeof(sun.sun_path))
        return err_set(e, ENAMETOOLONG, "a socket's path has at most %zu characters: %s",
                       sizeof(sun.sun_path) - 1, socket_path);
    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    before = outside(1);
    rc = fd < 0 || connect(fd, (struct sockaddr *)&sun, sizeof(sun)) ? errno : 0;
    if (!rc && (time = ask_time(fd)) < 0)
        rc = -time;
    (void)outside(before);
    *is_virtual = time > 0;
    if (fd >= 0)
        close(fd);
    return rc ? err_set(e, rc, "no simulator answers at %s: %s", socket_path, g_strerror(rc)) : 0;
}

/* In virtual time a run is to be like the one before: so are the addresses that programs hash. A stack without a limit would turn
 * the order of all that is mapped. */
static void fix_addresses(void)
{
    int persona = personality(0xffffffff);
    struct rlimit stack;

    if (!getrlimit(RLIMIT_STACK, &stack)) {
        stack.rlim_cur = MIN(stack.rlim_max, STACK_BYTES);
        (void)setrlimit(RLIMIT_STACK, &stack);
    }

    if (persona < 0 || personality((unsigned)persona | ADDR_NO_RANDOMIZE) < 0)
        fprintf(stderr, "dpsim: addresses cannot be the same in each run: %s\n", g_strerror(errno));
}

int launch_become(char **argv, char **env, const sigset_t *mask)
{
    int rc;

    if (g_environ_getenv(env, TIME_VARIABLE))
        fix_addresses();
    rc = guard_on();

    if (rc)     /* no reason not to run: the preload library does its work all the same */
        fprintf(stderr, "dpsim: no guard against what escapes the preload library: %s\n",
                strerrordesc_np(-rc));
    descriptors_restore();
    (void)signal(SIGXFSZ, SIG_DFL);     /* ignored by dpsim itself, see its main() */
    (void)sigprocmask(SIG_SETMASK, mask, NULL);
    execvpe(argv[0], argv, env);
    return -errno;
}

static int enter(const struct launch_place *place)
{
    int nothing = place->out < 0 ? -1 : open("/dev/null", O_RDONLY | O_CLOEXEC);

    if (place->folder && chdir(place->folder))
        return -errno;
    if (place->out < 0)
        return 0;
    if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(place->out, STDOUT_FILENO) < 0 ||
        dup2(place->out, STDERR_FILENO) < 0)
        return -errno;
    /* What dpsim's own starter has left open (ctest does) would change the numbers of all that a program opens. */
    (void)close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
    return 0;
}

int launch_spawn(char **argv, char **env, const sigset_t *mask, const struct launch_place *place,
                 pid_t *pid, struct err *e)
{
    int report[2], rc = 0;      /* closed by the program's start, or says why there is none */

    if (pipe2(report, O_CLOEXEC) || (*pid = fork()) < 0)
        return err_set(e, errno, "cannot start a process: %s", g_strerror(errno));
    if (!*pid) {
        rc = place ? enter(place) : 0;
        if (!rc)
            rc = launch_become(argv, env, mask);
        (void)!write(report[1], &rc, sizeof(rc));
        _exit(LAUNCH_NOT_FOUND);
    }
    close(report[1]);
    while (read(report[0], &rc, sizeof(rc)) < 0 && errno == EINTR)
        ;
    close(report[0]);
    return rc ? err_set(e, -rc, "cannot start %s: %s", argv[0], g_strerror(-rc)) : 0;
}
