/* pool.c - see pool.h. SPDX-License-Identifier: Apache-2.0 */
#include "tools/pool.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/children.h"

#define US_PER_MS 1000
#define US_PER_S  1000000
#define LOG_MODE  0666

/* What a child says: a line each, by its first character. */
#define SAYS_AT     '@'
#define SAYS_FAILED '!'

struct job *job_new(void *ctx, const char *log)
{
    struct job *job = g_new0(struct job, 1);

    job->ctx = ctx;
    job->log = g_strdup(log);
    job->said = g_string_new(NULL);
    job->fd = -1;
    return job;
}

void job_free(gpointer data)
{
    struct job *job = data;

    g_free(job->log);
    g_free(job->where);
    g_free(job->failure);
    g_string_free(job->said, TRUE);
    g_free(job);
}

/* ---- in the child ---------------------------------------------------------------------------- */

static void say(const struct job *job, char what, const char *text)
{
    g_autofree char *line = g_strdup_printf("%c%s\n", what, text);

    g_strdelimit(line + 1, "\n", ' ');
    line[strlen(line) - 1] = '\n';
    (void)!write(job->fd, line, strlen(line));
}

void pool_at(void *job, const char *where)
{
    say(job, SAYS_AT, where);
}

static void redirect(const char *log)
{
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, LOG_MODE);

    if (fd < 0)
        return;
    (void)dup2(fd, STDOUT_FILENO);
    (void)dup2(fd, STDERR_FILENO);
    close(fd);
}

static _Noreturn void be_child(const struct pool *pool, struct job *job, const sigset_t *mask, pid_t parent)
{
    struct err e = { 0 };
    int r;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    children_adopt();
    redirect(job->log);
    (void)sigprocmask(SIG_SETMASK, mask, NULL);
    r = pool->work(job, &e);
    if (r)
        say(job, SAYS_FAILED, e.text);
    exit(0);        /* not _exit(): sanitizers have something to say at the end */
}

/* ---- in the parent --------------------------------------------------------------------------- */

struct loop {
    struct pool *pool;
    GPtrArray *jobs;
    guint n_begun;
    sigset_t old_mask;
    int signal_fd;
    bool is_interrupted;
};

static void end(struct pool *pool, struct job *job)
{
    pool->n_ended++;
    if (pool->ended)
        pool->ended(pool, job);
}

static void begin(struct loop *l, struct job *job)
{
    pid_t parent = getpid();
    int pipe_fd[2];

    if (l->pool->wanted && !l->pool->wanted(job)) {
        end(l->pool, job);
        return;
    }
    (void)fflush(NULL);
    if (pipe2(pipe_fd, O_CLOEXEC) || (job->pid = fork()) < 0) {
        job->failure = g_strdup_printf("no process can be started: %s", g_strerror(errno));
        job->pid = 0;
        end(l->pool, job);
        return;
    }
    if (!job->pid) {
        job->fd = pipe_fd[1];
        be_child(l->pool, job, &l->old_mask, parent);
    }
    close(pipe_fd[1]);
    job->fd = pipe_fd[0];
    job->deadline_us = g_get_monotonic_time() + (gint64)l->pool->timeout_s * US_PER_S;
    l->pool->n_running++;
}

/* Takes whole lines from what has been read. */
static void take_lines(struct job *job)
{
    char *end_of_line;

    while ((end_of_line = strchr(job->said->str, '\n'))) {
        char **to = *job->said->str == SAYS_FAILED ? &job->failure : &job->where;

        *end_of_line = '\0';
        g_free(*to);
        *to = g_strdup(job->said->str + 1);
        g_string_erase(job->said, 0, end_of_line + 1 - job->said->str);
    }
}

static void note_end(struct job *job, int status)
{
    g_autofree char *at = job->where ? g_strconcat(", at ", job->where, NULL) : g_strdup("");

    if (job->failure)
        return;
    if (WIFSIGNALED(status))
        job->failure = g_strdup_printf("ended by signal %d (%s)%s", WTERMSIG(status),
                                       g_strsignal(WTERMSIG(status)), at);
    else if (WEXITSTATUS(status))
        job->failure = g_strdup_printf("ended with exit status %d%s", WEXITSTATUS(status), at);
}

/* Processes whose job has ended without ending them. */
static void end_orphans(const GPtrArray *jobs)
{
    GArray *known = g_array_new(FALSE, FALSE, sizeof(pid_t));

    for (guint i = 0; i < jobs->len; i++) {
        const struct job *job = g_ptr_array_index(jobs, i);

        if (job->pid)
            g_array_append_val(known, job->pid);
    }
    children_end_others(known);
    g_array_free(known, TRUE);
}

static void reap(struct loop *l, struct job *job)
{
    int status = 0;

    close(job->fd);
    while (waitpid(job->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    job->pid = 0;
    note_end(job, status);
    if (job->failure)
        end_orphans(l->jobs);
    l->pool->n_running--;
    end(l->pool, job);
}

/* Something came, or the child has ended. */
static void hear(struct loop *l, struct job *job)
{
    char text[4096];
    ssize_t n = read(job->fd, text, sizeof(text));

    if (n > 0) {
        g_string_append_len(job->said, text, n);
        take_lines(job);
    } else if (!n || errno != EINTR) {
        reap(l, job);
    }
}

static void note_late(const struct pool *pool, struct job *job)
{
    GString *doing = g_string_new(NULL);

    children_describe(job->pid, doing);
    g_free(job->failure);
    job->failure = g_strdup_printf("not ended after %u s%s%s%s%s", pool->timeout_s,
                                   job->where ? ", at " : "", job->where ? job->where : "",
                                   doing->len ? "; " : "", doing->str);
    g_string_free(doing, TRUE);
}

static void begin_more(struct loop *l)
{
    while (l->n_begun < l->jobs->len && l->pool->n_running < l->pool->most)
        begin(l, g_ptr_array_index(l->jobs, l->n_begun++));
}

/* Ends jobs whose time is over, or all. Returns the time until the next one's is, in ms; -1: there is none. */
static int end_late(struct loop *l, bool is_all)
{
    gint64 now = g_get_monotonic_time(), next = G_MAXINT64;

    for (guint i = 0; i < l->n_begun; i++) {
        struct job *job = g_ptr_array_index(l->jobs, i);

        if (!job->pid)
            continue;
        if (job->deadline_us > now && !is_all) {
            next = MIN(next, job->deadline_us);
            continue;
        }
        note_late(l->pool, job);
        (void)kill(job->pid, SIGKILL);
        reap(l, job);
    }
    return next == G_MAXINT64 ? -1 : (int)MIN((next - now) / US_PER_MS + 1, G_MAXINT);
}

static void wait_for_news(struct loop *l, int timeout_ms)
{
    g_autofree struct pollfd *fds = g_new0(struct pollfd, l->n_begun + 1);
    guint n = l->n_begun;

    for (guint i = 0; i < n; i++) {
        const struct job *job = g_ptr_array_index(l->jobs, i);

        fds[i] = (struct pollfd){ .fd = job->pid ? job->fd : -1, .events = POLLIN };
    }
    fds[n] = (struct pollfd){ .fd = l->signal_fd, .events = POLLIN };
    if (poll(fds, n + 1, timeout_ms) <= 0)
        return;
    l->is_interrupted = fds[n].revents != 0;
    for (guint i = 0; i < n; i++) {
        if (fds[i].revents)
            hear(l, g_ptr_array_index(l->jobs, i));
    }
}

static void catch_signals(struct loop *l)
{
    sigset_t mask;

    sigemptyset(&mask);
    sigaddset(&mask, SIGINT);
    sigaddset(&mask, SIGTERM);
    sigaddset(&mask, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &mask, &l->old_mask);
    l->signal_fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
}

bool pool_run(struct pool *pool, GPtrArray *jobs)
{
    struct loop l = { .pool = pool, .jobs = jobs };

    children_adopt();
    catch_signals(&l);
    while (pool->n_ended < jobs->len && !l.is_interrupted) {
        int timeout_ms;

        begin_more(&l);
        timeout_ms = end_late(&l, false);
        if (pool->n_running)
            wait_for_news(&l, timeout_ms);
    }
    (void)end_late(&l, true);
    if (l.signal_fd >= 0)
        close(l.signal_fd);
    (void)sigprocmask(SIG_SETMASK, &l.old_mask, NULL);
    return !l.is_interrupted;
}
