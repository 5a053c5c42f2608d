/* local.h - a netlink client inside the simulator: builds requests, sends them, reads answers.
 *
 * Scenario commands and the embedded upcall handler talk to the datapath only through this, with
 * the messages that a real client sends.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_LOCAL_H
#define SIM_LOCAL_H

#include <glib.h>
#include <linux/netlink.h>

#include "base/err.h"
#include "netlink/attr.h"
#include "sim/sim.h"

struct local {
    struct sim_ns *ns;
    struct sock *sock;
    uint32_t seq;               /* of the last request */
};

void local_init(struct local *l, struct sim_ns *ns);    /* opens and binds the socket */
void local_done(struct local *l);

/* Starts a message of an OVS family at the end of 'out': NLM_F_REQUEST and 'flags' (OVS asks for
 * no ACK: silence is success), dp_ifindex in the user header. Attributes follow by attr_put();
 * local_end() sets the length. */
size_t local_begin(struct local *l, GByteArray *out, const char *family, uint8_t cmd,
                   uint16_t flags, int dp_ifindex);
void local_end(GByteArray *out, size_t msg);

/* One attribute whose payload is a list of attributes. */
void local_put_nest(GByteArray *out, uint16_t type, const GByteArray *attrs);

/* Called with each answer that is not an ACK, an error or the end of a dump. */
typedef void local_answer_fn(void *ctx, const struct nlmsghdr *answer);

/* Sends one datagram and reads all its answers. 0, or -errno of the first error answered. */
int local_call(struct local *l, const GByteArray *datagram, local_answer_fn *fn, void *ctx,
               struct err *e);

/* One attribute of an OVS family's message, or NULL. */
const struct nlattr *local_attr(const struct nlmsghdr *msg, uint16_t type);
int local_dp_ifindex(const struct nlmsghdr *msg);
/* A u32 attribute; 'otherwise' if it is absent. */
uint32_t local_u32(const struct nlmsghdr *msg, uint16_t type, uint32_t otherwise);

#endif
