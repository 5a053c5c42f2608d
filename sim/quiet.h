/* quiet.h - do processes rest? Seen from outside, in /proc, without their help.
 *
 * How it works: a thread's state says whether it sleeps (stat), and the kernel counts how often it has been put on a CPU
 * (schedstat). If all threads sleep, and did so at the look before, and none has been put on a CPU since, then nothing
 * has happened between the two looks: who is woken is no longer asleep, at once. New threads and processes are made
 * by those that run, so /proc is listed again only then.
 *
 * A thread says that it sleeps a moment before it does, and may lose the CPU in that moment, to find then that it
 * need not sleep: asked for its system call (syscall), the kernel waits until the moment is over. That also tells who
 * naps: sleeps in poll() or epoll_wait() for 10 ms at most, and will then go on by itself (ovs-vswitchd's revalidators do,
 * before they look at what has changed). A napper rests when it has woken and napped again, and nothing has come of it.
 *
 * What this process does itself is no part of it: whoever asks must look, in between and afterwards, whether
 * one of the processes waits for an answer.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_QUIET_H
#define SIM_QUIET_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

struct quiet;

/* Watches what this process has started and will start. NULL with 'e', -EOPNOTSUPP: /proc does not tell what is
 * needed, found out with a process made for it. */
struct quiet *quiet_new(struct err *e);
void quiet_free(struct quiet *q);               /* NULL allowed */

/* Watches 'pid' and what it starts, too. */
void quiet_add(struct quiet *q, pid_t pid);

enum quiet_state {
    QUIET_NOT,                  /* somebody is busy */
    QUIET_NOW,                  /* they sleep; the next look tells whether that is resting */
    QUIET,                      /* they rest, and have rested since the last look */
};

/* Looks at all of them. */
enum quiet_state quiet_look(struct quiet *q);

/* One of them was answered: nothing that was known of nappers holds any longer. */
void quiet_disturb(struct quiet *q);

/* Has somebody stopped the process with a signal? As of the last look; false: it is not watched. */
bool quiet_is_stopped(const struct quiet *q, pid_t pid);

/* One of those that did not rest at the last look, in words; nothing if they did. */
void quiet_describe(const struct quiet *q, GString *out);

#endif
