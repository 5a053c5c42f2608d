/* packet.h - AF_PACKET sockets on virtual devices: taps, and frames that the host sends.
 *
 * A frame meets the taps where the kernel has them: what comes in before the datapath's rx hook
 * takes it, what goes out on its way to the wire. On an internal device "in" is what the
 * datapath outputs to it and "out" what the host sends into the datapath.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_PACKET_H
#define SIM_PACKET_H

#include <stdbool.h>

#include "sim/device.h"
#include "sim/proto.h"

#define PACKET_QUEUE (-1)       /* protocol number of the struct sock that is only a queue */

struct packet_sock;

/* A socket whose frames go to 'queue' (borrowed), struct proto_ll before each. 'type': SOCK_RAW or
 * SOCK_DGRAM; 'protocol' in host order, 0: receives nothing until it is bound. */
struct packet_sock *packet_open(struct sim_ns *ns, struct sock *queue, int type,
                                uint16_t protocol);
void packet_close(struct packet_sock *ps);      /* NULL allowed */

/* ifindex 0: all devices; protocol 0: stays. 0 or -ENODEV. */
int packet_bind(struct packet_sock *ps, int ifindex, uint16_t protocol);
void packet_name(const struct packet_sock *ps, struct proto_ll *name);

/* 'bytes': struct proto_ll, then the frame. Returns the frame's bytes sent, or -errno. */
long packet_send(struct packet_sock *ps, const void *bytes, size_t len);

/* SOL_PACKET and filter options; 'value' as setsockopt() has it (SO_ATTACH_FILTER: the
 * instructions). get appends what getsockopt() returns. */
int packet_set_option(struct packet_sock *ps, int level, int name, const void *value, size_t len);
int packet_get_option(struct packet_sock *ps, int level, int name, GByteArray *out);

/* Shows a frame to the sockets; 'is_incoming': to the host's side of the device. True: one of them wanted it. */
bool packet_tap(struct device *d, const void *frame, size_t len, bool is_incoming);
/* The device is about to go: its sockets lose it. */
void packet_device_gone(struct device *d);

#endif
