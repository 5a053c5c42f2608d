/* client_if.c - interface ioctls, by rows: what programs ask about devices besides netlink.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/sockios.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <string.h>

#include "base/bytes.h"
#include "sim/addr.h"
#include "sim/client_int.h"
#include "sim/device.h"
#include "sim/neigh.h"

static int get_flags(struct device *d, struct proto_if *io)
{
    io->value = device_flags(d);
    return 0;
}

static int set_flags(struct device *d, struct proto_if *io)
{
    return device_change_flags(d, io->value, NULL);
}

static int get_index(struct device *d, struct proto_if *io)
{
    io->ifindex = d->dev.ifindex;
    return 0;
}

static int get_name(struct device *d, struct proto_if *io)
{
    g_strlcpy(io->name, d->dev.name, sizeof(io->name));
    return 0;
}

/* As much of the address as there is room for. */
static int get_hwaddr(struct device *d, struct proto_if *io)
{
    struct rt_link link;

    device_view(d, &link);
    io->hw_type = link.hw_type;
    memcpy(io->mac, link.addr, sizeof(io->mac));
    return 0;
}

static int set_hwaddr(struct device *d, struct proto_if *io)
{
    if (io->hw_type != device_hw_type(d))
        return -EINVAL;
    return device_set_mac(d, io->mac, NULL);
}

static int get_mtu(struct device *d, struct proto_if *io)
{
    io->value = d->dev.mtu;
    return 0;
}

static int set_mtu(struct device *d, struct proto_if *io)
{
    return device_set_mtu(d, io->value, NULL);
}

static int get_tx_queue(struct device *d, struct proto_if *io)
{
    io->value = d->txqlen;
    return 0;
}

static int set_tx_queue(struct device *d, struct proto_if *io)
{
    if ((int)io->value < 0)
        return -EINVAL;
    if (d->txqlen != io->value) {
        d->txqlen = io->value;
        device_event(d, 0);
    }
    return 0;
}

static int get_zero(struct device *d, struct proto_if *io)
{
    (void)d;
    io->value = 0;
    return 0;
}

static int set_name(struct device *d, struct proto_if *io)
{
    io->text[sizeof(io->text) - 1] = '\0';
    return strlen(io->text) < IFNAMSIZ ? device_rename(d, io->text, NULL) : -EINVAL;
}

static int unsupported(struct device *d, struct proto_if *io)
{
    (void)d;
    (void)io;
    return -EOPNOTSUPP;
}

static int invalid(struct device *d, struct proto_if *io)
{
    (void)d;
    (void)io;
    return -EINVAL;
}

/* ---- IPv4 ------------------------------------------------------------------------------------ */

/* By the label that was asked for, else the device's first. */
static const struct rt_addr *addr_of(const struct device *d, const char *label)
{
    for (guint i = 0; i < d->ns->addrs->len; i++) {
        const struct rt_addr *a = g_ptr_array_index(d->ns->addrs, i);

        if (a->family == AF_INET && a->ifindex == d->dev.ifindex && !strcmp(a->label, label))
            return a;
    }
    return strchr(label, ':') ? NULL : addr_source(d->ns, AF_INET, d->dev.ifindex);
}

static int get_addr(struct device *d, struct proto_if *io)
{
    const struct rt_addr *a = addr_of(d, io->name);

    if (!a)
        return -EADDRNOTAVAIL;
    memcpy(&io->ipv4, a->local, sizeof(io->ipv4));
    return 0;
}

static int get_peer(struct device *d, struct proto_if *io)
{
    const struct rt_addr *a = addr_of(d, io->name);

    if (!a)
        return -EADDRNOTAVAIL;
    memcpy(&io->ipv4, a->peer, sizeof(io->ipv4));
    return 0;
}

static int get_broadcast(struct device *d, struct proto_if *io)
{
    const struct rt_addr *a = addr_of(d, io->name);

    if (!a)
        return -EADDRNOTAVAIL;
    memcpy(&io->ipv4, a->broadcast, sizeof(io->ipv4));
    return 0;
}

static uint32_t mask_of(const struct rt_addr *a)
{
    return a->prefix_len ? UINT32_MAX << (32 - a->prefix_len) : 0;
}

static int get_mask(struct device *d, struct proto_if *io)
{
    const struct rt_addr *a = addr_of(d, io->name);

    if (!a)
        return -EADDRNOTAVAIL;
    io->ipv4 = htonl(mask_of(a));
    return 0;
}

/* ---- IPv4, set: devinet_ioctl ------------------------------------------------------------------ */

/* Bits of the network in the days of classes; -1: a group's address. */
static int class_len(uint32_t ip)
{
    if (!(ip >> 24) || ip == UINT32_MAX)
        return 0;
    if (!(ip >> 31))
        return 8;
    if (ip >> 30 == 2)
        return 16;
    if (ip >> 29 == 6)
        return 24;
    return ip >> 28 == 14 ? -1 : 32;
}

/* The broadcast address that follows from address and mask. */
static void set_natural_broadcast(struct rt_addr *a)
{
    be32_put(a->broadcast, be32_get(a->local) | ~mask_of(a));
    a->has_broadcast = true;
}

static bool has_natural_broadcast(const struct rt_addr *a)
{
    return be32_get(a->broadcast) == (be32_get(a->local) | ~mask_of(a));
}

static const struct rt_addr *labelled(const struct device *d, const char *label)
{
    const struct rt_addr *a = addr_of(d, label);

    return a && !strcmp(a->label, label) ? a : NULL;
}

/* 'a' takes the place of 'old' (NULL: none); 0.0.0.0 of nothing. */
static int replace_addr(struct device *d, const struct rt_addr *old, const struct rt_addr *a)
{
    struct rt_addr gone;

    if (old) {
        gone = *old;
        (void)addr_del(d->ns, &gone, NULL, NULL);
    }
    return be32_get(a->local) ? addr_add(d->ns, a, NLM_F_CREATE, NULL, NULL) : 0;
}

static int set_addr(struct device *d, struct proto_if *io)
{
    const struct rt_addr *old = labelled(d, io->name);
    uint32_t ip = ntohl(io->ipv4);
    struct rt_addr a = {
        .family = AF_INET, .ifindex = d->dev.ifindex, .valid = UINT32_MAX, .preferred = UINT32_MAX,
        .scope = ip >> 24 == 127 ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE,
    };

    if (class_len(ip) < 0)
        return -EINVAL;
    if (old && be32_get(old->local) == ip)
        return 0;
    g_strlcpy(a.label, io->name, sizeof(a.label));
    be32_put(a.local, ip);
    be32_put(a.peer, ip);
    a.prefix_len = device_flags(d) & IFF_POINTOPOINT ? 32 : (uint8_t)class_len(ip);
    if (device_flags(d) & IFF_BROADCAST && a.prefix_len < 31)
        set_natural_broadcast(&a);
    return replace_addr(d, old, &a);
}

static int set_peer(struct device *d, struct rt_addr *a, uint32_t ip)
{
    (void)d;
    if (be32_get(a->peer) != ip && class_len(ip) < 0)
        return -EINVAL;
    be32_put(a->peer, ip);
    return 0;
}

static int set_broadcast(struct device *d, struct rt_addr *a, uint32_t ip)
{
    (void)d;
    be32_put(a->broadcast, ip);
    a->has_broadcast = ip != 0;
    return 0;
}

/* A broadcast address that was chosen by hand stays. */
static int set_mask(struct device *d, struct rt_addr *a, uint32_t mask)
{
    bool follows = device_flags(d) & IFF_BROADCAST && has_natural_broadcast(a);

    if (~mask & (~mask + 1))
        return -EINVAL;
    a->prefix_len = (uint8_t)__builtin_popcount(mask);
    if (follows && a->prefix_len < 31)
        set_natural_broadcast(a);
    return 0;
}

/* Changes one part of an address that is there. */
static int change_addr(struct device *d, struct proto_if *io,
                       int (*change)(struct device *d, struct rt_addr *a, uint32_t ip))
{
    const struct rt_addr *old = labelled(d, io->name);
    struct rt_addr a;
    int err;

    if (!old)
        return -EADDRNOTAVAIL;
    a = *old;
    err = change(d, &a, ntohl(io->ipv4));
    if (err || !memcmp(&a, old, sizeof(a)))
        return err;
    return replace_addr(d, old, &a);
}

static int change_peer(struct device *d, struct proto_if *io)
{
    return change_addr(d, io, set_peer);
}

static int change_broadcast(struct device *d, struct proto_if *io)
{
    return change_addr(d, io, set_broadcast);
}

static int change_mask(struct device *d, struct proto_if *io)
{
    return change_addr(d, io, set_mask);
}

/* The neighbour 'ipv4' of the device, as SIOCGARP tells it. */
static int get_arp(struct device *d, struct proto_if *io)
{
    const struct rt_neigh *n =
        neigh_lookup(d->ns, AF_INET, d->dev.ifindex, (const uint8_t *)&io->ipv4);

    if (!n || n->state & NUD_NOARP)
        return -ENXIO;
    io->value = n->state & (NUD_PERMANENT | NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE) ? ATF_COM : 0;
    io->value |= n->state & NUD_PERMANENT ? ATF_PERM : 0;
    io->hw_type = device_hw_type(d);
    memcpy(io->mac, n->hw, sizeof(io->mac));
    return 0;
}

enum { ASKS, CHANGES, CHANGES_ADDR };       /* CHANGES_ADDR: to what 'ipv4' says; 'value' is the family */

static const struct row {
    uint32_t cmd;
    bool by_index;              /* the device is named by ifindex */
    uint8_t effect;
    int (*run)(struct device *d, struct proto_if *io);
} rows[] = {
    { SIOCGIFFLAGS,    false, ASKS,         get_flags },
    { SIOCSIFFLAGS,    false, CHANGES,      set_flags },
    { SIOCGIFINDEX,    false, ASKS,         get_index },
    { SIOCGIFNAME,     true,  ASKS,         get_name },
    { SIOCGIFHWADDR,   false, ASKS,         get_hwaddr },
    { SIOCSIFHWADDR,   false, CHANGES,      set_hwaddr },
    { SIOCGIFMTU,      false, ASKS,         get_mtu },
    { SIOCSIFMTU,      false, CHANGES,      set_mtu },
    { SIOCGIFTXQLEN,   false, ASKS,         get_tx_queue },
    { SIOCSIFTXQLEN,   false, CHANGES,      set_tx_queue },
    { SIOCGIFMETRIC,   false, ASKS,         get_zero },
    { SIOCSIFMETRIC,   false, ASKS,         unsupported },
    { SIOCGIFMAP,      false, ASKS,         get_zero },
    { SIOCSIFNAME,     false, CHANGES,      set_name },
    { SIOCGIFSLAVE,    false, ASKS,         invalid },
    { SIOCGMIIPHY,     false, ASKS,         unsupported },
    { SIOCGMIIREG,     false, ASKS,         unsupported },
    { SIOCSMIIREG,     false, ASKS,         unsupported },
    { SIOCGHWTSTAMP,   false, ASKS,         unsupported },
    { SIOCSHWTSTAMP,   false, ASKS,         unsupported },
    { SIOCBONDENSLAVE, false, ASKS,         unsupported },
    { SIOCBONDRELEASE, false, ASKS,         unsupported },
    { SIOCGIFADDR,     false, ASKS,         get_addr },
    { SIOCGIFDSTADDR,  false, ASKS,         get_peer },
    { SIOCGIFBRDADDR,  false, ASKS,         get_broadcast },
    { SIOCGIFNETMASK,  false, ASKS,         get_mask },
    { SIOCSIFADDR,     false, CHANGES_ADDR, set_addr },
    { SIOCSIFDSTADDR,  false, CHANGES_ADDR, change_peer },
    { SIOCSIFBRDADDR,  false, CHANGES_ADDR, change_broadcast },
    { SIOCSIFNETMASK,  false, CHANGES_ADDR, change_mask },
    { SIOCGARP,        false, ASKS,         get_arp },
};

static const struct row *row_of(uint32_t cmd)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (rows[i].cmd == cmd)
            return &rows[i];
    return NULL;
}

bool client_ioctl_changes(uint32_t cmd)
{
    const struct row *row = row_of(cmd);

    return row && row->effect != ASKS;
}

/* An IPv4 address's label names its device, too. */
static struct device *by_name(const struct sim_ns *ns, const char *label)
{
    char name[IFNAMSIZ];

    g_strlcpy(name, label, sizeof(name));
    name[strcspn(name, ":")] = '\0';
    return device_by_name(ns, name);
}

int client_ioctl(struct sim_ns *ns, uint32_t cmd, struct proto_if *io)
{
    const struct row *row = row_of(cmd);
    struct device *d;

    if (!row || (row->effect == CHANGES_ADDR && io->value != AF_INET))
        return -EINVAL;
    d = row->by_index ? device_by_index(ns, io->ifindex) : by_name(ns, io->name);
    return d ? row->run(d, io) : -ENODEV;
}

/* With a device's first IPv4 address. */
void client_if_list(const struct sim_ns *ns, GByteArray *out)
{
    for (guint i = 0; i < ns->devices->len; i++) {
        const struct device *d = g_ptr_array_index(ns->devices, i);
        struct proto_if io = { .ifindex = d->dev.ifindex, .value = device_flags(d) };
        const struct rt_addr *addr;

        g_strlcpy(io.name, d->dev.name, sizeof(io.name));
        io.hw_type = device_hw_type(d);
        memcpy(io.mac, d->dev.mac, sizeof(io.mac));
        addr = addr_source(ns, AF_INET, d->dev.ifindex);
        if (addr)
            memcpy(&io.ipv4, addr->local, sizeof(io.ipv4));
        g_byte_array_append(out, (const guint8 *)&io, sizeof(io));
    }
}

/* ---- getifaddrs ------------------------------------------------------------------------------ */

static void put_link(const struct device *d, GByteArray *out)
{
    struct proto_addr a = { .family = AF_PACKET };
    struct rt_link link;

    device_view(d, &link);
    memcpy(a.name, link.name, sizeof(a.name));
    a.ifindex = link.ifindex;
    a.flags = link.flags;
    a.hw_type = link.hw_type;
    a.len = link.addr_len;
    memcpy(a.addr, link.addr, sizeof(a.addr));
    memcpy(a.broadcast, link.broadcast, sizeof(a.broadcast));
    for (size_t i = 0; i < G_N_ELEMENTS(a.stats); i++)
        a.stats[i] = (uint32_t)((const uint64_t *)&d->dev.stats)[i];
    g_byte_array_append(out, (const guint8 *)&a, sizeof(a));
}

static void put_addr(const struct sim_ns *ns, const struct rt_addr *ip, GByteArray *out)
{
    const struct device *d = device_by_index(ns, ip->ifindex);
    struct proto_addr a = {
        .ifindex = ip->ifindex,
        .family = ip->family,
        .len = ip->prefix_len,
        .has_broadcast = ip->has_broadcast,
    };

    a.flags = d ? device_flags(d) : 0;
    g_strlcpy(a.name, ip->label[0] || !d ? ip->label : d->dev.name, sizeof(a.name));
    memcpy(a.addr, ip->local, sizeof(a.addr));
    memcpy(a.broadcast, ip->broadcast, sizeof(ip->broadcast));
    g_byte_array_append(out, (const guint8 *)&a, sizeof(a));
}

void client_if_addrs(const struct sim_ns *ns, GByteArray *out)
{
    for (guint i = 0; i < ns->devices->len; i++)
        put_link(g_ptr_array_index(ns->devices, i), out);
    for (guint i = 0; i < ns->addrs->len; i++)
        put_addr(ns, g_ptr_array_index(ns->addrs, i), out);
}
