/* key_put.c - writes a key or mask as attributes, in the kernel's order; applies masks.
 *
 * Catalogue 04, section 4.9. Which attributes appear is decided by the key, for masks too.
 * SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <linux/openvswitch.h>
#include <string.h>

#include "dp/eth_type.h"
#include "dp/key_hooks.h"
#include "netlink/attr.h"

static void row_put(struct nlmsghdr *msg, unsigned type, const struct flow_key *decide,
                    const struct flow_key *out, bool is_mask)
{
    const struct key_attr *row = &key_attrs[type];
    uint8_t *payload;

    if (!key_when_holds(&row->when, decide))
        return;
    if (row->put) {
        row->put(msg, decide, out, is_mask);
        return;
    }
    payload = msg_attr_new(msg, (uint16_t)type, (size_t)row->len);
    for (unsigned i = 0; i < row->n_fields; i++) {
        const struct key_field *f = &row->field[i];

        wire_store(f->wire, payload + f->wire_off, (const uint8_t *)out + f->key_off, f->key_size);
    }
}

static void rows_put(struct nlmsghdr *msg, const uint8_t *order, size_t n,
                     const struct flow_key *decide, const struct flow_key *out, bool is_mask)
{
    for (size_t i = 0; i < n; i++)
        row_put(msg, order[i], decide, out, is_mask);
}

static const uint8_t metadata_order[] = {
    OVS_KEY_ATTR_RECIRC_ID, OVS_KEY_ATTR_DP_HASH,  OVS_KEY_ATTR_PRIORITY, OVS_KEY_ATTR_TUNNEL,
    OVS_KEY_ATTR_IN_PORT,   OVS_KEY_ATTR_SKB_MARK, OVS_KEY_ATTR_CT_STATE, OVS_KEY_ATTR_CT_ZONE,
    OVS_KEY_ATTR_CT_MARK,   OVS_KEY_ATTR_CT_LABELS,
};
static const uint8_t ct_tuple_order[] = {
    OVS_KEY_ATTR_CT_ORIG_TUPLE_IPV4, OVS_KEY_ATTR_CT_ORIG_TUPLE_IPV6,
};
static const uint8_t layer3_order[] = {
    OVS_KEY_ATTR_IPV4, OVS_KEY_ATTR_IPV6, OVS_KEY_ATTR_IPV6_EXTHDRS, OVS_KEY_ATTR_NSH,
    OVS_KEY_ATTR_ARP,  OVS_KEY_ATTR_MPLS, OVS_KEY_ATTR_TCP,          OVS_KEY_ATTR_TCP_FLAGS,
    OVS_KEY_ATTR_UDP,  OVS_KEY_ATTR_SCTP, OVS_KEY_ATTR_ICMP,         OVS_KEY_ATTR_ICMPV6,
    OVS_KEY_ATTR_ND,
};

static void put_be16(struct nlmsghdr *msg, uint16_t type, uint16_t value)
{
    mnl_attr_put_u16(msg, type, htons(value));
}

/* EtherType and what it decides. */
static void put_network(struct nlmsghdr *msg, const struct flow_key *decide,
                        const struct flow_key *out, bool is_mask)
{
    /* 802.2 has no ETHERTYPE in a key; in a mask only if it is matched. */
    if (decide->eth_type == KEY_TYPE_802_2 && decide->mac_proto == KEY_MAC_ETH) {
        if (is_mask && out->eth_type)
            put_be16(msg, OVS_KEY_ATTR_ETHERTYPE, out->eth_type);
        return;
    }
    put_be16(msg, OVS_KEY_ATTR_ETHERTYPE, out->eth_type);
    if (!is_vlan_type(decide->eth_type))    /* a third tag: nothing is known behind it */
        rows_put(msg, layer3_order, sizeof(layer3_order), decide, out, is_mask);
}

/* A tag and what is behind it; 'level' 0 is the outer one. A VLAN type without a tag is a
 * truncated frame: shown as a tag with an empty ENCAP. */
static void put_tagged(struct nlmsghdr *msg, int level, const struct flow_key *decide,
                       const struct flow_key *out, bool is_mask)
{
    const struct key_tag *decide_tag = level ? &decide->cvlan : &decide->vlan;
    const struct key_tag *tag = level ? &out->cvlan : &out->vlan;
    struct nlattr *encap;

    if (level == 2 || (!decide_tag->tci && !is_vlan_type(decide->eth_type))) {
        put_network(msg, decide, out, is_mask);
        return;
    }
    put_be16(msg, OVS_KEY_ATTR_ETHERTYPE, is_mask ? 0xffff : tag->tpid);
    put_be16(msg, OVS_KEY_ATTR_VLAN, tag->tci);
    encap = msg_nest_begin(msg, OVS_KEY_ATTR_ENCAP);
    if (decide_tag->tci)
        put_tagged(msg, level + 1, decide, out, is_mask);
    mnl_attr_nest_end(msg, encap);
}

void key_put(struct nlmsghdr *msg, uint16_t nest_type, const struct flow_key *decide,
             const struct flow_key *out, bool is_mask)
{
    struct nlattr *nest = msg_nest_begin(msg, nest_type);

    rows_put(msg, metadata_order, sizeof(metadata_order), decide, out, is_mask);
    if (decide->ct_orig_proto)
        rows_put(msg, ct_tuple_order, sizeof(ct_tuple_order), decide, out, is_mask);
    if (decide->mac_proto == KEY_MAC_ETH) {
        row_put(msg, OVS_KEY_ATTR_ETHERNET, decide, out, is_mask);
        put_tagged(msg, 0, decide, out, is_mask);
    } else {
        put_network(msg, decide, out, is_mask);
    }
    mnl_attr_nest_end(msg, nest);
}

void key_apply_mask(struct flow_key *dst, const struct flow_key *src, const struct flow_mask *mask,
                    bool full)
{
    size_t start = full ? 0 : mask->range.start, end = full ? sizeof(*dst) : mask->range.end;
    const uint64_t *s = (const uint64_t *)src, *m = (const uint64_t *)&mask->key;
    uint64_t *d = (uint64_t *)dst;

    for (size_t i = start / 8; i < end / 8; i++)
        d[i] = s[i] & m[i];
}
