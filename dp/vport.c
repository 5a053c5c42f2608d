/* vport.c - ports of a datapath: names, numbers, upcall port ids, their message body.
 *
 * Catalogue 03. SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/hash.h"
#include "dp/datapath.h"
#include "dp/extract.h"
#include "netlink/attr.h"

static uint32_t name_bucket(const char *name)
{
    return hash_bytes(name, strlen(name), 0) % VPORT_BUCKETS;
}

struct vport *vport_by_name(const struct dp_ns *ns, const char *name)
{
    for (struct vport *v = ns->by_name[name_bucket(name)]; v; v = v->next_by_name) {
        if (!strcmp(v->dev->name, name))
            return v;
    }
    return NULL;
}

/* ---- upcall port ids -------------------------------------------------------------------------- */

int vport_pids_check(const struct dp_world *world, const struct nlattr *pids, struct err *e)
{
    unsigned len = mnl_attr_get_payload_len(pids);

    if (!len || len % sizeof(uint32_t))
        return err_set(e, EINVAL, "UPCALL_PID: %u bytes are no array of port ids", len);
    if (len / sizeof(uint32_t) > world->env->n_cpus)
        return err_set(e, EINVAL, "UPCALL_PID: %zu port ids, but %u CPUs", len / sizeof(uint32_t),
                       world->env->n_cpus);
    return 0;
}

void vport_set_pids(struct vport *v, const struct nlattr *pids)
{
    g_free(v->pids);
    v->n_pids = mnl_attr_get_payload_len(pids) / (uint32_t)sizeof(uint32_t);
    v->pids = g_memdup2(mnl_attr_get_payload(pids), v->n_pids * sizeof(uint32_t));
}

uint32_t vport_upcall_pid(const struct vport *v, struct pkt *p)
{
    return v->pids[v->n_pids == 1 ? 0 : pkt_flow_hash(p) % v->n_pids];
}

/* ---- life -------------------------------------------------------------------------------------- */

static void link_port(struct vport *v)
{
    struct vport **port = &v->dp->bucket[v->port_no % VPORT_BUCKETS], **name;

    v->next = *port;
    *port = v;
    v->name_bucket = name_bucket(v->dev->name);
    name = &v->dp->ns->by_name[v->name_bucket];
    v->next_by_name = *name;
    *name = v;
}

static void unlink_port(struct vport *v)
{
    struct vport **at = &v->dp->bucket[v->port_no % VPORT_BUCKETS];

    while (*at != v)
        at = &(*at)->next;
    *at = v->next;
    at = &v->dp->ns->by_name[v->name_bucket];
    while (*at != v)
        at = &(*at)->next_by_name;
    *at = v->next_by_name;
}

/* Options before port ids before the device: the kernel's order of errors. */
static int vport_setup(struct vport *v, const struct vport_type *row,
                       const struct vport_parms *parms, struct err *e)
{
    const struct fault_hook *fault = dp_world_of(v->dp)->env->fault;
    int err = row->read_options ? row->read_options(v, parms->options, e) : 0;

    if (!err)
        err = dp_refuses(fault, DP_FAULT_VPORT_ALLOC, e);
    if (!err)
        err = vport_pids_check(dp_world_of(v->dp), parms->pids, e);
    if (!err)
        err = dp_refuses(fault, DP_FAULT_VPORT_PIDS, e);
    if (!err)
        err = row->create(v, parms, e);
    return err;
}

int vport_new(struct datapath *dp, const struct vport_parms *parms, struct vport **made,
              struct err *e)
{
    const struct vport_type *row = vport_type_row(parms->type);
    struct vport *v;
    int err;

    if (!row)
        return err_set(e, EAFNOSUPPORT, "vport type %u is unknown", parms->type);
    v = g_new0(struct vport, 1);
    *v = (struct vport){.dp = dp, .port_no = parms->port_no, .type = parms->type};
    err = vport_setup(v, row, parms, e);
    if (err) {
        g_free(v);
        return err;
    }
    vport_set_pids(v, parms->pids);
    v->dev->vport = v;
    link_port(v);
    *made = v;
    return 0;
}

void vport_free(struct vport *v)
{
    unlink_port(v);
    vport_type_row(v->type)->destroy(v);
    g_free(v->pids);
    g_free(v);
}

/* ---- message body ------------------------------------------------------------------------------ */

void vport_put(struct nlmsghdr *msg, const struct vport *v)
{
    bool all_pids = v->dp->user_features & OVS_DP_F_VPORT_PIDS;

    G_STATIC_ASSERT(sizeof(struct netdev_stats) == sizeof(struct ovs_vport_stats));
    mnl_attr_put_u32(msg, OVS_VPORT_ATTR_PORT_NO, v->port_no);
    mnl_attr_put_u32(msg, OVS_VPORT_ATTR_TYPE, v->type);
    mnl_attr_put_strz(msg, OVS_VPORT_ATTR_NAME, v->dev->name);
    mnl_attr_put_u32(msg, OVS_VPORT_ATTR_IFINDEX, (uint32_t)v->dev->ifindex);
    mnl_attr_put(msg, OVS_VPORT_ATTR_STATS, sizeof(v->dev->stats), &v->dev->stats);
    mnl_attr_put(msg, OVS_VPORT_ATTR_UPCALL_PID, sizeof(uint32_t) * (all_pids ? v->n_pids : 1),
                 v->pids);
    if (vport_type_row(v->type)->put_options)
        vport_type_row(v->type)->put_options(msg, v);
}
