/* datapath.c - worlds, namespaces, datapaths: their life and how they are found.
 *
 * Catalogue 02. SPDX-License-Identifier: Apache-2.0 */
#include "dp/datapath.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "dp/ct/frag.h"
#include "dp/ct/nl.h"
#include "netlink/attr.h"

/* ---- world --------------------------------------------------------------------------------------- */

struct dp_world *dp_world_new(struct netlink *nl, const struct dp_env *env)
{
    static const struct family *const families[] = {
        &dp_datapath_family, &dp_vport_family, &dp_flow_family,
        &dp_packet_family,   &dp_meter_family, &dp_ct_limit_family,
    };
    struct dp_world *w = g_new0(struct dp_world, 1);

    w->profile = &profile_6_1;
    w->nl = nl;
    w->env = env;
    w->namespaces = g_ptr_array_new();
    for (size_t i = 0; i < G_N_ELEMENTS(families); i++)
        netlink_add_family(nl, families[i]);
    ct_nl_start(nl);
    netlink_set_user(nl, w);
    w->checked = g_byte_array_new();
    return w;
}

void dp_world_free(struct dp_world *w)
{
    if (!w)
        return;
    g_ptr_array_free(w->namespaces, TRUE);
    g_byte_array_unref(w->checked);
    pkt_pool_done(&w->pool);
    g_free(w);
}

struct pkt_pool *dp_world_pool(struct dp_world *w)
{
    return &w->pool;
}

const struct dp_account *dp_world_account(const struct dp_world *w)
{
    return &w->account;
}

const struct profile *dp_world_profile(const struct dp_world *w)
{
    return w->profile;
}

/* ---- namespace ----------------------------------------------------------------------------------- */

struct dp_ns *dp_ns_new(struct dp_world *w, struct netns *net)
{
    struct dp_ns *ns = g_new0(struct dp_ns, 1);

    ns->world = w;
    ns->net = net;
    ns->dps = g_ptr_array_new();
    ns->ct = ct_table_new(w->env);
    ns->frags = ct_frags_new(w);
    ns->host_frags = ct_frags_new(w);
    ct_nl_listen(ns);
    net->user = ns;
    g_ptr_array_add(w->namespaces, ns);
    return ns;
}

void dp_ns_free(struct dp_ns *ns)
{
    if (!ns)
        return;
    while (ns->dps->len)
        datapath_free(ns->dps->pdata[0]);
    g_ptr_array_free(ns->dps, TRUE);
    ct_frags_free(ns->frags);
    ct_frags_free(ns->host_frags);
    ct_table_free(ns->ct);
    ct_limits_done(&ns->ct_limits);
    g_ptr_array_remove(ns->world->namespaces, ns);
    g_free(ns);
}

void dp_wake(struct dp_world *w)
{
    for (guint i = 0; i < w->namespaces->len; i++) {
        const struct dp_ns *ns = w->namespaces->pdata[i];

        ct_wake(ns->ct);
        ct_frags_expire(ns->frags);
        ct_frags_expire(ns->host_frags);
    }
}

void dp_rebalance(struct dp_world *w)
{
    for (guint i = 0; i < w->namespaces->len; i++) {
        const struct dp_ns *ns = w->namespaces->pdata[i];

        for (guint j = 0; j < ns->dps->len; j++)
            table_rebalance(&((struct datapath *)ns->dps->pdata[j])->table);
    }
}

/* ---- datapath ------------------------------------------------------------------------------------ */

struct datapath *datapath_new(struct dp_ns *ns)
{
    struct datapath *dp = g_new0(struct datapath, 1);

    dp->ns = ns;
    table_init(&dp->table, ns->world->env->n_cpus);
    meter_table_init(&dp->meters);
    g_ptr_array_add(ns->dps, dp);
    return dp;
}

void datapath_free(struct datapath *dp)
{
    struct vport *local;

    if (!dp)
        return;
    local = datapath_port(dp, DP_PORT_LOCAL);
    for (unsigned i = 0; i < VPORT_BUCKETS; i++) {
        for (struct vport *v = dp->bucket[i], *next; v; v = next) {
            next = v->next;
            if (v != local)
                vport_free(v);
        }
    }
    if (local)      /* last: the others hang on its device */
        vport_free(local);
    table_done(&dp->table);
    meter_table_done(&dp->meters);
    g_ptr_array_remove(dp->ns->dps, dp);
    g_free(dp->cpu_pids);
    g_free(dp);
}

struct vport *datapath_port(const struct datapath *dp, uint32_t port_no)
{
    for (struct vport *v = dp->bucket[port_no % VPORT_BUCKETS]; v; v = v->next) {
        if (v->port_no == port_no)
            return v;
    }
    return NULL;
}

struct datapath *datapath_by_ifindex(const struct dp_ns *ns, int ifindex)
{
    const struct dp_env *env = ns->world->env;
    struct netdev *dev = env->dev_by_index(env->ctx, (struct dp_ns *)ns, ifindex);

    return dev && dev->kind == NETDEV_INTERNAL && dev->vport ? dev->vport->dp : NULL;
}

struct datapath *datapath_by_name(const struct dp_ns *ns, const char *name)
{
    struct vport *v = vport_by_name(ns, name);

    return v && v->port_no == DP_PORT_LOCAL ? v->dp : NULL;
}

int datapath_ifindex(const struct datapath *dp)
{
    const struct vport *local = datapath_port(dp, DP_PORT_LOCAL);

    return local ? local->dev->ifindex : 0;
}

const char *datapath_name(const struct datapath *dp)
{
    const struct vport *local = datapath_port(dp, DP_PORT_LOCAL);

    return local ? local->dev->name : "";
}

uint32_t datapath_cpu_pid(const struct datapath *dp)
{
    const struct dp_env *env = dp_world_of(dp)->env;

    return dp->n_cpu_pids ? dp->cpu_pids[env->cpu(env->ctx) % dp->n_cpu_pids] : 0;
}

int req_dp_ifindex(const struct req *req)
{
    return ((const struct ovs_header *)req->user_hdr)->dp_ifindex;
}

int datapath_of_request(const struct req *req, struct datapath **dp, struct err *e)
{
    int dp_ifindex = req_dp_ifindex(req);

    *dp = datapath_by_ifindex(req_ns(req), dp_ifindex);
    return *dp ? 0 : err_set(e, ENODEV, "there is no datapath with ifindex %d", dp_ifindex);
}

/* ---- devices, seen from above -------------------------------------------------------------------- */

void dp_device_gone(struct dp_ns *ns, struct netdev *dev)
{
    struct vport *v = dev->vport;
    struct nlmsghdr *msg;
    int dp_ifindex;

    if (!v)
        return;
    dp_ifindex = datapath_ifindex(v->dp);
    memset(&dev->stats, 0, sizeof(dev->stats));
    msg = msg_new(ns->world->nl, &dp_vport_family, OVS_VPORT_CMD_DEL, &dp_ifindex);
    vport_put(msg, v);
    v->dev_is_going = true;
    vport_free(v);
    if (faulty(ns->world, DP_FAULT_VPORT_EVENT))
        multicast_error(ns->net, &dp_vport_family, dp_fault_points[DP_FAULT_VPORT_EVENT].error);
    else
        multicast(ns->net, &dp_vport_family, msg);
}

int dp_port_of(const struct netdev *dev)
{
    return dev->vport ? dev->vport->port_no : -1;
}

struct netdev *dp_port_dev(struct dp_ns *ns, int dp_ifindex, uint32_t port_no)
{
    const struct datapath *dp = datapath_by_ifindex(ns, dp_ifindex);
    struct vport *v = dp ? datapath_port(dp, port_no) : NULL;

    return v ? v->dev : NULL;
}
