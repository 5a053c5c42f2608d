/* key_odd_tunnel.c - hooks of the TUNNEL key attribute: a nest of plain fields, flags and options.
 *
 * How it works: tun_rows has one row for each OVS_TUNNEL_KEY_ATTR_*; a row names a member of
 * the key, or a flag, or both; the three kinds of options have hooks and are stored at the end
 * of tun_opts, so that equal lengths line up under a mask. Catalogue 04, section 4.6.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/openvswitch.h>
#include <string.h>

#include "dp/key_hooks.h"
#include "netlink/attr.h"

#define OPTS_MAX sizeof(((struct flow_key *)NULL)->tun_opts)
#define ERSPAN_LEN 12           /* what the kernel keeps, whatever the attribute's length */
#define MASK_OPTS_LEN 0xff      /* the number of option bytes is always matched exactly */
#define VXLAN_EXT_GBP 1

#define PUT(m, member, value, is_mask)                                                            \
    match_put(m, offsetof(struct flow_key, member), &(value), sizeof((m)->key->member), is_mask)

/* What the walk over one TUNNEL nest has found. */
struct tun_seen {
    bool ip4, ip6, ttl, bridge;
    uint16_t flags;
};

struct tun_row {
    int len;                    /* payload bytes, -1: variable */
    const struct wire *wire;    /* NULL: no member */
    uint16_t key_off;
    uint8_t key_size;
    uint16_t flag;              /* KEY_TUN_* that its presence sets */
    uint8_t family;             /* 4, 6: address of that family */
    bool is_always_put;         /* dumped even when zero */
    int (*get)(struct match *m, const struct nlattr *a, bool is_mask, struct err *e);
};

/* ---- options ------------------------------------------------------------------------------ */

static void opts_put(struct match *m, const void *bytes, size_t len, uint8_t key_len, bool is_mask)
{
    uint8_t opts_len = is_mask ? MASK_OPTS_LEN : key_len;

    PUT(m, tun_opts_len, opts_len, is_mask);
    match_put(m, offsetof(struct flow_key, tun_opts) + OPTS_MAX - len, bytes, len, is_mask);
}

static int geneve_get(struct match *m, const struct nlattr *a, bool is_mask, struct err *e)
{
    unsigned len = mnl_attr_get_payload_len(a);

    if (len > OPTS_MAX)
        return err_set(e, EINVAL, "Geneve option length err (len %u, max %zu).", len, OPTS_MAX);
    if (len % 4)
        return err_set(e, EINVAL, "Geneve opt len %u is not a multiple of 4.", len);
    if (is_mask && m->key->tun_opts_len != len)
        return err_set(e, EINVAL, "Geneve option len %u != mask len %u", m->key->tun_opts_len, len);
    opts_put(m, mnl_attr_get_payload(a), len, (uint8_t)len, is_mask);
    return 0;
}

static int vxlan_get(struct match *m, const struct nlattr *nest, bool is_mask, struct err *e)
{
    const struct nlattr *a;
    uint32_t gbp = 0;
    int left;

    attr_for_each_nested(a, nest, left)
    {
        unsigned type = mnl_attr_get_type(a), len = mnl_attr_get_payload_len(a);

        if (type > VXLAN_EXT_GBP)
            return err_set(e, EINVAL, "VXLAN extension %u out of range max %d", type, VXLAN_EXT_GBP);
        if (type != VXLAN_EXT_GBP)
            return err_set(e, EINVAL, "Unknown VXLAN extension attribute %u", type);
        if (len != sizeof(gbp))
            return err_set(e, EINVAL, "VXLAN extension %u has unexpected len %u expected 4", type,
                           len);
        gbp = mnl_attr_get_u32(a);
    }
    if (left > 0)
        return err_set(e, EINVAL, "VXLAN extension message has %d unknown bytes.", left);
    opts_put(m, &gbp, sizeof(gbp), sizeof(gbp), is_mask);
    return 0;
}

static int erspan_get(struct match *m, const struct nlattr *a, bool is_mask, struct err *e)
{
    unsigned len = mnl_attr_get_payload_len(a);

    if (len > OPTS_MAX)
        return err_set(e, EINVAL, "ERSPAN option length err (len %u, max %zu).", len, OPTS_MAX);
    opts_put(m, mnl_attr_get_payload(a), len, ERSPAN_LEN, is_mask);     /* what is too long is matched, too */
    return 0;
}

/* ---- rows, in the order of a dump ------------------------------------------------------------ */

/* clang-format off */
#define MEMBER(w, m) .wire = &w, .key_off = offsetof(struct flow_key, m), \
                     .key_size = sizeof(((struct flow_key *)NULL)->m)
static const struct tun_row tun_rows[] = {
    [OVS_TUNNEL_KEY_ATTR_ID] = { 8, MEMBER(wire_be64x, tun.id), .flag = KEY_TUN_KEY, .is_always_put = true },
    [OVS_TUNNEL_KEY_ATTR_IPV4_SRC] = { 4, MEMBER(wire_ip4, tun.ip4.src), .family = 4 },
    [OVS_TUNNEL_KEY_ATTR_IPV4_DST] = { 4, MEMBER(wire_ip4, tun.ip4.dst), .family = 4 },
    [OVS_TUNNEL_KEY_ATTR_TOS] = { 1, MEMBER(wire_u8x, tun.tos) },
    [OVS_TUNNEL_KEY_ATTR_TTL] = { 1, MEMBER(wire_u8, tun.ttl), .is_always_put = true },
    [OVS_TUNNEL_KEY_ATTR_DONT_FRAGMENT] = { 0, .flag = KEY_TUN_DF },
    [OVS_TUNNEL_KEY_ATTR_CSUM] = { 0, .flag = KEY_TUN_CSUM },
    [OVS_TUNNEL_KEY_ATTR_OAM] = { 0, .flag = KEY_TUN_OAM },
    [OVS_TUNNEL_KEY_ATTR_GENEVE_OPTS] = { -1, .flag = KEY_TUN_GENEVE, .get = geneve_get },
    [OVS_TUNNEL_KEY_ATTR_TP_SRC] = { 2, MEMBER(wire_be16, tun.tp_src) },
    [OVS_TUNNEL_KEY_ATTR_TP_DST] = { 2, MEMBER(wire_be16, tun.tp_dst) },
    [OVS_TUNNEL_KEY_ATTR_VXLAN_OPTS] = { -1, .flag = KEY_TUN_VXLAN, .get = vxlan_get },
    [OVS_TUNNEL_KEY_ATTR_IPV6_SRC] = { 16, MEMBER(wire_ip6, tun.ip6.src), .family = 6 },
    [OVS_TUNNEL_KEY_ATTR_IPV6_DST] = { 16, MEMBER(wire_ip6, tun.ip6.dst), .family = 6 },
    [OVS_TUNNEL_KEY_ATTR_PAD] = { 0 },
    [OVS_TUNNEL_KEY_ATTR_ERSPAN_OPTS] = { -1, .flag = KEY_TUN_ERSPAN, .get = erspan_get },
    [OVS_TUNNEL_KEY_ATTR_IPV4_INFO_BRIDGE] = { 0 },
};
/* clang-format on */
static const uint8_t dump_order[] = {
    OVS_TUNNEL_KEY_ATTR_ID,       OVS_TUNNEL_KEY_ATTR_IPV4_SRC, OVS_TUNNEL_KEY_ATTR_IPV4_DST,
    OVS_TUNNEL_KEY_ATTR_IPV6_SRC, OVS_TUNNEL_KEY_ATTR_IPV6_DST, OVS_TUNNEL_KEY_ATTR_TOS,
    OVS_TUNNEL_KEY_ATTR_TTL,      OVS_TUNNEL_KEY_ATTR_DONT_FRAGMENT, OVS_TUNNEL_KEY_ATTR_CSUM,
    OVS_TUNNEL_KEY_ATTR_TP_SRC,   OVS_TUNNEL_KEY_ATTR_TP_DST,   OVS_TUNNEL_KEY_ATTR_OAM,
};

#define KEY_TUN_OPTIONS (KEY_TUN_GENEVE | KEY_TUN_VXLAN | KEY_TUN_ERSPAN)

static int tun_attr_check(const struct nlattr *a, const struct tun_seen *seen, struct err *e)
{
    unsigned type = mnl_attr_get_type(a), len = mnl_attr_get_payload_len(a);

    if (type >= G_N_ELEMENTS(tun_rows))
        return err_set(e, EINVAL, "Tunnel attr %u out of range max %zu", type,
                       G_N_ELEMENTS(tun_rows) - 1);
    if (tun_rows[type].len >= 0 && len != (unsigned)tun_rows[type].len)
        return err_set(e, EINVAL, "Tunnel attr %u has unexpected len %u expected %d", type, len,
                       tun_rows[type].len);
    if (tun_rows[type].flag & KEY_TUN_OPTIONS && seen->flags & KEY_TUN_OPTIONS)
        return err_set(e, EINVAL, "Multiple metadata blocks provided");
    return 0;
}

static int tun_attr_get(struct match *m, const struct nlattr *a, bool is_mask,
                        struct tun_seen *seen, struct err *e)
{
    unsigned type = mnl_attr_get_type(a);
    const struct tun_row *row = &tun_rows[type];
    uint8_t value[16];

    seen->flags |= row->flag;
    seen->ip4 |= row->family == 4 || type == OVS_TUNNEL_KEY_ATTR_IPV4_INFO_BRIDGE;
    seen->ip6 |= row->family == 6;
    seen->ttl |= type == OVS_TUNNEL_KEY_ATTR_TTL;
    seen->bridge |= type == OVS_TUNNEL_KEY_ATTR_IPV4_INFO_BRIDGE;
    if (row->get)
        return row->get(m, a, is_mask, e);
    if (row->wire) {
        wire_load(row->wire, value, row->key_size, mnl_attr_get_payload(a));
        match_put(m, row->key_off, value, row->key_size, is_mask);
    }
    return 0;
}

static bool is_plain_bridge(const struct flow_key *key)
{
    return !key->tun.ip4.src && !key->tun.ip4.dst && !key->tun.tp_src && !key->tun.tp_dst &&
           !key->tun.ttl && !key->tun.tos && !(key->tun.flags & ~KEY_TUN_KEY);
}

/* What a key, not a mask, must have. */
static int tun_key_check(const struct flow_key *key, const struct tun_seen *seen, struct err *e)
{
    if (!seen->ip4 && !seen->ip6)
        return err_set(e, EINVAL, "IP tunnel dst address not specified");
    if (seen->bridge)
        return is_plain_bridge(key) ? 0 : err_set(e, EINVAL, "IPv4 tun info is not correct");
    if (seen->ip4 && !key->tun.ip4.dst)
        return err_set(e, EINVAL, "IPv4 tunnel dst address is zero");
    if (seen->ip6 && bytes_are(key->tun.ip6.dst, sizeof(key->tun.ip6.dst), 0))
        return err_set(e, EINVAL, "IPv6 tunnel dst address is zero");
    if (!seen->ttl)
        return err_set(e, EINVAL, "IP tunnel TTL not specified.");
    return 0;
}

int key_tunnel_get(struct match *m, const struct nlattr *nest, bool is_mask, struct err *e)
{
    struct tun_seen seen = {0};
    const struct nlattr *a;
    uint8_t proto;
    int left;

    attr_for_each_nested(a, nest, left)
    {
        int err = tun_attr_check(a, &seen, e);

        if (!err)
            err = tun_attr_get(m, a, is_mask, &seen, e);
        if (err)
            return err;
    }
    proto = is_mask ? 0xff : seen.ip6 ? 6 : 4;
    PUT(m, tun.flags, seen.flags, is_mask);
    PUT(m, tun_proto, proto, is_mask);
    if (left > 0)
        return err_set(e, EINVAL, "IP tunnel attribute has %d unknown bytes.", left);
    if (seen.ip4 && seen.ip6)
        return err_set(e, EINVAL, "Mixed IPv4 and IPv6 tunnel attributes");
    return is_mask ? 0 : tun_key_check(m->key, &seen, e);
}

/* ---- back to attributes --------------------------------------------------------------------- */

static bool is_put(const struct tun_row *row, unsigned type, const struct flow_key *decide,
                   const struct flow_key *out)
{
    if (row->family && row->family != decide->tun_proto)
        return false;
    if (row->flag)
        return out->tun.flags & row->flag;
    return row->is_always_put || type == OVS_TUNNEL_KEY_ATTR_TTL ||
           !bytes_are((const uint8_t *)out + row->key_off, row->key_size, 0);
}

static void options_put(struct nlmsghdr *msg, const struct flow_key *decide,
                        const struct flow_key *out)
{
    unsigned len = decide->tun_opts_len;
    const uint8_t *opts = out->tun_opts + OPTS_MAX - len;

    if (!len)
        return;
    if (out->tun.flags & KEY_TUN_GENEVE) {
        mnl_attr_put(msg, OVS_TUNNEL_KEY_ATTR_GENEVE_OPTS, len, opts);
    } else if (out->tun.flags & KEY_TUN_VXLAN) {
        struct nlattr *nest = msg_nest_begin(msg, OVS_TUNNEL_KEY_ATTR_VXLAN_OPTS);

        mnl_attr_put(msg, VXLAN_EXT_GBP, sizeof(uint32_t), opts);
        mnl_attr_nest_end(msg, nest);
    } else if (out->tun.flags & KEY_TUN_ERSPAN) {
        mnl_attr_put(msg, OVS_TUNNEL_KEY_ATTR_ERSPAN_OPTS, len, opts);
    }
}

void key_tunnel_nest_put(struct nlmsghdr *msg, uint16_t nest_type, const struct flow_key *decide,
                         const struct flow_key *out)
{
    struct nlattr *nest = msg_nest_begin(msg, nest_type);

    for (size_t i = 0; i < sizeof(dump_order); i++) {
        unsigned type = dump_order[i];
        const struct tun_row *row = &tun_rows[type];
        uint8_t payload[16];

        if (!is_put(row, type, decide, out))
            continue;
        if (row->wire)
            wire_store(row->wire, payload, (const uint8_t *)out + row->key_off, row->key_size);
        mnl_attr_put(msg, (uint16_t)type, (size_t)row->len, payload);
    }
    options_put(msg, decide, out);
    mnl_attr_nest_end(msg, nest);
}

void key_tunnel_put(struct nlmsghdr *msg, const struct flow_key *decide,
                    const struct flow_key *out, bool is_mask)
{
    if (decide->tun_proto || is_mask)
        key_tunnel_nest_put(msg, OVS_KEY_ATTR_TUNNEL, decide, out);
}

/* ---- set(tunnel()) ----------------------------------------------------------------------------- */

#define GENEVE_OPT_HDR 4

/* Geneve options are TLVs: class(2), type(1), length in words in the low 5 bits of the 4th byte. */
static int geneve_check(const struct flow_key *key, struct err *e)
{
    size_t left = key->tun_opts_len;
    const uint8_t *opt = key->tun_opts + OPTS_MAX - left;

    while (left) {
        size_t len = left < GENEVE_OPT_HDR ? left + 1 : GENEVE_OPT_HDR + 4u * (opt[3] & 0x1f);

        if (len > left)
            return err_set(e, EINVAL, "Geneve option is longer than the %zu bytes left", left);
        opt += len;
        left -= len;
    }
    return 0;
}

/* In bridge mode there is nothing to tell but the id. */
static void bridge_put(struct nlmsghdr *msg, const struct flow_key *key)
{
    struct nlattr *nest = msg_nest_begin(msg, OVS_KEY_ATTR_TUNNEL);
    uint64_t id;

    wire_store(&wire_be64x, &id, &key->tun.id, sizeof(id));
    if (key->tun.flags & KEY_TUN_KEY)
        mnl_attr_put(msg, OVS_TUNNEL_KEY_ATTR_ID, sizeof(id), &id);
    mnl_attr_put(msg, OVS_TUNNEL_KEY_ATTR_IPV4_INFO_BRIDGE, 0, NULL);
    mnl_attr_nest_end(msg, nest);
}

int key_tunnel_copy(GByteArray *out, const struct nlattr *nest, struct err *e)
{
    uint8_t room[KEY_TUNNEL_ROOM] __attribute__((aligned(8))) = {0};
    struct nlmsghdr *msg = mnl_nlmsg_put_header(room);
    struct flow_key key = {0};
    struct match m = {.key = &key};
    int err = key_tunnel_get(&m, nest, false, e);

    if (!err && key.tun.flags & KEY_TUN_GENEVE)
        err = geneve_check(&key, e);
    if (err)
        return err;
    if (attr_find(mnl_attr_get_payload(nest), mnl_attr_get_payload_len(nest),
                  OVS_TUNNEL_KEY_ATTR_IPV4_INFO_BRIDGE))
        bridge_put(msg, &key);
    else
        key_tunnel_put(msg, &key, &key, false);
    g_byte_array_append(out, mnl_nlmsg_get_payload(msg), (guint)mnl_nlmsg_get_payload_len(msg));
    return 0;
}
