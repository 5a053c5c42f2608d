/* bend.c - see bend.h. SPDX-License-Identifier: Apache-2.0 */
#include "netlink/bend.h"

#include <string.h>

#include "netlink/attr.h"

#define FEW_ADDED 16u           /* bytes */
#define MOST_ADDED 300u         /* longer than any option */
#define NEAR_TYPES 32u          /* as many as most nests have */
#define TYPE_MASK 0x3fffu       /* NLA_TYPE_MASK, without its sign */

uint32_t bend_below(struct bend *b, uint32_t n)
{
    return (uint32_t)((uint64_t)rng_u32(b->rng) * n >> 32);
}

/* ---- where things are ------------------------------------------------------------------------------ */

static struct nlattr *attr_at(const struct bend *b, size_t i)
{
    return (void *)(b->bytes->data + b->attr[i]);
}

static size_t payload_len(const struct bend *b, size_t i)
{
    return attr_at(b, i)->nla_len - ATTR_HDR;
}

/* The first byte behind it; with its padding. */
static size_t end_of(const struct bend *b, size_t i)
{
    return b->attr[i] + attr_at(b, i)->nla_len;
}

static size_t padded_end_of(const struct bend *b, size_t i)
{
    return b->attr[i] + attr_align(attr_at(b, i)->nla_len);
}

static struct nlmsghdr *message_of(const struct bend *b)
{
    return (void *)(b->bytes->data + b->msg);
}

/* The nest that it is in; SIZE_MAX: the message itself. */
static size_t parent_of(const struct bend *b, size_t i)
{
    for (size_t j = i; j-- > 0;)
        if (end_of(b, j) > b->attr[i])
            return j;
    return SIZE_MAX;
}

static size_t end_of_parent(const struct bend *b, size_t i)
{
    size_t parent = parent_of(b, i);

    return parent == SIZE_MAX ? b->msg + message_of(b)->nlmsg_len : end_of(b, parent);
}

/* The next in the same nest; SIZE_MAX: it is the last. */
static size_t next_of(const struct bend *b, size_t i)
{
    for (size_t j = i + 1; j < b->n_attrs && b->attr[j] < end_of_parent(b, i); j++)
        if (b->attr[j] >= end_of(b, i))
            return j;
    return SIZE_MAX;
}

static size_t last_in(const struct bend *b, size_t nest)
{
    size_t last = nest + 1;

    for (size_t next; (next = next_of(b, last)) != SIZE_MAX;)
        last = next;
    return last;
}

/* ---- moving bytes ---------------------------------------------------------------------------------- */

void bend_splice(struct bend *b, size_t at, size_t cut, const void *bytes, size_t n)
{
    size_t behind = b->bytes->len - at - cut;

    message_of(b)->nlmsg_len = (uint32_t)(message_of(b)->nlmsg_len + n - cut);
    if (n > cut)
        g_byte_array_set_size(b->bytes, (guint)(b->bytes->len + n - cut));
    memmove(b->bytes->data + at + n, b->bytes->data + at + cut, behind);
    g_byte_array_set_size(b->bytes, (guint)(at + n + behind));
    if (bytes)
        memcpy(b->bytes->data + at, bytes, n);
    for (size_t i = 0; !bytes && i < n; i++)
        b->bytes->data[at + i] = (uint8_t)bend_below(b, 256);
}

/* The same in nest 'nest' (SIZE_MAX: none), which and all around it become longer or shorter. */
static void splice_in(struct bend *b, size_t nest, size_t at, size_t cut, const void *bytes, size_t n)
{
    for (size_t j = nest; j != SIZE_MAX; j = parent_of(b, j))
        attr_at(b, j)->nla_len = (uint16_t)(attr_at(b, j)->nla_len + n - cut);
    bend_splice(b, at, cut, bytes, n);
}

/* Another length of a payload, with what has to be there for it. Padding is zero. */
static void set_payload_len(struct bend *b, size_t i, size_t len)
{
    size_t at = b->attr[i], old = padded_end_of(b, i), end = at + ATTR_HDR + len, new = at + attr_align(ATTR_HDR + len);

    g_snprintf(b->told, sizeof(b->told), "%zu -> %zu bytes", payload_len(b, i), len);
    splice_in(b, parent_of(b, i), MIN(old, new), old - MIN(old, new), NULL, new - MIN(old, new));
    attr_at(b, i)->nla_len = (uint16_t)(ATTR_HDR + len);
    memset(b->bytes->data + end, 0, new - end);
}

/* ---- rules ----------------------------------------------------------------------------------------- */

static bool has_payload(const struct bend *b, size_t i)
{
    return payload_len(b, i);
}

/* No length may pass what 16 bits say. */
static bool has_room(const struct bend *b, size_t i)
{
    return message_of(b)->nlmsg_len + attr_at(b, i)->nla_len + MOST_ADDED + ATTR_HDR <= UINT16_MAX;
}

static bool has_next(const struct bend *b, size_t i)
{
    return next_of(b, i) != SIZE_MAX;
}

static bool is_nest(const struct bend *b, size_t i)
{
    return i + 1 < b->n_attrs && b->attr[i + 1] < end_of(b, i);
}

static bool is_roomy_nest(const struct bend *b, size_t i)
{
    return is_nest(b, i) && has_room(b, i);
}

static void apply_short(struct bend *b, size_t i)
{
    set_payload_len(b, i, bend_below(b, (uint32_t)payload_len(b, i)));
}

static void apply_long(struct bend *b, size_t i)
{
    size_t old = payload_len(b, i), at = b->attr[i] + ATTR_HDR + old, more;

    more = 1 + bend_below(b, bend_below(b, 2) ? FEW_ADDED : MOST_ADDED);

    set_payload_len(b, i, old + more);
    for (size_t j = 0; j < more; j++)
        b->bytes->data[at + j] = (uint8_t)bend_below(b, 256);
}

static void say_length(struct bend *b, size_t i, uint16_t len)
{
    g_snprintf(b->told, sizeof(b->told), "nla_len %u -> %u", attr_at(b, i)->nla_len, len);
    attr_at(b, i)->nla_len = len;
}

static void apply_tiny(struct bend *b, size_t i)
{
    say_length(b, i, (uint16_t)bend_below(b, ATTR_HDR));
}

static void apply_overrun(struct bend *b, size_t i)
{
    size_t len = end_of_parent(b, i) - b->attr[i] + 1 + bend_below(b, 64);

    say_length(b, i, (uint16_t)MIN(len, UINT16_MAX));
}

static void apply_type(struct bend *b, size_t i)
{
    struct nlattr *a = attr_at(b, i);
    uint16_t old = a->nla_type & TYPE_MASK;
    uint32_t most = bend_below(b, 2) ? NEAR_TYPES : TYPE_MASK;
    uint16_t type = (uint16_t)((old + 1 + bend_below(b, most - 1)) % most);

    type = type == old ? (uint16_t)(old + 1) : type;
    g_snprintf(b->told, sizeof(b->told), "type %u -> %u", old, type);
    a->nla_type = (uint16_t)((a->nla_type & ~TYPE_MASK) | type);
}

static void apply_value(struct bend *b, size_t i)
{
    uint8_t *p = mnl_attr_get_payload(attr_at(b, i));
    size_t len = payload_len(b, i);

    g_snprintf(b->told, sizeof(b->told), "%zu other bytes", len);
    for (size_t j = 0; j < len; j++)
        p[j] = (uint8_t)(p[j] + 1 + bend_below(b, 255));
}

static void apply_missing(struct bend *b, size_t i)
{
    size_t end = MIN(padded_end_of(b, i), attr_align(end_of_parent(b, i)));

    splice_in(b, parent_of(b, i), b->attr[i], end - b->attr[i], NULL, 0);
}

static void apply_twice(struct bend *b, size_t i)
{
    size_t len = padded_end_of(b, i) - b->attr[i];
    g_autofree uint8_t *copy = g_memdup2(attr_at(b, i), len);

    splice_in(b, parent_of(b, i), b->attr[i], 0, copy, len);
}

static void apply_swapped(struct bend *b, size_t i)
{
    size_t next = next_of(b, i), first = b->attr[next] - b->attr[i];
    size_t second = padded_end_of(b, next) - b->attr[next];
    g_autofree uint8_t *copy = g_memdup2(attr_at(b, i), first);
    uint8_t *at = b->bytes->data + b->attr[i];

    memmove(at, at + first, second);
    memcpy(at + second, copy, first);
}

/* In the middle of the last attribute that is in it. */
static void apply_nest_cut(struct bend *b, size_t i)
{
    size_t last = last_in(b, i), keeps = 1 + bend_below(b, attr_at(b, last)->nla_len - 1u);

    set_payload_len(b, i, b->attr[last] + keeps - b->attr[i] - ATTR_HDR);
}

static void apply_nest_empty(struct bend *b, size_t i)
{
    set_payload_len(b, i, 0);
}

/* Less than a header. */
static void apply_trailing(struct bend *b, size_t i)
{
    size_t more = 1 + bend_below(b, ATTR_HDR - 1), at = attr_align(end_of(b, i));

    set_payload_len(b, i, at - b->attr[i] - ATTR_HDR + more);
    memset(b->bytes->data + at, 0xff, more);
}

/* clang-format off */
const struct bend_rule bend_rules[] = {
    { "attr-short",    "an attribute's payload is shorter, by up to all of it",          has_payload,   apply_short },
    { "attr-long",     "an attribute's payload is up to 300 bytes longer",               has_room,      apply_long },
    { "attr-tiny",     "an attribute's length is less than its header",                  NULL,          apply_tiny },
    { "attr-overrun",  "an attribute's length says more than its nest or message holds", NULL,          apply_overrun },
    { "attr-type",     "an attribute has another type",                                  NULL,          apply_type },
    { "attr-value",    "every byte of an attribute's payload is another one",            has_payload,   apply_value },
    { "attr-missing",  "an attribute is missing",                                        NULL,          apply_missing },
    { "attr-twice",    "an attribute comes twice",                                       has_room,      apply_twice },
    { "attr-order",    "two attributes of a nest change places",                         has_next,      apply_swapped },
    { "nest-cut",      "a nest ends inside the last attribute that is in it",            is_nest,       apply_nest_cut },
    { "nest-empty",    "a nest is empty",                                                is_nest,       apply_nest_empty },
    { "nest-trailing", "1 to 3 bytes are left over behind a nest's last attribute",      is_roomy_nest, apply_trailing },
};
/* clang-format on */
const size_t n_bend_rules = G_N_ELEMENTS(bend_rules);

const struct bend_rule *bend_rule_by_name(const char *name)
{
    for (size_t i = 0; i < n_bend_rules; i++)
        if (!strcmp(bend_rules[i].name, name))
            return &bend_rules[i];
    return NULL;
}

size_t bend_apply(struct bend *b, const struct bend_rule *rule, const size_t *pick, size_t n_picks)
{
    size_t n = 0, chosen = SIZE_MAX;

    for (size_t k = 0; k < n_picks; k++)        /* each with the same chance */
        if ((!rule->may || rule->may(b, pick[k])) && !bend_below(b, (uint32_t)++n))
            chosen = pick[k];
    b->told[0] = '\0';
    if (chosen != SIZE_MAX)
        rule->apply(b, chosen);
    return chosen;
}
