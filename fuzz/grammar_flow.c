/* grammar_flow.c - keys and masks as attributes: what key_put() writes, with what may be left out left out, in any order.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/grammar_int.h"

#define KEY_ROOM 2048
#define BIT(type) (UINT64_C(1) << (type))
/* Attributes whose place, or absence, carries meaning. */
#define STRUCTURE (BIT(OVS_KEY_ATTR_ENCAP) | BIT(OVS_KEY_ATTR_ETHERNET) | BIT(OVS_KEY_ATTR_VLAN) | BIT(OVS_KEY_ATTR_ETHERTYPE))

/* Is it an attribute that says nothing, and may be left out? */
static bool is_nothing(unsigned type, const struct flow_key *key)
{
    const struct key_attr *row = &key_attrs[type];

    if (BIT(type) & STRUCTURE || !row->n_fields || row->when.eth_type[0])
        return false;
    for (unsigned i = 0; i < row->n_fields; i++) {
        if (!bytes_are((const uint8_t *)key + row->field[i].key_off, row->field[i].key_size, 0))
            return false;
    }
    return true;
}

/* Which attributes a key goes without; its mask has to, too. */
static uint64_t draw_left_out(const struct draw *d, const struct flow_key *key)
{
    uint64_t left_out = 0;

    for (unsigned type = 0; type < N_KEY_ATTRS; type++) {
        if (is_nothing(type, key) && !draw_one_in(d, 4))
            left_out |= BIT(type);
    }
    return left_out;
}

void flow_draw(const struct draw *d, struct grammar_flow *flow)
{
    key_generate(d, &flow->key);
    key_mask_generate(d, &flow->key, &flow->mask);
    flow->left_out = draw_left_out(d, &flow->key);
    flow->is_exact = draw_one_in(d, 8);
    flow->ufid_len = draw_one_in(d, 4) ? sizeof(flow->ufid) : 0;
    draw_bytes(d, flow->ufid, sizeof(flow->ufid));
}

void flow_masked(const struct grammar_flow *flow, struct flow_key *masked)
{
    const struct flow_mask mask = {.key = flow->mask};

    if (flow->is_exact)
        *masked = flow->key;
    else
        key_apply_mask(masked, &flow->key, &mask, true);
}

/* What a mask may not have: nests of types that it does not decide. */
static uint64_t not_decided(const struct flow_key *mask)
{
    uint64_t bits = 0;

    for (unsigned type = 0; type < N_KEY_ATTRS; type++) {
        const struct key_when *w = &key_attrs[type].when;

        if (w->eth_type[0] && !key_when_is_exact(w, mask))
            bits |= BIT(type);
    }
    return bits;
}

/* Swaps some of 'n'. */
static void shuffle(const struct draw *d, const struct nlattr **a, uint32_t n)
{
    for (uint32_t i = n; i > 1; i--) {
        uint32_t j = draw_below(d, i);
        const struct nlattr *other = a[j];

        a[j] = a[i - 1];
        a[i - 1] = other;
    }
}

static void append_attr(const struct nlattr *a, GByteArray *out)
{
    g_byte_array_append(out, (const uint8_t *)a, (guint)attr_align(a->nla_len));
}

/* The attributes of 'nest' in 'list', in any order. */
static uint32_t draw_order(const struct draw *d, const struct nlattr *nest, const struct nlattr **list)
{
    const struct nlattr *a;
    uint32_t n = 0;
    int left;

    attr_for_each_nested(a, nest, left)
        list[n++] = a;
    if (draw_one_in(d, 4))
        shuffle(d, list, n);
    return n;
}

/* A nest whose attributes are no keys. */
static void put_nest(const struct draw *d, const struct nlattr *nest, GByteArray *out)
{
    const struct nlattr *list[N_KEY_ATTRS];
    size_t at = attr_nest_begin(out, mnl_attr_get_type(nest));
    uint32_t n = draw_order(d, nest, list);

    for (uint32_t i = 0; i < n; i++)
        append_attr(list[i], out);
    attr_nest_end(out, at);
}

static void put_list(const struct draw *d, const struct nlattr *nest, uint64_t left_out, GByteArray *out)
{
    const struct nlattr *list[N_KEY_ATTRS];
    uint32_t n = draw_order(d, nest, list);

    for (uint32_t i = 0; i < n; i++) {
        uint16_t type = mnl_attr_get_type(list[i]);

        if (left_out & BIT(type))
            continue;
        if (type == OVS_KEY_ATTR_ENCAP) {
            size_t encap = attr_nest_begin(out, type);

            put_list(d, list[i], left_out, out);
            attr_nest_end(out, encap);
        } else if (key_attrs[type].len == KEY_LEN_NESTED) {
            put_nest(d, list[i], out);
        } else {
            append_attr(list[i], out);
        }
    }
}

/* The nest that key_put() writes, in 'room'. */
static const struct nlattr *put_all(uint8_t *room, const struct flow_key *key, const struct flow_key *mask)
{
    struct nlmsghdr *msg = mnl_nlmsg_put_header(memset(room, 0, KEY_ROOM));     /* libmnl leaves padding as it was */

    key_put(msg, 0, key, mask ? mask : key, mask != NULL);
    return mnl_nlmsg_get_payload(msg);
}

void flow_put_key(const struct draw *d, const struct grammar_flow *flow, GByteArray *out)
{
    uint8_t room[KEY_ROOM] __attribute__((aligned(8)));

    put_list(d, put_all(room, &flow->key, NULL), flow->left_out, out);
}

void flow_put_mask(const struct draw *d, const struct grammar_flow *flow, GByteArray *out)
{
    uint64_t left_out = flow->left_out | not_decided(&flow->mask);
    uint8_t room[KEY_ROOM] __attribute__((aligned(8)));

    if (!flow->key.tun_proto)
        left_out |= BIT(OVS_KEY_ATTR_TUNNEL);
    put_list(d, put_all(room, &flow->key, &flow->mask), left_out, out);
}

void grammar_key_attrs(struct rng *r, const struct flow_key *key, const struct flow_key *mask, GByteArray *key_out,
                       GByteArray *mask_out)
{
    const struct draw d = draw_of(r);
    struct grammar_flow flow = {.key = *key, .left_out = draw_left_out(&d, key)};

    flow_put_key(&d, &flow, key_out);
    if (!mask)
        return;
    flow.mask = *mask;
    flow_put_mask(&d, &flow, mask_out);
}
