/* fault.h - where netlink itself can fail, whatever the family.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef NETLINK_FAULT_H
#define NETLINK_FAULT_H

#include "base/fault.h"

struct netlink;

enum netlink_fault {
    NETLINK_FAULT_ACK_ALLOC,
    N_NETLINK_FAULTS
};

extern const struct fault_point netlink_fault_points[N_NETLINK_FAULTS];

/* Borrowed; NULL: nothing fails. */
void netlink_set_fault(struct netlink *nl, const struct fault_hook *hook);

#endif
