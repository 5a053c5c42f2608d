/* act_text_pkt.c - text of the actions that have a few plain members.
 *
 * The tables here name the members of the uapi structs, in ovs-dpctl's order and number base.
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <linux/if_ether.h>
#include <linux/openvswitch.h>

#include "base/bytes.h"
#include "dp/act_text.h"
#include "netlink/attr.h"

/* clang-format off */
#define MEMBER(n, w, off, size)                                                                   \
    { .name = n, .wire = &w, .wire_off = off, .wire_size = size, .key_size = size }

static const struct key_field push_eth_fields[] = {
    MEMBER("src", wire_mac, offsetof(struct ovs_action_push_eth, addresses.eth_src), 6),
    MEMBER("dst", wire_mac, offsetof(struct ovs_action_push_eth, addresses.eth_dst), 6),
    /* ovs-dpctl asks for a type and drops it: it lands behind the payload, as here. */
    MEMBER("type", wire_be16x, sizeof(struct ovs_action_push_eth), 2),
};

static const struct members push_eth_members = { "push_eth", push_eth_fields, 3 };
static const struct members pop_mpls_members = { "pop_mpls", lse_fields + LSE_ETH_TYPE, 1 };
static const struct members push_vlan_members = { "push_vlan", tag_fields, N_TAG_FIELDS };
static const struct members push_mpls_members = { "push_mpls", lse_fields, N_LSE_FIELDS + 1 };
static const struct members add_mpls_members = { "add_mpls", lse_fields, N_LSE_ACT_FIELDS };
/* clang-format on */

/* Takes "name(members)" into an unpacked struct of the caller's. */
static int unpacked_scan(struct scan *in, const struct members *m, void *value, struct err *e)
{
    struct scan start = *in;

    if (text_expect(in, m->what, e) || text_expect(in, "(", e) ||
        members_scan(in, m, value, NULL, e) || members_fit(&start, m, value, e) ||
        text_expect(in, ")", e))
        return -EINVAL;
    return 0;
}

/* ---- output --------------------------------------------------------------------------------- */

void act_output_format(GString *out, const struct nlattr *a, const struct key_text *names)
{
    port_format(out, mnl_attr_get_u32(a), names);
}

int act_output_scan(struct scan *in, GByteArray *out, const struct key_text *names, struct err *e)
{
    uint32_t port;

    if (port_scan(in, &port, names, e))
        return -EINVAL;
    attr_put(out, OVS_ACTION_ATTR_OUTPUT, &port, sizeof(port));
    return 0;
}

/* ---- push_eth ------------------------------------------------------------------------------- */

void act_push_eth_format(GString *out, const struct nlattr *a, const struct key_text *names)
{
    const struct members shown = {"push_eth", push_eth_fields, 2};

    (void)names;
    act_fields_format(out, shown.what, &shown, a);
}

int act_push_eth_scan(struct scan *in, GByteArray *out, const struct key_text *names,
                      struct err *e)
{
    (void)names;
    if (text_expect(in, push_eth_members.what, e))
        return -EINVAL;
    return act_fields_scan(in, OVS_ACTION_ATTR_PUSH_ETH, &push_eth_members,
                           sizeof(struct ovs_action_push_eth), out, e);
}

/* ---- push_vlan ------------------------------------------------------------------------------ */

void act_push_vlan_format(GString *out, const struct nlattr *a, const struct key_text *names)
{
    const uint8_t *p = mnl_attr_get_payload(a);
    uint16_t tpid = be16_get(p);

    (void)names;
    g_string_append(out, "push_vlan(");
    if (tpid != ETH_P_8021Q)
        g_string_append_printf(out, "tpid=0x%04x,", tpid);
    tag_format(out, be16_get(p + 2), UINT16_MAX, false);
    g_string_append_c(out, ')');
}

int act_push_vlan_scan(struct scan *in, GByteArray *out, const struct key_text *names,
                       struct err *e)
{
    struct tag_text tag = {.tpid = ETH_P_8021Q, .cfi = !tag_has_tci(in)};
    struct ovs_action_push_vlan action;

    (void)names;
    if (unpacked_scan(in, &push_vlan_members, &tag, e))
        return -EINVAL;
    action.vlan_tpid = htons(tag.tpid);
    action.vlan_tci = htons(tag_pack(&tag));
    attr_put(out, OVS_ACTION_ATTR_PUSH_VLAN, &action, sizeof(action));
    return 0;
}

/* ---- push_mpls, add_mpls, pop_mpls ---------------------------------------------------------- */

void act_mpls_format(GString *out, const struct nlattr *a, const struct key_text *names)
{
    bool is_add = mnl_attr_get_type(a) == OVS_ACTION_ATTR_ADD_MPLS;
    const uint8_t *p = mnl_attr_get_payload(a);

    (void)names;
    g_string_append_printf(out, "%s(", is_add ? "add_mpls" : "push_mpls");
    lse_format(out, be32_get(p));
    /* ovs-dpctl has no word for the flags of add_mpls, "tun_flags=0x1" when read. */
    g_string_append_printf(out, ",eth_type=0x%x)", be16_get(p + 4));
}

int act_mpls_scan(struct scan *in, GByteArray *out, const struct key_text *names, struct err *e)
{
    bool is_add = *in->at == 'a';
    struct lse_text l = {0};
    struct ovs_action_add_mpls action = {0};    /* push_mpls has padding for the flags */

    (void)names;
    if (unpacked_scan(in, is_add ? &add_mpls_members : &push_mpls_members, &l, e))
        return -EINVAL;
    action.mpls_lse = htonl(lse_pack(&l));
    action.mpls_ethertype = htons(l.eth_type);
    action.tun_flags = l.tun_flags;
    attr_put(out, is_add ? OVS_ACTION_ATTR_ADD_MPLS : OVS_ACTION_ATTR_PUSH_MPLS, &action,
             sizeof(action));
    return 0;
}

void act_pop_mpls_format(GString *out, const struct nlattr *a, const struct key_text *names)
{
    (void)names;
    g_string_append_printf(out, "pop_mpls(eth_type=0x%x)", be16_get(mnl_attr_get_payload(a)));
}

int act_pop_mpls_scan(struct scan *in, GByteArray *out, const struct key_text *names,
                      struct err *e)
{
    struct lse_text l = {0};
    uint16_t wire_type;

    (void)names;
    if (unpacked_scan(in, &pop_mpls_members, &l, e))
        return -EINVAL;
    wire_type = htons(l.eth_type);
    attr_put(out, OVS_ACTION_ATTR_POP_MPLS, &wire_type, sizeof(wire_type));
    return 0;
}

/* ---- hash ----------------------------------------------------------------------------------- */

/* By algorithm; the second is Linux 6.6's. */
static const char *const hash_names[] = {"l4", "sym_l4"};

void act_hash_format(GString *out, const struct nlattr *a, const struct key_text *names)
{
    const struct ovs_action_hash *hash = mnl_attr_get_payload(a);

    (void)names;
    if (hash->hash_alg < G_N_ELEMENTS(hash_names))
        g_string_append_printf(out, "hash(%s(%" PRIu32 "))", hash_names[hash->hash_alg],
                               hash->hash_basis);
    else
        act_raw_format(out, a);
}

static int hash_name_scan(struct scan *in, uint32_t *alg, struct err *e)
{
    for (*alg = 0; *alg < G_N_ELEMENTS(hash_names); ++*alg) {
        if (scan_word(in, hash_names[*alg]))
            return 0;
    }
    return text_error(e, in, "expected l4 or sym_l4");
}

int act_hash_scan(struct scan *in, GByteArray *out, const struct key_text *names, struct err *e)
{
    struct ovs_action_hash hash;
    uint64_t basis;

    (void)names;
    if (text_expect(in, "hash(", e) || hash_name_scan(in, &hash.hash_alg, e) ||
        text_expect(in, "(", e))
        return -EINVAL;
    if (!scan_u64(in, UINT32_MAX, &basis))
        return text_error(e, in, "expected the basis of the hash");
    if (text_expect(in, "))", e))
        return -EINVAL;
    hash.hash_basis = (uint32_t)basis;
    attr_put(out, OVS_ACTION_ATTR_HASH, &hash, sizeof(hash));
    return 0;
}
