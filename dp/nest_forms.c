/* nest_forms.c - the attributes inside keys' and actions' nests, by name: see key_decode.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include <linux/openvswitch.h>

#include "dp/act.h"
#include "dp/key_decode.h"

/* ---- keys ---------------------------------------------------------------------------------------- */

static const struct policy vxlan_rows[] = { ATTR(OVS_VXLAN_EXT_GBP) };
static const struct form vxlan_form = { FORM_ROWS(vxlan_rows) };

static const struct policy tunnel_rows[] = {
    ATTR(OVS_TUNNEL_KEY_ATTR_ID),
    ATTR(OVS_TUNNEL_KEY_ATTR_IPV4_SRC),
    ATTR(OVS_TUNNEL_KEY_ATTR_IPV4_DST),
    ATTR(OVS_TUNNEL_KEY_ATTR_TOS),
    ATTR(OVS_TUNNEL_KEY_ATTR_TTL),
    ATTR(OVS_TUNNEL_KEY_ATTR_DONT_FRAGMENT),
    ATTR(OVS_TUNNEL_KEY_ATTR_CSUM),
    ATTR(OVS_TUNNEL_KEY_ATTR_OAM),
    ATTR(OVS_TUNNEL_KEY_ATTR_GENEVE_OPTS),
    ATTR(OVS_TUNNEL_KEY_ATTR_TP_SRC),
    ATTR(OVS_TUNNEL_KEY_ATTR_TP_DST),
    ATTR(OVS_TUNNEL_KEY_ATTR_VXLAN_OPTS, .form = &vxlan_form),
    ATTR(OVS_TUNNEL_KEY_ATTR_IPV6_SRC),
    ATTR(OVS_TUNNEL_KEY_ATTR_IPV6_DST),
    ATTR(OVS_TUNNEL_KEY_ATTR_PAD),
    ATTR(OVS_TUNNEL_KEY_ATTR_ERSPAN_OPTS),
    ATTR(OVS_TUNNEL_KEY_ATTR_IPV4_INFO_BRIDGE),
};
static const struct form tunnel_form = { FORM_ROWS(tunnel_rows) };

static const struct policy nsh_rows[] = {
    ATTR(OVS_NSH_KEY_ATTR_BASE),
    ATTR(OVS_NSH_KEY_ATTR_MD1),
    ATTR(OVS_NSH_KEY_ATTR_MD2),
};
static const struct form nsh_form = { FORM_ROWS(nsh_rows) };

const struct form *const key_nest_forms[N_KEY_ATTRS] = {
    [OVS_KEY_ATTR_TUNNEL] = &tunnel_form,
    [OVS_KEY_ATTR_NSH] = &nsh_form,
};

/* ---- actions ------------------------------------------------------------------------------------- */

static const struct policy userspace_rows[] = {
    ATTR(OVS_USERSPACE_ATTR_PID),
    ATTR(OVS_USERSPACE_ATTR_USERDATA),
    ATTR(OVS_USERSPACE_ATTR_EGRESS_TUN_PORT),
    ATTR(OVS_USERSPACE_ATTR_ACTIONS),
};
static const struct form userspace_form = { FORM_ROWS(userspace_rows) };

static const struct policy sample_rows[] = {
    ATTR(OVS_SAMPLE_ATTR_PROBABILITY),
    ATTR(OVS_SAMPLE_ATTR_ACTIONS, .form = &acts_form),
};
static const struct form sample_form = { FORM_ROWS(sample_rows) };

static const struct policy nat_rows[] = {
    ATTR(OVS_NAT_ATTR_SRC),
    ATTR(OVS_NAT_ATTR_DST),
    ATTR(OVS_NAT_ATTR_IP_MIN),
    ATTR(OVS_NAT_ATTR_IP_MAX),
    ATTR(OVS_NAT_ATTR_PROTO_MIN),
    ATTR(OVS_NAT_ATTR_PROTO_MAX),
    ATTR(OVS_NAT_ATTR_PERSISTENT),
    ATTR(OVS_NAT_ATTR_PROTO_HASH),
    ATTR(OVS_NAT_ATTR_PROTO_RANDOM),
};
static const struct form nat_form = { FORM_ROWS(nat_rows) };

static const struct policy ct_rows[] = {
    ATTR(OVS_CT_ATTR_COMMIT),
    ATTR(OVS_CT_ATTR_ZONE),
    ATTR(OVS_CT_ATTR_MARK),
    ATTR(OVS_CT_ATTR_LABELS),
    ATTR(OVS_CT_ATTR_HELPER),
    ATTR(OVS_CT_ATTR_NAT, .form = &nat_form),
    ATTR(OVS_CT_ATTR_FORCE_COMMIT),
    ATTR(OVS_CT_ATTR_EVENTMASK),
    ATTR(OVS_CT_ATTR_TIMEOUT),
};
static const struct form ct_form = { FORM_ROWS(ct_rows) };

static const struct policy check_pkt_len_rows[] = {
    ATTR(OVS_CHECK_PKT_LEN_ATTR_PKT_LEN),
    ATTR(OVS_CHECK_PKT_LEN_ATTR_ACTIONS_IF_GREATER, .form = &acts_form),
    ATTR(OVS_CHECK_PKT_LEN_ATTR_ACTIONS_IF_LESS_EQUAL, .form = &acts_form),
};
static const struct form check_pkt_len_form = { FORM_ROWS(check_pkt_len_rows) };

static const struct policy dec_ttl_rows[] = { ATTR(OVS_DEC_TTL_ATTR_ACTION, .form = &acts_form) };
static const struct form dec_ttl_form = { FORM_ROWS(dec_ttl_rows) };

const struct form *const act_nest_forms[N_ACTS] = {
    [OVS_ACTION_ATTR_USERSPACE] = &userspace_form,
    [OVS_ACTION_ATTR_SET] = &key_form,
    [OVS_ACTION_ATTR_SAMPLE] = &sample_form,
    [OVS_ACTION_ATTR_CT] = &ct_form,
    [OVS_ACTION_ATTR_PUSH_NSH] = &nsh_form,
    [OVS_ACTION_ATTR_CLONE] = &acts_form,
    [OVS_ACTION_ATTR_CHECK_PKT_LEN] = &check_pkt_len_form,
    [OVS_ACTION_ATTR_DEC_TTL] = &dec_ttl_form,
};
