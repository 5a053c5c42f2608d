/* key_generate.c - keys and masks drawn by lot from the rows of key_attrs.c: valid by construction.
 *
 * How it works: one row is the goal, and what its 'when' asks for decides the EtherType, protocol and ICMP type. Then the
 * rows that hold draw their members, in order of their numbers: those that decide come before those that depend on them.
 * SPDX-License-Identifier: Apache-2.0 */
#include <linux/openvswitch.h>
#include <string.h>

#include "base/draw.h"
#include "dp/eth_type.h"
#include "dp/key_hooks.h"

#define OPTS_MAX sizeof(((struct flow_key *)NULL)->tun_opts)
#define GENEVE_OPT_HDR 4u
#define NSH_MD1 1

static const struct key_attr *draw_row(const struct draw *d)
{
    const struct key_attr *row;

    do
        row = &key_attrs[draw_below(d, N_KEY_ATTRS)];
    while (!row->uapi);
    return row;
}

/* ---- hooks ------------------------------------------------------------------------------------------- */

void key_port_generate(const struct draw *d, struct flow_key *key)
{
    key->in_port = (uint16_t)(draw_one_in(d, 16) ? draw_number(d, KEY_MAX_PORTS)
                                                 : draw_below(d, d->n_ports));
}

static struct key_tag draw_tag(const struct draw *d)
{
    return (struct key_tag){
        .tpid = draw_one_in(d, 2) ? ETH_P_8021Q : ETH_P_8021AD,
        .tci = (uint16_t)(draw_number(d, UINT16_MAX) | KEY_TCI_PRESENT),
    };
}

/* Behind two tags a third is a type like others. */
void key_vlan_generate(const struct draw *d, struct flow_key *key)
{
    if (key->mac_proto != KEY_MAC_ETH || key->eth_type == KEY_TYPE_802_2 || key->vlan.tci)
        return;
    key->vlan = draw_tag(d);
    if (draw_one_in(d, 2))
        return;
    key->cvlan = draw_tag(d);
    if (draw_one_in(d, 8))
        key->eth_type = ETH_P_8021Q;
}

void key_mpls_generate(const struct draw *d, struct flow_key *key)
{
    uint32_t n = 1 + draw_below(d, KEY_N_MPLS);

    memset(&key->mpls, 0, sizeof(key->mpls));
    key->mpls.n_lse_mask = (1u << n) - 1;
    draw_bytes(d, key->mpls.lse, sizeof(key->mpls.lse[0]) * n);
}

void key_nsh_generate(const struct draw *d, struct flow_key *key)
{
    struct key_nsh *nsh = &key->nsh;

    draw_bytes(d, nsh, sizeof(*nsh));
    nsh->flags &= 3;
    nsh->ttl &= 63;
    nsh->np = (uint8_t)(1 + draw_below(d, 6));
    nsh->mdtype = (uint8_t)(NSH_MD1 + draw_below(d, 2));
    if (nsh->mdtype != NSH_MD1)
        memset(nsh->context, 0, sizeof(nsh->context));
}

/* TLVs: the low 5 bits of the fourth byte count the words that follow. */
static void draw_geneve(const struct draw *d, struct flow_key *key)
{
    unsigned n = 1 + draw_below(d, draw_one_in(d, 8) ? 63 : 8);
    uint8_t *opts = key->tun_opts + OPTS_MAX - GENEVE_OPT_HDR * n;

    key->tun_opts_len = (uint8_t)(GENEVE_OPT_HDR * n);
    draw_bytes(d, opts, key->tun_opts_len);
    while (n) {
        unsigned words = draw_below(d, MIN(n, 31));

        opts[3] = (uint8_t)((opts[3] & 0xe0) | words);
        opts += GENEVE_OPT_HDR * (1 + words);
        n -= 1 + words;
    }
}

static void draw_options(const struct draw *d, struct flow_key *key)
{
    static const struct {
        uint16_t flag;
        uint8_t len;                /* 0: any */
    } kinds[] = {{KEY_TUN_GENEVE, 0}, {KEY_TUN_VXLAN, 4}, {KEY_TUN_ERSPAN, 12}};
    unsigned kind = draw_below(d, 2 * G_N_ELEMENTS(kinds));

    if (kind >= G_N_ELEMENTS(kinds))
        return;
    key->tun.flags |= kinds[kind].flag;
    key->tun_opts_len = kinds[kind].len;
    if (key->tun_opts_len)
        draw_bytes(d, key->tun_opts + OPTS_MAX - key->tun_opts_len, key->tun_opts_len);
    else
        draw_geneve(d, key);
}

void key_tunnel_generate(const struct draw *d, struct flow_key *key)
{
    static const uint16_t plain = KEY_TUN_KEY | KEY_TUN_DF | KEY_TUN_CSUM | KEY_TUN_OAM;

    draw_bytes(d, &key->tun, sizeof(key->tun));
    key->tun_proto = draw_one_in(d, 2) ? 4 : 6;
    if (key->tun_proto == 4) {
        struct { uint32_t src, dst; } addr = {key->tun.ip4.src, key->tun.ip4.dst};

        memset(&key->tun.ip6, 0, sizeof(key->tun.ip6));
        key->tun.ip4.src = addr.src;
        key->tun.ip4.dst = addr.dst ? addr.dst : 1 + draw_below(d, 4);
    } else {
        key->tun.ip6.dst[15] |= 1;
    }
    key->tun.flags &= plain;
    if (!(key->tun.flags & KEY_TUN_KEY))
        key->tun.id = 0;
    draw_options(d, key);
}

/* ---- one row ----------------------------------------------------------------------------------------- */

/* A protocol that some row asks for; 0: the draw was of a row that asks for none. */
static uint8_t draw_proto(const struct draw *d)
{
    uint8_t proto = draw_row(d)->when.ip_proto;

    return proto ? proto : draw_row(d)->when.ip_proto;
}

/* What 'goal' asks of a member that decides about rows; without a goal, what some row asks. */
static void steer(const struct draw *d, const struct key_field *f, const struct key_when *goal,
                  struct flow_key *key)
{
    uint8_t proto = goal->ip_proto ? goal->ip_proto : draw_proto(d);

    if (f->key_off == offsetof(struct flow_key, ip_proto) && f->is_fixed && proto)
        key->ip_proto = proto;
    if (f->key_off == offsetof(struct flow_key, ip_frag) &&
        (goal->not_later_frag || draw_one_in(d, 2)))
        key->ip_frag &= KEY_FRAG_FIRST;
    if (f->key_off == offsetof(struct flow_key, tp_src) && goal->icmp_type[0])
        key->tp_src = goal->icmp_type[draw_below(d, 2)];
    if (f->key_off == offsetof(struct flow_key, tp_dst) && goal->icmp_type[0] && !draw_one_in(d, 8))
        key->tp_dst = 0;            /* frames with another code have nothing more */
    if (f->key_off == offsetof(struct flow_key, ct_orig_proto) && !key->ct_orig_proto)
        key->ct_orig_proto = proto ? proto : 1;         /* 0: there is no tuple */
}

static void draw_fields(const struct draw *d, const struct key_attr *row,
                        const struct key_when *goal, struct flow_key *key)
{
    for (unsigned i = 0; i < row->n_fields; i++) {
        const struct key_field *f = &row->field[i];
        uint8_t *mem = (uint8_t *)key + f->key_off;

        if (f->max)
            mem_put(mem, f->key_size, draw_number(d, f->max));
        else if (f->wire->is_num && f->key_size > f->wire_size)     /* an ICMP type has 16 bits */
            mem_put(mem, f->key_size, draw_number(d, UINT8_MAX));
        else
            draw_bytes(d, mem, f->key_size);
        if (f->wire->bits && !draw_one_in(d, 8))
            mem_put(mem, f->key_size, mem_get(mem, f->key_size) & f->wire->bits);
        steer(d, f, goal, key);
    }
}

static bool shares_bytes(const struct key_attr *a, const struct key_attr *b)
{
    for (unsigned i = 0; i < a->n_fields; i++) {
        for (unsigned j = 0; j < b->n_fields; j++) {
            const struct key_field *f = &a->field[i], *g = &b->field[j];

            if (f->key_off < g->key_off + g->key_size && g->key_off < f->key_off + f->key_size)
                return true;
        }
    }
    return false;
}

/* Do its members live where those of an attribute are that the key must have? */
static bool is_taken(const struct key_attr *row, const struct flow_key *key)
{
    for (unsigned type = 0; type < N_KEY_ATTRS; type++) {
        const struct key_attr *other = &key_attrs[type];

        if (other != row && other->flags & KEY_REQUIRED && key_when_holds(&other->when, key) &&
            shares_bytes(row, other))
            return true;
    }
    return false;
}

/* Is the attribute drawn into this key, which has what decides about it? */
static bool appears(const struct draw *d, const struct key_attr *row, const struct key_attr *goal,
                    const struct flow_key *key)
{
    if (row == &key_attrs[OVS_KEY_ATTR_ETHERNET])
        return key->mac_proto == KEY_MAC_ETH;
    if (!row->uapi || row == &key_attrs[OVS_KEY_ATTR_ETHERTYPE] || !key_when_holds(&row->when, key))
        return false;
    if (row == goal || row->flags & KEY_REQUIRED)
        return true;
    return draw_one_in(d, 4) && !(row->when.eth_type[0] && is_taken(row, key));
}

/* ---- keys -------------------------------------------------------------------------------------------- */

static void draw_link_layer(const struct draw *d, const struct key_attr *goal, struct flow_key *key)
{
    const struct key_when *w = goal->when.eth_type[0] ? &goal->when : &draw_row(d)->when;
    uint16_t type = w->eth_type[draw_below(d, 2)];

    key->mac_proto = !w->eth_type[0] || !draw_one_in(d, 8) ? KEY_MAC_ETH : KEY_MAC_NONE;
    key->eth_type = type ? type : w->eth_type[0];
    if (!key->eth_type)
        key->eth_type = draw_one_in(d, 2) ? KEY_TYPE_802_2 : ETH_P_802_EX1;
}

void key_generate(const struct draw *d, struct flow_key *key)
{
    const struct key_attr *goal = draw_row(d);

    memset(key, 0, sizeof(*key));
    draw_link_layer(d, goal, key);
    for (unsigned type = 0; type < N_KEY_ATTRS; type++) {
        const struct key_attr *row = &key_attrs[type];

        if (!appears(d, row, goal, key))
            continue;
        if (row->generate)
            row->generate(d, key);
        else
            draw_fields(d, row, &goal->when, key);
    }
}

/* ---- masks ------------------------------------------------------------------------------------------- */

/* Mostly all or nothing. */
static void draw_mask(const struct draw *d, void *mem, size_t size)
{
    uint32_t way = draw_below(d, 8);

    if (way < 2)
        draw_bytes(d, mem, size);
    else
        memset(mem, way < 6 ? 0xff : 0, size);
}

static void draw_field_mask(const struct draw *d, const struct key_attr *row,
                            const struct key_field *f, struct flow_key *mask)
{
    uint8_t *mem = (uint8_t *)mask + f->key_off;

    if (row->flags & KEY_MASK_EXACT)
        memset(mem, draw_one_in(d, 8) ? 0 : 0xff, f->key_size);
    else
        draw_mask(d, mem, f->key_size);
    if (f->wire->is_num && f->key_size > f->wire_size)
        mem_put(mem, f->key_size, mem_get(mem, f->key_size) & UINT8_MAX);
    if (row->flags & KEY_MASK_LIMITED)
        mem_put(mem, f->key_size, mem_get(mem, f->key_size) & f->max);
}

/* Members of attributes with hooks. */
static void draw_odd_masks(const struct draw *d, const struct flow_key *key, struct flow_key *mask)
{
    static const uint16_t options = KEY_TUN_GENEVE | KEY_TUN_VXLAN | KEY_TUN_ERSPAN;

    mask->mac_proto = 0xff;                 /* what every mask has */
    mask->in_port = draw_one_in(d, 2) ? 0xffff : 0;
    mask->vlan.tpid = mask->cvlan.tpid = 0xffff;
    draw_mask(d, &mask->vlan.tci, sizeof(mask->vlan.tci));
    draw_mask(d, &mask->cvlan.tci, sizeof(mask->cvlan.tci));
    mask->vlan.tci |= KEY_TCI_PRESENT;
    mask->cvlan.tci |= KEY_TCI_PRESENT;
    if (!key->tun_proto)
        return;
    draw_mask(d, &mask->tun, sizeof(mask->tun));
    draw_mask(d, mask->tun_opts, sizeof(mask->tun_opts));
    if (key->tun_proto == 4)
        memset((uint8_t *)&mask->tun.ip6 + sizeof(mask->tun.ip4), 0,
               sizeof(mask->tun.ip6) - sizeof(mask->tun.ip4));
    mask->tun.flags &= (uint16_t)(key->tun.flags | ~options);
    mask->tun.flags &= options | KEY_TUN_KEY | KEY_TUN_DF | KEY_TUN_CSUM | KEY_TUN_OAM;
}

static void draw_nested_masks(const struct draw *d, const struct flow_key *key, struct flow_key *mask)
{
    if (is_mpls_type(key->eth_type))
        draw_mask(d, mask->mpls.lse, sizeof(mask->mpls.lse));
    if (key->eth_type == ETH_P_NSH)
        draw_mask(d, &mask->nsh, sizeof(mask->nsh));
}

void key_mask_generate(const struct draw *d, const struct flow_key *key, struct flow_key *mask)
{
    memset(mask, 0, sizeof(*mask));
    draw_odd_masks(d, key, mask);
    for (unsigned type = 0; type < N_KEY_ATTRS; type++) {
        const struct key_attr *row = &key_attrs[type];
        bool is_conditional = row->when.eth_type[0];

        if (is_conditional && (!key_when_holds(&row->when, key) || !key_when_is_exact(&row->when, mask)))
            continue;
        if (is_conditional && !(row->flags & KEY_REQUIRED) && is_taken(row, key))
            continue;
        for (unsigned i = 0; i < row->n_fields; i++)
            draw_field_mask(d, row, &row->field[i], mask);
    }
    if (mask->eth_type)
        draw_nested_masks(d, key, mask);
}
