/* device.c - see device.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/device.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "netlink/attr.h"
#include "sim/addr.h"
#include "sim/cable.h"
#include "sim/host.h"
#include "sim/ip_in.h"
#include "sim/packet.h"
#include "sim/pcap_out.h"
#include "sim/tunnel.h"
#include "sim/wire.h"

#define MTU_DEFAULT 1500
#define MTU_LOOPBACK 65536
#define MTU_MIN 68
#define MTU_MAX 65535
#define TX_QUEUE_LEN 1000           /* the kernel's default */
#define N_NUMBERED_NAMES 32768      /* the kernel's bound for "%d" */

static bool is_name_valid(const char *name)
{
    if (!*name || strlen(name) >= IFNAMSIZ || !strcmp(name, ".") || !strcmp(name, ".."))
        return false;
    for (const char *c = name; *c; c++)
        if (*c == '/' || *c == ':' || isspace((unsigned char)*c))
            return false;
    return true;
}

/* Puts the lowest number that makes a free name in place of "%d". */
static int expand_name(const struct sim_ns *ns, const char *pattern, char *name, struct err *e)
{
    const char *mark = strchr(pattern, '%');

    if (mark[1] != 'd' || strchr(mark + 2, '%'))
        return err_set(e, EINVAL, "device name %s: only one %%d may stand in it", pattern);
    for (int i = 0; i < N_NUMBERED_NAMES; i++) {
        g_snprintf(name, IFNAMSIZ, "%.*s%d%s", (int)(mark - pattern), pattern, i, mark + 2);
        if (!device_by_name(ns, name))
            return 0;
    }
    return err_set(e, ENFILE, "device name %s: all its numbers are taken", pattern);
}

static int choose_name(const struct sim_ns *ns, const char *wanted, char *name, struct err *e)
{
    if (!is_name_valid(wanted))
        return err_set(e, EINVAL, "device name \"%s\" is not valid", wanted);
    if (strchr(wanted, '%'))
        return expand_name(ns, wanted, name, e);
    if (device_by_name(ns, wanted))
        return err_set(e, EEXIST, "device %s exists already", wanted);
    g_strlcpy(name, wanted, IFNAMSIZ);
    return 0;
}

static int choose_index(struct sim_ns *ns, int wanted, int *ifindex, struct err *e)
{
    if (wanted && device_by_index(ns, wanted))
        return err_set(e, EBUSY, "ifindex %d is taken", wanted);
    while (!wanted && device_by_index(ns, ns->next_ifindex))
        ns->next_ifindex++;
    *ifindex = wanted ? wanted : ns->next_ifindex++;
    return 0;
}

/* Position of the first device whose ifindex is not below 'ifindex'. */
static guint position(const struct sim_ns *ns, int ifindex)
{
    guint low = 0, high = ns->devices->len;

    while (low < high) {
        guint mid = low + (high - low) / 2;
        const struct device *d = g_ptr_array_index(ns->devices, mid);

        if (d->dev.ifindex < ifindex)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static void set_mac(struct netdev *dev)
{
    uint32_t n = (uint32_t)dev->ifindex;

    if (dev->kind == NETDEV_LOOPBACK)
        return;
    memcpy(dev->mac, (const uint8_t[]){ 2, 0, (uint8_t)(n >> 24), (uint8_t)(n >> 16),
                                        (uint8_t)(n >> 8), (uint8_t)n }, sizeof(dev->mac));
}

struct device *device_add(struct sim_ns *ns, const char *name, enum netdev_kind kind, int ifindex,
                          struct err *e)
{
    bool is_lo = kind == NETDEV_LOOPBACK;
    struct netdev dev = {
        .kind = kind,
        .mtu = is_lo ? MTU_LOOPBACK : MTU_DEFAULT,
        .is_up = is_lo,
        .has_carrier = true,
    };
    struct device *d;

    if (choose_name(ns, name, dev.name, e) || choose_index(ns, ifindex, &dev.ifindex, e))
        return NULL;
    set_mac(&dev);
    d = g_new0(struct device, 1);
    d->dev = dev;
    d->ns = ns;
    d->txqlen = TX_QUEUE_LEN;
    d->was_up = is_lo;
    g_ptr_array_insert(ns->devices, (gint)position(ns, dev.ifindex), d);
    if (is_lo)
        addr_dev_up(d);
    return d;
}

static void leave_pair(struct device *d)
{
    struct device *peer = d->peer;

    if (!peer)
        return;
    d->peer = peer->peer = NULL;
    device_set_carrier(peer, false);
}

/* Whoever listens hears of it going down first. */
void device_free(struct device *d)
{
    struct rt_link link;

    packet_device_gone(d);
    cable_cut(d);
    host_free(d->host);
    d->host = NULL;
    device_set_flags(d, 0);
    leave_pair(d);
    addr_dev_gone(d);
    device_view(d, &link);
    rt_link_event(d->ns->net, RTM_DELLINK, &link, UINT_MAX);
    g_ptr_array_remove_index(d->ns->devices, position(d->ns, d->dev.ifindex));
    tunnel_dev_free(d->tunnel);
    g_free(d);
}

void device_del(struct device *d)
{
    struct device *peer = d->peer;

    if (d->dev.vport)
        dp_device_gone(d->ns->dp, &d->dev);
    device_free(d);
    if (peer)
        device_del(peer);
}

struct device *device_by_name(const struct sim_ns *ns, const char *name)
{
    for (guint i = 0; i < ns->devices->len; i++) {
        struct device *d = g_ptr_array_index(ns->devices, i);

        if (!strcmp(d->dev.name, name))
            return d;
    }
    return NULL;
}

struct device *device_by_index(const struct sim_ns *ns, int ifindex)
{
    guint i = position(ns, ifindex);
    struct device *d = i < ns->devices->len ? g_ptr_array_index(ns->devices, i) : NULL;

    return d && d->dev.ifindex == ifindex ? d : NULL;
}

/* ---- state ----------------------------------------------------------------------------------- */

unsigned device_flags(const struct device *d)
{
    unsigned flags = IFF_BROADCAST | IFF_MULTICAST;

    if (d->dev.kind == NETDEV_LOOPBACK)
        flags = IFF_LOOPBACK;
    else if (d->kind)
        flags = d->kind->flags;
    if (d->dev.is_up)
        flags |= IFF_UP;
    if (d->dev.is_up && d->dev.has_carrier)
        flags |= IFF_RUNNING;
    /* Promiscuity that OVS asked for is not shown as the flag, in the kernel either. */
    if (d->is_promisc)
        flags |= IFF_PROMISC;
    return flags;
}

static void set_promisc(struct device *d, bool is_promisc)
{
    if (is_promisc && !d->is_promisc)
        d->dev.promiscuity++;
    if (!is_promisc && d->is_promisc)
        d->dev.promiscuity--;
    d->is_promisc = is_promisc;
}

/* Both ends of a pair have a carrier while both are up. */
static void update_pair(struct device *d)
{
    bool is_on = d->peer && d->dev.is_up && d->peer->dev.is_up;

    if (!d->peer)
        return;
    device_set_carrier(d, is_on);
    device_set_carrier(d->peer, is_on);
}

void device_set_flags(struct device *d, unsigned flags)
{
    unsigned before = device_flags(d), changed;
    bool was_up = d->dev.is_up;

    d->dev.is_up = flags & IFF_UP;
    d->was_up |= d->dev.is_up;
    set_promisc(d, flags & IFF_PROMISC);
    changed = (before ^ device_flags(d)) & (IFF_UP | IFF_PROMISC);
    if (!changed)
        return;
    device_event(d, changed);
    if (d->dev.is_up && !was_up)
        addr_dev_up(d);
    else if (was_up && !d->dev.is_up)
        addr_dev_down(d);
    if (changed & IFF_UP)
        update_pair(d);
}

int device_change_flags(struct device *d, unsigned flags, struct err *e)
{
    int rc = flags & IFF_UP ? tunnel_check_up(d, e) : 0;

    if (!rc)
        device_set_flags(d, flags);
    return rc;
}

void device_set_carrier(struct device *d, bool has_carrier)
{
    if (d->dev.has_carrier == has_carrier)
        return;
    d->dev.has_carrier = has_carrier;
    *(has_carrier ? &d->n_carrier_up : &d->n_carrier_down) += 1;
    device_event(d, 0);
    if (has_carrier)
        addr_dev_up(d);
}

void device_join(struct device *a, struct device *b)
{
    a->peer = b;
    b->peer = a;
    update_pair(a);
}

uint32_t device_min_mtu(const struct device *d)
{
    if (d->dev.kind == NETDEV_LOOPBACK)
        return 0;
    return d->kind ? d->kind->min_mtu : MTU_MIN;
}

uint32_t device_max_mtu(const struct device *d)
{
    if (d->dev.kind == NETDEV_LOOPBACK)
        return 0;
    return d->kind ? d->kind->max_mtu : MTU_MAX;
}

int device_set_mtu(struct device *d, uint32_t mtu, struct err *e)
{
    uint32_t most = device_max_mtu(d);

    if (mtu < device_min_mtu(d))
        return rt_refuse(e, EINVAL, "mtu less than device minimum");
    if (most && mtu > most)
        return rt_refuse(e, EINVAL, "mtu greater than device maximum");
    if (d->dev.mtu == mtu)
        return 0;
    d->dev.mtu = mtu;
    device_event(d, 0);
    return 0;
}

int device_set_mac(struct device *d, const uint8_t mac[6], struct err *e)
{
    if (d->dev.kind == NETDEV_LOOPBACK)
        return err_set(e, EOPNOTSUPP, "%s keeps its address", d->dev.name);
    if (mac[0] & 1 || bytes_are(mac, sizeof(d->dev.mac), 0))
        return err_set(e, EADDRNOTAVAIL, "%s: not the address of one station", d->dev.name);
    memcpy(d->dev.mac, mac, sizeof(d->dev.mac));
    device_event(d, 0);
    return 0;
}

int device_rename(struct device *d, const char *name, struct err *e)
{
    char chosen[IFNAMSIZ];
    int rc;

    if (!strcmp(d->dev.name, name))
        return 0;
    if (d->dev.is_up)
        return err_set(e, EBUSY, "device %s is up", d->dev.name);
    rc = choose_name(d->ns, name, chosen, e);
    if (rc)
        return rc;
    g_strlcpy(d->dev.name, chosen, sizeof(d->dev.name));
    device_event(d, 0);
    return 0;
}

/* ---- frames ---------------------------------------------------------------------------------- */

static void count_arrived(struct device *d, const void *frame, size_t len)
{
    d->n_rx++;
    d->rx_bytes += len;
    packet_tap(d, frame, len, d->dev.kind != NETDEV_INTERNAL);
}

/* What is not a port's is the host's. */
static bool is_for_host(struct device *d, const void *frame, size_t len)
{
    return !d->dev.vport && d->dev.is_up && ip_receive(d, frame, len);
}

void device_receive(struct device *d, const void *frame, size_t len)
{
    count_arrived(d, frame, len);
    if (is_for_host(d, frame, len)) {
        d->dev.stats.rx_packets++;
        d->dev.stats.rx_bytes += len;
        return;
    }
    dp_receive(d->ns->sim->dp, &d->dev, frame, len);
}

void device_receive_tunnel(struct device *d, const void *frame, size_t len,
                           const struct flow_key *tunnel)
{
    count_arrived(d, frame, len);
    if (!is_for_host(d, frame, len))
        dp_receive_tunnel(d->ns->sim->dp, &d->dev, frame, len, tunnel);
}

void device_transmit(struct device *d, const void *frame, size_t len)
{
    const struct sim *sim = d->ns->sim;

    d->n_tx++;
    d->tx_bytes += len;
    if (d->out)
        pcap_out_put(d->out, sim->clock.now_ns - SIM_START_NS, frame, len);
    packet_tap(d, frame, len, d->dev.kind == NETDEV_INTERNAL);
    cable_carry(d, frame, len);
    host_receive(d, frame, len);
    if (d->peer)
        wire_send(d->peer, frame, len);
    else if (d->dev.kind == NETDEV_INTERNAL)
        (void)ip_receive(d, frame, len);
}

void device_send(struct device *d, const void *frame, size_t len)
{
    if (d->dev.kind == NETDEV_LOOPBACK) {
        packet_tap(d, frame, len, false);
        wire_send(d, frame, len);
    } else if (d->dev.kind == NETDEV_INTERNAL) {
        device_receive(d, frame, len);
    } else if (d->dev.tunnel.kind) {
        tunnel_transmit(d, frame, len);
    } else {
        d->dev.stats.tx_packets++;
        d->dev.stats.tx_bytes += len;
        device_transmit(d, frame, len);
    }
}
