/* receive.c - a packet's whole way: received, looked up, run or sent up, output, accounted for.
 *
 * Function names of the trace are the kernel's. Catalogue 02.7, 03.7 to 03.12, 07.5.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "dp/ct/frag.h"
#include "dp/datapath.h"
#include "dp/eth_type.h"
#include "dp/extract.h"

#define TAG_LEN 4u

/* clang-format off */
const struct drop_row drop_rows[N_DROP_REASONS] = {
    [DROP_LAST_ACTION] = { "OVS_DROP_LAST_ACTION", "the list of actions ended without an output or upcall" },
    [DROP_ACTION_ERROR] = { "OVS_DROP_ACTION_ERROR", "an action failed" },
    [DROP_RECURSION_LIMIT] = { "OVS_DROP_RECURSION_LIMIT", "too many executions within each other" },
    [DROP_DEFERRED_LIMIT] = { "OVS_DROP_DEFERRED_LIMIT", "too many lists of actions were put off for one packet" },
    [DROP_SAMPLE] = { "sample not taken", "the last action, a sample, was not taken" },
    [DROP_METER] = { "OVS_DROP_METER", "a meter had no tokens left for it" },
    [DROP_IP_TTL] = { "OVS_DROP_IP_TTL", "its TTL or hop limit has run out" },
    [DROP_EXTRACT] = { "key extraction failed", "its headers are damaged or cut, so that there is no key" },
    [DROP_NO_PORT] = { "no such output port", "the output port does not exist" },
    [DROP_DEV_READY] = { "DEV_READY", "the output device is down or has no carrier" },
    [DROP_PKT_TOO_BIG] = { "PKT_TOO_BIG", "it is longer than the output device's MTU" },
    [DROP_MAC_PROTO] = { "no Ethernet header", "it has no Ethernet header, and the output device wants one" },
    [DROP_NO_ROUTE] = { "no route to the tunnel's far end", "no route leads to the tunnel's far end" },
    [DROP_NO_TUNNEL] = { "no tunnel was set", "no set(tunnel()) says where the tunnel leads" },
    [DROP_NO_NEIGH] = { "no answer from the next hop", "the next hop has not answered ARP or neighbour solicitation" },
    [DROP_NEIGH_QUEUE] = { "too many packets wait for the next hop", "too many packets wait for the next hop's address" },
    [DROP_TUNNEL_HDR] = { "tunnel headers refused", "the tunnel's outer headers are damaged or not what the port takes" },
    [DROP_TUNNEL_ID] = { "no tunnel device of this VNI or key", "no tunnel device has this VNI or key" },
    [DROP_TUNNEL_GRE] = { "tunnel checksum or sequence refused", "its GRE checksum is wrong or its sequence number old" },
    [DROP_TUNNEL_ECN] = { "congestion mark lost with the tunnel", "the outer header met congestion, and the inner packet cannot say so" },
    [DROP_RX_DOWN] = { "received on a device that is down", "the device is down" },
    [DROP_NOT_A_PORT] = { "received on a device that is no port", "the device is no port of a datapath" },
    [DROP_FRAG_DUP] = { "DUP_FRAG", "its fragment is there already" },
    [DROP_FRAG_OVERLAP] = { "fragments overlap", "its fragment overlaps others" },
    [DROP_FRAG_BAD] = { "damaged fragments", "its fragments contradict each other or make no datagram" },
    [DROP_FRAG_TOO_FAR] = { "FRAG_TOO_FAR", "too many other fragments of the source came between" },
    [DROP_FRAG_TIMEOUT] = { "FRAG_REASM_TIMEOUT", "its other fragments did not come in time" },
    [DROP_FRAG_MEMORY] = { "too many fragments wait", "too many fragments wait" },
    [DROP_FRAG_FLUSHED] = { "fragments of a namespace that is gone", "its namespace ended while fragments waited" },
    [DROP_FRAG_L2_TOO_LONG] = { "OVS_DROP_FRAG_L2_TOO_LONG", "it must leave in fragments, but its link-layer header is too long for that" },
    [DROP_FRAG_INVALID_PROTO] = { "OVS_DROP_FRAG_INVALID_PROTO", "it must leave in fragments, but is no IP packet" },
    [DROP_UPCALL] = { "upcall lost", "no flow matches, and nobody took the upcall" },
    [DROP_NO_MEMORY] = { "no memory (injected)", "memory ran out, as the test wanted" },
};
/* clang-format on */

/* ---- ends of a packet ---------------------------------------------------------------------- */

uint64_t dp_account_ends(const struct dp_account *a)
{
    uint64_t n = a->n_output + a->n_upcall + a->n_consumed + a->n_joined + a->n_held;

    for (unsigned i = 0; i < N_DROP_REASONS; i++)
        n += a->n_drop[i];
    return n;
}

void dp_drop(struct dp_world *w, struct pkt *p, enum drop_reason why)
{
    w->account.n_drop[why]++;
    if (tracing(w))
        trace(w, "kfree_skb", "%s len %u", drop_rows[why].name, p->len);
    pkt_free(&w->pool, p);
}

void dp_consume(struct dp_world *w, struct pkt *p, bool is_miss)
{
    *(is_miss ? &w->account.n_upcall : &w->account.n_consumed) += 1;
    pkt_free(&w->pool, p);
}

struct pkt *dp_copy(struct dp_world *w, const struct pkt *p, enum dp_fault point)
{
    if (faulty(w, point))
        return NULL;
    w->account.n_born++;
    return pkt_clone(&w->pool, p);
}

/* ---- out ------------------------------------------------------------------------------------- */

/* Bytes that count against the MTU: without the Ethernet header and one tag in the frame. */
static uint32_t mtu_len(const struct pkt *p)
{
    bool has_tag_inside = !p->has_vlan && is_vlan_type(p->protocol);
    uint32_t header = ETH_HLEN + (has_tag_inside ? TAG_LEN : 0);

    return p->len > header ? p->len - header : 0;
}

void dp_vport_send(struct vport *v, struct pkt *p, bool has_eth)
{
    struct dp_world *w = dp_world_of(v->dp);
    enum drop_reason why = N_DROP_REASONS;

    if (!has_eth) {
        why = DROP_MAC_PROTO;
    } else if (mtu_len(p) > v->dev->mtu) {
        v->dev->stats.tx_errors++;
        why = DROP_PKT_TOO_BIG;
    } else {
        why = vport_type_row(v->type)->send(v, p);
    }
    if (why != N_DROP_REASONS) {
        dp_drop(w, p, why);
        return;
    }
    w->account.n_output++;
    pkt_free(&w->pool, p);
}

/* do_output: whole, in fragments, or not at all. */
static void output(struct vport *v, struct pkt *p, const struct flow_key *key)
{
    if (!p->mru || p->len <= (uint32_t)p->mru + ETH_HLEN)
        dp_vport_send(v, p, key->mac_proto == KEY_MAC_ETH);
    else if (p->mru <= v->dev->mtu)
        dp_fragment(v, p, key);
    else
        dp_drop(dp_world_of(v->dp), p, DROP_PKT_TOO_BIG);
}

void dp_output(struct datapath *dp, uint32_t port_no, struct pkt *p, const struct flow_key *key)
{
    struct dp_world *w = dp_world_of(dp);
    struct vport *v = datapath_port(dp, port_no);
    bool can_send;

    if (v && v->dev->kind == NETDEV_VIRTUAL && faulty(w, DP_FAULT_OUTPUT_DEV_GONE))
        w->env->dev_vanish(w->env->ctx, v->dev, false);
    can_send = v && v->dev->is_up && v->dev->has_carrier;
    if (can_send && p->max_len < p->len) {
        pkt_trim(p, MAX(p->max_len, (uint32_t)ETH_HLEN));
        p->shares_pieces = false;       /* to cut them the kernel has made its own */
    }
    if (tracing(w))
        trace(w, "do_output", "port %u (%s) len %u", port_no, v ? v->dev->name : "none",
              pkt_wire_len(p));
    if (can_send)
        output(v, p, key);
    else
        dp_drop(w, p, v ? DROP_DEV_READY : DROP_NO_PORT);
}

/* ---- in -------------------------------------------------------------------------------------- */

static void miss(struct datapath *dp, struct pkt *p, const struct flow_key *key)
{
    struct upcall u = {.cmd = OVS_PACKET_CMD_MISS, .ends_packet = true};
    int err;

    u.pid = dp->user_features & OVS_DP_F_DISPATCH_UPCALL_PER_CPU
                ? datapath_cpu_pid(dp)
                : vport_upcall_pid(p->input, p);
    err = dp_upcall(dp, p, key, &u);
    if (err)
        dp_drop(dp_world_of(dp), p, DROP_UPCALL);
    else
        dp_consume(dp_world_of(dp), p, true);
}

static void count_hit(struct datapath *dp, struct flow *f, const struct pkt *p, uint16_t tcp_flags)
{
    const struct dp_env *env = dp_world_of(dp)->env;

    f->stats.n_packets++;
    f->stats.n_bytes += pkt_wire_len(p);
    f->stats.tcp_flags |= tcp_flags;
    f->stats.used_ns = env->now(env->ctx);
}

void dp_process_packet(struct datapath *dp, struct pkt *p, struct flow_key *key)
{
    struct dp_world *w = dp_world_of(dp);
    struct table_probe probe;
    struct flow *f = table_lookup(&dp->table, key, pkt_flow_hash(p), w->env->cpu(w->env->ctx), &probe);

    dp->stats.n_mask_hit += probe.n_mask_hit;
    dp->stats.n_cache_hit += probe.n_cache_hit;
    if (tracing(w))
        trace_lookup(dp, f, key, &probe);
    if (!f) {
        dp->stats.n_missed++;
        miss(dp, p, key);
        return;
    }
    dp->stats.n_hit++;
    count_hit(dp, f, p, key->tcp_flags);
    if (tracing(w))
        trace_flow(w, f);
    (void)acts_execute(dp, p, f->acts, key);
}

static void take_tunnel(struct flow_key *key, const struct flow_key *tunnel)
{
    key->tun = tunnel->tun;
    key->tun_proto = tunnel->tun_proto;
    key->tun_opts_len = tunnel->tun_opts_len;
    memcpy(key->tun_opts, tunnel->tun_opts, sizeof(key->tun_opts));
}

/* ovs_vport_receive: 0 if the datapath took the frame. */
static int vport_receive(struct vport *v, struct pkt *p, const struct flow_key *tunnel)
{
    struct dp_world *w = dp_world_of(v->dp);
    struct flow_key key;

    key_clear(&key);
    if (tunnel)
        take_tunnel(&key, tunnel);
    key.in_port = v->port_no;
    key.mac_proto = KEY_MAC_ETH;
    p->input = v;
    if (tracing(w))
        trace_begin(w, "ovs_vport_receive", "%s port %u (%s) len %u", datapath_name(v->dp),
                    v->port_no, v->dev->name, p->len);
    if (faulty(w, DP_FAULT_EXTRACT)) {
        dp_drop(w, p, DROP_NO_MEMORY);
        return -ENOMEM;
    }
    if (key_extract(&key, p)) {
        dp_drop(w, p, DROP_EXTRACT);
        return -EINVAL;
    }
    dp_process_packet(v->dp, p, &key);
    return 0;                   /* whatever became of it */
}

/* A netdev's frame comes from the wire, an internal port's from the host: it is sent there. */
static void count_received(struct netdev *dev, size_t len, int err)
{
    struct netdev_stats *s = &dev->stats;

    if (dev->kind != NETDEV_INTERNAL) {
        s->rx_packets++;
        s->rx_bytes += len;
    } else if (err) {
        s->tx_errors++;
    } else {
        s->tx_packets++;
        s->tx_bytes += len;
    }
}

/* A frame that comes to no port. 'name' of the device, "" if it is none's any more. */
static void refuse(struct dp_world *w, const char *name, const void *frame, size_t len,
                   enum drop_reason why)
{
    w->account.n_born++;
    if (tracing(w))
        trace_begin(w, "netif_receive_skb", "%s%slen %zu", name, *name ? " " : "", len);
    dp_drop(w, pkt_new(&w->pool, frame, len), why);
    trace_end(w);
}

static int receive(struct dp_world *w, struct netdev *dev, const void *frame, size_t len,
                   const struct flow_key *tunnel)
{
    int err;

    if (!dev->is_up || !dev->vport) {
        refuse(w, dev->name, frame, len, dev->is_up ? DROP_NOT_A_PORT : DROP_RX_DOWN);
        return 0;
    }
    w->account.n_born++;
    err = vport_receive(dev->vport, pkt_new(&w->pool, frame, len), tunnel);
    trace_end(w);
    return err;
}

void dp_receive(struct dp_world *w, struct netdev *dev, const void *frame, size_t len)
{
    bool is_up = dev->is_up;
    int err = receive(w, dev, frame, len, NULL);

    if (is_up)
        count_received(dev, len, err);
}

void dp_receive_tunnel(struct dp_world *w, struct netdev *dev, const void *frame, size_t len,
                       const struct flow_key *tunnel)
{
    (void)receive(w, dev, frame, len, tunnel);
}

void dp_refuse(struct dp_world *w, const void *frame, size_t len, enum drop_reason why)
{
    refuse(w, "", frame, len, why);
}

/* ---- fragments for the host ------------------------------------------------------------------- */

GByteArray *dp_defrag(struct dp_ns *ns, uint16_t type, const void *frame, size_t len)
{
    struct dp_world *w = ns->world;
    struct pkt *p = pkt_new(&w->pool, frame, len);
    GByteArray *whole;

    w->account.n_born++;
    p->l3_off = ETH_HLEN;
    if (ct_defrag(ns->host_frags, &p, type, 0))
        return NULL;
    whole = g_byte_array_append(g_byte_array_new(), p->data, p->len);
    w->account.n_joined++;
    pkt_free(&w->pool, p);
    return whole;
}
