/* fault.h - where the datapath's kernel code can fail: openvswitch and conntrack.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DP_FAULT_H
#define DP_FAULT_H

#include "base/fault.h"

enum dp_fault {
    DP_FAULT_DP_REPLY,
    DP_FAULT_DP_ALLOC,
    DP_FAULT_DP_TABLE,
    DP_FAULT_DP_STATS,
    DP_FAULT_DP_PORTS,
    DP_FAULT_DP_METERS,
    DP_FAULT_DP_CACHE,
    DP_FAULT_DP_PIDS,
    DP_FAULT_VPORT_REPLY,
    DP_FAULT_VPORT_ALLOC,
    DP_FAULT_VPORT_PIDS,
    DP_FAULT_VPORT_PIDS_SET,
    DP_FAULT_INTERNAL_DEV,
    DP_FAULT_TUNNEL_DEV,
    DP_FAULT_PORT_LINK,
    DP_FAULT_PORT_DEV_GONE,
    DP_FAULT_VPORT_EVENT,
    DP_FAULT_FLOW_ALLOC,
    DP_FAULT_FLOW_KEY,
    DP_FAULT_FLOW_EXACT,
    DP_FAULT_FLOW_ID,
    DP_FAULT_ACTS_ALLOC,
    DP_FAULT_ACTS_GROW,
    DP_FAULT_ACTS_TUNNEL,
    DP_FAULT_ACTS_CT,
    DP_FAULT_FLOW_REPLY,
    DP_FAULT_FLOW_DEL_EVENT,
    DP_FAULT_FLOW_FLUSH,
    DP_FAULT_MASK_ALLOC,
    DP_FAULT_MASK_ARRAY,
    DP_FAULT_TABLE_GROW,
    DP_FAULT_EXECUTE_PKT,
    DP_FAULT_EXECUTE_FLOW,
    DP_FAULT_UPCALL_TAG,
    DP_FAULT_UPCALL_ALLOC,
    DP_FAULT_OUTPUT_CLONE,
    DP_FAULT_LIST_CLONE,
    DP_FAULT_PKT_WRITABLE,
    DP_FAULT_DEFERRED_FULL,
    DP_FAULT_RECURSION,
    DP_FAULT_EXTRACT,
    DP_FAULT_EXTRACT_AGAIN,
    DP_FAULT_OUTPUT_DEV_GONE,
    DP_FAULT_DUMP_DEV_GONE,
    DP_FAULT_FRAGMENT_ALLOC,
    DP_FAULT_METER_REPLY,
    DP_FAULT_METER_ALLOC,
    DP_FAULT_METER_GROW,
    DP_FAULT_CT_LIMIT_REPLY,
    DP_FAULT_CT_LIMIT_ALLOC,
    DP_FAULT_CT_ALLOC,
    DP_FAULT_CT_LABELS,
    DP_FAULT_CT_HELPER,
    DP_FAULT_CT_NAT,
    DP_FAULT_CT_EXPECT,
    DP_FAULT_CT_EVENT,
    DP_FAULT_CT_NEW,
    DP_FAULT_CT_REPLY,
    DP_FAULT_CT_FRAG,
    N_DP_FAULTS
};

extern const struct fault_point dp_fault_points[N_DP_FAULTS];

/* Does this fail? 'hook' is dp_env's. */
static inline bool dp_fails(const struct fault_hook *hook, enum dp_fault point)
{
    return fault_strikes(hook, &dp_fault_points[point]);
}

/* 0, or the point's error if it fails. */
static inline int dp_refuses(const struct fault_hook *hook, enum dp_fault point, struct err *e)
{
    return dp_fails(hook, point) ? fault_set(&dp_fault_points[point], e) : 0;
}

#endif
