/* track.c - see track.h: a packet finds its connection, or makes one.
 * SPDX-License-Identifier: Apache-2.0 */
#include "dp/ct/track.h"

#include <errno.h>

#include "dp/ct/helper.h"
#include "dp/ct/proto.h"
#include "dp/ct/timeout.h"

#define EXPIRE_PER_PACKET 2     /* connections that a packet clears away, at most */

/* ---- looking up --------------------------------------------------------------------------------- */

enum ip_conntrack_info ct_info_of(const struct ct_conn *c, unsigned dir)
{
    if (dir == CT_REPLY)
        return IP_CT_ESTABLISHED_REPLY;
    if (c->status & IPS_SEEN_REPLY)
        return IP_CT_ESTABLISHED;
    return c->status & IPS_EXPECTED ? IP_CT_RELATED : IP_CT_NEW;
}

/* The other end of the connection that is being peeked for sees the packet inverted. */
static struct ct_conn *find_natted(struct ct_table *t, const struct ct_tuple *tuple, unsigned *dir)
{
    struct ct_tuple inverse;
    struct ct_conn *c;

    if (!ct_tuple_invert(&inverse, tuple))
        return NULL;
    c = ct_find(t, &inverse, dir);
    if (c)
        *dir = *dir == CT_ORIG ? CT_REPLY : CT_ORIG;
    return c;
}

/* The packet's tuple; false: it has none. */
static bool tuple_of_packet(struct pkt *p, uint16_t l3_type, uint16_t zone, struct ct_tuple *tuple)
{
    struct ct_ip ip;

    return ct_ip_parse(p, p->l3_off, l3_type, &ip) && !ip.is_later_frag &&
           ct_tuple_of(&ip, zone, tuple);
}

bool ct_peek(struct ct_table *t, struct pkt *p, uint16_t l3_type, uint16_t zone, bool is_natted)
{
    struct ct_tuple tuple;
    struct ct_conn *c;
    unsigned dir;

    if (!tuple_of_packet(p, l3_type, zone, &tuple))
        return false;
    c = is_natted ? find_natted(t, &tuple, &dir) : ct_find(t, &tuple, &dir);
    if (!c)
        return false;
    pkt_set_ct(p, ct_conn_get(c), ct_info_of(c, dir));
    return true;
}

struct ct_conn *ct_expected_by(struct ct_table *t, struct pkt *p, uint16_t l3_type, uint16_t zone)
{
    struct ct_tuple tuple;
    struct ct_expect *x;
    struct ct_conn *clash;
    unsigned dir;

    if (ct_link_is_empty(&t->expects) || !tuple_of_packet(p, l3_type, zone, &tuple))
        return NULL;
    x = ct_expect_find(t, &tuple);
    if (!x)
        return NULL;
    clash = ct_find(t, &tuple, &dir);
    if (clash)
        ct_conn_delete(clash);
    return x->master;
}

/* ---- tracking ------------------------------------------------------------------------------------ */

/* init_conntrack. NULL: no connection can be made of this packet. */
static struct ct_conn *new_conn(struct ct_table *t, const struct ct_tuple *tuple,
                                struct ct_timeout *timeout)
{
    struct ct_tuple reply;
    struct ct_expect *x;
    struct ct_conn *c;

    if (!ct_tuple_invert(&reply, tuple))
        return NULL;
    c = ct_conn_new(t, tuple, &reply);
    if (timeout && timeout->proto == c->proto)
        c->timeout = timeout;
    x = ct_expect_find(t, tuple);
    if (x)
        ct_expect_fulfil(x, c);
    ct_conn_event(c, x ? IPCT_RELATED : IPCT_NEW);
    return c;
}

/* Gives the packet its connection. CT_INVALID: it has none. */
static enum ct_verdict resolve(struct ct_table *t, const struct ct_ip *ip, uint16_t zone,
                               struct ct_timeout *timeout)
{
    struct ct_tuple tuple;
    struct ct_conn *c;
    unsigned dir = CT_ORIG;

    if (!ct_tuple_of(ip, zone, &tuple))
        return CT_INVALID;
    c = ct_find(t, &tuple, &dir);
    if (c) {
        ct_conn_get(c);
    } else {
        if (ct_is_full(t) || dp_fails(t->env->fault, DP_FAULT_CT_ALLOC))
            return CT_DROP;
        c = new_conn(t, &tuple, timeout);
    }
    if (!c)
        return CT_INVALID;
    pkt_set_ct(ip->pkt, c, ct_info_of(c, dir));
    return CT_ACCEPT;
}

static void count(struct ct_conn *c, unsigned dir, const struct ct_ip *ip)
{
    if (!c->has_counts)
        return;
    c->count[dir].n_packets++;
    c->count[dir].n_bytes += ip->end - ip->l3_off;
}

/* What the protocol's tracker says of the packet; it keeps its connection only if accepted. */
static enum ct_verdict follow(const struct ct_ip *ip)
{
    struct pkt *p = ip->pkt;
    struct ct_conn *c = p->ct;
    enum ip_conntrack_info info = p->ct_info;
    enum ct_verdict verdict = c->proto->packet(c, ip, info);

    if (verdict != CT_ACCEPT) {
        c->table->stats.n_invalid += verdict != CT_REPEAT;
        c->table->stats.n_drop += verdict == CT_DROP;
        pkt_drop_ct(p);
        return verdict;
    }
    count(c, ct_info_dir(info), ip);
    if (info == IP_CT_ESTABLISHED_REPLY && !(c->status & IPS_SEEN_REPLY)) {
        c->status |= IPS_SEEN_REPLY;
        ct_conn_event(c, IPCT_REPLY);
    }
    return CT_ACCEPT;
}

static enum ct_verdict track_once(struct ct_table *t, const struct ct_ip *ip, uint16_t zone,
                                  struct ct_timeout *timeout)
{
    const struct ct_proto *proto = ct_proto_of(ip->proto);
    enum ct_verdict verdict = proto->early ? proto->early(t, ip, zone) : CT_ACCEPT;

    t->stats.n_error += verdict != CT_ACCEPT;
    if (verdict != CT_ACCEPT || ip->pkt->ct)
        return verdict;
    verdict = resolve(t, ip, zone, timeout);
    if (verdict == CT_ACCEPT)
        return follow(ip);
    t->stats.n_invalid += verdict == CT_INVALID;
    t->stats.n_drop += verdict == CT_DROP;
    return verdict;
}

int ct_track(struct ct_table *t, struct pkt *p, uint16_t l3_type, uint16_t zone,
             struct ct_timeout *timeout)
{
    enum ct_verdict verdict;
    struct ct_ip ip;

    ct_expire(t, EXPIRE_PER_PACKET);
    pkt_drop_ct(p);
    if (!ct_ip_parse(p, p->l3_off, l3_type, &ip) || ip.is_later_frag) {
        t->stats.n_invalid++;
        return 0;
    }
    do {
        verdict = track_once(t, &ip, zone, timeout);
    } while (verdict == CT_REPEAT);
    return verdict == CT_DROP ? -EINVAL : 0;
}

/* ---- confirming ----------------------------------------------------------------------------------- */

/* The connection that has one of this one's tuples. */
static struct ct_conn *find_clash(const struct ct_conn *c)
{
    struct ct_conn *first;
    unsigned dir;

    first = ct_find(c->table, &c->dir[CT_ORIG].tuple, &dir);
    return first ? first : ct_find(c->table, &c->dir[CT_REPLY].tuple, &dir);
}

static bool is_same_flow(const struct ct_conn *a, const struct ct_conn *b)
{
    return ct_tuple_equal(&a->dir[CT_ORIG].tuple, &b->dir[CT_ORIG].tuple) &&
           ct_tuple_equal(&a->dir[CT_REPLY].tuple, &b->dir[CT_REPLY].tuple);
}

/* The packet, in the direction that it had, joins the connection that was there first, unless NAT has dealt with that
 * one and come to something else. */
static bool join(struct pkt *p)
{
    struct ct_conn *c = p->ct, *first = find_clash(c);
    unsigned dir = ct_info_dir(p->ct_info);

    if (!first || (first->status & IPS_NAT_DONE_MASK && !is_same_flow(first, c)))
        return false;
    if (first->has_counts) {
        first->count[dir].n_packets++;
        first->count[dir].n_bytes += c->count[dir].n_bytes;
    }
    pkt_set_ct(p, ct_conn_get(first), p->ct_info);
    return true;
}

/* nf_ct_resolve_clash: another connection has one of this one's tuples. */
static int resolve_clash(struct pkt *p)
{
    struct ct_stats *stats = &p->ct->table->stats;

    if (p->ct->proto->allows_clash && (join(p) || !ct_conn_insert_reply(p->ct))) {
        stats->n_clash_resolve++;
        return 0;
    }
    stats->n_insert_failed++;
    stats->n_drop++;
    return -EINVAL;
}

int ct_confirm(struct pkt *p)
{
    struct ct_conn *c = p->ct;

    if (!c)
        return 0;
    if (!ct_is_confirmed(c)) {
        if (ct_info_dir(p->ct_info) != CT_ORIG)
            return 0;
        if (ct_conn_insert(c) && resolve_clash(p))
            return -EINVAL;
    }
    ct_events_deliver(p->ct);
    return 0;
}
