/* children.h - everything that a program has started, however far it has wandered.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_CHILDREN_H
#define TOOLS_CHILDREN_H

#include <glib.h>
#include <sys/types.h>

/* Orphaned descendants become this process's children from now on. */
void children_adopt(void);

/* Sends 'signal' to all living descendants. */
void children_signal(int signal);

/* Ends and reaps all children of this process that are not among 'known' (pid_t): orphans that it has
 * adopted, and theirs. */
void children_end_others(const GArray *known);

/* Appends what the descendants of 'pid' do: "ovs-vswitchd in do_poll, cat running"; nothing if there are none. */
void children_describe(pid_t pid, GString *out);

#endif
