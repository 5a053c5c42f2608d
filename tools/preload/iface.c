/* iface.c - interfaces: the socket ioctls and the libc functions that go behind our back.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tools/preload/preload.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#define MAX_DEVICES 4096

/* Only the members a command uses are touched: the rest of the caller's struct may be
 * uninitialised, or shorter than struct ifreq. */
typedef void if_copy_fn(struct ifreq *ifr, struct proto_if *io);

static void put_flags(struct ifreq *ifr, struct proto_if *io)
{
    io->value = (uint16_t)ifr->ifr_flags;
}

static void get_flags(struct ifreq *ifr, struct proto_if *io)
{
    ifr->ifr_flags = (short)io->value;
}

static void put_number(struct ifreq *ifr, struct proto_if *io)
{
    io->value = (uint32_t)ifr->ifr_mtu;
}

static void get_number(struct ifreq *ifr, struct proto_if *io)
{
    ifr->ifr_mtu = (int)io->value;
}

static void put_index(struct ifreq *ifr, struct proto_if *io)
{
    io->ifindex = ifr->ifr_ifindex;
}

static void get_index(struct ifreq *ifr, struct proto_if *io)
{
    ifr->ifr_ifindex = io->ifindex;
}

static void get_name(struct ifreq *ifr, struct proto_if *io)
{
    memcpy(ifr->ifr_name, io->name, IFNAMSIZ);
}

static void put_hwaddr(struct ifreq *ifr, struct proto_if *io)
{
    io->hw_type = ifr->ifr_hwaddr.sa_family;
    memcpy(io->mac, ifr->ifr_hwaddr.sa_data, sizeof(io->mac));
}

static void get_hwaddr(struct ifreq *ifr, struct proto_if *io)
{
    ifr->ifr_hwaddr.sa_family = io->hw_type;
    memset(ifr->ifr_hwaddr.sa_data, 0, sizeof(ifr->ifr_hwaddr.sa_data));
    memcpy(ifr->ifr_hwaddr.sa_data, io->mac, sizeof(io->mac));
}

static void put_new_name(struct ifreq *ifr, struct proto_if *io)
{
    memcpy(io->text, ifr->ifr_newname, IFNAMSIZ);
}

static void get_addr(struct ifreq *ifr, struct proto_if *io)
{
    struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr.s_addr = io->ipv4 };

    memcpy(&ifr->ifr_addr, &sin, sizeof(sin));
}

static void put_addr(struct ifreq *ifr, struct proto_if *io)
{
    struct sockaddr_in sin;

    memcpy(&sin, &ifr->ifr_addr, sizeof(sin));
    io->value = sin.sin_family;
    io->ipv4 = sin.sin_addr.s_addr;
}

static void get_map(struct ifreq *ifr, struct proto_if *io)
{
    (void)io;
    memset(&ifr->ifr_map, 0, sizeof(ifr->ifr_map));
}

static const struct if_row {
    unsigned long cmd;
    bool by_name;           /* ifr_name says which device */
    if_copy_fn *put, *get;
} rows[] = {
    { SIOCGIFFLAGS,    true,  NULL,        get_flags },
    { SIOCSIFFLAGS,    true,  put_flags,   NULL },
    { SIOCGIFINDEX,    true,  NULL,        get_index },
    { SIOCGIFNAME,     false, put_index,   get_name },
    { SIOCGIFHWADDR,   true,  NULL,        get_hwaddr },
    { SIOCSIFHWADDR,   true,  put_hwaddr,  NULL },
    { SIOCGIFMTU,      true,  NULL,        get_number },
    { SIOCSIFMTU,      true,  put_number,  NULL },
    { SIOCGIFTXQLEN,   true,  NULL,        get_number },
    { SIOCSIFTXQLEN,   true,  put_number,  NULL },
    { SIOCGIFMETRIC,   true,  NULL,        get_number },
    { SIOCGIFMAP,      true,  NULL,        get_map },
    { SIOCSIFNAME,     true,  put_new_name, NULL },
    { SIOCGIFADDR,     true,  NULL,        get_addr },
    { SIOCGIFDSTADDR,  true,  NULL,        get_addr },
    { SIOCGIFBRDADDR,  true,  NULL,        get_addr },
    { SIOCGIFNETMASK,  true,  NULL,        get_addr },
    { SIOCSIFADDR,     true,  put_addr,    NULL },
    { SIOCSIFDSTADDR,  true,  put_addr,    NULL },
    { SIOCSIFBRDADDR,  true,  put_addr,    NULL },
    { SIOCSIFNETMASK,  true,  put_addr,    NULL },
    /* Refused whatever is in the rest of the struct. */
    { SIOCSIFMETRIC,   true,  NULL,        NULL },
    { SIOCGIFSLAVE,    true,  NULL,        NULL },
    { SIOCGMIIPHY,     true,  NULL,        NULL },
    { SIOCGMIIREG,     true,  NULL,        NULL },
    { SIOCSMIIREG,     true,  NULL,        NULL },
    { SIOCGHWTSTAMP,   true,  NULL,        NULL },
    { SIOCSHWTSTAMP,   true,  NULL,        NULL },
    { SIOCBONDENSLAVE, true,  NULL,        NULL },
    { SIOCBONDRELEASE, true,  NULL,        NULL },
};

/* Those of the kernel's that are answered alike whatever device they are about. */
static const struct { unsigned long cmd; int err; } refused[] = {
    { SIOCGIFPFLAGS, EINVAL }, { SIOCSIFPFLAGS, EINVAL }, { SIOCBRADDBR, ENOPKG },
    { SIOCBRDELBR, ENOPKG },   { SIOCBRADDIF, ENOPKG },   { SIOCBRDELIF, ENOPKG },
};

static int ask_if(unsigned long cmd, struct proto_if *io)
{
    struct iovec in = { io, sizeof(*io) };
    struct ctl_call call = {
        .req = { .op = PROTO_IOCTL, .arg = { (uint32_t)cmd } },
        .in = &in, .n_in = 1, .out = io, .out_size = sizeof(*io),
    };

    return ctl_do(&call);
}

static int run_row(const struct if_row *row, struct ifreq *ifr)
{
    struct proto_if io = { .ifindex = 0 };
    int rc;

    if (!ifr)
        return fail(EFAULT);
    if (row->by_name)
        memcpy(io.name, ifr->ifr_name, strnlen(ifr->ifr_name, IFNAMSIZ - 1));
    if (row->put)
        row->put(ifr, &io);
    rc = ask_if(row->cmd, &io);
    if (rc)
        return fail(-rc);
    if (row->get)
        row->get(ifr, &io);
    return 0;
}

/* ---- ethtool --------------------------------------------------------------------------------- */

/* How much of the client's struct is read: more than the command only where it says more. */
static size_t ethtool_len(uint32_t cmd)
{
    static const struct { uint32_t cmd; size_t len; } lens[] = {
        { ETHTOOL_GFEATURES, sizeof(struct ethtool_gfeatures) },
        { ETHTOOL_GPERMADDR, sizeof(struct ethtool_perm_addr) },
        { ETHTOOL_GSSET_INFO, sizeof(struct ethtool_sset_info) },
        { ETHTOOL_GSTRINGS, sizeof(struct ethtool_gstrings) },
        { ETHTOOL_GSTATS, sizeof(struct ethtool_stats) },
        { ETHTOOL_GLINKSETTINGS, sizeof(struct ethtool_link_settings) },
    };

    for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
        if (lens[i].cmd == cmd)
            return lens[i].len;
    }
    return sizeof(cmd);
}

static int run_ethtool(struct ifreq *ifr)
{
    char name[sizeof(((struct proto_if *)0)->name)] = "";
    uint8_t room[4096];
    struct iovec in[2] = { { name, sizeof(name) }, { NULL, 0 } };
    struct ctl_call call = { .req = { .op = PROTO_ETHTOOL }, .in = in, .n_in = 2,
                             .out = room, .out_size = sizeof(room) };
    uint32_t cmd;
    int rc;

    if (!ifr || !ifr->ifr_data)
        return fail(EFAULT);
    memcpy(name, ifr->ifr_name, strnlen(ifr->ifr_name, IFNAMSIZ - 1));
    memcpy(&cmd, ifr->ifr_data, sizeof(cmd));
    in[1] = (struct iovec){ ifr->ifr_data, ethtool_len(cmd) };
    rc = ctl_do(&call);
    if (rc)
        return fail(-rc);
    memcpy(ifr->ifr_data, room, call.out_len);
    return 0;
}

/* ---- ARP ------------------------------------------------------------------------------------- */

static int run_arp(struct arpreq *r)
{
    struct sockaddr_in sin;
    struct proto_if io = { .ifindex = 0 };
    int rc;

    if (!r)
        return fail(EFAULT);
    memcpy(&sin, &r->arp_pa, sizeof(sin));
    if (sin.sin_family != AF_INET)
        return fail(EPFNOSUPPORT);
    memcpy(io.name, r->arp_dev, strnlen(r->arp_dev, sizeof(r->arp_dev) - 1));
    io.ipv4 = sin.sin_addr.s_addr;
    rc = ask_if(SIOCGARP, &io);
    if (rc)
        return fail(-rc);
    r->arp_flags = (int)io.value;
    r->arp_ha.sa_family = io.hw_type;
    memcpy(r->arp_ha.sa_data, io.mac, sizeof(io.mac));
    return 0;
}

/* All devices, allocated. Returns how many, or -1. */
static long list_devices(struct proto_if **list)
{
    struct ctl_call call = { .req = { .op = PROTO_IFLIST } };
    int rc;

    *list = malloc(MAX_DEVICES * sizeof(**list));
    if (!*list)
        return fail(ENOMEM);
    call.out = *list;
    call.out_size = MAX_DEVICES * sizeof(**list);
    rc = ctl_do(&call);
    if (rc) {
        free(*list);
        return fail(-rc);
    }
    return (long)(call.out_len / sizeof(**list));
}

/* Lists devices with an IPv4 address, as the kernel does; without a buffer says its size. */
static int run_ifconf(struct ifconf *conf)
{
    struct proto_if *list;
    int len = 0;
    long n;

    if (!conf)
        return fail(EFAULT);
    n = list_devices(&list);
    if (n < 0)
        return -1;
    for (long i = 0; i < n; i++) {
        struct ifreq ifr = { .ifr_name = "" };
        struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr.s_addr = list[i].ipv4 };

        if (!list[i].ipv4 || (conf->ifc_req && len + (int)sizeof(ifr) > conf->ifc_len))
            continue;
        memcpy(ifr.ifr_name, list[i].name, IFNAMSIZ);
        memcpy(&ifr.ifr_addr, &sin, sizeof(sin));
        if (conf->ifc_req)
            memcpy(conf->ifc_buf + len, &ifr, sizeof(ifr));
        len += (int)sizeof(ifr);
    }
    conf->ifc_len = len;
    free(list);
    return 0;
}

static bool is_socket(int fd)
{
    int type;
    socklen_t len = sizeof(type);

    return !real.getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len);
}

/* Those about the socket itself, or about what the kernel does not know to be a device. */
static bool is_about_devices(unsigned long cmd)
{
    return cmd >= SIOCADDRT && (cmd & ~0xffUL) == (SIOCADDRT & ~0xffUL)
           && (cmd < SIOCPROTOPRIVATE || cmd >= SIOCPROTOPRIVATE + 16);
}

static int run_device(unsigned long cmd, void *arg)
{
    if (cmd == SIOCGIFCONF)
        return run_ifconf(arg);
    if (cmd == SIOCETHTOOL)
        return run_ethtool(arg);
    if (cmd == SIOCGARP)
        return run_arp(arg);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if (rows[i].cmd == cmd)
            return run_row(&rows[i], arg);
    }
    for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
        if (refused[i].cmd == cmd)
            return fail(refused[i].err);
    }
    return fail(EOPNOTSUPP);    /* the host's devices are not to be touched */
}

/* The command decides, whatever kind of socket it is used on. */
EXPORT int ioctl(int fd, unsigned long cmd, ...)
{
    va_list args;
    void *arg;

    va_start(args, cmd);
    arg = va_arg(args, void *);
    va_end(args);
    if (!preload_on() || !is_about_devices(cmd) || !is_socket(fd))
        return real.ioctl(fd, cmd, arg);
    return run_device(cmd, arg);
}

EXPORT unsigned if_nametoindex(const char *name)
{
    struct proto_if io = { .ifindex = 0 };
    int rc;

    if (!preload_on())
        return real.if_nametoindex(name);
    if (strlen(name) >= sizeof(io.name)) {
        errno = ENODEV;
        return 0;
    }
    memcpy(io.name, name, strlen(name));
    rc = ask_if(SIOCGIFINDEX, &io);
    if (!rc)
        return (unsigned)io.ifindex;
    errno = -rc;
    return 0;
}

EXPORT char *if_indextoname(unsigned index, char name[IF_NAMESIZE])
{
    struct proto_if io = { .ifindex = (int32_t)index };
    int rc;

    if (!preload_on())
        return real.if_indextoname(index, name);
    rc = ask_if(SIOCGIFNAME, &io);
    if (!rc)
        return memcpy(name, io.name, IFNAMSIZ);
    errno = rc == -ENODEV ? ENXIO : -rc;
    return NULL;
}

/* Laid out as libc's own if_freenameindex() frees it. */
EXPORT struct if_nameindex *if_nameindex(void)
{
    struct if_nameindex *result;
    struct proto_if *list;
    long n;

    if (!preload_on())
        return real.if_nameindex();
    n = list_devices(&list);
    if (n < 0)
        return NULL;
    result = calloc((size_t)n + 1, sizeof(*result));
    for (long i = 0; result && i < n; i++) {
        list[i].name[sizeof(list[i].name) - 1] = '\0';
        result[i].if_index = (unsigned)list[i].ifindex;
        result[i].if_name = strdup(list[i].name);
    }
    free(list);
    return result;
}
