/* bend.h - one message taken apart, and the edits that rules are broken by.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FUZZ_BEND_H
#define FUZZ_BEND_H

#include "fuzz/grammar_int.h"

#define BEND_SPOTS 160
#define BEND_NONE (-1)
#define BEND_TYPE_MASK ((uint16_t)NLA_TYPE_MASK)

/* An attribute of the message, at whatever depth. */
struct spot {
    uint32_t at;
    int16_t parent;             /* index of the nest that holds it, BEND_NONE: the message itself */
    bool is_nest;               /* its payload reads as a list of attributes */
    bool is_last;               /* of its list */
};

struct bend {
    struct draw d;
    GByteArray *message;        /* the first message of a datagram is bent */
    uint32_t headers;           /* bytes before the attributes */
    int family;                 /* enum program_family, BEND_NONE: not one of these */
    unsigned n;
    struct spot spot[BEND_SPOTS];   /* void after an edit */
};

/* False: the bytes do not begin with a message. */
bool bend_init(struct bend *b, struct rng *r, GByteArray *message);

static inline struct nlattr bend_head(const struct bend *b, const struct spot *s)
{
    struct nlattr a;

    memcpy(&a, b->message->data + s->at, sizeof(a));
    return a;
}

static inline uint16_t bend_type(const struct bend *b, const struct spot *s)
{
    return bend_head(b, s).nla_type & BEND_TYPE_MASK;
}

static inline uint32_t bend_payload_len(const struct bend *b, const struct spot *s)
{
    return bend_head(b, s).nla_len - (uint32_t)ATTR_HDR;
}

static inline uint8_t *bend_payload(const struct bend *b, const struct spot *s)
{
    return b->message->data + s->at + ATTR_HDR;
}

/* Says that the attribute is so long, whatever there is. */
void bend_set_len(struct bend *b, const struct spot *s, uint32_t len);
void bend_set_type(struct bend *b, const struct spot *s, uint16_t type);
/* Puts in 'n' bytes (NULL: zeros), or takes out as many as there are of them; the message and the nests from 'nest' (an index,
 * or BEND_NONE) outwards grow or shrink by that. */
void bend_insert(struct bend *b, uint32_t at, const void *bytes, uint32_t n, int nest);
void bend_cut(struct bend *b, uint32_t at, uint32_t n, int nest);

/* The attribute of the message that has rows of this form, or NULL. 'nth': from 0. */
const struct spot *bend_find(const struct bend *b, const struct form *form, unsigned nth);
/* One by lot: any, one with a payload that is no nest, a nest. NULL: there is none. */
const struct spot *bend_any(const struct bend *b);
const struct spot *bend_leaf(const struct bend *b);
const struct spot *bend_nest(const struct bend *b);

#endif
