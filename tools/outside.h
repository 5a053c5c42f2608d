/* outside.h - this program may itself be one that lives in virtual time; what it says to the simulator is no part
 * of that. SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_OUTSIDE_H
#define TOOLS_OUTSIDE_H

/* See PROTO_OUTSIDE in sim/proto.h. Does nothing in a program that lives in real time. */
int outside(int on);

#endif
