/* test_time_timers.c - timerfd, timer_create(), setitimer() and alarm(), for a program under virtual time.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <fcntl.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/time_tools.h"
#include "tools/time/timer.h"

#define MS UINT64_C(1000000)
#define SPEC(s, ms) { (s), (ms) * 1000000L }

static int setup(void **state)
{
    sigset_t all;

    (void)state;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);         /* as in a handler: all that comes stays pending */
    world_begin(1);
    timers_start();
    return 0;
}

/* The signal that is pending, as a program's handler would get it. */
static int take(siginfo_t *info)
{
    sigset_t all;

    sigfillset(&all);
    return sigtimedwait(&all, info, &(struct timespec){ 0 });
}

static int teardown(void **state)
{
    siginfo_t info;

    (void)state;
    timers_forked();
    assert_int_equal(my_process()->timer_ns, VTIME_NEVER);
    assert_int_equal(take(&info), -1);          /* nothing but what the test has seen */
    world_end();
    return 0;
}

/* ---- timerfd --------------------------------------------------------------------------------------- */

static int new_fd(clockid_t clock, int flags)
{
    long fd = CALL(call_timerfd_create, timerfd_create, clock, flags);

    assert_true(fd >= 0);
    assert_true(fd_flags((int)fd) & FD_TIMER);
    return (int)fd;
}

static void close_fd(int fd)
{
    timer_closed(fd);
    fd_set_flags(fd, 0);
    assert_int_equal(close(fd), 0);
}

static void set_fd(int fd, int flags, struct itimerspec to)
{
    assert_int_equal(CALL(call_timerfd_settime, timerfd_settime, fd, flags, &to, NULL), 0);
}

static long read_fd(int fd)
{
    uint64_t times;
    long r = CALL(timer_read, read, fd, &times, sizeof(times));

    return r < 0 ? r : (long)times;
}

static void it_can_be_read_when_time_has_come(void **state)
{
    int fd = new_fd(CLOCK_MONOTONIC, TFD_NONBLOCK);
    struct pollfd p = { .fd = fd, .events = POLLIN };
    struct itimerspec left;

    (void)state;
    assert_int_equal(read_fd(fd), -EAGAIN);
    set_fd(fd, 0, (struct itimerspec){ .it_value = SPEC(3600, 0) });
    world_move(START_NS + 3599 * NS_PER_S);
    assert_int_equal(poll(&p, 1, 0), 0);
    assert_int_equal(CALL(call_timerfd_gettime, timerfd_gettime, fd, &left), 0);
    assert_int_equal(left.it_value.tv_sec, 1);
    world_move(START_NS + 3600 * NS_PER_S);
    assert_int_equal(poll(&p, 1, 0), 1);
    assert_int_equal(read_fd(fd), 1);
    assert_int_equal(read_fd(fd), -EAGAIN);
    assert_int_equal(my_process()->timer_ns, VTIME_NEVER);
    close_fd(fd);
}

static void intervals_count(void **state)
{
    int fd = new_fd(CLOCK_BOOTTIME, TFD_NONBLOCK);
    struct itimerspec left;

    (void)state;
    set_fd(fd, 0, (struct itimerspec){ .it_value = SPEC(1, 0), .it_interval = SPEC(0, 100) });
    world_move(START_NS + 1250 * MS);
    assert_int_equal(read_fd(fd), 3);
    CALL(call_timerfd_gettime, timerfd_gettime, fd, &left);
    assert_int_equal(left.it_value.tv_nsec, 50 * MS);
    assert_int_equal(left.it_interval.tv_nsec, 100 * MS);
    world.now_ns += 10 * NS_PER_S;              /* it slept past many */
    assert_int_equal(read_fd(fd), 100);
    set_fd(fd, 0, (struct itimerspec){ 0 });
    assert_int_equal(my_process()->timer_ns, VTIME_NEVER);
    close_fd(fd);
}

static void setting_it_forgets_what_was(void **state)
{
    int fd = new_fd(CLOCK_MONOTONIC, TFD_NONBLOCK);
    struct itimerspec to = { .it_value = SPEC(5, 0) }, old;

    (void)state;
    set_fd(fd, 0, (struct itimerspec){ .it_value = SPEC(1, 0), .it_interval = SPEC(1, 0) });
    world_move(START_NS + 1500 * MS);
    assert_int_equal(CALL(call_timerfd_settime, timerfd_settime, fd, 0, &to, &old), 0);
    assert_int_equal(old.it_value.tv_nsec, 500 * MS);
    assert_int_equal(old.it_interval.tv_sec, 1);
    assert_int_equal(read_fd(fd), -EAGAIN);
    close_fd(fd);
}

static void absolute_times_are_on_its_clock(void **state)
{
    int up = new_fd(CLOCK_MONOTONIC, TFD_NONBLOCK), calendar = new_fd(CLOCK_REALTIME, TFD_NONBLOCK);

    (void)state;
    set_fd(up, TFD_TIMER_ABSTIME, (struct itimerspec){ .it_value = SPEC(101, 0) });
    set_fd(calendar, TFD_TIMER_ABSTIME, (struct itimerspec){ .it_value = SPEC(1577836800 + 102, 0) });
    assert_int_equal(my_process()->timer_ns, 101 * NS_PER_S);
    world_move(101 * NS_PER_S);
    assert_int_equal(read_fd(up), 1);
    assert_int_equal(read_fd(calendar), -EAGAIN);
    world_move(102 * NS_PER_S);
    assert_int_equal(read_fd(calendar), 1);
    set_fd(calendar, TFD_TIMER_ABSTIME, (struct itimerspec){ .it_value = SPEC(5, 0) });  /* long ago */
    assert_int_equal(read_fd(calendar), 1);
    close_fd(up);
    close_fd(calendar);
}

static void a_read_waits(void **state)
{
    int fd = new_fd(CLOCK_MONOTONIC, 0);

    (void)state;
    set_fd(fd, 0, (struct itimerspec){ .it_value = SPEC(7, 0) });
    assert_int_equal(read_fd(fd), 1);
    assert_int_equal(world.now_ns, START_NS + 7 * NS_PER_S);
    assert_int_equal(read_fd(fd), -EDEADLK);    /* time_tools.h: for ever */
    close_fd(fd);
}

static void copies_are_the_same_timer(void **state)
{
    int fd = new_fd(CLOCK_MONOTONIC, TFD_NONBLOCK), copy = dup(fd);

    (void)state;
    fd_set_flags(copy, fd_flags(fd));
    close_fd(fd);
    set_fd(copy, 0, (struct itimerspec){ .it_value = SPEC(1, 0) });
    world_move(START_NS + NS_PER_S);
    assert_int_equal(read_fd(copy), 1);
    set_fd(copy, 0, (struct itimerspec){ .it_value = SPEC(1, 0) });
    close_fd(copy);
    timers_expire();
    assert_int_equal(my_process()->timer_ns, VTIME_NEVER);
}

/* As fork() makes two: each has its tables, both the timer. */
static void a_child_has_the_same_timer(void **state)
{
    int fd = new_fd(CLOCK_MONOTONIC, TFD_NONBLOCK), result[2], child_says[3];
    siginfo_t info;
    pid_t child;

    (void)state;
    set_fd(fd, 0, (struct itimerspec){ .it_value = SPEC(1, 0), .it_interval = SPEC(1, 0) });
    assert_int_equal(pipe(result), 0);
    child = fork();
    if (!child) {
        timers_forked();
        child_says[0] = my_process()->timer_ns == START_NS + NS_PER_S;
        world_move(START_NS + 2 * NS_PER_S);
        child_says[1] = (int)read_fd(fd);
        set_fd(fd, 0, (struct itimerspec){ 0 });
        child_says[2] = my_process()->timer_ns == VTIME_NEVER;
        _exit(write(result[1], child_says, sizeof(child_says)) < 0);
    }
    assert_int_equal(read(result[0], child_says, sizeof(child_says)), sizeof(child_says));
    assert_int_equal(child_says[0], 1);
    assert_int_equal(child_says[1], 2);
    assert_int_equal(child_says[2], 1);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(take(&info), SIGCHLD);
    world_move(START_NS + 2 * NS_PER_S);
    assert_int_equal(read_fd(fd), -EAGAIN);     /* the child has read it, and stopped it */
    assert_int_equal(my_process()->timer_ns, VTIME_NEVER);
    close_fd(fd);
    close(result[0]);
    close(result[1]);
}

static void timerfd_refuses_as_the_kernel_does(void **state)
{
    struct itimerspec bad = { .it_value = { 0, 1000000000 } }, good = { 0 };
    int fd = new_fd(CLOCK_MONOTONIC, TFD_CLOEXEC);

    (void)state;
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    assert_int_equal(CALL(call_timerfd_create, timerfd_create, CLOCK_THREAD_CPUTIME_ID, 0), -EINVAL);
    assert_int_equal(CALL(call_timerfd_create, timerfd_create, CLOCK_MONOTONIC, 4), -EINVAL);
    assert_int_equal(CALL(call_timerfd_settime, timerfd_settime, fd, 0, &bad), -EINVAL);
    assert_int_equal(CALL(call_timerfd_settime, timerfd_settime, fd, 8, &good), -EINVAL);
    assert_int_equal(CALL(call_timerfd_settime, timerfd_settime, 0, 0, &good), -EINVAL);
    assert_int_equal(CALL(call_timerfd_settime, timerfd_settime, 999, 0, &good), -EBADF);
    assert_int_equal(CALL(call_timerfd_gettime, timerfd_gettime, 999, &good), -EBADF);
    close_fd(fd);
}

/* ---- timer_create() -------------------------------------------------------------------------------- */

static int new_timer(clockid_t clock, struct sigevent *event)
{
    int id = -1;

    assert_int_equal(CALL(call_timer_create, timer_create, clock, event, &id), 0);
    return id;
}

static void set_timer(int id, int flags, struct itimerspec to)
{
    assert_int_equal(CALL(call_timer_settime, timer_settime, id, flags, &to, NULL), 0);
}

static void its_signal_comes_with_its_value(void **state)
{
    struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 77 };
    int id = new_timer(CLOCK_MONOTONIC, &event), by_default = new_timer(CLOCK_REALTIME, NULL);
    siginfo_t info;

    (void)state;
    set_timer(id, 0, (struct itimerspec){ .it_value = SPEC(2, 0) });
    set_timer(by_default, TIMER_ABSTIME, (struct itimerspec){ .it_value = SPEC(1577836800 + 103, 0) });
    world_move(START_NS + NS_PER_S);
    assert_int_equal(take(&info), -1);
    world_move(START_NS + 2 * NS_PER_S);
    assert_int_equal(take(&info), SIGUSR1);
    assert_int_equal(info.si_code, SI_TIMER);
    assert_int_equal(info.si_value.sival_int, 77);
    assert_int_equal(info.si_timerid, id);
    world_move(START_NS + 3 * NS_PER_S);
    assert_int_equal(take(&info), SIGALRM);
    assert_int_equal(info.si_value.sival_int, by_default);
}

static void a_thread_can_be_named(void **state)
{
    struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGRTMIN };
    siginfo_t info;

    (void)state;
    event._sigev_un._tid = gettid();
    set_timer(new_timer(CLOCK_BOOTTIME, &event), 0, (struct itimerspec){ .it_value = SPEC(1, 0) });
    world_move(START_NS + NS_PER_S);
    assert_int_equal(me()->is_signalled, 1);
    assert_int_equal(take(&info), SIGRTMIN);
    event._sigev_un._tid = 1;
    assert_int_equal(CALL(call_timer_create, timer_create, CLOCK_MONOTONIC, &event, &(int){ 0 }), -EINVAL);
}

static void what_is_missed_is_overrun(void **state)
{
    struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 1 };
    int id = new_timer(CLOCK_MONOTONIC, &event);
    siginfo_t info;

    (void)state;
    set_timer(id, 0, (struct itimerspec){ .it_value = SPEC(1, 0), .it_interval = SPEC(1, 0) });
    world_move(START_NS + 5500 * MS);
    assert_int_equal(take(&info), SIGRTMIN + 1);        /* one, and four more while it was pending */
    assert_int_equal(CALL(call_timer_getoverrun, timer_getoverrun, id), 4);
    assert_int_equal(take(&info), -1);
    world_move(START_NS + 6 * NS_PER_S);
    assert_int_equal(take(&info), SIGRTMIN + 1);
    assert_int_equal(CALL(call_timer_getoverrun, timer_getoverrun, id), 0);
}

static void it_can_be_asked_and_deleted(void **state)
{
    struct sigevent silent = { .sigev_notify = SIGEV_NONE };
    int id = new_timer(CLOCK_MONOTONIC, &silent);
    struct itimerspec to = { .it_value = SPEC(9, 0) }, left;

    (void)state;
    set_timer(id, 0, (struct itimerspec){ .it_value = SPEC(3, 0), .it_interval = SPEC(2, 0) });
    world_move(START_NS + 4 * NS_PER_S);
    assert_int_equal(CALL(call_timer_gettime, timer_gettime, id, &left), 0);
    assert_int_equal(left.it_value.tv_sec, 1);
    assert_int_equal(CALL(call_timer_settime, timer_settime, id, 0, &to, &left), 0);
    assert_int_equal(left.it_interval.tv_sec, 2);
    assert_int_equal(CALL(call_timer_delete, timer_delete, id), 0);
    assert_int_equal(my_process()->timer_ns, VTIME_NEVER);
    assert_int_equal(CALL(call_timer_delete, timer_delete, id), -EINVAL);
    assert_int_equal(CALL(call_timer_gettime, timer_gettime, id, &left), -EINVAL);
    assert_int_equal(CALL(call_timer_gettime, timer_gettime, -1, &left), -EINVAL);
    assert_int_equal(CALL(call_timer_create, timer_create, 99, NULL, &id), -EINVAL);
    silent.sigev_notify = 3;
    assert_int_equal(CALL(call_timer_create, timer_create, CLOCK_MONOTONIC, &silent, &id), -EINVAL);
}

static void cpu_time_never_comes(void **state)
{
    int id = new_timer(CLOCK_PROCESS_CPUTIME_ID, NULL);

    (void)state;
    set_timer(id, 0, (struct itimerspec){ .it_value = SPEC(1, 0) });
    assert_int_equal(my_process()->timer_ns, VTIME_NEVER);
    set_timer(id, TIMER_ABSTIME, (struct itimerspec){ .it_value = SPEC(1, 0) });
    assert_int_equal(my_process()->timer_ns, VTIME_NEVER);
}

/* ---- alarm() and setitimer() ----------------------------------------------------------------------- */

static void an_hours_alarm(void **state)
{
    siginfo_t info;

    (void)state;
    assert_int_equal(CALL(call_alarm, alarm, 3600), 0);
    world_move(START_NS + 600 * NS_PER_S);
    assert_int_equal(CALL(call_alarm, alarm, 7200), 3000);
    world_move(START_NS + 600 * NS_PER_S + 400 * MS);
    assert_int_equal(CALL(call_alarm, alarm, 1), 7200);         /* 7199.6 */
    world_move(START_NS + 601 * NS_PER_S + 400 * MS);
    assert_int_equal(take(&info), SIGALRM);
    assert_int_equal(info.si_code, SI_KERNEL);
    assert_int_equal(CALL(call_alarm, alarm, 0), 0);
}

static void an_interval_timer_goes_on(void **state)
{
    struct itimerval to = { .it_value = { 0, 500000 }, .it_interval = { 2, 0 } }, old;
    siginfo_t info;

    (void)state;
    assert_int_equal(CALL(call_setitimer, setitimer, ITIMER_REAL, &to, NULL), 0);
    world_move(START_NS + 500 * MS);
    assert_int_equal(take(&info), SIGALRM);
    assert_int_equal(CALL(call_getitimer, getitimer, ITIMER_REAL, &old), 0);
    assert_int_equal(old.it_value.tv_sec, 2);
    world_move(START_NS + 2500 * MS);
    assert_int_equal(take(&info), SIGALRM);
    assert_int_equal(CALL(call_setitimer, setitimer, ITIMER_REAL, NULL, &old), 0);
    assert_int_equal(old.it_interval.tv_sec, 2);
    assert_int_equal(my_process()->timer_ns, VTIME_NEVER);
}

static void it_goes_on_in_the_next_program(void **state)
{
    siginfo_t info;

    (void)state;
    CALL(call_alarm, alarm, 10);
    my_process()->timer_ns = VTIME_NEVER;       /* whatever the new library begins with */
    timers_start();
    assert_int_equal(my_process()->timer_ns, START_NS + 10 * NS_PER_S);
    world_move(START_NS + 10 * NS_PER_S);
    assert_int_equal(take(&info), SIGALRM);
}

static void timers_of_cpu_time_are_kept(void **state)
{
    struct itimerval to = { .it_value = { 1, 0 } }, old;

    (void)state;
    assert_int_equal(CALL(call_setitimer, setitimer, ITIMER_PROF, &to, &old), 0);
    assert_int_equal(old.it_value.tv_sec, 0);
    assert_int_equal(my_process()->timer_ns, VTIME_NEVER);
    assert_int_equal(CALL(call_getitimer, getitimer, ITIMER_PROF, &old), 0);
    assert_int_equal(old.it_value.tv_sec, 1);
    assert_int_equal(CALL(call_getitimer, getitimer, 3, &old), -EINVAL);
    to.it_value.tv_usec = 1000000;
    assert_int_equal(CALL(call_setitimer, setitimer, ITIMER_REAL, &to, NULL), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_can_be_read_when_time_has_come, setup, teardown),
        cmocka_unit_test_setup_teardown(intervals_count, setup, teardown),
        cmocka_unit_test_setup_teardown(setting_it_forgets_what_was, setup, teardown),
        cmocka_unit_test_setup_teardown(absolute_times_are_on_its_clock, setup, teardown),
        cmocka_unit_test_setup_teardown(a_read_waits, setup, teardown),
        cmocka_unit_test_setup_teardown(copies_are_the_same_timer, setup, teardown),
        cmocka_unit_test_setup_teardown(a_child_has_the_same_timer, setup, teardown),
        cmocka_unit_test_setup_teardown(timerfd_refuses_as_the_kernel_does, setup, teardown),
        cmocka_unit_test_setup_teardown(its_signal_comes_with_its_value, setup, teardown),
        cmocka_unit_test_setup_teardown(a_thread_can_be_named, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_missed_is_overrun, setup, teardown),
        cmocka_unit_test_setup_teardown(it_can_be_asked_and_deleted, setup, teardown),
        cmocka_unit_test_setup_teardown(cpu_time_never_comes, setup, teardown),
        cmocka_unit_test_setup_teardown(an_hours_alarm, setup, teardown),
        cmocka_unit_test_setup_teardown(an_interval_timer_goes_on, setup, teardown),
        cmocka_unit_test_setup_teardown(it_goes_on_in_the_next_program, setup, teardown),
        cmocka_unit_test_setup_teardown(timers_of_cpu_time_are_kept, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
