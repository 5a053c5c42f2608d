/* upcall_handler.h - what answers a datapath's misses when no real switch daemon runs.
 *
 * How it works: a netlink client inside the simulator whose port id is the upcall pid of all
 * ports. "normal" is a MAC-learning switch with VLANs: it learns source addresses, installs a flow
 * to the learned port or to all others, and sends the packet after it. "drop" installs a
 * flow without actions. It answers at the virtual time of the miss, behind what runs already.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_UPCALL_HANDLER_H
#define SIM_UPCALL_HANDLER_H

#include <linux/netlink.h>
#include <stdbool.h>

#include "base/err.h"
#include "sim/sim.h"

struct upcall_handler;

enum upcall_mode {
    UPCALL_DROP,
    UPCALL_NORMAL,
    N_UPCALL_MODES
};

extern const char *const upcall_mode_names[N_UPCALL_MODES];

/* Takes over the upcalls of a datapath's ports: of all, or of those nobody serves. NULL with 'e'
 * if the datapath refuses. */
struct upcall_handler *upcall_handler_new(struct sim_ns *ns, int dp_ifindex,
                                          enum upcall_mode mode, bool takes_all, struct err *e);
void upcall_handler_free(struct upcall_handler *h);     /* NULL allowed */

int upcall_handler_dp(const struct upcall_handler *h);
/* Takes over one port more. 0 or -errno. */
int upcall_handler_take_port(struct upcall_handler *h, uint32_t port_no, struct err *e);
/* 'info' describes its datapath. With per-CPU dispatch and no sockets named, it names its own. */
void upcall_handler_take_dispatch(struct upcall_handler *h, const struct nlmsghdr *info);

#endif
