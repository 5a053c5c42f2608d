/* device.c - see device.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/device.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/if.h>           /* behind libc's net/if.h, which it gives way to */
#include <linux/rtnetlink.h>
#include <string.h>

#include "netlink/attr.h"
#include "sim/addr.h"
#include "sim/cable.h"
#include "sim/host.h"
#include "sim/ip_in.h"
#include "sim/packet.h"
#include "sim/pcap_out.h"
#include "sim/recorder.h"
#include "sim/rule.h"
#include "sim/trace.h"
#include "sim/tunnel.h"
#include "sim/wire.h"

#define MTU_DEFAULT 1500
#define MTU_LOOPBACK 65536
#define TX_QUEUE_LEN 1000           /* the kernel's default */
#define N_NUMBERED_NAMES 32768      /* the kernel's bound for "%d" */
#define GSO_SIZE 65536
#define GSO_SEGS 65535
/* What a client can change besides IFF_UP, IFF_PROMISC and IFF_ALLMULTI. */
#define FLAGS_OPEN (IFF_DEBUG | IFF_NOTRAILERS | IFF_NOARP | IFF_DYNAMIC | IFF_MULTICAST | \
                    IFF_PORTSEL | IFF_AUTOMEDIA)

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

static struct device *device_new(struct sim_ns *ns, const struct netdev *dev)
{
    struct device *d = g_new0(struct device, 1);

    d->dev = *dev;
    d->ns = ns;
    d->txqlen = TX_QUEUE_LEN;
    d->n_tx_queues = d->n_rx_queues = 1;
    d->gso_max_size = GSO_SIZE;
    d->gso_max_segs = GSO_SEGS;
    d->was_up = dev->is_up;
    d->base_flags = dev->kind == NETDEV_LOOPBACK ? IFF_LOOPBACK : IFF_BROADCAST | IFF_MULTICAST;
    d->addr_assign = dev->kind == NETDEV_INTERNAL ? NET_ADDR_RANDOM : NET_ADDR_PERM;
    d->operstate = dev->kind == NETDEV_VIRTUAL ? IF_OPER_UP : IF_OPER_UNKNOWN;
    return d;
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
    d = device_new(ns, &dev);
    g_ptr_array_insert(ns->devices, (gint)position(ns, dev.ifindex), d);
    if (is_lo)
        addr_dev_up(d);
    rule_devices_changed(ns);
    return d;
}

void device_set_kind(struct device *d, const struct rt_kind *kind)
{
    bool is_pair = kind->shape == RT_SHAPE_PAIR;

    d->kind = kind;
    d->base_flags = kind->flags;
    d->dev.mtu = kind->mtu;
    d->dev.has_carrier = !is_pair;
    d->addr_assign = kind->addr_len == 4 ? NET_ADDR_PERM : NET_ADDR_RANDOM;
    d->n_carrier_down = is_pair;
    d->operstate = is_pair ? IF_OPER_LOWERLAYERDOWN : IF_OPER_UNKNOWN;
    if (is_pair)
        d->n_tx_queues = d->n_rx_queues = d->ns->sim->options.n_cpus;
}

static void take_down(struct device *d)
{
    device_set_flags(d, device_flags(d) & ~(unsigned)IFF_UP);
}

/* Whoever listens hears of it going down first; of what happens then, but that it is gone. */
void device_free(struct device *d)
{
    struct rt_link link;

    packet_device_gone(d);
    cable_cut(d);
    host_free(d->host);
    d->host = NULL;
    if (d->peer)
        d->peer->peer = NULL;
    d->peer = NULL;
    take_down(d);
    d->is_going = true;
    if (d->dev.vport)
        dp_device_gone(d->ns->dp, &d->dev);
    addr_dev_gone(d);
    d->was_up = false;
    device_view(d, &link);
    rt_link_event(d->ns->net, RTM_DELLINK, &link, UINT_MAX);
    g_ptr_array_remove_index(d->ns->devices, position(d->ns, d->dev.ifindex));
    rule_devices_changed(d->ns);
    tunnel_dev_free(d->tunnel);
    g_free(d);
}

/* The ends of a pair go together: both are down before the first is gone. */
void device_del(struct device *d)
{
    struct device *peer = d->peer;

    d->peer = NULL;
    if (peer) {
        peer->peer = NULL;
        take_down(d);
        take_down(peer);
    }
    device_free(d);
    if (peer)
        device_free(peer);
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

/* The kind's, and what is so while a tunnel has a far end of its own. */
static unsigned kind_flags(const struct device *d)
{
    const struct rt_value *remote;

    if (!d->kind || !d->kind->remote_type || d->kind->addr_len == sizeof(d->dev.mac))
        return 0;
    remote = rt_value(d->kind, d->data, d->kind->remote_type);
    return bytes_are(remote->bytes, sizeof(remote->bytes), 0) ? 0 : IFF_POINTOPOINT;
}

/* Promiscuity that OVS asked for is not shown as the flag, in the kernel either. */
unsigned device_flags(const struct device *d)
{
    unsigned flags = d->base_flags | kind_flags(d);

    if (d->dev.is_up)
        flags |= IFF_UP;
    if (d->dev.is_up && (d->operstate == IF_OPER_UP || d->operstate == IF_OPER_UNKNOWN))
        flags |= IFF_RUNNING;
    if (d->is_promisc)
        flags |= IFF_PROMISC;
    if (d->is_allmulti)
        flags |= IFF_ALLMULTI;
    return flags;
}

/* Returns whether the counter became 0 or left it. */
static bool count(uint32_t *n, int change)
{
    bool before = *n;

    *n = (uint32_t)((int)*n + change);
    return before != (*n != 0);
}

void device_add_promisc(struct device *d, int change)
{
    if (count(&d->dev.promiscuity, change))
        device_event(d, IFF_PROMISC);
}

void device_add_allmulti(struct device *d, int change)
{
    (void)count(&d->allmulti, change);
}

static void set_modes(struct device *d, unsigned flags)
{
    bool is_promisc = flags & IFF_PROMISC, is_allmulti = flags & IFF_ALLMULTI;

    (void)count(&d->dev.promiscuity, is_promisc - d->is_promisc);
    (void)count(&d->allmulti, is_allmulti - d->is_allmulti);
    d->is_promisc = is_promisc;
    d->is_allmulti = is_allmulti;
}

static bool change_carrier(struct device *d, bool has_carrier)
{
    if (d->dev.has_carrier == has_carrier)
        return false;
    d->dev.has_carrier = has_carrier;
    *(has_carrier ? &d->n_carrier_up : &d->n_carrier_down) += 1;
    return true;
}

/* What the kernel does a little after a carrier's change, before anybody asks again. */
static void watch_carrier(struct device *d)
{
    uint8_t without = d->kind && d->kind->shape == RT_SHAPE_PAIR ? IF_OPER_LOWERLAYERDOWN
                                                                 : IF_OPER_DOWN;

    d->operstate = d->dev.has_carrier ? IF_OPER_UP : without;
    if (d->dev.is_up)
        device_event(d, 0);
    if (d->dev.has_carrier)
        addr_dev_up(d);
}

static void tell_up_or_down(struct device *d, bool was_up)
{
    if (d->dev.is_up && !was_up)
        addr_dev_up(d);
    else if (was_up && !d->dev.is_up)
        addr_dev_down(d);
}

/* Both ends of a pair have a carrier while both are up. */
void device_set_flags(struct device *d, unsigned flags)
{
    unsigned before = device_flags(d), changed;
    bool was_up = d->dev.is_up, is_other = false, is_own = false;
    struct device *peer = d->peer;

    d->dev.is_up = flags & IFF_UP;
    d->was_up |= d->dev.is_up;
    d->base_flags = (d->base_flags & ~(unsigned)FLAGS_OPEN) | (flags & FLAGS_OPEN);
    set_modes(d, flags);
    if (peer) {
        is_own = change_carrier(d, d->dev.is_up && peer->dev.is_up);
        is_other = change_carrier(peer, d->dev.is_up && peer->dev.is_up);
    }
    changed = (before ^ device_flags(d)) & ~(unsigned)IFF_RUNNING;
    if (changed)
        device_event(d, changed);
    tell_up_or_down(d, was_up);
    if (is_own)
        watch_carrier(d);
    if (is_other)
        watch_carrier(peer);
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
    if (change_carrier(d, has_carrier))
        watch_carrier(d);
}

void device_join(struct device *a, struct device *b)
{
    a->peer = b;
    b->peer = a;
}

int device_set_mac(struct device *d, const uint8_t mac[6], struct err *e)
{
    if (d->dev.kind == NETDEV_LOOPBACK)
        return err_set(e, EOPNOTSUPP, "%s keeps its address", d->dev.name);
    if (mac[0] & 1 || bytes_are(mac, sizeof(d->dev.mac), 0))
        return err_set(e, EADDRNOTAVAIL, "%s: not the address of one station", d->dev.name);
    memcpy(d->dev.mac, mac, sizeof(d->dev.mac));
    d->addr_assign = NET_ADDR_SET;
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
    d->capture = 0;
    rule_devices_changed(d->ns);
    device_event(d, 0);
    return 0;
}

/* ---- frames ---------------------------------------------------------------------------------- */

static inline void count_arrived(struct device *d, const void *frame, size_t len)
{
    d->n_rx++;
    d->rx_bytes += len;
    if (G_UNLIKELY(d->ns->sim->recorder) && d->dev.is_up)
        recorder_frame(d, PCAPNG_IN, frame, len);
    (void)packet_tap(d, frame, len, d->dev.kind != NETDEV_INTERNAL);
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

static void record(const struct device *d, const void *frame, size_t len)
{
    struct sim *sim = d->ns->sim;

    pcap_out_put(d->out, sim->clock.now_ns - SIM_START_NS, frame, len);
    if (sim->env.trace)
        trace_line(sim, "recorded %s packet %" PRIu64, pcap_out_name(d->out),
                   pcap_out_count(d->out));
}

static inline void count_sent(struct device *d, const void *frame, size_t len)
{
    d->n_tx++;
    d->tx_bytes += len;
    if (d->out)
        record(d, frame, len);
    if (G_UNLIKELY(d->ns->sim->recorder))
        recorder_frame(d, PCAPNG_OUT, frame, len);
}

void device_count_sent(struct device *d, const void *frame, size_t len)
{
    count_sent(d, frame, len);
}

void device_transmit(struct device *d, const void *frame, size_t len)
{
    bool is_internal = d->dev.kind == NETDEV_INTERNAL, is_seen;

    count_sent(d, frame, len);
    is_seen = packet_tap(d, frame, len, is_internal);
    cable_carry(d, frame, len);
    host_receive(d, frame, len);
    if (d->peer)
        wire_send(d->peer, frame, len);
    else if (is_internal)
        (void)ip_receive(d, frame, len);
    if (is_internal && !d->host && !is_seen && !ip_has_protocol(frame, len))
        d->dev.stats.rx_dropped++;
}

void device_send(struct device *d, const void *frame, size_t len)
{
    if (d->dev.kind == NETDEV_LOOPBACK) {
        (void)packet_tap(d, frame, len, false);
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
