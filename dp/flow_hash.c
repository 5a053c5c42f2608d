/* flow_hash.c - the flow hash of a packet: from its bytes, not from the key.
 *
 * The kernel's flow dissector starts where the last extraction left the network header, with the
 * packet's own type, so it sees other things than the key does: it reads on behind any number of
 * tags, goes into IP-in-IP, and takes the IP header behind an inner tag for another tag. Whether it
 * found ports shows in OVS_PACKET_ATTR_HASH. The hash itself is ours (catalogue 07, section 7.5).
 * SPDX-License-Identifier: Apache-2.0 */
#include <linux/if_ether.h>
#include <netinet/in.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "dp/eth_type.h"
#include "dp/extract_int.h"

#define MAX_HEADERS 15          /* that are stepped over */

/* The innermost flow that can be seen. */
struct flow_id {
    uint16_t type;              /* behind the tags */
    uint8_t proto;
    uint8_t addr_len;           /* of each; 0: no addresses */
    const uint8_t *addrs;       /* source, then destination */
    uint32_t label;
    const uint8_t *ports;       /* NULL: none */
};

/* Where the dissection has come to. */
struct cursor {
    const struct pkt *p;
    uint32_t off;
    unsigned n_headers;
};

/* 'len' bytes at the cursor, or NULL. */
static const uint8_t *peek(const struct cursor *c, uint32_t len)
{
    return pkt_left(c->p, c->off) >= len ? c->p->data + c->off : NULL;
}

static uint16_t skip_tags(struct cursor *c, uint16_t type)
{
    const uint8_t *tag;

    while (is_vlan_type(type) && c->n_headers++ < MAX_HEADERS) {
        tag = peek(c, 4);
        if (!tag)
            return 0;
        type = be16_get(tag + 2);
        c->off += 4;
    }
    return type;
}

/* Headers with ports, or what the kernel takes for ports, and where they are. */
static const struct {
    uint8_t proto, at;
} port_places[] = {
    { IPPROTO_TCP, 0 }, { IPPROTO_UDP, 0 },     { IPPROTO_DCCP, 0 }, { IPPROTO_ESP, 0 },
    { IPPROTO_AH, 4 },  { IPPROTO_UDPLITE, 0 }, { IPPROTO_SCTP, 0 },
};

static void find_ports(struct cursor *c, struct flow_id *id)
{
    for (size_t i = 0; i < G_N_ELEMENTS(port_places); i++) {
        if (port_places[i].proto != id->proto)
            continue;
        c->off += port_places[i].at;
        id->ports = peek(c, 4);
    }
}

/* Returns whether something that can be read follows: fragments, even first ones, end it. */
static bool walk_ip4(struct cursor *c, struct flow_id *id)
{
    const uint8_t *ip = peek(c, 20);

    if (!ip || (ip[0] & 15) < 5)
        return false;
    id->proto = ip[9];
    id->addrs = ip + 12;
    id->addr_len = 4;
    c->off += (ip[0] & 15u) * 4;
    return !(be16_get(ip + 6) & 0x3fff);
}

static bool skip_ip6_options(struct cursor *c, struct flow_id *id)
{
    while (id->proto == IPPROTO_HOPOPTS || id->proto == IPPROTO_ROUTING ||
           id->proto == IPPROTO_DSTOPTS) {
        const uint8_t *hdr = peek(c, 2);

        if (!hdr || c->n_headers++ >= MAX_HEADERS)
            return false;
        id->proto = hdr[0];
        c->off += (hdr[1] + 1u) * 8;
    }
    return id->proto != IPPROTO_FRAGMENT;
}

static bool walk_ip6(struct cursor *c, struct flow_id *id)
{
    const uint8_t *ip = peek(c, 40);

    if (!ip)
        return false;
    id->proto = ip[6];
    id->addrs = ip + 8;
    id->addr_len = 16;
    id->label = be32_get(ip) & 0xfffff;
    c->off += 40;
    return !id->label && skip_ip6_options(c, id);   /* a label stands for the ports */
}

static struct flow_id dissect(const struct pkt *p)
{
    struct cursor c = { .p = p, .off = p->l3_off };
    struct flow_id id = { .type = skip_tags(&c, p->protocol) };
    uint16_t type = id.type;

    while (is_ip_type(type)) {
        if (!(type == ETH_P_IP ? walk_ip4(&c, &id) : walk_ip6(&c, &id)))
            return id;
        if (c.n_headers++ >= MAX_HEADERS)
            return id;
        type = id.proto == IPPROTO_IPIP ? ETH_P_IP : id.proto == IPPROTO_IPV6 ? ETH_P_IPV6 : 0;
    }
    find_ports(&c, &id);
    return id;
}

/* The same in both directions of a connection, as the kernel's. */
static uint32_t hash_pair(uint32_t h, uint32_t a, uint32_t b)
{
    return (uint32_t)hash_mix(h, (uint64_t)MIN(a, b) << 32 | MAX(a, b));
}

static uint32_t hash_addrs(uint32_t h, const struct flow_id *id)
{
    if (id->addr_len == 4)
        return hash_pair(h, be32_get(id->addrs), be32_get(id->addrs + 4));
    return hash_pair(h, hash_words(id->addrs, 16, 0), hash_words(id->addrs + 16, 16, 0));
}

uint32_t pkt_flow_hash(struct pkt *p)
{
    struct flow_id id;
    uint32_t h;

    if (p->hash)
        return p->hash;
    id = dissect(p);
    h = (uint32_t)hash_mix(hash_mix(id.type, id.proto), id.label);
    if (id.addr_len)
        h = hash_addrs(h, &id);
    if (id.ports)
        h = hash_pair(h, be16_get(id.ports), be16_get(id.ports + 2));
    p->hash_is_l4 = id.label || (id.ports && be32_get(id.ports));
    p->hash_is_sw = true;
    p->hash = h ? h : 1;
    return p->hash;
}
