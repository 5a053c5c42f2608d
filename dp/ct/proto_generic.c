/* proto_generic.c - any other protocol: known by its addresses alone.
 * SPDX-License-Identifier: Apache-2.0 */
#include "dp/ct/proto.h"

static const struct ct_timeout_row generic_timeouts[] = {
    { "generic_timeout", 600 },
};

static enum ct_verdict generic_packet(struct ct_conn *c, const struct ct_ip *ip,
                                      enum ip_conntrack_info info)
{
    (void)ip;
    (void)info;
    ct_conn_refresh(c, ct_timeouts_of(c)[0]);
    return CT_ACCEPT;
}

const struct ct_proto ct_proto_generic = {
    .name = "unknown",
    .packet = generic_packet,
    .allows_clash = true,
    .timeout = generic_timeouts,
    .n_timeouts = G_N_ELEMENTS(generic_timeouts),
};
