/* rt.h - rtnetlink: the words it speaks with the layer that owns links, addresses and routes.
 *
 * Messages, attributes, dumps and groups are handled in netlink/rt*.c; what exists is asked
 * and changed through struct rt_ops. Facts are OVS-free plain structs, addresses as on the wire.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef NETLINK_RT_H
#define NETLINK_RT_H

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "netlink/socket.h"

struct req;

#define RT_IP_LEN    16
#define RT_HW_LEN    32
#define RT_VALUES    32     /* most rows of a kind's data */
#define RT_VALUE_LEN 16

/* ---- kinds of links: rt_kind.c ------------------------------------------------------------- */

/* One attribute of IFLA_INFO_DATA. */
struct rt_data_row {
    uint16_t type;
    uint8_t len;                        /* 0: a flag */
    /* In answers: always; if it was given; if 'with' was; if 'with' is 'value'. */
    enum { RT_PUT_ALWAYS, RT_PUT_SET, RT_PUT_WITH, RT_PUT_IF } put;
    uint8_t initial[4];                 /* value when it is not given */
    uint16_t with;                      /* another row's type */
    uint8_t value;
    const char *name;                   /* "IFLA_VXLAN_ID" */
};

struct rt_value {
    bool is_set;
    uint8_t bytes[RT_VALUE_LEN];
};

enum rt_shape { RT_SHAPE_PLAIN, RT_SHAPE_PAIR, RT_SHAPE_TUNNEL };

struct rt_kind {
    const char *name;                   /* IFLA_INFO_KIND */
    enum rt_shape shape;
    uint16_t hw_type;                   /* ARPHRD_* */
    uint8_t addr_len;
    unsigned flags;                     /* IFF_* it has whatever its state */
    uint32_t mtu, min_mtu, max_mtu;
    bool has_queue;                     /* what it sends is queued, by the default discipline */
    const char *external_of;            /* kind of which there is but one external device, too */
    uint16_t local_type, remote_type;   /* data that are its addresses, if addr_len is not 6 */
    uint16_t port_type;                 /* data: the UDP port, 0: none */
    uint16_t external_type;             /* data: COLLECT_METADATA, 0: none */
    uint16_t id_type;                   /* data: VNI or key */
    const struct rt_data_row *data;
    size_t n_data;
};

const struct rt_kind *rt_kind_by_name(const char *name);        /* NULL: unknown */
/* The value of a kind's attribute among 'values' (in the order of its rows), NULL: no such row. */
const struct rt_value *rt_value(const struct rt_kind *kind, const struct rt_value *values,
                                uint16_t type);

/* ---- facts --------------------------------------------------------------------------------- */

struct rt_link {
    int ifindex;
    char name[IFNAMSIZ];
    const struct rt_kind *kind;         /* NULL: as a real card, without LINKINFO */
    const struct rt_value *data;        /* of 'kind' */
    const char *slave_kind;             /* NULL: has no master that says so */
    const char *kind_name;              /* LINKINFO's KIND where there is no row for it, or NULL */
    unsigned flags;                     /* IFF_*, IFF_LOWER_UP too */
    bool has_carrier;
    uint8_t operstate;
    uint32_t mtu, min_mtu, max_mtu, txqlen, group, promiscuity, allmulti;
    uint32_t n_tx_queues, n_rx_queues, gso_max_size, gso_max_segs, tso_max_size;
    uint32_t n_up, n_down;              /* carrier changes */
    const char *qdisc;
    const char *alias;                  /* NULL: none */
    int link;                           /* ifindex; 0: told to be none; -1: not told */
    int link_nsid;                      /* of the namespace that 'link' is in, -1: this one */
    int master;                         /* ifindex, 0: none */
    uint16_t hw_type;
    uint8_t addr_len;
    uint8_t addr_assign;                /* NET_ADDR_*: who chose 'addr' */
    uint8_t addr[RT_HW_LEN], broadcast[RT_HW_LEN];
    uint8_t permanent[RT_HW_LEN];       /* 0: not told */
    bool has_inet6;                     /* IPv6 is possible on it */
    struct rtnl_link_stats64 stats;
};

/* What NEWLINK and SETLINK ask for; 'given' has a bit for each IFLA_* below that was there. */
struct rt_link_change {
    uint64_t given;
    unsigned flags, change;             /* IFF_*; change 0 and flags not: all of them */
    int ifindex;                        /* wanted for a new link, 0: any */
    char name[IFNAMSIZ];
    char alias[256];
    uint8_t addr[RT_HW_LEN], broadcast[RT_HW_LEN];
    uint32_t mtu, txqlen, group;
    uint32_t n_tx_queues, n_rx_queues, gso_max_size, gso_max_segs;
    uint8_t carrier;
    const struct rt_kind *kind;
    struct rt_value data[RT_VALUES];
    struct rt_link_change *peer;        /* of a pair, NULL: nothing said of it */
};

static inline bool rt_given(const struct rt_link_change *c, unsigned ifla)
{
    return c->given >> ifla & 1;
}

struct rt_addr {
    uint8_t family, prefix_len, scope;
    uint32_t flags;                     /* IFA_F_* */
    int ifindex;
    uint8_t local[RT_IP_LEN], peer[RT_IP_LEN];      /* equal unless point to point */
    bool has_broadcast;
    uint8_t broadcast[4];
    char label[IFNAMSIZ];               /* IPv4 */
    uint8_t proto;                      /* IFAPROT_*: who made it, 0: not told */
    uint32_t valid, preferred;          /* seconds, UINT32_MAX: for ever */
    uint32_t priority;
};

struct rt_route {
    uint8_t family, dst_len, tos, protocol, scope, type;
    uint8_t flags;                      /* RTNH_F_* */
    uint32_t table, priority;
    uint8_t dst[RT_IP_LEN], gateway[RT_IP_LEN], prefsrc[RT_IP_LEN];
    bool has_gateway, has_prefsrc;
    int oif;                            /* 0: none */
    uint8_t pref;                       /* IPv6: ICMPV6_ROUTER_PREF_* */
    uint32_t metrics[RTAX_MAX + 1];     /* by RTAX_*, 0: none */
};

struct rt_range16 {
    uint16_t first, last;
};

struct rt_range32 {
    uint32_t first, last;
};

/* What is 0 or "" is not asked for; all padding is 0, so that two can be compared as bytes. */
struct rt_rule {
    uint8_t family, src_len, dst_len, tos;
    uint8_t action, protocol, ip_proto;     /* FR_ACT_*, RTPROT_* */
    uint32_t flags;                     /* FIB_RULE_* */
    uint32_t table, priority, target;   /* target: of a goto, a priority */
    uint32_t mark, mark_mask;
    uint64_t tun_id;                    /* as on the wire */
    uint32_t suppress_prefix_len, suppress_group;       /* UINT32_MAX: not */
    struct rt_range32 uids;
    struct rt_range16 sports, dports;
    char iif[IFNAMSIZ], oif[IFNAMSIZ];
    uint8_t src[RT_IP_LEN], dst[RT_IP_LEN];
};

/* A packet whose way is looked for. */
struct rt_flow {
    uint8_t family, tos, ip_proto;
    bool has_src;
    bool wants_table;                   /* IPv4: who does not is told main, whatever it is */
    uint8_t src[RT_IP_LEN], dst[RT_IP_LEN];
    int oif, iif;                       /* 0: any; 0: the host's own */
    uint32_t mark, uid;
    uint16_t sport, dport;
    uint64_t tun_id;                    /* as on the wire */
};

struct rt_neigh {
    uint8_t family, flags, type;
    uint16_t state;                     /* NUD_* */
    int ifindex;
    uint8_t dst[RT_IP_LEN];
    uint8_t hw_len;
    uint8_t hw[RT_HW_LEN];
};

size_t rt_ip_len(uint8_t family);       /* 4, 16, or 0 for other families */

/* ---- what the owner of the facts provides ---------------------------------------------------- */

/* All return 0 or -errno; 'cause' is handed on to the event a change makes. *_at: by position, NULL
 * behind the last. 'flags' are NLM_F_CREATE, _EXCL, _REPLACE. */
struct rt_ops {
    /* By ifindex, or by name if that is 0. False: there is no such link. */
    bool (*link_find)(struct netns *ns, int ifindex, const char *name, struct rt_link *link);
    bool (*link_next)(struct netns *ns, int after, struct rt_link *link);
    int (*link_add)(struct netns *ns, const struct rt_link_change *c, struct err *e);
    int (*link_change)(struct netns *ns, int ifindex, const struct rt_link_change *c,
                       struct err *e);
    int (*link_del)(struct netns *ns, int ifindex, struct err *e);

    /* The namespace that a process is in, NULL: there is no such process. */
    struct netns *(*ns_by_pid)(struct netns *ns, uint32_t pid);

    const struct rt_addr *(*addr_at)(struct netns *ns, size_t i);
    int (*addr_add)(struct netns *ns, const struct rt_addr *a, uint16_t flags, struct req *cause,
                    struct err *e);
    int (*addr_del)(struct netns *ns, const struct rt_addr *a, struct req *cause, struct err *e);

    const struct rt_route *(*route_at)(struct netns *ns, size_t i);
    /* The route of a packet: 0, -ENETUNREACH, or as the route or rule refuses. */
    int (*route_find)(struct netns *ns, const struct rt_flow *flow, struct rt_route *found);
    /* The way a packet takes along it: all of its address, the device it leaves by (a packet to
     * ourselves: lo), 'prefsrc' its source. 0 or -errno. */
    int (*route_way)(struct netns *ns, const struct rt_flow *flow, struct rt_route *way);
    bool (*route_has_table)(struct netns *ns, uint8_t family, uint32_t table);
    int (*route_add)(struct netns *ns, const struct rt_route *r, uint16_t flags, struct req *cause,
                     struct err *e);
    int (*route_del)(struct netns *ns, const struct rt_route *r, struct req *cause, struct err *e);

    const struct rt_rule *(*rule_at)(struct netns *ns, size_t i);
    uint32_t (*rule_default_priority)(struct netns *ns, uint8_t family);
    int (*rule_add)(struct netns *ns, const struct rt_rule *r, uint16_t flags, struct req *cause,
                    struct err *e);
    int (*rule_del)(struct netns *ns, const struct rt_rule *r, bool has_priority,
                    struct req *cause, struct err *e);

    const struct rt_neigh *(*neigh_at)(struct netns *ns, size_t i);
    int (*neigh_add)(struct netns *ns, const struct rt_neigh *n, uint16_t flags, struct req *cause,
                     struct err *e);
    int (*neigh_del)(struct netns *ns, const struct rt_neigh *n, struct req *cause, struct err *e);
};

/* NETLINK_ROUTE sockets are answered from now on. 'ops' is borrowed. */
void rt_start(struct netlink *nl, const struct rt_ops *ops);

/* The row of a request of any address family, NULL: there is none. */
const struct genl_op *rt_op_of(uint16_t type);

/* ---- events ---------------------------------------------------------------------------------- */

/* To the groups; with 'cause' (may be NULL) also echoed to whoever asked for it. 'change' are the
 * IFF_* bits that are new, ~0 for a new link or the last word of one. */
void rt_link_event(struct netns *ns, uint16_t type, const struct rt_link *link, unsigned change);
void rt_addr_event(struct netns *ns, uint16_t type, const struct rt_addr *a, struct req *cause);
void rt_route_event(struct netns *ns, uint16_t type, const struct rt_route *r, struct req *cause);
void rt_rule_event(struct netns *ns, uint16_t type, const struct rt_rule *r, struct req *cause);
void rt_neigh_event(struct netns *ns, uint16_t type, const struct rt_neigh *n, struct req *cause);

/* The number by which 'ns' knows 'peer', negative: it has none; the same, making one; 'peer' ends. */
int nsid_of(const struct netns *ns, const struct netns *peer);
int nsid_make(struct netns *ns, struct netns *peer);
void nsid_forget(struct netns *ns, const struct netns *peer);

/* A refusal whose sentence the client reads too. Returns -code. */
int rt_refuse(struct err *e, int code, const char *text);

#endif
