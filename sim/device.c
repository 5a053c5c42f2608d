/* device.c - see device.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/device.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "sim/host.h"
#include "sim/cable.h"
#include "sim/packet.h"
#include "sim/pcap_out.h"

#define MTU_DEFAULT 1500
#define MTU_LOOPBACK 65536
#define MTU_MIN 68
#define MTU_MAX 65535
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
    g_ptr_array_insert(ns->devices, (gint)position(ns, dev.ifindex), d);
    return d;
}

void device_free(struct device *d)
{
    packet_device_gone(d);
    cable_cut(d);
    host_free(d->host);
    g_ptr_array_remove_index(d->ns->devices, position(d->ns, d->dev.ifindex));
    g_free(d);
}

void device_del(struct device *d)
{
    if (d->dev.vport)
        dp_device_gone(d->ns->dp, &d->dev);
    device_free(d);
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

unsigned device_flags(const struct device *d)
{
    unsigned flags = d->dev.kind == NETDEV_LOOPBACK ? IFF_LOOPBACK : IFF_BROADCAST | IFF_MULTICAST;

    if (d->dev.is_up)
        flags |= IFF_UP;
    if (d->dev.is_up && d->dev.has_carrier)
        flags |= IFF_RUNNING;
    /* Promiscuity that OVS asked for is not shown as the flag, in the kernel either. */
    if (d->is_promisc)
        flags |= IFF_PROMISC;
    return flags;
}

void device_set_flags(struct device *d, unsigned flags)
{
    bool is_promisc = flags & IFF_PROMISC;

    d->dev.is_up = flags & IFF_UP;
    if (is_promisc && !d->is_promisc)
        d->dev.promiscuity++;
    if (!is_promisc && d->is_promisc)
        d->dev.promiscuity--;
    d->is_promisc = is_promisc;
}

int device_set_mtu(struct device *d, uint32_t mtu, struct err *e)
{
    if (mtu < MTU_MIN || mtu > MTU_MAX)
        return err_set(e, EINVAL, "device %s: MTU %u is not within %d..%d", d->dev.name, mtu,
                       MTU_MIN, MTU_MAX);
    d->dev.mtu = mtu;
    return 0;
}

void device_receive(struct device *d, const void *frame, size_t len)
{
    d->n_rx++;
    d->rx_bytes += len;
    packet_tap(d, frame, len, d->dev.kind != NETDEV_INTERNAL);
    dp_receive(d->ns->sim->dp, &d->dev, frame, len);
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
}
