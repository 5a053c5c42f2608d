/* world_run.c - runs programs; see world.h. SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/openvswitch.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "base/hash.h"
#include "dp/ct/conn.h"
#include "dp/datapath.h"
#include "fuzz/oracle.h"
#include "fuzz/target.h"
#include "netlink/attr.h"

#define NS_PER_MS UINT64_C(1000000)
#define CMD(cmd) (1u << (cmd))

/* ---- what a request may change -------------------------------------------------------------------------- */

/* By family, the commands whose effect world_ready() puts back: those of flows and packets, and all that only ask. */
static const uint32_t light_cmds[N_PROGRAM_FAMILIES] = {
    [PROGRAM_DATAPATH] = CMD(OVS_DP_CMD_GET),
    [PROGRAM_VPORT] = CMD(OVS_VPORT_CMD_GET),
    [PROGRAM_FLOW] = ~0u,
    [PROGRAM_PACKET] = ~0u,
    [PROGRAM_METER] = CMD(OVS_METER_CMD_GET) | CMD(OVS_METER_CMD_FEATURES),
    [PROGRAM_CT_LIMIT] = CMD(OVS_CT_LIMIT_CMD_GET),
};

/* By family, those of the others that change nothing when they are refused, in the kernel as well: OVS_DP_CMD_SET has stored
 * features before it looks at port ids, and NEW of an old client takes them from the datapath that exists. */
static const uint32_t whole_cmds[N_PROGRAM_FAMILIES] = {
    [PROGRAM_DATAPATH] = CMD(OVS_DP_CMD_DEL),
    [PROGRAM_VPORT] = CMD(OVS_VPORT_CMD_NEW) | CMD(OVS_VPORT_CMD_DEL),
    [PROGRAM_METER] = CMD(OVS_METER_CMD_SET) | CMD(OVS_METER_CMD_DEL),
};

static uint8_t genl_cmd(const struct nlmsghdr *msg)
{
    bool has_cmd = msg->nlmsg_len >= NLMSG_HDRLEN + GENL_HDRLEN;

    return has_cmd ? ((const struct genlmsghdr *)(msg + 1))->cmd : 0;
}

static int family_of(const struct world *w, const struct nlmsghdr *msg)
{
    for (int i = 0; i < N_PROGRAM_FAMILIES; i++) {
        if (w->numbers.family[i] == msg->nlmsg_type)
            return i;
    }
    return -1;
}

static bool is_light(const struct world *w, const struct sock *s, const struct nlmsghdr *msg)
{
    int family = family_of(w, msg);
    uint8_t cmd = genl_cmd(msg);

    if (!(msg->nlmsg_flags & NLM_F_REQUEST) || msg->nlmsg_type < NLMSG_MIN_TYPE)
        return true;                            /* none that anybody runs */
    if (s->protocol == NETLINK_ROUTE)
        return (msg->nlmsg_type & 3) == 2;      /* RTM_GET... */
    if (s->protocol != NETLINK_GENERIC)
        return false;
    return family < 0 || cmd >= 32 || light_cmds[family] & CMD(cmd);    /* no family has so many */
}

/* Is the request, which is not light, done as a whole or not at all? */
static bool is_whole(const struct world *w, const struct sock *s, const struct nlmsghdr *msg)
{
    int family = family_of(w, msg);

    if (s->protocol == NETLINK_ROUTE)
        return msg->nlmsg_type != RTM_NEWLINK && msg->nlmsg_type != RTM_SETLINK;
    return s->protocol == NETLINK_GENERIC && family >= 0 && whole_cmds[family] & CMD(genl_cmd(msg));
}

static bool is_flow_put(const struct world *w, const struct sock *s, const struct nlmsghdr *msg)
{
    uint8_t cmd = genl_cmd(msg);

    return s->protocol == NETLINK_GENERIC && msg->nlmsg_type == w->numbers.family[PROGRAM_FLOW] &&
           (cmd == OVS_FLOW_CMD_NEW || cmd == OVS_FLOW_CMD_SET) && msg->nlmsg_flags & NLM_F_REQUEST;
}

void world_refused(void *user, struct sock *s, const struct nlmsghdr *msg, int error, const struct err *e)
{
    struct world *w = user;

    w->sim->refusal = *e;       /* for those who ask by sim/local */
    w->sim->refusal.code = -error;
    if (!is_light(w, s, msg) && is_whole(w, s, msg) && w->n_heavy)
        w->n_heavy--;
    if (is_flow_put(w, s, msg) && error != -EEXIST && error != -ENOENT)
        w->figures.n_deep_puts--;
}

/* ---- steps ---------------------------------------------------------------------------------------------- */

static void set_packet(struct world *w, const void *frame, size_t len)
{
    w->step.has_packet = true;
    w->step.sums = oracle_sums_of(frame, len);
}

/* Of several it is the last. */
static const struct nlattr *executed_packet(const struct world *w, const struct sock *s, const struct nlmsghdr *msg)
{
    size_t headers = NLMSG_HDRLEN + GENL_HDRLEN + sizeof(struct ovs_header);
    const struct nlattr *a, *packet = NULL;
    int left;

    if (s->protocol != NETLINK_GENERIC || msg->nlmsg_type != w->numbers.family[PROGRAM_PACKET] || msg->nlmsg_len < headers)
        return NULL;
    attr_for_each(a, (const uint8_t *)msg + headers, msg->nlmsg_len - headers, left)
        packet = mnl_attr_get_type(a) == OVS_PACKET_ATTR_PACKET ? a : packet;
    return packet;
}

static void count_request(struct world *w, const struct sock *s, const struct nlmsghdr *msg)
{
    const struct nlattr *packet = executed_packet(w, s, msg);

    w->step.n_asked++;
    w->step.n_acks += msg->nlmsg_flags & NLM_F_ACK && s->protocol != NETLINK_NETFILTER;
    w->n_heavy += !is_light(w, s, msg);
    if (packet) {
        w->figures.n_executes++;
        set_packet(w, mnl_attr_get_payload(packet), mnl_attr_get_payload_len(packet));
    }
    if (is_flow_put(w, s, msg)) {
        w->figures.n_puts++;
        w->figures.n_deep_puts++;       /* until it is refused */
    }
}

/* As dispatch() walks them. */
static void count_requests(struct world *w, const struct sock *s)
{
    size_t len = w->scratch->len, at = 0;

    while (len - at >= sizeof(struct nlmsghdr)) {
        const struct nlmsghdr *msg = (const void *)(w->scratch->data + at);

        if (msg->nlmsg_len < sizeof(*msg) || msg->nlmsg_len > len - at)
            return;
        count_request(w, s, msg);
        at = MIN(len, at + attr_align(msg->nlmsg_len));
    }
}

static void step_send(struct world *w, const struct program_step *step)
{
    struct sock *s = w->sock[step->who % N_PROGRAM_SOCKS];

    g_byte_array_set_size(w->scratch, 0);
    g_byte_array_append(w->scratch, step->data, (guint)step->len);
    program_resolve(w->scratch->data, step->len, &w->numbers);
    w->n_heavy = 0;
    count_requests(w, s);
    w->step.has_packet &= w->step.n_asked == 1;
    (void)sock_send(s, w->scratch->data, w->scratch->len);
    w->is_worn |= w->n_heavy > 0;
}

static void step_frame(struct world *w, const struct program_step *step)
{
    unsigned port_no = 1 + step->who % PROGRAM_PORTS;
    struct device *d = device_by_index(w->ns, (int)w->numbers.ifindex[port_no]);

    if (!d)
        return;
    w->figures.n_frames++;
    set_packet(w, step->data, step->len);
    if (w->is_watched && d->dev.vport && d->dev.is_up)
        oracle_lookup(w, d->dev.vport, step->data, step->len);
    device_receive(d, step->data, step->len);
}

static void step_time(struct world *w, const struct program_step *step)
{
    uint32_t ms = 0;

    memcpy(&ms, step->data, MIN(step->len, sizeof(ms)));
    clock_advance(&w->sim->clock, w->sim->clock.now_ns + ms * NS_PER_MS);
}

typedef void step_fn(struct world *w, const struct program_step *step);

static step_fn *const step_fns[N_PROGRAM_KINDS] = {
    [PROGRAM_SEND] = step_send,
    [PROGRAM_FRAME] = step_frame,
    [PROGRAM_TIME] = step_time,
};

/* ---- what comes of it ----------------------------------------------------------------------------------- */

static void digest(struct world *w, const void *bytes, size_t len)
{
    if (w->is_watched)
        w->digest = hash_mix(w->digest, hash_bytes(bytes, len, (uint32_t)w->digest));
}

/* Connection tracking makes checksums anew where it joins fragments and translates addresses; output where it cuts a packet. */
static bool has_new_sums(const struct world *w, const struct pkt *p)
{
    return p->mru || w->ns->dp->ct->last_id || dp_world_account(w->sim->dp)->n_joined;
}

void world_transmit(void *ctx, struct netdev *dev, const struct pkt *p)
{
    struct world *w = world_of_sim(ctx);

    w->figures.n_sent++;
    digest(w, p->data, p->len);
    if (w->step.has_packet && !has_new_sums(w, p)) {
        struct oracle_sums sums = oracle_sums_of(p->data, p->len);

        oracle_sums(&w->step.sums, &sums);
    }
    device_transmit((struct device *)dev, p->data, p->len);
}

/* No last word: a dump that finds no room for its first part is refused, and goes on, in the kernel as well. */
static bool is_out_of_room(const struct nlmsghdr *msg)
{
    const struct nlmsgerr *error = mnl_nlmsg_get_payload(msg);

    return error->error == -ENOBUFS;
}

/* Last words: errors, ACKs and ends of dumps. */
static unsigned count_answers(const struct dgram *d)
{
    int left = (int)d->len;
    unsigned n = 0;

    for (const struct nlmsghdr *msg = (const void *)d->data; mnl_nlmsg_ok(msg, left); msg = mnl_nlmsg_next(msg, &left))
        n += msg->nlmsg_type == NLMSG_DONE || (msg->nlmsg_type == NLMSG_ERROR && !is_out_of_room(msg));
    return n;
}

/* Reads everything; returns the number of last words, or UINT_MAX if some may be lost. */
static unsigned read_sock(struct world *w, struct sock *s)
{
    unsigned n = 0;
    struct dgram *d;
    int error = 0;

    while ((d = sock_recv(s, &error)) || error) {
        if (!d)
            continue;
        n += count_answers(d);
        digest(w, d->data, d->len);
        g_free(d);
    }
    return s->n_drops ? UINT_MAX : n;
}

/* Everybody reads everything, and has one last word for each request that asked for one. */
static void read_all(struct world *w, const struct sock *asker)
{
    for (unsigned i = 0; i < N_PROGRAM_SOCKS; i++) {
        unsigned n = read_sock(w, w->sock[i]), n_asked = w->sock[i] == asker ? w->step.n_asked : 0;

        FUZZ_CHECK(n == UINT_MAX || (n <= n_asked && (!n_asked || n >= w->step.n_acks)),
                   "%u requests, of which %u asked for an answer, have got %u", n_asked, w->step.n_acks, n);
    }
}

void world_run(struct world *w, const uint8_t *program, size_t len)
{
    struct program_step step;

    while (program_next(&program, &len, &step)) {
        memset(&w->step, 0, sizeof(w->step));
        step_fns[step.kind](w, &step);
        sim_settle(w->sim);
        read_all(w, step.kind == PROGRAM_SEND ? w->sock[step.who % N_PROGRAM_SOCKS] : NULL);
    }
    FUZZ_CHECK(w->is_worn || dp_world_account(w->sim->dp)->n_output == w->figures.n_sent, "not every packet counted as sent was");
}
