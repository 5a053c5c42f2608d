/* act_run.c - runs stored action lists: order, copies, recursion and deferral limits.
 *
 * How it works: a list is run left to right; whoever consumes the packet takes it out of the run,
 * and what is left at the end is dropped and counted. A nested list that may change the key, or
 * a recirculation, runs at once on a copy of the key up to level ACTS_COPY_LEVEL, and is put
 * off above it until the outermost list has ended. Catalogue 07.3.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "dp/act_rows.h"
#include "dp/datapath.h"
#include "dp/eth_type.h"
#include "dp/extract.h"
#include "netlink/attr.h"

/* do_execute_actions: one list on one packet, which it consumes. */
static int run_list(struct datapath *dp, struct pkt *p, struct flow_key *key, const void *attrs,
                    size_t len)
{
    struct dp_world *w = dp_world_of(dp);
    struct act_run run = {.dp = dp, .pkt = p, .key = key, .list = attrs, .list_len = len, .fault = w->env->fault};
    const struct nlattr *a;
    int left, err = 0;

    attr_for_each(a, attrs, len, left)
    {
        bool is_last = (int)MNL_ALIGN(a->nla_len) >= left;

        if (tracing(w))
            trace_action(w, a);
        err = act_table[a->nla_type]->run(&run, a, is_last);
        if (err || run.is_over || !run.pkt)
            break;
    }
    if (run.pkt)
        dp_drop(w, run.pkt, err ? DROP_ACTION_ERROR : DROP_LAST_ACTION);
    return err;
}

static struct flow_key *copy_key(struct dp_world *w, const struct flow_key *key)
{
    struct flow_key *copy;

    if (!w->level || w->level > ACTS_COPY_LEVEL)
        return NULL;
    copy = &w->copy[w->level - 1];
    *copy = *key;
    return copy;
}

/* Puts a list (attrs NULL: a look-up with the key's recirc_id) off. Consumes the packet. */
static void defer(struct datapath *dp, struct pkt *p, const struct flow_key *key, const void *attrs,
                  size_t len)
{
    struct dp_world *w = dp_world_of(dp);
    struct deferred *d;

    if (w->n_deferred == ACTS_FIFO_ROOM || faulty(w, DP_FAULT_DEFERRED_FULL)) {
        dp_drop(w, p, DROP_DEFERRED_LIMIT);
        return;
    }
    d = &w->fifo[w->n_deferred++];
    *d = (struct deferred){.dp = dp, .pkt = p, .attrs = attrs, .len = len, .key = *key};
}

/* The packet itself if it may be consumed, else a copy. */
static struct pkt *take_or_copy(struct act_run *run, bool is_last)
{
    return is_last ? pkt_take(&run->pkt) : dp_copy(dp_world_of(run->dp), run->pkt, DP_FAULT_LIST_CLONE);
}

int acts_run_nested(struct act_run *run, const void *attrs, size_t len, bool is_last,
                    bool keeps_key)
{
    struct dp_world *w = dp_world_of(run->dp);
    struct pkt *p = take_or_copy(run, is_last);
    struct flow_key *key = keeps_key ? run->key : copy_key(w, run->key);
    int err;

    if (!p)
        return 0;
    if (!key) {
        defer(run->dp, p, run->key, attrs, len);
        return 0;
    }
    w->level += !keeps_key;
    err = run_list(run->dp, p, key, attrs, len);
    w->level -= !keeps_key;
    return err;
}

int acts_fresh_key(struct act_run *run)
{
    uint8_t frag = run->key->ip_frag;
    int error;

    if (!run->key->is_stale)
        return 0;
    error = dp_fails(run->fault, DP_FAULT_EXTRACT_AGAIN) ? -ENOMEM : key_extract(run->key, run->pkt);
    if (!is_ip_type(run->key->eth_type))
        run->key->ip_frag = frag;       /* ct() takes what was put around a fragment for one still, as in the kernel */
    return error;
}

int acts_writable(const struct act_run *run)
{
    return dp_fails(run->fault, DP_FAULT_PKT_WRITABLE) ? -ENOMEM : 0;
}

int acts_recirculate(struct act_run *run, uint32_t recirc_id, bool is_last)
{
    struct flow_key *key, later;
    int err = acts_fresh_key(run);
    struct pkt *p;

    if (err)
        return err;
    p = take_or_copy(run, is_last);
    if (!p)
        return 0;
    key = copy_key(dp_world_of(run->dp), run->key);
    if (key) {
        key->recirc_id = recirc_id;
        (void)dp_process_packet(run->dp, p, key);
        return 0;
    }
    later = *run->key;
    later.recirc_id = recirc_id;
    defer(run->dp, p, &later, NULL, 0);
    return 0;
}

static void run_deferred(struct dp_world *w)
{
    while (w->n_deferred_done < w->n_deferred) {
        struct deferred *d = &w->fifo[w->n_deferred_done++];

        if (d->attrs)
            (void)run_list(d->dp, d->pkt, &d->key, d->attrs, d->len);
        else
            (void)dp_process_packet(d->dp, d->pkt, &d->key);
    }
    w->n_deferred = w->n_deferred_done = 0;
}

int acts_execute(struct datapath *dp, struct pkt *p, const struct act_list *list,
                 struct flow_key *key)
{
    struct dp_world *w = dp_world_of(dp);
    int err;

    if (w->level >= ACTS_MAX_LEVEL || faulty(w, DP_FAULT_RECURSION)) {
        if (tracing(w))
            trace(w, "ovs_execute_actions",
                  "recursion limit reached on datapath %s, probable configuration error",
                  datapath_name(dp));
        dp_drop(w, p, DROP_RECURSION_LIMIT);
        return -ENETDOWN;
    }
    w->level++;
    err = run_list(dp, p, key, list->data, list->len);
    if (w->level == 1)
        run_deferred(w);
    w->level--;
    return err;
}
