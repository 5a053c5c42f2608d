/* bench_flow.c - flow requests and flow dumps in process: messages in, messages out.
 *
 * The reference is what no netlink server can leave out: the message copied, its attributes
 * walked, an answer of the same size allocated, filled and freed.
 * SPDX-License-Identifier: Apache-2.0 */
#include <linux/openvswitch.h>
#include <string.h>

#include "bench/bench.h"
#include "bench/world.h"
#include "netlink/attr.h"
#include "netlink/socket.h"

#define N_PUTS 50000u
#define N_DUMPED 10000u
#define REFERENCE "copy, walk the attributes, allocate the answer"
#define GENL_HEADERS (NLMSG_HDRLEN + GENL_HDRLEN + sizeof(struct ovs_header))
#define MAX_MESSAGE 65536u

struct flow_bench {
    unsigned n;                 /* flows */
    unsigned n_passes;          /* dump: of all flows in a round */
    GPtrArray *requests;        /* of GByteArray */
    struct sim *sim;            /* dump: with the flows in it */
    struct sock *sock;
    GPtrArray *datagrams;       /* dump: its answer, of struct dgram */
    uint64_t sink;              /* so that a walk is not left out */
};

static bool put_all(const struct flow_bench *b, struct sock *s)
{
    for (unsigned i = 0; i < b->n; i++)
        if (flow_put(s, g_ptr_array_index(b->requests, i)))
            return false;
    return true;
}

static double put(void *ctx)
{
    const struct flow_bench *b = ctx;
    struct sim *sim = world_new();
    double seconds = BENCH_FAILED, start;
    struct sock *s;

    if (!sim)
        return BENCH_FAILED;
    s = sock_open(sim_root_ns(sim)->net, NETLINK_GENERIC);
    start = bench_now();
    if (put_all(b, s))
        seconds = (bench_now() - start) / b->n;
    sock_close(s);
    sim_free(sim);
    return seconds;
}

/* ---- the reference ----------------------------------------------------------------------------- */

static uint64_t walk(const void *attrs, size_t len)
{
    const struct nlattr *a, *inner;
    uint64_t sum = 0;
    int left, rest;

    attr_for_each(a, attrs, len, left)
    {
        sum += a->nla_type;
        attr_for_each_nested(inner, a, rest)
            sum += inner->nla_type;
    }
    return sum;
}

/* One datagram of messages of the OVS families. */
static uint64_t walk_messages(const uint8_t *bytes, size_t len)
{
    const struct nlmsghdr *msg = (const void *)bytes;
    uint64_t sum = 0;
    int left = (int)len;

    for (; mnl_nlmsg_ok(msg, left); msg = mnl_nlmsg_next(msg, &left))
        if (msg->nlmsg_len > GENL_HEADERS)
            sum += walk((const uint8_t *)msg + GENL_HEADERS, msg->nlmsg_len - GENL_HEADERS);
    return sum;
}

static double put_reference(void *ctx)
{
    static uint8_t buffer[MAX_MESSAGE] __attribute__((aligned(8)));
    struct flow_bench *b = ctx;
    double start = bench_now();

    for (unsigned i = 0; i < b->n; i++) {
        const GByteArray *request = g_ptr_array_index(b->requests, i);
        uint8_t *answer;

        memcpy(buffer, request->data, request->len);
        b->sink += walk_messages(buffer, request->len);
        answer = g_malloc0(sizeof(struct dgram) + ACK_LEN);
        memcpy(answer + sizeof(struct dgram), buffer, ACK_LEN);
        b->sink += *(volatile uint8_t *)answer;
        g_free(answer);
    }
    return (bench_now() - start) / b->n;
}

int bench_flow_put(const struct bench_options *o)
{
    struct flow_bench b = { .n = o->is_quick ? 500 : N_PUTS };
    const struct bench_row row = { "flow_put, 1 mask", REFERENCE, BENCH_RATE, BENCH_ROUNDS,
                                   put, put_reference, &b };
    struct sim *sim = world_new();
    struct flow_target to;
    int n_failed = 1;

    if (!sim)
        return 1;
    to = world_target(sim);     /* ids repeat: they hold for all simulations */
    sim_free(sim);
    b.requests = flow_requests(&to, b.n);
    if (b.requests) {
        n_failed = bench_measure(&row, o);
        g_ptr_array_unref(b.requests);
    }
    return n_failed;
}

/* ---- dump -------------------------------------------------------------------------------------- */

static void ask_dump(struct flow_bench *b)
{
    const struct flow_target to = world_target(b->sim);
    const struct {
        struct nlmsghdr msg;
        struct genlmsghdr genl;
        struct ovs_header ovs;
    } request = {
        .msg = { .nlmsg_len = sizeof(request), .nlmsg_type = to.family,
                 .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
        .genl = { .cmd = OVS_FLOW_CMD_GET, .version = OVS_FLOW_VERSION },
        .ovs = { .dp_ifindex = to.dp_ifindex },
    };

    (void)sock_send(b->sock, &request, sizeof(request));
}

static double dump(void *ctx)
{
    struct flow_bench *b = ctx;
    double start = bench_now();

    for (unsigned i = 0; i < b->n_passes; i++) {
        struct dgram *d;
        int error;

        ask_dump(b);
        while ((d = sock_recv(b->sock, &error)))
            g_free(d);
    }
    return (bench_now() - start) / b->n_passes / b->n;
}

static double dump_reference(void *ctx)
{
    struct flow_bench *b = ctx;
    double start = bench_now();

    for (unsigned i = 0; i < b->n_passes; i++) {
        for (guint j = 0; j < b->datagrams->len; j++) {
            const struct dgram *d = g_ptr_array_index(b->datagrams, j);
            struct dgram *answer = g_memdup2(d, sizeof(*d) + d->len);

            b->sink += walk_messages(answer->data, answer->len);
            g_free(answer);
        }
    }
    return (bench_now() - start) / b->n_passes / b->n;
}

static unsigned count_flows(const struct dgram *d, uint16_t family)
{
    const struct nlmsghdr *msg = (const void *)d->data;
    unsigned n = 0;
    int left = (int)d->len;

    for (; mnl_nlmsg_ok(msg, left); msg = mnl_nlmsg_next(msg, &left))
        n += msg->nlmsg_type == family;
    return n;
}

/* Puts the flows in and keeps one dump for the reference. */
static bool dump_prepare(struct flow_bench *b)
{
    const struct flow_target to = world_target(b->sim);
    unsigned n = 0;
    struct dgram *d;
    int error;

    b->requests = flow_requests(&to, b->n);
    if (!b->requests || !put_all(b, b->sock))
        return false;
    ask_dump(b);
    while ((d = sock_recv(b->sock, &error))) {
        n += count_flows(d, to.family);
        g_ptr_array_add(b->datagrams, d);
    }
    if (n != b->n)
        (void)bench_fail("%u flows were dumped, not %u", n, b->n);
    return n == b->n;
}

int bench_dump(const struct bench_options *o)
{
    struct flow_bench b = { .n = o->is_quick ? 500 : N_DUMPED, .n_passes = o->is_quick ? 1 : 20 };
    const struct bench_row row = { "flow dump", REFERENCE, BENCH_RATE, BENCH_ROUNDS, dump,
                                   dump_reference, &b };
    int n_failed = 1;

    b.sim = world_new();
    if (!b.sim)
        return 1;
    b.sock = sock_open(sim_root_ns(b.sim)->net, NETLINK_GENERIC);
    b.datagrams = g_ptr_array_new_with_free_func(g_free);
    if (dump_prepare(&b))
        n_failed = bench_measure(&row, o);
    g_ptr_array_unref(b.datagrams);
    if (b.requests)
        g_ptr_array_unref(b.requests);
    sock_close(b.sock);
    sim_free(b.sim);
    return n_failed;
}
