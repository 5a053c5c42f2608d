/* upcall_handler.c - see upcall_handler.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/upcall_handler.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/openvswitch.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "sim/listing.h"
#include "sim/mac_table.h"
#include "sim/trace.h"

#define UFID_LEN 16
#define VID_MASK 0x0fff

const char *const upcall_mode_names[N_UPCALL_MODES] = {
    [UPCALL_DROP] = "drop",
    [UPCALL_NORMAL] = "normal",
};

/* A flow that was installed: it is taken back when one of its stations moves or ages. */
struct learned_flow {
    uint8_t ufid[UFID_LEN];
    uint64_t src, dst;          /* stations */
};

struct upcall_handler {
    struct sim_ns *ns;
    int dp_ifindex;
    enum upcall_mode mode;
    struct local in;            /* upcalls arrive here */
    struct local out;           /* requests and their errors */
    struct mac_table macs;
    GArray *flows;              /* of struct learned_flow, in order of installation */
    uint64_t event;             /* of the clock, 0: nothing to read */
};

/* What the handler looks at in an upcall. */
struct miss {
    const struct nlmsghdr *msg;
    const struct nlattr *key, *packet;
    uint32_t in_port;
    uint64_t src, dst;
    bool is_dst_group;          /* multicast or broadcast */
};

/* ---- ports ----------------------------------------------------------------------------------- */

int upcall_handler_take_port(struct upcall_handler *h, uint32_t port_no, struct err *e)
{
    GByteArray *req = g_byte_array_new();
    size_t msg = local_begin(&h->out, req, OVS_VPORT_FAMILY, OVS_VPORT_CMD_SET, 0, h->dp_ifindex);
    int r;

    attr_put(req, OVS_VPORT_ATTR_PORT_NO, &port_no, sizeof(port_no));
    attr_put(req, OVS_VPORT_ATTR_UPCALL_PID, &h->in.sock->portid, sizeof(uint32_t));
    local_end(req, msg);
    r = local_call(&h->out, req, NULL, NULL, e);
    g_byte_array_free(req, TRUE);
    return r;
}

/* Clients that open a datapath, even to look at it, turn per-CPU dispatch on; the ports' pids are
 * not used then (catalogue 08, section 8.2). */
void upcall_handler_take_dispatch(struct upcall_handler *h, const struct nlmsghdr *info)
{
    uint32_t features = local_u32(info, OVS_DP_ATTR_USER_FEATURES, 0);
    GByteArray *req;
    size_t msg;

    if (!(features & OVS_DP_F_DISPATCH_UPCALL_PER_CPU) ||
        local_attr(info, OVS_DP_ATTR_PER_CPU_PIDS))
        return;
    req = g_byte_array_new();
    msg = local_begin(&h->out, req, OVS_DATAPATH_FAMILY, OVS_DP_CMD_SET, 0, h->dp_ifindex);
    attr_put(req, OVS_DP_ATTR_USER_FEATURES, &features, sizeof(features));
    attr_put(req, OVS_DP_ATTR_PER_CPU_PIDS, &h->in.sock->portid, sizeof(uint32_t));
    local_end(req, msg);
    /* ENODEV: the datapath has gone again. */
    (void)local_call(&h->out, req, NULL, NULL, NULL);
    g_byte_array_free(req, TRUE);
}

static void keep_answer(void *ctx, const struct nlmsghdr *msg)
{
    g_byte_array_append(ctx, (const guint8 *)msg, msg->nlmsg_len);
}

static int take_datapath(struct upcall_handler *h, struct err *e)
{
    GByteArray *req = g_byte_array_new(), *info = g_byte_array_new();
    size_t msg = local_begin(&h->out, req, OVS_DATAPATH_FAMILY, OVS_DP_CMD_GET, 0, h->dp_ifindex);
    int r;

    local_end(req, msg);
    r = local_call(&h->out, req, keep_answer, info, e);
    if (!r)
        upcall_handler_take_dispatch(h, (const void *)info->data);
    g_byte_array_free(req, TRUE);
    g_byte_array_free(info, TRUE);
    return r;
}

static int take_ports(struct upcall_handler *h, bool takes_all, struct err *e)
{
    struct err own = { 0 };
    GArray *ports = list_ports(&h->out, h->dp_ifindex, &own);

    for (guint i = 0; !own.code && i < ports->len; i++) {
        const struct port_listing *port = &g_array_index(ports, struct port_listing, i);

        if (takes_all || !port->upcall_pid)
            (void)upcall_handler_take_port(h, port->port_no, &own);
    }
    g_clear_pointer(&ports, g_array_unref);
    if (own.code && e)
        *e = own;
    return -own.code;
}

/* ---- a flow for a miss ----------------------------------------------------------------------- */

/* Is this attribute always matched exactly? The others stay wild. */
static bool is_exact(uint16_t type)
{
    return type == OVS_KEY_ATTR_RECIRC_ID || type == OVS_KEY_ATTR_IN_PORT ||
           type == OVS_KEY_ATTR_ETHERNET || type == OVS_KEY_ATTR_ETHERTYPE ||
           type == OVS_KEY_ATTR_VLAN;
}

static void put_ones(GByteArray *out, uint16_t type, size_t len)
{
    size_t at = attr_nest_begin(out, type);

    for (size_t i = 0; i < len; i++)
        g_byte_array_append(out, &(guint8){ 0xff }, 1);
    attr_nest_end(out, at);
}

/* Appends the mask that belongs to a list of key attributes. */
static void put_masks(GByteArray *out, const struct nlattr *key)
{
    const struct nlattr *a;
    bool has_type = false;
    int left;

    attr_for_each_nested(a, key, left) {
        uint16_t type = mnl_attr_get_type(a);

        has_type |= type == OVS_KEY_ATTR_ETHERTYPE;
        if (is_exact(type)) {
            put_ones(out, type, mnl_attr_get_payload_len(a));
        } else if (type == OVS_KEY_ATTR_ENCAP) {
            size_t nest = attr_nest_begin(out, type);

            put_masks(out, a);
            attr_nest_end(out, nest);
        }
    }
    /* "No EtherType" (an 802.2 frame) is matched by a mask without its key. */
    if (!has_type)
        put_ones(out, OVS_KEY_ATTR_ETHERTYPE, sizeof(uint16_t));
}

static void make_ufid(uint8_t ufid[UFID_LEN], const struct nlattr *key)
{
    for (uint32_t i = 0; i < UFID_LEN / sizeof(uint32_t); i++) {
        uint32_t word = hash_bytes(mnl_attr_get_payload(key), mnl_attr_get_payload_len(key), i);

        memcpy(ufid + i * sizeof(word), &word, sizeof(word));
    }
}

static void put_flow(struct upcall_handler *h, GByteArray *out, const struct miss *miss,
                     const uint8_t ufid[UFID_LEN], const GByteArray *actions)
{
    size_t msg = local_begin(&h->out, out, OVS_FLOW_FAMILY, OVS_FLOW_CMD_NEW, NLM_F_CREATE,
                             h->dp_ifindex), nest;

    attr_put(out, OVS_FLOW_ATTR_UFID, ufid, UFID_LEN);
    attr_put(out, OVS_FLOW_ATTR_KEY, mnl_attr_get_payload(miss->key),
             mnl_attr_get_payload_len(miss->key));
    nest = attr_nest_begin(out, OVS_FLOW_ATTR_MASK);
    put_masks(out, miss->key);
    attr_nest_end(out, nest);
    local_put_nest(out, OVS_FLOW_ATTR_ACTIONS, actions);
    local_end(out, msg);
}

static void copy_attr(GByteArray *out, uint16_t type, const struct nlattr *a)
{
    if (a)
        attr_put(out, type, mnl_attr_get_payload(a), mnl_attr_get_payload_len(a));
}

static void put_execute(struct upcall_handler *h, GByteArray *out, const struct miss *miss,
                        const GByteArray *actions)
{
    size_t msg = local_begin(&h->out, out, OVS_PACKET_FAMILY, OVS_PACKET_CMD_EXECUTE, 0,
                             h->dp_ifindex);

    copy_attr(out, OVS_PACKET_ATTR_PACKET, miss->packet);
    copy_attr(out, OVS_PACKET_ATTR_KEY, miss->key);
    local_put_nest(out, OVS_PACKET_ATTR_ACTIONS, actions);
    copy_attr(out, OVS_PACKET_ATTR_MRU, local_attr(miss->msg, OVS_PACKET_ATTR_MRU));
    copy_attr(out, OVS_PACKET_ATTR_HASH, local_attr(miss->msg, OVS_PACKET_ATTR_HASH));
    local_end(out, msg);
}

/* The flow, then the packet on the same way, in one datagram as OVS sends them. */
static void answer(struct upcall_handler *h, const struct miss *miss, const GByteArray *actions)
{
    struct learned_flow flow = { .src = miss->src, .dst = miss->dst };
    GByteArray *batch = g_byte_array_new();
    struct err e = { 0 };

    make_ufid(flow.ufid, miss->key);
    put_flow(h, batch, miss, flow.ufid, actions);
    if (actions->len)
        put_execute(h, batch, miss, actions);
    /* EEXIST: packets of the flow missed together, the first has installed it. */
    if (local_call(&h->out, batch, NULL, NULL, &e) && e.code != EEXIST)
        trace_line(h->ns->sim, "upcall handler: %s: %s", err_name(e.code), e.text);
    g_array_append_val(h->flows, flow);
    g_byte_array_free(batch, TRUE);
}

/* ---- decisions ------------------------------------------------------------------------------- */

static void delete_flow(struct upcall_handler *h, const uint8_t ufid[UFID_LEN])
{
    GByteArray *req = g_byte_array_new();
    size_t msg = local_begin(&h->out, req, OVS_FLOW_FAMILY, OVS_FLOW_CMD_DEL, 0, h->dp_ifindex);

    attr_put(req, OVS_FLOW_ATTR_UFID, ufid, UFID_LEN);
    local_end(req, msg);
    /* ENOENT: somebody else has deleted it already. */
    (void)local_call(&h->out, req, NULL, NULL, NULL);
    g_byte_array_free(req, TRUE);
}

/* Takes back the flows from and to a station whose place has changed. */
static void forget_station(struct upcall_handler *h, uint64_t station)
{
    for (guint i = 0; i < h->flows->len;) {
        const struct learned_flow *flow = &g_array_index(h->flows, struct learned_flow, i);

        if (flow->src != station && flow->dst != station) {
            i++;
            continue;
        }
        delete_flow(h, flow->ufid);
        g_array_remove_index(h->flows, i);
    }
}

static void put_output(GByteArray *actions, uint32_t port_no)
{
    attr_put(actions, OVS_ACTION_ATTR_OUTPUT, &port_no, sizeof(port_no));
}

static void put_flood(struct upcall_handler *h, GByteArray *actions, uint32_t in_port)
{
    GArray *ports = list_ports(&h->out, h->dp_ifindex, NULL);

    for (guint i = 0; ports && i < ports->len; i++) {
        uint32_t port_no = g_array_index(ports, struct port_listing, i).port_no;

        if (port_no != in_port)
            put_output(actions, port_no);
    }
    g_clear_pointer(&ports, g_array_unref);
}

static void switch_packet(struct upcall_handler *h, const struct miss *miss)
{
    uint64_t now = h->ns->sim->clock.now_ns, aged;
    GByteArray *actions = g_byte_array_new();
    int64_t port;

    while (mac_table_expire(&h->macs, now, &aged))
        forget_station(h, aged);
    if (mac_table_learn(&h->macs, miss->src, miss->in_port, now))
        forget_station(h, miss->src);
    port = miss->is_dst_group ? -1 : mac_table_find(&h->macs, miss->dst);
    if (port < 0)
        put_flood(h, actions, miss->in_port);
    else if (port != miss->in_port)
        put_output(actions, (uint32_t)port);
    answer(h, miss, actions);
    g_byte_array_free(actions, TRUE);
}

static void drop_packet(struct upcall_handler *h, const struct miss *miss)
{
    GByteArray *none = g_byte_array_new();

    answer(h, miss, none);
    g_byte_array_free(none, TRUE);
}

static void (*const mode_rows[N_UPCALL_MODES])(struct upcall_handler *, const struct miss *) = {
    [UPCALL_DROP] = drop_packet,
    [UPCALL_NORMAL] = switch_packet,
};

/* ---- reading upcalls ------------------------------------------------------------------------- */

static const struct nlattr *find_key(const struct nlattr *key, uint16_t type, size_t len)
{
    const struct nlattr *a = attr_find(mnl_attr_get_payload(key), mnl_attr_get_payload_len(key),
                                       type);

    return a && mnl_attr_get_payload_len(a) >= len ? a : NULL;
}

/* False: a frame that cannot be switched (no Ethernet header, sent by a group address). */
static bool read_miss(struct miss *miss, const struct nlmsghdr *msg)
{
    const struct nlattr *eth, *in_port, *vlan;
    const struct ovs_key_ethernet *mac;
    uint16_t tci = 0;

    *miss = (struct miss){ .msg = msg };
    miss->key = local_attr(msg, OVS_PACKET_ATTR_KEY);
    miss->packet = local_attr(msg, OVS_PACKET_ATTR_PACKET);
    if (!miss->key || !miss->packet)
        return false;
    eth = find_key(miss->key, OVS_KEY_ATTR_ETHERNET, sizeof(*mac));
    in_port = find_key(miss->key, OVS_KEY_ATTR_IN_PORT, sizeof(uint32_t));
    vlan = find_key(miss->key, OVS_KEY_ATTR_VLAN, sizeof(tci));
    if (!eth || !in_port)
        return false;
    mac = mnl_attr_get_payload(eth);
    miss->in_port = mnl_attr_get_u32(in_port);
    if (vlan)
        memcpy(&tci, mnl_attr_get_payload(vlan), sizeof(tci));
    tci = (uint16_t)(ntohs(tci) & VID_MASK);
    miss->src = mac_station(mac->eth_src, tci);
    miss->dst = mac_station(mac->eth_dst, tci);
    miss->is_dst_group = mac->eth_dst[0] & 1;
    return !(mac->eth_src[0] & 1);
}

static void read_upcalls(void *ctx)
{
    struct upcall_handler *h = ctx;
    struct dgram *d;
    struct miss miss;
    int error;

    h->event = 0;
    while ((d = sock_recv(h->in.sock, &error)) || error) {
        const struct nlmsghdr *msg = d ? (const void *)d->data : NULL;
        const struct genlmsghdr *genl = d ? mnl_nlmsg_get_payload(msg) : NULL;

        if (d && genl->cmd == OVS_PACKET_CMD_MISS && read_miss(&miss, msg))
            mode_rows[h->mode](h, &miss);
        g_free(d);
    }
}

/* The packet path is under way: answering waits until it has ended. */
static void on_readable(struct sock *s)
{
    struct upcall_handler *h = s->transport;
    struct clock *c = &h->ns->sim->clock;

    if (!h->event)
        h->event = clock_add(c, c->now_ns, read_upcalls, h);
}

/* ---- life ------------------------------------------------------------------------------------ */

struct upcall_handler *upcall_handler_new(struct sim_ns *ns, int dp_ifindex,
                                          enum upcall_mode mode, bool takes_all, struct err *e)
{
    struct upcall_handler *h = g_new0(struct upcall_handler, 1);

    h->ns = ns;
    h->dp_ifindex = dp_ifindex;
    h->mode = mode;
    local_init(&h->in, ns);
    local_init(&h->out, ns);
    mac_table_init(&h->macs);
    h->flows = g_array_new(FALSE, FALSE, sizeof(struct learned_flow));
    h->in.sock->transport = h;
    h->in.sock->readable = on_readable;
    if (take_datapath(h, e) || take_ports(h, takes_all, e)) {
        upcall_handler_free(h);
        return NULL;
    }
    return h;
}

void upcall_handler_free(struct upcall_handler *h)
{
    if (!h)
        return;
    if (h->event)
        clock_cancel(&h->ns->sim->clock, h->event);
    local_done(&h->in);
    local_done(&h->out);
    mac_table_done(&h->macs);
    g_array_free(h->flows, TRUE);
    g_free(h);
}

int upcall_handler_dp(const struct upcall_handler *h)
{
    return h->dp_ifindex;
}
