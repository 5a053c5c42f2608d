/* spots.h - one message taken apart, and the edits that rules are broken by.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FUZZ_SPOTS_H
#define FUZZ_SPOTS_H

#include "fuzz/grammar_int.h"

#define SPOTS_MOST 160
#define SPOT_NONE (-1)
#define SPOT_TYPE_MASK ((uint16_t)NLA_TYPE_MASK)

/* An attribute of the message, at whatever depth. */
struct spot {
    uint32_t at;
    int16_t parent;             /* index of the nest that holds it, SPOT_NONE: the message itself */
    bool is_nest;               /* its payload reads as a list of attributes */
    bool is_last;               /* of its list */
};

struct spots {
    struct draw d;
    GByteArray *message;        /* the first message of a datagram is bent */
    uint32_t headers;           /* bytes before the attributes */
    int family;                 /* enum program_family, SPOT_NONE: not one of these */
    bool is_whole;              /* the first message is all there, with all padding */
    unsigned n;
    struct spot spot[SPOTS_MOST];   /* void after an edit */
};

/* False: the bytes do not begin with a message. */
bool spots_init(struct spots *b, struct rng *r, GByteArray *message);

static inline struct nlattr spot_head(const struct spots *b, const struct spot *s)
{
    struct nlattr a;

    memcpy(&a, b->message->data + s->at, sizeof(a));
    return a;
}

static inline uint16_t spot_type(const struct spots *b, const struct spot *s)
{
    return spot_head(b, s).nla_type & SPOT_TYPE_MASK;
}

static inline uint32_t spot_payload_len(const struct spots *b, const struct spot *s)
{
    return spot_head(b, s).nla_len - (uint32_t)ATTR_HDR;
}

static inline uint8_t *spot_payload(const struct spots *b, const struct spot *s)
{
    return b->message->data + s->at + ATTR_HDR;
}

/* Says that the attribute is so long, whatever there is. */
void spot_set_len(struct spots *b, const struct spot *s, uint32_t len);
void spot_set_type(struct spots *b, const struct spot *s, uint16_t type);
/* Puts in 'n' bytes (NULL: zeros), or takes out as many as there are of them; the message and the nests from 'nest' (an index,
 * or SPOT_NONE) outwards grow or shrink by that. */
void spots_insert(struct spots *b, uint32_t at, const void *bytes, uint32_t n, int nest);
void spots_cut(struct spots *b, uint32_t at, uint32_t n, int nest);

/* The attribute of the message that has rows of this form, or NULL. 'nth': from 0. */
const struct spot *spots_find(const struct spots *b, const struct form *form, unsigned nth);
/* One by lot: any, one with a payload that is no nest, a nest. NULL: there is none. */
const struct spot *spots_any(const struct spots *b);
const struct spot *spots_leaf(const struct spots *b);
const struct spot *spots_nest(const struct spots *b);

#endif
