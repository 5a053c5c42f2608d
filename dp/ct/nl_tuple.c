/* nl_tuple.c - CTA_TUPLE_*: a tuple's attributes, a row for each member.
 * SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "dp/ct/nl.h"
#include "dp/datapath.h"
#include "netlink/attr.h"

/* An id of the transport: 'shift' and 'len' bytes of a member of struct ct_tuple. */
struct id_row {
    uint16_t type;                      /* CTA_PROTO_* */
    uint32_t part;                      /* its bit in CTA_FILTER */
    uint8_t len, shift;
    size_t member;
};

#define ID(type, bit, len, member, shift)                                                         \
    { type, 1u << bit, len, shift, offsetof(struct ct_tuple, member) }

static const struct id_row ports[] = {
    ID(CTA_PROTO_SRC_PORT, 4, 2, src_id, 0),
    ID(CTA_PROTO_DST_PORT, 5, 2, dst_id, 0),
    { 0 },
};

static const struct id_row icmp_ids[] = {
    ID(CTA_PROTO_ICMP_ID, 8, 2, src_id, 0),
    ID(CTA_PROTO_ICMP_TYPE, 6, 1, dst_id, 8),
    ID(CTA_PROTO_ICMP_CODE, 7, 1, dst_id, 0),
    { 0 },
};

static const struct id_row icmp6_ids[] = {
    ID(CTA_PROTO_ICMPV6_ID, 11, 2, src_id, 0),
    ID(CTA_PROTO_ICMPV6_TYPE, 9, 1, dst_id, 8),
    ID(CTA_PROTO_ICMPV6_CODE, 10, 1, dst_id, 0),
    { 0 },
};

/* A filter compares the ids of some protocols only; those of the others may be there, but match all. */
static const struct {
    uint8_t proto;
    bool is_filtered;
    const struct id_row *ids;
} ids_of_protos[] = {
    { IPPROTO_TCP, true, ports },
    { IPPROTO_UDP, true, ports },
    { IPPROTO_ICMP, true, icmp_ids },
    { IPPROTO_ICMPV6, true, icmp6_ids },
    { IPPROTO_UDPLITE, false, ports },
    { IPPROTO_SCTP, false, ports },
    { IPPROTO_DCCP, false, ports },
    { IPPROTO_GRE, false, ports },
};

static const struct id_row *ids_of(uint8_t proto, bool for_filter)
{
    static const struct id_row none[] = { { 0 } };

    for (size_t i = 0; i < G_N_ELEMENTS(ids_of_protos); i++)
        if (ids_of_protos[i].proto == proto && (!for_filter || ids_of_protos[i].is_filtered))
            return ids_of_protos[i].ids;
    return none;
}

static uint16_t *member_of(struct ct_tuple *t, const struct id_row *row)
{
    return (void *)((char *)t + row->member);
}

static uint16_t id_get(const struct ct_tuple *t, const struct id_row *row)
{
    uint16_t value;

    memcpy(&value, (const char *)t + row->member, sizeof(value));
    return (uint16_t)(value >> row->shift & (row->len == 1 ? 0xff : 0xffff));
}

/* ---- reading ------------------------------------------------------------------------------------- */

/* clang-format off */
static const struct policy tuple_policy[CTA_TUPLE_MAX + 1] = {
    [CTA_TUPLE_IP] = { POL_NESTED }, [CTA_TUPLE_PROTO] = { POL_NESTED }, [CTA_TUPLE_ZONE] = { POL_U16 },
};
static const struct policy ip_policy[CTA_IP_MAX + 1] = {
    [CTA_IP_V4_SRC] = { POL_U32 }, [CTA_IP_V4_DST] = { POL_U32 },
    [CTA_IP_V6_SRC] = { POL_MIN_LEN, 16 }, [CTA_IP_V6_DST] = { POL_MIN_LEN, 16 },
};
static const struct policy proto_policy[CTA_PROTO_MAX + 1] = {
    [CTA_PROTO_NUM] = { POL_U8 },
    [CTA_PROTO_SRC_PORT] = { POL_U16 }, [CTA_PROTO_DST_PORT] = { POL_U16 },
    [CTA_PROTO_ICMP_ID] = { POL_U16 },
    [CTA_PROTO_ICMP_TYPE] = { POL_U8 }, [CTA_PROTO_ICMP_CODE] = { POL_U8 },
    [CTA_PROTO_ICMPV6_ID] = { POL_U16 },
    [CTA_PROTO_ICMPV6_TYPE] = { POL_U8 }, [CTA_PROTO_ICMPV6_CODE] = { POL_U8 },
};
/* clang-format on */

int ct_nl_parse_nest(const struct nlattr *nest, const struct policy *rows, uint16_t max,
                     const struct nlattr **tb, struct err *e)
{
    int rc = policy_parse(rows, max, mnl_attr_get_payload(nest), mnl_attr_get_payload_len(nest),
                          nest, tb, e);

    if (rc)
        return err_set(e, -rc, "attributes in a nest of type %u are damaged", mnl_attr_get_type(nest));
    if (e)
        e->to_client = false;
    return 0;
}

static int get_ip(const struct ct_nl_scope *scope, const struct nlattr *nest, struct ct_tuple *t,
                  struct err *e)
{
    const struct nlattr *tb[CTA_IP_MAX + 1], *src, *dst;
    size_t len = scope->family == AF_INET ? 4 : 16;
    int rc = ct_nl_parse_nest(nest, ip_policy, CTA_IP_MAX, tb, e);

    if (rc)
        return rc;
    src = tb[len == 4 ? CTA_IP_V4_SRC : CTA_IP_V6_SRC];
    dst = tb[len == 4 ? CTA_IP_V4_DST : CTA_IP_V6_DST];
    if ((scope->parts & CT_PART_SRC && !src) || (scope->parts & CT_PART_DST && !dst))
        return err_set(e, EINVAL, "ctnetlink: an address of the tuple is missing");
    if (src)
        memcpy(t->src.bytes, mnl_attr_get_payload(src), len);
    if (dst)
        memcpy(t->dst.bytes, mnl_attr_get_payload(dst), len);
    return 0;
}

static uint16_t value_of(const struct nlattr *a, const struct id_row *row)
{
    return row->len == 1 ? mnl_attr_get_u8(a) : ntohs(mnl_attr_get_u16(a));
}

static int get_proto(const struct ct_nl_scope *scope, const struct nlattr *nest, struct ct_tuple *t,
                     struct err *e)
{
    const struct nlattr *tb[CTA_PROTO_MAX + 1];
    int rc = ct_nl_parse_nest(nest, proto_policy, CTA_PROTO_MAX, tb, e);

    if (rc)
        return rc;
    if (!tb[CTA_PROTO_NUM])
        return err_set(e, EINVAL, "ctnetlink: the tuple's protocol number is missing");
    t->proto = mnl_attr_get_u8(tb[CTA_PROTO_NUM]);
    for (const struct id_row *row = ids_of(t->proto, false); row->type; row++) {
        if (!(scope->parts & row->part))
            continue;
        if (!tb[row->type])
            return err_set(e, EINVAL, "ctnetlink: CTA_PROTO_%u of the tuple is missing", row->type);
        *member_of(t, row) |= (uint16_t)(value_of(tb[row->type], row) << row->shift);
    }
    return 0;
}

/* Types of ICMP that are no queries have no connections, whatever family the tuple is of. */
static int check_type(const struct ct_nl_scope *scope, const struct ct_tuple *t, struct err *e)
{
    struct ct_tuple reply;
    uint32_t type_part = t->proto == IPPROTO_ICMP ? icmp_ids[1].part : icmp6_ids[1].part;

    if ((t->proto != IPPROTO_ICMP && t->proto != IPPROTO_ICMPV6) || !(scope->parts & type_part) ||
        ct_tuple_invert(&reply, t))
        return 0;
    return err_set(e, EINVAL, "ctnetlink: ICMP type %u is no query", t->dst_id >> 8);
}

static int get_zone(struct ct_nl_scope *scope, unsigned dir, const struct nlattr *a, struct err *e)
{
    if (scope->zone[CT_ORIG] || scope->zone[CT_REPLY])
        return err_set(e, EINVAL, "ctnetlink: a zone is given twice");
    scope->zone[dir] = ntohs(mnl_attr_get_u16(a));
    return 0;
}

static int get_parts(struct ct_nl_scope *scope, const struct nlattr **tb, struct ct_tuple *t,
                     struct err *e)
{
    bool wants_proto = scope->parts & CT_PART_PROTO;
    int rc = 0;

    if (scope->parts & (CT_PART_SRC | CT_PART_DST))
        rc = tb[CTA_TUPLE_IP] ? get_ip(scope, tb[CTA_TUPLE_IP], t, e)
                              : err_set(e, EINVAL, "ctnetlink: the tuple lacks its addresses");
    if (rc)
        return rc;
    if (!wants_proto && scope->parts & CT_PART_IDS)
        return err_set(e, EINVAL, "ctnetlink: a filter by ids needs the protocol");
    if (wants_proto && !tb[CTA_TUPLE_PROTO])
        return err_set(e, EINVAL, "ctnetlink: the tuple lacks its protocol");
    return wants_proto ? get_proto(scope, tb[CTA_TUPLE_PROTO], t, e) : 0;
}

int ct_nl_get_tuple(struct ct_nl_scope *scope, unsigned dir, const struct nlattr *nest,
                    struct ct_tuple *t, struct err *e)
{
    const struct nlattr *tb[CTA_TUPLE_MAX + 1];
    int rc = ct_nl_parse_nest(nest, tuple_policy, CTA_TUPLE_MAX, tb, e);

    if (rc)
        return rc;
    if (scope->family != AF_INET && scope->family != AF_INET6)
        return err_set(e, EOPNOTSUPP, "ctnetlink: address family %u has no tuples", scope->family);
    memset(t, 0, sizeof(*t));
    t->l3 = scope->family == AF_INET ? 4 : 6;
    rc = get_parts(scope, tb, t, e);
    if (!rc)
        rc = check_type(scope, t, e);
    if (!rc && scope->parts & CT_PART_ZONE && tb[CTA_TUPLE_ZONE])
        rc = get_zone(scope, dir, tb[CTA_TUPLE_ZONE], e);
    t->zone = scope->zone[dir];
    return rc;
}

struct ct_nl_scope ct_nl_scope_of(const struct req *req, const struct nlattr *zone)
{
    uint16_t id = zone ? ntohs(mnl_attr_get_u16(zone)) : 0;

    return (struct ct_nl_scope){
        .family = nf_header(req)->nfgen_family,
        .zone = { id, id },
        .parts = CT_PART_ALL,
    };
}

int ct_nl_find(const struct req *req, const struct nlattr *orig, const struct nlattr *reply,
               struct ct_nl_scope *scope, struct ct_conn **c, struct err *e)
{
    struct ct_tuple tuple;
    unsigned dir;
    int rc;

    if (!orig && !reply)
        return err_set(e, EINVAL, "ctnetlink: no tuple is given");
    rc = ct_nl_get_tuple(scope, orig ? CT_ORIG : CT_REPLY, orig ? orig : reply, &tuple, e);
    if (rc)
        return rc;
    *c = ct_find(req_ns(req)->ct, &tuple, &dir);
    return *c ? 0 : err_set(e, ENOENT, "ctnetlink: there is no such connection");
}

/* ---- writing ------------------------------------------------------------------------------------- */

static void put_ip(struct nlmsghdr *msg, const struct ct_tuple *t)
{
    struct nlattr *nest = mnl_attr_nest_start(msg, CTA_TUPLE_IP);

    if (t->l3 == 4) {
        mnl_attr_put(msg, CTA_IP_V4_SRC, 4, t->src.bytes);
        mnl_attr_put(msg, CTA_IP_V4_DST, 4, t->dst.bytes);
    } else {
        mnl_attr_put(msg, CTA_IP_V6_SRC, 16, t->src.bytes);
        mnl_attr_put(msg, CTA_IP_V6_DST, 16, t->dst.bytes);
    }
    mnl_attr_nest_end(msg, nest);
}

static void put_proto(struct nlmsghdr *msg, const struct ct_tuple *t)
{
    struct nlattr *nest = mnl_attr_nest_start(msg, CTA_TUPLE_PROTO);

    mnl_attr_put_u8(msg, CTA_PROTO_NUM, t->proto);
    for (const struct id_row *row = ids_of(t->proto, false); row->type; row++) {
        if (row->len == 1)
            mnl_attr_put_u8(msg, row->type, (uint8_t)id_get(t, row));
        else
            mnl_attr_put_u16(msg, row->type, GUINT16_TO_BE(id_get(t, row)));
    }
    mnl_attr_nest_end(msg, nest);
}

void ct_nl_put_tuple(struct nlmsghdr *msg, uint16_t type, const struct ct_tuple *t, uint16_t zone)
{
    struct nlattr *nest = mnl_attr_nest_start(msg, type);

    put_ip(msg, t);
    put_proto(msg, t);
    if (zone)
        mnl_attr_put_u16(msg, CTA_TUPLE_ZONE, GUINT16_TO_BE(zone));
    mnl_attr_nest_end(msg, nest);
}

bool ct_nl_parts_equal(const struct ct_tuple *a, const struct ct_tuple *b, uint32_t parts)
{
    if (parts & CT_PART_SRC && memcmp(&a->src, &b->src, sizeof(a->src)))
        return false;
    if (parts & CT_PART_DST && memcmp(&a->dst, &b->dst, sizeof(a->dst)))
        return false;
    if (parts & CT_PART_PROTO && a->proto != b->proto)
        return false;
    for (const struct id_row *row = ids_of(b->proto, true); row->type; row++)
        if (parts & row->part && id_get(a, row) != id_get(b, row))
            return false;
    return true;
}
