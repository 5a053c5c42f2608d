/* test_fault.c - places where the kernel can fail: the errno that a client gets, and the state that is left behind.
 *
 * A row of ways[] for each point that refuses a request or ends a packet with an error: the request is made twice, the first
 * time with the fault. Nothing may have changed then; afterwards it succeeds. What else can happen has a test of its own.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sim/fault.h"

#include "dp/ct/conn.h"
#include "netlink/fault.h"
#include "tests/sim_tools.h"

#define UDP_KEY "in_port(1),eth(),eth_type(0x0800),ipv4(proto=17,frag=no),udp()"
#define UDP     "0200000000020200000000010800450000200000400040110000010203040a00000100010002000c000061626364"
#define RUN     "execute br0 in_port=p1 " UDP " "

static void ask_fault(struct lab *lab, const char *text)
{
    struct err e = { 0 };

    if (fault_add(lab->sim, text, &e))
        fail_msg("%s", e.text);
}

/* The result of a scenario line. */
static int line(struct lab *lab, const char *text)
{
    GString *out = g_string_new(NULL);
    int r = scenario_do(lab->sim, text, out, &lab->e);

    g_string_free(out, TRUE);
    return r;
}

/* ---- requests that scenario lines do not make --------------------------------------------------- */

static int dp_set(struct lab *lab, uint16_t type, const void *value, size_t len)
{
    uint32_t features = OVS_DP_F_DISPATCH_UPCALL_PER_CPU;

    lab_begin(lab, OVS_DATAPATH_FAMILY, OVS_DP_CMD_SET, 0);
    attr_put(lab->request, OVS_DP_ATTR_USER_FEATURES, &features, sizeof(features));
    attr_put(lab->request, type, value, len);
    return lab_call(lab);
}

static int set_cache(struct lab *lab)
{
    uint32_t size = 512;

    return dp_set(lab, OVS_DP_ATTR_MASKS_CACHE_SIZE, &size, sizeof(size));
}

static int set_cpu_pids(struct lab *lab)
{
    uint32_t pids[] = { 7, 8 };

    return dp_set(lab, OVS_DP_ATTR_PER_CPU_PIDS, pids, sizeof(pids));
}

static int set_port_pids(struct lab *lab)
{
    uint32_t port = 1, pid = 99;

    lab_begin(lab, OVS_VPORT_FAMILY, OVS_VPORT_CMD_SET, 0);
    attr_put(lab->request, OVS_VPORT_ATTR_PORT_NO, &port, sizeof(port));
    attr_put(lab->request, OVS_VPORT_ATTR_UPCALL_PID, &pid, sizeof(pid));
    return lab_call(lab);
}

static int set_meter(struct lab *lab)
{
    uint32_t id = 5;

    lab_begin(lab, OVS_METER_FAMILY, OVS_METER_CMD_SET, 0);
    attr_put(lab->request, OVS_METER_ATTR_ID, &id, sizeof(id));
    attr_put(lab->request, OVS_METER_ATTR_BANDS, NULL, 0);
    return lab_call(lab);
}

static void many_meters(struct lab *lab)
{
    for (uint32_t id = 6; id < 6 + 1023; id++) {
        struct meter *m = g_new0(struct meter, 1);

        m->id = id;
        assert_int_equal(meter_insert(&lab_dp(lab)->meters, &m, NULL), 0);
    }
}

static int set_limit(struct lab *lab)
{
    struct ovs_zone_limit limit = { .zone_id = 3, .limit = 10 };

    lab_begin(lab, OVS_CT_LIMIT_FAMILY, OVS_CT_LIMIT_CMD_SET, 0);
    attr_put(lab->request, OVS_CT_LIMIT_ATTR_ZONE_LIMIT, &limit, sizeof(limit));
    return lab_call(lab);
}

static int echo_flow(struct lab *lab)
{
    return lab_flow(lab, OVS_FLOW_CMD_NEW, NLM_F_CREATE | NLM_F_ECHO, FLOW(.key = UDP_KEY, .acts = "2"));
}

static int exact_flow(struct lab *lab)
{
    return lab_flow(lab, OVS_FLOW_CMD_NEW, NLM_F_CREATE, FLOW(.key = UDP_KEY, .acts = "2", .has_no_mask = true));
}

/* As many masks as the array has room for. */
static void many_masks(struct lab *lab)
{
    for (unsigned bits = 1; bits <= TABLE_MASKS_STEP; bits++) {
        g_autofree char *text = g_strdup_printf("flow br0 in_port(%u),eth(),eth_type(0x0800),ipv4(tos=0/%#x,frag=no) 1",
                                                bits + 1, bits);

        (void)line(lab, text);
    }
    assert_int_equal(lab_dp(lab)->table.masks->len, TABLE_MASKS_STEP);
}

static int get_family(struct lab *lab)
{
    GByteArray *r = lab->request;

    g_byte_array_set_size(r, 0);
    (void)local_begin(&lab->client, r, "nlctrl", CTRL_CMD_GETFAMILY, 0, 0);
    g_byte_array_set_size(r, NLMSG_HDRLEN + GENL_HDRLEN);
    attr_put(r, CTRL_ATTR_FAMILY_NAME, "ovs_flow", sizeof("ovs_flow"));
    return lab_call(lab);
}

static int dump_dps(struct lab *lab)
{
    lab_begin(lab, OVS_DATAPATH_FAMILY, OVS_DP_CMD_GET, NLM_F_DUMP);
    return lab_call(lab);
}

/* ---- one row a point ------------------------------------------------------------------------------- */

struct way {
    const char *point;
    const char *line;           /* scenario line that reaches it; NULL: */
    int (*ask)(struct lab *lab);
    const char *before;         /* line that must come first, NULL: none */
    void (*prepare)(struct lab *lab);
    bool leaves_traces;         /* the refused request has changed something, or cannot succeed later */
};

/* clang-format off */
static const struct way ways[] = {
    { "attrs_alloc", "dp br1" },
    { "dump_info", .ask = dump_dps },
    { "dump_first", .ask = dump_dps, .leaves_traces = true },
    { "ctrl_reply", .ask = get_family },
    { "dp_reply", "dp br1" }, { "dp_alloc", "dp br1" }, { "dp_table", "dp br1" },
    { "dp_stats", "dp br1" }, { "dp_ports", "dp br1" }, { "dp_meters", "dp br1" },
    { "dp_cache", .ask = set_cache },
    { "dp_pids", .ask = set_cpu_pids, .leaves_traces = true },
    { "vport_reply", "port br0 p3", .before = "device p3" }, { "vport_alloc", "port br0 p3", .before = "device p3" },
    { "vport_pids", "port br0 p3", .before = "device p3" }, { "port_link", "port br0 p3", .before = "device p3" },
    { "port_dev_gone", "port br0 p3", .before = "device p3", .leaves_traces = true },
    { "vport_pids_set", .ask = set_port_pids },
    { "internal_dev", "port br0 i1 type=internal" },
    { "tunnel_dev", "port br0 vx type=vxlan dst_port=4789" },
    { "flow_alloc", "flow br0 " UDP_KEY " 2" }, { "flow_key", "flow br0 " UDP_KEY " 2" },
    { "flow_id", "flow br0 " UDP_KEY " 2" }, { "acts_alloc", "flow br0 " UDP_KEY " 2" },
    { "flow_exact", .ask = exact_flow },
    { "acts_grow", "flow br0 " UDP_KEY " set(ipv4(ttl=3,src=1.1.1.1,dst=2.2.2.2,tos=0,proto=17,frag=no)),2" },
    { "acts_tunnel", "flow br0 " UDP_KEY " set(tunnel(tun_id=0x1,src=1.1.1.1,dst=2.2.2.2,ttl=64,flags(key))),2" },
    { "acts_ct", "flow br0 " UDP_KEY " ct,2" },
    { "flow_reply", .ask = echo_flow },
    { "flow_flush", "del-flows br0", .before = "flow br0 " UDP_KEY " 2" },
    { "mask_alloc", "flow br0 " UDP_KEY " 2" },
    { "mask_array", "flow br0 " UDP_KEY " 2", .prepare = many_masks },
    { "execute_pkt", RUN "2" }, { "execute_flow", RUN "2" },
    { "pkt_writable", RUN "set(eth(src=00:00:00:00:00:07)),2" },
    { "recursion", RUN "2" },
    { "extract_again", RUN "push_mpls(label=1,tc=0,ttl=64,bos=1,eth_type=0x8847),recirc(1)" },
    { "meter_reply", .ask = set_meter }, { "meter_alloc", .ask = set_meter },
    { "meter_grow", .ask = set_meter, .prepare = many_meters },
    { "ct_limit_reply", .ask = set_limit }, { "ct_limit_alloc", .ask = set_limit },
    { "ct_alloc", RUN "ct(commit),2" },
    { "ct_labels", RUN "ct(commit,label=0x1),2" },
    { "ct_helper", RUN "ct(commit,helper=tftp),2" },
    { "ct_nat", RUN "ct(commit,nat(src=10.9.9.9)),2" },
};
/* clang-format on */

static const struct fault_point *point(const char *name)
{
    for (size_t i = 0; i < fault_n_points(); i++) {
        if (!strcmp(fault_point_at(i)->name, name))
            return fault_point_at(i);
    }
    fail_msg("there is no point %s", name);
    return NULL;
}

/* What dumps say of datapaths, ports and flows, and what no dump tells. */
static void add_dump(struct lab *lab, const char *family, GByteArray *out)
{
    lab_begin(lab, family, 3, NLM_F_DUMP);      /* GET in all three */
    assert_int_equal(lab_call(lab), 0);
    for (guint i = 0; i < lab->answers->len; i++) {
        const struct nlmsghdr *msg = g_ptr_array_index(lab->answers, i);

        g_byte_array_append(out, mnl_nlmsg_get_payload(msg), (guint)mnl_nlmsg_get_payload_len(msg));
    }
}

static GByteArray *state_of(struct lab *lab)
{
    GByteArray *out = g_byte_array_new();
    struct datapath *dp = lab_dp(lab);
    uint32_t numbers[] = { lab->ns->devices->len, dp->meters.n_meters, lab->ns->dp->ct->n_conns,
                           ct_limit_of(&lab->ns->dp->ct_limits, 3), dp->n_cpu_pids };

    add_dump(lab, OVS_DATAPATH_FAMILY, out);
    add_dump(lab, OVS_VPORT_FAMILY, out);
    add_dump(lab, OVS_FLOW_FAMILY, out);
    g_byte_array_append(out, (const uint8_t *)numbers, sizeof(numbers));
    return out;
}

static int go(struct lab *lab, const struct way *w)
{
    return w->line ? line(lab, w->line) : w->ask(lab);
}

static void assert_refused(struct lab *lab, const struct way *w)
{
    g_autoptr(GByteArray) before = state_of(lab), after = NULL;
    int r;

    ask_fault(lab, w->point);
    r = go(lab, w);
    if (r != -point(w->point)->error)
        fail_msg("%s: %s", w->point, r ? err_name(r) : "success");
    if (fault_check(lab->sim, &lab->e))
        fail_msg("%s", lab->e.text);
    after = state_of(lab);
    if (w->leaves_traces)
        return;
    if (before->len != after->len || memcmp(before->data, after->data, before->len))
        fail_msg("%s: something has changed", w->point);
    r = go(lab, w);
    if (r)
        fail_msg("%s: %s when nothing fails any more", w->point, err_name(r));
}

static void test_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
        void *lab;

        assert_int_equal(lab_open(&lab), 0);
        if (ways[i].before)
            lab_do(lab, ways[i].before);
        if (ways[i].prepare)
            ways[i].prepare(lab);
        assert_refused(lab, &ways[i]);
        assert_int_equal(lab_close(&lab), 0);
    }
}

/* ---- what is asked for ------------------------------------------------------------------------------- */

static void test_words(void **state)
{
    struct lab *lab = *state;

    assert_int_equal(fault_add(lab->sim, "flow_aloc", &lab->e), -ENOENT);
    assert_non_null(strstr(lab->e.text, "flow_alloc"));
    assert_int_equal(fault_add(lab->sim, "flow_alloc:0", &lab->e), -EINVAL);
    assert_int_equal(fault_add(lab->sim, "flow_alloc:1x", &lab->e), -EINVAL);
    assert_int_equal(fault_add(lab->sim, "", &lab->e), -EINVAL);
    ask_fault(lab, "flow_alloc:2");
    assert_int_equal(fault_check(lab->sim, &lab->e), -ESRCH);
    lab_do(lab, "flow br0 " UDP_KEY " 2");
    assert_int_equal(fault_check(lab->sim, &lab->e), -ESRCH);
    assert_int_equal(line(lab, "flow br0 in_port(2),eth(),eth_type(0x0806),arp() 1"), -ENOMEM);
    assert_int_equal(fault_check(lab->sim, &lab->e), 0);
    lab_do(lab, "flow br0 in_port(2),eth(),eth_type(0x0806),arp() 1");
}

static void test_counted_from_now(void **state)
{
    struct lab *lab = *state;

    fault_watch(lab->sim);
    lab_do(lab, "flow br0 " UDP_KEY " 2");
    assert_int_equal(fault_count(lab->sim, point("flow_alloc")), 1);
    ask_fault(lab, "flow_alloc:2..");
    lab_do(lab, "flow br0 in_port(2),eth(),eth_type(0x0806),arp() 1");
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(line(lab, "flow br0 in_port(2),eth(),eth_type(0x0800),ipv4(frag=no) 1"), -ENOMEM);
}

static bool never(void *ctx, const struct fault_point *p)
{
    (void)ctx;
    (void)p;
    return false;
}

/* An answer with another error than the point's is noticed. */
static void test_wrong_answer(void **state)
{
    struct lab *lab = *state;
    const struct fault_hook *hook;

    ask_fault(lab, "dp_alloc");
    hook = lab->sim->env.fault;
    hook->request(hook->ctx, false, 0);
    assert_true(hook->strikes(hook->ctx, point("dp_alloc")));
    hook->request(hook->ctx, true, -EINVAL);
    assert_int_equal(fault_check(lab->sim, &lab->e), -EPROTO);
    assert_non_null(strstr(lab->e.text, "EINVAL"));
    assert_false(fault_strikes(&(struct fault_hook){ .strikes = never }, point("dp_alloc")));
}

/* ---- packets ------------------------------------------------------------------------------------------- */

static uint64_t dropped(const struct lab *lab, enum drop_reason why)
{
    return dp_world_account(lab->sim->dp)->n_drop[why];
}

static uint64_t sent(const struct lab *lab, const char *name)
{
    return device_by_name(lab->ns, name)->dev.stats.tx_packets;
}

static void test_copies(void **state)
{
    struct lab *lab = *state;

    ask_fault(lab, "output_clone");
    lab_do(lab, RUN "1,2");
    assert_int_equal(sent(lab, "p1"), 0);               /* its copy is lost, the packet goes on */
    assert_int_equal(sent(lab, "p2"), 1);
    ask_fault(lab, "list_clone");
    lab_do(lab, RUN "clone(1),2");
    assert_int_equal(sent(lab, "p1"), 0);
    assert_int_equal(sent(lab, "p2"), 2);
}

static void test_received(void **state)
{
    struct lab *lab = *state;

    lab_do(lab, "flow br0 " UDP_KEY " 2");
    ask_fault(lab, "extract");
    lab_do(lab, "send p1 " UDP);
    assert_int_equal(dropped(lab, DROP_NO_MEMORY), 1);
    assert_int_equal(sent(lab, "p2"), 0);
    lab_do(lab, "send p1 " UDP);
    assert_int_equal(sent(lab, "p2"), 1);
}

static void test_put_off(void **state)
{
    struct lab *lab = *state;

    lab_do(lab, "flow br0 recirc_id(1),in_port(1),eth(),eth_type(0x0800),ipv4(frag=no) 2,recirc(1)");
    ask_fault(lab, "deferred_full");
    lab_do(lab, RUN "recirc(1)");
    assert_int_equal(dropped(lab, DROP_DEFERRED_LIMIT), 1);
    assert_in_range(sent(lab, "p2"), 1, 4);             /* 31 without the fault */
}

static void test_upcalls(void **state)
{
    struct lab *lab = *state;
    const struct dp_account *a = dp_world_account(lab->sim->dp);

    lab_do(lab, "upcall br0 drop");
    ask_fault(lab, "upcall_alloc");
    lab_do(lab, "send p1 " UDP);
    assert_int_equal(lab_dp(lab)->stats.n_lost, 1);
    assert_int_equal(a->n_drop[DROP_UPCALL], 1);
    ask_fault(lab, "upcall_tag");
    lab_do(lab, "send p1 0200000000020200000000018100000a0800450000200000400040110000010203040a00000100010002000c000061626364");
    assert_int_equal(lab_dp(lab)->stats.n_lost, 2);
    ask_fault(lab, "rcvbuf_full");
    lab_do(lab, "send p1 " UDP);
    assert_int_equal(lab_dp(lab)->stats.n_lost, 3);
    lab_do(lab, "send p1 " UDP);
}

static void test_fragments(void **state)
{
    struct lab *lab = *state;
    uint16_t mru = 100;
    uint8_t frame[14 + 220] = { [12] = 8, [14] = 0x45, [17] = 220, [22] = 64, [23] = 17 };

    ask_fault(lab, "fragment_alloc:2");
    lab_begin(lab, OVS_PACKET_FAMILY, OVS_PACKET_CMD_EXECUTE, 0);
    attr_put(lab->request, OVS_PACKET_ATTR_PACKET, frame, sizeof(frame));
    put_key_text(lab->request, OVS_PACKET_ATTR_KEY, 0, "in_port(1)");
    put_acts_text(lab->request, OVS_PACKET_ATTR_ACTIONS, "2");
    attr_put(lab->request, OVS_PACKET_ATTR_MRU, &mru, sizeof(mru));
    assert_int_equal(lab_call(lab), 0);
    assert_int_equal(sent(lab, "p2"), 1);
    assert_int_equal(dropped(lab, DROP_NO_MEMORY), 1);
    assert_int_equal(dp_account_ends(dp_world_account(lab->sim->dp)), dp_world_account(lab->sim->dp)->n_born);
}

/* ---- devices that go --------------------------------------------------------------------------------------- */

static void test_device_gone_on_output(void **state)
{
    struct lab *lab = *state;

    lab_do(lab, "flow br0 " UDP_KEY " 2");
    ask_fault(lab, "output_dev_gone");
    lab_do(lab, "send p1 " UDP);
    assert_int_equal(dropped(lab, DROP_DEV_READY), 1);
    sim_settle(lab->sim);
    assert_null(device_by_name(lab->ns, "p2"));
    assert_null(datapath_port(lab_dp(lab), 2));
    lab_do(lab, "send p1 " UDP);
    assert_int_equal(dropped(lab, DROP_NO_PORT), 1);
}

static void test_device_gone_in_dump(void **state)
{
    struct lab *lab = *state;

    for (unsigned i = 3; i < 60; i++) {
        g_autofree char *text = g_strdup_printf("port br0 p%u", i);

        lab_do(lab, text);
    }
    ask_fault(lab, "dump_dev_gone");
    lab_begin(lab, OVS_VPORT_FAMILY, OVS_VPORT_CMD_GET, NLM_F_DUMP);
    assert_int_equal(lab_call(lab), 0);
    assert_int_equal(lab->answers->len, 59);            /* of 60, br0 among them */
}

/* ---- table --------------------------------------------------------------------------------------------------- */

static void test_table_stays_small(void **state)
{
    struct lab *lab = *state;
    struct table *t = &lab_dp(lab)->table;
    uint32_t n_buckets = t->n_buckets;

    ask_fault(lab, "table_grow");
    for (uint32_t i = 0; i <= n_buckets + 1; i++) {
        g_autofree char *key = g_strdup_printf("in_port(%u),eth(),eth_type(0x0800),ipv4(frag=no)", i);

        assert_int_equal(lab_flow(lab, OVS_FLOW_CMD_NEW, NLM_F_CREATE, FLOW(.key = key, .acts = "2")), 0);
        if (i == n_buckets)
            assert_int_equal(t->n_buckets, n_buckets);
    }
    assert_int_equal(t->n_buckets, 2 * n_buckets);      /* the next one has the memory */
    assert_int_equal(t->n_flows, n_buckets + 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ways),
        LAB_TEST(test_words),
        LAB_TEST(test_counted_from_now),
        LAB_TEST(test_wrong_answer),
        LAB_TEST(test_copies),
        LAB_TEST(test_received),
        LAB_TEST(test_put_off),
        LAB_TEST(test_upcalls),
        LAB_TEST(test_fragments),
        LAB_TEST(test_device_gone_on_output),
        LAB_TEST(test_device_gone_in_dump),
        LAB_TEST(test_table_stays_small),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
