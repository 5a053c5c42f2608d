/* children.h - everything that a program has started, however far it has wandered.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_CHILDREN_H
#define TOOLS_CHILDREN_H

/* Orphaned descendants become this process's children from now on. */
void children_adopt(void);

/* Sends 'signal' to all living descendants. */
void children_signal(int signal);

#endif
