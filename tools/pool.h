/* pool.h - jobs, each in a child process of its own, several at a time.
 *
 * A job that crashes or hangs takes nobody with it: its child and all that this has started are ended, and
 * how is told.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_POOL_H
#define TOOLS_POOL_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

struct job {
    void *ctx;                  /* the caller's */
    char *log;                  /* file that takes the child's standard output and error */
    /* Afterwards: */
    char *where;                /* what it said last of where it is, NULL: nothing */
    char *failure;              /* why it failed, a sentence; NULL: it did not */
    /* The pool's own: */
    pid_t pid;                  /* 0: not running */
    int fd;                     /* what it says comes here */
    GString *said;
    gint64 deadline_us;
};

struct pool {
    unsigned most;              /* jobs at a time */
    unsigned timeout_s;         /* for one job */
    unsigned n_running, n_ended;
    bool (*wanted)(const struct job *job);              /* before it begins; false: it ends without. NULL: all are */
    int (*work)(struct job *job, struct err *e);        /* in the child: 0 or -errno */
    void (*ended)(struct pool *pool, struct job *job);  /* here; NULL: nobody wants to know */
    void *ctx;                  /* the caller's */
};

/* Runs all 'jobs' (of struct job *), begun in their order. False: SIGINT, SIGTERM or SIGHUP came, and what had
 * begun was ended. */
bool pool_run(struct pool *pool, GPtrArray *jobs);

/* In the child: says where it is. */
void pool_at(void *job, const char *where);

struct job *job_new(void *ctx, const char *log);
void job_free(gpointer job);

#endif
