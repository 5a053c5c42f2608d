/* sim.c - see sim.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/sim.h"

#include "netlink/nf.h"
#include "sim/addr.h"
#include "sim/device.h"
#include "sim/fault.h"
#include "sim/neigh.h"
#include "sim/recorder.h"
#include "sim/reply_fault.h"
#include "sim/route.h"
#include "sim/rule.h"
#include "sim/scenario.h"
#include "sim/trace.h"
#include "sim/tunnel.h"

#define DEFAULT_CPUS 4
#define LO_IFINDEX 1
/* A kernel with the gre module has gre0, gretap0 and erspan0 at 2 to 4 of each namespace (catalogue
 * 03.11); they have nothing to do here, but numbers are as there. */
#define FIRST_IFINDEX 5
#define REBALANCE_NS (4000 * UINT64_C(1000000))

/* ---- struct dp_env: what the datapath gets from here ----------------------------------------- */

static uint64_t env_now(void *ctx)
{
    return ((struct sim *)ctx)->clock.now_ns;
}

static uint32_t env_random(void *ctx)
{
    return rng_u32(&((struct sim *)ctx)->rng);
}

/* The first CPU, but for requests of clients that see our CPUs: see request_handle(). */
static unsigned env_cpu(void *ctx)
{
    return ((struct sim *)ctx)->cpu;
}

static struct sim_ns *ns_of(struct sim *sim, const struct dp_ns *dp)
{
    for (guint i = 0; i < sim->namespaces->len; i++) {
        struct sim_ns *ns = g_ptr_array_index(sim->namespaces, i);

        if (ns->dp == dp)
            return ns;
    }
    return NULL;
}

static struct netdev *env_dev_by_name(void *ctx, struct dp_ns *dp, const char *name)
{
    const struct sim_ns *ns = ns_of(ctx, dp);
    struct device *d = ns ? device_by_name(ns, name) : NULL;

    return d ? &d->dev : NULL;
}

static struct netdev *env_dev_by_index(void *ctx, struct dp_ns *dp, int ifindex)
{
    const struct sim_ns *ns = ns_of(ctx, dp);
    struct device *d = ns ? device_by_index(ns, ifindex) : NULL;

    return d ? &d->dev : NULL;
}

static int env_dev_create(void *ctx, struct dp_ns *dp, const char *name, enum netdev_kind kind,
                          int ifindex, struct netdev **dev, struct err *e)
{
    struct err own = { 0 };
    struct device *d = device_add(ns_of(ctx, dp), name, kind, ifindex, &own);

    if (!d)
        return err_set(e, own.code, "%s", own.text);
    *dev = &d->dev;
    device_event(d, UINT_MAX);
    return 0;
}

static void env_dev_destroy(void *ctx, struct dp_ns *dp, struct netdev *dev)
{
    (void)ctx;
    (void)dp;
    device_free((struct device *)dev);
}

static void env_transmit(void *ctx, struct netdev *dev, const struct pkt *p)
{
    (void)ctx;
    device_transmit((struct device *)dev, p->data, p->len);
}

static int env_tunnel_check(void *ctx, struct dp_ns *dp, const struct netdev_tunnel *t,
                            struct err *e)
{
    return tunnel_check_port(ns_of(ctx, dp), t, e);
}

static enum drop_reason env_tunnel_send(void *ctx, struct netdev *port,
                                        const struct flow_key *tunnel, struct pkt *p)
{
    (void)ctx;
    return tunnel_send((struct device *)port, tunnel, p);
}

static bool env_tunnel_fill(void *ctx, struct netdev *port, struct pkt *p, struct flow_key *tunnel)
{
    (void)ctx;
    return tunnel_fill((struct device *)port, p, tunnel);
}

static void env_dev_changed(void *ctx, struct netdev *dev)
{
    (void)ctx;
    device_event((struct device *)dev, 0);
}

static void env_dev_promisc(void *ctx, struct netdev *dev, int change)
{
    (void)ctx;
    device_add_promisc((struct device *)dev, change);
}

static void remove_vanished(void *ctx)
{
    struct sim *sim = ctx;

    for (guint i = 0; i < sim->namespaces->len; i++) {
        const struct sim_ns *ns = g_ptr_array_index(sim->namespaces, i);

        for (guint j = ns->devices->len; j--; )
            if (j < ns->devices->len && ((struct device *)g_ptr_array_index(ns->devices, j))->has_vanished)
                device_del(g_ptr_array_index(ns->devices, j));
    }
}

/* Whoever has the device in hand now finds it down. */
static void env_dev_vanish(void *ctx, struct netdev *dev, bool at_once)
{
    struct device *d = (struct device *)dev;
    struct sim *sim = ctx;

    dev->has_carrier = false;
    d->has_vanished = true;
    if (at_once)
        remove_vanished(sim);
    else
        clock_add(&sim->clock, sim->clock.now_ns, remove_vanished, sim);
}

static const struct dp_env env_rows = {
    .now = env_now,
    .client_now = env_now,
    .random = env_random,
    .cpu = env_cpu,
    .dev_by_name = env_dev_by_name,
    .dev_by_index = env_dev_by_index,
    .dev_create = env_dev_create,
    .dev_destroy = env_dev_destroy,
    .dev_changed = env_dev_changed,
    .dev_promisc = env_dev_promisc,
    .dev_vanish = env_dev_vanish,
    .transmit = env_transmit,
    .tunnel_check = env_tunnel_check,
    .tunnel_send = env_tunnel_send,
    .tunnel_fill = env_tunnel_fill,
};

/* ---- what runs out of time ---------------------------------------------------------------------- */

static void wake(void *ctx)
{
    struct sim *sim = ctx;

    sim->wake_ns = UINT64_MAX;
    dp_wake(sim->dp);
}

static void env_wake(void *ctx, uint64_t at_ns)
{
    struct sim *sim = ctx;

    if (at_ns >= sim->wake_ns)
        return;
    if (sim->wake_ns != UINT64_MAX)
        clock_cancel(&sim->clock, sim->wake_id);
    sim->wake_ns = MAX(at_ns, sim->clock.now_ns);
    sim->wake_id = clock_add_background(&sim->clock, sim->wake_ns, wake, sim);
}

/* ---- the mask arrays' rebalance -------------------------------------------------------------- */

static void rebalance(void *ctx);

/* Every 4000 ms; over a time in which nothing can happen, once. */
static void rebalance_later(struct sim *sim, bool is_idle)
{
    const struct clock *c = &sim->clock;
    uint64_t wait = REBALANCE_NS, free_until = MIN(c->next_ns, c->limit_ns);

    if (is_idle && free_until != UINT64_MAX && free_until > c->now_ns + wait)
        wait = (free_until - c->now_ns) / REBALANCE_NS * REBALANCE_NS;
    clock_add_background(&sim->clock, c->now_ns + wait, rebalance, sim);
}

static void rebalance(void *ctx)
{
    struct sim *sim = ctx;
    uint64_t n_born = dp_world_account(sim->dp)->n_born;

    dp_rebalance(sim->dp);
    rebalance_later(sim, n_born == sim->n_seen);
    sim->n_seen = n_born;
}

/* ---- time ------------------------------------------------------------------------------------ */

static void start_time(struct sim *sim)
{
    clock_init(&sim->clock, SIM_START_NS);
    if (sim->options.most_events)
        sim->clock.n_left = sim->options.most_events;
    sim->n_seen = 0;
    rebalance_later(sim, false);
}

bool sim_restart_time(struct sim *sim)
{
    if (g_sequence_get_length(sim->clock.events) > 1)   /* the rebalance is always there */
        return false;
    clock_done(&sim->clock);
    start_time(sim);
    return true;
}

/* ---- refusals: the client gets a number, the developer the sentence -------------------------- */

static void on_refused(void *user, struct sock *s, const struct nlmsghdr *msg, int error,
                       const struct err *e)
{
    struct sim *sim = user;

    (void)s;
    (void)msg;
    sim->refusal = *e;
    sim->refusal.code = -error;
    if (!trace_is_muted(sim))
        trace_line(sim, "refused %s%s%s", err_name(error), e->text[0] ? ": " : "", e->text);
}

/* ---- life ------------------------------------------------------------------------------------ */

struct sim *sim_new(const struct sim_options *options)
{
    struct sim *sim = g_new0(struct sim, 1);

    if (options)
        sim->options = *options;
    if (!sim->options.n_cpus)
        sim->options.n_cpus = DEFAULT_CPUS;
    start_time(sim);
    rng_init(&sim->rng, sim->options.seed);
    sim->nl = netlink_new();
    rt_start(sim->nl, &sim_rt_ops);
    nf_start(sim->nl);
    sim->env = env_rows;
    sim->env.wake = env_wake;
    sim->wake_ns = UINT64_MAX;
    sim->env.ctx = sim;
    sim_set_cpus(sim, sim->options.n_cpus);
    sim->env.no_features = sim->options.no_features;
    sim->chance = chance_new(sim);
    sim->dp = dp_world_new(sim->nl, &sim->env);
    netlink_set_refused(sim->nl, on_refused, sim);
    sim->namespaces = g_ptr_array_new();
    (void)sim_ns_new(sim);
    return sim;
}

void sim_free(struct sim *sim)
{
    if (!sim)
        return;
    scenario_free(sim->scenario);
    while (sim->namespaces->len)
        sim_ns_free(g_ptr_array_index(sim->namespaces, sim->namespaces->len - 1));
    g_ptr_array_free(sim->namespaces, TRUE);
    dp_world_free(sim->dp);
    chance_free(sim->chance);
    netlink_free(sim->nl);
    faults_free(sim->faults);
    reply_faults_free(sim->reply_faults);
    clock_done(&sim->clock);
    g_queue_clear_full(&sim->on_wire, g_free);
    (void)trace_close(sim, NULL);
    (void)recorder_close(sim, NULL);
    g_free(sim);
}

void sim_set_cpus(struct sim *sim, unsigned n)
{
    sim->options.n_cpus = sim->env.n_cpus = n;
}

void sim_settle(struct sim *sim)
{
    clock_advance(&sim->clock, sim->clock.now_ns);
}

struct sim_ns *sim_root_ns(struct sim *sim)
{
    return g_ptr_array_index(sim->namespaces, 0);
}

struct sim_ns *sim_ns_new(struct sim *sim)
{
    struct sim_ns *ns = g_new0(struct sim_ns, 1);

    ns->sim = sim;
    ns->id = sim->next_ns_id++;
    ns->devices = g_ptr_array_new();
    ns->next_ifindex = FIRST_IFINDEX;
    g_ptr_array_add(sim->namespaces, ns);
    ns->addrs = addr_list_new();
    ns->routes = route_list_new();
    ns->tables = route_tables_new();
    ns->rules = rule_list_new();
    ns->neighs = neigh_list_new();
    ns->net = netns_new(sim->nl, NULL);
    ns->net->owner = ns;
    ns->dp = dp_ns_new(sim->dp, ns->net);
    (void)device_add(ns, "lo", NETDEV_LOOPBACK, LO_IFINDEX, NULL);
    return ns;
}

struct sim_ns *sim_ns_by_id(struct sim *sim, unsigned id)
{
    for (guint i = 0; i < sim->namespaces->len; i++) {
        struct sim_ns *ns = g_ptr_array_index(sim->namespaces, i);

        if (ns->id == id)
            return ns;
    }
    return NULL;
}

void sim_ns_free(struct sim_ns *ns)
{
    struct sock *s;

    while ((s = g_queue_peek_head(&ns->net->socks)))
        sock_close(s);
    chance_forget(ns->sim->chance, ns);
    reply_faults_forget(ns->sim->reply_faults, ns->net);
    dp_ns_free(ns->dp);
    while (ns->devices->len)
        device_free(g_ptr_array_index(ns->devices, ns->devices->len - 1));
    g_ptr_array_free(ns->devices, TRUE);
    g_ptr_array_unref(ns->addrs);
    g_ptr_array_unref(ns->routes);
    g_array_unref(ns->tables);
    g_ptr_array_unref(ns->rules);
    g_ptr_array_unref(ns->neighs);
    netns_free(ns->net);
    g_ptr_array_remove(ns->sim->namespaces, ns);
    g_free(ns);
}
