/* fault.h - where the datapath's kernel code can fail.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DP_FAULT_H
#define DP_FAULT_H

#include "base/fault.h"

enum dp_fault {
    DP_FAULT_DATAPATH_ALLOC,
    DP_FAULT_FLOW_ALLOC,
    DP_FAULT_PKT_CLONE,
    DP_FAULT_UPCALL_ALLOC,
    N_DP_FAULTS
};

extern const struct fault_point dp_fault_points[N_DP_FAULTS];

#endif
