/* tunnel_gre.c - the headers of gre and erspan: RFC 2784, 2890, draft-foschiano-erspan.
 *
 * An erspan header is behind GRE's, which has a sequence number and no key: the session stands in
 * its place. What a receiver refuses is what Linux 6.1 refuses.
 * SPDX-License-Identifier: Apache-2.0 */
#include <linux/if_ether.h>
#include <netinet/in.h>

#include "base/bytes.h"
#include "base/checksum.h"
#include "sim/tunnel_int.h"

#define TYPE_TEB     0x6558         /* an Ethernet frame follows */
#define TYPE_ERSPAN  0x88be
#define TYPE_ERSPAN2 0x22eb

static uint32_t gre_len(uint16_t flags)
{
    return 4u + (flags & GRE_HAS_CSUM ? 4u : 0) + (flags & GRE_HAS_KEY ? 4u : 0) +
           (flags & GRE_HAS_SEQ ? 4u : 0);
}

static void gre_put(uint8_t *at, uint32_t total, uint16_t type, const struct tunnel_out *o)
{
    uint8_t *end = at + gre_len(o->gre_flags);

    memset(at, 0, (size_t)(end - at));
    be16_put(at, o->gre_flags);
    be16_put(at + 2, type);
    if (o->gre_flags & GRE_HAS_SEQ)
        be32_put(end -= 4, o->seq);
    if (o->gre_flags & GRE_HAS_KEY)
        be32_put(end -= 4, (uint32_t)o->tunnel->tun.id);
    if (o->gre_flags & GRE_HAS_CSUM)
        be16_put(at + 4, csum_finish(csum_add(0, at, total)));
}

/* ---- in ---------------------------------------------------------------------------------------- */

static enum netdev_tunnel_kind kind_of(uint8_t family, uint16_t type)
{
    bool is_ip6 = family == AF_INET6;

    if (type == TYPE_TEB)
        return is_ip6 ? TUNNEL_IP6GRE : TUNNEL_GRE;
    if (type == TYPE_ERSPAN || type == TYPE_ERSPAN2)
        return is_ip6 ? TUNNEL_IP6ERSPAN : TUNNEL_ERSPAN;
    return TUNNEL_NONE;
}

bool gre_read(const struct ip_packet *p, struct gre_base *gre)
{
    const uint8_t *at = p->l4;

    *gre = (struct gre_base){ .flags = p->l4_len < 4 ? 1 : be16_get(at) };
    gre->len = gre_len(gre->flags);
    if (gre->flags & ~(GRE_HAS_CSUM | GRE_HAS_KEY | GRE_HAS_SEQ) || p->l4_len < gre->len)
        return false;
    if (gre->flags & GRE_HAS_CSUM && csum_finish(csum_add(0, at, p->l4_len)))
        return false;
    gre->type = be16_get(at + 2);
    gre->kind = kind_of(p->family, gre->type);
    at += gre->flags & GRE_HAS_CSUM ? 8 : 4;
    gre->has_key = gre->flags & GRE_HAS_KEY;
    gre->key = gre->has_key ? be32_get(at) : 0;
    gre->seq = gre->flags & GRE_HAS_SEQ ? be32_get(at + (gre->has_key ? 4 : 0)) : 0;
    if (gre->type != TYPE_TEB && gre->kind) {
        /* Without a sequence number it is erspan's type I, which has no header. */
        if (p->l4_len < gre->len + 8)
            return false;
        gre->has_key = gre->flags & GRE_HAS_SEQ;
        gre->key = gre->has_key ? be16_get(p->l4 + gre->len + 2) & 0x3ff : 0;
    }
    return gre->kind;
}

/* Checksums are verified by now; the device says whether there must be one, and a sequence. */
static bool is_wanted(struct tunnel_in *in, const struct gre_base *gre)
{
    uint16_t wanted = in->dev ? in->dev->gre_in : 0;

    in->why = DROP_TUNNEL_GRE;
    if ((gre->flags ^ wanted) & GRE_HAS_CSUM)
        return false;
    if (!(wanted & GRE_HAS_SEQ))
        return true;
    if (!(gre->flags & GRE_HAS_SEQ) ||
        (in->dev->seq_in && (int32_t)(gre->seq - in->dev->seq_in) < 0))
        return false;
    in->dev->seq_in = gre->seq + 1;
    return true;
}

static uint32_t get_gre(struct tunnel_in *in)
{
    struct gre_base gre;

    if (!gre_read(in->ip, &gre) || !is_wanted(in, &gre))
        return 0;
    if (gre.has_key) {
        in->tunnel.tun.id = gre.key;
        in->tunnel.tun.flags |= KEY_TUN_KEY;
    }
    return gre.len;
}

/* ---- gre --------------------------------------------------------------------------------------- */

static uint32_t plain_len(const struct tunnel_out *o)
{
    return gre_len(o->gre_flags);
}

static void plain_put(uint8_t *at, uint32_t total, const struct tunnel_out *o)
{
    gre_put(at, total, TYPE_TEB, o);
}

const struct tunnel_kind tunnel_gre = {
    .ip_proto = IPPROTO_GRE, .has_ip4 = true, .ttl = TTL_OR_INNER, .tos = TOS_GRE,
    .counts_eth = true, .len = plain_len, .put = plain_put, .get = get_gre,
};

const struct tunnel_kind tunnel_ip6gre = {
    .ip_proto = IPPROTO_GRE, .has_ip6 = true, .ttl = TTL_OR_INNER, .tos = TOS_AS_IS,
    .has_label = true, .counts_twice = true, .len = plain_len, .put = plain_put, .get = get_gre,
};

/* ---- erspan ------------------------------------------------------------------------------------ */

#define METADATA_LEN 12             /* of a key: the version in host order, 8 bytes as on the wire */
#define BASE_LEN 4u
#define V1_LEN (BASE_LEN + 4)
#define V2_LEN (BASE_LEN + 8)
#define INDEX_MASK 0xfffffu
#define V2_P 0x80                   /* no platform-specific header's bit: the kernel sets it */
#define EN_IN_FRAME 3               /* version 1: the tag is in the frame */
#define BSO_SHORT 1                 /* version 2: shorter or longer than Ethernet's frames */
#define BSO_OVERSIZED 2
#define TICK_NS 100000              /* of version 2's time stamps */

static uint32_t erspan_version(const struct flow_key *tunnel)
{
    uint32_t version = 0;

    if (tunnel->tun.flags & KEY_TUN_ERSPAN && tunnel->tun_opts_len == METADATA_LEN)
        memcpy(&version, tunnel_opts_of(tunnel), sizeof(version));
    return version;
}

static bool erspan_check(const struct tunnel_out *o)
{
    uint32_t version = erspan_version(o->tunnel);

    return version == 1 || version == 2;
}

static uint32_t erspan_len(const struct tunnel_out *o)
{
    return gre_len(o->gre_flags) + (erspan_version(o->tunnel) == 1 ? V1_LEN : V2_LEN);
}

/* As if the inner packet were of the tunnel's own family, in the kernel too. */
static unsigned class_of_service(const struct tunnel_out *o, const uint8_t *frame)
{
    const uint8_t *l3 = frame + o->l3_off;

    return (o->way.family == AF_INET ? l3[1] : ((l3[0] & 0xfu) << 4 | l3[1] >> 4)) >> 5;
}

/* Does the inner packet say that it is longer than it is? */
static bool is_cut(const struct tunnel_out *o, const uint8_t *frame, uint32_t len)
{
    const uint8_t *l3 = frame + o->l3_off;
    uint32_t has = len - o->l3_off;

    if (!o->inner.version)
        return false;
    return l3[0] >> 4 == 4 ? be16_get(l3 + 2) > has : IP6_LEN + be16_get(l3 + 4) > has;
}

static unsigned en_bits(uint32_t version, bool is_tagged, uint32_t len)
{
    if (version == 1)
        return is_tagged ? EN_IN_FRAME : 0;
    return len < ETH_ZLEN ? BSO_SHORT : len > ETH_FRAME_LEN ? BSO_OVERSIZED : 0;
}

static void erspan_put(uint8_t *at, uint32_t total, const struct tunnel_out *o)
{
    const uint8_t *metadata = tunnel_opts_of(o->tunnel);
    uint32_t version = erspan_version(o->tunnel), gre = gre_len(o->gre_flags);
    uint32_t own = version == 1 ? V1_LEN : V2_LEN, len = total - gre - own;
    uint8_t *base = at + gre, *frame = base + own;
    bool is_tagged = be16_get(frame + 12) == ETH_P_8021Q;

    be16_put(base, (uint16_t)(version << 12 | (is_tagged ? be16_get(frame + 14) & 0xfff : 0)));
    be16_put(base + 2, (uint16_t)(class_of_service(o, frame) << 13 |
                                  en_bits(version, is_tagged, len) << 11 |
                                  (unsigned)is_cut(o, frame, len) << 10 |
                                  (o->tunnel->tun.id & 0x3ff)));
    if (version == 1) {
        be32_put(base + 4, be32_get(metadata + 4) & INDEX_MASK);
    } else {
        be32_put(base + 4, (uint32_t)(o->port->ns->sim->clock.now_ns / TICK_NS));
        be16_put(base + 8, 0);
        base[10] = (uint8_t)(V2_P | (metadata[10] & 3));
        base[11] = metadata[11] & 0xf8;
    }
    gre_put(at, total, version == 1 ? TYPE_ERSPAN : TYPE_ERSPAN2, o);
}

static uint32_t header_len(uint8_t version)
{
    return !version ? 0 : version == 1 ? V1_LEN : V2_LEN;
}

static uint32_t erspan_get(struct tunnel_in *in)
{
    uint8_t metadata[METADATA_LEN] = { 0 };
    const uint8_t *base;
    struct gre_base gre;
    uint32_t version;

    if (!gre_read(in->ip, &gre) || !is_wanted(in, &gre))
        return 0;
    base = in->at + gre.len;
    version = gre.has_key ? base[0] >> 4 : 0;
    if (in->left < gre.len + MAX(header_len((uint8_t)version), V2_LEN)) {
        in->why = DROP_TUNNEL_HDR;
        return 0;
    }
    memcpy(metadata, &version, sizeof(version));
    memcpy(metadata + 4, base + BASE_LEN, version == 1 ? 4 : 8);
    memcpy(tunnel_opts(&in->tunnel, METADATA_LEN), metadata, METADATA_LEN);
    in->tunnel.tun_opts_len = METADATA_LEN;
    in->tunnel.tun.id = gre.key;
    in->tunnel.tun.flags |= KEY_TUN_KEY | KEY_TUN_ERSPAN;
    return gre.len + header_len((uint8_t)version);
}

const struct tunnel_kind tunnel_erspan = {
    .ip_proto = IPPROTO_GRE, .has_ip4 = true, .ttl = TTL_OR_INNER, .tos = TOS_GRE,
    .counts_eth = true, .check = erspan_check,
    .len = erspan_len, .put = erspan_put, .get = erspan_get,
};

const struct tunnel_kind tunnel_ip6erspan = {
    .ip_proto = IPPROTO_GRE, .has_ip6 = true, .ttl = TTL_OR_INNER, .tos = TOS_AS_IS,
    .has_label = true, .counts_twice = true, .check = erspan_check,
    .len = erspan_len, .put = erspan_put, .get = erspan_get,
};
