/* act_eth.c - push_eth, pop_eth: give an Ethernet header to an L3 packet, and take it away.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/openvswitch.h>

#include "base/bytes.h"
#include "base/draw.h"
#include "dp/act_rows.h"
#include "dp/eth_type.h"
#include "netlink/attr.h"

static int push_eth_check(struct act_scope *at, const struct nlattr *a, struct err *e)
{
    if (at->has_eth)
        return err_set(e, EINVAL, "push_eth: there is an Ethernet header already");

    at->has_eth = true;
    attr_put(at->out, OVS_ACTION_ATTR_PUSH_ETH, mnl_attr_get_payload(a),
             mnl_attr_get_payload_len(a));
    return 0;
}

static bool push_eth_generate(const struct act_scope *at, const struct draw *d, GByteArray *out)
{
    uint8_t addrs[2 * ETH_ALEN];

    draw_bytes(d, addrs, sizeof(addrs));
    g_byte_array_append(out, addrs, sizeof(addrs));
    return !at->has_eth;
}

static int push_eth_run(struct act_run *run, const struct nlattr *a, bool is_last)
{
    const uint8_t *addrs = mnl_attr_get_payload(a);     /* source, then destination */
    struct pkt *p = run->pkt;
    uint8_t *eth;

    (void)is_last;
    if (p->l3_off || p->has_vlan)
        return -EPROTO;
    if (acts_writable(run))
        return -ENOMEM;
    eth = pkt_insert(p, 0, ETH_HLEN);
    memcpy(eth, addrs + ETH_ALEN, ETH_ALEN);
    memcpy(eth + ETH_ALEN, addrs, ETH_ALEN);
    be16_put(eth + 2 * ETH_ALEN, p->protocol);
    p->has_eth = true;
    run->key->mac_proto = KEY_MAC_ETH;
    acts_stale_key(run);
    return 0;
}

static int pop_eth_check(struct act_scope *at, const struct nlattr *a, struct err *e)
{
    (void)a;
    if (!at->has_eth)
        return err_set(e, EINVAL, "pop_eth: no Ethernet header at this point");
    if (at->is_tagged)
        return err_set(e, EINVAL, "pop_eth: the packet has a VLAN tag");

    at->has_eth = false;
    attr_put(at->out, OVS_ACTION_ATTR_POP_ETH, NULL, 0);
    return 0;
}

static bool pop_eth_generate(const struct act_scope *at, const struct draw *d, GByteArray *out)
{
    (void)d;
    (void)out;
    return at->has_eth && !at->is_tagged;
}

static int pop_eth_run(struct act_run *run, const struct nlattr *a, bool is_last)
{
    struct pkt *p = run->pkt;

    (void)a;
    (void)is_last;
    if (p->len < ETH_HLEN || p->l3_off < ETH_HLEN || p->has_vlan || is_vlan_type(p->protocol))
        return -EPROTO;
    pkt_remove(p, 0, ETH_HLEN);
    p->has_eth = false;
    run->key->mac_proto = KEY_MAC_NONE;
    acts_stale_key(run);
    return 0;
}

/* ---- rows ------------------------------------------------------------------------------- */

/* clang-format off */
static const struct key_field push_eth_fields[] = {
    { .name = "src", .wire = &wire_mac, .wire_off = 0, .wire_size = 6 },
    { .name = "dst", .wire = &wire_mac, .wire_off = 6, .wire_size = 6 },
};

const struct act act_push_eth = {
    .uapi = "OVS_ACTION_ATTR_PUSH_ETH", .name = "push_eth",
    .len = sizeof(struct ovs_action_push_eth), .since = KVER(4, 10),
    .field = push_eth_fields, .n_fields = G_N_ELEMENTS(push_eth_fields),
    .check = push_eth_check, .run = push_eth_run, .generate = push_eth_generate,
    .format = act_push_eth_format, .scan = act_push_eth_scan,
};

const struct act act_pop_eth = {
    .uapi = "OVS_ACTION_ATTR_POP_ETH", .name = "pop_eth", .len = 0, .since = KVER(4, 10),
    .check = pop_eth_check, .run = pop_eth_run, .generate = pop_eth_generate,
};
/* clang-format on */
