/* world.h - a simulation with a datapath to measure, and flow requests for it.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_WORLD_H
#define BENCH_WORLD_H

#include <glib.h>
#include <linux/netlink.h>

#include "netlink/socket.h"
#include "sim/sim.h"

/* Datapath br0 with the ports p1 (number 1) and p2; NULL after telling why not. */
struct sim *world_new(void);
/* Scenario commands: 0, or -errno after telling why. */
int world_do(struct sim *sim, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Where flow requests go. */
struct flow_target {
    uint16_t family;            /* id of ovs_flow */
    int dp_ifindex;
};

#define ACK_LEN (sizeof(struct nlmsghdr) + sizeof(struct nlmsgerr))

struct flow_target world_target(struct sim *sim);

/* Appends a request OVS_FLOW_CMD_NEW with NLM_F_ACK. 0, or -EINVAL after telling why. */
int flow_request(GByteArray *out, const struct flow_target *to, const char *key,
                 const char *actions);
/* The same for the i-th of many distinct flows with one mask. */
int flow_request_nth(GByteArray *out, const struct flow_target *to, unsigned i);
/* 'n' of those, each a GByteArray; NULL after telling why not. */
GPtrArray *flow_requests(const struct flow_target *to, unsigned n);

/* Sends a request and reads its ACK: 0, or -errno after telling why. */
int flow_put(struct sock *s, const GByteArray *request);

#endif
