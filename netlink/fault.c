/* fault.c - see fault.h. SPDX-License-Identifier: Apache-2.0 */
#include "netlink/fault.h"

#include <errno.h>

#include "netlink/server.h"

/* clang-format off */
const struct fault_point netlink_fault_points[N_NETLINK_FAULTS] = {
    [NETLINK_FAULT_ACK_ALLOC] = { "ack_alloc", FAULT_SOCKET, ENOBUFS,
        "the buffer of an acknowledgement or an error",
        "none is sent; the request has been carried out" },
};
/* clang-format on */

void netlink_set_fault(struct netlink *nl, const struct fault_hook *hook)
{
    nl->fault = hook;
}

bool netlink_faulty(const struct netlink *nl, enum netlink_fault point)
{
    return fault_strikes(nl->fault, &netlink_fault_points[point]);
}
