/* tunnel_find.c - which tunnel device an outer packet is for.
 *
 * UDP: of the devices on the port the one with the packet's VNI; geneve's must come from the far
 * end, too. GRE: the device that says most about the packet: addresses, then its key; one in
 * external mode says least.
 * SPDX-License-Identifier: Apache-2.0 */
#include <netinet/in.h>

#include "base/bytes.h"
#include "sim/tunnel_int.h"

static bool is_on(const struct device *d)
{
    return d->dev.tunnel.kind && d->dev.is_up;
}

static bool has_family(const struct device *d, uint8_t family)
{
    return d->dev.tunnel.is_external || tunnel_family(&d->tunnel->own) == family;
}

/* ---- UDP ----------------------------------------------------------------------------------------- */

static bool is_udp_match(const struct device *d, const struct ip_packet *p, uint32_t vni)
{
    const struct flow_key *own;

    if (d->dev.tunnel.is_external)
        return true;
    own = &d->tunnel->own;
    return own->tun.id == vni &&
           (d->dev.tunnel.kind != TUNNEL_GENEVE ||
            !memcmp(tunnel_remote(own), p->src, rt_ip_len(p->family)));
}

static struct device *find_udp(const struct sim_ns *ns, const struct ip_packet *p,
                               enum drop_reason *why)
{
    uint16_t port = p->l4_len < UDP_LEN ? 0 : be16_get(p->l4 + 2);
    uint32_t vni = p->l4_len < UDP_LEN + 8 ? 0 : be32_get(p->l4 + UDP_LEN + 4) >> 8;

    for (guint i = 0; port && i < ns->devices->len; i++) {
        struct device *d = g_ptr_array_index(ns->devices, i);

        if (!is_on(d) || d->dev.tunnel.udp_port != port || !has_family(d, p->family))
            continue;
        if (is_udp_match(d, p, vni))
            return d;
        *why = DROP_TUNNEL_ID;
    }
    return NULL;
}

/* ---- GRE ----------------------------------------------------------------------------------------- */

/* How much of an address a device wants: 0 any, 1 this one, -1 another. */
static int score_of(const uint8_t *wanted, const uint8_t *is, size_t len)
{
    static const uint8_t any[RT_IP_LEN];

    if (!memcmp(wanted, any, len))
        return 0;
    return memcmp(wanted, is, len) ? -1 : 1;
}

/* -1: it does not match. */
static int score(const struct device *d, const struct ip_packet *p, const struct gre_base *gre)
{
    const struct tunnel_dev *t = d->tunnel;
    size_t len = rt_ip_len(p->family);
    int remote, local;

    if (d->dev.tunnel.is_external)
        return 0;
    remote = score_of(tunnel_remote(&t->own), p->src, len);
    local = score_of(tunnel_local(&t->own), p->dst, len);
    /* A group that it sends to is where it takes packets, too. */
    if (remote < 0 && tunnel_is_group(&t->own))
        remote = score_of(tunnel_remote(&t->own), p->dst, len);
    if (remote < 0 || local < 0 || !(t->gre_in & GRE_HAS_KEY) != !gre->has_key ||
        (gre->has_key && t->key_in != gre->key))
        return -1;
    return 1 + 2 * remote + local;
}

static struct device *find_gre(const struct sim_ns *ns, const struct ip_packet *p,
                               enum drop_reason *why)
{
    enum netdev_tunnel_kind any = p->family == AF_INET6 ? TUNNEL_IP6GRE : TUNNEL_GRE;
    struct device *found = NULL;
    struct gre_base gre;
    bool is_read = gre_read(p, &gre);
    int best = -1;

    for (guint i = 0; i < ns->devices->len; i++) {
        struct device *d = g_ptr_array_index(ns->devices, i);
        int s;

        if (!is_on(d) || d->dev.tunnel.kind != (is_read ? gre.kind : any))
            continue;
        *why = is_read ? DROP_TUNNEL_ID : DROP_TUNNEL_HDR;
        s = is_read ? score(d, p, &gre) : -1;
        if (s > best) {
            best = s;
            found = d;
        }
    }
    return found;
}

/* -------------------------------------------------------------------------------------------------- */

struct device *tunnel_find(const struct sim_ns *ns, const struct ip_packet *p,
                           enum drop_reason *why)
{
    *why = N_DROP_REASONS;
    if (p->proto == IPPROTO_UDP)
        return find_udp(ns, p, why);
    return p->proto == IPPROTO_GRE ? find_gre(ns, p, why) : NULL;
}

bool tunnel_has_group(const struct sim_ns *ns, uint8_t family, const uint8_t *ip)
{
    for (guint i = 0; i < ns->devices->len; i++) {
        const struct device *d = g_ptr_array_index(ns->devices, i);

        if (is_on(d) && !d->dev.tunnel.is_external && has_family(d, family) &&
            tunnel_is_group(&d->tunnel->own) &&
            !memcmp(tunnel_remote(&d->tunnel->own), ip, rt_ip_len(family)))
            return true;
    }
    return false;
}
