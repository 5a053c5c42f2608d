/* test_packet_cmd.c - EXECUTE and the upcalls it makes, through netlink. Catalogue 08.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/packet_tools.h"
#include "tests/sim_tools.h"

#define UDP ADDRS "0800" "45000020000040004011000001020304" "0a000001" "00010002000c0000" "61626364"
#define ARP ADDRS "0806" "0001080006040001" "0200000000010a000001" "0000000000000a000002"
#define IN_P1 "3:01000000"

/* ---- requests -------------------------------------------------------------------------------- */

/* 'key' is a list "TYPE:HEX TYPE:HEX". */
static void put_key_hex(GByteArray *out, const char *key)
{
    g_auto(GStrv) attrs = g_strsplit(key, " ", 0);
    size_t nest = attr_nest_begin(out, OVS_PACKET_ATTR_KEY);
    uint8_t bytes[64];

    for (char **a = attrs; *a && **a; a++) {
        const char *hex = strchr(*a, ':');

        assert_non_null(hex);
        attr_put(out, (uint16_t)g_ascii_strtoull(*a, NULL, 10), bytes,
                 hex_bytes(hex + 1, bytes, sizeof(bytes)));
    }
    attr_nest_end(out, nest);
}

/* Begins an EXECUTE; what is NULL is left out. */
static void put_execute(struct lab *lab, uint16_t flags, const char *packet, const char *key,
                        const char *acts)
{
    uint8_t bytes[2048];

    lab_begin(lab, OVS_PACKET_FAMILY, OVS_PACKET_CMD_EXECUTE, flags);
    if (packet)
        attr_put(lab->request, OVS_PACKET_ATTR_PACKET, bytes,
                 hex_bytes(packet, bytes, sizeof(bytes)));
    if (key)
        put_key_hex(lab->request, key);
    if (acts)
        put_acts_text(lab->request, OVS_PACKET_ATTR_ACTIONS, acts);
}

static int execute(struct lab *lab, const char *packet, const char *key, const char *acts)
{
    put_execute(lab, 0, packet, key, acts);
    return lab_call(lab);
}

/* Misses of a port go to a socket, 0: to nobody. */
static void set_pid(struct lab *lab, uint32_t port_no, uint32_t pid)
{
    lab_begin(lab, OVS_VPORT_FAMILY, OVS_VPORT_CMD_SET, 0);
    attr_put(lab->request, OVS_VPORT_ATTR_PORT_NO, &port_no, sizeof(port_no));
    attr_put(lab->request, OVS_VPORT_ATTR_UPCALL_PID, &pid, sizeof(pid));
    assert_int_equal(lab_call(lab), 0);
}

static int set_features(struct lab *lab, uint32_t features, const uint32_t *pids, size_t n_pids)
{
    lab_begin(lab, OVS_DATAPATH_FAMILY, OVS_DP_CMD_SET, 0);
    attr_put(lab->request, OVS_DP_ATTR_USER_FEATURES, &features, sizeof(features));
    if (pids)
        attr_put(lab->request, OVS_DP_ATTR_PER_CPU_PIDS, pids, n_pids * sizeof(*pids));
    return lab_call(lab);
}

/* "userspace(pid=N...)" for the lab's client. */
static char *to_client(const struct lab *lab, const char *format)
{
    g_auto(GStrv) parts = g_strsplit(format, "%u", 2);

    return g_strdup_printf("%s%u%s", parts[0], lab->client.sock->portid, parts[1]);
}

/* ---- what is refused (08.5) ------------------------------------------------------------------ */

static void test_refusals(void **state)
{
    static const struct {
        const char *packet, *key, *acts;
        int error;
    } rows[] = {
        {"02000000000202000000000108", IN_P1, "1", -ERANGE},      /* 13 bytes */
        {NULL, IN_P1, "1", -EINVAL},
        {UDP, NULL, "1", -EINVAL},
        {UDP, IN_P1, NULL, -EINVAL},
        {UDP, IN_P1 " " IN_P1, "1", -EINVAL},                     /* twice */
        {UDP, "3:010000", "1", -EINVAL},                          /* length */
        {UDP, "33:01000000", "1", -EINVAL},                       /* range */
        {UDP, "29:01000000", "1", -EINVAL},                       /* never supported */
        {UDP, "3:ffff0000", "1", -EINVAL},                        /* no such IN_PORT */
        {UDP, "22:00010000", "1", -EINVAL},                       /* ct_state above 0xff */
        {UDP, "16:", "1", -EINVAL},                               /* tunnel without dst */
        {ARP, "26:01020304050607080001000211000000", "1", -EINVAL},
        {UDP, "27:0102030405060708010203040506070801020304050607080102030405060708000100021100"
               "0000", "1", -EINVAL},
        {"45000020000040004011000001020304", "6:8100", "1", -EINVAL},     /* VLAN type on L3 */
        {"45000020000040004011000001020304", "6:0500", "1", -EINVAL},
        {UDP, IN_P1, "set(tcp(src=1))", -EINVAL},                 /* not in this packet */
        {UDP, IN_P1, "trunc(13)", -EINVAL},
        {UDP, IN_P1, "pop_eth", 0},
        {UDP, IN_P1, "set(udp(src=1))", 0},
        {UDP, IN_P1, "drop", 0},
        {UDP, "", "drop", 0},
        {UDP, "26:01020304050607080001000211000000", "drop", 0},
        {UDP, "4:0000", "drop", -EINVAL},
    };
    struct lab *lab = *state;

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (execute(lab, rows[i].packet, rows[i].key, rows[i].acts) != rows[i].error)
            fail_msg("row %zu: %s instead of %s: %s", i, err_name(lab->e.code),
                     err_name(rows[i].error), lab->e.text);
        assert_int_equal(lab->answers->len, 0);
    }
    lab->dp_ifindex = 999;
    assert_int_equal(execute(lab, UDP, IN_P1, "1"), -ENODEV);
    assert_int_equal(execute(lab, UDP, IN_P1, "trunc(13)"), -EINVAL);     /* first */
    assert_int_equal(execute(lab, UDP, "29:00", "1"), -EINVAL);
}

static void test_success_is_silent(void **state)
{
    struct lab *lab = *state;
    const struct dp_account *a = dp_world_account(lab->sim->dp);

    assert_int_equal(execute(lab, UDP, IN_P1, "2"), 0);
    assert_int_equal(lab->answers->len, 0);
    assert_int_equal(device_by_name(lab->ns, "p2")->n_tx, 1);
    assert_int_equal(execute(lab, UDP, IN_P1, "drop"), 0);
    assert_int_equal(a->n_born, 2);
    assert_int_equal(a->n_drop[DROP_LAST_ACTION], 1);
    assert_int_equal(lab_dp(lab)->stats.n_hit + lab_dp(lab)->stats.n_missed, 0);
}

/* What the list does is done before the ACK is queued. */
static void test_ack_comes_last(void **state)
{
    struct lab *lab = *state;
    g_autofree char *acts = to_client(lab, "userspace(pid=%u),2");
    struct dgram *d;

    put_execute(lab, NLM_F_ACK, UDP, IN_P1, acts);
    local_end(lab->request, 0);
    assert_true(sock_send(lab->client.sock, lab->request->data, lab->request->len) > 0);
    d = take(lab->client.sock);
    assert_int_equal(genl_cmd(dgram_msg(d)), OVS_PACKET_CMD_ACTION);
    g_free(d);
    d = take(lab->client.sock);
    assert_int_equal(dgram_msg(d)->nlmsg_type, NLMSG_ERROR);
    g_free(d);
    take_none(lab->client.sock);
}

/* ---- what an upcall holds (08.1) ------------------------------------------------------------- */

static void test_full_action(void **state)
{
    struct lab *lab = *state;
    g_autofree char *acts = to_client(lab, "trunc(20),userspace(pid=%u,userdata(c0ffee),actions),2");
    g_autofree char *shown = NULL;
    const struct nlmsghdr *msg;
    const struct nlattr *a;
    uint64_t hash = 0x312345678;
    uint16_t mru = 1400;

    put_execute(lab, 0, UDP, IN_P1, acts);
    attr_put(lab->request, OVS_PACKET_ATTR_MRU, &mru, sizeof(mru));
    attr_put(lab->request, OVS_PACKET_ATTR_HASH, &hash, sizeof(hash));
    assert_int_equal(lab_call(lab), 0);
    msg = lab_answer(lab);
    assert_string_equal(attr_types(msg), "2 4 3 9 10 11 1");
    assert_int_equal(genl_cmd(msg), OVS_PACKET_CMD_ACTION);
    assert_int_equal(msg->nlmsg_flags, 0);
    assert_int_equal(msg->nlmsg_seq, 0);
    assert_int_equal(msg->nlmsg_pid, 0);
    assert_int_equal(local_dp_ifindex(msg), lab->dp_ifindex);
    a = local_attr(msg, OVS_PACKET_ATTR_USERDATA);
    assert_int_equal(mnl_attr_get_payload_len(a), 3);
    assert_memory_equal(mnl_attr_get_payload(a), "\xc0\xff\xee", 3);
    assert_int_equal(mnl_attr_get_u16(local_attr(msg, OVS_PACKET_ATTR_MRU)), mru);
    assert_int_equal(local_u32(msg, OVS_PACKET_ATTR_LEN, 0), 46);
    assert_int_equal(mnl_attr_get_payload_len(local_attr(msg, OVS_PACKET_ATTR_PACKET)), 20);
    assert_int_equal(mnl_attr_get_u64(local_attr(msg, OVS_PACKET_ATTR_HASH)), hash);
    shown = acts_text(msg, OVS_PACKET_ATTR_ACTIONS);
    assert_string_equal(shown, acts);                   /* the whole list, not only the rest */
}

static void test_plain_action(void **state)
{
    struct lab *lab = *state;
    g_autofree char *acts = to_client(lab, "userspace(pid=%u)");

    assert_int_equal(execute(lab, UDP, IN_P1, acts), 0);
    assert_string_equal(attr_types(lab_answer(lab)), "2 11 1");
    /* A hash that nobody needed is none. */
    assert_int_equal(mnl_attr_get_u64(local_attr(lab_answer(lab), OVS_PACKET_ATTR_HASH)), 0);
    assert_int_equal(dp_world_account(lab->sim->dp)->n_consumed, 1);
}

/* Truncation is used up by the next output or upcall; longer than the packet it cuts nothing. */
static void test_truncation(void **state)
{
    struct lab *lab = *state;
    g_autofree char *twice = to_client(lab, "trunc(20),2,userspace(pid=%u)");
    g_autofree char *longer = to_client(lab, "trunc(46),userspace(pid=%u)");

    assert_int_equal(execute(lab, UDP, IN_P1, twice), 0);
    assert_string_equal(attr_types(lab_answer(lab)), "2 11 1");
    assert_int_equal(device_by_name(lab->ns, "p2")->tx_bytes, 20);
    assert_int_equal(execute(lab, UDP, IN_P1, longer), 0);
    assert_string_equal(attr_types(lab_answer(lab)), "2 11 1");
}

static void test_padding(void **state)
{
    static const char odd[] = ADDRS "88b5" "00000000000000000000000000000000000000000000000000000000"
                                    "0000000000000000000000000000000000ffff";
    struct lab *lab = *state;
    g_autofree char *acts = to_client(lab, "userspace(pid=%u)");
    const struct nlmsghdr *msg;
    const struct nlattr *packet;

    for (int is_unaligned = 0; is_unaligned < 2; is_unaligned++) {
        assert_int_equal(set_features(lab, is_unaligned ? OVS_DP_F_UNALIGNED : 0, NULL, 0), 0);
        assert_int_equal(execute(lab, odd, IN_P1, acts), 0);
        msg = lab_answer(lab);
        packet = local_attr(msg, OVS_PACKET_ATTR_PACKET);
        assert_int_equal(mnl_attr_get_payload_len(packet), 61);
        assert_int_equal(msg->nlmsg_len, is_unaligned ? 213 : 216);     /* catalogue 08.1 */
        if (!is_unaligned)
            assert_memory_equal((const uint8_t *)msg + 213, "\0\0\0", 3);
    }
}

/* The tag that is held in metadata is in the bytes of an upcall. */
static void test_tag(void **state)
{
    static const char tagged[] = ADDRS "8100" "6005" "88b5" "00112233";
    struct lab *lab = *state;
    g_autofree char *acts = to_client(lab, "trunc(18),userspace(pid=%u)");
    uint8_t want[32];
    const struct nlattr *packet;

    (void)hex_bytes(tagged, want, sizeof(want));
    assert_int_equal(execute(lab, tagged, IN_P1, acts), 0);
    packet = local_attr(lab_answer(lab), OVS_PACKET_ATTR_PACKET);
    assert_int_equal(mnl_attr_get_payload_len(packet), 18);
    assert_memory_equal(mnl_attr_get_payload(packet), want, 18);
    assert_int_equal(local_u32(lab_answer(lab), OVS_PACKET_ATTR_LEN, 0), 22);
}

/* ---- misses ---------------------------------------------------------------------------------- */

static uint32_t key_in_port(const struct nlmsghdr *msg, uint32_t otherwise)
{
    const struct nlattr *key = local_attr(msg, OVS_PACKET_ATTR_KEY);
    const struct nlattr *a = attr_find(mnl_attr_get_payload(key), mnl_attr_get_payload_len(key),
                                       OVS_KEY_ATTR_IN_PORT);

    return a ? mnl_attr_get_u32(a) : otherwise;
}

static void test_miss_by_recirculation(void **state)
{
    struct lab *lab = *state;
    const struct nlmsghdr *msg;

    set_pid(lab, 1, lab->client.sock->portid);
    assert_int_equal(execute(lab, UDP, IN_P1, "recirc(0x7)"), 0);
    msg = lab_answer(lab);
    assert_int_equal(genl_cmd(msg), OVS_PACKET_CMD_MISS);
    assert_string_equal(attr_types(msg), "2 11 1");
    assert_int_equal(key_in_port(msg, 0), 1);
    /* A miss has needed a hash: software's, over the ports. */
    assert_int_equal(mnl_attr_get_u64(local_attr(msg, OVS_PACKET_ATTR_HASH)) >> 32, 3);
    assert_int_equal(execute(lab, ARP, IN_P1, "recirc(0x7)"), 0);
    msg = lab_answer(lab);
    assert_int_equal(mnl_attr_get_u64(local_attr(msg, OVS_PACKET_ATTR_HASH)) >> 32, 1);
    assert_int_equal(lab_dp(lab)->stats.n_missed, 2);
    assert_int_equal(lab_dp(lab)->stats.n_lost, 0);
}

/* Without IN_PORT, or with one that does not exist, the local port stands in; the key says
 * what the request said. */
static void test_input_of_execute(void **state)
{
    struct lab *lab = *state;

    set_pid(lab, 0, lab->client.sock->portid);
    assert_int_equal(execute(lab, UDP, "", "recirc(0x7)"), 0);
    assert_int_equal(key_in_port(lab_answer(lab), 4711), 4711);
    assert_int_equal(execute(lab, UDP, "3:63000000", "recirc(0x7)"), 0);
    assert_int_equal(key_in_port(lab_answer(lab), 4711), 99);
    assert_int_equal(execute(lab, UDP, IN_P1, "recirc(0x7)"), 0);
    assert_int_equal(lab->answers->len, 0);             /* p1's misses go nowhere */
    assert_int_equal(lab_dp(lab)->stats.n_lost, 1);
}

static void test_lost(void **state)
{
    struct lab *lab = *state;
    struct dp_stats *stats = &lab_dp(lab)->stats;

    assert_int_equal(execute(lab, UDP, IN_P1, "recirc(0x7)"), 0);     /* pid 0 */
    assert_int_equal(stats->n_missed, 1);
    assert_int_equal(stats->n_lost, 1);
    set_pid(lab, 1, 4711);                                                     /* no such socket */
    assert_int_equal(execute(lab, UDP, IN_P1, "recirc(0x7)"), 0);
    assert_int_equal(stats->n_missed, 2);
    assert_int_equal(stats->n_lost, 2);
    assert_int_equal(execute(lab, UDP, IN_P1, "userspace(pid=4711),2"), 0);
    assert_int_equal(stats->n_missed, 2);
    assert_int_equal(stats->n_lost, 3);
    assert_int_equal(device_by_name(lab->ns, "p2")->n_tx, 1);                  /* goes on */
    assert_int_equal(dp_world_account(lab->sim->dp)->n_drop[DROP_UPCALL], 2);
}

static void test_queue_overflow(void **state)
{
    struct lab *lab = *state;
    struct local slow;
    uint64_t n_sent = 0;
    struct dgram *d;
    int error;

    local_init(&slow, lab->ns);
    assert_int_equal(sock_set_option(slow.sock, SOL_SOCKET, SO_RCVBUF, 4096), 0);
    set_pid(lab, 1, slow.sock->portid);
    while (!lab_dp(lab)->stats.n_lost) {
        assert_true(++n_sent < 100);
        assert_int_equal(execute(lab, UDP, IN_P1, "recirc(0x7)"), 0);
    }
    assert_true(n_sent > 1);
    assert_null(sock_recv(slow.sock, &error));          /* told once, before what is queued */
    assert_int_equal(error, ENOBUFS);
    while ((d = sock_recv(slow.sock, &error))) {
        n_sent--;
        g_free(d);
    }
    assert_int_equal(n_sent, 1);                        /* all but the one that was lost */
    assert_int_equal(execute(lab, UDP, IN_P1, "recirc(0x7)"), 0);
    g_free(take(slow.sock));
    local_done(&slow);
}

/* ---- where upcalls go (08.2) ----------------------------------------------------------------- */

static void test_per_cpu(void **state)
{
    struct lab *lab = *state;
    struct local first, second;
    uint32_t pids[2];

    local_init(&first, lab->ns);
    local_init(&second, lab->ns);
    pids[0] = first.sock->portid;
    pids[1] = second.sock->portid;
    set_pid(lab, 1, second.sock->portid);
    /* The mode without port ids: nobody. */
    assert_int_equal(set_features(lab, OVS_DP_F_DISPATCH_UPCALL_PER_CPU, NULL, 0), 0);
    assert_int_equal(execute(lab, UDP, IN_P1, "recirc(0x7)"), 0);
    assert_int_equal(lab_dp(lab)->stats.n_lost, 1);
    /* Everything runs on CPU 0; the port's and the action's own ids are not used. */
    assert_int_equal(set_features(lab, OVS_DP_F_DISPATCH_UPCALL_PER_CPU, pids, 2), 0);
    assert_int_equal(execute(lab, UDP, IN_P1, "userspace(pid=4294967295),recirc(0x7)"), 0);
    g_free(take(first.sock));
    g_free(take(first.sock));
    take_none(first.sock);
    take_none(second.sock);
    /* Without the mode: by the port. */
    assert_int_equal(set_features(lab, 0, NULL, 0), 0);
    assert_int_equal(execute(lab, UDP, IN_P1, "recirc(0x7)"), 0);
    g_free(take(second.sock));
    take_none(first.sock);
    local_done(&first);
    local_done(&second);
}

/* Several ids of one port share its flows by hash: one flow always goes to the same. */
static void test_port_with_many_pids(void **state)
{
    struct lab *lab = *state;
    uint32_t port_no = 1, pids[4], n_used = 0;
    struct local handlers[G_N_ELEMENTS(pids)];

    for (size_t i = 0; i < G_N_ELEMENTS(pids); i++) {
        local_init(&handlers[i], lab->ns);
        pids[i] = handlers[i].sock->portid;
    }
    assert_int_equal(set_features(lab, OVS_DP_F_VPORT_PIDS, NULL, 0), 0);
    lab_begin(lab, OVS_VPORT_FAMILY, OVS_VPORT_CMD_SET, 0);
    attr_put(lab->request, OVS_VPORT_ATTR_PORT_NO, &port_no, sizeof(port_no));
    attr_put(lab->request, OVS_VPORT_ATTR_UPCALL_PID, pids, sizeof(pids));
    assert_int_equal(lab_call(lab), 0);
    for (int i = 0; i < 5; i++)
        assert_int_equal(execute(lab, UDP, IN_P1, "recirc(0x7)"), 0);
    for (size_t i = 0; i < G_N_ELEMENTS(pids); i++) {
        guint n = g_queue_get_length(&handlers[i].sock->rx);

        assert_true(n == 0 || n == 5);
        n_used += n == 5;
        local_done(&handlers[i]);
    }
    assert_int_equal(n_used, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LAB_TEST(test_refusals),
        LAB_TEST(test_success_is_silent),
        LAB_TEST(test_ack_comes_last),
        LAB_TEST(test_full_action),
        LAB_TEST(test_plain_action),
        LAB_TEST(test_truncation),
        LAB_TEST(test_padding),
        LAB_TEST(test_tag),
        LAB_TEST(test_miss_by_recirculation),
        LAB_TEST(test_input_of_execute),
        LAB_TEST(test_lost),
        LAB_TEST(test_queue_overflow),
        LAB_TEST(test_per_cpu),
        LAB_TEST(test_port_with_many_pids),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
