/* packet_int.h - what sim/packet*.c share with each other and nobody else.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_PACKET_INT_H
#define SIM_PACKET_INT_H

#include "sim/packet.h"

struct packet_filter;

#define PACKET_KEPT_ROOM 8

/* What a socket wants of a device, however often it said so. */
struct packet_member {
    int ifindex;
    uint16_t type;              /* PACKET_MR_* */
    unsigned n;
};

struct packet_sock {
    struct sim_ns *ns;
    struct sock *queue;
    int type;                   /* SOCK_RAW, SOCK_DGRAM */
    int ifindex;                /* 0: all devices */
    uint16_t protocol;          /* 0: receives nothing */
    bool wants_auxdata, ignores_outgoing;
    uint64_t n_packets, n_drops_told;   /* since PACKET_STATISTICS was read, and of queue->n_drops */
    GArray *members;            /* of struct packet_member */
    int kept[PACKET_KEPT_ROOM]; /* options that are only remembered */
    struct packet_filter *filter;       /* NULL: none */
};

/* Ends the memberships of a device, 0: of all. */
void packet_leave(struct packet_sock *ps, int ifindex);

#endif
