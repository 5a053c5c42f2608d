/* act_nsh.c - push_nsh, pop_nsh: a Network Service Header in front of the packet. Catalogue 07.1, 07.5.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/openvswitch.h>
#include <string.h>

#include "base/bytes.h"
#include "base/draw.h"
#include "dp/act_rows.h"
#include "netlink/attr.h"

#define NSH_BASE_LEN 8u
#define NSH_MD1 1
#define NSH_MD2 2
#define NSH_MD2_MAX 248u
#define NSH_LEN_MASK 0x3fu      /* of the first two bytes: its length in words */
#define NSH_NP_OFF 3u           /* next protocol */

/* What can be behind an NSH header: its number there, and as an EtherType. */
static const struct {
    uint8_t np;
    uint16_t eth_type;
} next_protocols[] = {
    {1, ETH_P_IP}, {2, ETH_P_IPV6}, {3, ETH_P_TEB}, {4, ETH_P_NSH}, {5, ETH_P_MPLS_UC},
};

/* 0: none. */
static uint8_t np_of_type(uint16_t eth_type)
{
    for (size_t i = 0; i < G_N_ELEMENTS(next_protocols); i++) {
        if (next_protocols[i].eth_type == eth_type)
            return next_protocols[i].np;
    }
    return 0;
}

static uint16_t type_of_np(uint8_t np)
{
    for (size_t i = 0; i < G_N_ELEMENTS(next_protocols); i++) {
        if (next_protocols[i].np == np)
            return next_protocols[i].eth_type;
    }
    return 0;
}

/* ---- push_nsh -------------------------------------------------------------------------------- */

/* The members of the one NSH attribute in a PUSH_NSH. */
struct nsh_arg {
    const struct ovs_nsh_key_base *base;
    const void *context;
    uint32_t context_len;
};

static const struct {
    uint32_t min, max;
} nsh_len[OVS_NSH_KEY_ATTR_MAX + 1] = {
    [OVS_NSH_KEY_ATTR_BASE] = {sizeof(struct ovs_nsh_key_base), sizeof(struct ovs_nsh_key_base)},
    [OVS_NSH_KEY_ATTR_MD1] = {sizeof(struct ovs_nsh_key_md1), sizeof(struct ovs_nsh_key_md1)},
    [OVS_NSH_KEY_ATTR_MD2] = {1, NSH_MD2_MAX},
};

static int nsh_members(const struct nlattr *nsh, const struct nlattr **in, struct err *e)
{
    const struct nlattr *a;
    int left;

    attr_for_each_nested(a, nsh, left)
    {
        unsigned type = mnl_attr_get_type(a), len = mnl_attr_get_payload_len(a);

        if (!type || type > OVS_NSH_KEY_ATTR_MAX || len < nsh_len[type].min || len > nsh_len[type].max)
            return err_set(e, EINVAL, "push_nsh: attribute %u of %u bytes", type, len);
        in[type] = a;
    }
    return left > 0 ? err_set(e, EINVAL, "push_nsh: %d bytes behind the last attribute", left) : 0;
}

static int nsh_arg_get(const struct nlattr *a, struct nsh_arg *arg, struct err *e)
{
    const struct nlattr *nsh = mnl_attr_get_payload(a);
    const struct nlattr *in[OVS_NSH_KEY_ATTR_MAX + 1] = {NULL}, *md;
    uint32_t len = mnl_attr_get_payload_len(a);
    bool has_md1;

    if (len < ATTR_HDR || !mnl_attr_ok(nsh, (int)len) || attr_align(nsh->nla_len) != len ||
        mnl_attr_get_type(nsh) != OVS_KEY_ATTR_NSH)
        return err_set(e, EINVAL, "push_nsh: not exactly one NSH attribute");
    if (nsh_members(nsh, in, e))
        return -EINVAL;
    has_md1 = in[OVS_NSH_KEY_ATTR_MD1];
    if (!in[OVS_NSH_KEY_ATTR_BASE] || has_md1 == (in[OVS_NSH_KEY_ATTR_MD2] != NULL))
        return err_set(e, EINVAL, "push_nsh: BASE and one of MD1 and MD2 are needed");
    md = in[has_md1 ? OVS_NSH_KEY_ATTR_MD1 : OVS_NSH_KEY_ATTR_MD2];
    arg->base = mnl_attr_get_payload(in[OVS_NSH_KEY_ATTR_BASE]);
    arg->context = mnl_attr_get_payload(md);
    arg->context_len = mnl_attr_get_payload_len(md);
    if (arg->base->mdtype != (has_md1 ? NSH_MD1 : NSH_MD2))
        return err_set(e, EINVAL, "push_nsh: MD type %u does not fit", arg->base->mdtype);
    return 0;
}

static int push_nsh_check(struct act_scope *at, const struct nlattr *a, struct err *e)
{
    struct nsh_arg arg;

    if (!at->has_eth && !np_of_type(at->eth_type))
        return err_set(e, EINVAL, "push_nsh: type %#06x cannot be behind it", at->eth_type);
    at->has_eth = false;
    if (nsh_arg_get(a, &arg, e))
        return -EINVAL;
    attr_put(at->out, OVS_ACTION_ATTR_PUSH_NSH, mnl_attr_get_payload(a),
             mnl_attr_get_payload_len(a));
    return 0;
}

static bool push_nsh_generate(const struct act_scope *at, const struct draw *d, GByteArray *out)
{
    struct ovs_nsh_key_base base = {.mdtype = (uint8_t)(NSH_MD1 + draw_below(d, 2))};
    size_t nsh = attr_nest_begin(out, OVS_KEY_ATTR_NSH);
    uint8_t context[NSH_MD2_MAX];

    draw_bytes(d, &base.path_hdr, sizeof(base.path_hdr));
    base.ttl = (uint8_t)draw_below(d, 64);
    base.np = (uint8_t)draw_below(d, 6);
    attr_put(out, OVS_NSH_KEY_ATTR_BASE, &base, sizeof(base));
    draw_bytes(d, context, sizeof(context));
    if (base.mdtype == NSH_MD1)
        attr_put(out, OVS_NSH_KEY_ATTR_MD1, context, sizeof(struct ovs_nsh_key_md1));
    else
        attr_put(out, OVS_NSH_KEY_ATTR_MD2, context, 1 + draw_number(d, NSH_MD2_MAX - 1));
    attr_nest_end(out, nsh);
    return at->has_eth || np_of_type(at->eth_type);
}

/* The packet starts with an NSH header, or what was behind one, from here on. */
static void restart_at_l3(struct act_run *run, uint16_t protocol)
{
    struct pkt *p = run->pkt;

    p->has_eth = protocol == ETH_P_TEB;
    p->protocol = protocol;
    p->l3_off = p->mac_len = 0;         /* the transport header stays where it was */
    run->key->mac_proto = p->has_eth ? KEY_MAC_ETH : KEY_MAC_NONE;
    acts_stale_key(run);
}

/* Returns its length by the field that has it, of 6 bits: of the longest context it is 0. */
static uint32_t nsh_build(const struct nsh_arg *arg, uint8_t nsh[NSH_BASE_LEN + NSH_MD2_MAX])
{
    uint32_t words = (NSH_BASE_LEN + arg->context_len) / 4 & NSH_LEN_MASK;     /* what is no word is cut */

    be16_put(nsh, (uint16_t)((arg->base->flags & 3u) << 12 | (arg->base->ttl & 0x3fu) << 6 | words));
    nsh[2] = arg->base->mdtype;
    memcpy(nsh + 4, &arg->base->path_hdr, sizeof(arg->base->path_hdr));
    memcpy(nsh + NSH_BASE_LEN, arg->context, arg->context_len);
    return 4 * words;
}

static int push_nsh_run(struct act_run *run, const struct nlattr *a, bool is_last)
{
    uint8_t np = run->pkt->mac_len ? 3 : np_of_type(run->pkt->protocol);
    uint8_t nsh[NSH_BASE_LEN + NSH_MD2_MAX];
    struct pkt *p = run->pkt;
    struct nsh_arg arg;
    uint32_t len;

    (void)is_last;
    (void)nsh_arg_get(a, &arg, NULL);
    if (!np)
        return -EAFNOSUPPORT;
    if (acts_writable(run))
        return -ENOMEM;
    len = nsh_build(&arg, nsh);
    memcpy(pkt_insert(p, 0, len), nsh, len);
    if (p->len > NSH_NP_OFF)
        p->data[NSH_NP_OFF] = np;       /* with a header of no length it is the packet's own byte */
    restart_at_l3(run, ETH_P_NSH);
    return 0;
}

/* ---- pop_nsh --------------------------------------------------------------------------------- */

static int pop_nsh_check(struct act_scope *at, const struct nlattr *a, struct err *e)
{
    uint16_t inner = type_of_np(at->key->nsh.np);

    (void)a;
    if (at->eth_type != ETH_P_NSH)
        return err_set(e, EINVAL, "pop_nsh: not a packet with nsh");
    if (!inner)
        return err_set(e, EINVAL, "pop_nsh: next protocol %u is unknown", at->key->nsh.np);
    at->has_eth = inner == ETH_P_TEB;
    attr_put(at->out, OVS_ACTION_ATTR_POP_NSH, NULL, 0);
    return 0;
}

static bool pop_nsh_generate(const struct act_scope *at, const struct draw *d, GByteArray *out)
{
    (void)d;
    (void)out;
    return at->eth_type == ETH_P_NSH && type_of_np(at->key->nsh.np);
}

static int pop_nsh_run(struct act_run *run, const struct nlattr *a, bool is_last)
{
    struct pkt *p = run->pkt;
    uint32_t len;
    uint16_t inner;

    (void)a;
    (void)is_last;
    if (p->len < NSH_BASE_LEN)
        return -ENOMEM;
    len = 4 * (be16_get(p->data) & NSH_LEN_MASK);
    inner = type_of_np(p->data[3]);
    if (len < NSH_BASE_LEN)
        return -EINVAL;
    if (p->len < len)
        return -ENOMEM;
    if (!inner)
        return -EAFNOSUPPORT;
    pkt_remove(p, 0, len);
    restart_at_l3(run, inner);
    return 0;
}

/* ---- rows ------------------------------------------------------------------------------------ */

const struct act act_push_nsh = {
    .uapi = "OVS_ACTION_ATTR_PUSH_NSH",
    .name = "push_nsh",
    .len = ACT_LEN_VAR,
    .since = KVER(4, 15),
    .check = push_nsh_check,
    .run = push_nsh_run,
    .generate = push_nsh_generate,
    .format = act_push_nsh_format,
    .scan = act_push_nsh_scan,
};

const struct act act_pop_nsh = {
    .uapi = "OVS_ACTION_ATTR_POP_NSH",
    .name = "pop_nsh",
    .len = 0,
    .since = KVER(4, 15),
    .check = pop_nsh_check,
    .run = pop_nsh_run,
    .generate = pop_nsh_generate,
    .format = act_pop_nsh_format,
    .scan = act_pop_nsh_scan,
};
