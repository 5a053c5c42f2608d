/* proto_dccp.c - DCCP: states of a connection by the types of packets that its client and its server send.
 * Catalogue 09.5.
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>

/* (after netinet/in.h, which they define again otherwise) */
#include <linux/dccp.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netfilter/nfnetlink_cttimeout.h>

#include "base/bytes.h"
#include "dp/ct/nat_id.h"
#include "dp/ct/proto_int.h"

#define DCCP_HLEN 12u
#define DCCP_HLEN_LONG 16u      /* with a sequence number of 48 bits */
#define DCCP_CHECKSUM 6
#define N_DCCP_TYPES (DCCP_PKT_SYNCACK + 1)

/* As CTA_PROTOINFO_DCCP_STATE and _ROLE have them. */
enum { sNO, sRQ, sRS, sPO, sOP, sCR, sCG, sTW, N_STATES, sIG = N_STATES, sIV };
enum { ROLE_CLIENT, ROLE_SERVER, N_ROLES };

/* clang-format off */
static const uint8_t next_state[N_ROLES][N_DCCP_TYPES][N_STATES] = {
    [ROLE_CLIENT] = {
        /*                    sNO  sRQ  sRS  sPO  sOP  sCR  sCG  sTW */
        [DCCP_PKT_REQUEST]  = { sRQ, sRQ, sRS, sIG, sIG, sIG, sIG, sRQ },
        [DCCP_PKT_RESPONSE] = { sIV, sIG, sIG, sIG, sIG, sIG, sIG, sIV },
        [DCCP_PKT_DATA]     = { sIV, sIV, sIV, sIV, sOP, sCR, sCG, sIV },
        [DCCP_PKT_ACK]      = { sIV, sIV, sPO, sPO, sOP, sCR, sCG, sIV },
        [DCCP_PKT_DATAACK]  = { sIV, sIV, sPO, sPO, sOP, sCR, sCG, sIV },
        [DCCP_PKT_CLOSEREQ] = { sIV, sIV, sIV, sIV, sIV, sIV, sIV, sIV },
        [DCCP_PKT_CLOSE]    = { sIV, sIV, sIV, sCG, sCG, sCG, sIV, sIV },
        [DCCP_PKT_RESET]    = { sIV, sTW, sTW, sTW, sTW, sTW, sTW, sIG },
        [DCCP_PKT_SYNC]     = { sIV, sIG, sIG, sIG, sIG, sIG, sIG, sIG },
        [DCCP_PKT_SYNCACK]  = { sIV, sIG, sIG, sIG, sIG, sIG, sIG, sIG },
    },
    [ROLE_SERVER] = {
        [DCCP_PKT_REQUEST]  = { sIV, sIG, sIG, sIG, sIG, sIG, sIG, sRQ },
        [DCCP_PKT_RESPONSE] = { sIV, sRS, sRS, sIG, sIG, sIG, sIG, sIV },
        [DCCP_PKT_DATA]     = { sIV, sIV, sIV, sOP, sOP, sIV, sCG, sIV },
        [DCCP_PKT_ACK]      = { sIV, sIV, sIV, sOP, sOP, sIV, sCG, sIV },
        [DCCP_PKT_DATAACK]  = { sIV, sIV, sIV, sOP, sOP, sIV, sCG, sIV },
        [DCCP_PKT_CLOSEREQ] = { sIV, sIV, sIV, sCR, sCR, sCR, sCR, sIV },
        [DCCP_PKT_CLOSE]    = { sIV, sIV, sIV, sCG, sCG, sIV, sCG, sIV },
        [DCCP_PKT_RESET]    = { sIV, sTW, sTW, sTW, sTW, sTW, sTW, sTW },
        [DCCP_PKT_SYNC]     = { sIV, sIG, sIG, sIG, sIG, sIG, sIG, sIG },
        [DCCP_PKT_SYNCACK]  = { sIV, sIG, sIG, sIG, sIG, sIG, sIG, sIG },
    },
};

/* Bytes that each type has behind the generic header; an acknowledgement number comes first in 8 or more. */
static const uint8_t type_len[N_DCCP_TYPES] = {
    [DCCP_PKT_REQUEST] = 4, [DCCP_PKT_RESPONSE] = 12, [DCCP_PKT_DATA] = 0,  [DCCP_PKT_ACK] = 8,
    [DCCP_PKT_DATAACK] = 8, [DCCP_PKT_CLOSEREQ] = 8,  [DCCP_PKT_CLOSE] = 8, [DCCP_PKT_RESET] = 12,
    [DCCP_PKT_SYNC] = 8,    [DCCP_PKT_SYNCACK] = 8,
};
/* clang-format on */

/* ---- packets --------------------------------------------------------------------------------- */

struct dccp_seg {
    uint8_t type;
    uint64_t seq, ack;
};

static uint64_t be48_get(const uint8_t *at)
{
    return (uint64_t)be16_get(at) << 32 | be32_get(at + 2);
}

/* The checksum covers all, or the header and so many words of data. */
static bool dccp_checksum_ok(const struct ct_ip *ip)
{
    uint32_t len = ct_ip_l4_len(ip), coverage = ct_ip_l4(ip)[5] & 15;
    uint32_t covered = coverage ? (coverage - 1) * 4 : len;

    return covered <= len && ct_ip_covered_ok(ip, covered);
}

/* Types that change connections have long sequence numbers. */
static bool may_be_short(uint8_t type)
{
    return type == DCCP_PKT_DATA || type == DCCP_PKT_ACK || type == DCCP_PKT_DATAACK;
}

/* Reads a packet. CT_INVALID: it is damaged; CT_DROP: so short that it is no packet at all. */
static enum ct_verdict dccp_read(const struct ct_table *t, const struct ct_ip *ip,
                                 struct dccp_seg *seg)
{
    const uint8_t *dccp = ct_ip_l4(ip);
    uint32_t len = ct_ip_l4_len(ip), header_len, generic;
    bool is_long;

    if (len < DCCP_HLEN)
        return CT_DROP;
    header_len = dccp[4] * 4u;
    seg->type = dccp[8] >> 1 & 15;
    is_long = dccp[8] & 1;
    if (header_len < DCCP_HLEN || header_len > len || seg->type >= N_DCCP_TYPES ||
        (!is_long && !may_be_short(seg->type)) || (t->sysctl.checksum && !dccp_checksum_ok(ip)))
        return CT_INVALID;
    generic = is_long ? DCCP_HLEN_LONG : DCCP_HLEN;
    if (generic + type_len[seg->type] > len)
        return CT_INVALID;
    seg->seq = is_long ? be48_get(dccp + 10) : be32_get(dccp + 8) & 0xffffff;
    seg->ack = type_len[seg->type] >= 8 ? be48_get(dccp + generic + 2) : 0;
    return CT_ACCEPT;
}

/* ---- connections ----------------------------------------------------------------------------- */

static bool dccp_new(struct ct_conn *c, const struct dccp_seg *seg)
{
    if (next_state[ROLE_CLIENT][seg->type][sNO] == sIV)
        return false;
    c->state.dccp = (struct ct_dccp){
        .role = { [CT_ORIG] = ROLE_CLIENT, [CT_REPLY] = ROLE_SERVER },
        .last_pkt = DCCP_PKT_REQUEST,
        .last_dir = CT_ORIG,
    };
    return true;
}

static void set_client(struct ct_dccp *dccp, unsigned dir)
{
    dccp->role[dir] = ROLE_CLIENT;
    dccp->role[!dir] = ROLE_SERVER;
}

/* The state that follows: sIG, sIV or a real one, with what it entails. */
static uint8_t step(struct ct_conn *c, const struct dccp_seg *seg, unsigned dir)
{
    struct ct_dccp *dccp = &c->state.dccp;
    uint8_t old = dccp->state, next = next_state[dccp->role[dir]][seg->type][old];

    if (next == sRQ && old == sTW && dccp->role[dir] == ROLE_SERVER)
        set_client(dccp, dir);      /* reborn the other way round */
    if (next == sRS && old == sRQ)
        dccp->handshake_seq = seg->seq;
    if (next == sPO && old == sRS && seg->type == DCCP_PKT_ACK && seg->ack == dccp->handshake_seq)
        c->status |= IPS_ASSURED;
    /* The answer to a Request that was ignored: the two ends agree with each other, not with us. */
    if (next == sIG && dccp->last_dir == !dir && dccp->last_pkt == DCCP_PKT_REQUEST &&
        seg->type == DCCP_PKT_RESPONSE) {
        set_client(dccp, !dir);
        dccp->handshake_seq = seg->seq;
        next = sRS;
    }
    return next;
}

static enum ct_verdict dccp_packet(struct ct_conn *c, const struct ct_ip *ip,
                                   enum ip_conntrack_info info)
{
    struct ct_dccp *dccp = &c->state.dccp;
    unsigned dir = ct_info_dir(info);
    struct dccp_seg seg;
    enum ct_verdict read = dccp_read(c->table, ip, &seg);
    uint8_t next;

    if (read != CT_ACCEPT)
        return read;
    if (!ct_is_confirmed(c) && !dccp_new(c, &seg))
        return CT_INVALID;
    /* Only a Reset in answer: there never was a connection. */
    if (seg.type == DCCP_PKT_RESET && !(c->status & IPS_SEEN_REPLY)) {
        ct_conn_delete(c);
        return CT_ACCEPT;
    }
    next = step(c, &seg, dir);
    if (next == sIV)
        return CT_INVALID;
    dccp->last_dir = (uint8_t)dir;
    dccp->last_pkt = seg.type;
    if (next == sIG)
        return CT_ACCEPT;
    if (next != dccp->state)
        ct_conn_event(c, IPCT_PROTOINFO);
    dccp->state = next;
    ct_conn_refresh(c, ct_timeouts_of(c)[next - 1]);
    return CT_ACCEPT;
}

static bool dccp_can_drop(const struct ct_conn *c)
{
    uint8_t state = c->state.dccp.state;

    return state == sCR || state == sCG || state == sTW;
}

/* ---- netlink --------------------------------------------------------------------------------- */

static void dccp_put_info(struct nlmsghdr *msg, const struct ct_conn *c)
{
    const struct ct_dccp *dccp = &c->state.dccp;
    struct nlattr *info = mnl_attr_nest_start(msg, CTA_PROTOINFO);
    struct nlattr *nest = mnl_attr_nest_start(msg, CTA_PROTOINFO_DCCP);

    mnl_attr_put_u8(msg, CTA_PROTOINFO_DCCP_STATE, dccp->state);
    if (!ct_is_dying(c)) {
        mnl_attr_put_u8(msg, CTA_PROTOINFO_DCCP_ROLE, dccp->role[CT_ORIG]);
        mnl_attr_put_u64(msg, CTA_PROTOINFO_DCCP_HANDSHAKE_SEQ, GUINT64_TO_BE(dccp->handshake_seq));
    }
    mnl_attr_nest_end(msg, nest);
    mnl_attr_nest_end(msg, info);
}

static int dccp_set_info(struct ct_conn *c, const struct nlattr *info, struct err *e)
{
    static const struct policy rows[CTA_PROTOINFO_DCCP_MAX + 1] = {
        [CTA_PROTOINFO_DCCP_STATE] = { POL_U8 },
        [CTA_PROTOINFO_DCCP_ROLE] = { POL_U8 },
        [CTA_PROTOINFO_DCCP_HANDSHAKE_SEQ] = { POL_U64 },
    };
    const struct nlattr *a[CTA_PROTOINFO_DCCP_MAX + 1], *state, *role, *seq;
    int r = ct_info_parse(info, CTA_PROTOINFO_DCCP, rows, CTA_PROTOINFO_DCCP_MAX, a, e);

    if (r <= 0)
        return r;
    state = a[CTA_PROTOINFO_DCCP_STATE];
    role = a[CTA_PROTOINFO_DCCP_ROLE];
    seq = a[CTA_PROTOINFO_DCCP_HANDSHAKE_SEQ];
    if (!state || mnl_attr_get_u8(state) >= N_STATES)
        return err_set(e, EINVAL, "CTA_PROTOINFO_DCCP: no state, or there is no such state");
    if (!role || mnl_attr_get_u8(role) >= N_ROLES)
        return err_set(e, EINVAL, "CTA_PROTOINFO_DCCP: no role, or there is no such role");
    c->state.dccp.state = mnl_attr_get_u8(state);
    set_client(&c->state.dccp, mnl_attr_get_u8(role) == ROLE_CLIENT ? CT_ORIG : CT_REPLY);
    if (seq)
        c->state.dccp.handshake_seq = GUINT64_FROM_BE(mnl_attr_get_u64(seq));
    return 0;
}

static const struct ct_timeout_row timeouts[] = {
    { "dccp_timeout_request", 240 },
    { "dccp_timeout_respond", 480 },
    { "dccp_timeout_partopen", 480 },
    { "dccp_timeout_open", 12 * 3600 },
    { "dccp_timeout_closereq", 64 },
    { "dccp_timeout_closing", 64 },
    { "dccp_timeout_timewait", 240 },
};
static_assert(G_N_ELEMENTS(timeouts) == CTA_TIMEOUT_DCCP_MAX,
              "one row for each CTA_TIMEOUT_DCCP_*");

const struct ct_proto ct_proto_dccp = {
    .number = IPPROTO_DCCP,
    .name = "dccp",
    .tuple = ct_ports_of,
    .packet = dccp_packet,
    .can_drop = dccp_can_drop,
    .put_info = dccp_put_info,
    .set_info = dccp_set_info,
    .write_id = ct_nat_write_dccp,
    .has_id = true,
    .timeout = timeouts,
    .n_timeouts = G_N_ELEMENTS(timeouts),
};
