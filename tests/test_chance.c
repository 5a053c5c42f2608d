/* test_chance.c - order, delay and loss of upcalls and the CPUs of packets: what is asked for, the same for the same
 * seed, each apart from the others, and every upcall counted.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim_tools.h"

#include "sim/chance.h"

#define MS UINT64_C(1000000)

/* Misses of p1 go to a socket of ours, which tells them apart by the last byte of the frame. */
static struct sock *listen_to_p1(struct lab *lab)
{
    struct sock *s = sock_open(lab->ns->net, NETLINK_GENERIC);
    uint32_t port_no = 1;

    assert_int_equal(sock_bind(s, 0), 0);
    lab_begin(lab, OVS_VPORT_FAMILY, OVS_VPORT_CMD_SET, 0);
    attr_put(lab->request, OVS_VPORT_ATTR_PORT_NO, &port_no, sizeof(port_no));
    attr_put(lab->request, OVS_VPORT_ATTR_UPCALL_PID, &s->portid, sizeof(s->portid));
    assert_int_equal(lab_call(lab), 0);
    return s;
}

/* A frame from the wire, at this time. */
static void feed(struct lab *lab, uint8_t id)
{
    uint8_t frame[60] = { 0x02, 0, 0, 0, 0, 2, 0x02, 0, 0, 0, 0, 1, 0x88, 0xb5 };

    frame[sizeof(frame) - 1] = id;
    chance_receive(device_by_name(lab->ns, "p1"), frame, sizeof(frame));
}

static uint8_t id_of(const struct dgram *d)
{
    const struct nlattr *packet = local_attr(dgram_msg(d), OVS_PACKET_ATTR_PACKET);
    const uint8_t *bytes = mnl_attr_get_payload(packet);

    return bytes[mnl_attr_get_payload_len(packet) - 1];
}

/* The ids of what has arrived, as "1 2 3"; valid until the next call. */
static const char *arrived(struct sock *s)
{
    static char text[1024];
    struct dgram *d;
    int error, n = 0;

    text[0] = '\0';
    while ((d = sock_recv(s, &error)) || error) {
        n += g_snprintf(text + n, sizeof(text) - (size_t)n, "%s%d", n ? " " : "", d ? id_of(d) : -error);
        g_free(d);
    }
    return text;
}

static const char *three(struct lab *lab, struct sock *s)
{
    for (uint8_t id = 1; id <= 3; id++)
        feed(lab, id);
    sim_settle(lab->sim);
    return arrived(s);
}

static void assert_account(const struct lab *lab)
{
    const struct dp_account *a = dp_world_account(lab->sim->dp);

    assert_int_equal(a->n_born, dp_account_ends(a));
}

static void test_order(void **state)
{
    struct lab *lab = *state;
    struct sock *s = listen_to_p1(lab);

    assert_null(lab->sim->env.upcall);
    assert_string_equal(three(lab, s), "1 2 3");
    lab_do(lab, "upcall-order reverse");
    assert_string_equal(three(lab, s), "3 2 1");
    lab_do(lab, "upcall-order fifo");
    assert_null(lab->sim->env.upcall);
    assert_string_equal(three(lab, s), "1 2 3");
    sock_close(s);
}

static void test_seeded_order(void **state)
{
    struct lab *lab = *state;
    struct sock *s = listen_to_p1(lab);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autofree char *of_7 = NULL;
    uint64_t draws = lab->sim->rng.state;

    lab_do(lab, "upcall-order seed");
    for (unsigned i = 0; i < 100; i++)
        g_hash_table_add(seen, g_strdup(three(lab, s)));
    assert_int_equal(g_hash_table_size(seen), 6);       /* each way to order three */
    assert_int_equal(lab->sim->rng.state, draws);
    lab_do(lab, "seed 7");
    of_7 = g_strdup(three(lab, s));
    for (unsigned i = 0; i < 10; i++) {
        lab_do(lab, "seed 7");
        assert_string_equal(three(lab, s), of_7);
    }
    sock_close(s);
}

static void test_delay(void **state)
{
    struct lab *lab = *state;
    struct sock *s = listen_to_p1(lab);

    lab_do(lab, "upcall-delay 2ms");
    feed(lab, 1);
    lab_do(lab, "advance 1ms");
    feed(lab, 2);
    lab_do(lab, "advance 999999ns");
    assert_string_equal(arrived(s), "");
    lab_do(lab, "advance 1ns");
    assert_string_equal(arrived(s), "1");
    lab_do(lab, "upcall-delay 0");      /* not for what is on its way */
    feed(lab, 3);
    assert_string_equal(arrived(s), "3");
    lab_do(lab, "advance 1ms");
    assert_string_equal(arrived(s), "2");
    sock_close(s);
}

static void test_delay_and_order(void **state)
{
    struct lab *lab = *state;
    struct sock *s = listen_to_p1(lab);

    lab_do(lab, "upcall-delay 2ms");
    lab_do(lab, "upcall-order reverse");
    assert_string_equal(three(lab, s), "");
    lab_do(lab, "advance 1ms");
    assert_string_equal(three(lab, s), "");
    lab_do(lab, "advance 10ms");
    assert_string_equal(arrived(s), "3 2 1 3 2 1");
    sock_close(s);
}

#define N_SEEN 50

/* When each of N_SEEN upcalls has arrived, 0: it has not. */
static void arrivals(struct lab *lab, struct sock *s, uint64_t at_us[N_SEEN])
{
    uint64_t start = lab->sim->clock.now_ns;
    struct dgram *d;
    int error;

    memset(at_us, 0, N_SEEN * sizeof(*at_us));
    lab_do(lab, "seed 3");
    for (uint8_t id = 0; id < N_SEEN; id++)
        feed(lab, id);
    for (unsigned us = 0; us < 6000; us++) {
        while ((d = sock_recv(s, &error)) || error) {
            if (d)
                at_us[id_of(d)] = (lab->sim->clock.now_ns - start) / 1000;
            g_free(d);
        }
        lab_do(lab, "advance 1us");
    }
}

/* One that another option loses takes no other's delay. */
static void test_streams_are_apart(void **state)
{
    struct lab *lab = *state;
    struct sock *s = listen_to_p1(lab);
    uint64_t all[N_SEEN], some[N_SEEN];
    unsigned n_lost = 0, n_early = 0;

    lab_do(lab, "upcall-delay 1ms..5ms");
    arrivals(lab, s, all);
    lab_do(lab, "upcall-loss 40%; upcall-order seed; rx-cpu seed");
    arrivals(lab, s, some);
    for (unsigned i = 0; i < N_SEEN; i++) {
        assert_in_range(all[i], 1000, 5001);
        n_early += all[i] < 3000;
        n_lost += !some[i];
        assert_true(!some[i] || some[i] == all[i]);
    }
    assert_in_range(n_early, N_SEEN / 4, N_SEEN * 3 / 4);
    assert_in_range(n_lost, N_SEEN / 5, N_SEEN * 3 / 5);
    assert_account(lab);
    sock_close(s);
}

static void test_loss(void **state)
{
    struct lab *lab = *state;
    struct sock *s = listen_to_p1(lab);
    const struct dp_account *a = dp_world_account(lab->sim->dp);
    int error;

    lab_do(lab, "upcall-loss 100%");
    feed(lab, 1);
    feed(lab, 2);
    assert_int_equal(lab_dp(lab)->stats.n_lost, 2);
    assert_int_equal(a->n_drop[DROP_UPCALL], 2);
    assert_int_equal(s->n_drops, 2);
    assert_null(sock_recv(s, &error));
    assert_int_equal(error, ENOBUFS);
    lab_do(lab, "upcall-loss 0%");
    feed(lab, 3);
    assert_string_equal(arrived(s), "3");
    assert_int_equal(lab_dp(lab)->stats.n_lost, 2);
    assert_account(lab);
    sock_close(s);
}

static void test_share_of_loss(void **state)
{
    struct lab *lab = *state;
    struct sock *s = listen_to_p1(lab);
    uint64_t n_lost;

    lab_do(lab, "upcall-loss 10%");
    for (unsigned i = 0; i < 2000; i++) {
        feed(lab, 1);
        (void)arrived(s);
    }
    n_lost = lab_dp(lab)->stats.n_lost;
    assert_in_range(n_lost, 150, 250);
    assert_int_equal(s->n_drops, n_lost);
    assert_int_equal(dp_world_account(lab->sim->dp)->n_drop[DROP_UPCALL], n_lost);
    assert_account(lab);
    sock_close(s);
}

/* The socket has gone when its upcalls arrive, or has no room for them. */
static void test_lost_on_the_way(void **state)
{
    struct lab *lab = *state;
    struct sock *s = listen_to_p1(lab);
    const struct dp_account *a = dp_world_account(lab->sim->dp);
    uint64_t n_upcall = a->n_upcall;

    lab_do(lab, "upcall-delay 1ms");
    assert_int_equal(sock_set_option(s, SOL_SOCKET, SO_RCVBUF, 0), 0);
    three(lab, s);
    assert_int_equal(a->n_upcall, n_upcall + 3);
    lab_do(lab, "advance 1ms");
    assert_int_equal(lab_dp(lab)->stats.n_lost, 2);
    assert_int_equal(a->n_upcall, n_upcall + 1);
    three(lab, s);
    sock_close(s);
    lab_do(lab, "advance 1ms");
    assert_int_equal(lab_dp(lab)->stats.n_lost, 5);
    assert_int_equal(a->n_drop[DROP_UPCALL], 5);
    assert_int_equal(a->n_upcall, n_upcall + 1);
    feed(lab, 4);                       /* nobody is there: known at once */
    assert_int_equal(lab_dp(lab)->stats.n_lost, 6);
    assert_account(lab);
}

/* An action's upcall: the packet goes on unless it is the last one. */
static void test_action(void **state)
{
    struct lab *lab = *state;
    struct sock *s = listen_to_p1(lab);
    const struct dp_account *a = dp_world_account(lab->sim->dp);
    g_autofree char *flow = g_strdup_printf("flow br0 in_port(p1),eth(),eth_type(0x88b5) "
                                            "userspace(pid=%u),p2,userspace(pid=%u)", s->portid,
                                            s->portid);

    lab_do(lab, flow);
    lab_do(lab, "upcall-delay 1ms");
    feed(lab, 1);
    assert_int_equal(a->n_consumed, 1);
    sock_close(s);
    lab_do(lab, "advance 1ms");
    assert_int_equal(a->n_consumed, 0);
    assert_int_equal(a->n_drop[DROP_UPCALL], 1);
    assert_int_equal(lab_dp(lab)->stats.n_lost, 2);
    lab_do(lab, "expect p2 packets=1");
    assert_account(lab);
}

/* What upcalls are about, or for, goes away first. */
static void test_all_gone(void **state)
{
    struct lab *lab = *state;
    struct sock *s = listen_to_p1(lab);

    lab_do(lab, "upcall-delay 1ms");
    feed(lab, 1);
    lab_do(lab, "del-dp br0");
    lab_do(lab, "advance 1ms");
    assert_string_equal(arrived(s), "1");
    lab_do(lab, "dp br0; port br0 p1");
    lab->dp_ifindex = device_by_name(lab->ns, "br0")->dev.ifindex;
    sock_close(s);
    s = listen_to_p1(lab);
    feed(lab, 2);
    sock_close(s);
    lab_do(lab, "del-dp br0");
    lab_do(lab, "advance 1ms");
    assert_account(lab);
}

static void test_namespace_gone(void **state)
{
    struct lab *lab = *state;
    struct sim_ns *root = lab->ns;
    struct lab other = *lab;

    lab_do(lab, "netns 1; dp br0; port br0 p1; upcall-delay 1ms");
    other.ns = sim_ns_by_id(lab->sim, 1);
    local_init(&other.client, other.ns);
    other.dp_ifindex = device_by_name(other.ns, "br0")->dev.ifindex;
    (void)listen_to_p1(&other);
    feed(&other, 1);
    lab_do(lab, "netns 0");
    local_done(&other.client);
    sim_ns_free(other.ns);
    assert_ptr_equal(lab->ns, root);
    assert_int_equal(dp_world_account(lab->sim->dp)->n_drop[DROP_UPCALL], 1);
    lab_do(lab, "advance 1ms");
    assert_account(lab);
}

/* ---- CPUs ------------------------------------------------------------------------------------ */

#define N_CPUS 4u

static void dispatch_by_cpu(struct lab *lab, struct sock *by_cpu[N_CPUS])
{
    uint32_t features = OVS_DP_F_DISPATCH_UPCALL_PER_CPU, pids[N_CPUS];

    for (unsigned i = 0; i < N_CPUS; i++) {
        by_cpu[i] = sock_open(lab->ns->net, NETLINK_GENERIC);
        assert_int_equal(sock_bind(by_cpu[i], 0), 0);
        pids[i] = by_cpu[i]->portid;
    }
    lab_begin(lab, OVS_DATAPATH_FAMILY, OVS_DP_CMD_SET, 0);
    attr_put(lab->request, OVS_DP_ATTR_USER_FEATURES, &features, sizeof(features));
    attr_put(lab->request, OVS_DP_ATTR_PER_CPU_PIDS, pids, sizeof(pids));
    assert_int_equal(lab_call(lab), 0);
}

/* Which CPUs 'n' frames of ports 0, 1, ... of UDP (or all of port 0) come to, as a mask. */
static unsigned cpus_of(struct lab *lab, struct sock *by_cpu[N_CPUS], unsigned n, bool is_one_flow)
{
    uint8_t frame[60] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17, 0, 0,
                          10, 0, 0, 1, 10, 0, 0, 2 };
    unsigned mask = 0, n_taken = 0;
    struct dgram *d;
    int error;

    for (unsigned i = 0; i < n; i++) {
        frame[34] = (uint8_t)(is_one_flow ? 0 : i);
        chance_receive(device_by_name(lab->ns, "p1"), frame, sizeof(frame));
    }
    assert_int_equal(lab->sim->cpu, 0);
    for (unsigned i = 0; i < N_CPUS; i++) {
        for (; (d = sock_recv(by_cpu[i], &error)); n_taken++) {
            mask |= 1u << i;
            g_free(d);
        }
    }
    assert_int_equal(n_taken, n);
    return mask;
}

static void test_cpus(void **state)
{
    struct lab *lab = *state;
    struct sock *by_cpu[N_CPUS];

    dispatch_by_cpu(lab, by_cpu);
    assert_int_equal(cpus_of(lab, by_cpu, 20, false), 1);
    lab_do(lab, "rx-cpu 2");
    assert_int_equal(cpus_of(lab, by_cpu, 20, false), 1 << 2);
    lab_do(lab, "rx-cpu 7");            /* as a client's: modulo the number */
    assert_int_equal(cpus_of(lab, by_cpu, 20, false), 1 << 3);
    lab_do(lab, "rx-cpu hash");
    assert_int_equal(__builtin_popcount(cpus_of(lab, by_cpu, 20, true)), 1);
    assert_int_equal(cpus_of(lab, by_cpu, 20, false), 15);
    lab_do(lab, "rx-cpu seed");
    assert_int_equal(cpus_of(lab, by_cpu, 20, true), 15);
    for (unsigned i = 0; i < N_CPUS; i++)
        sock_close(by_cpu[i]);
}

static void test_number_of_cpus(void **state)
{
    struct sim *sim = sim_new(NULL);
    struct lab lab = { .sim = sim };
    GString *out = g_string_new(NULL);
    struct err e = {0};

    (void)state;
    lab_do(&lab, "cpus 3");
    assert_int_equal(sim->env.n_cpus, 3);
    assert_true(sim->options.shows_cpus);
    lab_do(&lab, "dp br0");
    assert_int_equal(scenario_do(sim, "cpus 4", out, &e), -EBUSY);
    g_string_free(out, TRUE);
    sim_free(sim);
}

/* ---- as text --------------------------------------------------------------------------------- */

static void test_refused(void **state)
{
    static const char *const lines[] = {
        "upcall-order", "upcall-order lifo", "upcall-order seed 3", "upcall-delay 5", "upcall-delay 2ms..1ms",
        "upcall-delay 1ms..", "upcall-delay ..1ms", "upcall-loss 10", "upcall-loss 101%", "rx-cpu all", "rx-cpu 1024",
        "seed", "seed x", "seed -1", "cpus 0", "cpus 1025",
    };
    struct lab *lab = *state;
    struct chance_options before = lab->sim->options.chance;

    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
        GString *out = g_string_new(NULL);
        struct err e = {0};

        assert_int_equal(scenario_do(lab->sim, lines[i], out, &e), -EINVAL);
        assert_non_null(strstr(e.text, "column"));
        g_string_free(out, TRUE);
    }
    assert_memory_equal(&before, &lab->sim->options.chance, sizeof(before));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LAB_TEST(test_order),           LAB_TEST(test_seeded_order),
        LAB_TEST(test_delay),           LAB_TEST(test_delay_and_order),
        LAB_TEST(test_streams_are_apart), LAB_TEST(test_loss),
        LAB_TEST(test_share_of_loss),   LAB_TEST(test_lost_on_the_way),
        LAB_TEST(test_action),          LAB_TEST(test_all_gone),
        LAB_TEST(test_namespace_gone),  LAB_TEST(test_cpus),
        cmocka_unit_test(test_number_of_cpus),
        LAB_TEST(test_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
