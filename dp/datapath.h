/* datapath.h - the datapath's own objects: world, namespace, datapath, vport.
 *
 * For dp/ only; what others may call is in dp.h. Catalogue 02 and 03.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DP_DATAPATH_H
#define DP_DATAPATH_H

#include <linux/if_ether.h>
#include <linux/openvswitch.h>

#include "dp/act.h"
#include "dp/ct/limit.h"
#include "dp/dp.h"
#include "dp/fault.h"
#include "dp/meter.h"
#include "dp/table.h"
#include "netlink/reply.h"

#define DP_PORT_LOCAL 0
#define DP_MAX_PORT 65535u              /* first number that is none */
#define VPORT_BUCKETS 1024              /* dumps follow port number modulo this */

#define ACTS_MAX_LEVEL 5                /* nested executions; one more is dropped */
#define ACTS_COPY_LEVEL 3               /* up to here a nested list runs at once on a key copy */
#define ACTS_FIFO_ROOM 9                /* deferred lists of one top-level packet */

struct ct_frags;
struct vport;

/* What a new port is asked to be. */
struct vport_parms {
    uint32_t type;                      /* OVS_VPORT_TYPE_* */
    const char *name;
    uint16_t port_no;
    int ifindex;                        /* 0: any */
    const struct nlattr *options;       /* NULL: none */
    const struct nlattr *pids;          /* UPCALL_PID */
};

/* One row for each OVS_VPORT_TYPE_* (vport_types.c). */
struct vport_type {
    const char *name;                   /* as ovs-dpctl writes it in type= */
    /* Reads OPTIONS into the vport; NULL: there are none. 0 or -EINVAL. */
    int (*read_options)(struct vport *v, const struct nlattr *options, struct err *e);
    void (*put_options)(struct nlmsghdr *msg, const struct vport *v);
    /* Finds or makes the device: sets v->dev. 0 or -errno. */
    int (*create)(struct vport *v, const struct vport_parms *parms, struct err *e);
    void (*destroy)(struct vport *v);   /* lets go of the device */
    /* A frame leaves by the port: counts in dev->stats. N_DROP_REASONS, or why it cannot. */
    enum drop_reason (*send)(struct vport *v, struct pkt *p);
};

struct vport {
    struct datapath *dp;
    uint16_t port_no;
    uint32_t type;                      /* OVS_VPORT_TYPE_* */
    struct netdev *dev;
    bool dev_is_going;                  /* somebody else is about to free 'dev' */
    uint16_t tunnel_port;               /* DST_PORT of vxlan and geneve, host order */
    bool has_gbp;                       /* vxlan's group policy extension */
    uint32_t *pids;                     /* upcall port ids, never none */
    uint32_t n_pids;
    struct vport *next;                 /* in its bucket, newest first */
    struct vport *next_by_name;
    uint32_t name_bucket;               /* by the name at creation: catalogue 03.2, rename trap */
};

struct dp_stats {
    uint64_t n_hit, n_missed, n_lost, n_mask_hit, n_cache_hit;
};

struct datapath {
    struct dp_ns *ns;
    struct vport *bucket[VPORT_BUCKETS];
    struct table table;
    struct meter_table meters;
    struct dp_stats stats;
    uint32_t user_features;             /* OVS_DP_F_* */
    uint32_t *cpu_pids;                 /* PER_CPU_PIDS; NULL: never set */
    uint32_t n_cpu_pids;
};

struct dp_ns {
    struct dp_world *world;
    struct netns *net;
    GPtrArray *dps;                     /* of struct datapath, in order of creation */
    struct vport *by_name[VPORT_BUCKETS];
    struct ct_limits ct_limits;
    struct ct_table *ct;                /* its connections */
    struct req *ct_cause;               /* the request that its next event comes from, NULL: none */
    unsigned ct_cause_event;            /* ... if it is this one, CT_CAUSE_* */
    struct ct_frags *frags;             /* ... and what waits to become whole datagrams */
    struct ct_frags *host_frags;        /* the same of packets for the host */
};

/* A list put off until the packet that is under way has ended. */
struct deferred {
    struct datapath *dp;
    struct pkt *pkt;
    const void *attrs;                  /* NULL: look up again (recirculation) */
    size_t len;
    struct flow_key key;
};

struct dp_world {
    const struct profile *profile;
    struct netlink *nl;
    const struct dp_env *env;
    struct pkt_pool pool;
    struct dp_account account;
    GPtrArray *namespaces;              /* of struct dp_ns */
    GByteArray *checked;                /* stored form of the list that acts_check() is at */
    unsigned level;                     /* nested executions under way */
    struct flow_key copy[ACTS_COPY_LEVEL];
    struct deferred fifo[ACTS_FIFO_ROOM];
    unsigned n_deferred;                /* put into the fifo since the top-level packet began */
    unsigned n_deferred_done;
};

extern const struct family dp_datapath_family, dp_vport_family, dp_flow_family, dp_packet_family,
    dp_meter_family, dp_ct_limit_family;

static inline struct dp_world *dp_world_of(const struct datapath *dp)
{
    return dp->ns->world;
}

static inline struct dp_ns *req_ns(const struct req *req)
{
    return req->sock->ns->user;
}

/* dp_ifindex of a request's user header. */
int req_dp_ifindex(const struct req *req);

/* The datapath that it names. Returns 0 or -ENODEV (catalogue 03). */
int datapath_of_request(const struct req *req, struct datapath **dp, struct err *e);

/* ---- datapath.c ---- */
struct datapath *datapath_new(struct dp_ns *ns);
void datapath_free(struct datapath *dp);        /* with its ports, no notifications; NULL allowed */
struct datapath *datapath_by_ifindex(const struct dp_ns *ns, int ifindex);  /* any internal device's */
struct datapath *datapath_by_name(const struct dp_ns *ns, const char *name);
struct vport *datapath_port(const struct datapath *dp, uint32_t port_no);
int datapath_ifindex(const struct datapath *dp);        /* the local port's; 0: it is gone */
const char *datapath_name(const struct datapath *dp);

/* Port id for an upcall of the running CPU, 0: none (OVS_DP_F_DISPATCH_UPCALL_PER_CPU). */
uint32_t datapath_cpu_pid(const struct datapath *dp);

/* ---- vport.c ---- */
/* Checks an UPCALL_PID payload: 0 or -EINVAL. */
int vport_pids_check(const struct dp_world *world, const struct nlattr *pids, struct err *e);
/* Creates a port; the datapath owns it. 0 or -errno. */
int vport_new(struct datapath *dp, const struct vport_parms *parms, struct vport **v,
              struct err *e);
void vport_free(struct vport *v);
struct vport *vport_by_name(const struct dp_ns *ns, const char *name);
void vport_set_pids(struct vport *v, const struct nlattr *pids);
uint32_t vport_upcall_pid(const struct vport *v, struct pkt *p);
const struct vport_type *vport_type_row(uint32_t type);        /* NULL: unknown */
/* Enslaves a port's device, whose frames all come to the port; the reverse. Listeners are told. */
void vport_attach(struct vport *v, struct netdev *master);
void vport_detach(struct vport *v);
extern const struct vport_type vport_gre, vport_vxlan, vport_geneve;    /* vport_tunnel.c */
/* A frame leaves by a port whose device makes tunnels. */
enum drop_reason vport_tunnel_send(struct vport *v, struct pkt *p);
/* The packet's tunnel as it would leave by this port. False: it could not. */
bool vport_tunnel_fill(const struct vport *v, struct pkt *p, struct flow_key *tunnel);
/* Appends the vport's message body (catalogue 03.1 order). */
void vport_put(struct nlmsghdr *msg, const struct vport *v);

/* ---- receive.c ---- */
/* ovs_dp_process_packet: looks up, runs actions or makes the miss upcall. Consumes 'p'. */
int dp_process_packet(struct datapath *dp, struct pkt *p, struct flow_key *key);
/* Ends a packet: counts why, writes the trace line, frees it. */
void dp_drop(struct dp_world *world, struct pkt *p, enum drop_reason why);
/* Ends a packet behind its last upcall; 'is_miss' says which counter. */
void dp_consume(struct dp_world *world, struct pkt *p, bool is_miss);
/* A counted copy of packet and metadata; NULL: it fails at 'point'. */
struct pkt *dp_copy(struct dp_world *world, const struct pkt *p, enum dp_fault point);
/* A packet's bytes leave by a port; consumes it. */
void dp_output(struct datapath *dp, uint32_t port_no, struct pkt *p, const struct flow_key *key);
/* ovs_vport_send: the same of one frame, after what the action asks for has been done to it. */
void dp_vport_send(struct vport *v, struct pkt *p, bool has_eth);

/* ---- fragment.c ---- */
/* ovs_fragment: a packet that was joined from fragments leaves in fragments that are not longer than
 * those were (p->mru). Consumes it. */
void dp_fragment(struct vport *v, struct pkt *p, const struct flow_key *key);

/* ---- upcall.c ---- */
struct upcall {
    uint8_t cmd;                        /* OVS_PACKET_CMD_MISS or _ACTION */
    uint32_t pid;
    const struct flow_key *egress;      /* EGRESS_TUN_KEY, NULL: none */
    const struct nlattr *userdata;      /* NULL: none */
    const uint8_t *acts;                /* NULL: none asked for */
    size_t acts_len;
    bool ends_packet;                   /* it is all that becomes of the packet */
};
/* ovs_dp_upcall: 0, or -errno with n_lost counted. The packet stays the caller's. */
int dp_upcall(struct datapath *dp, struct pkt *p, const struct flow_key *key,
              const struct upcall *u);

/* ---- trace.c: all but tracing() only if that is true ---- */
static inline bool tracing(const struct dp_world *w)
{
    return w->env->trace != NULL;
}
void trace(const struct dp_world *w, const char *func, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* A packet's way begins; whether or not it was traced, trace_end() ends it. */
void trace_begin(const struct dp_world *w, const char *func, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void trace_end(const struct dp_world *w);
/* Steps: what the look-up of a key has found (NULL: nothing), and of a found flow, what is executed; one action
 * of a stored list. */
void trace_lookup(const struct datapath *dp, const struct flow *f, const struct flow_key *key,
                  const struct table_probe *probe);
void trace_flow(const struct dp_world *w, const struct flow *f);
void trace_action(const struct dp_world *w, const struct nlattr *stored);

/* ---- what fails as the kernel can: rows of fault.h ---- */
static inline bool faulty(const struct dp_world *w, enum dp_fault point)
{
    return dp_fails(w->env->fault, point);
}

/* 0, or the point's error. */
static inline int req_faulty(const struct req *req, enum dp_fault point, struct err *e)
{
    return dp_refuses(req_ns(req)->world->env->fault, point, e);
}

#endif
