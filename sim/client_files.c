/* client_files.c - what clients read of devices in /sys/class/net and /proc/net: one row for each file.
 *
 * Texts as Linux 6.1 writes them. A file that the kernel has but that is not emulated is not there.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if_arp.h>
#include <net/route.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/bytes.h"
#include "sim/client_int.h"
#include "sim/device.h"

#define SYS_NET   "/sys/class/net"
#define LOWER_UP  (1u << 16)        /* IFF_LOWER_UP, not in libc's header */
#define NAME_PREDICTABLE 2          /* NET_NAME_*: who chose the name */
#define NAME_USER 3
#define LINE_ROOM 127       /* a line of /proc/net/route is padded to this */

/* ---- /sys/class/net/NAME --------------------------------------------------------------------- */

typedef int attr_fn(const struct rt_link *l, GString *out);

static int put_mac(const uint8_t *mac, unsigned len, GString *out)
{
    for (unsigned i = 0; i < len; i++)
        g_string_append_printf(out, i ? ":%02x" : "%02x", mac[i]);
    g_string_append_c(out, '\n');
    return 0;
}

static int attr_address(const struct rt_link *l, GString *out)
{
    return put_mac(l->addr, l->addr_len, out);
}

static int attr_broadcast(const struct rt_link *l, GString *out)
{
    return put_mac(l->broadcast, l->addr_len, out);
}

/* Linux 6.1: no device that is down has a carrier to speak of. */
static int attr_carrier(const struct rt_link *l, GString *out)
{
    if (!(l->flags & IFF_UP))
        return -EINVAL;
    g_string_append_printf(out, "%d\n", l->has_carrier);
    return 0;
}

static int attr_dormant(const struct rt_link *l, GString *out)
{
    if (!(l->flags & IFF_UP))
        return -EINVAL;
    g_string_append(out, "0\n");
    return 0;
}

static int attr_carrier_changes(const struct rt_link *l, GString *out)
{
    g_string_append_printf(out, "%u\n", l->n_up + l->n_down);
    return 0;
}

/* Without the flags that follow from the state, with those that others than clients asked for. */
static int attr_flags(const struct rt_link *l, GString *out)
{
    unsigned flags = l->flags & ~(unsigned)(IFF_RUNNING | LOWER_UP);

    flags |= l->promiscuity ? IFF_PROMISC : 0;
    flags |= l->allmulti ? IFF_ALLMULTI : 0;
    g_string_append_printf(out, "0x%x\n", flags);
    return 0;
}

static int attr_name_assign(const struct rt_link *l, GString *out)
{
    g_string_append_printf(out, "%d\n", l->hw_type == ARPHRD_LOOPBACK ? NAME_PREDICTABLE : NAME_USER);
    return 0;
}

/* Only the ends of a pair know how fast they are, and only while they are up. */
static bool has_speed(const struct rt_link *l)
{
    return l->flags & IFF_UP && l->kind && l->kind->shape == RT_SHAPE_PAIR;
}

static int attr_speed(const struct rt_link *l, GString *out)
{
    if (!has_speed(l))
        return -EINVAL;
    g_string_append(out, "10000\n");
    return 0;
}

static int attr_duplex(const struct rt_link *l, GString *out)
{
    if (!has_speed(l))
        return -EINVAL;
    g_string_append(out, "full\n");
    return 0;
}

static int attr_alias(const struct rt_link *l, GString *out)
{
    if (l->alias)
        g_string_append_printf(out, "%s\n", l->alias);
    return 0;
}

static int attr_iflink(const struct rt_link *l, GString *out)
{
    g_string_append_printf(out, "%d\n", l->link >= 0 ? l->link : l->ifindex);
    return 0;
}

static int attr_operstate(const struct rt_link *l, GString *out)
{
    static const char *const names[] = { "unknown", "notpresent", "down", "lowerlayerdown",
                                         "testing", "dormant", "up" };

    g_string_append_printf(out, "%s\n", names[l->operstate]);
    return 0;
}

static int attr_unsupported(const struct rt_link *l, GString *out)
{
    (void)l;
    (void)out;
    return -EOPNOTSUPP;
}

#define AT(member) offsetof(struct rt_link, member), sizeof(((struct rt_link *)0)->member)
#define ZERO       0, 0, "0"

/* clang-format off */
static const struct attr_row {
    const char *name;
    attr_fn *fn;                        /* NULL: a number in decimal, or 'text' */
    size_t offset, size;
    const char *text;
} attrs[] = {
    { "addr_assign_type", NULL, AT(addr_assign) },         { "addr_len", NULL, AT(addr_len) },
    { "address", attr_address },                { "broadcast", attr_broadcast },
    { "carrier", attr_carrier },                { "carrier_changes", attr_carrier_changes },
    { "carrier_down_count", NULL, AT(n_down) }, { "carrier_up_count", NULL, AT(n_up) },
    { "dev_id", NULL, 0, 0, "0x0" },            { "dev_port", NULL, ZERO },
    { "dormant", attr_dormant },                { "duplex", attr_duplex },
    { "flags", attr_flags },                    { "gro_flush_timeout", NULL, ZERO },
    { "ifalias", attr_alias },                  { "ifindex", NULL, AT(ifindex) },
    { "iflink", attr_iflink },                  { "link_mode", NULL, ZERO },
    { "mtu", NULL, AT(mtu) },                   { "name_assign_type", attr_name_assign },
    { "napi_defer_hard_irqs", NULL, ZERO },     { "netdev_group", NULL, AT(group) },
    { "operstate", attr_operstate },            { "phys_port_id", attr_unsupported },
    { "phys_port_name", attr_unsupported },     { "phys_switch_id", attr_unsupported },
    { "proto_down", NULL, ZERO },               { "speed", attr_speed },
    { "testing", attr_dormant },                { "threaded", NULL, ZERO },
    { "tx_queue_len", NULL, AT(txqlen) },       { "type", NULL, AT(hw_type) },
};

#define STAT(member) { #member, offsetof(struct rtnl_link_stats64, member) }

static const struct stat_row {
    const char *name;
    size_t offset;
} stats[] = {
    STAT(collisions), STAT(multicast), STAT(rx_bytes), STAT(rx_compressed), STAT(rx_crc_errors),
    STAT(rx_dropped), STAT(rx_errors), STAT(rx_fifo_errors), STAT(rx_frame_errors),
    STAT(rx_length_errors), STAT(rx_missed_errors), STAT(rx_nohandler), STAT(rx_over_errors),
    STAT(rx_packets), STAT(tx_aborted_errors), STAT(tx_bytes), STAT(tx_carrier_errors),
    STAT(tx_compressed), STAT(tx_dropped), STAT(tx_errors), STAT(tx_fifo_errors),
    STAT(tx_heartbeat_errors), STAT(tx_packets), STAT(tx_window_errors),
};
/* clang-format on */

static int put_attr(const struct attr_row *row, const struct rt_link *l, GString *out)
{
    uint32_t value = 0;

    if (row->fn)
        return row->fn(l, out);
    memcpy(&value, (const uint8_t *)l + row->offset, row->size);
    if (row->text)
        g_string_append_printf(out, "%s\n", row->text);
    else
        g_string_append_printf(out, "%u\n", value);
    return 0;
}

static uint64_t stat_of(const struct rt_link *l, size_t offset)
{
    uint64_t value;

    memcpy(&value, (const uint8_t *)&l->stats + offset, sizeof(value));
    return value;
}

static int list_device(GString *out)
{
    for (size_t i = 0; i < G_N_ELEMENTS(attrs); i++)
        g_string_append_printf(out, "%s\n", attrs[i].name);
    g_string_append(out, "statistics/\n");
    return PROTO_FILE_DIR;
}

static int read_stats(const struct rt_link *l, const char *name, GString *out)
{
    for (size_t i = 0; i < G_N_ELEMENTS(stats); i++) {
        if (!*name)
            g_string_append_printf(out, "%s\n", stats[i].name);
        else if (!strcmp(name, stats[i].name)) {
            g_string_append_printf(out, "%" G_GUINT64_FORMAT "\n", stat_of(l, stats[i].offset));
            return PROTO_FILE_TEXT;
        }
    }
    return *name ? -ENOENT : PROTO_FILE_DIR;
}

static int read_device(const struct device *d, const char *name, GString *out)
{
    struct rt_link link;

    device_view(d, &link);
    if (!*name)
        return list_device(out);
    if (!strcmp(name, "statistics"))
        return read_stats(&link, "", out);
    if (g_str_has_prefix(name, "statistics/"))
        return read_stats(&link, name + strlen("statistics/"), out);
    for (size_t i = 0; i < G_N_ELEMENTS(attrs); i++) {
        int rc = strcmp(name, attrs[i].name) ? 1 : put_attr(&attrs[i], &link, out);

        if (rc <= 0)
            return rc ? rc : PROTO_FILE_TEXT;
    }
    return -ENOENT;
}

/* 'path' is behind "/sys/class/net": "", "/NAME", "/NAME/FILE". */
static int read_sys(const struct sim_ns *ns, const char *path, GString *out)
{
    char name[IFNAMSIZ];
    size_t len = *path ? strcspn(path + 1, "/") : 0;
    const struct device *d;

    for (guint i = 0; !len && i < ns->devices->len; i++)
        g_string_append_printf(out, "%s/\n",
                               ((struct device *)g_ptr_array_index(ns->devices, i))->dev.name);
    if (!len)
        return PROTO_FILE_DIR;
    if (len >= sizeof(name))
        return -ENOENT;
    memcpy(name, path + 1, len);
    name[len] = '\0';
    d = device_by_name(ns, name);
    path += 1 + len;
    return d ? read_device(d, *path ? path + 1 : path, out) : -ENOENT;
}

/* ---- /proc/net ------------------------------------------------------------------------------- */

static void put_dev(const struct sim_ns *ns, GString *out)
{
    g_string_append(out, "Inter-|   Receive                                                |  Transmit\n"
                         " face |bytes    packets errs drop fifo frame compressed multicast|"
                         "bytes    packets errs drop fifo colls carrier compressed\n");
    for (guint i = 0; i < ns->devices->len; i++) {
        const struct device *d = g_ptr_array_index(ns->devices, i);
        const struct netdev_stats *s = &d->dev.stats;

        g_string_append_printf(out, "%6s: %7lu %7lu %4lu %4lu %4u %5u %10u %9u %8lu %7lu %4lu %4lu "
                                    "%4u %5u %7u %10u\n",
                               d->dev.name, s->rx_bytes, s->rx_packets, s->rx_errors,
                               s->rx_dropped, 0u, 0u, 0u, 0u, s->tx_bytes, s->tx_packets,
                               s->tx_errors, s->tx_dropped, 0u, 0u, 0u, 0u);
    }
}

static void put_padded(GString *out, const char *line)
{
    g_string_append_printf(out, "%-*s\n", LINE_ROOM, line);
}

static unsigned route_flags(const struct rt_route *r)
{
    unsigned flags = RTF_UP;

    flags |= r->type == RTN_UNREACHABLE || r->type == RTN_PROHIBIT ? RTF_REJECT : 0;
    flags |= r->has_gateway ? RTF_GATEWAY : 0;
    return r->dst_len == 32 ? flags | RTF_HOST : flags;
}

/* The main table of IPv4; addresses as numbers of the wire's order. */
static void put_routes(const struct sim_ns *ns, GString *out)
{
    put_padded(out, "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU"
                    "\tWindow\tIRTT");
    for (guint i = 0; i < ns->routes->len; i++) {
        const struct rt_route *r = g_ptr_array_index(ns->routes, i);
        const struct device *d = r->oif ? device_by_index(ns, r->oif) : NULL;
        uint32_t dst, gateway, advmss = r->metrics[RTAX_ADVMSS];
        g_autofree char *line = NULL;

        if (r->family != AF_INET || r->table != RT_TABLE_MAIN)
            continue;
        memcpy(&dst, r->dst, sizeof(dst));
        memcpy(&gateway, r->gateway, sizeof(gateway));
        line = g_strdup_printf("%s\t%08X\t%08X\t%04X\t%d\t%u\t%u\t%08X\t%u\t%u\t%u",
                               d ? d->dev.name : "*", dst, gateway, route_flags(r), 0, 0,
                               r->priority, htonl(r->dst_len ? UINT32_MAX << (32 - r->dst_len) : 0),
                               advmss ? advmss + 40 : 0, r->metrics[RTAX_WINDOW],
                               r->metrics[RTAX_RTT] >> 3);
        put_padded(out, line);
    }
}

static unsigned inet6_scope(const struct rt_addr *a)
{
    return a->scope == RT_SCOPE_HOST ? 0x10 : a->scope == RT_SCOPE_LINK ? 0x20 : 0;
}

static void put_inet6(const struct sim_ns *ns, GString *out)
{
    for (guint i = 0; i < ns->addrs->len; i++) {
        const struct rt_addr *a = g_ptr_array_index(ns->addrs, i);
        const struct device *d = device_by_index(ns, a->ifindex);

        if (a->family != AF_INET6 || !d)
            continue;
        for (size_t j = 0; j < sizeof(a->local); j++)
            g_string_append_printf(out, "%02x", a->local[j]);
        g_string_append_printf(out, " %02x %02x %02x %02x %8s\n", a->ifindex, a->prefix_len,
                               inet6_scope(a), a->flags & 0xff, d->dev.name);
    }
}

static unsigned arp_flags(const struct rt_neigh *n)
{
    if (n->flags & NTF_PROXY)
        return ATF_PUBL | ATF_PERM;
    if (n->state & NUD_PERMANENT)
        return ATF_PERM | ATF_COM;
    return n->state & (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE) ? ATF_COM : 0;
}

static void put_arp(const struct sim_ns *ns, GString *out)
{
    g_string_append(out, "IP address       HW type     Flags       HW address            Mask     "
                         "Device\n");
    for (guint i = 0; i < ns->neighs->len; i++) {
        const struct rt_neigh *n = g_ptr_array_index(ns->neighs, i);
        const struct device *d = device_by_index(ns, n->ifindex);
        const uint8_t *ip = n->dst, *m = n->hw;
        char text[INET_ADDRSTRLEN];

        if (n->family != AF_INET || !d || n->state & NUD_NOARP)
            continue;
        g_snprintf(text, sizeof(text), "%u.%u.%u.%u", ip[0], ip[1], ip[2], ip[3]);
        g_string_append_printf(out, "%-16s 0x%-10x0x%-10x%02x:%02x:%02x:%02x:%02x:%02x"
                                    "     *        %s\n",
                               text, device_hw_type(d), arp_flags(n), m[0], m[1], m[2], m[3], m[4],
                               m[5], d->dev.name);
    }
}

static const struct {
    const char *path;
    void (*put)(const struct sim_ns *ns, GString *out);     /* NULL: it is not there */
} proc_files[] = {
    { "/proc/net/dev", put_dev },        { "/proc/net/route", put_routes },
    { "/proc/net/if_inet6", put_inet6 }, { "/proc/net/arp", put_arp },
};

int client_file(const struct sim_ns *ns, const char *path, GString *out)
{
    size_t len = strlen(SYS_NET);

    if (!strncmp(path, SYS_NET, len) && (!path[len] || path[len] == '/'))
        return read_sys(ns, path + len, out);
    for (size_t i = 0; i < G_N_ELEMENTS(proc_files); i++) {
        if (!strcmp(path, proc_files[i].path)) {
            proc_files[i].put(ns, out);
            return PROTO_FILE_TEXT;
        }
    }
    return -ENOENT;
}
