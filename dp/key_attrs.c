/* key_attrs.c - THE table: one row for each key attribute. Catalogue 04, section 4.1.
 * SPDX-License-Identifier: Apache-2.0 */
#include <linux/if_ether.h>
#include <linux/openvswitch.h>
#include <netinet/in.h>

#include "dp/key_hooks.h"

/* clang-format off */
#define MEMBER_SIZE(m) sizeof(((struct flow_key *)NULL)->m)
/* name in text, wire type, offset and size in the payload, member of struct flow_key, and more members of the row */
#define FIELD(n, w, off, size, m, ...)                                                            \
    { .name = n, .wire = &w, .wire_off = off, .wire_size = size,                                  \
      .key_off = offsetof(struct flow_key, m), .key_size = MEMBER_SIZE(m), __VA_ARGS__ }
#define FIELDS(a) .field = a, .n_fields = G_N_ELEMENTS(a)
#define ONE_FIELD(...) .field = (const struct key_field[]){ FIELD("", __VA_ARGS__) }, .n_fields = 1

static const struct key_field ethernet[] = {
    FIELD("src", wire_mac, 0, 6, eth_src),
    FIELD("dst", wire_mac, 6, 6, eth_dst),
};
static const struct key_field ipv4[] = {
    FIELD("src",   wire_ip4,   0, 4, ip4.src),
    FIELD("dst",   wire_ip4,   4, 4, ip4.dst),
    FIELD("proto", wire_u8,    8, 1, ip_proto, .is_fixed = true),
    FIELD("tos",   wire_u8x,   9, 1, ip_tos),
    FIELD("ttl",   wire_u8,   10, 1, ip_ttl),
    FIELD("frag",  wire_frag, 11, 1, ip_frag, .is_fixed = true, .max = KEY_FRAG_LATER),
};
static const struct key_field ipv6[] = {
    FIELD("src",    wire_ip6,    0, 16, ip6.src),
    FIELD("dst",    wire_ip6,   16, 16, ip6.dst),
    FIELD("label",  wire_be32x, 32,  4, ip6_label, .max = 0xfffff),
    FIELD("proto",  wire_u8,    36,  1, ip_proto, .is_fixed = true),
    FIELD("tclass", wire_u8x,   37,  1, ip_tos),
    FIELD("hlimit", wire_u8,    38,  1, ip_ttl),
    FIELD("frag",   wire_frag,  39,  1, ip_frag, .is_fixed = true, .max = KEY_FRAG_LATER),
};
static const struct key_field ports[] = {
    FIELD("src", wire_be16, 0, 2, tp_src),
    FIELD("dst", wire_be16, 2, 2, tp_dst),
};
static const struct key_field icmp[] = {
    FIELD("type", wire_u8, 0, 1, tp_src),
    FIELD("code", wire_u8, 1, 1, tp_dst),
};
static const struct key_field arp[] = {
    FIELD("sip", wire_ip4,   0, 4, ip4.src),
    FIELD("tip", wire_ip4,   4, 4, ip4.dst),
    FIELD("op",  wire_be16,  8, 2, ip_proto, .max = 0xff),      /* one byte in the key */
    FIELD("sha", wire_mac,  10, 6, ip4.arp.sha),
    FIELD("tha", wire_mac,  16, 6, ip4.arp.tha),                /* and 2 bytes of padding */
};
static const struct key_field nd[] = {
    FIELD("target", wire_ip6,  0, 16, ip6.nd.target),
    FIELD("sll",    wire_mac, 16,  6, ip6.nd.sll),
    FIELD("tll",    wire_mac, 22,  6, ip6.nd.tll),
};
static const struct key_field ct_tuple4[] = {
    FIELD("src",     wire_ip4,   0, 4, ip4.ct_orig.src),
    FIELD("dst",     wire_ip4,   4, 4, ip4.ct_orig.dst),
    FIELD("proto",   wire_u8,   12, 1, ct_orig_proto),          /* and 3 bytes of padding */
    FIELD("tp_src",  wire_be16,  8, 2, ct_orig_tp_src),
    FIELD("tp_dst",  wire_be16, 10, 2, ct_orig_tp_dst),
};
static const struct key_field ct_tuple6[] = {
    FIELD("src",     wire_ip6,   0, 16, ip6.ct_orig.src),
    FIELD("dst",     wire_ip6,  16, 16, ip6.ct_orig.dst),
    FIELD("proto",   wire_u8,   36,  1, ct_orig_proto),         /* and 3 bytes of padding */
    FIELD("src_port", wire_be16, 32, 2, ct_orig_tp_src),        /* ovs-dpctl's names here */
    FIELD("dst_port", wire_be16, 34, 2, ct_orig_tp_dst),
};

#define ROW(t, n, l) [OVS_KEY_ATTR_##t] = { .uapi = "OVS_KEY_ATTR_" #t, .name = n, .len = l
#define HOOKS(x) .get = key_##x##_get, .put = key_##x##_put, .generate = key_##x##_generate, TEXT_HOOKS(x)
#define TEXT_HOOKS(x) .format = key_##x##_format, .scan = key_##x##_scan
#define IP4 .eth_type = { ETH_P_IP }
#define IP6 .eth_type = { ETH_P_IPV6 }
#define IP46 .eth_type = { ETH_P_IP, ETH_P_IPV6 }
#define NOT_LATER .not_later_frag = true

const struct key_attr key_attrs[N_KEY_ATTRS] = {
    ROW(ENCAP, "encap", KEY_LEN_NESTED), TEXT_HOOKS(encap), .generate = key_vlan_generate },
    ROW(PRIORITY, "skb_priority", 4), ONE_FIELD(wire_u32x, 0, 4, priority),
        .flags = KEY_SETTABLE | KEY_SET_ANY | KEY_TEXT_WILD },
    ROW(IN_PORT, "in_port", 4), HOOKS(port), .flags = KEY_MASK_ANY | KEY_MASK_EXACT },
    ROW(ETHERNET, "eth", 12), FIELDS(ethernet), .flags = KEY_SETTABLE | KEY_TEXT_EMPTY },
    ROW(VLAN, "vlan", 2), TEXT_HOOKS(vlan), .generate = key_vlan_generate },
    ROW(ETHERTYPE, "eth_type", 2), ONE_FIELD(wire_be16x, 0, 2, eth_type),
        .flags = KEY_MASK_ANY | KEY_MASK_EXACT | KEY_TEXT_NO_ZERO },
    ROW(IPV4, "ipv4", 12), FIELDS(ipv4), .when = { IP4 }, .flags = KEY_REQUIRED | KEY_SETTABLE },
    ROW(IPV6, "ipv6", 40), FIELDS(ipv6), .when = { IP6 }, .flags = KEY_REQUIRED | KEY_SETTABLE },
    ROW(TCP, "tcp", 4), FIELDS(ports), .when = { IP46, .ip_proto = IPPROTO_TCP, NOT_LATER },
        .flags = KEY_REQUIRED | KEY_SETTABLE },
    ROW(UDP, "udp", 4), FIELDS(ports), .when = { IP46, .ip_proto = IPPROTO_UDP, NOT_LATER },
        .flags = KEY_REQUIRED | KEY_SETTABLE },
    ROW(ICMP, "icmp", 2), FIELDS(icmp), .when = { IP4, .ip_proto = IPPROTO_ICMP, NOT_LATER },
        .flags = KEY_REQUIRED },
    ROW(ICMPV6, "icmpv6", 2), FIELDS(icmp), .when = { IP6, .ip_proto = IPPROTO_ICMPV6, NOT_LATER },
        .flags = KEY_REQUIRED },
    ROW(ARP, "arp", 24), FIELDS(arp), .when = { .eth_type = { ETH_P_ARP, ETH_P_RARP } },
        .flags = KEY_REQUIRED },
    ROW(ND, "nd", 28), FIELDS(nd), .flags = KEY_REQUIRED,
        .when = { IP6, .ip_proto = IPPROTO_ICMPV6, .icmp_type = { 135, 136 }, NOT_LATER } },
    ROW(SKB_MARK, "skb_mark", 4), ONE_FIELD(wire_u32x, 0, 4, skb_mark),
        .flags = KEY_SETTABLE | KEY_SET_ANY | KEY_TEXT_WILD, .since = KVER(3, 8) },
    ROW(TUNNEL, "tunnel", KEY_LEN_NESTED), HOOKS(tunnel), .inner_nests = 1u << OVS_TUNNEL_KEY_ATTR_VXLAN_OPTS,
        .flags = KEY_MASK_ANY | KEY_SETTABLE | KEY_SET_PLAIN | KEY_SET_ANY, .since = KVER(3, 9) },
    ROW(SCTP, "sctp", 4), FIELDS(ports), .when = { IP46, .ip_proto = IPPROTO_SCTP, NOT_LATER },
        .flags = KEY_REQUIRED | KEY_SETTABLE, .since = KVER(3, 12) },
    ROW(TCP_FLAGS, "tcp_flags", 2), ONE_FIELD(wire_tcp_flags, 0, 2, tcp_flags),
        .when = { IP46, .ip_proto = IPPROTO_TCP, NOT_LATER }, .flags = KEY_REQUIRED,
        .since = KVER(3, 13) },
    ROW(DP_HASH, "dp_hash", 4), ONE_FIELD(wire_u32x, 0, 4, dp_hash), .since = KVER(3, 18) },
    ROW(RECIRC_ID, "recirc_id", 4), ONE_FIELD(wire_u32x, 0, 4, recirc_id), .since = KVER(3, 18) },
    ROW(MPLS, "mpls", KEY_LEN_VAR), HOOKS(mpls), .when = { .eth_type = { ETH_P_MPLS_UC, ETH_P_MPLS_MC } },
        .flags = KEY_REQUIRED | KEY_SETTABLE, .since = KVER(3, 19) },
    ROW(CT_STATE, "ct_state", 4), ONE_FIELD(wire_ct_state, 0, 4, ct_state, .max = 0xff),
        .format = key_ct_state_format, .flags = KEY_MASK_LIMITED, .since = KVER(4, 3) },
    ROW(CT_ZONE, "ct_zone", 2), ONE_FIELD(wire_u16x, 0, 2, ct_zone), .since = KVER(4, 3) },
    ROW(CT_MARK, "ct_mark", 4), ONE_FIELD(wire_u32x, 0, 4, ct_mark),
        .flags = KEY_SETTABLE | KEY_SET_ANY, .since = KVER(4, 3) },
    ROW(CT_LABELS, "ct_label", 16), ONE_FIELD(wire_ct_labels, 0, 16, ct_labels),
        .flags = KEY_SETTABLE | KEY_SET_ANY, .since = KVER(4, 3) },
    ROW(CT_ORIG_TUPLE_IPV4, "ct_tuple4", 16), FIELDS(ct_tuple4), .when = { IP4 }, .since = KVER(4, 11) },
    ROW(CT_ORIG_TUPLE_IPV6, "ct_tuple6", 40), FIELDS(ct_tuple6), .when = { IP6 }, .since = KVER(4, 11) },
    ROW(NSH, "nsh", KEY_LEN_NESTED), HOOKS(nsh), .when = { .eth_type = { ETH_P_NSH } },
        .flags = KEY_REQUIRED, .since = KVER(4, 15) },
    /* 29 PACKET_TYPE, 30 ND_EXTENSIONS, 31 TUNNEL_INFO: numbers of OVS userspace, always refused. */
    ROW(IPV6_EXTHDRS, "ipv6_exthdr", 2), ONE_FIELD(wire_u16x, 0, 2, ip6.exthdrs), .when = { IP6 },
        .flags = KEY_MASK_FREE | KEY_TEXT_BYTES, .since = KVER(5, 18) },
};
/* clang-format on */
