/* kin.h - everything that a process has started, however far it has wandered.
 *
 * How it works: each look lists /proc, and asks those that were not there before for their parents. Who is
 * no descendant never becomes one, and who is one remains one. Orphans that were not seen in time are still known as
 * descendants if 'root' is a subreaper (prctl(2)).
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_KIN_H
#define SIM_KIN_H

#include <stdbool.h>
#include <sys/types.h>

struct kin;

typedef void kin_fn(void *ctx, pid_t pid);

struct kin *kin_new(pid_t root);        /* whose descendants are meant; NULL: /proc cannot be read */
void kin_free(struct kin *k);   /* NULL allowed */

/* 'pid' counts as a descendant, and so do its own. */
void kin_add(struct kin *k, pid_t pid);

/* Calls 'born' for each living descendant that was not there at the last look. False: of some it could not be
 * told, look again. */
bool kin_look(struct kin *k, kin_fn *born, void *ctx);

#endif
