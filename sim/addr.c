/* addr.c - see addr.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/addr.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "sim/device.h"
#include "sim/neigh.h"
#include "sim/route.h"

#define METRIC_IP6_OWN 256
#define FOR_EVER       UINT32_MAX

GPtrArray *addr_list_new(void)
{
    return g_ptr_array_new_with_free_func(g_free);
}

static struct rt_addr *addr_at(const struct sim_ns *ns, guint i)
{
    return g_ptr_array_index(ns->addrs, i);
}

bool addr_in_prefix(const uint8_t *ip, const uint8_t *prefix, unsigned len)
{
    unsigned rest = len % 8;

    if (memcmp(ip, prefix, len / 8))
        return false;
    return !rest || !((ip[len / 8] ^ prefix[len / 8]) >> (8 - rest));
}

const struct rt_addr *addr_find(const struct sim_ns *ns, uint8_t family, const uint8_t *ip)
{
    for (guint i = 0; i < ns->addrs->len; i++) {
        const struct rt_addr *a = addr_at(ns, i);

        if (a->family == family && !memcmp(a->local, ip, rt_ip_len(family)))
            return a;
    }
    return NULL;
}

/* Within a device's addresses those of wider scope come first. */
const struct rt_addr *addr_source(const struct sim_ns *ns, uint8_t family, int ifindex)
{
    for (guint i = 0; i < ns->addrs->len; i++) {
        const struct rt_addr *a = addr_at(ns, i);

        if (a->family == family && a->ifindex == ifindex)
            return a;
    }
    return NULL;
}

/* ---- routes of an address -------------------------------------------------------------------- */

typedef void route_fn(struct sim_ns *ns, const struct rt_route *r);

static void mask(uint8_t *ip, unsigned len)
{
    for (unsigned bit = len; bit < 8 * RT_IP_LEN; bit++)
        ip[bit / 8] &= (uint8_t)~(0x80 >> bit % 8);
}

static struct rt_route route_of(const struct rt_addr *a, uint8_t type, const uint8_t *dst,
                                unsigned len)
{
    bool is_ip4 = a->family == AF_INET, is_ours = type == RTN_LOCAL || type == RTN_BROADCAST;
    struct rt_route r = {
        .family = a->family,
        .dst_len = (uint8_t)len,
        .protocol = RTPROT_KERNEL,
        .type = type,
        .table = is_ours ? RT_TABLE_LOCAL : RT_TABLE_MAIN,
        .oif = a->ifindex,
        .has_prefsrc = is_ip4,
    };

    if (is_ip4)
        r.scope = type == RTN_LOCAL ? RT_SCOPE_HOST : RT_SCOPE_LINK;
    else if (type == RTN_UNICAST)
        r.priority = METRIC_IP6_OWN;
    memcpy(r.dst, dst, sizeof(r.dst));
    mask(r.dst, len);
    if (is_ip4)
        memcpy(r.prefsrc, a->local, sizeof(r.prefsrc));
    return r;
}

/* IPv4: the address itself, its network, the network's broadcast address. */
static void each_ip4_route(struct sim_ns *ns, const struct rt_addr *a, bool is_lo, route_fn *fn)
{
    struct rt_route r = route_of(a, RTN_LOCAL, a->local, 32);
    uint8_t last[RT_IP_LEN];

    fn(ns, &r);
    if (a->flags & IFA_F_SECONDARY)
        return;
    if (a->prefix_len < 32 && !(a->flags & IFA_F_NOPREFIXROUTE)) {
        r = route_of(a, is_lo ? RTN_LOCAL : RTN_UNICAST, a->peer, a->prefix_len);
        r.priority = a->priority;
        fn(ns, &r);
    }
    if (a->prefix_len >= 31)
        return;
    memcpy(last, a->peer, sizeof(last));
    for (unsigned bit = a->prefix_len; bit < 32; bit++)
        last[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
    r = route_of(a, RTN_BROADCAST, last, 32);
    fn(ns, &r);
}

static void each_ip6_route(struct sim_ns *ns, const struct rt_addr *a, route_fn *fn)
{
    struct rt_route r = route_of(a, RTN_LOCAL, a->local, 128);

    fn(ns, &r);
    if (a->flags & IFA_F_NOPREFIXROUTE)
        return;
    r = route_of(a, RTN_UNICAST, a->peer, a->prefix_len);
    fn(ns, &r);
}

static void each_route(struct sim_ns *ns, const struct rt_addr *a, route_fn *fn)
{
    const struct device *d = device_by_index(ns, a->ifindex);

    if (!d || !d->dev.is_up)
        return;
    if (a->family == AF_INET)
        each_ip4_route(ns, a, d->dev.kind == NETDEV_LOOPBACK, fn);
    else
        each_ip6_route(ns, a, fn);
}

/* ---- changes --------------------------------------------------------------------------------- */

static int compare(const struct rt_addr *a, const struct rt_addr *b)
{
    if (a->family != b->family)
        return a->family - b->family;
    if (a->ifindex != b->ifindex)
        return a->ifindex < b->ifindex ? -1 : 1;
    return a->scope - b->scope;
}

static struct rt_addr *insert(struct sim_ns *ns, const struct rt_addr *a)
{
    struct rt_addr *own = g_memdup2(a, sizeof(*a));
    guint i = 0;

    while (i < ns->addrs->len && compare(addr_at(ns, i), a) <= 0)
        i++;
    g_ptr_array_insert(ns->addrs, (gint)i, own);
    return own;
}

static bool is_same(const struct rt_addr *a, const struct rt_addr *b)
{
    return a->family == b->family && a->ifindex == b->ifindex &&
           !memcmp(a->local, b->local, rt_ip_len(a->family));
}

static struct rt_addr *find_same(const struct sim_ns *ns, const struct rt_addr *a)
{
    for (guint i = 0; i < ns->addrs->len; i++) {
        struct rt_addr *other = addr_at(ns, i);

        if (is_same(other, a) && (a->family == AF_INET6 || other->prefix_len == a->prefix_len))
            return other;
    }
    return NULL;
}

static bool has_primary(const struct sim_ns *ns, const struct rt_addr *a)
{
    for (guint i = 0; i < ns->addrs->len; i++) {
        const struct rt_addr *other = addr_at(ns, i);

        if (other->family == AF_INET && other->ifindex == a->ifindex &&
            other->prefix_len == a->prefix_len &&
            addr_in_prefix(a->peer, other->peer, a->prefix_len))
            return true;
    }
    return false;
}

static uint8_t scope_ip6(const uint8_t *ip)
{
    static const uint8_t loopback[RT_IP_LEN] = { [RT_IP_LEN - 1] = 1 };

    if (!memcmp(ip, loopback, sizeof(loopback)))
        return RT_SCOPE_HOST;
    return ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80 ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
}

/* What the kernel decides itself. IPv6 addresses are usable at once: nobody else could have one. */
static void complete(const struct sim_ns *ns, const struct device *d, struct rt_addr *a)
{
    a->flags &= IFA_F_NOPREFIXROUTE | IFA_F_NODAD | IFA_F_MANAGETEMPADDR;
    if (a->valid == FOR_EVER)
        a->flags |= IFA_F_PERMANENT;
    if (a->family == AF_INET6)
        a->scope = scope_ip6(a->local);
    else if (has_primary(ns, a))
        a->flags |= IFA_F_SECONDARY;
    if (a->family == AF_INET && !a->label[0])
        g_strlcpy(a->label, d->dev.name, sizeof(a->label));
}

int addr_add(struct sim_ns *ns, const struct rt_addr *wanted, uint16_t flags, struct req *cause,
             struct err *e)
{
    const struct device *d = device_by_index(ns, wanted->ifindex);
    struct rt_addr a = *wanted, *old = find_same(ns, wanted);

    if (!d)
        return err_set(e, ENODEV, "there is no device %d", wanted->ifindex);
    if (old && !(flags & NLM_F_REPLACE))
        return err_set(e, EEXIST, "%s has this address already", d->dev.name);
    if (old)
        g_ptr_array_remove(ns->addrs, old);
    complete(ns, d, &a);
    (void)insert(ns, &a);
    rt_addr_event(ns->net, RTM_NEWADDR, &a, cause);
    each_route(ns, &a, route_put_own);
    return 0;
}

/* Takes a primary's place, if one is left in its network. */
static void promote(struct sim_ns *ns, const struct rt_addr *gone)
{
    for (guint i = 0; i < ns->addrs->len; i++) {
        struct rt_addr *a = addr_at(ns, i);

        if (a->flags & IFA_F_SECONDARY && a->ifindex == gone->ifindex &&
            a->prefix_len == gone->prefix_len &&
            addr_in_prefix(a->peer, gone->peer, a->prefix_len)) {
            a->flags &= ~(uint32_t)IFA_F_SECONDARY;
            rt_addr_event(ns->net, RTM_NEWADDR, a, NULL);
            each_route(ns, a, route_put_own);
            return;
        }
    }
}

static void drop(struct sim_ns *ns, struct rt_addr *a, struct req *cause)
{
    struct rt_addr gone = *a;

    g_ptr_array_remove(ns->addrs, a);
    rt_addr_event(ns->net, RTM_DELADDR, &gone, cause);
    each_route(ns, &gone, route_drop_own);
    if (gone.family == AF_INET && !(gone.flags & IFA_F_SECONDARY))
        promote(ns, &gone);
}

int addr_del(struct sim_ns *ns, const struct rt_addr *wanted, struct req *cause, struct err *e)
{
    struct rt_addr *a = find_same(ns, wanted);

    if (!device_by_index(ns, wanted->ifindex))
        return err_set(e, ENODEV, "there is no device %d", wanted->ifindex);
    if (!a)
        return rt_refuse(e, EADDRNOTAVAIL, wanted->family == AF_INET ? "ipv4: Address not found"
                                                                     : "address not found");
    drop(ns, a, cause);
    return 0;
}

/* ---- devices --------------------------------------------------------------------------------- */

static void add_own(struct device *d, uint8_t family, const uint8_t *ip, uint8_t prefix_len)
{
    struct rt_addr a = {
        .family = family,
        .prefix_len = prefix_len,
        .ifindex = d->dev.ifindex,
        .scope = RT_SCOPE_HOST,
        .valid = FOR_EVER,
        .preferred = FOR_EVER,
    };

    memcpy(a.local, ip, rt_ip_len(family));
    memcpy(a.peer, ip, rt_ip_len(family));
    if (!find_same(d->ns, &a))
        (void)addr_add(d->ns, &a, NLM_F_CREATE, NULL, NULL);
}

/* fe80::/64 and the modified EUI-64 of the link address. */
static void add_link_local(struct device *d)
{
    const uint8_t *m = d->dev.mac;
    const uint8_t ip[RT_IP_LEN] = {
        0xfe, 0x80, [8] = m[0] ^ 2, m[1], m[2], 0xff, 0xfe, m[3], m[4], m[5],
    };

    if (!d->kind || d->kind->addr_len == sizeof(d->dev.mac))
        add_own(d, AF_INET6, ip, 64);
}

static void put_multicast_route(struct device *d)
{
    const struct rt_route r = {
        .family = AF_INET6, .dst_len = 8, .dst = { 0xff }, .protocol = RTPROT_KERNEL,
        .type = RTN_MULTICAST, .table = RT_TABLE_LOCAL, .oif = d->dev.ifindex,
        .priority = METRIC_IP6_OWN,
    };

    route_put_own(d->ns, &r);
}

void addr_dev_up(struct device *d)
{
    static const uint8_t lo4[4] = { 127, 0, 0, 1 }, lo6[RT_IP_LEN] = { [RT_IP_LEN - 1] = 1 };

    if (!d->dev.is_up)
        return;
    for (guint i = 0; i < d->ns->addrs->len; i++)
        if (addr_at(d->ns, i)->ifindex == d->dev.ifindex)
            each_route(d->ns, addr_at(d->ns, i), route_put_own);
    if (d->dev.kind == NETDEV_LOOPBACK) {
        add_own(d, AF_INET, lo4, 8);
        add_own(d, AF_INET6, lo6, 128);
    } else if (d->dev.has_carrier && device_has_inet6(d)) {
        put_multicast_route(d);
        add_link_local(d);
    }
}

static void drop_all(struct device *d, uint8_t family)
{
    for (guint i = d->ns->addrs->len; i-- > 0;) {
        struct rt_addr *a = i < d->ns->addrs->len ? addr_at(d->ns, i) : NULL;

        if (a && a->ifindex == d->dev.ifindex && a->family == family)
            drop(d->ns, a, NULL);
    }
}

void addr_dev_inet6_gone(struct device *d)
{
    neigh_dev_down(d->ns, AF_INET6, d->dev.ifindex);
    drop_all(d, AF_INET6);
    route_dev_down(d->ns, AF_INET6, d->dev.ifindex);
}

void addr_dev_down(struct device *d)
{
    neigh_dev_down(d->ns, AF_INET, d->dev.ifindex);
    addr_dev_inet6_gone(d);
    route_dev_down(d->ns, AF_INET, d->dev.ifindex);
}

void addr_dev_gone(struct device *d)
{
    addr_dev_down(d);
    drop_all(d, AF_INET);
    route_dev_down(d->ns, AF_INET, d->dev.ifindex);
}
