/* act_mpls.c - push_mpls, pop_mpls, add_mpls: label stack entries between L2 and L3, or before L2.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/openvswitch.h>

#include "base/bytes.h"
#include "base/draw.h"
#include "dp/act_rows.h"
#include "dp/eth_type.h"
#include "netlink/attr.h"

#define LSE_LEN 4u
#define MAC_ADDRS_LEN 12u
#define ADD_MPLS_AT_L3 1u       /* OVS_MPLS_L3_TUNNEL_FLAG_MASK: the new entry goes behind L2 */

/* The types that a label may be put before. */
static bool can_have_label(uint16_t type)
{
    return is_ip_type(type) || type == ETH_P_ARP || type == ETH_P_RARP ||
           is_mpls_type(type);
}

/* ---- push_mpls, add_mpls ------------------------------------------------------------------- */

static int check_label_place(const struct act_scope *at, const char *name, struct err *e)
{
    if (at->is_tagged)
        return err_set(e, EINVAL, "%s: the packet has a VLAN tag", name);
    if (!can_have_label(at->eth_type))
        return err_set(e, EINVAL, "%s: no label before type %#06x", name, at->eth_type);
    return 0;
}

static int push_mpls_check(struct act_scope *at, const struct nlattr *a, struct err *e)
{
    const uint8_t *arg = mnl_attr_get_payload(a);
    uint16_t type = be16_get(arg + LSE_LEN);

    if (!is_mpls_type(type))
        return err_set(e, EINVAL, "push_mpls: %#06x is not an MPLS type", type);
    if (check_label_place(at, "push_mpls", e))
        return -EINVAL;

    at->eth_type = type;
    at->n_mpls++;
    attr_put(at->out, OVS_ACTION_ATTR_PUSH_MPLS, arg, mnl_attr_get_payload_len(a));
    return 0;
}

static bool add_mpls_is_at_l3(const uint8_t *arg)
{
    uint16_t flags;

    memcpy(&flags, arg + LSE_LEN + 2, sizeof(flags));       /* host order, unlike the type */
    return flags & ADD_MPLS_AT_L3;
}

static int add_mpls_check(struct act_scope *at, const struct nlattr *a, struct err *e)
{
    const uint8_t *arg = mnl_attr_get_payload(a);
    uint16_t type = be16_get(arg + LSE_LEN);

    if (!is_mpls_type(type))
        return err_set(e, EINVAL, "add_mpls: %#06x is not an MPLS type", type);
    if (add_mpls_is_at_l3(arg) && check_label_place(at, "add_mpls", e))
        return -EINVAL;

    if (!add_mpls_is_at_l3(arg) && at->has_eth) {
        at->n_mpls = 0;     /* labels behind the Ethernet header are out of reach now */
        at->has_eth = false;
    }
    at->eth_type = type;
    at->n_mpls++;
    attr_put(at->out, OVS_ACTION_ATTR_ADD_MPLS, arg, mnl_attr_get_payload_len(a));
    return 0;
}

static uint16_t draw_label_type(const struct draw *d)
{
    return draw_one_in(d, 2) ? ETH_P_MPLS_UC : ETH_P_MPLS_MC;
}

static bool push_mpls_generate(const struct act_scope *at, const struct draw *d, GByteArray *out)
{
    struct ovs_action_push_mpls arg = {.mpls_ethertype = htons(draw_label_type(d))};

    draw_bytes(d, &arg.mpls_lse, sizeof(arg.mpls_lse));
    g_byte_array_append(out, (const uint8_t *)&arg, sizeof(arg));
    return !check_label_place(at, "", NULL);
}

static bool add_mpls_generate(const struct act_scope *at, const struct draw *d, GByteArray *out)
{
    bool can_be_at_l3 = !check_label_place(at, "", NULL);
    struct ovs_action_add_mpls arg = {
        .mpls_ethertype = htons(draw_label_type(d)),
        .tun_flags = can_be_at_l3 && draw_one_in(d, 2) ? ADD_MPLS_AT_L3 : 0,
    };

    draw_bytes(d, &arg.mpls_lse, sizeof(arg.mpls_lse));
    g_byte_array_append(out, (const uint8_t *)&arg, sizeof(arg));
    return true;
}

/* Puts an entry behind the first 'mac_len' bytes, which stay the link layer. */
static int push_label(struct act_run *run, const uint8_t *lse, uint16_t type, uint16_t mac_len)
{
    struct pkt *p = run->pkt;

    if (mac_len > p->len || acts_writable(run))
        return -ENOMEM;
    if (!is_mpls_type(p->protocol))
        p->inner_off = p->l3_off;
    memcpy(pkt_insert(p, mac_len, LSE_LEN), lse, LSE_LEN);
    p->l3_off = p->mac_len = mac_len;
    if (mac_len >= ETH_HLEN)
        be16_put(p->data + MAC_ADDRS_LEN, type);
    if (!mac_len) {
        run->key->mac_proto = KEY_MAC_NONE;
        p->has_eth = false;
    }
    p->protocol = type;
    acts_stale_key(run);
    return 0;
}

static int push_mpls_run(struct act_run *run, const struct nlattr *a, bool is_last)
{
    const uint8_t *arg = mnl_attr_get_payload(a);

    (void)is_last;
    return push_label(run, arg, be16_get(arg + LSE_LEN), run->pkt->mac_len);
}

static int add_mpls_run(struct act_run *run, const struct nlattr *a, bool is_last)
{
    const uint8_t *arg = mnl_attr_get_payload(a);

    (void)is_last;
    return push_label(run, arg, be16_get(arg + LSE_LEN),
                      add_mpls_is_at_l3(arg) ? run->pkt->mac_len : 0);
}

/* ---- pop_mpls ------------------------------------------------------------------------------ */

static int pop_mpls_check(struct act_scope *at, const struct nlattr *a, struct err *e)
{
    uint16_t type = be16_get(mnl_attr_get_payload(a));

    if (at->is_tagged)
        return err_set(e, EINVAL, "pop_mpls: the packet has a VLAN tag");
    if (!is_mpls_type(at->eth_type))
        return err_set(e, EINVAL, "pop_mpls: type %#06x is not MPLS", at->eth_type);
    if (type == ETH_P_TEB && at->has_eth)
        return err_set(e, EINVAL, "pop_mpls: an Ethernet header inside an Ethernet frame");

    /* What the client says lies beneath the last known label is not to be trusted: it could
     * write beyond the packet. */
    at->n_mpls--;
    at->eth_type = at->n_mpls && is_mpls_type(type) ? type : 0;
    attr_put(at->out, OVS_ACTION_ATTR_POP_MPLS, mnl_attr_get_payload(a), sizeof(type));
    return 0;
}

static bool pop_mpls_generate(const struct act_scope *at, const struct draw *d, GByteArray *out)
{
    static const uint16_t types[] = {ETH_P_IP, ETH_P_IPV6, ETH_P_MPLS_UC, ETH_P_ARP, ETH_P_TEB};
    uint16_t type = htons(types[draw_below(d, at->has_eth ? 4 : 5)]);

    g_byte_array_append(out, (const uint8_t *)&type, sizeof(type));
    return !at->is_tagged && is_mpls_type(at->eth_type);
}

static int pop_mpls_run(struct act_run *run, const struct nlattr *a, bool is_last)
{
    uint16_t type = be16_get(mnl_attr_get_payload(a));
    struct pkt *p = run->pkt;
    uint16_t mac_len = p->mac_len;

    (void)is_last;
    if (is_mpls_type(p->protocol)) {
        if (p->len < mac_len + LSE_LEN || acts_writable(run))
            return -ENOMEM;
        pkt_remove(p, mac_len, LSE_LEN);
        p->l3_off = p->mac_len = mac_len;
        if (run->key->mac_proto == KEY_MAC_ETH && mac_len >= ETH_HLEN)
            be16_put(p->data + mac_len - 2, type);
        p->protocol = type;
    }
    if (type == ETH_P_TEB) {
        run->key->mac_proto = KEY_MAC_ETH;
        p->has_eth = true;
    }
    acts_stale_key(run);
    return 0;
}

/* ---- rows ------------------------------------------------------------------------------- */

/* clang-format off */
static const struct key_field push_mpls_fields[] = {
    { .name = "lse",      .wire = &wire_be32x, .wire_off = 0, .wire_size = 4 },
    { .name = "eth_type", .wire = &wire_be16x, .wire_off = 4, .wire_size = 2 },
};
static const struct key_field add_mpls_fields[] = {
    { .name = "lse",      .wire = &wire_be32x, .wire_off = 0, .wire_size = 4 },
    { .name = "eth_type", .wire = &wire_be16x, .wire_off = 4, .wire_size = 2 },
    { .name = "flags",    .wire = &wire_u16x,  .wire_off = 6, .wire_size = 2 },
};
static const struct key_field pop_mpls_fields[] = {
    { .name = "eth_type", .wire = &wire_be16x, .wire_off = 0, .wire_size = 2 },
};

const struct act act_push_mpls = {
    .uapi = "OVS_ACTION_ATTR_PUSH_MPLS", .name = "push_mpls",
    .len = sizeof(struct ovs_action_push_mpls), .since = KVER(3, 19),
    .field = push_mpls_fields, .n_fields = G_N_ELEMENTS(push_mpls_fields),
    .check = push_mpls_check, .run = push_mpls_run, .generate = push_mpls_generate,
    .format = act_mpls_format, .scan = act_mpls_scan,
};

const struct act act_pop_mpls = {
    .uapi = "OVS_ACTION_ATTR_POP_MPLS", .name = "pop_mpls", .len = 2, .since = KVER(3, 19),
    .field = pop_mpls_fields, .n_fields = G_N_ELEMENTS(pop_mpls_fields),
    .check = pop_mpls_check, .run = pop_mpls_run, .generate = pop_mpls_generate,
    .format = act_pop_mpls_format, .scan = act_pop_mpls_scan,
};

const struct act act_add_mpls = {
    .uapi = "OVS_ACTION_ATTR_ADD_MPLS", .name = "add_mpls",
    .len = sizeof(struct ovs_action_add_mpls), .since = KVER(5, 6),
    .field = add_mpls_fields, .n_fields = G_N_ELEMENTS(add_mpls_fields),
    .check = add_mpls_check, .run = add_mpls_run, .generate = add_mpls_generate,
    .format = act_mpls_format, .scan = act_mpls_scan,
};
/* clang-format on */
