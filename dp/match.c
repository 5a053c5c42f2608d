/* match.c - reads KEY and MASK attributes into a key and a mask: check, VLAN nesting, required attributes.
 *
 * The walkers here name no attribute but those whose place in the message carries meaning: the
 * VLAN nest, and ETHERTYPE, whose absence means 802.2. Catalogue 04, sections 4.2 to 4.8.
 * SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/openvswitch.h>
#include <string.h>

#include "dp/eth_type.h"
#include "dp/key_hooks.h"
#include "netlink/attr.h"

#define BIT(type) (UINT64_C(1) << (type))
#define ETHERTYPE_MIN 0x0600u

/* Attributes by type, of one nest or, for VLANs, several merged ones. */
struct attr_set {
    const struct profile *profile;
    uint64_t bits;
    const struct nlattr *a[N_KEY_ATTRS];
};

static void range_widen(struct key_range *r, size_t off, size_t size)
{
    uint16_t start = (uint16_t)(off & ~(size_t)7), end = (uint16_t)((off + size + 7) & ~(size_t)7);

    if (r->start == r->end) {
        *r = (struct key_range){start, end};
        return;
    }
    r->start = MIN(r->start, start);
    r->end = MAX(r->end, end);
}

/* The place in the key or mask, about to be written. */
static uint8_t *match_at(struct match *m, size_t key_off, size_t size, bool is_mask)
{
    struct flow_key *to = is_mask ? &m->mask->key : m->key;

    range_widen(is_mask ? &m->mask->range : &m->range, key_off, size);
    return (uint8_t *)to + key_off;
}

void match_put(struct match *m, size_t key_off, const void *value, size_t size, bool is_mask)
{
    memcpy(match_at(m, key_off, size, is_mask), value, size);
}

void match_fill(struct match *m, size_t key_off, uint8_t byte, size_t size, bool is_mask)
{
    memset(match_at(m, key_off, size, is_mask), byte, size);
}

#define PUT(m, member, value, is_mask)                                                            \
    match_put(m, offsetof(struct flow_key, member), &(value), sizeof((m)->key->member), is_mask)

/* ---- one nest -> attribute set ------------------------------------------------------------ */

static int attr_check(const struct profile *profile, const struct nlattr *a, uint64_t seen,
                      struct err *e)
{
    unsigned type = mnl_attr_get_type(a), len = mnl_attr_get_payload_len(a);
    const struct key_attr *row;

    if (type >= N_KEY_ATTRS)
        return err_set(e, EINVAL, "Key type %u is out of range max %d", type, N_KEY_ATTRS - 1);
    row = &key_attrs[type];
    if (type && (!row->uapi || !profile_has(profile, row->since, row->until)))
        return err_set(e, EINVAL, "Key type %u is not supported", type);
    if (seen & BIT(type))
        return err_set(e, EINVAL, "Duplicate key (type %u).", type);
    if (row->len >= 0 && len != (unsigned)row->len)
        return err_set(e, EINVAL, "Key %u (%s) has unexpected len %u expected %d", type,
                       row->name ? row->name : "unspec", len, row->len);
    return 0;
}

/* Adds the attributes of 'nest' to 'set'; all-zero ones are skipped in masks. */
static int attr_set_read(struct attr_set *set, const struct nlattr *nest, bool is_mask,
                         struct err *e)
{
    const struct nlattr *a;
    int left;

    attr_for_each_nested(a, nest, left)
    {
        unsigned type = mnl_attr_get_type(a);
        int err = attr_check(set->profile, a, set->bits, e);

        if (err)
            return err;
        if (is_mask && bytes_are(mnl_attr_get_payload(a), mnl_attr_get_payload_len(a), 0))
            continue;
        set->bits |= BIT(type);
        set->a[type] = a;
    }
    if (left)       /* the last attribute's padding belongs to the nest */
        return err_set(e, EINVAL, "Message has %d unknown bytes.", left);
    return 0;
}

static bool set_has(const struct attr_set *set, unsigned type)
{
    return set->bits & BIT(type);
}

/* The attribute that was read last, in whatever nest; 0 if none was. */
static uint16_t last_be16(const struct attr_set *set, unsigned type)
{
    uint16_t wire = 0;

    if (set->a[type])
        memcpy(&wire, mnl_attr_get_payload(set->a[type]), sizeof(wire));
    return ntohs(wire);
}

static uint16_t set_be16(const struct attr_set *set, unsigned type)
{
    return set_has(set, type) ? last_be16(set, type) : 0;
}

/* ---- VLAN: outer, then inner -------------------------------------------------------------- */

static const struct vlan_level {
    const char *name;
    size_t key_off;
} vlan_levels[] = {
    {"VLAN", offsetof(struct flow_key, vlan)},
    {"C-VLAN", offsetof(struct flow_key, cvlan)},
};

/* 1: a tag is described, 0: none, -EINVAL. */
static int vlan_key_check(const struct attr_set *set, const char *level, struct err *e)
{
    uint16_t tci = set_be16(set, OVS_KEY_ATTR_VLAN);

    if (!set_has(set, OVS_KEY_ATTR_ETHERNET) || !set_has(set, OVS_KEY_ATTR_ETHERTYPE) ||
        !is_vlan_type(set_be16(set, OVS_KEY_ATTR_ETHERTYPE)))
        return 0;
    if (!set_has(set, OVS_KEY_ATTR_VLAN) || !set_has(set, OVS_KEY_ATTR_ENCAP))
        return err_set(e, EINVAL, "Invalid %s frame", level);
    if (tci && !(tci & KEY_TCI_PRESENT))
        return err_set(e, EINVAL, "%s TCI does not have VLAN_CFI_MASK bit set.", level);
    if (!tci && mnl_attr_get_payload_len(set->a[OVS_KEY_ATTR_ENCAP]))
        return err_set(e, EINVAL, "Truncated %s header has non-zero encap attribute.", level);
    return 1;
}

/* Linux takes a TPID or TCI that a level of the mask lacks from where it was last: the level around
 * it, or else the innermost level of the key (6.1.192). */
static int vlan_mask_check(const struct attr_set *set, const char *level, bool key_is_tagged,
                           struct err *e)
{
    uint16_t tpid = last_be16(set, OVS_KEY_ATTR_ETHERTYPE);

    if (!set_has(set, OVS_KEY_ATTR_ENCAP))
        return 0;
    if (!key_is_tagged)
        return err_set(e, EINVAL, "Encap mask attribute is set for non-%s frame.", level);
    if (tpid != 0xffff)
        return err_set(e, EINVAL, "Must have an exact match on %s TPID (mask=%x).", level, tpid);
    if (!(last_be16(set, OVS_KEY_ATTR_VLAN) & KEY_TCI_PRESENT))
        return err_set(e, EINVAL, "%s TCI mask does not have exact match for VLAN_CFI_MASK bit.",
                       level);
    return 1;
}

/* Takes one level of tag out of 'set' and merges what its ENCAP holds. */
static int vlan_read_level(struct match *m, struct attr_set *set, const struct vlan_level *level,
                           bool is_mask, struct err *e)
{
    const struct key_tag *key_tag = (const void *)((const uint8_t *)m->key + level->key_off);
    struct key_tag tag = {last_be16(set, OVS_KEY_ATTR_ETHERTYPE), last_be16(set, OVS_KEY_ATTR_VLAN)};
    int tagged = is_mask ? vlan_mask_check(set, level->name, key_tag->tci & KEY_TCI_PRESENT, e)
                         : vlan_key_check(set, level->name, e);

    if (tagged <= 0)
        return tagged;
    match_put(m, level->key_off, &tag, sizeof(tag), is_mask);
    set->bits &= ~(BIT(OVS_KEY_ATTR_ENCAP) | BIT(OVS_KEY_ATTR_VLAN) | BIT(OVS_KEY_ATTR_ETHERTYPE));
    tagged = attr_set_read(set, set->a[OVS_KEY_ATTR_ENCAP], is_mask, e);
    return tagged ? tagged : 1;
}

static int vlan_read(struct match *m, struct attr_set *set, bool is_mask, struct err *e)
{
    for (size_t i = 0; i < G_N_ELEMENTS(vlan_levels); i++) {
        int found = vlan_read_level(m, set, &vlan_levels[i], is_mask, e);

        if (found <= 0)
            return found;
    }
    return 0;
}

/* ---- attribute set -> key or mask --------------------------------------------------------- */

static int field_get(struct match *m, const struct key_attr *row, const struct key_field *f,
                     const uint8_t *payload, bool is_mask, struct err *e)
{
    bool is_limited = f->max && (!is_mask || row->flags & KEY_MASK_LIMITED);
    uint32_t value = 0;

    if (is_limited)
        wire_load(f->wire, &value, sizeof(value), payload + f->wire_off);
    if (value > f->max)
        return err_set(e, EINVAL, "%s.%s: %#x is above %#x", row->name, f->name, value, f->max);
    wire_load(f->wire, match_at(m, f->key_off, f->key_size, is_mask), f->key_size, payload + f->wire_off);
    return 0;
}

static int attr_get(struct match *m, const struct nlattr *a, bool is_mask, struct err *e)
{
    const struct key_attr *row = &key_attrs[mnl_attr_get_type(a)];
    int err = 0;

    if (row->get)
        return row->get(m, a, is_mask, e);
    if (is_mask && row->flags & KEY_MASK_EXACT) {
        for (unsigned i = 0; i < row->n_fields; i++)
            match_fill(m, row->field[i].key_off, 0xff, row->field[i].key_size, true);
        return 0;
    }
    for (unsigned i = 0; i < row->n_fields && !err; i++)
        err = field_get(m, row, &row->field[i], mnl_attr_get_payload(a), is_mask, e);
    return err;
}

/* The order matters where attributes share storage: later ones win. */
static const uint8_t metadata_order[] = {
    OVS_KEY_ATTR_DP_HASH,  OVS_KEY_ATTR_RECIRC_ID,          OVS_KEY_ATTR_PRIORITY,
    OVS_KEY_ATTR_IN_PORT,  OVS_KEY_ATTR_SKB_MARK,           OVS_KEY_ATTR_TUNNEL,
    OVS_KEY_ATTR_CT_STATE, OVS_KEY_ATTR_CT_ZONE,            OVS_KEY_ATTR_CT_MARK,
    OVS_KEY_ATTR_CT_LABELS, OVS_KEY_ATTR_CT_ORIG_TUPLE_IPV4, OVS_KEY_ATTR_CT_ORIG_TUPLE_IPV6,
};
static const uint8_t packet_order[] = {
    OVS_KEY_ATTR_ETHERNET, OVS_KEY_ATTR_ETHERTYPE, OVS_KEY_ATTR_IPV4,      OVS_KEY_ATTR_IPV6,
    OVS_KEY_ATTR_IPV6_EXTHDRS, OVS_KEY_ATTR_ARP,   OVS_KEY_ATTR_NSH,       OVS_KEY_ATTR_MPLS,
    OVS_KEY_ATTR_TCP,      OVS_KEY_ATTR_TCP_FLAGS, OVS_KEY_ATTR_UDP,       OVS_KEY_ATTR_SCTP,
    OVS_KEY_ATTR_ICMP,     OVS_KEY_ATTR_ICMPV6,    OVS_KEY_ATTR_ND,
};

static int get_in_order(struct match *m, struct attr_set *set, const uint8_t *order, size_t n,
                        bool is_mask, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        int err;

        if (!set_has(set, order[i]))
            continue;
        err = attr_get(m, set->a[order[i]], is_mask, e);
        if (err)
            return err;
        set->bits &= ~BIT(order[i]);
    }
    return 0;
}

static int get_metadata(struct match *m, struct attr_set *set, bool is_mask, struct err *e)
{
    uint8_t mac_proto = KEY_MAC_ETH;
    uint16_t no_port = (uint16_t)KEY_MAX_PORTS;
    int err;

    if (!is_mask && !set_has(set, OVS_KEY_ATTR_IN_PORT))
        PUT(m, in_port, no_port, false);
    err = get_in_order(m, set, metadata_order, sizeof(metadata_order), is_mask, e);
    if (err)
        return err;
    if (set_has(set, OVS_KEY_ATTR_ETHERTYPE) && !set_has(set, OVS_KEY_ATTR_ETHERNET))
        mac_proto = KEY_MAC_NONE;
    if (is_mask)
        mac_proto = 0xff;       /* Ethernet or not is always matched exactly */
    PUT(m, mac_proto, mac_proto, is_mask);
    return 0;
}

static int check_ethertype(const struct match *m, const struct attr_set *set, bool is_mask,
                           struct err *e)
{
    bool has_type = set_has(set, OVS_KEY_ATTR_ETHERTYPE);
    uint16_t type = set_be16(set, OVS_KEY_ATTR_ETHERTYPE);

    if (set_has(set, OVS_KEY_ATTR_ETHERNET) && set_has(set, OVS_KEY_ATTR_VLAN))
        return err_set(e, EINVAL, "VLAN attribute unexpected.");
    if (has_type && !is_mask && type < ETHERTYPE_MIN)
        return err_set(e, EINVAL, "EtherType %x is less than min %x", type, ETHERTYPE_MIN);
    if (!has_type && !set_has(set, OVS_KEY_ATTR_ETHERNET) && !m->key->eth_type)
        return err_set(e, EINVAL, "Either Ethernet header or EtherType is required.");
    return 0;
}

static int match_get(struct match *m, struct attr_set *set, bool is_mask, struct err *e)
{
    uint16_t no_type = KEY_TYPE_802_2;
    int err = get_metadata(m, set, is_mask, e);

    if (err)
        return err;
    err = check_ethertype(m, set, is_mask, e);
    if (err)
        return err;
    if (!is_mask && !set_has(set, OVS_KEY_ATTR_ETHERTYPE))
        PUT(m, eth_type, no_type, false);
    err = get_in_order(m, set, packet_order, sizeof(packet_order), is_mask, e);
    if (err)
        return err;
    if (set->bits)
        return err_set(e, EINVAL, "Unknown key attributes %llx", (unsigned long long)set->bits);
    return 0;
}

/* ---- which attributes a key must have and a mask may have --------------------------------- */

static bool when_is_conditional(const struct key_when *w)
{
    return w->eth_type[0];
}

static int match_validate(const struct match *m, uint64_t key_bits, uint64_t mask_bits,
                          struct err *e)
{
    uint64_t expected = 0, allowed = key_bits;

    for (unsigned type = 0; type < N_KEY_ATTRS; type++) {
        const struct key_attr *row = &key_attrs[type];
        bool is_conditional = when_is_conditional(&row->when) && !(row->flags & KEY_MASK_FREE);

        if (row->flags & KEY_MASK_ANY)
            allowed |= BIT(type);
        if (!is_conditional)
            continue;
        allowed &= ~BIT(type);
        if (!key_when_holds(&row->when, m->key))
            continue;
        if (row->flags & KEY_REQUIRED)
            expected |= BIT(type);
        if (m->mask && key_when_is_exact(&row->when, &m->mask->key))
            allowed |= BIT(type);
    }
    /* Both live in the same bytes of the key. */
    if (expected & BIT(OVS_KEY_ATTR_ND))
        allowed &= ~BIT(OVS_KEY_ATTR_CT_ORIG_TUPLE_IPV6);

    if ((key_bits & expected) != expected)
        return err_set(e, EINVAL, "Missing key (keys=%llx, expected=%llx)",
                       (unsigned long long)key_bits, (unsigned long long)expected);
    if (mask_bits & ~allowed)
        return err_set(e, EINVAL, "Unexpected mask (mask=%llx, allowed=%llx)",
                       (unsigned long long)mask_bits, (unsigned long long)allowed);
    return 0;
}

/* ---- the whole request -------------------------------------------------------------------- */

/* Appends the attributes of 'nest' with every payload bit set. 'rows': the nest holds key
 * attributes, else 'nests' tells which of its types are nests. Bits a mask may not have
 * (KEY_MASK_LIMITED) stay clear. */
static void put_all_ones(GByteArray *list, const struct nlattr *nest, bool rows, uint32_t nests)
{
    const struct nlattr *a;
    int left;

    attr_for_each_nested(a, nest, left)
    {
        uint16_t type = mnl_attr_get_type(a), len = mnl_attr_get_payload_len(a);
        const struct key_attr *row = rows ? &key_attrs[type] : NULL;
        size_t at;

        if (row ? row->len == KEY_LEN_NESTED : nests >> type & 1) {
            at = attr_nest_begin(list, type);
            put_all_ones(list, a, type == OVS_KEY_ATTR_ENCAP && rows, row ? row->inner_nests : 0);
            attr_nest_end(list, at);
            continue;
        }
        at = attr_put(list, type, mnl_attr_get_payload(a), len) + ATTR_HDR;
        memset(list->data + at, 0xff, len);
        if (row && row->flags & KEY_MASK_LIMITED)
            memcpy(list->data + at, &row->field[0].max, len);
    }
}

/* The MASK of a request without one: everything the key says, exactly. */
static GByteArray *exact_mask(const struct nlattr *key)
{
    GByteArray *list = g_byte_array_sized_new(key->nla_len);
    size_t nest = attr_nest_begin(list, OVS_FLOW_ATTR_MASK);

    put_all_ones(list, key, true, 0);
    attr_nest_end(list, nest);
    return list;
}

/* 'set' is what the key left; 'bits': what the mask has. */
static int match_parse_mask(struct match *m, struct attr_set *set, const struct nlattr *mask,
                            uint64_t *bits, struct err *e)
{
    uint16_t all = 0xffff;
    int err = attr_set_read(set, mask, true, e);

    if (err)
        return err;
    PUT(m, vlan.tci, all, true);    /* "no tag" is always matched exactly */
    PUT(m, cvlan.tci, all, true);
    err = vlan_read(m, set, true, e);
    if (err)
        return err;
    *bits = set->bits;
    return match_get(m, set, true, e);
}

static int in_part(const char *part, int err, struct err *e)
{
    (void)err_prefix(e, "%s", part);    /* 'e' may be NULL, and does not know the error then */
    return err;
}

int match_parse(struct match *m, const struct nlattr *key, const struct nlattr *mask,
                bool want_mask, struct err *e)
{
    struct attr_set set = {.profile = m->profile ? m->profile : &profile_6_1};
    g_autoptr(GByteArray) exact = NULL;
    uint64_t key_bits, mask_bits = 0;
    int err = attr_set_read(&set, key, false, e);

    memset(m->key, 0, sizeof(*m->key));
    m->range = (struct key_range){0, 0};
    err = err ? err : vlan_read(m, &set, false, e);
    key_bits = set.bits;
    err = err ? err : match_get(m, &set, false, e);
    if (err)
        return in_part("key", err, e);
    if (want_mask) {
        memset(m->mask, 0, sizeof(*m->mask));
        if (!mask) {
            exact = exact_mask(key);
            mask = (const struct nlattr *)exact->data;
            if (m->key->tun_proto)
                match_fill(m, offsetof(struct flow_key, tun), 0xff, sizeof(m->key->tun), true);
        }
        err = match_parse_mask(m, &set, mask, &mask_bits, e);
        if (err)
            return in_part("mask", err, e);
    } else {
        m->mask = NULL;
    }
    return match_validate(m, key_bits, mask_bits, e);
}

int key_parse_metadata(const struct profile *profile, struct flow_key *key,
                       const struct nlattr *attr, uint16_t *eth_type, bool *is_l3, uint64_t *seen,
                       struct err *e)
{
    struct match m = {.profile = profile, .key = key};
    struct attr_set set = {.profile = profile};
    int err = attr_set_read(&set, attr, false, e);

    if (err)
        return in_part("key", err, e);
    *seen = set.bits;
    *eth_type = set_be16(&set, OVS_KEY_ATTR_ETHERTYPE);
    err = get_metadata(&m, &set, false, e);
    *is_l3 = key->mac_proto == KEY_MAC_NONE;
    if (err)
        return in_part("key", err, e);
    /* As in the kernel, the type of an L3 packet is checked even here. */
    if (*is_l3 && *eth_type < ETHERTYPE_MIN)
        return err_set(e, EINVAL, "key: EtherType %x is less than min %x", *eth_type, ETHERTYPE_MIN);
    return 0;
}
