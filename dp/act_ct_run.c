/* act_ct_run.c - what ct() and ct_clear() do to a packet and its key. Catalogue 09.3, 09.4, 09.8.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/openvswitch.h>
#include <netinet/in.h>
#include <string.h>

#include "base/bytes.h"
#include "dp/act_ct.h"
#include "dp/ct/frag.h"
#include "dp/ct/limit.h"
#include "dp/ct/track.h"
#include "dp/datapath.h"
#include "dp/eth_type.h"
#include "dp/extract_int.h"
#include "netlink/attr.h"

#define CS_NAT (OVS_CS_F_SRC_NAT | OVS_CS_F_DST_NAT)

/* ---- the key ------------------------------------------------------------------------------------ */

static bool is_nd(const struct flow_key *key)
{
    return key_when_holds(&key_attrs[OVS_KEY_ATTR_ND].when, key);
}

/* ICMP's type and code stand where ports do. */
static void put_orig_ids(struct flow_key *key, const struct ct_tuple *t)
{
    bool is_icmp = t->proto == IPPROTO_ICMP || t->proto == IPPROTO_ICMPV6;

    key->ct_orig_proto = t->proto;
    key->ct_orig_tp_src = is_icmp ? t->dst_id >> 8 : t->src_id;
    key->ct_orig_tp_dst = is_icmp ? t->dst_id & 0xff : t->dst_id;
}

static void put_orig_tuple(struct flow_key *key, const struct ct_conn *c)
{
    const struct ct_tuple *t = &(c->master ? c->master : c)->dir[CT_ORIG].tuple;

    key->ct_orig_proto = 0;     /* says that the rest is void */
    if (key->eth_type == ETH_P_IP && t->l3 == 4) {
        memcpy(&key->ip4.ct_orig.src, t->src.bytes, 4);
        memcpy(&key->ip4.ct_orig.dst, t->dst.bytes, 4);
        put_orig_ids(key, t);
    } else if (key->eth_type == ETH_P_IPV6 && t->l3 == 6 && !is_nd(key)) {
        memcpy(key->ip6.ct_orig.src, t->src.bytes, 16);
        memcpy(key->ip6.ct_orig.dst, t->dst.bytes, 16);
        put_orig_ids(key, t);
    }
}

/* 'c' NULL: there is no connection. */
static void key_put_ct(struct flow_key *key, uint8_t state, uint16_t zone, const struct ct_conn *c)
{
    key->ct_state = state;
    key->ct_zone = zone;
    key->ct_mark = c ? c->mark : 0;
    if (c)
        memcpy(key->ct_labels, c->labels, sizeof(key->ct_labels));
    else
        memset(key->ct_labels, 0, sizeof(key->ct_labels));
    if (c)
        put_orig_tuple(key, c);
    else
        key->ct_orig_proto = 0;
}

static uint8_t state_of(const struct pkt *p)
{
    static const uint8_t of_info[] = {
        [IP_CT_ESTABLISHED] = OVS_CS_F_ESTABLISHED,
        [IP_CT_RELATED] = OVS_CS_F_RELATED,
        [IP_CT_NEW] = OVS_CS_F_NEW,
        [IP_CT_ESTABLISHED_REPLY] = OVS_CS_F_ESTABLISHED | OVS_CS_F_REPLY_DIR,
        [IP_CT_RELATED_REPLY] = OVS_CS_F_RELATED | OVS_CS_F_REPLY_DIR,
    };
    const struct ct_conn *c = p->ct;
    uint8_t state = OVS_CS_F_TRACKED | of_info[p->ct_info];

    if (!ct_is_confirmed(c))
        state |= OVS_CS_F_NEW;
    if (c->master)
        state |= OVS_CS_F_RELATED;
    return state;
}

/* The key as tracking leaves it. NAT bits are those of this pass through NAT. */
static void key_update(const struct pkt *p, struct flow_key *key, uint16_t zone)
{
    if (p->ct)
        key_put_ct(key, state_of(p) | (key->ct_state & CS_NAT), p->ct->dir[CT_ORIG].tuple.zone,
                   p->ct);
    else
        key_put_ct(key, OVS_CS_F_TRACKED | OVS_CS_F_INVALID, zone, NULL);
}

void act_ct_forget(struct pkt *p, struct flow_key *key)
{
    pkt_drop_ct(p);
    key_put_ct(key, 0, 0, NULL);
}

/* ---- a packet that has been tracked before ---------------------------------------------------- */

/* Was it tracked in this zone, as far as the key knows? */
static bool was_tracked(const struct flow_key *key, uint16_t zone)
{
    return key->ct_state & OVS_CS_F_TRACKED && !(key->ct_state & OVS_CS_F_INVALID) &&
           key->ct_zone == zone;
}

static bool is_conn_wanted(const struct ct_conn *c, const struct ct_args *args)
{
    const struct ct_helper *helper = ct_args_helper(args);
    const struct ct_timeout *timeout = ct_args_timeout(args);

    if (c->dir[CT_ORIG].tuple.zone != args->zone)
        return false;
    if (helper && c->helper && c->helper != helper)
        return false;
    return !timeout || c->timeout == timeout;
}

/* skb_nfct_cached: true if the packet need not be tracked again. A packet that was to user space and back
 * gets its connection here. */
static bool is_cached(struct ct_table *t, struct pkt *p, const struct flow_key *key,
                      const struct ct_args *args)
{
    bool is_tracked = true;

    if (!p->ct) {
        is_tracked = was_tracked(key, args->zone);
        if (is_tracked || (!key->ct_state && args->forces))
            (void)ct_peek(t, p, args->l3_type, args->zone, key->ct_state & CS_NAT);
    }
    if (!p->ct || !is_conn_wanted(p->ct, args))
        return false;
    if (args->forces && ct_info_dir(p->ct_info) != CT_ORIG) {
        ct_conn_delete(p->ct);          /* the connection is to start with this packet */
        pkt_drop_ct(p);
        return false;
    }
    return is_tracked;
}

/* ---- tracking ------------------------------------------------------------------------------------ */

/* Out-of-window segments of established connections are not invalid to OVS. */
static void be_liberal(struct ct_conn *c)
{
    if (c->proto->number != IPPROTO_TCP || !ct_is_confirmed(c) || !(c->status & IPS_ASSURED) ||
        c->state.tcp.state != TCP_CONNTRACK_ESTABLISHED)
        return;
    for (unsigned dir = 0; dir < CT_N_DIRS; dir++)
        c->state.tcp.side[dir].flags |= IP_CT_TCP_FLAG_BE_LIBERAL;
}

/* *is_new: it got one now. */
static int assign_helper(struct ct_conn *c, const struct ct_args *args, bool *is_new)
{
    const struct ct_helper *helper = ct_args_helper(args);

    *is_new = helper && !c->helper && !ct_is_confirmed(c) && args->commits;
    if (!*is_new)
        return 0;
    if (dp_fails(c->table->env->fault, DP_FAULT_CT_HELPER))
        return -ENOMEM;
    c->helper = helper;
    c->status |= IPS_HELPER;
    return 0;
}

/* NAT, then the helper, each only once for a packet. */
static int serve_conn(struct pkt *p, struct flow_key *key, const struct ct_args *args, bool cached)
{
    struct ct_conn *c = p->ct;
    bool is_new_help, wants_help;
    int err = act_ct_nat_run(p, key, &args->nat, args->commits);

    if (!err)
        err = assign_helper(c, args, &is_new_help);
    if (err)
        return err;
    wants_help = ct_is_confirmed(c) ? !cached || is_new_help : args->commits;
    if (wants_help)
        err = ct_help(p, args->l3_type);
    if (!err)
        be_liberal(c);
    return err;
}

/* __ovs_ct_lookup */
static int look_up(struct dp_ns *ns, struct pkt *p, struct flow_key *key,
                   const struct ct_args *args)
{
    bool cached = is_cached(ns->ct, p, key, args);

    if (!cached) {
        int err = ct_track(ns->ct, p, args->l3_type, args->zone, ct_args_timeout(args));

        if (err)
            return err;
        key->ct_state = 0;      /* NAT has not been done since */
        key_update(p, key, args->zone);
    }
    return p->ct ? serve_conn(p, key, args, cached) : 0;
}

/* Without commit an expected connection is only looked at: the expectation must last until the packet
 * comes back. Linux 6.1; later kernels track it. */
static int ct_lookup(struct dp_ns *ns, struct pkt *p, struct flow_key *key,
                     const struct ct_args *args)
{
    const struct ct_conn *master = ct_expected_by(ns->ct, p, args->l3_type, args->zone);
    int err;

    if (master) {
        key_put_ct(key, OVS_CS_F_TRACKED | OVS_CS_F_NEW | OVS_CS_F_RELATED, args->zone, master);
        return 0;
    }
    err = look_up(ns, p, key, args);
    if (!err && p->ct)
        ct_events_deliver(p->ct);
    return err;
}

/* ---- committing ---------------------------------------------------------------------------------- */

static void set_mark(struct ct_conn *c, struct flow_key *key, const struct ct_args *args)
{
    uint32_t mark = args->mark | (c->mark & ~args->mark_mask);

    if (!args->mark_mask || mark == c->mark)
        return;
    c->mark = mark;
    key->ct_mark = mark;
    if (ct_is_confirmed(c))
        ct_conn_event(c, IPCT_MARK);
}

/* Bits outside the mask are left out of what a new connection gets, but turn those of one in the table over:
 * ovs_ct_init_labels, nf_connlabels_replace. */
static bool mix_labels(struct ct_conn *c, const struct ct_args *args)
{
    bool changed = false;

    for (size_t i = 0; i < sizeof(args->labels); i++) {
        uint8_t kept = c->labels[i] & (uint8_t)~args->labels_mask[i];
        uint8_t given = ct_is_confirmed(c) ? args->labels[i] : args->labels[i] & args->labels_mask[i];

        changed |= (kept ^ given) != c->labels[i];
        c->labels[i] = kept ^ given;
    }
    return changed;
}

/* A related connection starts with the labels of its master. */
static int set_labels(struct ct_conn *c, struct flow_key *key, const struct ct_args *args)
{
    bool inherits = !ct_is_confirmed(c) && c->master && c->master->has_labels;

    if (!inherits && !ct_args_has_labels(args))
        return 0;
    if (!c->has_labels && dp_fails(c->table->env->fault, DP_FAULT_CT_LABELS))
        return -ENOSPC;
    if (inherits)
        memcpy(c->labels, c->master->labels, sizeof(c->labels));
    c->has_labels = true;
    if (mix_labels(c, args) || !ct_is_confirmed(c))
        ct_conn_event(c, IPCT_LABEL);
    memcpy(key->ct_labels, c->labels, sizeof(key->ct_labels));
    return 0;
}

static int admit(struct dp_ns *ns, struct ct_conn *c)
{
    int err = ct_limit_admit(&ns->ct_limits, c);

    if (err && tracing(ns->world))
        trace(ns->world, "ovs_ct_commit", "zone: %u exceeds conntrack limit",
              c->dir[CT_ORIG].tuple.zone);
    return err;
}

static int ct_commit(struct dp_ns *ns, struct pkt *p, struct flow_key *key,
                     const struct ct_args *args)
{
    int err = look_up(ns, p, key, args);

    if (err || !p->ct)
        return err;             /* an invalid packet commits nothing */
    if (!ct_is_confirmed(p->ct)) {
        err = admit(ns, p->ct);
        if (err)
            return err;
    }
    if (args->has_event_mask && p->ct->has_events)
        p->ct->event_mask = args->event_mask;
    set_mark(p->ct, key, args);
    err = set_labels(p->ct, key, args);
    return err ? err : ct_confirm(p);
}

/* ---- the action ----------------------------------------------------------------------------------- */

/* Conntrack sees the IP packet without the link's padding, which is gone for good. A tag in the frame hides it. Of a
 * fragment of IPv4 the header is looked at even where the packet says that it ends within it. */
static void trim_to_ip(struct pkt *p, bool is_frag)
{
    const uint8_t *ip = p->data + p->l3_off;

    if (p->protocol == ETH_P_IP && !is_frag && pkt_left(p, p->l3_off) >= 20)
        pkt_trim(p, p->l3_off + be16_get(ip + 2));
    else if (p->protocol == ETH_P_IPV6 && pkt_left(p, p->l3_off) >= 40)
        pkt_trim(p, p->l3_off + 40u + be16_get(ip + 4));
}

/* A fragment is kept until its datagram is whole: then that is the packet, with the link layer of the fragment
 * that came first by offset; in the key it is still that of the one that came last. */
static int gather(struct act_run *run, const struct ct_args *args)
{
    uint16_t l3_off;
    int err;

    if (run->key->ip_frag == KEY_FRAG_NONE)
        return 0;
    err = ct_defrag(run->dp->ns->frags, &run->pkt, args->l3_type, args->zone);
    if (err)
        return err;
    l3_off = run->pkt->l3_off;
    if (is_mpls_type(run->key->eth_type))
        run->pkt->l3_off += run->pkt->mac_len;      /* the kernel looks for labels that far behind them */
    (void)key_extract_l3(run->key, run->pkt);       /* what cannot be read stays as it was */
    run->pkt->l3_off = l3_off;
    run->key->ip_frag = KEY_FRAG_NONE;
    return 0;
}

int act_ct_run(struct act_run *run, const struct nlattr *a, bool is_last)
{
    const struct ct_args *args = mnl_attr_get_payload(a);
    struct dp_ns *ns = run->dp->ns;
    int err = acts_fresh_key(run);

    (void)is_last;
    if (err)
        return err;
    trim_to_ip(run->pkt, run->key->ip_frag != KEY_FRAG_NONE);
    err = gather(run, args);
    if (err)
        return err == -EINPROGRESS ? 0 : err;
    return (args->commits ? ct_commit : ct_lookup)(ns, run->pkt, run->key, args);
}
