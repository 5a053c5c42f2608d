/* test_flow_cmd.c - the flow family through netlink: which request gets which answer.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"
#include "tests/sim_tools.h"

#define NEW OVS_FLOW_CMD_NEW
#define DEL OVS_FLOW_CMD_DEL
#define GET OVS_FLOW_CMD_GET
#define SET OVS_FLOW_CMD_SET
#define CREATE NLM_F_CREATE

#define IP "in_port(1),eth(),eth_type(0x0800),ipv4(dst=10.0.0.1,proto=17,frag=no),udp(src=1,dst=2)"
#define IP_WIDE "in_port(1),eth(),eth_type(0x0800),ipv4(dst=10.0.0.1/255.0.0.0,proto=17,frag=no),udp(src=1/0,dst=2/0)"
#define IP_OTHER "in_port(1),eth(),eth_type(0x0800),ipv4(dst=10.0.0.2/255.0.0.0,proto=17,frag=no),udp(src=1/0,dst=2/0)"
#define IP_FAR "in_port(1),eth(),eth_type(0x0800),ipv4(dst=11.0.0.1/255.0.0.0,proto=17,frag=no),udp(src=1/0,dst=2/0)"
#define ARP "in_port(1),eth(),eth_type(0x0806),arp()"
#define P1_UDP "0200000000020200000000010800450000200000400040110000010203040a00000100010002000c000061626364"

static const char ufid_a[] = "aaaaaaaaaaaaaaaa", ufid_b[] = "bbbbbbbbbbbbbbbb";

/* Gets a flow by text and compares its actions. */
static void assert_flow_acts(struct lab *lab, struct flow_text what, const char *acts)
{
    assert_int_equal(lab_flow(lab, GET, 0, what), 0);
    assert_acts(lab_answer(lab), acts);
}

static void assert_counts(const struct lab *lab, uint32_t n_flows, uint32_t n_masks)
{
    assert_int_equal(lab_dp(lab)->table.n_flows, n_flows);
    assert_int_equal(lab_dp(lab)->table.masks->len, n_masks);
}

/* ---- NEW (catalogue 06.2) -------------------------------------------------------------------- */

static void test_create_or_modify(void **state)
{
    struct lab *lab = *state;

    assert_int_equal(lab_flow(lab, NEW, 0, FLOW(.key = IP, .acts = "1")), 0);
    assert_int_equal(lab->answers->len, 0);             /* success is silent */
    lab_do(lab, "send p1 " P1_UDP);
    assert_int_equal(lab_flow(lab, NEW, CREATE, FLOW(.key = IP, .acts = "2")), -EEXIST);
    assert_int_equal(lab_flow(lab, NEW, NLM_F_EXCL, FLOW(.key = IP, .acts = "2")), -EEXIST);
    assert_flow_acts(lab, FLOW(.key = IP), "1");
    assert_int_equal(lab_flow(lab, NEW, 0, FLOW(.key = IP, .acts = "2")), 0);
    assert_flow_acts(lab, FLOW(.key = IP), "2");
    assert_int_equal(flow_packets(lab_answer(lab)), 1);     /* statistics stay */
    assert_counts(lab, 1, 1);
}

static void test_same_key_other_mask(void **state)
{
    struct lab *lab = *state;

    assert_int_equal(lab_flow(lab, NEW, CREATE, FLOW(.key = IP, .acts = "1")), 0);
    assert_int_equal(lab_flow(lab, NEW, CREATE, FLOW(.key = IP_WIDE, .acts = "2")), -EEXIST);
    assert_int_equal(lab_flow(lab, NEW, 0, FLOW(.key = IP_WIDE, .acts = "2")), 0);
    assert_counts(lab, 1, 1);                           /* the new mask is ignored */
    assert_flow_acts(lab, FLOW(.key = IP), "2");
}

static void test_covered_by_wider(void **state)
{
    struct lab *lab = *state;

    assert_int_equal(lab_flow(lab, NEW, CREATE, FLOW(.key = IP_OTHER, .acts = "1")), 0);
    assert_int_equal(lab_flow(lab, NEW, CREATE, FLOW(.key = IP, .acts = "2")), -EEXIST);
    assert_int_equal(lab_flow(lab, NEW, 0, FLOW(.key = IP, .acts = "2")), -ENOENT);
    /* Equal under the mask, but not as sent: refused the same way. */
    assert_int_equal(lab_flow(lab, NEW, CREATE, FLOW(.key = IP_WIDE, .acts = "2")), -EEXIST);
    assert_int_equal(lab_flow(lab, NEW, 0, FLOW(.key = IP_WIDE, .acts = "2")), -ENOENT);
    assert_counts(lab, 1, 1);
    /* A packet is in the flow, but its key does not name it. */
    assert_int_equal(lab_flow(lab, GET, 0, FLOW(.key = IP)), -ENOENT);
    assert_int_equal(lab_flow(lab, DEL, 0, FLOW(.key = IP)), -ENOENT);
}

static void test_may_cover_others(void **state)
{
    struct lab *lab = *state;

    assert_int_equal(lab_flow(lab, NEW, CREATE, FLOW(.key = IP, .acts = "1")), 0);
    assert_int_equal(lab_flow(lab, NEW, CREATE, FLOW(.key = IP_OTHER, .acts = "2")), 0);
    assert_counts(lab, 2, 2);
    /* The narrow flow's mask is first: it keeps its packets. */
    lab_do(lab, "send p1 " P1_UDP);
    assert_flow_acts(lab, FLOW(.key = IP), "1");
    assert_int_equal(flow_packets(lab_answer(lab)), 1);
}

/* The wider flow's mask is first and finds that one; the flow meant is found by its exact key. */
static void test_modify_behind_wider(void **state)
{
    struct lab *lab = *state;

    assert_int_equal(lab_flow(lab, NEW, CREATE, FLOW(.key = IP_FAR, .acts = "1")), 0);
    assert_int_equal(lab_flow(lab, NEW, CREATE, FLOW(.key = IP, .acts = "1")), 0);
    assert_int_equal(lab_flow(lab, NEW, CREATE, FLOW(.key = IP_OTHER, .acts = "1")), 0);
    assert_counts(lab, 3, 2);
    assert_int_equal(lab_flow(lab, NEW, 0, FLOW(.key = IP, .acts = "2")), 0);
    assert_flow_acts(lab, FLOW(.key = IP), "2");
    assert_flow_acts(lab, FLOW(.key = IP_OTHER), "1");
}

static void test_802_2_blocks(void **state)
{
    struct lab *lab = *state;
    const char *llc = "eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02)";
    const char *ip = "eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02),eth_type(0x0800),"
                     "ipv4(proto=2,frag=no)";

    assert_int_equal(lab_flow(lab, NEW, CREATE, FLOW(.key = llc, .has_no_mask = true, .acts = "1")),
                     0);
    assert_int_equal(lab_flow(lab, NEW, CREATE, FLOW(.key = ip, .acts = "1")), -EEXIST);
}

static void test_refusals(void **state)
{
    struct lab *lab = *state;
    int there = lab->dp_ifindex;

    assert_int_equal(lab_flow(lab, NEW, CREATE, FLOW(.acts = "1")), -EINVAL);
    assert_int_equal(lab_flow(lab, NEW, CREATE, FLOW(.key = IP)), -EINVAL);
    assert_int_equal(lab_flow(lab, GET, 0, FLOW(.acts = "1")), -EINVAL);
    lab->dp_ifindex = 999;
    assert_int_equal(lab_flow(lab, NEW, CREATE, FLOW(.key = IP, .acts = "1")), -ENODEV);
    assert_int_equal(lab_flow(lab, SET, 0, FLOW(.key = IP, .acts = "1")), -ENODEV);
    assert_int_equal(lab_flow(lab, GET, 0, FLOW(.key = IP)), -ENODEV);
    assert_int_equal(lab_flow(lab, DEL, 0, FLOW(.key = IP)), -ENODEV);
    assert_int_equal(lab_flow(lab, DEL, 0, FLOW(.key = NULL)), -ENODEV);
    /* What is wrong with the request itself is said first. */
    assert_int_equal(lab_flow(lab, NEW, CREATE, FLOW(.key = IP, .acts = "trunc(13)")), -EINVAL);
    assert_int_equal(lab_flow(lab, GET, NLM_F_DUMP, FLOW(.key = NULL)), -ENODEV);
    assert_int_equal(lab_flow(lab, 9, 0, FLOW(.key = NULL)), -EOPNOTSUPP);
    /* Any internal device means its datapath. */
    lab_do(lab, "port br0 i0 type=internal");
    lab->dp_ifindex = device_by_name(lab->ns, "i0")->dev.ifindex;
    assert_int_equal(lab_flow(lab, NEW, CREATE, FLOW(.key = IP, .acts = "1")), 0);
    lab->dp_ifindex = there;
    assert_flow_acts(lab, FLOW(.key = IP), "1");
}

/* ---- UFID (catalogue 06.1, 06.2) ------------------------------------------------------------- */

static void test_ufid_identifies(void **state)
{
    struct lab *lab = *state;
    struct flow_text a = FLOW(.key = IP, .acts = "1", .ufid = ufid_a, .ufid_len = 16);
    struct flow_text a_arp = FLOW(.key = ARP, .acts = "2", .ufid = ufid_a, .ufid_len = 16);
    struct flow_text b = FLOW(.key = IP, .acts = "2", .ufid = ufid_b, .ufid_len = 16);

    assert_int_equal(lab_flow(lab, NEW, CREATE, a), 0);
    assert_int_equal(lab_flow(lab, NEW, CREATE, a_arp), -EEXIST);   /* equal UFID, other key */
    assert_int_equal(lab_flow(lab, NEW, 0, a_arp), -ENOENT);
    assert_int_equal(lab_flow(lab, NEW, CREATE, b), -EEXIST);       /* new UFID, covered key */
    assert_int_equal(lab_flow(lab, NEW, 0, b), 0);                  /* ... is the same flow */
    assert_flow_acts(lab, FLOW(.ufid = ufid_a, .ufid_len = 16), "2");
    assert_int_equal(lab_flow(lab, GET, 0, FLOW(.ufid = ufid_b, .ufid_len = 16)), -ENOENT);
    assert_int_equal(lab_flow(lab, GET, 0, FLOW(.key = IP)), -ENOENT);  /* never by key */
    assert_int_equal(lab_flow(lab, DEL, 0, FLOW(.key = IP)), -ENOENT);
    assert_counts(lab, 1, 1);
}

static void test_ufid_wins_over_key(void **state)
{
    struct lab *lab = *state;
    struct flow_text get = FLOW(.key = ARP, .ufid = ufid_a, .ufid_len = 16);

    assert_int_equal(lab_flow(lab, NEW, CREATE,
                              FLOW(.key = IP, .acts = "1", .ufid = ufid_a, .ufid_len = 16)), 0);
    assert_flow_acts(lab, get, "1");
    get.key = "in_port(1),eth()";
    assert_flow_acts(lab, get, "1");
    get.key = "in_port(1)";                             /* is parsed all the same */
    assert_int_equal(lab_flow(lab, GET, 0, get), -EINVAL);
    assert_int_equal(lab_flow(lab, DEL, 0, get), -EINVAL);
    get.key = NULL;
    assert_int_equal(lab_flow(lab, DEL, 0, get), 0);
    assert_counts(lab, 0, 0);
}

static void test_ufid_lengths(void **state)
{
    struct lab *lab = *state;
    struct flow_text f = FLOW(.key = IP, .acts = "1", .ufid = "0123456789abcdef", .ufid_len = 17);

    assert_int_equal(lab_flow(lab, NEW, CREATE, f), 0);             /* counts as absent */
    assert_flow_acts(lab, FLOW(.key = IP), "1");
    assert_string_equal(attr_types(lab_answer(lab)), "1 7 2");
    f.key = ARP;
    f.ufid_len = 1;
    assert_int_equal(lab_flow(lab, NEW, CREATE, f), 0);
    assert_int_equal(lab_flow(lab, GET, 0, FLOW(.ufid = "0", .ufid_len = 2)), -ENOENT);
    assert_flow_acts(lab, FLOW(.ufid = "0", .ufid_len = 1), "1");
    f.ufid_len = 0;
    assert_int_equal(lab_flow(lab, NEW, CREATE, f), -ERANGE);
    assert_counts(lab, 2, 2);
    f = FLOW(.ufid = "0123456789abcdef", .ufid_len = 17);
    assert_int_equal(lab_flow(lab, GET, 0, f), -EINVAL);
    assert_int_equal(lab_flow(lab, DEL, 0, f), 0);                  /* flushes */
    assert_counts(lab, 0, 0);
}

static void test_ufid_flags(void **state)
{
    static const struct {
        uint32_t flags;
        const char *with_ufid, *without;
    } rows[] = {
        {0, "9 1 7 5 3 2", "1 7 5 3 2"},
        {1, "9 7 5 3 2", "1 7 5 3 2"},              /* a key-identified flow shows its key */
        {2, "9 1 5 3 2", "1 5 3 2"},
        {4, "9 1 7 5 3", "1 7 5 3"},
        {7, "9 5 3", "1 5 3"},
        {0x18, "9 1 7 5 3 2", "1 7 5 3 2"},         /* unknown bits */
    };
    struct lab *lab = *state;

    for (int by_key = 0; by_key < 2; by_key++) {
        struct flow_text f = FLOW(.key = IP, .acts = "1", .ufid = by_key ? NULL : ufid_a,
                                  .ufid_len = 16);

        assert_int_equal(lab_flow(lab, NEW, CREATE, f), 0);
        lab_do(lab, "send p1 " P1_UDP);
        f.acts = NULL;
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
            const char *text = by_key ? rows[i].without : rows[i].with_ufid;

            f.ufid_flags = rows[i].flags;
            assert_int_equal(lab_flow(lab, GET, 0, f), 0);
            assert_string_equal(attr_types(lab_answer(lab)), text);
            assert_int_equal(lab_flow(lab, GET, NLM_F_DUMP, f), 0);
            assert_string_equal(attr_types(lab_answer(lab)), text);
        }
        assert_int_equal(lab_flow(lab, DEL, 0, FLOW(.key = NULL)), 0);
    }
}

/* With a UFID the masked key is shown, without one the key as it was sent. */
static void test_which_key_is_shown(void **state)
{
    struct lab *lab = *state;
    const struct nlattr *key, *ip;

    for (int by_key = 0; by_key < 2; by_key++) {
        struct flow_text f = FLOW(.key = IP_OTHER, .acts = "1", .ufid = by_key ? NULL : ufid_a,
                                  .ufid_len = 16);

        assert_int_equal(lab_flow(lab, NEW, CREATE, f), 0);
        assert_int_equal(lab_flow(lab, GET, 0, f), 0);
        key = local_attr(lab_answer(lab), OVS_FLOW_ATTR_KEY);
        ip = attr_find(mnl_attr_get_payload(key), mnl_attr_get_payload_len(key), OVS_KEY_ATTR_IPV4);
        assert_int_equal(be32_get((const uint8_t *)mnl_attr_get_payload(ip) + 4),
                         by_key ? 0x0a000002 : 0x0a000000);
        assert_int_equal(lab_flow(lab, DEL, 0, FLOW(.key = NULL)), 0);
    }
}

/* ---- SET, statistics (catalogue 06.3, 06.5) -------------------------------------------------- */

static void test_set(void **state)
{
    struct lab *lab = *state;

    assert_int_equal(lab_flow(lab, NEW, CREATE, FLOW(.key = IP, .acts = "1")), 0);
    assert_int_equal(lab_flow(lab, SET, 0, FLOW(.acts = "2")), -EINVAL);
    assert_int_equal(lab_flow(lab, SET, 0, FLOW(.acts = "2", .ufid = ufid_a, .ufid_len = 16)),
                     -EINVAL);
    assert_int_equal(lab_flow(lab, SET, 0, FLOW(.ufid = ufid_a, .ufid_len = 16)), -ENOENT);
    assert_int_equal(lab_flow(lab, SET, CREATE, FLOW(.key = ARP, .acts = "2")), -ENOENT);
    assert_int_equal(lab_flow(lab, SET, 0, FLOW(.key = IP)), 0);
    assert_flow_acts(lab, FLOW(.key = IP), "1");        /* no ACTIONS: they stay */
    assert_int_equal(lab_flow(lab, SET, 0, FLOW(.key = IP, .acts = "drop")), 0);
    assert_flow_acts(lab, FLOW(.key = IP), "drop");
    assert_counts(lab, 1, 1);
}

static void test_clear(void **state)
{
    struct lab *lab = *state;

    assert_int_equal(lab_flow(lab, NEW, CREATE, FLOW(.key = IP, .acts = "2")), 0);
    lab_do(lab, "send p1 " P1_UDP);
    /* The answer is made before the clearing. */
    assert_int_equal(lab_flow(lab, SET, NLM_F_ECHO, FLOW(.key = IP, .clear = true)), 0);
    assert_int_equal(genl_cmd(lab_answer(lab)), SET);
    assert_int_equal(flow_packets(lab_answer(lab)), 1);
    assert_int_equal(lab_flow(lab, GET, 0, FLOW(.key = IP)), 0);
    assert_string_equal(attr_types(lab_answer(lab)), "1 7 2");
}

static void test_statistics(void **state)
{
    struct lab *lab = *state;
    const struct nlmsghdr *msg;
    const char *tcp = "in_port(1),eth(),eth_type(0x0800),ipv4(proto=6,frag=no),tcp(),"
                      "tcp_flags(0/0)";
    uint64_t used;

    assert_int_equal(lab_flow(lab, NEW, CREATE, FLOW(.key = tcp, .acts = "2")), 0);
    lab_do(lab, "+3ms send p1 0200000000020200000000010800450000280000400040060000010203040a000001"
                "0001000200000000000000005002000000000000");
    lab_do(lab, "+4ms send p1 0200000000020200000000010800450000280000400040060000010203040a000001"
                "0001000200000000000000005010000000000000");
    lab_do(lab, "advance 1s");
    assert_int_equal(lab_flow(lab, GET, 0, FLOW(.key = tcp)), 0);
    msg = lab_answer(lab);
    assert_string_equal(attr_types(msg), "1 7 5 3 4 2");
    assert_int_equal(flow_packets(msg), 2);
    assert_int_equal(mnl_attr_get_u8(local_attr(msg, OVS_FLOW_ATTR_TCP_FLAGS)), 0x12);
    /* Sent at 7 ms, in the jiffy of 4 ms; now is 1007 ms, idle 1004 - 4 ms. */
    used = mnl_attr_get_u64(local_attr(msg, OVS_FLOW_ATTR_USED));
    assert_int_equal(used, SIM_START_NS / 1000000 + 7);
}

/* ---- notifications (catalogue 01.8, 06) ------------------------------------------------------ */

static void test_notifications(void **state)
{
    struct lab *lab = *state;
    struct local other;
    struct dgram *d;
    uint32_t group = netlink_group_id(lab->sim->nl, &dp_flow_family);
    static const uint8_t cmds[] = {NEW, NEW, SET, DEL};

    local_init(&other, lab->ns);
    assert_int_equal(sock_join(other.sock, group), 0);
    assert_int_equal(lab_flow(lab, NEW, CREATE, FLOW(.key = IP, .acts = "1")), 0);
    assert_int_equal(lab_flow(lab, NEW, 0, FLOW(.key = IP, .acts = "2")), 0);
    assert_int_equal(lab_flow(lab, SET, 0, FLOW(.key = IP, .acts = "2,1")), 0);
    assert_int_equal(lab_flow(lab, DEL, 0, FLOW(.key = IP, .ufid_flags = 4)), 0);
    assert_int_equal(lab_flow(lab, NEW, 0, FLOW(.acts = "2")), -EINVAL);
    for (size_t i = 0; i < G_N_ELEMENTS(cmds); i++) {
        d = take(other.sock);
        assert_int_equal(genl_cmd(dgram_msg(d)), cmds[i]);
        assert_int_equal(local_dp_ifindex(dgram_msg(d)), lab->dp_ifindex);
        assert_int_equal(dgram_msg(d)->nlmsg_pid, lab->client.sock->portid);
        assert_string_equal(attr_types(dgram_msg(d)), cmds[i] == DEL ? "1 7" : "1 7 2");
        g_free(d);
    }
    assert_int_equal(lab_flow(lab, DEL, 0, FLOW(.key = NULL)), 0);  /* a flush tells nobody */
    take_none(other.sock);
    local_done(&other);
}

static void test_echo(void **state)
{
    struct lab *lab = *state;
    struct local other;
    uint32_t group = netlink_group_id(lab->sim->nl, &dp_flow_family);

    local_init(&other, lab->ns);
    assert_int_equal(sock_join(other.sock, group), 0);
    assert_int_equal(lab_flow(lab, NEW, CREATE | NLM_F_ECHO, FLOW(.key = IP, .acts = "1")), 0);
    assert_int_equal(genl_cmd(lab_answer(lab)), NEW);
    assert_int_equal(lab_answer(lab)->nlmsg_seq, lab->client.seq);
    g_free(take(other.sock));
    take_none(other.sock);
    /* A requester that is a member itself gets one copy. */
    assert_int_equal(sock_join(lab->client.sock, group), 0);
    assert_int_equal(lab_flow(lab, DEL, NLM_F_ECHO, FLOW(.key = IP)), 0);
    assert_int_equal(genl_cmd(lab_answer(lab)), DEL);
    g_free(take(other.sock));
    local_done(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LAB_TEST(test_create_or_modify),
        LAB_TEST(test_same_key_other_mask),
        LAB_TEST(test_covered_by_wider),
        LAB_TEST(test_may_cover_others),
        LAB_TEST(test_modify_behind_wider),
        LAB_TEST(test_802_2_blocks),
        LAB_TEST(test_refusals),
        LAB_TEST(test_ufid_identifies),
        LAB_TEST(test_ufid_wins_over_key),
        LAB_TEST(test_ufid_lengths),
        LAB_TEST(test_ufid_flags),
        LAB_TEST(test_which_key_is_shown),
        LAB_TEST(test_set),
        LAB_TEST(test_clear),
        LAB_TEST(test_statistics),
        LAB_TEST(test_notifications),
        LAB_TEST(test_echo),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
