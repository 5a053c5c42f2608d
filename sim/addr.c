/* addr.c - see addr.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/addr.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "netlink/attr.h"
#include "netlink/fault.h"
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

const struct rt_addr *addr_source(const struct sim_ns *ns, uint8_t family, int ifindex)
{
    for (guint i = 0; i < ns->addrs->len; i++) {
        const struct rt_addr *a = addr_at(ns, i);

        if (a->family == family && a->ifindex == ifindex)
            return a;
    }
    return NULL;
}

static uint8_t scope_ip6(const uint8_t *ip)
{
    static const uint8_t loopback[RT_IP_LEN] = { [RT_IP_LEN - 1] = 1 };

    if (!memcmp(ip, loopback, sizeof(loopback)))
        return RT_SCOPE_HOST;
    if ((ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80) || (ip[0] == 0xff && (ip[1] & 0x0f) == 2))
        return RT_SCOPE_LINK;
    return RT_SCOPE_UNIVERSE;
}

static unsigned common_bits(const uint8_t *a, const uint8_t *b, unsigned most)
{
    unsigned n = 0;

    while (n < most && !((a[n / 8] ^ b[n / 8]) >> (7 - n % 8) & 1))
        n++;
    return n;
}

/* How well it suits; 0: not at all. IPv4: one in the next hop's network, else the first; none that
 * is narrower than the route. IPv6: one of the destination's own scope, then the most alike. */
static unsigned suits(const struct rt_addr *a, const struct rt_route *r, const uint8_t *dst)
{
    if (a->family == AF_INET6)
        return 1 + common_bits(a->local, dst, 8 * RT_IP_LEN) +
               (a->scope == scope_ip6(dst) ? 1000 : 0);
    if (a->flags & IFA_F_SECONDARY || a->scope > r->scope)
        return 0;
    return addr_in_prefix(route_next_hop(r, dst), a->peer, a->prefix_len) ? 2 : 1;
}

/* IPv4: where a device has none that suits, the first of another one that is not for its link alone. */
static const struct rt_addr *elsewhere(const struct sim_ns *ns, const struct rt_route *r)
{
    for (guint i = 0; r->family == AF_INET && i < ns->addrs->len; i++) {
        const struct rt_addr *a = addr_at(ns, i);

        if (a->family == AF_INET && !(a->flags & IFA_F_SECONDARY) && a->scope != RT_SCOPE_LINK && a->scope <= r->scope)
            return a;
    }
    return NULL;
}

const struct rt_addr *addr_select(const struct sim_ns *ns, const struct rt_route *r,
                                  const uint8_t *dst)
{
    const struct rt_addr *best = NULL;
    unsigned most = 0;

    for (guint i = 0; i < ns->addrs->len; i++) {
        const struct rt_addr *a = addr_at(ns, i);
        unsigned n = a->family == r->family && a->ifindex == r->oif ? suits(a, r, dst) : 0;

        if (n > most) {
            best = a;
            most = n;
        }
    }
    return best ? best : elsewhere(ns, r);
}

/* ---- routes of an address -------------------------------------------------------------------- */

static bool is_subnet(const struct rt_addr *a, const struct rt_addr *b)
{
    return a->family == AF_INET && b->family == AF_INET && a->ifindex == b->ifindex &&
           a->prefix_len == b->prefix_len && addr_in_prefix(a->peer, b->peer, a->prefix_len);
}

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

/* A secondary address is reached, too, as a packet of the first one's. */
static const struct rt_addr *primary_of(const struct sim_ns *ns, const struct rt_addr *a)
{
    for (guint i = 0; a->flags & IFA_F_SECONDARY && i < ns->addrs->len; i++) {
        const struct rt_addr *first = addr_at(ns, i);

        if (is_subnet(first, a) && !(first->flags & IFA_F_SECONDARY))
            return first;
    }
    return a;
}

static void each_broadcast(struct sim_ns *ns, const struct rt_addr *a, route_fn *fn)
{
    struct rt_route r;
    uint8_t last[RT_IP_LEN] = { 0 };

    if (a->has_broadcast && !bytes_are(a->broadcast, sizeof(a->broadcast), 0xff)) {
        memcpy(last, a->broadcast, sizeof(a->broadcast));
        r = route_of(a, RTN_BROADCAST, last, 32);
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

/* IPv4: the address itself, its network, the network's broadcast address. Of a device that is
 * down only the first. */
static void each_ip4_route(struct sim_ns *ns, const struct rt_addr *a, const struct device *d,
                           route_fn *fn)
{
    bool is_lo = d->dev.kind == NETDEV_LOOPBACK, has_peer = memcmp(a->local, a->peer, 4);
    struct rt_route r = route_of(a, RTN_LOCAL, a->local, 32);

    memcpy(r.prefsrc, primary_of(ns, a)->local, sizeof(r.prefsrc));
    fn(ns, &r);
    if (!d->dev.is_up || a->flags & IFA_F_SECONDARY)
        return;
    if ((a->prefix_len < 32 || has_peer) && !(a->flags & IFA_F_NOPREFIXROUTE)) {
        r = route_of(a, is_lo ? RTN_LOCAL : RTN_UNICAST, a->peer, a->prefix_len);
        r.priority = a->priority;
        fn(ns, &r);
    }
    each_broadcast(ns, a, fn);
}

static void each_ip6_route(struct sim_ns *ns, const struct rt_addr *a, const struct device *d,
                           route_fn *fn)
{
    struct rt_route r = route_of(a, RTN_LOCAL, a->local, 128);

    fn(ns, &r);
    if (a->flags & IFA_F_NOPREFIXROUTE ||
        (d->dev.kind == NETDEV_LOOPBACK && a->scope == RT_SCOPE_HOST))
        return;
    r = route_of(a, RTN_UNICAST, a->peer, a->prefix_len);
    fn(ns, &r);
}

static void each_route(struct sim_ns *ns, const struct rt_addr *a, route_fn *fn)
{
    const struct device *d = device_by_index(ns, a->ifindex);

    if (d && a->family == AF_INET)
        each_ip4_route(ns, a, d, fn);
    else if (d && d->dev.is_up)
        each_ip6_route(ns, a, d, fn);
}

/* ---- changes --------------------------------------------------------------------------------- */

/* Does 'a' stand before 'b', which is newer? IPv4: wider scopes later, secondary ones last.
 * IPv6: wider scopes first, newer ones of a scope first. */
static bool is_before(const struct rt_addr *a, const struct rt_addr *b)
{
    bool is_later = a->flags & IFA_F_SECONDARY;

    if (a->family != b->family)
        return a->family < b->family;
    if (a->ifindex != b->ifindex)
        return a->ifindex < b->ifindex;
    if (a->family == AF_INET6)
        return a->scope < b->scope;
    return b->flags & IFA_F_SECONDARY || (!is_later && a->scope >= b->scope);
}

static struct rt_addr *insert(struct sim_ns *ns, const struct rt_addr *a)
{
    struct rt_addr *own = g_memdup2(a, sizeof(*a));
    guint i = 0;

    while (i < ns->addrs->len && is_before(addr_at(ns, i), a))
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

static const struct rt_addr *find_subnet(const struct sim_ns *ns, const struct rt_addr *a)
{
    for (guint i = 0; a->family == AF_INET && i < ns->addrs->len; i++)
        if (is_subnet(addr_at(ns, i), a))
            return addr_at(ns, i);
    return NULL;
}

/* What the kernel decides itself. IPv6 addresses are usable at once: nobody else could have one. */
static void complete(const struct sim_ns *ns, const struct device *d, struct rt_addr *a)
{
    a->flags &= IFA_F_NOPREFIXROUTE | IFA_F_NODAD | IFA_F_MANAGETEMPADDR;
    if (a->valid == FOR_EVER)
        a->flags |= IFA_F_PERMANENT;
    if (!a->preferred)
        a->flags |= IFA_F_DEPRECATED;
    if (a->family == AF_INET6)
        a->scope = scope_ip6(a->local);
    else if (find_subnet(ns, a))
        a->flags |= IFA_F_SECONDARY;
    if (a->family == AF_INET && !a->label[0])
        g_strlcpy(a->label, d->dev.name, sizeof(a->label));
}

static int put(const struct device *d, struct rt_addr *a, struct req *cause, struct err *e)
{
    const struct rt_addr *subnet = find_subnet(d->ns, a);

    if (subnet && subnet->scope != a->scope)
        return err_set(e, EINVAL, "%s has addresses of this network with another scope",
                       d->dev.name);
    complete(d->ns, d, a);
    (void)insert(d->ns, a);
    rt_addr_event(d->ns->net, RTM_NEWADDR, a, cause);
    each_route(d->ns, a, route_put_own);
    return 0;
}

int addr_add(struct sim_ns *ns, const struct rt_addr *wanted, uint16_t flags, struct req *cause,
             struct err *e)
{
    const struct device *d = device_by_index(ns, wanted->ifindex);
    struct rt_addr a = *wanted, *old = find_same(ns, wanted);
    int rc;

    if (!d)
        return err_set(e, ENODEV, "there is no device %d", wanted->ifindex);
    if (old && !(flags & NLM_F_REPLACE))
        return err_set(e, EEXIST, "%s has this address already", d->dev.name);
    if (!old && (rc = netlink_refuses(ns->sim->nl, NETLINK_FAULT_RT_ADDR, e)))
        return rc;
    if (old)
        g_ptr_array_remove(ns->addrs, old);
    return put(d, &a, cause, e);
}

static void drop_one(struct sim_ns *ns, struct rt_addr *a, struct req *cause)
{
    struct rt_addr gone = *a;

    rt_addr_event(ns->net, RTM_DELADDR, a, cause);
    each_route(ns, a, route_drop_own);
    g_ptr_array_remove(ns->addrs, a);
    /* What another address has made, too, is made again. */
    for (guint i = 0; i < ns->addrs->len; i++)
        if (is_subnet(addr_at(ns, i), &gone))
            each_route(ns, addr_at(ns, i), route_put_own);
}

/* With a first address go the others of its network. */
static void drop(struct sim_ns *ns, struct rt_addr *a, struct req *cause)
{
    bool is_first = a->family == AF_INET && !(a->flags & IFA_F_SECONDARY);

    for (guint i = ns->addrs->len; is_first && i-- > 0;)
        if (addr_at(ns, i) != a && is_subnet(a, addr_at(ns, i)))
            drop_one(ns, addr_at(ns, i), cause);
    drop_one(ns, a, cause);
}

int addr_del(struct sim_ns *ns, const struct rt_addr *wanted, struct req *cause, struct err *e)
{
    const struct device *d = device_by_index(ns, wanted->ifindex);
    struct rt_addr *a = find_same(ns, wanted);

    if (!d)
        return err_set(e, ENODEV, "there is no device %d", wanted->ifindex);
    if (!a)
        return err_set(e, EADDRNOTAVAIL, "%s has no such address", d->dev.name);
    drop(ns, a, cause);
    return 0;
}

/* ---- devices --------------------------------------------------------------------------------- */

static void add_own(struct device *d, uint8_t family, const uint8_t *ip, uint8_t prefix_len,
                    uint8_t proto)
{
    struct rt_addr a = {
        .family = family,
        .prefix_len = prefix_len,
        .ifindex = d->dev.ifindex,
        .scope = RT_SCOPE_HOST,
        .proto = proto,
        .valid = FOR_EVER,
        .preferred = FOR_EVER,
    };

    memcpy(a.local, ip, rt_ip_len(family));
    memcpy(a.peer, ip, rt_ip_len(family));
    if (!find_same(d->ns, &a) && !netlink_fails(d->ns->sim->nl, NETLINK_FAULT_RT_ADDR_OWN))
        (void)put(d, &a, NULL, NULL);
}

/* fe80::/64 and the modified EUI-64 of the link address. */
static void add_link_local(struct device *d)
{
    const uint8_t *m = d->dev.mac;
    const uint8_t ip[RT_IP_LEN] = {
        0xfe, 0x80, [8] = m[0] ^ 2, m[1], m[2], 0xff, 0xfe, m[3], m[4], m[5],
    };

    if (!d->kind || d->kind->addr_len == sizeof(d->dev.mac))
        add_own(d, AF_INET6, ip, 64, IFAPROT_KERNEL_LL);
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
        add_own(d, AF_INET, lo4, 8, 0);
        add_own(d, AF_INET6, lo6, 128, IFAPROT_KERNEL_LO);
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
}
