/* client_ethtool.c - what drivers say of themselves and their links: SIOCETHTOOL, a row for each driver.
 * As Linux 6.1 answers it for devices that are no hardware.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/ethtool.h>
#include <net/if.h>
#include <string.h>

#include "dp/profile.h"
#include "sim/client_int.h"
#include "sim/device.h"

enum driver_link { NO_LINK, HAS_LINK, HAS_SPEED };      /* what it tells: each more than the one before */

static const struct driver {
    const char *name;
    const char *version;        /* NULL: the kernel's release */
    enum driver_link link;
    uint32_t speed;             /* Mbit/s */
    uint8_t duplex, port;
    uint32_t flags;             /* ETH_FLAG_* */
} drivers[] = {
    { "veth", "1.0", HAS_SPEED, SPEED_10000, DUPLEX_FULL, PORT_TP, ETH_FLAG_TXVLAN | ETH_FLAG_RXVLAN },
    { "openvswitch", NULL, HAS_LINK, .flags = ETH_FLAG_TXVLAN },
    { "vxlan", "0.1", HAS_SPEED, (uint32_t)SPEED_UNKNOWN, DUPLEX_UNKNOWN, PORT_OTHER },
    { "geneve", "0.6", HAS_LINK },
    { "dummy", NULL, NO_LINK },
    { "gre", NULL, NO_LINK },
    { "gretap", NULL, NO_LINK },
    { "ip6gre", NULL, NO_LINK },
    { "ip6gretap", NULL, NO_LINK },
};

static const char *driver_name(const struct device *d)
{
    static const char *const by_kind[N_NETDEV_KINDS] = {
        [NETDEV_VIRTUAL] = "veth",
        [NETDEV_INTERNAL] = "openvswitch",
    };

    return d->kind ? d->kind->name : by_kind[d->dev.kind];
}

/* NULL: loopback, which has none. */
static const struct driver *driver_of(const struct device *d)
{
    const char *name = driver_name(d);

    for (size_t i = 0; name && i < G_N_ELEMENTS(drivers); i++) {
        if (!strcmp(drivers[i].name, name))
            return &drivers[i];
    }
    return NULL;
}

static int get_drvinfo(const struct device *d, const struct driver *driver, struct proto_if *io)
{
    if (!driver)
        return -EOPNOTSUPP;
    g_strlcpy(io->text, driver->name, sizeof(io->text));
    g_strlcpy(io->version,
              driver->version ? driver->version : dp_world_profile(d->ns->sim->dp)->release,
              sizeof(io->version));
    return 0;
}

static int get_settings(const struct device *d, const struct driver *driver, struct proto_if *io)
{
    (void)d;
    if (!driver || driver->link < HAS_SPEED)
        return -EOPNOTSUPP;
    io->value = driver->speed;
    io->duplex = driver->duplex;
    io->port = driver->port;
    return 0;
}

static int get_link(const struct device *d, const struct driver *driver, struct proto_if *io)
{
    if (driver && driver->link < HAS_LINK)
        return -EOPNOTSUPP;
    io->value = (device_flags(d) & IFF_UP) && d->dev.has_carrier;
    return 0;
}

static int get_flags(const struct device *d, const struct driver *driver, struct proto_if *io)
{
    (void)d;
    io->value = driver ? driver->flags : 0;
    return 0;
}

static const struct command {
    uint32_t cmd;               /* ETHTOOL_* */
    int (*run)(const struct device *d, const struct driver *driver, struct proto_if *io);
} commands[] = {
    { ETHTOOL_GDRVINFO, get_drvinfo },
    { ETHTOOL_GSET,     get_settings },
    { ETHTOOL_GLINK,    get_link },
    { ETHTOOL_GFLAGS,   get_flags },
};

int client_ethtool(struct device *d, struct proto_if *io)
{
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (commands[i].cmd == io->value)
            return commands[i].run(d, driver_of(d), io);
    }
    return -EOPNOTSUPP;
}
