/* rt_kind.c - the kinds of links: one row each, and one for each attribute of their INFO_DATA.
 * Rows stand in the order in which Linux 6.1 answers. SPDX-License-Identifier: Apache-2.0 */
#include "netlink/rt_int.h"

#include <errno.h>
#include <linux/if_tunnel.h>
#include <net/if_arp.h>
#include <string.h>

#ifndef ARPHRD_IP6GRE       /* not in libc's header */
#define ARPHRD_IP6GRE 823
#endif

#define MTU_IP_MOST 65535
#define ETHER_FLAGS (IFF_BROADCAST | IFF_MULTICAST)
#define YES { 1 }

#define ROW(type, ...) { type, __VA_ARGS__, .name = #type }

/* clang-format off */
static const struct rt_data_row vxlan_data[] = {
    ROW(IFLA_VXLAN_ID,                 4, RT_PUT_ALWAYS, { 0 }),
    ROW(IFLA_VXLAN_GROUP,              4, RT_PUT_SET,    { 0 }),
    ROW(IFLA_VXLAN_GROUP6,            16, RT_PUT_SET,    { 0 }),
    ROW(IFLA_VXLAN_LINK,               4, RT_PUT_SET,    { 0 }),
    ROW(IFLA_VXLAN_LOCAL,              4, RT_PUT_SET,    { 0 }),
    ROW(IFLA_VXLAN_LOCAL6,            16, RT_PUT_SET,    { 0 }),
    ROW(IFLA_VXLAN_TTL,                1, RT_PUT_ALWAYS, { 0 }),
    ROW(IFLA_VXLAN_TTL_INHERIT,        1, RT_PUT_ALWAYS, { 0 }),
    ROW(IFLA_VXLAN_TOS,                1, RT_PUT_ALWAYS, { 0 }),
    ROW(IFLA_VXLAN_DF,                 1, RT_PUT_ALWAYS, { 0 }),
    ROW(IFLA_VXLAN_LABEL,              4, RT_PUT_ALWAYS, { 0 }),
    ROW(IFLA_VXLAN_LEARNING,           1, RT_PUT_ALWAYS, YES),
    ROW(IFLA_VXLAN_PROXY,              1, RT_PUT_ALWAYS, { 0 }),
    ROW(IFLA_VXLAN_RSC,                1, RT_PUT_ALWAYS, { 0 }),
    ROW(IFLA_VXLAN_L2MISS,             1, RT_PUT_ALWAYS, { 0 }),
    ROW(IFLA_VXLAN_L3MISS,             1, RT_PUT_ALWAYS, { 0 }),
    ROW(IFLA_VXLAN_COLLECT_METADATA,   1, RT_PUT_ALWAYS, { 0 }),
    ROW(IFLA_VXLAN_AGEING,             4, RT_PUT_ALWAYS, { 0x2c, 0x01 }),     /* 300 s */
    ROW(IFLA_VXLAN_LIMIT,              4, RT_PUT_ALWAYS, { 0 }),
    ROW(IFLA_VXLAN_PORT,               2, RT_PUT_ALWAYS, { 0x21, 0x18 }),     /* 8472 */
    ROW(IFLA_VXLAN_UDP_CSUM,           1, RT_PUT_ALWAYS, YES),
    ROW(IFLA_VXLAN_UDP_ZERO_CSUM6_TX,  1, RT_PUT_ALWAYS, { 0 }),
    ROW(IFLA_VXLAN_UDP_ZERO_CSUM6_RX,  1, RT_PUT_ALWAYS, { 0 }),
    ROW(IFLA_VXLAN_REMCSUM_TX,         1, RT_PUT_ALWAYS, { 0 }),
    ROW(IFLA_VXLAN_REMCSUM_RX,         1, RT_PUT_ALWAYS, { 0 }),
    ROW(IFLA_VXLAN_PORT_RANGE,         4, RT_PUT_ALWAYS, { 0 }),
    ROW(IFLA_VXLAN_GBP,                0, RT_PUT_SET,    { 0 }),
    ROW(IFLA_VXLAN_GPE,                0, RT_PUT_SET,    { 0 }),
    ROW(IFLA_VXLAN_REMCSUM_NOPARTIAL,  0, RT_PUT_SET,    { 0 }),
};

static const struct rt_data_row geneve_data[] = {
    ROW(IFLA_GENEVE_ID,                4, RT_PUT_ALWAYS, { 0 }),
    ROW(IFLA_GENEVE_REMOTE,            4, RT_PUT_SET,    { 0 }),
    ROW(IFLA_GENEVE_REMOTE6,          16, RT_PUT_SET,    { 0 }),
    ROW(IFLA_GENEVE_UDP_CSUM,          1, RT_PUT_WITH,   { 0 }, IFLA_GENEVE_REMOTE, 0),
    ROW(IFLA_GENEVE_UDP_ZERO_CSUM6_TX, 1, RT_PUT_WITH,   { 0 }, IFLA_GENEVE_REMOTE6, 0),
    ROW(IFLA_GENEVE_TTL,               1, RT_PUT_ALWAYS, { 0 }),
    ROW(IFLA_GENEVE_TOS,               1, RT_PUT_ALWAYS, { 0 }),
    ROW(IFLA_GENEVE_LABEL,             4, RT_PUT_ALWAYS, { 0 }),
    ROW(IFLA_GENEVE_DF,                1, RT_PUT_ALWAYS, { 0 }),
    ROW(IFLA_GENEVE_PORT,              2, RT_PUT_ALWAYS, { 0x17, 0xc1 }),     /* 6081 */
    ROW(IFLA_GENEVE_COLLECT_METADATA,  0, RT_PUT_SET,    { 0 }),
    ROW(IFLA_GENEVE_UDP_ZERO_CSUM6_RX, 1, RT_PUT_ALWAYS, YES),
    ROW(IFLA_GENEVE_TTL_INHERIT,       1, RT_PUT_ALWAYS, { 0 }),
};

#define GRE_ROWS                                                                  \
    ROW(IFLA_GRE_LINK,                 4, RT_PUT_ALWAYS, { 0 }),                   \
    ROW(IFLA_GRE_IFLAGS,               2, RT_PUT_ALWAYS, { 0 }),                   \
    ROW(IFLA_GRE_OFLAGS,               2, RT_PUT_ALWAYS, { 0 }),                   \
    ROW(IFLA_GRE_IKEY,                 4, RT_PUT_ALWAYS, { 0 }),                   \
    ROW(IFLA_GRE_OKEY,                 4, RT_PUT_ALWAYS, { 0 }),                   \
    ROW(IFLA_GRE_LOCAL,                4, RT_PUT_ALWAYS, { 0 }),                   \
    ROW(IFLA_GRE_REMOTE,               4, RT_PUT_ALWAYS, { 0 }),                   \
    ROW(IFLA_GRE_TTL,                  1, RT_PUT_ALWAYS, { 0 }),                   \
    ROW(IFLA_GRE_TOS,                  1, RT_PUT_ALWAYS, { 0 }),                   \
    ROW(IFLA_GRE_PMTUDISC,             1, RT_PUT_ALWAYS, YES),                     \
    ROW(IFLA_GRE_FWMARK,               4, RT_PUT_ALWAYS, { 0 }),                   \
    ROW(IFLA_GRE_ENCAP_TYPE,           2, RT_PUT_ALWAYS, { 0 }),                   \
    ROW(IFLA_GRE_ENCAP_SPORT,          2, RT_PUT_ALWAYS, { 0 }),                   \
    ROW(IFLA_GRE_ENCAP_DPORT,          2, RT_PUT_ALWAYS, { 0 }),                   \
    ROW(IFLA_GRE_ENCAP_FLAGS,          2, RT_PUT_ALWAYS, { 0 }),                   \
    ROW(IFLA_GRE_IGNORE_DF,            1, RT_PUT_ALWAYS, { 0 }),                   \
    ROW(IFLA_GRE_COLLECT_METADATA,     0, RT_PUT_SET,    { 0 }),

#define IP6GRE_ROWS                                                               \
    ROW(IFLA_GRE_LINK,                 4, RT_PUT_ALWAYS, { 0 }),                   \
    ROW(IFLA_GRE_IFLAGS,               2, RT_PUT_ALWAYS, { 0 }),                   \
    ROW(IFLA_GRE_OFLAGS,               2, RT_PUT_ALWAYS, { 0 }),                   \
    ROW(IFLA_GRE_IKEY,                 4, RT_PUT_ALWAYS, { 0 }),                   \
    ROW(IFLA_GRE_OKEY,                 4, RT_PUT_ALWAYS, { 0 }),                   \
    ROW(IFLA_GRE_LOCAL,               16, RT_PUT_ALWAYS, { 0 }),                   \
    ROW(IFLA_GRE_REMOTE,              16, RT_PUT_ALWAYS, { 0 }),                   \
    ROW(IFLA_GRE_TTL,                  1, RT_PUT_ALWAYS, { 0 }),                   \
    ROW(IFLA_GRE_ENCAP_LIMIT,          1, RT_PUT_ALWAYS, { 0 }),                   \
    ROW(IFLA_GRE_FLOWINFO,             4, RT_PUT_ALWAYS, { 0 }),                   \
    ROW(IFLA_GRE_FLAGS,                4, RT_PUT_ALWAYS, { 0 }),                   \
    ROW(IFLA_GRE_FWMARK,               4, RT_PUT_ALWAYS, { 0 }),                   \
    ROW(IFLA_GRE_ENCAP_TYPE,           2, RT_PUT_ALWAYS, { 0 }),                   \
    ROW(IFLA_GRE_ENCAP_SPORT,          2, RT_PUT_ALWAYS, { 0 }),                   \
    ROW(IFLA_GRE_ENCAP_DPORT,          2, RT_PUT_ALWAYS, { 0 }),                   \
    ROW(IFLA_GRE_ENCAP_FLAGS,          2, RT_PUT_ALWAYS, { 0 }),                   \
    ROW(IFLA_GRE_COLLECT_METADATA,     0, RT_PUT_SET,    { 0 }),

#define ERSPAN_ROWS                                                                           \
    ROW(IFLA_GRE_ERSPAN_VER,           1, RT_PUT_ALWAYS, YES),                     \
    ROW(IFLA_GRE_ERSPAN_INDEX,         4, RT_PUT_IF,     { 0 }, IFLA_GRE_ERSPAN_VER, 1),\
    ROW(IFLA_GRE_ERSPAN_DIR,           1, RT_PUT_IF,     { 0 }, IFLA_GRE_ERSPAN_VER, 2),\
    ROW(IFLA_GRE_ERSPAN_HWID,          2, RT_PUT_IF,     { 0 }, IFLA_GRE_ERSPAN_VER, 2),

static const struct rt_data_row gre_data[] = { GRE_ROWS };
static const struct rt_data_row erspan_data[] = { ERSPAN_ROWS GRE_ROWS };
static const struct rt_data_row ip6gre_data[] = { IP6GRE_ROWS };
static const struct rt_data_row ip6erspan_data[] = { ERSPAN_ROWS IP6GRE_ROWS };
/* clang-format on */

#define DATA(rows) .data = rows, .n_data = G_N_ELEMENTS(rows)
#define GRE_TYPES                                                                 \
    .local_type = IFLA_GRE_LOCAL, .remote_type = IFLA_GRE_REMOTE,                 \
    .external_type = IFLA_GRE_COLLECT_METADATA, .id_type = IFLA_GRE_IKEY
#define ETHER .hw_type = ARPHRD_ETHER, .addr_len = 6

/* MTUs: over a device of 1500. */
/* clang-format off */
static const struct rt_kind kinds[] = {
    { "dummy",     RT_SHAPE_PLAIN,  ETHER, .flags = IFF_BROADCAST | IFF_NOARP,
      .mtu = 1500, .min_mtu = 0, .max_mtu = 0 },
    { "veth",      RT_SHAPE_PAIR,   ETHER, .flags = ETHER_FLAGS,
      .mtu = 1500, .min_mtu = 68, .max_mtu = MTU_IP_MOST },
    { "vxlan",     RT_SHAPE_TUNNEL, ETHER, .flags = ETHER_FLAGS,
      .mtu = 1500, .min_mtu = 68, .max_mtu = MTU_IP_MOST, .port_type = IFLA_VXLAN_PORT,
      .external_type = IFLA_VXLAN_COLLECT_METADATA, .id_type = IFLA_VXLAN_ID, DATA(vxlan_data) },
    { "geneve",    RT_SHAPE_TUNNEL, ETHER, .flags = ETHER_FLAGS,
      .mtu = 1500, .min_mtu = 68, .max_mtu = 65465, .port_type = IFLA_GENEVE_PORT,
      .external_type = IFLA_GENEVE_COLLECT_METADATA, .id_type = IFLA_GENEVE_ID, DATA(geneve_data) },
    { "gretap",    RT_SHAPE_TUNNEL, ETHER, .flags = ETHER_FLAGS,
      .mtu = 1462, .min_mtu = 68, .has_queue = true, GRE_TYPES, DATA(gre_data) },
    { "erspan",    RT_SHAPE_TUNNEL, ETHER, .flags = ETHER_FLAGS,
      .mtu = 1450, .min_mtu = 68, .has_queue = true, GRE_TYPES, DATA(erspan_data) },
    { "ip6gretap", RT_SHAPE_TUNNEL, ETHER, .flags = ETHER_FLAGS,
      .mtu = 1434, .min_mtu = 68, .has_queue = true, GRE_TYPES,
      .external_of = "ip6gre", DATA(ip6gre_data) },
    { "ip6erspan", RT_SHAPE_TUNNEL, ETHER, .flags = ETHER_FLAGS,
      .mtu = 1422, .min_mtu = 68, .has_queue = true, GRE_TYPES, DATA(ip6erspan_data) },
    { "gre",       RT_SHAPE_TUNNEL, ARPHRD_IPGRE, 4, .flags = IFF_NOARP,
      .mtu = 1476, GRE_TYPES, DATA(gre_data) },
    { "ip6gre",    RT_SHAPE_TUNNEL, ARPHRD_IP6GRE, 16, .flags = IFF_NOARP,
      .mtu = 1448, GRE_TYPES, DATA(ip6gre_data) },
};
/* clang-format on */

const struct rt_kind *rt_kind_by_name(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (!strcmp(kinds[i].name, name))
            return &kinds[i];
    return NULL;
}

/* Position of a type among a kind's rows, or n_data. */
static size_t find_row(const struct rt_kind *kind, uint16_t type)
{
    size_t i = 0;

    while (i < kind->n_data && kind->data[i].type != type)
        i++;
    return i;
}

const struct rt_value *rt_value(const struct rt_kind *kind, const struct rt_value *values,
                                uint16_t type)
{
    size_t i = find_row(kind, type);

    return i < kind->n_data ? &values[i] : NULL;
}

static void set_initial(const struct rt_kind *kind, struct rt_value *values)
{
    memset(values, 0, RT_VALUES * sizeof(*values));
    for (size_t i = 0; i < kind->n_data; i++)
        memcpy(values[i].bytes, kind->data[i].initial, sizeof(kind->data[i].initial));
}

/* Attributes that no row knows are passed over, as the kernel does here. */
int rt_kind_read(const struct rt_kind *kind, const struct nlattr *attrs, bool is_new,
                 struct rt_value *values, struct err *e)
{
    const struct nlattr *a;
    int left;

    if (is_new)
        set_initial(kind, values);
    if (!attrs)
        return 0;
    attr_for_each_nested(a, attrs, left)
    {
        size_t i = find_row(kind, mnl_attr_get_type(a));

        if (i == kind->n_data)
            continue;
        if (mnl_attr_get_payload_len(a) < kind->data[i].len)
            return rt_refuse(e, ERANGE, "Attribute failed policy validation");
        memcpy(values[i].bytes, mnl_attr_get_payload(a), kind->data[i].len);
        values[i].is_set = true;
    }
    return 0;
}

static bool is_told(const struct rt_kind *kind, const struct rt_value *values, size_t i)
{
    const struct rt_data_row *row = &kind->data[i];
    const struct rt_value *with = row->with ? rt_value(kind, values, row->with) : NULL;

    switch (row->put) {
    case RT_PUT_ALWAYS: return true;
    case RT_PUT_SET: return values[i].is_set;
    case RT_PUT_WITH: return with && with->is_set;
    case RT_PUT_IF: return with && with->bytes[0] == row->value;
    }
    return false;
}

void rt_kind_put(struct nlmsghdr *msg, const struct rt_kind *kind, const struct rt_value *values)
{
    struct nlattr *nest;

    if (!kind->n_data)
        return;
    nest = msg_nest_begin(msg, IFLA_INFO_DATA);
    for (size_t i = 0; i < kind->n_data; i++) {
        const struct rt_data_row *row = &kind->data[i];

        if (is_told(kind, values, i))
            mnl_attr_put(msg, row->type, row->len, values[i].bytes);
    }
    mnl_attr_nest_end(msg, nest);
}
