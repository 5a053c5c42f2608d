/* reply_fault.h - faults on the client's side: what it gets is not what the kernel would send.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_REPLY_FAULT_H
#define SIM_REPLY_FAULT_H

struct err;
struct sim;

/* "KIND[:n|:N%]", what follows "reply:". 0, or -ENOENT and -EINVAL with a sentence. */
int reply_fault_add(struct sim *sim, const char *text, struct err *e);

#endif
