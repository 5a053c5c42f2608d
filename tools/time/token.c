/* token.c - whose turn it is.
 *
 * How it works: whoever has the token and cannot go on is the scheduler for as long as it takes to find
 * the next one: the first in the queue; if nobody is ready, it looks whether one of its own process's
 * threads can go on, and has the other processes look, one after the other; if still nobody can,
 * the simulator gets the token: it lets something happen, or time pass.
 * SPDX-License-Identifier: Apache-2.0 */
#include <linux/futex.h>
#include <time.h>

#include "tools/time/core.h"

#define MOST_PASSES 64          /* threads that are ready do not keep the others from being looked at for ever */
#define LOST_MS     1000        /* so often those who wait look whether the simulator is still there */

void word_wait(_Atomic uint32_t *word, uint32_t value, unsigned most_ms)
{
    struct timespec most = { most_ms / 1000, most_ms % 1000 * 1000000L };

    (void)RAW(SYS_futex, word, FUTEX_WAIT, value, &most);
}

void word_wake(_Atomic uint32_t *word)
{
    (void)RAW(SYS_futex, word, FUTEX_WAKE, INT32_MAX);
}

void token_give(uint32_t thread, enum vtime_order order)
{
    struct vtime_thread *t = &page->threads[thread];

    atomic_store(&page->holder, thread);
    atomic_store(&t->go, order);
    word_wake(&t->go);
}

void token_give_away(void)
{
    atomic_store(&page->holder, VTIME_NONE);
    join_tell();
}

/* Without the token. */
static enum vtime_order await_order(void)
{
    struct vtime_thread *t = me();
    uint32_t order;

    while (!(order = atomic_exchange(&t->go, 0))) {
        word_wait(&t->go, 0, LOST_MS);
        if (!atomic_load(&t->go) && join_is_lost())
            (void)RAW(SYS_exit_group, 127);
    }
    return order;
}

enum next { GO_ON, LOOKED, GIVEN };

static enum next give(uint32_t thread, enum vtime_order order)
{
    token_give(thread, order);
    return GIVEN;
}

static enum next pass_to_ready(void)
{
    uint32_t thread = vtime_take_ready(page);

    page->n_passes++;
    return thread == my_thread ? GO_ON : give(thread, VTIME_GO);
}

static enum next pass_once(void)
{
    uint32_t thread;

    if (page->queue_len && page->n_passes < MOST_PASSES)
        return pass_to_ready();
    if (my_process()->checked != atomic_load(&page->change)) {
        wait_check();
        return LOOKED;
    }
    thread = vtime_next_checker(page);
    if (thread != VTIME_NONE)
        return give(thread, VTIME_CHECK);
    page->n_passes = 0;
    if (page->queue_len)
        return pass_to_ready();
    token_give_away();
    return GIVEN;
}

/* Does what is asked for beside going on. True: it is to go on. */
static bool obey(enum vtime_order order)
{
    if (order == VTIME_CHECK)
        wait_check();
    else if (order == VTIME_BURY)
        thread_bury();
    return order == VTIME_GO;
}

void token_pass(void)
{
    for (;;) {
        enum next next = pass_once();

        if (next == GO_ON || (next == GIVEN && obey(await_order())))
            return;
    }
}

void token_await(void)
{
    if (!obey(await_order()))
        token_pass();
}

void token_lend(void)
{
    vtime_make_ready(page, my_thread, VTIME_EVENT);
    token_give_away();
    token_await();
}
