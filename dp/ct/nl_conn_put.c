/* nl_conn_put.c - a connection's attributes, in the order of answers and in that of events.
 * SPDX-License-Identifier: Apache-2.0 */
#include "dp/ct/helper.h"
#include "dp/ct/nl.h"
#include "dp/ct/proto.h"
#include "netlink/attr.h"

/* A zone of one direction only stands in that tuple. */
static void put_tuples(struct nlmsghdr *msg, const struct ct_conn *c)
{
    const struct ct_tuple *orig = &c->dir[CT_ORIG].tuple, *reply = &c->dir[CT_REPLY].tuple;
    bool is_one = orig->zone == reply->zone;

    ct_nl_put_tuple(msg, CTA_TUPLE_ORIG, orig, is_one ? 0 : orig->zone);
    ct_nl_put_tuple(msg, CTA_TUPLE_REPLY, reply, is_one ? 0 : reply->zone);
    if (is_one && orig->zone)
        mnl_attr_put_u16(msg, CTA_ZONE, GUINT16_TO_BE(orig->zone));
}

static void put_master(struct nlmsghdr *msg, const struct ct_conn *c)
{
    if (c->master)
        ct_nl_put_tuple(msg, CTA_TUPLE_MASTER, &c->master->dir[CT_ORIG].tuple, 0);
}

static void put_proto_info(struct nlmsghdr *msg, const struct ct_conn *c)
{
    if (c->proto->put_info)
        c->proto->put_info(msg, c);
}

static void put_counter(struct nlmsghdr *msg, uint16_t type, const struct ct_counter *n)
{
    struct nlattr *nest = mnl_attr_nest_start(msg, type);

    mnl_attr_put_u64(msg, CTA_COUNTERS_PACKETS, GUINT64_TO_BE(n->n_packets));
    mnl_attr_put_u64(msg, CTA_COUNTERS_BYTES, GUINT64_TO_BE(n->n_bytes));
    mnl_attr_nest_end(msg, nest);
}

static void put_counters(struct nlmsghdr *msg, const struct ct_conn *c)
{
    if (!c->has_counts)
        return;
    put_counter(msg, CTA_COUNTERS_ORIG, &c->count[CT_ORIG]);
    put_counter(msg, CTA_COUNTERS_REPLY, &c->count[CT_REPLY]);
}

static void put_timestamp(struct nlmsghdr *msg, const struct ct_conn *c)
{
    struct nlattr *nest;

    if (!c->start_ns)
        return;
    nest = mnl_attr_nest_start(msg, CTA_TIMESTAMP);
    mnl_attr_put_u64(msg, CTA_TIMESTAMP_START, GUINT64_TO_BE(c->start_ns));
    if (ct_is_dying(c))
        mnl_attr_put_u64(msg, CTA_TIMESTAMP_STOP, GUINT64_TO_BE(ct_now(c->table)));
    mnl_attr_nest_end(msg, nest);
}

static void put_help(struct nlmsghdr *msg, const struct ct_conn *c)
{
    struct nlattr *nest;

    if (!c->helper)
        return;
    nest = mnl_attr_nest_start(msg, CTA_HELP);
    mnl_attr_put_strz(msg, CTA_HELP_NAME, c->helper->name);
    mnl_attr_nest_end(msg, nest);
}

static void put_labels(struct nlmsghdr *msg, const struct ct_conn *c)
{
    if (c->has_labels && !bytes_are(c->labels, sizeof(c->labels), 0))
        mnl_attr_put(msg, CTA_LABELS, sizeof(c->labels), c->labels);
}

static void put_seqadj_side(struct nlmsghdr *msg, uint16_t type, const struct ct_seqadj_side *s)
{
    struct nlattr *nest = mnl_attr_nest_start(msg, type);

    put_be32(msg, CTA_SEQADJ_CORRECTION_POS, s->correction_pos);
    put_be32(msg, CTA_SEQADJ_OFFSET_BEFORE, (uint32_t)s->before);
    put_be32(msg, CTA_SEQADJ_OFFSET_AFTER, (uint32_t)s->after);
    mnl_attr_nest_end(msg, nest);
}

static void put_seqadj(struct nlmsghdr *msg, const struct ct_conn *c)
{
    if (!(c->status & IPS_SEQ_ADJUST) || !c->seqadj)
        return;
    put_seqadj_side(msg, CTA_SEQ_ADJ_ORIG, &c->seqadj->side[CT_ORIG]);
    put_seqadj_side(msg, CTA_SEQ_ADJ_REPLY, &c->seqadj->side[CT_REPLY]);
}

/* Connections that a client has made could be joined by a SYN proxy, and say so. */
static void put_synproxy(struct nlmsghdr *msg, const struct ct_conn *c)
{
    struct nlattr *nest;

    if (!c->by_client)
        return;
    nest = mnl_attr_nest_start(msg, CTA_SYNPROXY);
    put_be32(msg, CTA_SYNPROXY_ISN, 0);
    put_be32(msg, CTA_SYNPROXY_ITS, 0);
    put_be32(msg, CTA_SYNPROXY_TSOFF, 0);
    mnl_attr_nest_end(msg, nest);
}

void ct_nl_put_conn(struct nlmsghdr *msg, const struct ct_conn *c, uint32_t use)
{
    put_tuples(msg, c);
    put_be32(msg, CTA_STATUS, c->status);
    put_be32(msg, CTA_MARK, c->mark);
    put_be32(msg, CTA_ID, c->id);
    put_be32(msg, CTA_USE, use);
    put_master(msg, c);
    put_be32(msg, CTA_TIMEOUT, ct_conn_left(c));
    put_proto_info(msg, c);
    put_counters(msg, c);
    put_timestamp(msg, c);
    put_help(msg, c);
    put_labels(msg, c);
    put_seqadj(msg, c);
    put_synproxy(msg, c);
}

static void put_destroyed(struct nlmsghdr *msg, const struct ct_conn *c)
{
    if (ct_conn_left(c))
        put_be32(msg, CTA_TIMEOUT, ct_conn_left(c));
    put_counters(msg, c);
    put_timestamp(msg, c);
    put_proto_info(msg, c);
}

/* Parts that an event tells only if it is about them, in this order. */
static const struct {
    unsigned event;
    void (*put)(struct nlmsghdr *msg, const struct ct_conn *c);
} event_parts[] = {
    { IPCT_PROTOINFO, put_proto_info },
    { IPCT_HELPER, put_help },
    { IPCT_LABEL, put_labels },
    { IPCT_RELATED, put_master },
    { IPCT_SEQADJ, put_seqadj },
    { IPCT_SYNPROXY, put_synproxy },
};

static void put_changed(struct nlmsghdr *msg, const struct ct_conn *c, uint32_t events)
{
    put_be32(msg, CTA_TIMEOUT, ct_conn_left(c));
    if (c->helper)
        events |= 1u << IPCT_HELPER;
    for (size_t i = 0; i < G_N_ELEMENTS(event_parts); i++)
        if (events & 1u << event_parts[i].event)
            event_parts[i].put(msg, c);
}

void ct_nl_put_event(struct nlmsghdr *msg, const struct ct_conn *c, uint32_t events)
{
    put_tuples(msg, c);
    put_be32(msg, CTA_ID, c->id);
    put_be32(msg, CTA_STATUS, c->status);
    if (events & 1u << IPCT_DESTROY)
        put_destroyed(msg, c);
    else
        put_changed(msg, c, events);
    if (c->mark || events & 1u << IPCT_MARK)
        put_be32(msg, CTA_MARK, c->mark);
}
