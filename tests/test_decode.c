/* test_decode.c - netlink messages of every family field by field: all named, rightly read, rightly compared. */
#include "tests/talk.h"

#include <linux/genetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/rtnetlink.h>

#include "netlink/decode.h"
#include "netlink/nf.h"

#define SYN "02000000000202000000000108004500002800004000400626ce0a0000010a00000204d2005000000000000000005002200076be0000"

/* ---- what the simulator answers ------------------------------------------------------------------ */

static int open_generic(void **state)
{
    int rc = talk_open(state, NETLINK_GENERIC);
    struct talk *t = *state;
    static const char *const lines[] = {
        "dp br0", "port br0 p1", "port br0 p2", "port br0 vx type=vxlan dst_port=4789 gbp",
        "flow br0 in_port(p1),eth(),eth_type(0x0800),ipv4(proto=6,frag=no),tcp(),tcp_flags(0/0) ct(commit),push_vlan(vid=5,pcp=0),p2",
        "flow br0 in_port(p2),eth(),eth_type(0x8100),vlan(vid=7),encap(eth_type(0x0806),arp(op=1)) drop",
        "addr p1 10.0.0.9/24",
        "neigh p1 10.0.0.7 02:00:00:00:00:07",
        ("send p1 " SYN),
    };

    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++)
        sim_do(t->sim, lines[i]);
    return rc;
}

#define TALK(name) cmocka_unit_test_setup_teardown(name, open_generic, talk_close)

/* All of a datagram as text; what no row knows would be seen. */
static char *text_of(const struct talk *t, int protocol, const void *bytes, size_t len)
{
    GString *out = g_string_new(NULL);
    struct decode f;

    decode_init(&f, t->sim->nl, protocol, bytes, len);
    decode_print(&f, out);
    for (guint i = 0; i < f.list->len; i++) {
        if (strstr(decode_at(&f, i)->path, "attribute ") || strstr(decode_at(&f, i)->path, "trailing"))
            fail_msg("not known: %s: %s", decode_at(&f, i)->path, decode_at(&f, i)->text);
    }
    decode_done(&f);
    return g_string_free(out, FALSE);
}

static void expect_lines(const char *text, const char *const *lines)
{
    for (; *lines; lines++) {
        g_autofree char *line = g_strdup_printf("  %s\n", *lines);

        if (!strstr(text, line))
            fail_msg("no line \"%s\" in\n%s", *lines, text);
    }
}

#define LINES(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* Sends the request under construction on a socket of its own and reads what comes, all datagrams. */
static void ask(struct talk *t, int protocol, const char *const *lines)
{
    struct sock *s = sock_open(t->ns->net, protocol);
    uint32_t len = t->request->len;
    struct dgram *d;
    GString *all = g_string_new(NULL);
    int error;

    memcpy(t->request->data, &len, sizeof(len));
    g_free(text_of(t, protocol, t->request->data, len));
    assert_int_equal(sock_send(s, t->request->data, len), len);
    while ((d = sock_recv(s, &error))) {
        g_autofree char *text = text_of(t, protocol, d->data, d->len);

        g_string_append(all, text);
        g_free(d);
    }
    expect_lines(all->str, lines);
    g_string_free(all, TRUE);
    sock_close(s);
}

static void begin_genl(struct talk *t, const char *family, uint8_t cmd, uint16_t flags)
{
    const struct { struct genlmsghdr genl; struct ovs_header ovs; } header = {
        { .cmd = cmd, .version = 2 }, { device_by_name(t->ns, "br0")->dev.ifindex }
    };
    const struct family *f = netlink_family_by_name(t->sim->nl, family);

    begin(t, netlink_family_id(t->sim->nl, f), flags, &header, f->hdrsize ? sizeof(header) : sizeof(header.genl));
}

static void datapath(void **state)
{
    struct talk *t = *state;

    begin_genl(t, OVS_DATAPATH_FAMILY, OVS_DP_CMD_GET, 0);
    ask(t, NETLINK_GENERIC, LINES("nlmsg_type: OVS_DP_CMD_GET", "nlmsg_seq: 7", "cmd: 3", "dp_ifindex: 5",
                                  "OVS_DP_ATTR_NAME: \"br0\"", "OVS_DP_ATTR_STATS/n_hit: 1",
                                  "OVS_DP_ATTR_STATS/n_flows: 2", "OVS_DP_ATTR_MEGAFLOW_STATS/n_masks: 2",
                                  "OVS_DP_ATTR_MASKS_CACHE_SIZE: 256"));
}

static void vports(void **state)
{
    struct talk *t = *state;

    begin_genl(t, OVS_VPORT_FAMILY, OVS_VPORT_CMD_GET, NLM_F_DUMP);
    ask(t, NETLINK_GENERIC, LINES("nlmsg_type: OVS_VPORT_CMD_GET", "OVS_VPORT_ATTR_NAME: \"p2\"",
                                  "OVS_VPORT_ATTR_STATS/rx_packets: 1", "OVS_VPORT_ATTR_UPCALL_PID/0: 0",
                                  "OVS_VPORT_ATTR_OPTIONS/OVS_TUNNEL_ATTR_DST_PORT: 4789",
                                  "OVS_VPORT_ATTR_OPTIONS/OVS_TUNNEL_ATTR_EXTENSION/OVS_VXLAN_EXT_GBP: yes",
                                  "nlmsg_type: NLMSG_DONE", "error: 0"));
}

static void flows(void **state)
{
    struct talk *t = *state;

    begin_genl(t, OVS_FLOW_FAMILY, OVS_FLOW_CMD_GET, NLM_F_DUMP);
    ask(t, NETLINK_GENERIC,
        LINES("message 1", "message 2", "OVS_FLOW_ATTR_KEY/OVS_KEY_ATTR_IN_PORT: in_port(1)",
              "OVS_FLOW_ATTR_KEY/OVS_KEY_ATTR_IPV4/proto: 6", "OVS_FLOW_ATTR_MASK/OVS_KEY_ATTR_IPV4/proto: 255",
              "OVS_FLOW_ATTR_ACTIONS/0 OVS_ACTION_ATTR_CT: ct(commit)",
              "OVS_FLOW_ATTR_ACTIONS/1 OVS_ACTION_ATTR_PUSH_VLAN: push_vlan(vid=5,pcp=0)",
              "OVS_FLOW_ATTR_ACTIONS/2 OVS_ACTION_ATTR_OUTPUT: 2", "OVS_FLOW_ATTR_ACTIONS: drop",
              "OVS_FLOW_ATTR_KEY/OVS_KEY_ATTR_ENCAP/OVS_KEY_ATTR_ARP/op: 1",
              "OVS_FLOW_ATTR_STATS/n_packets: 1", "OVS_FLOW_ATTR_TCP_FLAGS: 0x2", "OVS_FLOW_ATTR_USED: 100000"));
}

static void upcall(void **state)
{
    struct talk *t = *state;
    struct dgram *d;
    uint32_t portid;

    (void)sock_bind(t->sock, 0);
    portid = t->sock->portid;
    begin_genl(t, OVS_VPORT_FAMILY, OVS_VPORT_CMD_SET, 0);
    attr_put(t->request, OVS_VPORT_ATTR_NAME, "p1", 3);
    attr_put(t->request, OVS_VPORT_ATTR_UPCALL_PID, &portid, sizeof(portid));
    assert_int_equal(call(t), 0);
    sim_do(t->sim, "send p1 ffffffffffff0200000000010806000108000604000102000000000100000000ffffffffffff0a000001");
    d = take(t->sock);
    g_autofree char *text = text_of(t, NETLINK_GENERIC, d->data, d->len);
    expect_lines(text, LINES("nlmsg_type: OVS_PACKET_CMD_MISS", "nlmsg_pid: 0",
                             "OVS_PACKET_ATTR_KEY/OVS_KEY_ATTR_ETHERNET/src: 02:00:00:00:00:01",
                             "OVS_PACKET_ATTR_KEY/OVS_KEY_ATTR_ETHERTYPE: 0x0806"));
    assert_non_null(strstr(text, "  OVS_PACKET_ATTR_PACKET: 42 bytes ffffffff ffff0200"));
    g_free(d);
}

static void meters(void **state)
{
    struct talk *t = *state;
    const uint32_t id = 3, one = 1, rate = 1000;
    size_t bands, band;

    begin_genl(t, OVS_METER_FAMILY, OVS_METER_CMD_SET, 0);
    attr_put(t->request, OVS_METER_ATTR_ID, &id, sizeof(id));
    bands = attr_nest_begin(t->request, OVS_METER_ATTR_BANDS);
    band = attr_nest_begin(t->request, 0);
    attr_put(t->request, OVS_BAND_ATTR_TYPE, &one, sizeof(one));
    attr_put(t->request, OVS_BAND_ATTR_RATE, &rate, sizeof(rate));
    attr_put(t->request, OVS_BAND_ATTR_BURST, &rate, sizeof(rate));
    attr_nest_end(t->request, band);
    attr_nest_end(t->request, bands);
    ask(t, NETLINK_GENERIC, LINES("nlmsg_type: OVS_METER_CMD_SET", "OVS_METER_ATTR_ID: 3"));
    begin_genl(t, OVS_METER_FAMILY, OVS_METER_CMD_GET, 0);
    attr_put(t->request, OVS_METER_ATTR_ID, &id, sizeof(id));
    ask(t, NETLINK_GENERIC, LINES("OVS_METER_ATTR_BANDS/0/OVS_BAND_ATTR_STATS/n_packets: 0"));
    begin_genl(t, OVS_METER_FAMILY, OVS_METER_CMD_FEATURES, 0);
    ask(t, NETLINK_GENERIC, LINES("OVS_METER_ATTR_BANDS/0/OVS_BAND_ATTR_TYPE: 1"));
}

static void limits(void **state)
{
    struct talk *t = *state;
    const struct ovs_zone_limit zones[] = { { -1, 100, 0 }, { 5, 50, 0 } };

    begin_genl(t, OVS_CT_LIMIT_FAMILY, OVS_CT_LIMIT_CMD_SET, 0);
    attr_put(t->request, OVS_CT_LIMIT_ATTR_ZONE_LIMIT, zones, sizeof(zones));
    ask(t, NETLINK_GENERIC, LINES("nlmsg_type: OVS_CT_LIMIT_CMD_SET"));
    begin_genl(t, OVS_CT_LIMIT_FAMILY, OVS_CT_LIMIT_CMD_GET, 0);
    ask(t, NETLINK_GENERIC, LINES("OVS_CT_LIMIT_ATTR_ZONE_LIMIT/0/zone_id: -1", "OVS_CT_LIMIT_ATTR_ZONE_LIMIT/0/limit: 100",
                                  "OVS_CT_LIMIT_ATTR_ZONE_LIMIT/1/zone_id: 5", "OVS_CT_LIMIT_ATTR_ZONE_LIMIT/1/limit: 50"));
}

static void nlctrl(void **state)
{
    struct talk *t = *state;

    begin_genl(t, "nlctrl", CTRL_CMD_GETFAMILY, 0);
    attr_put(t->request, CTRL_ATTR_FAMILY_NAME, OVS_FLOW_FAMILY, sizeof(OVS_FLOW_FAMILY));
    ask(t, NETLINK_GENERIC, LINES("nlmsg_type: CTRL_CMD_NEWFAMILY", "CTRL_ATTR_FAMILY_NAME: \"ovs_flow\"",
                                  "CTRL_ATTR_HDRSIZE: 4", "CTRL_ATTR_OPS/1/CTRL_ATTR_OP_ID: 1",
                                  "CTRL_ATTR_MCAST_GROUPS/1/CTRL_ATTR_MCAST_GRP_NAME: \"ovs_flow\""));
    begin_genl(t, "nlctrl", CTRL_CMD_GETPOLICY, NLM_F_DUMP);
    attr_put(t->request, CTRL_ATTR_FAMILY_NAME, OVS_METER_FAMILY, sizeof(OVS_METER_FAMILY));
    ask(t, NETLINK_GENERIC, LINES("nlmsg_type: CTRL_CMD_GETPOLICY", "CTRL_ATTR_OP_POLICY/2/CTRL_ATTR_POLICY_DO: 0",
                                  "CTRL_ATTR_POLICY/0/1/NL_POLICY_TYPE_ATTR_MAX_VALUE_U: 4294967295"));
}

static void errors(void **state)
{
    struct talk *t = *state;

    begin_genl(t, OVS_FLOW_FAMILY, OVS_FLOW_CMD_NEW, NLM_F_ACK);
    ask(t, NETLINK_GENERIC, LINES("nlmsg_type: NLMSG_ERROR", "error: -22 (EINVAL)", "request/nlmsg_type: OVS_FLOW_CMD_NEW",
                                  "request/nlmsg_flags: 0x5", "request/dp_ifindex: 5"));
    begin_genl(t, OVS_DATAPATH_FAMILY, OVS_DP_CMD_GET, NLM_F_ACK);
    assert_int_equal(sock_set_option(t->sock, SOL_NETLINK, NETLINK_EXT_ACK, 1), 0);
    attr_put(t->request, OVS_DP_ATTR_NAME, "br0123456789012345", 19);
    ((struct nlmsghdr *)t->request->data)->nlmsg_len = t->request->len;
    assert_int_equal(sock_send(t->sock, t->request->data, t->request->len), t->request->len);
    struct dgram *d = take(t->sock);
    g_autofree char *text = text_of(t, NETLINK_GENERIC, d->data, d->len);
    expect_lines(text, LINES("NLMSGERR_ATTR_MSG: \"Attribute failed policy validation\"", "NLMSGERR_ATTR_OFFS: 24",
                             "error: -22 (EINVAL)"));
    g_free(d);
}

static void rtnetlink(void **state)
{
    const struct {
        uint16_t type;
        const char *const *lines;
    } dumps[] = {
        { RTM_GETLINK, LINES("nlmsg_type: RTM_NEWLINK", "IFLA_LINKINFO/IFLA_INFO_DATA/IFLA_VXLAN_ID: 4 bytes 2a000000", "ifi_index: 6", "IFLA_IFNAME: \"p1\"", "IFLA_MTU: 1500",
                             "IFLA_ADDRESS: 02:00:00:00:00:06", "IFLA_STATS64/rx_packets: 1", "IFLA_STATS/0: 1",
                             "IFLA_LINKINFO/IFLA_INFO_KIND: \"vxlan\"", "IFLA_LINKINFO/IFLA_INFO_DATA/IFLA_VXLAN_LEARNING: 1",
                             "IFLA_AF_SPEC/AF_INET6/IFLA_INET6_ADDR_GEN_MODE: 0", "IFLA_XDP/IFLA_XDP_ATTACHED: 0") },
        { RTM_GETADDR, LINES("nlmsg_type: RTM_NEWADDR", "IFA_LOCAL: 10.0.0.9", "IFA_ADDRESS: fe80::ff:fe00:6",
                             "IFA_CACHEINFO/ifa_valid: 4294967295", "IFA_LABEL: \"p1\"") },
        { RTM_GETROUTE, LINES("nlmsg_type: RTM_NEWROUTE", "rtm_dst_len: 24", "RTA_DST: 10.0.0.0", "RTA_OIF: 6",
                              "RTA_PREFSRC: 10.0.0.9") },
        { RTM_GETNEIGH, LINES("nlmsg_type: RTM_NEWNEIGH", "NDA_DST: 10.0.0.7", "NDA_LLADDR: 02:00:00:00:00:07") },
        { RTM_GETRULE, LINES("nlmsg_type: RTM_NEWRULE", "FRA_TABLE: 254", "FRA_PRIORITY: 32766") },
        { RTM_GETQDISC, LINES("nlmsg_type: RTM_NEWQDISC", "TCA_KIND: \"noqueue\"") },
    };
    const struct ifinfomsg link = { 0 };
    const uint32_t vni = 42;
    struct talk *t = *state;
    size_t info, data;

    begin(t, RTM_NEWLINK, NLM_F_CREATE, &link, sizeof(link));
    attr_put(t->request, IFLA_IFNAME, "vx0", 4);
    info = attr_nest_begin(t->request, IFLA_LINKINFO);
    attr_put(t->request, IFLA_INFO_KIND, "vxlan", 6);
    data = attr_nest_begin(t->request, IFLA_INFO_DATA);
    attr_put(t->request, IFLA_VXLAN_ID, &vni, sizeof(vni));
    attr_nest_end(t->request, data);
    attr_nest_end(t->request, info);
    ask(t, NETLINK_ROUTE, LINES(NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(dumps); i++) {
        const uint8_t header[32] = { 0 };

        begin(t, dumps[i].type, NLM_F_DUMP, header, (size_t)(dumps[i].type == RTM_GETLINK ? 16 : dumps[i].type == RTM_GETADDR ? 8
            : dumps[i].type == RTM_GETQDISC ? 20 : 12));
        ask(t, NETLINK_ROUTE, dumps[i].lines);
    }
}

static void ctnetlink(void **state)
{
    const struct nfgenmsg h = { .nfgen_family = AF_INET };
    struct talk *t = *state;

    begin(t, NF_TYPE(NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_GET), NLM_F_DUMP, &h, sizeof(h));
    ask(t, NETLINK_NETFILTER,
        LINES("nlmsg_type: IPCTNL_MSG_CT_NEW", "nfgen_family: 2", "CTA_TUPLE_ORIG/CTA_TUPLE_IP/CTA_IP_V4_SRC: 10.0.0.1",
              "CTA_TUPLE_REPLY/CTA_TUPLE_PROTO/CTA_PROTO_DST_PORT: 1234", "CTA_PROTOINFO/CTA_PROTOINFO_TCP/CTA_PROTOINFO_TCP_STATE: 1",
              "CTA_TIMEOUT: 120"));
    begin(t, NF_TYPE(NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_GET_STATS_CPU), NLM_F_DUMP, &h, sizeof(h));
    ask(t, NETLINK_NETFILTER, LINES("nlmsg_type: IPCTNL_MSG_CT_GET_STATS_CPU", "CTA_STATS_FOUND: 0"));
    begin(t, NF_TYPE(NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_GET_STATS), 0, &h, sizeof(h));
    ask(t, NETLINK_NETFILTER, LINES("CTA_STATS_GLOBAL_ENTRIES: 1"));
}

/* ---- what nobody should send --------------------------------------------------------------------- */

static void unknown_and_damaged(void **state)
{
    struct talk *t = *state;
    const uint8_t odd[] = { 1, 2, 3 };
    struct decode f;
    GString *out = g_string_new(NULL);

    begin_genl(t, OVS_FLOW_FAMILY, OVS_FLOW_CMD_NEW, 0);
    attr_put(t->request, 99, odd, sizeof(odd));
    attr_put(t->request, OVS_FLOW_ATTR_UFID_FLAGS, odd, sizeof(odd));
    g_byte_array_append(t->request, odd, sizeof(odd));
    ((struct nlmsghdr *)t->request->data)->nlmsg_len = t->request->len;
    decode_init(&f, t->sim->nl, NETLINK_GENERIC, t->request->data, t->request->len);
    decode_print(&f, out);
    expect_lines(out->str, LINES("attribute 99: 3 bytes 010203", "OVS_FLOW_ATTR_UFID_FLAGS: 3 bytes 010203",
                                 "trailing: 3 bytes 010203"));
    decode_done(&f);
    /* Whatever is cut off, nothing behind the end is read (valgrind and ASan look on). */
    for (size_t len = 0; len <= t->request->len; len++) {
        g_autofree uint8_t *cut = g_memdup2(t->request->data, len);

        if (len >= sizeof(uint32_t))
            memcpy(cut, &(uint32_t){ (uint32_t)len }, sizeof(uint32_t));
        decode_init(&f, t->sim->nl, NETLINK_GENERIC, cut, len);
        decode_done(&f);
    }
    g_string_free(out, TRUE);
}

/* ---- comparison ---------------------------------------------------------------------------------- */

/* A flow request with this key, priority and statistics. */
static GByteArray *flow_message(const char *key, uint64_t n_packets, const char *acts)
{
    const struct { struct nlmsghdr msg; struct genlmsghdr genl; struct ovs_header ovs; } header = {
        .msg = { .nlmsg_seq = 5, .nlmsg_pid = 1001 }, .genl = { .cmd = OVS_FLOW_CMD_NEW }, .ovs = { 5 },
    };
    const struct ovs_flow_stats stats = { .n_packets = n_packets, .n_bytes = 60 };
    GByteArray *out = g_byte_array_new();

    g_byte_array_append(out, (const uint8_t *)&header, sizeof(header));
    put_key_text(out, OVS_FLOW_ATTR_KEY, 0, key);
    if (n_packets)
        attr_put(out, OVS_FLOW_ATTR_STATS, &stats, sizeof(stats));
    put_acts_text(out, OVS_FLOW_ATTR_ACTIONS, acts);
    return out;
}

/* "PATH: WANT | GOT" of the first difference, "" if there is none. */
static char *first(struct talk *t, GByteArray *a, GByteArray *b, const struct decode_rule *rule)
{
    const struct family *flow = netlink_family_by_name(t->sim->nl, OVS_FLOW_FAMILY);
    GByteArray *const both[] = { a, b };
    struct decode_difference d;
    struct decode fa, fb;
    char *text = NULL;

    for (int i = 0; i < 2; i++) {
        ((struct nlmsghdr *)both[i]->data)->nlmsg_type = netlink_family_id(t->sim->nl, flow);
        ((struct nlmsghdr *)both[i]->data)->nlmsg_len = both[i]->len;
    }
    decode_init(&fa, t->sim->nl, NETLINK_GENERIC, a->data, a->len);
    decode_init(&fb, t->sim->nl, NETLINK_GENERIC, b->data, b->len);
    if (decode_differ(&fa, &fb, rule, &d))
        text = g_strdup_printf("%s: %s | %s", d.path, d.want ? d.want : "-", d.got ? d.got : "-");
    decode_done(&fa);
    decode_done(&fb);
    g_byte_array_unref(a);
    g_byte_array_unref(b);
    return text ? text : g_strdup("");
}

#define KEY "in_port(1),eth(),eth_type(0x0800),ipv4(src=10.0.0.1,proto=6,frag=no)"

static void comparison(void **state)
{
    const struct decode_rule counters = { .ignored = 1u << ROLE_COUNT };
    static const struct {
        const char *key;
        uint64_t n;
        const char *acts;
        bool is_ruled;
        const char *difference;
    } cases[] = {
        { KEY, 2, "1,2", false, "" },
        { "in_port(1),eth(),eth_type(0x0800),ipv4(src=10.0.0.2,proto=6,frag=no)", 2, "1,2", false,
          "OVS_FLOW_ATTR_KEY/OVS_KEY_ATTR_IPV4/src: 10.0.0.1 | 10.0.0.2" },
        { KEY, 3, "1,2", false, "OVS_FLOW_ATTR_STATS/n_packets: 2 | 3" },
        { KEY, 3, "1,2", true, "" },
        { KEY, 0, "1,2", true, "" },
        { KEY, 0, "1,2", false, "OVS_FLOW_ATTR_STATS/n_packets: 2 | -" },
        { KEY, 2, "1,3", true, "OVS_FLOW_ATTR_ACTIONS/1 OVS_ACTION_ATTR_OUTPUT: 2 | 3" },
        { KEY, 2, "1", true, "OVS_FLOW_ATTR_ACTIONS/1 OVS_ACTION_ATTR_OUTPUT: 2 | -" },
        { KEY, 2, "1,2,3", true, "OVS_FLOW_ATTR_ACTIONS/2 OVS_ACTION_ATTR_OUTPUT: - | 3" },
        { "in_port(1),eth()", 2, "1,2", true, "OVS_FLOW_ATTR_KEY/OVS_KEY_ATTR_ETHERTYPE: 0x0800 | -" },
    };
    struct talk *t = *state;

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *is = first(t, flow_message(KEY, 2, "1,2"), flow_message(cases[i].key, cases[i].n, cases[i].acts),
                                    cases[i].is_ruled ? &counters : NULL);

        assert_string_equal(is, cases[i].difference);
    }
}

/* Padding is no field, but counts where all bytes do. */
static void padding(void **state)
{
    GByteArray *a = flow_message("in_port(1),eth(),eth_type(0x0800)", 2, "1"), *b;
    g_autofree char *is = NULL;

    b = g_byte_array_new();
    g_byte_array_append(b, a->data, a->len);
    /* ETHERTYPE, the last of the key, has two bytes of padding. */
    for (size_t at = b->len - 4; at > 0; at -= 4) {
        if (!memcmp(b->data + at, "\x08\x00\x00\x00", 4)) {
            b->data[at + 3] = 1;
            break;
        }
    }
    is = first(*state, a, b, NULL);
    assert_string_equal(is, "bytes between the fields:  | ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TALK(datapath), TALK(vports), TALK(flows), TALK(upcall), TALK(meters), TALK(limits), TALK(nlctrl),
        TALK(errors), TALK(rtnetlink), TALK(ctnetlink), TALK(unknown_and_damaged), TALK(comparison), TALK(padding),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
