/* client_jobs.c - lines of "dpsim do" that do more than look, in a simulation whose clients live between the events: they
 * begin and end when those have come to rest, and others must be served meanwhile, so they are no part of a request.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sim/client_int.h"
#include "sim/scenario.h"

struct job {
    struct conn *conn;          /* who waits for the answer, NULL: gone */
    char *line;
};

bool job_line(struct conn *c, const char *line)
{
    struct job *job;

    if (!c->all->sim->clock.outside || !scenario_needs_rest(line))
        return false;
    job = g_new(struct job, 1);
    *job = (struct job){ c, g_strdup(line) };
    g_queue_push_tail(&c->all->jobs, job);
    return true;
}

static void job_free(struct job *job)
{
    g_free(job->line);
    g_free(job);
}

/* The job stays at the head while it runs, so that jobs_forget() finds it. */
bool clients_run_job(struct clients *all)
{
    struct job *job = g_queue_peek_head(&all->jobs);
    struct proto_reply rep = { 0 };
    struct err e = { 0 };
    GString *text;

    if (!job)
        return false;
    text = g_string_new(NULL);
    sim_settle(all->sim);
    rep.status = scenario_do(all->sim, job->line, text, &e);
    sim_settle(all->sim);
    if (rep.status)
        g_string_append_printf(text, "%s\n", e.text);
    if (job->conn)
        answer_send(job->conn, &rep, text->str, text->len);
    g_string_free(text, TRUE);
    (void)g_queue_pop_head(&all->jobs);
    job_free(job);
    return true;
}

void jobs_forget(struct conn *c)
{
    for (GList *l = c->all->jobs.head; l; l = l->next) {
        struct job *job = l->data;

        if (job->conn == c)
            job->conn = NULL;
    }
}

void jobs_free(struct clients *all)
{
    g_queue_clear_full(&all->jobs, (GDestroyNotify)job_free);
}
