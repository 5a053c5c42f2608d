/* nat_id.h - the write_id hooks of the protocols' rows (nat_id.c), see struct ct_proto in proto.h.
 *
 * Each writes the port or id that 'to' has into the transport header and mends the transport checksum for it and for
 * the address of the same end, which the IP header still has as it was. Headers of packets in ICMP errors
 * may be cut short. False: the header is too short. SPDX-License-Identifier: Apache-2.0 */
#ifndef DP_CT_NAT_ID_H
#define DP_CT_NAT_ID_H

#include "dp/ct/tuple.h"

typedef bool ct_nat_write_fn(const struct ct_ip *ip, const struct ct_tuple *to, bool is_src);

ct_nat_write_fn ct_nat_write_tcp, ct_nat_write_udp, ct_nat_write_udplite, ct_nat_write_icmp,
    ct_nat_write_icmp6, ct_nat_write_sctp, ct_nat_write_dccp, ct_nat_write_gre;

#endif
