/* netfiles.c - /sys/class/net and the files of /proc/net that tell of devices: the simulator's.
 *
 * A directory is a list of our own that readdir() goes through; a program that opens one by
 * open() is refused. What the simulator does not have is not there, so that nothing of the
 * host's devices is seen. Changing them by writing is not possible.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tools/preload/preload.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SYS_NET   "/sys/class/net"
#define PROC_NET  "/proc/net/"
#define TEXT_ROOM (1u << 20)
#define PATH_ROOM 256
#define PAGE_LEN  4096          /* what files of /sys say they are long */

/* Those of /proc/net that tell of devices. */
static const char *const proc_files[] = {
    "arp", "dev", "dev_mcast", "fib_trie", "fib_triestat", "if_inet6", "igmp", "igmp6",
    "ipv6_route", "mcfilter", "mcfilter6", "packet", "route", "wireless",
};

static const char *skip(const char *path, const char *prefix)
{
    size_t len = strlen(prefix);

    return strncmp(path, prefix, len) ? NULL : path + len;
}

static bool tells_of_devices(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(proc_files); i++) {
        if (!strcmp(proc_files[i], name))
            return true;
    }
    return false;
}

/* The path as the simulator knows it, without "/" at its end. False: it is none of ours. */
static bool take_path(const char *path, char *room)
{
    static const char *const nets[] = { PROC_NET, "/proc/self/net/", "/proc/thread-self/net/" };
    const char *rest = skip(path, SYS_NET);
    size_t len;

    if (rest && (!*rest || *rest == '/'))
        (void)snprintf(room, PATH_ROOM, "%s%s", SYS_NET, rest);
    else
        rest = NULL;
    for (size_t i = 0; !rest && i < ARRAY_SIZE(nets); i++) {
        rest = skip(path, nets[i]);
        if (rest && !tells_of_devices(rest))
            return false;
        if (rest)
            (void)snprintf(room, PATH_ROOM, PROC_NET "%s", rest);
    }
    len = rest ? strlen(room) : 0;
    while (len && room[len - 1] == '/')
        room[--len] = '\0';
    return rest;
}

static bool is_ours(const char *path, char *room)
{
    return path && path[0] == '/' && (path[1] == 's' || path[1] == 'p') && take_path(path, room)
           && preload_on();
}

/* PROTO_FILE_* with what is in it, to be freed; -1 with errno. 'text' NULL: just what it is. */
static int ask(const char *path, char **text, size_t *len)
{
    struct iovec in = { (void *)(uintptr_t)path, strlen(path) };
    struct ctl_call call = {
        .req = { .op = PROTO_FILE }, .in = &in, .n_in = 1, .out_size = TEXT_ROOM,
    };
    int rc;

    call.out = malloc(TEXT_ROOM);
    if (!call.out)
        return fail(ENOMEM);
    rc = ctl_do(&call);
    if (rc || !text)
        free(call.out);
    if (rc)
        return fail(-rc);
    if (text) {
        *text = call.out;
        *len = call.out_len;
    }
    return (int)call.rep.value;
}

int netfiles_open(const char *path, int flags)
{
    char room[PATH_ROOM], *text;
    size_t len;
    int kind, fd;

    if (!is_ours(path, room))
        return FILES_NOT_OURS;
    kind = ask(room, &text, &len);
    if (kind < 0)
        return -1;
    if (kind == PROTO_FILE_DIR || (flags & O_ACCMODE) != O_RDONLY)
        fd = fail(kind == PROTO_FILE_DIR ? EISDIR : EACCES);
    else
        fd = files_make(text, len);
    free(text);
    return fd;
}

/* ---- directories ----------------------------------------------------------------------------- */

struct list {
    struct list *next;
    char *text;                 /* one name a line */
    size_t len, at;
    struct dirent entry;
};

static struct list *lists;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct list *find(DIR *dir)
{
    struct list *l;

    pthread_mutex_lock(&lock);
    for (l = lists; l && l != (void *)dir; l = l->next)
        ;
    pthread_mutex_unlock(&lock);
    return l;
}

static DIR *open_list(const char *path)
{
    struct list *l = calloc(1, sizeof(*l));
    int kind = l ? ask(path, &l->text, &l->len) : fail(ENOMEM);

    if (kind != PROTO_FILE_DIR) {
        if (kind >= 0) {
            free(l->text);
            errno = ENOTDIR;
        }
        free(l);
        return NULL;
    }
    pthread_mutex_lock(&lock);
    l->next = lists;
    lists = l;
    pthread_mutex_unlock(&lock);
    return (void *)l;
}

EXPORT DIR *opendir(const char *path)
{
    char room[PATH_ROOM];

    if (is_ours(path, room))
        return open_list(room);
    if (preload_on() && cpus_hide_folder(path)) {
        errno = ENOENT;
        return NULL;
    }
    (void)preload_on();
    return real.opendir(path);
}

EXPORT struct dirent *readdir(DIR *dir)
{
    struct list *l = lists ? find(dir) : NULL;
    const char *name, *end;
    size_t len;

    if (!l) {
        (void)preload_on();
        return real.readdir(dir);
    }
    if (l->at >= l->len)
        return NULL;
    name = l->text + l->at;
    end = memchr(name, '\n', l->len - l->at);
    len = end ? (size_t)(end - name) : l->len - l->at;
    l->at += len + 1;
    l->entry = (struct dirent){ .d_ino = l->at, .d_type = DT_REG };
    if (len && name[len - 1] == '/') {
        l->entry.d_type = DT_DIR;
        len--;
    }
    memcpy(l->entry.d_name, name, len < sizeof(l->entry.d_name) ? len : 0);
    return &l->entry;
}

EXPORT int closedir(DIR *dir)
{
    struct list *l = lists ? find(dir) : NULL, **at = &lists;

    if (!l) {
        (void)preload_on();
        return real.closedir(dir);
    }
    pthread_mutex_lock(&lock);
    while (*at != l)
        at = &(*at)->next;
    *at = l->next;
    pthread_mutex_unlock(&lock);
    free(l->text);
    free(l);
    return 0;
}

EXPORT void rewinddir(DIR *dir)
{
    struct list *l = lists ? find(dir) : NULL;

    (void)preload_on();
    if (l)
        l->at = 0;
    else
        real.rewinddir(dir);
}

EXPORT int dirfd(DIR *dir)
{
    (void)preload_on();
    return lists && find(dir) ? fail(ENOTSUP) : real.dirfd(dir);
}

EXPORT __typeof__(readdir64) readdir64;

struct dirent64 *readdir64(DIR *dir)
{
    return (void *)readdir(dir);        /* the same struct on 64-bit machines */
}

/* ---- what they are --------------------------------------------------------------------------- */

static mode_t mode_of(int kind)
{
    return kind == PROTO_FILE_DIR ? S_IFDIR | 0755 : S_IFREG | 0444;
}

/* A file that cannot be read now is there, too. */
static int kind_of(const char *path)
{
    int kind = ask(path, NULL, NULL);

    return kind < 0 && (errno == EINVAL || errno == EOPNOTSUPP) ? PROTO_FILE_TEXT : kind;
}

static int fill_stat(const char *path, struct stat *st)
{
    int kind = kind_of(path);

    if (kind < 0)
        return -1;
    *st = (struct stat){ .st_mode = mode_of(kind), .st_nlink = 1, .st_size = PAGE_LEN,
                         .st_blksize = PAGE_LEN };
    return 0;
}

EXPORT int stat(const char *path, struct stat *st)
{
    char room[PATH_ROOM];

    if (is_ours(path, room))
        return fill_stat(room, st);
    (void)preload_on();
    return real.stat(path, st);
}

EXPORT int lstat(const char *path, struct stat *st)
{
    char room[PATH_ROOM];

    if (is_ours(path, room))
        return fill_stat(room, st);
    (void)preload_on();
    return real.lstat(path, st);
}

EXPORT int fstatat(int dir, const char *path, struct stat *st, int flags)
{
    char room[PATH_ROOM];

    if (is_ours(path, room))
        return fill_stat(room, st);
    (void)preload_on();
    return real.fstatat(dir, path, st, flags);
}

EXPORT int stat64(const char *path, struct stat64 *st)
{
    return stat(path, (void *)st);
}

EXPORT int lstat64(const char *path, struct stat64 *st)
{
    return lstat(path, (void *)st);
}

EXPORT int fstatat64(int dir, const char *path, struct stat64 *st, int flags)
{
    return fstatat(dir, path, (void *)st, flags);
}

EXPORT int statx(int dir, const char *path, int flags, unsigned mask, struct statx *stx)
{
    char room[PATH_ROOM];
    struct stat st;

    if (!is_ours(path, room)) {
        (void)preload_on();
        return real.statx(dir, path, flags, mask, stx);
    }
    if (fill_stat(room, &st))
        return -1;
    *stx = (struct statx){ .stx_mask = STATX_TYPE | STATX_MODE | STATX_NLINK | STATX_SIZE,
                           .stx_mode = (uint16_t)st.st_mode, .stx_nlink = 1,
                           .stx_size = PAGE_LEN, .stx_blksize = PAGE_LEN };
    return 0;
}

static int may(const char *path, int how)
{
    if (kind_of(path) < 0)
        return -1;
    return how & W_OK ? fail(EACCES) : 0;
}

EXPORT int access(const char *path, int how)
{
    char room[PATH_ROOM];

    if (is_ours(path, room))
        return may(room, how);
    (void)preload_on();
    return real.access(path, how);
}

EXPORT int faccessat(int dir, const char *path, int how, int flags)
{
    char room[PATH_ROOM];

    if (is_ours(path, room))
        return may(room, how);
    (void)preload_on();
    return real.faccessat(dir, path, how, flags);
}

/* Here they are no links. */
EXPORT ssize_t readlink(const char *path, char *buf, size_t len)
{
    char room[PATH_ROOM];

    if (is_ours(path, room))
        return kind_of(room) < 0 ? -1 : fail(EINVAL);
    (void)preload_on();
    return real.readlink(path, buf, len);
}
