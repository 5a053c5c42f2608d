/* fault.c - see fault.h. SPDX-License-Identifier: Apache-2.0 */
#include "dp/fault.h"

#include <errno.h>

/* clang-format off */
const struct fault_point dp_fault_points[N_DP_FAULTS] = {
    [DP_FAULT_DATAPATH_ALLOC] = { "datapath_alloc", FAULT_REFUSES, ENOMEM,
        "the datapath itself", "nothing is made" },
    [DP_FAULT_FLOW_ALLOC] = { "flow_alloc", FAULT_REFUSES, ENOMEM,
        "a new flow", "the table stays as it was" },
    [DP_FAULT_PKT_CLONE] = { "pkt_clone", FAULT_LOSES_COPY, 0,
        "a copy of a packet, for an output or a list that is not the last action", "that action does nothing" },
    [DP_FAULT_UPCALL_ALLOC] = { "upcall_alloc", FAULT_LOSES_MESSAGE, 0,
        "the buffer of an upcall", "the upcall is lost, n_lost counts it; a miss ends the packet" },
};
/* clang-format on */
