/* upcall.c - MISS and ACTION messages to user space. Catalogue 08.1 to 08.3.
 * SPDX-License-Identifier: Apache-2.0 */
#include "dp/datapath.h"

#include <errno.h>
#include <string.h>

#include "dp/extract.h"
#include "dp/key_hooks.h"
#include "netlink/attr.h"

#define ATTR_MAX_PAYLOAD (UINT16_MAX - ATTR_HDR)
#define KEY_ROOM 1000               /* what a key may take at most; decides SO_RCVBUF's charge */
#define HASH_IS_SOFTWARE (UINT64_C(1) << 32)
#define HASH_IS_L4 (UINT64_C(1) << 33)

static uint64_t hash_attr(const struct pkt *p)
{
    return p->hash | (p->hash_is_sw ? HASH_IS_SOFTWARE : 0) | (p->hash_is_l4 ? HASH_IS_L4 : 0);
}

/* PACKET is last; with OVS_DP_F_UNALIGNED the message ends at the packet's last byte. */
static void put_packet(struct nlmsghdr *msg, const struct datapath *dp, const struct pkt *p,
                       uint32_t len)
{
    mnl_attr_put(msg, OVS_PACKET_ATTR_PACKET, len, p->data);
    if (dp->user_features & OVS_DP_F_UNALIGNED)
        msg->nlmsg_len -= -len & 3;
}

static struct nlmsghdr *build(struct datapath *dp, const struct pkt *p, uint32_t len,
                              const struct flow_key *key, const struct upcall *u)
{
    int dp_ifindex = datapath_ifindex(dp);
    struct nlmsghdr *msg = msg_new(dp_world_of(dp)->nl, &dp_packet_family, u->cmd, &dp_ifindex);

    key_put(msg, OVS_PACKET_ATTR_KEY, key, key, false);
    if (u->userdata)
        mnl_attr_put(msg, OVS_PACKET_ATTR_USERDATA, mnl_attr_get_payload_len(u->userdata),
                     mnl_attr_get_payload(u->userdata));
    if (u->egress)
        key_tunnel_nest_put(msg, OVS_PACKET_ATTR_EGRESS_TUN_KEY, u->egress, u->egress);
    if (u->acts)
        acts_put(msg, OVS_PACKET_ATTR_ACTIONS, u->acts, u->acts_len);
    if (p->mru)
        mnl_attr_put_u16(msg, OVS_PACKET_ATTR_MRU, p->mru);
    if (len < p->len)
        mnl_attr_put_u32(msg, OVS_PACKET_ATTR_LEN, p->len);
    mnl_attr_put_u64(msg, OVS_PACKET_ATTR_HASH, hash_attr(p));
    put_packet(msg, dp, p, len);
    return msg;
}

/* queue_userspace_packet, with the tag already in the bytes. */
static int queue(struct datapath *dp, const struct pkt *p, uint32_t len,
                 const struct flow_key *key, const struct upcall *u)
{
    const struct dp_env *env = dp_world_of(dp)->env;
    struct upcall_msg m = { .net = dp->ns->net, .portid = u->pid, .ends_packet = u->ends_packet };

    if (len > ATTR_MAX_PAYLOAD)
        return -EFBIG;
    if (faulty(dp_world_of(dp), DP_FAULT_UPCALL_ALLOC))
        return -ENOMEM;
    m.msg = build(dp, p, len, key, u);
    m.room = m.msg->nlmsg_len + KEY_ROOM;
    return env->upcall ? env->upcall(env->ctx, &m) : dp_upcall_send(&m);
}

int dp_upcall_send(const struct upcall_msg *u)
{
    return unicast(u->net, u->portid, u->msg, u->room);
}

/* The datapath may have gone meanwhile; a miss ends a packet as an upcall, an action consumes it. */
void dp_upcall_lost(const struct upcall_msg *u)
{
    const struct dp_ns *ns = u->net->user;
    const struct genlmsghdr *genl = mnl_nlmsg_get_payload(u->msg);
    const struct ovs_header *header = (const void *)(genl + 1);
    struct datapath *dp = datapath_by_ifindex(ns, header->dp_ifindex);
    struct dp_account *account = &ns->world->account;

    if (dp)
        dp->stats.n_lost++;
    if (!u->ends_packet)
        return;
    *(genl->cmd == OVS_PACKET_CMD_MISS ? &account->n_upcall : &account->n_consumed) -= 1;
    account->n_drop[DROP_UPCALL]++;
}

static int queue_tagged(struct datapath *dp, const struct pkt *p, uint32_t keep,
                        const struct flow_key *key, const struct upcall *u)
{
    struct dp_world *w = dp_world_of(dp);
    struct pkt *tagged;
    int err;

    if (faulty(w, DP_FAULT_UPCALL_TAG))
        return -ENOMEM;
    tagged = pkt_clone(&w->pool, p);
    pkt_put_tag(tagged);
    err = queue(dp, tagged, MIN(tagged->len, keep), key, u);
    pkt_free(&w->pool, tagged);
    return err;
}

int dp_upcall(struct datapath *dp, struct pkt *p, const struct flow_key *key,
              const struct upcall *u)
{
    struct dp_world *w = dp_world_of(dp);
    /* TRUNC is for actions: a miss is sent up whole. The tag counts. */
    uint32_t keep = u->cmd == OVS_PACKET_CMD_ACTION ? p->max_len : PKT_NO_CUT;
    int err = -ENOTCONN;

    if (u->pid)
        err = p->has_vlan ? queue_tagged(dp, p, keep, key, u)
                          : queue(dp, p, MIN(p->len, keep), key, u);
    if (err)
        dp->stats.n_lost++;
    if (tracing(w))
        trace(w, "ovs_dp_upcall", "%s%s%s", u->cmd == OVS_PACKET_CMD_MISS ? "miss" : "action",
              err ? " lost " : "", err ? err_name(err) : "");
    return err;
}
