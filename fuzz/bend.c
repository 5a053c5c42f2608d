/* bend.c - see bend.h. SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/bend.h"

#include "netlink/form.h"

/* ---- taking apart ---------------------------------------------------------------------------------------- */

/* Do these bytes read as attributes, from the first to the last? */
static bool is_list(const uint8_t *at, uint32_t len)
{
    uint32_t left = len;

    while (left >= ATTR_HDR) {
        const struct nlattr *a = (const void *)at;
        uint32_t step;

        if (a->nla_len < ATTR_HDR || a->nla_len > left || !(a->nla_type & BEND_TYPE_MASK))
            return false;
        step = MIN(left, (uint32_t)attr_align(a->nla_len));
        at += step;
        left -= step;
    }
    return len && !left;
}

static void add_list(struct bend *b, uint32_t at, uint32_t len, int parent)
{
    while (len >= ATTR_HDR && b->n < BEND_SPOTS) {
        struct spot *s = &b->spot[b->n];
        struct nlattr a;
        int index = (int)b->n;

        *s = (struct spot){.at = at, .parent = (int16_t)parent};
        a = bend_head(b, s);
        if (a.nla_len < ATTR_HDR || a.nla_len > len)
            return;
        b->n++;
        s->is_last = attr_align(a.nla_len) >= len;
        s->is_nest = is_list(bend_payload(b, s), bend_payload_len(b, s));
        if (s->is_nest)
            add_list(b, at + (uint32_t)ATTR_HDR, a.nla_len - (uint32_t)ATTR_HDR, index);
        if (s->is_last)
            return;
        at += (uint32_t)attr_align(a.nla_len);
        len -= (uint32_t)attr_align(a.nla_len);
    }
}

static uint32_t headers_of(const struct nlmsghdr *msg, int *family)
{
    unsigned number = msg->nlmsg_type - PROGRAM_TYPE(0);
    const struct msg_form *form = rt_form_of(msg->nlmsg_type);

    *family = number < N_PROGRAM_FAMILIES ? (int)number : BEND_NONE;
    if (*family != BEND_NONE)
        return GENL_HEADERS;
    return (uint32_t)(NLMSG_HDRLEN + (form ? attr_align(form->header.size) : 0));
}

bool bend_init(struct bend *b, struct rng *r, GByteArray *message)
{
    struct nlmsghdr msg;
    uint32_t len;

    if (message->len < sizeof(msg))
        return false;
    memcpy(&msg, message->data, sizeof(msg));
    b->d = draw_of(r);
    b->message = message;
    b->n = 0;
    b->headers = MIN(headers_of(&msg, &b->family), message->len);
    len = MIN(msg.nlmsg_len, message->len);
    if (len > b->headers)
        add_list(b, b->headers, len - b->headers, BEND_NONE);
    return true;
}

/* ---- edits ------------------------------------------------------------------------------------------------ */

void bend_set_len(struct bend *b, const struct spot *s, uint32_t len)
{
    uint16_t nla_len = (uint16_t)len;

    memcpy(b->message->data + s->at + offsetof(struct nlattr, nla_len), &nla_len, sizeof(nla_len));
}

void bend_set_type(struct bend *b, const struct spot *s, uint16_t type)
{
    memcpy(b->message->data + s->at + offsetof(struct nlattr, nla_type), &type, sizeof(type));
}

/* Lengths of the message and of its nests from 'nest' outwards. */
static void grow(struct bend *b, uint32_t by, int nest)
{
    uint32_t len;

    for (int i = nest; i != BEND_NONE; i = b->spot[i].parent)
        bend_set_len(b, &b->spot[i], bend_head(b, &b->spot[i]).nla_len + by);
    memcpy(&len, b->message->data, sizeof(len));
    len += by;
    memcpy(b->message->data, &len, sizeof(len));
}

void bend_insert(struct bend *b, uint32_t at, const void *bytes, uint32_t n, int nest)
{
    uint32_t old = b->message->len;

    at = MIN(at, old);                  /* the last attribute may go without padding */
    grow(b, n, nest);
    g_byte_array_set_size(b->message, old + n);
    memmove(b->message->data + at + n, b->message->data + at, old - at);
    if (bytes)
        memcpy(b->message->data + at, bytes, n);
    else
        memset(b->message->data + at, 0, n);
}

void bend_cut(struct bend *b, uint32_t at, uint32_t n, int nest)
{
    at = MIN(at, b->message->len);
    n = MIN(n, b->message->len - at);
    grow(b, 0 - n, nest);
    g_byte_array_remove_range(b->message, at, n);
}

/* ---- finding ---------------------------------------------------------------------------------------------- */

const struct spot *bend_find(const struct bend *b, const struct form *form, unsigned nth)
{
    const struct family *f = b->family == BEND_NONE ? NULL : grammar_family((enum program_family)b->family);

    for (unsigned i = 0; f && i < b->n; i++) {
        uint16_t type = bend_type(b, &b->spot[i]);

        if (b->spot[i].parent == BEND_NONE && type <= f->max_attr && f->policy[type].form == form && !nth--)
            return &b->spot[i];
    }
    return NULL;
}

const struct spot *bend_any(const struct bend *b)
{
    return b->n ? &b->spot[draw_below(&b->d, b->n)] : NULL;
}

/* The first from a random place on. */
static const struct spot *find_kind(const struct bend *b, bool is_nest)
{
    uint32_t start = b->n ? draw_below(&b->d, b->n) : 0;

    for (unsigned i = 0; i < b->n; i++) {
        const struct spot *s = &b->spot[(start + i) % b->n];

        if (s->is_nest == is_nest && bend_payload_len(b, s))
            return s;
    }
    return NULL;
}

const struct spot *bend_leaf(const struct bend *b)
{
    return find_kind(b, false);
}

const struct spot *bend_nest(const struct bend *b)
{
    return find_kind(b, true);
}
