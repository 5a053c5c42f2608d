/* world_run.c - runs programs; see world.h. SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/openvswitch.h>
#include <string.h>

#include "fuzz/world.h"
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

    if (s->protocol == NETLINK_ROUTE)
        return (msg->nlmsg_type & 3) == 2;      /* RTM_GET... */
    if (s->protocol != NETLINK_GENERIC)
        return false;
    return family < 0 || (cmd < 32 && light_cmds[family] & CMD(cmd));
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

    (void)e;
    if (!is_light(w, s, msg) && w->n_heavy)
        w->n_heavy--;
    if (is_flow_put(w, s, msg) && error != -EEXIST && error != -ENOENT)
        w->figures.n_deep_puts--;
}

/* ---- steps ---------------------------------------------------------------------------------------------- */

static void count_request(struct world *w, const struct sock *s, const struct nlmsghdr *msg)
{
    w->n_heavy += !is_light(w, s, msg);
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

/* Reads everything from everybody. */
static void read_all(struct world *w)
{
    for (unsigned i = 0; i < N_PROGRAM_SOCKS; i++) {
        struct dgram *d;
        int error = 0;

        while ((d = sock_recv(w->sock[i], &error)) || error)
            g_free(d);
    }
}

void world_run(struct world *w, const uint8_t *program, size_t len)
{
    struct program_step step;

    while (program_next(&program, &len, &step)) {
        step_fns[step.kind](w, &step);
        sim_settle(w->sim);
        read_all(w);
    }
}
