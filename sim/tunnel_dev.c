/* tunnel_dev.c - what a tunnel device that rtnetlink made knows of its tunnel.
 *
 * A row for each kind names the attributes of IFLA_INFO_DATA that say the same thing in different words.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sim/tunnel_int.h"

#include <linux/if_tunnel.h>    /* behind libc's net/if.h, which it gives way to */
#include <linux/ip6_tunnel.h>

#include "base/bytes.h"

/* Attribute numbers; 0: the kind has none. */
struct row {
    const char *name;
    enum netdev_tunnel_kind kind;
    uint16_t port, external, gbp, zero_csum6_rx, zero_csum6_tx, csum;
    uint16_t remote4, remote6, local4, local6, id, key_in, flags_in, flags_out;
    uint16_t ttl, ttl_inherit, tos, df, pmtu, ignore_df, label, limit, flow_info, ip6_flags;
    uint16_t range, link, learning, version, index, direction, hardware;
};

#define GRE_ROW                                                                                   \
    .external = IFLA_GRE_COLLECT_METADATA, .id = IFLA_GRE_OKEY, .key_in = IFLA_GRE_IKEY,          \
    .flags_in = IFLA_GRE_IFLAGS, .flags_out = IFLA_GRE_OFLAGS, .ttl = IFLA_GRE_TTL,               \
    .link = IFLA_GRE_LINK
#define GRE4_ROW                                                                                  \
    GRE_ROW, .remote4 = IFLA_GRE_REMOTE, .local4 = IFLA_GRE_LOCAL, .tos = IFLA_GRE_TOS,           \
    .pmtu = IFLA_GRE_PMTUDISC, .ignore_df = IFLA_GRE_IGNORE_DF
#define GRE6_ROW                                                                                  \
    GRE_ROW, .remote6 = IFLA_GRE_REMOTE, .local6 = IFLA_GRE_LOCAL, .limit = IFLA_GRE_ENCAP_LIMIT, \
    .flow_info = IFLA_GRE_FLOWINFO, .ip6_flags = IFLA_GRE_FLAGS
#define ERSPAN_ROW                                                                                \
    .version = IFLA_GRE_ERSPAN_VER, .index = IFLA_GRE_ERSPAN_INDEX,                               \
    .direction = IFLA_GRE_ERSPAN_DIR, .hardware = IFLA_GRE_ERSPAN_HWID

static const struct row rows[] = {
    { "vxlan", TUNNEL_VXLAN, .port = IFLA_VXLAN_PORT, .external = IFLA_VXLAN_COLLECT_METADATA,
      .gbp = IFLA_VXLAN_GBP, .zero_csum6_rx = IFLA_VXLAN_UDP_ZERO_CSUM6_RX,
      .zero_csum6_tx = IFLA_VXLAN_UDP_ZERO_CSUM6_TX, .csum = IFLA_VXLAN_UDP_CSUM,
      .remote4 = IFLA_VXLAN_GROUP, .remote6 = IFLA_VXLAN_GROUP6, .local4 = IFLA_VXLAN_LOCAL,
      .local6 = IFLA_VXLAN_LOCAL6, .id = IFLA_VXLAN_ID, .ttl = IFLA_VXLAN_TTL,
      .ttl_inherit = IFLA_VXLAN_TTL_INHERIT, .tos = IFLA_VXLAN_TOS, .df = IFLA_VXLAN_DF,
      .label = IFLA_VXLAN_LABEL, .range = IFLA_VXLAN_PORT_RANGE, .link = IFLA_VXLAN_LINK,
      .learning = IFLA_VXLAN_LEARNING },
    { "geneve", TUNNEL_GENEVE, .port = IFLA_GENEVE_PORT, .external = IFLA_GENEVE_COLLECT_METADATA,
      .zero_csum6_rx = IFLA_GENEVE_UDP_ZERO_CSUM6_RX,
      .zero_csum6_tx = IFLA_GENEVE_UDP_ZERO_CSUM6_TX, .csum = IFLA_GENEVE_UDP_CSUM,
      .remote4 = IFLA_GENEVE_REMOTE, .remote6 = IFLA_GENEVE_REMOTE6, .id = IFLA_GENEVE_ID,
      .ttl = IFLA_GENEVE_TTL, .ttl_inherit = IFLA_GENEVE_TTL_INHERIT, .tos = IFLA_GENEVE_TOS,
      .df = IFLA_GENEVE_DF, .label = IFLA_GENEVE_LABEL },
    { "gretap", TUNNEL_GRE, GRE4_ROW },
    { "erspan", TUNNEL_ERSPAN, GRE4_ROW, ERSPAN_ROW },
    { "ip6gretap", TUNNEL_IP6GRE, GRE6_ROW },
    { "ip6erspan", TUNNEL_IP6ERSPAN, GRE6_ROW, ERSPAN_ROW },
};

/* ---- values -------------------------------------------------------------------------------------- */

static const struct rt_value *value(const struct device *d, uint16_t type)
{
    return type ? rt_value(d->kind, d->data, type) : NULL;
}

static const uint8_t *bytes(const struct device *d, uint16_t type)
{
    static const uint8_t none[RT_VALUE_LEN];
    const struct rt_value *v = value(d, type);

    return v ? v->bytes : none;
}

static bool is_set(const struct device *d, uint16_t type)
{
    const struct rt_value *v = value(d, type);

    return v && v->is_set;
}

static uint32_t number(const struct device *d, uint16_t type)
{
    uint32_t n;

    memcpy(&n, bytes(d, type), sizeof(n));
    return n;
}


static bool is_external(const struct device *d, const struct row *row)
{
    /* A flag, but for vxlan a number. */
    return is_set(d, row->external) && (row->kind != TUNNEL_VXLAN || bytes(d, row->external)[0]);
}

/* ---- the tunnel ---------------------------------------------------------------------------------- */

static void take_addresses(struct flow_key *own, const struct device *d, const struct row *row)
{
    bool is_ip6 = !row->remote4 || (row->remote6 && (is_set(d, row->remote6) ||
                                                     is_set(d, row->local6)));

    own->tun_proto = is_ip6 ? 6 : 4;
    if (is_ip6) {
        memcpy(own->tun.ip6.dst, bytes(d, row->remote6), 16);
        memcpy(own->tun.ip6.src, bytes(d, row->local6), 16);
    } else {
        memcpy(&own->tun.ip4.dst, bytes(d, row->remote4), 4);
        memcpy(&own->tun.ip4.src, bytes(d, row->local4), 4);
    }
}

static void take_udp(struct tunnel_dev *t, const struct device *d, const struct row *row)
{
    bool has_csum = t->own.tun_proto == 6 ? !bytes(d, row->zero_csum6_tx)[0]
                                          : bytes(d, row->csum)[0];

    t->own.tun.id = number(d, row->id);
    t->own.tun.flags |= KEY_TUN_KEY | (has_csum ? KEY_TUN_CSUM : 0) |
                        (bytes(d, row->df)[0] == 1 ? KEY_TUN_DF : 0);
    t->df = bytes(d, row->df)[0] == 2 ? DF_INNER : DF_OWN;
    t->ttl_is_inner = bytes(d, row->ttl_inherit)[0];
    t->label = be32_get(bytes(d, row->label)) & 0xfffff;
    t->learns = bytes(d, row->learning)[0];
    if (is_set(d, row->range)) {
        t->port_min = be16_get(bytes(d, row->range));
        t->port_max = be16_get(bytes(d, row->range) + 2);
    }
}

static void take_gre(struct tunnel_dev *t, const struct device *d, const struct row *row)
{
    t->own.tun.id = be32_get(bytes(d, row->id));
    t->key_in = be32_get(bytes(d, row->key_in));
    t->gre_in = be16_get(bytes(d, row->flags_in));
    t->gre_out = be16_get(bytes(d, row->flags_out));
    if (row->pmtu && bytes(d, row->pmtu)[0])
        t->own.tun.flags |= KEY_TUN_DF;
    t->df = row->ignore_df && !bytes(d, row->ignore_df)[0] ? DF_OWN_OR_INNER : DF_OWN;
}

static void take_ip6(struct tunnel_dev *t, const struct device *d, const struct row *row)
{
    uint32_t flags = number(d, row->ip6_flags), info = be32_get(bytes(d, row->flow_info));

    t->has_limit = !(flags & IP6_TNL_F_IGN_ENCAP_LIMIT) && is_set(d, row->limit);
    t->limit = bytes(d, row->limit)[0];
    t->tos_is_inner = flags & IP6_TNL_F_USE_ORIG_TCLASS;
    t->own.tun.tos = (uint8_t)(info >> 20);
    t->label = info & 0xfffff;
}

/* As the metadata of a key has it. */
static void take_erspan(struct tunnel_dev *t, const struct device *d, const struct row *row)
{
    uint32_t version = bytes(d, row->version)[0];
    uint8_t metadata[12] = { 0 };
    uint16_t hardware;

    memcpy(metadata, &version, sizeof(version));
    if (version == 2) {
        memcpy(&hardware, bytes(d, row->hardware), sizeof(hardware));
        metadata[10] = (uint8_t)(hardware >> 4 & 3);
        metadata[11] = (uint8_t)(hardware << 4 | (bytes(d, row->direction)[0] & 1) << 3);
    } else {
        be32_put(metadata + 4, number(d, row->index));
    }
    memcpy(tunnel_opts(&t->own, sizeof(metadata)), metadata, sizeof(metadata));
    t->own.tun_opts_len = sizeof(metadata);
    t->own.tun.flags |= KEY_TUN_ERSPAN;
}

static void take_tunnel(struct tunnel_dev *t, const struct device *d, const struct row *row)
{
    take_addresses(&t->own, d, row);
    t->own.tun.ttl = bytes(d, row->ttl)[0];
    t->own.tun.tos = bytes(d, row->tos)[0];
    t->link = (int)number(d, row->link);
    if (row->port)
        take_udp(t, d, row);
    else
        take_gre(t, d, row);
    if (row->flow_info)
        take_ip6(t, d, row);
    else if (t->own.tun.tos == 1) {
        t->tos_is_inner = true;
        t->own.tun.tos = 0;
    }
    if (row->version)
        take_erspan(t, d, row);
}

static const struct row *find_row(const struct rt_kind *kind)
{
    for (size_t i = 0; kind && i < G_N_ELEMENTS(rows); i++)
        if (!strcmp(kind->name, rows[i].name))
            return &rows[i];
    return NULL;
}

void tunnel_dev_new(struct device *d)
{
    const struct row *row = find_row(d->kind);

    if (!row)
        return;
    d->tunnel = g_new0(struct tunnel_dev, 1);
    d->dev.tunnel = (struct netdev_tunnel){
        .kind = row->kind,
        .is_external = is_external(d, row),
        .udp_port = be16_get(bytes(d, row->port)),
        .has_gbp = is_set(d, row->gbp),
        .takes_zero_csum6 = bytes(d, row->zero_csum6_rx)[0],
    };
    mac_table_init(&d->tunnel->stations);
    d->tunnel->far_ends = g_array_new(FALSE, TRUE, RT_IP_LEN);
    if (!d->dev.tunnel.is_external)
        take_tunnel(d->tunnel, d, row);
}

void tunnel_dev_free(struct tunnel_dev *t)
{
    if (!t)
        return;
    mac_table_done(&t->stations);
    g_array_unref(t->far_ends);
    g_free(t);
}

/* ---- stations ------------------------------------------------------------------------------------ */

const uint8_t *tunnel_far_end(struct tunnel_dev *t, const uint8_t *mac, uint64_t now_ns)
{
    uint64_t old;
    int64_t i;

    while (mac_table_expire(&t->stations, now_ns, &old))
        ;
    i = mac[0] & 1 ? -1 : mac_table_find(&t->stations, mac_station(mac, 0));
    return i < 0 ? NULL : (const uint8_t *)t->far_ends->data + i * RT_IP_LEN;
}

static uint32_t index_of(struct tunnel_dev *t, const uint8_t *ip)
{
    for (guint i = 0; i < t->far_ends->len; i++)
        if (!memcmp(t->far_ends->data + i * RT_IP_LEN, ip, RT_IP_LEN))
            return i;
    g_array_append_vals(t->far_ends, ip, 1);
    return t->far_ends->len - 1;
}

void tunnel_learn(struct tunnel_dev *t, const uint8_t *mac, const struct ip_packet *from,
                  uint64_t now_ns)
{
    uint8_t ip[RT_IP_LEN] = { 0 };

    memcpy(ip, from->src, rt_ip_len(from->family));
    (void)mac_table_learn(&t->stations, mac_station(mac, 0), index_of(t, ip), now_ns);
}
