/* tunnel_pmtu.c - a port's answer to an inner packet that must not be cut and is too long with its headers.
 *
 * A vxlan or geneve device that is a port of a bridge answers for the way it hides: "too big", from
 * the inner packet's far end, comes back out of the tunnel. As on Linux 6.1.
 * SPDX-License-Identifier: Apache-2.0 */
#include <linux/if_ether.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>

#include "base/bytes.h"
#include "base/checksum.h"
#include "sim/recorder.h"
#include "sim/tunnel_int.h"

#define MOST_IP4 576u           /* bytes of the answer's packet */
#define MOST_IP6 1280u
#define ICMP_LEN 8u

/* What differs between the two families. */
struct answer {
    uint8_t family, proto, type, code;
    uint32_t most;
    size_t src_off, dst_off, ttl_off;
};

static const struct answer answers[] = {
    { AF_INET, IPPROTO_ICMP, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, MOST_IP4, 12, 16, 8 },
    { AF_INET6, IPPROTO_ICMPV6, ICMP6_PACKET_TOO_BIG, 0, MOST_IP6, 8, 24, 7 },
};

/* Errors are not answered, nor groups. */
static bool is_ip4_to_answer(const uint8_t *ip, uint32_t mtu)
{
    bool is_error = ip[9] == IPPROTO_ICMP && ip[IP4_LEN] != ICMP_ECHO && ip[IP4_LEN] != ICMP_ECHOREPLY;

    return mtu >= MOST_IP4 && be16_get(ip + 6) == IP4_DF && ip[16] >> 4 != 0xe &&
           be32_get(ip + 16) != UINT32_MAX && ip[12] >> 4 != 0xe && be32_get(ip + 12) && !is_error;
}

static bool is_ip6_to_answer(const uint8_t *ip, uint32_t mtu)
{
    bool is_error = ip[6] == IPPROTO_ICMPV6 && !(ip[IP6_LEN] & 0x80);

    return mtu >= MOST_IP6 && ip[6] != IPPROTO_FRAGMENT && ip[24] != 0xff && ip[8] != 0xff && !is_error;
}

/* The Ethernet header turned round, IP, ICMP, and as much of the packet as has room. */
static GByteArray *make(const struct answer *a, const uint8_t *frame, uint32_t l3_off,
                        uint32_t ip_len, uint32_t mtu)
{
    const uint8_t *ip = frame + l3_off;
    uint32_t head_len = ip_head_len(a->family), len = MIN(ip_len, a->most - head_len - ICMP_LEN);
    const struct ip_head head = {
        .family = a->family, .proto = a->proto, .ttl = ip[a->ttl_off],
        .is_df = a->family == AF_INET, .src = ip + a->dst_off, .dst = ip + a->src_off,
    };
    GByteArray *reply = g_byte_array_new();
    uint8_t *icmp;
    uint32_t sum;

    g_byte_array_set_size(reply, l3_off + head_len + ICMP_LEN + len);
    memcpy(reply->data, frame, l3_off);
    memcpy(reply->data, frame + ETH_ALEN, ETH_ALEN);
    memcpy(reply->data + ETH_ALEN, frame, ETH_ALEN);
    ip_head_put(reply->data + l3_off, &head, ICMP_LEN + len);
    icmp = reply->data + l3_off + head_len;
    memset(icmp, 0, ICMP_LEN);
    icmp[0] = a->type;
    icmp[1] = a->code;
    be32_put(icmp + 4, mtu);
    memcpy(icmp + ICMP_LEN, ip, len);
    sum = a->family == AF_INET6 ? ip_pseudo_sum(reply->data + l3_off, a->proto, ICMP_LEN + len) : 0;
    be16_put(icmp + 2, csum_finish(csum_add(sum, icmp, ICMP_LEN + len)));
    return reply;
}

/* The same tunnel from the other side. */
static void turn(struct flow_key *key, const struct tunnel_out *o)
{
    *key = *o->tunnel;
    key->tun.tp_src = key->tun.tp_dst = 0;
    if (o->way.family == AF_INET6) {
        memcpy(key->tun.ip6.src, o->way.dst, 16);
        memcpy(key->tun.ip6.dst, o->way.src, 16);
    } else {
        memcpy(&key->tun.ip4.src, o->way.dst, 4);
        memcpy(&key->tun.ip4.dst, o->way.src, 4);
    }
}

/* A vxlan device has sent the packet and received the answer, to geneve it is an error. */
static void count(struct device *d, const GByteArray *reply)
{
    struct netdev *dev = &d->dev;

    if (dev->tunnel.kind != TUNNEL_VXLAN) {
        dev->stats.tx_errors++;
        return;
    }
    dev->stats.tx_packets++;
    dev->stats.tx_bytes += reply->len;
    dev->stats.rx_packets++;
    dev->stats.rx_bytes += reply->len;
    if (d->ns->sim->recorder)
        recorder_frame(d, PCAPNG_OUT, reply->data, reply->len);
}

bool tunnel_pmtu(const struct tunnel_out *o, uint32_t headers)
{
    uint32_t len = o->p->len - o->l3_off, room = headers + ETH_LEN;
    uint32_t mtu = o->way.out->dev.mtu - room;
    const uint8_t *ip = o->p->data + o->l3_off;
    g_autoptr(GByteArray) reply = NULL;
    struct flow_key key;

    if (o->kind->ip_proto != IPPROTO_UDP || !o->port->dev.vport || !o->inner.version ||
        o->way.out->dev.mtu < room || len <= mtu || len < IP6_LEN + ICMP_LEN)
        return false;
    if (!(o->inner.version == 4 ? is_ip4_to_answer : is_ip6_to_answer)(ip, mtu))
        return false;
    reply = make(&answers[o->inner.version == 6], o->p->data, o->l3_off, len, mtu);
    turn(&key, o);
    count(o->port, reply);
    device_receive_tunnel(o->port, reply->data, reply->len, &key);
    return true;
}
