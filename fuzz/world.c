/* world.c - see world.h. SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/world.h"

#include <assert.h>
#include <linux/if.h>
#include <linux/openvswitch.h>
#include <string.h>

#include "dp/ct/frag.h"
#include "dp/ct/nl.h"
#include "dp/datapath.h"
#include "fuzz/target.h"
#include "netlink/reply.h"
#include "netlink/server.h"
#include "sim/local.h"

static struct world the_world;

static_assert(sizeof(struct world_shape) == 12 * sizeof(uint32_t), "padding would be compared");

/* ---- built ---------------------------------------------------------------------------------------------- */

static const int sock_protocol[N_PROGRAM_SOCKS] = {
    [PROGRAM_CLIENT] = NETLINK_GENERIC,
    [PROGRAM_LISTENER] = NETLINK_GENERIC,
    [PROGRAM_ROUTE] = NETLINK_ROUTE,
    [PROGRAM_NETFILTER] = NETLINK_NETFILTER,
};

static void put_u32(GByteArray *req, uint16_t type, uint32_t value)
{
    attr_put(req, type, &value, sizeof(value));
}

static void call(struct local *l, GByteArray *req)
{
    struct err e = {0};

    local_end(req, 0);
    FUZZ_CHECK(local_call(l, req, NULL, NULL, &e) == 0, "the world cannot be built: %s", e.text);
    g_byte_array_set_size(req, 0);
}

/* d0, or a port of it. */
static void build_port(struct world *w, struct local *l, unsigned port_no)
{
    g_autoptr(GByteArray) req = g_byte_array_new();
    uint32_t listener = w->sock[PROGRAM_LISTENER]->portid;
    char name[] = {port_no ? 'p' : 'd', (char)('0' + port_no), '\0'};
    struct device *d;

    if (port_no) {
        (void)local_begin(l, req, OVS_VPORT_FAMILY, OVS_VPORT_CMD_NEW, 0, (int)w->numbers.ifindex[0]);
        put_u32(req, OVS_VPORT_ATTR_PORT_NO, port_no);
        put_u32(req, OVS_VPORT_ATTR_TYPE, OVS_VPORT_TYPE_INTERNAL);
        attr_put(req, OVS_VPORT_ATTR_NAME, name, sizeof(name));
        put_u32(req, OVS_VPORT_ATTR_UPCALL_PID, listener);
    } else {
        (void)local_begin(l, req, OVS_DATAPATH_FAMILY, OVS_DP_CMD_NEW, 0, 0);
        attr_put(req, OVS_DP_ATTR_NAME, name, sizeof(name));
        put_u32(req, OVS_DP_ATTR_UPCALL_PID, listener);
        put_u32(req, OVS_DP_ATTR_USER_FEATURES, OVS_DP_F_UNALIGNED | OVS_DP_F_VPORT_PIDS);
    }
    call(l, req);
    d = device_by_name(w->ns, name);
    device_set_flags(d, device_flags(d) | (port_no ? IFF_UP : 0));
    w->numbers.ifindex[port_no] = (uint32_t)d->dev.ifindex;
}

static void build_socks(struct world *w)
{
    const struct netlink *nl = w->sim->nl;

    for (unsigned i = 0; i < N_PROGRAM_SOCKS; i++) {
        w->sock[i] = sock_open(w->ns->net, sock_protocol[i]);
        (void)sock_set_option(w->sock[i], SOL_NETLINK, NETLINK_EXT_ACK, 1);
        (void)sock_bind(w->sock[i], 0);
        w->numbers.portid[i] = w->sock[i]->portid;
    }
    for (unsigned i = 0; i < N_PROGRAM_FAMILIES; i++) {
        const struct family *f = netlink_family_by_name(nl, program_family_name[i]);
        uint32_t group = netlink_group_id(nl, f);

        w->numbers.family[i] = netlink_family_id(nl, f);
        if (group)
            (void)sock_join(w->sock[PROGRAM_LISTENER], group);
    }
}

static struct world_shape shape_of(const struct world *w)
{
    const struct sim_ns *ns = w->ns;
    const struct ct_table *ct = ns->dp->ct;

    return (struct world_shape){
        .n_namespaces = w->sim->namespaces->len, .n_devices = ns->devices->len,
        .n_addrs = ns->addrs->len, .n_routes = ns->routes->len, .n_tables = ns->tables->len,
        .n_rules = ns->rules->len, .n_neighs = ns->neighs->len, .n_dps = ns->dp->dps->len,
        .next_ifindex = ns->next_ifindex, .last_conn = ct->last_id, .n_expects = ct->last_expect_id,
        .next_ip_id = ns->next_ip_id,
    };
}

static void drain(struct sock *s)
{
    if (s->dump)
        dump_abort(s);
    g_queue_clear_full(&s->rx, g_free);
    s->rx_charge = s->max_recv = 0;
    s->error = 0;
    s->congested = false;
    s->n_drops = 0;
}

static void drain_all(struct world *w)
{
    for (unsigned i = 0; i < N_PROGRAM_SOCKS; i++)
        drain(w->sock[i]);
}

static void build_datapath(struct world *w)
{
    struct local l;

    local_init(&l, w->ns);
    for (unsigned port_no = 0; port_no <= PROGRAM_PORTS; port_no++)
        build_port(w, &l, port_no);
    local_done(&l);
    drain_all(w);
    w->dp = datapath_by_name(w->ns->dp, "d0");
}

static void build(struct world *w)
{
    w->sim = sim_new(NULL);
    w->sim->env.transmit = world_transmit;
    w->ns = sim_root_ns(w->sim);
    build_socks(w);
    netlink_set_refused(w->sim->nl, world_refused, w);
    build_datapath(w);
    w->fresh = shape_of(w);
    w->fresh_event_id = w->sim->clock.next_id;
    w->is_worn = false;
}

static void tear_down(struct world *w)
{
    for (unsigned i = 0; i < N_PROGRAM_SOCKS; i++)
        sock_close(w->sock[i]);
    sim_free(w->sim);
    w->sim = NULL;
}

struct world *world_of_sim(const struct sim *sim)
{
    FUZZ_CHECK(sim == the_world.sim || !the_world.sim, "another simulation's");
    return &the_world;
}

void world_free(void)
{
    if (the_world.sim)
        tear_down(&the_world);
    g_clear_pointer(&the_world.scratch, g_byte_array_unref);
}

/* ---- put back ------------------------------------------------------------------------------------------- */

static void reset_table(struct table *t, bool has_met_packets)
{
    table_flush(t);
    if (has_met_packets)
        memset(t->cache, 0, (size_t)t->n_cpus * t->cache_size * sizeof(*t->cache));
}

static void reset_device(struct device *d)
{
    memset(&d->dev.stats, 0, sizeof(d->dev.stats));
    d->n_rx = d->n_tx = d->rx_bytes = d->tx_bytes = 0;
}

/* What programs of flows and packets change. */
static void reset(struct world *w)
{
    struct sim *sim = w->sim;

    drain_all(w);
    reset_table(&w->dp->table, sim->dp->account.n_born);
    memset(&w->dp->stats, 0, sizeof(w->dp->stats));
    for (guint i = 0; i < w->ns->devices->len; i++)
        reset_device(w->ns->devices->pdata[i]);
    memset(&sim->dp->account, 0, sizeof(sim->dp->account));
    memset(&sim->refusal, 0, sizeof(sim->refusal));
    rng_init(&sim->rng, sim->options.seed);
    sim->clock.now_ns = sim->clock.limit_ns = SIM_START_NS;
}

static void forget_fragments(struct dp_ns *ns)
{
    ct_frags_free(ns->frags);
    ct_frags_free(ns->host_frags);
    ns->frags = ct_frags_new(ns->world);
    ns->host_frags = ct_frags_new(ns->world);
}

/* No packet is left that holds one. */
static void forget_connections(struct dp_ns *ns)
{
    ct_table_free(ns->ct);
    ns->ct = ct_table_new(ns->world->env);
    ct_nl_listen(ns);
}

/* Time begins anew, unless something is to happen that was not when the world was built. */
static bool turn_time_back(struct world *w)
{
    struct sim *sim = w->sim;

    if (sim->clock.next_id == w->fresh_event_id)        /* no event has been added, and none has run */
        return true;
    if (sim->wake_ns != UINT64_MAX)                     /* nothing is left that this would end */
        clock_cancel(&sim->clock, sim->wake_id);
    sim->wake_ns = UINT64_MAX;
    return sim_restart_time(sim);
}

static bool is_as_built(struct world *w)
{
    struct dp_ns *ns = w->ns->dp;
    struct world_shape shape;

    if (w->is_worn)
        return false;
    if (w->sim->wake_ns != UINT64_MAX)
        forget_fragments(ns);
    if (ns->ct->last_id)
        forget_connections(ns);
    shape = shape_of(w);
    return !memcmp(&shape, &w->fresh, sizeof(shape)) && turn_time_back(w);
}

static struct world *begin_input(struct world *w, bool is_new)
{
    if (is_new)
        build(w);
    else
        reset(w);
    if (!w->scratch)
        w->scratch = g_byte_array_new();
    w->is_new = is_new;
    w->is_watched = false;
    w->digest = 0;
    memset(&w->figures, 0, sizeof(w->figures));
    return w;
}

struct world *world_new(void)
{
    world_free();
    return begin_input(&the_world, true);
}

struct world *world_ready(void)
{
    return the_world.sim && is_as_built(&the_world) ? begin_input(&the_world, false) : world_new();
}

bool world_renew_datapath(struct world *w)
{
    g_autoptr(GByteArray) req = g_byte_array_new();
    struct local l;

    if (!is_as_built(w))
        return false;
    local_init(&l, w->ns);
    (void)local_begin(&l, req, OVS_DATAPATH_FAMILY, OVS_DP_CMD_DEL, 0, (int)w->numbers.ifindex[0]);
    call(&l, req);
    local_done(&l);
    w->ns->next_ifindex = (int)w->numbers.ifindex[0];
    build_datapath(w);
    return true;
}
