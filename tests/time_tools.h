/* time_tools.h - a process under virtual time with nobody else in it, for tests of the time library's parts: waiting
 * moves time to the deadline at once, and expires timers on the way. SPDX-License-Identifier: Apache-2.0 */
#ifndef TIME_TOOLS_H
#define TIME_TOOLS_H

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "tools/time/core.h"


#define START_NS (100 * NS_PER_S)

static struct vtime_page world;
static uint16_t world_fds[FD_TABLE];

static void world_begin(uint64_t seed)
{
    uint32_t thread;

    memset(&world, 0, sizeof(world));
    memset(world_fds, 0, sizeof(world_fds));
    world.now_ns = START_NS;
    world.seed = seed;
    world.n_cpus = 4;
    world.n_pids = 1;
    page = &world;
    my_proc = vtime_proc_new(&world, &thread);
    my_thread = thread;
    me()->tid = gettid();
}

static void world_end(void)
{
    page = NULL;
}

/* Time passes, with all timers on the way. */
static inline void world_move(uint64_t to_ns)
{
    while (my_process()->timer_ns <= to_ns) {
        world.now_ns = my_process()->timer_ns;
        timers_expire();
    }
    world.now_ns = to_ns;
}

/* A system call as trap.c would have it done. */
#define CALL_(row, name, a, b, c, d, ...) \
    row(&(struct call){ .nr = SYS_##name, .arg = { (long)(a), (long)(b), (long)(c), (long)(d) } })
#define CALL(...) CALL_(__VA_ARGS__, 0, 0, 0, 0, 0)       /* CALL(call_time, time, NULL) */

/* ---- in place of the core -------------------------------------------------------------------------- */

uint16_t fd_flags(int fd)
{
    return world_fds[fd];
}

void fd_set_flags(int fd, uint16_t flags)
{
    world_fds[fd] = flags;
}

void time_set_timer(uint64_t at_ns)
{
    my_process()->timer_ns = at_ns;
}

long wait_for(struct call *c, struct wait *w)
{
    (void)c;
    if (w->deadline_ns && w->deadline_ns <= my_process()->timer_ns) {
        world.now_ns = w->deadline_ns;
        return -ETIMEDOUT;
    }
    if (my_process()->timer_ns == VTIME_NEVER)
        return -EDEADLK;
    world_move(my_process()->timer_ns);
    return 0;
}

long wait_for_fd(struct call *c, int fd, short events, uint64_t deadline_ns)
{
    struct wait w = { .deadline_ns = deadline_ns };

    (void)fd, (void)events;
    return wait_for(c, &w);
}

void mark_signalled(int tid)
{
    if (tid == me()->tid)
        me()->is_signalled = 1;
}

long raw_call(long nr, long a, long b, long c, long d, long e, long f)
{
    long r = syscall(nr, a, b, c, d, e, f);

    return r == -1 ? -errno : r;
}

long call_native(struct call *c)
{
    return raw_call(c->nr, c->arg[0], c->arg[1], c->arg[2], c->arg[3], c->arg[4], c->arg[5]);
}

#endif
