/* act_ct_nat.h - the NAT of a ct() action: its attributes, and what they do to a packet. Catalogue 09.2, 09.6.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DP_ACT_CT_NAT_H
#define DP_ACT_CT_NAT_H

#include <linux/netlink.h>

#include "base/err.h"
#include "dp/ct/nat.h"
#include "dp/key.h"

enum ct_nat_kind {
    CT_NAT_NONE,                /* no NAT attribute: the packet is left alone */
    CT_NAT_AS_BEFORE,           /* an empty nest: translates connections that are translated already */
    CT_NAT_SRC,
    CT_NAT_DST,
};

/* Plain data, part of the action's stored form. All zero: no NAT. */
struct ct_nat_args {
    uint8_t kind;               /* enum ct_nat_kind */
    uint8_t l3;                 /* 4 or 6: what the range's addresses are */
    uint8_t pad[2];
    struct ct_nat_range range;
};

/* Reads OVS_CT_ATTR_NAT of a flow of 'eth_type' (ETH_P_IP or ETH_P_IPV6) into *out, on top of what an earlier NAT
 * attribute of the same action has left there; 'has_commit': a COMMIT or FORCE_COMMIT stands before it.
 * 0, -EINVAL, or -ERANGE: more than one kind of NAT. */
int act_ct_nat_check(const struct nlattr *nest, bool has_commit, uint16_t eth_type,
                     struct ct_nat_args *out, struct err *e);

/* Appends what stands in an OVS_CT_ATTR_NAT, drawn by lot. */
void act_ct_nat_generate(const struct draw *d, bool has_commit, uint16_t eth_type, GByteArray *out);

/* Appends OVS_CT_ATTR_NAT, if there is any. */
void act_ct_nat_put(struct nlmsghdr *msg, const struct ct_nat_args *nat);

/* ovs_ct_nat: translates a packet that carries a connection: addresses, ports, checksums and the key's; sets the
 * key's NAT bits of ct_state. Does nothing without NAT or connection, if a NAT bit is set already, or for an
 * unconfirmed connection that is not being committed. 0, or -EINVAL: drop the packet. */
int act_ct_nat_run(struct pkt *p, struct flow_key *key, const struct ct_nat_args *nat,
                   bool is_commit);

#endif
