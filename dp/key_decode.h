/* key_decode.h - forms that the rows of several families share: keys, actions, headers.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DP_KEY_DECODE_H
#define DP_KEY_DECODE_H

#include "netlink/decode.h"

/* Nests of OVS_KEY_ATTR_*, of actions. */
extern const struct form key_form, acts_form;
/* What is inside nests that one leaf tells whole: nest_forms.c, for decode_note_nest(). By attribute; NULL: no nest. */
extern const struct form *const key_nest_forms[], *const act_nest_forms[];
/* struct ovs_flow_stats; an array of port ids; a time in milliseconds. */
extern const struct form flow_stats_form, portids_form, clock_form;
/* OVS_VPORT_ATTR_OPTIONS: vport_tunnel.c. */
extern const struct form vport_options_form;

/* struct ovs_header. */
extern const struct form_member ovs_header_members[1];
#define OVS_HEADER_FORM .header = { FORM_MEMBERS(ovs_header_members, struct ovs_header) }
#define CMD(name) [name] = #name

#endif
