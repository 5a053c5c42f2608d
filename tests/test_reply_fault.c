/* test_reply_fault.c - faults on the client's side: each kind, which messages it strikes, and that a seed decides the rest.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim_tools.h"

#include "sim/chance.h"
#include "sim/fault.h"
#include "sim/reply_fault.h"

#define MS UINT64_C(1000000)
#define SPORT_FLOW(sport) "flow br0 in_port(p1),eth(),eth_type(0x0800),ipv4(proto=17,frag=no),udp(src=" #sport ") p2"

static struct sock *client_of(const struct lab *lab)
{
    struct sock *s = sock_open(lab->ns->net, NETLINK_GENERIC);

    assert_int_equal(sock_bind(s, 0), 0);
    return s;
}

static void ask_for(struct lab *lab, const char *fault)
{
    struct err e = { 0 };

    if (fault_add(lab->sim, fault, &e))
        fail_msg("%s: %s", fault, e.text);
}

/* Another client's request of the datapath, and of all its ports. */
static void send_request(struct lab *lab, struct sock *s, const char *family, uint8_t cmd, uint16_t flags)
{
    lab->client.seq = 0;                /* the same bytes each time */
    lab_begin(lab, family, cmd, flags);
    local_end(lab->request, 0);
    assert_int_equal(sock_send(s, lab->request->data, lab->request->len), lab->request->len);
    sim_settle(lab->sim);
}

static void ask_dp(struct lab *lab, struct sock *s)
{
    send_request(lab, s, OVS_DATAPATH_FAMILY, OVS_DP_CMD_GET, 0);
}

/* All that has arrived: datagrams, one behind the other. */
static GByteArray *receive(struct sock *s, unsigned *n_dgrams)
{
    GByteArray *all = g_byte_array_new();
    struct dgram *d;
    int error;

    *n_dgrams = 0;
    while ((d = sock_recv(s, &error)) || error) {
        assert_int_equal(error, 0);
        g_byte_array_append(all, d->data, (guint)d->len);
        ++*n_dgrams;
        g_free(d);
    }
    return all;
}

/* The one answer to ask_dp(). */
static GByteArray *answer_to_dp(struct lab *lab, struct sock *s)
{
    unsigned n;
    GByteArray *got;

    ask_dp(lab, s);
    got = receive(s, &n);
    assert_int_equal(n, 1);
    return got;
}

static const struct nlmsghdr *first(const GByteArray *bytes)
{
    return (const void *)bytes->data;
}

static void assert_told(const struct lab *lab, const char *want)
{
    g_autoptr(GString) text = g_string_new(NULL);

    reply_faults_print(lab->sim, text);
    assert_string_equal(text->str, want);
}

/* What a fault makes of the answer to ask_dp(); '*plain' is what it would have been. */
static GByteArray *struck(struct lab *lab, const char *fault, GByteArray **plain)
{
    struct sock *s = client_of(lab);
    GByteArray *got;

    *plain = answer_to_dp(lab, s);
    ask_for(lab, fault);
    got = answer_to_dp(lab, s);
    sock_close(s);
    return got;
}

/* ---- kinds ----------------------------------------------------------------------------------------- */

static void headers(void **state)
{
    static const struct {
        const char *fault;
        size_t off, size;               /* what differs, and nothing else */
    } rows[] = {
        { "reply:length", offsetof(struct nlmsghdr, nlmsg_len), 4 },
        { "reply:type", offsetof(struct nlmsghdr, nlmsg_type), 2 },
        { "reply:seq", offsetof(struct nlmsghdr, nlmsg_seq), 4 },
        { "reply:pid", offsetof(struct nlmsghdr, nlmsg_pid), 4 },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        GByteArray *plain, *got = struck(*state, rows[i].fault, &plain);

        assert_int_equal(got->len, plain->len);
        assert_memory_not_equal(got->data + rows[i].off, plain->data + rows[i].off, rows[i].size);
        memcpy(got->data + rows[i].off, plain->data + rows[i].off, rows[i].size);
        assert_memory_equal(got->data, plain->data, plain->len);
        g_byte_array_unref(plain);
        g_byte_array_unref(got);
        lab_close(state);
        lab_open(state);
    }
}

static void short_datagram(void **state)
{
    GByteArray *plain, *got = struck(*state, "reply:short", &plain);

    assert_in_range(got->len, 1, plain->len - 1);
    assert_memory_equal(got->data, plain->data, got->len);
    g_byte_array_unref(plain);
    g_byte_array_unref(got);
}

static void an_answer_becomes_an_error(void **state)
{
    GByteArray *plain, *got = struck(*state, "reply:errno", &plain);
    const struct nlmsgerr *error = mnl_nlmsg_get_payload(first(got));

    assert_int_equal(got->len, NLMSG_HDRLEN + sizeof(*error));
    assert_int_equal(first(got)->nlmsg_len, got->len);
    assert_int_equal(first(got)->nlmsg_type, NLMSG_ERROR);
    assert_int_equal(first(got)->nlmsg_seq, first(plain)->nlmsg_seq);
    assert_in_range(-error->error, 1, 133);
    assert_memory_equal(&error->msg, first(plain), sizeof(error->msg));
    g_byte_array_unref(plain);
    g_byte_array_unref(got);
}

static void an_error_is_another(void **state)
{
    struct lab *lab = *state;
    struct sock *s = client_of(lab);
    GByteArray *got;
    unsigned n;

    ask_for(lab, "reply:errno@NLMSG_ERROR");
    send_request(lab, s, OVS_VPORT_FAMILY, OVS_VPORT_CMD_GET, 0);       /* names no port */
    got = receive(s, &n);
    assert_int_equal(n, 1);
    assert_int_equal(first(got)->nlmsg_type, NLMSG_ERROR);
    assert_int_not_equal(((const struct nlmsgerr *)mnl_nlmsg_get_payload(first(got)))->error, -EINVAL);
    assert_int_equal(((const struct nlmsgerr *)mnl_nlmsg_get_payload(first(got)))->msg.nlmsg_type, first(lab->request)->nlmsg_type);
    g_byte_array_unref(got);
    sock_close(s);
}

/* Every other byte of the datagram is as it was: only what is around the attribute knows of its length. */
static void one_attribute(void **state)
{
    struct lab *lab = *state;
    struct sock *s = client_of(lab);
    g_autoptr(GByteArray) got = NULL;
    const struct nlattr *name;

    ask_for(lab, "reply:attr-short@OVS_DP_ATTR_NAME");
    got = answer_to_dp(lab, s);
    name = local_attr(first(got), OVS_DP_ATTR_NAME);
    assert_int_equal(first(got)->nlmsg_len, got->len);
    assert_in_range(mnl_attr_get_payload_len(name), 0, strlen("br0"));
    assert_non_null(local_attr(first(got), OVS_DP_ATTR_STATS));
    assert_non_null(local_attr(first(got), OVS_DP_ATTR_USER_FEATURES));
    sock_close(s);
}

/* ---- whole datagrams ------------------------------------------------------------------------------- */

static void lost_and_twice(void **state)
{
    struct lab *lab = *state;
    struct sock *s = client_of(lab);
    unsigned n;

    ask_for(lab, "reply:lost:1");
    ask_for(lab, "reply:duplicate:2");
    ask_dp(lab, s);
    g_byte_array_unref(receive(s, &n));
    assert_int_equal(n, 0);
    assert_int_equal(s->rx_charge, 0);
    ask_dp(lab, s);                     /* the first that could come twice: what is lost cannot */
    g_byte_array_unref(receive(s, &n));
    assert_int_equal(n, 1);
    ask_dp(lab, s);
    g_byte_array_unref(receive(s, &n));
    assert_int_equal(n, 2);
    assert_int_equal(s->rx_charge, 0);
    assert_told(lab, "fault reply:lost OVS_DP_CMD_GET\nfault reply:duplicate OVS_DP_CMD_GET\nfaults of replies: 2\n");
    sock_close(s);
}

static void late(void **state)
{
    struct lab *lab = *state;
    struct sock *s = client_of(lab), *gone = client_of(lab);
    unsigned n;

    ask_for(lab, "reply:late:*");
    ask_dp(lab, gone);
    sock_close(gone);                   /* what comes then has nowhere to go */
    ask_dp(lab, s);
    g_byte_array_unref(receive(s, &n));
    assert_int_equal(n, 0);
    clock_advance(&lab->sim->clock, lab->sim->clock.now_ns + 1000 * MS);
    g_byte_array_unref(receive(s, &n));
    assert_int_equal(n, 1);
    sock_close(s);
}

/* What is kept when all ends, or a namespace goes, is freed. */
static void never(void **state)
{
    struct lab *lab = *state;
    struct sim_ns *ns = sim_ns_new(lab->sim);
    struct sock *s = client_of(lab), *other = sock_open(ns->net, NETLINK_GENERIC);

    assert_int_equal(sock_bind(other, 0), 0);
    ask_for(lab, "reply:late:*");
    ask_dp(lab, s);
    send_request(lab, other, OVS_DATAPATH_FAMILY, OVS_DP_CMD_GET, NLM_F_DUMP);
    sim_ns_free(ns);
    clock_advance(&lab->sim->clock, lab->sim->clock.now_ns);
    sock_close(s);
}

/* Two notifications of one request change places; a last one comes all the same. */
static void out_of_order(void **state)
{
    struct lab *lab = *state;
    struct sock *s = client_of(lab);
    uint8_t frame[60] = { 0x02, 0, 0, 0, 0, 2, 0x02, 0, 0, 0, 0, 1, 0x88, 0xb5 };
    uint32_t port_no = 1;
    unsigned n;
    g_autoptr(GByteArray) got = NULL;

    lab_begin(lab, OVS_VPORT_FAMILY, OVS_VPORT_CMD_SET, 0);
    attr_put(lab->request, OVS_VPORT_ATTR_PORT_NO, &port_no, sizeof(port_no));
    attr_put(lab->request, OVS_VPORT_ATTR_UPCALL_PID, &s->portid, sizeof(s->portid));
    assert_int_equal(lab_call(lab), 0);
    ask_for(lab, "reply:order:1");
    ask_for(lab, "reply:order:3");
    for (frame[59] = 1; frame[59] <= 3; frame[59]++)
        chance_receive(device_by_name(lab->ns, "p1"), frame, sizeof(frame));
    sim_settle(lab->sim);
    for (const uint8_t *want = (const uint8_t *)"\2\1\3"; *want; want++) {
        struct dgram *d = sock_take(s);
        const struct nlattr *packet = local_attr(dgram_msg(d), OVS_PACKET_ATTR_PACKET);

        assert_int_equal(((const uint8_t *)mnl_attr_get_payload(packet))[59], *want);
        g_free(d);
    }
    got = receive(s, &n);
    assert_int_equal(n, 0);
    sock_close(s);
}

/* A dump: the second object before the first, one marked as interrupted, and the end still comes when a part is lost. */
static void dumps(void **state)
{
    struct lab *lab = *state;
    struct sock *s = client_of(lab);
    GByteArray *plain, *got;
    unsigned n;
    uint32_t len;

    send_request(lab, s, OVS_VPORT_FAMILY, OVS_VPORT_CMD_GET, NLM_F_DUMP);
    plain = receive(s, &n);
    assert_int_equal(n, 2);
    len = first(plain)->nlmsg_len;
    ask_for(lab, "reply:order@OVS_VPORT_CMD_GET:1");
    ask_for(lab, "reply:interrupted@OVS_VPORT_CMD_GET:1");
    ask_for(lab, "reply:lost@OVS_VPORT_CMD_GET:4");
    send_request(lab, s, OVS_VPORT_FAMILY, OVS_VPORT_CMD_GET, NLM_F_DUMP);
    got = receive(s, &n);
    assert_int_equal(n, 2);
    assert_int_equal(got->len, plain->len);
    assert_int_equal(first(got)->nlmsg_flags, NLM_F_MULTI | NLM_F_DUMP_INTR);
    assert_memory_equal(got->data + first(got)->nlmsg_len, plain->data, offsetof(struct nlmsghdr, nlmsg_seq));
    assert_memory_equal(got->data + first(got)->nlmsg_len + NLMSG_HDRLEN, plain->data + NLMSG_HDRLEN, len - NLMSG_HDRLEN);
    g_byte_array_unref(got);
    send_request(lab, s, OVS_VPORT_FAMILY, OVS_VPORT_CMD_GET, NLM_F_DUMP);
    got = receive(s, &n);
    assert_int_equal(n, 1);
    assert_int_equal(first(got)->nlmsg_type, NLMSG_DONE);
    assert_null(s->dump);
    g_byte_array_unref(got);
    g_byte_array_unref(plain);
    sock_close(s);
}

/* ---- which ----------------------------------------------------------------------------------------- */

static unsigned n_struck_of(struct lab *lab, unsigned n)
{
    struct sock *s = client_of(lab);
    unsigned struck_ones = 0;

    for (unsigned i = 0; i < n; i++) {
        g_autoptr(GByteArray) got = answer_to_dp(lab, s);

        struck_ones += first(got)->nlmsg_pid != s->portid;
    }
    sock_close(s);
    return struck_ones;
}

static void which_messages(void **state)
{
    static const struct {
        const char *fault;
        unsigned least, most;
    } rows[] = {
        { "reply:pid", 1, 1 },
        { "reply:pid:7", 1, 1 },
        { "reply:pid:91..", 10, 10 },
        { "reply:pid:*", 100, 100 },
        { "reply:pid:100%", 100, 100 },
        { "reply:pid:30%", 15, 45 },
        { "reply:pid@OVS_DP_CMD_GET:*", 100, 100 },
        { "reply:pid@OVS_DP_ATTR_NAME:*", 100, 100 },
        { "reply:pid@OVS_VPORT_CMD_GET:*", 0, 0 },
        { "reply:pid@OVS_VPORT_ATTR_NAME:*", 0, 0 },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        ask_for(*state, rows[i].fault);
        assert_in_range(n_struck_of(*state, 100), rows[i].least, rows[i].most);
        lab_close(state);
        lab_open(state);
    }
}

/* The simulator's own clients are not fooled. */
static void not_our_own(void **state)
{
    struct lab *lab = *state;

    ask_for(lab, "reply:any:*");
    lab_do(lab, SPORT_FLOW(1));
    lab_do(lab, "expect-stats br0 flows=1");
    assert_told(lab, "faults of replies: 0\n");
}

/* ---- seeds ----------------------------------------------------------------------------------------- */

/* Many answers under a fault. */
static GByteArray *run(uint64_t seed, const char *fault, const char *other)
{
    const struct sim_options options = { .seed = seed };
    struct lab lab = { .sim = sim_new(&options), .request = g_byte_array_new() };
    GByteArray *all = g_byte_array_new();
    struct sock *s;

    lab.ns = sim_root_ns(lab.sim);
    lab_do(&lab, "dp br0");
    lab_do(&lab, "port br0 p1");
    lab_do(&lab, "port br0 p2");
    lab_do(&lab, SPORT_FLOW(1));
    lab_do(&lab, SPORT_FLOW(2));
    local_init(&lab.client, lab.ns);
    lab.dp_ifindex = device_by_name(lab.ns, "br0")->dev.ifindex;
    s = client_of(&lab);
    ask_for(&lab, fault);
    if (other)
        ask_for(&lab, other);
    for (unsigned i = 0; i < 20; i++) {
        g_autoptr(GByteArray) got = NULL;
        unsigned n;

        send_request(&lab, s, OVS_FLOW_FAMILY, OVS_FLOW_CMD_GET, NLM_F_DUMP);
        clock_advance(&lab.sim->clock, lab.sim->clock.now_ns + 1000 * MS);
        got = receive(s, &n);
        g_byte_array_append(all, got->data, got->len);
    }
    sock_close(s);
    local_done(&lab.client);
    sim_free(lab.sim);
    g_byte_array_unref(lab.request);
    return all;
}

static bool are_equal(const GByteArray *a, const GByteArray *b)
{
    return a->len == b->len && !memcmp(a->data, b->data, a->len);
}

static void seeds(void **state)
{
    const char *name, *help;

    (void)state;
    for (size_t i = 0; reply_fault_kind(i, &name, &help); i++) {
        g_autofree char *fault = g_strdup_printf("reply:%s:20%%", name);
        g_autoptr(GByteArray) one = run(1, fault, NULL), again = run(1, fault, NULL), two = run(2, fault, NULL);
        g_autoptr(GByteArray) more = run(1, fault, "reply:seq@OVS_METER_CMD_SET:50%");

        assert_true(are_equal(one, again));
        assert_true(are_equal(one, more));      /* one that never strikes changes nothing of this one */
        assert_false(are_equal(one, two));
        assert_true(*help);
    }
}

/* ---- what is asked for ----------------------------------------------------------------------------- */

static void assert_refused(struct lab *lab, const char *fault, int error, const char *text)
{
    struct err e = { 0 };

    assert_int_equal(fault_add(lab->sim, fault, &e), -error);
    if (!strstr(e.text, text))
        fail_msg("%s: %s", fault, e.text);
}

static void refusals(void **state)
{
    assert_refused(*state, "reply:", EINVAL, "a kind is missing");
    assert_refused(*state, "reply:blue", ENOENT, "there is no fault reply:blue; there are malformed short");
    assert_refused(*state, "reply:seq@", EINVAL, "missing after @");
    assert_refused(*state, "reply:seq:0", EINVAL, "what follows is not");
    assert_refused(*state, "reply:seq:3x", EINVAL, "what follows is not");
    assert_refused(*state, "reply:seq:0%", EINVAL, "what follows is not");
    assert_refused(*state, "reply:seq:101%", EINVAL, "what follows is not");
    assert_refused(*state, "reply:seq 3", EINVAL, "what follows is not");
}

static void what_has_not_struck_is_told(void **state)
{
    struct lab *lab = *state;
    struct err e = { 0 };
    struct sock *s = client_of(lab);

    ask_for(lab, "reply:seq:2");
    g_byte_array_unref(answer_to_dp(lab, s));
    assert_int_equal(fault_check(lab->sim, &e), -ESRCH);
    assert_string_equal(e.text, "fault reply:seq:2 has not struck: there were 1 such messages");
    g_byte_array_unref(answer_to_dp(lab, s));
    assert_int_equal(fault_check(lab->sim, &e), 0);
    sock_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LAB_TEST(headers),
        LAB_TEST(short_datagram),
        LAB_TEST(an_answer_becomes_an_error),
        LAB_TEST(an_error_is_another),
        LAB_TEST(one_attribute),
        LAB_TEST(lost_and_twice),
        LAB_TEST(late),
        LAB_TEST(never),
        LAB_TEST(out_of_order),
        LAB_TEST(dumps),
        LAB_TEST(which_messages),
        LAB_TEST(not_our_own),
        cmocka_unit_test(seeds),
        LAB_TEST(refusals),
        LAB_TEST(what_has_not_struck_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
