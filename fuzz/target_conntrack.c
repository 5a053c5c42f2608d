/* target_conntrack.c - sequences of packets of a few connections through ct(), in both directions, with time between.
 * SPDX-License-Identifier: Apache-2.0 */
#include <linux/if_ether.h>
#include <linux/openvswitch.h>
#include <netinet/in.h>
#include <string.h>

#include "base/bytes.h"
#include "base/checksum.h"
#include "dp/act.h"
#include "fuzz/grammar.h"
#include "fuzz/oracle.h"
#include "fuzz/target.h"
#include "netlink/attr.h"

/* A flow, for each of them one of some lists of actions. Port 1 is inside, 2 outside. */
static const struct rule {
    const char *key, *acts[4];
} rules[] = {
    {"in_port(1),eth(),eth_type(0x0800)",
     {"ct(commit,zone=1),recirc(1)", "ct(commit,zone=1,nat(src=10.9.0.1-10.9.0.3:1024-1030)),recirc(1)", "ct(zone=1),recirc(1)",
      "ct(force_commit,mark=0x5/0xff,label=0x1/0x1,nat(dst=10.0.0.2)),2"}},
    {"in_port(2),eth(),eth_type(0x0800)", {"ct(zone=1,nat),recirc(1)", "ct(zone=1),recirc(1)", "ct(zone=2,nat),recirc(2)", "ct,1"}},
    {"recirc_id(0x1),in_port(1),ct_state(+trk),eth(),eth_type(0x0800)", {"2", "ct(commit,zone=2,helper=ftp),2", "ct_clear,2", "3"}},
    {"recirc_id(0x1),in_port(2),ct_state(+trk),eth(),eth_type(0x0800)", {"1", "ct(commit),1", "ct_clear,recirc(2)", "drop"}},
    {"recirc_id(0x2),in_port(2),ct_state(+trk),eth(),eth_type(0x0800)", {"1", "ct(commit,zone=2),1", "drop", "ct(zone=1),1"}},
};

static void scan_attrs(GByteArray *req, const char *key_text, const char *acts_text)
{
    g_autoptr(GByteArray) key = g_byte_array_new();
    g_autoptr(GByteArray) mask = g_byte_array_new();
    g_autoptr(GByteArray) acts = g_byte_array_new();
    struct err e = {0};
    struct scan in;

    scan_init(&in, key_text);
    FUZZ_CHECK(!key_scan(&in, key, mask, NULL, &e), "%s: %s", key_text, e.text);
    scan_init(&in, acts_text);
    FUZZ_CHECK(!acts_scan(&in, acts, NULL, &e), "%s: %s", acts_text, e.text);
    (void)attr_put(req, OVS_FLOW_ATTR_KEY, key->data, key->len);
    (void)attr_put(req, OVS_FLOW_ATTR_MASK, mask->data, mask->len);
    (void)attr_put(req, OVS_FLOW_ATTR_ACTIONS, acts->data, acts->len);
}

static void put_flow(const struct rule *rule, unsigned choice, GByteArray *out)
{
    struct {
        struct nlmsghdr msg;
        struct genlmsghdr genl;
        struct ovs_header ovs;
    } h = {
        .msg = {.nlmsg_type = PROGRAM_TYPE(PROGRAM_FLOW), .nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_ACK},
        .genl = {.cmd = OVS_FLOW_CMD_NEW, .version = OVS_FLOW_VERSION},
        .ovs = {.dp_ifindex = (int)PROGRAM_IFINDEX(0)},
    };
    g_autoptr(GByteArray) req = g_byte_array_new();

    g_byte_array_append(req, (const void *)&h, sizeof(h));
    scan_attrs(req, rule->key, rule->acts[choice % G_N_ELEMENTS(rule->acts)]);
    memcpy(req->data, &req->len, sizeof(req->len));
    program_put(out, PROGRAM_SEND, PROGRAM_CLIENT, req->data, req->len);
}

/* ---- packets -------------------------------------------------------------------------------------------- */

#define IP4_HEADER 20u
#define L4_ROOM 40u

static size_t put_tcp(uint8_t *l4, struct rng *r)
{
    static const uint8_t flags[] = {0x02, 0x12, 0x10, 0x18, 0x11, 0x04, 0x14, 0x01};

    be32_put(l4 + 4, 1000 + rng_u32(r) % 4);
    be32_put(l4 + 8, 1000 + rng_u32(r) % 4);
    l4[12] = 5 << 4;
    l4[13] = flags[rng_u32(r) % G_N_ELEMENTS(flags)];
    be16_put(l4 + 14, 8192);
    return 20 + rng_u32(r) % 3 * 4;
}

static size_t put_udp(uint8_t *l4, struct rng *r)
{
    size_t len = 8 + rng_u32(r) % 16;

    be16_put(l4 + 4, (uint16_t)len);
    return len;
}

static size_t put_icmp(uint8_t *l4, struct rng *r)
{
    l4[0] = rng_u32(r) % 2 ? 8 : 0;
    l4[1] = 0;
    be16_put(l4 + 4, 1 + rng_u32(r) % 2);
    return 8;
}

static const struct {
    uint8_t proto, sum_at;
    bool has_ports;
    size_t (*put)(uint8_t *l4, struct rng *r);
} packets[] = {
    {IPPROTO_TCP, 16, true, put_tcp},
    {IPPROTO_UDP, 6, true, put_udp},
    {IPPROTO_ICMP, 2, false, put_icmp},
};

/* Addresses and ports of one of four connections, seen from 'from'; or of none. */
static void put_ends(uint8_t *ip, bool has_ports, bool is_back, struct rng *r)
{
    uint32_t inside = 0x0a000001 + rng_u32(r) % 2, outside = rng_u32(r) % 4 ? 0x0a000002 + 16 : 0x0a090001;
    uint16_t client = (uint16_t)(1024 + rng_u32(r) % 3), server = rng_u32(r) % 3 ? 80 : 21;

    be32_put(ip + 12, is_back ? outside : inside);
    be32_put(ip + 16, is_back ? inside : outside);
    if (has_ports) {
        be16_put(ip + IP4_HEADER, is_back ? server : client);
        be16_put(ip + IP4_HEADER + 2, is_back ? client : server);
    }
}

static void put_packet(struct rng *r, GByteArray *out)
{
    unsigned which = rng_u32(r) % G_N_ELEMENTS(packets);
    bool is_back = rng_u32(r) % 2;
    uint8_t frame[ETH_HLEN + IP4_HEADER + L4_ROOM] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0};
    uint8_t *ip = frame + ETH_HLEN, *l4 = ip + IP4_HEADER;
    size_t len = packets[which].put(l4, r);

    ip[0] = 0x45;
    ip[8] = 64;
    ip[9] = packets[which].proto;
    be16_put(ip + 2, (uint16_t)(IP4_HEADER + len));
    put_ends(ip, packets[which].has_ports, is_back, r);
    be16_put(ip + 10, csum_finish(csum_add(0, ip, IP4_HEADER)));
    be16_put(l4 + packets[which].sum_at,
             csum_finish(csum_add(packets[which].has_ports ? csum_pseudo_header(ip, false, ip[9], len) : 0, l4, len)));
    program_put(out, PROGRAM_FRAME, is_back, frame, ETH_HLEN + IP4_HEADER + len);
}

static void generate(struct rng *r, GByteArray *out)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rules); i++)
        put_flow(&rules[i], rng_u32(r), out);
    for (uint32_t n = 2 + rng_u32(r) % 12; n; n--) {
        uint32_t ms = rng_u32(r) % 100000;

        put_packet(r, out);
        if (rng_u32(r) % 8 == 0)
            program_put(out, PROGRAM_TIME, 0, &ms, sizeof(ms));
    }
}

const struct fuzz_target fuzz_conntrack = {
    .name = "conntrack",
    .what = "sequences of packets of a few connections through ct(), from both sides, with time between",
    .run = oracle_run,
    .generate = generate,
    .mutate = grammar_mutate,
    .report = oracle_report,
};
