/* grammar_bend.c - the rules that a message can break: one row each.
 * SPDX-License-Identifier: Apache-2.0 */
#include "dp/act.h"
#include "dp/key_decode.h"
#include "fuzz/bend.h"

#define UNKNOWN_TYPE 64u            /* no row has so high a number */
#define OVER_LONG 2048u
#define DEEPER 20u                  /* than actions may be nested */

/* Each breaks its rule, and says whether it could. */
typedef bool bend_fn(struct bend *b);

/* ---- lengths ---------------------------------------------------------------------------------------------- */

/* Says another length than there is. */
static bool len_less(struct bend *b)
{
    const struct spot *s = bend_any(b);

    if (!s)
        return false;
    bend_set_len(b, s, (uint32_t)ATTR_HDR + draw_below(&b->d, bend_payload_len(b, s) + 1));
    return true;
}

static bool len_more(struct bend *b)
{
    const struct spot *s = bend_any(b);

    if (!s)
        return false;
    bend_set_len(b, s, bend_head(b, s).nla_len + 1 + draw_number(&b->d, 64));
    return true;
}

static bool len_no_header(struct bend *b)
{
    const struct spot *s = bend_any(b);

    if (!s)
        return false;
    bend_set_len(b, s, draw_below(&b->d, (uint32_t)ATTR_HDR));
    return true;
}

/* Bytes more, or less, and lengths that agree. */
static bool payload_longer(struct bend *b)
{
    const struct spot *s = bend_any(b);
    uint32_t more = 1 + draw_below(&b->d, 4), len;

    if (!s)
        return false;
    len = bend_head(b, s).nla_len;
    bend_insert(b, s->at + (uint32_t)attr_align(len), NULL, (uint32_t)(attr_align(len + more) - attr_align(len)), s->parent);
    bend_set_len(b, s, len + more);
    return true;
}

static bool payload_shorter(struct bend *b)
{
    const struct spot *s = bend_any(b);
    uint32_t less = 1 + draw_below(&b->d, 4), len;

    if (!s || bend_payload_len(b, s) < less)
        return false;
    len = bend_head(b, s).nla_len;
    bend_cut(b, s->at + (uint32_t)attr_align(len - less), (uint32_t)(attr_align(len) - attr_align(len - less)), s->parent);
    bend_set_len(b, s, len - less);
    return true;
}

static bool payload_none(struct bend *b)
{
    const struct spot *s = bend_any(b);

    if (!s || !bend_payload_len(b, s))
        return false;
    bend_cut(b, s->at + (uint32_t)ATTR_HDR, (uint32_t)attr_align(bend_payload_len(b, s)), s->parent);
    bend_set_len(b, s, (uint32_t)ATTR_HDR);
    return true;
}

static bool payload_over_long(struct bend *b)
{
    const struct spot *s = bend_any(b);
    uint32_t len;

    if (!s)
        return false;
    len = bend_head(b, s).nla_len;
    bend_insert(b, s->at + (uint32_t)attr_align(len), NULL, OVER_LONG, s->parent);
    bend_set_len(b, s, (uint32_t)attr_align(len) + OVER_LONG);
    return true;
}

static bool no_padding(struct bend *b)
{
    const struct spot *s = bend_any(b);
    uint32_t len = s ? bend_head(b, s).nla_len : 0, pad = (uint32_t)attr_align(len) - len;

    if (!pad)
        return false;
    bend_cut(b, s->at + len, pad, s->parent);
    return true;
}

static bool trailing_bytes(struct bend *b)
{
    const struct spot *s = bend_nest(b);
    uint32_t len;

    if (!s)
        return false;
    len = (uint32_t)attr_align(bend_head(b, s).nla_len);
    bend_insert(b, s->at + len, NULL, 4, s->parent);
    bend_set_len(b, s, len + 1 + draw_below(&b->d, 3));
    return true;
}

/* ---- which attributes ------------------------------------------------------------------------------------- */

static bool type_unknown(struct bend *b)
{
    const struct spot *s = bend_any(b);

    if (!s)
        return false;
    bend_set_type(b, s, (uint16_t)(UNKNOWN_TYPE + draw_number(&b->d, BEND_TYPE_MASK - UNKNOWN_TYPE)));
    return true;
}

static bool type_other(struct bend *b)
{
    const struct spot *s = bend_any(b);

    if (!s)
        return false;
    bend_set_type(b, s, (uint16_t)draw_below(&b->d, N_KEY_ATTRS));
    return true;
}

static bool type_bits(struct bend *b)
{
    static const uint16_t bits[] = {NLA_F_NESTED, NLA_F_NET_BYTEORDER, NLA_F_NESTED | NLA_F_NET_BYTEORDER};
    const struct spot *s = bend_any(b);

    if (!s)
        return false;
    bend_set_type(b, s, bend_type(b, s) | DRAW_OF(&b->d, bits));
    return true;
}

static bool duplicate(struct bend *b)
{
    const struct spot *s = bend_any(b);
    g_autofree uint8_t *copy = NULL;
    uint32_t len;

    if (!s)
        return false;
    len = MIN((uint32_t)attr_align(bend_head(b, s).nla_len), b->message->len - s->at);
    copy = g_memdup2(b->message->data + s->at, len);
    bend_insert(b, s->at, copy, len, s->parent);
    return true;
}

static bool missing(struct bend *b)
{
    const struct spot *s = bend_any(b);

    if (!s)
        return false;
    bend_cut(b, s->at, MIN((uint32_t)attr_align(bend_head(b, s).nla_len), b->message->len - s->at), s->parent);
    return true;
}

/* An attribute goes behind its neighbour. */
static bool order(struct bend *b)
{
    const struct spot *s = bend_any(b);
    g_autofree uint8_t *copy = NULL;
    uint32_t len, next_len;
    uint8_t *at;

    if (!s || s->is_last)
        return false;
    len = (uint32_t)attr_align(bend_head(b, s).nla_len);
    at = b->message->data + s->at;
    next_len = ((const struct nlattr *)(const void *)(at + len))->nla_len;
    if (s->at + len + attr_align(next_len) > b->message->len)
        return false;
    copy = g_memdup2(at, len);
    memmove(at, at + len, attr_align(next_len));
    memcpy(at + attr_align(next_len), copy, len);
    return true;
}

/* Lists in lists, deeper than may be: actions in clone(), others in themselves. */
static bool too_deep(struct bend *b)
{
    const struct spot *acts = bend_find(b, &acts_form, 0), *s = acts && bend_payload_len(b, acts) ? acts : bend_nest(b);
    uint16_t type;
    uint32_t len;

    if (!s)
        return false;
    type = s == acts ? OVS_ACTION_ATTR_CLONE : bend_type(b, s);
    len = bend_payload_len(b, s);
    bend_insert(b, s->at + (uint32_t)ATTR_HDR, NULL, (uint32_t)ATTR_HDR * DEEPER, (int)(s - b->spot));
    for (uint32_t i = 0; i < DEEPER; i++) {
        struct nlattr a = {.nla_type = type, .nla_len = (uint16_t)(len + ATTR_HDR * (DEEPER - i))};

        memcpy(b->message->data + s->at + ATTR_HDR * (1 + i), &a, sizeof(a));
    }
    return true;
}

/* ---- values ----------------------------------------------------------------------------------------------- */

static bool fill_value(struct bend *b, int byte)
{
    const struct spot *s = bend_leaf(b);

    if (!s)
        return false;
    memset(bend_payload(b, s), byte, bend_payload_len(b, s));
    return true;
}

static bool value_zero(struct bend *b)
{
    return fill_value(b, 0);
}

static bool value_ones(struct bend *b)
{
    return fill_value(b, 0xff);
}

static bool value_any(struct bend *b)
{
    const struct spot *s = bend_leaf(b);
    uint32_t len = s ? bend_payload_len(b, s) : 0, at = draw_below(&b->d, len ? len : 1);

    if (!len)
        return false;
    draw_bytes(&b->d, bend_payload(b, s) + at, 1 + draw_below(&b->d, MIN(len - at, 8)));
    return true;
}

/* A member of a key that has a highest legal value. */
static bool value_above_max(struct bend *b)
{
    const struct spot *key = bend_find(b, &key_form, 0);

    for (unsigned i = 0; key && i < b->n; i++) {
        const struct spot *s = &b->spot[i];
        uint16_t type = bend_type(b, s);
        const struct key_attr *row = type < N_KEY_ATTRS ? &key_attrs[type] : NULL;

        if (!row || s->parent == BEND_NONE || &b->spot[s->parent] != key || row->len != (int)bend_payload_len(b, s))
            continue;
        for (unsigned j = 0; j < row->n_fields; j++) {
            const struct key_field *f = &row->field[j];
            uint32_t value = f->max + 1 + draw_number(&b->d, 16);

            if (!f->max)
                continue;
            wire_store(f->wire, bend_payload(b, s) + f->wire_off, &value, sizeof(value));
            return true;
        }
    }
    return false;
}

/* ---- masks ------------------------------------------------------------------------------------------------ */

/* The EtherType is not matched, what it decides is. */
static bool mask_undecided(struct bend *b)
{
    const struct spot *mask = bend_find(b, &key_form, 1);

    for (unsigned i = 0; mask && i < b->n; i++) {
        const struct spot *s = &b->spot[i];

        if (s->parent == BEND_NONE || &b->spot[s->parent] != mask || bend_type(b, s) != OVS_KEY_ATTR_ETHERTYPE)
            continue;
        memset(bend_payload(b, s), 0, bend_payload_len(b, s));
        return true;
    }
    return false;
}

/* An attribute that the key may not have. */
static bool mask_of_absent(struct bend *b)
{
    const struct spot *mask = bend_find(b, &key_form, 1);
    uint16_t type = (uint16_t)draw_below(&b->d, N_KEY_ATTRS);
    const struct key_attr *row = &key_attrs[type];
    g_autoptr(GByteArray) attr = NULL;
    uint8_t ones[64];

    if (!mask || row->len <= 0 || (size_t)row->len > sizeof(ones))
        return false;
    memset(ones, 0xff, sizeof(ones));
    attr = g_byte_array_new();
    attr_put(attr, type, ones, (size_t)row->len);
    bend_insert(b, mask->at + (uint32_t)ATTR_HDR, attr->data, attr->len, (int)(mask - b->spot));
    return true;
}

/* ---- headers, datagrams ----------------------------------------------------------------------------------- */

/* Draws anew 'size' bytes at 'at'. */
static bool draw_header(struct bend *b, size_t at, size_t size)
{
    if (b->message->len < at + size)
        return false;
    draw_bytes(&b->d, b->message->data + at, size);
    return true;
}

static bool msg_len(struct bend *b)
{
    uint32_t len = b->message->len + draw_number(&b->d, 64) - 32;

    memcpy(b->message->data, &len, sizeof(len));
    return true;
}

static bool truncated(struct bend *b)
{
    g_byte_array_set_size(b->message, draw_below(&b->d, b->message->len));
    return true;
}

static bool msg_type(struct bend *b)
{
    return draw_header(b, offsetof(struct nlmsghdr, nlmsg_type), sizeof(uint16_t));
}

static bool msg_flags(struct bend *b)
{
    return draw_header(b, offsetof(struct nlmsghdr, nlmsg_flags), sizeof(uint16_t));
}

static bool cmd(struct bend *b)
{
    return b->family != BEND_NONE && draw_header(b, NLMSG_HDRLEN + offsetof(struct genlmsghdr, cmd), 1);
}

static bool version(struct bend *b)
{
    return b->family != BEND_NONE && draw_header(b, NLMSG_HDRLEN + offsetof(struct genlmsghdr, version), 1);
}

/* Of an OVS message the datapath's ifindex. */
static bool own_header(struct bend *b)
{
    size_t start = b->family == BEND_NONE ? NLMSG_HDRLEN : NLMSG_HDRLEN + GENL_HDRLEN;

    return b->headers > start && draw_header(b, start, b->headers - start);
}

static bool header_missing(struct bend *b)
{
    uint32_t cut = 4 * (1 + draw_below(&b->d, 2));

    if (b->headers < NLMSG_HDRLEN + cut)
        return false;
    bend_cut(b, b->headers - cut, cut, BEND_NONE);
    return true;
}

static bool bytes(struct bend *b)
{
    for (uint32_t n = 1 + draw_below(&b->d, 4); n; n--)
        draw_bytes(&b->d, b->message->data + draw_below(&b->d, b->message->len), 1);
    return true;
}

/* ---- rules ------------------------------------------------------------------------------------------------ */

#define RULE(name) {#name, name}

static const struct {
    const char *name;
    bend_fn *bend;
} rules[] = {
    RULE(len_less), RULE(len_more), RULE(len_no_header), RULE(payload_longer), RULE(payload_shorter),
    RULE(payload_none), RULE(payload_over_long), RULE(no_padding), RULE(trailing_bytes),
    RULE(type_unknown), RULE(type_other), RULE(type_bits), RULE(duplicate), RULE(missing), RULE(order), RULE(too_deep),
    RULE(value_zero), RULE(value_ones), RULE(value_any), RULE(value_above_max), RULE(mask_undecided), RULE(mask_of_absent),
    RULE(msg_len), RULE(truncated), RULE(msg_type), RULE(msg_flags), RULE(cmd), RULE(version), RULE(own_header),
    RULE(header_missing), RULE(bytes),
};

const size_t grammar_n_rules = G_N_ELEMENTS(rules);

const char *grammar_rule_name(size_t rule)
{
    return rules[rule].name;
}

const char *grammar_bend(struct rng *r, GByteArray *message)
{
    struct bend b;

    if (!bend_init(&b, r, message))
        return NULL;
    for (;;) {
        size_t rule = draw_below(&b.d, G_N_ELEMENTS(rules));

        if (rules[rule].bend(&b))
            return rules[rule].name;
    }
}
