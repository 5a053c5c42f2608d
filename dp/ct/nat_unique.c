/* nat_unique.c - which addresses and ids NAT gives a new connection. Catalogue 09.6.
 *
 * A choice is free when no connection knows its answer. The kernel's own choices where it has several: the address by
 * a hash of the addresses (the same for the same client, and so the same here), the id from a random start.
 * SPDX-License-Identifier: Apache-2.0 */
#include <netinet/in.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "dp/ct/nat_int.h"
#include "dp/ct/proto.h"

#define MAX_ATTEMPTS 128u
#define MIN_ATTEMPTS 16u            /* a round this short was the last one */

static const struct ct_proto *proto_of(const struct ct_tuple *t)
{
    return ct_proto_of(t->proto);
}

/* The id of an ICMP query belongs to both ends. */
static bool is_query(const struct ct_tuple *t)
{
    return t->proto == IPPROTO_ICMP || t->proto == IPPROTO_ICMPV6;
}

static uint16_t *id_of(struct ct_tuple *t, enum ct_manip manip)
{
    return manip == CT_MANIP_SRC || is_query(t) ? &t->src_id : &t->dst_id;
}

static bool is_id_in_range(struct ct_tuple *t, const struct ct_nat_range *r, enum ct_manip manip)
{
    uint16_t id = *id_of(t, manip);

    return !proto_of(t)->has_id || (id >= r->min_id && id <= r->max_id);
}

static bool is_source_in_range(struct ct_tuple *t, const struct ct_nat_range *r)
{
    if (r->flags & NF_NAT_RANGE_MAP_IPS &&
        (memcmp(&t->src, &r->min_addr, sizeof(t->src)) < 0 ||
         memcmp(&t->src, &r->max_addr, sizeof(t->src)) > 0))
        return false;
    return !(r->flags & NF_NAT_RANGE_PROTO_SPECIFIED) || is_id_in_range(t, r, CT_MANIP_SRC);
}

/* ---- taken or free ------------------------------------------------------------------------------ */

/* nf_nat_used_tuple: does an answer to 'tuple' belong to another connection? One with the same original tuple is the
 * same flow seen twice: confirming will settle that. */
static bool is_taken(const struct ct_conn *c, const struct ct_tuple *tuple)
{
    const struct ct_conn *other;
    struct ct_tuple reply;
    unsigned dir;

    (void)ct_tuple_invert(&reply, tuple);
    other = ct_find(c->table, &reply, &dir);
    return other && !ct_tuple_equal(&other->dir[CT_ORIG].tuple, &c->dir[CT_ORIG].tuple);
}

/* ---- addresses ---------------------------------------------------------------------------------- */

static uint32_t word_of(const struct ct_addr *a, unsigned i)
{
    return be32_get(a->bytes + 4 * i);
}

/* As the kernel's hash sees it on little-endian machines, of which alone there are recordings. */
static uint32_t swapped_word_of(const struct ct_addr *a, unsigned i)
{
    return GUINT32_SWAP_LE_BE(word_of(a, i));
}

static uint32_t hash_addrs(const struct ct_tuple *t, const struct ct_nat_range *r, unsigned last)
{
    uint32_t words[4];

    for (unsigned i = 0; i < 4; i++)
        words[i] = swapped_word_of(&t->src, i);
    return hash_jenkins(words, 4, r->flags & NF_NAT_RANGE_PERSISTENT
                                      ? 0 : swapped_word_of(&t->dst, last) ^ t->zone);
}

/* find_best_ips_proto: word by word; once a word is below the range's last, the following ones are free. */
static void choose_addr(struct ct_tuple *t, const struct ct_nat_range *r, enum ct_manip manip)
{
    unsigned last = t->l3 == 4 ? 0 : 3;
    uint32_t hash = hash_addrs(t, r, last);
    struct ct_addr *to = manip == CT_MANIP_SRC ? &t->src : &t->dst;
    bool is_full = false;

    for (unsigned i = 0; i <= last; i++) {
        uint32_t min = is_full ? 0 : word_of(&r->min_addr, i);
        uint32_t n = is_full ? UINT32_MAX : word_of(&r->max_addr, i) - min + 1;
        uint32_t word = min + (uint32_t)((uint64_t)hash * n >> 32);

        be32_put(to->bytes + 4 * i, word);
        is_full |= word != word_of(&r->max_addr, i);
        if (!(r->flags & NF_NAT_RANGE_PERSISTENT))
            hash ^= swapped_word_of(&t->dst, i);
    }
}

static void map_addr(struct ct_tuple *t, const struct ct_nat_range *r, enum ct_manip manip)
{
    if (!(r->flags & NF_NAT_RANGE_MAP_IPS))
        return;
    if (memcmp(&r->min_addr, &r->max_addr, sizeof(r->min_addr)) != 0)
        choose_addr(t, r, manip);
    else if (manip == CT_MANIP_SRC)
        t->src = r->min_addr;
    else
        t->dst = r->min_addr;
}

/* find_appropriate_src: the source that an older connection of the same source has been given. */
static bool map_as_before(const struct ct_conn *c, const struct ct_tuple *from,
                          const struct ct_nat_range *r, struct ct_tuple *to)
{
    const struct ct_conn *other = NULL;

    while ((other = ct_nat_source_next(c->table, from, other))) {
        (void)ct_tuple_invert(to, &other->dir[CT_REPLY].tuple);
        to->dst = from->dst;
        to->dst_id = from->dst_id;
        if (is_source_in_range(to, r))
            return true;
    }
    return false;
}

/* ---- ids ----------------------------------------------------------------------------------------- */

struct ids {
    uint32_t min, n;
};

/* Ports without a range stay in their class, as services may take it for a sign of privilege. */
static struct ids class_of_port(uint16_t port)
{
    if (port < 512)
        return (struct ids){ .min = 1, .n = 511 };
    if (port < 1024)
        return (struct ids){ .min = 600, .n = 1023 - 600 + 1 };
    return (struct ids){ .min = 1024, .n = 65535 - 1024 + 1 };
}

static struct ids ids_of_range(const struct ct_nat_range *r, bool may_turn)
{
    uint16_t min = r->min_id, max = r->max_id;

    if (max < min && may_turn)
        return (struct ids){ .min = max, .n = min - max + 1u };
    return (struct ids){ .min = min, .n = max - min + 1u };
}

/* Those that may be tried. None: n is 0. */
static struct ids candidates(const struct ct_conn *c, struct ct_tuple *t,
                             const struct ct_nat_range *r, enum ct_manip manip)
{
    const struct ids none = { 0, 0 };
    bool is_gre = t->proto == IPPROTO_GRE;

    if (!proto_of(t)->has_id || (is_gre && !c->master))
        return none;
    if (r->flags & NF_NAT_RANGE_PROTO_SPECIFIED)
        return ids_of_range(r, !is_gre && !is_query(t));
    if (is_query(t))
        return (struct ids){ .min = 0, .n = 65536 };
    if (is_gre)
        return (struct ids){ .min = 1, .n = 65535 };
    return manip == CT_MANIP_DST ? none : class_of_port(*id_of(t, manip));
}

static uint16_t random_id(const struct ct_conn *c)
{
    const struct dp_env *env = c->table->env;

    return (uint16_t)env->random(env->ctx);
}

/* nf_nat_l4proto_unique_tuple: leaves the last one tried if none is free. */
static void choose_id(const struct ct_conn *c, struct ct_tuple *t, const struct ct_nat_range *r,
                      enum ct_manip manip)
{
    struct ids ids = candidates(c, t, r, manip);
    uint32_t attempts = MIN(ids.n, MAX_ATTEMPTS);
    uint16_t *id = id_of(t, manip);

    if (!ids.n)
        return;
    for (;; attempts /= 2) {
        uint16_t off = random_id(c);

        for (uint32_t i = 0; i < attempts; i++, off++) {
            *id = (uint16_t)(ids.min + off % ids.n);
            if (!is_taken(c, t))
                return;
        }
        if (attempts >= ids.n || attempts < MIN_ATTEMPTS)
            return;
    }
}

/* ---- the whole choice ----------------------------------------------------------------------------- */

/* Does the id, with the address mapped, serve as it is? */
static bool may_keep_id(const struct ct_conn *c, struct ct_tuple *t, const struct ct_nat_range *r,
                        enum ct_manip manip)
{
    if (!(r->flags & NF_NAT_RANGE_PROTO_SPECIFIED))
        return !is_taken(c, t);
    return is_id_in_range(t, r, manip) && (r->min_id == r->max_id || !is_taken(c, t));
}

struct ct_tuple ct_nat_unique(const struct ct_conn *c, const struct ct_tuple *from,
                              const struct ct_nat_range *r, enum ct_manip manip)
{
    bool is_random = r->flags & NF_NAT_RANGE_PROTO_RANDOM_ALL;
    struct ct_tuple to = *from;

    if (manip == CT_MANIP_SRC && !is_random &&
        (is_source_in_range(&to, r) || map_as_before(c, from, r, &to)) && !is_taken(c, &to))
        return to;
    to = *from;
    map_addr(&to, r, manip);
    if (is_random || !may_keep_id(c, &to, r, manip))
        choose_id(c, &to, r, manip);
    return to;
}
