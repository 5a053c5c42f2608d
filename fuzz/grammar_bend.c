/* grammar_bend.c - the rules that a message can break: one row each, and those of netlink/bend.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "dp/act.h"
#include "dp/key_decode.h"
#include "fuzz/spots.h"
#include "netlink/bend.h"

#define UNKNOWN_TYPE 64u            /* no row has so high a number */
#define OVER_LONG 2048u
#define DEEPER 20u                  /* than actions may be nested */

/* Each breaks its rule, and says whether it could. */
typedef bool rule_fn(struct spots *b);

/* ---- lengths ---------------------------------------------------------------------------------------------- */

/* Says another length than there is. */
static bool len_less(struct spots *b)
{
    const struct spot *s = spots_any(b);

    if (!s)
        return false;
    spot_set_len(b, s, (uint32_t)ATTR_HDR + draw_below(&b->d, spot_payload_len(b, s) + 1));
    return true;
}

static bool len_more(struct spots *b)
{
    const struct spot *s = spots_any(b);

    if (!s)
        return false;
    spot_set_len(b, s, spot_head(b, s).nla_len + 1 + draw_number(&b->d, 64));
    return true;
}

static bool payload_over_long(struct spots *b)
{
    const struct spot *s = spots_any(b);
    uint32_t len;

    if (!s)
        return false;
    len = spot_head(b, s).nla_len;
    spots_insert(b, s->at + (uint32_t)attr_align(len), NULL, OVER_LONG, s->parent);
    spot_set_len(b, s, (uint32_t)attr_align(len) + OVER_LONG);
    return true;
}

static bool no_padding(struct spots *b)
{
    const struct spot *s = spots_any(b);
    uint32_t len = s ? spot_head(b, s).nla_len : 0, pad = (uint32_t)attr_align(len) - len;

    if (!pad)
        return false;
    spots_cut(b, s->at + len, pad, s->parent);
    return true;
}

/* ---- which attributes ------------------------------------------------------------------------------------- */

static bool type_unknown(struct spots *b)
{
    const struct spot *s = spots_any(b);

    if (!s)
        return false;
    spot_set_type(b, s, (uint16_t)(UNKNOWN_TYPE + draw_number(&b->d, SPOT_TYPE_MASK - UNKNOWN_TYPE)));
    return true;
}

static bool type_bits(struct spots *b)
{
    static const uint16_t bits[] = {NLA_F_NESTED, NLA_F_NET_BYTEORDER, NLA_F_NESTED | NLA_F_NET_BYTEORDER};
    const struct spot *s = spots_any(b);

    if (!s)
        return false;
    spot_set_type(b, s, spot_type(b, s) | DRAW_OF(&b->d, bits));
    return true;
}

/* Lists in lists, deeper than may be: actions in clone(), others in themselves. */
static bool too_deep(struct spots *b)
{
    const struct spot *acts = spots_find(b, &acts_form, 0), *s = acts && spot_payload_len(b, acts) ? acts : spots_nest(b);
    uint16_t type;
    uint32_t len;

    if (!s)
        return false;
    type = s == acts ? OVS_ACTION_ATTR_CLONE : spot_type(b, s);
    len = spot_payload_len(b, s);
    spots_insert(b, s->at + (uint32_t)ATTR_HDR, NULL, (uint32_t)ATTR_HDR * DEEPER, (int)(s - b->spot));
    for (uint32_t i = 0; i < DEEPER; i++) {
        struct nlattr a = {.nla_type = type, .nla_len = (uint16_t)(len + ATTR_HDR * (DEEPER - i))};

        memcpy(b->message->data + s->at + ATTR_HDR * (1 + i), &a, sizeof(a));
    }
    return true;
}

/* ---- values ----------------------------------------------------------------------------------------------- */

static bool fill_value(struct spots *b, int byte)
{
    const struct spot *s = spots_leaf(b);

    if (!s)
        return false;
    memset(spot_payload(b, s), byte, spot_payload_len(b, s));
    return true;
}

static bool value_zero(struct spots *b)
{
    return fill_value(b, 0);
}

static bool value_ones(struct spots *b)
{
    return fill_value(b, 0xff);
}

static bool value_any(struct spots *b)
{
    const struct spot *s = spots_leaf(b);
    uint32_t len = s ? spot_payload_len(b, s) : 0, at = draw_below(&b->d, len ? len : 1);

    if (!len)
        return false;
    draw_bytes(&b->d, spot_payload(b, s) + at, 1 + draw_below(&b->d, MIN(len - at, 8)));
    return true;
}

/* A member of a key that has a highest legal value. */
static bool value_above_max(struct spots *b)
{
    const struct spot *key = spots_find(b, &key_form, 0);

    for (unsigned i = 0; key && i < b->n; i++) {
        const struct spot *s = &b->spot[i];
        uint16_t type = spot_type(b, s);
        const struct key_attr *row = type < N_KEY_ATTRS ? &key_attrs[type] : NULL;

        if (!row || s->parent == SPOT_NONE || &b->spot[s->parent] != key || row->len != (int)spot_payload_len(b, s))
            continue;
        for (unsigned j = 0; j < row->n_fields; j++) {
            const struct key_field *f = &row->field[j];
            uint32_t value = f->max + 1 + draw_number(&b->d, 16);

            if (!f->max)
                continue;
            wire_store(f->wire, spot_payload(b, s) + f->wire_off, &value, sizeof(value));
            return true;
        }
    }
    return false;
}

/* ---- masks ------------------------------------------------------------------------------------------------ */

/* The EtherType is not matched, what it decides is. */
static bool mask_undecided(struct spots *b)
{
    const struct spot *mask = spots_find(b, &key_form, 1);

    for (unsigned i = 0; mask && i < b->n; i++) {
        const struct spot *s = &b->spot[i];

        if (s->parent == SPOT_NONE || &b->spot[s->parent] != mask || spot_type(b, s) != OVS_KEY_ATTR_ETHERTYPE)
            continue;
        memset(spot_payload(b, s), 0, spot_payload_len(b, s));
        return true;
    }
    return false;
}

/* An attribute that the key may not have. */
static bool mask_of_absent(struct spots *b)
{
    const struct spot *mask = spots_find(b, &key_form, 1);
    uint16_t type = (uint16_t)draw_below(&b->d, N_KEY_ATTRS);
    const struct key_attr *row = &key_attrs[type];
    g_autoptr(GByteArray) attr = NULL;
    uint8_t ones[64];

    if (!mask || row->len <= 0 || (size_t)row->len > sizeof(ones))
        return false;
    memset(ones, 0xff, sizeof(ones));
    attr = g_byte_array_new();
    attr_put(attr, type, ones, (size_t)row->len);
    spots_insert(b, mask->at + (uint32_t)ATTR_HDR, attr->data, attr->len, (int)(mask - b->spot));
    return true;
}

/* ---- headers, datagrams ----------------------------------------------------------------------------------- */

/* Draws anew 'size' bytes at 'at'. */
static bool draw_header(struct spots *b, size_t at, size_t size)
{
    if (b->message->len < at + size)
        return false;
    draw_bytes(&b->d, b->message->data + at, size);
    return true;
}

static bool msg_len(struct spots *b)
{
    uint32_t len = b->message->len + draw_number(&b->d, 64) - 32;

    memcpy(b->message->data, &len, sizeof(len));
    return true;
}

static bool truncated(struct spots *b)
{
    g_byte_array_set_size(b->message, draw_below(&b->d, b->message->len));
    return true;
}

static bool msg_type(struct spots *b)
{
    return draw_header(b, offsetof(struct nlmsghdr, nlmsg_type), sizeof(uint16_t));
}

static bool msg_flags(struct spots *b)
{
    return draw_header(b, offsetof(struct nlmsghdr, nlmsg_flags), sizeof(uint16_t));
}

static bool cmd(struct spots *b)
{
    return b->family != SPOT_NONE && draw_header(b, NLMSG_HDRLEN + offsetof(struct genlmsghdr, cmd), 1);
}

static bool version(struct spots *b)
{
    return b->family != SPOT_NONE && draw_header(b, NLMSG_HDRLEN + offsetof(struct genlmsghdr, version), 1);
}

/* Of an OVS message the datapath's ifindex. */
static bool own_header(struct spots *b)
{
    size_t start = b->family == SPOT_NONE ? NLMSG_HDRLEN : NLMSG_HDRLEN + GENL_HDRLEN;

    return b->headers > start && draw_header(b, start, b->headers - start);
}

static bool header_missing(struct spots *b)
{
    uint32_t cut = 4 * (1 + draw_below(&b->d, 2));

    if (b->headers < NLMSG_HDRLEN + cut)
        return false;
    spots_cut(b, b->headers - cut, cut, SPOT_NONE);
    return true;
}

static bool bytes(struct spots *b)
{
    for (uint32_t n = 1 + draw_below(&b->d, 4); n; n--)
        draw_bytes(&b->d, b->message->data + draw_below(&b->d, b->message->len), 1);
    return true;
}

/* ---- rules ------------------------------------------------------------------------------------------------ */

/* Besides those of attributes that replies are bent by, too: netlink/bend.h. */
static const struct {
    const char *name;
    rule_fn *bend;
} rules[] = {
    {"len-less", len_less},
    {"len-more", len_more},
    {"over-long", payload_over_long},
    {"no-padding", no_padding},
    {"type-unknown", type_unknown},
    {"type-bits", type_bits},
    {"too-deep", too_deep},
    {"value-zero", value_zero},
    {"value-ones", value_ones},
    {"value-any", value_any},
    {"above-max", value_above_max},
    {"mask-undecided", mask_undecided},
    {"mask-of-absent", mask_of_absent},
    {"msg-len", msg_len},
    {"truncated", truncated},
    {"msg-type", msg_type},
    {"msg-flags", msg_flags},
    {"cmd", cmd},
    {"version", version},
    {"own-header", own_header},
    {"header-missing", header_missing},
    {"bytes", bytes},
};

size_t grammar_n_rules(void)
{
    return n_bend_rules + G_N_ELEMENTS(rules);
}

const char *grammar_rule_name(size_t rule)
{
    return rule < n_bend_rules ? bend_rules[rule].name : rules[rule - n_bend_rules].name;
}

/* False: there is no attribute that the rule can be applied to. */
static bool bend_attr(struct spots *b, const struct bend_rule *rule)
{
    size_t at[SPOTS_MOST], pick[SPOTS_MOST];
    struct bend attrs = {.bytes = b->message, .attr = at, .n_attrs = b->n, .rng = b->d.r};

    if (!b->is_whole)
        return false;
    for (size_t i = 0; i < b->n; i++) {
        at[i] = b->spot[i].at;
        pick[i] = i;
    }
    return bend_apply(&attrs, rule, pick, b->n) != SIZE_MAX;
}

const char *grammar_bend(struct rng *r, GByteArray *message)
{
    struct spots b;

    if (!spots_init(&b, r, message))
        return NULL;
    for (;;) {
        size_t rule = draw_below(&b.d, (uint32_t)grammar_n_rules());

        if (rule < n_bend_rules ? bend_attr(&b, &bend_rules[rule]) : rules[rule - n_bend_rules].bend(&b))
            return grammar_rule_name(rule);
    }
}
