/* act_ct_nat.c - see act_ct_nat.h: one row for each OVS_NAT_ATTR_*, and ovs_ct_nat.
 * SPDX-License-Identifier: Apache-2.0 */
#include "dp/act_ct_nat.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/openvswitch.h>
#include <netinet/in.h>

#include "base/bytes.h"
#include "base/draw.h"
#include "dp/extract_int.h"
#include "netlink/attr.h"

#define ANY_NAT (OVS_CS_F_SRC_NAT | OVS_CS_F_DST_NAT)
#define NO_FIELD SIZE_MAX

/* ---- attributes ----------------------------------------------------------------------------------- */

/* In the order in which they are put. */
struct nat_attr {
    uint8_t type;
    uint8_t len[2];             /* of IPv4, IPv6 */
    uint8_t kind;               /* CT_NAT_SRC, CT_NAT_DST: that is what it says */
    uint32_t flag;              /* NF_NAT_RANGE_*: what it sets */
    size_t field;               /* in struct ct_nat_range; NO_FIELD: none */
    size_t min;                 /* the field that it is put only if different from; NO_FIELD: always */
};

#define FIELD(name) offsetof(struct ct_nat_range, name)
/* clang-format off */
static const struct nat_attr nat_attrs[] = {
    { OVS_NAT_ATTR_SRC, { 0, 0 }, CT_NAT_SRC, 0, NO_FIELD, NO_FIELD },
    { OVS_NAT_ATTR_DST, { 0, 0 }, CT_NAT_DST, 0, NO_FIELD, NO_FIELD },
    { OVS_NAT_ATTR_IP_MIN, { 4, 16 }, 0, NF_NAT_RANGE_MAP_IPS, FIELD(min_addr), NO_FIELD },
    { OVS_NAT_ATTR_IP_MAX, { 4, 16 }, 0, NF_NAT_RANGE_MAP_IPS, FIELD(max_addr), FIELD(min_addr) },
    { OVS_NAT_ATTR_PROTO_MIN, { 2, 2 }, 0, NF_NAT_RANGE_PROTO_SPECIFIED, FIELD(min_id), NO_FIELD },
    { OVS_NAT_ATTR_PROTO_MAX, { 2, 2 }, 0, NF_NAT_RANGE_PROTO_SPECIFIED, FIELD(max_id), FIELD(min_id) },
    { OVS_NAT_ATTR_PERSISTENT, { 0, 0 }, 0, NF_NAT_RANGE_PERSISTENT, NO_FIELD, NO_FIELD },
    { OVS_NAT_ATTR_PROTO_HASH, { 0, 0 }, 0, NF_NAT_RANGE_PROTO_RANDOM, NO_FIELD, NO_FIELD },
    { OVS_NAT_ATTR_PROTO_RANDOM, { 0, 0 }, 0, NF_NAT_RANGE_PROTO_RANDOM_FULLY, NO_FIELD, NO_FIELD },
};
/* clang-format on */

static const struct nat_attr *attr_row(unsigned type)
{
    for (size_t i = 0; i < G_N_ELEMENTS(nat_attrs); i++)
        if (nat_attrs[i].type == type)
            return &nat_attrs[i];
    return NULL;
}

static int read_attr(const struct nlattr *a, struct ct_nat_args *nat, struct err *e)
{
    const struct nat_attr *row = attr_row(mnl_attr_get_type(a));
    size_t len = mnl_attr_get_payload_len(a);

    if (!row)
        return err_set(e, EINVAL, "Unknown NAT attribute (type=%u, max=%u)", mnl_attr_get_type(a),
                       OVS_NAT_ATTR_MAX);
    if (len != row->len[nat->l3 == 6])
        return err_set(e, EINVAL, "NAT attribute type %u has unexpected length (%zu != %u)",
                       row->type, len, row->len[nat->l3 == 6]);
    if (row->kind && nat->kind)
        return err_set(e, ERANGE, "Only one type of NAT may be specified");
    if (row->kind)
        nat->kind = row->kind;
    nat->range.flags |= row->flag;
    if (row->field != NO_FIELD)
        memcpy((uint8_t *)&nat->range + row->field, mnl_attr_get_payload(a), len);
    return 0;
}

/* Attributes seen as bits of 'seen': a missing MAX is MIN. */
static void fill_max(struct ct_nat_range *r, uint32_t seen)
{
    if (!(seen & 1u << OVS_NAT_ATTR_IP_MAX))
        r->max_addr = r->min_addr;
    if (!(seen & 1u << OVS_NAT_ATTR_PROTO_MAX))
        r->max_id = r->min_id;
}

static int check_kind(struct ct_nat_args *nat, bool has_commit, struct err *e)
{
    if (!nat->kind && nat->range.flags)
        return err_set(e, EINVAL, "NAT flags may be given only when NAT range (SRC or DST) is also specified.");
    if (!nat->kind)
        nat->kind = CT_NAT_AS_BEFORE;
    else if (!has_commit)
        return err_set(e, EINVAL,
                       "NAT attributes may be specified only when CT COMMIT flag is also specified.");
    return 0;
}

int act_ct_nat_check(const struct nlattr *nest, bool has_commit, uint16_t eth_type,
                     struct ct_nat_args *out, struct err *e)
{
    struct ct_nat_args nat = *out;
    const struct nlattr *a;
    uint32_t seen = 0;
    int left, error;

    nat.l3 = eth_type == ETH_P_IPV6 ? 6 : 4;
    attr_for_each_nested(a, nest, left)
    {
        error = read_attr(a, &nat, e);
        if (error)
            return error;
        seen |= 1u << mnl_attr_get_type(a);
    }
    if (left > 0)
        return err_set(e, EINVAL, "NAT attribute has %d unknown bytes", left);
    error = check_kind(&nat, has_commit, e);
    if (error)
        return error;
    fill_max(&nat.range, seen);
    *out = nat;
    return 0;
}

/* SRC or DST, then some of the rows that are neither. */
void act_ct_nat_generate(const struct draw *d, bool has_commit, uint16_t eth_type, GByteArray *out)
{
    uint8_t kind = (uint8_t)(CT_NAT_SRC + draw_below(d, 2)), value[16];

    if (!has_commit || draw_one_in(d, 4))
        return;
    for (size_t i = 0; i < G_N_ELEMENTS(nat_attrs); i++) {
        const struct nat_attr *row = &nat_attrs[i];

        if (row->kind ? row->kind != kind : !draw_one_in(d, 2))
            continue;
        draw_bytes(d, value, sizeof(value));
        attr_put(out, row->type, value, row->len[eth_type == ETH_P_IPV6]);
    }
}

static bool is_put(const struct nat_attr *row, const struct ct_nat_args *nat)
{
    const uint8_t *range = (const uint8_t *)&nat->range;

    if (row->kind)
        return row->kind == nat->kind;
    if (nat->kind == CT_NAT_AS_BEFORE || !(nat->range.flags & row->flag))
        return false;
    return row->min == NO_FIELD ||
           memcmp(range + row->field, range + row->min, row->len[nat->l3 == 6]) != 0;
}

void act_ct_nat_put(struct nlmsghdr *msg, const struct ct_nat_args *nat)
{
    struct nlattr *nest;

    if (!nat->kind)
        return;
    nest = msg_nest_begin(msg, OVS_CT_ATTR_NAT);
    for (size_t i = 0; i < G_N_ELEMENTS(nat_attrs); i++) {
        const struct nat_attr *row = &nat_attrs[i];
        const void *value = row->field == NO_FIELD ? NULL : (const uint8_t *)&nat->range + row->field;

        if (is_put(row, nat))
            mnl_attr_put(msg, row->type, row->len[nat->l3 == 6], value);
    }
    mnl_attr_nest_end(msg, nest);
}

/* ---- packets --------------------------------------------------------------------------------------- */

/* The port as the packet has it now. Other protocols' ports are no business of the key's. */
static void update_port(const struct pkt *p, struct flow_key *key, bool is_src)
{
    bool has_ports = key->ip_proto == IPPROTO_UDP || key->ip_proto == IPPROTO_TCP ||
                     key->ip_proto == IPPROTO_SCTP;

    if (!has_ports || pkt_left(p, p->l4_off) < 4)
        return;
    if (is_src)
        key->tp_src = be16_get(p->data + p->l4_off);
    else
        key->tp_dst = be16_get(p->data + p->l4_off + 2);
}

/* Bytes of a packet; those behind its end are zeros. */
static void read_bytes(const struct pkt *p, uint32_t off, uint8_t *out, uint32_t len)
{
    uint32_t there = MIN(len, pkt_left(p, off));

    memset(out, 0, len);
    if (there)
        memcpy(out, p->data + off, there);
}

/* The address as the packet has it now, even if it is shorter than a header of its type. The kernel then takes the
 * rest from its memory behind the frame. Recorded from Linux 6.1.192: zeros, if nothing has been there before. */
static void update_addr(const struct pkt *p, struct flow_key *key, bool is_src)
{
    if (key->eth_type == ETH_P_IP)
        read_bytes(p, p->l3_off + (is_src ? 12u : 16u),
                   (uint8_t *)(is_src ? &key->ip4.src : &key->ip4.dst), 4);
    else
        read_bytes(p, p->l3_off + (is_src ? 8u : 24u), is_src ? key->ip6.src : key->ip6.dst, 16);
}

/* ovs_nat_update_key */
static void update_key(const struct pkt *p, struct flow_key *key, enum ct_manip manip)
{
    bool is_src = manip == CT_MANIP_SRC;

    key->ct_state |= is_src ? OVS_CS_F_SRC_NAT : OVS_CS_F_DST_NAT;
    if (key->eth_type != ETH_P_IP && key->eth_type != ETH_P_IPV6)
        return;                 /* it was put around what is tracked */
    update_addr(p, key, is_src);
    update_port(p, key, is_src);
}

static bool is_icmp_error(const struct pkt *p, const struct flow_key *key)
{
    struct ct_ip ip;

    return ct_ip_parse((struct pkt *)p, p->l3_off, key->eth_type, &ip) &&
           ip.proto == (ip.l3 == 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);
}

/* ovs_ct_nat_execute: one end of a packet; 'range' NULL or without addresses: as it is. */
static int nat_end(struct pkt *p, struct flow_key *key, const struct ct_nat_range *range,
                   enum ct_manip manip)
{
    bool is_related = p->ct_info == IP_CT_RELATED || p->ct_info == IP_CT_RELATED_REPLY;
    bool is_first = is_related || p->ct_info == IP_CT_NEW;
    int error = 0;

    if (is_related && is_icmp_error(p, key)) {
        error = ct_nat_related(p, key->eth_type, manip);
    } else {
        if (is_first && !ct_nat_is_done(p->ct, manip))
            error = range && range->flags & NF_NAT_RANGE_MAP_IPS
                        ? ct_nat_setup(p->ct, range, manip)
                        : ct_nat_null_binding(p->ct, manip);
        if (!error)
            error = ct_nat_packet(p, key->eth_type, manip);
    }
    if (!error)
        update_key(p, key, manip);
    return error;
}

/* Which end is translated. False: none. */
static bool choose_manip(const struct pkt *p, const struct ct_nat_args *nat, bool is_commit,
                         enum ct_manip *manip)
{
    uint32_t status = p->ct->status;

    if (p->ct_info != IP_CT_NEW && status & IPS_NAT_MASK &&
        (p->ct_info != IP_CT_RELATED || is_commit)) {
        *manip = status & IPS_SRC_NAT ? CT_MANIP_SRC : CT_MANIP_DST;
        if (ct_info_dir(p->ct_info) == CT_REPLY)
            *manip = ct_manip_other(*manip);
        return true;
    }
    *manip = nat->kind == CT_NAT_SRC ? CT_MANIP_SRC : CT_MANIP_DST;
    return nat->kind == CT_NAT_SRC || nat->kind == CT_NAT_DST;
}

int act_ct_nat_run(struct pkt *p, struct flow_key *key, const struct ct_nat_args *nat,
                   bool is_commit)
{
    enum ct_manip manip;
    int error;

    if (!nat->kind || !p->ct || key->ct_state & ANY_NAT ||
        !(ct_is_confirmed(p->ct) || is_commit) || !choose_manip(p, nat, is_commit, &manip))
        return 0;
    if (!ct_is_confirmed(p->ct) && !(p->ct->status & IPS_NAT_DONE_MASK) &&
        dp_fails(p->ct->table->env->fault, DP_FAULT_CT_NAT))
        return -EINVAL;
    error = nat_end(p, key, &nat->range, manip);
    if (error || !(p->ct->status & IPS_DST_NAT))
        return error;
    if (p->ct->status & IPS_SRC_NAT)
        return nat_end(p, key, &nat->range, ct_manip_other(manip));
    /* The source may still be in another connection's way. */
    if (ct_info_dir(p->ct_info) == CT_ORIG)
        return nat_end(p, key, NULL, CT_MANIP_SRC);
    return 0;
}
