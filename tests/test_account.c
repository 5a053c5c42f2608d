/* test_account.c - no packet is lost from the books: random frames through random flows, with
 * and without failing allocations.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/packet_tools.h"
#include "tests/sim_tools.h"

#include "base/rng.h"

#define N_ROUNDS 60
#define N_FLOWS 30
#define N_FRAMES 200
#define MAX_ACTIONS 6
#define MAX_FRAME 1600

/* clang-format off */
static const char *const ports[] = { "br0", "p1", "p2", "i3", "p4", "p5", "alone" };

static const char *const matches[] = {
    "eth()", "eth(),eth_type(0x0800),ipv4()", "eth(),eth_type(0x0800),ipv4(proto=17,frag=no),udp()",
    "eth(),eth_type(0x0806),arp()", "eth(),eth_type(0x86dd),ipv6()",
    "eth(),eth_type(0x8100),vlan(vid=5),encap(eth_type(0x0800),ipv4())",
    "eth_type(0x0800),ipv4()", "eth(),eth_type(0x8847),mpls()",
};

static const char *const actions[] = {
    "0", "1", "2", "3", "4", "5", "77", "1,2,3",
    "trunc(20)", "trunc(60)", "trunc(14),1", "ct_clear", "hash(l4(0))",
    "userspace(pid=4711)", "userspace(pid=1002)", "userspace(pid=1002,userdata(0102),actions)",
    "recirc(0x1)", "recirc(0x2)", "recirc(0x9)", "recirc(0x0)",
    "push_vlan(vid=5,pcp=0)", "push_vlan(tpid=0x88a8,vid=6,pcp=1)", "pop_vlan",
    "push_mpls(label=5,tc=0,ttl=64,bos=1,eth_type=0x8847)", "pop_mpls(eth_type=0x800)",
    "pop_eth", "push_eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02)",
    "set(ipv4(ttl=1))", "set(eth(dst=02:00:00:00:00:09))", "set(udp(src=9))", "set(skb_mark(0x7))",
    "dec_ttl(le_1(drop))", "dec_ttl(le_1(2,userspace(pid=1002)))",
    "clone(2)", "clone(push_vlan(vid=9,pcp=0),3)", "clone(drop)", "clone(clone(clone(1,recirc(0x2)),2),recirc(0x1))",
    "sample(sample=50.0%,actions(1))", "sample(sample=50.0%,actions(push_vlan(vid=1,pcp=0),recirc(0x1)))",
    "sample(sample=0.0%,actions(1))", "sample(sample=100.0%,actions(userspace(pid=4711)))",
    "ct,2", "ct(commit,zone=3),recirc(0x1)", "clone(ct(zone=1),1)", "ct_clear,ct(zone=1,nat)",
    "check_pkt_len(size=64,gt(1),le(drop))", "check_pkt_len(size=100,gt(recirc(0x2)),le(2,recirc(0x1)))",
};

static const char *const frames[] = {
    ADDRS "0800" "450000200000400001110000010203040a00000100010002000c0000" "61626364",
    ADDRS "0800" "450000280000400040060000010203040a00000100010002000000000000000050020000" "00000000",
    ADDRS "0800" "450000200000600040110000010203040a000001",
    ADDRS "0800" "450000200007200040110000010203040a0000010001000200140000" "61626364",
    ADDRS "0800" "450000200007000140110000010203040a000001" "616263646566676869707172",
    ADDRS "86dd" "6000000000102c40fe800000000000000000000000000001fe8000000000000000000000000000021100000100000007" "0001000200100000",
    ADDRS "86dd" "6000000000102c40fe800000000000000000000000000001fe8000000000000000000000000000021100000800000007" "6162636465666768",
    ADDRS "0806" "00010800060400010200000000010a0000010000000000000a000002",
    ADDRS "86dd" "6000000000081140fe800000000000000000000000000001fe800000000000000000000000000002" "0001000200080000",
    ADDRS "8100" "0005" "0800" "450000200000400040110000010203040a00000100010002000c0000" "61626364",
    ADDRS "8100" "0005",
    ADDRS "8847" "0000514045000020" "0000400040110000010203040a000001",
    ADDRS "0010" "aaaa0300000008004500",
    ADDRS "894f" "0fc60103000001020000000100000002",
};
/* clang-format on */

static uint32_t below(struct rng *r, size_t n)
{
    return (uint32_t)(rng_u64(r) % n);
}

#define ANY(r, rows) (rows)[below(r, G_N_ELEMENTS(rows))]

static int open_network(void **state)
{
    struct lab *lab;

    (void)lab_open(state);
    lab = *state;
    lab_do(lab, "port br0 i3 type=internal no=3; port br0 p4 no=4; port br0 p5 no=5");
    lab_do(lab, "down p4; mtu p5 100");
    assert_non_null(device_add(lab->ns, "alone", NETDEV_VIRTUAL, 0, NULL));
    device_set_flags(device_by_name(lab->ns, "alone"), IFF_UP);
    assert_int_equal(lab->client.sock->portid, 1002);       /* what actions say */
    return 0;
}

/* ---- random flows and frames ----------------------------------------------------------------- */

static void add_flow(struct lab *lab, struct rng *r)
{
    g_autofree char *key = g_strdup_printf("recirc_id(%u),in_port(%u),%s", below(r, 3),
                                           below(r, 6), ANY(r, matches));
    g_autoptr(GString) acts = g_string_new(ANY(r, actions));

    for (uint32_t n = below(r, MAX_ACTIONS); n; n--)
        g_string_append_printf(acts, ",%s", ANY(r, actions));
    /* Many are refused: an action has no place there, or the key is taken. */
    (void)lab_flow(lab, OVS_FLOW_CMD_NEW, 0, FLOW(.key = key, .acts = acts->str));
}

/* A frame with its end cut off or garbage added, and a bent byte. */
static size_t random_frame(struct rng *r, uint8_t *frame)
{
    size_t len = hex_bytes(ANY(r, frames), frame, MAX_FRAME);

    if (!below(r, 8))
        frame[below(r, len)] ^= (uint8_t)(1u << below(r, 8));
    if (!below(r, 8))
        return below(r, len + 1);
    if (below(r, 4))
        return len;
    for (size_t more = below(r, 1400); more; more--)
        frame[len++] = (uint8_t)rng_u32(r);
    return len;
}

static void execute(struct lab *lab, struct rng *r, const uint8_t *frame, size_t len)
{
    uint32_t port = below(r, 8);
    size_t nest;

    lab_begin(lab, OVS_PACKET_FAMILY, OVS_PACKET_CMD_EXECUTE, 0);
    attr_put(lab->request, OVS_PACKET_ATTR_PACKET, frame, len);
    nest = attr_nest_begin(lab->request, OVS_PACKET_ATTR_KEY);
    attr_put(lab->request, OVS_KEY_ATTR_IN_PORT, &port, sizeof(port));
    attr_nest_end(lab->request, nest);
    put_acts_text(lab->request, OVS_PACKET_ATTR_ACTIONS, ANY(r, actions));
    (void)lab_call(lab);
}

static void drain(struct sock *s)
{
    struct dgram *d;
    int error;

    while ((d = sock_recv(s, &error)) || error)
        g_free(d);
}

static void assert_balance(const struct lab *lab)
{
    const struct dp_account *a = dp_world_account(lab->sim->dp);

    assert_int_equal(a->n_born, dp_account_ends(a));
    assert_int_equal(lab->sim->dp->pool.n_live, a->n_held);
}

/* New flows, then frames; the books are checked after each. */
static void one_round(struct lab *lab, struct rng *r)
{
    uint8_t frame[MAX_FRAME];

    (void)lab_flow(lab, OVS_FLOW_CMD_DEL, 0, FLOW(.key = NULL));
    for (unsigned i = 0; i < N_FLOWS; i++)
        add_flow(lab, r);
    for (unsigned i = 0; i < N_FRAMES; i++) {
        size_t len = random_frame(r, frame);

        if (below(r, 4))
            device_receive(device_by_name(lab->ns, ANY(r, ports)), frame, len);
        else
            execute(lab, r, frame, len);
        assert_balance(lab);
        if (!below(r, 16))
            drain(lab->client.sock);
    }
    lab_do(lab, below(r, 2) ? "down p2" : "up p2");
}

/* What the mix above leads to. */
static const enum drop_reason usual[] = {
    DROP_LAST_ACTION, DROP_ACTION_ERROR, DROP_DEFERRED_LIMIT, DROP_SAMPLE,
    DROP_IP_TTL,      DROP_EXTRACT,      DROP_NO_PORT,        DROP_DEV_READY,
    DROP_PKT_TOO_BIG, DROP_MAC_PROTO,    DROP_RX_DOWN,        DROP_NOT_A_PORT,
    DROP_UPCALL,      DROP_FRAG_DUP,
};

static void test_random_mix(void **state)
{
    struct lab *lab = *state;
    const struct dp_account *a = dp_world_account(lab->sim->dp);
    struct rng r;

    rng_init(&r, 1);
    for (unsigned i = 0; i < N_ROUNDS; i++)
        one_round(lab, &r);
    /* The mix has been everywhere. */
    assert_true(a->n_output > 0 && a->n_consumed > 0);
    for (size_t i = 0; i < G_N_ELEMENTS(usual); i++) {
        if (!a->n_drop[usual[i]])
            fail_msg("nothing was dropped for \"%s\"", drop_rows[usual[i]].name);
    }
}

/* ---- failing allocations --------------------------------------------------------------------- */

static struct rng fault_rng;

static bool fail_sometimes(void *ctx, const struct fault_point *point)
{
    (void)ctx;
    if (g_str_has_suffix(point->name, "_dev_gone"))
        return false;           /* the mix needs its devices */
    return !below(&fault_rng, 5);
}

static void test_failing_allocations(void **state)
{
    const struct fault_hook hook = { .strikes = fail_sometimes };
    struct lab *lab = *state;
    struct rng r;

    rng_init(&r, 2);
    rng_init(&fault_rng, 3);
    lab->sim->env.fault = &hook;
    for (unsigned i = 0; i < N_ROUNDS; i++)
        one_round(lab, &r);
    lab->sim->env.fault = NULL;
}

/* A handler that answers misses: upcalls queued are counted as such. */
static void test_upcalls(void **state)
{
    struct lab *lab = *state;
    const struct dp_account *a = dp_world_account(lab->sim->dp);
    struct rng r;

    rng_init(&r, 4);
    lab_do(lab, "upcall br0 normal");
    for (unsigned i = 0; i < N_ROUNDS; i++)
        one_round(lab, &r);
    assert_true(a->n_upcall > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_random_mix, open_network, lab_close),
        cmocka_unit_test_setup_teardown(test_failing_allocations, open_network, lab_close),
        cmocka_unit_test_setup_teardown(test_upcalls, open_network, lab_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
