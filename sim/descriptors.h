/* descriptors.h - how many descriptors this process may have, and those it starts.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_DESCRIPTORS_H
#define SIM_DESCRIPTORS_H

/* From now on as many as the hard limit allows: each client's socket takes one here. */
void descriptors_take_all(void);

/* Puts the limit back to what it was found at: for a program that is about to be started, and is not to see ours. */
void descriptors_restore(void);

#endif
