/* rt_link_put.c - RTM_NEWLINK as Linux 6.1 answers it: one row for each attribute, in its order.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <sys/socket.h>

#include "netlink/rt_int.h"

#define GRO_MOST      65536
#define SEGS_MOST     65535
#define GEN_MODE_EUI64 0
#define INET6_READY    0x80000000u

static void put_name(struct nlmsghdr *msg, const struct rt_link *l)
{
    mnl_attr_put_strz(msg, IFLA_IFNAME, l->name);
}

static void put_link(struct nlmsghdr *msg, const struct rt_link *l)
{
    if (l->link >= 0)
        mnl_attr_put_u32(msg, IFLA_LINK, (uint32_t)l->link);
}

static void put_master(struct nlmsghdr *msg, const struct rt_link *l)
{
    if (l->master)
        mnl_attr_put_u32(msg, IFLA_MASTER, (uint32_t)l->master);
}

static void put_qdisc(struct nlmsghdr *msg, const struct rt_link *l)
{
    mnl_attr_put_strz(msg, IFLA_QDISC, l->qdisc);
}

static void put_alias(struct nlmsghdr *msg, const struct rt_link *l)
{
    if (l->alias)
        mnl_attr_put_strz(msg, IFLA_IFALIAS, l->alias);
}

static void put_map(struct nlmsghdr *msg, const struct rt_link *l)
{
    const struct rtnl_link_ifmap map = { 0 };

    (void)l;
    mnl_attr_put(msg, IFLA_MAP, sizeof(map), &map);
}

static void put_addrs(struct nlmsghdr *msg, const struct rt_link *l)
{
    if (!l->addr_len)
        return;
    mnl_attr_put(msg, IFLA_ADDRESS, l->addr_len, l->addr);
    mnl_attr_put(msg, IFLA_BROADCAST, l->addr_len, l->broadcast);
}

/* The older struct has the same counters in 32 bits. */
static void put_stats(struct nlmsghdr *msg, const struct rt_link *l)
{
    uint64_t wide[sizeof(struct rtnl_link_stats) / sizeof(uint32_t)];
    uint32_t narrow[G_N_ELEMENTS(wide)];

    mnl_attr_put(msg, IFLA_STATS64, sizeof(l->stats), &l->stats);
    memcpy(wide, &l->stats, sizeof(wide));
    for (size_t i = 0; i < G_N_ELEMENTS(wide); i++)
        narrow[i] = (uint32_t)wide[i];
    mnl_attr_put(msg, IFLA_STATS, sizeof(narrow), narrow);
}

static void put_xdp(struct nlmsghdr *msg, const struct rt_link *l)
{
    struct nlattr *nest = msg_nest_begin(msg, IFLA_XDP);

    (void)l;
    mnl_attr_put_u8(msg, IFLA_XDP_ATTACHED, XDP_ATTACHED_NONE);
    mnl_attr_nest_end(msg, nest);
}

static void put_info(struct nlmsghdr *msg, const struct rt_link *l)
{
    const char *name = l->kind ? l->kind->name : l->kind_name;
    struct nlattr *nest;

    if (!name && !l->slave_kind)
        return;
    nest = msg_nest_begin(msg, IFLA_LINKINFO);
    if (name)
        mnl_attr_put_strz(msg, IFLA_INFO_KIND, name);
    if (l->kind)
        rt_kind_put(msg, l->kind, l->data);
    if (l->slave_kind)
        mnl_attr_put_strz(msg, IFLA_INFO_SLAVE_KIND, l->slave_kind);
    mnl_attr_nest_end(msg, nest);
}

static void put_link_nsid(struct nlmsghdr *msg, const struct rt_link *l)
{
    if (l->link_nsid >= 0)
        mnl_attr_put_u32(msg, IFLA_LINK_NETNSID, (uint32_t)l->link_nsid);
}

static void put_permanent(struct nlmsghdr *msg, const struct rt_link *l)
{
    if (!bytes_are(l->permanent, sizeof(l->permanent), 0))
        mnl_attr_put(msg, IFLA_PERM_ADDRESS, l->addr_len, l->permanent);
}

static void put_af_spec(struct nlmsghdr *msg, const struct rt_link *l)
{
    struct nlattr *nest = msg_nest_begin(msg, IFLA_AF_SPEC), *inet6;

    if (!l->has_inet6) {
        mnl_attr_nest_end(msg, nest);
        return;
    }
    inet6 = msg_nest_begin(msg, AF_INET6);
    mnl_attr_put_u32(msg, IFLA_INET6_FLAGS, l->flags & IFF_UP ? INET6_READY : 0);
    mnl_attr_put_u8(msg, IFLA_INET6_ADDR_GEN_MODE, GEN_MODE_EUI64);
    mnl_attr_nest_end(msg, inet6);
    mnl_attr_nest_end(msg, nest);
}

/* A number: 'size' bytes of the value at 'offset' in struct rt_link, or a constant. */
struct row {
    uint16_t type;
    uint8_t size;                       /* on the wire: 1 or 4; 0: 'put' */
    size_t offset;                      /* of an unsigned of 4 bytes; 0: 'constant' */
    uint32_t constant;
    void (*put)(struct nlmsghdr *msg, const struct rt_link *l);
};

#define AT(member) offsetof(struct rt_link, member)
#define HOOK(put)  0, 0, 0, put

/* clang-format off */
static const struct row rows[] = {
    { 0, HOOK(put_name) },
    { IFLA_TXQLEN,             4, AT(txqlen), 0, NULL },
    { IFLA_OPERSTATE,          1, AT(operstate), 0, NULL },
    { IFLA_LINKMODE,           1, 0, 0, NULL },
    { IFLA_MTU,                4, AT(mtu), 0, NULL },
    { IFLA_MIN_MTU,            4, AT(min_mtu), 0, NULL },
    { IFLA_MAX_MTU,            4, AT(max_mtu), 0, NULL },
    { IFLA_GROUP,              4, AT(group), 0, NULL },
    { IFLA_PROMISCUITY,        4, AT(promiscuity), 0, NULL },
    { IFLA_ALLMULTI,           4, AT(allmulti), 0, NULL },
    { IFLA_NUM_TX_QUEUES,      4, AT(n_tx_queues), 0, NULL },
    { IFLA_GSO_MAX_SEGS,       4, AT(gso_max_segs), 0, NULL },
    { IFLA_GSO_MAX_SIZE,       4, AT(gso_max_size), 0, NULL },
    { IFLA_GRO_MAX_SIZE,       4, 0, GRO_MOST, NULL },
    { IFLA_TSO_MAX_SIZE,       4, AT(tso_max_size), 0, NULL },
    { IFLA_TSO_MAX_SEGS,       4, 0, SEGS_MOST, NULL },
    { IFLA_NUM_RX_QUEUES,      4, AT(n_rx_queues), 0, NULL },
    { 0, HOOK(put_master) },
    { IFLA_CARRIER,            1, AT(has_carrier), 0, NULL },
    { 0, HOOK(put_qdisc) },
    { 0, HOOK(put_alias) },
    { IFLA_CARRIER_CHANGES,    4, 0, 0, NULL },
    { IFLA_CARRIER_UP_COUNT,   4, AT(n_up), 0, NULL },
    { IFLA_CARRIER_DOWN_COUNT, 4, AT(n_down), 0, NULL },
    { IFLA_PROTO_DOWN,         1, 0, 0, NULL },
    { 0, HOOK(put_map) },
    { 0, HOOK(put_addrs) },
    { IFLA_STATS64, HOOK(put_stats) },
    { 0, HOOK(put_xdp) },
    { 0, HOOK(put_info) },
    { 0, HOOK(put_link_nsid) },
    { 0, HOOK(put_link) },
    { 0, HOOK(put_permanent) },
    { 0, HOOK(put_af_spec) },
};
/* clang-format on */

static uint32_t value_of(const struct row *row, const struct rt_link *l)
{
    uint32_t value = row->constant;

    if (row->type == IFLA_CARRIER_CHANGES)
        return l->n_up + l->n_down;
    if (row->offset)
        memcpy(&value, (const uint8_t *)l + row->offset, row->size);
    return value;
}

void rt_link_put(struct nlmsghdr *msg, const struct rt_link *link, uint32_t ext_mask)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const struct row *row = &rows[i];
        uint32_t value = value_of(row, link);

        if (row->type == IFLA_STATS64 && ext_mask & RTEXT_FILTER_SKIP_STATS)
            continue;
        if (row->put)
            row->put(msg, link);
        else
            mnl_attr_put(msg, row->type, row->size, &value);
    }
}

void rt_link_header(const struct rt_link *link, unsigned change, struct ifinfomsg *ifi)
{
    *ifi = (struct ifinfomsg){
        .ifi_type = link->hw_type,
        .ifi_index = link->ifindex,
        .ifi_flags = link->flags,
        .ifi_change = change,
    };
}
