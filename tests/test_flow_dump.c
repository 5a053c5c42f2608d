/* test_flow_dump.c - dumps of flows: complete, in order, while flows come and go. Catalogue 06.4.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim_tools.h"

#define NEW OVS_FLOW_CMD_NEW
#define GET OVS_FLOW_CMD_GET
#define CREATE NLM_F_CREATE

#define IP "in_port(1),eth(),eth_type(0x0800),ipv4()"
#define ARP "in_port(1),eth(),eth_type(0x0806),arp()"

#define N_MANY 2000

static void add_many(struct lab *lab)
{
    for (unsigned i = 0; i < N_MANY; i++) {
        g_autofree char *key = g_strdup_printf("in_port(%u),eth(),eth_type(0x%04x)", i / 2,
                                               i % 2 ? 0x0600 : 0x88b5);

        assert_int_equal(lab_flow(lab, NEW, CREATE, FLOW(.key = key, .acts = "1")), 0);
    }
}

static uint32_t flow_port(const struct nlmsghdr *msg)
{
    const struct nlattr *key = local_attr(msg, OVS_FLOW_ATTR_KEY);
    const struct nlattr *port = attr_find(mnl_attr_get_payload(key), mnl_attr_get_payload_len(key),
                                          OVS_KEY_ATTR_IN_PORT);

    return mnl_attr_get_u32(port);
}

static void test_dump_is_complete(void **state)
{
    struct lab *lab = *state;

    add_many(lab);
    assert_int_equal(lab_flow(lab, GET, NLM_F_DUMP, FLOW(.key = NULL)), 0);
    assert_int_equal(lab->answers->len, N_MANY);
    for (unsigned i = 0; i < N_MANY; i++) {
        const struct nlmsghdr *msg = lab->answers->pdata[i];

        assert_int_equal(flow_port(msg), i / 2);        /* in order of insertion */
        assert_int_equal(genl_cmd(msg), GET);
        assert_int_equal(msg->nlmsg_flags, NLM_F_MULTI);
        assert_int_equal(msg->nlmsg_seq, lab->client.seq);
    }
}

/* Starts a dump and reads its first datagram: how many flows were in it. */
static unsigned dump_some(struct lab *lab)
{
    struct dgram *d;
    unsigned n = 0;
    int left;

    lab_begin(lab, OVS_FLOW_FAMILY, GET, NLM_F_DUMP);
    local_end(lab->request, 0);
    assert_true(sock_send(lab->client.sock, lab->request->data, lab->request->len) > 0);
    d = take(lab->client.sock);
    left = (int)d->len;
    for (const struct nlmsghdr *msg = dgram_msg(d); mnl_nlmsg_ok(msg, left);
         msg = mnl_nlmsg_next(msg, &left))
        n++;
    g_free(d);
    return n;
}

/* Reads the rest: the number of flows; *status is that of DONE. */
static unsigned dump_rest(struct lab *lab, int *status)
{
    struct dgram *d;
    unsigned n = 0;
    int left, error;

    *status = 1;
    while ((d = sock_recv(lab->client.sock, &error))) {
        left = (int)d->len;
        for (const struct nlmsghdr *msg = dgram_msg(d); mnl_nlmsg_ok(msg, left);
             msg = mnl_nlmsg_next(msg, &left)) {
            if (msg->nlmsg_type == NLMSG_DONE)
                memcpy(status, mnl_nlmsg_get_payload(msg), sizeof(*status));
            else
                n++;
        }
        g_free(d);
    }
    return n;
}

static void test_dump_while_deleting(void **state)
{
    struct lab *lab = *state;
    struct table *t = &lab_dp(lab)->table;
    unsigned n, n_gone = 0;
    int status;

    add_many(lab);
    n = dump_some(lab);
    assert_true(n > 0 && n < N_MANY / 2);
    while (t->n_flows > N_MANY / 2) {                   /* the flow it stands at is among them */
        struct flow *f = n_gone++ % 2 ? t->last : t->first;

        table_remove(t, f);
        flow_free(f);
    }
    n += dump_rest(lab, &status);
    assert_int_equal(status, 0);
    assert_true(n >= N_MANY / 2 && n < N_MANY);
}

static void test_dump_of_what_vanishes(void **state)
{
    struct lab *lab = *state;
    int status;

    add_many(lab);
    (void)dump_some(lab);
    table_flush(&lab_dp(lab)->table);
    (void)dump_rest(lab, &status);
    assert_int_equal(status, 0);
    add_many(lab);
    (void)dump_some(lab);
    lab_do(lab, "del-dp br0");
    (void)dump_rest(lab, &status);
    assert_int_equal(status, -ENODEV);
    lab_do(lab, "dp br0");
}

/* Closing the socket in the middle ends the dump; the second one is left to the teardown. */
static void test_dump_given_up(void **state)
{
    struct lab *lab = *state;

    add_many(lab);
    (void)dump_some(lab);
    local_done(&lab->client);
    assert_null(lab_dp(lab)->table.cursors);
    local_init(&lab->client, lab->ns);
    (void)dump_some(lab);
}

/* A flow that fills a datagram alone goes without its actions if they do not fit. */
static void test_dump_of_long_actions(void **state)
{
    struct lab *lab = *state;
    GString *acts = g_string_new("1");

    for (unsigned i = 0; i < 7000; i++)
        g_string_append(acts, ",1");
    assert_int_equal(lab_flow(lab, NEW, CREATE, FLOW(.key = IP, .acts = acts->str)), 0);
    assert_int_equal(lab_flow(lab, NEW, CREATE, FLOW(.key = ARP, .acts = "2")), 0);
    assert_int_equal(lab_flow(lab, GET, NLM_F_DUMP, FLOW(.key = NULL)), 0);
    assert_int_equal(lab->answers->len, 2);
    assert_string_equal(attr_types(lab->answers->pdata[0]), "1 7");
    assert_string_equal(attr_types(lab->answers->pdata[1]), "1 7 2");
    assert_int_equal(lab_flow(lab, GET, 0, FLOW(.key = IP)), 0);
    assert_string_equal(attr_types(lab_answer(lab)), "1 7 2");
    g_string_free(acts, TRUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LAB_TEST(test_dump_is_complete),
        LAB_TEST(test_dump_while_deleting),
        LAB_TEST(test_dump_of_what_vanishes),
        LAB_TEST(test_dump_given_up),
        LAB_TEST(test_dump_of_long_actions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
