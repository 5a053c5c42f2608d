/* fuzz_rows.c - see fuzz_rows.h. What dp/ reads by hooks has rows here: keys, actions and what is in them.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tools/kernel/fuzz_rows.h"

#include <linux/openvswitch.h>

#include "dp/act.h"
#include "dp/key_decode.h"

#define NEST(type, f) ATTR(type, .kind = POL_NESTED, .form = &(f))

static struct policy key_rows[N_KEY_ATTRS], act_rows[N_ACTS];
static const struct form keys = { FORM_ROWS(key_rows) }, acts = { FORM_ROWS(act_rows) };

/* clang-format off */
static const struct policy tunnel_rows[] = {
    ATTR(OVS_TUNNEL_KEY_ATTR_ID), ATTR(OVS_TUNNEL_KEY_ATTR_IPV4_SRC), ATTR(OVS_TUNNEL_KEY_ATTR_IPV4_DST),
    ATTR(OVS_TUNNEL_KEY_ATTR_TOS), ATTR(OVS_TUNNEL_KEY_ATTR_TTL), ATTR(OVS_TUNNEL_KEY_ATTR_DONT_FRAGMENT),
    ATTR(OVS_TUNNEL_KEY_ATTR_CSUM), ATTR(OVS_TUNNEL_KEY_ATTR_OAM), ATTR(OVS_TUNNEL_KEY_ATTR_GENEVE_OPTS),
    ATTR(OVS_TUNNEL_KEY_ATTR_TP_SRC), ATTR(OVS_TUNNEL_KEY_ATTR_TP_DST), ATTR(OVS_TUNNEL_KEY_ATTR_VXLAN_OPTS),
    ATTR(OVS_TUNNEL_KEY_ATTR_IPV6_SRC), ATTR(OVS_TUNNEL_KEY_ATTR_IPV6_DST), ATTR(OVS_TUNNEL_KEY_ATTR_PAD),
    ATTR(OVS_TUNNEL_KEY_ATTR_ERSPAN_OPTS), ATTR(OVS_TUNNEL_KEY_ATTR_IPV4_INFO_BRIDGE),
};
static const struct policy nsh_rows[] = {
    ATTR(OVS_NSH_KEY_ATTR_BASE), ATTR(OVS_NSH_KEY_ATTR_MD1), ATTR(OVS_NSH_KEY_ATTR_MD2),
};
static const struct policy userspace_rows[] = {
    ATTR(OVS_USERSPACE_ATTR_PID, .form = &portids_form), ATTR(OVS_USERSPACE_ATTR_USERDATA),
    ATTR(OVS_USERSPACE_ATTR_EGRESS_TUN_PORT), ATTR(OVS_USERSPACE_ATTR_ACTIONS),
};
static const struct policy sample_rows[] = {
    ATTR(OVS_SAMPLE_ATTR_PROBABILITY), NEST(OVS_SAMPLE_ATTR_ACTIONS, acts),
};
static const struct policy length_rows[] = {
    ATTR(OVS_CHECK_PKT_LEN_ATTR_PKT_LEN), NEST(OVS_CHECK_PKT_LEN_ATTR_ACTIONS_IF_GREATER, acts),
    NEST(OVS_CHECK_PKT_LEN_ATTR_ACTIONS_IF_LESS_EQUAL, acts),
};
static const struct policy ttl_rows[] = { NEST(OVS_DEC_TTL_ATTR_ACTION, acts) };
static const struct policy nat_rows[] = {
    ATTR(OVS_NAT_ATTR_SRC), ATTR(OVS_NAT_ATTR_DST), ATTR(OVS_NAT_ATTR_IP_MIN), ATTR(OVS_NAT_ATTR_IP_MAX),
    ATTR(OVS_NAT_ATTR_PROTO_MIN), ATTR(OVS_NAT_ATTR_PROTO_MAX), ATTR(OVS_NAT_ATTR_PERSISTENT),
    ATTR(OVS_NAT_ATTR_PROTO_HASH), ATTR(OVS_NAT_ATTR_PROTO_RANDOM),
};
static const struct form tunnel = { FORM_ROWS(tunnel_rows) }, nsh = { FORM_ROWS(nsh_rows) },
    userspace = { FORM_ROWS(userspace_rows) }, sample = { FORM_ROWS(sample_rows) }, length = { FORM_ROWS(length_rows) },
    ttl = { FORM_ROWS(ttl_rows) }, nat = { FORM_ROWS(nat_rows) };
static const struct policy ct_rows[] = {
    ATTR(OVS_CT_ATTR_COMMIT), ATTR(OVS_CT_ATTR_ZONE), ATTR(OVS_CT_ATTR_MARK), ATTR(OVS_CT_ATTR_LABELS),
    ATTR(OVS_CT_ATTR_HELPER, .kind = POL_STRING), NEST(OVS_CT_ATTR_NAT, nat), ATTR(OVS_CT_ATTR_FORCE_COMMIT),
    ATTR(OVS_CT_ATTR_EVENTMASK), ATTR(OVS_CT_ATTR_TIMEOUT, .kind = POL_STRING),
};
static const struct form ct = { FORM_ROWS(ct_rows) };
static const struct policy extack_rows[] = {
    ATTR(NLMSGERR_ATTR_MSG, .kind = POL_STRING), ATTR(NLMSGERR_ATTR_OFFS), ATTR(NLMSGERR_ATTR_COOKIE),
    NEST(NLMSGERR_ATTR_POLICY, form_policy),
};
/* clang-format on */
const struct fuzz_nest fuzz_extack = { FORM_ROWS(extack_rows) };

static const struct form *const key_nests[N_KEY_ATTRS] = {
    [OVS_KEY_ATTR_ENCAP] = &keys, [OVS_KEY_ATTR_TUNNEL] = &tunnel, [OVS_KEY_ATTR_NSH] = &nsh,
};
static const struct form *const act_nests[N_ACTS] = {
    [OVS_ACTION_ATTR_USERSPACE] = &userspace, [OVS_ACTION_ATTR_SET] = &keys,  [OVS_ACTION_ATTR_SET_MASKED] = &keys,
    [OVS_ACTION_ATTR_PUSH_NSH] = &keys,       [OVS_ACTION_ATTR_SAMPLE] = &sample, [OVS_ACTION_ATTR_CT] = &ct,
    [OVS_ACTION_ATTR_CLONE] = &acts,          [OVS_ACTION_ATTR_CHECK_PKT_LEN] = &length, [OVS_ACTION_ATTR_DEC_TTL] = &ttl,
};

void fuzz_rows_start(void)
{
    for (unsigned i = 0; i < N_KEY_ATTRS; i++)
        key_rows[i] = (struct policy){ .name = key_attrs[i].uapi, .form = key_nests[i] };
    for (unsigned i = 0; i < N_ACTS; i++)
        if (act_table[i])
            act_rows[i] = (struct policy){ .name = act_table[i]->uapi, .form = act_nests[i] };
}

struct fuzz_nest fuzz_nest_of(const struct policy *row)
{
    const struct form *form = row ? row->form : NULL;

    if (form == &key_form)
        form = &keys;
    else if (form == &acts_form)
        form = &acts;
    if (!form)
        return (struct fuzz_nest){ 0 };
    return (struct fuzz_nest){ form->rows, form->max_attr, form->each };
}
