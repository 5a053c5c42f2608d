/* act_table.c - THE list of actions, by type. Each row is at the end of its family's file.
 * SPDX-License-Identifier: Apache-2.0 */
#include <linux/openvswitch.h>

#include "dp/act_rows.h"

/* Newer than Debian 12's header. */
#define OVS_ACTION_ATTR_DROP 24
#define OVS_ACTION_ATTR_PSAMPLE 25

const struct act *const act_table[N_ACTS] = {
    [OVS_ACTION_ATTR_OUTPUT] = &act_output,
    [OVS_ACTION_ATTR_USERSPACE] = &act_userspace,
    [OVS_ACTION_ATTR_SET] = &act_set,
    [OVS_ACTION_ATTR_PUSH_VLAN] = &act_push_vlan,
    [OVS_ACTION_ATTR_POP_VLAN] = &act_pop_vlan,
    [OVS_ACTION_ATTR_SAMPLE] = &act_sample,
    [OVS_ACTION_ATTR_RECIRC] = &act_recirc,
    [OVS_ACTION_ATTR_HASH] = &act_hash,
    [OVS_ACTION_ATTR_PUSH_MPLS] = &act_push_mpls,
    [OVS_ACTION_ATTR_POP_MPLS] = &act_pop_mpls,
    [OVS_ACTION_ATTR_SET_MASKED] = &act_set_masked,
    [OVS_ACTION_ATTR_TRUNC] = &act_trunc,
    [OVS_ACTION_ATTR_PUSH_ETH] = &act_push_eth,
    [OVS_ACTION_ATTR_POP_ETH] = &act_pop_eth,
    [OVS_ACTION_ATTR_CT] = &act_ct,
    [OVS_ACTION_ATTR_CT_CLEAR] = &act_ct_clear,
    [OVS_ACTION_ATTR_PUSH_NSH] = &act_push_nsh,
    [OVS_ACTION_ATTR_POP_NSH] = &act_pop_nsh,
    [OVS_ACTION_ATTR_METER] = &act_meter,
    [OVS_ACTION_ATTR_CLONE] = &act_clone,
    [OVS_ACTION_ATTR_CHECK_PKT_LEN] = &act_check_pkt_len,
    [OVS_ACTION_ATTR_ADD_MPLS] = &act_add_mpls,
    [OVS_ACTION_ATTR_DEC_TTL] = &act_dec_ttl,
    [OVS_ACTION_ATTR_DROP] = &act_drop,
    [OVS_ACTION_ATTR_PSAMPLE] = &act_psample,
    [ACT_SET_TO_MASKED] = &act_set_to_masked,
};
