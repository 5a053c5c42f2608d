/* packet_filter.h - classic BPF programs of AF_PACKET sockets.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_PACKET_FILTER_H
#define SIM_PACKET_FILTER_H

#include <stddef.h>
#include <stdint.h>

struct packet_filter;

/* From 'len' bytes of struct sock_filter. 0, -EINVAL (damaged), or -ENOPROTOOPT: it asks for what
 * is not in the bytes (SKF_AD_*), which a program had better do by itself. */
int packet_filter_new(const void *code, size_t len, struct packet_filter **f);
void packet_filter_free(struct packet_filter *f);       /* NULL allowed */

/* How many bytes of the frame pass, 0: none. May be more than there are. */
size_t packet_filter_run(const struct packet_filter *f, const uint8_t *frame, size_t len);

#endif
