/* packet.c - see packet.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/packet.h"

#include <errno.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/socket.h>

#include "base/bytes.h"
#include "sim/packet_filter.h"
#include "sim/packet_int.h"

#define TAG_LEN 4u
#define MAC_LEN 6u
#define TAP_ROOM 66     /* what the kernel reserves before a received frame */

/* ---- life ------------------------------------------------------------------------------------ */

struct packet_sock *packet_open(struct sim_ns *ns, struct sock *queue, int type, uint16_t protocol)
{
    struct packet_sock *ps = g_new0(struct packet_sock, 1);

    *ps = (struct packet_sock){ .ns = ns, .queue = queue, .type = type, .protocol = protocol };
    queue->no_enobufs = true;   /* losses are counted, not told */
    queue->is_inside = true;    /* frames are no messages */
    ps->members = g_array_new(FALSE, FALSE, sizeof(struct packet_member));
    g_queue_push_tail(&ns->packet_socks, ps);
    return ps;
}

void packet_close(struct packet_sock *ps)
{
    if (!ps)
        return;
    packet_leave(ps, 0);
    g_array_unref(ps->members);
    packet_filter_free(ps->filter);
    g_queue_remove(&ps->ns->packet_socks, ps);
    g_free(ps);
}

/* As in the kernel: a pending ENETDOWN, and no device any more. */
void packet_device_gone(struct device *d)
{
    for (GList *l = d->ns->packet_socks.head; l; l = l->next) {
        struct packet_sock *ps = l->data;

        packet_leave(ps, d->dev.ifindex);
        if (ps->ifindex != d->dev.ifindex)
            continue;
        ps->ifindex = -1;
        ps->queue->error = ENETDOWN;
        if (ps->queue->readable)
            ps->queue->readable(ps->queue);
    }
}

int packet_bind(struct packet_sock *ps, int ifindex, uint16_t protocol)
{
    if (ifindex && !device_by_index(ps->ns, ifindex))
        return -ENODEV;
    ps->ifindex = ifindex;
    if (protocol)
        ps->protocol = protocol;
    return 0;
}

static uint16_t hw_type(const struct device *d)
{
    return d->dev.kind == NETDEV_LOOPBACK ? ARPHRD_LOOPBACK : ARPHRD_ETHER;
}

void packet_name(const struct packet_sock *ps, struct proto_ll *name)
{
    const struct device *d = ps->ifindex > 0 ? device_by_index(ps->ns, ps->ifindex) : NULL;

    *name = (struct proto_ll){ .ifindex = ps->ifindex, .protocol = ps->protocol };
    if (!d)
        return;
    name->hw_type = hw_type(d);
    name->mac_len = MAC_LEN;
    memcpy(name->mac, d->dev.mac, MAC_LEN);
}

/* ---- receiving ------------------------------------------------------------------------------- */

/* A frame at the taps: bytes without the tag that is told aside. */
struct tapped {
    struct proto_ll ll;
    uint8_t *frame;
    size_t len;
};

static uint8_t packet_type(const struct device *d, const uint8_t *frame, bool is_incoming)
{
    static const uint8_t broadcast[MAC_LEN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

    if (!is_incoming)
        return PACKET_OUTGOING;
    if (!memcmp(frame, broadcast, MAC_LEN))
        return PACKET_BROADCAST;
    if (frame[0] & 1)
        return PACKET_MULTICAST;
    return memcmp(frame, d->dev.mac, MAC_LEN) ? PACKET_OTHERHOST : PACKET_HOST;
}

/* Moves the outermost tag from the bytes to where the kernel has it. */
static void untag(struct tapped *t)
{
    uint16_t tpid = be16_get(t->frame + 2 * MAC_LEN);

    if ((tpid != ETH_P_8021Q && tpid != ETH_P_8021AD) || t->len < ETH_HLEN + TAG_LEN)
        return;
    t->ll.status |= TP_STATUS_VLAN_VALID | TP_STATUS_VLAN_TPID_VALID;
    t->ll.vlan_tpid = tpid;
    t->ll.vlan_tci = be16_get(t->frame + ETH_HLEN);
    memmove(t->frame + TAG_LEN, t->frame, 2 * MAC_LEN);
    t->frame += TAG_LEN;
    t->len -= TAG_LEN;
}

static bool is_wanted(const struct packet_sock *ps, const struct device *d,
                      const struct tapped *t)
{
    bool has_rx_hook = d->dev.vport && d->dev.kind != NETDEV_INTERNAL;

    if (ps->ifindex && ps->ifindex != d->dev.ifindex)
        return false;
    if (t->ll.pkttype == PACKET_OUTGOING)
        return ps->protocol == ETH_P_ALL && !ps->ignores_outgoing;
    return ps->protocol == ETH_P_ALL || (ps->protocol == t->ll.protocol && !has_rx_hook);
}

static void give(struct packet_sock *ps, const struct tapped *t)
{
    size_t skip = ps->type == SOCK_DGRAM ? ETH_HLEN : 0, len = t->len - skip;
    size_t keep = ps->filter ? packet_filter_run(ps->filter, t->frame + skip, len) : len;
    struct proto_ll ll = t->ll;
    GByteArray *bytes;

    if (!keep)
        return;
    ll.len = (uint32_t)len;
    ll.net = (uint16_t)(ETH_HLEN - skip);
    ll.has_auxdata = ps->wants_auxdata;
    bytes = g_byte_array_sized_new((guint)(sizeof(ll) + len));
    g_byte_array_append(bytes, (const guint8 *)&ll, sizeof(ll));
    g_byte_array_append(bytes, t->frame + skip, (guint)MIN(keep, len));
    if (!sock_queue(ps->queue, bytes->data, bytes->len, len + TAP_ROOM, 0))
        ps->n_packets++;
    g_byte_array_unref(bytes);
}

static void fill(struct tapped *t, const struct device *d, bool is_incoming, bool is_sent)
{
    t->ll = (struct proto_ll){
        .time_ns = d->ns->sim->clock.now_ns - SIM_START_NS,
        .ifindex = d->dev.ifindex,
        .hw_type = hw_type(d),
        .pkttype = packet_type(d, t->frame, is_incoming),
        .mac_len = MAC_LEN,
    };
    if (!is_sent)       /* what the host sends is as the program wrote it */
        untag(t);
    memcpy(t->ll.mac, t->frame + MAC_LEN, MAC_LEN);
    t->ll.protocol = be16_get(t->frame + 2 * MAC_LEN);
    if (t->ll.protocol < ETH_P_802_3_MIN)
        t->ll.protocol = ETH_P_802_2;
}

bool packet_tap(struct device *d, const void *frame, size_t len, bool is_incoming)
{
    struct sim_ns *ns = d->ns;
    struct packet_sock *sender = ns->sender;
    struct tapped t = { .len = len };
    bool is_seen = false;
    uint8_t *copy;

    ns->sender = NULL;
    if (!ns->packet_socks.head || len < ETH_HLEN || !d->dev.is_up)
        return false;
    t.frame = copy = g_memdup2(frame, len);
    fill(&t, d, is_incoming, sender || (!is_incoming && d->dev.kind == NETDEV_INTERNAL));
    for (GList *l = ns->packet_socks.head; l; l = l->next)
        if (l->data != sender && is_wanted(l->data, d, &t)) {
            give(l->data, &t);
            is_seen = true;
        }
    g_free(copy);
    return is_seen;
}

/* ---- sending --------------------------------------------------------------------------------- */

static int check_frame(const struct device *d, const uint8_t *frame, size_t len)
{
    size_t most = d->dev.mtu + ETH_HLEN;

    if (!d->dev.is_up)
        return -ENETDOWN;
    if (len < ETH_HLEN)
        return -EINVAL;
    if (be16_get(frame + 2 * MAC_LEN) == ETH_P_8021Q)
        most += TAG_LEN;
    return len > most ? -EMSGSIZE : 0;
}

/* SOCK_DGRAM: the kernel makes the Ethernet header. */
static void put_header(GByteArray *out, const struct device *d, const struct proto_ll *to,
                       uint16_t protocol)
{
    uint8_t header[ETH_HLEN];

    memcpy(header, to->mac, MAC_LEN);
    memcpy(header + MAC_LEN, d->dev.mac, MAC_LEN);
    be16_put(header + 2 * MAC_LEN, protocol);
    g_byte_array_append(out, header, sizeof(header));
}

long packet_send(struct packet_sock *ps, const void *bytes, size_t len)
{
    g_autoptr(GByteArray) frame = g_byte_array_new();
    struct proto_ll to;
    struct device *d;
    int r;

    if (len < sizeof(to))
        return -EINVAL;
    memcpy(&to, bytes, sizeof(to));
    len -= sizeof(to);
    d = device_by_index(ps->ns, to.ifindex ? to.ifindex : ps->ifindex);
    if (!d)
        return -ENXIO;
    if (ps->type == SOCK_DGRAM)
        put_header(frame, d, &to, to.protocol ? to.protocol : ps->protocol);
    g_byte_array_append(frame, (const guint8 *)bytes + sizeof(to), (guint)len);
    r = check_frame(d, frame->data, frame->len);
    if (r)
        return r;
    ps->ns->sender = ps;
    device_send(d, frame->data, frame->len);
    return (long)len;
}
