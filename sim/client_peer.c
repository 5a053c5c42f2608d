/* client_peer.c - the processes behind the connections: what each of them uses, and what it was refused.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>

#include "sim/client_int.h"
#include "sim/procfs.h"

#define RESERVE   64            /* descriptors that are for captures, files and whoever is being refused */
#define MOST_LEFT 100           /* clients whose refusals are told after their end */

static uint64_t most_of(const struct peer *p, enum limit limit)
{
    return limits_most(&p->all->sim->options.limits, limit);
}

/* ---- life ------------------------------------------------------------------------------------ */

static struct peer *peer_new(struct clients *all, pid_t pid)
{
    struct peer *p = g_new0(struct peer, 1);
    struct procfs_stat stat;

    p->all = all;
    p->pid = pid;
    p->number = ++all->n_peers;
    g_strlcpy(p->name, pid && procfs_stat(pid, &stat) ? stat.name : "?", sizeof(p->name));
    p->share.most_charge = most_of(p, LIMIT_QUEUED);
    p->share.most_dumps = (unsigned)MIN(most_of(p, LIMIT_DUMPS), UINT_MAX);
    (void)g_hash_table_insert(all->peers, GINT_TO_POINTER(pid), p);
    g_queue_push_tail(&all->by_number, p);
    return p;
}

struct peer *peer_get(struct clients *all, pid_t pid)
{
    struct peer *p = g_hash_table_lookup(all->peers, GINT_TO_POINTER(pid));

    if (!p)
        p = peer_new(all, pid);
    p->n_users++;
    return p;
}

static uint64_t refusals(const struct peer *p);
static void describe(const struct peer *p, GString *out);

void peer_put(struct peer *p)
{
    struct clients *all = p->all;

    if (--p->n_users)
        return;
    all->n_refused_before += refusals(p);
    if (refusals(p) && all->n_left++ < MOST_LEFT)
        describe(p, all->left);
    (void)g_hash_table_remove(all->peers, GINT_TO_POINTER(p->pid));
    (void)g_queue_remove(&all->by_number, p);
    g_free(p);
}

/* ---- limits ---------------------------------------------------------------------------------- */

int peer_take(struct peer *p, enum limit limit)
{
    if (p->n[limit] >= most_of(p, limit)) {
        p->n_refused[limit]++;
        return -limit_rows[limit].error;
    }
    p->n[limit]++;
    return 0;
}

void peer_give(struct peer *p, enum limit limit)
{
    p->n[limit]--;
}

/* So somebody who takes all that he can always leaves others a part of what there is. The new one is one of the users, and
 * has no slot yet. */
int peer_check_descriptors(struct peer *p)
{
    const struct clients *all = p->all;
    uint64_t n_conns = all->slots->len - all->free_slots->len, others = n_conns + 1 - p->n_users;
    struct rlimit most;

    if (getrlimit(RLIMIT_NOFILE, &most) || most.rlim_cur == RLIM_INFINITY)
        return 0;
    if (most.rlim_cur > others + RESERVE
        && p->n_users < (most.rlim_cur - RESERVE - others) * most_of(p, LIMIT_DESCRIPTORS) / 100)
        return 0;
    p->n_refused[LIMIT_DESCRIPTORS]++;
    return -limit_rows[LIMIT_DESCRIPTORS].error;
}

/* ---- turns ----------------------------------------------------------------------------------- */

bool peer_may_go_on(const struct peer *p)
{
    return p->turn != p->all->turn || p->turn_us < (int64_t)most_of(p, LIMIT_TURN);
}

void peer_note_time(struct peer *p, int64_t us)
{
    if (p->turn != p->all->turn)
        p->turn_us = 0;
    p->turn = p->all->turn;
    p->turn_us += us;
}

/* ---- for people ------------------------------------------------------------------------------ */

static uint64_t used(const struct peer *p, unsigned limit)
{
    switch (limit) {
    case LIMIT_QUEUED:
        return p->share.charge;
    case LIMIT_DUMPS:
        return p->share.n_dumps;
    default:
        return p->n[limit];
    }
}

static uint64_t refused(const struct peer *p, unsigned limit)
{
    switch (limit) {
    case LIMIT_QUEUED:
        return p->share.n_lost;
    case LIMIT_DUMPS:
        return p->share.n_no_dump;
    default:
        return p->n_refused[limit];
    }
}

static uint64_t refusals(const struct peer *p)
{
    uint64_t n = 0;

    for (unsigned i = 0; i < N_LIMITS; i++)
        n += refused(p, i);
    return n;
}

static void describe(const struct peer *p, GString *out)
{
    g_string_append_printf(out, "client %u (%s):", p->number, p->name);
    for (unsigned i = 0; i < N_LIMITS; i++) {
        if (used(p, i))
            g_string_append_printf(out, " %s %" PRIu64, limit_rows[i].name, used(p, i));
    }
    g_string_append_c(out, '\n');
    for (unsigned i = 0; i < N_LIMITS; i++) {
        if (refused(p, i))
            g_string_append_printf(out, "  refused %" PRIu64 " times with %s by the limit %s=%" PRIu64 ": %s\n",
                                   refused(p, i), err_name(limit_rows[i].error), limit_rows[i].name,
                                   most_of(p, (enum limit)i), limit_rows[i].what);
    }
}

uint64_t clients_count(const struct clients *all, uint64_t sum[N_LIMITS])
{
    uint64_t n_refused = all ? all->n_refused_before : 0;

    for (const GList *l = all ? all->by_number.head : NULL; l; l = l->next) {
        for (unsigned i = 0; i < N_LIMITS; i++)
            sum[i] += used(l->data, i);
        n_refused += refusals(l->data);
    }
    return n_refused;
}

void clients_describe(const struct clients *all, bool all_of_them, GString *out)
{
    if (!all)
        return;
    for (const GList *l = all->by_number.head; l; l = l->next) {
        if (all_of_them || refusals(l->data))
            describe(l->data, out);
    }
    g_string_append(out, all->left->str);
    if (all->n_left > MOST_LEFT)
        g_string_append_printf(out, "%u more clients that have gone were refused something\n", all->n_left - MOST_LEFT);
    if (all->n_strangers)
        g_string_append_printf(out, "%" PRIu64 " connections of other users were refused with EACCES, the last of user %u\n",
                               all->n_strangers, (unsigned)all->stranger);
}
