/* quiet.c - see quiet.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/quiet.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/descriptors.h"
#include "sim/kin.h"
#include "sim/procfs.h"

#define STATES_OF_REST "STtZXx"         /* not D: what waits for a disk goes on soon */
#define STATES_OF_STOP "Tt"
#define NAP_MS 10
#define TEST_LOOKS 1000                 /* of the self test, a millisecond between them */

struct thread {
    pid_t tid;
    int stat_fd, schedstat_fd, syscall_fd;
    uint64_t n_runs;
    char state;
    bool rests;
    bool naps;
    uint64_t nap_event;         /* while the last event was this one, it napped */
    uint64_t nap_runs;          /* for the first time when it had been put on a CPU so often */
};

struct process {
    pid_t pid;
    DIR *tasks;
    GArray *threads;            /* of struct thread, in the kernel's order */
    bool has_run;               /* since 'threads' was made: others may have come */
};

struct quiet {
    struct kin *kin;
    GPtrArray *processes;
    bool has_run;               /* somebody has since kin_look(): others may have come */
    bool rests;                 /* at the last look everybody did */
    uint64_t n_events;          /* answers, and times that others than nappers were seen to have run */
    pid_t busy_pid, busy_tid;   /* one that did not, 0: none */
};

/* ---- threads --------------------------------------------------------------------------------- */

/* Descriptors stay open: reading again costs a third of opening again. There may be many threads. */
static int open_in(int folder, pid_t tid, const char *name)
{
    char path[64];
    int fd;

    g_snprintf(path, sizeof(path), "%d/%s", tid, name);
    fd = openat(folder, path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 || errno != EMFILE)
        return fd;
    descriptors_take_all();
    return openat(folder, path, O_RDONLY | O_CLOEXEC);
}

static void close_fd(int fd)
{
    if (fd >= 0)
        close(fd);
}

static void thread_done(struct thread *t)
{
    close_fd(t->stat_fd);
    close_fd(t->schedstat_fd);
    close_fd(t->syscall_fd);
}

static bool read_text(int fd, char *text, size_t size)
{
    ssize_t n = pread(fd, text, size - 1, 0);

    if (n <= 0)
        return false;
    text[n] = '\0';
    return true;
}

/* In "NUMBER ARGUMENT1 ARGUMENT2...", arguments in hexadecimal: the n-th. 0: there is none. */
static uint64_t argument(const char *call, unsigned n)
{
    while (n-- && call)
        call = strchr(call + 1, ' ');
    return call ? g_ascii_strtoull(call, NULL, 16) : 0;
}

/* Does the system call end by itself soon? */
static bool is_nap(const char *call)
{
    static const struct {
        long number;
        unsigned timeout;       /* the argument that has it, in ms */
    } rows[] = {
#ifdef SYS_poll
        { SYS_poll, 3 },
#endif
#ifdef SYS_epoll_wait
        { SYS_epoll_wait, 4 },
#endif
        { SYS_epoll_pwait, 4 },
    };

    for (size_t i = 0; g_ascii_isdigit(*call) && i < G_N_ELEMENTS(rows); i++) {
        uint64_t ms = argument(call, rows[i].timeout);

        if (atol(call) == rows[i].number)
            return ms > 0 && ms <= NAP_MS;
    }
    return false;
}

/* What the files say. False: it has ended. */
static bool thread_read(const struct thread *t, struct thread *now)
{
    struct procfs_stat stat;
    char text[1024];
    bool runs;

    *now = *t;
    /* First, for it waits for who is about to sleep. Who must not read it goes by the state alone. */
    if (!read_text(t->syscall_fd, text, sizeof(text)))
        *text = '\0';
    runs = g_str_has_prefix(text, "running");
    now->naps = is_nap(text);
    /* The count last: who is found asleep again has been counted by then. */
    if (!read_text(t->stat_fd, text, sizeof(text)) || !procfs_parse_stat(text, &stat))
        return false;
    if (!read_text(t->schedstat_fd, text, sizeof(text)) || !procfs_parse_schedstat(text, &now->n_runs))
        return false;
    now->state = stat.state;
    now->rests = !runs && strchr(STATES_OF_REST, stat.state);
    return true;
}

/* False: it has ended. '*has_run' becomes true if it may have run since the last look. */
static bool thread_look(struct quiet *q, struct thread *t, bool *has_run)
{
    struct thread now;

    if (!thread_read(t, &now))
        return false;
    *has_run |= !t->rests || now.n_runs != t->n_runs;
    if (now.n_runs != t->n_runs && !(t->naps && now.naps))
        q->n_events++;
    if (now.naps && now.nap_event != q->n_events) {
        now.nap_event = q->n_events;
        now.nap_runs = now.n_runs;
    }
    now.rests &= !now.naps || now.n_runs != now.nap_runs;
    *t = now;
    return true;
}

/* ---- processes ------------------------------------------------------------------------------- */

static void process_free(gpointer process)
{
    struct process *p = process;

    for (guint i = 0; i < p->threads->len; i++)
        thread_done(&g_array_index(p->threads, struct thread, i));
    g_array_free(p->threads, TRUE);
    closedir(p->tasks);
    g_free(p);
}

static struct process *find(const struct quiet *q, pid_t pid)
{
    for (guint i = 0; i < q->processes->len; i++) {
        struct process *p = g_ptr_array_index(q->processes, i);

        if (p->pid == pid)
            return p;
    }
    return NULL;
}

/* What kin_look() calls. One of the same number has ended without our noticing. */
static void born(void *ctx, pid_t pid)
{
    struct quiet *q = ctx;
    struct process *p = find(q, pid);
    char path[32];
    DIR *tasks;

    if (p)
        (void)g_ptr_array_remove(q->processes, p);
    g_snprintf(path, sizeof(path), "/proc/%d/task", pid);
    tasks = opendir(path);
    if (!tasks)
        return;
    p = g_new(struct process, 1);
    *p = (struct process){ pid, tasks, g_array_new(FALSE, FALSE, sizeof(struct thread)), true };
    g_ptr_array_add(q->processes, p);
}

static bool has_thread(const struct process *p, pid_t tid)
{
    for (guint i = 0; i < p->threads->len; i++) {
        if (g_array_index(p->threads, struct thread, i).tid == tid)
            return true;
    }
    return false;
}

static void list_threads(struct process *p)
{
    const struct dirent *entry;

    rewinddir(p->tasks);
    while ((entry = readdir(p->tasks))) {
        struct thread t = { .tid = atoi(entry->d_name), .nap_event = UINT64_MAX };

        if (!t.tid || has_thread(p, t.tid))
            continue;
        t.stat_fd = open_in(dirfd(p->tasks), t.tid, "stat");
        t.schedstat_fd = open_in(dirfd(p->tasks), t.tid, "schedstat");
        t.syscall_fd = open_in(dirfd(p->tasks), t.tid, "syscall");
        g_array_append_val(p->threads, t);
    }
}

/* False: nothing is left of it. */
static bool process_look(struct quiet *q, struct process *p)
{
    bool has_run = false;

    if (p->has_run)
        list_threads(p);
    for (guint i = 0; i < p->threads->len;) {
        struct thread *t = &g_array_index(p->threads, struct thread, i);

        if (!thread_look(q, t, &has_run)) {
            thread_done(t);
            g_array_remove_index(p->threads, i);
            has_run = true;
            continue;
        }
        if (!t->rests && !q->busy_pid) {
            q->busy_pid = p->pid;
            q->busy_tid = t->tid;
        }
        i++;
    }
    p->has_run = has_run;
    q->has_run |= has_run;
    return p->threads->len;
}

/* ---- all of them ----------------------------------------------------------------------------- */

void quiet_add(struct quiet *q, pid_t pid)
{
    kin_add(q->kin, pid);
    q->has_run = true;
}

void quiet_disturb(struct quiet *q)
{
    q->n_events++;
}

enum quiet_state quiet_look(struct quiet *q)
{
    bool has_run;

    /* They come to rest before it is worth listing whom they have made. */
    if (q->has_run && q->rests)
        q->has_run = !kin_look(q->kin, born, q);
    has_run = q->has_run;
    q->busy_pid = q->busy_tid = 0;
    for (guint i = 0; i < q->processes->len;) {
        if (process_look(q, g_ptr_array_index(q->processes, i)))
            i++;
        else
            g_ptr_array_remove_index(q->processes, i);
    }
    q->rests = !q->busy_pid;
    if (!q->rests)
        return QUIET_NOT;
    return has_run || q->has_run ? QUIET_NOW : QUIET;
}

bool quiet_is_stopped(const struct quiet *q, pid_t pid)
{
    const struct process *p = find(q, pid);

    return p && p->threads->len
           && strchr(STATES_OF_STOP, g_array_index(p->threads, struct thread, 0).state);
}

void quiet_describe(const struct quiet *q, GString *out)
{
    if (q->busy_pid)
        procfs_describe(out, q->busy_pid, q->busy_tid);
}

/* ---- life ------------------------------------------------------------------------------------ */

/* Answers each byte until the other end is closed. */
static void echo(int fd)
{
    char byte;

    while (read(fd, &byte, 1) == 1)
        (void)!write(fd, &byte, 1);
    _exit(0);
}

/* Looks until they rest; false: they never do. */
static bool comes_to_rest(struct quiet *q)
{
    for (int i = 0; i < TEST_LOOKS; i++) {
        if (quiet_look(q) == QUIET)
            return true;
        (void)poll(NULL, 0, 1);
    }
    return false;
}

/* Does 'pid' come to rest, does it no longer when it has been asked, and then again? */
static bool tells_of(struct quiet *q, pid_t pid, int fd)
{
    char byte = 0;

    if (!comes_to_rest(q) || !find(q, pid) || quiet_look(q) != QUIET)
        return false;
    return write(fd, &byte, 1) == 1 && read(fd, &byte, 1) == 1 && quiet_look(q) != QUIET
           && comes_to_rest(q);
}

static struct quiet *watch(pid_t root, struct err *e)
{
    struct quiet *q = g_new0(struct quiet, 1);

    *q = (struct quiet){ .kin = kin_new(root), .has_run = true, .rests = true,
                         .processes = g_ptr_array_new_with_free_func(process_free) };
    if (q->kin)
        return q;
    (void)err_set(e, EOPNOTSUPP, "/proc cannot be read: %s", g_strerror(errno));
    quiet_free(q);
    return NULL;
}

static int test_with(pid_t pid, int fd, struct err *e)
{
    struct quiet *q = watch(pid, e);
    bool works;

    if (!q)
        return -e->code;
    quiet_add(q, pid);
    works = tells_of(q, pid, fd);
    quiet_free(q);
    if (works)
        return 0;
    return err_set(e, EOPNOTSUPP, "/proc/PID/task/TID/stat and schedstat do not tell when a process rests: the kernel "
                   "lacks CONFIG_SCHED_INFO, or /proc is mounted with hidepid");
}

static int self_test(struct err *e)
{
    int pair[2], r;
    pid_t pid;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
        return err_set(e, errno, "cannot make a socket: %s", g_strerror(errno));
    pid = fork();
    if (!pid) {
        close(pair[0]);
        echo(pair[1]);
    }
    close(pair[1]);
    r = pid > 0 ? test_with(pid, pair[0], e)
                : err_set(e, errno, "cannot start a process: %s", g_strerror(errno));
    close(pair[0]);
    if (pid > 0)
        (void)waitpid(pid, NULL, 0);
    return r;
}

struct quiet *quiet_new(struct err *e)
{
    return self_test(e) ? NULL : watch(getpid(), e);
}

void quiet_free(struct quiet *q)
{
    if (!q)
        return;
    kin_free(q->kin);
    g_ptr_array_free(q->processes, TRUE);
    g_free(q);
}
