/* proto_state.h - what a connection remembers for its protocol's tracker.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DP_CT_PROTO_STATE_H
#define DP_CT_PROTO_STATE_H

#include <stdint.h>

/* One direction of TCP. */
struct ct_tcp_side {
    uint32_t end;           /* highest sequence number sent, and the window's limits */
    uint32_t max_end;
    uint32_t max_win;
    uint32_t max_ack;
    uint8_t scale;          /* window scale factor of the SYN */
    uint8_t flags;          /* IP_CT_TCP_FLAG_* */
};

struct ct_tcp {
    struct ct_tcp_side side[2];
    uint8_t state;          /* enum tcp_conntrack */
    uint8_t last_dir, retrans, last_index;
    uint32_t last_seq, last_ack, last_end;
    uint16_t last_win;
    uint8_t last_wscale, last_flags;
};

struct ct_sctp {
    uint8_t state;          /* enum sctp_conntrack */
    uint8_t init[2], last_dir, flags;
    uint32_t vtag[2];
};

struct ct_dccp {
    uint8_t state, role[2], last_pkt, last_dir;
    uint64_t handshake_seq;
};

struct ct_udp {
    uint64_t stream_ns;     /* from then on it is a stream; 0: no answer yet */
};

struct ct_gre {
    uint32_t stream_timeout, timeout;
};

union ct_proto_state {
    struct ct_tcp tcp;
    struct ct_sctp sctp;
    struct ct_dccp dccp;
    struct ct_udp udp;
    struct ct_gre gre;
};

/* How much NAT has moved one direction's sequence numbers. */
struct ct_seqadj_side {
    uint32_t correction_pos;
    int32_t before, after;
};

struct ct_seqadj {
    struct ct_seqadj_side side[2];
};

#endif
