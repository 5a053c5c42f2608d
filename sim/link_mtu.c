/* link_mtu.c - see link_mtu.h and device.h. Numbers are Linux 6.1's. SPDX-License-Identifier: Apache-2.0 */
#include "sim/device.h"

#include <errno.h>
#include <linux/if_tunnel.h>
#include <linux/ip6_tunnel.h>
#include <string.h>
#include <sys/socket.h>

#include "netlink/attr.h"
#include "sim/addr.h"
#include "sim/link_mtu.h"
#include "sim/route.h"

#define MTU_MIN      68
#define MTU_MAX      65535
#define IP6_LONGER   20         /* than IPv4, bytes of header */
#define LOWER_USUAL  1500       /* where no way to the far end is known */
#define LOWER_MOST   65535
#define ENCAP_LIMIT  8          /* an IPv6 option that GRE sends unless told not to */
#define GRE_OPTION   4          /* each of key, checksum, sequence number */
#define ERSPAN_2     4          /* more than version 1's header */

/* The attributes that name a far end, and what the kind's headers take off a device's MTU. */
static const struct {
    const char *kind;
    uint16_t remote4, remote6, link;
    uint16_t taken4, taken6;            /* of a lower device that is known, 0: as kind->mtu says */
    bool is_routed;                     /* the way to the far end counts, not just 'link' */
    uint32_t least;
} tunnels[] = {
    { "vxlan", IFLA_VXLAN_GROUP, IFLA_VXLAN_GROUP6, IFLA_VXLAN_LINK, 50, 70, false, 68 },
    { "geneve", IFLA_GENEVE_REMOTE, IFLA_GENEVE_REMOTE6, 0, 50, 70, true, 68 },
    { "gre", IFLA_GRE_REMOTE, 0, IFLA_GRE_LINK, 0, 0, true, 68 },
    { "gretap", IFLA_GRE_REMOTE, 0, IFLA_GRE_LINK, 0, 0, true, 68 },
    { "erspan", IFLA_GRE_REMOTE, 0, IFLA_GRE_LINK, 0, 0, true, 68 },
    { "ip6gre", 0, IFLA_GRE_REMOTE, IFLA_GRE_LINK, 0, 0, true, 1280 },
    { "ip6gretap", 0, IFLA_GRE_REMOTE, IFLA_GRE_LINK, 0, 0, true, 1280 },
    { "ip6erspan", 0, IFLA_GRE_REMOTE, IFLA_GRE_LINK, 0, 0, true, 1280 },
};

static const uint8_t *given(const struct device *d, uint16_t type)
{
    const struct rt_value *v = type ? rt_value(d->kind, d->data, type) : NULL;

    return v && v->is_set && !bytes_are(v->bytes, sizeof(v->bytes), 0) ? v->bytes : NULL;
}

static uint32_t number(const struct device *d, uint16_t type)
{
    const uint8_t *bytes = given(d, type);
    uint32_t n = 0;

    if (bytes)
        memcpy(&n, bytes, sizeof(n));
    return n;
}

/* The MTU of the device below, 0: none is known. */
static uint32_t lower_mtu(const struct device *d, size_t row)
{
    const uint8_t *remote4 = given(d, tunnels[row].remote4);
    const uint8_t *remote6 = given(d, tunnels[row].remote6), *remote = remote4 ? remote4 : remote6;
    int link = (int)number(d, tunnels[row].link);
    const struct rt_route *way =
        tunnels[row].is_routed && remote
            ? route_lookup(d->ns, remote4 ? AF_INET : AF_INET6, remote, link) : NULL;
    const struct device *below = device_by_index(d->ns, way ? way->oif : link);

    return below ? MIN(below->dev.mtu, LOWER_MOST) : 0;
}

/* What options of GRE take besides the kind's usual headers. */
static int options_taken(const struct device *d)
{
    const struct rt_value *version = rt_value(d->kind, d->data, IFLA_GRE_ERSPAN_VER);
    uint32_t flags = number(d, IFLA_GRE_OFLAGS);
    int taken = 0;

    if (version)
        return version->bytes[0] == 2 ? ERSPAN_2 : 0;
    for (size_t i = 0; i < 3; i++)
        if (flags & (uint32_t[]){ GRE_KEY, GRE_CSUM, GRE_SEQ }[i])
            taken += GRE_OPTION;
    if (rt_value(d->kind, d->data, IFLA_GRE_ENCAP_LIMIT) &&
        number(d, IFLA_GRE_FLAGS) & IP6_TNL_F_IGN_ENCAP_LIMIT)
        taken -= ENCAP_LIMIT;
    return taken;
}

static uint32_t tunnel_mtu(const struct device *d, size_t row)
{
    uint32_t lower = lower_mtu(d, row);
    int taken = given(d, tunnels[row].remote6) ? tunnels[row].taken6 : tunnels[row].taken4;

    if (d->kind->port_type && !lower)
        return d->kind->mtu;
    if (!d->kind->port_type)
        taken = (int)(LOWER_USUAL - d->kind->mtu) + options_taken(d);
    lower = lower ? lower : LOWER_USUAL;
    return MAX((uint32_t)MAX((int)lower - taken, 0), tunnels[row].least);
}

uint32_t link_mtu(const struct device *d)
{
    bool is_open = device_is_external(d) && !strcmp(d->kind->name, "geneve");

    if (is_open)        /* its way to nowhere leads over the loopback device */
        return device_max_mtu(d);
    for (size_t i = 0; i < G_N_ELEMENTS(tunnels); i++)
        if (!strcmp(tunnels[i].kind, d->kind->name))
            return tunnel_mtu(d, i);
    return d->kind->mtu;
}

/* ---- bounds and changes ---------------------------------------------------------------------- */

uint32_t device_min_mtu(const struct device *d)
{
    if (d->dev.kind == NETDEV_LOOPBACK)
        return 0;
    return d->kind ? d->kind->min_mtu : MTU_MIN;
}

/* geneve leaves room for an IPv6 header unless its far end is told to be IPv4. */
static bool is_geneve_ip4(const struct device *d)
{
    const struct rt_value *remote = rt_value(d->kind, d->data, IFLA_GENEVE_REMOTE);

    return !strcmp(d->kind->name, "geneve") && remote && remote->is_set;
}

uint32_t device_max_mtu(const struct device *d)
{
    if (d->dev.kind == NETDEV_LOOPBACK)
        return 0;
    if (d->kind && is_geneve_ip4(d))
        return d->kind->max_mtu + IP6_LONGER;
    return d->kind ? d->kind->max_mtu : MTU_MAX;
}

/* Of a tunnel over IP alone; its bounds are not told but looked at. */
static uint32_t headers_len(const struct device *d)
{
    return LOWER_USUAL - d->kind->mtu;
}

int device_set_mtu(struct device *d, uint32_t mtu, struct err *e)
{
    uint32_t most = device_max_mtu(d);
    bool had_inet6;

    if (mtu < device_min_mtu(d) || mtu > INT32_MAX)     /* a signed number there */
        return rt_refuse(e, EINVAL, "mtu less than device minimum");
    if (most && mtu > most)
        return rt_refuse(e, EINVAL, "mtu greater than device maximum");
    if (d->dev.mtu == mtu)
        return 0;
    if (d->kind && d->kind->local_type && (mtu < MTU_MIN || mtu > MTU_MAX - headers_len(d)))
        return err_set(e, EINVAL, "%s: no tunnel's MTU", d->dev.name);
    had_inet6 = device_has_inet6(d);
    d->dev.mtu = mtu;
    device_event(d, 0);
    if (had_inet6 && !device_has_inet6(d))
        addr_dev_inet6_gone(d);
    else if (!had_inet6)
        addr_dev_up(d);
    return 0;
}
