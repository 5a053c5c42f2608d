/* nl_form.c - how ctnetlink's messages read: a name and a type for each attribute. Numbers are
 * big-endian. SPDX-License-Identifier: Apache-2.0 */
#include <linux/netfilter/nfnetlink_cttimeout.h>

#include "dp/ct/nl.h"
#include "netlink/fields.h"

/* clang-format off */
#define B(type, w)    ATTR(type, .form = &w##_form)
#define U8(type)      ATTR(type, .kind = POL_U8)
#define STR(type)     ATTR(type, .kind = POL_STRING)
#define NEST(type, f) ATTR(type, .form = &f)

static const struct form b16_form = { .wire = &wire_be16 }, b32_form = { .wire = &wire_be32 },
                         b64_form = { .wire = &wire_be64 }, b32x_form = { .wire = &wire_be32x },
                         count_form = { .wire = &wire_be64, .role = ROLE_COUNT },
                         left_form = { .wire = &wire_be32, .role = ROLE_CLOCK },
                         time_form = { .wire = &wire_be64, .role = ROLE_CLOCK },
                         id_form = { .wire = &wire_be32x, .role = ROLE_CHANCE },
                         stat_form = { .wire = &wire_be32, .role = ROLE_COUNT };

/* ---- tuples ---------------------------------------------------------------------------------------- */

static const struct policy ip_rows[] = {
    NEST(CTA_IP_V4_SRC, form_ip), NEST(CTA_IP_V4_DST, form_ip),
    NEST(CTA_IP_V6_SRC, form_ip), NEST(CTA_IP_V6_DST, form_ip),
};
static const struct policy proto_rows[] = {
    U8(CTA_PROTO_NUM), B(CTA_PROTO_SRC_PORT, b16), B(CTA_PROTO_DST_PORT, b16),
    B(CTA_PROTO_ICMP_ID, b16), U8(CTA_PROTO_ICMP_TYPE), U8(CTA_PROTO_ICMP_CODE),
    B(CTA_PROTO_ICMPV6_ID, b16), U8(CTA_PROTO_ICMPV6_TYPE), U8(CTA_PROTO_ICMPV6_CODE),
};
static const struct form ip_nest = { FORM_ROWS(ip_rows) }, proto_nest = { FORM_ROWS(proto_rows) };
static const struct policy tuple_rows[] = {
    NEST(CTA_TUPLE_IP, ip_nest), NEST(CTA_TUPLE_PROTO, proto_nest), B(CTA_TUPLE_ZONE, b16),
};
static const struct form tuple_nest = { FORM_ROWS(tuple_rows) };

/* ---- connections ----------------------------------------------------------------------------------- */

static const struct policy tcp_rows[] = {
    U8(CTA_PROTOINFO_TCP_STATE), U8(CTA_PROTOINFO_TCP_WSCALE_ORIGINAL),
    U8(CTA_PROTOINFO_TCP_WSCALE_REPLY), ATTR(CTA_PROTOINFO_TCP_FLAGS_ORIGINAL),
    ATTR(CTA_PROTOINFO_TCP_FLAGS_REPLY),
};
static const struct policy dccp_rows[] = {
    U8(CTA_PROTOINFO_DCCP_STATE), U8(CTA_PROTOINFO_DCCP_ROLE),
    B(CTA_PROTOINFO_DCCP_HANDSHAKE_SEQ, b64), ATTR(CTA_PROTOINFO_DCCP_PAD),
};
static const struct policy sctp_rows[] = {
    U8(CTA_PROTOINFO_SCTP_STATE), B(CTA_PROTOINFO_SCTP_VTAG_ORIGINAL, b32x),
    B(CTA_PROTOINFO_SCTP_VTAG_REPLY, b32x),
};
static const struct form tcp_nest = { FORM_ROWS(tcp_rows) }, dccp_nest = { FORM_ROWS(dccp_rows) },
                         sctp_nest = { FORM_ROWS(sctp_rows) };
static const struct policy info_rows[] = {
    NEST(CTA_PROTOINFO_TCP, tcp_nest), NEST(CTA_PROTOINFO_DCCP, dccp_nest),
    NEST(CTA_PROTOINFO_SCTP, sctp_nest),
};
static const struct policy help_rows[] = { STR(CTA_HELP_NAME), ATTR(CTA_HELP_INFO) };
static const struct policy counter_rows[] = {
    B(CTA_COUNTERS_PACKETS, count), B(CTA_COUNTERS_BYTES, count), B(CTA_COUNTERS32_PACKETS, stat),
    B(CTA_COUNTERS32_BYTES, stat), ATTR(CTA_COUNTERS_PAD),
};
static const struct policy stamp_rows[] = {
    B(CTA_TIMESTAMP_START, time), B(CTA_TIMESTAMP_STOP, time), ATTR(CTA_TIMESTAMP_PAD),
};
static const struct policy protonat_rows[] = {
    B(CTA_PROTONAT_PORT_MIN, b16), B(CTA_PROTONAT_PORT_MAX, b16),
};
static const struct form protonat_nest = { FORM_ROWS(protonat_rows) };
static const struct policy nat_rows[] = {
    NEST(CTA_NAT_V4_MINIP, form_ip), NEST(CTA_NAT_V4_MAXIP, form_ip), NEST(CTA_NAT_PROTO, protonat_nest),
    NEST(CTA_NAT_V6_MINIP, form_ip), NEST(CTA_NAT_V6_MAXIP, form_ip),
};
static const struct policy seqadj_rows[] = {
    B(CTA_SEQADJ_CORRECTION_POS, b32), B(CTA_SEQADJ_OFFSET_BEFORE, b32), B(CTA_SEQADJ_OFFSET_AFTER, b32),
};
static const struct policy synproxy_rows[] = {
    B(CTA_SYNPROXY_ISN, b32), B(CTA_SYNPROXY_ITS, b32), B(CTA_SYNPROXY_TSOFF, b32),
};
static const struct policy filter_rows[] = {
    ATTR(CTA_FILTER_ORIG_FLAGS, .kind = POL_U32), ATTR(CTA_FILTER_REPLY_FLAGS, .kind = POL_U32),
};
static const struct form info_nest = { FORM_ROWS(info_rows) }, help_nest = { FORM_ROWS(help_rows) },
                         counter_nest = { FORM_ROWS(counter_rows) }, stamp_nest = { FORM_ROWS(stamp_rows) },
                         nat_nest = { FORM_ROWS(nat_rows) }, seqadj_nest = { FORM_ROWS(seqadj_rows) },
                         synproxy_nest = { FORM_ROWS(synproxy_rows) }, filter_nest = { FORM_ROWS(filter_rows) };

static const struct policy conn_rows[] = {
    NEST(CTA_TUPLE_ORIG, tuple_nest), NEST(CTA_TUPLE_REPLY, tuple_nest), B(CTA_STATUS, b32x),
    NEST(CTA_PROTOINFO, info_nest), NEST(CTA_HELP, help_nest), NEST(CTA_NAT_SRC, nat_nest),
    B(CTA_TIMEOUT, left), B(CTA_MARK, b32x), NEST(CTA_COUNTERS_ORIG, counter_nest),
    NEST(CTA_COUNTERS_REPLY, counter_nest), B(CTA_USE, b32), B(CTA_ID, id), NEST(CTA_NAT_DST, nat_nest),
    NEST(CTA_TUPLE_MASTER, tuple_nest), NEST(CTA_SEQ_ADJ_ORIG, seqadj_nest),
    NEST(CTA_SEQ_ADJ_REPLY, seqadj_nest), B(CTA_SECMARK, b32), B(CTA_ZONE, b16), ATTR(CTA_SECCTX),
    NEST(CTA_TIMESTAMP, stamp_nest), B(CTA_MARK_MASK, b32x), ATTR(CTA_LABELS), ATTR(CTA_LABELS_MASK),
    NEST(CTA_SYNPROXY, synproxy_nest), NEST(CTA_FILTER, filter_nest), B(CTA_STATUS_MASK, b32x),
};
static const struct policy cpu_rows[] = {
    B(CTA_STATS_SEARCHED, stat), B(CTA_STATS_FOUND, stat), B(CTA_STATS_NEW, stat), B(CTA_STATS_INVALID, stat),
    B(CTA_STATS_IGNORE, stat), B(CTA_STATS_DELETE, stat), B(CTA_STATS_DELETE_LIST, stat),
    B(CTA_STATS_INSERT, stat), B(CTA_STATS_INSERT_FAILED, stat), B(CTA_STATS_DROP, stat),
    B(CTA_STATS_EARLY_DROP, stat), B(CTA_STATS_ERROR, stat), B(CTA_STATS_SEARCH_RESTART, stat),
    B(CTA_STATS_CLASH_RESOLVE, stat), B(CTA_STATS_CHAIN_TOOLONG, stat),
};
static const struct policy global_rows[] = {
    B(CTA_STATS_GLOBAL_ENTRIES, b32), B(CTA_STATS_GLOBAL_MAX_ENTRIES, b32),
};

/* ---- expectations, timeout policies ---------------------------------------------------------------- */

static const struct policy expect_nat_rows[] = {
    B(CTA_EXPECT_NAT_DIR, b32), NEST(CTA_EXPECT_NAT_TUPLE, tuple_nest),
};
static const struct form expect_nat_nest = { FORM_ROWS(expect_nat_rows) };
static const struct policy expect_rows[] = {
    NEST(CTA_EXPECT_MASTER, tuple_nest), NEST(CTA_EXPECT_TUPLE, tuple_nest), NEST(CTA_EXPECT_MASK, tuple_nest),
    B(CTA_EXPECT_TIMEOUT, left), B(CTA_EXPECT_ID, id), STR(CTA_EXPECT_HELP_NAME), B(CTA_EXPECT_ZONE, b16),
    B(CTA_EXPECT_FLAGS, b32x), B(CTA_EXPECT_CLASS, b32), NEST(CTA_EXPECT_NAT, expect_nat_nest),
    STR(CTA_EXPECT_FN),
};
static const struct policy timeout_rows[] = {
    STR(CTA_TIMEOUT_NAME), B(CTA_TIMEOUT_L3PROTO, b16), U8(CTA_TIMEOUT_L4PROTO),
    ATTR(CTA_TIMEOUT_DATA, .kind = POL_NESTED), B(CTA_TIMEOUT_USE, b32),
};

/* ---- messages -------------------------------------------------------------------------------------- */

static const struct form_member header[] = {
    FORM_MEMBER(nfgenmsg, nfgen_family, wire_u8), FORM_MEMBER(nfgenmsg, version, wire_u8),
    FORM_MEMBER(nfgenmsg, res_id, wire_be16),
};

#define MSG(type) [IPCTNL_MSG_##type] = "IPCTNL_MSG_" #type
#define MESSAGES(names, attrs)                                                                    \
    .msg = names, .n_msgs = G_N_ELEMENTS(names), .header = { FORM_MEMBERS(header, struct nfgenmsg) }, \
    .rows = attrs, .max_attr = G_N_ELEMENTS(attrs) - 1

static const char *const conn_msgs[] = {
    MSG(CT_NEW), MSG(CT_GET), MSG(CT_DELETE), MSG(CT_GET_CTRZERO), MSG(CT_GET_STATS_CPU), MSG(CT_GET_STATS),
    MSG(CT_GET_DYING), MSG(CT_GET_UNCONFIRMED),
};
static const struct form conn_own[G_N_ELEMENTS(conn_msgs)] = {
    [IPCTNL_MSG_CT_GET_STATS_CPU] = { FORM_ROWS(cpu_rows) },
    [IPCTNL_MSG_CT_GET_STATS] = { FORM_ROWS(global_rows) },
};
static const char *const expect_msgs[] = {
    MSG(EXP_NEW), MSG(EXP_GET), MSG(EXP_DELETE), MSG(EXP_GET_STATS_CPU),
};
static const char *const timeout_msgs[] = {
    MSG(TIMEOUT_NEW), MSG(TIMEOUT_GET), MSG(TIMEOUT_DELETE), MSG(TIMEOUT_DEFAULT_SET),
    MSG(TIMEOUT_DEFAULT_GET),
};

const struct msg_form ct_conn_form = { MESSAGES(conn_msgs, conn_rows), .own = conn_own };
const struct msg_form ct_expect_form = { MESSAGES(expect_msgs, expect_rows) };
const struct msg_form ct_timeout_form = { MESSAGES(timeout_msgs, timeout_rows) };
/* clang-format on */
