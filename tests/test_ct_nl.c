/* test_ct_nl.c - ctnetlink as its messages go: the front door, dumps, events, expectations, timeout policies.
 *
 * What Debian's conntrack makes of them is in conntrack.sh; kernel/ctnetlink.py asks the real kernel, too.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/talk.h"

#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netfilter/nfnetlink_cttimeout.h>
#include <netinet/in.h>

#include "dp/ct/conn.h"
#include "dp/ct/timeout.h"
#include "netlink/nf.h"

#define CT(msg)      NF_TYPE(NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_##msg)
#define TIMEOUT(msg) NF_TYPE(NFNL_SUBSYS_CTNETLINK_TIMEOUT, IPCTNL_MSG_TIMEOUT_##msg)
#define MAKE         (NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL)

static int open_nf(void **state)
{
    return talk_open(state, NETLINK_NETFILTER);
}

#define NF(name) cmocka_unit_test_setup_teardown(name, open_nf, talk_close)

static struct ct_table *table_of(const struct talk *t)
{
    return t->ns->dp->ct;
}

/* ---- requests ---------------------------------------------------------------------------------- */

static void begin_nf(struct talk *t, uint16_t type, uint16_t flags)
{
    const struct nfgenmsg h = { .nfgen_family = AF_INET };

    begin(t, type, flags, &h, sizeof(h));
}

static int plain(struct talk *t, uint16_t type, uint16_t flags)
{
    begin_nf(t, type, flags);
    return call(t);
}

static void put_be16(struct talk *t, uint16_t type, uint16_t value)
{
    value = htons(value);
    attr_put(t->request, type, &value, sizeof(value));
}

static void put_be32(struct talk *t, uint16_t type, uint32_t value)
{
    value = htonl(value);
    attr_put(t->request, type, &value, sizeof(value));
}

static void put_tuple(struct talk *t, uint16_t type, uint16_t src_port, uint16_t dst_port)
{
    const uint8_t udp = IPPROTO_UDP;
    size_t tuple = attr_nest_begin(t->request, type);
    size_t nest = attr_nest_begin(t->request, CTA_TUPLE_IP);

    put_be32(t, CTA_IP_V4_SRC, 0x0a000001);
    put_be32(t, CTA_IP_V4_DST, 0x0a000001);
    attr_nest_end(t->request, nest);
    nest = attr_nest_begin(t->request, CTA_TUPLE_PROTO);
    attr_put(t->request, CTA_PROTO_NUM, &udp, sizeof(udp));
    put_be16(t, CTA_PROTO_SRC_PORT, src_port);
    put_be16(t, CTA_PROTO_DST_PORT, dst_port);
    attr_nest_end(t->request, nest);
    attr_nest_end(t->request, tuple);
}

static int make_conn(struct talk *t, uint16_t port, uint32_t seconds)
{
    begin_nf(t, CT(NEW), MAKE);
    put_tuple(t, CTA_TUPLE_ORIG, port, 53);
    put_tuple(t, CTA_TUPLE_REPLY, 53, port);
    put_be32(t, CTA_TIMEOUT, seconds);
    return call(t);
}

static int about_conn(struct talk *t, uint16_t type, uint16_t flags, uint16_t port)
{
    begin_nf(t, type, flags);
    put_tuple(t, CTA_TUPLE_ORIG, port, 53);
    return call(t);
}

/* The types of a message's attributes, in order. */
static void assert_types(const struct nlmsghdr *msg, const char *expected)
{
    g_autoptr(GString) types = g_string_new(NULL);
    const struct nlattr *a;
    int left;

    attr_for_each(a, (const uint8_t *)mnl_nlmsg_get_payload(msg) + sizeof(struct nfgenmsg),
                  msg->nlmsg_len - sizeof(*msg) - sizeof(struct nfgenmsg), left)
        g_string_append_printf(types, "%s%u", types->len ? " " : "", mnl_attr_get_type(a));
    assert_string_equal(types->str, expected);
}

static uint32_t be32_of(const struct nlmsghdr *msg, uint16_t type)
{
    const struct nlattr *a = attr_find((const uint8_t *)mnl_nlmsg_get_payload(msg) + sizeof(struct nfgenmsg),
                                       msg->nlmsg_len - sizeof(*msg) - sizeof(struct nfgenmsg), type);

    assert_non_null(a);
    return ntohl(mnl_attr_get_u32(a));
}

/* ---- the front door ---------------------------------------------------------------------------- */

static void what_no_row_answers_is_invalid(void **state)
{
    struct talk *t = *state;

    assert_int_equal(plain(t, NF_TYPE(200, 0), NLM_F_ACK), -EINVAL);
    assert_int_equal(plain(t, NF_TYPE(NFNL_SUBSYS_QUEUE, 0), NLM_F_ACK), -EINVAL);
    assert_int_equal(plain(t, NF_TYPE(NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_MAX), NLM_F_ACK), -EINVAL);
    assert_int_equal(plain(t, NFNL_MSG_BATCH_BEGIN, NLM_F_ACK), -EOPNOTSUPP);
    assert_int_equal(plain(t, CT(GET), NLM_F_ACK), -EINVAL);
    assert_int_equal(plain(t, CT(GET_DYING), NLM_F_ACK), -EOPNOTSUPP);
    assert_int_equal(plain(t, CT(GET_STATS_CPU), NLM_F_ACK), 0);
    begin(t, CT(GET), NLM_F_ACK, NULL, 0);          /* too short: acknowledged, not looked at */
    assert_int_equal(call(t), 0);
}

static void attributes_are_checked_first(void **state)
{
    struct talk *t = *state;

    begin_nf(t, CT(GET), NLM_F_DUMP);
    attr_put(t->request, CTA_MARK, "", 1);
    assert_int_equal(call(t), -ERANGE);
    assert_string_equal(t->text, "Attribute failed policy validation");
    begin_nf(t, CT(DELETE), NLM_F_ACK);
    attr_put(t->request, CTA_TUPLE_ORIG | NLA_F_NESTED, "\5\0\1\0\0\0\0\0", 8);
    assert_int_equal(call(t), -ERANGE);
    assert_string_equal(t->text, "");               /* of nests nothing is said */
}

/* ---- connections ------------------------------------------------------------------------------- */

static void connections_come_and_go(void **state)
{
    struct talk *t = *state;

    assert_int_equal(make_conn(t, 1000, 60), 0);
    assert_int_equal(make_conn(t, 1000, 60), -EEXIST);
    assert_int_equal(about_conn(t, CT(GET), 0, 1000), 0);
    assert_int_equal(be32_of(answer(t, 0), CTA_TIMEOUT), 60);
    assert_int_equal(be32_of(answer(t, 0), CTA_USE), 2);
    assert_int_equal(about_conn(t, CT(GET), NLM_F_ACK, 1001), -ENOENT);
    lab_do(&(struct lab){ .sim = t->sim, .ns = t->ns }, "advance 61s");
    assert_int_equal(about_conn(t, CT(GET), NLM_F_ACK, 1000), -ENOENT);
    assert_int_equal(table_of(t)->n_conns, 0);
}

static void another_id_is_another_connection(void **state)
{
    struct talk *t = *state;
    uint32_t id;

    assert_int_equal(make_conn(t, 1000, 60), 0);
    assert_int_equal(about_conn(t, CT(GET), 0, 1000), 0);
    id = be32_of(answer(t, 0), CTA_ID);
    for (unsigned i = 2; i-- > 0;) {
        begin_nf(t, CT(DELETE), NLM_F_ACK);
        put_tuple(t, CTA_TUPLE_ORIG, 1000, 53);
        put_be32(t, CTA_ID, id + i);
        assert_int_equal(call(t), i ? -ENOENT : 0);
    }
    assert_int_equal(table_of(t)->n_conns, 0);
}

/* Orders as recorded on Linux 6.1.192 with both sysctls on. */
static void counters_and_times_are_told(void **state)
{
    struct talk *t = *state;
    struct ct_conn *c;

    table_of(t)->sysctl.acct = table_of(t)->sysctl.timestamp = 1;
    assert_int_equal(make_conn(t, 1000, 60), 0);
    c = ct_next(table_of(t), NULL);
    assert_int_equal(c->start_ns, ct_now(table_of(t)));
    c->count[CT_REPLY] = (struct ct_counter){ 3, 300 };
    assert_int_equal(about_conn(t, CT(GET_CTRZERO), 0, 1000), 0);
    assert_types(answer(t, 0), "1 2 3 8 12 11 7 9 10 20 24");
    assert_int_equal(c->count[CT_REPLY].n_packets, 0);
    table_of(t)->sysctl.events = 1;
    assert_int_equal(make_conn(t, 1001, 60), 0);
    assert_int_equal(about_conn(t, CT(DELETE), NLM_F_ECHO, 1001), 0);
    assert_types(answer(t, 0), "1 2 12 3 7 9 10 20");
}

/* The receive queue is so small that the dump stops again and again. */
static void a_dump_survives_what_goes_meanwhile(void **state)
{
    enum { N = 200 };
    struct talk *t = *state;
    struct sock *reader = sock_open(t->ns->net, NETLINK_NETFILTER);
    unsigned n_seen = 0, n_dgrams = 0;
    struct dgram *d;
    int error;

    for (uint16_t port = 1; port <= N; port++)
        assert_int_equal(make_conn(t, port, 60), 0);
    assert_int_equal(sock_set_option(reader, SOL_SOCKET, SO_RCVBUF, 1), 0);
    begin_nf(t, CT(GET), NLM_F_DUMP);
    memcpy(t->request->data, &t->request->len, sizeof(uint32_t));
    assert_int_equal(sock_send(reader, t->request->data, t->request->len), t->request->len);
    while ((d = sock_recv(reader, &error))) {
        int left = (int)d->len;
        uint16_t last = (uint16_t)n_seen;

        for (const struct nlmsghdr *msg = dgram_msg(d); mnl_nlmsg_ok(msg, left);
             msg = mnl_nlmsg_next(msg, &left))
            n_seen += msg->nlmsg_type == CT(NEW);
        n_dgrams++;
        g_free(d);
        if (n_seen < N / 2)         /* one that was told of, perhaps the last one of all */
            assert_int_equal(about_conn(t, CT(DELETE), NLM_F_ACK, (uint16_t)MAX(n_seen, last + 1u)), 0);
    }
    assert_int_equal(n_seen, N);
    assert_true(n_dgrams > 10);
    assert_true(table_of(t)->n_conns < N - 3);
    sock_close(reader);
}

/* ---- events ------------------------------------------------------------------------------------- */

static struct sock *listener(struct talk *t)
{
    struct sock *s = sock_open(t->ns->net, NETLINK_NETFILTER);

    for (uint32_t group = NFNLGRP_CONNTRACK_NEW; group <= NFNLGRP_CONNTRACK_DESTROY; group++)
        assert_int_equal(sock_join(s, group), 0);
    return s;
}

/* The type of the next event, which request's port id it has in *portid; 0: there is none. */
static uint16_t heard(struct sock *s, uint32_t *portid)
{
    int error;
    struct dgram *d = sock_recv(s, &error);
    uint16_t type = d ? dgram_msg(d)->nlmsg_type : 0;

    *portid = d ? dgram_msg(d)->nlmsg_pid : 0;
    g_free(d);
    return type;
}

static void listeners_hear_of_connections(void **state)
{
    struct talk *t = *state;
    struct sock *s = listener(t);
    uint32_t portid;

    assert_int_equal(make_conn(t, 1, 60), 0);
    assert_int_equal(heard(s, &portid), CT(NEW));
    assert_int_equal(portid, t->sock->portid);
    assert_int_equal(about_conn(t, CT(DELETE), NLM_F_ECHO, 1), 0);
    assert_int_equal(answer(t, 0)->nlmsg_type, CT(DELETE));     /* an echo */
    assert_int_equal(heard(s, &portid), CT(DELETE));
    assert_int_equal(make_conn(t, 2, 60), 0);
    assert_int_equal(heard(s, &portid), CT(NEW));
    lab_do(&(struct lab){ .sim = t->sim, .ns = t->ns }, "advance 61s");
    assert_int_equal(heard(s, &portid), CT(DELETE));
    assert_int_equal(portid, 0);
    assert_int_equal(heard(s, &portid), 0);
    sock_close(s);
}

static void who_is_born_unheard_stays_so(void **state)
{
    struct talk *t = *state;
    struct sock *s;
    uint32_t portid;

    assert_int_equal(make_conn(t, 1, 60), 0);
    s = listener(t);
    assert_int_equal(about_conn(t, CT(DELETE), NLM_F_ACK, 1), 0);
    assert_int_equal(heard(s, &portid), 0);
    sock_close(s);
    assert_int_equal(t->ns->net->n_memberships[NETLINK_NETFILTER], 0);
}

static void an_event_mask_is_obeyed(void **state)
{
    struct talk *t = *state;
    struct sock *s = listener(t);
    uint32_t portid;

    assert_int_equal(make_conn(t, 1, 60), 0);
    assert_int_equal(heard(s, &portid), CT(NEW));
    ct_next(table_of(t), NULL)->event_mask = 1u << IPCT_DESTROY;
    begin_nf(t, CT(NEW), NLM_F_ACK);
    put_tuple(t, CTA_TUPLE_ORIG, 1, 53);
    put_be32(t, CTA_MARK, 7);
    assert_int_equal(call(t), 0);
    assert_int_equal(heard(s, &portid), 0);
    assert_int_equal(plain(t, CT(DELETE), NLM_F_ACK), 0);
    assert_int_equal(heard(s, &portid), CT(DELETE));
    sock_close(s);
}

/* ---- timeout policies ---------------------------------------------------------------------------- */

static int timeout_do(struct talk *t, uint16_t type, uint16_t flags, const char *name, uint16_t l3)
{
    const uint8_t udp = IPPROTO_UDP;
    size_t nest;

    begin_nf(t, type, flags);
    if (name)
        attr_put(t->request, CTA_TIMEOUT_NAME, name, strlen(name) + 1);
    put_be16(t, CTA_TIMEOUT_L3PROTO, l3);
    attr_put(t->request, CTA_TIMEOUT_L4PROTO, &udp, sizeof(udp));
    nest = attr_nest_begin(t->request, CTA_TIMEOUT_DATA);
    put_be32(t, CTA_TIMEOUT_UDP_UNREPLIED, 11);
    attr_nest_end(t->request, nest);
    return call(t);
}

static void timeout_policies_are_kept(void **state)
{
    struct talk *t = *state;

    assert_int_equal(timeout_do(t, TIMEOUT(NEW), NLM_F_ACK | NLM_F_CREATE, "a", AF_INET), 0);
    assert_int_equal(timeout_do(t, TIMEOUT(NEW), NLM_F_ACK, "a", AF_INET), -EBUSY);
    assert_int_equal(timeout_do(t, TIMEOUT(NEW), MAKE, "a", AF_INET), -EEXIST);
    assert_int_equal(timeout_do(t, TIMEOUT(NEW), NLM_F_ACK | NLM_F_REPLACE, "a", AF_INET), 0);
    assert_int_equal(timeout_do(t, TIMEOUT(NEW), NLM_F_ACK | NLM_F_REPLACE, "a", AF_INET6), -EINVAL);
    assert_int_equal(timeout_do(t, TIMEOUT(GET), NLM_F_DUMP, NULL, AF_INET), 0);
    assert_int_equal(t->answers->len, 1);
    assert_true(t->is_done);
    assert_int_equal(timeout_do(t, TIMEOUT(DELETE), NLM_F_ACK, "b", AF_INET), -ENOENT);
    assert_int_equal(timeout_do(t, TIMEOUT(DELETE), NLM_F_ACK, "a", AF_INET), 0);
    assert_int_equal(timeout_do(t, TIMEOUT(GET), NLM_F_ACK, "a", AF_INET), -ENOENT);
}

/* A flow keeps a policy; a connection does not, and goes on with the defaults. */
static void a_policy_goes_when_no_flow_has_it(void **state)
{
    struct talk *t = *state;
    struct ct_timeout *held;

    assert_int_equal(timeout_do(t, TIMEOUT(NEW), NLM_F_ACK, "a", AF_INET), 0);
    assert_null(ct_timeout_find(table_of(t), "a", 6, IPPROTO_UDP));
    assert_null(ct_timeout_find(table_of(t), "a", 4, IPPROTO_TCP));
    held = ct_timeout_find(table_of(t), "a", 4, IPPROTO_UDP);
    assert_non_null(held);
    assert_int_equal(make_conn(t, 1, 60), 0);
    ct_next(table_of(t), NULL)->timeout = held;
    assert_int_equal(ct_timeouts_of(ct_next(table_of(t), NULL))[0], 11);
    assert_int_equal(timeout_do(t, TIMEOUT(DELETE), NLM_F_ACK, "a", AF_INET), -EBUSY);
    ct_timeout_put(held);
    assert_int_equal(timeout_do(t, TIMEOUT(DELETE), NLM_F_ACK, "a", AF_INET), 0);
    assert_int_equal(ct_timeouts_of(ct_next(table_of(t), NULL))[0], 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        NF(what_no_row_answers_is_invalid),
        NF(attributes_are_checked_first),
        NF(connections_come_and_go),
        NF(another_id_is_another_connection),
        NF(counters_and_times_are_told),
        NF(a_dump_survives_what_goes_meanwhile),
        NF(listeners_hear_of_connections),
        NF(who_is_born_unheard_stays_so),
        NF(an_event_mask_is_obeyed),
        NF(timeout_policies_are_kept),
        NF(a_policy_goes_when_no_flow_has_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
