/* rt_form.c - how rtnetlink's messages read: headers, and a name and a type for each attribute.
 * SPDX-License-Identifier: Apache-2.0 */
#include <linux/fib_rules.h>
#include <linux/gen_stats.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "base/draw.h"
#include "netlink/decode.h"
#include "netlink/rt_int.h"

/* ---- values ------------------------------------------------------------------------------------ */

static void walk_ip(struct decode *f, const struct nlattr *a, const void *nest, size_t nest_len)
{
    size_t len = mnl_attr_get_payload_len(a);

    (void)nest;
    (void)nest_len;
    decode_add_wire(f, len == RT_IP_LEN ? &wire_ip6 : &wire_ip4, mnl_attr_get_payload(a), len,
                    ROLE_PLAIN);
}

/* INFO_DATA reads as INFO_KIND beside it says. */
static void walk_info_data(struct decode *f, const struct nlattr *data, const void *nest,
                           size_t nest_len)
{
    const struct nlattr *name = attr_find(nest, nest_len, IFLA_INFO_KIND);
    g_autofree char *text =
        name ? g_strndup(mnl_attr_get_payload(name), mnl_attr_get_payload_len(name)) : NULL;
    const struct rt_kind *kind = text ? rt_kind_by_name(text) : NULL;
    struct policy rows[UINT8_MAX + 1] = { 0 };

    for (size_t i = 0; kind && i < kind->n_data; i++) {
        const struct rt_data_row *row = &kind->data[i];

        rows[row->type].name = row->name;
        rows[row->type].kind = row->len == 0 ? POL_FLAG : row->len == 1 ? POL_U8 : POL_ANY;
    }
    decode_attrs(f, mnl_attr_get_payload(data), mnl_attr_get_payload_len(data), rows, UINT8_MAX);
}

/* With its NUL. */
static void draw_name(const struct draw *d, GByteArray *out)
{
    g_byte_array_append(out, (const uint8_t *)d->name, (guint)strlen(d->name) + 1);
}

static void draw_ip(const struct draw *d, GByteArray *out)
{
    uint8_t ip[RT_IP_LEN];

    draw_bytes(d, ip, sizeof(ip));
    g_byte_array_append(out, ip, (guint)rt_ip_len(d->ip_family));
}

const struct form form_name = { .generate = draw_name };
const struct form form_ip = { .walk = walk_ip, .generate = draw_ip };
const struct form form_hw = { .wire = &wire_mac, .role = ROLE_CHANCE };
const struct form form_ifindex = { .role = ROLE_IFINDEX, .wire = &wire_s32 };
const struct form form_portid = { .role = ROLE_PORTID, .wire = &wire_u32 };

#define U8(type)  ATTR(type, .kind = POL_U8)
#define U16(type) ATTR(type, .kind = POL_U16)
#define U32(type) ATTR(type, .kind = POL_U32)
#define S32(type) ATTR(type, .kind = POL_S32)
#define STR(type) ATTR(type, .kind = POL_STRING)
#define FORM(type, f) ATTR(type, .form = &f)
#define HOST(type) FORM(type, host_form)

static const struct form mtu_form = { .generate = rt_draw_mtu }, table_form = { .generate = rt_draw_table };
static const struct form host_form = { .role = ROLE_HOST };

/* clang-format off */

/* ---- links ------------------------------------------------------------------------------------- */

static const struct form_member link_header[] = {
    FORM_MEMBER(ifinfomsg, ifi_family, wire_u8),   FORM_MEMBER(ifinfomsg, ifi_type, wire_u16),
    FORM_MEMBER(ifinfomsg, ifi_index, wire_s32, .role = ROLE_IFINDEX),
    FORM_MEMBER(ifinfomsg, ifi_flags, wire_u32x),  FORM_MEMBER(ifinfomsg, ifi_change, wire_u32x),
};
static const struct form kind_form = { .generate = rt_draw_kind };
static const struct form info_data = { .walk = walk_info_data };
static const struct policy info_rows[] = {
    ATTR(IFLA_INFO_KIND, .kind = POL_STRING, .is_needed = true, .form = &kind_form), FORM(IFLA_INFO_DATA, info_data), STR(IFLA_INFO_SLAVE_KIND),
    ATTR(IFLA_INFO_SLAVE_DATA, .kind = POL_NESTED),
};
static const struct form info_form = { FORM_ROWS(info_rows) };
static const struct policy xdp_rows[] = { U8(IFLA_XDP_ATTACHED) };
static const struct form xdp_form = { FORM_ROWS(xdp_rows) };
static const struct policy inet6_rows[] = {
    HOST(IFLA_INET6_FLAGS), HOST(IFLA_INET6_CONF), HOST(IFLA_INET6_STATS),
    HOST(IFLA_INET6_MCAST), HOST(IFLA_INET6_CACHEINFO), HOST(IFLA_INET6_ICMP6STATS),
    HOST(IFLA_INET6_TOKEN), U8(IFLA_INET6_ADDR_GEN_MODE), HOST(IFLA_INET6_RA_MTU),
};
static const struct form inet6_form = { FORM_ROWS(inet6_rows) };
static const struct policy af_rows[] = { ATTR(AF_INET, .form = &host_form), ATTR(AF_INET6, .form = &inet6_form) };
static const struct form af_form = { FORM_ROWS(af_rows) };

#define COUNT(m) FORM_MEMBER(rtnl_link_stats64, m, wire_u64, .role = ROLE_COUNT)
static const struct form_member stats64[] = {
    COUNT(rx_packets), COUNT(tx_packets), COUNT(rx_bytes), COUNT(tx_bytes), COUNT(rx_errors),
    COUNT(tx_errors), COUNT(rx_dropped), COUNT(tx_dropped), COUNT(multicast), COUNT(collisions),
    COUNT(rx_length_errors), COUNT(rx_over_errors), COUNT(rx_crc_errors), COUNT(rx_frame_errors),
    COUNT(rx_fifo_errors), COUNT(rx_missed_errors), COUNT(tx_aborted_errors),
    COUNT(tx_carrier_errors), COUNT(tx_fifo_errors), COUNT(tx_heartbeat_errors),
    COUNT(tx_window_errors), COUNT(rx_compressed), COUNT(tx_compressed), COUNT(rx_nohandler),
};
static const struct form stats64_form = { FORM_MEMBERS(stats64, struct rtnl_link_stats64) };
static const struct form stats_form = { .role = ROLE_COUNT, .wire = &wire_u32, .is_list = true };

static const struct policy link_rows[] = {
    FORM(IFLA_ADDRESS, form_hw), FORM(IFLA_BROADCAST, form_hw), ATTR(IFLA_IFNAME, .kind = POL_STRING, .form = &form_name), ATTR(IFLA_MTU, .kind = POL_U32, .form = &mtu_form),
    FORM(IFLA_LINK, form_ifindex), STR(IFLA_QDISC), FORM(IFLA_STATS, stats_form), ATTR(IFLA_COST),
    ATTR(IFLA_PRIORITY), FORM(IFLA_MASTER, form_ifindex), ATTR(IFLA_WIRELESS), ATTR(IFLA_PROTINFO),
    U32(IFLA_TXQLEN), ATTR(IFLA_MAP), U32(IFLA_WEIGHT), U8(IFLA_OPERSTATE), U8(IFLA_LINKMODE),
    ATTR(IFLA_LINKINFO, .form = &info_form), U32(IFLA_NET_NS_PID), STR(IFLA_IFALIAS),
    U32(IFLA_NUM_VF), ATTR(IFLA_VFINFO_LIST), FORM(IFLA_STATS64, stats64_form), ATTR(IFLA_VF_PORTS),
    ATTR(IFLA_PORT_SELF), FORM(IFLA_AF_SPEC, af_form), U32(IFLA_GROUP), U32(IFLA_NET_NS_FD),
    U32(IFLA_EXT_MASK), U32(IFLA_PROMISCUITY), U32(IFLA_NUM_TX_QUEUES), U32(IFLA_NUM_RX_QUEUES),
    U8(IFLA_CARRIER), ATTR(IFLA_PHYS_PORT_ID), U32(IFLA_CARRIER_CHANGES), ATTR(IFLA_PHYS_SWITCH_ID),
    S32(IFLA_LINK_NETNSID), ATTR(IFLA_PHYS_PORT_NAME), U8(IFLA_PROTO_DOWN), U32(IFLA_GSO_MAX_SEGS),
    U32(IFLA_GSO_MAX_SIZE), ATTR(IFLA_PAD), FORM(IFLA_XDP, xdp_form), U32(IFLA_EVENT),
    S32(IFLA_NEW_NETNSID), S32(IFLA_TARGET_NETNSID), U32(IFLA_CARRIER_UP_COUNT),
    U32(IFLA_CARRIER_DOWN_COUNT), FORM(IFLA_NEW_IFINDEX, form_ifindex), U32(IFLA_MIN_MTU),
    U32(IFLA_MAX_MTU), ATTR(IFLA_PROP_LIST), STR(IFLA_ALT_IFNAME), FORM(IFLA_PERM_ADDRESS, form_hw),
    ATTR(IFLA_PROTO_DOWN_REASON), STR(IFLA_PARENT_DEV_NAME), STR(IFLA_PARENT_DEV_BUS_NAME),
    U32(IFLA_GRO_MAX_SIZE), U32(IFLA_TSO_MAX_SIZE), U32(IFLA_TSO_MAX_SEGS), U32(IFLA_ALLMULTI),
};

/* ---- addresses, neighbours --------------------------------------------------------------------- */

static const struct form_member addr_header[] = {
    FORM_MEMBER(ifaddrmsg, ifa_family, wire_u8), FORM_MEMBER(ifaddrmsg, ifa_prefixlen, wire_u8),
    FORM_MEMBER(ifaddrmsg, ifa_flags, wire_u8x), FORM_MEMBER(ifaddrmsg, ifa_scope, wire_u8),
    FORM_MEMBER(ifaddrmsg, ifa_index, wire_u32, .role = ROLE_IFINDEX),
};
static const struct form_member addr_times[] = {
    FORM_MEMBER(ifa_cacheinfo, ifa_prefered, wire_u32, .role = ROLE_CLOCK),
    FORM_MEMBER(ifa_cacheinfo, ifa_valid, wire_u32, .role = ROLE_CLOCK),
    FORM_MEMBER(ifa_cacheinfo, cstamp, wire_u32, .role = ROLE_CLOCK),
    FORM_MEMBER(ifa_cacheinfo, tstamp, wire_u32, .role = ROLE_CLOCK),
};
static const struct form addr_times_form = { FORM_MEMBERS(addr_times, struct ifa_cacheinfo) };
static const struct policy addr_rows[] = {
    FORM(IFA_ADDRESS, form_ip), FORM(IFA_LOCAL, form_ip), STR(IFA_LABEL),
    FORM(IFA_BROADCAST, form_ip), FORM(IFA_ANYCAST, form_ip), FORM(IFA_CACHEINFO, addr_times_form),
    FORM(IFA_MULTICAST, form_ip), U32(IFA_FLAGS), U32(IFA_RT_PRIORITY), S32(IFA_TARGET_NETNSID),
    U8(IFA_PROTO),
};

static const struct form_member neigh_header[] = {
    FORM_MEMBER(ndmsg, ndm_family, wire_u8),  FORM_MEMBER(ndmsg, ndm_ifindex, wire_s32, .role = ROLE_IFINDEX),
    FORM_MEMBER(ndmsg, ndm_state, wire_u16x), FORM_MEMBER(ndmsg, ndm_flags, wire_u8x),
    FORM_MEMBER(ndmsg, ndm_type, wire_u8),
};
static const struct form_member neigh_times[] = {
    FORM_MEMBER(nda_cacheinfo, ndm_confirmed, wire_u32, .role = ROLE_CLOCK),
    FORM_MEMBER(nda_cacheinfo, ndm_used, wire_u32, .role = ROLE_CLOCK),
    FORM_MEMBER(nda_cacheinfo, ndm_updated, wire_u32, .role = ROLE_CLOCK),
    FORM_MEMBER(nda_cacheinfo, ndm_refcnt, wire_u32),
};
static const struct form neigh_times_form = { FORM_MEMBERS(neigh_times, struct nda_cacheinfo) };
static const struct policy neigh_rows[] = {
    FORM(NDA_DST, form_ip), FORM(NDA_LLADDR, form_hw), FORM(NDA_CACHEINFO, neigh_times_form),
    U32(NDA_PROBES), U16(NDA_VLAN), U16(NDA_PORT), U32(NDA_VNI), FORM(NDA_IFINDEX, form_ifindex),
    FORM(NDA_MASTER, form_ifindex), S32(NDA_LINK_NETNSID), U32(NDA_SRC_VNI), U8(NDA_PROTOCOL),
    U32(NDA_NH_ID), ATTR(NDA_FDB_EXT_ATTRS), U32(NDA_FLAGS_EXT),
};

/* ---- routes, rules ----------------------------------------------------------------------------- */

static const struct form_member route_header[] = {
    FORM_MEMBER(rtmsg, rtm_family, wire_u8),   FORM_MEMBER(rtmsg, rtm_dst_len, wire_u8),
    FORM_MEMBER(rtmsg, rtm_src_len, wire_u8),  FORM_MEMBER(rtmsg, rtm_tos, wire_u8x),
    FORM_MEMBER(rtmsg, rtm_table, wire_u8),    FORM_MEMBER(rtmsg, rtm_protocol, wire_u8),
    FORM_MEMBER(rtmsg, rtm_scope, wire_u8),    FORM_MEMBER(rtmsg, rtm_type, wire_u8),
    FORM_MEMBER(rtmsg, rtm_flags, wire_u32x),
};
static const struct policy metric_rows[] = {
    U32(RTAX_LOCK), U32(RTAX_MTU), U32(RTAX_WINDOW), U32(RTAX_RTT), U32(RTAX_RTTVAR),
    U32(RTAX_SSTHRESH), U32(RTAX_CWND), U32(RTAX_ADVMSS), U32(RTAX_REORDERING), U32(RTAX_HOPLIMIT),
    U32(RTAX_INITCWND), U32(RTAX_FEATURES), U32(RTAX_RTO_MIN), U32(RTAX_INITRWND),
    U32(RTAX_QUICKACK), STR(RTAX_CC_ALGO), U32(RTAX_FASTOPEN_NO_COOKIE),
};
static const struct form metrics_form = { FORM_ROWS(metric_rows) };
static const struct form_member route_times[] = {
    FORM_MEMBER(rta_cacheinfo, rta_clntref, wire_u32), FORM_MEMBER(rta_cacheinfo, rta_lastuse, wire_u32, .role = ROLE_CLOCK),
    FORM_MEMBER(rta_cacheinfo, rta_expires, wire_s32, .role = ROLE_CLOCK), FORM_MEMBER(rta_cacheinfo, rta_error, wire_u32),
    FORM_MEMBER(rta_cacheinfo, rta_used, wire_u32),    FORM_MEMBER(rta_cacheinfo, rta_id, wire_u32),
    FORM_MEMBER(rta_cacheinfo, rta_ts, wire_u32),      FORM_MEMBER(rta_cacheinfo, rta_tsage, wire_u32),
};
static const struct form route_times_form = { FORM_MEMBERS(route_times, struct rta_cacheinfo) };
static const struct policy route_rows[] = {
    FORM(RTA_DST, form_ip), FORM(RTA_SRC, form_ip), FORM(RTA_IIF, form_ifindex),
    FORM(RTA_OIF, form_ifindex), FORM(RTA_GATEWAY, form_ip), U32(RTA_PRIORITY),
    FORM(RTA_PREFSRC, form_ip), FORM(RTA_METRICS, metrics_form), ATTR(RTA_MULTIPATH),
    U32(RTA_FLOW), FORM(RTA_CACHEINFO, route_times_form), ATTR(RTA_TABLE, .kind = POL_U32, .form = &table_form), U32(RTA_MARK),
    ATTR(RTA_VIA), FORM(RTA_NEWDST, form_ip), U8(RTA_PREF), U16(RTA_ENCAP_TYPE), ATTR(RTA_ENCAP),
    U32(RTA_EXPIRES), U32(RTA_UID), U8(RTA_TTL_PROPAGATE), U8(RTA_IP_PROTO), U16(RTA_SPORT),
    U16(RTA_DPORT), U32(RTA_NH_ID),
};

static const struct form_member rule_header[] = {
    FORM_MEMBER(fib_rule_hdr, family, wire_u8),  FORM_MEMBER(fib_rule_hdr, dst_len, wire_u8),
    FORM_MEMBER(fib_rule_hdr, src_len, wire_u8), FORM_MEMBER(fib_rule_hdr, tos, wire_u8x),
    FORM_MEMBER(fib_rule_hdr, table, wire_u8),   FORM_MEMBER(fib_rule_hdr, action, wire_u8),
    FORM_MEMBER(fib_rule_hdr, flags, wire_u32x),
};
static const struct form_member uid_range[] = {
    FORM_MEMBER(fib_rule_uid_range, start, wire_u32), FORM_MEMBER(fib_rule_uid_range, end, wire_u32),
};
static const struct form uids_form = { FORM_MEMBERS(uid_range, struct fib_rule_uid_range) };
static const struct form_member port_range[] = {
    FORM_MEMBER(fib_rule_port_range, start, wire_u16), FORM_MEMBER(fib_rule_port_range, end, wire_u16),
};
static const struct form ports_form = { FORM_MEMBERS(port_range, struct fib_rule_port_range) };
static const struct policy rule_rows[] = {
    FORM(FRA_DST, form_ip), FORM(FRA_SRC, form_ip), STR(FRA_IIFNAME), U32(FRA_GOTO),
    U32(FRA_PRIORITY), U32(FRA_FWMARK), U32(FRA_FLOW), ATTR(FRA_TUN_ID),
    U32(FRA_SUPPRESS_IFGROUP), U32(FRA_SUPPRESS_PREFIXLEN), ATTR(FRA_TABLE, .kind = POL_U32, .form = &table_form), U32(FRA_FWMASK),
    STR(FRA_OIFNAME), U8(FRA_L3MDEV), FORM(FRA_UID_RANGE, uids_form), U8(FRA_PROTOCOL),
    U8(FRA_IP_PROTO), FORM(FRA_SPORT_RANGE, ports_form), FORM(FRA_DPORT_RANGE, ports_form),
};

/* ---- namespaces, queueing disciplines ---------------------------------------------------------- */

static const struct form_member nsid_header[] = { FORM_MEMBER(rtgenmsg, rtgen_family, wire_u8) };
static const struct policy nsid_rows[] = {
    S32(NETNSA_NSID), U32(NETNSA_PID), U32(NETNSA_FD), S32(NETNSA_TARGET_NSID),
    S32(NETNSA_CURRENT_NSID),
};

static const struct form_member tc_header[] = {
    FORM_MEMBER(tcmsg, tcm_family, wire_u8),   FORM_MEMBER(tcmsg, tcm_ifindex, wire_s32, .role = ROLE_IFINDEX),
    FORM_MEMBER(tcmsg, tcm_handle, wire_u32x), FORM_MEMBER(tcmsg, tcm_parent, wire_u32x),
    FORM_MEMBER(tcmsg, tcm_info, wire_u32),
};
static const struct policy stats2_rows[] = {
    ATTR(TCA_STATS_BASIC), ATTR(TCA_STATS_RATE_EST), ATTR(TCA_STATS_QUEUE), ATTR(TCA_STATS_APP),
    ATTR(TCA_STATS_RATE_EST64), ATTR(TCA_STATS_PAD), ATTR(TCA_STATS_BASIC_HW), ATTR(TCA_STATS_PKT64),
};
static const struct form stats2_form = { FORM_ROWS(stats2_rows) };
static const struct policy tc_rows[] = {
    STR(TCA_KIND), ATTR(TCA_OPTIONS), ATTR(TCA_STATS), ATTR(TCA_XSTATS), ATTR(TCA_RATE),
    ATTR(TCA_FCNT), FORM(TCA_STATS2, stats2_form), ATTR(TCA_STAB), ATTR(TCA_PAD),
    ATTR(TCA_DUMP_INVISIBLE), U32(TCA_CHAIN), U8(TCA_HW_OFFLOAD), U32(TCA_INGRESS_BLOCK),
    U32(TCA_EGRESS_BLOCK), ATTR(TCA_DUMP_FLAGS),
};
static const struct form_member action_header[] = { FORM_MEMBER(tcamsg, tca_family, wire_u8) };

/* ---- all of them ------------------------------------------------------------------------------- */

#define OBJECT(new, text, members, s, attrs)                                                      \
    [(RTM_NEW##new - RTM_BASE) / 4] = { .name = text, .rows = attrs, .max_attr = G_N_ELEMENTS(attrs) - 1, \
                                        .header = { FORM_MEMBERS(members, struct s), .generate = rt_draw_##s } }

static const struct msg_form objects[] = {
    OBJECT(LINK, "LINK", link_header, ifinfomsg, link_rows),
    OBJECT(ADDR, "ADDR", addr_header, ifaddrmsg, addr_rows),
    OBJECT(ROUTE, "ROUTE", route_header, rtmsg, route_rows),
    OBJECT(NEIGH, "NEIGH", neigh_header, ndmsg, neigh_rows),
    OBJECT(RULE, "RULE", rule_header, fib_rule_hdr, rule_rows),
    OBJECT(QDISC, "QDISC", tc_header, tcmsg, tc_rows),
    OBJECT(TCLASS, "TCLASS", tc_header, tcmsg, tc_rows),
    OBJECT(TFILTER, "TFILTER", tc_header, tcmsg, tc_rows),
    OBJECT(ACTION, "ACTION", action_header, tcamsg, tc_rows),
    OBJECT(NSID, "NSID", nsid_header, rtgenmsg, nsid_rows),
    OBJECT(CHAIN, "CHAIN", tc_header, tcmsg, tc_rows),
};
/* clang-format on */

/* The fourth of LINK's numbers is SETLINK, as the second is DELLINK. */
const struct msg_form *rt_form_of(uint16_t type)
{
    unsigned i = type >= RTM_BASE ? (type - RTM_BASE) / 4u : UINT_MAX;

    return i < G_N_ELEMENTS(objects) && objects[i].name ? &objects[i] : NULL;
}
