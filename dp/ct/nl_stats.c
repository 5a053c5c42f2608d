/* nl_stats.c - how many connections there are, and what each CPU has counted.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "dp/ct/nl.h"
#include "dp/datapath.h"

#define TYPE(msg) NF_TYPE(NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_##msg)

/* One of the counters. */
struct row {
    uint16_t type;                      /* CTA_STATS_* */
    size_t member;
};

#define ROW(type, member) { type, offsetof(struct ct_stats, member) }

static const struct row conn_rows[] = {
    ROW(CTA_STATS_FOUND, n_found),
    ROW(CTA_STATS_INVALID, n_invalid),
    ROW(CTA_STATS_INSERT, n_insert),
    ROW(CTA_STATS_INSERT_FAILED, n_insert_failed),
    ROW(CTA_STATS_DROP, n_drop),
    ROW(CTA_STATS_EARLY_DROP, n_early_drop),
    ROW(CTA_STATS_ERROR, n_error),
    ROW(CTA_STATS_SEARCH_RESTART, n_search_restart),
    ROW(CTA_STATS_CLASH_RESOLVE, n_clash_resolve),
    ROW(CTA_STATS_CHAIN_TOOLONG, n_chain_toolong),
    { 0 },
};

static const struct row expect_rows[] = {
    ROW(CTA_STATS_EXP_NEW, n_expect_new),
    ROW(CTA_STATS_EXP_CREATE, n_expect_create),
    ROW(CTA_STATS_EXP_DELETE, n_expect_delete),
    { 0 },
};

int ct_nl_get_stats(struct req *req, struct err *e)
{
    const struct ct_table *t = req_ns(req)->ct;
    struct nlmsghdr *msg = nf_reply(req, TYPE(CT_GET_STATS), 0);

    (void)e;
    put_be32(msg, CTA_STATS_GLOBAL_ENTRIES, t->n_conns);
    put_be32(msg, CTA_STATS_GLOBAL_MAX_ENTRIES, t->sysctl.max);
    return reply_send(req, msg);
}

int ct_nl_no_stats(struct req *req, struct err *e)
{
    (void)req;
    (void)e;
    return 0;
}

/* A message for each CPU; the counters are the first one's. */
static int dump_rows(struct dump *d, uint16_t type, const struct row *rows)
{
    const struct ct_table *t = req_ns(&d->req)->ct;

    for (; d->pos < t->env->n_cpus; d->pos++) {
        struct nlmsghdr *msg = nf_reply(&d->req, type, 0);
        struct nfgenmsg *h = mnl_nlmsg_get_payload(msg);

        h->res_id = GUINT16_TO_BE((uint16_t)d->pos);
        for (const struct row *row = rows; row->type; row++) {
            uint32_t value = 0;

            if (!d->pos)
                memcpy(&value, (const char *)&t->stats + row->member, sizeof(value));
            put_be32(msg, row->type, value);
        }
        if (!dump_commit(d, msg))
            return 1;
    }
    return 0;
}

int ct_nl_dump_stats(struct dump *d, struct err *e)
{
    (void)e;
    return dump_rows(d, TYPE(CT_GET_STATS_CPU), conn_rows);
}

/* Linux answers in the name of the connections' subsystem, and so do we. */
int ct_nl_dump_expect_stats(struct dump *d, struct err *e)
{
    (void)e;
    return dump_rows(d, TYPE(EXP_GET_STATS_CPU), expect_rows);
}
