/* wire.h - the wire of a pair: what leaves one device reaches the other.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_WIRE_H
#define SIM_WIRE_H

#include <stddef.h>

struct device;

/* The frame reaches 'to' by an event at the same virtual time, if it is still there then. A loop
 * of wires takes no time and would never end: frames beyond a bound at one time are dropped. */
void wire_send(struct device *to, const void *frame, size_t len);

#endif
