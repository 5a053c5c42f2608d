/* client_if.c - interface ioctls, by rows: what programs ask about devices besides netlink.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <string.h>

#include "sim/client_int.h"
#include "sim/device.h"

#define TX_QUEUE_LEN 1000       /* the kernel's default for Ethernet devices and "lo" */

static int get_flags(struct device *d, struct proto_if *io)
{
    io->value = device_flags(d);
    return 0;
}

static int set_flags(struct device *d, struct proto_if *io)
{
    device_set_flags(d, io->value);
    return 0;
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

static uint16_t hw_type(const struct device *d)
{
    return d->dev.kind == NETDEV_LOOPBACK ? ARPHRD_LOOPBACK : ARPHRD_ETHER;
}

static int get_hwaddr(struct device *d, struct proto_if *io)
{
    io->hw_type = hw_type(d);
    memcpy(io->mac, d->dev.mac, sizeof(io->mac));
    return 0;
}

static int set_hwaddr(struct device *d, struct proto_if *io)
{
    if (io->hw_type != hw_type(d))
        return -EINVAL;
    if (d->dev.kind == NETDEV_LOOPBACK)
        return -EOPNOTSUPP;
    if (io->mac[0] & 1)
        return -EADDRNOTAVAIL;
    memcpy(d->dev.mac, io->mac, sizeof(d->dev.mac));
    return 0;
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
    (void)d;
    io->value = TX_QUEUE_LEN;
    return 0;
}

static const char *const drivers[N_NETDEV_KINDS] = {
    [NETDEV_VIRTUAL] = "veth",
    [NETDEV_INTERNAL] = "openvswitch",
};

static int ethtool(struct device *d, struct proto_if *io)
{
    const char *driver = drivers[d->dev.kind];

    if (io->value == ETHTOOL_GDRVINFO && driver) {
        g_strlcpy(io->text, driver, sizeof(io->text));
        return 0;
    }
    if (io->value == ETHTOOL_GLINK) {
        io->value = d->dev.has_carrier;
        return 0;
    }
    return -EOPNOTSUPP;
}

static const struct row {
    uint32_t cmd;
    bool by_index;              /* the device is named by ifindex */
    int (*run)(struct device *d, struct proto_if *io);
} rows[] = {
    { SIOCGIFFLAGS,    false, get_flags },
    { SIOCSIFFLAGS,    false, set_flags },
    { SIOCGIFINDEX,    false, get_index },
    { SIOCGIFNAME,     true,  get_name },
    { SIOCGIFHWADDR,   false, get_hwaddr },
    { SIOCSIFHWADDR,   false, set_hwaddr },
    { SIOCGIFMTU,      false, get_mtu },
    { SIOCSIFMTU,      false, set_mtu },
    { SIOCGIFTXQLEN,   false, get_tx_queue },
    { SIOCETHTOOL,     false, ethtool },
};

int client_ioctl(struct sim_ns *ns, uint32_t cmd, struct proto_if *io)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct device *d;

        if (rows[i].cmd != cmd)
            continue;
        d = rows[i].by_index ? device_by_index(ns, io->ifindex) : device_by_name(ns, io->name);
        return d ? rows[i].run(d, io) : -ENODEV;
    }
    return -EINVAL;
}

/* "lo" alone has an IPv4 address, and only while it is up. */
void client_if_list(const struct sim_ns *ns, GByteArray *out)
{
    for (guint i = 0; i < ns->devices->len; i++) {
        const struct device *d = g_ptr_array_index(ns->devices, i);
        struct proto_if io = { .ifindex = d->dev.ifindex, .value = device_flags(d) };

        g_strlcpy(io.name, d->dev.name, sizeof(io.name));
        io.hw_type = hw_type(d);
        memcpy(io.mac, d->dev.mac, sizeof(io.mac));
        if (d->dev.kind == NETDEV_LOOPBACK && d->dev.is_up)
            io.ipv4 = htonl(INADDR_LOOPBACK);
        g_byte_array_append(out, (const guint8 *)&io, sizeof(io));
    }
}
